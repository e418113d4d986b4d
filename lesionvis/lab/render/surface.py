"""Bare skin of a rendered scene: its relief, its uneven colour and how light falls on it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.optics import body_rgb, melanin_for_ita
from lesionvis.lab.render.scene import Scene

Map = NDArray[np.float32]

# Standard deviation of the slopes of fine lines, of grain finer than they are, and of bumps, at texture 1.
_LINE_SLOPE = 0.08
_GRAIN_SLOPE = 0.05
_BUMP_SLOPE = 0.04
# Standard deviations (mm) of the noise that lines, grain and bumps are made of.
_LINE_MM = 0.22
_GRAIN_MM = 0.07
_BUMP_MM = 0.5
# Light wanders below the surface before it leaves, which softens fine shading (mm).
_WANDER_MM = 0.05
# Relative light that a groove keeps back, and that a pore does, at texture 1.
_GROOVE_DARKNESS = 0.08
_PORE_DARKNESS = 0.15
# Slope at the edge of a close-up: no skin is flat.
_BULGE_SLOPE = 0.12
# Spread of the logarithm of blood, and of melanin, in normal skin at mottling 1.
_BLOOD_SPREAD = 0.25
_MELANIN_SPREAD = 0.06
# Part of the light that comes from everywhere rather than from the light's direction.
_AMBIENT = 0.45
# Slope within which a facet sends the light's mirror image into the camera.
_MIRROR_SLOPE = 0.12
# The steepest slope that is shaded: the rim of a limb would have none that is finite.
_STEEPEST_SLOPE = 4.0
# A limb's half width, relative to the height of the frame.
_LIMB_HALF_WIDTH = 0.36


def layer_generator(scene: Scene, layer: str) -> np.random.Generator:
    """Random numbers of one layer, so that a change of another layer leaves this one as it is.

    Parameters
    ----------
    scene : Scene
        Scene with its seed.
    layer : str
        Name of the layer.

    Returns
    -------
    numpy.random.Generator
        The same for the same seed and layer.
    """
    return np.random.default_rng([scene.seed, zlib.crc32(layer.encode())])


def smooth_noise(
    generator: np.random.Generator,
    height_px: int,
    width_px: int,
    sigma_px: float,
    stretch: float = 1.0,
    angle_deg: float = 0.0,
) -> Map:
    """Gaussian noise of a given grain, with mean near 0 and standard deviation near 1.

    Parameters
    ----------
    generator : numpy.random.Generator
        Where the random numbers come from.
    height_px, width_px : int
        Size of the result.
    sigma_px : float
        Standard deviation of the Gaussian that the noise is smoothed with: its grain.
    stretch : float
        How much longer than wide the grains are.
    angle_deg : float
        Direction of the long side of the grains: 0 right, 90 down.

    Returns
    -------
    ndarray of shape (height_px, width_px), float32
        Noise; made on a coarse grid and interpolated, so that large grains are cheap.
    """
    grid_sigma = 1.5
    step_y = sigma_px / grid_sigma
    step_x = step_y * stretch
    reach_px = float(np.hypot(width_px, height_px))
    rows, columns = (int(np.ceil(reach_px / step)) + 8 for step in (step_y, step_x))
    grid = generator.standard_normal((rows, columns), dtype=np.float32)
    grid = np.asarray(cv2.GaussianBlur(grid, (0, 0), grid_sigma), dtype=np.float32)
    grid = (grid - grid.mean()) / grid.std()

    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn = np.array([[cosine / step_x, sine / step_x], [-sine / step_y, cosine / step_y]])
    middle = turn @ np.array([(width_px - 1) / 2, (height_px - 1) / 2])
    shift = np.array([(columns - 1) / 2, (rows - 1) / 2]) - middle
    noise = cv2.warpAffine(
        grid,
        np.column_stack([turn, shift]),
        (width_px, height_px),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(noise, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """Shape of the skin: slopes (rise over run) to the right and downwards, and depth in a groove, 0 to 1."""

    slope_x: Map
    slope_y: Map
    groove: Map


def limb_position(scene: Scene) -> Map:
    """Position of each pixel across the limb.

    Parameters
    ----------
    scene : Scene
        Scene of H x W px.

    Returns
    -------
    ndarray of shape (H, W), float32
        0 on the axis, -1 and 1 on the edges, beyond them outside.
    """
    generator = layer_generator(scene, "limb")
    tilt = np.radians(generator.uniform(-12.0, 12.0))
    taper = generator.uniform(-0.2, 0.2)
    x = (np.arange(scene.width_px, dtype=np.float32) - (scene.width_px - 1) / 2) / scene.height_px
    y = (np.arange(scene.height_px, dtype=np.float32) - (scene.height_px - 1) / 2) / scene.height_px
    along = x[None, :] * np.cos(tilt) + y[:, None] * np.sin(tilt)
    across = y[:, None] * np.cos(tilt) - x[None, :] * np.sin(tilt)
    return np.asarray(across / (_LIMB_HALF_WIDTH * (1.0 + taper * along)), dtype=np.float32)


def _large_slopes(scene: Scene) -> tuple[Map, Map]:
    """Slopes of the body: a cylinder for a limb, a slight bulge for a close-up."""
    if scene.view == "limb":
        position = limb_position(scene)
        steep = np.minimum(np.abs(position), 0.97)
        slope = -np.sign(position) * steep / np.sqrt(1.0 - steep**2)
        return np.zeros_like(slope), np.asarray(slope, dtype=np.float32)
    half = max(scene.width_px, scene.height_px) / 2
    x = np.arange(scene.width_px, dtype=np.float32) - (scene.width_px - 1) / 2
    y = np.arange(scene.height_px, dtype=np.float32) - (scene.height_px - 1) / 2
    slope_x, slope_y = np.meshgrid(-_BULGE_SLOPE / half * x, -_BULGE_SLOPE / half * y)
    return slope_x.astype(np.float32), slope_y.astype(np.float32)


def _slopes_of(height: Map, standard_deviation: float) -> tuple[Map, Map]:
    """Slopes of a height map, scaled to a common standard deviation."""
    slope_x = np.asarray(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3), dtype=np.float32)
    slope_y = np.asarray(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3), dtype=np.float32)
    gain = np.float32(standard_deviation / np.sqrt((slope_x.var() + slope_y.var()) / 2.0 + 1e-12))
    return slope_x * gain, slope_y * gain


def skin_relief(scene: Scene) -> Relief:
    """Relief of bare skin: two families of fine lines that cross, bumps, and the shape of the body.

    Parameters
    ----------
    scene : Scene
        Uses size, scale, texture, view and seed.

    Returns
    -------
    Relief
        Maps of shape (H, W), float32.

    Notes
    -----
    The lines lie where noise crosses zero: stretched noise gives long lines, two directions give the rhombs
    of real skin, about half a millimetre wide. What is finer than a pixel fades out.
    """
    generator = layer_generator(scene, "relief")
    size = scene.height_px, scene.width_px
    slope_x, slope_y = _large_slopes(scene)
    groove = np.zeros(size, dtype=np.float32)
    first_deg = generator.uniform(0.0, 180.0)
    uneven = 1.0 + 0.5 * np.tanh(smooth_noise(generator, *size, 2.0 * scene.px_per_mm))
    for turn_deg, strength in ((0.0, 1.0), (generator.uniform(50.0, 75.0), 0.8)):
        line_px = _LINE_MM * scene.px_per_mm
        noise = smooth_noise(generator, *size, max(line_px, 0.8), stretch=2.5, angle_deg=first_deg + turn_deg)
        seen = min(1.0, line_px / 1.2) ** 2 * scene.texture * strength
        line = uneven * np.exp(-((noise / 0.45) ** 2))
        line = np.asarray(cv2.GaussianBlur(line, (0, 0), max(_WANDER_MM * scene.px_per_mm, 0.3)), dtype=np.float32)
        line_x, line_y = _slopes_of(-line, _LINE_SLOPE * seen)
        slope_x, slope_y = slope_x + line_x, slope_y + line_y
        groove = np.maximum(groove, line * np.float32(seen))
    for grain_mm, slope in ((_GRAIN_MM, _GRAIN_SLOPE), (_BUMP_MM, _BUMP_SLOPE)):
        grain = smooth_noise(generator, *size, max(grain_mm * scene.px_per_mm, 1.0))
        grain_x, grain_y = _slopes_of(grain, slope * scene.texture)
        slope_x, slope_y = slope_x + grain_x, slope_y + grain_y
    return Relief(slope_x, slope_y, groove)


def skin_color(scene: Scene, groove: Map) -> NDArray[np.float32]:
    """Light that bare skin sends back, without its surface.

    Normal skin of the scene's tone, with uneven blood and melanin at two scales each, grooves and pores. The
    unevenness is linear in optical density, which saves running the optical model for every pixel.

    Parameters
    ----------
    scene : Scene
        Scene of H x W px.
    groove : ndarray of shape (H, W), float32
        Depth of grooves and pores.

    Returns
    -------
    ndarray of shape (H, W, 3), float32
        Linear sRGB.
    """
    generator = layer_generator(scene, "colour")
    height_px, width_px = scene.height_px, scene.width_px
    melanin = melanin_for_ita(scene.ita_deg, scene.surface_veil, scene.blood_fraction)
    plain = body_rgb(melanin, scene.blood_fraction)
    step = 0.1
    blood_density = np.log(plain / body_rgb(melanin, scene.blood_fraction * np.exp(step))) / step
    melanin_density = np.log(plain / body_rgb(melanin * np.exp(step), scene.blood_fraction)) / step

    def uneven(fine_mm: float, coarse_mm: float) -> Map:
        fine, coarse = (
            smooth_noise(generator, height_px, width_px, max(grain_mm * scene.px_per_mm, 1.0))
            for grain_mm in (fine_mm, coarse_mm)
        )
        return np.asarray((0.6 * fine + 0.8 * coarse) * np.float32(scene.mottling), dtype=np.float32)

    blood = uneven(1.2, 8.0) * np.float32(_BLOOD_SPREAD)
    melanin_map = uneven(0.5, 6.0) * np.float32(_MELANIN_SPREAD)
    pores = np.asarray(
        cv2.GaussianBlur(
            (generator.random((height_px, width_px)) < 0.6 / scene.px_per_mm**2).astype(np.float32),
            (0, 0),
            max(0.1 * scene.px_per_mm, 0.7),
        )
    )
    dots = _PORE_DARKNESS * pores / max(float(pores.max()), 1e-6) + _GROOVE_DARKNESS * groove
    density = np.empty((height_px, width_px, 3), dtype=np.float32)
    for channel in range(3):
        density[..., channel] = (
            blood * np.float32(blood_density[channel])
            + melanin_map * np.float32(melanin_density[channel])
            + np.float32(scene.texture) * (dots - dots.mean())
        )
    return np.asarray(plain.astype(np.float32) * np.exp(-density), dtype=np.float32)


def _light_direction(scene: Scene) -> NDArray[np.float64]:
    azimuth, elevation = np.radians(scene.light_azimuth_deg), np.radians(scene.light_elevation_deg)
    return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


def diffuse_light(scene: Scene, slope_x: Map, slope_y: Map) -> Map:
    """Light that falls on each place, relative to a level one: Lambert's law and an ambient part.

    Parameters
    ----------
    scene : Scene
        Scene with its light.
    slope_x, slope_y : ndarray of shape (H, W), float32
        Slopes of the surface.

    Returns
    -------
    ndarray of shape (H, W), float32
        1 for a level place.
    """
    x, y, z = (np.float32(part) for part in _light_direction(scene))
    slope_x = np.clip(slope_x, -_STEEPEST_SLOPE, _STEEPEST_SLOPE)
    slope_y = np.clip(slope_y, -_STEEPEST_SLOPE, _STEEPEST_SLOPE)
    facing = (z - x * slope_x - y * slope_y) / np.sqrt(1.0 + slope_x**2 + slope_y**2)
    return np.asarray(_AMBIENT + (1.0 - _AMBIENT) / z * np.maximum(facing, 0.0), dtype=np.float32)


def mirrored_light(scene: Scene, slope_x: Map, slope_y: Map) -> Map:
    """Share of the light that each place mirrors into the camera: its facets spread like a Gaussian.

    Parameters
    ----------
    scene : Scene
        Scene with its light.
    slope_x, slope_y : ndarray of shape (H, W), float32
        Slopes of the surface.

    Returns
    -------
    ndarray of shape (H, W), float32
        0 to 1.
    """
    half_way = _light_direction(scene) + np.array([0.0, 0.0, 1.0])
    off_x = slope_x + np.float32(half_way[0] / half_way[2])
    off_y = slope_y + np.float32(half_way[1] / half_way[2])
    return np.asarray(np.exp(-(off_x**2 + off_y**2) / np.float32(2.0 * _MIRROR_SLOPE**2)), dtype=np.float32)
