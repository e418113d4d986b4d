"""The printable reference card: a marker board of known size, patches of colour, a millimetre ruler, and its PDF.

The card is described once, as shapes in millimetres. The printer, the finder (`lesionvis.scale.card.marker`) and the
renderer (`lesionvis.lab.render.cards`) all read that description.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.scale.card.pdf import BLACK, Rectangle, Rgb, Shape, Text, pdf_page, shifted

Paper = Literal["A4", "letter"]
PAPER_MM: dict[str, tuple[float, float]] = {"A4": (210.0, 297.0), "letter": (215.9, 279.4)}

CARD_WIDTH_MM, CARD_HEIGHT_MM = 85.0, 54.0
"""About a bank card: it lies flat beside a lesion and fits a pocket."""

BOARD_LEFT_MM, BOARD_TOP_MM = 4.0, 4.0
BOARD_COLUMNS, BOARD_ROWS = 11, 4
"""Squares of the board; every other one holds a marker, so that a part of the card in view is enough."""

SQUARE_MM = 7.0
MARKER_MM = 5.4
"""Six modules of 0.9 mm: the smallest that survive a photo of 6 px/mm with tilt and blur."""

DICTIONARY = cv2.aruco.DICT_4X4_50
"""The fewest modules, so the largest ones."""

PATCH_MM = 6.0
PATCH_TOP_MM = 34.0

RULER_MM = 77
RULER_STRIP_MM = 150
"""Length of the ruler at the card's lower edge, and of the one beside the card to cut out by itself."""

TICK_WIDTH_MM = 0.2
TICK_LENGTHS_MM = ((10, 5.0), (5, 3.8), (1, 2.6))
"""Length of the ticks at every 10, 5 and 1 mm."""

BAR_MM = 50.0
"""Length of the bar that tells whether a printer kept the scale."""

CUT_LINE_MM = 0.1
_CUT_LINE_RGB: Rgb = (0.6, 0.6, 0.6)
_PAGE_MARGIN_MM = 25.0
"""No printer's margins are wider; and 150 mm still fit the narrower paper."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Square of one colour: its name, its centre on the card in mm, its sRGB colour in the file, 0 to 1.

    For the eye of who looks at the photo: the program reads no colour off them.
    """

    name: str
    x_mm: float
    y_mm: float
    rgb: Rgb


_PATCH_COLORS: tuple[tuple[str, Rgb], ...] = (
    ("grey 80", (0.8, 0.8, 0.8)),
    ("grey 60", (0.6, 0.6, 0.6)),
    ("grey 40", (0.4, 0.4, 0.4)),
    ("black", BLACK),
    ("red", (0.8, 0.1, 0.15)),
    ("purple", (0.5, 0.15, 0.45)),
    ("brown", (0.45, 0.3, 0.2)),
    ("skin", (0.85, 0.65, 0.55)),
    ("blue", (0.15, 0.3, 0.7)),
)
PATCHES = tuple(
    Patch(name, BOARD_LEFT_MM + (column + 0.5) * SQUARE_MM, PATCH_TOP_MM + PATCH_MM / 2.0, rgb)
    for column, (name, rgb) in enumerate(_PATCH_COLORS, start=1)  # bare paper is left at both ends
)


@cache
def charuco_board() -> cv2.aruco.CharucoBoard:
    """ChArUco board of the card: 11 x 4 squares of 7 mm, origin at its top-left corner.

    Returns
    -------
    cv2.aruco.CharucoBoard
        In millimetres.
    """
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    return cv2.aruco.CharucoBoard((BOARD_COLUMNS, BOARD_ROWS), SQUARE_MM, MARKER_MM, dictionary)


def card_outline_mm() -> NDArray[np.float64]:
    """Corners of the card, clockwise from the top-left one.

    Returns
    -------
    ndarray of shape (4, 2), float64
        Positions (x, y) on the card, mm.
    """
    return np.array([(0, 0), (CARD_WIDTH_MM, 0), (CARD_WIDTH_MM, CARD_HEIGHT_MM), (0, CARD_HEIGHT_MM)], np.float64)


def card_shapes() -> tuple[Shape, ...]:
    """Shapes printed on the card, in mm from its top-left corner; the paper is white.

    Returns
    -------
    tuple of Rectangle or Text

    Examples
    --------
    >>> len([shape for shape in card_shapes() if isinstance(shape, Rectangle)]) > 300
    True
    """
    patches = [
        Rectangle(patch.x_mm - PATCH_MM / 2, patch.y_mm - PATCH_MM / 2, PATCH_MM, PATCH_MM, patch.rgb)
        for patch in PATCHES
    ]
    label = Text(BOARD_LEFT_MM, BOARD_TOP_MM - 1.0, 2.2, "lesionvis card: lay it flat beside the lesion, in its plane")
    ruler = shifted(_ruler(RULER_MM), BOARD_LEFT_MM, CARD_HEIGHT_MM)
    return (label, *_board(), *patches, *ruler)


def write_card(path: str | Path, paper: Paper = "A4") -> None:
    """Write the card as a PDF to print, with a bar to check the print and a long ruler to cut out.

    Parameters
    ----------
    path : str or Path
        Of the PDF; replaced where it exists.
    paper : {"A4", "letter"}
        Size of the page.

    Raises
    ------
    SettingsError
        If `paper` is not one of these.

    Examples
    --------
    >>> write_card("card.pdf", paper="A3")
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: paper must be A4 or letter, got 'A3'.
    """
    if paper not in PAPER_MM:
        raise SettingsError(f"paper must be {' or '.join(PAPER_MM)}, got {paper!r}.")
    width_mm, height_mm = PAPER_MM[paper]
    Path(path).write_bytes(pdf_page(page_shapes(), width_mm, height_mm, "lesionvis card"))


def page_shapes() -> tuple[Shape, ...]:
    """Shapes printed on the page: the card, the bar to measure and their captions.

    Returns
    -------
    tuple of Shape
        In mm from the top-left corner of the page.
    """
    left_mm = top_mm = _PAGE_MARGIN_MM
    card = (*_frame(CARD_WIDTH_MM, CARD_HEIGHT_MM), *card_shapes())
    bar_top_mm = top_mm + CARD_HEIGHT_MM + 22.0
    strip_bottom_mm = bar_top_mm + 50.0
    bar = (
        Text(left_mm, bar_top_mm - 2.5, 4.0, f"Measure this bar: it must be {BAR_MM:.1f} mm."),
        Rectangle(left_mm, bar_top_mm, BAR_MM, 4.0),
        Text(left_mm, bar_top_mm + 9.0, 3.0, 'Print at 100 %, without "fit to page". Where the bar has another'),
        Text(left_mm, bar_top_mm + 13.0, 3.0, "length, print again, or tell the program that length (bar-mm)."),
    )
    strip = (
        *shifted(_frame(RULER_STRIP_MM + 8.0, 12.0), left_mm - 4.0, strip_bottom_mm - 12.0),
        *shifted(_ruler(RULER_STRIP_MM), left_mm, strip_bottom_mm),
    )
    return (*shifted(card, left_mm, top_mm), *bar, *strip)


def _frame(width_mm: float, height_mm: float) -> tuple[Shape, ...]:
    """Line to cut along; its middle is the edge."""
    line = CUT_LINE_MM
    horizontal = (Rectangle(0, y - line / 2, width_mm, line, _CUT_LINE_RGB) for y in (0.0, height_mm))
    vertical = (Rectangle(x - line / 2, 0, line, height_mm, _CUT_LINE_RGB) for x in (0.0, width_mm))
    return (*horizontal, *vertical)


def _ruler(length_mm: int) -> tuple[Shape, ...]:
    """Ticks that rise from the edge at y = 0, the first at x = 0, with centimetre numbers."""
    shapes: list[Shape] = []
    for mm in range(length_mm + 1):
        tick_mm = next(length for every, length in TICK_LENGTHS_MM if mm % every == 0)
        shapes.append(Rectangle(mm - TICK_WIDTH_MM / 2, -tick_mm, TICK_WIDTH_MM, tick_mm))
    shapes += [Text(mm + 0.5, -5.2, 2.6, str(mm // 10)) for mm in range(0, length_mm + 1, 10)]
    return tuple(shapes)


def _board() -> tuple[Shape, ...]:
    """Black squares, and the black modules of the markers in the white ones."""
    board = charuco_board()
    shapes: list[Shape] = [
        Rectangle(BOARD_LEFT_MM + column * SQUARE_MM, BOARD_TOP_MM + row * SQUARE_MM, SQUARE_MM, SQUARE_MM)
        for row in range(BOARD_ROWS)
        for column in range(BOARD_COLUMNS)
        if (row + column) % 2 == 0
    ]
    modules = board.getDictionary().markerSize + 2
    module_mm = MARKER_MM / modules
    for marker, corners in zip(np.ravel(board.getIds()), board.getObjPoints(), strict=True):
        black = cv2.aruco.generateImageMarker(board.getDictionary(), int(marker), modules) == 0
        left_mm, top_mm = BOARD_LEFT_MM + float(corners[0][0]), BOARD_TOP_MM + float(corners[0][1])
        shapes += [
            Rectangle(left_mm + first * module_mm, top_mm + row * module_mm, (last - first) * module_mm, module_mm)
            for row in range(modules)
            for first, last in _runs(black[row])
        ]
    return tuple(shapes)


def _runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index of each run of True: one rectangle each, so that no seam shows."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(steps[::2], steps[1::2], strict=True)]
