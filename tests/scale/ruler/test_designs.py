"""The table of printed tick sizes, and what it says of a unit."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.scale.ruler.designs import MILLIMETRE, TENS_UNITS, TickSizes, known_designs, unit_probabilities

UNKNOWN = float("nan")


def test_shares_of_all_designs_sum_to_one_and_every_unit_has_one() -> None:
    assert sum(design.share for design in known_designs()) == pytest.approx(1.0, abs=0.005)
    assert {design.unit for design in known_designs()} == set(TENS_UNITS.values())


def test_nothing_measured_leaves_the_shares() -> None:
    probabilities = unit_probabilities(TickSizes(UNKNOWN, UNKNOWN, UNKNOWN))
    total = sum(design.share for design in known_designs())
    of_unit = sum(design.share for design in known_designs() if design.unit == MILLIMETRE)
    assert probabilities[MILLIMETRE] == pytest.approx(of_unit / total)
    assert sum(probabilities.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("design", known_designs(), ids=lambda design: f"{design.unit.name} {design.length_mm}")
def test_sizes_of_a_design_speak_for_its_unit(design) -> None:  # type: ignore[no-untyped-def]
    mm = design.unit.mm
    sizes = TickSizes(design.length_mm / mm, design.fifth_ratio, 0.85 * design.width_mm / mm)
    shares = unit_probabilities(TickSizes(UNKNOWN, UNKNOWN, UNKNOWN))
    assert unit_probabilities(sizes)[design.unit] > 0.98 * shares[design.unit]


def test_much_ink_excludes_what_is_far_apart() -> None:
    heavy, light = (unit_probabilities(TickSizes(1.2, 1.5, ink)) for ink in (0.3, 0.08))
    assert heavy[MILLIMETRE] > 0.99
    assert light[TENS_UNITS["1/10 inch"]] > 0.3


def test_digits_beneath_every_fifth_do_not_decide() -> None:
    ratios = np.linspace(2.0, 3.0, 5)
    tenths = [unit_probabilities(TickSizes(1.18, ratio, 0.085))[MILLIMETRE] for ratio in ratios]
    assert max(tenths) < 0.875
