"""Number of spots over the score from which a candidate is one, and the line that shows it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from lesionvis.report.histogram import HEIGHT, WIDTH

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(2, 20))
"""Scores at which is counted: from that of the least likely candidates that a run keeps to almost sure spots."""
# Half of a count of six digits fits left and right, also in the larger letters of a phone.
_LEFT, _RIGHT, _BOTTOM, _TOP = 40, 40, 34, 26


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the line.

    Attributes
    ----------
    x, y : float
        Place, px from the top left.
    threshold : float
    count : int
        Spots at this threshold.
    """

    x: float
    y: float
    threshold: float
    count: int


class ThresholdCurve:
    """How many spots and candidates have at least a score.

    Examples
    --------
    >>> curve = ThresholdCurve()
    >>> curve.add([0.93, 0.6, 0.12, None])
    >>> [(point.threshold, point.count) for point in curve.points()][::6]
    [(0.1, 3), (0.4, 2), (0.7, 1)]
    """

    def __init__(self) -> None:
        self._above = [0] * (len(THRESHOLDS) + 1)

    def add(self, scores: Iterable[str | float | None]) -> None:
        """Count some scores; what has none, as a spot that a person drew, is left out.

        Parameters
        ----------
        scores : iterable of float or None
            Probability of each of being a spot.
        """
        for score in scores:
            if isinstance(score, float):
                # The number of thresholds that it reaches.
                self._above[bisect_left(THRESHOLDS, score + 1e-9)] += 1

    @property
    def total(self) -> int:
        """Number at the lowest threshold."""
        return sum(self._above[1:])

    def points(self) -> list[Point]:
        """Points of a picture of `WIDTH` by `HEIGHT` px.

        Returns
        -------
        list of Point
            One per threshold, from left to right.
        """
        counts = list(accumulate(reversed(self._above[1:])))[::-1]
        scale = (HEIGHT - _BOTTOM - _TOP) / max(1, *counts)
        return [
            Point(place_of(threshold), round(HEIGHT - _BOTTOM - count * scale, 1), threshold, count)
            for threshold, count in zip(THRESHOLDS, counts, strict=True)
        ]


def place_of(threshold: float) -> float:
    """Horizontal place of a threshold in the picture.

    Parameters
    ----------
    threshold : float

    Returns
    -------
    float
        Px from the left; within the picture for every score.
    """
    low, high = THRESHOLDS[0], THRESHOLDS[-1]
    share = min(1.0, max(0.0, (threshold - low) / (high - low)))
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)
