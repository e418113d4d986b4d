"""Reasons for an answer of the pattern model: exact Shapley values of a few aspects of the photo."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

# What the features are about, each with the features that belong to it; the first that matches counts. Features of one
# aspect say much the same, so that they are credited together; and eight aspects have only 256 coalitions.
ASPECTS: dict[str, str] = {
    "colour of the largest lesion": r"^lesion_(core|erythema|blood|blue|hue|density|highlight)",
    "form of the largest lesion": r"^(lesion|second_lesion)_",
    "alikeness of the spots": r"^(diameter|erythema|color)_variation|^odd_one_out|^alike|^log_diameter",
    "size of the spots": r"^(median|largest)_diameter|^(largest|second)_area|^skin_covered|^confluent|^largest_patch",
    "colour of the spots": r"^(median_erythema|erythema_contrast_p90|median_blue|melanin)"
    r"|^(red|purple|brown|blue_black)_share|^blob_|^pigment_blob|^blood_blob|^likely",
    "form of the spots": r"^median_(edge|circularity|rim)|^highlight|^elongated",
    "skin around the spots": r"^skin_fraction|^tone_|^red_skin|^largest_red|^redness|_(fine|middle|coarse)_spread$"
    r"|^vessel|line_share$|^fine_noise|^candidate|^spots_beside",
    "number and arrangement of the spots": r"spot|blob|occupied|best_scores|clark_evans|ripley|cluster|nearest"
    r"|^small_round",
}
# Numbers that look as if they told a raised spot from a flat one. Against touch they do not (AUC 0.44 to 0.52 within
# diagnoses on 137 lesions, each interval around a half), so that whoever reads them is told so.
SAYS_NOTHING_OF_HEIGHT = ("highlight_spot_share", "median_rim_relief", "lesion_highlight_share")
HEIGHT_HINT = "a photo cannot show whether a spot is raised, touch can"
# A change of the log odds smaller than this is not worth a sentence.
EFFECT_MIN = 0.1
# Aspects named for and against an answer.
N_REASONS = 3

Scorer = Callable[[NDArray[np.float32]], NDArray[np.float64]]


def _aspect_of(feature: str) -> str:
    """Key of `ASPECTS` that a feature belongs to.

    >>> _aspect_of("spot_count"), _aspect_of("lesion_core_red")
    ('number and arrangement of the spots', 'colour of the largest lesion')
    """
    return next(aspect for aspect, names in ASPECTS.items() if re.search(names, feature))


def shapley_values(
    scorer: Scorer, row: NDArray[np.float32], typical: NDArray[np.float64], members: Sequence[NDArray[np.intp]]
) -> NDArray[np.float64]:
    """Exact Shapley values of groups of features against a typical photo.

    Parameters
    ----------
    scorer : callable
        Table of shape (M, K) -> score of each row, shape (M,).
    row : ndarray of shape (K,), float32
        The photo's features.
    typical : ndarray of shape (K,), float64
        What a group's features are replaced by while it is absent.
    members : sequence of G ndarrays
        Columns of each group.

    Returns
    -------
    ndarray of shape (G,), float64
        They sum up to the score of `row` less that of `typical`.

    References
    ----------
    Shapley (1953), A value for n-person games; all 2^G coalitions are scored.

    Examples
    --------
    >>> groups = [np.array([0]), np.array([1, 2])]
    >>> row = np.array([1.0, 2.0, 3.0], np.float32)
    >>> shapley_values(lambda table: table.sum(axis=1).astype(float), row, np.zeros(3), groups).tolist()
    [1.0, 5.0]
    """
    n = len(members)
    present = np.array([[coalition >> g & 1 for g in range(n)] for coalition in range(2**n)], np.bool_)
    table = np.repeat(np.asarray(typical, np.float32)[None], 2**n, axis=0)
    for group, columns in enumerate(members):
        table[np.ix_(present[:, group], columns)] = row[columns]
    scores = scorer(table)
    values = np.zeros(n)
    sizes = present.sum(axis=1)
    for group in range(n):
        without = np.flatnonzero(~present[:, group])
        weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in sizes[without]])
        values[group] = float((weight * (scores[without + 2**group] - scores[without])).sum())
    return values


@cache
def _members(features: tuple[str, ...]) -> tuple[tuple[str, NDArray[np.intp]], ...]:
    aspects = [_aspect_of(name) for name in features]
    return tuple(
        (aspect, np.flatnonzero([own == aspect for own in aspects])) for aspect in ASPECTS if aspect in aspects
    )


def reasons_for(
    label: str, scorer: Scorer, row: NDArray[np.float32], typical: NDArray[np.float64], features: tuple[str, ...]
) -> tuple[str, ...]:
    """Sentences on what speaks loudest for and against an answer.

    Parameters
    ----------
    label : str
        The answer.
    scorer : callable
        Table of features -> log odds of the answer.
    row : ndarray of shape (K,), float32
    typical : ndarray of shape (K,), float64
    features : tuple of K str
        Names of the columns.

    Returns
    -------
    tuple of str
        Each names an aspect, by how much it multiplies the odds of the answer against a typical photo, and the feature
        of it that matters most by itself.
    """
    members = _members(features)
    values = shapley_values(scorer, row, typical, [columns for _, columns in members])
    alone = np.repeat(row[None], len(features), axis=0)
    np.fill_diagonal(alone, typical)
    effect = scorer(row[None])[0] - scorer(alone)
    order = np.argsort(-values, kind="stable")
    sentences = []
    for word, sign, ranked in (("For", 1.0, order), ("Against", -1.0, order[::-1])):
        for group in ranked[:N_REASONS]:
            if sign * values[group] < EFFECT_MIN:
                break
            aspect, columns = members[group]
            loudest = columns[int((sign * effect[columns]).argmax())]
            fact = _in_words(features[loudest], row[loudest], typical[loudest])
            sentences.append(f"{word} {label}: {aspect} (odds x {_factor(values[group])}; {fact}).")
    return tuple(sentences)


def _factor(log_odds: float) -> str:
    """Factor of odds, in two digits."""
    factor = float(np.exp(log_odds))
    return f"{factor:.0f}" if factor >= 10.0 else f"{factor:.2g}"


def _in_words(feature: str, value: float, typical: float) -> str:
    """One feature in words: name, value and what is typical."""
    name = feature.replace("_", " ")
    text = f"{name} is {value:.3g}, typically {typical:.3g}" if np.isfinite(value) else f"{name} cannot be measured"
    return f"{text}; {HEIGHT_HINT}" if feature in SAYS_NOTHING_OF_HEIGHT else text
