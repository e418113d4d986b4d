"""Sharp whole ellipses are found where they are, and nothing else is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.scale.ellipses import Ellipse, find_outlines


def _drawn(ellipse: Ellipse, blur_px: float = 0.0) -> NDArray[np.uint8]:
    """A grey disc on skin-coloured ground, drawn at four times the resolution."""
    fine = np.full((4 * 300, 4 * 400, 3), (205, 160, 140), np.uint8)
    corners = (ellipse.resized(4.0).points(np.linspace(0.0, 2.0 * np.pi, 720)) * 8.0).round().astype(np.int32)
    cv2.fillPoly(fine, [corners], (120, 120, 125), cv2.LINE_8, 3)
    rgb = cv2.resize(fine, (400, 300), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), blur_px) if blur_px else rgb, np.uint8)


@pytest.mark.parametrize("blur_px", [0.0, 1.5])
@pytest.mark.parametrize(("major", "minor", "angle"), [(60.0, 60.0, 0.0), (70.0, 55.0, 0.6)])
def test_an_ellipse_is_found_to_a_part_of_a_pixel(major: float, minor: float, angle: float, blur_px: float) -> None:
    true = Ellipse(203.3, 148.6, major, minor, angle)
    (found,) = find_outlines(_drawn(true, blur_px))
    assert (found.ellipse.x, found.ellipse.y) == pytest.approx((true.x, true.y), abs=0.1)
    assert (found.ellipse.major, found.ellipse.minor) == pytest.approx((major, minor), abs=0.3)
    assert found.support > 0.95
    if major > minor:
        assert np.sin(found.ellipse.angle - angle) == pytest.approx(0.0, abs=0.05)


def test_a_square_and_a_half_disc_are_no_ellipse() -> None:
    square = np.full((300, 400, 3), (205, 160, 140), np.uint8)
    square[90:210, 140:260] = (120, 120, 125)
    half = _drawn(Ellipse(200.0, 150.0, 60.0, 60.0, 0.0))
    half[:150] = (205, 160, 140)
    assert find_outlines(square) == []
    assert find_outlines(half) == []


def test_resizing_moves_the_centre_with_its_pixel() -> None:
    ellipse = Ellipse(10.0, 20.0, 5.0, 4.0, 0.3).resized(2.0)
    assert ellipse == Ellipse(20.5, 40.5, 10.0, 8.0, 0.3)
