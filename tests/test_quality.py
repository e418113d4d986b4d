from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import Staged

from lesionvis.flags import FLAGS
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.quality import SHARPNESS_MIN_LEVELS, SKIN_FRACTION_MIN, blocking, photo_flags
from lesionvis.spots.peaks import DIAMETER_MIN_PX

SMALL = Scene(width_px=240, height_px=180, px_per_mm=6.0, seed=4)


def _flags(
    rgb: NDArray[np.uint8], skin_fraction: float = 1.0, is_dark: bool = False, px_per_mm: float | None = 6.0
) -> tuple[str, ...]:
    return photo_flags(np.asarray(rgb, np.uint8), skin_fraction, is_dark, px_per_mm)


@pytest.mark.parametrize("ita_deg", [55.0, 30.0, 12.0])
def test_a_good_photo_has_no_flags(ita_deg: float) -> None:
    assert _flags(render(replace(SMALL, ita_deg=ita_deg)).rgb) == ()


def test_each_flag_has_its_cause(shower: Staged) -> None:
    good = shower.truth.rgb
    assert _flags(good) == ()
    assert _flags(good, skin_fraction=SKIN_FRACTION_MIN - 0.01) == ("no_skin",)
    assert _flags(good, skin_fraction=SKIN_FRACTION_MIN) == ()
    assert _flags(good, is_dark=True) == ("dark_skin",)
    assert _flags(good // 6)[0] == "too_dark"
    assert _flags(good, px_per_mm=DIAMETER_MIN_PX - 0.1) == ("too_far",)
    assert _flags(good, px_per_mm=DIAMETER_MIN_PX) == ()
    half = good.copy()
    half[:140] = 255
    assert _flags(half) == ("overexposed",)
    assert _flags(cv2.GaussianBlur(good, (0, 0), 6.0).astype(np.uint8)) == ("blurred",)


@pytest.mark.parametrize(
    ("long_side_px", "px_per_mm", "flags"), [(250, None, ()), (249, None, ("too_small",)), (249, 6.0, ())]
)
def test_without_a_scale_small_photos_are_too_small(
    long_side_px: int, px_per_mm: float | None, flags: tuple[str, ...]
) -> None:
    for shape in ((long_side_px, 200), (200, long_side_px)):
        scene = replace(SMALL, width_px=shape[0], height_px=shape[1])
        assert _flags(render(scene).rgb, px_per_mm=px_per_mm) == flags


def _compressed(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, code = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)


@pytest.mark.parametrize(("quality", "flags"), [(95, ()), (60, ()), (20, ("compressed",)), (22, ("compressed",))])
def test_strong_compression_is_seen_in_the_pixels(quality: int, flags: tuple[str, ...]) -> None:
    scene = Scene(width_px=480, height_px=360, px_per_mm=3.0, seed=5)
    spots = petechial_shower(np.random.default_rng(5), scene, 40, diameter_mm=1.5)
    rgb = _compressed(render(scene, spots).rgb, quality)
    assert _flags(rgb) == flags
    # Wherever the blocks begin, and whichever way up the photo is.
    assert _flags(np.ascontiguousarray(np.rot90(rgb[3:, 5:]))) == flags


def test_blocking_is_in_differences_elsewhere() -> None:
    grey = np.tile(np.arange(160) % 2, (160, 1)).astype(np.uint8) * 4
    grey = np.abs(grey - grey.T).astype(np.uint8) + 100
    assert blocking(grey) == pytest.approx(1.0, abs=0.05)
    blocks = np.kron(np.indices((20, 20)).sum(axis=0) % 2, np.ones((8, 8))).astype(np.uint8)
    # Across the edges the pattern's 4 and the blocks' 8 either add up or take each other away: 8 on the average.
    assert blocking(grey + 8 * blocks) == pytest.approx(2.0, abs=0.1)
    assert blocking(grey[:31]) == 1.0


def test_defocus_is_flagged_and_a_soft_lens_is_not() -> None:
    sigma_px = [0.5, 1.0, 1.5, 8.0]
    flagged = [
        "blurred" in _flags(render(replace(SMALL, blur_sigma_px=s, noise_sigma_levels=0.5)).rgb) for s in sigma_px
    ]
    assert flagged == [False, False, False, True]


def test_smooth_skin_with_sensor_noise_is_not_blurred() -> None:
    noise = np.random.default_rng(1).normal(0.0, 1.5, (180, 240, 3))
    assert _flags(np.rint(np.array([200, 160, 130]) + noise).astype(np.uint8)) == ()


def test_sharpness_is_in_levels_of_the_second_derivative() -> None:
    rgb = np.full((100, 100, 3), 128, np.uint8)
    rgb[::2, ::2] = 129
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    assert float(cv2.Laplacian(grey, cv2.CV_32F).std()) > SHARPNESS_MIN_LEVELS
    assert "blurred" not in _flags(rgb)


def test_flags_come_in_the_order_of_the_registry() -> None:
    earned = _flags(np.zeros((64, 64, 3), np.uint8), 0.0, is_dark=True)
    assert earned == ("no_skin", "dark_skin", "too_dark", "blurred")
    names = [name for name in FLAGS if name in earned]
    assert list(earned) == names
