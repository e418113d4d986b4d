from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.color import DENSITY_FLOOR, optical_density
from lesionvis.compare.contrast import Contrasts, contrasts_at, lies_in_frame
from lesionvis.photo import Photo, read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import Skin, find_skin
from lesionvis.spots import SpotFinder, Spots

SKIN_RGB, SPOT_RGB = (214, 172, 148), (178, 96, 92)
CENTRE, RADIUS = (80.0, 60.0), 8.0


def _circle(x: float, y: float, radius: float) -> NDArray[np.float64]:
    angle = np.arange(48) * (2.0 * np.pi / 48)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def _encoded(linear: NDArray[np.float64]) -> NDArray[np.uint8]:
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(np.rint(255.0 * srgb), 0, 255).astype(np.uint8)


def _linear(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    return (1.0 + DENSITY_FLOOR) * 10.0 ** -optical_density(rgb).astype(np.float64) - DENSITY_FLOOR


def _picture(*discs: tuple[float, float], blur: float = 0.8) -> NDArray[np.uint8]:
    """Skin with discs of one colour, blurred in linear light."""
    fine = np.full((480, 640, 3), SKIN_RGB, np.uint8)
    for x, y in discs:
        cv2.circle(fine, (round(4 * x + 1.5), round(4 * y + 1.5)), round(4 * RADIUS), SPOT_RGB, -1)
    light = cv2.resize(_linear(fine), (160, 120), interpolation=cv2.INTER_AREA)
    return _encoded(np.asarray(cv2.GaussianBlur(light, (0, 0), blur)))


def _stages(rgb: NDArray[np.uint8]) -> tuple[Photo, Skin, Spots]:
    photo = read_photo(rgb)
    scale = NoScale("none sought")
    skin = find_skin(photo, scale)
    return photo, skin, SpotFinder()(photo, skin, scale)


def test_the_skin_around_a_small_spot_is_the_nearest_in_all_directions() -> None:
    rows, columns = np.mgrid[0:120, 0:160]
    away = np.hypot(columns - CENTRE[0], rows - CENTRE[1])
    rgb = np.full((120, 160, 3), SKIN_RGB, np.uint8)
    rgb[away < 3.0] = SPOT_RGB
    photo, skin, spots = _stages(rgb)
    tanned = rgb.copy()
    tanned[away > 13.0] = rgb[away > 13.0] // 4 * 3
    outline = [_circle(*CENTRE, 3.0)]
    alone = contrasts_at(photo, skin, spots, outline)
    assert contrasts_at(read_photo(tanned), skin, spots, outline).density == pytest.approx(alone.density, abs=1e-3)


def _true_blood() -> float:
    colours = np.array([[SPOT_RGB, SKIN_RGB]], np.uint8)
    spot, skin = optical_density(colours)[0].astype(float)
    return float(1.5 * (spot - skin)[1] - (spot - skin)[0])


def _measured(rgb: NDArray[np.uint8], *places: tuple[float, float], glare: float = 0.0) -> Contrasts:
    photo, skin, spots = _stages(rgb)
    outlines = [_circle(x, y, RADIUS) for x, y in places]
    return contrasts_at(photo, skin, spots, outlines, glare=(glare, glare, glare))


def test_skin_that_glitters_has_no_contrast_to_itself() -> None:
    generator = np.random.default_rng(5)
    mirrored = 0.4 * generator.random((120, 160, 1)) ** 8
    plain = _linear(np.full((120, 160, 3), (120, 84, 62), np.uint8))
    photo = read_photo(_encoded(plain + mirrored))
    _, skin, nothing = _stages(_encoded(plain))
    assert skin.mask.all()
    places = [(x, y) for x in range(25, 140, 6) for y in range(25, 100, 6)]
    found = [contrasts_at(photo, skin, nothing, [_circle(x, y, RADIUS)]).blood[0] for x, y in places]
    assert np.mean(found) == pytest.approx(0.0, abs=0.015)


def test_the_contrast_of_a_disc_is_that_of_its_colour() -> None:
    contrast = _measured(_picture(CENTRE), CENTRE)
    assert contrast.blood[0] == pytest.approx(_true_blood(), rel=0.05)
    np.testing.assert_allclose(contrast.around[0], _linear(np.array([[SKIN_RGB]], np.uint8))[0, 0], rtol=0.02)


@pytest.mark.parametrize("blur", [1.5, 2.0])
def test_a_softer_lens_does_not_make_it_paler(blur: float) -> None:
    assert _measured(_picture(CENTRE, blur=blur), CENTRE).blood[0] == pytest.approx(_true_blood(), rel=0.08)


def test_neither_does_a_place_that_is_two_pixels_off() -> None:
    assert _measured(_picture(CENTRE), (CENTRE[0] + 2.0, CENTRE[1])).blood[0] == pytest.approx(_true_blood(), rel=0.08)


def test_bare_skin_has_no_contrast() -> None:
    contrast = _measured(_picture(), CENTRE)
    assert abs(contrast.blood[0]) < 0.01
    assert contrast.error[0] < 0.02


def test_a_neighbour_is_kept_out_of_the_skin_around() -> None:
    neighbour = (CENTRE[0] + 2.6 * RADIUS, CENTRE[1])
    contrast = _measured(_picture(CENTRE, neighbour), CENTRE, neighbour)
    np.testing.assert_allclose(contrast.blood, _true_blood(), rtol=0.07)


def test_light_that_a_glass_reflects_is_taken_off() -> None:
    veiled = _encoded(_linear(_picture(CENTRE)) + 0.05)
    assert _measured(veiled, CENTRE).blood[0] < 0.93 * _true_blood()
    assert _measured(veiled, CENTRE, glare=0.05).blood[0] == pytest.approx(_true_blood(), rel=0.06)


def test_a_place_without_skin_around_is_not_measured() -> None:
    places = [_circle(-60.0, -60.0, RADIUS)]
    contrast = contrasts_at(*_stages(_picture(CENTRE)), places)
    assert np.isnan(contrast.blood[0])
    assert np.isnan(contrast.error[0])


def test_an_outline_lies_in_the_frame_up_to_the_centres_of_the_outermost_pixels() -> None:
    photo = read_photo(np.full((40, 60, 3), 128, np.uint8))
    corners = np.array([[0.0, 0.0], [59.0, 0.0], [59.0, 39.0], [0.0, 39.0]])
    assert lies_in_frame(photo, corners)
    for step in ([0.1, 0.0], [-0.1, 0.0], [0.0, 0.1], [0.0, -0.1]):
        assert not lies_in_frame(photo, corners + np.array(step))


def test_no_places_give_empty_arrays() -> None:
    contrast = _measured(_picture(CENTRE))
    assert contrast.density.shape == (0, 3)
    assert len(contrast.blood) == len(contrast.error) == 0


def test_the_error_grows_with_uneven_skin() -> None:
    even = _picture(CENTRE)
    noise = cv2.GaussianBlur(np.random.default_rng(1).normal(0.0, 40.0, even.shape), (0, 0), 3.0)
    uneven = np.clip(even + noise, 0, 255).astype(np.uint8)
    assert _measured(uneven, CENTRE).error[0] > 2.0 * _measured(even, CENTRE).error[0]
