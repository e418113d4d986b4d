"""Rules that match, and unanswered questions that still count.

Every rule is turned into the smallest sets of facts that meet it, and every set into one integer: two bits for each
answer, the lower for "not benign" and the upper for "harmful". A set is met when all its bits are among those of the
answers. As no rule asks for a benign answer, an answer that gets worse only ever adds bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from lesionvis.triage.answers import UNKNOWN, Answers, questions
from lesionvis.triage.conditions import PATTERN
from lesionvis.triage.rules import Level, Rule, rules

Patterns = tuple[str, ...]


@cache
def _bits() -> Mapping[str, tuple[int, int]]:
    """For each answer the bits of "unknown" and of its harmful value."""
    return MappingProxyType({name: (1 << 2 * place, 3 << 2 * place) for place, name in enumerate(questions())})


@cache
def _all_unknown() -> int:
    return sum(unknown for unknown, _ in _bits().values())


def facts_of(answers: Answers) -> int:
    """Bits of the answers.

    Parameters
    ----------
    answers : Answers
        What the person says.

    Returns
    -------
    int
        One bit for each value that may hold.
    """
    facts = _all_unknown()
    for name, value in answers.given:
        _, harmful = _bits()[name]
        facts = facts & ~harmful if value == questions()[name].benign else facts | harmful
    return facts


@cache
def _ways(patterns: Patterns) -> tuple[tuple[Rule, tuple[int, ...]], ...]:
    """Rules that can match for the patterns, highest level first, each with its smallest sets of facts."""
    found = []
    for rule in rules():
        sets = {_facts_of_case(case) for case in rule.condition.cases() if case.get(PATTERN, patterns[0]) in patterns}
        if sets:
            found.append((rule, tuple(_smallest(sets))))
    return tuple(found)


def _facts_of_case(case: Mapping[str, str]) -> int:
    facts = 0
    for name, value in case.items():
        if name != PATTERN:
            facts |= _bits()[name][value != UNKNOWN]
    return facts


def _smallest(sets: Iterable[int]) -> list[int]:
    """The sets that hold no other of them."""
    kept: list[int] = []
    for one in sorted(set(sets), key=int.bit_count):
        if all(other & ~one for other in kept):
            kept.append(one)
    return kept


def matching(patterns: Patterns, facts: int) -> tuple[Rule, ...]:
    """Every rule that matches for at least one of the patterns, highest level first.

    Parameters
    ----------
    patterns : Patterns
        Patterns that are judged.
    facts : int
        Bits from `facts_of`.

    Returns
    -------
    tuple of Rule
        Those that match.
    """
    return tuple(rule for rule, ways in _ways(patterns) if _is_met(ways, facts))


def level_of(patterns: Patterns, facts: int) -> Level:
    """Highest level of all rules that match.

    Parameters
    ----------
    patterns : Patterns
        Patterns that are judged.
    facts : int
        Bits from `facts_of`.

    Returns
    -------
    Level
        Of the first rule that matches.
    """
    return next(rule.level for rule, ways in _ways(patterns) if _is_met(ways, facts))


def _is_met(ways: tuple[int, ...], facts: int) -> bool:
    # A plain loop: a generator would take most of the time.
    for way in ways:  # noqa: SIM110
        if way & facts == way:
            return True
    return False


@lru_cache(maxsize=256)
def open_names(patterns: Patterns, answers: Answers) -> tuple[tuple[str, Level, Level], ...]:
    """Unanswered questions that can still change the level, with the highest and the lowest level of each alone.

    A question can change the level exactly when it is part of a smallest set of facts that reaches some level, once
    the answers that are known have been put in: the level then hangs on it where all else outside the set is benign.

    Parameters
    ----------
    patterns : tuple of str
        Patterns whose rules are asked.
    answers : Answers

    Returns
    -------
    tuple of (str, Level, Level)
        In the order of the questions.
    """
    facts = facts_of(answers)
    known = sum(_bits()[name][1] for name, _ in answers.given)
    needed = 0
    reaching: set[int] = set()
    for level in sorted(Level, reverse=True):
        for rule, ways in _ways(patterns):
            if rule.level == level:
                reaching |= {way & ~known for way in ways if not way & known & ~facts}
        smallest = _smallest(reaching)
        if smallest == [0]:  # surely reached, whatever the others are
            break
        for one in smallest:
            needed |= one
        reaching = set(smallest)
    return tuple(
        (name, level_of(patterns, facts | harmful), level_of(patterns, facts & ~harmful))
        for name, (unknown, harmful) in _bits().items()
        if needed & unknown
    )
