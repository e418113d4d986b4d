"""Picture files put together by hand, byte by byte: what no encoder at hand writes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HEIC_TILE_PX = 1024
_FLAT_HEIC = Path(__file__).parent / "data" / "flat.heic"  # one picture of HEIC_TILE_PX squared, of one colour
_TIFF_SHORT, _TIFF_LONG = 3, 4
_TIFF_GREY, _TIFF_RGB, _TIFF_CMYK = 1, 2, 5
_TIFF_KINDS = {"u": 1, "i": 2, "f": 3}


def png(width: int, height: int, rows: bytes, bits: int = 8, color: int = 2) -> bytes:
    """A PNG whose header may say what its compressed rows do not hold."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, color, 0, 0, 0])
    chunks = b"\x89PNG\r\n\x1a\n"
    palette = [(b"PLTE", bytes(range(255)) * 3)] if color == 3 else []
    for name, content in ((b"IHDR", header), *palette, (b"IDAT", rows), (b"IEND", b"")):
        chunks += len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
    return chunks


def tiff(pixels: NDArray[np.generic], n_pages: int = 1) -> bytes:
    """A TIFF of one strip, uncompressed: grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4) px of any type.

    All pages are the same.
    """
    height, width = pixels.shape[:2]
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    colors = {1: _TIFF_GREY, 3: _TIFF_RGB, 4: _TIFF_CMYK}[samples]
    body = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    # Tag -> values, all of them after the header: 8 bytes, then the px, then the two lists.
    bits, kinds = 8 + len(body), 8 + len(body) + 2 * samples
    several = samples > 2  # up to two short values stand in the tag itself
    tags = [
        (256, _TIFF_LONG, 1, width),
        (257, _TIFF_LONG, 1, height),
        (258, _TIFF_SHORT, samples, bits if several else 8 * pixels.dtype.itemsize),
        (259, _TIFF_SHORT, 1, 1),
        (262, _TIFF_SHORT, 1, colors),
        (273, _TIFF_LONG, 1, 8),
        (277, _TIFF_SHORT, 1, samples),
        (278, _TIFF_LONG, 1, height),
        (279, _TIFF_LONG, 1, len(body)),
        (339, _TIFF_SHORT, samples, kinds if several else _TIFF_KINDS[pixels.dtype.kind]),
    ]
    page = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    lists = struct.pack(f"<{samples}H", *[8 * pixels.dtype.itemsize] * samples)
    lists += struct.pack(f"<{samples}H", *[_TIFF_KINDS[pixels.dtype.kind]] * samples)
    first, length = 8 + len(body) + len(lists), len(page) + 4
    nexts = [first + length * number for number in range(1, n_pages)] + [0]
    return b"II*\0" + struct.pack("<I", first) + body + lists + b"".join(page + struct.pack("<I", at) for at in nexts)


def heic_grid(side: int, claimed_px: int | None = None) -> bytes:
    """A HEIC of side x side tiles that all lie at the same place in the file; the header may claim another size."""
    one = _FLAT_HEIC.read_bytes()
    at = one.index(b"hvcC") - 4
    decoder = one[at : at + int.from_bytes(one[at : at + 4], "big")]
    coded = one[one.index(b"mdat") + 4 :]
    size_px = claimed_px or side * HEIC_TILE_PX
    grid = bytes([0, 1, side - 1, side - 1]) + struct.pack(">2I", size_px, size_px)
    tiles = range(2, 2 + side**2)
    brands = _box("ftyp", b"heic\0\0\0\0mif1heic")

    def meta(coded_at: int) -> bytes:
        items = [_box("infe", b"\2\0\0\0", struct.pack(">2H", 1, 0), b"grid\0")]
        items += [_box("infe", b"\2\0\0\0", struct.pack(">2H", tile, 0), b"hvc1\0") for tile in tiles]
        # The grid lies in the box idat, the tiles in the file.
        places = struct.pack(">4H2I", 1, 1, 0, 1, 0, len(grid))
        places += b"".join(struct.pack(">4H2I", tile, 0, 0, 1, coded_at, len(coded)) for tile in tiles)
        sizes = [_box("ispe", bytes(4), struct.pack(">2I", px, px)) for px in (HEIC_TILE_PX, size_px)]
        belongs = struct.pack(">IHBB", 1 + len(tiles), 1, 1, 3)
        belongs += b"".join(struct.pack(">HBBB", tile, 2, 0x81, 2) for tile in tiles)
        parts = struct.pack(f">2H{len(tiles)}H", 1, len(tiles), *tiles)
        return _box(
            "meta",
            bytes(4),
            _box("hdlr", bytes(8), b"pict", bytes(13)),
            _box("pitm", bytes(4), struct.pack(">H", 1)),
            _box("iinf", bytes(4), struct.pack(">H", len(items)), *items),
            _box("iloc", b"\1\0\0\0\x44\0", struct.pack(">H", len(items)), places),
            _box("iprp", _box("ipco", decoder, *sizes), _box("ipma", bytes(4), belongs)),
            _box("iref", bytes(4), _box("dimg", parts)),
            _box("idat", grid),
        )

    return brands + meta(len(brands) + len(meta(0)) + 8) + _box("mdat", coded)


def _box(kind: str, *parts: bytes) -> bytes:
    """A box of the ISO base media file format."""
    content = kind.encode() + b"".join(parts)
    return (4 + len(content)).to_bytes(4, "big") + content
