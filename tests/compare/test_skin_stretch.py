from __future__ import annotations

import cv2
import numpy as np
import pytest
from paired import CAMERA, MOVED, PLAIN, PULL, SKIN, stretched

from lesionvis.compare.registration import Registration
from lesionvis.compare.skin_stretch import CONTRACTION, Pull, measure_pull
from lesionvis.geometry import project
from lesionvis.lab.render.pairs import Pose
from lesionvis.lab.render.stretch import Stretch

PLACES = np.array([[320.0, 240.0], [120.0, 100.0], [540.0, 390.0], [90.0, 400.0]])


def _to_skin(pose: Pose) -> np.ndarray:
    return np.asarray(np.linalg.inv(pose.homography(SKIN, CAMERA)), np.float64)


def _seen(first: Pose, second: Pose, stretch: Stretch) -> Pull:
    """What is measured between two poses when the registration is perfect."""
    photo = stretched("keeping").plain
    x, y = np.meshgrid(np.arange(20.0, 640.0, 40.0), np.arange(20.0, 480.0, 40.0))
    anchors = np.stack([x.ravel(), y.ravel()], axis=1)
    there, back = second.homography(SKIN, CAMERA), _to_skin(first)
    found = project(there, stretch.moved(project(back, anchors)))
    homography = np.asarray(cv2.findHomography(anchors, found)[0], np.float64)
    residuals = found - project(homography, anchors)
    registration = Registration(True, "", homography, anchors, residuals, 50.0, 0.1, 99.0, 1.0)
    return measure_pull(photo, photo, registration, PLACES)


def test_a_pull_is_measured_from_right_above() -> None:
    found = _seen(Pose(), Pose(turn_deg=20.0, zoom=1.3), PULL)
    on_skin = project(_to_skin(Pose()), PLACES)
    along, across = 1.0 + PULL.strains(on_skin).T
    np.testing.assert_allclose(found.stretch, along / across, rtol=0.02)
    np.testing.assert_allclose(found.area, along * across, rtol=0.03)
    assert found.is_stretched.all()


def test_of_a_pull_that_ends_in_the_photo_only_the_middle_is_stretched() -> None:
    near = Stretch(x_px=450.0, y_px=360.0, strain=0.2, contraction=CONTRACTION, reach_px=120.0)
    assert _seen(Pose(), Pose(), near).is_stretched.tolist() == [True, False, False, False]


@pytest.mark.parametrize("tilt_deg", [15.0, 30.0])
@pytest.mark.parametrize("axis_deg", [0.0, 70.0])
def test_a_camera_that_looks_askance_is_no_pull(tilt_deg: float, axis_deg: float) -> None:
    still = Stretch(x_px=450.0, y_px=360.0, strain=0.0)
    found = _seen(Pose(), Pose(tilt_deg=tilt_deg, tilt_axis_deg=axis_deg, zoom=1.1), still)
    np.testing.assert_allclose(found.stretch, 1.0, atol=0.02)
    np.testing.assert_allclose(found.area, 1.0, atol=0.01)
    assert not found.is_stretched.any()


def test_a_strong_pull_shows_from_askance() -> None:
    found = _seen(Pose(tilt_deg=6.0), Pose(tilt_deg=8.0, tilt_axis_deg=120.0), PULL)
    assert found.is_stretched.all()


def test_it_is_measured_on_photos() -> None:
    pair = stretched("keeping")
    spots = pair.plain.table
    places = np.stack([spots["x_px"], spots["y_px"]], axis=1)
    found = measure_pull(pair.plain, pair.second, pair.test.registration, places)
    on_skin = project(_to_skin(PLAIN.pose), places)
    along, across = 1.0 + PULL.strains(on_skin).T
    assert MOVED.pose.tilt_deg > 0.0
    assert np.median(np.abs(found.stretch / (along / across) - 1.0)) < 0.03
    assert np.median(np.abs(found.area / (along * across) - 1.0)) < 0.03


def test_it_is_read_only() -> None:
    found = _seen(Pose(), Pose(), PULL)
    with pytest.raises(ValueError, match="read-only"):
        found.stretch[0] = 1.0
