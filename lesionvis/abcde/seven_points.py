"""The weighted 7-point checklist beside the ABCDE, from answers and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lesionvis.triage.answers import UNKNOWN, Answers, questions
from lesionvis.triage.evidence import SEVEN_POINTS_MIN

SOURCE = "NICE NG12, weighted 7-point checklist; validated by Walter et al. 2013, Br J Gen Pract 63:e345"
DIAMETER_MIN_MM = 7.0
# Points of each item: three major, four minor.
POINTS: Mapping[str, int] = {
    "change in size": 2,
    "irregular shape": 2,
    "irregular colour": 2,
    "diameter of 7 mm or more": 1,
    "inflammation": 1,
    "oozing": 1,
    "change in sensation": 1,
}
# Answers that tell of an item.
_TOLD = {"change in size": "changed", "oozing": "spot_bleeds", "change in sensation": "itch"}


@dataclass(frozen=True, slots=True)
class SevenPoints:
    """State of the checklist, as far as it is known.

    Attributes
    ----------
    present : dict
        Item of `POINTS` -> True, False, or None when nothing says so.
    from_photo : tuple of str
        Items that were measured; the others come from answers.
    scores_3 : bool or None
        Whether it reaches `SEVEN_POINTS_MIN`: what the items prove, or else the person's own count.
    """

    present: dict[str, bool | None]
    from_photo: tuple[str, ...]
    scores_3: bool | None

    @property
    def lowest(self) -> int:
        """Points of the items that are present."""
        return sum(POINTS[item] for item, is_present in self.present.items() if is_present)

    @property
    def highest(self) -> int:
        """Score with every unknown item counted as present."""
        return sum(POINTS[item] for item, is_present in self.present.items() if is_present is not False)

    def size_changed(self) -> SevenPoints:
        """Checklist with a change in size that dated photos show.

        Returns
        -------
        SevenPoints
            Scored again.
        """
        item = "change in size"
        from_photo = tuple(dict.fromkeys((*self.from_photo, item)))
        return _scored(self.present | {item: True}, from_photo, self.scores_3)

    def answered(self, answers: Answers) -> SevenPoints:
        """Checklist of the same spot with other answers.

        Parameters
        ----------
        answers : Answers

        Returns
        -------
        SevenPoints
            With what was measured as it was.
        """
        measured = {item: self.present[item] for item in self.from_photo if item not in _TOLD}
        return _filled(answers, measured)

    @property
    def finding(self) -> str:
        """One sentence: points, and what is not known."""
        unknown = [item for item, is_present in self.present.items() if is_present is None]
        text = f"{self.lowest} points known"
        text += f", up to {self.highest} with what is not known ({', '.join(unknown)})" if unknown else ""
        verdicts = {True: "3 or more", False: "fewer than 3", None: "open whether 3 or more"}
        return f"{text}: {verdicts[self.scores_3]}."


def seven_points(
    answers: Answers,
    *,
    shape_is_irregular: bool | None = None,
    color_is_irregular: bool | None = None,
    diameter_mm: float = float("nan"),
) -> SevenPoints:
    """Fill the checklist.

    Parameters
    ----------
    answers : Answers
        "changed", "spot_bleeds" and "itch" tell of items, and "checklist7_ge3" is the person's own count, which can
        only add to what was measured.
    shape_is_irregular, color_is_irregular : bool or None
        As measured; None when not measured.
    diameter_mm : float
        Longest diameter, mm; NaN when not measured.

    Returns
    -------
    SevenPoints

    Examples
    --------
    >>> seven_points(Answers.from_mapping({"changed": "yes"}), shape_is_irregular=True).finding
    '4 points known, up to 10 with what is not known (irregular colour, ...): 3 or more.'
    """
    measured = {
        "irregular shape": shape_is_irregular,
        "irregular colour": color_is_irregular,
        "diameter of 7 mm or more": diameter_mm >= DIAMETER_MIN_MM if np.isfinite(diameter_mm) else None,
    }
    return _filled(answers, measured)


def _filled(answers: Answers, measured: Mapping[str, bool | None]) -> SevenPoints:
    """Checklist of what was measured, and of what a person tells."""
    present: dict[str, bool | None] = {
        item: answered(answers, _TOLD[item]) if item in _TOLD else measured.get(item) for item in POINTS
    }
    from_photo = tuple(item for item, is_present in measured.items() if is_present is not None)
    return _scored(present, from_photo, answered(answers, "checklist7_ge3"))


def _scored(present: dict[str, bool | None], from_photo: tuple[str, ...], own_count: bool | None) -> SevenPoints:
    """Checklist with the verdict of its items, or of the person's own count where they prove nothing."""
    checklist = SevenPoints(present, from_photo, own_count)
    if checklist.lowest >= SEVEN_POINTS_MIN:
        return replace(checklist, scores_3=True)
    if own_count is None and checklist.highest < SEVEN_POINTS_MIN:
        return replace(checklist, scores_3=False)
    return checklist


def answered(answers: Answers, name: str) -> bool | None:
    """Value of an answer in three-valued logic.

    Parameters
    ----------
    answers : Answers
        What the person says.
    name : str
        Name of a question.

    Returns
    -------
    bool or None
        True for the harmful value, False for the benign one, None for an unknown one.
    """
    value = answers[name]
    return None if value == UNKNOWN else value == questions()[name].harmful
