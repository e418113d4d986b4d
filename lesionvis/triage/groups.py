"""Named groups of conditions, such as `crop`, that the triage rules use where a fact may stand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from lesionvis.errors import LesionvisError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import UNKNOWN, packaged_text, questions, read_table
from lesionvis.triage.conditions import PATTERN, Condition, parse_condition


@cache
def vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Names that a condition may use, with the values that it may ask for: no benign one is among them.

    Returns
    -------
    mapping of str to tuple of str
        Read-only.
    """
    of_answers = {name: (question.harmful, UNKNOWN) for name, question in questions().items()}
    return MappingProxyType(of_answers | {PATTERN: LABELS})


def _parse_groups(text: str) -> Mapping[str, Condition]:
    r"""Groups by name, from the text of `groups.csv`; LesionvisError if it is damaged. One may use those above it.

    >>> _parse_groups("group,condition,meaning\nhot,fever=yes,Fever.\n")["hot"]
    Is(name='fever', values=('yes',))
    """
    found: dict[str, Condition] = {}
    for row in read_table(text, "groups.csv", ("group", "condition", "meaning")):
        name = row["group"]
        if name in vocabulary() or not row["meaning"]:
            raise LesionvisError(f'groups.csv, row "{name}": give a name that no answer has, and a meaning.')
        found[name] = parse_condition(row["condition"], vocabulary(), found)
    return MappingProxyType(found)


@cache
def groups() -> Mapping[str, Condition]:
    """Every group by its name, in the order of the table; read-only.

    Returns
    -------
    mapping of str to Condition
        Read-only.
    """
    return _parse_groups(packaged_text("groups.csv"))
