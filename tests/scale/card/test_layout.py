"""The card's PDF: its sizes on paper, measured in pixels, and its structure."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.scale.card.layout import (
    BAR_MM,
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    PAPER_MM,
    PATCH_MM,
    PATCHES,
    RULER_STRIP_MM,
    Paper,
    card_shapes,
    charuco_board,
    page_shapes,
    write_card,
)
from lesionvis.scale.card.pdf import POINTS_PER_MM, Rectangle, Text, pdf_page


def _boxes_mm(pdf: bytes) -> NDArray[np.float64]:
    """Rectangles that the file draws: left, bottom, width and height in mm."""
    found = re.findall(rb"rg ([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re f", pdf)
    return np.array(found, np.float64) / POINTS_PER_MM


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_the_file_draws_the_bar_and_the_ruler_to_a_hundredth_of_a_mm(tmp_path: Path, paper: Paper) -> None:
    write_card(tmp_path / "card.pdf", paper)
    boxes = _boxes_mm((tmp_path / "card.pdf").read_bytes())
    widths = boxes[:, 2]
    assert np.abs(widths - BAR_MM).min() < 0.01
    ticks = boxes[np.abs(widths - 0.2) < 0.001]
    rows = np.round(ticks[:, 1], 2)
    strip = np.sort(ticks[rows == rows.min(), 0])
    assert len(strip) == RULER_STRIP_MM + 1
    assert strip[-1] - strip[0] == pytest.approx(RULER_STRIP_MM, abs=0.01)
    assert np.diff(strip) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_everything_lies_within_the_printable_part_of_the_page(paper: Paper) -> None:
    width_mm, height_mm = PAPER_MM[paper]
    for shape in page_shapes():
        if isinstance(shape, Rectangle):
            assert shape.left_mm > 10
            assert shape.left_mm + shape.width_mm < width_mm - 10
            assert shape.top_mm > 10
            assert shape.top_mm + shape.height_mm < height_mm - 10


def test_an_unknown_paper_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="paper must be A4 or letter"):
        write_card(tmp_path / "card.pdf", "A3")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_cross_references_point_at_the_objects() -> None:
    pdf = pdf_page([Rectangle(1, 2, 3, 4), Text(5, 6, 7, r"a (b) \c")], 100, 50, "title")
    start = int(pdf.split(b"startxref\n")[1].split()[0])
    offsets = [int(row.split()[0]) for row in pdf[start:].splitlines() if row.endswith(b" n ")]
    assert len(offsets) == 6
    for number, offset in enumerate(offsets, start=1):
        assert pdf[offset:].startswith(b"%d 0 obj" % number)
    length = int(pdf.split(b"/Length ")[1].split()[0])
    start = pdf.index(b"stream\n") + len(b"stream\n")
    assert pdf.index(b"\nendstream") - start == length
    assert rb"(a \(b\) \\c) Tj" in pdf


def test_the_drawn_board_is_the_one_that_is_sought() -> None:
    px_per_mm = 20
    drawn = np.full((round(CARD_HEIGHT_MM * px_per_mm), round(CARD_WIDTH_MM * px_per_mm)), 255, np.uint8)
    for shape in card_shapes():
        if isinstance(shape, Rectangle) and shape.rgb == (0.0, 0.0, 0.0):
            left, top = round(shape.left_mm * px_per_mm), round(shape.top_mm * px_per_mm)
            width, height = round(shape.width_mm * px_per_mm), round(shape.height_mm * px_per_mm)
            drawn[top : top + height, left : left + width] = 0
    board = charuco_board()
    size = [count * 7 * px_per_mm for count in board.getChessboardSize()]
    expected = np.asarray(board.generateImage((size[0], size[1])), np.uint8)
    part = drawn[4 * px_per_mm : 4 * px_per_mm + size[1], 4 * px_per_mm : 4 * px_per_mm + size[0]]
    # Markers of 5.4 mm do not begin on whole pixels of OpenCV's picture.
    eroded = cv2.morphologyEx((part != expected).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    assert eroded.sum() == 0


def test_patches_are_apart_and_on_the_card() -> None:
    centers = np.array([(patch.x_mm, patch.y_mm) for patch in PATCHES])
    assert np.diff(centers[:, 0]).min() > PATCH_MM
    assert centers[:, 0].max() + PATCH_MM / 2 < CARD_WIDTH_MM


@pytest.mark.parametrize("dpi", [300, 600])
def test_a_rasterised_page_is_true_to_a_tenth_of_a_mm_over_150_mm(tmp_path: Path, dpi: int) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    write_card(tmp_path / "card.pdf")
    page = pdfium.PdfDocument(tmp_path / "card.pdf")[0]
    gray = np.asarray(page.render(scale=dpi / 72).to_numpy()[..., 1], np.float64)
    px_per_mm = dpi / 25.4
    strip_top = next(s for s in page_shapes() if isinstance(s, Text) and s.text == "15")
    row = round((strip_top.base_mm + 0.7) * px_per_mm)  # crosses the ticks at whole centimetres and the frame alone
    ink = 255.0 - gray[row - 1 : row + 2].mean(axis=0)
    starts = np.flatnonzero(np.diff((ink > 60).astype(int)) == 1) + 1
    frame_left, *ticks, frame_right = (np.average(np.arange(i - 2, i + 6), weights=ink[i - 2 : i + 6]) for i in starts)
    assert len(ticks) == 16
    assert np.diff(ticks) / px_per_mm == pytest.approx(10.0, abs=0.1)
    assert (ticks[-1] - ticks[0]) / px_per_mm == pytest.approx(RULER_STRIP_MM, abs=0.1)
    assert (frame_right - frame_left) / px_per_mm == pytest.approx(RULER_STRIP_MM + 8.0, abs=0.1)
