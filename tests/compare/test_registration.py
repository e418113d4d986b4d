from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from paired import PULL, glass, other_skin, registered, rendered_series, stretched, two_days

from lesionvis.analysis import Analysis, analyze
from lesionvis.compare.landmarks import Structure, structure_of
from lesionvis.compare.registration import Registration, _error_px, _Fit, _mutual_nearest, _recentre, register
from lesionvis.geometry import project
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render


def _truth() -> tuple[np.ndarray, np.ndarray]:
    """True map between the photos of the series, and the places of the spots in the first."""
    rendered = rendered_series()
    matrix = rendered.shots[1].homography @ np.linalg.inv(rendered.shots[0].homography)
    return matrix, rendered.shots[0].positions(rendered.spots[0])[:, :2]


def test_places_are_found_again_in_another_light_from_another_side() -> None:
    registration = registered()
    matrix, places = _truth()
    off = np.hypot(*(registration.map_points(places) - project(matrix, places)).T)
    assert registration.trusted
    assert registration.reason == ""
    assert np.median(off) < 1.0
    assert off.max() < 3.0
    assert 0.0 < registration.error_px < 2.0


def test_residuals_fade_out_as_a_gaussian_of_the_distance() -> None:
    registration = Registration(
        True, "", np.eye(3), np.array([[100.0, 50.0]]), np.array([[8.0, -4.0]]), 50.0, 0.3, 99.0, 1.0
    )
    places = np.array([[100.0, 50.0], [150.0, 50.0], [100.0, 150.0], [900.0, 50.0]])
    weight = np.exp([0.0, -0.5, -2.0, -128.0])
    expected = places + (weight / (weight + 1.0))[:, None] * [8.0, -4.0]
    np.testing.assert_allclose(registration.map_points(places), expected, atol=1e-9)
    assert registration.is_supported(places).tolist() == [True, True, False, False]


def test_the_error_is_what_anchors_nearby_do_not_tell_of_each_other() -> None:
    residuals = np.array([[2.0, 0.0], [2.0, 0.0]])
    for apart_sigmas, left in ((0.0, 1.0), (1.0, 2.0 / (1.0 + np.exp(-0.5))), (2.0, 2.0 / (1.0 + np.exp(-2.0)))):
        anchors = np.array([[0.0, 0.0], [50.0 * apart_sigmas, 0.0]])
        assert _error_px(anchors, residuals, 50.0) == pytest.approx(left)


def test_the_way_back_undoes_the_way_there() -> None:
    _, places = _truth()
    np.testing.assert_allclose(registered().map_back(registered().map_points(places)), places, atol=1e-3)


def test_the_zoom_is_that_of_the_truth() -> None:
    matrix, places = _truth()
    step = np.array([0.5, 0.0])
    across = project(matrix, places + step) - project(matrix, places - step)
    down = project(matrix, places + step[::-1]) - project(matrix, places - step[::-1])
    true_zoom = np.sqrt(np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]))
    np.testing.assert_allclose(registered().zoom(places), true_zoom, rtol=0.03)


def test_a_photo_lies_on_itself() -> None:
    first = two_days()[0]
    registration = register(first, first)
    places = np.array([[100.0, 80.0], [320.0, 240.0], [560.0, 400.0]])
    assert registration.trusted
    np.testing.assert_allclose(registration.map_points(places), places, atol=0.3)
    assert registration.overlap > 0.95


def test_other_skin_is_not_trusted_and_says_what_helps() -> None:
    registration = register(two_days()[0], other_skin())
    assert not registration.trusted
    assert "same skin" in registration.reason or "in common" in registration.reason
    assert "sharp" in registration.reason
    assert np.isnan(registration.error_px)
    content = json.loads(json.dumps(registration.to_dict(), allow_nan=False))
    assert (content["homography"], content["error_px"]) == (None, None)


def _crop(seed: int) -> Analysis:
    """A small photo of 14 petechiae on a skin of its own."""
    scene = Scene(width_px=360, height_px=280, px_per_mm=8.0, seed=seed, ita_deg=40.0)
    return analyze(render(scene, petechial_shower(np.random.default_rng(seed), scene, 14, diameter_mm=1.4)).rgb)


@pytest.mark.parametrize(("seed", "other_seed"), [(3, 6), (1, 2)])
def test_what_agrees_by_chance_is_not_enough(seed: int, other_seed: int) -> None:
    """The most alike of 91 pairs of crops of different skin."""
    registration = register(_crop(seed), _crop(other_seed))
    assert not registration.trusted
    # What agrees by chance depends on OpenCV's features: with version 4 other pairs are the most alike.
    assert registration.evidence > 10.0 or cv2.__version__.startswith("4.")
    assert "same skin" in registration.reason


def test_skin_without_anything_on_it_is_not_trusted() -> None:
    bare = analyze(np.full((120, 160, 3), (214, 172, 148), np.uint8))
    registration = register(bare, bare)
    assert not registration.trusted
    assert (registration.evidence, registration.overlap) == (0.0, 0.0)
    assert "too little in common" in registration.reason


def test_places_far_from_all_that_was_found_again_are_not_supported() -> None:
    registration = registered()
    near = registration.anchors_px[:1]
    assert registration.is_supported(near)[0]
    assert not registration.is_supported(near + 5000.0)[0]


def test_a_glass_does_not_hinder_it() -> None:
    assert glass("fading").test.registration.trusted
    assert glass("keeping").test.registration.trusted


def test_skin_that_is_pulled_apart_is_found_again() -> None:
    found = stretched("fading")
    plain, pulled = found.truth.plain.homography, found.truth.stretched.homography
    places = np.array([[200.0, 150.0], [320.0, 240.0], [450.0, 330.0]])
    on_skin = project(np.asarray(np.linalg.inv(plain), np.float64), places)
    expected = project(pulled, PULL.moved(on_skin))
    registration = found.test.registration
    assert registration.trusted
    assert np.hypot(*(registration.map_points(places) - expected).T).max() < 3.0


def _marked(places: np.ndarray) -> Structure:
    """Landmarks of one size on skin that fills the frame."""
    landmarks = np.hstack([places, np.full((len(places), 1), 6.0)])
    return Structure(np.zeros((480, 640, 2), np.float32), np.ones((480, 640), np.uint8), landmarks, np.eye(3))


@pytest.mark.parametrize("reach_px", [6.0, 12.0, 20.0])
def test_landmarks_that_meet_by_chance_are_no_evidence_however_far_is_looked(reach_px: float) -> None:
    generator = np.random.default_rng(7)
    met, evidence = 0, []
    for _ in range(30):
        here, there = (_marked(generator.uniform((0.0, 0.0), (640.0, 480.0), (40, 2))) for _ in range(2))
        pairs, against_chance = _mutual_nearest(here, there, np.eye(3), reach_px)
        met += len(pairs)
        evidence.append(against_chance)
    assert met > 10
    assert np.mean(evidence) < 0.6
    same = _marked(here.landmarks[:, :2] + 1.0)
    pairs, against_chance = _mutual_nearest(here, same, np.eye(3), reach_px)
    assert len(pairs) >= 35
    assert against_chance > 50.0


def test_landmarks_in_one_corner_do_not_bend_what_patches_agree_on() -> None:
    """A plane through some twenty places, each known to a px, is many px off far from them."""
    generator = np.random.default_rng(4)
    mask = np.ones((480, 640), np.uint8)
    places = generator.uniform((20.0, 20.0), (200.0, 160.0), (22, 2))
    seen = places + generator.normal(0.0, 1.0, places.shape)
    bare, size = np.zeros((480, 640, 2), np.float32), np.full((22, 1), 6.0)
    first, second = (
        replace(structure_of(two_days()[0]), maps=bare, mask=mask, landmarks=np.hstack([at, size]))
        for at in (places, seen)
    )
    grid = np.stack(np.meshgrid(np.arange(30.0, 620.0, 26.0), np.arange(30.0, 460.0, 26.0)), axis=-1).reshape(-1, 2)
    patches = np.hstack([grid, grid])
    fit = _Fit(np.eye(3), patches, np.hstack([places, seen]), 200.0)
    matrix, _ = _recentre(first, second, fit)
    corners = np.array([[0.0, 0.0], [639.0, 0.0], [639.0, 479.0], [0.0, 479.0]])
    assert np.abs(project(matrix, corners) - corners).max() < 2.0


def test_it_is_plain_in_json_and_read_only() -> None:
    registration = registered()
    assert json.loads(json.dumps(registration.to_dict(), allow_nan=False))["trusted"] is True
    with pytest.raises(ValueError, match="read-only"):
        registration.homography[0, 0] = 2.0
