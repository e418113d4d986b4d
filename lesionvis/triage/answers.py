"""Answers of a person about the spots, three-valued and unknown until given, and their questions."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from lesionvis.errors import AnswerError, LesionvisError
from lesionvis.labels import LABELS

UNKNOWN = "unknown"
# What a question is about, in the order of asking.
ASKED_ABOUT = ("red_flags", "person", "spots", "course", "single_lesion")
# What nobody has to be asked, as it follows: (benign answers, what is benign then). Babies' signs need a child; pain
# below the ribs and changed sight are asked in pregnancy and after birth.
_FOLLOWING = (
    (("child",), ("infant_u3m", "high_pitched_cry", "baby_39", "not_feeding")),
    (("pregnant", "recent_birth"), ("vision_changes", "upper_belly_pain")),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question and its values.

    Attributes
    ----------
    name : str
        Name of the answer.
    benign, harmful : str
        The two known values; the third is always "unknown".
    text : str
        The question in plain words.
    help : str
        How to find out, in plain words.
    group : str
        What it is about, one of `ASKED_ABOUT`.
    patterns : tuple of str
        The patterns for which it is asked.
    """

    name: str
    benign: str
    harmful: str
    text: str
    help: str
    group: str
    patterns: tuple[str, ...]

    @property
    def choices(self) -> tuple[str, str, str]:
        """The three values: benign, harmful, unknown."""
        return self.benign, self.harmful, UNKNOWN


def read_table(text: str, table: str, columns: Sequence[str], *, key_columns: int = 1) -> list[dict[str, str]]:
    """Read a table that must have exactly these columns and in every row another key.

    Parameters
    ----------
    text : str
        The comma-separated table.
    table : str
        Its name, for messages.
    columns : sequence of str
        Names of the columns, in order.
    key_columns : int
        How many columns, from the first, make up the key.

    Returns
    -------
    list of dict
        One mapping per row, column -> text.

    Raises
    ------
    LesionvisError
        If columns are missing, unknown or out of order, a row has too few or too many fields, or a key is
        repeated.
    """
    header, *rows = csv.reader(text.splitlines()) if text.strip() else [[]]
    if header != list(columns):
        raise LesionvisError(f"{table} has the columns {header}; give it {list(columns)}.")
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        key = tuple(row[:key_columns])
        if len(row) != len(columns) or not all(key) or key in seen:
            raise LesionvisError(f"{table} has a damaged row (repeated key or wrong number of fields): {row}; mend it.")
        seen.add(key)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def packaged_text(name: str) -> str:
    """Text of a file that ships inside the package.

    Parameters
    ----------
    name : str
        Name of a file of `lesionvis.triage`.

    Returns
    -------
    str
        Content in UTF-8.
    """
    return resources.files("lesionvis.triage").joinpath(name).read_text(encoding="utf-8")


def _parse_questions(text: str) -> Mapping[str, Question]:
    """Questions by name, from the text of `answers.csv`; LesionvisError if it is damaged."""
    found = {}
    columns = ("name", "benign", "unknown", "harmful", "group", "question", "help", "applies_to")
    for row in read_table(text, "answers.csv", columns):
        values = {row["benign"], row["unknown"], row["harmful"]}
        if row["unknown"] != UNKNOWN or len(values) != 3 or not all(row.values()):
            raise LesionvisError(
                f'answers.csv, row "{row["name"]}": fill every column, with three different values of '
                f'which the middle one is "{UNKNOWN}".'
            )
        patterns = tuple(row["applies_to"].split("|"))
        if row["group"] not in ASKED_ABOUT or not set(patterns) <= set(LABELS):
            raise LesionvisError(
                f'answers.csv, row "{row["name"]}": give a group of {", ".join(ASKED_ABOUT)} and known patterns.'
            )
        found[row["name"]] = Question(
            name=row["name"],
            benign=row["benign"],
            harmful=row["harmful"],
            text=row["question"],
            help=row["help"],
            group=row["group"],
            patterns=patterns,
        )
    return MappingProxyType(found)


@cache
def questions() -> Mapping[str, Question]:
    """Every question by its answer's name, in the order of the table; read-only.

    Returns
    -------
    mapping of str to Question
        Read-only.

    Examples
    --------
    >>> questions()["blanch"].choices
    ('fades', 'does_not_fade', 'unknown')
    """
    return _parse_questions(packaged_text("answers.csv"))


@dataclass(frozen=True, slots=True)
class Answers:
    """Known answers about the person and the spots; whatever was not given is unknown.

    Attributes
    ----------
    given : tuple of (str, str)
        Name and value of each known answer, in the order of the questions; "unknown" ones are left out, so
        that equal answers compare equal.

    Raises
    ------
    AnswerError
        If a name or a value is not one of the known ones; the message lists them and suggests the closest.

    Examples
    --------
    >>> answers = Answers.from_mapping({"blanch": "does_not_fade", "fever": "yes", "child": "unknown"})
    >>> answers
    Answers(given=(('fever', 'yes'), ('blanch', 'does_not_fade')))
    >>> answers["fever"], answers["child"]
    ('yes', 'unknown')
    """

    given: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check every name and value and put them into the one order."""
        if not (isinstance(self.given, tuple) and all(isinstance(p, tuple) and len(p) == 2 for p in self.given)):
            raise AnswerError(
                f"Answers take pairs of name and value, not {type(self.given).__name__};"
                ' use Answers.from_mapping({"fever": "yes"}).'
            )
        for name, value in self.given:
            _check_answer(name, value)
        known = {name: value for name, value in self.given if value != UNKNOWN}
        ordered = tuple((name, known[name]) for name in questions() if name in known)
        object.__setattr__(self, "given", ordered)

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Answers:
        """Answers from a mapping of names to values.

        Parameters
        ----------
        given : mapping of str to str
            Any of the answers; the others are unknown.

        Returns
        -------
        Answers
            The checked answers.

        Raises
        ------
        AnswerError
            If it is no mapping, or a name or a value is not one of the known ones.
        """
        if not isinstance(given, Mapping):
            raise AnswerError(
                f'Answers are given as Answers or a mapping such as {{"fever": "yes"}}, not as {type(given).__name__}.'
            )
        return cls(tuple(given.items()))

    def __getitem__(self, name: str) -> str:
        """Value of one answer, "unknown" where it was not given; AnswerError for a name that is none."""
        _check_answer(name, UNKNOWN)
        return dict(self.given).get(name, UNKNOWN)

    def replace(self, **changes: str) -> Answers:
        """Return a copy with some answers changed; "unknown" takes one back.

        Parameters
        ----------
        **changes : str
            Values by name of the question.

        Returns
        -------
        Answers
            The copy.

        Raises
        ------
        AnswerError
            If a name or a value is not known.

        Examples
        --------
        >>> Answers().replace(fever="yes")["fever"]
        'yes'
        """
        return Answers.from_mapping(dict(self.given) | changes)

    def to_dict(self) -> dict[str, str]:
        """Every answer with its value, in the order of the questions.

        Returns
        -------
        dict of str to str
            Values by name of the question.
        """
        return dict.fromkeys(questions(), UNKNOWN) | dict(self.given)


def with_following(answers: Answers) -> Answers:
    """Answers with what goes without saying: nobody asks an adult about a baby's cry.

    Parameters
    ----------
    answers : Answers

    Returns
    -------
    Answers
        The same, with benign values where an answer is unknown and its question would not be put. Nothing that was
        given is changed.

    Examples
    --------
    >>> with_following(Answers.from_mapping({"child": "no"}))["baby_39"]
    'no'
    """
    following = {
        name: questions()[name].benign
        for needed, then in _FOLLOWING
        if all(answers[other] == questions()[other].benign for other in needed)
        for name in then
        if answers[name] == UNKNOWN
    }
    return answers.replace(**following) if following else answers


def as_answers(told: Answers | Mapping[str, str] | None) -> Answers:
    """Answers of what a caller gives.

    Parameters
    ----------
    told : Answers, mapping of str to str, or None
        None means that nothing was asked, so that everything is unknown.

    Returns
    -------
    Answers

    Raises
    ------
    AnswerError
        If it is something else, or a name or a value is not one of the known ones.

    Examples
    --------
    >>> as_answers({"fever": "yes"})["fever"], as_answers(None)["fever"]
    ('yes', 'unknown')
    """
    if told is None:
        return Answers()
    return told if isinstance(told, Answers) else Answers.from_mapping(told)


def _check_answer(name: str, value: str) -> None:
    """Raise AnswerError, with the right names or values, unless both are known."""
    if name not in questions():
        raise AnswerError(f'There is no answer "{name}"{closest(name, questions())}')
    if value not in questions()[name].choices:
        raise AnswerError(f'The answer "{name}" cannot be "{value}"{closest(value, questions()[name].choices)}')


def closest(wrong: object, right: Sequence[str] | Mapping[str, Question]) -> str:
    """End of a sentence on a wrong name that suggests the closest right one and lists all of them.

    Parameters
    ----------
    wrong : object
        Name that was given.
    right : sequence or mapping of str
        Names that exist.

    Returns
    -------
    str
        From the punctuation on.

    Examples
    --------
    >>> closest("fadess", ["fades", "does_not_fade"])
    '; did you mean "fades"? Choose one of: fades, does_not_fade.'
    """
    from difflib import get_close_matches  # only needed once something is wrong

    close = get_close_matches(str(wrong), list(right), n=1)
    suggestion = f'; did you mean "{close[0]}"?' if close else "."
    return f"{suggestion} Choose one of: {', '.join(right)}."
