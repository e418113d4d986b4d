"""Training of the pattern model from a table of features with labels."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer

from lesionvis.batch.run import OnProgress
from lesionvis.findings import Findings
from lesionvis.lab.train.augment import augmented
from lesionvis.lab.train.forests import SEED, FittedPredictor
from lesionvis.lab.train.left_out import find, left_out
from lesionvis.lab.truth import OWN_SOURCE, Label
from lesionvis.labels import PETECHIAL_SHOWER
from lesionvis.pattern.features import FEATURE_NAMES, MODEL_FEATURES, compute_features, gather
from lesionvis.pattern.pattern import CLASSES, LINEAR_CLASSES, by_class
from lesionvis.photo import read_photo
from lesionvis.spots.classifier import SpotClassifier

# A borderline photo counts less than a clear one; the value of the trial that the project grew from.
BORDERLINE_WEIGHT = 0.4
# So do spots laid onto bare skin, which are many and all of one kind.
LAID_ON_WEIGHT = 0.3
# Fewer rows than this have no covariance.
LINEAR_ROWS_MIN = 5
# What the diagnosis of a row with spots laid on begins with.
LAID_ON = "laid on: "
# A photo of a class that is rare abroad counts so much more than others at most.
RARE_WEIGHT_MAX = 8.0
# Fewest photos in a leaf of the forest; copies of a photo are alike, so that a leaf must hold more of them.
LEAF_PHOTOS, LEAF_ROWS_OF_COPIES = 5, 15
LABEL_COLUMNS = (
    "sha256",
    "source",
    "group",
    "diagnosis",
    "pattern",
    "certainty",
    "accept",
    "n_spots",
    "visible",
    "copy",
)
# Photos of whoever trains a model count, all together, for this part of all at most: they are few, and are what the
# model is for.
OWN_SHARE = 1.0 / 3.0
# So much more than another photo one of them counts at most.
OWN_WEIGHT_MAX = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class PatternTable:
    """Features of photos and of changed copies of them, with labels.

    Attributes
    ----------
    labels : tuple of Label
        One per row; a photo's copies repeat its label.
    copy : ndarray of shape (N,), int64
        0 for the photo itself, k for its k-th changed copy.
    features : ndarray of shape (N, len(FEATURE_NAMES)), float32
    """

    labels: tuple[Label, ...]
    copy: NDArray[np.int64]
    features: NDArray[np.float32]

    def model_input(self, names: Sequence[str] = MODEL_FEATURES) -> NDArray[np.float32]:
        """Columns that a model sees.

        Parameters
        ----------
        names : sequence of F str
            Names of features; those of the pattern model unless given.

        Returns
        -------
        ndarray of shape (N, F), float32
            In the order of the names.
        """
        return self.features[:, [FEATURE_NAMES.index(name) for name in names]]

    def values(self) -> list[dict[str, float]]:
        """Features of each row by name, as the rules of the answer take them.

        Returns
        -------
        list of dict of str to float
            One per row.
        """
        return [dict(zip(FEATURE_NAMES, row, strict=True)) for row in self.features.tolist()]

    def classes(self) -> NDArray[np.int64]:
        """Classes of the rows.

        Returns
        -------
        ndarray of shape (N,), int
            Index into `CLASSES`.
        """
        return np.asarray([CLASSES.index(label.pattern) for label in self.labels])

    def is_laid_on(self) -> NDArray[np.bool_]:
        """Rows of bare skin with spots laid on.

        Returns
        -------
        ndarray of shape (N,), bool
        """
        return np.asarray([label.diagnosis.startswith(LAID_ON) for label in self.labels], np.bool_)

    def linear_classes(self) -> NDArray[np.int64]:
        """Classes of the rows for the linear model.

        Returns
        -------
        ndarray of shape (N,), int
            Index into `LINEAR_CLASSES`: spots laid on are classes of their own where each of these, and of those that
            they are parts of, has `LINEAR_ROWS_MIN` rows.
        """
        laid_on = np.where(self.classes() == CLASSES.index(PETECHIAL_SHOWER), len(CLASSES), len(CLASSES) + 1)
        apart = np.where(self.is_laid_on(), laid_on, self.classes())
        counts = np.bincount(apart, minlength=len(LINEAR_CLASSES))
        parts = [n for n, name in enumerate(LINEAR_CLASSES) if LINEAR_CLASSES.count(name) > 1]
        return apart if counts[parts].min() >= LINEAR_ROWS_MIN else self.classes()

    def take(self, rows: NDArray[np.intp]) -> PatternTable:
        """Select rows.

        Parameters
        ----------
        rows : ndarray of shape (M,), int
            Which rows.

        Returns
        -------
        PatternTable
            M rows in the order of `rows`.
        """
        return PatternTable(tuple(self.labels[i] for i in rows), self.copy[rows], self.features[rows])

    def groups(self) -> NDArray[np.str_]:
        """Groups of the rows.

        Returns
        -------
        ndarray of shape (N,), str
            What is left out of training together has the same.
        """
        return np.asarray([label.left_out_with for label in self.labels])

    def is_clear(self) -> NDArray[np.bool_]:
        """Rows whose label is sure.

        Returns
        -------
        ndarray of shape (N,), bool
        """
        return np.asarray([label.certainty == "clear" for label in self.labels])

    def is_own(self) -> NDArray[np.bool_]:
        """Rows whose photo is of whoever trains a model.

        Returns
        -------
        ndarray of shape (N,), bool
        """
        return np.asarray([label.source == OWN_SOURCE for label in self.labels], np.bool_)

    def is_abroad(self) -> NDArray[np.bool_]:
        """Rows whose photo is of a source beside those that most photos come from.

        Returns
        -------
        ndarray of shape (N,), bool
        """
        return np.asarray([label.is_abroad for label in self.labels])


def joined(tables: Sequence[PatternTable]) -> PatternTable:
    """One table of the rows of several.

    Parameters
    ----------
    tables : sequence of PatternTable

    Returns
    -------
    PatternTable
    """
    return PatternTable(
        tuple(label for table in tables for label in table.labels),
        np.concatenate([table.copy for table in tables]),
        np.concatenate([table.features for table in tables]),
    )


def feature_row(found: Findings) -> NDArray[np.float32]:
    """Features of a photo in the order of `FEATURE_NAMES`.

    Parameters
    ----------
    found : Findings
        Of one photo.

    Returns
    -------
    ndarray of shape (F,), float32
        In the order of `FEATURE_NAMES`.
    """
    values = compute_features(gather(found)).values
    return np.asarray([values[name] for name in FEATURE_NAMES], np.float32)


def make_pattern_table(
    folder: Path,
    labels: Sequence[Label],
    classifiers: Sequence[SpotClassifier],
    n_copies: int,
    on_progress: OnProgress | None = None,
) -> PatternTable:
    """Measure all labelled photos of a folder.

    Parameters
    ----------
    folder : Path
    labels : sequence of Label
    classifiers : sequence of SpotClassifier
        One per fold, which never saw the photos of that fold: spots on photos that a classifier was trained on look
        better than they will on new ones.
    n_copies : int
        Changed copies per photo.
    on_progress : callable, optional
        Called whenever another photo is measured.

    Returns
    -------
    PatternTable
    """
    blocks = left_out(partial(_rows, n_copies=n_copies), folder, labels, classifiers, on_progress)
    return PatternTable(
        tuple(label for label in labels for _ in range(n_copies + 1)),
        np.tile(np.arange(n_copies + 1), len(labels)),
        np.concatenate(blocks),
    )


def _rows(path: Path, classifier: SpotClassifier, n_copies: int) -> NDArray[np.float32]:
    """Features of a photo and of its changed copies; the changes follow from the photo's content."""
    photo = read_photo(path)
    generator = np.random.default_rng(int(photo.sha256[:12], 16))
    copies = (read_photo(augmented(photo.rgb, generator)) for _ in range(n_copies))
    return np.stack([feature_row(find(one, classifier)) for one in (photo, *copies)])


def write_pattern_table(path: Path, table: PatternTable) -> None:
    """Write a table as CSV, features at four significant digits.

    Parameters
    ----------
    path : Path
        CSV file to write.
    table : PatternTable
        Features and labels.
    """
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow((*LABEL_COLUMNS, *FEATURE_NAMES))
        for label, copy, row in zip(table.labels, table.copy, table.features, strict=True):
            values = (
                label.sha256,
                label.source,
                label.group,
                label.diagnosis,
                label.pattern,
                label.certainty,
                "|".join(label.accept),
                label.n_spots,
                label.visible,
                copy,
            )
            writer.writerow((*values, *("" if np.isnan(value) else f"{value:.4g}" for value in row)))


def read_pattern_table(path: Path) -> PatternTable:
    """Read a table that `write_pattern_table` wrote.

    Parameters
    ----------
    path : Path
        CSV file.

    Returns
    -------
    PatternTable
        Features and labels.

    Raises
    ------
    ValueError
        If its columns are not those of this version.
    """
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    if tuple(rows[0]) != (*LABEL_COLUMNS, *FEATURE_NAMES):
        raise ValueError(f"{path} has other columns than this version computes; make the table again.")
    n = len(LABEL_COLUMNS)
    labels = []
    for row in rows[1:]:
        entry = dict(zip(LABEL_COLUMNS, row, strict=False))
        labels.append(
            Label(
                photo="",
                sha256=entry["sha256"],
                source=entry["source"],
                diagnosis=entry["diagnosis"],
                pattern=entry["pattern"],
                certainty=entry["certainty"],
                accept=tuple(entry["accept"].split("|")),
                n_spots=entry["n_spots"],
                group=entry["group"],
                note="",
                visible=entry["visible"],
            )
        )
    values = [[float(cell) if cell else np.nan for cell in row[n:]] for row in rows[1:]]
    copies = np.asarray([int(row[n - 1]) for row in rows[1:]])
    return PatternTable(tuple(labels), copies, np.asarray(values, np.float32))


def row_weights(table: PatternTable, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights that give each class the same total, at home and abroad; borderline photos count `BORDERLINE_WEIGHT`.

    Photos of whoever trains are a place of their own, raised to `OWN_SHARE` of all where there are others. Were the
    classes not balanced abroad, "other" would be learnt from what the web looks like. A class that is rare there is
    raised by `RARE_WEIGHT_MAX` at most.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    rows : ndarray of shape (M,), int
        Rows that are trained on.

    Returns
    -------
    ndarray of shape (M,), float64
        Weights with a mean of 1.
    """
    weight = np.where(table.is_clear()[rows], 1.0, BORDERLINE_WEIGHT)
    classes, abroad, own = table.classes()[rows], table.is_abroad()[rows], table.is_own()[rows]
    for place in (abroad, ~abroad & ~own, own):
        wanted = place.sum() / len(np.unique(classes[place])) if place.any() else 0.0
        for number in np.unique(classes[place]):
            chosen = place & (classes == number)
            weight[chosen] *= min(wanted / weight[chosen].sum(), RARE_WEIGHT_MAX)
    weight[table.is_laid_on()[rows]] *= LAID_ON_WEIGHT
    if own.any() and not own.all():
        wanted = OWN_SHARE / (1.0 - OWN_SHARE) * weight[~own].sum()
        weight[own] *= np.clip(wanted / weight[own].sum(), 1.0, OWN_WEIGHT_MAX)
    totals = np.bincount(classes, weight, minlength=len(CLASSES))
    return np.asarray(weight * len(rows) / len(CLASSES) / np.maximum(totals, 1e-9)[classes])


def fit_pattern(table: PatternTable, rows: NDArray[np.int64]) -> dict[str, FittedPredictor]:
    """Train the two predictors of the pattern model on some rows of a table.

    The forest finds thresholds and combinations; the linear model, on features that are kept within the range of the
    training and made normal (Yeo and Johnson 2000) with a shrunken covariance, generalises further from few examples;
    spots laid on are classes of their own there. Their errors differ, so that the mean is better than either. The
    linear model knows no weights: borderline photos from abroad, a third of those, are kept from it, and photos of
    whoever trains are repeated.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    rows : ndarray of shape (M,), int
        Rows to train on.

    Returns
    -------
    dict of str to FittedPredictor
        "forest" and "linear".
    """
    values, classes = table.model_input()[rows], table.classes()[rows]
    leaf = LEAF_ROWS_OF_COPIES if (table.copy[rows] > 0).mean() > 0.5 else LEAF_PHOTOS
    forest = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        # One thread: the threads of scikit-learn race for the filters of warnings and may lose them all.
        ExtraTreesClassifier(150, min_samples_leaf=leaf, max_features=0.2, n_jobs=1, random_state=SEED),
    )
    forest.fit(values, classes, extratreesclassifier__sample_weight=row_weights(table, rows))
    telling = np.flatnonzero((table.is_clear() | ~table.is_abroad())[rows])
    telling = np.concatenate([telling, _repeated_own(table.is_own()[rows][telling], telling)])
    linear_classes = table.take(rows[telling]).linear_classes()
    linear = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        # Powers run away beyond what was seen.
        MinMaxScaler(clip=True),
        PowerTransformer(),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.15, priors=_priors(linear_classes)),
    )
    linear.fit(values[telling], linear_classes)
    return {
        "forest": FittedPredictor(MODEL_FEATURES, forest),
        "linear": FittedPredictor(MODEL_FEATURES, linear),
    }


def _repeated_own(is_own: NDArray[np.bool_], telling: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rows of whoever trains, as often again as makes them `OWN_SHARE` of all; none where there are no others."""
    own, others = int(is_own.sum()), int((~is_own).sum())
    if not own or not others:
        return telling[:0]
    times = np.clip(round(OWN_SHARE / (1.0 - OWN_SHARE) * others / own), 1.0, OWN_WEIGHT_MAX)
    return np.tile(telling[is_own], int(times) - 1)


def _priors(linear_classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Equal priors of `CLASSES`, halved where a class comes in two parts, for each linear class that occurs."""
    present = np.unique(linear_classes)
    parts = [CLASSES.index(LINEAR_CLASSES[number]) for number in present]
    return np.asarray([1.0 / (len(set(parts)) * parts.count(part)) for part in parts])


def mean_probabilities(predictors: dict[str, FittedPredictor], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of the predictors' probabilities.

    Parameters
    ----------
    predictors : dict of str to FittedPredictor
        Fitted predictors.
    values : ndarray of shape (N, F), float32
        In the order of `MODEL_FEATURES`.

    Returns
    -------
    ndarray of shape (N, C), float64
        Of `CLASSES`; rows sum up to 1.
    """
    return np.asarray(np.mean([by_class(predictor(values)) for predictor in predictors.values()], axis=0))


def table_digest(path: Path) -> str:
    """SHA-256 of a file, for the card.

    Parameters
    ----------
    path : Path
        File.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()
