"""Two photos of the same skin that follow each other -> Comparison: what happened between them.

They are registered first. Where that cannot be trusted nothing is compared: a change that nobody saw is worse than
none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import cv2
import numpy as np

from lesionvis.analysis import Analysis
from lesionvis.color import blood_map
from lesionvis.compare.registration import Registration, register
from lesionvis.compare.spot_changes import Matches, match_spots
from lesionvis.json_ready import json_ready
from lesionvis.photo.dates import DateSource, date_in_file_name

SECONDS_PER_DAY = 86400.0
# A convex hull needs so many spots to say anything about the affected area: three make a triangle, which one more or
# one less turns into another. The limit is ours.
HULL_SPOTS_MIN = 4


@dataclass(frozen=True, slots=True)
class PhotoSummary:
    """One photo of a series.

    Attributes
    ----------
    name : str
    taken_at : datetime or None
    taken_at_source : {"camera", "file name", "given", ""}
        Where that date comes from.
    n_spots : int
    area_mm2 : float
        Sum of the areas of the spots; NaN without a scale.
    contrast : float
        Median haemoglobin contrast of the spots, log10 of `blood_map`; NaN without spots.
    """

    name: str
    taken_at: datetime | None
    taken_at_source: DateSource | Literal["given"]
    n_spots: int
    area_mm2: float
    contrast: float

    @property
    def is_day_alone(self) -> bool:
        """True where the name of the file, or a person, tells the day and no time of it."""
        taken_at = self.taken_at
        is_written = self.taken_at_source in ("file name", "given")
        return taken_at is not None and is_written and taken_at.time() == taken_at.min.time()


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Changes between two photos.

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
        """Median of one of the ratios or shifts over the spots that both photos show.

        Parameters
        ----------
        name : str
            Attribute of `Matches`: "area_ratio", "contrast_ratio" or "blue_shift".

        Returns
        -------
        float
            In the unit of the attribute; NaN without spots in both photos.
        """
        if self.matches is None:
            return float("nan")
        values = np.asarray(getattr(self.matches, name), np.float64)
        values = values[np.isfinite(values) & np.isin(self.matches.state, ("persisting", "growing", "fading"))]
        return float(np.median(values)) if values.size else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Changes as plain values for JSON.

        Returns
        -------
        dict
            Missing numbers are None.
        """
        content: dict[str, Any] = {"days": self.days, "registration": self.registration.to_dict()}
        if self.matches is None:
            return json_ready(content | {"compared": False})
        rows = {name: getattr(self.matches, name).tolist() for name in Matches.__slots__}
        content |= {
            "compared": True,
            **{f"median_{name}": self.median(name) for name in ("area_ratio", "contrast_ratio", "blue_shift")},
            "extent_ratio": self.extent_ratio,
            "spots": [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)],
        }
        return json_ready(content)


def summarize_photo(analysis: Analysis, taken_at: datetime | None) -> PhotoSummary:
    """Sum up one photo of a series.

    Parameters
    ----------
    analysis : Analysis
    taken_at : datetime or None

    Returns
    -------
    PhotoSummary
    """
    spots = analysis.table
    area = float(spots["area_mm2"].sum()) if analysis.scale else float("nan")
    channels = np.stack([spots[f"contrast_{name}"] for name in ("red", "green", "blue")], axis=1)
    blood = blood_map(channels.astype(np.float32))
    contrast = float(np.median(blood)) if len(blood) else float("nan")
    photo = analysis.photo
    source: DateSource | Literal["given"] = photo.taken_at_source
    if taken_at != photo.taken_at:
        source = "" if taken_at is None else "file name" if taken_at == date_in_file_name(photo.name) else "given"
    return PhotoSummary(photo.name, taken_at, source, len(spots), area, contrast)


def days_between(earlier: datetime | None, later: datetime | None) -> float:
    """Days from one date to another.

    Cameras write the time without a zone: where just one date has a zone, both count as of the same.

    Parameters
    ----------
    earlier, later : datetime or None
        Dates, with or without a time zone.

    Returns
    -------
    float
        Days, below 0 when `later` comes first; NaN when a date is missing.
    """
    if earlier is None or later is None:
        return float("nan")
    if (earlier.utcoffset() is None) != (later.utcoffset() is None):
        earlier, later = earlier.replace(tzinfo=None), later.replace(tzinfo=None)
    return (later - earlier).total_seconds() / SECONDS_PER_DAY


def compare(earlier: Analysis, later: Analysis, days: float) -> Comparison:
    """Compare two photos of the same skin.

    Parameters
    ----------
    earlier, later : Analysis
    days : float
        Time between them; NaN when it is not known.

    Returns
    -------
    Comparison
    """
    registration = register(earlier, later)
    if not registration.trusted:
        return Comparison(days, registration, None, float("nan"))
    matches = match_spots(earlier, later, registration)
    return Comparison(days, registration, matches, _extent_ratio(earlier, later, registration, matches))


def _extent_ratio(earlier: Analysis, later: Analysis, registration: Registration, matches: Matches) -> float:
    """Area of the hull of the spots that are there later over that of those before, in the earlier photo's frame."""
    place = np.zeros((len(matches), 2))
    here, only_later = matches.first > 0, matches.first == 0
    place[here] = np.stack([earlier.table[name][matches.first[here] - 1] for name in ("x_px", "y_px")], axis=1)
    there = np.stack([later.table[name][matches.second[only_later] - 1] for name in ("x_px", "y_px")], axis=1)
    place[only_later] = registration.map_back(there)
    before, after = (place[~np.isin(matches.state, absent)] for absent in (("new", "unclear"), ("gone", "unclear")))
    if min(len(before), len(after)) < HULL_SPOTS_MIN:
        return float("nan")
    areas = [cv2.contourArea(cv2.convexHull(points.astype(np.float32))) for points in (before, after)]
    return areas[1] / max(areas[0], 1e-9)
