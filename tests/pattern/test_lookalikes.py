"""Open blood, print and grains leave "something else" possible; what lies outside of any one range does not."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.labels import PATTERNS
from lesionvis.pattern.features import MODEL_FEATURES
from lesionvis.pattern.lookalikes import LOOKALIKES, Lookalike, lookalike_doubts
from lesionvis.pattern.pattern import SHOWER_MARKS, SIGNS, is_textbook_shower, with_signs


def _values(one: Lookalike) -> dict[str, float]:
    """Features in the middle of all signs and of the ranges of a lookalike."""
    signs = {sign.feature: float(np.clip(0.0, sign.low, sign.high)) for signs in SIGNS.values() for sign in signs}
    return signs | {
        name: float(np.clip(np.nan_to_num(high, posinf=low), low, high)) for name, (low, high) in one.ranges.items()
    }


def test_they_speak_of_features_and_patterns_that_exist() -> None:
    assert {one.pattern for one in LOOKALIKES} <= set(PATTERNS)
    assert {name for one in LOOKALIKES for name in one.ranges} <= set(MODEL_FEATURES)


@pytest.mark.parametrize("one", LOOKALIKES, ids=lambda one: one.doubt[:40])
def test_a_lookalike_is_no_answer(one: Lookalike) -> None:
    values = _values(one)
    assert one.doubt in lookalike_doubts(one.pattern, values)
    assert with_signs((one.pattern,), values) == (one.pattern, "other")
    # Where more than one answer remains possible there is none anyway.
    others = tuple(name for name in PATTERNS if name in (one.pattern, "single_lesion", "angioma"))
    if len(others) > 1:
        assert with_signs(others, values) == others


@pytest.mark.parametrize("one", LOOKALIKES, ids=lambda one: one.doubt[:40])
def test_each_of_its_ranges_must_hold(one: Lookalike) -> None:
    for name, (low, high) in one.ranges.items():
        outside = low - 0.01 if np.isfinite(low) and low > 0.0 else high + 0.01
        for value in (outside, float("nan")):
            values = {**_values(one), name: value}
            assert one.doubt not in lookalike_doubts(one.pattern, values)
        assert with_signs((one.pattern,), {**_values(one), name: outside}) == (one.pattern,)


def test_print_is_no_textbook_shower() -> None:
    marks = dict(zip(SHOWER_MARKS, (12.0, 12.0, 0.1, 0.95, 0.3, 0.1), strict=True))
    assert is_textbook_shower(marks)
    assert not is_textbook_shower({**marks, "likely_inflamed": 0.08})
