from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from paired import CAMERA, GONE, MOVED, NEW, PLAIN, SKIN, rendered_glass, rendered_series, spots_on

from lesionvis.errors import SettingsError
from lesionvis.lab.render.pairs import (
    Pose,
    Press,
    contrasts,
    pressed_skin,
    render_glass_pair,
    render_series,
    with_contrast,
)
from lesionvis.lab.render.scene import RenderedSpot


def _map(matrix: np.ndarray, xy: tuple[float, float]) -> np.ndarray:
    x, y, w = matrix @ np.array([*xy, 1.0])
    return np.array([x / w, y / w])


def test_a_camera_right_above_sees_the_middle_of_the_canvas() -> None:
    matrix = Pose().homography(SKIN, CAMERA)
    middle = ((SKIN.width_px - 1) / 2, (SKIN.height_px - 1) / 2)
    np.testing.assert_allclose(_map(matrix, middle), [(640 - 1) / 2, (480 - 1) / 2], atol=1e-9)
    np.testing.assert_allclose(matrix[:2, :2], np.eye(2), atol=1e-12)


def test_a_pose_turns_zooms_and_shifts() -> None:
    matrix = Pose(turn_deg=90.0, zoom=2.0, shift_x=0.1).homography(SKIN, CAMERA)
    seen_in_middle = ((SKIN.width_px - 1) / 2 + 64.0, (SKIN.height_px - 1) / 2)
    np.testing.assert_allclose(_map(matrix, seen_in_middle), [319.5, 239.5], atol=1e-9)
    # A step to the right on the skin is one down in a picture that is turned clockwise.
    step = _map(matrix, (seen_in_middle[0] + 1.0, seen_in_middle[1])) - [319.5, 239.5]
    np.testing.assert_allclose(step, [0.0, 2.0], atol=1e-9)


def test_the_same_pair_is_rendered_twice_alike() -> None:
    spots = spots_on(SKIN, 3)
    press = Press(450.0, 360.0, 100.0)
    first, second = (render_glass_pair(SKIN, spots, [0.5] * 3, press, PLAIN, MOVED) for _ in range(2))
    assert np.array_equal(first.plain.rgb, second.plain.rgb)
    assert np.array_equal(first.pressed.rgb, second.pressed.rgb)


def test_spots_are_where_the_truth_says() -> None:
    shot = rendered_series().shots[1]
    there = [row for row in range(24) if row not in GONE and shot.seen(rendered_series().spots[1])[row]]
    red = shot.rgb[..., 0].astype(float) - shot.rgb[..., 1]
    for row in there:
        x, y, diameter = shot.positions(rendered_series().spots[1])[row]
        inside = red[round(y), round(x)]
        around = [
            red[min(max(round(y + dy), 0), 479), min(max(round(x + dx), 0), 639)]
            for dx, dy in ((diameter, 0), (-diameter, 0), (0, diameter), (0, -diameter))
        ]
        assert inside > np.median(around)


def test_a_spot_gets_the_contrast_asked_for() -> None:
    spot = RenderedSpot(10.0, 10.0, 9.0, blood_fraction=0.06, blood_depth_mm=0.05)
    (before,) = contrasts(SKIN, [spot])
    (half,) = contrasts(SKIN, [with_contrast(SKIN, spot, 0.5 * before)])
    assert half == pytest.approx(0.5 * before, rel=0.02)


def test_pressed_skin_is_paler_and_flatter() -> None:
    paled = pressed_skin(SKIN, 0.25)
    assert paled.ita_deg > SKIN.ita_deg
    assert paled.blood_fraction == pytest.approx(0.25 * SKIN.blood_fraction)
    assert paled.texture < SKIN.texture


def test_only_what_lies_under_the_glass_changes() -> None:
    pair = rendered_glass("fading")
    assert 0 < pair.under_glass.sum() < len(pair.spots)
    np.testing.assert_allclose(pair.ratio[pair.under_glass], 0.15, atol=0.02)
    assert (pair.ratio[~pair.under_glass] == 1.0).all()


def test_the_push_outwards_ends_beyond_the_border() -> None:
    press = Press(0.0, 0.0, 100.0, stretch=0.05)
    moved = press.moved(np.array([[50.0, 0.0], [0.0, 90.0], [800.0, 0.0]]))
    np.testing.assert_allclose(moved[:2], [[52.5, 0.0], [0.0, 94.5]], rtol=1e-3)
    np.testing.assert_allclose(moved[2], [800.0, 0.0], atol=1e-3)


def test_an_absent_spot_has_no_contrast_and_the_others_have() -> None:
    contrast = rendered_series().contrast
    assert (contrast[0, list(NEW)] == 0.0).all()
    assert (contrast[1, list(GONE)] == 0.0).all()
    assert (contrast[0, list(GONE)] > 0.0).all()
    assert (contrast[1, list(NEW)] > 0.0).all()


def test_truth_that_does_not_fit_is_refused() -> None:
    spots = spots_on(SKIN, 2)
    with pytest.raises(SettingsError, match="one ratio per spot"):
        render_glass_pair(SKIN, spots, [1.0], Press(0.0, 0.0, 9.0), PLAIN, MOVED)
    with pytest.raises(SettingsError, match="one view per moment"):
        render_series(SKIN, [spots, spots], [PLAIN])
    with pytest.raises(SettingsError, match="same number of rows"):
        render_series(SKIN, [spots, spots[:1]], [PLAIN, replace(MOVED)])
