"""The little language in which the triage rules are written, read into a frozen tree.

A condition is made of terms `name=harmful` or `name=harmful|unknown`, joined by AND and OR, with parentheses and
`ANY[one, two]` (at least one of a list). AND binds tighter than OR. A term may also name patterns, and NOT may stand
before such a term only. A named group, such as `crop`, stands for its condition in brackets and nothing more.

There is no way to ask for a benign answer, nor for an unknown one that a harmful one does not meet as well. So a
condition that holds goes on holding when an answer gets worse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NoReturn

from lesionvis.errors import LesionvisError
from lesionvis.triage.answers import UNKNOWN

PATTERN = "pattern"

_TOKEN = re.compile(r"ANY\[|[^\s()\[\],]+|\S")


@dataclass(frozen=True, slots=True)
class Is:
    """Holds when one fact has one of some values.

    Attributes
    ----------
    name : str
        Name of an answer, or "pattern".
    values : tuple of str
        The values that make it hold: labels of patterns, or the harmful value of an answer, "unknown" with it or not.
    """

    name: str
    values: tuple[str, ...]

    def cases(self) -> tuple[dict[str, str], ...]:
        """List the smallest sets of facts that meet it; an answer that is "unknown" in one may be harmful too.

        Returns
        -------
        tuple of dict of str to str
            Values by name.
        """
        if self.name != PATTERN and UNKNOWN in self.values:
            return ({self.name: UNKNOWN},)
        return tuple({self.name: value} for value in self.values)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part holds."""

    parts: tuple[Condition, ...]

    def cases(self) -> tuple[dict[str, str], ...]:
        """List the smallest sets of facts that meet it; patterns that contradict each other give none.

        Returns
        -------
        tuple of dict of str to str
            Values by name.
        """
        return _cases_of_all(self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part holds."""

    parts: tuple[Condition, ...]

    def cases(self) -> tuple[dict[str, str], ...]:
        """List the smallest sets of facts that meet it.

        Returns
        -------
        tuple of dict of str to str
            Values by name.
        """
        return _cases_of_any(self.parts)


Condition = Is | AllOf | AnyOf


# Kept: every rule is asked for its cases again and again, and many rules share their groups.
@cache
def _cases_of_all(parts: tuple[Condition, ...]) -> tuple[dict[str, str], ...]:
    joined: tuple[dict[str, str], ...] = ({},)
    for part in parts:
        more_cases = part.cases()
        joined = tuple(
            _joined(case, more)
            for case in joined
            for more in more_cases
            if case.get(PATTERN) in (None, more.get(PATTERN, case.get(PATTERN)))
        )
    return joined


@cache
def _cases_of_any(parts: tuple[Condition, ...]) -> tuple[dict[str, str], ...]:
    return tuple(case for part in parts for case in part.cases())


def _joined(case: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Both sets of facts: what one wants harmful may be unknown for the other."""
    return case | {name: value for name, value in more.items() if value != UNKNOWN or name not in case}


def parse_condition(
    text: str, vocabulary: Mapping[str, Sequence[str]], groups: Mapping[str, Condition] = MappingProxyType({})
) -> Condition:
    """Read a condition.

    NOT is allowed in front of a pattern only, where it means any of the other patterns. A negated answer
    would let a benign answer make a rule match, and no benign answer may raise a level.

    Parameters
    ----------
    text : str
        The condition.
    vocabulary : mapping of str to sequence of str
        The names that may be used and the values of each: of "pattern" the labels, of an answer the harmful value and
        "unknown", in this order.
    groups : mapping of str to Condition, optional
        Named groups that may stand where a term may stand.

    Returns
    -------
    Condition
        The tree; `cases()` lists the smallest sets of facts that meet it.

    Raises
    ------
    LesionvisError
        If a name or a value is not in the vocabulary, an answer is asked for something else than `harmful` or
        `harmful|unknown`, or the condition is not well formed.

    Examples
    --------
    >>> vocabulary = {"pattern": ("angioma", "uncertain"), "fever": ("yes", "unknown"), "child": ("yes", "unknown")}
    >>> parse_condition("NOT pattern=uncertain AND (fever=yes|unknown OR child=yes)", vocabulary).cases()
    ({'pattern': 'angioma', 'fever': 'unknown'}, {'pattern': 'angioma', 'child': 'yes'})
    """
    reader = _Reader(text, vocabulary, groups)
    condition = reader.either()
    if reader.word:
        reader.fail(f'"{reader.word}" is not expected here')
    return condition


class _Reader:
    """Recursive descent over the words of one condition: `either` > `both` > `single`."""

    def __init__(self, text: str, vocabulary: Mapping[str, Sequence[str]], groups: Mapping[str, Condition]) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.groups = groups
        self.words = _TOKEN.findall(text)
        self.place = 0

    @property
    def word(self) -> str:
        """The next word; empty at the end."""
        return self.words[self.place] if self.place < len(self.words) else ""

    def fail(self, reason: str) -> NoReturn:
        raise LesionvisError(f'The condition "{self.text}" cannot be read: {reason}; correct it in its table.')

    def take(self, word: str) -> bool:
        """Step over the next word if it is this one."""
        found = self.word == word
        self.place += found
        return found

    def close(self, word: str) -> None:
        if not self.take(word):
            self.fail(f'"{word}" is missing before "{self.word or "its end"}"')

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def both(self) -> Condition:
        parts = [self.single()]
        while self.take("AND"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def single(self) -> Condition:
        if self.take("("):
            inner = self.either()
            self.close(")")
            return inner
        if self.take("ANY["):
            parts = [self.either()]
            while self.take(","):
                parts.append(self.either())
            self.close("]")
            return AnyOf(tuple(parts))
        if self.take("NOT"):
            return self.negated(self.term())
        if self.word in self.groups:
            group = self.groups[self.word]
            self.place += 1
            return group
        return self.term()

    def negated(self, term: Is) -> Is:
        if term.name != PATTERN:
            self.fail(f'NOT may stand before a pattern only, not before "{term.name}"')
        return Is(PATTERN, tuple(label for label in self.vocabulary[PATTERN] if label not in term.values))

    def term(self) -> Is:
        name, _, value = self.word.partition("=")
        if name not in self.vocabulary:
            self.fail(f'"{self.word or "its end"}" is where a group or name=value with a known name should be')
        known = tuple(self.vocabulary[name])
        values = tuple(value.split("|"))
        for choice in values:
            if choice not in known:
                self.fail(f'"{name}" may be one of {", ".join(known)}, not "{choice}"')
        if name != PATTERN and values not in (known[:1], known):
            self.fail(f'"{self.word}" must be {name}={known[0]} or {name}={"|".join(known)}')
        self.place += 1
        return Is(name, values)
