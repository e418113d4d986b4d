"""Pictures that show no skin, and wounds, are counted by what they were answered."""

from __future__ import annotations

import numpy as np

from lesionvis.lab.evaluate.lookalike_report import (
    Answer,
    answered,
    lookalike_report,
    not_skin_pictures,
    wound_pictures,
)
from lesionvis.labels import PATTERNS


def test_there_are_enough_pictures_and_all_differ() -> None:
    pictures = list(not_skin_pictures())
    assert len(pictures) >= 150
    assert len({one.name for one in pictures}) == len(pictures)
    assert len({(one.rgb.shape, one.rgb.tobytes()) for one in pictures}) == len(pictures)
    assert all(one.rgb.ndim == 3 and one.rgb.dtype == np.uint8 and min(one.rgb.shape[:2]) >= 64 for one in pictures)


def test_there_are_enough_wounds_on_several_tones() -> None:
    pictures = list(wound_pictures())
    assert len(pictures) >= 60
    assert len({one.name for one in pictures}) == len(pictures)


def test_answers_are_counted_and_the_wrong_ones_named() -> None:
    not_skin = [
        Answer("fur", "fur 1", "uncertain", "not_skin", 0),
        Answer("fur", "fur 2", "single_lesion", "lesion", 1),
        Answer("chart", "chart 1", "petechial_shower", "red_spots", 12),
    ]
    wounds = [
        Answer("ulcer", "ulcer 1", "angioma", "lesion", 1),
        Answer("ulcer", "ulcer 2", "single_lesion", "lesion", 1),
    ]
    report = lookalike_report(not_skin, wounds)
    assert "| fur | 2 | 0 | 1 | 0 | 1 | 0 | 1 | 0 |" in report
    assert "| all | 3 | 1 | 1 | 0 | 1 | 0 | 1 | 1 |" in report
    assert "Given a pattern: 2 of 3 (0.667): fur 2 (single_lesion); chart 1 (petechial_shower)" in report
    assert "Called an angioma: 1 of 2 (0.500): ulcer 1 (angioma)" in report


def test_a_page_and_grass_get_no_pattern() -> None:
    chosen = [one for one in not_skin_pictures() if one.name in ("page", "grass")]
    assert not {one.label for one in answered(chosen, {})} & set(PATTERNS)


def test_what_a_model_that_never_saw_the_picture_says_counts() -> None:
    (tongue,) = [one for one in not_skin_pictures() if one.name == "tongue 4"]
    (unlike,) = answered([tongue], {"tongue 4": True})
    assert (unlike.label, unlike.seen) == ("uncertain", "not_skin")
    (like,) = answered([tongue], {"tongue 4": False})
    assert like.label == "petechial_shower"
