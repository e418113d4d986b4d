"""Wounds and blood that is outside of the skin: red, sharp and shining as angiomas are, and none."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import decode_srgb
from lesionvis.lab.render.covers import cover_alpha
from lesionvis.lab.render.scene import ClothColor, Scene
from lesionvis.lab.render.surface import Map, smooth_noise
from lesionvis.lab.render.synth import photograph, scene_light

WoundKind = Literal["ulcer", "ulcer with a bead of blood", "bead of blood", "blood on cloth", "blood on cloth and skin"]
WOUND_KINDS: tuple[WoundKind, ...] = (
    "ulcer",
    "ulcer with a bead of blood",
    "bead of blood",
    "blood on cloth",
    "blood on cloth and skin",
)

# Linear sRGB, from levels of the file. Blood in a layer of a millimetre and more is opaque: it looks alike on any skin.
_GRANULATION, _SLOUGH, _BLOOD, _DRIED = (
    decode_srgb(np.asarray(levels) / 255.0).astype(np.float32)
    for levels in ((185, 45, 50), (205, 165, 95), (110, 8, 14), (95, 35, 25))
)
# What an inflamed border takes of the three channels, in natural optical density.
_HALO_DENSITY = np.asarray((0.05, 0.45, 0.35), np.float32)
_CLOTHS: tuple[ClothColor, ...] = ("white", "blue", "green")
# Linear light of the cloth that fills the frame, in parts of white.
_CLOTH_RGB = {"white": (0.62, 0.62, 0.60), "blue": (0.12, 0.24, 0.45), "green": (0.10, 0.32, 0.25)}


def draw_wound(kind: WoundKind, ita_deg: float, seed: int) -> NDArray[np.uint8]:
    """Photo of a wound, or of blood on skin or cloth.

    Parameters
    ----------
    kind : str
        One of `WOUND_KINDS`.
    ita_deg : float
        Tone of the skin as individual typology angle in degrees, -45 to 60; cloth alone does not depend on it.
    seed : int
        Of all that is random: the same values give the same bytes.

    Returns
    -------
    ndarray of shape (480, 640, 3), uint8
        sRGB picture.

    Examples
    --------
    >>> draw_wound("bead of blood", 40.0, 1).shape
    (480, 640, 3)
    """
    generator = np.random.default_rng([WOUND_KINDS.index(kind), seed])
    cloth = _CLOTHS[int(generator.integers(len(_CLOTHS)))]
    scene = Scene(
        seed=seed,
        ita_deg=ita_deg,
        px_per_mm=float(generator.uniform(6.0, 20.0)),
        blood_fraction=float(generator.uniform(0.004, 0.01)),
        hair_count=int(generator.integers(0, 15)),
        drape_side="left" if kind == "blood on cloth and skin" else "none",
        drape_color=cloth,
        light_temperature_k=float(generator.uniform(4800, 7200)),
        blur_sigma_px=float(generator.uniform(0.6, 1.3)),
        jpeg_quality=int(generator.integers(75, 95)),
    )
    if kind == "blood on cloth":
        linear = _cloth(generator, scene, cloth)
    else:
        linear, _ = scene_light(scene)
    if kind.startswith("ulcer"):
        _lay_ulcer(generator, scene, linear)
    if kind.endswith("bead of blood"):
        _lay_bead(generator, scene, linear)
    if kind.startswith("blood on cloth"):
        where = np.float32(1.0) if kind == "blood on cloth" else cover_alpha(scene)
        _lay_stains(generator, scene, linear, where)
    return photograph(scene, np.clip(linear, 0.0, 1.0))


def _lay(linear: NDArray[np.float32], alpha: Map, color: NDArray[np.float32]) -> None:
    linear += alpha[..., None] * (color - linear)


def _distance_px(generator: np.random.Generator, scene: Scene, radius_px: float, raggedness: float) -> Map:
    """Distance in px from a ragged round border near the middle, negative inside."""
    y, x = np.indices((scene.height_px, scene.width_px), np.float32)
    middle = np.asarray((scene.width_px, scene.height_px)) / 2.0 * (1.0 + generator.uniform(-0.15, 0.15, 2))
    stretch = np.float32(generator.uniform(0.75, 1.3))
    distance = np.hypot((x - middle[0]) / stretch, (y - middle[1]) * stretch) - radius_px
    size = scene.height_px, scene.width_px
    rough = 0.7 * smooth_noise(generator, *size, 0.35 * radius_px) + 0.4 * smooth_noise(
        generator, *size, 0.1 * radius_px
    )
    return np.asarray(distance + raggedness * radius_px * rough, np.float32)


def _covering(distance_px: Map, softness_px: float) -> Map:
    return np.asarray(np.clip(0.5 - distance_px / softness_px, 0.0, 1.0), np.float32)


def _lit_lumps(generator: np.random.Generator, scene: Scene, sigma_px: float, steepness: float) -> tuple[Map, Map]:
    """Light on a lumpy wet surface, 1 where it is level, and its mirrored light, 0 to 1."""
    height = smooth_noise(generator, scene.height_px, scene.width_px, sigma_px)
    slope_x, slope_y = (cv2.Sobel(height, cv2.CV_32F, *order, ksize=3) / 8.0 * sigma_px for order in ((1, 0), (0, 1)))
    light = np.clip(1.0 + np.float32(steepness) * (slope_x + slope_y), 0.3, 1.7)
    mirrored = np.exp(-((slope_x + 0.45) ** 2 + (slope_y + 0.45) ** 2) / 0.03)
    return np.asarray(light, np.float32), np.asarray(mirrored, np.float32)


def _lay_ulcer(generator: np.random.Generator, scene: Scene, linear: NDArray[np.float32]) -> None:
    """Granulating wound: lumpy, wet, with yellow slough and darker blood, a pale rim and an inflamed border."""
    radius_px = float(generator.uniform(0.12, 0.38) * scene.height_px)
    distance = _distance_px(generator, scene, radius_px, raggedness=float(generator.uniform(0.1, 0.3)))
    halo = np.exp(-np.maximum(distance, 0.0) / np.float32(0.3 * radius_px)) * np.float32(generator.uniform(0.2, 1.0))
    linear *= np.exp(-halo[..., None] * _HALO_DENSITY)
    rim = np.exp(-((distance / np.float32(0.06 * radius_px)) ** 2)) * np.float32(generator.uniform(0.0, 0.5))
    _lay(linear, np.asarray(rim, np.float32), np.full(3, 0.6, np.float32))
    size = scene.height_px, scene.width_px
    light, mirrored = _lit_lumps(generator, scene, float(generator.uniform(3.0, 7.0)), steepness=0.5)
    inside = np.broadcast_to(_GRANULATION * np.float32(generator.uniform(0.7, 1.2)), (*size, 3)).copy()
    slough = np.clip(1.5 * (smooth_noise(generator, *size, 0.2 * radius_px) - generator.uniform(0.2, 1.5)), 0.0, 0.9)
    _lay(inside, np.asarray(slough, np.float32), _SLOUGH)
    bleeding = np.clip(1.5 * (smooth_noise(generator, *size, 0.15 * radius_px) - 1.0), 0.0, 0.9)
    _lay(inside, np.asarray(bleeding, np.float32), _BLOOD)
    wetness = np.float32(generator.uniform(0.3, 0.8))
    inside = inside * light[..., None] + wetness * mirrored[..., None]
    _lay(linear, _covering(distance, 0.06 * radius_px + 1.0), inside)


def _lay_bead(generator: np.random.Generator, scene: Scene, linear: NDArray[np.float32]) -> None:
    """Drop of blood that stands on what is below, with a highlight, often with a trickle."""
    radius_px = float(generator.uniform(1.0, 3.0) * scene.px_per_mm)
    distance = _distance_px(generator, scene, radius_px, raggedness=0.05)
    depth = np.clip(-distance / radius_px, 0.0, 1.0)
    if generator.random() < 0.6:
        rows, columns = np.nonzero(distance < 0)
        y, x = np.indices(distance.shape, np.float32)
        bend = 6.0 * smooth_noise(generator, scene.height_px, scene.width_px, 40.0)
        length_px = generator.uniform(0.2, 0.6) * scene.height_px
        trickle = np.abs(x + bend - columns.mean()) - np.float32(0.35 * radius_px)
        below = (y > rows.mean()) & (y < rows.mean() + length_px)
        _lay(linear, np.asarray(_covering(trickle, 2.0) * below * 0.85, np.float32), _BLOOD * np.float32(1.6))
    _lay(linear, _covering(distance, 1.5), _BLOOD * np.float32(generator.uniform(0.8, 1.8)))
    y, x = np.indices(distance.shape, np.float32)
    rows, columns = np.nonzero(depth > 0)
    off = np.hypot(x - columns.mean() + 0.35 * radius_px, y - rows.mean() + 0.35 * radius_px)
    _lay(
        linear, np.asarray(0.8 * np.clip(1.3 - off / (0.15 * radius_px), 0.0, 1.0), np.float32), np.ones(3, np.float32)
    )


def _cloth(generator: np.random.Generator, scene: Scene, color: ClothColor) -> NDArray[np.float32]:
    """Woven cloth in soft folds that fills the frame."""
    y, x = np.indices((scene.height_px, scene.width_px), np.float32)
    size = scene.height_px, scene.width_px
    pitch_px = generator.uniform(3.0, 7.0)
    weave = np.sin(2 * np.pi * x / pitch_px) * np.sin(2 * np.pi * y / pitch_px)
    folds = smooth_noise(generator, *size, 60.0, 3.0, float(generator.uniform(0, 180)))
    shade = np.exp(0.06 * weave + 0.15 * folds)
    return np.asarray(np.asarray(_CLOTH_RGB[color], np.float32) * shade[..., None], np.float32)


def _lay_stains(
    generator: np.random.Generator, scene: Scene, linear: NDArray[np.float32], where: Map | np.float32
) -> None:
    """Stains of blood that soak into cloth: ragged, dark in the middle or at the rim, fresh or dried."""
    color = _BLOOD * np.float32(2.0) if generator.random() < 0.6 else _DRIED
    for _ in range(int(generator.integers(1, 9))):
        radius_px = float(generator.uniform(0.02, 0.2) * scene.height_px)
        distance = _distance_px(generator, scene, radius_px, raggedness=float(generator.uniform(0.05, 0.3)))
        beside = (-0.44, -0.4) if scene.drape_side == "left" else (-0.4, 0.4)
        shift = generator.uniform((-0.4, beside[0]), (0.4, beside[1])) * (scene.height_px, scene.width_px)
        distance = np.roll(distance, shift.astype(int), axis=(0, 1))
        soaked = _covering(distance, float(generator.uniform(0.1, 0.5)) * radius_px + 1.0)
        cloth = linear.mean(axis=2, keepdims=True)
        stain = color * (0.5 + 0.5 * cloth / max(float(cloth.mean()), 1e-3))
        _lay(linear, np.asarray(0.9 * soaked * where, np.float32), np.asarray(stain, np.float32))
