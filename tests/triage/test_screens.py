from __future__ import annotations

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import Answers, packaged_text, questions
from lesionvis.triage.screens import _parse_screens, screens


def test_every_pattern_has_its_screens_red_flags_first() -> None:
    counts = {pattern: len(found) for pattern, found in screens().items()}
    expected = {"petechial_shower": 8, "uncertain": 8, "single_lesion": 5, "angioma": 5, "no_spots": 5}
    assert counts == expected
    for found in screens().values():
        assert [screen.number for screen in found] == list(range(1, len(found) + 1))
        assert found[0].title == "Is any of this there right now?"


@pytest.mark.parametrize("pattern", LABELS)
def test_every_question_of_a_pattern_stands_on_one_of_its_screens(pattern: str) -> None:
    asked = {name for screen in screens()[pattern] for name in screen.names}
    assert asked == {name for name, question in questions().items() if pattern in question.patterns}


def test_the_glass_test_is_shown_unless_it_is_one_brown_spot() -> None:
    (glass,) = [screen for screen in screens()["uncertain"] if "blanch" in screen.names]
    brown = {"single_spot": "yes", "colour": "brown_or_black"}
    assert not glass.is_shown(Answers.from_mapping(brown))
    assert glass.is_shown(Answers.from_mapping({**brown, "colour": "red_or_purple"}))
    assert glass.is_shown(Answers.from_mapping({**brown, "single_spot": "no"}))
    assert glass.is_shown(Answers())
    assert all("blanch" not in screen.names for name in ("single_lesion", "angioma") for screen in screens()[name])


def test_a_screen_without_a_condition_is_always_shown() -> None:
    assert all(screen.is_shown(Answers()) for screen in screens()["petechial_shower"])


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("no_spots,1,", "nothing,1,", "known pattern"),
        ("no_spots,1,", "no_spots,7,", "in order from 1"),
        ("angioma,5,Other spots,unseen_spots,", "angioma,5,Other spots,unseen,", "known answers"),
        ("angioma,5,Other spots,unseen_spots,", "angioma,5,Other spots,itch,", "one screen only"),
        ("angioma,5,Other spots,", "angioma,5,,", "a title"),
        ("single_spot=no|unknown or ", "single_spot=maybe or ", "single_spot=maybe"),
        ("pattern,screen", "screen,pattern", "columns"),
    ],
)
def test_a_damaged_order_of_asking_is_an_error(old: str, new: str, complaint: str) -> None:
    text = packaged_text("ask_order.csv")
    assert text.count(old) == 1
    with pytest.raises(LesionvisError) as caught:
        _parse_screens(text.replace(old, new))
    assert complaint in str(caught.value)


def test_a_pattern_without_screens_is_an_error() -> None:
    rows = [row for row in packaged_text("ask_order.csv").splitlines() if not row.startswith("angioma")]
    with pytest.raises(LesionvisError, match="no screen"):
        _parse_screens("\n".join(rows))
