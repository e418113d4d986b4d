from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from drawing import circles
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from stages import Staged

from lesionvis.errors import ModelError
from lesionvis.models import Model, Predictor, load_model, packaged_model_folder
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.candidates import Candidates
from lesionvis.spots.classifier import (
    KINDS,
    MODEL_NAME,
    NEIGHBOUR_COLUMNS,
    NEIGHBOUR_DIAMETERS,
    OVERLAP_MAX,
    REGION_MODEL_NAME,
    classifier_of,
    distinct,
    neighbour_columns,
    packaged_classifier,
    shared_part,
)
from lesionvis.spots.profiles import PROFILE_COLUMNS
from lesionvis.spots.regions import COLUMNS as REGION_COLUMNS
from lesionvis.spots.regions import Regions


def _candidates(places: list[tuple[float, float, float]], response: list[float] | None = None) -> Candidates:
    """Round candidates at (x, y, diameter)."""
    count = len(places)
    answers = np.ones(count) if response is None else np.asarray(response, np.float64)
    tables = (np.zeros((count, len(names)), np.float32) for names in (CANDIDATE_COLUMNS, PROFILE_COLUMNS))
    return Candidates(circles(places), answers, *tables)


def _sampled_part(distance: float, radius: float, other: float) -> float:
    """Part of the smaller of two circles that lies in the other, by counting points of a fine grid."""
    small, large = min(radius, other), max(radius, other)
    grid = np.linspace(-small, small, 801)
    x, y = np.meshgrid(grid, grid)
    inside = x**2 + y**2 <= small**2
    return float((inside & ((x - distance) ** 2 + y**2 <= large**2)).sum() / inside.sum())


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 20.0), st.floats(0.5, 10.0), st.floats(0.5, 10.0))
def test_shared_part_is_the_area_of_the_lens(distance: float, radius: float, other: float) -> None:
    part = shared_part(np.array([distance]), np.array([radius]), other)
    assert part.shape == (1,)
    assert part[0] == pytest.approx(_sampled_part(distance, radius, other), abs=0.01)


@given(st.floats(0.5, 10.0), st.floats(0.5, 10.0))
def test_shared_part_at_its_ends(radius: float, other: float) -> None:
    touching, nested = radius + other, abs(radius - other)
    part = shared_part(np.array([0.0, nested, touching, touching + 1.0]), np.full(4, radius), other)
    assert part.tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    swapped = shared_part(np.array([0.6 * touching]), np.array([other]), radius)
    assert shared_part(np.array([0.6 * touching]), np.array([radius]), other) == pytest.approx(swapped)


def test_distinct_keeps_the_better_of_two_that_overlap() -> None:
    candidates = _candidates([(50, 50, 12), (52, 50, 12), (90, 50, 12)], [1.0, 2.0, 1.0])
    scores = np.array([0.9, 0.9, 0.9])
    assert distinct(candidates, scores, 0.5).tolist() == [1, 2]
    assert distinct(candidates, np.array([0.9, 0.4, 0.9]), 0.5).tolist() == [0, 2]
    assert distinct(candidates, scores, 0.95).tolist() == []


def test_distinct_lets_neighbours_touch() -> None:
    candidates = _candidates([(50, 50, 12), (62, 50, 12), (56, 60.4, 12)])
    assert sorted(distinct(candidates, np.full(3, 0.9), 0.5).tolist()) == [0, 1, 2]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_distinct_is_what_its_rule_says(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    places = [tuple(row) for row in generator.uniform((0, 0, 3), (80, 80, 25), (count, 3))]
    candidates = _candidates(places, generator.uniform(0.05, 0.3, count).tolist())
    scores = generator.random(count)
    kept = distinct(candidates, scores, 0.4).tolist()
    x, y, diameter = np.asarray(places).T
    # The polygon of a round outline is a little smaller than its circle.
    radius = np.sqrt(candidates.outlines.area_px() / np.pi)
    assert diameter / 2 == pytest.approx(radius, rel=0.02)
    value = scores * candidates.response
    assert [value[i] for i in kept] == sorted((value[i] for i in kept), reverse=True)

    def overlap(one: int, other: int) -> float:
        distance = np.hypot(x[[one]] - x[other], y[[one]] - y[other])
        return float(shared_part(distance, radius[[one]], radius[other])[0])

    for index in range(count):
        better = [k for k in kept if value[k] > value[index]]
        is_free = all(overlap(k, index) <= OVERLAP_MAX for k in better)
        assert (index in kept) == (scores[index] >= 0.4 and is_free)


def test_neighbours_tells_of_the_rest_of_the_photo() -> None:
    candidates = _candidates([(50, 50, 6), (70, 50, 6), (50, 75, 6), (900, 900, 6), (51, 50, 6)])
    table = neighbour_columns(candidates, np.array([0.9, 0.8, 0.7, 0.6, 0.1]))
    assert table.shape == (5, len(NEIGHBOUR_COLUMNS))
    assert table.dtype == np.float32
    columns = {name: table[:, i].astype(np.float64) for i, name in enumerate(NEIGHBOUR_COLUMNS)}
    assert columns["score"] == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.1])
    assert columns["photo_best"] == pytest.approx(np.full(5, 0.75))
    assert columns["photo_mass"] == pytest.approx(np.full(5, np.log(4.0)), abs=1e-6)
    assert columns["photo_sure"] == pytest.approx(np.full(5, np.log(5.0)), abs=1e-6)
    # The others within ten diameters; never the candidate itself, nor another outline of the same spot.
    assert columns["score_sum_nearby"] == pytest.approx([1.5, 1.6, 1.7, 0.0, 1.5], abs=1e-6)
    assert columns["mean_score_nearby"] == pytest.approx([0.75, 0.8, 0.85, 0.0, 0.75], abs=1e-6)
    assert np.hypot(20, 25) < 6 * NEIGHBOUR_DIAMETERS


def test_neighbours_compares_with_the_likely_spots() -> None:
    candidates = _candidates([(50, 50, 6), (80, 50, 6), (110, 50, 6)])
    values = candidates.evidence.copy()
    values[:, list(CANDIDATE_COLUMNS).index("contrast")] = [0.2, 0.4, 1.0]
    table = neighbour_columns(replace(candidates, evidence=values), np.array([0.8, 0.8, 0.05]))
    columns = {name: table[:, i].astype(np.float64) for i, name in enumerate(NEIGHBOUR_COLUMNS)}
    assert columns["contrast_difference"] == pytest.approx([-0.1, 0.1, 0.7], abs=1e-6)
    assert columns["contrast_deviation"] == pytest.approx([-1.0, 1.0, 7.0], abs=1e-5)


def test_alone_in_the_photo_is_no_trouble() -> None:
    for scores in (np.array([0.9]), np.array([0.01])):
        table = neighbour_columns(_candidates([(50, 50, 6)]), scores)
        assert table.shape == (1, len(NEIGHBOUR_COLUMNS))
        assert np.isfinite(table).all()


def test_nothing_to_judge_gives_empty_scores() -> None:
    nothing = _candidates([])
    assert distinct(nothing, np.zeros(0), 0.5).dtype == np.int64
    assert distinct(nothing, np.zeros(0), 0.5).shape == (0,)
    assert neighbour_columns(nothing, np.zeros(0)).shape == (0, len(NEIGHBOUR_COLUMNS))
    assert [scores.shape for scores in packaged_classifier().spot_scores(nothing)] == [(0,), (0,)]
    regions = Regions(
        np.zeros((0, len(REGION_COLUMNS)), np.float32),
        (),
        (),
        np.zeros((100, 100, 3), np.float32),
        np.zeros((100, 100, 3), np.float32),
        np.zeros((100, 100), np.bool_),
    )
    assert packaged_classifier().region_scores(regions).shape == (0,)


def test_scores_are_probabilities(shower: Staged) -> None:
    spots = shower.worked.spots
    for scores in (spots.candidate_scores, spots.region_scores):
        assert scores.dtype == np.float64
        assert scores.min() >= 0.0
        assert scores.max() <= 1.0
    assert len(spots.candidate_scores) == len(spots.candidates)
    assert len(spots.region_scores) == len(spots.regions)


def test_spots_of_blood_score_higher_than_freckles_and_hairs(shower: Staged) -> None:
    spots, truth = shower.worked.spots, shower.truth
    x, y = spots.candidates.outlines.centroid_px()
    near = np.array([np.hypot(x - spot.x_px, y - spot.y_px).argmin() for spot in truth.spots])
    on_spot = truth.labels[np.clip(np.rint(y), 0, 359).astype(int), np.clip(np.rint(x), 0, 479).astype(int)] > 0
    assert np.median(spots.candidate_scores[near]) > 0.8
    assert np.quantile(spots.candidate_scores[~on_spot], 0.95) < 0.3


@dataclass(frozen=True)
class _SaysOfEach(Predictor):
    """A predictor that gives back its table."""

    def __call__(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        return table.astype(np.float64)


def test_kinds_ask_for_much_of_pigment_and_little_of_inflamed() -> None:
    names = tuple(CANDIDATE_COLUMNS)[:4]
    candidates = _candidates([(50, 50, 6), (80, 50, 6), (110, 50, 6), (140, 50, 6), (170, 50, 6)])
    values = candidates.evidence.copy()
    # Blood, vascular, inflamed, pigment.
    values[:, :4] = [
        (0.5, 0.1, 0.3, 0.1),
        (0.2, 0.4, 0.3, 0.1),
        (0.4, 0.1, 0.5, 0.0),
        (0.2, 0.1, 0.1, 0.6),
        (0, 0, 0.2, 0.8),
    ]
    classifier = replace(packaged_classifier(), kind=_SaysOfEach(names, b""))
    kinds = classifier.spot_kinds(classifier.kind_probabilities(replace(candidates, evidence=values)))
    assert kinds.tolist() == ["blood", "vascular", "inflamed", "blood", "pigment"]
    assert classifier.spot_kinds(np.zeros((0, len(KINDS) - 1))).shape == (0,)


def test_a_judge_needs_its_own_evidence() -> None:
    model = load_model(packaged_model_folder(MODEL_NAME))
    regions = load_model(packaged_model_folder(REGION_MODEL_NAME))
    classifier = classifier_of(model, regions)
    assert classifier.stage_1.columns == tuple(CANDIDATE_COLUMNS)
    assert classifier.stage_2.columns == (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS)
    assert classifier.network.columns == (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS, *PROFILE_COLUMNS)
    assert classifier.region.columns == tuple(REGION_COLUMNS)
    fewer = replace(classifier.stage_1, columns=classifier.stage_1.columns[1:])
    with pytest.raises(ModelError, match="made for other columns"):
        classifier_of(Model("old", model.card, {**model.predictors, "stage_1": fewer}), regions)
    with pytest.raises(ModelError, match="has no predictor named region"):
        classifier_of(model, model)
