from __future__ import annotations

import re

from lesionvis.labels import LABELS
from lesionvis.triage.actions import actions
from lesionvis.triage.answers import questions
from lesionvis.triage.circumstances import known_circumstances
from lesionvis.triage.retake import RETAKES
from lesionvis.triage.rules import Level, rules
from lesionvis.triage.wording import (
    ALWAYS,
    EMERGENCY_FIRST,
    EMERGENCY_WHILE_ASKING,
    HEADER,
    NECK_NOTE,
    NEXT_STEPS,
    PATTERN_MEANINGS,
    PATTERN_SHOWN,
    PROVISIONAL,
    QUESTIONS_NOTE,
    REMINDER_TEXT,
    REMINDER_TITLE,
    TAKE_ANOTHER,
    TOLD_SPOTS,
    WORSE_ANSWER_NOTE,
)

OWN_TEXTS = [
    HEADER,
    PROVISIONAL,
    QUESTIONS_NOTE,
    EMERGENCY_FIRST,
    EMERGENCY_WHILE_ASKING,
    WORSE_ANSWER_NOTE,
    TAKE_ANOTHER,
    TOLD_SPOTS,
    NECK_NOTE,
    *PATTERN_SHOWN.values(),
    *(text for retake in RETAKES.values() for text in (retake.why, retake.how)),
    *(text for action in actions().values() for text in (action.headline, action.what_to_do, action.call_again)),
    REMINDER_TITLE,
    REMINDER_TEXT,
    *PATTERN_MEANINGS.values(),
    *ALWAYS,
    *NEXT_STEPS.values(),
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


def test_every_level_says_what_to_do_and_gives_the_emergency_numbers() -> None:
    assert set(NEXT_STEPS) == set(Level)
    for text in NEXT_STEPS.values():
        assert all(number in text for number in ("999", "112", "911"))


def test_every_pattern_has_a_meaning_and_none_says_what_the_spots_are() -> None:
    assert tuple(PATTERN_MEANINGS) == LABELS
    named = [text for name, text in PATTERN_MEANINGS.items() if name in ("petechial_shower", "angioma")]
    assert all("more" in text and "than" in text for text in named)


def test_the_standing_sentences_are_there() -> None:
    assert "not a diagnosis" in HEADER
    assert "not a medical device" in HEADER
    assert "can be wrong" in HEADER
    standing = " ".join(ALWAYS)
    assert "get help, whatever this says" in standing
    assert "Do not wait for a rash" in standing
    for place in ("palms", "soles", "inside the eyelids", "roof of the mouth"):
        assert place in standing
