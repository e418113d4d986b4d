"""Features of the dominant lesion, or of the region that comes nearest to being one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionvis.pattern.features.inputs import FeatureInputs

# Erythema contrast from which a pixel of the lesion counts as blood.
BLOOD_ERYTHEMA = 0.10
# A region lies elsewhere than the best one when their centres are farther apart than this part of the sum of the longer
# sides of their boxes: two squares would not overlap.
_OTHER_REGION_DISTANCE = 0.5


def _inside(inputs: FeatureInputs) -> NDArray[np.float32]:
    """Relative density of the lesion's pixels, shape (N, 3); N may be 0."""
    return inputs.small_density[inputs.lesion]


def _core_mean(inputs: FeatureInputs) -> NDArray[np.float64]:
    """Mean relative density of the lesion's core, shape (3,); NaN without a lesion."""
    core = inputs.small_density[inputs.lesion_core]
    return core.mean(axis=0).astype(np.float64) if len(core) else np.full(3, np.nan)


def lesion_score(inputs: FeatureInputs) -> float:
    """Expected overlap of the best region with a dominant lesion, 0 to 1; 0 without regions."""
    return float(inputs.spots.region_scores.max(initial=0.0))


def second_lesion_ratio(inputs: FeatureInputs) -> float:
    """Score of the best region elsewhere over that of the best region; 0 without one."""
    scores, regions = inputs.spots.region_scores, inputs.spots.regions
    if len(regions) < 2:
        return 0.0
    centres = np.asarray(
        [
            (left + fill.shape[1] / 2, top + fill.shape[0] / 2)
            for (left, top), fill in zip(regions.boxes, regions.fills, strict=True)
        ]
    )
    sizes = np.asarray([max(fill.shape) for fill in regions.fills])
    best = int(scores.argmax())
    distance = np.hypot(*(centres - centres[best]).T)
    elsewhere = distance > _OTHER_REGION_DISTANCE * (sizes + sizes[best])
    return float(scores[elsewhere].max(initial=0.0) / max(float(scores[best]), 1e-6))


def lesion_area_share(inputs: FeatureInputs) -> float:
    """Area of the lesion over the skin's; 0 without one."""
    return float(inputs.lesion.sum() / max(int(inputs.small_skin.sum()), 1))


def lesion_solidity(inputs: FeatureInputs) -> float:
    """Solidity of the best region; NaN without one."""
    return inputs.best_region("solidity")


def lesion_circularity(inputs: FeatureInputs) -> float:
    """Circularity of the best region; NaN without one."""
    return inputs.best_region("circularity")


def lesion_box_aspect(inputs: FeatureInputs) -> float:
    """Aspect of the best region's bounding box; NaN without one."""
    return inputs.best_region("box_aspect")


def lesion_frame_contact(inputs: FeatureInputs) -> float:
    """Share of the best region's rim that lies on the frame; NaN without one."""
    return inputs.best_region("frame_contact")


def lesion_rim_per_step(inputs: FeatureInputs) -> float:
    """Sharpness of the best region's rim: gradient over the step in colour; NaN without one."""
    return inputs.best_region("rim_per_step")


def lesion_rim_low(inputs: FeatureInputs) -> float:
    """Weakest fifth of the best region's rim over the skin's own gradients; NaN without one."""
    return inputs.best_region("rim_low")


def lesion_step(inputs: FeatureInputs) -> float:
    """Step in colour across the best region's rim, sum over channels; NaN without one."""
    return inputs.best_region("step")


def lesion_distance(inputs: FeatureInputs) -> float:
    """Colour distance of the best region from healthy skin, in spreads of the skin; NaN without one."""
    return inputs.best_region("inside_distance")


def lesion_texture(inputs: FeatureInputs) -> float:
    """Fine structure inside the best region over that of the skin; NaN without one."""
    return inputs.best_region("texture")


def lesion_core_red(inputs: FeatureInputs) -> float:
    """Red density of the lesion's core relative to healthy skin: melanin; NaN without one."""
    return float(_core_mean(inputs)[0])


def lesion_core_green(inputs: FeatureInputs) -> float:
    """Green density of the lesion's core relative to healthy skin: blood and melanin; NaN without one."""
    return float(_core_mean(inputs)[1])


def lesion_core_blue(inputs: FeatureInputs) -> float:
    """Blue density of the lesion's core relative to healthy skin: melanin most; NaN without one."""
    return float(_core_mean(inputs)[2])


def lesion_core_blue_less_green(inputs: FeatureInputs) -> float:
    """Blue less green density of the core: melanin takes blue most, blood takes green at least as much; NaN without."""
    core = _core_mean(inputs)
    return float(core[2] - core[1])


def lesion_core_blue_less_green_share(inputs: FeatureInputs) -> float:
    """The same over the core's mean density: independent of how dark the lesion is; NaN without a lesion."""
    core = _core_mean(inputs)
    return float((core[2] - core[1]) / max(float(np.abs(core).mean()), 0.05)) if np.isfinite(core[0]) else float("nan")


def lesion_core_erythema(inputs: FeatureInputs) -> float:
    """Erythema index of the core relative to healthy skin; NaN without a lesion."""
    core = _core_mean(inputs)
    return float(core[1] - core[0])


def lesion_core_erythema_share(inputs: FeatureInputs) -> float:
    """Erythema index of the core over its green density: near 1 for pure blood; NaN without a lesion."""
    core = _core_mean(inputs)
    return (
        float(np.clip((core[1] - core[0]) / max(float(core[1]), 0.05), -2.0, 2.0))
        if np.isfinite(core[0])
        else float("nan")
    )


def lesion_erythema_low(inputs: FeatureInputs) -> float:
    """20 % quantile of the erythema index inside: high where the lesion is red throughout; NaN without a lesion."""
    values = inputs.small_erythema[inputs.lesion]
    return float(np.quantile(values, 0.2)) if len(values) else float("nan")


def lesion_erythema_high(inputs: FeatureInputs) -> float:
    """80 % quantile of the erythema index inside; NaN without a lesion."""
    values = inputs.small_erythema[inputs.lesion]
    return float(np.quantile(values, 0.8)) if len(values) else float("nan")


def lesion_blood_share(inputs: FeatureInputs) -> float:
    """Share of the lesion with an erythema index above `BLOOD_ERYTHEMA`; NaN without a lesion."""
    values = inputs.small_erythema[inputs.lesion]
    return float((values > BLOOD_ERYTHEMA).mean()) if len(values) else float("nan")


def lesion_blue_less_green_low(inputs: FeatureInputs) -> float:
    """20 % quantile of blue less green density inside; NaN without a lesion."""
    inside = _inside(inputs)
    return float(np.quantile(inside[:, 2] - inside[:, 1], 0.2)) if len(inside) else float("nan")


def lesion_blue_less_green_high(inputs: FeatureInputs) -> float:
    """80 % quantile of blue less green density inside: melanin anywhere in the lesion; NaN without a lesion."""
    inside = _inside(inputs)
    return float(np.quantile(inside[:, 2] - inside[:, 1], 0.8)) if len(inside) else float("nan")


def lesion_density_spread(inputs: FeatureInputs) -> float:
    """Standard deviation of green density inside: many shades; NaN without a lesion."""
    inside = _inside(inputs)
    return float(inside[:, 1].std()) if len(inside) else float("nan")


def lesion_hue_spread(inputs: FeatureInputs) -> float:
    """Standard deviation of the erythema index inside: many colours; NaN without a lesion."""
    values = inputs.small_erythema[inputs.lesion]
    return float(values.std()) if len(values) else float("nan")


def lesion_core_less_rim(inputs: FeatureInputs) -> float:
    """Green density of the core less that of the outer part, over their sum; NaN without a lesion."""
    outer = inputs.small_density[inputs.lesion & ~inputs.lesion_core]
    core = _core_mean(inputs)
    if len(outer) == 0 or not np.isfinite(core[1]):
        return float("nan")
    rim = float(outer[:, 1].mean())
    return float((core[1] - rim) / max(abs(float(core[1])) + abs(rim), 0.05))


def lesion_highlight_share(inputs: FeatureInputs) -> float:
    """Share of the lesion that is much lighter than its median: gloss, scale, crust; NaN without a lesion."""
    total = _inside(inputs).sum(axis=1)
    return float((total < np.median(total) - 0.6).mean()) if len(total) else float("nan")
