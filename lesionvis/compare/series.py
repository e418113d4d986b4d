"""Dated photos of the same skin -> Course: what came, went, grew and faded, interval by interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.abcde import Abcde
from lesionvis.analysis import Analysis
from lesionvis.compare.comparison import Comparison, PhotoSummary, compare, days_between, summarize_photo
from lesionvis.compare.spot_changes import FADED_MAX, GROWN_MIN, SURE_ERRORS
from lesionvis.errors import SettingsError
from lesionvis.json_ready import json_ready
from lesionvis.spots.table import repeat_error_px
from lesionvis.triage import advise_further
from lesionvis.triage.advice import Advice
from lesionvis.triage.evidence import SEVEN_POINTS_MIN, PhotoEvidence

# The guide and rule P01 say "spreading" and give no number; the limits are ours. Spots spread when at least so many,
# and this share of all before, are new: one alone may be a hair or an insect. An app that told every change (SCAI)
# found 92 % of them, and 38 % of what it told was true.
SPREADING_SPOTS_MIN, SPREADING_SHARE_MIN = 2, 0.05
# "Rapid" is minutes or hours in the question, and NICE NG240 says "rapidly progressive" without a number. A day is
# ours, on the careful side: the NBL algorithm observes children for 4 to 6 hours for progress.
RAPID_DAYS_MAX = 1.0
# The guide says that petechiae fade "over days"; no source with a number was found. Seven is that of rule P06.
PERSISTING_DAYS_MIN = 7.0
# ... when this share of the spots that were followed so long has not faded: most, not a few that came later. Ours.
PERSISTING_SHARE_MIN = 0.5
# The guide says that a single spot evolves "over weeks to months"; two weeks are the shortest time that is weeks. Ours.
CHANGED_DAYS_MIN = 14.0
# Change of a spot's blue share that is seen as another colour. The AAD gives no number; ours is five times the spread
# between two photos of the same rendered mole in any light (0.03).
COLOR_SHIFT_MIN = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Changes of the spots over a series of photos.

    Attributes
    ----------
    photos : tuple of Analysis
        In the order of time.
    moments : tuple of PhotoSummary
        One per photo.
    intervals : tuple of Comparison
        One between every two photos that follow each other.
    tracks : ndarray of shape (T, photos), int64
        Number of each followed spot in each photo; 0 where it was not found or not compared.
    """

    photos: tuple[Analysis, ...]
    moments: tuple[PhotoSummary, ...]
    intervals: tuple[Comparison, ...]
    tracks: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Set the array read-only."""
        self.tracks.setflags(write=False)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"Course({len(self.photos)} photos, {len(self.tracks)} followed spots)"

    def findings(self) -> tuple[tuple[str, str], ...]:
        """Answers to which the series gives the harmful value; see `PhotoEvidence`.

        Returns
        -------
        tuple of (str, str)
            Name of a question and a sentence on what was seen.
        """
        found = {}
        for interval, (earlier, later) in zip(self.intervals, pairwise(self.moments), strict=True):
            new = _spreading(interval)
            if new:
                found["spreading"] = f"A later photo shows {new} spots that an earlier one does not"
                within = _rapid_words(interval.days, earlier, later)
                if within:
                    found["rapid_spread"] = f"{within} {new} new spots came up"
        persisting = _persisting(self)
        if persisting:
            found["persisting_7d"] = persisting
        evolution = _evolution(self)
        if evolution is not None and evolution.changed:
            found["changed"] = evolution.seen
            abcde = self.abcde
            if abcde is not None and abcde.seven_points.lowest >= SEVEN_POINTS_MIN:
                points = abcde.seven_points.lowest
                found["checklist7_ge3"] = f"With its change the spot has {points} points of the 7-point list"
        return tuple(found.items())

    @property
    def advice(self) -> Advice:
        """Advice on all photos: that on the one that asks for most, the later of equal ones, and what the course adds.

        Spots that a later photo does not show have not been taken back by it.
        """
        place = max(range(len(self.photos)), key=lambda i: (self.photos[i].advice.level, i))
        advice = advise_further(self.photos[place].advice, PhotoEvidence(further=self.findings()))
        if self.photos[place].advice.level == self.photos[-1].advice.level:
            return advice
        note = f"Photo {place + 1} ({self.moments[place].name}) asks for more than the last one, so it counts."
        return replace(advice, photo_notes=(note, *advice.photo_notes))

    @property
    def abcde(self) -> Abcde | None:
        """Warning features of the dominant lesion of the last photo that it was followed to, evolution included.

        Those of the last photo where it was not followed for long enough; None when no lesion dominates.
        """
        evolution = _evolution(self)
        if evolution is None:
            return self.photos[-1].abcde
        abcde = self.photos[evolution.photo].abcde
        if abcde is None:
            return None
        return abcde.evolved(evolution.changed, f"{evolution.seen}.", size_changed=evolution.size_changed)

    def to_dict(self) -> dict[str, Any]:
        """Course as plain values for JSON.

        Returns
        -------
        dict
            Missing numbers are None.
        """
        content: dict[str, Any] = {
            "photos": [
                {
                    "name": moment.name,
                    "taken_at": moment.taken_at.isoformat() if moment.taken_at else None,
                    "taken_at_source": moment.taken_at_source or None,
                    "spots": moment.n_spots,
                    "area_mm2": moment.area_mm2,
                    "contrast": moment.contrast,
                }
                for moment in self.moments
            ],
            "intervals": [interval.to_dict() for interval in self.intervals],
            "tracks": self.tracks.tolist(),
            "abcde": self.abcde.to_dict() if self.abcde else None,
            "findings": [{"answer": name, "seen": seen} for name, seen in self.findings()],
        }
        return json_ready(content)


def follow_spots(photos: Sequence[Analysis], dates: Sequence[datetime | None] | None = None) -> Course:
    """Follow spots through photos of the same skin.

    Parameters
    ----------
    photos : sequence of Analysis
        At least two.
    dates : sequence of datetime or None, optional
        When each was taken; what the cameras wrote, or else the names of the files, unless given. With a date for every
        photo they are put into the order of time, else they stay in the order given.

    Returns
    -------
    Course

    Raises
    ------
    SettingsError
        If there are fewer than two photos or not one date per photo, or the dates of some tell another order and the
        others have none.
    """
    if len(photos) < 2:
        raise SettingsError("A series needs at least two photos of the same skin.")
    when = [analysis.photo.taken_at for analysis in photos] if dates is None else list(dates)
    if len(when) != len(photos):
        raise SettingsError(f"There are {len(photos)} photos but {len(when)} dates; give one date per photo.")
    order = _in_time(when)
    ordered, moments = [photos[i] for i in order], [summarize_photo(photos[i], when[i]) for i in order]
    intervals = tuple(
        compare(ordered[i], ordered[i + 1], days_between(moments[i].taken_at, moments[i + 1].taken_at))
        for i in range(len(ordered) - 1)
    )
    return Course(tuple(ordered), tuple(moments), intervals, _tracks([len(a.table) for a in ordered], intervals))


def _in_time(when: Sequence[datetime | None]) -> list[int]:
    """Numbers of the photos in the order of time, or as they stand unless every one has a date."""

    def compared(i: int, j: int) -> int:
        return int(np.sign(days_between(when[j], when[i])))

    order = list(range(len(when)))
    if None not in when:
        order.sort(key=cmp_to_key(compared))
    for i, j in pairwise([i for i in order if when[i] is not None]):
        if days_between(when[i], when[j]) < 0.0:
            raise SettingsError(
                f"Photo {j + 1} was taken before photo {i + 1}, and without a date for each they cannot be put into "
                "order; give all dates, or the photos in the order of time."
            )
    return order


def _tracks(counts: Sequence[int], intervals: Sequence[Comparison]) -> NDArray[np.int64]:
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


def _spreading(interval: Comparison) -> int:
    """Number of spots that are surely new, 0 when too few to speak of."""
    if interval.matches is None:
        return 0
    new = interval.matches.count("new")
    before = int((interval.matches.first > 0).sum())
    return new if new >= max(SPREADING_SPOTS_MIN, SPREADING_SHARE_MIN * before) else 0


def _rapid_words(days: float, earlier: PhotoSummary, later: PhotoSummary) -> str:
    """Words for a time in which new spots came up rapidly; "" for a longer one.

    Of a day without a time the shortest time counts that it allows: the earlier photo may be of its last minute.
    """
    if earlier.is_day_alone:
        return "Perhaps within a day" if 0.0 <= days < RAPID_DAYS_MAX + 1.0 else ""
    if not 0.0 <= days <= RAPID_DAYS_MAX:
        return ""
    return "Perhaps within a day" if later.is_day_alone else f"Within {24.0 * days:.1f} hours"


@dataclass(frozen=True, slots=True)
class _Since:
    """Change of a followed spot from the first to the last photo of its track."""

    days: float = 0.0
    contrast_ratio: float = 1.0
    contrast_error: float = 0.0  # relative
    area_ratio: float = 1.0
    blue_shift: float = 0.0


def _since(course: Course, row: NDArray[np.int64]) -> _Since:
    """Changes of a followed spot, added up over the intervals of its track; NaN where one of them was not measured."""
    since = _Since()
    for index, interval in enumerate(course.intervals):
        if interval.matches is None or row[index] == 0 or row[index + 1] == 0:
            continue
        matches, place = interval.matches, int(np.flatnonzero(interval.matches.first == row[index])[0])
        ratio = float(matches.contrast_ratio[place])
        since = _Since(
            since.days + interval.days,
            since.contrast_ratio * ratio,
            float(np.hypot(since.contrast_error, matches.contrast_ratio_error[place] / max(abs(ratio), 1e-9))),
            since.area_ratio * float(matches.area_ratio[place]),
            since.blue_shift + float(matches.blue_shift[place]),
        )
    return since


def _persisting(course: Course) -> str:
    """Sentence on spots that did not fade for more than a week; empty when most did or none was followed."""
    followed = [(_last_photo(row), _since(course, row)) for row in course.tracks]
    long = [
        (last, since)
        for last, since in followed
        if since.days > PERSISTING_DAYS_MIN and np.isfinite(since.contrast_ratio)
    ]
    stayed = [(last, since) for last, since in long if since.contrast_ratio > FADED_MAX]
    if not long or len(stayed) < PERSISTING_SHARE_MIN * len(long):
        return ""
    # A spot has two tracks when photos in between could not be compared: what is counted are spots of one photo.
    photo = max(last for last, _ in stayed)
    days = max(since.days for last, since in stayed if last == photo)
    count, of = (sum(last == photo for last, _ in tracks) for tracks in (stayed, long))
    if of == 1:
        return f"The spot that was followed is still there after {days:.0f} days and has not faded"
    return f"{count} of {of} spots are still there after {days:.0f} days and have not faded"


def _last_photo(row: NDArray[np.int64]) -> int:
    """Number of the last photo of a track, from 0."""
    return int(np.flatnonzero(row)[-1])


@dataclass(frozen=True, slots=True)
class _Evolution:
    """Change of a single spot, the sentence on it without its full stop, and the last photo it was followed to."""

    photo: int
    changed: bool
    seen: str
    size_changed: bool = False


def _evolution(course: Course) -> _Evolution | None:
    """Change of the dominant lesion, or the only spot, over weeks; None when it was not followed so long.

    It has several tracks when photos in between could not be compared. A change along any of them is a change; of
    several the last is told.
    """
    told = [evolution for row in course.tracks if (evolution := _evolution_along(course, row)) is not None]
    if not told:
        return None
    last = max(evolution.photo for evolution in told)
    size_changed = any(evolution.size_changed for evolution in told)
    latest = max(told, key=lambda evolution: (evolution.changed, evolution.photo))
    return replace(latest, photo=last, size_changed=size_changed)


def _evolution_along(course: Course, row: NDArray[np.int64]) -> _Evolution | None:
    """Change of the dominant lesion, or the only spot, along a track; None for other spots and for short tracks."""
    first, last = int(np.flatnonzero(row)[0]), _last_photo(row)
    table = course.photos[last].table
    is_the_one = len(table) == 1 or bool(table["is_lesion"][row[last] - 1])
    since = _since(course, row)
    if not is_the_one or not since.days >= CHANGED_DAYS_MIN:
        return None
    size_changed = _is_beyond(since.area_ratio, GROWN_MIN, _area_error(course, row))
    changes = [f"its area is {since.area_ratio:.2f} times what it was"] if size_changed else []
    is_other = _is_beyond(since.contrast_ratio, 1.0 / FADED_MAX, since.contrast_error)
    changes += ["its colour is another"] if is_other or abs(since.blue_shift) > COLOR_SHIFT_MIN else []
    new = _new_colors(course, row, first, last)
    changes += [f"it shows {' and '.join(new)} that it did not"] if new else []
    if changes:
        seen = f"The spot changed within {since.days:.0f} days: {', '.join(changes)}"
        return _Evolution(last, True, seen, size_changed)
    seen = f"No change of the spot was measured within {since.days:.0f} days; small ones are not seen in photos"
    return _Evolution(last, False, seen)


def _new_colors(course: Course, row: NDArray[np.int64], first: int, last: int) -> tuple[str, ...]:
    """Dermatological colours of the dominant lesion that are new along its track."""
    (before, was), (now, is_it) = (
        (course.photos[photo].abcde, bool(course.photos[photo].table["is_lesion"][row[photo] - 1]))
        for photo in (first, last)
    )
    return now.new_colors(before) if before is not None and now is not None and was and is_it else ()


def _is_beyond(ratio: float, factor_min: float, error: float) -> bool:
    """True where a ratio differs from 1, either way, by some factor and by more than its relative error explains."""
    is_known = np.isfinite(ratio) and np.isfinite(error)
    return bool(is_known and max(ratio, 1.0 / max(ratio, 1e-9)) > max(factor_min, 1.0 + SURE_ERRORS * error))


def _area_error(course: Course, row: NDArray[np.int64]) -> float:
    """Relative standard error of the change of area along a track."""
    last, first = _last_photo(row), int(np.flatnonzero(row)[0])
    errors = []
    for photo in (first, last):
        taken, spot = course.photos[photo], row[photo] - 1
        error_px = repeat_error_px(taken.photo, taken.table)[spot]
        errors.append(2.0 * float(error_px) / float(taken.table["diameter_px"][spot]))
    return float(np.hypot(errors[0], errors[1]))
