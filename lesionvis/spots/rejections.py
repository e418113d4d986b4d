"""Reasons why a candidate was not taken for a spot: the kind of evidence that spoke most against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis.models import load_model, packaged_model_folder
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.candidates import Candidates
from lesionvis.spots.classifier import (
    MODEL_NAME,
    NEIGHBOUR_COLUMNS,
    distinct,
    log_odds,
    neighbour_columns,
    packaged_classifier,
)
from lesionvis.spots.drawn import labels_at_candidates
from lesionvis.spots.find import Spots

CANDIDATE_SCORE_MIN = 0.1
"""Candidates that are less likely to be spots than this are texture in most photos, and crowd picture and table."""

PART_OF_LESION = "part of the dominant lesion"
UNLIKE_RINGS = "unlike a spot in how its density runs from the middle outwards"
NOTHING_FITS = "no single thing: hardly anything about it is like a spot"
# A kind of evidence is named when the score would rise by this much if it were as it is for a typical spot.
GAIN_MIN = 0.02

REASONS: dict[str, tuple[str, ...]] = {
    "not the colour of blood: brown, grey, or only darker": (
        *("contrast_red", "contrast_blue", "erythema_contrast", "blood_share", "blue_share", "red_green_ratio"),
        *("inside_red", "inside_blue", "erythema_strongest"),
        *("contrast_red_standing", "contrast_blue_standing", "erythema_contrast_standing"),
        *(
            f"{name}_{kind}"
            for name in ("erythema_contrast", "blue_share", "red_green_ratio")
            for kind in ("difference", "deviation")
        ),
    ),
    "too faint among this photo's skin texture and noise": (
        *("contrast", "response", "response_textures", "contrast_noise", "contrast_green", "inside_green"),
        *("contrast_strongest", "contrast_highest", "rank", "photo_contrast", "photo_count", "photo_noise"),
        *("contrast_difference", "contrast_deviation", "contrast_standing", "response_standing"),
        *("contrast_green_standing", "inside_green_standing"),
    ),
    "no clear border all around: a shadow, glare or a slow change": (
        *("open_fraction", "edge_drop", "edge_drop_low", "edge_drop_spread", "inside_spread"),
        *("edge_drop_standing", "inside_spread_standing"),
    ),
    "a line, not a dot: hair, crease or vessel": (
        *("valley_fraction", "radius_variation", "aspect", "ring_max", "ring_deviation", "ridge"),
    ),
    "among other structure, or beside what is not skin": (
        *("ring_red", "ring_green", "ring_blue", "ring_erythema", "ring_spread", "ring_spread_share"),
        *("border_diameters", "ring_erythema_standing", "ring_spread_standing"),
    ),
    "not of the size of the photo's spots": (
        *("log_diameter", "log_diameter_share", "log_diameter_difference", "log_diameter_deviation"),
        "log_diameter_standing",
    ),
    "alone: hardly any other spots in the photo are like it": (
        *(
            "neighbours",
            "photo_best",
            "photo_mass",
            "photo_sure",
            "photo_mean",
            "score_sum_nearby",
            "mean_score_nearby",
        ),
    ),
}
"""Reason -> the columns of evidence and neighbours that it sums up; what stage 1 said follows from them."""

ALONE = tuple(REASONS)[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Rejection:
    """A candidate that is no spot.

    Attributes
    ----------
    outline_px : ndarray of shape (K, 2), float64
        Corners (x, y) in working px.
    score : float
        Probability of being a spot.
    reason : str
        A key of `REASONS`, `PART_OF_LESION`, `UNLIKE_RINGS` or `NOTHING_FITS`.
    """

    outline_px: NDArray[np.float64]
    score: float
    reason: str


def likely_rejected(spots: Spots) -> NDArray[np.int64]:
    """Candidates that were not taken for a spot and that a person might take for one.

    Parameters
    ----------
    spots : Spots

    Returns
    -------
    ndarray of shape (M,), int64
        Indices of candidates of at least `CANDIDATE_SCORE_MIN`, below the score of a spot, that overlap neither a spot
        nor a better one; the best first.
    """
    scores = spots.candidate_scores
    rest = np.where(scores < spots.min_score, scores, 0.0)
    rest[labels_at_candidates(spots.labels, spots) > 0] = 0.0
    return distinct(spots.candidates, rest, CANDIDATE_SCORE_MIN)


def explain_rejections(spots: Spots) -> tuple[Rejection, ...]:
    """Explain the rejection of each candidate that does not overlap a better one.

    Parameters
    ----------
    spots : Spots
        Found with the classifier that comes with the package.

    Returns
    -------
    tuple of Rejection
        The likeliest first.

    Notes
    -----
    What the forest of stage 2 takes for a spot was rejected by the network for its rings. Of any other the forest is
    asked again, as if the candidate were among typical spots: where it would then be a spot itself, being alone is the
    reason. Otherwise each other kind of evidence is made that of a typical marked spot as well, and the kind that
    raises the score most is the reason (a counterfactual explanation over groups of columns, Wachter et al. 2018).
    """
    candidates, scores = spots.candidates, spots.candidate_scores
    apart = distinct(candidates, scores, 0.0)
    if spots.lesion == 0:
        apart = apart[scores[apart] < spots.min_score]
    else:
        apart = np.asarray([i for i in apart if scores[i] < spots.min_score or _is_on_lesion(spots, i)], np.int64)
    names = [name for name in REASONS if name != ALONE]
    others = neighbour_columns(candidates, packaged_classifier().stage_1(candidates.evidence)[:, -1])
    among_neighbours = _score_with_typical(candidates, others, REASONS[ALONE])
    gains = np.stack(
        [
            _score_with_typical(candidates, others, (*REASONS[name], *REASONS[ALONE])) - among_neighbours
            for name in names
        ],
        axis=1,
    )
    rejections = []
    best_first = apart[np.argsort(-scores[apart], kind="stable")]
    for i, border in zip(best_first.tolist(), candidates.outlines.borders_px(best_first), strict=True):
        reason = names[int(gains[i].argmax())] if gains[i].max() >= GAIN_MIN else NOTHING_FITS
        if scores[i] >= spots.min_score:
            reason = PART_OF_LESION
        elif spots.forest_scores[i] >= spots.min_score:
            reason = UNLIKE_RINGS
        elif among_neighbours[i] >= spots.min_score:
            reason = ALONE
        rejections.append(Rejection(border, float(scores[i]), reason))
    return tuple(rejections)


def _is_on_lesion(spots: Spots, index: int) -> bool:
    """True for a candidate whose centre lies on the dominant lesion."""
    height, width = spots.labels.shape
    column = int(np.clip(round(spots.candidates.outlines.x_px[index]), 0, width - 1))
    row = int(np.clip(round(spots.candidates.outlines.y_px[index]), 0, height - 1))
    return bool(spots.labels[row, column] == spots.lesion)


def _score_with_typical(
    candidates: Candidates, others: NDArray[np.float32], columns: tuple[str, ...]
) -> NDArray[np.float64]:
    """Score by the forest if some columns were as they are for a typical marked spot, shape (N,)."""
    typical = load_model(packaged_model_folder(MODEL_NAME)).card["typical_spot"]
    classifier = packaged_classifier()
    own, others = candidates.evidence.copy(), others.copy()
    for table, names in ((own, list(CANDIDATE_COLUMNS)), (others, list(NEIGHBOUR_COLUMNS))):
        for name in columns:
            if name in names:
                table[:, names.index(name)] = typical[name]
    first = classifier.stage_1(own)[:, -1]
    others[:, 0], others[:, 1] = first, log_odds(first)
    return classifier.stage_2(np.concatenate([own, others], axis=1))[:, -1]
