from __future__ import annotations

import re
from collections import Counter

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.answers import packaged_text, questions
from lesionvis.triage.numbers import phone_numbers
from lesionvis.triage.rules import NO_SOURCE, REST_WITHOUT_SOURCE, Level, _parse_rules, rules


def test_levels_are_in_order() -> None:
    names = ["none", "watch", "routine_dermatology", "within_2_weeks", "prompt", "same_day", "emergency"]
    assert [str(level) for level in sorted(Level)] == names
    assert f"{Level.SAME_DAY}" == "same_day"


def test_the_rules_are_all_there_and_sorted() -> None:
    assert Counter(rule.rule_id[0] for rule in rules()) == {
        "E": 33,
        "S": 34,
        "P": 23,
        "T": 6,
        "D": 7,
        "W": 6,
        "N": 2,
    }
    assert [rule.level for rule in rules()] == sorted((rule.level for rule in rules()), reverse=True)


def test_the_first_letter_of_a_rule_stands_for_its_level() -> None:
    letters = {"E": "emergency", "S": "same_day", "P": "prompt", "D": "routine_dermatology"}
    letters |= {"T": "within_2_weeks", "W": "watch", "N": "none"}
    assert [str(rule.level) for rule in rules()] == [letters[rule.rule_id[0]] for rule in rules()]


def test_every_source_has_its_page_and_a_rule_without_one_says_so() -> None:
    without = [rule.rule_id for rule in rules() if rule.source_title == NO_SOURCE]
    assert without == ["S20", "P04", "P11", "P18", "P20", "P22", "W06"]
    in_part = [rule.rule_id for rule in rules() if rule.source_title.endswith(f"; {REST_WITHOUT_SOURCE}")]
    assert len(in_part) == 18
    for rule in rules():
        assert bool(rule.source_addresses) != (rule.rule_id in without)
        assert len(rule.source_title.split("; ")) == len(rule.source_addresses) + (rule.rule_id in [*without, *in_part])


def test_no_source_is_a_copy_of_its_page() -> None:
    # Mirrors, staging hosts and shops that print what somebody else wrote.
    copies = re.compile(
        r"beta\.|staging|prod\.|tangentlabs|quris|paperzz|issuu|pharmacy|pharmasites|clateway|surgery|medicalcentre|"
        r"healthhub|notinline|balitang|1pagers|iatrox|guide\.txt"
    )
    addresses = {address for rule in rules() for address in rule.source_addresses}
    addresses |= {numbers.source_address for numbers in phone_numbers().values()}
    assert [address for address in sorted(addresses) if copies.search(address)] == []


def test_every_answer_is_used_by_a_rule() -> None:
    used = {name for rule in rules() for case in rule.condition.cases() for name in case}
    assert used - {"pattern"} == set(questions())


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("E07,emergency,heavy_bleeding=yes", "E07,emergency,heavy_bleedin=yes", '"heavy_bleedin=yes"'),
        ("E07,emergency,heavy_bleeding=yes", "E07,emergency,heavy_bleeding=no", "may be one of yes, unknown"),
        ("E07,emergency,heavy_bleeding=yes", "E07,emergency,heavy_bleeding=unknown", "must be heavy_bleeding=yes"),
        ("E07,emergency,", "E07,urgent,", 'Rule E07 has the unknown level "urgent"'),
        ("P01,prompt,spreading=yes AND (blood_like", "P01,prompt,spreading=yes AND (bloodlike", '"bloodlike"'),
        ("E08,emergency", "E07,emergency", "repeated key"),
        ("rule_id,level", "rule,level", "columns"),
        ("W02,watch,pattern=single_lesion", "W02,watch,pattern=angioma", 'the pattern "single_lesion"'),
        ('"Spots that spread quickly need medical care today, even if they fade.",', "", "number of fields"),
        ('"Spots that spread quickly need medical care today, even if they fade."', '""', "S06 lacks a reason"),
        ("; https://www.nhs.uk/conditions/hives/\nS07", "\nS07", "S06 needs one web address per source"),
        ("P18,prompt,", "P99,prompt,", "other rules"),
    ],
)
def test_a_damaged_table_of_rules_is_an_error(old: str, new: str, complaint: str) -> None:
    text = packaged_text("triage_rules.csv")
    assert text.count(old) == 1
    with pytest.raises(LesionvisError) as caught:
        _parse_rules(text.replace(old, new), packaged_text("families.csv"))
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("E01,infection", "E01,infections", 'unknown family "infections"'),
        ("E01,infection\n", "", "other rules"),
        ("E02,infection", "E01,infection", "repeated key"),
    ],
)
def test_a_damaged_table_of_families_is_an_error(old: str, new: str, complaint: str) -> None:
    with pytest.raises(LesionvisError) as caught:
        _parse_rules(packaged_text("triage_rules.csv"), packaged_text("families.csv").replace(old, new))
    assert complaint in str(caught.value)
