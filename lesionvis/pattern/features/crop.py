"""Features of the spots as a crowd: how many, how large, how alike, of what colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.pattern.features.inputs import FeatureInputs

# A spot with this much erythema more than its surroundings is surely blood or a blood vessel.
STRONG_ERYTHEMA = 0.15
# Side of the square in which the tourniquet test counts petechiae.
TOURNIQUET_SIDE_MM = 25.0
# The odd one out needs others to differ from.
CROWD_MIN = 3


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _quartile_range(values: NDArray[np.float64]) -> float:
    return float(np.ptp(np.quantile(values, [0.25, 0.75]))) if len(values) else float("nan")


def _variation(values: NDArray[np.float64]) -> float:
    """Robust coefficient of variation: quartile range over 1.35 medians."""
    if len(values) < CROWD_MIN:
        return float("nan")
    return _quartile_range(values) / (1.349 * max(abs(_median(values)), 1e-3))


def _share(condition: NDArray[np.bool_]) -> float:
    return float(condition.mean()) if len(condition) else float("nan")


def spot_count(inputs: FeatureInputs) -> float:
    """Number of spots, the dominant lesion included."""
    return float(len(inputs.table))


def expected_spot_count(inputs: FeatureInputs) -> float:
    """Sum of the probabilities of all candidates whose own is over one in eight."""
    scores = inputs.spots.forest_scores
    return float(scores[scores > 0.125].sum())


def spots_per_skin_area(inputs: FeatureInputs) -> float:
    """Number of spots per hundredth of the photo's skin."""
    return float(len(inputs.table)) / max(100.0 * inputs.skin.fraction, 1.0)


def strong_spot_count(inputs: FeatureInputs) -> float:
    """Number of spots with an erythema contrast above `STRONG_ERYTHEMA`."""
    return float(np.count_nonzero(inputs.column("erythema_contrast") > STRONG_ERYTHEMA))


def effective_spot_count(inputs: FeatureInputs) -> float:
    """Inverse participation ratio of the spots' area times contrast: how many spots share the redness."""
    mass = inputs.column("area_px") * np.maximum(inputs.column("erythema_contrast"), 0.0)
    square = float((mass**2).sum())
    return float(mass.sum()) ** 2 / square if square > 0 else 0.0


def clean_blob_count(inputs: FeatureInputs) -> float:
    """Number of clean blobs of any colour: spots of blood, naevi, freckles."""
    return float(len(inputs.blobs))


def pigment_blob_count(inputs: FeatureInputs) -> float:
    """Number of clean blobs that are rather no blood: naevi, freckles and keratoses."""
    return float((inputs.spots.forest_scores[inputs.blobs] < 0.5).sum())


def blood_blob_share(inputs: FeatureInputs) -> float:
    """Mean probability of the clean blobs to be blood; NaN without any."""
    scores = inputs.spots.forest_scores[inputs.blobs]
    return float(scores.mean()) if len(scores) else float("nan")


def blob_red_green_ratio(inputs: FeatureInputs) -> float:
    """Median of red over green contrast of the clean blobs: low for blood, near 1 for melanin; NaN without any."""
    return _median(inputs.blob_evidence("red_green_ratio"))


def blob_blue_share(inputs: FeatureInputs) -> float:
    """Median blue share of the clean blobs: positive for melanin; NaN without any."""
    return _median(inputs.blob_evidence("blue_share"))


def best_scores_mean(inputs: FeatureInputs) -> float:
    """Mean probability of the 20 best candidates; 0 without candidates."""
    best = np.sort(inputs.spots.forest_scores)[-20:]
    return float(best.mean()) if len(best) else 0.0


def occupied_cell_share(inputs: FeatureInputs) -> float:
    """Share of the skin's cells (a twelfth of the longer side) that hold a spot: scattered or in one place."""
    x, y = inputs.column("x_px"), inputs.column("y_px")
    height, width = inputs.skin.mask.shape
    cell = max(height, width) / 12.0
    # First rows, then columns of each cell are put together: a cell is skin where any of its pixels is.
    rows, columns = (np.flatnonzero(np.diff(np.arange(n) // cell, prepend=-1.0)) for n in (height, width))
    by_row = np.logical_or.reduceat(inputs.skin.mask, rows, axis=0)
    skin_cells = int(np.logical_or.reduceat(by_row, columns, axis=1).sum())
    working = 1.0 / inputs.source_px_per_working_px
    spot_cells = len(np.unique((y * working // cell) * 1000 + x * working // cell))
    return spot_cells / max(skin_cells, 1)


def elongated_share(inputs: FeatureInputs) -> float:
    """Share of spots over 1.6 times as long as wide: pieces of vessels and scratches; NaN without spots."""
    return _share(inputs.column("aspect") > 1.6)


def median_diameter_px(inputs: FeatureInputs) -> float:
    """Median diameter of the spots in source px; NaN without spots."""
    return _median(inputs.column("diameter_px"))


def diameter_iqr_px(inputs: FeatureInputs) -> float:
    """Distance between the quartiles of the diameters in source px; NaN without spots."""
    return _quartile_range(inputs.column("diameter_px"))


def median_diameter_mm(inputs: FeatureInputs) -> float:
    """Median diameter of the spots in mm; NaN without a scale or spots."""
    return _median(inputs.column("diameter_mm"))


def diameter_iqr_mm(inputs: FeatureInputs) -> float:
    """Distance between the quartiles of the diameters in mm; NaN without a scale or spots."""
    return _quartile_range(inputs.column("diameter_mm"))


def _share_mm(inputs: FeatureInputs, low_mm: float, high_mm: float) -> float:
    diameter = inputs.column("diameter_mm")
    if not inputs.scale or len(diameter) == 0:
        return float("nan")
    return _share((diameter > low_mm) & (diameter <= high_mm))


def share_up_to_2_mm(inputs: FeatureInputs) -> float:
    """Share of spots of at most 2 mm, the size of petechiae; NaN without a scale or spots."""
    return _share_mm(inputs, 0.0, 2.0)


def share_up_to_3_mm(inputs: FeatureInputs) -> float:
    """Share of spots of at most 3 mm; NaN without a scale or spots."""
    return _share_mm(inputs, 0.0, 3.0)


def share_over_10_mm(inputs: FeatureInputs) -> float:
    """Share of spots over 10 mm, the size of ecchymoses; NaN without a scale or spots."""
    return _share_mm(inputs, 10.0, np.inf)


def density_per_cm2(inputs: FeatureInputs) -> float:
    """Number of spots per square centimetre of skin; NaN without a scale or skin."""
    if not inputs.scale or inputs.skin_area_px == 0:
        return float("nan")
    return len(inputs.table) / (inputs.skin_area_px / inputs.scale.px_per_mm**2 / 100.0)


def highest_count_in_25_mm_square(inputs: FeatureInputs) -> float:
    """Largest number of spots in any upright square of 25 mm a side, as the tourniquet test counts; NaN without scale.

    Every best square can be moved until a spot lies on its left and one on its top side, so that only those are tried.
    """
    if not inputs.scale:
        return float("nan")
    x, y = inputs.column("x_px"), inputs.column("y_px")
    side_px = TOURNIQUET_SIDE_MM * inputs.scale.px_per_mm
    best = 0
    for left in np.unique(x):
        column = np.sort(y[(x >= left) & (x <= left + side_px)])
        last = np.searchsorted(column, column + side_px, side="right")
        best = max(best, int((last - np.arange(len(column))).max(initial=0)))
    return float(best)


def median_diameter_share(inputs: FeatureInputs) -> float:
    """Median diameter over the side of a square as large as the photo's skin; NaN without spots."""
    side = np.sqrt(max(inputs.skin_area_px, 1.0))
    return median_diameter_px(inputs) / float(side)


def largest_diameter_share(inputs: FeatureInputs) -> float:
    """Largest diameter over the side of a square as large as the photo's skin; 0 without spots."""
    side = np.sqrt(max(inputs.skin_area_px, 1.0))
    return float(inputs.column("diameter_px").max(initial=0.0) / side)


def largest_area_share(inputs: FeatureInputs) -> float:
    """Area of the largest spot over that of all spots; NaN without spots."""
    area = inputs.column("area_px")
    return float(area.max() / area.sum()) if len(area) else float("nan")


def second_area_ratio(inputs: FeatureInputs) -> float:
    """Area of the second largest spot over that of the largest; 0 with fewer than two spots."""
    area = np.sort(inputs.column("area_px"))
    return float(area[-2] / area[-1]) if len(area) > 1 else 0.0


def skin_covered_share(inputs: FeatureInputs) -> float:
    """Share of the skin that spots cover, 0 to 1."""
    labels = inputs.spots.labels
    return float(np.count_nonzero(labels)) / max(int(np.count_nonzero(inputs.skin.mask)), 1)


def diameter_variation(inputs: FeatureInputs) -> float:
    """Robust coefficient of variation of the diameters: small when the spots are alike; NaN under three spots."""
    return _variation(inputs.column("diameter_px"))


def erythema_variation(inputs: FeatureInputs) -> float:
    """Robust coefficient of variation of the erythema contrasts; NaN under three spots."""
    return _variation(inputs.column("erythema_contrast"))


def color_variation(inputs: FeatureInputs) -> float:
    """Mean distance of the spots' contrast colours from their mean, over its length; NaN under three spots."""
    names = ("contrast_red", "contrast_green", "contrast_blue")
    colours = np.stack([inputs.column(name) for name in names], axis=1)
    if len(colours) < CROWD_MIN:
        return float("nan")
    mean = colours.mean(axis=0)
    away = np.linalg.norm(colours - mean, axis=1).mean()
    return float(away / max(float(np.linalg.norm(mean)), 1e-3))


def odd_one_out_score(inputs: FeatureInputs) -> float:
    """Largest robust distance of one spot from the others in log area, erythema and blue share; 0 under three spots.

    The "ugly duckling" sign: a spot that differs from its neighbours re-opens the question of a single lesion.
    """
    values = np.stack(
        [
            np.log(np.maximum(inputs.column("area_px"), 1.0)),
            inputs.column("erythema_contrast"),
            inputs.column("blue_share"),
        ]
    )
    if values.shape[1] < CROWD_MIN:
        return 0.0
    centre = np.median(values, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(values - centre), axis=1, keepdims=True)
    # Floors: differences below these are not seen.
    floors = np.array([[0.2], [0.02], [0.02]])
    return float((np.abs(values - centre) / np.maximum(spread, floors)).max())


def median_erythema_contrast(inputs: FeatureInputs) -> float:
    """Median erythema contrast of the spots; NaN without spots."""
    return _median(inputs.column("erythema_contrast"))


def erythema_contrast_p90(inputs: FeatureInputs) -> float:
    """90 % quantile of the erythema contrast; NaN without spots."""
    contrast = inputs.column("erythema_contrast")
    return float(np.quantile(contrast, 0.9)) if len(contrast) else float("nan")


def median_blue_share(inputs: FeatureInputs) -> float:
    """Median blue share of the spots' contrasts: positive for melanin, negative for deep blood; NaN without spots."""
    return _median(inputs.column("blue_share"))


def _color_share(inputs: FeatureInputs, name: str) -> float:
    """Share of the spots' area that has a colour class; NaN without spots."""
    area = inputs.column("area_px")
    chosen = inputs.table["color"] == name
    return float(area[chosen].sum() / area.sum()) if len(area) else float("nan")


def red_share(inputs: FeatureInputs) -> float:
    """Share of the spots' area that is red; NaN without spots."""
    return _color_share(inputs, "red")


def purple_share(inputs: FeatureInputs) -> float:
    """Share of the spots' area that is purple; NaN without spots."""
    return _color_share(inputs, "purple")


def brown_share(inputs: FeatureInputs) -> float:
    """Share of the spots' area that is brown; NaN without spots."""
    return _color_share(inputs, "brown")


def blue_black_share(inputs: FeatureInputs) -> float:
    """Share of the spots' area that is blue-black; NaN without spots."""
    return _color_share(inputs, "blue_black")


def median_edge_sharpness(inputs: FeatureInputs) -> float:
    """Median sharpness of the spots' borders; NaN without spots."""
    return _median(inputs.column("edge_sharpness"))


def median_circularity(inputs: FeatureInputs) -> float:
    """Median circularity of the spots; NaN without spots."""
    return _median(inputs.column("circularity"))


def highlight_spot_share(inputs: FeatureInputs) -> float:
    """Share of spots with a specular highlight; NaN without spots."""
    return _share(inputs.column("highlight_share") > 0.005)


def median_rim_relief(inputs: FeatureInputs) -> float:
    """Median rise of density per radius across the spots: a light and a dark half; NaN without spots."""
    return _median(inputs.column("rim_relief"))


def confluent_share(inputs: FeatureInputs) -> float:
    """Share of spots that touch another one; NaN without spots."""
    return _share(inputs.table.has_flag("confluent"))


def largest_patch_share(inputs: FeatureInputs) -> float:
    """Largest connected patch of spots over all skin: confluent bruises fill much of it."""
    is_spot = (inputs.spots.labels > 0).view(np.uint8)
    # 16-bit labels are made in a quarter of the time, and each patch holds a spot, of which there are not so many.
    count, _, stats, _ = cv2.connectedComponentsWithStats(is_spot, ltype=cv2.CV_16U)
    if count < 2:
        return 0.0
    return float(stats[1:, cv2.CC_STAT_AREA].max()) / max(int(np.count_nonzero(inputs.skin.mask)), 1)
