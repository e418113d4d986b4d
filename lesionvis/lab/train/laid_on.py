"""Mild showers and what looks like them, laid onto the bare skin of photos: few real showers are mild."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.findings import Findings
from lesionvis.lab.evaluate.matching import match_spots
from lesionvis.lab.render.composites import (
    DOTS,
    FAINT_DENSITY,
    FRECKLES,
    PAPULES,
    STRONG_DENSITY,
    Composite,
    lay_spots,
)
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import find
from lesionvis.lab.train.pattern_training import LAID_ON, PatternTable, feature_row
from lesionvis.lab.truth import Label
from lesionvis.labels import PETECHIAL_SHOWER, UNCERTAIN
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.photo import read_photo
from lesionvis.spots.classifier import SpotClassifier

# What is laid onto each photo, with the range of its green optical density: showers that are plain to see, faint, and
# of any strength, and what looks like them.
CASES: tuple[tuple[str, tuple[float, float]], ...] = (
    (DOTS, (STRONG_DENSITY, STRONG_DENSITY)),
    (DOTS, (FAINT_DENSITY, FAINT_DENSITY)),
    (DOTS, (0.14, 0.45)),
    (FRECKLES, (0.14, 0.45)),
    (PAPULES, (0.14, 0.45)),
)


# Where fewer of the spots than this are found, what was laid on cannot be seen, and so has no label to learn.
FOUND_SHARE_MIN = 0.3


def make_laid_on_table(folder: Path, labels: Sequence[Label], classifiers: Sequence[SpotClassifier]) -> PatternTable:
    """Measure spots laid onto every photo of bare skin, once for each of `CASES`.

    Parameters
    ----------
    folder : Path
        Of the photos.
    labels : sequence of Label
        Those of bare skin are taken.
    classifiers : sequence of SpotClassifier
        One per fold, which never saw the photos of that fold.

    Returns
    -------
    PatternTable
        Rows count as changed copies: they are trained on with the group of their photo, and never judged.
    """
    bare = [label for label in labels if label.visible == "0"]
    jobs = (
        delayed(_row)(folder / label.photo, label, number, classifiers[fold_of(label.source, label.group)])
        for label in bare
        for number in range(len(CASES))
    )
    rows = [row for row in Parallel(n_jobs=2)(jobs) if row is not None]
    features = np.asarray([row for _, row in rows], np.float32).reshape(-1, len(FEATURE_NAMES))
    return PatternTable(tuple(label for label, _ in rows), np.ones(len(rows), np.int64), features)


def _row(path: Path, label: Label, number: int, classifier: SpotClassifier) -> tuple[Label, NDArray[np.float32]] | None:
    """Label and features of one photo with spots laid on, which follow from the photo's content.

    None without room, or where too few are found.
    """
    cv2.setNumThreads(1)
    subject, densities = CASES[number]
    generator = np.random.default_rng([number, int(label.sha256[:12], 16)])
    composite = lay_spots(path, subject, float(generator.uniform(*densities)), generator)
    if composite is None:
        return None
    found = find(read_photo(composite.rgb), classifier)
    if _found_share(composite, found) < FOUND_SHARE_MIN:
        return None
    pattern = PETECHIAL_SHOWER if subject == DOTS else "other"
    laid = replace(
        label,
        sha256=hashlib.sha256(composite.rgb.tobytes()).hexdigest(),
        diagnosis=LAID_ON + subject,
        pattern=pattern,
        certainty="clear",
        accept=(PETECHIAL_SHOWER,) if subject == DOTS else (UNCERTAIN,),
        n_spots="21-100",
        visible="",
    )
    return laid, feature_row(found)


def _found_share(composite: Composite, found: Findings) -> float:
    """Part of the spots laid on that were found, of whatever kind."""
    xy = np.column_stack([found.table["x_px"], found.table["y_px"]])
    asked = frozenset(composite.kind)
    return match_spots(xy, found.table.numbers("diameter_px"), composite.marked(""), asked).recall
