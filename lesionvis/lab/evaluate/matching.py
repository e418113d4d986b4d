"""Found spots against true ones: one to one, as the field counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from lesionvis.geometry import distances
from lesionvis.lab.truth import MarkedSpots

# A found spot is a true one when its centre lies within half its diameter, and never asked to be nearer than this.
REACH_MIN_PX = 4.0
# Kinds of marks: blood in the skin and vessels ("spot" in the older tables); with inflamed ones they are all red spots.
# "none" says that a region holds nothing to find.
BLOOD_KINDS = frozenset(("spot", "blood", "vascular"))
RED_MARKS = BLOOD_KINDS | {"inflamed"}
NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Found spots of a photo held against the true ones.

    Attributes
    ----------
    n_true, n_hit, n_false : int
        True spots, those found, and found ones that are none.
    diameter_errors : ndarray of shape (n_hit,), float64
        Found over true diameter, less 1.
    hits : ndarray of shape (n_hit,), int64
        Which of the found spots they are.
    hit_kinds : tuple of n_hit str
        Kinds of the true spots.
    """

    n_true: int
    n_hit: int
    n_false: int
    diameter_errors: NDArray[np.float64]
    hits: NDArray[np.int64]
    hit_kinds: tuple[str, ...]

    @property
    def precision(self) -> float:
        """Part of the found spots that is true; 1 when there is nothing to find and nothing was found."""
        found = self.n_hit + self.n_false
        return self.n_hit / found if found else float(self.n_true == 0)

    @property
    def recall(self) -> float:
        """Part of the true spots that was found; NaN when there are none."""
        return self.n_hit / self.n_true if self.n_true else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; where there is nothing to find, 1 when nothing was found, else 0."""
        if self.n_true == 0:
            return float(self.n_false == 0)
        return 2.0 * self.n_hit / (self.n_true + self.n_hit + self.n_false)


def match_spots(
    xy_px: NDArray[np.float64],
    diameter_px: NDArray[np.float64],
    truth: MarkedSpots,
    asked: frozenset[str] = BLOOD_KINDS,
) -> Match:
    """Match found spots with marked ones.

    Parameters
    ----------
    xy_px : ndarray of shape (N, 2), float64
        Centres (x, y), source px.
    diameter_px : ndarray of shape (N,), float64
    truth : MarkedSpots
        Found spots outside its region do not count; those on marks that are not asked for ("distractor", "uncertain",
        other kinds) are not held against anybody.
    asked : frozenset of str
        Kinds of marks that are asked for.

    Returns
    -------
    Match
        With the least sum of distances over reach (Hungarian method, Kuhn 1955).

    Examples
    --------
    >>> truth = MarkedSpots("a", (0, 0, 99, 99), np.array([20.0]), np.array([20.0]), np.array([10.0]), ("spot",))
    >>> found = match_spots(np.array([[21.0, 20.0], [60.0, 60.0]]), np.array([11.0, 8.0]), truth)
    >>> found.n_hit, found.n_false, round(found.f1, 2), found.diameter_errors.round(2).tolist()
    (1, 1, 0.67, [0.1])
    """
    x0, y0, x1, y1 = truth.region_px
    inside = np.flatnonzero((xy_px[:, 0] >= x0) & (xy_px[:, 0] <= x1) & (xy_px[:, 1] >= y0) & (xy_px[:, 1] <= y1))
    xy_px, diameter_px = xy_px[inside], diameter_px[inside]
    wanted = np.asarray([kind in asked for kind in truth.kind], np.bool_)
    ignored = ~wanted & np.asarray([kind != NONE for kind in truth.kind], np.bool_)
    true_xy = np.column_stack([truth.x_px, truth.y_px])
    reach = np.maximum(REACH_MIN_PX, 0.5 * truth.diameter_px)
    relative = distances(true_xy, xy_px) / reach[:, None]
    far = 1e3
    cost = np.where(relative[wanted] <= 1.0, relative[wanted], far)
    rows, columns = linear_sum_assignment(cost)
    hits = cost[rows, columns] < far
    rows, columns = rows[hits], columns[hits]
    excused = np.asarray((relative[ignored] <= 1.0).any(axis=0))
    excused[columns] = True
    errors = diameter_px[columns] / truth.diameter_px[wanted][rows] - 1.0
    kinds = tuple(kind for kind in truth.kind if kind in asked)
    hit_kinds = tuple(kinds[row] for row in rows)
    return Match(int(wanted.sum()), len(columns), int((~excused).sum()), errors, inside[columns], hit_kinds)
