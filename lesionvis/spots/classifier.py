"""How likely each candidate is a red spot, of which kind it is, and how likely each region is the dominant lesion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lesionvis.models import Model, Predictor, load_model, packaged_model_folder, predictor_for
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.candidates import Candidates
from lesionvis.spots.profiles import PROFILE_COLUMNS
from lesionvis.spots.regions import COLUMNS as REGION_COLUMNS
from lesionvis.spots.regions import Regions

MODEL_NAME = "spots-v2"
REGION_MODEL_NAME = "regions-v1"

# What a candidate can be; the first is all that is no spot, the next three are red.
KINDS = ("texture", "blood", "vascular", "inflamed", "pigment")
RED_KINDS = ("blood", "vascular", "inflamed")
# Asked only of what was taken for a red spot, so that pigment needs more than the most: with the likeliest kind instead
# F1 of red spots on photos of unseen sources is 0.58, not 0.64. Inflamed is what has this share of the red kinds: at
# 0.35 less blood is found (F1 0.47, not 0.53), at 0.55 fewer inflamed spots are called so.
PIGMENT_MIN, INFLAMED_SHARE_MIN = 0.65, 0.45
# The kind is told by what a candidate shows by itself, not by how it stands within its photo.
KIND_COLUMNS = tuple(
    name
    for name in CANDIDATE_COLUMNS
    if not name.endswith(("_standing", "_strongest", "_highest"))
    and name not in ("response_textures", "contrast_noise", "log_diameter_share", "rank")
    and name not in ("photo_contrast", "photo_count", "photo_noise", "neighbours", "border_diameters")
)

# Candidates less likely than this after stage 1 do not speak for the rest of their photo.
NEIGHBOUR_SCORE_MIN = 0.15
# Two outlines that share more than this part of the smaller one are the same spot.
OVERLAP_MAX = 0.3
# ... which is asked for so many candidates at once.
OVERLAP_BLOCK = 64
# Company is counted within this many diameters.
NEIGHBOUR_DIAMETERS = 10.0
# ... in blocks of so many candidates: the table of distances then fits into the processor's cache.
NEIGHBOUR_BLOCK = 32

# Evidence that is compared with that of the photo's likely spots.
_COMPARED = ("contrast", "erythema_contrast", "blue_share", "red_green_ratio", "log_diameter")

NEIGHBOUR_COLUMNS: dict[str, str] = {
    "score": "score of stage 1",
    "log_odds": "its log odds",
    "photo_best": "mean score of the photo's 20 best candidates",
    "photo_mass": "log of one plus the sum of the scores of the photo's likely spots",
    "photo_sure": "log of one plus the number of scores above one half",
    "photo_mean": "mean score of the likely spots",
    **{
        f"{name}_{kind}": meaning
        for name in _COMPARED
        for kind, meaning in (
            ("difference", f"{name} less the mean of the photo's likely spots"),
            ("deviation", "the same over their standard deviation"),
        )
    },
    "score_sum_nearby": "sum of the scores of likely spots within ten diameters",
    "mean_score_nearby": "their mean score",
}


@dataclass(frozen=True, slots=True)
class SpotClassifier:
    """Five predictors: stage 1, two of stage 2 and the kind for candidates, one for regions.

    Stage 1 judges a candidate by its own evidence. Stage 2 sees besides what stage 1 made of
    the rest of the photo: a faint dot among many like it is more likely a spot than the same dot alone. It is a forest
    and a network, which sees the rings around the candidate as well; their mean is the score.

    Attributes
    ----------
    stage_1, stage_2 : Predictor
        Forests: probability of being a red spot, in the last column.
    network : Predictor
        The same from evidence, neighbour columns and profiles.
    kind : Predictor
        Probability of each of `KINDS` but the first.
    region : Predictor
        Expected overlap (intersection over union) with the dominant lesion.
    """

    stage_1: Predictor
    stage_2: Predictor
    network: Predictor
    kind: Predictor
    region: Predictor

    def spot_scores(self, candidates: Candidates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probability of each candidate being a red spot: by forest and network together, and by the forest alone.

        Parameters
        ----------
        candidates : Candidates
            Candidates of one photo with their evidence.

        Returns
        -------
        scores, forest_scores : ndarray of shape (N,), float64
            Of stage 2, 0 to 1.
        """
        first = self.stage_1(candidates.evidence)[:, -1]
        table = np.concatenate([candidates.evidence, neighbour_columns(candidates, first)], axis=1)
        forest = self.stage_2(table)[:, -1]
        network = self.network(np.concatenate([table, candidates.profiles], axis=1))[:, -1]
        return np.asarray((forest + network) / 2.0), forest

    def kind_probabilities(self, candidates: Candidates) -> NDArray[np.float64]:
        """Probability of each kind of each candidate, were it a spot.

        Parameters
        ----------
        candidates : Candidates
            Candidates of one photo with their evidence.

        Returns
        -------
        ndarray of shape (N, len(KINDS) - 1), float64
            Of `KINDS` but the first; rows sum up to 1.
        """
        columns = [list(CANDIDATE_COLUMNS).index(name) for name in self.kind.columns]
        return self.kind(candidates.evidence[:, columns])

    @staticmethod
    def spot_kinds(probabilities: NDArray[np.float64]) -> NDArray[np.str_]:
        """Kind of spots.

        Parameters
        ----------
        probabilities : ndarray of shape (M, len(KINDS) - 1), float64
            Rows of `kind_probabilities`.

        Returns
        -------
        ndarray of shape (M,), str
            One of `KINDS` but the first.
        """
        blood, vascular, inflamed, pigment = probabilities.T
        red = np.maximum(blood + vascular + inflamed, 1e-9)
        conditions = [pigment > PIGMENT_MIN, inflamed > INFLAMED_SHARE_MIN * red, vascular > blood]
        return np.asarray(np.select(conditions, ["pigment", "inflamed", "vascular"], default="blood"), np.str_)

    def region_scores(self, regions: Regions) -> NDArray[np.float64]:
        """Expected overlap of each region with the dominant lesion.

        Parameters
        ----------
        regions : Regions
            Regions of one photo with their evidence.

        Returns
        -------
        ndarray of shape (N,), float64
            Intersection over union, 0 to 1.
        """
        return self.region(regions.evidence)[:, -1]


def classifier_of(model: Model, region_model: Model) -> SpotClassifier:
    """SpotClassifier from loaded models.

    Parameters
    ----------
    model : Model
        Of the spots.
    region_model : Model
        Of the regions.

    Returns
    -------
    SpotClassifier

    Raises
    ------
    ModelError
        If a model was made for other evidence.
    """
    return SpotClassifier(
        predictor_for(model, "stage_1", tuple(CANDIDATE_COLUMNS)),
        predictor_for(model, "stage_2", (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS)),
        predictor_for(model, "network", (*CANDIDATE_COLUMNS, *NEIGHBOUR_COLUMNS, *PROFILE_COLUMNS)),
        predictor_for(model, "kind", KIND_COLUMNS),
        predictor_for(region_model, "region", tuple(REGION_COLUMNS)),
    )


@cache
def packaged_classifier() -> SpotClassifier:
    """Load the classifier that comes with the package, once per process.

    Returns
    -------
    SpotClassifier
        Ready to predict.
    """
    models = (load_model(packaged_model_folder(name)) for name in (MODEL_NAME, REGION_MODEL_NAME))
    return classifier_of(*models)


def distinct(candidates: Candidates, scores: NDArray[np.float64], score_min: float) -> NDArray[np.int64]:
    """Candidates that are likely and do not overlap a better one.

    Parameters
    ----------
    candidates : Candidates
        Of length N.
    scores : ndarray of shape (N,), float64
        Probability of each.
    score_min : float
        Lowest score kept.

    Returns
    -------
    ndarray of shape (M,), int64
        Indices, best first. Score times response decides between overlapping ones: the response is highest at the
        right size.
    """
    chosen = np.flatnonzero(scores >= score_min)
    chosen = chosen[np.argsort(-(scores * candidates.response)[chosen], kind="stable")]
    x, y = (axis[chosen] for axis in candidates.outlines.centroid_px())
    radius = np.sqrt(candidates.outlines.area_px()[chosen] / np.pi)
    free = np.ones(len(chosen), np.bool_)
    kept: list[int] = []
    for start in range(0, len(chosen), OVERLAP_BLOCK):
        block = start + np.flatnonzero(free[start : start + OVERLAP_BLOCK])
        reach = radius[block, None] + radius
        near = (np.abs(x[block, None] - x) < reach) & (np.abs(y[block, None] - y) < reach)
        near[np.arange(len(block)), block] = False  # itself
        one, other = np.divmod(np.flatnonzero(near), len(chosen))
        distance = np.hypot(x[other] - x[block[one]], y[other] - y[block[one]])
        overlap = shared_part(distance, radius[other], radius[block[one]]) > OVERLAP_MAX
        one, other = one[overlap], other[overlap]
        first = np.searchsorted(one, np.arange(len(block) + 1))
        for number, index in enumerate(block):
            if free[index]:
                kept.append(int(index))
                free[other[first[number] : first[number + 1]]] = False
    return chosen[kept]


def shared_part(
    distance: NDArray[np.float64], radius: NDArray[np.float64], other_radius: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Part of the smaller of two circles that lies in the other.

    Parameters
    ----------
    distance : ndarray of shape (N,)
        Between the centres.
    radius : ndarray of shape (N,)
    other_radius : ndarray of shape (N,) or float

    Returns
    -------
    ndarray of shape (N,), float64
        0 to 1.

    Examples
    --------
    >>> shared_part(np.array([0.0, 9.0]), np.array([1.0, 1.0]), 2.0).tolist()
    [1.0, 0.0]
    """
    small, large = np.minimum(radius, other_radius), np.maximum(radius, other_radius)
    apart = np.clip(distance, large - small + 1e-9, large + small - 1e-9)
    angle_small = np.arccos(np.clip((apart**2 + small**2 - large**2) / (2 * apart * small), -1, 1))
    angle_large = np.arccos(np.clip((apart**2 + large**2 - small**2) / (2 * apart * large), -1, 1))
    lens = small**2 * (angle_small - np.sin(2 * angle_small) / 2)
    lens += large**2 * (angle_large - np.sin(2 * angle_large) / 2)
    part = np.clip(lens / (np.pi * small**2), 0.0, 1.0)
    return np.where(distance <= large - small, 1.0, np.where(distance >= large + small, 0.0, part))


def neighbour_columns(candidates: Candidates, scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """Stage 1's view of the rest of the photo, for each candidate.

    Parameters
    ----------
    candidates : Candidates
        Of length N.
    scores : ndarray of shape (N,), float64
        Scores of stage 1.

    Returns
    -------
    ndarray of shape (N, len(NEIGHBOUR_COLUMNS)), float32
    """
    likely = distinct(candidates, scores, NEIGHBOUR_SCORE_MIN)
    likely_scores = scores[likely]
    same = np.ones(len(scores))
    best = np.sort(likely_scores)[-20:]
    columns = [
        scores,
        log_odds(scores),
        (best.mean() if best.size else 0.0) * same,
        np.log1p(likely_scores.sum()) * same,
        np.log1p(np.count_nonzero(likely_scores > 0.5)) * same,
        (likely_scores.mean() if likely.size else 0.0) * same,
    ]
    weight = likely_scores**2
    total = max(float(weight.sum()), 1e-6)
    for name in _COMPARED:
        values = candidates.column(name).astype(np.float64)
        mean = float((values[likely] * weight).sum()) / total
        variance = float(((values[likely] - mean) ** 2 * weight).sum()) / total
        columns += [values - mean, (values - mean) / max(np.sqrt(variance), 0.02)]
    columns += _scores_nearby(candidates, likely, likely_scores)
    return np.stack(columns, axis=1).astype(np.float32)


def log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm of the odds of scores, finite at both ends.

    Parameters
    ----------
    scores : ndarray of any shape, float64
        Scores, 0 to 1.

    Returns
    -------
    ndarray of the same shape, float64
        Within plus and minus 4.62.
    """
    return np.asarray(np.log((scores + 0.01) / (1.01 - scores)))


def _scores_nearby(
    candidates: Candidates, likely: NDArray[np.int64], likely_scores: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Sum and mean of the likely spots' scores within `NEIGHBOUR_DIAMETERS`, the candidate itself left out."""
    x, y = candidates.outlines.centroid_px()
    square_diameter = 4.0 / np.pi * candidates.outlines.area_px()
    total, count = np.zeros(len(candidates)), np.zeros(len(candidates))
    for block in np.array_split(np.arange(len(candidates)), len(candidates) // NEIGHBOUR_BLOCK + 1):
        square_distance = (x[block, None] - x[likely]) ** 2 + (y[block, None] - y[likely]) ** 2
        reach = square_diameter[block, None]
        near = (square_distance < NEIGHBOUR_DIAMETERS**2 * reach) & (square_distance > reach)
        total[block] = near @ likely_scores
        count[block] = near.sum(axis=1)
    return [total, total / np.maximum(count, 1.0)]
