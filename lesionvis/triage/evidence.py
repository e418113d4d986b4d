"""Measurements in photos that a rule may use: they can raise a level, never lower one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from lesionvis.labels import SINGLE_LESION
from lesionvis.triage.answers import Answers, questions

T = TypeVar("T", bound=float)

# "Few" spots, which the advice to watch asks for, means fewer than this; no guideline names a number.
MANY_SPOTS = 10
# From so many points of the weighted 7-point checklist on a spot is referred (NICE NG12).
SEVEN_POINTS_MIN = 3
# Non-fading spots wider than this are a red flag in NICE NG240.
LARGE_SPOT_MM = 2.0


@dataclass(frozen=True, slots=True)
class PhotoEvidence:
    """Measurements in a photo that a rule may use. They can raise a level, never lower one.

    They stand in for an answer that nobody gave. Where the person gave another answer, the worse of the two counts and
    the disagreement is noted.

    Attributes
    ----------
    spot_count : int or None
        Spots found; None when not counted. Of a single spot it says nothing.
    largest_diameter_mm : float or None
        Diameter of the largest spot, mm; None in a photo without a scale, and NaN becomes None. Of a single spot it
        says nothing.
    abcde_any : bool or None
        Whether any of the measured ABCDE features is present; None when not measured.
    seven_points : int or None
        Points of the weighted 7-point checklist that are known; None when no lesion was measured.
    stands_out : bool
        Whether one spot stands out from the skin and from whatever other spots there are. In a crop of spots it is
        judged by itself too.
    further : tuple of (str, str)
        Answers to which a comparison with other photos gives the harmful value, each with what was seen.
    flags : tuple of str
        Reasons to distrust the photo, by name; see `lesionvis.flags`.
    """

    spot_count: int | None = None
    largest_diameter_mm: float | None = None
    abcde_any: bool | None = None
    stands_out: bool = False
    further: tuple[tuple[str, str], ...] = ()
    seven_points: int | None = None
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Turn NaN into None: a number that is not known is written in one way, and is equal to itself."""
        if self.largest_diameter_mm is not None and math.isnan(self.largest_diameter_mm):
            object.__setattr__(self, "largest_diameter_mm", None)

    def merged(self, other: PhotoEvidence) -> PhotoEvidence:
        """All that was measured in these photos and in others of the same spots.

        Parameters
        ----------
        other : PhotoEvidence

        Returns
        -------
        PhotoEvidence
            The more harmful of two values; every further finding and flag once.

        Examples
        --------
        >>> both = PhotoEvidence(spot_count=12).merged(PhotoEvidence(spot_count=9, abcde_any=True))
        >>> both.spot_count, both.abcde_any
        (12, True)
        """
        return PhotoEvidence(
            spot_count=_greater(self.spot_count, other.spot_count),
            largest_diameter_mm=_greater(self.largest_diameter_mm, other.largest_diameter_mm),
            abcde_any=_greater(self.abcde_any, other.abcde_any),
            stands_out=self.stands_out or other.stands_out,
            further=tuple(dict.fromkeys(self.further + other.further)),
            seven_points=_greater(self.seven_points, other.seven_points),
            flags=tuple(dict.fromkeys(self.flags + other.flags)),
        )

    def findings(self, *, single_spot: bool = False) -> Iterator[tuple[str, str]]:
        """Yield the answers to which the photo gives the harmful value, each with what was seen.

        Parameters
        ----------
        single_spot : bool
            Whether it is one spot that is judged: what else a photo shows, and a width over 2 mm, are no signs then.

        Yields
        ------
        tuple of (str, str)
        """
        if not single_spot and self.spot_count is not None and self.spot_count >= MANY_SPOTS:
            yield "count", f"The photo shows {self.spot_count} spots"
        if not single_spot and self.largest_diameter_mm is not None and self.largest_diameter_mm > LARGE_SPOT_MM:
            yield "size_gt2mm", f"The largest spot measures about {self.largest_diameter_mm:.1f} mm"
        if self.abcde_any:
            yield "abcde_any", "The spot in the photo shows at least one ABCDE feature"
        if self.seven_points is not None and self.seven_points >= SEVEN_POINTS_MIN:
            yield "checklist7_ge3", f"The spot has {self.seven_points} points of the 7-point list, as far as known"
        yield from self.further


def _greater(one: T | None, other: T | None) -> T | None:
    """The greater of two numbers, of which None is not known."""
    return max((value for value in (one, other) if value is not None), default=None)


def is_single_spot(pattern: str, told: Answers) -> bool:
    """Test whether one spot is judged, as the photo shows or as the person says.

    Parameters
    ----------
    pattern : str
        Pattern of the photo.
    told : Answers
        What the person says.

    Returns
    -------
    bool
        True for one spot.
    """
    return pattern == SINGLE_LESION or told["single_spot"] == questions()["single_spot"].harmful


def answers_with_photo(answers: Answers, photo: PhotoEvidence, *, single_spot: bool = False) -> Answers:
    """Answers with what the photo adds: harmful values only, whatever was answered.

    Parameters
    ----------
    answers : Answers
        What the person said.
    photo : PhotoEvidence
        What was measured.
    single_spot : bool
        As in `PhotoEvidence.findings`.

    Returns
    -------
    Answers
        None better than the person's own.

    Raises
    ------
    AnswerError
        If a further finding is on an answer that does not exist.

    Examples
    --------
    >>> answers_with_photo(Answers(), PhotoEvidence(spot_count=34, largest_diameter_mm=1.2))
    Answers(given=(('count', 'many'),))
    """
    worse = {}
    for name, _ in photo.findings(single_spot=single_spot):
        if answers[name] != questions()[name].harmful:
            worse[name] = questions()[name].harmful
    return answers.replace(**worse)
