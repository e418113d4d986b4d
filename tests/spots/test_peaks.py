from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawing import CONTRAST, disks
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesionvis.spots.peaks import (
    LONG_SIDE_MAX_PX,
    RADIUS_PER_SIGMA,
    RESPONSE_MIN,
    Peaks,
    find_peaks,
    octaves,
    spread_places,
)

SHAPE = (192, 256)


def _peaks(picture: NDArray[np.float32], mask: NDArray[np.bool_] | None = None) -> Peaks:
    return find_peaks(octaves(picture), np.ones(picture.shape, np.bool_) if mask is None else mask)


def _strongest(peaks: Peaks) -> int:
    return int(peaks.response.argmax())


@pytest.mark.parametrize("shape", [(64, 96), (64, 96, 3)])
def test_octaves_halve_the_picture_and_keep_its_mean(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).random(shape, np.float32)
    levels = octaves(picture)
    assert [level.shape[:2] for level in levels] == [(64, 96), (32, 48), (16, 24)]
    assert levels[0] is picture
    for level in levels:
        assert level.dtype == np.float32
        assert level.shape[2:] == picture.shape[2:]
        assert float(level.mean()) == pytest.approx(float(picture.mean()), abs=1e-4)


@pytest.mark.parametrize("diameter_px", [4.0, 6.0, 9.0, 14.0, 20.0, 32.0, 45.0])
def test_a_disk_is_one_strong_peak_at_its_place_and_size(diameter_px: float) -> None:
    peaks = _peaks(disks(SHAPE, [(120.3, 90.6, diameter_px)], 0.7))
    best = _strongest(peaks)
    pixel = 2.0 ** peaks.octave[best]
    assert np.hypot(peaks.x_px[best] - 120.3, peaks.y_px[best] - 90.6) <= pixel
    assert 2.0 * RADIUS_PER_SIGMA * peaks.sigma_px[best] == pytest.approx(diameter_px, rel=0.25)
    # A disk answers with about half of its contrast, its rim and corners with much less.
    assert 0.3 * CONTRAST < peaks.response[best] < 0.7 * CONTRAST
    assert np.delete(peaks.response, best).max(initial=0.0) < 0.4 * peaks.response[best]


@settings(max_examples=25, deadline=None)
@given(st.floats(40, 210), st.floats(40, 150), st.floats(6, 20))
def test_disks_are_found_wherever_they_are(x: float, y: float, diameter_px: float) -> None:
    peaks = _peaks(disks(SHAPE, [(x, y, diameter_px)], 0.7))
    best = _strongest(peaks)
    assert np.hypot(peaks.x_px[best] - x, peaks.y_px[best] - y) < 0.5 * diameter_px


def test_each_of_many_disks_is_found() -> None:
    places = [(20.0 + 24 * column, 20.0 + 24 * row, 5.0 + row) for row in range(6) for column in range(9)]
    peaks = _peaks(disks(SHAPE, places, 0.7))
    for x, y, diameter in places:
        near = np.hypot(peaks.x_px - x, peaks.y_px - y) < 2.0
        right_size = np.abs(np.log(2 * RADIUS_PER_SIGMA * peaks.sigma_px / diameter)) < 0.4
        assert (near & right_size & (peaks.response > 0.08)).any()


def test_a_small_disk_on_a_large_one_is_found_besides_it() -> None:
    picture = np.asarray(0.5 * disks(SHAPE, [(128.0, 96.0, 44.0)], 1.0) + disks(SHAPE, [(131.0, 90.0, 6.0)], 0.7))
    peaks = _peaks(picture)
    diameter = 2 * RADIUS_PER_SIGMA * peaks.sigma_px
    assert (np.hypot(peaks.x_px - 131, peaks.y_px - 90) < 2.0)[(diameter > 4) & (diameter < 9)].any()
    assert (np.hypot(peaks.x_px - 128, peaks.y_px - 96) < 8.0)[(diameter > 30) & (diameter < 60)].any()


@pytest.mark.parametrize(("smallest_px", "is_found"), [(None, False), (6.0, False), (4.0, True)])
def test_in_a_large_picture_small_disks_are_sought_on_request(smallest_px: float | None, is_found: bool) -> None:
    picture = disks((64, LONG_SIDE_MAX_PX + 200), [(600.3, 30.6, 4.0), (300.0, 30.0, 9.0)], 0.7)
    peaks = find_peaks(octaves(picture), np.ones(picture.shape, np.bool_), smallest_px)
    small = 2.0 * RADIUS_PER_SIGMA * peaks.sigma_px < 5.0
    assert (small & (np.hypot(peaks.x_px - 600.3, peaks.y_px - 30.6) < 2.0)).any() == is_found
    assert (~small & (np.hypot(peaks.x_px - 300.0, peaks.y_px - 30.0) < 2.0)).any()


def test_a_picture_too_narrow_to_be_halved_is_searched_as_it_is() -> None:
    picture = disks((24, 4 * LONG_SIDE_MAX_PX), [(2000.0, 12.0, 6.0)], 0.7)
    peaks = _peaks(picture)
    assert np.hypot(peaks.x_px - 2000.0, peaks.y_px - 12.0).min() < 2.0


def test_pale_spots_are_not_sought() -> None:
    peaks = _peaks(-disks(SHAPE, [(120.0, 90.0, 12.0)], 0.7))
    assert np.hypot(peaks.x_px - 120.0, peaks.y_px - 90.0).min(initial=np.inf) > 6.0


def test_faint_spots_are_below_the_threshold() -> None:
    faint = np.asarray(disks(SHAPE, [(120.0, 90.0, 10.0)], 0.7) * (RESPONSE_MIN / CONTRAST), np.float32)
    assert len(_peaks(faint)) == 0


def test_texture_raises_the_bar_for_spots_of_its_size() -> None:
    spot = disks(SHAPE, [(120.0, 90.0, 8.0)], 0.7)
    noise = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    rough = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.0), np.float32)
    rough *= CONTRAST / float(rough.std())
    quiet, loud = _peaks(spot), _peaks(np.asarray(spot + rough, np.float32))
    assert quiet.texture[_strongest(quiet)] < 0.01
    assert loud.texture.max() > 0.05
    assert loud.response.min() > loud.texture.min()


def test_peaks_lie_on_the_mask() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[:, :128] = True
    peaks = _peaks(disks(SHAPE, [(60.0, 90.0, 12.0), (200.0, 90.0, 12.0)], 0.7), mask)
    assert len(peaks) > 0
    assert peaks.x_px.max() < 130.0


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64), np.float32),
        np.ones((32, 200), np.float32),
        np.tile(np.linspace(0, 1, 80, dtype=np.float32), (60, 1)),
    ],
    ids=["black", "flat", "slope"],
)
def test_nothing_found_has_the_same_types(picture: NDArray[np.float32]) -> None:
    peaks = _peaks(picture)
    assert len(peaks) == 0
    assert [column.dtype for column in (peaks.x_px, peaks.y_px, peaks.sigma_px, peaks.response, peaks.texture)] == [
        np.float64
    ] * 5
    assert peaks.octave.dtype == np.int64


def test_nothing_is_found_outside_of_all_skin() -> None:
    assert len(_peaks(disks(SHAPE, [(60.0, 90.0, 12.0)], 0.7), np.zeros(SHAPE, np.bool_))) == 0


def test_take_keeps_the_order_asked_for() -> None:
    peaks = _peaks(disks(SHAPE, [(60.0, 90.0, 12.0), (200.0, 90.0, 8.0), (120.0, 50.0, 20.0)], 0.7))
    order = np.argsort(-peaks.response)[:2]
    some = peaks.take(order)
    assert some.response.tolist() == sorted(peaks.response.tolist(), reverse=True)[:2]
    assert some.x_px.tolist() == peaks.x_px[order].tolist()


def test_places_are_spread_over_the_mask_whether_or_not_it_holds_all() -> None:
    whole = np.ones((30, 40), np.bool_)
    assert spread_places(whole, 100).tolist() == np.flatnonzero(whole)[::12].tolist()
    part = whole.copy()
    part[:, :7] = False
    assert spread_places(part, 100).tolist() == np.flatnonzero(part)[::9].tolist()
    assert spread_places(part, 10**6).tolist() == np.flatnonzero(part).tolist()
    assert len(spread_places(~whole, 100)) == 0
