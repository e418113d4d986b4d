from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawing import ellipse
from numpy.typing import NDArray

from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.spots.border import _closed_path, lesion_border, mask_corners, steepest, vote
from lesionvis.spots.regions import COLUMNS, Regions

SHAPE = (360, 480)
SKIN, PIGMENT = np.array([200.0, 160.0, 135.0]), np.array([120.0, 80.0, 65.0])


def _blurred(mask: NDArray[np.bool_], sigma_px: float) -> NDArray[np.uint8]:
    """Picture of a lesion whose border lies in the middle of a slope of this softness, in linear density."""
    share = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), sigma_px)[..., None]
    density = np.log(SKIN) * (1.0 - share) + np.log(PIGMENT) * share
    return np.asarray(np.round(np.exp(density)), np.uint8)


def _feret(corners: NDArray[np.float64]) -> float:
    return float(np.hypot(*(corners[:, None] - corners[None]).transpose(2, 0, 1)).max())


def _grown(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    if by_px < 0:
        return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) > -by_px)
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) <= by_px)


@pytest.mark.parametrize("grown_px", [-5, 0, 8])
@pytest.mark.parametrize("sigma_px", [2.0, 6.0])
def test_the_path_lies_in_the_middle_of_the_slope(grown_px: int, sigma_px: float) -> None:
    true = ellipse(SHAPE, 230.0, 170.0, 160.0, 110.0, 25.0)
    start = _grown(true, grown_px)
    path = steepest(_blurred(true, sigma_px), np.ones(SHAPE, np.uint8), start)
    assert path is not None
    assert _feret(path) == pytest.approx(160.0, rel=0.04)
    assert cv2.contourArea(path.astype(np.float32)) == pytest.approx(true.sum(), rel=0.08)


def test_a_lesion_at_the_frame_stays_in_the_frame() -> None:
    true = ellipse(SHAPE, 30.0, 170.0, 160.0, 110.0, 0.0)
    path = steepest(_blurred(true, 2.0), np.ones(SHAPE, np.uint8), true)
    assert path is not None
    assert path.min() >= -0.5
    assert path[:, 0].max() == pytest.approx(110.0, abs=4.0)


def test_there_is_no_path_without_a_step_and_none_around_a_speck() -> None:
    mask = ellipse(SHAPE, 230.0, 170.0, 160.0, 110.0, 25.0)
    plain = np.broadcast_to(SKIN.astype(np.uint8), (*SHAPE, 3))
    assert steepest(np.ascontiguousarray(plain), np.ones(SHAPE, np.uint8), mask) is None
    speck = ellipse(SHAPE, 230.0, 170.0, 6.0, 6.0, 0.0)
    assert steepest(_blurred(speck, 1.0), np.ones(SHAPE, np.uint8), speck) is None


def test_the_closed_path_takes_the_way_of_the_greatest_gain() -> None:
    gain = np.zeros((24, 20))
    columns = np.round(10 + 4 * np.sin(np.arange(24) * 2 * np.pi / 24)).astype(int)
    gain[np.arange(24), columns] = 1.0
    gain[5, 0] = 3.0  # too far from the rest
    assert _closed_path(gain).tolist() == columns.tolist()


def _regions(masks: list[NDArray[np.bool_]]) -> Regions:
    evidence = np.zeros((len(masks), len(COLUMNS)), np.float32)
    evidence[:, list(COLUMNS).index("solidity")] = 1.0
    picture = np.zeros((*masks[0].shape, 3), np.float32)
    fills = tuple(mask.astype(np.uint8) for mask in masks)
    return Regions(evidence, ((0, 0),) * len(masks), fills, picture, picture, np.zeros(masks[0].shape, np.bool_))


def test_regions_that_agree_outvote_the_chosen_ones_bulge() -> None:
    disk = ellipse((108, 144), 70.0, 50.0, 40.0, 40.0, 0.0)
    bulge = disk | ellipse((108, 144), 95.0, 50.0, 20.0, 8.0, 0.0)
    elsewhere = ellipse((108, 144), 20.0, 90.0, 20.0, 20.0, 0.0)
    regions = _regions([bulge, disk, disk, elsewhere])
    result = vote(regions, np.array([0.80, 0.79, 0.79, 0.79]), 0) > 0.5
    assert np.array_equal(result, disk)
    # Unlikely ones have no say.
    assert np.array_equal(vote(regions, np.array([0.80, 0.4, 0.4, 0.4]), 0) > 0.5, bulge)


def test_a_lesion_without_an_edge_keeps_the_border_of_its_region() -> None:
    disk = ellipse((108, 144), 70.0, 50.0, 40.0, 40.0, 0.0)
    plain = np.ascontiguousarray(np.broadcast_to(SKIN.astype(np.uint8), (108, 144, 3)))
    border = lesion_border(plain, np.ones((108, 144), np.bool_), _regions([disk]), np.array([0.8]), 0)
    assert _feret(border) == pytest.approx(40.0, abs=1.5)


@pytest.mark.parametrize("softness", [0.05, 0.3])
def test_a_rendered_naevus_is_as_long_as_it_is(softness: float) -> None:
    scene = Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=4)
    spot = RenderedSpot(
        x_px=240.0, y_px=180.0, diameter_px=110.0, kind="naevus", melanin_fraction=0.12, border_softness=softness
    )
    photo = render(replace(scene, blur_sigma_px=1.2), [spot])
    start = _grown(photo.labels > 0, 7)
    path = steepest(photo.rgb, np.ones(SHAPE, np.uint8), start)
    assert path is not None
    assert cv2.contourArea(path.astype(np.float32)) == pytest.approx((photo.labels > 0).sum(), rel=0.06)


def test_corners_of_a_mask_lie_on_the_outer_edge_of_its_pixels() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[5:15, 4:10] = True
    corners = mask_corners(mask)
    assert corners.min(axis=0) == pytest.approx([3.75, 4.75])
    assert corners.max(axis=0) == pytest.approx([9.25, 14.25])
