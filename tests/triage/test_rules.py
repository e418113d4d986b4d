from __future__ import annotations

from collections import Counter

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.answers import packaged_text, questions
from lesionvis.triage.rules import Level, parse_rules, rules


def test_levels_are_in_order() -> None:
    names = ["none", "watch", "routine_dermatology", "prompt", "same_day", "emergency"]
    assert [str(level) for level in sorted(Level)] == names
    assert f"{Level.SAME_DAY}" == "same_day"


def test_the_rules_are_all_there_and_sorted() -> None:
    assert Counter(rule.rule_id[0] for rule in rules()) == {"E": 9, "S": 10, "P": 14, "D": 6, "W": 2, "N": 2}
    assert [rule.level for rule in rules()] == sorted((rule.level for rule in rules()), reverse=True)


def test_the_first_letter_of_a_rule_stands_for_its_level() -> None:
    letters = {"E": "emergency", "S": "same_day", "P": "prompt", "D": "routine_dermatology"}
    letters |= {"W": "watch", "N": "none"}
    assert [str(rule.level) for rule in rules()] == [letters[rule.rule_id[0]] for rule in rules()]


def test_every_rule_has_a_source_or_says_that_it_has_none() -> None:
    for rule in rules():
        assert rule.source_addresses or "uncited" in rule.source_title, rule.rule_id
        assert all(address == address.strip() for address in rule.source_addresses), rule.rule_id


def test_the_only_answer_that_no_rule_uses_is_known() -> None:
    used = {name for rule in rules() for case in rule.condition.cases() for name in case}
    assert set(questions()) - used == {"joint_or_belly_pain"}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("E01,emergency,fever=yes", "E01,emergency,fevr=yes", '"fevr=yes"'),
        ("E01,emergency,fever=yes", "E01,emergency,fever=no", '"fever" may be one of yes, unknown'),
        ("E01,emergency,", "E01,urgent,", 'unknown level "urgent"'),
        ("P10,prompt,pattern=uncertain", "P10,prompt,pattern=mole", "petechial_shower"),
        ("E02,emergency", "E01,emergency", "repeated key"),
        ("rule_id,level", "rule,level", "columns"),
        ("N02,none,pattern=no_spots", "N02,none,pattern=angioma", 'the pattern "no_spots"'),
        (",Spots spreading quickly across the body need medical care today.,", ",,", "S03 lacks a reason"),
        (",guide.txt\nP02", "\nP02", "number of fields"),
    ],
)
def test_a_damaged_table_of_rules_is_an_error(old: str, new: str, complaint: str) -> None:
    text = packaged_text("triage_rules.csv")
    assert text.count(old) == 1
    with pytest.raises(LesionvisError) as caught:
        parse_rules(text.replace(old, new))
    assert complaint in str(caught.value)
