"""95 % intervals by drawing whole groups anew: photos of one patient or lesion are not independent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionvis.lab.train.forests import SEED


def resampled_rows(groups: Sequence[str] | NDArray[np.str_], resamples: int) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of each resample: as many groups as there are, drawn with replacement, each with all its rows.

    Parameters
    ----------
    groups : sequence of N str
        Group of each row.
    resamples : int

    Yields
    ------
    ndarray of shape (M,), intp
        The same in every call.

    Examples
    --------
    >>> [rows.tolist() for rows in resampled_rows(["a", "b", "b"], 3)]
    [[0, 0], [1, 2, 1, 2], [0, 1, 2]]
    """
    names = np.asarray(groups)
    members = [np.flatnonzero(names == name) for name in np.unique(names)]
    generator = np.random.default_rng(SEED)
    for _ in range(resamples):
        yield np.concatenate([members[i] for i in generator.integers(0, len(members), len(members))])


def interval_95(values: ArrayLike) -> tuple[float, float]:
    """Interval that holds the middle 95 % of a number over resamples.

    Parameters
    ----------
    values : array_like of shape (N,)
        Values; NaN are left out.

    Returns
    -------
    tuple of 2 float
        Lower and upper end; NaN where all values are.

    Examples
    --------
    >>> interval_95([float("nan"), *range(101)])
    (2.5, 97.5)
    """
    known = np.asarray(values, np.float64)
    if not np.isfinite(known).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(known, (0.025, 0.975))
    return float(low), float(high)
