"""Separation of two kinds of photos by a number, with an interval over groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows

N_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        NaN where one of the kinds is missing.
    n_positive, n_negative : int
        Photos of each kind with a finite number.
    """

    value: float
    low: float
    high: float
    n_positive: int
    n_negative: int

    def __str__(self) -> str:
        """Value, interval and counts, as tables print them."""
        if not np.isfinite(self.value):
            return f"none ({self.n_positive} against {self.n_negative})"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f}; {self.n_positive} against {self.n_negative})"


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores higher than a negative; ties count half.

    Parameters
    ----------
    scores : ndarray of shape (N,), float64
    positive : ndarray of shape (N,), bool

    Returns
    -------
    float
        NaN where one of the kinds is missing (Hanley and McNeil 1982, by ranks).

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    0.875
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2.0) / (n_positive * n_negative))


def auc_interval(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], groups: Sequence[str], resamples: int = N_RESAMPLES
) -> Auc:
    """AUC with its 95 % interval by a bootstrap over groups, which is what photos of one patient are.

    Parameters
    ----------
    scores : ndarray of shape (N,), float64
        Rows that are NaN are left out.
    positive : ndarray of shape (N,), bool
    groups : sequence of N str
    resamples : int

    Returns
    -------
    Auc
    """
    kept = np.isfinite(scores)
    scores, positive, names = scores[kept], positive[kept], np.asarray(groups)[kept]
    value = auc(scores, positive)
    counts = int(positive.sum()), int((~positive).sum())
    if not np.isfinite(value):
        return Auc(value, float("nan"), float("nan"), *counts)
    # A draw without one of the kinds has no value.
    draws = [auc(scores[rows], positive[rows]) for rows in resampled_rows(names, resamples)]
    return Auc(value, *interval_95(draws), *counts)


def auc_table(columns: Sequence[str], rows: Mapping[str, Sequence[Auc]]) -> Iterator[str]:
    """Yield the lines of a Markdown table.

    Parameters
    ----------
    columns : sequence of K str
        What photos each column is of.
    rows : mapping of str to sequence of K Auc
        By the number that they are of.

    Yields
    ------
    str
    """
    yield "| number | " + " | ".join(columns) + " |"
    yield "|---|" + "---|" * len(columns)
    for name, cells in rows.items():
        yield f"| {name} | " + " | ".join(map(str, cells)) + " |"
