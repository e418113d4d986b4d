"""Numerals beside ticks: their height, where they stand, and where they are missing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.lab.render.rulers import (
    LOOKS,
    RULER_PRINTS,
    PhotoFaults,
    RulerPose,
    TickPrint,
    draw_ruler,
    skin_background,
    spoil,
)
from lesionvis.scale.ruler.numerals import Numerals, _joined, find_numerals
from lesionvis.scale.ruler.strip import fit_line
from lesionvis.scale.ruler.ticks import TickRow

PX_PER_TICK, N_TICKS, EDGE_Y_PX = 12.0, 43, 150.0
MILLIMETRES, TWENTIETHS = RULER_PRINTS["millimetre"], replace(RULER_PRINTS["millimetre"], digits_every=20)
TWO_MILLIMETRES = RULER_PRINTS["two_millimetres_heavy"]


def _ruler(print_: TickPrint, look: str = "white paper") -> NDArray[np.uint8]:
    """Level ruler below the line y = EDGE_Y_PX, its ticks at x = 30, 42, 54 ..."""
    pose = RulerPose(PX_PER_TICK / print_.spacing_mm, (30.0, EDGE_Y_PX), last_mm=print_.spacing_mm * (N_TICKS - 1))
    rgb = draw_ruler(skin_background(420, 600, 5), print_, LOOKS[look], pose).rgb
    return spoil(rgb, PhotoFaults(blur_px=0.7, noise=1.5), seed=1)


def _numerals(rgb: NDArray[np.uint8], print_: TickPrint, sign: int = -1) -> Numerals | None:
    """Numerals by the true place, lengths and kinds of the ticks."""
    numbers = np.arange(float(N_TICKS))
    length = np.array(
        [next(mm for period, mm, _ in reversed(print_.levels) if n % period == 0) for n in range(N_TICKS)]
    )
    length /= print_.spacing_mm
    middle = 0.3 / print_.spacing_mm + 0.5 * length.min()
    xy = np.stack([30.0 + PX_PER_TICK * numbers, np.full(N_TICKS, EDGE_Y_PX + PX_PER_TICK * middle)], axis=1)
    row = TickRow(fit_line(numbers, xy, (0.0, 0.0)), 0, N_TICKS - 1, N_TICKS, sign, 0.4, 0.0, 0.0)
    lengths = np.stack([np.full(N_TICKS, 0.5 * length.min()), length - 0.5 * length.min()])
    kinds = np.array([2 if n % 10 == 0 else int(n % 5 == 0) for n in range(N_TICKS)])
    return find_numerals(rgb, row, lengths, kinds, 10)


@pytest.mark.parametrize("look", ["white paper", "black, white print", "clear plastic"])
def test_numerals_are_as_high_as_they_are_printed(look: str) -> None:
    numerals = _numerals(_ruler(MILLIMETRES, look), MILLIMETRES, 1 if look.startswith("black") else -1)
    assert numerals is not None
    assert numerals.height == pytest.approx(2.5, abs=0.15)
    assert not numerals.at_halves
    assert numerals.n_ticks_apart == 10
    assert (numerals.n_places, numerals.n_bare) == (4, 0)


def test_numerals_stand_midway_between_the_tenths_where_fifths_are_numbered() -> None:
    numerals = _numerals(_ruler(TWO_MILLIMETRES), TWO_MILLIMETRES)
    assert numerals is not None
    assert numerals.at_halves
    assert numerals.n_ticks_apart == 5
    assert numerals.height == pytest.approx(1.25, abs=0.12)


def test_numerals_of_two_digits_stand_where_those_of_one_do() -> None:
    joined = _joined(np.array([[30.0, 54.0, 100.0, 112.0], [31.0, 54.0, 118.0, 130.0], [30.0, 54.0, 160.0, 172.0]]))
    assert joined.tolist() == [[30.0, 54.0, 100.0, 130.0], [30.0, 54.0, 160.0, 172.0]]
    word = _joined(np.array([[30.0, 54.0, 20.0 * n, 20.0 * n + 14.0] for n in range(6)]))
    assert len(word) == 0


def test_tenth_ticks_without_a_numeral_are_bare() -> None:
    numerals = _numerals(_ruler(TWENTIETHS), MILLIMETRES)
    assert numerals is not None
    assert numerals.n_ticks_apart == 20
    assert (numerals.n_places, numerals.n_bare) == (4, 2)  # 10 and 30 of 10 to 40; what is left of 0 is not seen
    without = _numerals(_ruler(replace(MILLIMETRES, digits_every=0)), MILLIMETRES)
    assert without is not None
    assert np.isnan(without.height)
    assert (without.n_places, without.n_bare) == (4, 4)


def test_what_the_frame_or_padding_hides_is_not_bare() -> None:
    bare = _ruler(replace(MILLIMETRES, digits_every=0))
    cut = _numerals(np.ascontiguousarray(bare[:205]), MILLIMETRES)
    assert cut is not None
    assert cut.n_places == 0
    for gray in (128, 220):  # darker than the ruler, and hardly
        bare[205:] = gray
        padded = _numerals(bare, MILLIMETRES)
        assert padded is not None
        assert padded.n_bare == 0


def test_cut_numerals_and_writing_tell_no_height() -> None:
    whole = _ruler(MILLIMETRES)
    for rows in (222, 250):  # above the numerals, and through them
        cut = _numerals(np.ascontiguousarray(whole[:rows]), MILLIMETRES)
        assert cut is not None
        assert np.isnan(cut.height)
    written = _ruler(replace(MILLIMETRES, digits_every=0))
    words = "patient_name_and_number_of_the_lesion_on_this_arm"
    cv2.putText(written, words, (40, 232), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 20, 25), 2)
    numerals = _numerals(written, MILLIMETRES)
    assert numerals is not None
    assert np.isnan(numerals.height)
    assert numerals.n_bare == 0


@pytest.mark.parametrize(("y_px", "is_theirs"), [(240, True), (285, False)])
def test_print_far_from_the_ticks_is_that_of_the_other_edge(y_px: int, is_theirs: bool) -> None:
    rgb = _ruler(replace(MILLIMETRES, digits_every=0))
    for number in range(1, 4):
        at = (24 + 120 * number, y_px)
        cv2.putText(rgb, str(number), at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 25), 2, cv2.LINE_AA)
    numerals = _numerals(rgb, MILLIMETRES)
    assert numerals is not None
    assert np.isfinite(numerals.height) == is_theirs


def test_nothing_is_said_where_ticks_are_not_seen() -> None:
    assert _numerals(skin_background(420, 600, 5), MILLIMETRES, 1) is None
    unknown = _numerals(np.full((420, 600, 3), 200, np.uint8), MILLIMETRES)
    assert unknown is None
