from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.color import individual_typology_angle_deg, optical_density
from lesionvis.lab.render.optics import encode_srgb
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import CLOTH_COLORS, ClothColor, RenderedPhoto, RenderedSpot, Scene, View
from lesionvis.lab.render.synth import render
from lesionvis.photo import read_photo
from lesionvis.scale import NoScale, Scale
from lesionvis.skin import DARK_ITA_MAX_DEG, Skin, find_skin

NO_SCALE = NoScale("none sought")
SMALL = Scene(width_px=320, height_px=240, px_per_mm=4.0, seed=3)
TONES_DEG = (-45.0, -20.0, 5.0, 30.0, 48.0, 60.0)


def _skin(rgb: NDArray[np.uint8], scale: Scale | NoScale = NO_SCALE) -> Skin:
    return find_skin(read_photo(rgb), scale)


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("view", ["close", "limb"])
@pytest.mark.parametrize("color", CLOTH_COLORS)
def test_skin_of_every_tone_is_told_from_cloth_of_every_colour(color: ClothColor, view: View) -> None:
    for ita_deg in TONES_DEG:
        scene = replace(SMALL, ita_deg=ita_deg, view=view, drape_side="left", drape_color=color)
        photo = render(scene)
        skin = _skin(photo.rgb)
        assert _overlap(skin.mask, photo.skin) >= 0.93, f"ITA {ita_deg}"
        assert skin.tone_ita_deg == pytest.approx(ita_deg, abs=5.0)
        assert skin.fraction == pytest.approx(float(photo.skin.mean()), abs=0.06)


@pytest.mark.parametrize("ita_deg", TONES_DEG)
def test_skin_that_fills_the_frame_is_skin_throughout(ita_deg: float) -> None:
    skin = _skin(render(replace(SMALL, ita_deg=ita_deg, hair_count=10)).rgb)
    assert skin.fraction > 0.94
    assert skin.tone_ita_deg == pytest.approx(ita_deg, abs=5.0)


@pytest.mark.parametrize("level", [(235, 205, 185), (200, 160, 130), (120, 80, 55), (70, 45, 32)])
def test_the_tone_of_one_colour_is_the_angle_of_that_colour(level: tuple[int, int, int]) -> None:
    skin = _skin(np.full((64, 64, 3), level, np.uint8))
    assert skin.tone_ita_deg == pytest.approx(individual_typology_angle_deg(level), abs=0.05)


@pytest.mark.parametrize("exposure", [0.6, 1.0, 1.2])
@pytest.mark.parametrize("kelvin", [4500.0, 6500.0])
def test_dark_skin_is_dark_in_any_light(exposure: float, kelvin: float) -> None:
    for ita_deg in (-45.0, -30.0):
        scene = replace(SMALL, ita_deg=ita_deg, exposure=exposure, light_temperature_k=kelvin)
        assert _skin(render(scene).rgb).is_dark
    assert not _skin(render(replace(SMALL, ita_deg=48.0, exposure=exposure, light_temperature_k=kelvin)).rgb).is_dark


def test_light_skin_in_weak_purple_light_is_not_dark() -> None:
    skin = _skin(render(replace(SMALL, ita_deg=40.0, exposure=0.5, light_tint=-0.4)).rgb)
    assert skin.tone_ita_deg < DARK_ITA_MAX_DEG
    assert not skin.is_dark


@pytest.mark.parametrize("glove", [(70, 90, 170), (110, 80, 150), (25, 25, 28), (215, 218, 220)])
def test_a_gloved_hand_is_not_skin(glove: tuple[int, int, int]) -> None:
    photo = render(replace(SMALL, ita_deg=40.0))
    hand = np.zeros(photo.skin.shape, np.uint8)
    for finger in range(3):
        cv2.ellipse(hand, (320, 60 + 40 * finger), (110 - 15 * finger, 17), 0, 0, 360, 1, -1)
    rgb = photo.rgb.copy()
    # Light falls off towards the edges of a finger.
    shade = cv2.GaussianBlur(hand.astype(np.float32), (0, 0), 4.0)[hand > 0]
    rgb[hand > 0] = (shade[:, None] * np.array(glove)).astype(np.uint8)
    skin = _skin(rgb)
    assert skin.mask[cv2.erode(hand, np.ones((7, 7), np.uint8)) > 0].mean() < 0.005
    assert _overlap(skin.mask, hand == 0) > 0.93


def test_the_outline_of_a_scale_is_cut_out() -> None:
    photo = render(SMALL)
    corners = np.array([[40.0, 50.0], [200.0, 60.0], [196.0, 120.0], [36.0, 110.0]])
    scale = Scale(px_per_mm=4.0, standard_error_px_per_mm=0.0, source="ruler", outline_px=corners)
    skin = _skin(photo.rgb, scale)
    cut = np.zeros(photo.skin.shape, np.uint8)
    cv2.fillPoly(cut, [np.rint(corners).astype(np.int32)], 1)
    assert not skin.mask[cut > 0].any()
    assert skin.mask[cut == 0].mean() > 0.99


def test_the_outline_of_a_scale_is_in_source_pixels() -> None:
    rgb = np.full((1280, 2560, 3), (200, 160, 130), np.uint8)
    corners = np.array([[0.0, 0.0], [1280.0, 0.0], [1280.0, 1280.0], [0.0, 1280.0]])
    scale = Scale(px_per_mm=40.0, standard_error_px_per_mm=0.0, source="ruler", outline_px=corners)
    skin = _skin(rgb, scale)
    assert skin.mask.shape == (640, 1280)
    assert skin.mask.nonzero()[1].min() == pytest.approx(640, abs=2)


@pytest.mark.parametrize("side", ["left", "bottom"])
def test_a_paper_ruler_at_the_edge_is_not_skin_even_when_it_was_not_read(side: str) -> None:
    photo = render(replace(SMALL, ruler_side="left" if side == "left" else "bottom"))
    assert _overlap(_skin(photo.rgb).mask, photo.skin) > 0.93


@pytest.mark.parametrize("kind", ["melanoma", "purpura"])
def test_lesions_are_skin(kind: str) -> None:
    dark = RenderedSpot(x_px=160.0, y_px=120.0, diameter_px=130.0, kind="melanoma", melanin_fraction=0.25)
    red = RenderedSpot(x_px=160.0, y_px=120.0, diameter_px=130.0, kind="purpura", blood_fraction=0.3)
    photo = render(replace(SMALL, ita_deg=45.0), [dark if kind == "melanoma" else red])
    assert _skin(photo.rgb).mask[photo.labels > 0].mean() > 0.98


@pytest.fixture(scope="module")
def shower() -> RenderedPhoto:
    scene = replace(SMALL, ita_deg=45.0)
    return render(scene, petechial_shower(np.random.default_rng(3), scene, 60, diameter_mm=2.0))


def test_spots_hardly_change_the_colour_of_healthy_skin(shower: RenderedPhoto) -> None:
    bare, spotted = _skin(render(shower.scene).rgb), _skin(shower.rgb)
    assert (shower.labels > 0).mean() > 0.04
    difference = np.abs(spotted.healthy_density - bare.healthy_density)
    assert difference.max() < 0.03
    assert spotted.tone_ita_deg == pytest.approx(bare.tone_ita_deg, abs=2.0)


def test_healthy_skin_follows_light_that_fades_to_one_side(shower: RenderedPhoto) -> None:
    fading = np.linspace(1.0, 0.65, 320, dtype=np.float32)[None, :, None]
    linear = (10.0 ** -optical_density(shower.rgb)).astype(np.float32)
    skin = _skin(np.rint(encode_srgb(linear * fading)).astype(np.uint8))
    expected = float(-np.log10(0.65))
    across = (skin.healthy_density[:, -1] - skin.healthy_density[:, 0]).mean(axis=0)
    assert across == pytest.approx(np.full(3, expected), rel=0.3)
    assert skin.mask.all()


@pytest.mark.parametrize("temperature_k", [3800.0, 9000.0])
def test_a_colour_cast_does_not_hide_skin(temperature_k: float) -> None:
    photo = render(replace(SMALL, view="limb", drape_color="blue", light_temperature_k=temperature_k))
    assert _overlap(_skin(photo.rgb).mask, photo.skin) > 0.9


def test_a_mirrored_photo_has_the_mirrored_skin() -> None:
    photo = render(replace(SMALL, view="limb", drape_color="green"))
    mirrored = np.ascontiguousarray(photo.rgb[:, ::-1])
    assert _overlap(_skin(mirrored).mask[:, ::-1], _skin(photo.rgb).mask) > 0.98


@pytest.mark.parametrize("color", [(40, 90, 160), (0, 0, 0), (255, 255, 255), (60, 140, 60)])
def test_no_skin_has_the_same_types(color: tuple[int, int, int]) -> None:
    skin = _skin(np.full((48, 64, 3), color, np.uint8))
    assert not skin.mask.any()
    assert skin.fraction == 0.0
    assert np.isnan(skin.tone_ita_deg)
    assert skin.mask.dtype == np.bool_
    assert skin.healthy_density.shape == (48, 64, 3)
    assert np.isfinite(skin.healthy_density).all()


def test_arrays_are_read_only_and_of_the_promised_types(shower: RenderedPhoto) -> None:
    skin = _skin(shower.rgb)
    assert skin.mask.dtype == np.bool_
    assert skin.healthy_density.dtype == np.float32
    assert not skin.mask.flags.writeable
    assert not skin.healthy_density.flags.writeable


@pytest.mark.parametrize("shape", [(32, 32), (32, 900), (900, 32)])
def test_odd_shapes_are_no_trouble(shape: tuple[int, int]) -> None:
    skin = _skin(np.full((*shape, 3), (200, 160, 130), np.uint8))
    assert skin.mask.all()
    assert skin.healthy_density.shape == (*shape, 3)
