"""Training of the two forests that judge candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.train.forests import FittedPredictor, onnx_predictor, spot_forest
from lesionvis.lab.train.spot_examples import OPEN, SPOT, Example
from lesionvis.models import Predictor
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.classifier import NEIGHBOUR_COLUMNS, SpotClassifier, neighbour_columns

N_FOLDS = 5
# The columns of `Tables` that hold evidence.
_EVIDENCE = ("candidate", "neighbour")


def fold_of(group: str) -> int:
    """Fold of a group, by its name alone, so that it never moves.

    Parameters
    ----------
    group : str
        Name of the group.

    Returns
    -------
    int
        0 to N_FOLDS - 1.
    """
    return hashlib.sha256(group.encode()).digest()[0] % N_FOLDS


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Training data of the forests: numbers only.

    Attributes
    ----------
    candidate, neighbour : ndarray of shape (N, K), float32
        Evidence; stage 2 sees `candidate` and `neighbour` side by side.
    spot_label : ndarray of shape (N,), int8
        Of `candidate` and `neighbour`.
    spot_weight : ndarray of shape (N,), float32
    spot_fold : ndarray, int8
        Fold of the photo's group.
    """

    candidate: NDArray[np.float32]
    neighbour: NDArray[np.float32]
    spot_label: NDArray[np.int8]
    spot_weight: NDArray[np.float32]
    spot_fold: NDArray[np.int8]


def make_tables(examples: Sequence[Example]) -> Tables:
    """Make the tables of all labelled rows.

    Neighbour columns come from a stage 1 that never saw the photo's group.

    Parameters
    ----------
    examples : sequence of Example
        Evidence and truth by photo.

    Returns
    -------
    Tables
        All labelled rows.
    """
    known = [np.flatnonzero(e.labels != OPEN) for e in examples]
    folds = [fold_of(e.group) for e in examples]
    first = np.concatenate([e.candidates.evidence[k] for e, k in zip(examples, known, strict=True)])
    label = np.concatenate([e.labels[k] for e, k in zip(examples, known, strict=True)])
    weight = np.concatenate([e.weights[k] for e, k in zip(examples, known, strict=True)]).astype(np.float32)
    fold = np.repeat(folds, [len(k) for k in known]).astype(np.int8)
    looks = [_fit_spots(CANDIDATE_COLUMNS, first, label, weight, fold != held) for held in range(N_FOLDS)]
    companies = []
    for example, rows, held in zip(examples, known, folds, strict=True):
        scores = looks[held](example.candidates.evidence)[:, -1]
        companies.append(neighbour_columns(example.candidates, scores)[rows])
    return Tables(
        first,
        np.concatenate(companies),
        label,
        weight,
        fold,
    )


def _fit_spots(
    columns: dict[str, str],
    table: NDArray[np.float32],
    label: NDArray[np.int8],
    weight: NDArray[np.float32],
    rows: NDArray[np.bool_],
) -> FittedPredictor:
    forest = spot_forest(tuple(columns))
    forest.estimator.fit(table[rows], label[rows] == SPOT, sample_weight=weight[rows])
    return forest


def fit_forests(tables: Tables, held_out_fold: int | None = None) -> dict[str, FittedPredictor]:
    """Train the two forests on all folds but one.

    Parameters
    ----------
    tables : Tables
    held_out_fold : int, optional
        Fold that is not trained on; None trains on all.

    Returns
    -------
    dict
        "stage_1" and "stage_2".
    """
    spots = tables.spot_fold != (-1 if held_out_fold is None else held_out_fold)
    both = {**CANDIDATE_COLUMNS, **NEIGHBOUR_COLUMNS}
    return {
        "stage_1": _fit_spots(CANDIDATE_COLUMNS, tables.candidate, tables.spot_label, tables.spot_weight, spots),
        "stage_2": _fit_spots(
            both,
            np.concatenate([tables.candidate, tables.neighbour], axis=1),
            tables.spot_label,
            tables.spot_weight,
            spots,
        ),
    }


def typical_spot(tables: Tables) -> dict[str, float]:
    """Median of each column of evidence and neighbours over the marked spots.

    Parameters
    ----------
    tables : Tables
        Training data.

    Returns
    -------
    dict of str to float
        Median by name of the column.
    """
    both = np.concatenate([tables.candidate, tables.neighbour], axis=1)[tables.spot_label == SPOT]
    names = (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS)
    return {name: round(float(value), 4) for name, value in zip(names, np.median(both, axis=0), strict=True)}


def rounded(tables: Tables) -> Tables:
    """Round the evidence to half precision (three digits): what is stored, and trained on.

    Parameters
    ----------
    tables : Tables
        Training data.

    Returns
    -------
    Tables
        Rounded, still in single precision.
    """
    half = {name: getattr(tables, name).astype(np.float16).astype(np.float32) for name in _EVIDENCE}
    return replace(tables, **half)


def write_tables(path: Path, tables: Tables) -> None:
    """Write the tables as a compressed NumPy archive: evidence at half precision, column by column.

    Parameters
    ----------
    path : Path
        NPZ file to write.
    tables : Tables
        Training data.
    """
    arrays = {field.name: getattr(tables, field.name) for field in fields(Tables)}
    # A column's numbers are alike, so that they pack well when they lie side by side.
    arrays |= {name: np.ascontiguousarray(arrays[name].astype(np.float16).T) for name in _EVIDENCE}
    np.savez_compressed(path, **arrays)


def read_tables(path: Path) -> Tables:
    """Read tables that `write_tables` wrote.

    Parameters
    ----------
    path : Path
        NPZ file, read without pickle.

    Returns
    -------
    Tables
        Training data.
    """
    with np.load(path, allow_pickle=False) as archive:
        arrays = {field.name: archive[field.name] for field in fields(Tables)}
    arrays |= {name: np.ascontiguousarray(arrays[name].T, np.float32) for name in _EVIDENCE}
    return Tables(**arrays)


def fold_classifiers(tables: Tables, regions: Sequence[Predictor]) -> list[SpotClassifier]:
    """Train one classifier per fold, which never saw the photos of that fold.

    Parameters
    ----------
    tables : Tables
        Training data.
    regions : sequence of Predictor
        Predictor of regions for each fold.

    Returns
    -------
    list of SpotClassifier
        In ONNX form, in the order of the folds.
    """
    return [
        SpotClassifier(
            **{name: onnx_predictor(forest) for name, forest in fit_forests(tables, fold).items()}, region=region
        )
        for fold, region in zip(range(N_FOLDS), regions, strict=False)
    ]
