from __future__ import annotations

import re
from collections.abc import Mapping

from lesionvis.labels import LABELS
from lesionvis.triage import wording
from lesionvis.triage.actions import actions
from lesionvis.triage.answers import questions
from lesionvis.triage.circumstances import known_circumstances
from lesionvis.triage.retake import RETAKES
from lesionvis.triage.rules import rules
from lesionvis.triage.told import VALUE_WORDS
from lesionvis.triage.wording import (
    ALWAYS,
    HEADER,
    NOTHING_FOUND,
    PATTERN_MEANINGS,
    REMINDER_TEXT,
    REMINDER_TITLE,
)

# Names of patterns are no texts.
TEXTS = tuple(value for name, value in vars(wording).items() if name.isupper() and value not in LABELS)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for part in value.values() for text in _texts(part)]
    return [text for part in value for text in _texts(part)] if isinstance(value, tuple) else []


OWN_TEXTS = [
    *_texts(TEXTS),
    *VALUE_WORDS.values(),
    *(text for retake in RETAKES.values() for text in (retake.why, retake.how)),
    *(text for action in actions().values() for text in (action.headline, action.what_to_do, action.call_again)),
    *(question.text for question in questions().values()),
    *(question.help for question in questions().values()),
    *(circumstance.meaning for circumstance in known_circumstances().values()),
    *(rule.reason for rule in rules()),
    *(rule.action for rule in rules() if rule.rule_id != "E09"),  # which asks whether somebody is safe
    *(rule.safety_net for rule in rules()),
]


def test_no_text_reassures_or_claims_to_diagnose() -> None:
    claims = re.compile(
        r"\b(fine|safe|harmless|healthy|normal skin|no need to|don't worry|nothing to worry|"
        r"detects?|diagnoses|rules? out|cancer-free|cleared)\b|%",
        re.IGNORECASE,
    )
    cautions = ("cannot say this is safe",)
    assert [text for text in OWN_TEXTS if claims.search(text) and not any(words in text for words in cautions)] == []
    assert all("not an all-clear" in text for text in OWN_TEXTS if "all-clear" in text)


def test_the_reminder_gives_the_emergency_numbers() -> None:
    assert REMINDER_TITLE
    assert all(number in REMINDER_TEXT for number in ("999", "112", "911"))


def test_no_text_for_people_has_a_raw_name() -> None:
    raw = re.compile(r"\b(?:petechial_shower|single_lesion|no_spots|does_not_fade|neck_compression|\w+_\w+)\b")
    assert [text for text in _texts(TEXTS) if raw.search(text)] == []


def test_the_shower_is_told_what_the_guide_exists_for_and_the_single_spot_the_way_to_the_abcde() -> None:
    assert "came together point away from skin cancer" in PATTERN_MEANINGS["petechial_shower"]
    assert "ABCDE" in PATTERN_MEANINGS["single_lesion"]
    assert "--abcde" in PATTERN_MEANINGS["single_lesion"]
    assert NOTHING_FOUND == "Nothing found. This is not an all-clear."


def test_every_pattern_has_a_meaning_and_none_says_what_the_spots_are() -> None:
    assert tuple(PATTERN_MEANINGS) == LABELS
    named = [text for name, text in PATTERN_MEANINGS.items() if name in ("petechial_shower", "angioma")]
    assert all("more" in text and "than" in text for text in named)


def test_the_standing_sentences_are_there() -> None:
    assert HEADER.startswith("NOT A DIAGNOSIS.")
    assert "research and education" in HEADER
    assert "not approved as a medical device" in HEADER
    assert "can be wrong" in HEADER
    standing = " ".join(ALWAYS)
    assert "get help, whatever this says" in standing
    assert "Do not wait for a rash" in standing
    for place in ("palms", "soles", "inside the eyelids", "roof of the mouth"):
        assert place in standing
