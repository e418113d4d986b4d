from __future__ import annotations

import numpy as np
import pytest
from paired import rendered_series, stretched, two_days

from lesionvis.analysis import analyze
from lesionvis.compare.landmarks import LONG_SIDE_PX, N_LANDMARKS, _is_plausible, guesses, structure_of
from lesionvis.geometry import distances, project
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render


def test_structure_is_small_and_knows_its_place_in_the_photo() -> None:
    structure = structure_of(two_days()[0])
    height, width = structure.mask.shape
    assert max(height, width) == LONG_SIDE_PX
    assert structure.maps.shape == (height, width, 2)
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    np.testing.assert_allclose(project(structure.to_source, corners), [[-0.5, -0.5], [639.5, 479.5]], atol=1e-9)


def test_landmarks_are_spots_first_and_do_not_overlap() -> None:
    rendered = rendered_series()
    analysis = two_days()[0]
    landmarks = structure_of(analysis).landmarks
    assert 0 < len(landmarks) <= N_LANDMARKS
    there = rendered.contrast[0] > 0.0
    place = rendered.shots[0].positions(rendered.spots[0])[there]
    distance = distances(landmarks[:, :2], place[:, :2])
    # The strongest ones are true spots.
    assert (distance[:8].min(axis=1) < 6.0).all()
    between = distances(landmarks[:, :2], landmarks[:, :2])
    assert between[~np.eye(len(landmarks), dtype=bool)].min() > 2.0


def test_landmarks_of_a_reduced_photo_lie_on_the_spots_and_not_half_a_pixel_beside_them() -> None:
    scene = Scene(width_px=960, height_px=720, px_per_mm=12.0, seed=3, texture=0.3, mottling=0.3)
    spots = [
        RenderedSpot(x_px=80.0 + 137.3 * column, y_px=90.0 + 143.7 * row, diameter_px=16.0 + column, blood_fraction=0.1)
        for column in range(6)
        for row in range(4)
    ]
    structure = structure_of(analyze(render(scene, spots).rgb))
    place = project(structure.to_source, structure.landmarks[:, :2])
    true = np.array([(spot.x_px, spot.y_px, spot.diameter_px) for spot in spots])
    distance = distances(place, true[:, :2])
    nearest, on_spot = distance.argmin(axis=1), distance.min(axis=1) < 4.0
    off = (place - true[nearest, :2])[on_spot]
    assert on_spot.sum() == len(spots)
    np.testing.assert_allclose(off.mean(axis=0), 0.0, atol=0.15)
    diameter = structure.landmarks[on_spot, 2] * structure.to_source[0, 0]
    assert np.median(diameter / true[nearest[on_spot], 2]) == pytest.approx(1.0, abs=0.08)


def test_no_structure_where_there_is_no_skin() -> None:
    structure = structure_of(two_days()[0])
    assert (structure.maps[structure.mask == 0] == 0).all()


def test_a_guess_is_near_the_truth() -> None:
    rendered = rendered_series()
    first, second = two_days()
    truth = rendered.shots[1].homography @ np.linalg.inv(rendered.shots[0].homography)
    middle = np.array([[250.0, 200.0], [400.0, 300.0]])
    off = [
        np.hypot(*(project(guess, middle) - project(truth, middle)).T).max()
        for guess in guesses(structure_of(first), structure_of(second))
    ]
    assert min(off) < 8.0


def test_bare_skin_gives_no_landmarks() -> None:
    empty = analyze(np.full((120, 160, 3), (214, 172, 148), np.uint8))
    structure = structure_of(empty)
    assert structure.landmarks.shape == (0, 3)
    assert list(guesses(structure, structure)) == []


def test_guesses_turn_nothing_over_and_zoom_and_pull_within_reason() -> None:
    turn = np.array([[0.0, -1.0, 5.0], [1.0, 0.0, -3.0]])
    assert _is_plausible(turn)
    assert _is_plausible(np.diag([1.3, 0.9, 1.0])[:2])
    assert not _is_plausible(np.diag([1.0, -1.0, 1.0])[:2])
    assert not _is_plausible(np.diag([2.5, 1.0, 1.0])[:2])
    assert not _is_plausible(np.diag([5.0, 5.0, 1.0])[:2])


def test_stretched_skin_is_guessed_by_affine_maps() -> None:
    pair = stretched("keeping")
    first, second = structure_of(pair.plain), structure_of(pair.second)
    longer = [
        float(np.divide(*np.linalg.svd(guess[:2, :2], compute_uv=False)))
        for guess in guesses(first, second, stretched=True)
    ]
    assert max(longer) > 1.2
    assert all(np.divide(*np.linalg.svd(guess[:2, :2], compute_uv=False)) < 1.001 for guess in guesses(first, second))
