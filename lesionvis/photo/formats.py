"""Formats of files by their first bytes: those that are read, and those that are not and why."""

from __future__ import annotations

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF8", "GIF"),
)
_DICOM_AT = 128  # after a preamble of any content
# Brands of the ISO base media file format (ISO/IEC 23008-12 and the AVIF specification).
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_STILL_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
HEIC_SEQUENCE_BRANDS = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
_MAX_BRANDS_BYTES = 256  # far more than any camera writes

RAW = "camera raw; develop it and export it as JPEG"
_VIDEO = "video; save the picture that counts as a JPEG"
_JPEG_XL = "JPEG XL, which is not read; export it as JPEG"
_JPEG_2000 = "JPEG 2000, which is not read; export it as JPEG"
# Where the bytes begin, the bytes, and the reason. Films and HEIC begin alike: photos are asked for before.
_NOT_READ = (
    (0, b"%PDF-", "PDF; save the photo in it as a JPEG"),
    (0, b"\xff\x0a", _JPEG_XL),
    (4, b"JXL \r\n\x87\n", _JPEG_XL),
    (4, b"jP  \r\n\x87\n", _JPEG_2000),
    (0, b"\xff\x4f\xff\x51", _JPEG_2000),
    (4, b"ftypcrx ", RAW),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"IIRO", RAW),  # Olympus
    (0, b"IIU\0", RAW),  # Panasonic
    (4, b"ftyp", _VIDEO),
    (4, b"moov", _VIDEO),
    (4, b"wide", _VIDEO),
    (0, b"\x1a\x45\xdf\xa3", _VIDEO),
    (8, b"AVI ", _VIDEO),
)


def format_of(data: bytes) -> str | None:
    """Name of a file's format by its first bytes.

    Parameters
    ----------
    data : bytes
        The file, or at least its first 512 bytes.

    Returns
    -------
    str or None
        Such as "JPEG"; None for what is no photo of a format that is known.

    Examples
    --------
    >>> format_of(b"GIF89a")
    'GIF'
    """
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        return "DICOM"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), _MAX_BRANDS_BYTES)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & (_HEIC_STILL_BRANDS | HEIC_SEQUENCE_BRANDS):
            return "HEIC"
    return None


def reason_not_read(data: bytes) -> str:
    """Name a format that is known and not read.

    Parameters
    ----------
    data : bytes
        The file, or at least its first 512 bytes.

    Returns
    -------
    str
        What it is and what to do, without a subject and a full stop; "" for what is not known.

    Examples
    --------
    >>> reason_not_read(b"%PDF-1.7")
    'PDF; save the photo in it as a JPEG'
    """
    return next((reason for start, mark, reason in _NOT_READ if data[start:].startswith(mark)), "")
