"""Coins in rendered photos with known scale, and what must not be taken for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.color import optical_density
from lesionvis.errors import SettingsError
from lesionvis.lab.render.cards import METALS, Metal, Pose, render_coin
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import PhotoReader, read_photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.coin import LOOKS, _is_metal, _metals_seen, _yellowness, find_coin, known_coins
from lesionvis.scale.ellipses import Ellipse, find_outlines

SCENE = Scene(width_px=800, height_px=600, px_per_mm=7.0, ita_deg=5.0, jpeg_quality=60)
NAMES: dict[Metal, str] = {"silver": "usd-25c", "gold": "eur-50c", "two-coloured": "eur-1"}


@pytest.mark.parametrize("metal", METALS)
@pytest.mark.parametrize("tilt_deg", [0.0, 35.0])
def test_the_scale_is_right_whatever_the_tilt(metal: Metal, tilt_deg: float) -> None:
    coin = known_coins()[NAMES[metal]]
    rendered = render_coin(SCENE, Pose(300.0, 320.0, 0.0, tilt_deg, 60.0), coin.diameter_mm, metal)
    scale = find_coin(read_photo(rendered.rgb), coin.name)
    assert isinstance(scale, Scale), scale
    truth = float(rendered.plane.px_per_mm([[0.0, 0.0]])[0])
    assert scale.px_per_mm == pytest.approx(truth, rel=0.02)
    # Perspective puts the middle of a tilted circle's outline some px from where its centre is seen.
    assert scale.points_px == pytest.approx(np.array([[300.0, 320.0]]), abs=6.0)
    assert 4.0 < scale.error_pct < 5.0


def test_positions_are_those_of_the_source_photo() -> None:
    rendered = render_coin(SCENE, Pose(500.0, 200.0), 24.26)
    scale = find_coin(PhotoReader(working_long_side_px=500)(rendered.rgb), "usd-25c")
    assert isinstance(scale, Scale)
    assert scale.px_per_mm == pytest.approx(7.0, rel=0.02)
    assert scale.outline_px.mean(axis=0) == pytest.approx(np.array([500.0, 200.0]), abs=1.5)


def test_the_outline_goes_once_round_the_coin() -> None:
    scale = find_coin(read_photo(render_coin(SCENE, Pose(300.0, 320.0), 24.26).rgb), "usd-25c")
    assert isinstance(scale, Scale)
    steps = np.hypot(*(np.roll(scale.outline_px, -1, axis=0) - scale.outline_px).T)
    assert len(steps) >= 40
    assert steps == pytest.approx(np.full(len(steps), steps.mean()), rel=0.05)
    assert steps.sum() / np.pi == pytest.approx(24.26 * 7.0, rel=0.02)


def test_two_coins_are_not_chosen_between() -> None:
    left = render_coin(SCENE, Pose(180.0, 300.0), 24.26).rgb
    right = render_coin(SCENE, Pose(620.0, 300.0), 20.0).rgb
    scale = find_coin(read_photo(np.hstack([left[:, :400], right[:, 400:]])), "usd-25c")
    assert isinstance(scale, NoScale)
    assert "2 things in the photo are round; which of them is usd-25c?" in scale.reason


@pytest.mark.parametrize(("share_of_coin", "is_chosen"), [(0.45, True), (0.6, False)])
def test_what_is_under_half_the_size_of_the_coin_is_no_second_one(share_of_coin: float, is_chosen: bool) -> None:
    left = render_coin(SCENE, Pose(180.0, 300.0), 24.26).rgb
    right = render_coin(SCENE, Pose(620.0, 300.0), 24.26 * share_of_coin).rgb
    both = np.hstack([left[:, :400], right[:, 400:]])
    assert len(find_outlines(both)) == 2
    assert isinstance(find_coin(read_photo(both), "usd-25c"), Scale) is is_chosen


def test_a_second_coin_that_is_as_red_as_skin_is_asked_about_too() -> None:
    scene = replace(SCENE, ita_deg=35.0)
    left = render_coin(scene, Pose(180.0, 300.0), 24.26).rgb
    right = render_coin(scene, Pose(620.0, 300.0), 20.0, "gold").rgb
    warm = np.clip(right.astype(float) * (1.12, 0.9, 0.9), 0, 255).astype(np.uint8)
    coin = np.zeros((600, 800), np.uint8)
    cv2.circle(coin, (620, 300), 70, 1, -1)
    both = np.where(coin[..., None] > 0, warm, np.hstack([left[:, :400], right[:, 400:]]))
    scale = find_coin(read_photo(both), "usd-25c")
    assert isinstance(scale, NoScale)
    assert "which of them is usd-25c?" in scale.reason


@pytest.mark.parametrize(
    ("metal", "name", "seen"),
    [
        ("two-coloured", "eur-2", "a ring yellower than its core, and eur-2 has a core yellower than its ring"),
        ("two-coloured", "usd-25c", "a ring yellower than its core, and usd-25c has one metal"),
        ("silver", "eur-1", "one metal, and eur-1 has a ring yellower than its core"),
        ("gold", "cad-2", "one metal, and cad-2 has a core yellower than its ring"),
    ],
)
def test_a_coin_whose_metals_contradict_its_name_is_asked_about(metal: Metal, name: str, seen: str) -> None:
    photo = read_photo(render_coin(SCENE, Pose(300.0, 320.0), 23.25, metal).rgb)
    assert find_coin(photo, name) == NoScale(f"no coin chosen: what is round shows {seen}; which coin is it?")


@pytest.mark.parametrize("light", [(1.15, 1.0, 0.6), (0.85, 1.0, 1.2)])
@pytest.mark.parametrize("metal", METALS)
def test_the_colour_of_the_light_does_not_matter_for_the_metals(metal: Metal, light: tuple[float, ...]) -> None:
    rgb = render_coin(SCENE, Pose(300.0, 320.0), known_coins()[NAMES[metal]].diameter_mm, metal).rgb
    scale = find_coin(read_photo(np.clip(rgb * np.array(light), 0, 255).astype(np.uint8)), NAMES[metal])
    assert isinstance(scale, Scale), scale
    assert scale.px_per_mm == pytest.approx(7.0, rel=0.02)


def test_a_coin_that_comes_in_several_metals_is_not_asked_about() -> None:
    for metal in METALS:
        assert find_coin(read_photo(render_coin(SCENE, Pose(300.0, 320.0), 26.5, metal).rgb), "jpy-500")


def test_real_euros_show_their_metals(real_photos: Path) -> None:
    for name in ("ar_030.jpg", "ar_031.jpg"):
        rgb = read_photo(real_photos / "rulers" / "photos" / name).rgb
        small, large = sorted((outline.ellipse for outline in find_outlines(rgb)), key=lambda ellipse: ellipse.major)
        yellowness = _yellowness(optical_density(rgb))
        seen = (_metals_seen(yellowness, small), _metals_seen(yellowness, large))
        assert seen == (known_coins()["eur-1"].metals, known_coins()["eur-2"].metals)


@pytest.mark.parametrize(
    "lesion",
    [
        RenderedSpot(400.0, 300.0, 150.0, "naevus", melanin_fraction=0.2),
        RenderedSpot(400.0, 300.0, 150.0, "angioma", blood_fraction=0.3, dome_height=0.3),
        RenderedSpot(400.0, 300.0, 150.0, "purpura", blood_fraction=0.1, mottle=0.5, border_irregularity=0.03),
    ],
)
@pytest.mark.parametrize("coin", ["eur-1", "gbp-10p"])
def test_a_round_lesion_is_no_coin(lesion: RenderedSpot, coin: str) -> None:
    assert isinstance(find_coin(read_photo(render(SCENE, [lesion]).rgb), coin), NoScale)


@pytest.mark.parametrize(
    ("less_red", "share_of_outline", "is_metal"),
    [(0.021, 1.0, True), (0.019, 1.0, False), (0.05, 0.8, True), (0.05, 0.7, False)],
)
def test_a_coin_is_less_red_than_skin_nearly_all_along_its_outline(
    less_red: float, share_of_outline: float, is_metal: bool
) -> None:
    rows, columns = np.mgrid[0:200, 0:200] - 100.0
    around = (np.arctan2(rows, columns) % (2.0 * np.pi)) / (2.0 * np.pi)
    inside = (np.hypot(rows, columns) < 60.0) & (around < share_of_outline)
    redness = np.where(inside, 0.3 - less_red, 0.3).astype(np.float32)
    assert _is_metal(redness, Ellipse(100.0, 100.0, 60.0, 60.0, 0.0)) == is_metal


def test_an_unknown_coin_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"coin must be one of eur-10c, .*, got 'eur-3'"):
        find_coin(read_photo(np.zeros((64, 64, 3), np.uint8)), "eur-3")


def test_the_table_of_coins_is_sound() -> None:
    for name, coin in known_coins().items():
        assert name == coin.name
        assert 14.0 < coin.diameter_mm < 35.0
        assert coin.source
        assert coin.metals in ("", *LOOKS)


def test_no_coin_is_seen_in_real_photos_without_one(real_photos: Path) -> None:
    files = sorted((real_photos / "dev" / "photos").iterdir())[::14]
    claims = [file.name for file in files if find_coin(read_photo(file), "eur-1")]
    assert len(files) >= 40
    assert claims == []
