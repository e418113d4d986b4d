from __future__ import annotations

import pytest

from lesionvis.triage import matching as matching_module
from lesionvis.triage.answers import Answers, questions
from lesionvis.triage.matching import facts_of, level_of, matching, open_names
from lesionvis.triage.rules import Level, rules

BENIGN = Answers.from_mapping({name: question.benign for name, question in questions().items()})


def test_every_answer_has_its_own_two_bits() -> None:
    assert facts_of(BENIGN) == 0
    assert facts_of(Answers()).bit_count() == len(questions())
    for name, question in questions().items():
        worse = [facts_of(BENIGN.replace(**{name: value})) for value in (question.benign, "unknown", question.harmful)]
        assert [facts.bit_count() for facts in worse] == [0, 1, 2]
        assert worse[1] & worse[2] == worse[1]


def test_of_several_patterns_every_rule_of_each_matches() -> None:
    facts = facts_of(BENIGN.replace(spot_bleeds="yes"))
    alone = {rule.rule_id for name in ("angioma", "single_lesion") for rule in matching((name,), facts)}
    assert {rule.rule_id for rule in matching(("angioma", "single_lesion"), facts)} == alone
    assert level_of(("angioma",), facts) == Level.ROUTINE_DERMATOLOGY
    assert level_of(("angioma", "single_lesion"), facts) == Level.WITHIN_2_WEEKS


def test_an_open_question_is_told_with_what_it_alone_can_do() -> None:
    answers = BENIGN.replace(spot_bleeds="unknown", fits="unknown", belly_pain="unknown")
    assert open_names(("single_lesion",), answers) == (
        ("fits", Level.EMERGENCY, Level.ROUTINE_DERMATOLOGY),
        ("spot_bleeds", Level.WITHIN_2_WEEKS, Level.WATCH),
    )


def test_what_a_higher_level_makes_needless_is_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    fits, itch = (facts_of(BENIGN.replace(**{name: "yes"})) for name in ("fits", "itch"))
    high, low, lowest = (next(rule for rule in rules() if rule.rule_id == name) for name in ("E15", "D07", "N01"))
    # Itching adds to fits what fits alone say at a higher level.
    ways = ((high, (fits,)), (low, (fits | itch,)), (lowest, (0,)))
    monkeypatch.setattr(matching_module, "_ways", lambda _: ways)
    found = open_names.__wrapped__(("angioma",), BENIGN.replace(fits="unknown", itch="unknown"))
    assert [name for name, *_ in found] == ["fits"]
