"""The triage rules as data: each row has a level, a condition, a reason, an action and its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from lesionvis.errors import LesionvisError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import UNKNOWN, packaged_text, questions, read_table
from lesionvis.triage.conditions import PATTERN, Condition, parse_condition

_COLUMNS = (
    "rule_id",
    "level",
    "condition",
    "note",
    "reason_text",
    "action_text",
    "guide_says",
    "stricter_than_guide",
    "source_title",
    "source_address",
)


class Level(IntEnum):
    """How soon somebody should look at the spots, in rising order; `str()` gives the name as in the rules.

    Examples
    --------
    >>> str(max(Level.PROMPT, Level.WATCH))
    'prompt'
    """

    NONE = 0
    WATCH = 1
    ROUTINE_DERMATOLOGY = 2
    PROMPT = 3
    SAME_DAY = 4
    EMERGENCY = 5

    def __str__(self) -> str:
        """Name in lower case, as the rules write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the rules; it matches when its condition holds.

    Attributes
    ----------
    rule_id : str
        Such as "E01".
    level : Level
        The level that it asks for.
    condition : Condition
        Over the answers and the pattern.
    reason, action : str
        What to show: why, and what to do.
    source_title : str
        Where the rule comes from; says so when it has no source.
    source_addresses : tuple of str
        Addresses of the sources; empty when it has none.
    """

    rule_id: str
    level: Level
    condition: Condition
    reason: str
    action: str
    source_title: str
    source_addresses: tuple[str, ...]


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Read the table of rules.

    Parameters
    ----------
    text : str
        Comma-separated table with the columns of `triage_rules.csv`.

    Returns
    -------
    tuple of Rule
        Highest level first, then in the order of the table.

    Raises
    ------
    LesionvisError
        If a column, level, answer, value or pattern is not known, a rule asks for a benign value or has no
        text to show, or a pattern is left without a rule that matches when every answer is benign.
    """
    # A benign value is not in the vocabulary: no rule may match because of one.
    vocabulary = {name: (question.harmful, UNKNOWN) for name, question in questions().items()} | {PATTERN: LABELS}
    found = []
    for row in read_table(text, "triage_rules.csv", _COLUMNS):
        if row["level"].upper() not in Level.__members__:
            raise LesionvisError(
                f'Rule {row["rule_id"]} has the unknown level "{row["level"]}"; '
                f"use one of {', '.join(map(str, Level))}."
            )
        if not (row["reason_text"] and row["action_text"] and row["source_title"]):
            raise LesionvisError(f"Rule {row['rule_id']} lacks a reason, an action or a source; fill it in.")
        found.append(
            Rule(
                rule_id=row["rule_id"],
                level=Level[row["level"].upper()],
                condition=parse_condition(row["condition"], vocabulary),
                reason=row["reason_text"],
                action=row["action_text"],
                source_title=row["source_title"],
                source_addresses=tuple(filter(None, map(str.strip, row["source_address"].split(";")))),
            )
        )
    all_benign = {name: question.benign for name, question in questions().items()}
    for label in LABELS:
        if not any(rule.condition.holds(all_benign | {PATTERN: label}) for rule in found):
            raise LesionvisError(f'No rule covers the pattern "{label}" with every answer benign; add one.')
    return tuple(sorted(found, key=lambda rule: -rule.level))


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, highest level first, then in the order of the table.

    Examples
    --------
    >>> len(rules()), rules()[0].rule_id, str(rules()[0].level)
    (43, 'E01', 'emergency')
    """
    return parse_rules(packaged_text("triage_rules.csv"))
