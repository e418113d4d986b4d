"""Spots on the skin of a rendered scene: what they take out of the light, how they rise, and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.optics import NORMAL_BLOOD_FRACTION, body_rgb, melanin_for_ita
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.surface import Map, layer_generator, smooth_noise

# Waves around an irregular border, and how fast they weaken with their number (power of it).
_BORDER_WAVES = np.arange(2, 16)[:, None]
_BORDER_ROUGHNESS = 1.3
_BORDER_ANGLE = np.radians(np.arange(360))
_BORDER_BASIS = np.concatenate(
    [wave(_BORDER_WAVES * _BORDER_ANGLE) / _BORDER_WAVES**_BORDER_ROUGHNESS for wave in (np.cos, np.sin)]
)
# Lacunae across an angioma, and how much blood the walls between them lack.
_LACUNAE_ACROSS = 4.0
_WALL_PALENESS = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """Effect of the spots on the skin.

    Attributes
    ----------
    left : ndarray of shape (H, W, 3), float32
        Part of the skin's light that is left, per channel.
    slope_x, slope_y : ndarray of shape (H, W), float32
        Slopes of domes, rise over run.
    raised : ndarray of shape (H, W), float32
        Where the surface is that of a dome, 0 to 1: taut and shiny.
    labels : ndarray of shape (H, W), int32
        k for row k (counted from 1) of the spots, the later over the earlier.
    """

    left: NDArray[np.float32]
    slope_x: Map
    slope_y: Map
    raised: Map
    labels: NDArray[np.int32]


def spot_densities(scene: Scene, spots: Sequence[RenderedSpot]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Natural optical density that each spot adds to the scene's skin: by its blood, and by its melanin.

    Parameters
    ----------
    scene : Scene
        Gives the skin around.
    spots : sequence of RenderedSpot
        Their colour attributes.

    Returns
    -------
    blood, melanin : ndarray of shape (N, 3), float32
        Added density of red, green and blue.
    """

    def column(name: str) -> NDArray[np.float64]:
        return np.array([getattr(spot, name) for spot in spots], dtype=np.float64)

    melanin = melanin_for_ita(scene.ita_deg, scene.surface_veil, scene.blood_fraction)
    plain = body_rgb(melanin, scene.blood_fraction)
    bloody = body_rgb(
        melanin,
        np.maximum(column("blood_fraction"), scene.blood_fraction),
        column("blood_depth_mm"),
        column("oxygen_saturation"),
        column("bilirubin_g_per_l"),
    )
    pigmented = body_rgb(melanin + column("melanin_fraction"), scene.blood_fraction)
    return np.log(plain / bloody).astype(np.float32), np.log(plain / pigmented).astype(np.float32)


def _border(spot: RenderedSpot, generator: np.random.Generator) -> NDArray[np.float64]:
    """Distance of the border from the centre at 360 angles, in radii; it encloses the area of a circle."""
    rough = generator.standard_normal(len(_BORDER_BASIS)) @ _BORDER_BASIS
    border = np.maximum(1.0 + spot.border_irregularity * rough / rough.std(), 0.3)
    return np.asarray(border / np.sqrt(np.mean(border**2)))


def _lacunae(generator: np.random.Generator, x: Map, y: Map) -> Map:
    """Relative amount of blood in an angioma at (x, y) in radii: round sacs, paler walls between them."""
    pitch = 2.0 / _LACUNAE_ACROSS
    grid = np.arange(-1.2, 1.3, pitch)
    centers = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    centers = centers + generator.uniform(-0.4, 0.4, centers.shape) * pitch
    distance = np.hypot(x[..., None] - centers[:, 0], y[..., None] - centers[:, 1])
    nearest = np.partition(distance, 1, axis=-1)
    into_sac = np.clip((nearest[..., 1] - nearest[..., 0]) / (0.35 * pitch), 0.0, 1.0)
    return np.asarray(1.0 - _WALL_PALENESS * (1.0 - into_sac), dtype=np.float32)


def _drawn_radius_px(spot: RenderedSpot, scene: Scene) -> float:
    """Radius to draw so that half of the contrast is left at the true radius in the blurred photo.

    Blur moves a convex edge inwards by sigma^2 / (2 radius), to first order.
    """
    radius_px = spot.diameter_px / 2.0
    return radius_px + min(scene.blur_sigma_px**2 / (2.0 * radius_px), 0.5 * radius_px)


def paint_spots(scene: Scene, spots: Sequence[RenderedSpot]) -> Painted:
    """Paint spots over each other.

    Parameters
    ----------
    scene : Scene
        Gives size, skin, blur and seed.
    spots : sequence of RenderedSpot
        What to paint, the last on top. Parts outside the frame are left out.

    Returns
    -------
    Painted
        Maps of the scene's size.
    """
    size = scene.height_px, scene.width_px
    painted = Painted(
        left=np.ones((*size, 3), dtype=np.float32),
        slope_x=np.zeros(size, dtype=np.float32),
        slope_y=np.zeros(size, dtype=np.float32),
        raised=np.zeros(size, dtype=np.float32),
        labels=np.zeros(size, dtype=np.int32),
    )
    blood, melanin = spot_densities(scene, spots)
    generator = layer_generator(scene, "spots")
    for row, (spot, child) in enumerate(zip(spots, generator.spawn(len(spots)), strict=True)):
        _paint_spot(painted, scene, spot, child, blood[row], melanin[row], row + 1)
    return painted


def _paint_spot(
    painted: Painted,
    scene: Scene,
    spot: RenderedSpot,
    generator: np.random.Generator,
    blood: NDArray[np.float32],
    melanin: NDArray[np.float32],
    label: int,
) -> None:
    border = _border(spot, generator)
    true_radius_px = spot.diameter_px / 2.0
    radius_px = _drawn_radius_px(spot, scene)
    fade_px = max(spot.border_softness * radius_px, 0.5)
    stretch = np.sqrt(spot.elongation)
    reach_px = radius_px * border.max() * stretch + fade_px + 1.0
    left, right = _window(spot.x_px, reach_px, scene.width_px)
    top, bottom = _window(spot.y_px, reach_px, scene.height_px)
    if left >= right or top >= bottom:
        return
    window = (slice(top, bottom), slice(left, right))

    x_px = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(spot.x_px)
    y_px = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(spot.y_px)
    cosine, sine = np.cos(np.radians(spot.angle_deg)), np.sin(np.radians(spot.angle_deg))
    long_px = (x_px * cosine + y_px * sine) / stretch
    short_px = (y_px * cosine - x_px * sine) * stretch
    distance_px = np.hypot(long_px, short_px).astype(np.float32)
    angle = np.degrees(np.arctan2(short_px, long_px)) % 360.0
    relative = np.asarray(np.interp(angle, np.arange(361), np.append(border, border[0])), dtype=np.float32)

    fading = np.clip(0.5 - (distance_px - relative * radius_px) / (2.0 * fade_px), 0.0, 1.0)
    alpha = (fading * fading * (3.0 - 2.0 * fading))[..., None]
    blood_amount, melanin_amount = _pigments(spot, generator, long_px, short_px)
    pigmented = np.exp(-blood_amount[..., None] * blood - melanin_amount[..., None] * melanin)
    painted.left[window] = painted.left[window] * (1.0 - alpha) + pigmented * alpha
    painted.labels[window][distance_px <= relative * true_radius_px] = label

    inside = distance_px < relative * radius_px
    slope = np.where(inside, -2.0 * spot.dome_height / radius_px, 0.0)
    painted.slope_x[window] += slope * x_px
    painted.slope_y[window] += slope * y_px
    taut = alpha[..., 0] * np.float32(min(1.0, 2.0 * spot.dome_height))
    painted.raised[window] = np.maximum(painted.raised[window], taut)


def _window(center_px: float, reach_px: float, size_px: int) -> tuple[int, int]:
    return max(0, int(np.floor(center_px - reach_px))), min(size_px, int(np.ceil(center_px + reach_px)) + 1)


def _pigments(spot: RenderedSpot, generator: np.random.Generator, x_px: Map, y_px: Map) -> tuple[Map, Map]:
    """Relative amounts of blood and melanin inside one spot; made only for pigments that are there."""
    radius_px = spot.diameter_px / 2.0
    height_px, width_px = x_px.shape
    amounts = []
    for present in (spot.blood_fraction > NORMAL_BLOOD_FRACTION, spot.melanin_fraction > 0.0):
        amount = np.ones((height_px, width_px), dtype=np.float32)
        if present and spot.mottle > 0.0:
            coarse = smooth_noise(generator, height_px, width_px, max(0.35 * radius_px, 1.0))
            fine = smooth_noise(generator, height_px, width_px, max(0.08 * radius_px, 1.0))
            amount = np.exp(np.float32(spot.mottle) * (0.8 * coarse + 0.6 * fine))
        amounts.append(amount)
    if spot.kind == "angioma":
        amounts[0] = amounts[0] * _lacunae(generator, x_px / radius_px, y_px / radius_px)
    return amounts[0], amounts[1]
