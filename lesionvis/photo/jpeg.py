"""Decodes JPEG files and hears what other decoders keep to themselves.

After damage inside, a picture goes on with wrong pixels or grey ones, and looks whole to a program.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import UnreadablePhoto

_CHANNELS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_N_CHANNELS = (1, 3, 4)

# Frame markers (ITU-T T.81, table B.1): what is behind them is not decoded. All phones and cameras write C0 or C2.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODED_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_LOSSLESS_FRAMES = frozenset({0xC3, 0xC7, 0xCB, 0xCF})

# Warnings of libjpeg on a header that is odd where no pixel depends on it.
_HARMLESS = ("Invalid SOS parameters", "Unknown Adobe color transform", "unknown JFIF revision", "bad ICC marker")


def check_jpeg_kind(name: str, data: bytes) -> None:
    """Refuse kinds of JPEG that are whole but not decoded: 12 bits, lossless, hierarchical, arithmetic, no height.

    Parameters
    ----------
    name : str
        What messages call the photo.
    data : bytes
        The whole file.

    Raises
    ------
    UnreadablePhoto
        If it is of such a kind. A header that is damaged is left to the decoder.
    """
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _FRAME_MARKERS:
            bits, height, channels = data[at + 4], int.from_bytes(data[at + 5 : at + 7], "big"), data[at + 9]
            reason = _reason_not_decoded(marker, bits, height, channels)
            if reason:
                raise _not_supported(name, reason)
            return
        elif marker in (0xD8, 0xD9, 0xDA):
            return
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def jpeg_pixels(name: str, data: bytes, mode: str, size: tuple[int, int], reduced_by: int) -> NDArray[np.uint8]:
    """Pixels of a JPEG, not turned, reduced inside the decoder (libjpeg's scaled inverse DCT).

    Parameters
    ----------
    name : str
        What messages call the photo.
    data : bytes
        The whole file.
    mode : {"L", "RGB", "CMYK"}
        Grey, colour, or four inks as they are stored.
    size : tuple of int
        Width and height that the header states, px.
    reduced_by : {1, 2, 4, 8}
        Source px per result px.

    Returns
    -------
    ndarray of shape (ceil(height / reduced_by), ceil(width / reduced_by)) or with 3 or 4 channels, uint8

    Raises
    ------
    ValueError
        If the file is damaged, be it that a picture could be made of it.
    UnreadablePhoto
        If the resolution of its colours is one that is not decoded.
    """
    decode_jpeg = import_module("simplejpeg").decode_jpeg
    width, height = (-(-side // reduced_by) for side in size)
    options = {"colorspace": _CHANNELS[mode], "min_width": width, "min_height": height}
    try:
        # Strict: what libjpeg only warns of is an error.
        pixels = decode_jpeg(data, strict=True, **options)
    except ValueError as error:
        if "subsampling" in str(error):
            raise _not_supported(name, "an unusual resolution of colours") from error
        if not any(warning in str(error) for warning in _HARMLESS):
            raise
        pixels = decode_jpeg(data, strict=False, **options)
    if pixels.shape[:2] != (height, width):
        raise ValueError("a picture of another size than the header says")
    return np.asarray(pixels[..., 0] if mode == "L" else pixels)


def _reason_not_decoded(marker: int, bits: int, height: int, channels: int) -> str:
    if marker in _LOSSLESS_FRAMES:
        return "lossless"
    if marker not in _DECODED_FRAMES:
        return "hierarchical" if marker in (0xC5, 0xC6) else "arithmetic coding"
    if bits != 8:
        return f"{bits} bits per colour"
    if height == 0:
        return "its height stands behind the picture"
    return "" if channels in _N_CHANNELS else f"{channels} colours"


def _not_supported(name: str, reason: str) -> UnreadablePhoto:
    return UnreadablePhoto(f"{name} is a kind of JPEG that is not supported ({reason}); export it as ordinary JPEG.")
