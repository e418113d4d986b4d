"""Analysis -> label image at the resolution of the source photo."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

_LABEL_MAX = 2**16 - 1
_PACKED_LEVEL = 6
# PNG (ISO/IEC 15948): the first byte of a row says that it stands as it is, or is the difference to the one above it.
_AS_IT_IS, _TO_THE_ROW_ABOVE = b"\0", b"\2"
_GREY_OF_16_BITS = bytes([16, 0, 0, 0, 0])


def mask_png(analysis: Analysis) -> bytes:
    """Label image at source resolution as a 16-bit PNG: 0 is background, k is spot k of the table.

    Written row by row: the picture is never in memory as a whole, and rows that repeat a working row cost next to
    nothing. A general encoder takes five times as long for a mask of 100 megapixels.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    bytes

    Raises
    ------
    OverflowError
        If there are more spots than 16 bits can number.
    """
    import numpy as np

    from lesionvis.spots.drawn import source_pixels

    photo, labels = analysis.photo, analysis.spots.labels
    if len(analysis.table) > _LABEL_MAX:
        raise OverflowError(f"{len(analysis.table)} spots do not fit a 16-bit mask")
    if any(analysis.spots.drawn):
        return _png_of_drawn(analysis)
    rows, columns = source_pixels(photo)
    packer = zlib.compressobj(_PACKED_LEVEL)
    unchanged = _TO_THE_ROW_ABOVE + bytes(2 * len(columns))
    packed = []
    for row, count in zip(*np.unique(rows, return_counts=True), strict=True):
        packed.append(packer.compress(_AS_IT_IS + labels[row, columns].astype(">u2").tobytes()))
        packed += [packer.compress(unchanged) for _ in range(count - 1)]
    packed.append(packer.flush())
    size = len(columns).to_bytes(4, "big") + len(rows).to_bytes(4, "big")
    chunks = ((b"IHDR", size + _GREY_OF_16_BITS), (b"IDAT", b"".join(packed)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _png_of_drawn(analysis: Analysis) -> bytes:
    """Label image in which what a person drew has exactly the source pixels whose centre it holds."""
    import cv2
    import numpy as np

    from lesionvis.geometry import pixels_inside
    from lesionvis.spots.drawn import source_pixels

    spots = analysis.spots
    rows, columns = source_pixels(analysis.photo)
    is_drawn = np.append(False, spots.drawn)
    labels = np.where(is_drawn, 0, np.arange(len(spots) + 1)).astype(np.uint16)[spots.labels][rows][:, columns]
    for number in np.flatnonzero(is_drawn):
        outline = spots.outlines_px[number - 1]
        left, top = np.maximum(np.floor(outline.min(axis=0)), 0).astype(int)
        right, bottom = np.ceil(outline.max(axis=0)).astype(int) + 1
        part = labels[top:bottom, left:right]
        part[pixels_inside(outline - np.array([left, top]), (part.shape[0], part.shape[1]))] = number
    return cv2.imencode(".png", labels)[1].tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")
