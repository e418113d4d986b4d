"""What the models are trained on: changed copies, rendered photos, tables of evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionvis.lab.train.augment import augmented, recaptured
from lesionvis.lab.train.candidate_examples import (
    FOR_NETWORKS,
    OPEN,
    SPOTS_WEIGHT_MAX,
    CandidateExample,
    match,
    thin_out,
)
from lesionvis.lab.train.candidate_training import make_tables, read_table, write_table
from lesionvis.lab.train.folds import N_FOLDS, N_HOME_FOLDS, fold_of
from lesionvis.lab.train.rendered_training import (
    N_ANGIOMAS,
    N_LESIONS,
    N_PLAIN,
    N_SHOWERS,
    N_SMOOTH,
    N_TINY,
    SMOOTH_DIAMETERS_PX,
    TINY_DIAMETERS_PX,
    _candidate_example,
    _cases,
)
from lesionvis.lab.truth import MarkedSpots
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.classifier import KINDS
from lesionvis.spots.profiles import PROFILE_COLUMNS

TEXTURE, BLOOD = KINDS.index("texture"), KINDS.index("blood")


def test_a_changed_copy_is_a_photo_that_differs_and_repeats() -> None:
    rgb = np.random.default_rng(1).integers(80, 200, (300, 400, 3)).astype(np.uint8)
    copies = [augmented(rgb, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(copies[0], copies[1])
    assert copies[0].shape != copies[2].shape or not np.array_equal(copies[0], copies[2])
    assert copies[0].dtype == np.uint8
    assert min(copies[0].shape[:2]) >= 64


def test_at_most_so_many_others_stay_and_spots_share_their_weight() -> None:
    kinds = np.r_[np.full(60, BLOOD), np.full(200, TEXTURE), np.full(5, OPEN)].astype(np.int8)
    weights = thin_out(kinds, 50)
    assert [int((kinds == kind).sum()) for kind in (BLOOD, TEXTURE, OPEN)] == [60, 50, 155]
    assert weights[:60].sum() == pytest.approx(SPOTS_WEIGHT_MAX)


def test_rendered_cases_are_as_many_as_said_and_repeat() -> None:
    first, second = list(_cases()), list(_cases())
    assert first == second
    kinds = [kind for kind, _, _ in first]
    assert [kinds.count(kind) for kind in ("shower", "plain", "lesion", "angioma", "tiny", "smooth")] == [
        N_SHOWERS,
        N_PLAIN,
        N_LESIONS,
        N_ANGIOMAS,
        N_TINY,
        N_SMOOTH,
    ]
    for name, limits in (("tiny", TINY_DIAMETERS_PX), ("smooth", SMOOTH_DIAMETERS_PX)):
        medians = [np.median([spot.diameter_px for spot in spots]) for kind, _, spots in first if kind == name]
        assert 0.7 * limits[0] < min(medians) < max(medians) < 1.4 * limits[1]
    tones = [scene.ita_deg for _, scene, _ in first]
    assert min(tones) < -20
    assert max(tones) > 45


def test_a_recaptured_copy_keeps_places() -> None:
    rgb = np.full((120, 160, 3), 200, np.uint8)
    rgb[60:68, 40:48] = 40
    copy = recaptured(rgb, 1.5, np.random.default_rng(1))
    assert copy.shape == (180, 240, 3)
    rows, columns = np.nonzero(copy[..., 1] < copy[..., 1].mean() / 2)
    assert rows.mean() == pytest.approx(1.5 * 64 - 0.5, abs=1.0)
    assert columns.mean() == pytest.approx(1.5 * 44 - 0.5, abs=1.0)


def _firsts() -> list[int]:
    """Three rendered cases of each kind."""
    kinds = [kind for kind, _, _ in _cases()]
    return [kinds.index(kind) + step for kind in ("shower", "lesion", "plain", "tiny") for step in range(3)]


@pytest.fixture(scope="module")
def candidates_of_renders() -> list[CandidateExample]:
    """Candidates of a few rendered photos of each kind."""
    cases = list(_cases())
    return [_candidate_example(i, *cases[i]) for i in _firsts()]


def test_rendered_evidence_is_labelled_by_the_truth(candidates_of_renders: list[CandidateExample]) -> None:
    shower, lesion, plain = (candidates_of_renders[i] for i in (0, 3, 6))
    assert (shower.kinds == BLOOD).sum() > 3
    assert not (plain.kinds > 0).any()
    assert not (lesion.kinds > 0).any()


def test_the_table_of_candidates_comes_back_as_it_was_written(
    candidates_of_renders: list[CandidateExample], tmp_path: Path
) -> None:
    for table in make_tables(candidates_of_renders):
        write_table(tmp_path / "table.npz", table)
        back = read_table(tmp_path / "table.npz")
        for name in ("evidence", "kind", "weight", "fold", "photo"):
            assert np.array_equal(getattr(back, name), getattr(table, name)), name
        first = candidates_of_renders[0]
        contrast = first.candidates.column("contrast")[first.kinds == BLOOD]
        stored = back.evidence[(back.photo == 0) & (back.kind == BLOOD), 0]
        # Stored are levels of 256 quantiles.
        assert np.median(stored) == pytest.approx(np.median(contrast), abs=0.05)


def test_only_networks_learn_from_rings_and_their_renders(
    candidates_of_renders: list[CandidateExample],
) -> None:
    forests, networks = make_tables(candidates_of_renders)
    n_tiny = sum(min((e.kinds != OPEN).sum(), 90) for e in candidates_of_renders if e.origin == FOR_NETWORKS)
    assert len(networks.kind) == len(forests.kind) + n_tiny > len(forests.kind) + 30
    assert networks.levels.shape[1] == forests.levels.shape[1] + len(PROFILE_COLUMNS)
    # What both see is the same but for the quantiles that are stored.
    for column in (0, len(CANDIDATE_COLUMNS)):
        shared = networks.evidence[: len(forests.kind), column]
        assert np.corrcoef(shared, forests.evidence[:, column])[0, 1] > 0.98


def test_a_candidate_of_another_size_stays_open(candidates_of_renders: list[CandidateExample]) -> None:
    candidates = candidates_of_renders[0].candidates
    x, y = candidates.outlines.centroid_px()
    diameter = 2.0 * np.sqrt(candidates.outlines.area_px() / np.pi)
    everywhere = (-1e6, -1e6, 1e6, 1e6)
    cases = ((1.0, "blood", BLOOD), (2.5, "blood", OPEN), (1.0, "uncertain", OPEN), (1.0, "none", TEXTURE))
    for factor, kind, expected in cases:
        truth = MarkedSpots("a", everywhere, x[:1], y[:1], factor * diameter[:1], (kind,))
        assert match(candidates, truth, "", 1.0)[0] == expected
    spot = MarkedSpots("a", everywhere, x[:1], y[:1], diameter[:1], ("spot",))
    assert match(candidates, spot, "Cherry angioma", 1.0)[0] == KINDS.index("vascular")


def test_folds_hang_on_group_at_home_and_on_source_abroad() -> None:
    assert {fold_of("pad", str(i)) for i in range(100)} == set(range(N_HOME_FOLDS))
    assert {fold_of(f"web{i:02}", "a") for i in range(40)} == set(range(N_HOME_FOLDS, N_FOLDS))
    assert len({fold_of("web01", str(i)) for i in range(100)}) == 1
