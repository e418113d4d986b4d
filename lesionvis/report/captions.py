"""The band of text and colours under a picture that is drawn, wide enough to be read on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Color = tuple[int, int, int]

TEXT_COLOR, PAPER_COLOR = (0, 0, 0), (255, 255, 255)
FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT_SIZE = 0.55
LINE_HEIGHT_PX = 26
MARGIN_PX = 10
# Square that shows a colour, and the gap behind it and behind its name.
SWATCH_PX, GAP_PX = 14, 8


def caption(lines: Sequence[str], legend: Mapping[str, Color], width_px: int) -> NDArray[np.uint8]:
    """Draw lines of text and what the colours of a picture mean.

    Parameters
    ----------
    lines : sequence of str
        Each is wrapped where it is too long.
    legend : mapping of str to (int, int, int)
        RGB of each name.
    width_px : int
        Of the picture above.

    Returns
    -------
    ndarray of shape (h, width_px, 3), uint8
        RGB.
    """
    texts = [part for line in lines for part in wrapped(line, width_px - 2 * MARGIN_PX)]
    places = list(_legend_places(legend, width_px))
    n_rows = len(texts) + (places[-1][1] + 1 if places else 0)
    band = np.full((LINE_HEIGHT_PX * n_rows + MARGIN_PX, width_px, 3), PAPER_COLOR, np.uint8)
    for row, text in enumerate(texts):
        _write(band, text, MARGIN_PX, row)
    for (name, color), (left, row) in zip(legend.items(), places, strict=True):
        baseline = _baseline(len(texts) + row)
        corners = (left, baseline - SWATCH_PX + 2), (left + SWATCH_PX, baseline + 2)
        cv2.rectangle(band, *corners, color, cv2.FILLED)
        cv2.rectangle(band, *corners, TEXT_COLOR, 1)
        _write(band, name, left + SWATCH_PX + GAP_PX, len(texts) + row)
    return band


def wrapped(text: str, width_px: int) -> Iterator[str]:
    """Wrap a text into lines that are no wider than a number of px, but for single words.

    Parameters
    ----------
    text : str
        Text; what the font does not have is replaced.
    width_px : int
        Largest width, px.

    Yields
    ------
    str
        One line after the other.
    """
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and _text_width_px(longer) > width_px:
            yield line
            longer = word
        line = longer
    yield line


def _legend_places(legend: Mapping[str, Color], width_px: int) -> Iterator[tuple[int, int]]:
    """Left side in px and row of each entry."""
    left, row = MARGIN_PX, 0
    for name in legend:
        width = SWATCH_PX + GAP_PX + _text_width_px(name)
        if left > MARGIN_PX and left + width > width_px - MARGIN_PX:
            left, row = MARGIN_PX, row + 1
        yield left, row
        left += width + 2 * GAP_PX


def _text_width_px(text: str) -> int:
    (width, _), _ = cv2.getTextSize(text, FONT, TEXT_SIZE, 1)
    return width


def _baseline(row: int) -> int:
    return LINE_HEIGHT_PX * (row + 1) - 4


def _write(band: NDArray[np.uint8], text: str, left: int, row: int) -> None:
    cv2.putText(band, text, (left, _baseline(row)), FONT, TEXT_SIZE, TEXT_COLOR, 1, cv2.LINE_AA)
