from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawing import CONTRAST, circles, disks, ellipse
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesionvis.spots.outlines import (
    FINE_FAN,
    REACH,
    Outlines,
    core_and_skin,
    grow,
    joined,
    no_outlines,
    ray_blocks,
    sample_rays,
)
from lesionvis.spots.peaks import octaves

SHAPE = (128, 160)
ANGLES_RAD, STEPS = FINE_FAN.angles_rad, FINE_FAN.steps
N_RAYS, N_STEPS = len(ANGLES_RAD), len(STEPS)


def _outlines(picture: NDArray[np.float32], places: list[tuple[float, float, float]]) -> Outlines:
    """Outlines around (x, y, expected diameter)."""
    x, y, diameter = np.asarray(places, np.float64).T
    profiles = sample_rays(octaves(picture), x, y, diameter / 2, FINE_FAN)
    return grow(profiles, *core_and_skin(profiles, FINE_FAN), x, y, diameter / 2, FINE_FAN)


def _diameters(outlines: Outlines) -> NDArray[np.float64]:
    return np.asarray(2.0 * np.sqrt(outlines.area_px() / np.pi))


def _centre_errors(outlines: Outlines, places: list[tuple[float, float, float]]) -> NDArray[np.float64]:
    x, y = outlines.centroid_px()
    return np.hypot(x - [place[0] for place in places], y - [place[1] for place in places])


@pytest.mark.parametrize("expected_over_true", [0.8, 1.0, 1.25])
@pytest.mark.parametrize("blur_sigma_px", [0.0, 0.7, 1.2])
@pytest.mark.parametrize("diameter_px", [8.0, 10.0, 14.0, 24.0, 40.0])
def test_the_diameter_is_that_of_the_disk_whatever_the_blur(
    diameter_px: float, blur_sigma_px: float, expected_over_true: float
) -> None:
    place = (80.3, 60.4, diameter_px)
    outlines = _outlines(disks(SHAPE, [place], blur_sigma_px), [(80.3, 60.4, diameter_px * expected_over_true)])
    assert _diameters(outlines)[0] == pytest.approx(diameter_px, rel=0.06)
    assert _centre_errors(outlines, [place])[0] < 0.2
    assert outlines.contrast[0] == pytest.approx(CONTRAST, rel=0.1)
    assert outlines.open_fraction[0] == 0.0


@settings(max_examples=40, deadline=None)
@given(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.floats(10.0, 30.0))
def test_the_centre_is_found_to_a_fraction_of_a_pixel_from_a_wrong_start(
    off_x: float, off_y: float, diameter_px: float
) -> None:
    place = (80.3, 60.4, diameter_px)
    outlines = _outlines(disks(SHAPE, [place], 0.7), [(80.3 + off_x, 60.4 + off_y, diameter_px)])
    assert _centre_errors(outlines, [place])[0] < 0.35
    assert _diameters(outlines)[0] == pytest.approx(diameter_px, rel=0.06)


def test_contrast_does_not_change_the_size() -> None:
    places = [(80.3, 60.4, 12.0)]
    picture = disks(SHAPE, places, 0.7)
    strong, faint = _outlines(picture, places), _outlines(np.asarray(0.2 * picture + 0.5, np.float32), places)
    assert strong.radii_px == pytest.approx(faint.radii_px, rel=1e-3)
    assert faint.contrast[0] == pytest.approx(0.2 * strong.contrast[0], rel=1e-3)


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 75.0])
def test_an_ellipse_keeps_its_axes_and_area(angle_deg: float) -> None:
    mask = ellipse((512, 640), 321.0, 241.0, 96.0, 56.0, angle_deg)
    picture = np.asarray(cv2.resize(mask.astype(np.float32), (160, 128), interpolation=cv2.INTER_AREA), np.float32)
    outlines = _outlines(picture, [(80.0, 60.0, 18.0)])
    assert _diameters(outlines)[0] == pytest.approx(np.sqrt(24.0 * 14.0), rel=0.06)
    across = outlines.radii_px[0] + np.roll(outlines.radii_px[0], N_RAYS // 2)
    longest = np.degrees(ANGLES_RAD[int(across.argmax())]) % 180.0
    assert min(abs(longest - angle_deg), 180.0 - abs(longest - angle_deg)) <= 12.0
    assert across.max() == pytest.approx(24.0, rel=0.08)
    assert across.min() == pytest.approx(14.0, rel=0.08)


@pytest.mark.parametrize("gap_share", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("diameter_px", [10.0, 16.0, 24.0])
def test_a_close_pair_is_split_where_it_is_lowest(diameter_px: float, gap_share: float) -> None:
    gap_px = gap_share * diameter_px
    places = [(50.0, 60.0, diameter_px), (50.0 + diameter_px + gap_px, 60.0, diameter_px)]
    outlines = _outlines(disks(SHAPE, places, 1.0), places)
    assert _diameters(outlines) == pytest.approx(np.full(2, diameter_px), rel=0.1)
    assert _centre_errors(outlines, places).max() < 0.1 * diameter_px
    # Rays towards the neighbour end in the gap.
    ends = outlines.x_px + outlines.radii_px[[0, 1], [0, N_RAYS // 2]] * [1.0, -1.0]
    assert np.abs(ends - (50.0 + (diameter_px + gap_px) / 2.0)).max() < gap_px / 2.0 + 1.0


def test_a_valley_above_half_contrast_is_a_border() -> None:
    rows, columns = np.mgrid[0:128, 0:160]
    hills = [np.exp(-((columns - x) ** 2 + (rows - 60) ** 2) / 50.0) for x in (70.0, 85.5)]
    picture = np.asarray(CONTRAST * (hills[0] + hills[1]), np.float32)
    assert picture[60, 78] > 0.55 * picture[60, 70]
    outlines = _outlines(picture, [(70.0, 60.0, 11.0)])
    assert outlines.valley_fraction[0] > 0
    assert outlines.x_px[0] + outlines.radii_px[0, 0] == pytest.approx(77.75, abs=1.0)


def test_an_edge_is_open_on_its_dark_side() -> None:
    picture = np.zeros(SHAPE, np.float32)
    picture[:, :80] = CONTRAST
    outlines = _outlines(picture, [(76.0, 60.0, 12.0)])
    assert 0.2 < outlines.open_fraction[0] < 0.7


def test_a_leaking_ray_is_cut() -> None:
    picture = disks(SHAPE, [(80.0, 60.0, 14.0)], 0.7)
    picture[59:62, 80:] = CONTRAST
    outlines = _outlines(picture, [(80.0, 60.0, 14.0)])
    assert outlines.radii_px.max() <= 1.8 * np.median(outlines.radii_px) + 1e-6
    assert _diameters(outlines)[0] == pytest.approx(14.0, rel=0.15)


def test_each_spot_is_measured_by_itself() -> None:
    places = [(20.0 + 30.0 * i, 30.0 + 12.0 * i, 6.0 + 4.0 * i) for i in range(5)]
    picture = disks(SHAPE, places, 0.7)
    together = _outlines(picture, places)
    assert len(together) == 5
    for index, place in enumerate(places):
        alone = _outlines(picture, [place])
        assert alone.radii_px[0].tolist() == together.radii_px[index].tolist()
        assert alone.contrast[0] == together.contrast[index]


def test_blocks_hold_each_spot_once_and_outlines_come_back_in_order() -> None:
    radius = np.random.default_rng(1).uniform(1.0, 40.0, 500)
    blocks = ray_blocks(radius, FINE_FAN, 5)
    indices = np.concatenate(blocks)
    assert len(blocks) > 2
    assert sorted(indices.tolist()) == list(range(500))
    # In order of the octave, one block holds the end of one and the beginning of the next.
    octaves_in = [np.unique(np.floor(np.log2(radius[block]))) for block in blocks]
    assert sum(len(octave) for octave in octaves_in) < len(blocks) + 2 * 5
    parts = [circles([(float(index), 0.0, 2.0 * radius[index]) for index in block]) for block in blocks]
    together = joined(parts, np.argsort(indices))
    assert together.x_px.tolist() == list(range(500))
    assert together.radii_px[:, 0] == pytest.approx(radius)
    assert ray_blocks(np.zeros(0), FINE_FAN, 5) == []
    assert len(no_outlines(FINE_FAN)) == len(no_outlines(FINE_FAN).area_px()) == 0


def test_rays_sample_the_picture_at_their_places() -> None:
    columns, rows = np.meshgrid(np.arange(160, dtype=np.float32), np.arange(128, dtype=np.float32))
    profiles = sample_rays(
        [np.stack([columns, rows], axis=2)], np.array([80.25]), np.array([60.5]), np.array([5.0]), FINE_FAN
    )
    assert profiles.shape == (N_RAYS, N_STEPS, 1, 2)
    # remap interpolates at 1/32 px.
    assert profiles[..., 0, 0] == pytest.approx(80.25 + 5.0 * STEPS * np.cos(ANGLES_RAD)[:, None], abs=0.04)
    assert profiles[..., 0, 1] == pytest.approx(60.5 + 5.0 * STEPS * np.sin(ANGLES_RAD)[:, None], abs=0.04)
    assert STEPS[-1] < REACH


def test_area_and_centroid_are_those_of_the_polygon() -> None:
    circle = circles([(1000.0, 5.0, 20.0)])
    x, y = circle.polygons()
    assert x.shape == y.shape == (1, N_RAYS)
    assert np.hypot(x - 1000.0, y - 5.0) == pytest.approx(np.full((1, N_RAYS), 10.0))
    assert circle.area_px()[0] == pytest.approx(0.5 * N_RAYS * 100.0 * np.sin(2 * np.pi / N_RAYS))
    assert [float(c[0]) for c in circle.centroid_px()] == pytest.approx([1000.0, 5.0])
    lopsided = replace(circles([(0.0, 0.0, 20.0)]), radii_px=10.0 + 3.0 * np.cos(ANGLES_RAD)[None, :])
    centre_x, centre_y = lopsided.centroid_px()
    polygon = np.stack(lopsided.polygons(), axis=-1)[0].astype(np.float32)
    moments = cv2.moments(polygon)
    assert centre_x[0] == pytest.approx(moments["m10"] / moments["m00"], abs=1e-3)
    assert centre_y[0] == pytest.approx(0.0, abs=1e-9)


def test_outlines_lie_at_the_same_places_of_a_smaller_picture() -> None:
    # The centre of px 11 lies 11.5 px from the edge, which is 5.75 px where two are one.
    reduced = circles([(11.0, 7.0, 8.0)]).reduced(2.0)
    assert [float(axis[0]) for axis in (reduced.x_px, reduced.y_px)] == [5.25, 3.25]
    assert np.array_equal(reduced.radii_px, np.full((1, N_RAYS), 2.0))
    again = circles([(11.0, 7.0, 8.0)]).reduced(1.0)
    assert [float(axis[0]) for axis in (again.x_px, again.y_px)] == [11.0, 7.0]


def test_borders_go_round_evenly_and_through_the_ends_of_the_rays() -> None:
    random = np.random.default_rng(4)
    radii = random.uniform(5.0, 9.0, (3, N_RAYS))
    outlines = replace(circles([(30.0 * i, 40.0, 8.0) for i in range(3)]), radii_px=radii)
    borders = outlines.borders_px(np.array([2, 0]))
    for border, index in zip(borders, (2, 0), strict=True):
        x, y = border[:, 0] - 30.0 * index, border[:, 1] - 40.0
        angles = np.unwrap(np.arctan2(y, x))
        assert np.diff(angles) == pytest.approx(np.full(len(border) - 1, 2.0 * np.pi / len(border)))
        assert angles[0] == pytest.approx(0.0)
        ends = np.interp(angles, np.append(ANGLES_RAD, 2.0 * np.pi), np.append(radii[index], radii[index, 0]))
        assert np.hypot(x, y) == pytest.approx(ends)
