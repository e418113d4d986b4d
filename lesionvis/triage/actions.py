"""Next steps and words for the phone at each level, by the family that the deciding rule belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from lesionvis.errors import LesionvisError
from lesionvis.triage.answers import packaged_text, read_table
from lesionvis.triage.rules import Level, level_of_name, rules

_COLUMNS = ("level", "family", "headline", "time_limit", "what_to_do", "what_to_say", "call_again", "safety_net")


@dataclass(frozen=True, slots=True)
class Action:
    """Next steps of a person at a level.

    Attributes
    ----------
    level : Level
    family : str
        What it is about, such as "infection"; the family of the deciding rule.
    headline, time_limit, what_to_do : str
        Plain sentences. "The emergency number" in them is that of the country, see `numbers`.
    what_to_say : str
        Script for the phone.
    call_again : str
        When to ring or check again.
    safety_net : tuple of str
        Signs at which to get help at once.
    """

    level: Level
    family: str
    headline: str
    time_limit: str
    what_to_do: str
    what_to_say: str
    call_again: str
    safety_net: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Action as plain values.

        Returns
        -------
        dict
            Ready for JSON.
        """
        return asdict(self) | {"level": str(self.level), "safety_net": list(self.safety_net)}


def _parse_actions(text: str) -> Mapping[tuple[Level, str], Action]:
    """Actions by level and family, from the text of `actions.csv`; LesionvisError if it is damaged or lacks one."""
    found: dict[tuple[Level, str], Action] = {}
    for row in read_table(text, "actions.csv", _COLUMNS, key_columns=2):
        level = level_of_name(row["level"], "actions.csv")
        if not all(row.values()):
            raise LesionvisError(f'actions.csv, row "{row["level"]}, {row["family"]}": fill every column.')
        net = tuple(part.strip() for part in row["safety_net"].split("|"))
        texts = {name: row[name] for name in _COLUMNS[1:-1]}
        found[level, row["family"]] = Action(level=level, safety_net=net, **texts)
    missing = sorted({f"{rule.level} {rule.family}" for rule in rules() if (rule.level, rule.family) not in found})
    if missing:
        raise LesionvisError(f"actions.csv has no row for {', '.join(missing)}; add one for each.")
    return MappingProxyType(found)


@cache
def actions() -> Mapping[tuple[Level, str], Action]:
    """Every action by level and family; read-only.

    Returns
    -------
    mapping of (Level, str) to Action
        Read-only.

    Examples
    --------
    >>> actions()[Level.EMERGENCY, "infection"].headline
    'Get emergency help now'
    """
    return _parse_actions(packaged_text("actions.csv"))
