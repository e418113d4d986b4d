from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.surface import diffuse_light, mirrored_light, skin_color, skin_relief, smooth_noise

SCENE = Scene(width_px=160, height_px=120)


@pytest.mark.parametrize("sigma_px", [0.8, 3.0, 9.0])
def test_noise_has_unit_spread_and_the_grain_asked_for(sigma_px: float) -> None:
    noise = smooth_noise(np.random.default_rng(1), 300, 400, sigma_px)
    assert noise.shape == (300, 400)
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.25)
    assert float(noise.std()) == pytest.approx(1.0, abs=0.15)
    # Noise smoothed with sigma has the autocorrelation exp(-lag^2 / (4 sigma^2)).
    lag = round(2.0 * sigma_px)
    correlation = np.corrcoef(noise[:, :-lag].ravel(), noise[:, lag:].ravel())[0, 1]
    assert correlation == pytest.approx(np.exp(-(lag**2) / (4.0 * sigma_px**2)), abs=0.12)


def test_stretched_noise_is_smoother_along_its_grains() -> None:
    noise = smooth_noise(np.random.default_rng(1), 300, 300, 2.0, stretch=4.0, angle_deg=90.0)
    along, across = np.abs(np.diff(noise, axis=0)).mean(), np.abs(np.diff(noise, axis=1)).mean()
    assert across > 2.5 * along


def test_texture_that_is_finer_than_a_pixel_fades_out() -> None:
    near, far = (skin_relief(replace(SCENE, px_per_mm=px_per_mm)).groove.std() for px_per_mm in (10.0, 1.0))
    assert far < 0.1 * near


def test_mottling_changes_the_colour_but_hardly_its_mean() -> None:
    flat = replace(SCENE, texture=0.0, mottling=0.0)
    groove = skin_relief(flat).groove
    plain, mottled = skin_color(flat, groove), skin_color(replace(flat, mottling=1.0), groove)
    assert np.ptp(plain, axis=(0, 1)).max() < 1e-6
    assert mottled[..., 1].std() > 0.005
    assert mottled.mean(axis=(0, 1)) == pytest.approx(plain.mean(axis=(0, 1)), rel=0.1)


def test_the_side_towards_the_light_is_brighter() -> None:
    scene = replace(SCENE, light_azimuth_deg=180.0, light_elevation_deg=40.0)
    facing, level, averted = (np.full((1, 1), slope, dtype=np.float32) for slope in (0.4, 0.0, -0.4))
    zero = np.zeros((1, 1), dtype=np.float32)
    light = [float(diffuse_light(scene, slope, zero)[0, 0]) for slope in (facing, level, averted)]
    assert light[0] > light[1] > light[2]
    assert light[1] == pytest.approx(1.0)
    assert mirrored_light(scene, facing, zero) > mirrored_light(scene, level, zero)
