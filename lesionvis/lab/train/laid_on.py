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

from lesionvis.lab.render.composites import DOTS, FAINT_DENSITY, FRECKLES, PAPULES, STRONG_DENSITY, lay_spots
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import find
from lesionvis.lab.train.pattern_training import PatternTable, feature_row
from lesionvis.lab.truth import Label
from lesionvis.labels import PETECHIAL_SHOWER, UNCERTAIN
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.photo import read_photo
from lesionvis.spots.classifier import SpotClassifier

# What the diagnosis of such a row begins with.
LAID_ON = "laid on: "


def make_laid_on_table(folder: Path, labels: Sequence[Label], classifiers: Sequence[SpotClassifier]) -> PatternTable:
    """Measure spots laid onto every photo of bare skin: one shower, and freckles or papules in turn.

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
        delayed(_row)(folder / label.photo, label, subject, classifiers[fold_of(label.source, label.group)])
        for number, label in enumerate(bare)
        for subject in (DOTS, (FRECKLES, PAPULES)[number % 2])
    )
    rows = [row for row in Parallel(n_jobs=2)(jobs) if row is not None]
    features = np.asarray([row for _, row in rows], np.float32).reshape(-1, len(FEATURE_NAMES))
    return PatternTable(tuple(label for label, _ in rows), np.ones(len(rows), np.int64), features)


def _row(
    path: Path, label: Label, subject: str, classifier: SpotClassifier
) -> tuple[Label, NDArray[np.float32]] | None:
    """Label and features of one photo with spots laid on, which follow from the photo's content; None without room."""
    cv2.setNumThreads(1)
    generator = np.random.default_rng([len(subject), int(label.sha256[:12], 16)])
    density = STRONG_DENSITY if generator.random() < 0.5 else FAINT_DENSITY
    composite = lay_spots(path, subject, density, generator)
    if composite is None:
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
    return laid, feature_row(find(read_photo(composite.rgb), classifier))
