"""The rules evaluated a second time, from the tables alone and over whole columns of cases at once.

It shares nothing with `lesionvis.triage`: a condition becomes an expression of NumPy by rewriting its words, a group
its condition in brackets, and an answer a column of 0 benign, 1 unknown, 2 harmful.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

import numpy as np
from numpy.typing import NDArray

import lesionvis

Codes = dict[str, NDArray[np.int8]]
Matches = dict[str, NDArray[np.bool_]]

NEVER = "pattern=no_spots AND NOT pattern=no_spots"
PATTERNS = ("petechial_shower", "single_lesion", "angioma", "uncertain", "no_spots")
LEVELS = ("none", "watch", "routine_dermatology", "within_2_weeks", "prompt", "same_day", "emergency")
_FOLDER = Path(lesionvis.__file__).parent / "triage"


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


VALUES = {row["name"]: (row["benign"], row["unknown"], row["harmful"]) for row in _rows("answers.csv")}
RULES = {row["rule_id"]: row["condition"] for row in _rows("triage_rules.csv")}
GROUPS = {row["group"]: row["condition"] for row in _rows("groups.csv")}
LEVEL_OF = {row["rule_id"]: LEVELS.index(row["level"]) for row in _rows("triage_rules.csv")}


def _compiled(condition: str) -> CodeType:
    text = condition.replace("ANY[", "(").replace("]", ")").replace(",", " OR ")
    text = re.sub(r"(\w+)=([\w|]+)", r"among('\1','\2')", text)
    for word, sign in (("AND", "&"), ("OR", "|"), ("NOT", "~")):
        text = re.sub(rf"\b{word}\b", sign, text)
    return compile(text, condition, "eval")


@dataclass
class Evaluation:
    """Which rules match in many cases: `codes` has a column per answer and one named "pattern"."""

    codes: Codes
    groups: Mapping[str, str] = field(default_factory=lambda: GROUPS)
    _terms: dict[tuple[str, str], NDArray[np.bool_]] = field(default_factory=dict)
    _known: Matches = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, condition in self.groups.items():
            self._known[name] = self.holds(condition)

    def holds(self, condition: str) -> NDArray[np.bool_]:
        """Where a condition is met."""
        found = eval(_compiled(condition), {"among": self._among}, dict(self._known))  # noqa: S307 - our own tables
        return np.asarray(found, np.bool_)

    def _among(self, name: str, values: str) -> NDArray[np.bool_]:
        if (name, values) not in self._terms:
            order = PATTERNS if name == "pattern" else VALUES[name]
            self._terms[name, values] = np.isin(self.codes[name], [order.index(value) for value in values.split("|")])
        return self._terms[name, values]

    def matches(self, rules: Mapping[str, str] = RULES) -> Matches:
        """Where each rule matches."""
        return {rule_id: self.holds(condition) for rule_id, condition in rules.items()}


def levels(matches: Matches) -> NDArray[np.int64]:
    """The highest level of all rules that match, as the place in `LEVELS`."""
    table = np.stack([np.where(found, LEVEL_OF[rule_id], -1) for rule_id, found in matches.items()])
    return np.asarray(table.max(axis=0))


def fired(matches: Matches) -> list[frozenset[str]]:
    """For every case the rules that are told: those of watch and none only where nothing above them matches."""
    names = np.array(list(matches))
    rank = np.array([LEVEL_OF[rule_id] for rule_id in matches])
    table = np.stack(list(matches.values()), axis=1)
    highest = levels(matches)[:, None]
    told = table & ((rank > LEVELS.index("watch")) | (rank == highest))
    return [frozenset(names[row]) for row in told]


def random_codes(number: int, seed: int) -> Codes:
    """Cases of all kinds: how many answers are benign differs from case to case."""
    random = np.random.default_rng(seed)
    share_benign = 1 - random.random(number) ** 3
    codes = {
        name: np.where(random.random(number) < share_benign, 0, random.integers(1, 3, number)).astype(np.int8)
        for name in VALUES
    }
    return codes | {"pattern": random.integers(0, len(PATTERNS), number).astype(np.int8)}


def codes_of(cases: list[tuple[str, dict[str, str]]]) -> Codes:
    """Cases of a pattern and the answers that are not benign."""
    codes = {
        name: np.array([values.index(answers.get(name, values[0])) for _, answers in cases], np.int8)
        for name, values in VALUES.items()
    }
    return codes | {"pattern": np.array([PATTERNS.index(pattern) for pattern, _ in cases], np.int8)}


def mutants(condition: str) -> Iterator[tuple[str, str]]:
    """Each term that a condition could lose, with what is left of it: an "|unknown", or a term that is never met."""
    for found in re.finditer(r"(\w+=\w+)\|unknown", condition):
        yield found[0], condition[: found.start()] + found[1] + condition[found.end() :]
    for found in re.finditer(r"\w+=[\w|]+", condition):
        yield f"all of {found[0]}", f"{condition[: found.start()]}({NEVER}){condition[found.end() :]}"
