from __future__ import annotations

import json

import pytest

from lesionvis.triage import advise
from lesionvis.triage.actions import actions
from lesionvis.triage.answers import Answers, questions
from lesionvis.triage.circumstances import Circumstances
from lesionvis.triage.rules import Level
from lesionvis.triage.wording import HEADER, SAY_WHAT_YOU_SEE

ALL_BENIGN = Answers.from_mapping({name: question.benign for name, question in questions().items()})


def test_what_to_do_and_say_is_that_of_the_level_and_the_family() -> None:
    advice = advise("petechial_shower", Answers.from_mapping({"fever": "yes"}))
    assert advice.action == actions()[Level.EMERGENCY, "infection"]
    assert advice.what_to_do == advice.action.what_to_do


def test_nobody_is_told_to_say_that_warning_signs_were_answered_with_no_while_some_are_open() -> None:
    script = actions()[Level.WATCH, "general"].what_to_say
    assert "answered with no" in script
    asked, answered = advise("no_spots"), advise("petechial_shower", ALL_BENIGN)
    assert (asked.level, asked.action.what_to_say) == (Level.WATCH, SAY_WHAT_YOU_SEE)
    assert (answered.level, answered.action.what_to_say) == (Level.WATCH, script)


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
