"""Training of the forest that judges regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.forests import SEED, FittedPredictor, onnx_predictor, region_forest
from lesionvis.lab.train.spot_examples import Example
from lesionvis.models import Predictor
from lesionvis.spots.regions import COLUMNS as REGION_COLUMNS

REGIONS_PER_PHOTO = 40
# The columns of `Tables` that hold evidence.
_EVIDENCE = ("region",)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What the forest is trained on: numbers only.

    Attributes
    ----------
    region : ndarray of shape (M, K), float32
        Evidence.
    overlap : ndarray of shape (M,), float32
        Of `region`.
    region_weight : ndarray of shape (M,), float32
    region_fold : ndarray of shape (M,), int8
        Fold of the photo's group.
    """

    region: NDArray[np.float32]
    overlap: NDArray[np.float32]
    region_weight: NDArray[np.float32]
    region_fold: NDArray[np.int8]


def make_tables(examples: Sequence[Example]) -> Tables:
    """Tables of the regions of all photos whose lesion is known."""
    regions, overlaps, region_folds, region_weights = [], [], [], []
    for example in examples:
        rows = _region_rows(example.overlaps)
        regions.append(example.regions.evidence[rows])
        overlaps.append(example.overlaps[rows])
        region_folds.append(np.full(len(rows), fold_of("rendered", example.group)))
        region_weights.append(np.full(len(rows), 1.0 / max(len(rows), 1)))
    return Tables(
        np.concatenate(regions),
        np.concatenate(overlaps).astype(np.float32),
        np.concatenate(region_weights).astype(np.float32),
        np.concatenate(region_folds).astype(np.int8),
    )


def _region_rows(overlaps: NDArray[np.float64]) -> NDArray[np.int64]:
    """The regions that overlap best and a seeded choice of the others."""
    rows = np.flatnonzero(np.isfinite(overlaps))
    best = rows[np.argsort(-overlaps[rows], kind="stable")]
    half = REGIONS_PER_PHOTO // 2
    rest = np.random.default_rng(SEED).permutation(best[half:])[: REGIONS_PER_PHOTO - half]
    return np.sort(np.concatenate([best[:half], rest]))


def fit_region_forest(tables: Tables, held_out_fold: int | None = None) -> FittedPredictor:
    """The forest of regions, trained on all folds but one; None trains on all."""
    rows = tables.region_fold != (-1 if held_out_fold is None else held_out_fold)
    forest = region_forest(tuple(REGION_COLUMNS))
    forest.estimator.fit(tables.region[rows], tables.overlap[rows], sample_weight=tables.region_weight[rows])
    return forest


def rounded(tables: Tables) -> Tables:
    """Tables with evidence at half precision (three digits): what is stored, and trained on."""
    half = {name: getattr(tables, name).astype(np.float16).astype(np.float32) for name in _EVIDENCE}
    return replace(tables, **half)


def write_tables(path: Path, tables: Tables) -> None:
    """Write the tables as a compressed NumPy archive: evidence at half precision, column by column."""
    arrays = {field.name: getattr(tables, field.name) for field in fields(Tables)}
    # A column's numbers are alike, so that they pack well when they lie side by side.
    arrays |= {name: np.ascontiguousarray(arrays[name].astype(np.float16).T) for name in _EVIDENCE}
    np.savez_compressed(path, **arrays)


def read_tables(path: Path) -> Tables:
    """Read tables that `write_tables` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {field.name: archive[field.name] for field in fields(Tables)}
    arrays |= {name: np.ascontiguousarray(arrays[name].T, np.float32) for name in _EVIDENCE}
    return Tables(**arrays)


def fold_region_predictors(tables: Tables) -> list[Predictor]:
    """One predictor of regions per fold, which never saw the photos of that fold, in ONNX form."""
    return [onnx_predictor(fit_region_forest(tables, fold)) for fold in range(N_FOLDS)]
