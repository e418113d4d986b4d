"""Counts of numbers between edges, and the bars that show them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 190
"""Size of the picture, px."""
_BOTTOM, _TOP, _GAP = 34, 26, 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the picture.

    Attributes
    ----------
    x, y, width, height : float
        Of its rectangle, px from the top left.
    label : str
        What it counts, such as "2-3".
    count : int
    """

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int

    @property
    def centre(self) -> float:
        """Horizontal centre, px."""
        return self.x + self.width / 2


class Histogram:
    """Counts of numbers from each edge up to the next; the last has no upper end.

    Parameters
    ----------
    edges : sequence of numbers
        Rising. Whole numbers stand for whole numbers: the label of 2 to below 5 is then "2-4".

    Examples
    --------
    >>> histogram = Histogram((0, 1, 2, 5))
    >>> histogram.add([0, 3, 4, 80, None, float("nan")])
    >>> [(bar.label, bar.count) for bar in histogram.bars()], histogram.n_missing
    ([('0', 1), ('1', 0), ('2–4', 2), ('≥ 5', 1)], 2)
    """

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = edges
        self._counts = [0] * len(edges)
        self.n_missing = 0

    def add(self, values: Iterable[str | float | None]) -> None:
        """Count some numbers; None, NaN and what lies below the first edge count as missing.

        Parameters
        ----------
        values : iterable of str, float or None
            Values of a column.
        """
        for value in values:
            if not isinstance(value, int | float) or math.isnan(value) or value < self._edges[0]:
                self.n_missing += 1
            else:
                self._counts[bisect_right(self._edges, value) - 1] += 1

    @property
    def total(self) -> int:
        """Number of values that were counted."""
        return sum(self._counts)

    def bars(self) -> list[Bar]:
        """Bars of a picture of `WIDTH` by `HEIGHT` px.

        Returns
        -------
        list of Bar
            One per class, from left to right.
        """
        step = WIDTH / len(self._counts)
        scale = (HEIGHT - _BOTTOM - _TOP) / max(1, *self._counts)
        heights = [count * scale for count in self._counts]
        return [
            Bar(
                round(index * step + _GAP / 2, 1),
                round(HEIGHT - _BOTTOM - height, 1),
                round(step - _GAP, 1),
                round(height, 1),
                self._label(index),
                count,
            )
            for index, (height, count) in enumerate(zip(heights, self._counts, strict=True))
        ]

    def _label(self, index: int) -> str:
        first = self._edges[index]
        if index + 1 == len(self._edges):
            return f"≥ {first:g}"
        last = self._edges[index + 1]
        if isinstance(first, int):
            return f"{first}" if last == first + 1 else f"{first}–{last - 1}"
        return f"{first:g}–{last:g}"
