"""Inches beside millimetres: believed at the ratio of the two, alongside, and in the order of inches only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lesionvis.scale.ruler.designs import HALF_MILLIMETRE, MILLIMETRE, TENS_UNITS, Unit
from lesionvis.scale.ruler.inches import SIXTEENTH_MM, can_be_settled, inches_beside, outer_edge
from lesionvis.scale.ruler.strip import fit_line
from lesionvis.scale.ruler.ticks import TickRow
from lesionvis.scale.ruler.units import TickUnits, find_tick_units


def _row(pitch_px: float, y_px: float, angle_deg: float = 0.0, n_ticks: int = 60) -> TickRow:
    numbers = np.arange(float(n_ticks))
    step = pitch_px * np.array([np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))])
    line = fit_line(numbers, np.array([30.0, y_px]) + numbers[:, None] * step, (0.0, 0.0))
    return TickRow(line, 0, n_ticks - 1, n_ticks, -1, 0.8, 0.01, 0.03)


def _ordered(*periods: int) -> TickUnits:
    lengths = np.ones((2, 64))
    for period in periods:
        lengths[1, ::period] += 0.8
    return find_tick_units(lengths, np.zeros(64))


INCHES, TENS = _ordered(2, 4, 8, 16), _ordered(5, 10)
MILLIMETRES = _row(8.0, 300.0)


@pytest.mark.parametrize("ratio", [SIXTEENTH_MM * 0.97, SIXTEENTH_MM, SIXTEENTH_MM * 1.03])
def test_sixteenths_beside_millimetres_are_seen(ratio: float) -> None:
    assert inches_beside(MILLIMETRES, _row(8.0 * ratio, 100.0), INCHES)


@pytest.mark.parametrize(
    "other",
    [
        _row(8.0 * SIXTEENTH_MM * 1.05, 100.0),
        _row(8.0 * 2 * SIXTEENTH_MM, 100.0),
        _row(8.0 * SIXTEENTH_MM, -200.0),
        _row(8.0 * SIXTEENTH_MM, 100.0, angle_deg=7.0),
        _row(8.0 * SIXTEENTH_MM, 100.0, n_ticks=20),
    ],
    ids=["another ratio", "eighths", "far away", "not alongside", "too few"],
)
def test_other_rows_are_no_sixteenths_beside_them(other: TickRow) -> None:
    assert not inches_beside(MILLIMETRES, other, INCHES)


def test_rows_in_another_order_are_no_inches() -> None:
    assert not inches_beside(MILLIMETRES, _row(8.0 * SIXTEENTH_MM, 100.0), TENS)
    assert not inches_beside(MILLIMETRES, _row(8.0 * SIXTEENTH_MM, 100.0), replace(INCHES, margin=39.0))


@pytest.mark.parametrize(
    ("units", "can"),
    [
        ((MILLIMETRE,), True),
        ((MILLIMETRE, TENS_UNITS["1/20 inch"]), True),
        ((MILLIMETRE, TENS_UNITS["2 mm"]), False),
        ((HALF_MILLIMETRE, MILLIMETRE), True),
        ((HALF_MILLIMETRE,), False),
    ],
)
def test_units_that_have_the_same_ratio_to_other_inches_stay_open(units: tuple[Unit, ...], can: bool) -> None:
    assert can_be_settled(replace(TENS, units=units)) is can


def test_half_millimetres_that_show_no_fives_stay_open() -> None:
    assert not can_be_settled(replace(_ordered(10), units=(HALF_MILLIMETRE, MILLIMETRE)))


def test_the_outer_edge_lies_away_from_the_inches() -> None:
    edge = outer_edge(MILLIMETRES, _row(8.0 * SIXTEENTH_MM, 100.0))
    at = MILLIMETRES.line.at(MILLIMETRES.numbers) + edge.rows[:, None] * MILLIMETRES.line.across(MILLIMETRES.numbers)
    assert at[:, 1] == pytest.approx(np.full(60, 300.0 + 3.0 * 8.0))
    assert edge.step == 0.0
