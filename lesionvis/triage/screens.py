"""The order of asking as data: which questions stand on which screen, and when a screen is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from lesionvis.errors import LesionvisError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import Answers, packaged_text, questions, read_table


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of questions.

    Attributes
    ----------
    pattern : str
    number : int
        From 1, in the order of asking.
    title : str
        In plain words.
    names : tuple of str
        Names of the answers that are asked.
    shown_if : tuple of (str, tuple of str)
        Answers with values of which one makes the screen shown; empty when it is always shown.
    form : str
        How the questions are put.
    """

    pattern: str
    number: int
    title: str
    names: tuple[str, ...]
    shown_if: tuple[tuple[str, tuple[str, ...]], ...]

    def is_shown(self, answers: Answers) -> bool:
        """Test whether the screen is of use.

        Parameters
        ----------
        answers : Answers
            Answers so far.

        Returns
        -------
        bool
            True if it is to be shown.
        """
        return not self.shown_if or any(answers[name] in values for name, values in self.shown_if)


def _parse_screens(text: str) -> Mapping[str, tuple[Screen, ...]]:
    """Screens of every pattern in their order, from the text of `ask_order.csv`; LesionvisError if it is damaged."""
    found: dict[str, tuple[Screen, ...]] = dict.fromkeys(LABELS, ())
    columns = ("pattern", "screen", "title", "answers", "shown_if", "form")
    for row in read_table(text, "ask_order.csv", columns, key_columns=2):
        where = f'ask_order.csv, row "{row["pattern"]}, {row["screen"]}"'
        earlier = found.get(row["pattern"])
        if earlier is None or row["screen"] != str(len(earlier) + 1) or not (row["title"] and row["form"]):
            raise LesionvisError(f"{where}: give a known pattern, the screens in order from 1, a title and a form.")
        names = tuple(row["answers"].split("|"))
        asked = [name for screen in earlier for name in screen.names] + list(names)
        if not set(names) <= set(questions()) or len(set(asked)) < len(asked):
            raise LesionvisError(f"{where}: name known answers, each on one screen only.")
        shown_if = tuple(_alternative(part, where) for part in row["shown_if"].split(" or ") if part)
        screen = Screen(row["pattern"], len(earlier) + 1, row["title"], names, shown_if)
        found[row["pattern"]] = (*earlier, screen)
    if not all(found.values()):
        raise LesionvisError("ask_order.csv has no screen for one of the patterns; add one.")
    return MappingProxyType(found)


def _alternative(text: str, where: str) -> tuple[str, tuple[str, ...]]:
    """Name and values of one alternative, such as "single_spot=no|unknown"."""
    name, _, value = text.partition("=")
    values = tuple(value.split("|"))
    if name not in questions() or not set(values) <= set(questions()[name].choices):
        raise LesionvisError(f'{where}: "{text}" must be NAME=VALUE with a known answer and its values.')
    return name, values


@cache
def screens() -> Mapping[str, tuple[Screen, ...]]:
    """Screens of every pattern, in the order of asking; read-only.

    Returns
    -------
    mapping of str to tuple of Screen
        Read-only.

    Examples
    --------
    >>> [screen.title for screen in screens()["angioma"]][2]
    'About the spot'
    """
    return _parse_screens(packaged_text("ask_order.csv"))
