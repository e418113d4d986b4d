"""From a training table to a model folder: the same table gives the same model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lesionvis.lab.evaluate.cross_validation import (
    answer_out_of_fold,
    cross_validate,
    fitted_rule,
    intervals,
    mean_figures,
)
from lesionvis.lab.train.calibrate import COVERAGE
from lesionvis.lab.train.candidate_training import fit_candidate_forests, read_table, typical_spot
from lesionvis.lab.train.forests import write_model
from lesionvis.lab.train.pattern_training import fit_pattern, read_pattern_table, table_digest
from lesionvis.lab.train.region_training import fit_region_forest, read_region_table
from lesionvis.lab.truth import Label
from lesionvis.pattern.pattern import CLASSES, MODEL_FEATURES
from lesionvis.pattern.pattern import MODEL_NAME as PATTERN_MODEL
from lesionvis.spots.classifier import KINDS
from lesionvis.spots.classifier import MODEL_NAME as SPOT_MODEL
from lesionvis.spots.classifier import REGION_MODEL_NAME as REGION_MODEL

DATA = (
    "DermNet (dermnetnz.org, CC BY-NC-ND 3.0 NZ) and PAD-UFES-20 (doi:10.17632/zr7vgbcyr2.1, CC BY 4.0); "
    "measurements only, no pictures; training data are for non-commercial research"
)

SPOT_DATA = (
    "DermNet (dermnetnz.org, CC BY-NC-ND 3.0 NZ), PAD-UFES-20 (doi:10.17632/zr7vgbcyr2.1, CC BY 4.0), public web "
    "photos of 36 sources (measurements only), spots laid onto the bare skin of 93 of them, and renders; no pictures; "
    "training data are for non-commercial research"
)
REGION_DATA = f"{DATA}; bare skin of public web photos, measurements only"


def train_spots(table_file: Path, folder: Path) -> None:
    """Train and write the predictors that score candidates.

    Parameters
    ----------
    table_file : Path
        Training table from `write_table`.
    folder : Path
        Model folder to write.
    """
    table = read_table(table_file)
    about = {
        "data": SPOT_DATA,
        "training_table": {"file": table_file.name, "sha256": table_digest(table_file)},
        "kinds": list(KINDS[1:]),
        "typical_spot": typical_spot(table),
    }
    write_model(folder, SPOT_MODEL, fit_candidate_forests(table), about)


def train_regions(table: Path, folder: Path) -> None:
    """Train and write the predictor that judges regions.

    Parameters
    ----------
    table : Path
        Training table from `write_region_table`.
    folder : Path
        Model folder to write.
    """
    about = {"data": REGION_DATA, "training_table": {"file": table.name, "sha256": table_digest(table)}}
    write_model(folder, REGION_MODEL, {"region": fit_region_forest(read_region_table(table))}, about)


def train_pattern(
    table_file: Path, folder: Path, name: str = PATTERN_MODEL, data: str = DATA, *, repeats: int = 1
) -> None:
    """Train and write a pattern model, with its cross-validated scores in the card.

    Parameters
    ----------
    table_file : Path
    folder : Path
        Where the model is written.
    name : str
        Of the model.
    data : str
        What it was trained on, in a sentence.
    repeats : int
        Repeats of the cross-validation, whose mean the card gives.
    """
    table = read_pattern_table(table_file)
    results = list(cross_validate(table, repeats))
    originals = np.flatnonzero(table.copy == 0)
    runs = [answer_out_of_fold(table, result).take(originals) for result in results]
    scores, ends = mean_figures(runs), intervals(runs)
    rule = fitted_rule(table, results[0].probabilities, np.ones(len(table.labels), np.bool_))
    typical = np.nanmedian(table.model_input(), axis=0)
    about = {
        "classes": list(CLASSES),
        "thresholds": {
            "sharpness": rule.sharpness,
            "set_min": {name: round(value, 4) for name, value in rule.set_min.items()},
            "coverage": COVERAGE,
        },
        "typical": {name: round(float(v), 6) for name, v in zip(MODEL_FEATURES, typical, strict=True)},
        "scores": {name: round(value, 4) for name, value in scores.items()},
        "intervals_95": {name: [round(low, 4), round(high, 4)] for name, (low, high) in ends.items()},
        "photos": {name: _count(runs[0].labels, name) for name in CLASSES},
        "data": data,
        "training_table": {"file": table_file.name, "sha256": table_digest(table_file)},
    }
    write_model(folder, name, fit_pattern(table, np.arange(len(table.labels))), about)


def _count(labels: Sequence[Label], pattern: str) -> dict[str, int]:
    """Clear and borderline photos of a pattern."""
    certainties = [label.certainty for label in labels if label.pattern == pattern]
    return {name: certainties.count(name) for name in ("clear", "borderline")}
