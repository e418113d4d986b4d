"""SpotTable, Skin, Spots -> Features: one documented number per function, in one fixed order.

The name of a function is the name of its column; its docstring is the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lesionvis.pattern.features import arrangement, lesion, surroundings
from lesionvis.pattern.features import crop as spots
from lesionvis.pattern.features.inputs import Findings, gather

__all__ = ["FEATURES", "FEATURE_NAMES", "Features", "Findings", "compute_features", "gather"]

FEATURES: tuple[Callable[[Findings], float], ...] = (
    spots.spot_count,
    spots.likely_spot_mass,
    spots.spots_per_skin_area,
    spots.strong_spot_count,
    spots.effective_spot_count,
    spots.clean_blob_count,
    spots.pigment_blob_count,
    spots.blood_blob_share,
    spots.blob_red_green_ratio,
    spots.blob_blue_share,
    spots.best_scores_mean,
    spots.spots_spread,
    spots.elongated_share,
    spots.median_diameter_px,
    spots.diameter_iqr_px,
    spots.median_diameter_mm,
    spots.diameter_iqr_mm,
    spots.share_up_to_2_mm,
    spots.share_up_to_3_mm,
    spots.share_over_10_mm,
    spots.density_per_cm2,
    spots.highest_count_in_25_mm_square,
    spots.median_diameter_share,
    spots.largest_diameter_share,
    spots.largest_area_share,
    spots.second_area_ratio,
    spots.skin_covered_share,
    spots.diameter_variation,
    spots.erythema_variation,
    spots.color_variation,
    spots.odd_one_out_score,
    spots.median_erythema_contrast,
    spots.strongest_erythema_contrast,
    spots.median_blue_share,
    spots.red_share,
    spots.purple_share,
    spots.brown_share,
    spots.blue_black_share,
    spots.median_edge_sharpness,
    spots.median_circularity,
    spots.highlight_spot_share,
    spots.median_rim_relief,
    spots.confluent_share,
    spots.largest_patch_share,
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
)
FEATURE_NAMES: tuple[str, ...] = tuple(function.__name__ for function in FEATURES)


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


def compute_features(findings: Findings) -> Features:
    """Compute every feature of a photo.

    Parameters
    ----------
    findings : Findings
        From `gather`.

    Returns
    -------
    Features
    """
    return Features({function.__name__: float(function(findings)) for function in FEATURES})
