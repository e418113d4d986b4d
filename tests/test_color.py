from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesionvis.color import (
    DENSITY_FLOOR,
    blood_map,
    blue_share,
    decode_srgb,
    erythema_index,
    individual_typology_angle_deg,
    linear_light,
    melanin_index,
    optical_density,
)
from lesionvis.lab.render.optics import encode_srgb
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render

LEVEL = st.integers(0, 255)

# Even skin in even light, so that a spot's contrast is the only one.
BARE = Scene(
    width_px=64,
    height_px=64,
    texture=0.0,
    mottling=0.0,
    gloss=0.0,
    light_elevation_deg=90.0,
    vignetting=0.0,
    blur_sigma_px=0.0,
    noise_sigma_levels=0.0,
    jpeg_quality=None,
)


def _density(red: int, green: int, blue: int) -> NDArray[np.float32]:
    pixel = optical_density(np.array([[[red, green, blue]]], np.uint8))
    assert pixel.shape == (1, 1, 3)
    assert pixel.dtype == np.float32
    return np.asarray(pixel[0, 0])


def test_white_has_no_density_and_black_that_of_the_floor() -> None:
    assert _density(255, 255, 255) == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    assert _density(0, 0, 0) == pytest.approx(np.full(3, np.log10((1 + DENSITY_FLOOR) / DENSITY_FLOOR)), abs=1e-5)


@given(LEVEL, LEVEL, LEVEL)
def test_density_is_minus_the_logarithm_of_linear_light(red: int, green: int, blue: int) -> None:
    share = np.array([red, green, blue]) / 255.0
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    expected = -np.log10((light + DENSITY_FLOOR) / (1.0 + DENSITY_FLOOR))
    assert _density(red, green, blue) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linear_light_takes_density_back(dtype: type) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)
    light = linear_light(optical_density(levels).astype(dtype))
    assert light.dtype == dtype
    assert light[0, :, 0] == pytest.approx(decode_srgb(np.arange(256) / 255.0), abs=2e-6)
    assert decode_srgb([0.0, 1.0]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("density", "share"),
    [([0.1, 0.2, 0.3], 1 / 6), ([0.3, 0.3, 0.0], -0.5), ([0.2, 0.2, 0.2], 0.0), ([0.0, 0.0, 1e-5], 0.01)],
)
def test_blue_share_has_the_sign_of_melanin_and_none_without_a_difference(density: list[float], share: float) -> None:
    both = blue_share(np.array([density, density], np.float32))
    assert both.dtype == np.float32
    assert both == pytest.approx([share, share], abs=1e-6)


@given(st.integers(0, 254))
def test_less_light_is_more_density(level: int) -> None:
    assert _density(level, level, level)[0] > _density(level + 1, level + 1, level + 1)[0]


def test_a_change_of_illumination_adds_a_constant() -> None:
    linear = np.array([[[0.6, 0.35, 0.2], [0.3, 0.25, 0.18]]], np.float32)
    bright = optical_density(np.rint(encode_srgb(linear)).astype(np.uint8))
    dim = optical_density(np.rint(encode_srgb(0.5 * linear)).astype(np.uint8))
    assert (dim - bright) == pytest.approx(np.full((1, 2, 3), np.log10(2.0)), abs=0.02)


@given(LEVEL)
def test_grey_has_no_erythema(level: int) -> None:
    density = _density(level, level, level)
    assert float(erythema_index(density)) == 0.0
    assert float(blood_map(density)) == pytest.approx(0.5 * float(density[1]), abs=1e-6)


@given(LEVEL, LEVEL, LEVEL)
def test_the_blood_map_is_the_erythema_index_and_half_the_green_density(red: int, green: int, blue: int) -> None:
    density = _density(red, green, blue)
    assert float(blood_map(density)) == pytest.approx(float(erythema_index(density) + 0.5 * density[1]), abs=1e-5)
    assert float(melanin_index(density)) == float(density[0])


def test_maps_keep_the_shape_and_type_of_a_picture() -> None:
    density = np.zeros((4, 5, 3), np.float32)
    for index in (erythema_index, melanin_index, blood_map):
        assert index(density).shape == (4, 5)
        assert index(density).dtype == np.float32


def _contrast(spot: RenderedSpot) -> NDArray[np.float32]:
    """Density of the middle of a rendered spot less that of the skin around it."""
    photo = render(BARE, [spot])
    density = optical_density(photo.rgb)
    return np.asarray(density[28:36, 28:36].mean(axis=(0, 1)) - density[:6].mean(axis=(0, 1)), np.float32)


def test_blood_shows_in_the_erythema_index_and_melanin_in_the_melanin_index() -> None:
    spot = RenderedSpot(x_px=32.0, y_px=32.0, diameter_px=24.0)
    blood, melanin = _contrast(replace(spot, blood_fraction=0.1)), _contrast(replace(spot, melanin_fraction=0.1))
    assert float(erythema_index(blood)) > 0.15
    assert float(melanin_index(blood)) < 0.5 * float(erythema_index(blood))
    assert float(melanin_index(melanin)) > float(erythema_index(melanin))
    # Melanin takes blue light most, blood takes green at least as much.
    assert melanin[2] > melanin[1]
    assert blood[1] >= blood[2]


def _angle_deg(rgb: tuple[int, int, int]) -> float:
    """ITA by the formulas of CIE 1976 L*a*b* (D65) in double precision."""
    share = np.array(rgb) / 255.0
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    _, y, z = (
        np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
        @ light
    )
    fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (y, z / 1.088754))
    return float(np.degrees(np.arctan2(116 * fy - 66, 200 * (fy - fz))))


def test_typology_angle_follows_its_formula() -> None:
    for red, green_less, blue_less in product((60, 90, 120, 160, 200, 240), (20, 35, 50), (45, 58)):
        rgb = (red, red - green_less, red - blue_less)
        assert individual_typology_angle_deg(rgb) == pytest.approx(_angle_deg(rgb), abs=0.01)


def test_darker_skin_has_a_smaller_angle() -> None:
    angles = [individual_typology_angle_deg((r, 0.8 * r, 0.65 * r)) for r in (230.0, 190.0, 150.0, 110.0, 70.0)]
    assert angles == sorted(angles, reverse=True)
