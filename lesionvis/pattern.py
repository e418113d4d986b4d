"""Features -> Pattern: a name for what the spots make together, or an honest "uncertain"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import ModelError
from lesionvis.features import FEATURES, Features
from lesionvis.models import Model, Predictor, load_model, packaged_model_folder, predictor_for

MODEL_NAME = "pattern-v1"

PATTERNS = ("petechial_shower", "single_lesion", "angioma")
# What the model weighs against the three patterns: anything else, to be answered "uncertain".
CLASSES = (*PATTERNS, "other")
UNCERTAIN, NO_SPOTS = "uncertain", "no_spots"

# Features in absolute pixels or millimetres are for people: the first depend on the camera, the second are mostly
# missing.
_NOT_FOR_THE_MODEL = re.compile(r"_(px|mm|cm2|mm_square)$")
MODEL_FEATURES: tuple[str, ...] = tuple(
    function.__name__ for function in FEATURES if not _NOT_FOR_THE_MODEL.search(function.__name__)
)
# Flags that forbid an answer, whatever the model says.
BLOCKING_FLAGS = ("no_skin", "dark_skin", "too_dark", "overexposed", "blurred")
# Features named as reasons for and against an answer.
N_REASONS = 3


@dataclass(frozen=True, slots=True)
class Pattern:
    """Name of the pattern with what speaks for it.

    Attributes
    ----------
    label : str
        "petechial_shower", "single_lesion", "angioma", "uncertain" or "no_spots".
    probabilities : dict
        Of each of `CLASSES`; empty when the model was not asked.
    prediction_set : tuple of str
        The patterns that remain possible; "other" among them when it does.
    reasons : tuple of str
        Sentences: why this answer, or why none.
    model : str
        Name of the model; "" when it was not asked.
    """

    label: str
    probabilities: dict[str, float]
    prediction_set: tuple[str, ...]
    reasons: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True)
class PatternModel:
    """The two predictors of a pattern model and its thresholds.

    Attributes
    ----------
    name : str
    predictors : tuple of Predictor
        Their probabilities are averaged.
    answer_min : dict
        Probability from which each pattern is answered.
    other_max : float
        Probability of "other" from which nothing is answered.
    set_min : dict
        Probability from which each class stays in the prediction set.
    typical : ndarray of shape (len(MODEL_FEATURES),), float64
        Median of each feature in the training data.
    """

    name: str
    predictors: tuple[Predictor, ...]
    answer_min: dict[str, float]
    other_max: float
    set_min: dict[str, float]
    typical: NDArray[np.float64]

    def probabilities(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of each of `CLASSES` for rows of `MODEL_FEATURES`, shape (N, 4)."""
        return np.asarray(np.mean([predictor(table) for predictor in self.predictors], axis=0))


def pattern_model_of(model: Model) -> PatternModel:
    """Pattern model from a loaded model folder.

    Raises
    ------
    ModelError
        If the card lacks a threshold, or the model was made for other features or classes.
    """
    card = model.card
    try:
        if tuple(card["classes"]) != CLASSES:
            raise ModelError(f"Model {model.name} knows other classes; use the model of this version.")
        thresholds = card["thresholds"]
        typical = np.asarray([card["typical"][name] for name in MODEL_FEATURES], np.float64)
        return PatternModel(
            model.name,
            tuple(predictor_for(model, name, MODEL_FEATURES) for name in ("forest", "linear")),
            {name: float(thresholds["answer_min"][name]) for name in PATTERNS},
            float(thresholds["other_max"]),
            {name: float(thresholds["set_min"][name]) for name in CLASSES},
            typical,
        )
    except KeyError as error:
        raise ModelError(f"The card of model {model.name} lacks {error}; train it again.") from error


@cache
def load_pattern_model(folder: Path | None = None) -> PatternModel:
    """Pattern model of a folder; the one that comes with the package unless given."""
    return pattern_model_of(load_model(folder or packaged_model_folder(MODEL_NAME)))


def find_pattern(
    features: Features, flags: Sequence[str], is_empty: bool, model: PatternModel | None = None
) -> Pattern:
    """Name the pattern.

    Parameters
    ----------
    features : Features
    flags : sequence of str
        Flags of the photo.
    is_empty : bool
        True when there is no spot at all.
    model : PatternModel, optional
        The one that comes with the package unless given.

    Returns
    -------
    Pattern
        "uncertain" with a reason when a flag forbids an answer or no class is likely enough.
    """
    if "no_skin" in flags:
        return Pattern(UNCERTAIN, {}, (), ("Hardly any skin was found in the photo.",), "")
    model = load_pattern_model() if model is None else model
    row = np.asarray([[features[name] for name in MODEL_FEATURES]], np.float32)
    values = model.probabilities(row)[0]
    probabilities = {name: float(value) for name, value in zip(CLASSES, values, strict=True)}
    possible = tuple(name for name in CLASSES if probabilities[name] >= model.set_min[name])
    blocking = [flag for flag in flags if flag in BLOCKING_FLAGS]
    if blocking:
        reasons: tuple[str, ...] = (f"The photo does not allow an answer ({', '.join(blocking)}).",)
        return Pattern(UNCERTAIN, probabilities, possible, reasons, model.name)
    if is_empty:
        reasons = ("No spot stands out of the skin in this photo; that is not an all-clear.",)
        return Pattern(NO_SPOTS, probabilities, possible, reasons, model.name)
    best = PATTERNS[int(np.argmax([probabilities[name] for name in PATTERNS]))]
    spoken = _reasons(model, row, best)
    if probabilities["other"] >= model.other_max:
        why = f"This looks like none of the three patterns (probability of another one {probabilities['other']:.2f})."
        return Pattern(UNCERTAIN, probabilities, possible, (why, *spoken), model.name)
    if probabilities[best] < model.answer_min[best]:
        needed = model.answer_min[best]
        why = f"The best guess, {best}, is not sure enough ({probabilities[best]:.2f}, needs {needed:.2f})."
        return Pattern(UNCERTAIN, probabilities, possible, (why, *spoken), model.name)
    return Pattern(best, probabilities, possible, spoken, model.name)


def _reasons(model: PatternModel, row: NDArray[np.float32], label: str) -> tuple[str, ...]:
    """Sentences on the features whose replacement by a typical value changes the answer most."""
    replaced = np.repeat(row, len(MODEL_FEATURES), axis=0)
    np.fill_diagonal(replaced, model.typical)
    index = CLASSES.index(label)
    before = _log_odds(model.probabilities(row)[:, index])
    effect = before - _log_odds(model.probabilities(replaced)[:, index])
    order = np.argsort(-effect, kind="stable")
    strongest = [i for i in order[:N_REASONS] if effect[i] > 0.05]
    weakest = [i for i in order[::-1][:N_REASONS] if effect[i] < -0.05]
    sentences = [f"For {label}: {_in_words(i, row[0, i], model.typical[i])}." for i in strongest]
    sentences += [f"Against {label}: {_in_words(i, row[0, i], model.typical[i])}." for i in weakest]
    return tuple(sentences)


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    safe = np.clip(probability, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(safe / (1.0 - safe)))


def _in_words(index: int, value: float, typical: float) -> str:
    """One feature in words: name, value and what is typical."""
    name = MODEL_FEATURES[index].replace("_", " ")
    return f"{name} is {value:.3g}, typically {typical:.3g}" if np.isfinite(value) else f"{name} cannot be measured"
