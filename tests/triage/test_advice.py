from __future__ import annotations

import json

import pytest

from lesionvis.triage import advise
from lesionvis.triage.answers import Answers, questions
from lesionvis.triage.circumstances import Circumstances
from lesionvis.triage.wording import HEADER, NEXT_STEPS, PROVISIONAL

ALL_BENIGN = Answers.from_mapping({name: question.benign for name, question in questions().items()})


def test_a_level_is_provisional_while_answers_can_change_it() -> None:
    asked, answered = advise("petechial_shower"), advise("petechial_shower", ALL_BENIGN)
    assert asked.what_to_do == f"{NEXT_STEPS[asked.level]} {PROVISIONAL}"
    assert answered.what_to_do == NEXT_STEPS[answered.level]


def test_an_emergency_is_not_called_provisional_though_an_answer_could_end_it() -> None:
    advice = advise("petechial_shower", Answers.from_mapping({"fever": "yes"}))
    assert str(advice.level) == "emergency"
    assert advice.open_questions
    assert advice.what_to_do == NEXT_STEPS[advice.level]


@pytest.mark.parametrize("pattern", ["angioma", "petechial_shower"])
def test_notes_on_circumstances_change_nothing_else(pattern: str) -> None:
    circumstances = Circumstances(age_years=24, sites=("face",))
    answers = circumstances.answers()
    plain = advise(pattern, answers)
    noted = plain.noting(circumstances)
    assert noted.circumstance_notes == circumstances.notes(pattern, answers) != ()
    assert {**noted.to_dict(), "circumstance_notes": []} == plain.to_dict()


def test_advice_as_json_keeps_its_parts() -> None:
    content = json.loads(json.dumps(advise("angioma").to_dict(), allow_nan=False))
    assert content["header"] == HEADER
    assert content["judged_as"] == ["angioma"]
    assert [reason["rule_id"] for reason in content["reasons"]] == ["D03"]
    assert content["open_questions"][0].keys() == {
        "name",
        "choices",
        "question",
        "help",
        "highest_level",
        "lowest_level",
    }
