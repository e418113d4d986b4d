from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.conditions import AllOf, AnyOf, Condition, Is, parse_condition

VOCABULARY = {
    "pattern": ("petechial_shower", "uncertain", "angioma"),
    "fever": ("yes", "unknown"),
    "blanch": ("does_not_fade", "unknown"),
}
GROUPS = {"blood_like": Is("pattern", ("petechial_shower", "uncertain"))}
FACTS = [
    {"pattern": pattern, "fever": fever, "blanch": blanch}
    for pattern, fever, blanch in itertools.product(
        VOCABULARY["pattern"], ("no", "unknown", "yes"), ("fades", "unknown", "does_not_fade")
    )
]


def holds(condition: Condition, facts: Mapping[str, str]) -> bool:
    """Whether facts meet one of the smallest sets: harmful meets what asks for unknown."""
    return any(
        all(
            facts[name] == value or (value == "unknown" and facts[name] == VOCABULARY[name][0])
            for name, value in case.items()
        )
        for case in condition.cases()
    )


def test_and_binds_tighter_than_or() -> None:
    assert parse_condition("fever=yes OR blanch=does_not_fade|unknown AND blood_like", VOCABULARY, GROUPS) == AnyOf(
        (Is("fever", ("yes",)), AllOf((Is("blanch", ("does_not_fade", "unknown")), GROUPS["blood_like"])))
    )


def test_parentheses_bind_first() -> None:
    condition = parse_condition("(fever=yes OR blanch=does_not_fade|unknown) AND pattern=angioma", VOCABULARY)
    assert isinstance(condition, AllOf)
    assert not holds(condition, {"pattern": "uncertain", "fever": "yes", "blanch": "fades"})


def test_any_is_at_least_one_of_its_list() -> None:
    condition = parse_condition("ANY[fever=yes, blanch=does_not_fade|unknown AND blood_like]", VOCABULARY, GROUPS)
    assert [holds(condition, facts) for facts in FACTS] == [
        facts["fever"] == "yes" or (facts["blanch"] != "fades" and facts["pattern"] != "angioma") for facts in FACTS
    ]


def test_a_harmful_answer_meets_what_asks_for_unknown_and_not_the_reverse() -> None:
    both = parse_condition("fever=yes|unknown AND (fever=yes OR blanch=does_not_fade)", VOCABULARY)
    assert both.cases() == ({"fever": "yes"}, {"fever": "unknown", "blanch": "does_not_fade"})


def test_not_takes_the_other_patterns() -> None:
    assert parse_condition("NOT pattern=petechial_shower|uncertain", VOCABULARY) == Is("pattern", ("angioma",))


def test_a_group_stands_for_its_condition_in_brackets() -> None:
    groups = {"hot": AnyOf((Is("fever", ("yes",)), Is("pattern", ("angioma",))))}
    text = "hot AND blanch=does_not_fade"
    written_out = parse_condition("(fever=yes OR pattern=angioma) AND blanch=does_not_fade", VOCABULARY)
    assert parse_condition(text, VOCABULARY, groups) == written_out
    with pytest.raises(LesionvisError, match='"hot" is where'):
        parse_condition(text, VOCABULARY)


def test_parts_that_contradict_each_other_are_never_met() -> None:
    assert parse_condition("pattern=uncertain AND pattern=angioma", VOCABULARY).cases() == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "known name"),
        ("fevr=yes", '"fevr=yes" is where'),
        ("fever", "may be one of"),
        ("fever=", 'not ""'),
        ("fever=hot", "yes, unknown"),
        ("fever=no", "yes, unknown"),  # benign values are left out of the vocabulary of rules
        ("fever=unknown", '"fever=unknown" must be fever=yes or fever=yes|unknown'),
        ("fever=unknown|yes", "must be fever=yes or fever=yes|unknown"),
        ("fever=yes|yes", "must be fever=yes"),
        ("pattern=mole", "petechial_shower"),
        ("fever=yes AND", "its end"),
        ("fever=yes blanch=does_not_fade", "not expected"),
        ("fever=yes)", "not expected"),
        ("(fever=yes", '")" is missing'),
        ("ANY[fever=yes", '"]" is missing'),
        ("[fever=yes]", "known name"),
        ("NOT fever=yes", "before a pattern only"),
        ("NOT blood_like", "known name"),
        ("fever=yes and blood_like", "not expected"),
    ],
)
def test_a_damaged_condition_is_an_error_that_says_where(text: str, complaint: str) -> None:
    with pytest.raises(LesionvisError) as caught:
        parse_condition(text, VOCABULARY, GROUPS)
    assert complaint in str(caught.value)
    assert f'"{text}"' in str(caught.value)
