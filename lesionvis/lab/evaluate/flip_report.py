"""Stability of answers under what phones, crops and web sites do to a photo, change by change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows
from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.forests import onnx_predictor
from lesionvis.lab.train.left_out import find
from lesionvis.lab.train.pattern_training import PatternTable, feature_row, fit_pattern
from lesionvis.lab.truth import Label
from lesionvis.labels import PATTERNS, UNCERTAIN
from lesionvis.pattern import PatternModel, find_pattern
from lesionvis.pattern.features import FEATURE_NAMES, Features
from lesionvis.pattern.likeness import likeness_flags
from lesionvis.photo import Photo, read_photo
from lesionvis.quality import photo_flags
from lesionvis.spots.classifier import SpotClassifier

N_RESAMPLES = 1000


def _cropped(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    down, right = round(0.075 * height), round(0.075 * width)
    return rgb[down : height - down, right : width - right]


def _levels(rgb: NDArray[np.uint8], gain: tuple[float, float, float], gamma: float) -> NDArray[np.uint8]:
    level = np.arange(256)[:, None] / 255.0
    table = np.clip(level**gamma * np.asarray(gain), 0.0, 1.0) * 255.0
    return np.asarray(cv2.LUT(rgb, np.round(table).astype(np.uint8)[:, None, :].reshape(256, 1, 3)), np.uint8)


def _scaled(rgb: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=kind), np.uint8)


def _jpeg(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    code = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)


CHANGES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "crop to 85 %": _cropped,
    "quarter turn": lambda rgb: np.ascontiguousarray(np.rot90(rgb)),
    "mirror": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "darker by a fifth": lambda rgb: _levels(rgb, (0.8, 0.8, 0.8), 1.0),
    "softer gradation (gamma 0.85)": lambda rgb: _levels(rgb, (1.0, 1.0, 1.0), 0.85),
    "warm cast (R +6 %, B -10 %)": lambda rgb: _levels(rgb, (1.06, 1.0, 0.9), 1.0),
    "cold cast (R -8 %, B +6 %)": lambda rgb: _levels(rgb, (0.92, 1.0, 1.06), 1.0),
    "blur (sigma 1 px)": lambda rgb: np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.0), np.uint8),
    "JPEG of quality 50": lambda rgb: _jpeg(rgb, 50),
    "scale 0.6": lambda rgb: _scaled(rgb, 0.6),
    "scale 1.5": lambda rgb: _scaled(rgb, 1.5),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """Answers on one photo.

    Attributes
    ----------
    label : Label
    answer : str
        On the photo itself.
    after : dict
        Name of a change -> answer.
    """

    label: Label
    answer: str
    after: dict[str, str]


def left_out_models(table: PatternTable, model: PatternModel) -> list[PatternModel]:
    """Train one pattern model per fold of the classifiers on the other folds.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    model : PatternModel
        Its name and thresholds are taken.

    Returns
    -------
    list of PatternModel
        One per fold.
    """
    fold = np.asarray([fold_of(label.source, label.group) for label in table.labels])
    models = []
    for number in range(N_FOLDS):
        fitted = fit_pattern(table, np.flatnonzero(fold != number))
        predictors = tuple(onnx_predictor(predictor) for predictor in fitted.values())
        models.append(PatternModel(model.name, predictors, model.sharpness, model.set_min, model.typical))
    return models


def change_photos(
    folder: Path, labels: Sequence[Label], classifiers: Sequence[SpotClassifier], models: Sequence[PatternModel]
) -> list[Changed]:
    """Answer every clear photo of a pattern, and all its changed copies.

    Parameters
    ----------
    folder : Path
        Of the photos.
    labels : sequence of Label
    classifiers, models : sequence
        One per fold, which never saw the photos of that fold.

    Returns
    -------
    list of Changed
    """
    chosen = [label for label in labels if label.certainty == "clear" and label.pattern in PATTERNS]
    folds = [fold_of(label.source, label.group) for label in chosen]
    jobs = (
        delayed(_answers)(folder / label.photo, classifiers[fold], models[fold])
        for label, fold in zip(chosen, folds, strict=True)
    )
    return [
        Changed(label, answers[""], {name: answers[name] for name in CHANGES})
        for label, answers in zip(chosen, Parallel(n_jobs=2)(jobs), strict=True)
    ]


def _answers(path: Path, classifier: SpotClassifier, model: PatternModel) -> dict[str, str]:
    cv2.setNumThreads(1)
    photo = read_photo(path)
    answers = {"": _answer(photo, classifier, model)}
    return answers | {
        name: _answer(read_photo(change(photo.rgb)), classifier, model) for name, change in CHANGES.items()
    }


def _answer(photo: Photo, classifier: SpotClassifier, model: PatternModel) -> str:
    found = find(photo, classifier)
    values = dict(zip(FEATURE_NAMES, feature_row(found).tolist(), strict=True))
    flags = photo_flags(photo.rgb, found.skin.fraction, found.skin.is_dark)
    flags += likeness_flags(photo.rgb, found.skin.mask, flags)
    return find_pattern(Features(values), flags, values["spot_count"] == 0, model).label


def flip_report(changed: Sequence[Changed]) -> str:
    """Write the figures as Markdown.

    Parameters
    ----------
    changed : sequence of Changed

    Returns
    -------
    str
        For each change the share of photos that get another pattern, and that gain or lose an answer, with 95 %
        intervals over groups.
    """
    return "\n".join(_lines(changed))


def _lines(changed: Sequence[Changed]) -> Iterator[str]:
    answered = sum(one.answer in PATTERNS for one in changed)
    yield f"{len(changed)} clear photos of a pattern, {answered} of them answered with one before any change."
    yield ""
    yield "| change | another pattern | answer lost | answer gained | accepted before | accepted after |"
    yield "|---|---|---|---|---|---|"
    for name in (*CHANGES, "any of these"):
        names = list(CHANGES) if name == "any of these" else [name]
        pairs = [(one, one.after[key]) for one in changed for key in names]
        groups = [one.label.group for one, _ in pairs]
        columns = (
            [one.answer in PATTERNS and after in PATTERNS and one.answer != after for one, after in pairs],
            [one.answer in PATTERNS and after not in PATTERNS for one, after in pairs],
            [one.answer not in PATTERNS and after in PATTERNS for one, after in pairs],
            [one.answer != UNCERTAIN and one.answer in one.label.accept for one, _ in pairs],
            [after != UNCERTAIN and after in one.label.accept for one, after in pairs],
        )
        yield f"| {name} | " + " | ".join(_share(np.asarray(column), groups) for column in columns) + " |"


def _share(holds: NDArray[np.bool_], groups: Sequence[str]) -> str:
    """Share in per cent with its interval by a bootstrap over groups."""
    low, high = interval_95([holds[rows].mean() for rows in resampled_rows(groups, N_RESAMPLES)])
    return f"{100 * holds.mean():.1f} % ({100 * low:.1f} to {100 * high:.1f})"
