from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from stages import Staged, stage

from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.models import load_model, packaged_model_folder
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.classifier import MODEL_NAME, NEIGHBOUR_COLUMNS
from lesionvis.spots.find import SPOT_SCORE_MIN
from lesionvis.spots.rejections import (
    NOTHING_FITS,
    PART_OF_LESION,
    REASONS,
    UNLIKE_RINGS,
    Rejection,
    explain_rejections,
)

SCENE = Scene(width_px=480, height_px=360, px_per_mm=6.0, seed=5)
BROWN, FAINT, BORDERLESS, LINE = tuple(REASONS)[:4]


@pytest.fixture(scope="module")
def mixed() -> Staged:
    """A shower with brown spots among it and hairs over it."""
    scene = replace(SCENE, hair_count=25)
    shower = petechial_shower(np.random.default_rng(5), scene, 30, diameter_mm=1.6)
    naevi = [
        RenderedSpot(x_px=40.0 + 80 * k, y_px=40.0, diameter_px=12.0, kind="naevus", melanin_fraction=0.12)
        for k in range(5)
    ]
    return stage(scene, [*(spot for spot in shower if spot.y_px > 80), *naevi])


def _near(rejections: tuple[Rejection, ...], x: float, y: float) -> list[Rejection]:
    return [one for one in rejections if np.hypot(*(one.outline_px.mean(axis=0) - (x, y))) < 4.0]


def test_every_column_speaks_for_one_reason() -> None:
    first_look = {"score", "log_odds"}
    named = [column for columns in REASONS.values() for column in columns]
    assert len(named) == len(set(named))
    assert set(named) == ({*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS} - first_look)


def test_the_model_knows_what_a_typical_spot_is_like() -> None:
    typical = load_model(packaged_model_folder(MODEL_NAME)).card["typical_spot"]
    assert set(typical) == {*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS}
    assert typical["erythema_contrast"] > 0.05
    assert typical["aspect"] < 1.5


def test_spots_are_not_among_the_rejected(mixed: Staged) -> None:
    spots = mixed.worked.spots
    rejections = explain_rejections(spots)
    assert all(one.score < SPOT_SCORE_MIN for one in rejections)
    assert [one.score for one in rejections] == sorted((one.score for one in rejections), reverse=True)
    assert {one.reason for one in rejections} <= {*REASONS, UNLIKE_RINGS, NOTHING_FITS}


def test_brown_spots_are_rejected_for_their_colour(mixed: Staged) -> None:
    rejections = explain_rejections(mixed.worked.spots)
    naevi = [one for k in range(5) for one in _near(rejections, 40.0 + 80 * k, 40.0)]
    assert len(naevi) >= 3
    assert sum(one.reason == BROWN for one in naevi) > len(naevi) / 2


def test_hairs_are_rejected_as_lines() -> None:
    rejections = explain_rejections(stage(replace(SCENE, hair_count=60)).worked.spots)
    assert len(rejections) > 30
    # A hair is a line and not the colour of blood: the forest goes by the one or the other.
    reasons = [one.reason for one in rejections]
    assert reasons.count(LINE) > 0.5 * len(rejections)
    assert reasons.count(LINE) + reasons.count(BROWN) > 0.85 * len(rejections)


def test_a_faint_spot_on_rough_skin_is_called_faint(mixed: Staged) -> None:
    # Texture is all that is left between the spots once brown spots and hairs are named.
    reasons = [one.reason for one in explain_rejections(mixed.worked.spots)]
    assert reasons.count(FAINT) > reasons.count(BORDERLESS)


def test_what_only_the_network_rejects_is_rejected_for_its_rings(mixed: Staged) -> None:
    spots = mixed.worked.spots
    by_forest = spots.forest_scores >= SPOT_SCORE_MIN
    doubted = replace(spots, candidate_scores=np.where(by_forest, 0.3, spots.candidate_scores), lesion=0)
    reasons = [one.reason for one in explain_rejections(doubted) if one.score == 0.3]
    assert len(reasons) > 10
    assert set(reasons) == {UNLIKE_RINGS}
    assert all(one.reason != UNLIKE_RINGS for one in explain_rejections(doubted) if one.score < 0.2)
    # What a person removed has no score left, and its rings are not to blame.
    removed = replace(doubted, forest_scores=np.where(by_forest, 0.0, spots.forest_scores))
    assert UNLIKE_RINGS not in {one.reason for one in explain_rejections(removed)}


def test_what_lies_on_a_lesion_is_part_of_it() -> None:
    lesion = RenderedSpot(x_px=240.0, y_px=180.0, diameter_px=130.0, kind="purpura", blood_fraction=0.15)
    spots = stage(SCENE, [lesion]).worked.spots
    assert spots.lesion == 1
    likely = [one for one in explain_rejections(spots) if one.score >= SPOT_SCORE_MIN]
    assert {one.reason for one in likely} <= {PART_OF_LESION}
