"""From a training table to a model folder: the same table gives the same model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lesionvis.batch.run import OnProgress
from lesionvis.lab.evaluate.cross_validation import (
    AnsweredPhotos,
    OutOfFold,
    cross_validate,
    fitted_rule,
    intervals,
    judged_out_of_fold,
    mean_figures,
)
from lesionvis.lab.train.bare_training import (
    BARE,
    VISIBLE,
    VISIBLE_LOST_MAX,
    bare_out_of_fold,
    fit_bare,
    fit_bare_min,
    is_bare_out_of_fold,
)
from lesionvis.lab.train.calibrate import COVERAGE
from lesionvis.lab.train.candidate_training import fit_candidate_predictors, read_table, typical_spot
from lesionvis.lab.train.forests import write_model
from lesionvis.lab.train.likeness_training import (
    RENDERED_SKIN,
    SKIN,
    SKIN_LOST_MAX,
    fit_likeness,
    fit_unlike_min,
    likeness_out_of_fold,
    read_likeness_table,
)
from lesionvis.lab.train.pattern_training import fit_pattern, read_pattern_table, table_digest
from lesionvis.lab.train.region_training import fit_region_forest, read_region_table
from lesionvis.lab.truth import Label
from lesionvis.pattern.bare import BARE_MODEL_NAME as BARE_MODEL
from lesionvis.pattern.features import MODEL_FEATURES
from lesionvis.pattern.likeness import LIKENESS_MODEL_NAME as LIKENESS_MODEL
from lesionvis.pattern.pattern import CLASSES
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

LIKENESS_DATA = (
    "DermNet (dermnetnz.org, CC BY-NC-ND 3.0 NZ), PAD-UFES-20 (doi:10.17632/zr7vgbcyr2.1, CC BY 4.0), public web "
    "photos of 36 sources, sample pictures of scikit-image and scikit-learn, the stamps of Tux Paint and the "
    "backgrounds of MATE and UKUI (free licences), and rendered and drawn pictures; measurements only, no pictures; "
    "training data are for non-commercial research"
)

PATTERN_DATA = (
    "DermNet (dermnetnz.org, CC BY-NC-ND 3.0 NZ), PAD-UFES-20 (doi:10.17632/zr7vgbcyr2.1, CC BY 4.0) and public web "
    "photos of 36 sources; measurements only, no pictures; training data are for non-commercial research"
)


def train_spots(table_file: Path, ring_table_file: Path, folder: Path) -> None:
    """Train and write the predictors that score candidates.

    Parameters
    ----------
    table_file, ring_table_file : Path
        Training tables from `write_table`, of the forests and of the networks.
    folder : Path
        Model folder to write.
    """
    table = read_table(table_file)
    about = {
        "data": SPOT_DATA,
        "training_table": {"file": table_file.name, "sha256": table_digest(table_file)},
        "ring_table": {"file": ring_table_file.name, "sha256": table_digest(ring_table_file)},
        "kinds": list(KINDS[1:]),
        "typical_spot": typical_spot(table),
    }
    write_model(folder, SPOT_MODEL, fit_candidate_predictors(table, read_table(ring_table_file)), about)


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
    table_file: Path,
    folder: Path,
    name: str = PATTERN_MODEL,
    data: str = PATTERN_DATA,
    *,
    repeats: int = 1,
    on_progress: OnProgress | None = None,
) -> tuple[list[OutOfFold], list[AnsweredPhotos]]:
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
    on_progress : callable, optional
        Called whenever the photos of another fold were predicted or judged.

    Returns
    -------
    results : list of OutOfFold
        What the cross-validation gave, repeat by repeat.
    judged : list of AnsweredPhotos
        The answers from it (`judged_out_of_fold`), of which those on bare skin take longest.
    """
    table = read_pattern_table(table_file)
    results = list(cross_validate(table, repeats, on_progress))
    judged = judged_out_of_fold(table, results, on_progress)
    originals = np.flatnonzero(table.copy == 0)
    runs = [one.take(originals) for one in judged]
    abroad = [run.at(abroad=True) for run in runs]
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
        **_figures([run.at(abroad=False) for run in runs]),
        **({"abroad": _figures(abroad)} if abroad[0].labels else {}),
        "data": data,
        "training_table": {"file": table_file.name, "sha256": table_digest(table_file)},
    }
    write_model(folder, name, fit_pattern(table, np.arange(len(table.labels))), about)
    return results, judged


def train_bare(table_file: Path, folder: Path) -> None:
    """Train and write the model of bare skin, with its scores on sources that it never saw in the card.

    Parameters
    ----------
    table_file : Path
        Table of features, as `write_pattern_table` writes it.
    folder : Path
        Model folder to write.
    """
    table = read_pattern_table(table_file)
    probability = bare_out_of_fold(table)
    visible = np.asarray([label.visible for label in table.labels])
    is_bare = is_bare_out_of_fold(table, probability)
    about = {
        "thresholds": {"bare_min": round(fit_bare_min(table, probability), 4), "visible_lost_max": VISIBLE_LOST_MAX},
        "scores": {
            "visible_called_bare": round(float(is_bare[visible == VISIBLE].mean()), 4),
            "bare_called_bare": round(float(is_bare[visible == BARE].mean()), 4),
        },
        "counts": {"bare": int((visible == BARE).sum()), "visible": int((visible == VISIBLE).sum())},
        "data": PATTERN_DATA,
        "training_table": {
            "file": f"../{table_file.parent.name}/{table_file.name}",
            "sha256": table_digest(table_file),
        },
    }
    write_model(folder, BARE_MODEL, {"forest": fit_bare(table, np.arange(len(visible)))}, about)


def train_likeness(table_file: Path, folder: Path) -> None:
    """Train and write the model that tells skin from anything else, with its scores on what it never saw in the card.

    Parameters
    ----------
    table_file : Path
        Table from `write_likeness_table`.
    folder : Path
        Model folder to write.
    """
    table = read_likeness_table(table_file)
    probability = likeness_out_of_fold(table)
    unlike_min = fit_unlike_min(table, probability)
    kinds = [name for name in np.unique(table.kind).tolist() if name not in (SKIN, RENDERED_SKIN)]
    is_unlike, is_other = probability >= unlike_min, ~table.is_skin()
    about = {
        "thresholds": {"unlike_min": round(unlike_min, 4), "skin_lost_max": SKIN_LOST_MAX},
        "scores": {
            "skin_called_unlike": round(float(is_unlike[table.kind == SKIN].mean()), 4),
            "rendered_skin_called_unlike": round(float(is_unlike[table.kind == RENDERED_SKIN].mean()), 4),
            "others_called_unlike": round(float(is_unlike[is_other].mean()), 4),
        },
        "counts": {"skin": int((table.kind == SKIN).sum()), "others": int(is_other.sum()), "kinds": len(kinds)},
        "data": LIKENESS_DATA,
        "training_table": {"file": table_file.name, "sha256": table_digest(table_file)},
    }
    write_model(folder, LIKENESS_MODEL, {"trees": fit_likeness(table, np.arange(len(is_other)))}, about)


def _figures(runs: Sequence[AnsweredPhotos]) -> dict[str, Any]:
    """Scores, their intervals and counts of photos; a figure without photos is left out."""
    scores, ends = mean_figures(runs), intervals(runs)
    known = [name for name, value in scores.items() if np.isfinite(value)]
    return {
        "scores": {name: round(scores[name], 4) for name in known},
        "intervals_95": {name: [round(end, 4) for end in ends[name]] for name in known},
        "photos": {name: _count(runs[0].labels, name) for name in CLASSES},
    }


def _count(labels: Sequence[Label], pattern: str) -> dict[str, int]:
    """Clear and borderline photos of a pattern."""
    certainties = [label.certainty for label in labels if label.pattern == pattern]
    return {name: certainties.count(name) for name in ("clear", "borderline")}
