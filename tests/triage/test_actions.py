from __future__ import annotations

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.actions import _parse_actions, actions
from lesionvis.triage.answers import packaged_text
from lesionvis.triage.rules import FAMILIES, Level, rules


def test_every_rule_has_something_to_do_and_to_say() -> None:
    for rule in rules():
        action = actions()[rule.level, rule.family]
        assert (action.level, action.family) == (rule.level, rule.family)
        assert len(action.safety_net) >= 5


def test_families_are_known_and_a_level_has_one_headline() -> None:
    assert {family for _, family in actions()} == set(FAMILIES)
    for level in Level:
        assert len({action.headline for action in actions().values() if action.level == level}) == 1


def test_an_action_as_json_is_plain() -> None:
    content = actions()[Level.WITHIN_2_WEEKS, "cancer"].to_dict()
    assert content["level"] == "within_2_weeks"
    assert content["safety_net"][0] == "it grows within weeks"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("none,general,", "never,general,", 'unknown level "never"'),
        ("none,general,You answered every question with no,", "none,general,,", "fill every column"),
        ("none,general,", "watch,general,", "repeated key"),
        ("none,general,", "none,cancer,", "no row for none general"),
        ("level,family", "family,level", "columns"),
    ],
)
def test_a_damaged_table_of_actions_is_an_error(old: str, new: str, complaint: str) -> None:
    text = packaged_text("actions.csv")
    assert text.count(old) == 1
    with pytest.raises(LesionvisError) as caught:
        _parse_actions(text.replace(old, new))
    assert complaint in str(caught.value)
