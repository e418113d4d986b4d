"""Reject files that crash, exhaust or stall a decoder, or whose damage it does not tell."""

from __future__ import annotations

import re

from lesionvis.errors import UnreadablePhoto

# Item types in a HEIC file (box infe, versions 2 and 3): where one is no text, pi_heif crashes the process.
_HEIC_ITEM_TYPE = re.compile(rb"infe(?:\x02.{7}|\x03.{9})(.{4})", re.DOTALL)

# Decoders that hold several copies of a picture: measured are 16 bytes for each px of a WebP, 9 of an AVIF, 7 of a
# HEIC (5 more with 10 bits and full colour), 6 of a JPEG that comes in several scans and 12 of one in CMYK. So many
# megapixels take under 1.5 GB; phones write HEIC of up to 108.
LARGEST_MEGAPIXELS = {"WebP": 64, "AVIF": 80, "DICOM": 80, "HEIC": 110, "progressive JPEG": 110, "CMYK JPEG": 80}
"""Largest pictures by kind, in millions of px."""

# What follows 0xFF in a JPEG: 0 and restart markers belong to a scan, 0xFF is a fill byte; all others end it.
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
# Between scans: tables, comments and application data (ITU-T T.81, B.2).
_JPEG_BETWEEN_SCANS = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_JPEG_BLOCK_PX = 64  # each block of 8 x 8 px is at least one Huffman code, of at least one bit
# Programs write 1 to 17. Each costs a pass over the whole picture, 0.06 s for 170 megapixels, and 20 bytes of the file.
_JPEG_SCANS_MAX = 50

# The smallest unit of a disk. One colour all over, as in a white sky, makes up to 292 zeros in a row in 3 megapixels.
_SECTOR_BYTES = 512
_WEBP_PX_PER_ZERO = 5000


def check_decoder_memory(name: str, kind: str, width: int, height: int) -> None:
    """Refuse a picture whose decoder would need more memory than its px alone account for.

    Parameters
    ----------
    name : str
        What messages call the photo.
    kind : str
        Format of the file; that of a JPEG with what is special about it.
    width, height : int
        Size, px.

    Raises
    ------
    UnreadablePhoto
        If the format is one that is decoded with several copies, and the picture is too large for that.
    """
    megapixels, largest = width * height / 1e6, LARGEST_MEGAPIXELS.get(kind)
    if largest is not None and megapixels > largest:
        raise UnreadablePhoto(
            f"{name} is too large for {kind}, {megapixels:.0f} megapixels where {largest} can be decoded;"
            " make it smaller or export it as ordinary JPEG."
        )


def check_heic_items(data: bytes) -> None:
    """Refuse a HEIC file that would crash its decoder.

    Parameters
    ----------
    data : bytes
        The whole file.

    Raises
    ------
    ValueError
        If an item's type is not text.
    """
    if not all(item_type.isascii() for item_type in _HEIC_ITEM_TYPE.findall(data)):
        raise ValueError("an item type is not text")


def check_jpeg_scans(name: str, data: bytes, first_scan: int, width: int, height: int) -> None:
    """Refuse a JPEG that lacks its end, holds less than it claims, or goes over its picture without end.

    Parameters
    ----------
    name : str
        What messages call the photo.
    data : bytes
        The whole file.
    first_scan : int
        Where the first scan starts.
    width, height : int
        Size that the header claims, px.

    Raises
    ------
    ValueError
        If it does.
    UnreadablePhoto
        If it comes in several scans, so that it is in memory as a whole, and is too large for that.
    """
    scans = _further_scans(data, first_scan)
    if 8 * len(data) < width * height // _JPEG_BLOCK_PX:
        raise ValueError("less than one bit for every block of the picture")
    if scans > 1:
        check_decoder_memory(name, "progressive JPEG", width, height)


def check_webp_sectors(data: bytes, width: int, height: int) -> None:
    """Refuse a WebP in which a sector of the disk was lost: its decoder makes pixels of zeros as well.

    Parameters
    ----------
    data : bytes
        The whole file.
    width, height : int
        Size, px.

    Raises
    ------
    ValueError
        If the coded picture holds more zeros in a row than any picture has.
    """
    zeros = bytes(_SECTOR_BYTES + width * height // _WEBP_PX_PER_ZERO)
    at = 12
    while at + 8 <= len(data):
        chunk, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if chunk in (b"VP8 ", b"VP8L") and zeros in data[at + 8 : at + 8 + length]:
            raise ValueError("a sector of zeros in the picture")
        at += 8 + length + length % 2


def _further_scans(data: bytes, first_scan: int) -> int:
    """Number of scans after the first, up to the end of this picture: others, or a video, may follow in the file."""
    at, scans = first_scan, 0
    while marker := _JPEG_MARKER.search(data, at):
        kind = marker[1][0]
        if kind == _JPEG_END:
            return scans
        if kind not in _JPEG_BETWEEN_SCANS and kind != _JPEG_SCAN:
            raise ValueError("another picture or file begins where this one goes on")
        scans += kind == _JPEG_SCAN
        if scans > _JPEG_SCANS_MAX:
            raise ValueError("more scans than any program writes")
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    # Some decoders fill the missing rows of a cut file with grey and say nothing.
    raise ValueError("no end-of-image marker after the first scan")
