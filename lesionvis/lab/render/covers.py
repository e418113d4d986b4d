"""Covers of the skin in a rendered scene: the cloth behind a limb, a drape, a paper ruler, hairs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.scene import ClothColor, Scene, Side
from lesionvis.lab.render.surface import Map, layer_generator, limb_position, smooth_noise

# Linear sRGB of the cloths, as parts of white.
_CLOTH_RGB: dict[ClothColor, tuple[float, float, float]] = {
    "blue": (0.05, 0.14, 0.45),
    "green": (0.06, 0.28, 0.22),
    "purple": (0.16, 0.06, 0.35),
    "red": (0.38, 0.03, 0.06),
    "white": (0.62, 0.62, 0.64),
    "black": (0.008, 0.008, 0.009),
}
# Part of the frame that a drape covers.
_DRAPE_PART = 0.16

_PAPER_RGB = np.array([0.80, 0.80, 0.78], dtype=np.float32)
_INK_PART = 0.05
_RULER_DEPTH_MM = 9.0
# No ruler takes more than this part of the frame, however close the camera is.
_RULER_PART = 0.22
_TICK_WIDTH_MM = 0.3
# Length of the ticks at every 1, 5 and 10 mm, as on the paper strips of clinics: half of the rulers in real photos.
_TICK_LENGTHS_MM = ((1, 1.0), (5, 1.9), (10, 2.8))

_HAIR_RGB = np.array([0.03, 0.018, 0.01], dtype=np.float32)
_HAIR_WIDTH_MM = 0.07
_HAIR_LENGTH_MM = (4.0, 14.0)


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """A layer over the skin: where it is, 0 to 1 of shape (H, W), and its linear sRGB of shape (H, W, 3)."""

    alpha: Map
    rgb: NDArray[np.float32]


# Quarter turns, counter-clockwise, from the bottom edge to each side.
_QUARTER_TURNS: dict[Side, int] = {"bottom": 0, "right": 1, "top": 2, "left": 3}


def _turned_size(scene: Scene, side: Side) -> tuple[int, int]:
    """Height and width of a canvas that fills the photo once its bottom edge is turned to `side`."""
    if side in ("left", "right"):
        return scene.width_px, scene.height_px
    return scene.height_px, scene.width_px


def _turn(canvas: Map, side: Side) -> Map:
    return np.ascontiguousarray(np.rot90(canvas, _QUARTER_TURNS[side]))


def _limb_background_alpha(scene: Scene) -> Map:
    position = np.abs(limb_position(scene))
    edge_px = np.float32(2.0 / scene.height_px)
    return np.asarray(np.clip(0.5 + (position - 1.0) / edge_px, 0.0, 1.0), dtype=np.float32)


def _drape_alpha(scene: Scene) -> Map:
    height_px, width_px = _turned_size(scene, scene.drape_side)
    wave = smooth_noise(layer_generator(scene, "drape"), 1, width_px, 0.2 * width_px)[0]
    edge_px = height_px * (1.0 - _DRAPE_PART * (1.0 + 0.2 * wave))
    below_px = np.arange(height_px, dtype=np.float32)[:, None] - edge_px[None, :]
    return _turn(np.clip(0.5 + below_px, 0.0, 1.0, dtype=np.float32), scene.drape_side)


def _ruler_depth_px(scene: Scene) -> int:
    height_px, _ = _turned_size(scene, scene.ruler_side)
    return round(min(_RULER_DEPTH_MM * scene.px_per_mm, _RULER_PART * height_px))


def _ruler_alpha(scene: Scene) -> Map:
    height_px, width_px = _turned_size(scene, scene.ruler_side)
    alpha = np.zeros((height_px, width_px), dtype=np.float32)
    alpha[height_px - _ruler_depth_px(scene) :] = 1.0
    return _turn(alpha, scene.ruler_side)


def _cloth_rgb(scene: Scene) -> NDArray[np.float32]:
    """Cloth with folds and a weave, linear sRGB."""
    generator = layer_generator(scene, "cloth")
    size = scene.height_px, scene.width_px
    folds = smooth_noise(generator, *size, 0.05 * scene.width_px, stretch=4.0, angle_deg=generator.uniform(0, 180))
    weave = smooth_noise(generator, *size, 0.8)
    shade = np.clip(1.0 + 0.2 * folds + 0.03 * weave, 0.2, None)
    return np.asarray(shade[..., None] * np.array(_CLOTH_RGB[scene.drape_color]), dtype=np.float32)


def _ruler_ink(scene: Scene) -> Map:
    """Ticks and centimetre numbers of the ruler, 1 = ink.

    The part of each pixel that a tick covers is computed: ticks are exact to a fraction of a pixel.
    """
    height_px, width_px = _turned_size(scene, scene.ruler_side)
    depth_px = _ruler_depth_px(scene)
    px_per_mm = scene.px_per_mm
    start_mm = layer_generator(scene, "ruler").uniform(2.0, 8.0)
    tick_mm = np.arange(int(width_px / px_per_mm - start_mm) + 1)
    center_px = (start_mm + tick_mm) * px_per_mm
    half_px = max(_TICK_WIDTH_MM * px_per_mm, 1.0) / 2.0
    column_px = np.arange(width_px)[:, None]
    covered = np.minimum(column_px + 0.5, center_px + half_px) - np.maximum(column_px - 0.5, center_px - half_px)
    covered = np.clip(covered, 0.0, 1.0)

    strip = np.zeros((depth_px, width_px), dtype=np.float32)
    row_px = np.arange(depth_px)[:, None]
    for every_mm, length_mm in _TICK_LENGTHS_MM:
        length_px = length_mm / _RULER_DEPTH_MM * depth_px
        columns = covered[:, tick_mm % every_mm == 0].max(axis=1, initial=0.0)
        strip = np.maximum(strip, np.clip(length_px - row_px, 0.0, 1.0) * columns)

    numbers = np.zeros((depth_px, width_px), dtype=np.uint8)
    size = depth_px / 75.0
    for position_px, mm in zip(center_px[::10], tick_mm[::10], strict=True):
        at = (round(position_px + 2 * half_px), round(0.9 * depth_px))
        cv2.putText(numbers, str(mm // 10), at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, max(1, round(size)), cv2.LINE_AA)
    canvas = np.zeros((height_px, width_px), dtype=np.float32)
    canvas[height_px - depth_px :] = np.maximum(strip, numbers / 255.0)
    return _turn(canvas, scene.ruler_side)


def cover_alpha(scene: Scene) -> Map:
    """Part of each pixel that is not skin; hairs do not count.

    Parameters
    ----------
    scene : Scene
        Scene of H x W px.

    Returns
    -------
    ndarray of shape (H, W), float32
        0 to 1.
    """
    alpha = np.zeros((scene.height_px, scene.width_px), dtype=np.float32)
    if scene.view == "limb":
        alpha = np.maximum(alpha, _limb_background_alpha(scene))
    if scene.drape_side != "none":
        alpha = np.maximum(alpha, _drape_alpha(scene))
    if scene.ruler_side != "none":
        alpha = np.maximum(alpha, _ruler_alpha(scene))
    return alpha


def skin_mask(scene: Scene) -> NDArray[np.bool_]:
    """Mask of the skin that a scene shows.

    Parameters
    ----------
    scene : Scene
        The scene.

    Returns
    -------
    ndarray of shape (H, W), bool
        True = skin, hairy or not.

    Examples
    --------
    >>> from lesionvis.lab.render.scene import Scene
    >>> bool(skin_mask(Scene()).all()), bool(skin_mask(Scene(ruler_side="bottom"))[-1].any())
    (True, False)
    """
    return cover_alpha(scene) < 0.5


def covers(scene: Scene) -> tuple[Cover, ...]:
    """Layers of the scene over the skin.

    Parameters
    ----------
    scene : Scene
        Scene.

    Returns
    -------
    tuple of Cover
        The lowest first.
    """
    layers = []
    if scene.view == "limb":
        layers.append(Cover(_limb_background_alpha(scene), _cloth_rgb(scene)))
    if scene.drape_side != "none":
        layers.append(Cover(_drape_alpha(scene), _cloth_rgb(scene)))
    if scene.ruler_side != "none":
        ink = _ruler_ink(scene)[..., None]
        layers.append(Cover(_ruler_alpha(scene), _PAPER_RGB * (1.0 - (1.0 - _INK_PART) * ink)))
    return tuple(layers)


def hairs(scene: Scene) -> Cover:
    """Layer of hairs that lie roughly one way.

    Parameters
    ----------
    scene : Scene
        Scene.

    Returns
    -------
    Cover
        Opacity and colour.
    """
    generator = layer_generator(scene, "hair")
    strength = np.zeros((scene.height_px, scene.width_px), dtype=np.uint8)
    direction = generator.uniform(0.0, 2.0 * np.pi)
    width_px = _HAIR_WIDTH_MM * scene.px_per_mm
    # A hair finer than a pixel is drawn a pixel wide and as much paler.
    ink = round(255 * min(1.0, 0.9 * width_px))
    along = np.linspace(0.0, 1.0, 24)
    fraction_bits = 4
    for _ in range(scene.hair_count):
        root = generator.uniform((0.0, 0.0), (scene.width_px, scene.height_px))
        length_px = generator.uniform(*_HAIR_LENGTH_MM) * scene.px_per_mm
        angle = direction + generator.normal(0.0, 0.35) + generator.normal(0.0, 0.7) * along
        steps = length_px / len(along) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        line = np.round((root + np.cumsum(steps, axis=0)) * 2**fraction_bits).astype(np.int32)
        cv2.polylines(strength, [line], False, ink, max(1, round(width_px)), cv2.LINE_AA, fraction_bits)
    return Cover(strength.astype(np.float32) / 255.0, np.broadcast_to(_HAIR_RGB, (*strength.shape, 3)))
