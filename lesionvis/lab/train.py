"""From a training table to a model folder: the same table gives the same model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lesionvis.lab.evaluate import Thresholds, cross_validate, pattern_figures
from lesionvis.lab.forests import write_model
from lesionvis.lab.pattern_training import fit_pattern, read_pattern_table, table_digest
from lesionvis.lab.spot_training import fit_forests, read_tables
from lesionvis.pattern import CLASSES, MODEL_FEATURES
from lesionvis.pattern import MODEL_NAME as PATTERN_MODEL
from lesionvis.spots.judge import MODEL_NAME as SPOT_MODEL

# To call a single lesion an angioma could cost a life, so that an angioma needs the surest answer.
THRESHOLDS = Thresholds({"petechial_shower": 0.40, "single_lesion": 0.40, "angioma": 0.55}, 0.50)
# Classes under this probability leave the prediction set.
SET_MIN = 0.15
DATA = (
    "DermNet (dermnetnz.org, CC BY-NC-ND 3.0 NZ) and PAD-UFES-20 (doi:10.17632/zr7vgbcyr2.1, CC BY 4.0); "
    "measurements only, no pictures; training data are for non-commercial research"
)


def train_spots(table: Path, folder: Path) -> None:
    """Train and write the predictors that judge candidates and regions."""
    about = {"data": DATA, "training_table": {"file": table.name, "sha256": table_digest(table)}}
    write_model(folder, SPOT_MODEL, fit_forests(read_tables(table)), about)


def train_pattern(table_file: Path, folder: Path) -> None:
    """Train and write the pattern model, with its cross-validated scores in the card."""
    table = read_pattern_table(table_file)
    labels = [table.labels[i] for i in np.flatnonzero(table.copy == 0)]
    probabilities = next(cross_validate(table, 1))
    scores = pattern_figures(labels, probabilities, THRESHOLDS)
    typical = np.nanmedian(table.model_input(), axis=0)
    about = {
        "classes": list(CLASSES),
        "thresholds": {
            "answer_min": THRESHOLDS.answer_min,
            "other_max": THRESHOLDS.other_max,
            "set_min": dict.fromkeys(CLASSES, SET_MIN),
        },
        "typical": {name: round(float(v), 6) for name, v in zip(MODEL_FEATURES, typical, strict=True)},
        "scores": {name: round(value, 4) for name, value in scores.items()},
        "data": DATA,
        "training_table": {"file": table_file.name, "sha256": table_digest(table_file)},
    }
    write_model(folder, PATTERN_MODEL, fit_pattern(table, np.arange(len(table.labels))), about)
