"""Spots of two registered photos -> Matches: which are the same, and what became of each.

A spot without a partner is looked at again where it must lie in the other photo: whoever seeks spots misses some, and
a missed one is neither gone nor new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blue_share
from lesionvis.compare.contrast import Contrasts, contrasts_at, lies_in_frame
from lesionvis.compare.registration import Registration
from lesionvis.geometry import distances, nearest_pairs
from lesionvis.scale import Scale
from lesionvis.spots.table import repeat_error_px

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# All limits of this file are ours, from rendered series; no published ones were found for spots of this size.
# Partners lie within this many of the larger one's diameters plus so many errors of the registration: two spots that
# touch are a diameter apart.
REACH_DIAMETERS, REACH_ERRORS = 0.6, 4.0
# ... and their areas differ by no more than this factor once the zoom is taken off; what grows more is not the same.
AREA_RATIO_MAX = 5.0
# A spot without a partner is gone, or new, when the other photo holds less than this share of its contrast there, by
# so many standard errors. Spots fainter than this contrast (log10) lie among the skin's
# own mottling: they are unclear.
ABSENT_MAX = 0.35
CONTRAST_MIN = 0.08
SURE_ERRORS = 2.0
# Two photos in different light: how differently the lamp mirrors in the skin changes the contrast of all their spots
# together by so much (rendered series in any light, root mean square).
LIGHT_ERROR = 0.12
# A partner that has grown or faded has changed by this factor, about twice the error of one spot (7 % of its area and
# 10 % of its contrast), and by `SURE_ERRORS` standard errors.
GROWN_MIN, FADED_MAX = 1.25, 0.8
STATES = ("persisting", "growing", "fading", "gone", "new", "unclear")


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Changes of the spots between two photos; one row per spot whose place both photos show.

    Attributes
    ----------
    first, second : ndarray of shape (N,), int64
        Numbers of the spot in either photo; 0 where it was not found there.
    state : ndarray of shape (N,), str
        persisting, growing, fading, gone, new, or unclear when the photos do not tell. One that was found in both is
        persisting also where its contrast could not be measured.
    area_ratio, area_ratio_error : ndarray of shape (N,), float64
        Area later over earlier, on the skin, and its standard error; NaN unless found in both.
    contrast_ratio, contrast_ratio_error : ndarray of shape (N,), float64
        Haemoglobin contrast later over earlier, and its standard error with `LIGHT_ERROR`. Both NaN where the
        contrast could not be measured in both or was not above 0 before; of new ones infinite, its error NaN.
    blue_shift : ndarray of shape (N,), float64
        Change of the blue share: above 0 towards brown and yellow; NaN unless found and measured in both.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    state: NDArray[np.str_]
    area_ratio: NDArray[np.float64]
    area_ratio_error: NDArray[np.float64]
    contrast_ratio: NDArray[np.float64]
    contrast_ratio_error: NDArray[np.float64]
    blue_shift: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for name in self.__slots__:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.first)

    def count(self, *states: str) -> int:
        """Number of spots in any of some states.

        Parameters
        ----------
        *states : str
            Values of `state`.

        Returns
        -------
        int
            Number of spots.
        """
        return int(np.isin(self.state, states).sum())


def match_spots(earlier: Analysis, later: Analysis, registration: Registration) -> Matches:
    """Match the spots of two photos.

    Parameters
    ----------
    earlier, later : Analysis
    registration : Registration
        From the earlier to the later, trusted.

    Returns
    -------
    Matches
    """
    a, b = _pairs(earlier, later, registration)
    lone_a = np.setdiff1d(np.arange(len(earlier.table)), a)
    lone_b = np.setdiff1d(np.arange(len(later.table)), b)
    outlines_a = [registration.map_points(earlier.spots.outlines_px[i]) for i in lone_a]
    outlines_b = [registration.map_back(later.spots.outlines_px[i]) for i in lone_b]
    shown_a, shown_b = (
        np.array([_lies_on_skin(photo, outline) for outline in outlines], np.bool_)
        for outlines, photo in ((outlines_a, later), (outlines_b, earlier))
    )
    lone_a, lone_b = lone_a[shown_a], lone_b[shown_b]
    own_a, own_b = list(earlier.spots.outlines_px), list(later.spots.outlines_px)
    mapped_a = [outline for outline, shown in zip(outlines_a, shown_a, strict=True) if shown]
    mapped_b = [outline for outline, shown in zip(outlines_b, shown_b, strict=True) if shown]
    before = _contrasts(earlier, [*(own_a[i] for i in a), *(own_a[i] for i in lone_a), *mapped_b])
    after = _contrasts(later, [*(own_b[i] for i in b), *mapped_a, *(own_b[i] for i in lone_b)])
    kinds = np.repeat([0, 1, 2], [len(a), len(lone_a), len(lone_b)])
    first = np.concatenate([a + 1, lone_a + 1, np.zeros(len(lone_b), np.int64)])
    second = np.concatenate([b + 1, np.zeros(len(lone_a), np.int64), lone_b + 1])
    area_ratio, area_error = _area_ratio(earlier, later, registration, first, second)
    # Nothing is a multiple of a contrast that was not there or was not measured.
    blood_before = np.where(before.blood > 0.0, before.blood, np.nan)
    ratio = after.blood / blood_before
    error = np.hypot(np.hypot(after.error, ratio * before.error) / blood_before, LIGHT_ERROR * ratio)
    # Where the place in the other photo is a guess, nothing is said of a spot that was not found there.
    alone = [outline.mean(axis=0) for outline in (*(own_a[i] for i in lone_a), *mapped_b)]
    is_guess = np.concatenate([np.zeros(len(a), np.bool_), ~registration.is_supported(alone)])
    state = np.select(
        [is_guess, kinds == 0, kinds == 1],
        ["unclear", _changed(area_ratio, area_error, ratio, error), _absent(before, after, "gone")],
        _absent(after, before, "new"),
    )
    is_new = state == "new"
    ratio, error = np.where(is_new, np.inf, ratio), np.where(is_new, np.nan, error)
    blue = blue_share(after.density) - blue_share(before.density)
    return Matches(first, second, state, area_ratio, area_error, ratio, error, np.where(kinds == 0, blue, np.nan))


def _contrasts(analysis: Analysis, outlines: list[NDArray[np.float64]]) -> Contrasts:
    return contrasts_at(analysis.photo, analysis.skin, analysis.spots, outlines)


def _pairs(
    earlier: Analysis, later: Analysis, registration: Registration
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the partners in either table: `nearest_pairs` of those that may be one spot."""
    place = np.stack([earlier.table["x_px"], earlier.table["y_px"]], axis=1)
    there = registration.map_points(place)
    zoom = registration.zoom(place)
    here = np.stack([later.table["x_px"], later.table["y_px"]], axis=1)
    diameter = np.maximum((earlier.table["diameter_px"] * zoom)[:, None], later.table["diameter_px"][None])
    distance = distances(there, here)
    area_ratio = later.table["area_px"][None] / np.maximum((earlier.table["area_px"] * zoom**2)[:, None], 1e-9)
    possible = distance < REACH_DIAMETERS * diameter + REACH_ERRORS * registration.error_px
    possible &= np.abs(np.log(np.maximum(area_ratio, 1e-9))) < np.log(AREA_RATIO_MAX)
    return nearest_pairs(distance, possible)


def _lies_on_skin(analysis: Analysis, outline: NDArray[np.float64]) -> bool:
    """True where an outline, source px, lies wholly in a photo and its centre on the skin there."""
    if not lies_in_frame(analysis.photo, outline):
        return False
    column, row = np.rint(analysis.photo.to_working(outline.mean(axis=0))).astype(int)
    height, width = analysis.skin.mask.shape
    return bool(analysis.skin.mask[min(row, height - 1), min(column, width - 1)])


def _area_ratio(
    earlier: Analysis,
    later: Analysis,
    registration: Registration,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area later over earlier and its standard error, NaN where a spot was not found in both."""
    ratio, error = np.full(len(first), np.nan), np.full(len(first), np.nan)
    both = (first > 0) & (second > 0)
    i, j = first[both] - 1, second[both] - 1
    if isinstance(earlier.scale, Scale) and isinstance(later.scale, Scale):
        ratio[both] = later.table["area_mm2"][j] / earlier.table["area_mm2"][i]
    else:
        place = np.stack([earlier.table["x_px"][i], earlier.table["y_px"][i]], axis=1)
        ratio[both] = later.table["area_px"][j] / earlier.table["area_px"][i] / registration.zoom(place) ** 2
    relative = np.hypot(
        repeat_error_px(earlier.photo, earlier.table)[i] / earlier.table["diameter_px"][i],
        repeat_error_px(later.photo, later.table)[j] / later.table["diameter_px"][j],
    )
    error[both] = 2.0 * ratio[both] * relative
    return ratio, error


def _changed(
    area: NDArray[np.float64], area_error: NDArray[np.float64], ratio: NDArray[np.float64], error: NDArray[np.float64]
) -> NDArray[np.str_]:
    """State of spots that were found in both photos."""
    grown = (area > GROWN_MIN) & (area - SURE_ERRORS * area_error > 1.0)
    faded = (ratio < FADED_MAX) & (ratio + SURE_ERRORS * error < 1.0)
    return np.select([grown, faded], ["growing", "fading"], "persisting")


def _absent(there: Contrasts, elsewhere: Contrasts, name: str) -> NDArray[np.str_]:
    """State of spots that were found in one photo only: absent from the other, missed there, or unclear."""
    error = np.hypot(elsewhere.error, ABSENT_MAX * there.error)
    excess = elsewhere.blood - ABSENT_MAX * there.blood
    strong = there.blood > CONTRAST_MIN
    return np.select([strong & (excess < -error), strong & (excess > error)], [name, "persisting"], "unclear")
