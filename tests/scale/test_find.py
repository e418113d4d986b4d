"""The order in which references are tried, and what is said when none is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lesionvis.errors import SettingsError
from lesionvis.lab.render.cards import Pose, render_card, render_coin
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import read_photo
from lesionvis.photo.dicom import PixelSpacing
from lesionvis.scale.base import NoScale, Scale, given_scale
from lesionvis.scale.find import check_scale, find_scale

SCENE = Scene(width_px=800, height_px=600, px_per_mm=7.0, ita_deg=5.0)
EMPTY = read_photo(np.full((96, 128, 3), 180, np.uint8))


def test_what_the_user_states_comes_first() -> None:
    photo = read_photo(render_card(SCENE, Pose(400.0, 300.0)).rgb)
    assert find_scale(photo, px_per_mm=3.0, mm_across=10.0).px_per_mm == 3.0
    assert find_scale(photo, mm_across=100.0).px_per_mm == 8.0
    found = find_scale(photo)
    assert isinstance(found, Scale)
    assert found.source == "marker"


def test_the_spacing_that_a_file_states_comes_after_the_user_and_before_a_card() -> None:
    card = read_photo(render_card(SCENE, Pose(400.0, 300.0)).rgb)
    stated = replace(card, pixel_spacing=PixelSpacing(0.125, 0.125))
    assert isinstance(found := find_scale(stated), Scale)
    assert (found.source, found.px_per_mm) == ("dicom", 8.0)
    assert find_scale(stated, px_per_mm=3.0).px_per_mm == 3.0
    malformed = PixelSpacing(float("nan"), float("nan"), "states a pixel spacing that is no number")
    assert isinstance(found := find_scale(replace(card, pixel_spacing=malformed)), Scale)
    assert found.source == "marker"
    none = find_scale(replace(EMPTY, pixel_spacing=malformed))
    assert isinstance(none, NoScale)
    assert none.reason.startswith("array states a pixel spacing that is no number; no card found")


def test_a_named_coin_comes_before_a_card_and_a_missing_one_lets_the_card_be_found() -> None:
    coin = read_photo(render_coin(SCENE, Pose(300.0, 300.0), 24.26).rgb)
    assert isinstance(found := find_scale(coin, coin="usd-25c"), Scale)
    assert found.source == "coin"
    card = read_photo(render_card(SCENE, Pose(400.0, 300.0)).rgb)
    assert isinstance(found := find_scale(card, coin="usd-25c"), Scale)
    assert found.source == "marker"


def test_a_ruler_is_sought_last_and_not_where_it_may_be_that_of_a_card_of_another_size() -> None:
    ruler = read_photo(render(Scene(width_px=800, height_px=600, px_per_mm=12.0, ruler_side="bottom")).rgb)
    assert isinstance(found := find_scale(ruler), Scale)
    assert found.source == "ruler"
    none = find_scale(ruler, bar_mm=47.0)
    assert isinstance(none, NoScale)
    assert "no ruler sought" in none.reason


def test_no_scale_tells_what_each_search_found() -> None:
    scale = find_scale(EMPTY, coin="eur-1")
    assert isinstance(scale, NoScale)
    assert [part.split(":")[0] for part in scale.reason.split("; ")] == [
        "no coin found",
        "no card found",
        "no ruler found",
    ]


@pytest.mark.parametrize("setting", [{"px_per_mm": 8.0}, {"mm_across": 80.0}, {"coin": "eur-1"}])
def test_a_scale_beside_a_setting_of_the_scale_is_refused(setting: dict[str, Any]) -> None:
    check_scale(given_scale(8.0))
    check_scale(NoScale("a.dcm states no pixel spacing"))
    (name,) = setting
    with pytest.raises(SettingsError, match=f"A scale was given for this photo, and {name} as well"):
        check_scale(given_scale(8.0), **setting)


def test_a_number_is_no_scale() -> None:
    with pytest.raises(SettingsError, match=r"got 8\.0; a number is given as px_per_mm"):
        check_scale(8.0)
