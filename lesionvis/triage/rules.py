"""The triage rules as data: each row has a level, a condition, a reason, an action, a safety net and its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from lesionvis.errors import LesionvisError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import packaged_text, read_table
from lesionvis.triage.conditions import PATTERN, Condition, parse_condition
from lesionvis.triage.groups import groups, vocabulary

_COLUMNS = (
    *("rule_id", "level", "condition", "reason_text", "action_text", "safety_net", "source_title", "source_address"),
)
FAMILIES = ("infection", "bleeding", "injury", "reaction", "pregnancy", "cancer", "general")
"""What a rule can be about; it decides what to say on the phone."""

NO_SOURCE = "cautious reading, no source found"
"""Instead of the source of a rule that has none."""

REST_WITHOUT_SOURCE = f"the rest: {NO_SOURCE}"
"""After the sources of a rule of which they back a part only."""


class Level(IntEnum):
    """Urgency of having the spots looked at, in rising order; `str()` gives the name as in the rules.

    Examples
    --------
    >>> str(max(Level.PROMPT, Level.WATCH))
    'prompt'
    """

    NONE = 0
    WATCH = 1
    ROUTINE_DERMATOLOGY = 2
    WITHIN_2_WEEKS = 3
    PROMPT = 4
    SAME_DAY = 5
    EMERGENCY = 6

    def __str__(self) -> str:
        """Name in lower case, as the rules write it."""
        return self.name.lower()


def level_of_name(name: str, where: str) -> Level:
    """Look up a level by its name in a table.

    Parameters
    ----------
    name : str
        Name of the level.
    where : str
        Place in the table, for the message.

    Returns
    -------
    Level
        The level.

    Raises
    ------
    LesionvisError
        If there is no such level; the message names the place and the known levels.
    """
    by_name = {str(level): level for level in Level}
    if name not in by_name:
        raise LesionvisError(f'{where} has the unknown level "{name}"; use one of {", ".join(by_name)}.')
    return by_name[name]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the rules; it matches when its condition holds.

    Attributes
    ----------
    rule_id : str
        Such as "E01".
    level : Level
        The level that it asks for.
    family : str
        What it is about, one of `FAMILIES`.
    condition : Condition
        Over the answers and the pattern.
    reason, action, safety_net : str
        What to show: why, what to do, and when to get help sooner.
    source_title : str
        Titles of the sources, divided by "; "; the last one says so where a rule, or a part of it, has no source.
    source_addresses : tuple of str
        Address of each source; empty when the rule has none.
    """

    rule_id: str
    level: Level
    family: str
    condition: Condition
    reason: str
    action: str
    safety_net: str
    source_title: str
    source_addresses: tuple[str, ...]


def _parse_families(text: str) -> dict[str, str]:
    """Family of every rule, from the text of `families.csv`; LesionvisError if it is damaged."""
    found = {row["rule_id"]: row["family"] for row in read_table(text, "families.csv", ("rule_id", "family"))}
    for rule_id, family in found.items():
        if family not in FAMILIES:
            raise LesionvisError(f'Rule {rule_id} has the unknown family "{family}"; use one of {", ".join(FAMILIES)}.')
    return found


def _parse_rules(text: str, families: str) -> tuple[Rule, ...]:
    """Rules, highest level first, from `triage_rules.csv` and `families.csv`; LesionvisError if one is bad.

    A rule may not ask for a benign value, and with every answer benign every pattern still has one that matches.
    """
    family_of = _parse_families(families)
    found = tuple(_rule(row, family_of) for row in read_table(text, "triage_rules.csv", _COLUMNS))
    if family_of.keys() != {rule.rule_id for rule in found}:
        raise LesionvisError("families.csv and triage_rules.csv name other rules; give every rule its family.")
    for label in LABELS:
        if not any(case.keys() <= {PATTERN} for rule in found for case in _cases_of(rule, label)):
            raise LesionvisError(f'No rule covers the pattern "{label}" with every answer benign; add one.')
    return tuple(sorted(found, key=lambda rule: -rule.level))


def _rule(row: dict[str, str], family_of: dict[str, str]) -> Rule:
    """Rule of one row."""
    rule_id = row["rule_id"]
    level = level_of_name(row["level"], f"Rule {rule_id}")
    if not (row["reason_text"] and row["action_text"] and row["safety_net"] and row["source_title"]):
        raise LesionvisError(f"Rule {rule_id} lacks a reason, an action, a safety net or a source; fill it in.")
    titles = [title for title in row["source_title"].split("; ") if title not in (NO_SOURCE, REST_WITHOUT_SOURCE)]
    addresses = tuple(row["source_address"].split("; ")) if row["source_address"] else ()
    if len(titles) != len(addresses) or not all(address.startswith(("https://", "http://")) for address in addresses):
        raise LesionvisError(f'Rule {rule_id} needs one web address per source, or "{NO_SOURCE}" and no address.')
    return Rule(
        rule_id=rule_id,
        level=level,
        family=family_of.get(rule_id, ""),
        condition=parse_condition(row["condition"], vocabulary(), groups()),
        reason=row["reason_text"],
        action=row["action_text"],
        safety_net=row["safety_net"],
        source_title=row["source_title"],
        source_addresses=addresses,
    )


def _cases_of(rule: Rule, pattern: str) -> list[dict[str, str]]:
    """Smallest sets of facts that make a rule match for one pattern."""
    return [case for case in rule.condition.cases() if case.get(PATTERN, pattern) == pattern]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, highest level first, then in the order of the table.

    Returns
    -------
    tuple of Rule
        Highest level first.

    Examples
    --------
    >>> len(rules()), rules()[0].rule_id, str(rules()[0].level)
    (111, 'E01', 'emergency')
    """
    return _parse_rules(packaged_text("triage_rules.csv"), packaged_text("families.csv"))
