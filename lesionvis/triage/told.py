"""Answers that were given, that are missing and that the photo filled in, sorted for a person who reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from lesionvis.errors import LesionvisError
from lesionvis.labels import PETECHIAL_SHOWER, SINGLE_LESION
from lesionvis.triage.advice import Advice, OpenQuestion
from lesionvis.triage.answers import UNKNOWN, packaged_text, questions, read_table

VALUE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fades": "they fade",
        "does_not_fade": "they stay, all or some of them",
        "few": "fewer than 10",
        "many": "10 or more",
        "brown_or_black": "brown or black",
        "red_or_purple": "red or purple",
        "fits_explanation": "yes, only there",
        "elsewhere_or_widespread": "no, also elsewhere",
        "one_area": "on one part",
        "several_areas": "on several parts",
        UNKNOWN: "not known",
    }
)
"""Values in plain words, where their name is not one."""

_RAW_NAMES = re.compile(r"\b(?:does_not_fade|unknown)\b")


def value_words(value: str) -> str:
    """Value of an answer in plain words.

    Parameters
    ----------
    value : str
        As in `Question.choices`.

    Returns
    -------
    str
        The value itself where it is plain enough.

    Examples
    --------
    >>> value_words("does_not_fade"), value_words("yes")
    ('they stay, all or some of them', 'yes')
    """
    return VALUE_WORDS.get(value, value)


def help_words(name: str) -> str:
    """Help of a question, without the raw names of values.

    Parameters
    ----------
    name : str
        Name of the question.

    Returns
    -------
    str
        Plain sentences.

    Raises
    ------
    KeyError
        If there is no such question.

    Examples
    --------
    >>> help_words("blanch")
    'Press the side firmly and look through it; choose "they stay" if even some of them stay.'
    """
    words = {"does_not_fade": '"they stay"', UNKNOWN: '"I don\'t know"'}
    return _RAW_NAMES.sub(lambda found: words[found.group()], questions()[name].help)


def _parse_short_words(text: str) -> Mapping[str, str]:
    """Short words by name of the answer, from the text of `short_words.csv`; LesionvisError if it is damaged."""
    found = {row["name"]: row["words"] for row in read_table(text, "short_words.csv", ("name", "words"))}
    if found.keys() != questions().keys() or not all(found.values()):
        raise LesionvisError("short_words.csv must have short words for every answer of answers.csv, and no others.")
    return MappingProxyType(found)


@cache
def short_words() -> Mapping[str, str]:
    """Every answer in a few words by its name, where many are listed.

    Returns
    -------
    mapping of str to str
        Read-only.

    Raises
    ------
    LesionvisError
        If the packaged table is damaged.

    Examples
    --------
    >>> short_words()["blanch"]
    'glass test'
    """
    return _parse_short_words(packaged_text("short_words.csv"))


def _relevant_patterns(advice: Advice) -> tuple[str, ...]:
    """Patterns whose questions matter: those that were judged, and what the person tells of besides."""
    several, one = (advice.answers[name] == questions()[name].harmful for name in ("unseen_spots", "single_spot"))
    return (*advice.judged_as, *([PETECHIAL_SHOWER] if several else []), *([SINGLE_LESION] if one else []))


def still_to_answer(advice: Advice) -> tuple[OpenQuestion, ...]:
    """Open questions that are asked for what the photo or the person shows, most decisive first.

    Parameters
    ----------
    advice : Advice

    Returns
    -------
    tuple of OpenQuestion
        In the order of `Advice.open_questions`.
    """
    patterns = set(_relevant_patterns(advice))
    return tuple(found for found in advice.open_questions if patterns & set(found.question.patterns))


@dataclass(frozen=True, slots=True)
class Told:
    """Answers sorted by what they mean.

    Attributes
    ----------
    signs, others : tuple of (str, str)
        Name and value: what counts as a warning, and all other answers of the person.
    from_photo : tuple of (str, str)
        Name, and what was measured: what the photo filled in, or made worse.
    not_answered : tuple of str
        Names of answers that are asked for what the photo or the person shows, and are not known.
    """

    signs: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]
    from_photo: tuple[tuple[str, str], ...]
    not_answered: tuple[str, ...]


def told_of(advice: Advice) -> Told:
    """Sort the answers behind an advice.

    Parameters
    ----------
    advice : Advice

    Returns
    -------
    Told

    Examples
    --------
    >>> from lesionvis.triage import advise
    >>> told = told_of(advise("angioma", {"child": "no", "changed": "yes"}))
    >>> told.signs, told.others, told.not_answered[:2]
    ((('changed', 'yes'),), (('child', 'no'),), ('confused_or_drowsy', 'short_of_breath'))
    """
    signs: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    not_answered = []
    patterns = set(_relevant_patterns(advice))
    for name, question in questions().items():
        value = advice.told[name]
        if value != UNKNOWN:
            (signs if value == question.harmful else others).append((name, value))
        elif advice.answers[name] == UNKNOWN and patterns & set(question.patterns):
            not_answered.append(name)
    return Told(tuple(signs), tuple(others), advice.photo_findings, tuple(not_answered))


def listed(answers: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Answers in a few words each: the words alone for "yes", the words and the value otherwise.

    Parameters
    ----------
    answers : tuple of (str, str)
        Name and value of each.

    Returns
    -------
    tuple of str
        One per answer, in their order.

    Raises
    ------
    KeyError
        If a name is not that of an answer.

    Examples
    --------
    >>> listed((("fever", "yes"), ("explained", "no"), ("blanch", "fades")))
    ('fever now', 'clear cause before: no', 'glass test: they fade')
    """
    return tuple(
        short_words()[name] if value == "yes" else f"{short_words()[name]}: {value_words(value)}"
        for name, value in answers
    )
