from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from paired import MOVED, PLAIN, PULL, SKIN, rendered_stretch, spots_on

from lesionvis.errors import SettingsError
from lesionvis.geometry import distances
from lesionvis.lab.render.pairs import contrasts
from lesionvis.lab.render.stretch import Stretch, render_stretched_pair

PLACES = np.array([[460.0, 350.0], [300.0, 200.0], [700.0, 500.0]])


def test_skin_moves_away_along_the_pull_and_nearer_across() -> None:
    pull = Stretch(x_px=100.0, y_px=50.0, axis_deg=90.0, strain=0.2, contraction=0.5, reach_px=1e4)
    moved = pull.moved(np.array([[100.0, 60.0], [110.0, 50.0]]))
    np.testing.assert_allclose(moved, [[100.0, 62.0], [109.0, 50.0]], atol=1e-4)


def test_strains_and_areas_are_those_of_how_places_move() -> None:
    step = 0.01
    columns = [(PULL.moved(PLACES + arm) - PULL.moved(PLACES - arm)) / (2 * step) for arm in np.eye(2) * step]
    jacobian = np.stack(columns, axis=2)
    np.testing.assert_allclose(np.linalg.svd(jacobian, compute_uv=False), 1.0 + PULL.strains(PLACES), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(jacobian), PULL.areas(PLACES), atol=1e-6)


def test_the_pull_dies_out() -> None:
    near, far = PULL.strains(np.array([[PULL.x_px, PULL.y_px], [PULL.x_px + 5000.0, PULL.y_px]]))
    np.testing.assert_allclose(near, [PULL.strain, -PULL.contraction * PULL.strain])
    assert abs(far[0]) < 1e-3
    assert PULL.effects(np.array([[PULL.x_px, PULL.y_px], [PULL.x_px + 5000.0, PULL.y_px]])).round(3).tolist() == [1, 0]


def test_what_is_drawn_moves_as_the_truth_says() -> None:
    canvas = np.zeros((SKIN.height_px, SKIN.width_px, 3), np.float32)
    for x, y in PLACES:
        cv2.circle(canvas, (round(x), round(y)), 6, (1.0, 1.0, 1.0), -1)
    _, _, _, centres = cv2.connectedComponentsWithStats((PULL.pulled(canvas)[..., 0] > 0.5).astype(np.uint8))
    found, expected = centres[1:], PULL.moved(PLACES)
    off = distances(np.asarray(found, np.float64), expected)
    assert len(found) == len(PLACES)
    assert off.min(axis=0).max() < 0.5


def test_spots_that_stay_keep_contrast_times_area() -> None:
    pair = rendered_stretch("keeping")
    np.testing.assert_allclose(pair.ratio, 1.0, atol=0.03)
    grown = np.array([moved.diameter_px / spot.diameter_px for spot, moved in zip(pair.spots, pair.moved, strict=True)])
    assert (grown > 1.02).all()
    before, after = contrasts(SKIN, pair.spots), contrasts(SKIN, pair.moved)
    assert np.median(after / before) < 0.95


def test_spots_that_fade_do_so_where_the_pull_is() -> None:
    assert (rendered_stretch("fading").ratio < 0.2).all()
    spots = spots_on(SKIN, 4)
    beside = replace(PULL, x_px=-4000.0)
    np.testing.assert_allclose(
        render_stretched_pair(SKIN, spots, [0.1] * 4, beside, PLAIN, MOVED).ratio, 1.0, atol=0.03
    )


def test_skin_at_rest_is_as_it_was() -> None:
    spots = spots_on(SKIN, 3)
    still = replace(PULL, strain=0.0)
    pair = render_stretched_pair(SKIN, spots, [1.0] * 3, still, PLAIN, PLAIN)
    difference = np.abs(pair.plain.rgb.astype(int) - pair.stretched.rgb.astype(int))
    assert np.median(difference) <= 1.0
    places, moved = (np.array([(spot.x_px, spot.y_px) for spot in table]) for table in (spots, pair.moved))
    np.testing.assert_allclose(moved, places)


def test_truth_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SettingsError, match="one ratio per spot"):
        render_stretched_pair(SKIN, spots_on(SKIN, 2), [1.0], PULL, PLAIN, MOVED)
