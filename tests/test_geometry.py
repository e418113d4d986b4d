from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lesionvis.geometry import (
    area_zoom,
    clipped_polygon,
    distances,
    nearest_pairs,
    pixel_borders,
    pixels_inside,
    polygon_area,
    polygon_centroid,
    project,
    sample,
    shrink,
)

TILTED = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [0.0, 0.5, 1.0]])


@pytest.mark.parametrize(
    ("shape", "size"), [((400, 800), (100, 50)), ((800, 400, 3), (50, 100)), ((40, 80), (80, 40)), ((1, 900), (100, 1))]
)
def test_the_longer_side_is_reduced_and_never_enlarged(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    assert shrink(np.zeros(shape, np.float32), 100).shape[1::-1] == size


def test_shrinking_averages_areas_and_keeps_the_type() -> None:
    picture = np.array([[0, 100], [20, 40]], np.uint8)
    small = shrink(picture, 1)
    assert small.dtype == np.uint8
    assert small.tolist() == [[40]]


@pytest.mark.parametrize("count", [0, 1, 29_999, 30_000, 30_001, 70_000])
def test_any_number_of_places_is_sampled(count: int) -> None:
    picture = np.arange(64, dtype=np.float32).reshape(8, 8)
    y = np.arange(count)[:, None] % 8 * np.ones(3)
    x = np.broadcast_to([0.0, 2.5, 7.0], (count, 3))
    assert np.array_equal(sample(picture, x, y), (8 * y + x).astype(np.float32))


def test_beyond_the_border_lies_the_border() -> None:
    picture = np.stack([np.arange(4, dtype=np.float32)[None].repeat(3, axis=0), np.ones((3, 4), np.float32)], axis=2)
    values = sample(picture, np.array([[-5.0, 99.0]]), np.array([[-5.0, 99.0]]))
    assert values.tolist() == [[[0.0, 1.0], [3.0, 1.0]]]


@given(arrays(np.float64, (7, 2), elements=st.integers(-50, 50)), st.integers(-1000, 1000))
def test_area_and_centroid_are_those_of_opencv(corners: np.ndarray, shift: int) -> None:
    x, y = corners.T
    area = polygon_area(x, y)
    assert area == pytest.approx(cv2.contourArea(corners.astype(np.float32), oriented=True))
    assert polygon_area(x + shift, y + shift) == pytest.approx(area, abs=1e-6)
    if abs(area) > 1.0:
        moments = cv2.moments(corners.astype(np.float32))
        expected = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
        assert np.allclose(polygon_centroid(x, y, area), expected, atol=1e-3)


def test_polygons_turned_over_have_the_opposite_area() -> None:
    x, y = np.array([[0.0, 2.0, 0.0]]), np.array([[0.0, 0.0, 3.0]])
    assert polygon_area(x, y).tolist() == [3.0]
    assert polygon_area(x[:, ::-1], y[:, ::-1]).tolist() == [-3.0]


def test_projection_divides_by_the_third_coordinate() -> None:
    assert project(TILTED, [[4.0, 2.0]]).tolist() == [[3.0, 1.0]]
    there = project(TILTED, [[4.0, 2.0], [-3.0, 1.0]])
    assert np.allclose(project(np.linalg.inv(TILTED), there), [[4.0, 2.0], [-3.0, 1.0]])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_lies_behind_the_horizon_is_seen_only_on_request(sign: float) -> None:
    places = [[4.0, -1.9], [4.0, -2.1]]
    assert np.isfinite(project(sign * TILTED, places)).all()
    assert np.isnan(project(sign * TILTED, places, only_visible=True)).tolist() == [[False, False], [True, True]]


def test_zoom_is_the_root_of_how_areas_grow() -> None:
    tilted = np.array([[2.0, 0.3, 5.0], [0.1, 1.5, 0.0], [1e-4, 5e-4, 1.0]])
    corners = 300.0 + np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [0.0, 0.5]])
    grown = project(tilted, corners)
    growth = polygon_area(grown[:, 0], grown[:, 1]) / 0.25
    assert area_zoom(tilted, corners[:1])[0] == pytest.approx(np.sqrt(growth), rel=1e-3)
    assert area_zoom(np.diag([-3.0, 3.0, 1.0]), [[5.0, 7.0]]).tolist() == [3.0]


def test_distances_are_of_each_to_each() -> None:
    assert distances(np.zeros((2, 2)), np.array([[3.0, 4.0]])).tolist() == [[5.0], [5.0]]
    assert distances(np.zeros((0, 2)), np.zeros((3, 2))).shape == (0, 3)


def test_the_nearest_pair_comes_first_and_nobody_is_in_two() -> None:
    distance = np.array([[1.0, 2.0, 9.0], [0.5, 1.5, 9.0], [3.0, 0.1, 4.0]])
    rows, columns = nearest_pairs(distance, distance < 5.0)
    # Row 0 loses column 0 to row 1 and column 1 to row 2, and column 2 is not possible.
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(1, 0), (2, 1)]


def test_no_pairs_where_none_are_possible() -> None:
    rows, columns = nearest_pairs(np.ones((2, 3)), np.zeros((2, 3), np.bool_))
    assert rows.tolist() == columns.tolist() == []
    assert np.ones(3)[rows].tolist() == []


def test_a_clipped_polygon_is_what_lies_in_the_rectangle() -> None:
    star = np.array(
        [[5.0, -3.0], [7.0, 4.0], [14.0, 5.0], [7.0, 7.0], [5.0, 13.0], [3.0, 6.0], [-4.0, 5.0], [3.0, 3.0]]
    )
    inside = clipped_polygon(star, (0, 0), (10, 8))
    assert inside.min() >= 0.0
    assert (inside.max(axis=0) <= (10, 8)).all()
    painted = cv2.fillPoly(np.zeros((170, 190), np.uint8), [np.round((star + 4.0) * 10).astype(np.int32)], 1)
    assert polygon_area(*inside.T) == pytest.approx(painted[40:120, 40:140].sum() / 100.0, rel=0.03)
    assert np.array_equal(clipped_polygon(star, (-9, -9), (20, 20)), star)
    assert len(clipped_polygon(star, (20, 20), (30, 30))) == 0


@given(st.integers(0, 2**20 - 1))
def test_borders_of_pixels_give_back_the_pixels(bits: int) -> None:
    mask = np.array([bits >> i & 1 for i in range(20)], np.bool_).reshape(4, 5)
    borders = pixel_borders(mask)
    inside = np.logical_or.reduce([np.zeros_like(mask), *(pixels_inside(border, mask.shape) for border in borders)])
    # Holes are filled: what is not joined to the outside side by side.
    outside = cv2.floodFill(np.pad(mask, 1).astype(np.uint8), None, (0, 0), 2, flags=4)[1][1:-1, 1:-1] == 2
    np.testing.assert_array_equal(inside, ~outside)
    assert len(borders) == cv2.connectedComponents((~outside).astype(np.uint8), connectivity=8)[0] - 1
    areas = [float(polygon_area(border[:, 0], border[:, 1])) for border in borders]
    assert sum(areas) == inside.sum() - 0.5 * len(borders)


def test_pixels_inside_a_polygon_that_leaves_the_picture() -> None:
    triangle = np.array([[-3.0, -1.0], [2.5, -1.0], [2.5, 9.0]])
    inside = pixels_inside(triangle, (4, 5))
    rows, columns = np.mgrid[:4, :5]
    expected = (columns < 2.5) & (rows > -1) & (rows + 1 < (columns + 3) / 5.5 * 10)
    np.testing.assert_array_equal(inside, expected)
    assert not pixels_inside(triangle + 100.0, (4, 5)).any()
