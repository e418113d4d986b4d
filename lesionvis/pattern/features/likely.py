"""Features of the candidates that are most likely spots: of what kind they are, and whether they are alike.

The spots of the table end at one score for all photos; the best candidates are there in faint photos too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionvis.pattern.features.inputs import FeatureInputs
from lesionvis.spots.classifier import KINDS

# A small candidate is less than this share of the longer side wide, a round one has at most this aspect, and both count
# from this score on.
SMALL_DIAMETER_SHARE_MAX, ROUND_ASPECT_MAX, SMALL_SCORE_MIN = 0.018, 1.4, 0.4
# Candidates are alike whose diameters lie within this logarithm of the median: 1.4 times.
ALIKE_LOG_RATIO_MAX = 0.35
# Weight of the blue share in the melanin index: dots of blood and freckles laid onto skin part best with 2 to 4.
_BLUE_SHARE_WEIGHT = 3.0


def _diameters_px(inputs: FeatureInputs, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Diameters in working px."""
    return np.asarray(2.0 * np.sqrt(inputs.spots.candidates.outlines.area_px()[chosen] / np.pi))


def _median(inputs: FeatureInputs, name: str) -> float:
    values = inputs.spots.candidates.column(name)[inputs.likely]
    return float(np.median(values)) if len(values) else float("nan")


def _kind(inputs: FeatureInputs, name: str) -> float:
    probabilities = inputs.spots.candidate_kinds[inputs.likely, KINDS.index(name) - 1]
    return float(probabilities.mean()) if len(probabilities) else float("nan")


def likely_blood(inputs: FeatureInputs) -> float:
    """Mean probability of the 20 best candidates to be blood, 0 to 1; NaN without any over 0.3."""
    return _kind(inputs, "blood")


def likely_vascular(inputs: FeatureInputs) -> float:
    """Mean probability of the 20 best candidates to be vessels, 0 to 1; NaN without any over 0.3."""
    return _kind(inputs, "vascular")


def likely_inflamed(inputs: FeatureInputs) -> float:
    """Mean probability of the 20 best candidates to be inflamed, 0 to 1; NaN without any over 0.3."""
    return _kind(inputs, "inflamed")


def likely_pigment(inputs: FeatureInputs) -> float:
    """Mean probability of the 20 best candidates to be pigment, 0 to 1; NaN without any over 0.3."""
    return _kind(inputs, "pigment")


def likely_red_green_ratio(inputs: FeatureInputs) -> float:
    """Median red over green contrast of the 20 best candidates: low for blood, 0.6 for melanin; NaN without any."""
    return _median(inputs, "red_green_ratio")


def likely_blue_share(inputs: FeatureInputs) -> float:
    """Median blue share of the 20 best candidates: negative for blood, positive for melanin; NaN without any."""
    return _median(inputs, "blue_share")


def melanin_index(inputs: FeatureInputs) -> float:
    """Red over green contrast plus three times the blue share, medians of the 20 best candidates; NaN without any.

    Melanin takes red light half as much as green and blue light more, blood hardly takes red: blood is low, melanin
    near 1.
    """
    return likely_red_green_ratio(inputs) + _BLUE_SHARE_WEIGHT * likely_blue_share(inputs)


def small_round_count(inputs: FeatureInputs) -> float:
    """Number of likely candidates that are small (under 1.8 % of the longer side) and round."""
    chosen, scores = inputs.apart, inputs.spots.forest_scores
    limit_px = SMALL_DIAMETER_SHARE_MAX * max(inputs.skin.mask.shape)
    is_small = _diameters_px(inputs, chosen) < limit_px
    is_round = inputs.spots.candidates.column("aspect")[chosen] < ROUND_ASPECT_MAX
    return float(np.count_nonzero(is_small & is_round & (scores[chosen] > SMALL_SCORE_MIN)))


def alike_share(inputs: FeatureInputs) -> float:
    """Share of the 20 best candidates whose diameter is within 1.4 times of their median; NaN without any."""
    if len(inputs.likely) == 0:
        return float("nan")
    logarithm = np.log(_diameters_px(inputs, inputs.likely))
    return float((np.abs(logarithm - np.median(logarithm)) < ALIKE_LOG_RATIO_MAX).mean())


def log_diameter_spread(inputs: FeatureInputs) -> float:
    """Standard deviation of the logarithm of the 20 best candidates' diameters; NaN without any."""
    return float(np.log(_diameters_px(inputs, inputs.likely)).std()) if len(inputs.likely) else float("nan")


def nearest_likely_diameters(inputs: FeatureInputs) -> float:
    """Median distance of the 20 best candidates to the nearest of them, in their diameters; NaN under two of them."""
    if len(inputs.likely) < 2:
        return float("nan")
    x, y = (axis[inputs.likely] for axis in inputs.spots.candidates.outlines.centroid_px())
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(distance, np.inf)
    return float(np.median(distance.min(axis=1) / _diameters_px(inputs, inputs.likely)))
