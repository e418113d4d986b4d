"""Cards and coins laid on rendered skin in a known pose, to measure how well their scale is read.

A pinhole camera looks at a flat thing that is turned and tilted; the truth is the homography from the thing's
plane to the photo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import decode_srgb
from lesionvis.lab.render.optics import encode_srgb, light_rgb
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.surface import Map, layer_generator, smooth_noise
from lesionvis.lab.render.synth import encode_jpeg, render
from lesionvis.scale.card.layout import CARD_HEIGHT_MM, CARD_WIDTH_MM, card_shapes
from lesionvis.scale.card.pdf import Rectangle, Text
from lesionvis.scale.card.projection import Homography

Metal = Literal["silver", "gold", "two-coloured"]
METALS: tuple[Metal, ...] = ("silver", "gold", "two-coloured")

# Focal length over the longer side of the photo: a phone's main lens (26 mm on film 36 mm wide) is 0.72; close-ups
# are taken from farther away with some zoom.
_FOCAL_LENGTH = 1.0
# No phone focuses nearer than this.
_NEAREST_MM = 120.0
# The thing is drawn at this many times the photo's resolution, at most so many px per mm.
_OVERSAMPLING = 3
_MAX_TEXTURE_PX_PER_MM = 60.0

_PAPER_LIGHT = 0.85
_INK_LIGHT = 0.04

_FINGER_RGB = (0.60, 0.33, 0.22)  # linear sRGB, as parts of white

# Linear sRGB of coin metals, as parts of white.
_METAL_RGB: dict[str, tuple[float, float, float]] = {
    "silver": (0.46, 0.45, 0.43),
    "gold": (0.50, 0.38, 0.17),
}
_CORE_PART = 0.72  # of a two-coloured coin's diameter
_RIM_PART = 0.93
_RELIEF_MM = 0.35
_RELIEF_STRENGTH = 0.22
_GLEAM_STRENGTH = 0.45
_COIN_SHADOW = 0.35
_COIN_THICKNESS_MM = 2.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Pose of a flat thing in a photo.

    Attributes
    ----------
    x_px, y_px : float
        Where its centre is seen.
    turn_deg : float
        How far it is turned in its plane, clockwise.
    tilt_deg : float
        Angle between its plane and the sensor, 0 to under 80.
    tilt_axis_deg : float
        Direction of the line about which it is tilted: 0 right, 90 down.
    """

    x_px: float
    y_px: float
    turn_deg: float = 0.0
    tilt_deg: float = 0.0
    tilt_axis_deg: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RenderedReference:
    """A rendered photo with a card or coin in it, and the truth about its plane.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        sRGB picture, read-only.
    plane : Homography
        From mm in the thing's plane (origin at its centre) to px.
    """

    rgb: NDArray[np.uint8]
    plane: Homography


@dataclass(frozen=True, slots=True, eq=False)
class _Texture:
    """A flat thing seen from above: linear sRGB, how much of each px it covers, and px per mm."""

    rgb: NDArray[np.float32]
    alpha: Map
    px_per_mm: float


def plane_of(scene: Scene, pose: Pose) -> Homography:
    """Homography from mm in the plane of a thing, origin at its centre, to px of the scene's photo.

    The centre is as far away as makes a mm that faces the camera there `scene.px_per_mm` px long.

    Parameters
    ----------
    scene : Scene
        Scene of the photo.
    pose : Pose
        Pose of the thing.

    Returns
    -------
    Homography
        From mm to px.

    Examples
    --------
    >>> plane = plane_of(Scene(px_per_mm=8.0), Pose(x_px=100.0, y_px=80.0))
    >>> plane.to_px([[0.0, 0.0], [10.0, 0.0]]).round(6).tolist()
    [[100.0, 80.0], [180.0, 80.0]]
    """
    camera, rotation, center_mm = _camera(scene, pose)
    return Homography(camera @ np.column_stack([rotation[:, 0], rotation[:, 1], center_mm]))


def _camera(scene: Scene, pose: Pose) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Camera matrix, turn of the thing as the camera sees it (z away from the camera), place of its centre in mm."""
    focal_px = max(_FOCAL_LENGTH * max(scene.width_px, scene.height_px), _NEAREST_MM * scene.px_per_mm)
    middle = np.array([(scene.width_px - 1) / 2, (scene.height_px - 1) / 2])
    camera = np.array([[focal_px, 0.0, middle[0]], [0.0, focal_px, middle[1]], [0.0, 0.0, 1.0]])
    distance_mm = focal_px / scene.px_per_mm
    center_mm = np.append((np.array([pose.x_px, pose.y_px]) - middle) / focal_px, 1.0) * distance_mm
    axis = np.radians(pose.tilt_axis_deg)
    tilt, _ = cv2.Rodrigues(np.radians(pose.tilt_deg) * np.array([np.cos(axis), np.sin(axis), 0.0]))
    turn, _ = cv2.Rodrigues(np.array([0.0, 0.0, np.radians(pose.turn_deg)]))
    return camera, np.asarray(tilt @ turn, np.float64), center_mm


def render_card(
    scene: Scene,
    pose: Pose,
    spots: tuple[RenderedSpot, ...] = (),
    print_scale: float = 1.0,
    curl_mm: float = 0.0,
    finger_mm: tuple[float, float, float] | None = None,
) -> RenderedReference:
    """Photo of a scene with the printed card on the skin.

    Parameters
    ----------
    scene : Scene
        The skin, the light and the camera.
    pose : Pose
        Where the card lies.
    spots : tuple of RenderedSpot
        Spots on the skin.
    print_scale : float
        Size of the print over that of the file; its bar is 50 mm times this long.
    curl_mm : float
        How far its short sides rise over its middle, as of paper that was rolled; the truth stays that of the skin.
    finger_mm : tuple of 3 float, optional
        A finger across it: x and y of the finger's middle from that of the card, and its half width.

    Returns
    -------
    RenderedReference
    """
    texture = _card_texture(_texture_px_per_mm(scene) * print_scale)
    if finger_mm is not None:
        _draw_finger(texture, finger_mm)
    texture = replace(texture, px_per_mm=texture.px_per_mm / print_scale)
    return _composed(scene, spots, pose, texture, shadow_mm=0.3, curl_mm=curl_mm)


def render_coin(
    scene: Scene, pose: Pose, diameter_mm: float, metal: Metal = "silver", spots: tuple[RenderedSpot, ...] = ()
) -> RenderedReference:
    """Render a photo of a scene with a coin on the skin; see `render_card`.

    Parameters
    ----------
    scene : Scene
        Scene of the photo.
    pose : Pose
        Pose of the coin.
    diameter_mm : float
        Diameter of the coin, mm.
    metal : {"silver", "gold", "two-coloured"}
        Colour of the coin; see `Metal`.
    spots : tuple of RenderedSpot
        Spots of the skin.

    Returns
    -------
    RenderedReference
        Photo and truth.
    """
    texture = _coin_texture(scene, diameter_mm, metal)
    return _composed(scene, spots, pose, texture, shadow_mm=_COIN_THICKNESS_MM / 2.0)


def _texture_px_per_mm(scene: Scene) -> float:
    return min(_OVERSAMPLING * scene.px_per_mm, _MAX_TEXTURE_PX_PER_MM)


def _card_texture(px_per_mm: float) -> _Texture:
    size = round(CARD_HEIGHT_MM * px_per_mm), round(CARD_WIDTH_MM * px_per_mm)
    rgb = np.full((*size, 3), _PAPER_LIGHT, dtype=np.float32)
    lettering = np.zeros(size, dtype=np.uint8)
    for shape in card_shapes():
        if isinstance(shape, Rectangle):
            _draw_rectangle(rgb, shape, px_per_mm)
        else:
            _draw_text(lettering, shape, px_per_mm)
    ink = (lettering.astype(np.float32) / 255.0)[..., None]
    rgb = (rgb * (1.0 - ink) + _INK_LIGHT * ink).astype(np.float32)
    return _Texture(rgb, np.ones(size, np.float32), px_per_mm)


def _draw_finger(texture: _Texture, finger_mm: tuple[float, float, float]) -> None:
    height, width = texture.alpha.shape
    x_mm, y_mm, half_width_mm = finger_mm
    middle = round(width / 2.0 + x_mm * texture.px_per_mm), round(height / 2.0 + y_mm * texture.px_per_mm)
    axes = round(half_width_mm * texture.px_per_mm), height // 2
    cv2.ellipse(texture.rgb, middle, axes, 0.0, 0.0, 360.0, _FINGER_RGB, -1)


def _draw_text(lettering: NDArray[np.uint8], shape: Text, px_per_mm: float) -> None:
    at = (round(shape.left_mm * px_per_mm), round(shape.base_mm * px_per_mm))
    height_px = 0.72 * shape.size_mm * px_per_mm  # of Helvetica's capitals; OpenCV's are 21 px high at size 1
    thickness = max(1, round(0.08 * shape.size_mm * px_per_mm))
    cv2.putText(lettering, shape.text, at, cv2.FONT_HERSHEY_SIMPLEX, height_px / 21.0, 255, thickness, cv2.LINE_AA)


def _draw_rectangle(rgb: NDArray[np.float32], shape: Rectangle, px_per_mm: float) -> None:
    """Print a rectangle; the part of each pixel that it covers is exact."""
    rows, row_part = _covered(shape.top_mm * px_per_mm, shape.height_mm * px_per_mm, rgb.shape[0])
    columns, column_part = _covered(shape.left_mm * px_per_mm, shape.width_mm * px_per_mm, rgb.shape[1])
    printed = (_INK_LIGHT + (_PAPER_LIGHT - _INK_LIGHT) * decode_srgb(shape.rgb)).astype(np.float32)
    alpha = (row_part[:, None] * column_part[None, :])[..., None]
    rgb[rows, columns] = rgb[rows, columns] * (1.0 - alpha) + printed * alpha


def _covered(start_px: float, length_px: float, size_px: int) -> tuple[slice, NDArray[np.float32]]:
    """Pixels that a stretch covers, counted from the picture's edge, and the covered part of each."""
    first, last = max(0, int(np.floor(start_px))), min(size_px, int(np.ceil(start_px + length_px)))
    edges = np.arange(first, last)
    part = np.minimum(edges + 1, start_px + length_px) - np.maximum(edges, start_px)
    return slice(first, last), np.clip(part, 0.0, 1.0).astype(np.float32)


def _coin_texture(scene: Scene, diameter_mm: float, metal: Metal) -> _Texture:
    """Disc with a rim and a relief that gleams unevenly."""
    px_per_mm = _texture_px_per_mm(scene)
    generator = layer_generator(scene, "coin")
    radius_px = diameter_mm * px_per_mm / 2.0
    side = 2 * int(np.ceil(radius_px)) + 4
    axis = (np.arange(side) - (side - 1) / 2.0).astype(np.float32)
    distance = np.hypot(axis[None, :], axis[:, None]) / np.float32(radius_px)
    alpha = np.clip(0.5 + (1.0 - distance) * radius_px, 0.0, 1.0).astype(np.float32)

    relief = smooth_noise(generator, side, side, _RELIEF_MM * px_per_mm)
    light = np.asarray(cv2.Sobel(relief, cv2.CV_32F, 1, 1, ksize=5), np.float32)
    rim = np.exp(-(((distance - _RIM_PART) / 0.015) ** 2))
    gleam_angle = generator.uniform(0.0, 2.0 * np.pi)
    gleam = (axis[None, :] * np.cos(gleam_angle) + axis[:, None] * np.sin(gleam_angle)) / radius_px
    shade = 1.0 + _GLEAM_STRENGTH * gleam + _RELIEF_STRENGTH * light / light.std() * (distance < _RIM_PART) - 0.4 * rim
    if metal == "two-coloured":
        inside = (distance < _CORE_PART)[..., None]
        color = np.where(inside, _METAL_RGB["silver"], _METAL_RGB["gold"])
    else:
        color = np.broadcast_to(_METAL_RGB[metal], (side, side, 3))
    rgb = np.clip(shade, 0.15, None)[..., None] * color
    return _Texture(rgb.astype(np.float32), alpha, px_per_mm)


def _composed(
    scene: Scene, spots: tuple[RenderedSpot, ...], pose: Pose, texture: _Texture, shadow_mm: float, curl_mm: float = 0.0
) -> RenderedReference:
    plane = plane_of(scene, pose)
    skin = render(replace(scene, blur_sigma_px=0.0, noise_sigma_levels=0.0, jpeg_quality=None), spots).rgb / 255.0
    linear = decode_srgb(skin).astype(np.float32)
    thing = _photographed(scene, pose, texture, curl_mm)
    alpha = thing[..., 3:]
    shadow_px = max(shadow_mm * scene.px_per_mm, 0.5)
    moved = np.array([[1.0, 0.0, 0.7 * shadow_px], [0.0, 1.0, 0.7 * shadow_px]])
    shadow = cv2.warpAffine(alpha, moved, (scene.width_px, scene.height_px))
    shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), shadow_px), np.float32)
    linear = linear * (1.0 - np.float32(_COIN_SHADOW) * shadow[..., None])
    gain = (scene.exposure * light_rgb(scene.light_temperature_k, scene.light_tint)).astype(np.float32)
    # The warped colours are already weighted by what they cover.
    linear = linear * (1.0 - alpha) + thing[..., :3] * gain
    return RenderedReference(_developed(scene, linear), plane)


def _photographed(scene: Scene, pose: Pose, texture: _Texture, curl_mm: float) -> NDArray[np.float32]:
    """The thing as the lens shows it: colours times cover, and cover, of shape (H, W, 4)."""
    over = max(1, round(texture.px_per_mm / scene.px_per_mm))
    flat = np.dstack([texture.rgb * texture.alpha[..., None], texture.alpha])
    finer = np.array([[over, 0, (over - 1) / 2], [0, over, (over - 1) / 2], [0, 0, 1.0]])
    size = scene.width_px * over, scene.height_px * over
    camera, rotation, center_mm = _camera(scene, pose)
    if curl_mm > 0.0:
        # A chord of twice the half width rises by curl_mm where it is short beside the radius.
        radius_mm = (texture.alpha.shape[1] / texture.px_per_mm / 2.0) ** 2 / (2.0 * curl_mm)
        place = _curled_places(finer @ camera, rotation, center_mm, radius_mm, size) * texture.px_per_mm
        middle = (np.array(texture.alpha.shape[::-1]) - 1) / 2.0
        at = np.asarray(place + middle, np.float32)
        seen = np.asarray(cv2.remap(flat, at[..., 0], at[..., 1], cv2.INTER_LINEAR))
    else:
        height, width = texture.alpha.shape
        # Texture px -> mm -> photo px -> finer photo px.
        to_mm = np.array([[1, 0, (1 - width) / 2], [0, 1, (1 - height) / 2], [0, 0, texture.px_per_mm]])
        plane = camera @ np.column_stack([rotation[:, 0], rotation[:, 1], center_mm])
        seen = np.asarray(cv2.warpPerspective(flat, finer @ plane @ to_mm, size, flags=cv2.INTER_LINEAR))
    return np.asarray(cv2.resize(seen, (scene.width_px, scene.height_px), interpolation=cv2.INTER_AREA), np.float32)


def _curled_places(
    camera: NDArray[np.float64],
    rotation: NDArray[np.float64],
    center_mm: NDArray[np.float64],
    radius_mm: float,
    size: tuple[int, int],
) -> NDArray[np.float32]:
    """Place (x, y) in mm on a sheet that each pixel shows; the sheet is bent about its y and opens to the camera.

    Far outside of the sheet where the pixel's ray meets none of it.
    """
    columns, rows = np.meshgrid(np.arange(size[0], dtype=np.float64), np.arange(size[1], dtype=np.float64))
    rays = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ np.linalg.inv(camera).T @ rotation
    eye = -rotation.T @ center_mm
    # The axis is at x = 0, z = -radius; of the two walls that a ray meets the sheet is the farther one.
    from_axis = eye[2] + radius_mm
    a = rays[..., 0] ** 2 + rays[..., 2] ** 2
    half_b = rays[..., 0] * eye[0] + rays[..., 2] * from_axis
    root = half_b**2 - a * (eye[0] ** 2 + from_axis**2 - radius_mm**2)
    reach = (-half_b + np.sqrt(np.maximum(root, 0.0))) / a
    x = eye[0] + reach * rays[..., 0]
    along = radius_mm * np.arctan2(x, from_axis + reach * rays[..., 2])
    place = np.stack([np.where(root > 0.0, along, 1e6), eye[1] + reach * rays[..., 1]], axis=-1)
    return np.asarray(np.clip(place, -1e6, 1e6), np.float32)


def _developed(scene: Scene, linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Picture that the camera makes of linear light: blur, noise and file."""
    if scene.blur_sigma_px > 0.0:
        linear = np.asarray(cv2.GaussianBlur(linear, (0, 0), scene.blur_sigma_px), np.float32)
    noise = layer_generator(scene, "reference sensor").standard_normal(linear.shape, dtype=np.float32)
    levels = encode_srgb(linear) + np.float32(scene.noise_sigma_levels) * noise
    rgb = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    if scene.jpeg_quality is not None:
        jpeg = np.frombuffer(encode_jpeg(rgb, scene.jpeg_quality), np.uint8)
        decoded = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
        rgb = np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
    rgb.setflags(write=False)
    return rgb
