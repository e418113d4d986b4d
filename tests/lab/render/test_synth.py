from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.color import individual_typology_angle_deg
from lesionvis.lab.render.scenarios import angiomas, petechial_shower, plain_skin, single_lesion
from lesionvis.lab.render.scene import RenderedPhoto, RenderedSpot, Scene
from lesionvis.lab.render.synth import encode_jpeg, render

# Even skin in even light, so that a spot's contrast is the only one.
BARE = Scene(
    width_px=160,
    height_px=120,
    texture=0.0,
    mottling=0.0,
    gloss=0.0,
    light_elevation_deg=90.0,
    vignetting=0.0,
    blur_sigma_px=0.0,
    noise_sigma_levels=0.0,
    jpeg_quality=None,
)


def _linear(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    level = rgb / 255.0
    return np.asarray(np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4))


def _half_contrast_diameter_px(photo: RenderedPhoto) -> float:
    """Diameter of a circle with the area inside the contour of half the green contrast."""
    green = _linear(photo.rgb)[..., 1]
    spot = photo.spots[0]
    row, column = round(spot.y_px), round(spot.x_px)
    skin, center = np.median(green[:8]), np.median(green[row - 1 : row + 2, column - 1 : column + 2])
    contrast = (skin - green) / (skin - center)
    fine = cv2.resize(contrast.astype(np.float32), None, fx=8.0, fy=8.0, interpolation=cv2.INTER_CUBIC)
    return float(2.0 * np.sqrt((fine > 0.5).sum() / 64.0 / np.pi))


def test_the_same_scene_and_spots_give_the_same_bytes() -> None:
    scene = Scene(
        width_px=200,
        height_px=160,
        seed=4,
        hair_count=5,
        freckle_count=3,
        drape_side="top",
        ruler_side="left",
    )
    spots = petechial_shower(np.random.default_rng(4), scene, 15)
    first, second = render(scene, spots), render(scene, spots)
    assert first.rgb.tobytes() == second.rgb.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.rgb.tobytes() != render(replace(scene, seed=5), spots).rgb.tobytes()


def test_layers_do_not_disturb_each_other() -> None:
    scene = replace(BARE, texture=1.0, mottling=1.0)
    plain, hairy = render(scene).rgb, render(replace(scene, hair_count=3)).rgb
    assert 0.9 < (plain == hairy).all(axis=2).mean() < 1.0


def test_arrays_are_read_only_and_of_the_promised_types() -> None:
    photo = render(BARE)
    assert [array.dtype.name for array in (photo.rgb, photo.labels, photo.skin)] == ["uint8", "int32", "bool"]
    assert photo.rgb.shape == (120, 160, 3)
    for array in (photo.rgb, photo.labels, photo.skin):
        assert not array.flags.writeable


@pytest.mark.parametrize("blood_fraction", [0.004, 0.01])
@pytest.mark.parametrize("tone_deg", [-45.0, -20.0, 5.0, 30.0, 48.0, 56.0])
def test_rendered_skin_has_the_tone_asked_for(tone_deg: float, blood_fraction: float) -> None:
    scene = Scene(ita_deg=tone_deg, blood_fraction=blood_fraction, seed=3)
    red, green, blue = np.median(render(scene).rgb.reshape(-1, 3), axis=0)
    assert individual_typology_angle_deg((red, green, blue)) == pytest.approx(tone_deg, abs=2.0)


@pytest.mark.parametrize(("border_softness", "border_irregularity"), [(0.0, 0.0), (0.4, 0.0), (0.3, 0.1)])
@pytest.mark.parametrize("blur_sigma_px", [0.0, 0.8, 1.5])
@pytest.mark.parametrize("diameter_px", [10.0, 21.0, 60.0])
def test_half_of_the_contrast_is_left_at_the_true_diameter(
    diameter_px: float, blur_sigma_px: float, border_softness: float, border_irregularity: float
) -> None:
    spot = RenderedSpot(
        x_px=80.3,
        y_px=60.4,
        diameter_px=diameter_px,
        blood_fraction=0.08,
        border_softness=border_softness,
        border_irregularity=border_irregularity,
    )
    photo = render(replace(BARE, blur_sigma_px=blur_sigma_px), [spot])
    assert _half_contrast_diameter_px(photo) == pytest.approx(diameter_px, rel=0.03)


def test_labels_match_the_truth_row_by_row() -> None:
    scene = Scene(seed=2, ruler_side="bottom")
    spots = petechial_shower(np.random.default_rng(2), scene, 60)
    photo = render(scene, spots)
    assert set(np.unique(photo.labels)) == set(range(61))
    for row, spot in enumerate(spots, start=1):
        y, x = np.nonzero(photo.labels == row)
        assert 2.0 * np.sqrt(len(x) / np.pi) == pytest.approx(spot.diameter_px, rel=0.08, abs=0.4)
        assert np.hypot(x.mean() - spot.x_px, y.mean() - spot.y_px) < 0.15 * spot.diameter_px
    assert not photo.labels[~photo.skin].any()


def test_a_covered_spot_has_no_label() -> None:
    photo = render(replace(BARE, ruler_side="bottom"), [RenderedSpot(x_px=80.0, y_px=119.0, diameter_px=10.0)])
    assert not photo.labels.any()


# What a petechia (8 % blood) adds to log10(R/G) of skin under 3 % of veil, from an independent model.
@pytest.mark.parametrize(("tone_deg", "contrast"), [(60, 0.36), (48, 0.35), (19, 0.32), (-10, 0.23), (-45, 0.08)])
def test_petechiae_are_redder_than_the_skin_around(tone_deg: float, contrast: float) -> None:
    spot = RenderedSpot(x_px=80.0, y_px=60.0, diameter_px=30.0, blood_fraction=0.08)
    light = _linear(render(replace(BARE, ita_deg=tone_deg, surface_veil=0.03), [spot]).rgb)
    log_ratio = np.log10(light[..., 0] / light[..., 1])
    assert log_ratio[60, 80] - log_ratio[5, 5] == pytest.approx(contrast, abs=0.06)


def test_a_veil_takes_contrast_away_at_the_same_tone() -> None:
    spot = RenderedSpot(x_px=80.0, y_px=60.0, diameter_px=30.0, blood_fraction=0.08)
    contrast = []
    for veil in (0.0, 0.03, 0.1):
        light = _linear(render(replace(BARE, surface_veil=veil), [spot]).rgb)
        contrast.append(np.log10(light[60, 80, 0] / light[60, 80, 1] * light[5, 5, 1] / light[5, 5, 0]))
    assert contrast[0] > contrast[1] > contrast[2] > 0.0


def test_a_naevus_takes_blue_most_and_an_angioma_green() -> None:
    density = []
    for spot in (
        RenderedSpot(x_px=80.0, y_px=60.0, diameter_px=40.0, kind="naevus", melanin_fraction=0.08),
        RenderedSpot(x_px=80.0, y_px=60.0, diameter_px=40.0, kind="purpura", blood_fraction=0.5),
    ):
        light = _linear(render(BARE, [spot]).rgb)
        density.append(-np.log10(light[60, 80] / light[5, 5]))
    naevus, bleeding = density
    assert naevus[2] > naevus[1] > naevus[0]
    assert bleeding[1] > bleeding[2] > bleeding[0]


def test_an_angioma_has_a_highlight_on_the_side_of_the_light() -> None:
    scene = Scene(width_px=240, height_px=200, px_per_mm=24.0, seed=1, light_azimuth_deg=225.0)
    (spot,) = angiomas(np.random.default_rng(1), scene, diameter_mm=4.0)
    photo = render(scene, [spot])
    inside = photo.labels == 1
    brightness = photo.rgb.min(axis=2).astype(int)
    assert brightness[inside].max() > np.median(brightness[inside]) + 70
    y, x = np.unravel_index(np.argmax(np.where(inside, brightness, -1)), inside.shape)
    assert x < spot.x_px - 0.05 * spot.diameter_px
    assert y < spot.y_px - 0.05 * spot.diameter_px
    flat = render(scene, [replace(spot, dome_height=0.0)])
    assert flat.rgb.min(axis=2)[inside].max() < brightness[inside].max() - 30


def test_a_melanoma_is_more_uneven_than_a_naevus() -> None:
    scene = Scene(px_per_mm=16.0, seed=3)
    spread = []
    for kind in ("naevus", "melanoma"):
        photo = render(scene, single_lesion(np.random.default_rng(3), scene, kind))
        spread.append(float(np.log(_linear(photo.rgb)[..., 0] + 0.004)[photo.labels == 1].std()))
    assert spread[1] > 1.5 * spread[0]


def test_plain_skin_has_no_labels_even_with_distractors() -> None:
    photo = render(Scene(freckle_count=10, naevus_count=3, hair_count=10), plain_skin())
    assert not photo.labels.any()
    assert photo.skin.all()
    assert photo.spots == ()


def test_jpeg_quality_costs_detail_and_the_file_decodes_to_it() -> None:
    scene = replace(BARE, texture=1.0, mottling=1.0, noise_sigma_levels=2.0)
    clean = render(scene).rgb
    error = [np.abs(render(replace(scene, jpeg_quality=q)).rgb.astype(int) - clean).mean() for q in (95, 60, 20)]
    assert 0.0 < error[0] < error[1] < error[2] < 10.0
    decoded = cv2.imdecode(np.frombuffer(encode_jpeg(clean, 60), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert np.array_equal(decoded[..., ::-1], render(replace(scene, jpeg_quality=60)).rgb)


@pytest.mark.parametrize(
    ("knob", "value"),
    [("vignetting", 0.5), ("exposure", 0.6), ("light_temperature_k", 3500.0), ("light_tint", 0.2)],
)
def test_camera_knobs_change_what_they_name(knob: str, value: float) -> None:
    before = _linear(render(BARE).rgb)
    after = _linear(render(replace(BARE, **{knob: value})).rgb)  # type: ignore[arg-type]
    gain = after / before
    expected = {
        "vignetting": gain[0, 0, 1] / gain[60, 80, 1] == pytest.approx(0.5, abs=0.02),
        "exposure": bool(np.allclose(gain, 0.6, rtol=0.05)),
        "light_temperature_k": gain[60, 80, 0] > gain[60, 80, 1] > gain[60, 80, 2],
        "light_tint": gain[60, 80, 1] > gain[60, 80, 0],
    }
    assert expected[knob]


def test_noise_has_the_size_asked_for() -> None:
    noisy = render(replace(BARE, noise_sigma_levels=4.0)).rgb.astype(float) - render(BARE).rgb
    assert noisy.std() == pytest.approx(4.0, rel=0.05)


def test_blur_softens_edges() -> None:
    spot = RenderedSpot(x_px=80.0, y_px=60.0, diameter_px=40.0, blood_fraction=0.1)
    steepest = [
        np.abs(np.diff(render(replace(BARE, blur_sigma_px=sigma_px), [spot]).rgb[60, :, 1].astype(int))).max()
        for sigma_px in (0.0, 1.0, 3.0)
    ]
    assert steepest[0] > steepest[1] > steepest[2]
