"""The little language in which the triage rules are written, read into a frozen tree.

A condition is made of terms `name=value` or `name=value|other`, joined by AND, OR and NOT, with parentheses
and `ANY[one, two]` (at least one of a list). NOT binds tighter than AND, and AND tighter than OR. The term
`blood_like` is short for the two patterns that may be bleeding under the skin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from lesionvis.errors import LesionvisError
from lesionvis.labels import PETECHIAL_SHOWER, UNCERTAIN

PATTERN = "pattern"
BLOOD_LIKE = (PETECHIAL_SHOWER, UNCERTAIN)

_TOKEN = re.compile(r"ANY\[|[^\s()\[\],]+|\S")


@dataclass(frozen=True, slots=True)
class Is:
    """Holds when one fact has one of some values.

    Attributes
    ----------
    name : str
        Name of an answer, or "pattern".
    values : tuple of str
        The values that make it hold.
    """

    name: str
    values: tuple[str, ...]

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Tell whether the facts meet it."""
        return facts[self.name] in self.values

    def cases(self) -> tuple[dict[str, str], ...]:
        """List the smallest sets of facts that meet it."""
        return tuple({self.name: value} for value in self.values)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part holds."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Tell whether the facts meet it."""
        return all(part.holds(facts) for part in self.parts)

    def cases(self) -> tuple[dict[str, str], ...]:
        """List the smallest sets of facts that meet it; parts that contradict each other give none."""
        joined: tuple[dict[str, str], ...] = ({},)
        for part in self.parts:
            joined = tuple(
                case | more
                for case in joined
                for more in part.cases()
                if all(case.get(name, value) == value for name, value in more.items())
            )
        return joined


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Tell whether the facts meet it."""
        return any(part.holds(facts) for part in self.parts)

    def cases(self) -> tuple[dict[str, str], ...]:
        """List the smallest sets of facts that meet it."""
        return tuple(case for part in self.parts for case in part.cases())


Condition = Is | AllOf | AnyOf


def parse_condition(text: str, vocabulary: Mapping[str, Sequence[str]]) -> Condition:
    """Read a condition.

    NOT is allowed in front of a pattern only, where it means any of the other patterns. A negated answer
    would let a benign answer make a rule match, and no benign answer may raise a level.

    Parameters
    ----------
    text : str
        The condition.
    vocabulary : mapping of str to sequence of str
        The names that may be used and the values of each; "pattern" is one of the names.

    Returns
    -------
    Condition
        The tree; `holds(facts)` evaluates it, `cases()` lists the smallest sets of facts that meet it.

    Raises
    ------
    LesionvisError
        If a name or a value is not in the vocabulary, or the condition is not well formed.

    Examples
    --------
    >>> vocabulary = {"pattern": ("angioma", "uncertain"), "fever": ("yes", "unknown")}
    >>> condition = parse_condition("NOT pattern=uncertain AND (fever=yes|unknown)", vocabulary)
    >>> condition.holds({"pattern": "angioma", "fever": "unknown"})
    True
    >>> condition.cases()
    ({'pattern': 'angioma', 'fever': 'yes'}, {'pattern': 'angioma', 'fever': 'unknown'})
    """
    reader = _Reader(text, vocabulary)
    condition = reader.either()
    if reader.word:
        reader.fail(f'"{reader.word}" is not expected here')
    return condition


class _Reader:
    """Recursive descent over the words of one condition: `either` > `both` > `single`."""

    def __init__(self, text: str, vocabulary: Mapping[str, Sequence[str]]) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.words = _TOKEN.findall(text)
        self.place = 0

    @property
    def word(self) -> str:
        """The next word; empty at the end."""
        return self.words[self.place] if self.place < len(self.words) else ""

    def fail(self, reason: str) -> NoReturn:
        raise LesionvisError(f'The condition "{self.text}" cannot be read: {reason}; correct it in the table of rules.')

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
        return self.term()

    def negated(self, term: Is) -> Is:
        if term.name != PATTERN:
            self.fail(f'NOT may stand before a pattern only, not before "{term.name}"')
        return Is(PATTERN, tuple(label for label in self.vocabulary[PATTERN] if label not in term.values))

    def term(self) -> Is:
        if self.take("blood_like"):
            return Is(PATTERN, BLOOD_LIKE)
        name, _, value = self.word.partition("=")
        if name not in self.vocabulary:
            self.fail(f'"{self.word or "its end"}" is where name=value with a known name should be')
        values = tuple(value.split("|"))
        for choice in values:
            if choice not in self.vocabulary[name]:
                self.fail(f'"{name}" may be one of {", ".join(self.vocabulary[name])}, not "{choice}"')
        self.place += 1
        return Is(name, values)
