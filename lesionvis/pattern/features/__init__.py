"""SpotTable, Skin, Spots -> Features: one documented number per function, in one fixed order.

The name of a function is the name of its column; its docstring is the definition.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lesionvis.pattern.features import arrangement, crop, lesion, likely, surroundings
from lesionvis.pattern.features.bands import BAND_FEATURES
from lesionvis.pattern.features.inputs import FeatureInputs, gather

__all__ = [
    "BARE_MODEL_FEATURES",
    "FEATURES",
    "FEATURE_NAMES",
    "MODEL_FEATURES",
    "FeatureInputs",
    "Features",
    "compute_features",
    "gather",
]

FEATURES: tuple[Callable[[FeatureInputs], float], ...] = (
    crop.spot_count,
    crop.expected_spot_count,
    crop.spots_per_skin_area,
    crop.strong_spot_count,
    crop.effective_spot_count,
    crop.clean_blob_count,
    crop.pigment_blob_count,
    crop.blood_blob_share,
    crop.blob_red_green_ratio,
    crop.blob_blue_share,
    crop.best_scores_mean,
    crop.occupied_cell_share,
    crop.elongated_share,
    crop.median_diameter_px,
    crop.diameter_iqr_px,
    crop.median_diameter_mm,
    crop.diameter_iqr_mm,
    crop.share_up_to_2_mm,
    crop.share_up_to_3_mm,
    crop.share_over_10_mm,
    crop.density_per_cm2,
    crop.highest_count_in_25_mm_square,
    crop.median_diameter_share,
    crop.largest_diameter_share,
    crop.largest_area_share,
    crop.second_area_ratio,
    crop.skin_covered_share,
    crop.diameter_variation,
    crop.erythema_variation,
    crop.color_variation,
    crop.odd_one_out_score,
    crop.median_erythema_contrast,
    crop.erythema_contrast_p90,
    crop.median_blue_share,
    crop.red_share,
    crop.purple_share,
    crop.brown_share,
    crop.blue_black_share,
    crop.median_edge_sharpness,
    crop.median_circularity,
    crop.highlight_spot_share,
    crop.median_rim_relief,
    crop.confluent_share,
    crop.largest_patch_share,
    likely.likely_blood,
    likely.likely_vascular,
    likely.likely_inflamed,
    likely.likely_pigment,
    likely.likely_red_green_ratio,
    likely.likely_blue_share,
    likely.melanin_index,
    likely.small_round_count,
    likely.alike_share,
    likely.log_diameter_spread,
    likely.nearest_likely_diameters,
    arrangement.clark_evans_index,
    arrangement.ripley_l_at_5_diameters,
    arrangement.ripley_l_at_10_diameters,
    arrangement.cluster_count,
    arrangement.clustered_share,
    lesion.lesion_score,
    lesion.second_lesion_ratio,
    lesion.lesion_area_share,
    lesion.lesion_solidity,
    lesion.lesion_circularity,
    lesion.lesion_box_aspect,
    lesion.lesion_frame_contact,
    lesion.lesion_rim_per_step,
    lesion.lesion_rim_low,
    lesion.lesion_step,
    lesion.lesion_distance,
    lesion.lesion_texture,
    lesion.lesion_core_red,
    lesion.lesion_core_green,
    lesion.lesion_core_blue,
    lesion.lesion_core_blue_less_green,
    lesion.lesion_core_blue_less_green_share,
    lesion.lesion_core_erythema,
    lesion.lesion_core_erythema_share,
    lesion.lesion_erythema_low,
    lesion.lesion_erythema_high,
    lesion.lesion_blood_share,
    lesion.lesion_blue_less_green_low,
    lesion.lesion_blue_less_green_high,
    lesion.lesion_density_spread,
    lesion.lesion_hue_spread,
    lesion.lesion_core_less_rim,
    lesion.lesion_highlight_share,
    surroundings.skin_fraction,
    surroundings.tone_ita_deg,
    surroundings.red_skin_share,
    surroundings.largest_red_area_share,
    surroundings.redness_outside_spots,
    surroundings.erythema_fine_spread,
    surroundings.erythema_middle_spread,
    surroundings.erythema_coarse_spread,
    surroundings.density_coarse_spread,
    surroundings.vessel_energy_share,
    surroundings.line_share,
    surroundings.red_line_share,
    surroundings.candidate_contrast,
    surroundings.fine_noise,
    surroundings.spots_beside_skin_border,
    *BAND_FEATURES,
)
FEATURE_NAMES: tuple[str, ...] = tuple(function.__name__ for function in FEATURES)

# Features in absolute pixels or millimetres are for people: the first depend on the camera, the second are mostly
# missing.
_NOT_FOR_MODELS = re.compile(r"_(px|mm|cm2|mm_square)$")
BARE_MODEL_FEATURES: tuple[str, ...] = tuple(name for name in FEATURE_NAMES if not _NOT_FOR_MODELS.search(name))
# The pattern is told without the bands.
_BAND_NAMES = frozenset(function.__name__ for function in BAND_FEATURES)
MODEL_FEATURES: tuple[str, ...] = tuple(name for name in BARE_MODEL_FEATURES if name not in _BAND_NAMES)


@dataclass(frozen=True, slots=True)
class Features:
    """Numbers that describe a photo.

    Attributes
    ----------
    values : dict
        Name -> value in the order of `FEATURE_NAMES`; NaN where a scale or enough spots are missing.
    """

    values: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def compute_features(inputs: FeatureInputs) -> Features:
    """Compute every feature of a photo.

    Parameters
    ----------
    inputs : FeatureInputs
        From `gather`.

    Returns
    -------
    Features
    """
    return Features({function.__name__: float(function(inputs)) for function in FEATURES})
