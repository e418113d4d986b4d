from __future__ import annotations

import itertools

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.conditions import AllOf, AnyOf, Is, parse_condition

VOCABULARY = {
    "pattern": ("petechial_shower", "uncertain", "angioma"),
    "fever": ("yes", "unknown"),
    "blanch": ("does_not_fade", "unknown"),
}
FACTS = [
    {"pattern": pattern, "fever": fever, "blanch": blanch}
    for pattern, fever, blanch in itertools.product(
        VOCABULARY["pattern"], ("no", "unknown", "yes"), ("fades", "unknown", "does_not_fade")
    )
]


def test_and_binds_tighter_than_or() -> None:
    assert parse_condition("fever=yes OR blanch=unknown AND blood_like", VOCABULARY) == AnyOf(
        (
            Is("fever", ("yes",)),
            AllOf((Is("blanch", ("unknown",)), Is("pattern", ("petechial_shower", "uncertain")))),
        )
    )


def test_parentheses_bind_first() -> None:
    condition = parse_condition("(fever=yes OR blanch=unknown) AND pattern=angioma", VOCABULARY)
    assert isinstance(condition, AllOf)
    assert not condition.holds({"pattern": "uncertain", "fever": "yes", "blanch": "fades"})


def test_any_is_at_least_one_of_its_list() -> None:
    condition = parse_condition("ANY[fever=yes, blanch=does_not_fade|unknown AND blood_like]", VOCABULARY)
    assert [condition.holds(facts) for facts in FACTS] == [
        facts["fever"] == "yes" or (facts["blanch"] != "fades" and facts["pattern"] != "angioma") for facts in FACTS
    ]


def test_not_takes_the_other_patterns() -> None:
    assert parse_condition("NOT blood_like", VOCABULARY) == Is("pattern", ("angioma",))


@pytest.mark.parametrize(
    "text",
    [
        "fever=yes|unknown",
        "ANY[fever=yes, blanch=unknown] AND NOT pattern=angioma",
        "fever=yes AND (blanch=unknown OR (blood_like AND fever=unknown))",
        "blood_like AND pattern=angioma",
    ],
)
def test_a_condition_holds_exactly_where_one_of_its_cases_does(text: str) -> None:
    condition = parse_condition(text, VOCABULARY)
    for facts in FACTS:
        assert condition.holds(facts) == any(case.items() <= facts.items() for case in condition.cases())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "known name"),
        ("fevr=yes", '"fevr=yes" is where'),
        ("fever", "may be one of"),
        ("fever=", 'not ""'),
        ("fever=hot", "yes, unknown"),
        ("fever=no", "yes, unknown"),  # benign values are left out of the vocabulary of rules
        ("pattern=mole", "petechial_shower"),
        ("fever=yes AND", "its end"),
        ("fever=yes blanch=unknown", "not expected"),
        ("fever=yes)", "not expected"),
        ("(fever=yes", '")" is missing'),
        ("ANY[fever=yes", '"]" is missing'),
        ("[fever=yes]", "known name"),
        ("NOT fever=yes", "before a pattern only"),
        ("fever=yes and blood_like", "not expected"),
    ],
)
def test_a_damaged_condition_is_an_error_that_says_where(text: str, complaint: str) -> None:
    with pytest.raises(LesionvisError) as caught:
        parse_condition(text, VOCABULARY)
    assert complaint in str(caught.value)
    assert f'"{text}"' in str(caught.value)
