from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesionvis.pattern.features import FEATURE_NAMES, MODEL_FEATURES
from lesionvis.pattern.reasons import (
    ASPECTS,
    EFFECT_MIN,
    HEIGHT_HINT,
    SAYS_NOTHING_OF_HEIGHT,
    _aspect_of,
    reasons_for,
    shapley_values,
)

GROUPS = [np.array([0, 1]), np.array([2]), np.array([3, 4])]


def _product(table: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(table[:, 0] * table[:, 2] + table[:, 3], np.float64)


def _total(table: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(table.sum(axis=1), np.float64)


def test_every_feature_of_the_model_has_one_aspect_and_every_aspect_features() -> None:
    assert {_aspect_of(name) for name in MODEL_FEATURES} == set(ASPECTS)


@given(st.lists(st.floats(-3.0, 3.0, width=32), min_size=5, max_size=5))
def test_shapley_values_sum_up_to_the_difference(row: list[float]) -> None:
    values = shapley_values(_product, np.array(row, np.float32), np.ones(5), GROUPS)
    whole = _product(np.array([row], np.float32))[0] - _product(np.ones((1, 5), np.float32))[0]
    assert values.sum() == pytest.approx(whole, abs=1e-4)


def test_what_does_nothing_is_worth_nothing_and_partners_share() -> None:
    # a * b with both present is 4, alone 2 each over typical 1: the gain of 3 is shared by halves.
    values = shapley_values(_product, np.array([2, 9, 2, 1, 9], np.float32), np.ones(5), GROUPS)
    assert values.tolist() == [1.5, 1.5, 0.0]


def test_small_effects_are_not_worth_a_sentence() -> None:
    def scorer(table: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(table[:, 0] * EFFECT_MIN * 0.5, np.float64)

    features = ("spot_count", "lesion_core_red")
    row = np.array([1.0, 1.0], np.float32)
    assert reasons_for("angioma", scorer, row, np.zeros(2), features) == ()
    assert reasons_for("angioma", scorer, 4 * row, np.zeros(2), features) == (
        "For angioma: number and arrangement of the spots (odds x 1.2; spot count is 4, typically 0).",
    )


def test_no_reason_takes_gloss_or_shade_for_height() -> None:
    features = (*SAYS_NOTHING_OF_HEIGHT, "spot_count")
    assert set(SAYS_NOTHING_OF_HEIGHT) <= set(FEATURE_NAMES)
    for column, feature in enumerate(features):
        row = np.zeros(len(features), np.float32)
        row[column] = 1.0
        (reason,) = reasons_for("angioma", _total, row, np.zeros(len(features)), features)
        assert (HEIGHT_HINT in reason) == (feature in SAYS_NOTHING_OF_HEIGHT)
