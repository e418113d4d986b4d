"""The weighted 7-point checklist beside the ABCDE, from answers and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lesionvis.triage.answers import UNKNOWN, Answers, questions

SOURCE = "NICE NG12, weighted 7-point checklist; validated by Walter et al. 2013, Br J Gen Pract 63:e345"
REFERRAL_MIN = 3
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
        Whether it reaches `REFERRAL_MIN`: the person's own count where there is one, else what the items prove.
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
        "changed" tells of the change in size, and "checklist7_ge3" is the person's own count, which goes before.
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
    present: dict[str, bool | None] = {
        item: answered(answers, "changed") if item == "change in size" else measured.get(item) for item in POINTS
    }
    from_photo = tuple(item for item, is_present in measured.items() if is_present is not None)
    checklist = SevenPoints(present, from_photo, answered(answers, "checklist7_ge3"))
    if checklist.scores_3 is not None:
        return checklist
    proven = True if checklist.lowest >= REFERRAL_MIN else False if checklist.highest < REFERRAL_MIN else None
    return replace(checklist, scores_3=proven)


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
