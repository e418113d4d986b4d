"""Figures of the pattern model on photos that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from lesionvis.lab.forests import SEED
from lesionvis.lab.pattern_training import PatternTable, fit_pattern, mean_probabilities
from lesionvis.lab.truth import Label
from lesionvis.pattern import CLASSES, PATTERNS, UNCERTAIN

N_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a pattern is answered.

    Attributes
    ----------
    answer_min : dict
        Probability from which each pattern is answered.
    other_max : float
        Probability of "other" from which nothing is answered.
    """

    answer_min: dict[str, float]
    other_max: float

    def answer(self, probabilities: NDArray[np.float64]) -> str:
        """Answer for one row of probabilities of `CLASSES`."""
        best = int(probabilities[: len(PATTERNS)].argmax())
        sure = probabilities[best] >= self.answer_min[PATTERNS[best]]
        return PATTERNS[best] if sure and probabilities[-1] < self.other_max else UNCERTAIN


def cross_validate(table: PatternTable, repeats: int) -> Iterator[NDArray[np.float64]]:
    """Out-of-fold probabilities of the photos themselves, once per repeat.

    Folds keep groups together and classes in proportion; changed copies are trained on, never judged.

    Yields
    ------
    ndarray of shape (photos, len(CLASSES)), float64
    """
    originals = np.flatnonzero(table.copy == 0)
    values, classes, groups = table.model_input(), table.classes(), table.groups()
    for repeat in range(repeats):
        result = np.zeros((len(originals), len(CLASSES)))
        folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED + repeat)
        for _, held_out in folds.split(originals, classes[originals], groups[originals]):
            held_groups = set(groups[originals[held_out]])
            rows = np.asarray([i for i in range(len(groups)) if groups[i] not in held_groups])
            predictors = fit_pattern(table, rows)
            result[held_out] = mean_probabilities(predictors, values[originals[held_out]])
        yield result


def across_sources(table: PatternTable) -> dict[str, NDArray[np.float64]]:
    """Probabilities of each source's photos by a model trained on the other sources only."""
    originals = np.flatnonzero(table.copy == 0)
    source = np.asarray([label.source for label in table.labels])
    values = table.model_input()
    result = {}
    for name in np.unique(source):
        predictors = fit_pattern(table, np.flatnonzero(source != name))
        result[str(name)] = mean_probabilities(predictors, values[originals[source[originals] == name]])
    return result


def pattern_figures(
    labels: Sequence[Label], probabilities: NDArray[np.float64], thresholds: Thresholds
) -> dict[str, float]:
    """Accuracy with and without the right to abstain, and the confusions that could harm.

    Parameters
    ----------
    labels : sequence of Label
        One per photo.
    probabilities : ndarray of shape (photos, len(CLASSES)), float64
    thresholds : Thresholds

    Returns
    -------
    dict
        Figures by name, over clear photos unless the name begins with "borderline"; NaN where there are no photos.
    """
    answers = [thresholds.answer(row) for row in probabilities]
    forced = [PATTERNS[int(row[: len(PATTERNS)].argmax())] for row in probabilities]
    clear = [label.certainty == "clear" for label in labels]
    known = [is_clear and label.pattern in PATTERNS for is_clear, label in zip(clear, labels, strict=True)]
    rows = range(len(labels))

    def share(right: Sequence[bool], among: Sequence[bool]) -> float:
        chosen = [r for r, a in zip(right, among, strict=True) if a]
        return float(np.mean(chosen)) if chosen else float("nan")

    def accepted(given: Sequence[str]) -> list[bool]:
        return [given[i] in labels[i].accept for i in rows]

    def balanced(given: Sequence[str]) -> float:
        recalls = [
            share(accepted(given), [known[i] and labels[i].pattern == pattern for i in rows]) for pattern in PATTERNS
        ]
        return float(np.nanmean(recalls)) if not all(np.isnan(recalls)) else float("nan")

    answered = [answer != UNCERTAIN for answer in answers]
    figures = {
        "balanced_accuracy_forced": balanced(forced),
        "balanced_accuracy_strict": balanced(answers),
        "coverage": share(answered, known),
        "selective_accuracy": share(accepted(answers), [known[i] and answered[i] for i in rows]),
        "other_abstained": share([not a for a in answered], [clear[i] and labels[i].pattern == "other" for i in rows]),
        "harm_single_called_angioma": share(
            [a == "angioma" for a in answers], [clear[i] and labels[i].pattern == "single_lesion" for i in rows]
        ),
        "harm_shower_called_angioma": share(
            [a == "angioma" for a in answers], [clear[i] and labels[i].pattern == "petechial_shower" for i in rows]
        ),
        "borderline_acceptable": share(
            accepted(answers), [not clear[i] and labels[i].pattern in PATTERNS for i in rows]
        ),
    }
    for pattern in PATTERNS:
        figures[f"recall_{pattern}"] = share(
            [a == pattern for a in answers], [known[i] and labels[i].pattern == pattern for i in rows]
        )
    return figures
