"""Conditions under which the pattern model may answer: calibrated probabilities and conformal prediction sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis.labels import ANGIOMA, PETECHIAL_SHOWER, SINGLE_LESION
from lesionvis.pattern.pattern import CLASSES, prediction_set, sharpened

# Share of the photos of each class whose prediction set shall hold that class, chosen for what an error costs: a single
# lesion called an angioma could cost a life, so that "angioma" leaves the set before "single_lesion" does; "other"
# leaves it before that, as otherwise little would be answered, and comes back where a pattern lacks its sign. With 0.74
# for "other" one in seven photos of something else got a pattern abroad, with 0.84 one in fourteen, with 0.88 one in
# seventeen.
COVERAGE = {PETECHIAL_SHOWER: 0.95, SINGLE_LESION: 0.93, ANGIOMA: 0.75, "other": 0.88}
# A class as likely as this stays possible, however sure the few photos of that class were.
ALWAYS_POSSIBLE = 0.6
# A class less likely than this is not, however far off one of its few photos was.
NEVER_POSSIBLE = 0.02
_SHARPNESSES = np.round(np.arange(0.6, 2.55, 0.1), 2)


@dataclass(frozen=True, slots=True)
class Rule:
    """From mean probabilities to an answer.

    Attributes
    ----------
    sharpness : float
        Power that calibrates the probabilities.
    set_min : dict
        Probability from which each of `CLASSES` stays in the prediction set.
    """

    sharpness: float
    set_min: dict[str, float]

    def calibrated(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrate probabilities.

        Parameters
        ----------
        probabilities : ndarray of shape (N, C), float64
            Of `CLASSES`, as the model gives them.

        Returns
        -------
        ndarray of shape (N, C), float64
            Rows sum up to 1.
        """
        return sharpened(probabilities, self.sharpness)

    def sets(self, probabilities: NDArray[np.float64]) -> list[tuple[str, ...]]:
        """Prediction sets of photos.

        Parameters
        ----------
        probabilities : ndarray of shape (N, C), float64
            Of `CLASSES`, as the model gives them.

        Returns
        -------
        list of tuple of str
            Classes that remain possible, one tuple per row.
        """
        return [prediction_set(row, self.set_min) for row in self.calibrated(probabilities).tolist()]


def fit_rule(
    probabilities: NDArray[np.float64], classes: NDArray[np.int64], coverage: dict[str, float] | None = None
) -> Rule:
    """Rule from photos that the model was not trained on.

    Parameters
    ----------
    probabilities : ndarray of shape (N, len(CLASSES)), float64
        Mean probabilities of the predictors.
    classes : ndarray of shape (N,), int64
        Index of the true class.
    coverage : dict, optional
        Share of each class's photos whose set shall hold it; `COVERAGE` unless given.

    Returns
    -------
    Rule
        The power with the least expected calibration error, and for each class the conformal quantile of the
        probability of the true class (Vovk 2012: class-conditional, with the correction for the sample's size).
    """
    wanted = COVERAGE if coverage is None else coverage
    errors = [expected_calibration_error(sharpened(probabilities, s), classes) for s in _SHARPNESSES]
    sharpness = float(_SHARPNESSES[int(np.argmin(errors))])
    calibrated = sharpened(probabilities, sharpness)
    set_min = {
        name: float(
            np.clip(
                conformal_quantile(calibrated[classes == index, index], wanted[name]), NEVER_POSSIBLE, ALWAYS_POSSIBLE
            )
        )
        for index, name in enumerate(CLASSES)
    }
    return Rule(sharpness, set_min)


def conformal_quantile(scores: NDArray[np.float64], coverage: float) -> float:
    """Value that a new score of the same kind reaches with at least the given probability.

    Parameters
    ----------
    scores : ndarray of shape (N,), float64
        Probabilities of the true class.
    coverage : float
        0 to 1.

    Returns
    -------
    float
        The k-th smallest score, k = floor((N + 1) (1 - coverage)), but at least the smallest: with fewer than
        coverage / (1 - coverage) scores the coverage is a little less than asked for.

    Examples
    --------
    >>> conformal_quantile(np.linspace(0.1, 1.0, 10), 0.8), conformal_quantile(np.array([0.5, 0.6]), 0.9)
    (0.2, 0.5)
    """
    rank = int(np.floor((len(scores) + 1) * (1.0 - coverage) + 1e-9))
    return float(np.sort(scores)[max(rank, 1) - 1])


def expected_calibration_error(
    probabilities: NDArray[np.float64], classes: NDArray[np.int64], n_bins: int = 10
) -> float:
    """Mean distance between confidence and accuracy over bins of confidence (Naeini et al. 2015).

    Parameters
    ----------
    probabilities : ndarray of shape (N, K), float64
    classes : ndarray of shape (N,), int64
    n_bins : int

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> expected_calibration_error(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1]))
    0.4
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == classes
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    total = 0.0
    for number in np.unique(bins):
        rows = bins == number
        total += rows.mean() * abs(confidence[rows].mean() - right[rows].mean())
    return round(float(total), 12)
