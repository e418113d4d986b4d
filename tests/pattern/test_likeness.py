"""Whether what was taken for skin looks like skin."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis import Analysis, analyze
from lesionvis.errors import ModelError
from lesionvis.lab.render.not_skin import draw_not_skin
from lesionvis.labels import UNCERTAIN
from lesionvis.models import load_model, packaged_model_folder
from lesionvis.pattern.likeness import (
    LIKENESS_MODEL_NAME,
    LIKENESS_NAMES,
    NOT_ASKED_FLAGS,
    UNLIKE_SKIN,
    LikenessModel,
    likeness_flags,
    likeness_model_of,
    likeness_numbers,
    load_likeness_model,
)
from lesionvis.pattern.pattern import BLOCKING_FLAGS
from lesionvis.pattern.seen import NOT_SKIN_FLAGS


def _stripes(width_px: int, height_px: int = 192) -> NDArray[np.uint8]:
    """Upright stripes of the colours of skin, eight of them whatever the width."""
    bright = (np.arange(width_px) * 8 // width_px % 2)[None, :, None]
    colors = np.where(bright > 0, (214, 172, 148), (150, 100, 80))
    return np.ascontiguousarray(np.broadcast_to(colors, (height_px, width_px, 3)).astype(np.uint8))


def _numbers(rgb: NDArray[np.uint8], skin: NDArray[np.bool_] | None = None) -> dict[str, float]:
    whole = np.ones(rgb.shape[:2], np.bool_)
    return dict(zip(LIKENESS_NAMES, likeness_numbers(rgb, whole if skin is None else skin).tolist(), strict=True))


def test_colours_are_those_of_the_picture() -> None:
    numbers = _numbers(np.full((120, 192, 3), (128, 128, 128), np.uint8))
    assert numbers["lightness_q50"] == pytest.approx(0.66, abs=0.01)
    assert (numbers["red_over_green_q50"], numbers["green_over_blue_q50"]) == (0.0, 0.0)
    assert (numbers["grey_share"], numbers["vivid_share"], numbers["colors_for_90_percent"]) == (1.0, 0.0, 0.0)
    assert numbers["color_entropy"] == pytest.approx(0.0, abs=1e-6)
    blue = _numbers(np.full((120, 192, 3), (60, 80, 200), np.uint8))
    assert (blue["bluish_share"], blue["less_red_share"], blue["grey_share"]) == (1.0, 1.0, 0.0)


def test_stripes_are_in_the_band_of_their_width_and_in_colour_as_in_light() -> None:
    numbers = _numbers(_stripes(192))
    strengths = [numbers[f"lightness_band_{band}"] for band in range(1, 6)]
    assert int(np.argmax(strengths)) == 4
    assert numbers["red_over_green_with_lightness_5"] > 0.99
    assert numbers["third_over_first_axis"] < -5.0


def test_a_picture_twice_as_large_has_the_same_numbers() -> None:
    small, large = _numbers(_stripes(192)), _numbers(_stripes(384, 384))
    assert [large[name] for name in LIKENESS_NAMES] == pytest.approx([small[name] for name in LIKENESS_NAMES], abs=0.1)


def test_what_is_no_skin_does_not_count() -> None:
    rgb = np.full((160, 192, 3), (214, 172, 148), np.uint8)
    rgb[:, 96:] = (30, 90, 220)
    left = np.zeros(rgb.shape[:2], np.bool_)
    left[:, :90] = True
    mixed, pure = _numbers(rgb, left), _numbers(np.full((160, 192, 3), (214, 172, 148), np.uint8), left)
    colors = [name for name in LIKENESS_NAMES if "_q" in name or name.endswith("_share")]
    assert [mixed[name] for name in colors] == [pure[name] for name in colors]
    assert mixed["vivid_share"] == 0.0
    assert _numbers(rgb)["vivid_share"] > 0.4
    # Without any skin there is only the whole.
    assert _numbers(rgb, np.zeros_like(left)) == _numbers(rgb)


def test_skin_is_like_skin(analysed_samples: dict[str, Analysis]) -> None:
    for analysis in analysed_samples.values():
        assert UNLIKE_SKIN not in analysis.flags


@pytest.mark.parametrize("kind", ["berries", "chart"])
def test_drawn_things_are_not(kind: str) -> None:
    # Of seeds that were in no training.
    analysis = analyze(draw_not_skin(kind, 501))
    assert UNLIKE_SKIN in analysis.flags
    assert (analysis.pattern.label, analysis.pattern.seen) == (UNCERTAIN, "not_skin")


def test_drawn_spots_do_not_change_what_a_photo_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LikenessModel, "is_unlike", lambda *_: True)
    rgb = np.random.default_rng(1).normal((214, 172, 148), 4.0, (120, 160, 3)).clip(0, 255).astype(np.uint8)
    outline = np.array([[40, 40], [60, 40], [60, 60], [40, 60]])
    # What a run writes as annotations, and takes back, then has the same flags and the same answer.
    assert UNLIKE_SKIN in analyze(rgb).flags
    assert UNLIKE_SKIN in analyze(rgb, outlines=[outline]).flags


def test_a_photo_that_gets_no_answer_anyway_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LikenessModel, "is_unlike", lambda *_: True)
    rgb, skin = _stripes(192), np.ones((192, 192), np.bool_)
    assert likeness_flags(rgb, skin, ("dark_skin", "no_scale")) == (UNLIKE_SKIN,)
    for flag in NOT_ASKED_FLAGS:
        assert likeness_flags(rgb, skin, (flag,)) == ()
    assert set(NOT_ASKED_FLAGS) < set(BLOCKING_FLAGS)
    assert UNLIKE_SKIN in BLOCKING_FLAGS
    assert UNLIKE_SKIN in NOT_SKIN_FLAGS


def test_a_card_without_a_threshold_is_refused() -> None:
    model = load_model(packaged_model_folder(LIKENESS_MODEL_NAME))
    card = {key: value for key, value in model.card.items() if key != "thresholds"}
    with pytest.raises(ModelError, match="lacks 'thresholds'"):
        likeness_model_of(dataclasses.replace(model, card=card))
    assert likeness_model_of(model).unlike_min == load_likeness_model().unlike_min
