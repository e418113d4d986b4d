"""Fitted predictors and their ONNX forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from lesionvis.lab.train.forests import FittedPredictor, onnx_predictor
from lesionvis.lab.train.pattern_training import PatternTable, fit_pattern, read_pattern_table
from lesionvis.models import packaged_model_folder

# Half of what separates two answers in a table of six digits.
PROBABILITY_TOLERANCE = 5e-6


@pytest.fixture(scope="module")
def table() -> PatternTable:
    whole = read_pattern_table(packaged_model_folder("pattern-v2") / "training.csv")
    return whole.take(np.flatnonzero(whole.copy == 0)[::3])


def _far_rows(table: PatternTable) -> NDArray[np.float32]:
    """Rows of the table, beyond its range, with gaps, and with nothing but gaps."""
    rows = table.model_input()[:60].astype(np.float32)
    gaps = rows.copy()
    gaps[::2, ::3] = np.nan
    return np.concatenate([rows, rows * 1000, -rows, gaps, np.full_like(rows[:1], np.nan)])


@pytest.mark.parametrize("power", [None, 0.0, 1e-12, 0.01, -8.0, 12.0])
def test_the_linear_model_answers_as_its_onnx_form(table: PatternTable, power: float | None) -> None:
    linear = fit_pattern(table, np.arange(len(table.labels)))["linear"]
    if power is not None:
        linear.estimator[2].lambdas_[:4] = power
    rows = _far_rows(table)
    expected = linear.estimator.predict_proba(rows.astype(np.float64))
    assert onnx_predictor(linear)(rows) == pytest.approx(expected, abs=PROBABILITY_TOLERANCE)


def test_a_feature_that_no_photo_has_is_no_obstacle(table: PatternTable) -> None:
    features = table.features.copy()
    features[:, 5] = np.nan
    without = PatternTable(table.labels, table.copy, features)
    for fitted in fit_pattern(without, np.arange(len(table.labels))).values():
        rows = without.model_input()[:20].astype(np.float32)
        assert onnx_predictor(fitted)(rows) == pytest.approx(fitted(rows), abs=PROBABILITY_TOLERANCE)


def test_boosted_trees_answer_as_their_onnx_form_on_both_sides_of_every_limit() -> None:
    generator = np.random.default_rng(5)
    values = generator.normal(size=(300, 3)).astype(np.float32)
    boosted = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=4, random_state=0)
    boosted.fit(values, (values[:, 0] * values[:, 1] > 0).astype(np.int64))
    limits = np.concatenate([one[0].nodes["num_threshold"] for one in boosted._predictors]).astype(np.float32)
    near = np.concatenate([np.nextafter(limits, side) for side in (-np.float32(np.inf), np.float32(np.inf))] + [limits])
    rows = np.concatenate([values, np.stack([near, near[::-1], np.roll(near, 7)], axis=1)])
    expected = boosted.predict_proba(rows)
    assert onnx_predictor(FittedPredictor(("a", "b", "c"), boosted))(rows) == pytest.approx(
        expected, abs=PROBABILITY_TOLERANCE
    )
