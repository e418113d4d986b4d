"""Figures of spot finding: matching, the peers, and the report on photos with truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.lab.evaluate.baselines import BASELINES, Baseline
from lesionvis.lab.evaluate.matching import Match, match_spots
from lesionvis.lab.evaluate.spot_report import spot_figures, spot_report
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.lab.train.region_examples import LesionTruth
from lesionvis.lab.truth import Label, MarkedSpots
from lesionvis.spots.classifier import packaged_classifier


def _truth(
    *rows: tuple[float, float, float, str], region: tuple[float, float, float, float] = (0, 0, 99, 99)
) -> MarkedSpots:
    x, y, diameter = (np.array([row[k] for row in rows], np.float64) for k in range(3))
    return MarkedSpots("photo.png", region, x, y, diameter, tuple(row[3] for row in rows))


def _found(*rows: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, :2], table[:, 2]


def test_each_spot_is_matched_once() -> None:
    match = match_spots(*_found((20, 20, 8), (21, 20, 8)), _truth((20, 20, 8, "spot")))
    assert (match.n_true, match.n_hit, match.n_false) == (1, 1, 1)
    assert (match.precision, match.recall) == (0.5, 1.0)


def test_the_reach_is_half_the_diameter_but_at_least_four_px() -> None:
    large, small = _truth((50, 50, 40, "spot")), _truth((50, 50, 4, "spot"))
    assert match_spots(*_found((69, 50, 40)), large).n_hit == 1
    assert match_spots(*_found((71, 50, 40)), large).n_hit == 0
    assert match_spots(*_found((53.9, 50, 4)), small).n_hit == 1
    assert match_spots(*_found((54.1, 50, 4)), small).n_hit == 0


@pytest.mark.parametrize("kind", ["distractor", "uncertain"])
def test_what_is_no_clear_spot_is_neither_asked_for_nor_held_against_anybody(kind: str) -> None:
    match = match_spots(*_found((20, 20, 8)), _truth((20, 20, 8, kind)))
    assert (match.n_true, match.n_hit, match.n_false, match.f1) == (0, 0, 0, 1.0)


def test_what_lies_outside_the_region_does_not_count() -> None:
    match = match_spots(*_found((20, 20, 8), (80, 80, 8)), _truth((20, 20, 8, "spot"), region=(0, 0, 50, 50)))
    assert (match.n_hit, match.n_false) == (1, 0)


def test_nothing_to_find_is_found_by_finding_nothing() -> None:
    truth = _truth()
    assert match_spots(*_found(), truth).f1 == 1.0
    assert match_spots(*_found((20, 20, 8)), truth).f1 == 0.0


def test_figures_are_means_over_photos() -> None:
    no_hits = np.zeros(0, np.int64)
    full = Match(2, 2, 0, np.array([0.1, -0.3]), np.arange(2), ("spot", "spot"))
    none = Match(4, 0, 0, np.zeros(0), no_hits, ())
    figures = spot_figures("both", [full, none])
    assert (figures.f1, figures.precision, figures.recall) == (0.5, 0.5, 0.5)
    assert figures.diameter_error == pytest.approx(0.2)


@pytest.fixture(scope="module")
def shower() -> tuple[np.ndarray, MarkedSpots]:
    """Clean rendered shower with its truth."""
    scene = Scene(width_px=320, height_px=240, px_per_mm=6.0, seed=3)
    spots = petechial_shower(np.random.default_rng(3), scene, 12, diameter_mm=1.8)
    rows = [(spot.x_px, spot.y_px, spot.diameter_px, "spot") for spot in spots]
    return render(scene, spots).rgb, _truth(*rows, region=(0, 0, 319, 239))


@pytest.mark.parametrize("peer", BASELINES, ids=lambda peer: peer.name)
def test_every_peer_finds_clean_spots_at_its_best_threshold(
    peer: Baseline,
    shower: tuple[np.ndarray, MarkedSpots],
) -> None:
    rgb, truth = shower
    best = max((match_spots(*peer.find(rgb, threshold), truth) for threshold in peer.thresholds), key=lambda m: m.f1)
    # A grey threshold finds what is dark, the others what is red.
    assert best.f1 > (0.5 if peer.name == "fixed grey threshold" else 0.8)


def test_the_report_holds_every_part(shower: tuple[np.ndarray, MarkedSpots], tmp_path: Path) -> None:
    rgb, truth = shower
    (tmp_path / "photos").mkdir()
    for name in ("photo.png", "plain.png"):
        pixels = rgb if name == "photo.png" else np.full_like(rgb, (200, 160, 130))
        cv2.imwrite(str(tmp_path / "photos" / name), pixels[..., ::-1])

    def label(photo: str, pattern: str, n_spots: str) -> Label:
        return Label(photo, "", "rendered", "", pattern, "clear", (pattern,), n_spots, photo, "")

    labels = [label("photo.png", "petechial_shower", "6-20"), label("plain.png", "other", "0")]
    whole = LesionTruth(lambda height, width: np.ones((height, width), np.bool_), True)
    text = spot_report(
        tmp_path / "photos", labels, [truth], [truth], {"photo": whole}, [packaged_classifier()] * N_FOLDS
    )
    assert next(line for line in text.splitlines() if line.startswith("| lesionvis")).split("|")[2].strip() >= "0.95"
    assert all(f"| {peer.name} |" in text for peer in BASELINES)
    assert "| photo | 12 |" in text
    assert "1 photos without a spot: none found in 1.00" in text
    assert "1 outlined lesions" in text
