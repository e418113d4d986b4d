"""Units of ticks after a look at the numerals beside them."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.scale.ruler.designs import INCH_MM, TickDesign, known_designs
from lesionvis.scale.ruler.numerals import Numerals
from lesionvis.scale.ruler.units import TickUnits, find_tick_units, units_by_numerals

SHORT_TWENTIETHS = known_designs()[-1]
CLINICS_PAPER = known_designs()[0]


def _tens(design: TickDesign) -> TickUnits:
    """Two inches of ticks of the sizes of a design, long ones at every fifth and tenth."""
    plain = design.length_mm / design.unit.mm
    tens = np.array([2.0 if n % 10 == 0 else design.fifth_ratio if n % 5 == 0 else 1.0 for n in range(43)])
    ink_share = 0.85 * design.width_mm / design.unit.mm
    return find_tick_units(np.stack([np.zeros(43), plain * tens]), np.zeros(43), ink_share=ink_share)


def _numerals(height: float, n_ticks_apart: int) -> Numerals:
    return Numerals(height, at_halves=False, n_ticks_apart=n_ticks_apart, n_places=0, n_bare=0)


def test_numerals_at_every_twentieth_tick_speak_for_twentieths_of_an_inch() -> None:
    units = _tens(SHORT_TWENTIETHS)
    assert SHORT_TWENTIETHS.unit.name == "1/20 inch"
    weighed = {apart: units_by_numerals(units, _numerals(1.9, apart)) for apart in (10, 20)}
    twentieths = {apart: of_it.probabilities[SHORT_TWENTIETHS.unit] for apart, of_it in weighed.items()}
    assert twentieths[20] > 5 * twentieths[10]
    assert "1/20 inch" in weighed[20].named


def test_a_hidden_numeral_does_not_make_a_common_ruler_doubtful() -> None:
    assert units_by_numerals(_tens(CLINICS_PAPER), _numerals(1.7, 20)).named == "1 mm"


@pytest.mark.parametrize(("height", "named"), [(2.0, "1/16 inch"), (0.7, "1/16 inch or 1/32 inch")])
def test_numerals_of_inches_have_a_height_that_is_printed(height: float, named: str) -> None:
    length = np.array([2.2 * 1.2 ** max(k for k in range(5) if n % 2**k == 0) for n in range(49)])
    units = find_tick_units(np.stack([np.zeros(49), length]), np.zeros(49))
    assert len(units.order) == 16
    assert units.units[0].mm == pytest.approx(INCH_MM / 16)
    assert units_by_numerals(units, _numerals(height, 16)).named == named
    assert units_by_numerals(units, _numerals(height, 8)).named == "1/16 inch or 1/32 inch"
    assert units_by_numerals(units, None).named == "1/16 inch or 1/32 inch"
