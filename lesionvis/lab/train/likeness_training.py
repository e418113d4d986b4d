"""Training of the model that tells skin from anything else, from a table of pictures' numbers."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from lesionvis.lab.train.forests import SEED, FittedPredictor
from lesionvis.pattern.likeness import LIKENESS_NAMES

SKIN, RENDERED_SKIN = "skin", "rendered skin"
"""Kinds of pictures that show skin; all other kinds do not."""
N_LIKENESS_FOLDS = 6
# Share of the photos of skin, of patients and sources left out of training, that may be taken for something else.
SKIN_LOST_MAX = 0.01
_COLUMNS = ("picture", "kind", "group")


@dataclass(frozen=True, slots=True, eq=False)
class LikenessTable:
    """Numbers of pictures with what they show.

    Attributes
    ----------
    picture, kind, group : ndarray of shape (N,), str
        Name or SHA-256, what it is, and what is left out of training together.
    numbers : ndarray of shape (N, len(LIKENESS_NAMES)), float32
    """

    picture: NDArray[np.str_]
    kind: NDArray[np.str_]
    group: NDArray[np.str_]
    numbers: NDArray[np.float32]

    def is_skin(self) -> NDArray[np.bool_]:
        """Pictures that show skin, rendered ones included.

        Returns
        -------
        ndarray of shape (N,), bool
        """
        return np.isin(self.kind, (SKIN, RENDERED_SKIN))

    def folds(self) -> NDArray[np.int64]:
        """Fold of each picture, by its group.

        Returns
        -------
        ndarray of shape (N,), int
            0 to N_LIKENESS_FOLDS - 1.
        """
        digests = (hashlib.sha256(group.encode()).digest() for group in self.group.tolist())
        return np.asarray([digest[0] % N_LIKENESS_FOLDS for digest in digests], np.int64)


def write_likeness_table(path: Path, table: LikenessTable) -> None:
    """Write a table as CSV, numbers at four significant digits.

    Parameters
    ----------
    path : Path
    table : LikenessTable
    """
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow((*_COLUMNS, *LIKENESS_NAMES))
        for *names, row in zip(table.picture, table.kind, table.group, table.numbers, strict=True):
            writer.writerow((*names, *(f"{value:.4g}" for value in row)))


def read_likeness_table(path: Path) -> LikenessTable:
    """Read a table that `write_likeness_table` wrote.

    Parameters
    ----------
    path : Path

    Returns
    -------
    LikenessTable

    Raises
    ------
    ValueError
        If its columns are not those of this version.
    """
    with path.open(newline="", encoding="utf-8") as handle:
        first, *rows = csv.reader(handle)
    if tuple(first) != (*_COLUMNS, *LIKENESS_NAMES):
        raise ValueError(f"{path} has other columns than this version computes; make the table again.")
    n = len(_COLUMNS)
    picture, kind, group = (np.asarray([row[column] for row in rows], np.str_) for column in range(n))
    return LikenessTable(picture, kind, group, np.asarray([row[n:] for row in rows], np.float32))


def fit_likeness(table: LikenessTable, rows: NDArray[np.intp]) -> FittedPredictor:
    """The predictor of what is not skin, trained on some rows of a table; both sides weigh the same.

    Parameters
    ----------
    table : LikenessTable
    rows : ndarray of shape (M,), int
        Rows to train on.

    Returns
    -------
    FittedPredictor
        Its last column is the probability that a picture does not show skin.
    """
    is_skin = table.is_skin()[rows]
    weight = np.where(is_skin, 1.0, is_skin.sum() / max(1, np.count_nonzero(~is_skin)))
    trees = HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.08,
        max_leaf_nodes=8,
        max_bins=64,
        max_features=0.3,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=SEED,
    )
    trees.fit(table.numbers[rows], (~is_skin).astype(np.int64), sample_weight=weight)
    return FittedPredictor(LIKENESS_NAMES, trees)


def likeness_out_of_fold(table: LikenessTable) -> NDArray[np.float64]:
    """Probability of each row that it is no skin, by a model that never saw its group.

    Parameters
    ----------
    table : LikenessTable

    Returns
    -------
    ndarray of shape (N,), float64
        0 to 1.
    """
    fold = table.folds()
    probability = np.zeros(len(fold))
    for number in range(N_LIKENESS_FOLDS):
        held = fold == number
        if held.any():
            probability[held] = fit_likeness(table, np.flatnonzero(~held))(table.numbers[held])[:, -1]
    return probability


def fit_unlike_min(table: LikenessTable, probability: NDArray[np.float64]) -> float:
    """Least probability that no more than `SKIN_LOST_MAX` of the photos of skin reach.

    Parameters
    ----------
    table : LikenessTable
    probability : ndarray of shape (N,), float64
        Of rows left out of training.

    Returns
    -------
    float
        Threshold, 0 to 1.
    """
    return float(np.quantile(probability[table.kind == SKIN], 1.0 - SKIN_LOST_MAX))


def is_unlike_out_of_fold(table: LikenessTable) -> dict[str, bool]:
    """Which pictures are taken for something else than skin by models that never saw their group.

    Parameters
    ----------
    table : LikenessTable

    Returns
    -------
    dict of str to bool
        By name or SHA-256.
    """
    probability = likeness_out_of_fold(table)
    is_unlike = probability >= fit_unlike_min(table, probability)
    return dict(zip(table.picture.tolist(), is_unlike.tolist(), strict=True))
