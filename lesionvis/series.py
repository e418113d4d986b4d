"""Dated photos of the same skin -> Course: what came, went, grew and faded, interval by interval.

Every two photos that follow each other are registered. Where that cannot be trusted nothing is compared: a change that
nobody saw is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blood_map
from lesionvis.errors import SettingsError
from lesionvis.matching import FADED_MAX, GROWN_MIN, SURE_ERRORS, Matches, match_spots
from lesionvis.register import Registration, register

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

SECONDS_PER_DAY = 86400.0
# Spots are taken to spread when at least so many, and this share of all before, are new: one alone may be a fault.
SPREADING_SPOTS_MIN, SPREADING_SHARE_MIN = 2, 0.05
# Spread within this time counts as rapid: minutes or hours.
RAPID_DAYS_MAX = 1.0
# Petechiae fade over days; no number was found, and seven is that of the questions.
PERSISTING_DAYS_MIN = 7.0
# ... when this share of the spots that were followed so long has not faded.
PERSISTING_SHARE_MIN = 0.5
# A single spot that changes does so over weeks or months.
CHANGED_DAYS_MIN = 14.0
# Change of a spot's blue share that is seen as another colour: three times the spread between photos of the same spot.
COLOR_SHIFT_MIN = 0.15
# A convex hull needs so many spots to say anything about the affected area.
HULL_SPOTS_MIN = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """One photo of a series.

    Attributes
    ----------
    name : str
    taken_at : datetime or None
    n_spots : int
    area_mm2 : float
        Sum of the areas of the spots; NaN without a scale.
    contrast : float
        Median haemoglobin contrast of the spots, log10 of `blood_map`; NaN without spots.
    """

    name: str
    taken_at: datetime | None
    n_spots: int
    area_mm2: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Interval:
    """What happened between two photos.

    Attributes
    ----------
    days : float
        Time between them; NaN when a date is missing.
    registration : Registration
        From the earlier photo to the later.
    matches : Matches or None
        None when the registration cannot be trusted: nothing was compared.
    extent_ratio : float
        Area that the spots are spread over, later over earlier, on the skin that both photos show; NaN with too few.
    """

    days: float
    registration: Registration
    matches: Matches | None
    extent_ratio: float

    def median(self, name: str) -> float:
        """Median of one of the ratios or shifts over the spots that are there in both photos; NaN without any."""
        if self.matches is None:
            return float("nan")
        values = np.asarray(getattr(self.matches, name), np.float64)
        values = values[np.isfinite(values) & np.isin(self.matches.state, ("persisting", "growing", "fading"))]
        return float(np.median(values)) if values.size else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; numbers that are missing are None."""
        content: dict[str, Any] = {"days": _number(self.days), "registration": self.registration.to_dict()}
        if self.matches is None:
            return content | {"compared": False}
        rows = {name: getattr(self.matches, name).tolist() for name in Matches.__slots__}
        spots = [
            {name: _number(value) if isinstance(value, float) else value for name, value in zip(rows, row, strict=True)}
            for row in zip(*rows.values(), strict=True)
        ]
        medians = ("area_ratio", "contrast_ratio", "blue_shift")
        return content | {
            "compared": True,
            **{f"median_{name}": _number(self.median(name)) for name in medians},
            "extent_ratio": _number(self.extent_ratio),
            "spots": spots,
        }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Course:
    """What became of the spots over a series of photos.

    Attributes
    ----------
    photos : tuple of Analysis
        In the order of time.
    moments : tuple of Moment
        One per photo.
    intervals : tuple of Interval
        One between every two photos that follow each other.
    tracks : ndarray of shape (T, photos), int64
        Number of each followed spot in each photo; 0 where it was not found or not compared.
    """

    photos: tuple[Analysis, ...]
    moments: tuple[Moment, ...]
    intervals: tuple[Interval, ...]
    tracks: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Set the array read-only."""
        self.tracks.setflags(write=False)

    def findings(self) -> tuple[tuple[str, str], ...]:
        """Answers to which the series gives the harmful value, each with what was seen; see `PhotoEvidence`."""
        found = {}
        for interval in self.intervals:
            new = _spreading(interval)
            if new:
                found["spreading"] = f"A later photo shows {new} spots that an earlier one does not"
                if interval.days <= RAPID_DAYS_MAX:
                    hours = 24.0 * interval.days
                    found["rapid_spread"] = f"Within {hours:.1f} hours {new} new spots came up or grew into patches"
        persisting = _persisting(self)
        if persisting:
            found["persisting_7d"] = persisting
        changed = _changed(self)
        if changed:
            found["changed"] = changed
        return tuple(found.items())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; numbers that are missing are None."""
        return {
            "photos": [
                {
                    "name": moment.name,
                    "taken_at": moment.taken_at.isoformat() if moment.taken_at else None,
                    "spots": moment.n_spots,
                    "area_mm2": _number(moment.area_mm2),
                    "contrast": _number(moment.contrast),
                }
                for moment in self.moments
            ],
            "intervals": [interval.to_dict() for interval in self.intervals],
            "tracks": self.tracks.tolist(),
            "findings": [{"answer": name, "seen": seen} for name, seen in self.findings()],
        }


def follow(photos: Sequence[Analysis], dates: Sequence[datetime | None] | None = None) -> Course:
    """Follow spots through photos of the same skin.

    Parameters
    ----------
    photos : sequence of Analysis
        At least two.
    dates : sequence of datetime or None, optional
        When each was taken; what the cameras wrote unless given. With a date for every photo they are put into the
        order of time, else they stay in the order given.

    Returns
    -------
    Course

    Raises
    ------
    SettingsError
        If there are fewer than two photos or not one date per photo.
    """
    if len(photos) < 2:
        raise SettingsError("A series needs at least two photos of the same skin.")
    when = [analysis.photo.taken_at for analysis in photos] if dates is None else list(dates)
    if len(when) != len(photos):
        raise SettingsError(f"There are {len(photos)} photos but {len(when)} dates; give one date per photo.")
    known = [date.replace(tzinfo=None) for date in when if date is not None]
    order = list(range(len(photos)))
    if len(known) == len(photos):
        order.sort(key=lambda i: known[i])
    ordered, moments = [photos[i] for i in order], [_moment(photos[i], when[i]) for i in order]
    intervals = tuple(
        _interval(ordered[i], ordered[i + 1], _days(moments[i].taken_at, moments[i + 1].taken_at))
        for i in range(len(ordered) - 1)
    )
    return Course(tuple(ordered), tuple(moments), intervals, _tracks([len(a.spots) for a in ordered], intervals))


def _moment(analysis: Analysis, taken_at: datetime | None) -> Moment:
    spots = analysis.spots
    area = float(spots["area_mm2"].sum()) if analysis.scale else float("nan")
    channels = np.stack([spots[f"contrast_{name}"] for name in ("red", "green", "blue")], axis=1)
    blood = blood_map(channels.astype(np.float32))
    contrast = float(np.median(blood)) if len(blood) else float("nan")
    return Moment(analysis.photo.name, taken_at, len(spots), area, contrast)


def _days(earlier: datetime | None, later: datetime | None) -> float:
    if earlier is None or later is None:
        return float("nan")
    return (later.replace(tzinfo=None) - earlier.replace(tzinfo=None)).total_seconds() / SECONDS_PER_DAY


def _interval(earlier: Analysis, later: Analysis, days: float) -> Interval:
    registration = register(earlier, later)
    if not registration.trusted:
        return Interval(days, registration, None, float("nan"))
    matches = match_spots(earlier, later, registration)
    return Interval(days, registration, matches, _extent_ratio(earlier, later, registration, matches))


def _extent_ratio(earlier: Analysis, later: Analysis, registration: Registration, matches: Matches) -> float:
    """Area of the hull of the spots that are there later over that of those before, in the earlier photo's frame."""
    place = np.zeros((len(matches), 2))
    here, only_later = matches.first > 0, matches.first == 0
    place[here] = np.stack([earlier.spots[name][matches.first[here] - 1] for name in ("x_px", "y_px")], axis=1)
    there = np.stack([later.spots[name][matches.second[only_later] - 1] for name in ("x_px", "y_px")], axis=1)
    place[only_later] = registration.map_back(there)
    before, after = (place[~np.isin(matches.state, absent)] for absent in (("new", "unclear"), ("gone", "unclear")))
    if min(len(before), len(after)) < HULL_SPOTS_MIN:
        return float("nan")
    areas = [cv2.contourArea(cv2.convexHull(points.astype(np.float32))) for points in (before, after)]
    return areas[1] / max(areas[0], 1e-9)


def _tracks(counts: Sequence[int], intervals: Sequence[Interval]) -> NDArray[np.int64]:
    """Spots followed from photo to photo, shape (T, photos); those seen in one photo only are left out."""
    rows: list[list[int]] = []
    open_rows: dict[int, int] = {}
    for index, interval in enumerate(intervals):
        following = {}
        if interval.matches is not None:
            for first, second in zip(interval.matches.first.tolist(), interval.matches.second.tolist(), strict=True):
                if first == 0 or second == 0:
                    continue
                if first not in open_rows:
                    rows.append([0] * len(counts))
                    rows[-1][index] = first
                    open_rows[first] = len(rows) - 1
                rows[open_rows[first]][index + 1] = second
                following[second] = open_rows[first]
        open_rows = following
    return np.asarray(rows, np.int64).reshape(-1, len(counts))


def _spreading(interval: Interval) -> int:
    """Number of spots that are surely new, 0 when too few to speak of."""
    if interval.matches is None:
        return 0
    new = interval.matches.count("new")
    before = int((interval.matches.first > 0).sum())
    return new if new >= max(SPREADING_SPOTS_MIN, SPREADING_SHARE_MIN * before) else 0


def _since(course: Course, row: NDArray[np.int64]) -> tuple[float, float, float, float]:
    """Days, contrast ratio, area ratio and colour shift from the first to the last photo of a track."""
    days, contrast, area, shift = 0.0, 1.0, 1.0, 0.0
    for index, interval in enumerate(course.intervals):
        if interval.matches is None or row[index] == 0 or row[index + 1] == 0:
            continue
        place = int(np.flatnonzero(interval.matches.first == row[index])[0])
        days += interval.days
        contrast *= float(interval.matches.contrast_ratio[place])
        area *= float(interval.matches.area_ratio[place])
        shift += float(interval.matches.blue_shift[place])
    return days, contrast, area, shift


def _persisting(course: Course) -> str:
    """What was seen of spots that did not fade for more than a week; empty when most did or none was followed."""
    followed = [_since(course, row) for row in course.tracks]
    long = [entry for entry in followed if entry[0] > PERSISTING_DAYS_MIN]
    stayed = [entry for entry in long if entry[1] > FADED_MAX]
    if not long or len(stayed) < PERSISTING_SHARE_MIN * len(long):
        return ""
    days = max(entry[0] for entry in stayed)
    return f"{len(stayed)} of {len(long)} spots are still there after {days:.0f} days and have not faded"


def _changed(course: Course) -> str:
    """How the dominant lesion, or the only spot, changed over weeks; empty when it did not or was not followed."""
    for row in course.tracks:
        last = int(np.flatnonzero(row)[-1])
        table = course.photos[last].spots
        is_the_one = len(table) == 1 or bool(table["is_lesion"][row[last] - 1])
        days, contrast, area, shift = _since(course, row)
        if not is_the_one or not days >= CHANGED_DAYS_MIN:
            continue
        margin = 1.0 + SURE_ERRORS * _area_error(course, row)
        if area > max(GROWN_MIN, margin) or area < 1.0 / max(GROWN_MIN, margin):
            return f"The area of the spot became {area:.2f} times what it was within {days:.0f} days"
        if abs(shift) > COLOR_SHIFT_MIN or contrast < FADED_MAX or contrast > 1.0 / FADED_MAX:
            return f"The colour of the spot changed within {days:.0f} days"
    return ""


def _area_error(course: Course, row: NDArray[np.int64]) -> float:
    """Relative standard error of the change of area along a track."""
    last, first = int(np.flatnonzero(row)[-1]), int(np.flatnonzero(row)[0])
    errors = []
    for photo in (first, last):
        table, spot = course.photos[photo].spots, row[photo] - 1
        errors.append(2.0 * float(table["diameter_error_px"][spot]) / float(table["diameter_px"][spot]))
    return float(np.hypot(errors[0], errors[1]))
