"""Files that no camera writes, one for each seed: damaged, cut, lying, huge, tiny, odd, or no photos at all."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from containers import heic_grid, png, tiff
from dicoms import write_dicom
from drawn import drawn_skin
from numpy.typing import NDArray
from PIL import Image

Random = np.random.Generator

# Format -> extension and options of a file of a few kB.
_FORMATS: dict[str, tuple[str, dict[str, object]]] = {
    "JPEG": ("jpg", {"quality": 80}),
    "PNG": ("png", {}),
    "WebP": ("webp", {"quality": 80}),
    "TIFF": ("tif", {"compression": "tiff_lzw"}),
    "BMP": ("bmp", {}),
    "AVIF": ("avif", {"quality": 60, "speed": 10}),
    "MPO": ("jpg", {}),
    "GIF": ("gif", {}),
    "BigTIFF": ("tif", {"big_tiff": True}),
}
_EXTENSIONS = ("jpg", "jpeg", "png", "webp", "tif", "bmp", "avif", "heic", "gif", "dcm")
_HEIC = Path(__file__).parent / "data" / "turned.heic"
# A header is mostly within this many bytes.
_HEADER_BYTES = 400
_EXIF_ORIENTATION, _EXIF_WIDTH, _EXIF_HEIGHT, _EXIF_TIME, _EXIF_DETAILS = 0x0112, 0xA002, 0xA003, 0x0132, 0x8769
_EXIF_TIME_ORIGINAL, _EXIF_MAKER_NOTE = 0x9003, 0x927C


@dataclass(frozen=True, slots=True)
class HostileFile:
    """One file.

    Attributes
    ----------
    kind : str
        What is wrong with it: a key of `KINDS`.
    name : str
    content : bytes
    """

    kind: str
    name: str
    content: bytes


def kind_of(seed: int) -> str:
    """Kind of the file of a seed; kinds take turns by their share."""
    return _TURNS[seed % len(_TURNS)]


def hostile_file(seed: int) -> HostileFile:
    """The file of a seed, always the same."""
    kind = kind_of(seed)
    extension, content = KINDS[kind][1](np.random.default_rng(seed))
    return HostileFile(kind, f"{seed:06}.{extension}", content)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file of some format."""
    stream = io.BytesIO()
    picture.save(stream, kind.removeprefix("Big"), **{**_FORMATS[kind][1], **options})
    return stream.getvalue()


def _jpeg_and_more(seed: int, more: bytes) -> bytes:
    return _whole("JPEG", seed) + more


def _ultra_hdr(seed: int) -> bytes:
    """A JPEG with a smaller JPEG behind it, as phones keep the gains of bright places."""
    gains = Image.fromarray(drawn_skin(seed)).convert("L").resize((64, 48))
    return _jpeg_and_more(seed, encoded(gains, "JPEG"))


def _motion_photo(seed: int) -> bytes:
    film = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + np.random.default_rng(seed).bytes(2_000)
    return _jpeg_and_more(seed, film)


def _jpeg_xl(seed: int) -> bytes:
    start = b"\xff\x0a" if seed % 2 else b"\0\0\0\x0cJXL \r\n\x87\n"
    return start + np.random.default_rng(seed).bytes(2_000)


def _dicom(seed: int) -> bytes:
    """A DICOM photo with its pixels or a JPEG inside."""
    stream, skin = io.BytesIO(), drawn_skin(seed)
    write_dicom(stream, [0.1, 0.1], skin, jpeg=_whole("JPEG", seed) if seed % 2 else b"")
    return stream.getvalue()


# Kind -> extension and maker of a whole file that Pillow does not write.
_MAKERS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "HEIC": ("heic", lambda seed: heic_grid(1 + seed % 2) if seed else _HEIC.read_bytes()),
    "Ultra HDR": ("jpg", _ultra_hdr),
    "motion photo": ("jpg", _motion_photo),
    "JPEG XL": ("jxl", _jpeg_xl),
    "DICOM": ("dcm", _dicom),
}


@cache
def _whole(kind: str, seed: int) -> bytes:
    if kind in _MAKERS:
        return _MAKERS[kind][1](seed)
    return encoded(Image.fromarray(drawn_skin(seed)), kind)


def _any_whole(random: Random) -> tuple[str, bytes]:
    """Extension and bytes of a whole file of some format."""
    extensions = {kind: made[0] for kind, made in (*_FORMATS.items(), *_MAKERS.items())}
    kind = list(extensions)[int(random.integers(len(extensions)))]
    return extensions[kind], _whole(kind, int(random.integers(4)))


def _altered(random: Random, content: bytes, end: int) -> bytes:
    """Content with a few bytes before `end` replaced."""
    raw = np.frombuffer(content, np.uint8).copy()
    places = random.integers(0, min(end, len(raw)), int(2 ** random.uniform(0, 6)))
    odd = np.array([0, 1, 0x7F, 0x80, 0xFF], np.uint8)
    raw[places] = np.where(random.random(len(places)) < 0.5, random.choice(odd, len(places)), _bytes(random, places))
    return raw.tobytes()


def _bytes(random: Random, places: NDArray[np.int64]) -> NDArray[np.uint8]:
    return random.integers(0, 256, len(places), dtype=np.uint8)


def _mutated(random: Random) -> tuple[str, bytes]:
    extension, content = _any_whole(random)
    return extension, _altered(random, content, len(content))


def _mutated_header(random: Random) -> tuple[str, bytes]:
    extension, content = _any_whole(random)
    return extension, _altered(random, content, _HEADER_BYTES)


def _cut(random: Random) -> tuple[str, bytes]:
    extension, content = _any_whole(random)
    return extension, content[: int(random.integers(len(content)))]


def _spliced(random: Random) -> tuple[str, bytes]:
    """A piece of a file repeated, moved, left out, zeroed, or taken from a file of another format."""
    extension, content = _any_whole(random)
    start, end = sorted(int(place) for place in random.integers(0, len(content) + 1, 2))
    piece, other = content[start:end], _any_whole(random)[1]
    middle = [piece * 2, b"", bytes(len(piece)), other[start:end], piece[::-1]][int(random.integers(5))]
    return extension, content[:start] + middle + content[end:]


def _wrong_extension(random: Random) -> tuple[str, bytes]:
    return _EXTENSIONS[int(random.integers(len(_EXTENSIONS)))], _any_whole(random)[1]


def _no_photo(random: Random) -> tuple[str, bytes]:
    noise = random.integers(0, 256, int(2 ** random.uniform(0, 14)), dtype=np.uint8).tobytes()
    contents = [
        *(b"", noise, b"\xff\xd8\xff" + noise, b"\x89PNG\r\n\x1a\n" + noise, b"II*\0" + noise, b"BM" + noise),
        *(b"RIFF\xff\xff\xff\xffWEBP" + noise, b"\0\0\0\x18ftypavif" + noise, b"\0\0\0\x18ftypheic" + noise),
        *(b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!DOCTYPE html><script>alert(1)</script>", b"%PDF-1.7\n"),
        *(b"PK\x03\x04" + noise, b"\0" * 5000, "patient,name\n1,\u202ename\n".encode("utf-16")),
    ]
    return _EXTENSIONS[int(random.integers(len(_EXTENSIONS)))], contents[int(random.integers(len(contents)))]


def _bomb(random: Random) -> tuple[str, bytes]:
    """A small file that claims, or truly holds, a huge picture, or makes its decoder work without end."""
    side = int(random.integers(9_000, 14_000))
    makers = (_empty_png, _claiming_jpeg, _huge_png, _huge_tiff, _huge_webp, _huge_avif, _huge_heic, _endless)
    return makers[int(random.integers(len(makers)))](random, side)


def _empty_png(random: Random, side: int) -> tuple[str, bytes]:
    claim = side if random.random() < 0.5 else 2**31 - 1
    return "png", png(claim, claim, zlib.compress(b"\0" * 1000))


def _claiming_jpeg(random: Random, side: int) -> tuple[str, bytes]:
    whole = _whole("JPEG", 0)
    place = whole.index(b"\xff\xc0") + 5
    claim = side if random.random() < 0.5 else 65_500
    return "jpg", whole[:place] + claim.to_bytes(2, "big") * 2 + whole[place + 4 :]


def _huge_png(random: Random, side: int) -> tuple[str, bytes]:
    color, channels, bits = ((2, 3, 8), (6, 4, 8), (3, 1, 8), (2, 3, 16))[int(random.integers(4))]
    packer = zlib.compressobj(1)
    row = b"\0" + b"\x55" * (side * channels * bits // 8)
    return "png", png(side, side, b"".join(packer.compress(row) for _ in range(side)) + packer.flush(), bits, color)


def _huge_tiff(random: Random, side: int) -> tuple[str, bytes]:
    mode = ("CMYK", "RGB", "F", "I;16")[int(random.integers(4))]
    return "tif", encoded(Image.new(mode, (side, side)), "TIFF", compression="tiff_adobe_deflate")


def _huge_webp(random: Random, side: int) -> tuple[str, bytes]:
    mode, width = ("RGBA", "RGB")[int(random.integers(2))], (7_100, side)[int(random.integers(2))]
    return "webp", encoded(Image.new(mode, (width, 8_900), "#d0a090"), "WebP", lossless=True, method=0, quality=0)


@cache
def _flat_avif() -> bytes:
    return encoded(Image.new("RGB", (8_900, 8_900), "#d0a090"), "AVIF")


def _huge_avif(random: Random, side: int) -> tuple[str, bytes]:
    """As large as is read, with or without a size that is not its own."""
    whole = _flat_avif()
    place = whole.index(b"ispe") + 8
    claim = (8_900, side, 60_000)[int(random.integers(3))]
    return "avif", whole[:place] + claim.to_bytes(4, "big") * 2 + whole[place + 8 :]


def _huge_heic(random: Random, side: int) -> tuple[str, bytes]:
    tiles = int(random.integers(8, 14))
    return "heic", heic_grid(tiles) if random.random() < 0.7 else heic_grid(tiles, claimed_px=side)


@cache
def _flat_progressive_jpeg(mode: str, side: int) -> bytes:
    return encoded(Image.new(mode, (side, side)), "JPEG", quality=30, progressive=True, subsampling=0)


def _endless(random: Random, _: int) -> tuple[str, bytes]:
    """A progressive JPEG with its last scan again and again, or a TIFF of very many pages."""
    if random.random() < 0.3:
        return "tif", tiff(drawn_skin(0), n_pages=int(random.integers(10_000, 50_000)))
    whole = _flat_progressive_jpeg(*(("RGB", 10_400), ("RGB", 13_500), ("CMYK", 8_900))[int(random.integers(3))])
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    return "jpg", whole[:-2] + last_scan * (0, 10, 40, 5_000)[int(random.integers(4))] + whole[-2:]


def _several_pictures(random: Random) -> tuple[str, bytes]:
    """Animations, pages and bursts, whole or altered."""
    pictures = [Image.fromarray(drawn_skin(seed)) for seed in range(int(random.integers(2, 6)))]
    kind = ("PNG", "WebP", "AVIF", "TIFF", "GIF", "MPO", "HEIC")[int(random.integers(7))]
    if kind == "HEIC":
        extension, content = "heic", _HEIC.read_bytes().replace(b"ftypheic", b"ftyphevc")
    else:
        # Without libtiff, which cannot write into memory page by page.
        plain = {"compression": None} if kind == "TIFF" else {}
        extension = _FORMATS[kind][0]
        content = encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], **plain)
    return extension, content if random.random() < 0.5 else _altered(random, content, len(content))


def _odd_size(random: Random) -> tuple[str, bytes]:
    """Pictures of a few px, strips, and some large ones."""
    shapes = [(1, 1), (31, 31), (32, 32), (33, 40), (1, 9_000), (40, 9_000), (9_000, 33), (2_000, 3_000), (300, 400)]
    height, width = shapes[int(random.integers(len(shapes)))]
    small = Image.fromarray(drawn_skin(int(random.integers(4))))
    kind = ["JPEG", "PNG", "WebP", "TIFF", "BMP"][int(random.integers(5))]
    return _FORMATS[kind][0], encoded(small.resize((width, height)), kind)


def _odd_mode(random: Random) -> tuple[str, bytes]:
    pixels = drawn_skin(int(random.integers(4)))
    if random.random() < 0.3:
        return _odd_depth(random, pixels)
    picture = Image.fromarray(pixels)
    modes = {
        "PNG": ("1", "L", "LA", "P", "RGBA", "I;16"),
        "TIFF": ("1", "L", "LA", "P", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"),
        "JPEG": ("L", "CMYK"),
        "WebP": ("RGBA", "L"),
        "BMP": ("1", "L", "P"),
    }
    kind = list(modes)[int(random.integers(len(modes)))]
    mode = modes[kind][int(random.integers(len(modes[kind])))]
    if mode in ("I;16", "I", "F"):
        levels = np.asarray(picture.convert("L")).astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode])
        return _FORMATS[kind][0], encoded(Image.fromarray(levels * levels.dtype.type(257)), kind)
    if mode == "LAB":
        return "tif", encoded(Image.frombytes("LAB", picture.size, picture.tobytes()), kind)
    if mode == "PA":
        return "tif", encoded(picture.convert("P").convert("PA"), kind, compression=None)
    picture = picture.convert(mode)
    if mode in ("LA", "RGBA"):
        picture.putalpha(Image.fromarray(random.integers(0, 256, picture.size[::-1], dtype=np.uint8)))
    return _FORMATS[kind][0], encoded(picture, kind, **({"compression": None} if kind == "TIFF" else {}))


def _odd_depth(random: Random, pixels: NDArray[np.uint8]) -> tuple[str, bytes]:
    """TIFF and PNG with other px than whole numbers of 8 bits."""
    if random.random() < 0.3:
        return "png", cv2.imencode(".png", pixels[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    shares = pixels / 255
    shape = int(random.integers(3))
    shares = (shares, shares.mean(axis=2), np.dstack([1 - shares, np.zeros(shares.shape[:2])]))[shape]
    dtype: Any = (np.uint16, np.uint32, np.float16, np.float32, np.float64)[int(random.integers(5))]
    if np.issubdtype(dtype, np.integer):
        return "tif", tiff((shares * np.iinfo(dtype).max).astype(dtype))
    odd = (1.0, 1e30, np.nan, np.inf)[int(random.integers(4))]
    with np.errstate(over="ignore", invalid="ignore"):
        return "tif", tiff((shares * odd).astype(dtype))


def _lying_exif(random: Random) -> tuple[str, bytes]:
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = int(random.integers(0, 65_536)) if random.random() < 0.3 else int(random.integers(0, 10))
    dates = ("0000:00:00 00:00:00", "2024:13:45 99:99:99", "    :  :     :  :  ", "\x1b[2J", "2024:02:30 01:02:03")
    exif[_EXIF_TIME] = dates[int(random.integers(len(dates)))]
    details = exif.get_ifd(_EXIF_DETAILS)
    details[_EXIF_WIDTH], details[_EXIF_HEIGHT] = (int(number) for number in random.integers(0, 2**31, 2))
    details[_EXIF_TIME_ORIGINAL] = dates[int(random.integers(len(dates)))]
    details[_EXIF_MAKER_NOTE] = random.bytes(int(random.integers(2_000)))
    raw = exif.tobytes()
    if random.random() < 0.5:
        raw = raw[:6] + _altered(random, raw[6:], len(raw))
    kind = ["JPEG", "PNG", "WebP", "AVIF", "TIFF"][int(random.integers(5))]
    profile = {"icc_profile": random.bytes(200)} if random.random() < 0.2 else {}
    picture = Image.fromarray(drawn_skin(int(random.integers(4))))
    if kind in ("TIFF", "AVIF"):  # whole ones only; libtiff refuses to write lies, Pillow without it does not
        return _FORMATS[kind][0], encoded(picture, kind, exif=exif, compression=None, **profile)
    return _FORMATS[kind][0], encoded(picture, kind, exif=raw, **profile)


def _odd_colors(random: Random) -> tuple[str, bytes]:
    """PNG, AVIF and JPEG that state colours by other means than an ICC profile, possible and impossible ones."""
    skin = Image.fromarray(drawn_skin(int(random.integers(4))))
    kind = int(random.integers(3))
    if kind == 0:
        contents = {
            b"gAMA": struct.pack(">I", int(random.choice([0, 1, 45_455, 55_556, 100_000, 2**32 - 1]))),
            b"cHRM": struct.pack(">8I", *random.integers(0, 100_000, 8).tolist()),
            b"cICP": random.integers(0, 20, 4, dtype=np.uint8).tobytes(),
            b"sRGB": b"\0",
            b"iCCP": b"odd\0\0" + random.bytes(40),
        }
        whole, chunks = encoded(skin, "PNG"), b""
        for name, content in contents.items():
            if random.random() < 0.5:
                body = name + content
                chunks += struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
        return "png", whole[:33] + chunks + whole[33:]
    if kind == 1:
        whole = encoded(skin, "AVIF")
        at = whole.index(b"nclx") + 4
        return "avif", whole[:at] + struct.pack(">HH", *random.integers(0, 24, 2).tolist()) + whole[at + 4 :]
    exif = Image.Exif()
    index = ("R03", "R98", "", "\x1b")[int(random.integers(4))]
    exif.get_ifd(_EXIF_DETAILS).update({0xA001: int(random.choice([1, 2, 65_535])), 0xA005: {1: index}})
    part = b"ICC_PROFILE\0" + bytes([1, int(random.integers(0, 3))]) + random.bytes(200)
    whole = encoded(skin, "JPEG", exif=exif)
    lost = b"\xff\xe2" + struct.pack(">H", len(part) + 2) + part
    return "jpg", whole[:2] + lost + whole[2:] if random.random() < 0.3 else whole


def _odd_content(random: Random) -> tuple[str, bytes]:
    """Whole files that show no skin, or more spots than any skin."""
    shape = (int(random.integers(40, 500)), int(random.integers(40, 500)), 3)
    pictures: list[Callable[[], NDArray[np.uint8]]] = [
        lambda: np.full(shape, random.integers(0, 256, 3, dtype=np.uint8)),
        lambda: random.integers(0, 256, shape, dtype=np.uint8),
        lambda: (np.indices(shape[:2]).sum(axis=0)[..., None] // 4 % 2 * [90, 60, 60] + [120, 90, 80]).astype(np.uint8),
        lambda: drawn_skin(int(random.integers(999)), count=2_000, height=shape[0], width=shape[1], radius=2),
        lambda: drawn_skin(int(random.integers(999)), count=1, height=200, width=200, radius=150),
        lambda: np.linspace((0, 0, 0), (255, 160, 120), shape[0] * shape[1]).reshape(shape).astype(np.uint8),
        lambda: (drawn_skin(int(random.integers(999)), height=shape[0], width=shape[1]) // 16).astype(np.uint8),
    ]
    return "png", encoded(Image.fromarray(pictures[int(random.integers(len(pictures)))]()), "PNG", compress_level=1)


KINDS: dict[str, tuple[int, Callable[[Random], tuple[str, bytes]]]] = {
    "bytes altered": (21, _mutated),
    "header altered": (21, _mutated_header),
    "cut short": (10, _cut),
    "spliced": (14, _spliced),
    "wrong extension": (4, _wrong_extension),
    "no photo": (8, _no_photo),
    "bomb": (1, _bomb),
    "several pictures": (2, _several_pictures),
    "odd size": (3, _odd_size),
    "odd mode": (5, _odd_mode),
    "lying EXIF": (5, _lying_exif),
    "odd colours": (2, _odd_colors),
    "odd content": (4, _odd_content),
}
"""What is wrong with a file -> of a hundred files how many, and how one is made."""

# Kinds spread evenly: kind k of share n comes at n places of every hundred.
_TURNS = [
    kind
    for _, kind in sorted(((turn + 0.5) / share, kind) for kind, (share, _) in KINDS.items() for turn in range(share))
]
