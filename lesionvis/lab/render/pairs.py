"""Photos of one piece of skin from different sides, with known truth: glass tests and dated series.

The skin is rendered once per moment on a canvas that is larger than any photo, in linear light. Each photo is a
perspective view of that canvas with its own light, lens, sensor and file (`lesionvis.lab.render.synth.photograph`), so
that the homography from skin to photo is known exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blood_map
from lesionvis.errors import SettingsError
from lesionvis.geometry import area_zoom, project
from lesionvis.lab.render.optics import body_rgb, ita_deg, melanin_for_ita, with_surface
from lesionvis.lab.render.paint import spot_densities
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.surface import layer_generator, smooth_noise
from lesionvis.lab.render.synth import photograph, scene_light

# Distance of the camera from the skin over the frame's longer side: a phone's main lens.
_CAMERA_DISTANCE = 1.3
# What pressing leaves of the skin's fine relief: glass flattens lines and pores.
_FLATTENED_TEXTURE = 0.6
# The border of the pressed area is this soft: blood is pushed aside over about a millimetre and a half.
_PRESS_BORDER_MM = 1.5
# Light of the sheen along the edge of a glass, in parts of white, and how wide it is.
_EDGE_SHEEN = 0.25
_EDGE_SHEEN_MM = 0.8
# Blood fractions that are tried when one of a wanted contrast is sought.
_BLOOD_GRID = np.geomspace(1e-3, 1.0, 160)


@dataclass(frozen=True, slots=True)
class Pose:
    """Pose of a camera over the skin.

    Attributes
    ----------
    turn_deg : float
        Turn of the picture about the line of sight, clockwise.
    zoom : float
        Photo px per skin px in the middle, > 0.
    shift_x, shift_y : float
        Place of the skin that is seen in the middle, from the canvas's centre, in parts of the photo's size.
    tilt_deg, tilt_axis_deg : float
        Angle between the line of sight and the skin's normal, and the direction of the axis of that tilt.
    """

    turn_deg: float = 0.0
    zoom: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    tilt_deg: float = 0.0
    tilt_axis_deg: float = 0.0

    def homography(self, skin: Scene, camera: Scene) -> NDArray[np.float64]:
        """Homography from skin px to photo px, both with the origin at the centre of the top-left pixel.

        Parameters
        ----------
        skin : Scene
            Scene of the skin.
        camera : Scene
            Scene whose size the photo has.

        Returns
        -------
        ndarray of shape (3, 3), float64
            Homography.
        """
        long_side = max(camera.width_px, camera.height_px)
        distance = _CAMERA_DISTANCE * long_side
        middle = np.array([(skin.width_px - 1) / 2, (skin.height_px - 1) / 2])
        middle += np.array([self.shift_x * camera.width_px, self.shift_y * camera.height_px])
        axis = np.radians(self.tilt_axis_deg)
        tilt, _ = cv2.Rodrigues(np.radians(self.tilt_deg) * np.array([np.cos(axis), np.sin(axis), 0.0]))
        turn, _ = cv2.Rodrigues(np.array([0.0, 0.0, np.radians(self.turn_deg)]))
        rotation = np.asarray(turn @ tilt, np.float64)
        plane = np.column_stack([rotation[:, 0], rotation[:, 1], [0.0, 0.0, distance / self.zoom]])
        lens = np.array(
            [
                [distance, 0.0, (camera.width_px - 1) / 2],
                [0.0, distance, (camera.height_px - 1) / 2],
                [0.0, 0.0, 1.0],
            ]
        )
        from_middle = np.array([[1.0, 0.0, -middle[0]], [0.0, 1.0, -middle[1]], [0.0, 0.0, 1.0]])
        matrix = lens @ plane @ from_middle
        return np.asarray(matrix / matrix[2, 2])


@dataclass(frozen=True, slots=True)
class View:
    """One photo's camera: where it stands, and a scene that gives its light, lens, sensor, file and frame size."""

    pose: Pose
    camera: Scene


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One rendered photo of the skin.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        sRGB picture, read-only.
    homography : ndarray of shape (3, 3), float64
        From skin px to photo px.
    """

    rgb: NDArray[np.uint8]
    homography: NDArray[np.float64]

    def seen(self, spots: Sequence[RenderedSpot], margin_px: float = 0.0) -> NDArray[np.bool_]:
        """Select the spots that lie wholly in the frame.

        Parameters
        ----------
        spots : sequence of RenderedSpot
            N spots of the skin.
        margin_px : float
            Distance that they keep from the border, photo px.

        Returns
        -------
        ndarray of shape (N,), bool
            True for those in the frame.
        """
        x, y, diameter = self.positions(spots).T
        height, width = self.rgb.shape[:2]
        edge = diameter / 2.0 + margin_px
        return np.asarray((x > edge) & (y > edge) & (x < width - 1 - edge) & (y < height - 1 - edge))

    def positions(self, spots: Sequence[RenderedSpot]) -> NDArray[np.float64]:
        """Positions and sizes of spots in the photo.

        Parameters
        ----------
        spots : sequence of RenderedSpot
            N spots of the skin.

        Returns
        -------
        ndarray of shape (N, 3), float64
            Centre x, y and diameter, photo px.
        """
        x, y, diameter = (np.array([getattr(s, name) for s in spots]) for name in ("x_px", "y_px", "diameter_px"))
        places = np.stack([x, y], axis=1)
        return np.column_stack([project(self.homography, places), diameter * area_zoom(self.homography, places)])


@dataclass(frozen=True, slots=True)
class Press:
    """A glass on the skin.

    Attributes
    ----------
    x_px, y_px, radius_px : float
        Pressed disk on the skin; a radius beyond the photo presses all that is seen.
    blood_left : float
        Part of the skin's own blood that stays, 0 to 1: 0.25 under a firm press, 1 where the glass only lies on.
    veil : float
        Part of the light that the glass reflects evenly, 0 to 0.3.
    stretch : float
        How far the skin is pushed outwards at the disk's border, over its radius.
    """

    x_px: float
    y_px: float
    radius_px: float
    blood_left: float = 0.25
    veil: float = 0.03
    stretch: float = 0.02

    def moved(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions of the skin under the press.

        Parameters
        ----------
        xy_px : ndarray of shape (N, 2), float64
            Positions (x, y) before, skin px.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Positions (x, y) under the press, skin px.
        """
        center = np.array([self.x_px, self.y_px])
        arm = xy_px - center
        moved = arm
        # The push depends on where the skin ends up; a few rounds settle it.
        for _ in range(8):
            relative = np.hypot(moved[:, 0], moved[:, 1]) / self.radius_px
            moved = arm * (1.0 + self.push(relative))[:, None]
        return np.asarray(center + moved)

    def push(self, relative: NDArray[Any]) -> NDArray[Any]:
        """Outward push over the distance from the middle; it dies out beyond the border.

        Parameters
        ----------
        relative : ndarray of any shape
            Distance from the middle, in radii of the press.

        Returns
        -------
        ndarray of the same shape
            Push over distance.
        """
        return np.asarray(self.stretch * np.exp(-np.maximum(relative - 1.0, 0.0) * 4.0))


@dataclass(frozen=True, slots=True, eq=False)
class GlassPair:
    """A plain photo and one through glass.

    Attributes
    ----------
    plain, pressed : Shot
    spots : tuple of RenderedSpot
        In skin px, before the press.
    ratio : ndarray of shape (N,), float64
        Contrast of each spot (`blood_map` of densities) under the glass over that before; 1 outside the glass.
    under_glass : ndarray of shape (N,), bool
        Which spots are pressed.
    """

    plain: Shot
    pressed: Shot
    spots: tuple[RenderedSpot, ...]
    ratio: NDArray[np.float64]
    under_glass: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RenderedSeries:
    """Photos of the same skin at several moments.

    Attributes
    ----------
    shots : tuple of Shot
        One per moment.
    spots : tuple of tuple of RenderedSpot
        Per moment one row per spot, in skin px; the same row is the same spot at every moment.
    contrast : ndarray of shape (moments, N), float64
        True contrast of each spot (`blood_map` of densities); 0 while it is not there.
    """

    shots: tuple[Shot, ...]
    spots: tuple[tuple[RenderedSpot, ...], ...]
    contrast: NDArray[np.float64]


def contrasts(scene: Scene, spots: Sequence[RenderedSpot]) -> NDArray[np.float64]:
    """Contrast of each spot to the scene's skin, as `blood_map` of log10 densities.

    Parameters
    ----------
    scene : Scene
        Scene of the skin.
    spots : sequence of RenderedSpot
        N spots.

    Returns
    -------
    ndarray of shape (N,), float64
        Contrasts, log10 units.

    Examples
    --------
    >>> [(faint, strong)] = [contrasts(Scene(), [RenderedSpot(9, 9, 8, blood_fraction=b) for b in (0.01, 0.08)])]
    >>> bool(0 < faint < strong)
    True
    """
    blood, melanin = spot_densities(scene, spots)
    return np.asarray(blood_map((blood + melanin) / np.float32(np.log(10.0))), np.float64)


def with_contrast(scene: Scene, spot: RenderedSpot, contrast: float) -> RenderedSpot:
    """Return a copy of a spot whose blood gives it a wanted contrast to the scene's skin.

    Parameters
    ----------
    scene : Scene
    spot : RenderedSpot
    contrast : float
        As `contrasts` gives it.

    Returns
    -------
    RenderedSpot
        With the nearest contrast that blood can give.
    """
    reached = contrasts(scene, [replace(spot, blood_fraction=float(blood)) for blood in _BLOOD_GRID])
    return replace(spot, blood_fraction=float(np.interp(contrast, np.maximum.accumulate(reached), _BLOOD_GRID)))


def _absent(spot: RenderedSpot) -> RenderedSpot:
    """Spot that takes nothing out of the light but keeps its row."""
    return replace(spot, blood_fraction=0.0, melanin_fraction=0.0, bilirubin_g_per_l=0.0, dome_height=0.0)


def lit_by(skin: Scene, camera: Scene) -> Scene:
    """Put skin into the light of a camera's scene.

    Parameters
    ----------
    skin : Scene
        Scene of the skin.
    camera : Scene
        Scene whose light is taken.

    Returns
    -------
    Scene
        The skin in that light.
    """
    return replace(skin, light_azimuth_deg=camera.light_azimuth_deg, light_elevation_deg=camera.light_elevation_deg)


def shoot(view: View, skin: Scene, linear: NDArray[np.float32]) -> Shot:
    """Photograph a canvas of linear light.

    Parameters
    ----------
    view : View
        Pose and camera.
    skin : Scene
        Scene of the skin.
    linear : ndarray of shape (H, W, 3), float32
        Linear light of the canvas.

    Returns
    -------
    Shot
        Photo and the homography to it.
    """
    homography = view.pose.homography(skin, view.camera)
    size = (view.camera.width_px, view.camera.height_px)
    # Light of a canvas finer than the photo is gathered per pixel.
    gather = 0.5 * np.sqrt(max(view.pose.zoom**-2 - 1.0, 0.0))
    gathered = cv2.GaussianBlur(linear, (0, 0), gather) if gather > 0.1 else linear
    seen = cv2.warpPerspective(gathered, homography, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    rgb = photograph(view.camera, np.maximum(np.asarray(seen, np.float32), 0.0))
    for array in (rgb, homography):
        array.setflags(write=False)
    return Shot(rgb, homography)


def pressed_skin(skin: Scene, blood_left: float) -> Scene:
    """Skin that has lost blood to pressure but kept its melanin, flattened.

    Parameters
    ----------
    skin : Scene
    blood_left : float
        Part of the skin's blood that stays, 0 to 1.

    Returns
    -------
    Scene
        Paler: of a higher `ita_deg`.

    Raises
    ------
    SettingsError
        If the paled skin is lighter than a scene can be.
    """
    melanin = melanin_for_ita(skin.ita_deg, skin.surface_veil, skin.blood_fraction)
    blood = max(skin.blood_fraction * blood_left, 0.001)
    paler = ita_deg(with_surface(body_rgb(melanin, blood), skin.surface_veil))
    return replace(skin, ita_deg=paler, blood_fraction=blood, texture=_FLATTENED_TEXTURE * skin.texture)


def render_glass_pair(
    skin: Scene, spots: Sequence[RenderedSpot], ratios: Sequence[float], press: Press, plain: View, pressed: View
) -> GlassPair:
    """Photo of skin, and a second one with a glass pressed on it.

    Parameters
    ----------
    skin : Scene
        Canvas: its size should be at least 1.5 times that of the photos.
    spots : sequence of RenderedSpot
        In canvas px.
    ratios : sequence of float
        What the press leaves of each spot's contrast to the skin around.
    press : Press
    plain, pressed : View

    Returns
    -------
    GlassPair

    Raises
    ------
    SettingsError
        If there is not one ratio per spot.
    """
    if len(spots) != len(ratios):
        raise SettingsError(f"There are {len(spots)} spots but {len(ratios)} ratios; give one ratio per spot.")
    linear, _ = scene_light(lit_by(skin, plain.camera), spots)
    before = contrasts(skin, spots)
    paled = pressed_skin(skin, press.blood_left)
    left = [with_contrast(paled, spot, c * r) for spot, c, r in zip(spots, before, ratios, strict=True)]
    free, _ = scene_light(lit_by(skin, pressed.camera), spots)
    flat, _ = scene_light(lit_by(paled, pressed.camera), left)
    distance = np.array([np.hypot(spot.x_px - press.x_px, spot.y_px - press.y_px) for spot in spots])
    under = distance + np.array([spot.diameter_px / 2.0 for spot in spots]) < press.radius_px
    reached = np.where(under, contrasts(paled, left) / np.maximum(before, 1e-6), 1.0)
    glass = _through_glass(skin, free, flat, press)
    return GlassPair(shoot(plain, skin, linear), shoot(pressed, skin, glass), tuple(spots), reached, under)


def _through_glass(
    skin: Scene, free: NDArray[np.float32], flat: NDArray[np.float32], press: Press
) -> NDArray[np.float32]:
    """Canvas with the pressed disk of `flat` in `free`, the skin pushed outwards, the glass's veil and edge on it."""
    x = np.arange(skin.width_px, dtype=np.float32)[None, :] - np.float32(press.x_px)
    y = np.arange(skin.height_px, dtype=np.float32)[:, None] - np.float32(press.y_px)
    relative = np.hypot(x, y) / np.float32(press.radius_px)
    soft = np.float32(_PRESS_BORDER_MM * skin.px_per_mm / press.radius_px)
    inside = np.clip(0.5 + (1.0 - relative) / soft, 0.0, 1.0)
    linear = free + (flat - free) * inside[..., None]
    kept = (1.0 / (1.0 + press.push(relative))).astype(np.float32)
    source_x, source_y = np.float32(press.x_px) + x * kept, np.float32(press.y_px) + y * kept
    linear = np.asarray(cv2.remap(linear, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
    edge_px = np.abs(relative - 1.0) * np.float32(press.radius_px / (_EDGE_SHEEN_MM * skin.px_per_mm))
    waves = smooth_noise(layer_generator(skin, "glass"), skin.height_px, skin.width_px, 0.1 * skin.width_px)
    sheen = np.float32(_EDGE_SHEEN) * np.exp(-(edge_px**2)) * np.clip(0.5 + 0.5 * waves, 0.0, 1.0)
    veil = np.float32(press.veil) * (relative < 1.0) * np.clip(1.0 + 0.3 * waves, 0.0, 2.0) + sheen
    return np.asarray(linear * (1.0 - veil[..., None]) + veil[..., None], np.float32)


def render_series(
    skin: Scene, moments: Sequence[Sequence[RenderedSpot | None]], views: Sequence[View]
) -> RenderedSeries:
    """Photos of the same skin at several moments.

    Parameters
    ----------
    skin : Scene
        Canvas: its size should be at least 1.5 times that of the photos.
    moments : sequence of sequences of RenderedSpot or None
        Per moment one row per spot in canvas px; None while the spot is not there. A spot is there at one moment at
        least, and the same row is the same spot.
    views : sequence of View
        One per moment.

    Returns
    -------
    RenderedSeries

    Raises
    ------
    SettingsError
        If there is not one view per moment, or the moments differ in their number of rows.
    """
    if len(views) != len(moments) or len({len(rows) for rows in moments}) > 1:
        raise SettingsError("Give one view per moment and the same number of rows at every moment.")
    known = [next(spot for spot in rows if spot is not None) for rows in zip(*moments, strict=True)]
    shots, tables, contrast = [], [], []
    for rows, view in zip(moments, views, strict=True):
        table = [_absent(known[i]) if spot is None else spot for i, spot in enumerate(rows)]
        linear, _ = scene_light(lit_by(skin, view.camera), table)
        shots.append(shoot(view, skin, linear))
        tables.append(tuple(table))
        contrast.append(np.where([spot is None for spot in rows], 0.0, contrasts(skin, table)))
    return RenderedSeries(tuple(shots), tuple(tables), np.asarray(contrast))
