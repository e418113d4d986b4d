"""Training of the model of bare skin from the same table of features as the pattern model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from lesionvis.batch.run import OnProgress, Progress
from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.forests import SEED, FittedPredictor, onnx_predictor
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.labels import PATTERNS
from lesionvis.pattern.bare import BareModel, shows_redness
from lesionvis.pattern.features import BARE_MODEL_FEATURES

BARE, VISIBLE = "0", "1"
# Photos of home surely show something but were not labelled for this question, and there are as many of them as of all
# others together.
HOME_WEIGHT = 0.3
# Share of photos that plainly show something, of sources that were left out of training, that may be taken for bare.
# With the redness that is never bare, 0.021 of visible things are then answered as none, and 0.07 in the worst source.
VISIBLE_LOST_MAX = 0.03


def shows_something(table: PatternTable) -> NDArray[np.float64]:
    """Labels of the question whether a photo shows something abnormal.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.

    Returns
    -------
    ndarray of shape (N,), float64
        1.0 where something shows, 0.0 for bare skin, NaN where nobody said.
    """
    shown = np.full(len(table.labels), np.nan)
    for row, label in enumerate(table.labels):
        if label.visible in (BARE, VISIBLE):
            shown[row] = float(label.visible)
        elif not label.visible and (label.pattern in PATTERNS or label.n_spots not in ("", "0")):
            shown[row] = 1.0
    return shown


def fit_bare(table: PatternTable, rows: NDArray[np.intp]) -> FittedPredictor:
    """The predictor of bare skin, trained on those of some rows of a table that show something or nothing.

    Bare photos get the same total weight as all others. Spots laid onto bare skin are left out: the skin below them is
    what should be called bare.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.
    rows : ndarray of shape (M,), int
        Rows to train on.

    Returns
    -------
    FittedPredictor
        Its last column is the probability of bare skin.
    """
    rows = rows[table.copy[rows] == 0]
    shown = shows_something(table)[rows]
    rows, shown = rows[np.isfinite(shown)], shown[np.isfinite(shown)]
    is_bare = shown == 0.0
    weight = np.where(table.is_abroad()[rows] | is_bare, 1.0, HOME_WEIGHT)
    for chosen in (is_bare, ~is_bare):
        weight[chosen] *= 0.5 * len(rows) / weight[chosen].sum()
    forest = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        ExtraTreesClassifier(
            300, criterion="entropy", min_samples_leaf=5, max_features=0.3, n_jobs=1, random_state=SEED
        ),
    )
    forest.fit(
        table.model_input(BARE_MODEL_FEATURES)[rows],
        is_bare.astype(np.int64),
        extratreesclassifier__sample_weight=weight,
    )
    return FittedPredictor(BARE_MODEL_FEATURES, forest)


def bare_folds(table: PatternTable) -> NDArray[np.int64]:
    """Fold of each row: every source abroad is one by itself, photos of home are folded by patient.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.

    Returns
    -------
    ndarray of shape (N,), int
        From 0 on.
    """
    names = [
        label.source if label.is_abroad else f"{fold_of(label.source, label.group)} of home" for label in table.labels
    ]
    return np.asarray(np.unique(names, return_inverse=True)[1], np.int64)


def bare_out_of_fold(table: PatternTable, on_progress: OnProgress | None = None) -> NDArray[np.float64]:
    """Probability of bare skin of each row by a model that saw neither its source (abroad) nor its patient (home).

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.
    on_progress : callable, optional
        Called whenever the rows of another fold were judged.

    Returns
    -------
    ndarray of shape (N,), float64
        0 to 1.
    """
    fold = bare_folds(table)
    probability = np.zeros(len(fold))
    done = 0
    for number in range(fold.max() + 1):
        held = fold == number
        predictor = fit_bare(table, np.flatnonzero(~held))
        probability[held] = predictor(table.model_input(BARE_MODEL_FEATURES)[held])[:, -1]
        done += int(held.sum())
        if on_progress is not None:
            on_progress(Progress("checking", done, len(fold)))
    return probability


def is_bare_out_of_fold(table: PatternTable, probability: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows taken for bare, by a threshold that was chosen on the other folds' probabilities, and not red.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.
    probability : ndarray of shape (N,), float64
        Probability of bare skin, 0 to 1.

    Returns
    -------
    ndarray of shape (N,), bool
        True for bare skin.
    """
    fold = bare_folds(table)
    is_bare = np.zeros(len(fold), np.bool_)
    for number in range(fold.max() + 1):
        held, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        is_bare[held] = probability[held] >= fit_bare_min(table.take(others), probability[others])
    return is_bare & ~np.asarray([shows_redness(values) for values in table.values()], np.bool_)


def left_out_bare_models(table: PatternTable) -> list[BareModel]:
    """Models of bare skin that never saw the photos of one fold of the classifiers, threshold included.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.

    Returns
    -------
    list of BareModel
        One per fold of `fold_of`.
    """
    fold = np.asarray([fold_of(label.source, label.group) for label in table.labels])
    probability = bare_out_of_fold(table)
    models = []
    for number in range(N_FOLDS):
        others = np.flatnonzero(fold != number)
        bare_min = fit_bare_min(table.take(others), probability[others])
        models.append(BareModel(f"without fold {number}", onnx_predictor(fit_bare(table, others)), bare_min))
    return models


def has_bare(table: PatternTable) -> bool:
    """Presence of photos of bare skin to learn from.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.

    Returns
    -------
    bool
        True if there is at least one.
    """
    return any(label.visible == BARE for label in table.labels)


def fit_bare_min(table: PatternTable, probability: NDArray[np.float64]) -> float:
    """Least probability at which no more than `VISIBLE_LOST_MAX` of what plainly shows something abroad is bare.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.
    probability : ndarray of shape (N,), float64
        Probability of bare skin, 0 to 1.

    Returns
    -------
    float
        Threshold, 0 to 1.
    """
    visible = np.asarray([label.visible == VISIBLE for label in table.labels]) & (table.copy == 0)
    return float(np.quantile(probability[visible], 1.0 - VISIBLE_LOST_MAX))
