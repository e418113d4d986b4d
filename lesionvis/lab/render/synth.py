"""Photos with known truth: a scene and a truth table of spots in, a photo with its labels out.

Everything is put together in linear light, where layers add and multiply as they do in nature, and becomes
sRGB at the very end. The types are in `lesionvis.lab.render.scene`, makers of truth tables in
`lesionvis.lab.render.scenarios`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.covers import cover_alpha, covers, hairs, skin_mask
from lesionvis.lab.render.optics import encode_srgb, light_rgb
from lesionvis.lab.render.paint import paint_spots
from lesionvis.lab.render.scenarios import distractors
from lesionvis.lab.render.scene import RenderedPhoto, RenderedSpot, Scene
from lesionvis.lab.render.surface import (
    Map,
    diffuse_light,
    layer_generator,
    mirrored_light,
    skin_color,
    skin_relief,
)

# Light of a mirror-like highlight, in parts of white: on oily skin, and on a taut dome.
_SKIN_HIGHLIGHT = 0.5
_DOME_HIGHLIGHT = 0.7
# Part of the skin's fine slopes that a taut dome has lost.
_DOME_SMOOTHNESS = 0.85
# A cover takes this part of the light from the skin at its edge, fading over about this far.
_COVER_SHADOW = 0.5
_COVER_SHADOW_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Lit:
    """Skin and spots in linear light (H, W, 3), the light that falls on them (H, W), the spots' labels."""

    linear: NDArray[np.float32]
    light: Map
    labels: NDArray[np.int32]


def _lit_skin(scene: Scene, spots: Sequence[RenderedSpot]) -> _Lit:
    relief = skin_relief(scene)
    beneath = paint_spots(scene, distractors(scene))
    painted = paint_spots(scene, spots)
    fine = 1.0 - np.float32(_DOME_SMOOTHNESS) * painted.raised
    slope_x = relief.slope_x * fine + painted.slope_x
    slope_y = relief.slope_y * fine + painted.slope_y
    light = diffuse_light(scene, slope_x, slope_y)
    skin_highlight = np.float32(scene.gloss * _SKIN_HIGHLIGHT)
    highlight = skin_highlight + (np.float32(_DOME_HIGHLIGHT) - skin_highlight) * painted.raised
    mirrored = highlight * mirrored_light(scene, slope_x, slope_y)
    veil = np.float32(scene.surface_veil)
    body = skin_color(scene, relief.groove) * beneath.left * painted.left
    linear = (veil + (np.float32(1.0) - veil) * body) * light[..., None] + mirrored[..., None]
    return _Lit(linear, light, painted.labels)


def _covered(scene: Scene, lit: _Lit) -> NDArray[np.float32]:
    """Hairs and covers over the lit skin, linear light."""
    linear = lit.linear
    if scene.hair_count > 0:
        hair = hairs(scene)
        alpha = hair.alpha[..., None]
        linear = linear * (1.0 - alpha) + hair.rgb * lit.light[..., None] * alpha
    layers = covers(scene)
    if layers:
        near = cv2.GaussianBlur(cover_alpha(scene), (0, 0), max(_COVER_SHADOW_MM * scene.px_per_mm, 1.0))
        linear = linear * (1.0 - np.float32(_COVER_SHADOW) * near)[..., None]
    for layer in layers:
        alpha = layer.alpha[..., None]
        linear = linear * (1.0 - alpha) + layer.rgb * alpha
    return linear


def scene_light(scene: Scene, spots: Sequence[RenderedSpot] = ()) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Light that a scene sends to the camera, before its lens, sensor and file.

    Parameters
    ----------
    scene : Scene
        Everything but the spots; its camera is not used.
    spots : sequence of RenderedSpot
        The truth table.

    Returns
    -------
    linear : ndarray of shape (H, W, 3), float32
        Linear sRGB in parts of a white sheet, in neutral light.
    labels : ndarray of shape (H, W), int32
        k for row k of `spots`, counted from 1, covered or not.

    Raises
    ------
    SettingsError
        If no melanin gives the scene's tone under its veil.
    """
    lit = _lit_skin(scene, spots)
    return _covered(scene, lit), lit.labels


def photograph(scene: Scene, linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Picture that a scene's camera makes of linear light: colour of the light, lens, sensor, file.

    Parameters
    ----------
    scene : Scene
        Gives exposure, colour of the light, vignetting, blur, noise, JPEG quality and the noise's seed.
    linear : ndarray of shape (H, W, 3), float32
        Linear sRGB, of the scene's size.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        sRGB picture.
    """
    gain = (scene.exposure * light_rgb(scene.light_temperature_k, scene.light_tint)).astype(np.float32)
    x = np.linspace(-1.0, 1.0, scene.width_px, dtype=np.float32) ** 2
    y = np.linspace(-1.0, 1.0, scene.height_px, dtype=np.float32) ** 2
    lens = 1.0 - np.float32(scene.vignetting / 2.0) * (x[None, :] + y[:, None])
    # A camera meters the whole frame.
    seen = linear * gain * (lens / lens.mean())[..., None]
    if scene.blur_sigma_px > 0.0:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), scene.blur_sigma_px), dtype=np.float32)
    # Photon noise grows with the root of the light, and sRGB levels nearly so too: in levels it is constant.
    noise = layer_generator(scene, "sensor").standard_normal(seen.shape, dtype=np.float32)
    levels = encode_srgb(seen) + np.float32(scene.noise_sigma_levels) * noise
    rgb: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    if scene.jpeg_quality is None:
        return rgb
    jpeg = np.frombuffer(encode_jpeg(rgb, scene.jpeg_quality), dtype=np.uint8)
    decoded = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def encode_jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """JPEG file of a picture, with halved colour resolution as phones write it.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        sRGB picture.
    quality : int
        1 to 100.

    Returns
    -------
    bytes
        The file.
    """
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def render(scene: Scene, spots: Sequence[RenderedSpot] = ()) -> RenderedPhoto:
    """Photo of a scene with spots.

    Parameters
    ----------
    scene : Scene
        Everything but the spots.
    spots : sequence of RenderedSpot
        The truth table, in pixels of the photo; where spots overlap, the later lies on top.

    Returns
    -------
    RenderedPhoto
        Picture, labels and skin, all read-only. The same scene and spots give the same bytes.

    Raises
    ------
    SettingsError
        If no melanin gives the scene's tone under its veil.

    Notes
    -----
    The border of a spot is where half of its contrast to the skin is left, in linear light, in the blurred
    photo too (below about six blur sigmas a spot pales rather than shrinks); domes (`dome_height` over 0) are
    shaded, so theirs is that of the pigment only. Spots on a limb are not foreshortened.

    Examples
    --------
    >>> photo = render(Scene(width_px=64, height_px=48), [RenderedSpot(x_px=30, y_px=20, diameter_px=12)])
    >>> photo.rgb.shape, int(photo.labels[20, 30]), int((photo.labels == 1).sum())
    ((48, 64, 3), 1, 113)
    """
    linear, painted = scene_light(scene, spots)
    rgb = photograph(scene, linear)
    skin = skin_mask(scene)
    labels = np.where(skin, painted, 0).astype(np.int32)
    for array in (rgb, labels, skin):
        array.setflags(write=False)
    return RenderedPhoto(rgb=rgb, labels=labels, skin=skin, scene=scene, spots=tuple(spots))
