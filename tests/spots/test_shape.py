from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawing import ellipse_corners
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lesionvis.spots.shape import BLOCK, shapes


@pytest.mark.parametrize("angle_deg", [0.0, 20.0, 45.0, 90.0, 130.0])
def test_shape_of_anellipse(angle_deg: float) -> None:
    table = shapes([ellipse_corners(150.3, 110.7, 60.0, 24.0, angle_deg)])
    assert table["x_px"][0] == pytest.approx(150.3, abs=0.01)
    assert table["y_px"][0] == pytest.approx(110.7, abs=0.01)
    assert table["area_px"][0] == pytest.approx(np.pi * 60 * 24 / 4, rel=0.002)
    assert table["diameter_px"][0] == pytest.approx(np.sqrt(60 * 24), rel=0.002)
    assert table["feret_max_px"][0] == pytest.approx(60.0, rel=0.002)
    assert table["feret_min_px"][0] == pytest.approx(24.0, rel=0.005)
    assert table["aspect"][0] == pytest.approx(2.5, rel=0.005)
    assert table["solidity"][0] == pytest.approx(1.0, abs=0.005)
    # Ramanujan's perimeter of an ellipse.
    h = ((30 - 12) / (30 + 12)) ** 2
    perimeter = np.pi * (30 + 12) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))
    assert table["circularity"][0] == pytest.approx(np.pi**2 * 60 * 24 / perimeter**2, rel=0.01)


def test_the_smallest_feret_diameter_is_not_the_side_of_the_smallest_box() -> None:
    # The box of least area of this triangle stands on the long side, calipers close most on another one.
    corners = np.array([[100.0, 100.0], [160.0, 100.0], [100.0, 145.0]])
    assert shapes([corners])["feret_min_px"][0] == pytest.approx(60 * 45 / 75)
    assert shapes([corners])["feret_max_px"][0] == pytest.approx(75.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(80, 220), st.floats(60, 180)), min_size=3, max_size=8))
def test_feret_diameters_are_those_of_turning_calipers(points: list[tuple[float, float]]) -> None:
    hull = cv2.convexHull(np.array(points, np.float32))[:, 0].astype(np.float64)
    assume(len(hull) >= 3)
    assume(abs(cv2.contourArea(hull.astype(np.float32))) > 50.0)
    table = shapes([hull])
    turns = np.radians(np.arange(0.0, 180.0, 0.05))
    across = np.ptp(hull @ np.stack([np.cos(turns), np.sin(turns)]), axis=0)
    assert table["feret_max_px"][0] == pytest.approx(across.max(), rel=1e-4)
    assert table["feret_min_px"][0] == pytest.approx(across.min(), rel=0.01, abs=0.1)


def test_a_notch_lowers_solidity_and_circularity() -> None:
    square = np.array([[100.0, 100], [140, 100], [140, 140], [100, 140]])
    notched = np.array([[100.0, 100], [140, 100], [140, 140], [120, 110], [100, 140]])
    table = shapes([square, notched + np.array([60.0, 0.0])])
    assert table["solidity"].tolist() == pytest.approx([1.0, 1 - 0.5 * 40 * 30 / 1600])
    assert table["circularity"][0] == pytest.approx(np.pi / 4)
    assert table["circularity"][1] < table["circularity"][0]


def test_the_direction_of_the_corners_does_not_matter() -> None:
    outline = ellipse_corners(150.0, 110.0, 60.0, 24.0, 30.0)
    one, other = shapes([outline]), shapes([outline[::-1]])
    for name in ("x_px", "y_px", "area_px", "feret_max_px", "feret_min_px"):
        assert one[name][0] == pytest.approx(other[name][0])


def test_each_outline_is_measured_by_itself() -> None:
    corners = (3, 4, 48, 48, 5)
    outlines = [
        ellipse_corners(40.0 + number, 30.0, 9.0 + number % 7, 8.0, 10.0 * number)[:: 180 // corners[number % 5]]
        for number in range(2 * BLOCK + 3)
    ]
    together = shapes(outlines)
    for name, values in together.items():
        assert values.tolist() == [float(shapes([outline])[name][0]) for outline in outlines], name


def test_an_outline_with_a_notch_is_measured_by_itself_too() -> None:
    # As many corners as the one before it, but fewer on its hull.
    large = ellipse_corners(200.0, 200.0, 200.0, 180.0)[::36]
    notched = np.array([[100.0, 100], [140, 100], [140, 140], [120, 110], [100, 140]])
    together = shapes([large, notched, large])
    assert together["feret_max_px"][1] == pytest.approx(np.hypot(40.0, 40.0))
    assert together["feret_min_px"][1] == pytest.approx(40.0)


@pytest.mark.parametrize("factor", [0.02, 50.0])
def test_the_shape_does_not_depend_on_the_size(factor: float) -> None:
    outline = ellipse_corners(150.0, 110.0, 60.0, 24.0, 30.0)[::4]
    one, other = shapes([outline]), shapes([factor * outline])
    for name, power in {"x_px": 1, "area_px": 2, "diameter_px": 1, "feret_max_px": 1, "feret_min_px": 1}.items():
        assert other[name][0] == pytest.approx(factor**power * one[name][0], rel=1e-5), name
    for name in ("circularity", "solidity", "aspect"):
        assert other[name][0] == pytest.approx(one[name][0], rel=1e-5), name


def test_what_has_no_area_has_a_place_only() -> None:
    line = np.array([[10.0, 10.0], [20.0, 10.0], [30.0, 10.0]])
    columns = shapes([line, ellipse_corners(50.0, 60.0, 10.0, 10.0)])
    assert (columns["x_px"][0], columns["y_px"][0]) == (20.0, 10.0)
    assert columns["area_px"][0] == columns["feret_max_px"][0] == columns["feret_min_px"][0] == 0.0
    assert columns["feret_max_px"][1] == pytest.approx(10.0, rel=0.001)


def test_no_outlines_have_no_shapes() -> None:
    assert all(values.shape == (0,) for values in shapes([]).values())
