"""Features of the skin around the spots: redness, vessels, hair, pieces of skin."""

from __future__ import annotations

import cv2
import numpy as np

from lesionvis.pattern.features.inputs import FeatureInputs

# Erythema index above healthy skin from which a place counts as red.
RED_ERYTHEMA = 0.08
# Ridge strength (share of a candidate's contrast that goes on in two opposite directions) of a line.
LINE_RIDGE_MIN = 0.6


def skin_fraction(inputs: FeatureInputs) -> float:
    """Share of the photo that is skin, 0 to 1."""
    return inputs.skin.fraction


def tone_ita_deg(inputs: FeatureInputs) -> float:
    """Individual typology angle of healthy skin in degrees; NaN without skin."""
    return inputs.skin.tone_ita_deg


def red_skin_share(inputs: FeatureInputs) -> float:
    """Share of the skin that is redder than healthy skin by 0.08 of the erythema index (log10) or more, 0 to 1."""
    red = (inputs.small_erythema > RED_ERYTHEMA) & inputs.small_skin
    return float(red.sum() / max(int(inputs.small_skin.sum()), 1))


def largest_red_area_share(inputs: FeatureInputs) -> float:
    """Largest connected red area over the skin: diffuse erythema and bruises, not dots."""
    red = ((inputs.small_erythema > RED_ERYTHEMA) & inputs.small_skin).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(red, connectivity=4)
    if count < 2:
        return 0.0
    return float(stats[1:, cv2.CC_STAT_AREA].max() / max(int(inputs.small_skin.sum()), 1))


def redness_outside_spots(inputs: FeatureInputs) -> float:
    """Share of the red skin that no spot covers: redness that is not dots; NaN without red skin."""
    height, width = inputs.small_skin.shape
    # As whole numbers a spot that covers under half of a px of the small picture would be rounded away.
    spots = (inputs.spots.labels > 0).astype(np.float32)
    covered = cv2.resize(spots, (width, height), interpolation=cv2.INTER_AREA) > 0.0
    red = (inputs.small_erythema > RED_ERYTHEMA) & inputs.small_skin
    return float((red & ~covered).sum() / red.sum()) if red.any() else float("nan")


def _band(inputs: FeatureInputs, low_px: float, high_px: float) -> float:
    """Robust spread of the erythema index over the skin between two blurs of the small picture."""
    values = inputs.small_erythema
    band = cv2.GaussianBlur(values, (0, 0), low_px) - cv2.GaussianBlur(values, (0, 0), high_px)
    inside = band[inputs.small_skin]
    return float(np.subtract(*np.quantile(inside, [0.9, 0.1]))) if len(inside) else float("nan")


def erythema_fine_spread(inputs: FeatureInputs) -> float:
    """Spread of redness between places a hundredth of the frame apart; NaN without skin."""
    return _band(inputs, 0.7, 2.0)


def erythema_middle_spread(inputs: FeatureInputs) -> float:
    """Spread of redness between places a thirtieth of the frame apart; NaN without skin."""
    return _band(inputs, 2.0, 5.0)


def erythema_coarse_spread(inputs: FeatureInputs) -> float:
    """Spread of redness between places a tenth of the frame apart; NaN without skin."""
    return _band(inputs, 5.0, 14.0)


def density_coarse_spread(inputs: FeatureInputs) -> float:
    """Spread of green density over the skin: shade, folds, large lesions; NaN without skin."""
    values = inputs.small_density[..., 1][inputs.small_skin]
    return float(np.subtract(*np.quantile(values, [0.9, 0.1]))) if len(values) else float("nan")


def vessel_energy_share(inputs: FeatureInputs) -> float:
    """Line-like over line-like and dot-like structure of the redness, 0 to 1: vessels against dots; NaN without skin.

    From the eigenvalues of the Hessian at two fine scales (Frangi et al. 1998): a dot bends down in both directions, a
    line in one only.
    """
    lines = dots = 0.0
    for sigma_px in (1.2, 2.0):
        smooth = cv2.GaussianBlur(inputs.small_erythema, (0, 0), sigma_px)
        xx = cv2.Sobel(smooth, cv2.CV_32F, 2, 0, ksize=3)
        yy = cv2.Sobel(smooth, cv2.CV_32F, 0, 2, ksize=3)
        xy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, ksize=3)
        middle, half = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
        strongest, weakest = np.maximum(half - middle, 0.0), np.maximum(-half - middle, 0.0)
        inside = inputs.small_skin
        dots += float((weakest[inside] ** 2).sum())
        lines += float(((strongest - weakest)[inside] ** 2).sum())
    return lines / (lines + dots) if lines + dots > 0 else float("nan")


def line_share(inputs: FeatureInputs) -> float:
    """Share of the stronger candidates that are pieces of lines: vessels, creases, hair; NaN without candidates."""
    candidates = inputs.spots.candidates
    contrast = candidates.column("contrast")
    if len(contrast) == 0:
        return float("nan")
    strong = contrast >= np.quantile(contrast, 0.5)
    return float((candidates.column("ridge")[strong] > LINE_RIDGE_MIN).mean())


def red_line_share(inputs: FeatureInputs) -> float:
    """Share of the pieces of lines that are red: vessels rather than hair and creases; NaN without lines."""
    candidates = inputs.spots.candidates
    line = candidates.column("ridge") > LINE_RIDGE_MIN
    if not line.any():
        return float("nan")
    return float((candidates.column("erythema_contrast")[line] > 0.03).mean())


def candidate_contrast(inputs: FeatureInputs) -> float:
    """Median contrast of the photo's 40 strongest candidates: 0 without candidates."""
    contrast = inputs.spots.candidates.column("photo_contrast")
    return float(contrast[0]) if len(contrast) else 0.0


def fine_noise(inputs: FeatureInputs) -> float:
    """Robust spread of the skin's fine structure on the working picture; 0 without candidates."""
    noise = inputs.spots.candidates.column("photo_noise")
    return float(noise[0]) if len(noise) else 0.0


def spots_beside_skin_border(inputs: FeatureInputs) -> float:
    """Share of spots that touch what is not skin: edges of limbs, nails, clothing; NaN without spots."""
    beside = inputs.table.has_flag("touches_non_skin")
    return float(beside.mean()) if len(beside) else float("nan")
