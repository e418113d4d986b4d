"""Training of the forests that judge candidates: is it a red spot, and of which kind."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from lesionvis.lab.train.candidate_examples import FOR_NETWORKS, OPEN, CandidateExample
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.forests import SEED, FittedPredictor, kind_forest, onnx_predictor, spot_forest, spot_network
from lesionvis.models import Predictor
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.classifier import (
    KIND_COLUMNS,
    KINDS,
    NEIGHBOUR_COLUMNS,
    RED_KINDS,
    SpotClassifier,
    neighbour_columns,
)
from lesionvis.spots.profiles import PROFILE_COLUMNS

# Rows of one photo that are kept, by what is known about it, and of a changed copy of a marked one.
ROWS_MAX = {"marked": 110, "composite": 60, "bare": 40, "beside": 12, "rendered": 90, FOR_NETWORKS: 90}
ROWS_OF_COPY_MAX = 60
# Networks run away where a column is beyond what was seen: what lies outside these quantiles counts as they do.
NETWORK_LIMITS = (0.005, 0.995)
_COLUMNS = (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS, *PROFILE_COLUMNS)
# The evidence is stored as the rank among so many quantiles of its column: forests see little else.
_N_LEVELS = 255


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTable:
    """What forests and networks are trained on: numbers only.

    Attributes
    ----------
    levels : ndarray of shape (N, K), uint8
        Evidence, neighbour columns and, for networks, profiles, as indices into `values`.
    values : ndarray of shape (K, 256), float32
        What the levels of each column stand for.
    kind : ndarray of shape (N,), int8
        Number in `KINDS`.
    weight : ndarray of shape (N,), float32
    fold : ndarray of shape (N,), int8
    photo : ndarray of shape (N,), int16
        Number of the photo that a row comes from.
    """

    levels: NDArray[np.uint8]
    values: NDArray[np.float32]
    kind: NDArray[np.int8]
    weight: NDArray[np.float32]
    fold: NDArray[np.int8]
    photo: NDArray[np.int16]

    @property
    def evidence(self) -> NDArray[np.float32]:
        """Evidence, neighbour columns and, for networks, profiles, shape (N, K)."""
        return np.stack([values[levels] for values, levels in zip(self.values, self.levels.T, strict=True)], axis=1)

    @property
    def is_red(self) -> NDArray[np.bool_]:
        """Whether each row is a red spot."""
        return np.isin(self.kind, [KINDS.index(kind) for kind in RED_KINDS])


def make_tables(examples: Sequence[CandidateExample]) -> tuple[CandidateTable, CandidateTable]:
    """Tables of all rows whose kind is known; neighbour columns come from stage 1 classifiers that left out the fold.

    Parameters
    ----------
    examples : sequence of CandidateExample
        Candidates with their truth, of all folds.

    Returns
    -------
    tuple of CandidateTable
        What the forests are trained on, and the networks: rows in order of the examples, at most so many of each as its
        origin allows. That of the networks has the profiles besides, and the rows of renders for networks.
    """
    for_forests = [example for example in examples if example.origin != FOR_NETWORKS]
    known = _known(for_forests)
    own = _own_evidence(for_forests)
    blank = np.zeros((len(own), len(NEIGHBOUR_COLUMNS)), np.float32)
    first = _quantised(np.concatenate([own, blank], axis=1), *known)
    neighbours = _neighbours(examples, first)
    of_forests = [n for n, example in zip(neighbours, examples, strict=True) if example.origin != FOR_NETWORKS]
    forests = _quantised(np.concatenate([own, np.concatenate(of_forests)], axis=1), *known)
    profiles = np.concatenate([e.candidates.profiles[_rows(e)] for e in examples])
    columns = [_own_evidence(examples), np.concatenate(neighbours), profiles]
    return forests, _quantised(np.concatenate(columns, axis=1), *_known(examples))


def _known(
    examples: Sequence[CandidateExample],
) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int8], NDArray[np.int16]]:
    """Kind, weight, fold and number of the photo of each row."""
    rows = [_rows(example) for example in examples]
    kind = np.concatenate([e.kinds[r] for e, r in zip(examples, rows, strict=True)])
    weight = np.concatenate([e.weights[r] for e, r in zip(examples, rows, strict=True)]).astype(np.float32)
    counts = [len(r) for r in rows]
    fold = np.repeat([fold_of(e.source, e.group) for e in examples], counts).astype(np.int8)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(e.photo for e in examples))}
    return kind, weight, fold, np.repeat([numbers[e.photo] for e in examples], counts).astype(np.int16)


def _own_evidence(examples: Sequence[CandidateExample]) -> NDArray[np.float32]:
    return np.concatenate([e.candidates.evidence[_rows(e)] for e in examples])


def _neighbours(examples: Sequence[CandidateExample], first: CandidateTable) -> list[NDArray[np.float32]]:
    """Neighbour columns of the rows of each example, by stage 1 classifiers that never saw its fold."""
    folds = [fold_of(e.source, e.group) for e in examples]
    neighbours: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(examples)
    for held in sorted(set(folds)):
        stage_1 = _fit_red(first, tuple(CANDIDATE_COLUMNS), held)
        for index in (i for i, fold_of_example in enumerate(folds) if fold_of_example == held):
            candidates = examples[index].candidates
            scores = stage_1(candidates.evidence)[:, -1]
            neighbours[index] = neighbour_columns(candidates, scores)[_rows(examples[index])]
    return neighbours


def _rows(example: CandidateExample) -> NDArray[np.int64]:
    """A seeded choice of the candidates whose kind is known."""
    is_copy = example.origin == "marked" and example.copy > 0
    rows_max = ROWS_OF_COPY_MAX if is_copy else ROWS_MAX[example.origin]
    known = np.random.default_rng(SEED).permutation(np.flatnonzero(example.kinds != OPEN))
    return np.sort(known[:rows_max])


def _quantised(
    table: NDArray[np.float32],
    kind: NDArray[np.int8],
    weight: NDArray[np.float32],
    fold: NDArray[np.int8],
    photo: NDArray[np.int16],
) -> CandidateTable:
    shares = np.linspace(0.0, 1.0, _N_LEVELS + 1)
    values = np.quantile(table, shares, axis=0).T.astype(np.float32)
    middles = (values[:, 1:] + values[:, :-1]) / 2.0
    levels = [np.searchsorted(m, column).astype(np.uint8) for m, column in zip(middles, table.T, strict=True)]
    return CandidateTable(np.stack(levels, axis=1), values, kind, weight, fold, photo)


def _indices(columns: Sequence[str]) -> list[int]:
    return [_COLUMNS.index(name) for name in columns]


def _fit_red(table: CandidateTable, columns: Sequence[str], held_out_fold: int | None) -> FittedPredictor:
    rows = table.fold != (-1 if held_out_fold is None else held_out_fold)
    forest = spot_forest(columns)
    forest.estimator.fit(
        table.evidence[rows][:, _indices(columns)], table.is_red[rows], sample_weight=table.weight[rows]
    )
    return forest


def _fit_network(table: CandidateTable, held_out_fold: int | None) -> FittedPredictor:
    rows = table.fold != (-1 if held_out_fold is None else held_out_fold)
    network = spot_network(_COLUMNS)
    # In double precision, so that other processors give the same network but for what does not matter.
    evidence = table.evidence[rows].astype(np.float64)
    weight = table.weight[rows] / table.weight[rows].mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the training is short on purpose
        limits, others = network.estimator[0], network.estimator[1:]
        limits.fit(np.quantile(evidence, NETWORK_LIMITS, axis=0))
        others.fit(limits.transform(evidence), table.is_red[rows], networks__sample_weight=weight)
    return network


def _fit_kind(table: CandidateTable, held_out_fold: int | None) -> FittedPredictor:
    """Classifier of the kinds of spots: each kind weighs the same, and within it each photo that shows it."""
    rows = (table.fold != (-1 if held_out_fold is None else held_out_fold)) & (table.kind > 0)
    kind = table.kind[rows].astype(np.int64)
    shown = kind + len(KINDS) * table.photo[rows].astype(np.int64)
    _, group, count = np.unique(shown, return_inverse=True, return_counts=True)
    weight = 1.0 / count[group]
    weight /= np.bincount(kind, weight, minlength=len(KINDS))[kind]
    if len(np.unique(kind)) < len(KINDS) - 1:
        raise ValueError("the classifier of kinds needs rows of every kind")
    forest = kind_forest(KIND_COLUMNS)
    forest.estimator.fit(table.evidence[rows][:, _indices(KIND_COLUMNS)], kind, sample_weight=weight)
    return forest


def fit_candidate_predictors(
    forests: CandidateTable, networks: CandidateTable, held_out_fold: int | None = None
) -> dict[str, FittedPredictor]:
    """The three forests and the networks, trained on all folds but one; None trains on all.

    Parameters
    ----------
    forests, networks : CandidateTable
        Rows of all folds.
    held_out_fold : int, optional
        Fold that is left out.

    Returns
    -------
    dict
        "stage_1", "stage_2", "network" and "kind".

    Raises
    ------
    ValueError
        If the rows lack a kind of spot.
    """
    return {
        "stage_1": _fit_red(forests, tuple(CANDIDATE_COLUMNS), held_out_fold),
        "stage_2": _fit_red(forests, (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS), held_out_fold),
        "network": _fit_network(networks, held_out_fold),
        "kind": _fit_kind(forests, held_out_fold),
    }


def fold_classifiers(
    forests: CandidateTable, networks: CandidateTable, regions: Sequence[Predictor]
) -> list[SpotClassifier]:
    """One classifier per fold, which never saw the photos of that fold, in ONNX form.

    Parameters
    ----------
    forests, networks : CandidateTable
        As for `fit_candidate_predictors`.
    regions : sequence of Predictor
        Predictor of regions for each of `N_FOLDS` folds.

    Returns
    -------
    list of SpotClassifier
        In order of the folds.
    """
    classifiers = []
    for fold, region in enumerate(regions):
        fitted = fit_candidate_predictors(forests, networks, fold)
        classifiers.append(SpotClassifier(**{name: onnx_predictor(f) for name, f in fitted.items()}, region=region))
    return classifiers


def typical_spot(table: CandidateTable) -> dict[str, float]:
    """Median of each column over the spots of blood.

    Parameters
    ----------
    table : CandidateTable
        Of the forests, with at least one spot of blood.

    Returns
    -------
    dict
        Name of the column -> median, to four decimals.
    """
    names = (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS)
    medians = np.median(table.evidence[table.kind == KINDS.index("blood")], axis=0)
    return {name: round(float(value), 4) for name, value in zip(names, medians, strict=True)}


def write_table(path: Path, table: CandidateTable) -> None:
    """Write a table as a compressed NumPy archive, column by column: a column's numbers are alike and pack well.

    Parameters
    ----------
    path : Path
        File to write, .npz.
    table : CandidateTable
        What is written.
    """
    np.savez_compressed(
        path,
        levels=np.ascontiguousarray(table.levels.T),
        values=table.values,
        kind=table.kind,
        weight=table.weight,
        fold=table.fold,
        photo=table.photo,
    )


def read_table(path: Path) -> CandidateTable:
    """Read a table that `write_table` wrote.

    Parameters
    ----------
    path : Path
        File to read, .npz.

    Returns
    -------
    CandidateTable
        The same numbers as were written.
    """
    with np.load(path, allow_pickle=False) as archive:
        return CandidateTable(
            np.ascontiguousarray(archive["levels"].T),
            archive["values"],
            archive["kind"],
            archive["weight"],
            archive["fold"],
            archive["photo"],
        )
