"""Training of the forest that says how much of the dominant lesion each region covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.forests import FittedPredictor, onnx_predictor, region_forest
from lesionvis.lab.train.region_examples import RegionExample
from lesionvis.models import Predictor
from lesionvis.spots.regions import COLUMNS

# A changed copy counts so much as the photo itself.
COPY_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class RegionTable:
    """What the forest is trained on: numbers only.

    Attributes
    ----------
    evidence : ndarray of shape (M, len(COLUMNS)), float32
    overlap : ndarray of shape (M,), float32
        Intersection over union with the dominant lesion.
    weight : ndarray of shape (M,), float32
        Those of a photo sum up to 1, those of a copy to `COPY_WEIGHT`.
    fold : ndarray of shape (M,), int8
        Fold of the photo.
    """

    evidence: NDArray[np.float32]
    overlap: NDArray[np.float32]
    weight: NDArray[np.float32]
    fold: NDArray[np.int8]


def make_region_table(examples: Sequence[RegionExample]) -> RegionTable:
    """Table of the regions of all examples.

    Parameters
    ----------
    examples : sequence of RegionExample
        Regions with their truth.

    Returns
    -------
    RegionTable
        Rows in order of the examples.
    """
    counts = [len(example.overlap) for example in examples]
    weights = [COPY_WEIGHT if example.copy else 1.0 for example in examples]
    folds = [fold_of(example.source, example.group) for example in examples]
    return RegionTable(
        np.concatenate([np.zeros((0, len(COLUMNS)), np.float32), *(example.evidence for example in examples)]),
        np.concatenate([np.zeros(0), *(example.overlap for example in examples)]).astype(np.float32),
        np.repeat([weight / max(count, 1) for weight, count in zip(weights, counts, strict=True)], counts).astype(
            np.float32
        ),
        np.repeat(folds, counts).astype(np.int8),
    )


def fit_region_forest(table: RegionTable, held_out_fold: int | None = None) -> FittedPredictor:
    """The forest of regions, trained on all folds but one; None trains on all.

    Parameters
    ----------
    table : RegionTable
        Rows of all folds.
    held_out_fold : int, optional
        Fold that is left out.

    Returns
    -------
    FittedPredictor
        One column: expected intersection over union with the dominant lesion.
    """
    rows = table.fold != (-1 if held_out_fold is None else held_out_fold)
    forest = region_forest(tuple(COLUMNS))
    forest.estimator.fit(table.evidence[rows], table.overlap[rows], sample_weight=table.weight[rows])
    return forest


def fold_region_predictors(table: RegionTable) -> list[Predictor]:
    """One predictor of regions per fold, which never saw the photos of that fold, in ONNX form.

    Parameters
    ----------
    table : RegionTable
        Rows of all folds.

    Returns
    -------
    list of Predictor
        In order of the `N_FOLDS` folds.
    """
    return [onnx_predictor(fit_region_forest(table, fold)) for fold in range(N_FOLDS)]


def rounded_regions(table: RegionTable) -> RegionTable:
    """Table with evidence at half precision (three digits): what is stored, and trained on.

    Parameters
    ----------
    table : RegionTable
        With evidence at full precision.

    Returns
    -------
    RegionTable
        With evidence rounded, still float32; all else as it was.
    """
    return replace(table, evidence=table.evidence.astype(np.float16).astype(np.float32))


def write_region_table(path: Path, table: RegionTable) -> None:
    """Write the table as a compressed NumPy archive: evidence at half precision, column by column.

    Parameters
    ----------
    path : Path
        File to write, .npz.
    table : RegionTable
        What is written.
    """
    arrays = {field.name: getattr(table, field.name) for field in fields(RegionTable)}
    # A column's numbers are alike, so that they pack well when they lie side by side.
    arrays["evidence"] = np.ascontiguousarray(table.evidence.astype(np.float16).T)
    np.savez_compressed(path, **arrays)


def read_region_table(path: Path) -> RegionTable:
    """Read a table that `write_region_table` wrote.

    Parameters
    ----------
    path : Path
        File to read, .npz.

    Returns
    -------
    RegionTable
        Evidence as float32, rounded as `rounded_regions` does.
    """
    with np.load(path, allow_pickle=False) as archive:
        arrays = {field.name: archive[field.name] for field in fields(RegionTable)}
    arrays["evidence"] = np.ascontiguousarray(arrays["evidence"].T, np.float32)
    return RegionTable(**arrays)
