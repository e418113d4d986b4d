"""What the models are trained on: changed copies, rendered photos, tables of evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionvis.lab.train.augment import augmented
from lesionvis.lab.train.rendered_training import N_ANGIOMAS, N_LESIONS, N_PLAIN, N_SHOWERS, _cases, _example
from lesionvis.lab.train.spot_examples import OPEN, OTHER, SPOT, SPOTS_WEIGHT_MAX, Example, match, thin_out
from lesionvis.lab.train.spot_training import fold_of, make_tables, read_tables, rounded, write_tables
from lesionvis.lab.truth import MarkedSpots


def test_a_changed_copy_is_a_photo_that_differs_and_repeats() -> None:
    rgb = np.random.default_rng(1).integers(80, 200, (300, 400, 3)).astype(np.uint8)
    copies = [augmented(rgb, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(copies[0], copies[1])
    assert copies[0].shape != copies[2].shape or not np.array_equal(copies[0], copies[2])
    assert copies[0].dtype == np.uint8
    assert min(copies[0].shape[:2]) >= 64


def test_at_most_so_many_others_stay_and_spots_share_their_weight() -> None:
    labels = np.r_[np.full(60, SPOT), np.full(200, OTHER), np.full(5, OPEN)].astype(np.int8)
    weights = thin_out(labels, 50)
    assert [int((labels == kind).sum()) for kind in (SPOT, OTHER, OPEN)] == [60, 50, 155]
    assert weights[:60].sum() == pytest.approx(SPOTS_WEIGHT_MAX)


def test_rendered_cases_are_as_many_as_said_and_repeat() -> None:
    first, second = list(_cases()), list(_cases())
    assert first == second
    kinds = [kind for kind, _, _ in first]
    assert [kinds.count(kind) for kind in ("shower", "plain", "lesion", "angioma")] == [
        N_SHOWERS,
        N_PLAIN,
        N_LESIONS,
        N_ANGIOMAS,
    ]
    tones = [scene.ita_deg for _, scene, _ in first]
    assert min(tones) < -20
    assert max(tones) > 45


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """A few rendered photos of each kind, with evidence."""
    cases = list(_cases())
    firsts = [next(i for i, case in enumerate(cases) if case[0] == kind) for kind in ("shower", "lesion", "plain")]
    return [_example(i + step, *cases[i + step]) for i in firsts for step in range(3)]


def test_rendered_evidence_is_labelled_by_the_truth(examples: list[Example]) -> None:
    shower, lesion, plain = examples[0], examples[3], examples[6]
    assert (shower.labels == SPOT).sum() > 3
    assert not (plain.labels == SPOT).any()
    assert not (lesion.labels == SPOT).any()


def test_tables_come_back_as_they_were_written(examples: list[Example], tmp_path: Path) -> None:
    tables = make_tables(examples)
    write_tables(tmp_path / "tables.npz", tables)
    back = read_tables(tmp_path / "tables.npz")
    for name in ("candidate", "neighbour", "spot_label", "spot_fold"):
        assert np.array_equal(getattr(back, name), getattr(rounded(tables), name)), name
    assert np.allclose(back.candidate, tables.candidate, rtol=1e-3, atol=1e-6)


def test_a_candidate_of_another_size_stays_open(examples: list[Example]) -> None:
    candidates = examples[0].candidates
    x, y = candidates.outlines.centroid_px()
    diameter = 2.0 * np.sqrt(candidates.outlines.area_px() / np.pi)
    everywhere = (-1e6, -1e6, 1e6, 1e6)
    for factor, expected in ((1.0, SPOT), (2.5, OPEN)):
        truth = MarkedSpots("a", everywhere, x[:1], y[:1], factor * diameter[:1], ("spot",))
        assert match(candidates, truth, 1.0)[0] == expected


def test_folds_hang_on_the_group_alone() -> None:
    assert fold_of("a") == fold_of("a")
    assert {fold_of(str(i)) for i in range(100)} == set(range(5))
