"""What was answered, what was not, and what the photo filled in, sorted for a person who reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lesionvis.labels import PETECHIAL_SHOWER, SINGLE_LESION
from lesionvis.triage.advice import Advice, OpenQuestion
from lesionvis.triage.answers import UNKNOWN, questions

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


def help_words(name: str) -> str:
    """Help of a question, without the raw names of values.

    Examples
    --------
    >>> help_words("blanch")
    'Press the side firmly and look through it; choose "they stay" if even some of them stay.'
    """
    words = {"does_not_fade": '"they stay"', UNKNOWN: '"I don\'t know"'}
    return _RAW_NAMES.sub(lambda found: words[found.group()], questions()[name].help)


def relevant_patterns(advice: Advice) -> tuple[str, ...]:
    """Patterns whose questions matter: those that were judged, and what the person tells of besides."""
    several, one = (advice.answers[name] == questions()[name].harmful for name in ("unseen_spots", "single_spot"))
    return (*advice.judged_as, *([PETECHIAL_SHOWER] if several else []), *([SINGLE_LESION] if one else []))


def still_to_answer(advice: Advice) -> tuple[OpenQuestion, ...]:
    """Open questions that are asked for what the photo or the person shows, most decisive first."""
    patterns = set(relevant_patterns(advice))
    return tuple(found for found in advice.open_questions if patterns & set(found.question.patterns))


def value_words(value: str) -> str:
    """Value of an answer in plain words.

    Examples
    --------
    >>> value_words("does_not_fade"), value_words("yes")
    ('they stay, all or some of them', 'yes')
    """
    return VALUE_WORDS.get(value, value)


@dataclass(frozen=True, slots=True)
class Told:
    """Answers sorted by what they mean.

    Attributes
    ----------
    signs, others : tuple of (str, str)
        Question and value in words: what counts as a warning, and all other answers of the person.
    from_photo : tuple of (str, str)
        Question, and what was measured: what the photo filled in, or made worse.
    not_answered : tuple of str
        Questions without an answer that are asked for this pattern.
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
    >>> told.signs, told.others
    ((('Has the spot changed over weeks or months?', 'yes'),), (('Is the person under 18?', 'no'),))
    """
    signs: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    not_answered = []
    patterns = set(relevant_patterns(advice))
    for name, question in questions().items():
        value = advice.told[name]
        if value != UNKNOWN:
            (signs if value == question.harmful else others).append((question.text, value_words(value)))
        elif advice.answers[name] == UNKNOWN and patterns & set(question.patterns):
            not_answered.append(question.text)
    seen = tuple((questions()[name].text, seen) for name, seen in advice.photo_findings)
    return Told(tuple(signs), tuple(others), seen, tuple(not_answered))
