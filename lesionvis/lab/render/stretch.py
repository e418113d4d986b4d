"""Photos of skin at rest and pulled apart between two fingers, with known truth: the glass test without a glass.

The pull moves skin along its axis and draws it in across; it is strongest in the middle and dies out towards the
fingers and beyond. Skin pales where it is pulled. The blood of a spot that does not fade stays in its skin and is
spread with it, so that contrast times area is what it keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.lab.render.pairs import Shot, View, contrasts, lit_by, pressed_skin, shoot, with_contrast
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import scene_light

# Places of skin along one axis, per px, from which the place of a stretched one is interpolated.
_TABLE_STEP_PX = 2.0
# Skin that is longer by this part or more along the pull has lost all the blood that the pull takes: a guess.
_FULL_STRAIN = 0.08


@dataclass(frozen=True, slots=True)
class Stretch:
    """Two fingers that pull skin apart.

    Attributes
    ----------
    x_px, y_px : float
        Middle between the fingers on the skin.
    axis_deg : float
        Direction of the pull, clockwise from the x axis.
    strain : float
        How much longer the skin in the middle becomes along that, 0 to 0.5.
    contraction : float
        How much shorter it becomes across, in parts of `strain`, 0 to 0.5.
    reach_px : float
        Distance from the middle at which 0.42 of the strain is left.
    blood_left : float
        Part of the skin's own blood that stays where the pull is full, 0 to 1.
    """

    x_px: float
    y_px: float
    axis_deg: float = 0.0
    strain: float = 0.2
    contraction: float = 0.4
    reach_px: float = 800.0
    blood_left: float = 0.6

    def moved(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions of stretched skin.

        Parameters
        ----------
        xy_px : ndarray of shape (N, 2), float64
            Positions (x, y) of relaxed skin, skin px.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Positions (x, y) of stretched skin, skin px.
        """
        arm = self._along_axes(xy_px)
        pushed = [place + strain * self._push(place) for place, strain in zip(arm.T, self._strains(), strict=True)]
        return np.asarray(np.stack(pushed, axis=1) @ self._axes() + (self.x_px, self.y_px))

    def strains(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Strains of the skin along and across the axis.

        Parameters
        ----------
        xy_px : ndarray of shape (N, 2), float64
            Positions (x, y) of relaxed skin, skin px.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Strains, 0 for relaxed skin.
        """
        return np.asarray(np.array(self._strains()) / np.cosh(self._along_axes(xy_px) / self.reach_px) ** 2)

    def areas(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Factors by which the area of the skin grows.

        Parameters
        ----------
        xy_px : ndarray of shape (N, 2), float64
            Positions (x, y) of relaxed skin, skin px.

        Returns
        -------
        ndarray of shape (N,), float64
            1 for relaxed skin.
        """
        return np.asarray((1.0 + self.strains(xy_px)).prod(axis=1))

    def effects(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Effect of the pull on the blood, from 0, where no strain is left, to 1.

        Parameters
        ----------
        xy_px : ndarray of shape (N, 2), float64
            Positions (x, y) of relaxed skin, skin px.

        Returns
        -------
        ndarray of shape (N,), float64
            0 to 1.
        """
        return np.asarray(np.minimum(self.strains(xy_px)[:, 0] / _FULL_STRAIN, 1.0))

    def pulled(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Stretch a canvas of relaxed skin.

        Parameters
        ----------
        linear : ndarray of shape (H, W, 3), float32
            Linear light of relaxed skin.

        Returns
        -------
        ndarray of shape (H, W, 3), float32
            Linear light of stretched skin.
        """
        height, width = linear.shape[:2]
        arm = self._along_axes(_every_px(height, width))
        far = 2.0 * float(np.abs(arm).max())
        relaxed = np.arange(-far, far, _TABLE_STEP_PX)
        back = [
            np.interp(place, relaxed + strain * self._push(relaxed), relaxed)
            for place, strain in zip(arm.T, self._strains(), strict=True)
        ]
        source = (np.stack(back, axis=1) @ self._axes() + (self.x_px, self.y_px)).astype(np.float32)
        source_x, source_y = (values.reshape(height, width) for values in source.T)
        seen = cv2.remap(linear, source_x, source_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(np.maximum(seen, 0.0), np.float32)

    def _strains(self) -> tuple[float, float]:
        """Strain in the middle, along and across the axis."""
        return self.strain, -self.contraction * self.strain

    def _push(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance in px by which skin so far from the middle along one axis is moved by a strain of 1."""
        return np.asarray(self.reach_px * np.tanh(place / self.reach_px))

    def _axes(self) -> NDArray[np.float64]:
        """Unit vectors along and across the axis, as rows."""
        angle = np.radians(self.axis_deg)
        return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def _along_axes(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions of shape (N, 2) from the middle, along and across the axis."""
        return np.asarray((xy_px - (self.x_px, self.y_px)) @ self._axes().T)


@dataclass(frozen=True, slots=True, eq=False)
class StretchedPair:
    """Photos of skin at rest and stretched.

    Attributes
    ----------
    plain, stretched : Shot
    spots, moved : tuple of RenderedSpot
        In skin px: at rest, and where the pull takes them, of the diameter that gives their larger area.
    ratio : ndarray of shape (N,), float64
        Contrast of each spot (`blood_map` of densities) times its area when stretched over that at rest.
    """

    plain: Shot
    stretched: Shot
    spots: tuple[RenderedSpot, ...]
    moved: tuple[RenderedSpot, ...]
    ratio: NDArray[np.float64]


def _every_px(height: int, width: int) -> NDArray[np.float64]:
    """Positions of all px of a canvas, row by row, shape (H * W, 2)."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def render_stretched_pair(
    skin: Scene, spots: Sequence[RenderedSpot], ratios: Sequence[float], stretch: Stretch, plain: View, stretched: View
) -> StretchedPair:
    """Photo of skin at rest, and a second one of it pulled apart.

    Parameters
    ----------
    skin : Scene
        Canvas: its size should be at least 1.5 times that of the photos.
    spots : sequence of RenderedSpot
        In canvas px.
    ratios : sequence of float
        What a full pull leaves of each spot's contrast times area.
    stretch : Stretch
    plain, stretched : View

    Returns
    -------
    StretchedPair

    Raises
    ------
    SettingsError
        If there is not one ratio per spot.

    Notes
    -----
    Relief is flattened as under a glass, the same in both directions. Melanin is not thinned, fingers are not drawn.
    """
    if len(spots) != len(ratios):
        raise SettingsError(f"There are {len(spots)} spots but {len(ratios)} ratios; give one ratio per spot.")
    linear, _ = scene_light(lit_by(skin, plain.camera), spots)
    places = np.array([(spot.x_px, spot.y_px) for spot in spots]).reshape(-1, 2)
    areas = stretch.areas(places)
    before = contrasts(skin, spots)
    wanted = before * (1.0 + (np.asarray(ratios) - 1.0) * stretch.effects(places)) / areas
    paled = pressed_skin(skin, stretch.blood_left)
    lights, tables = [], []
    for ground in (skin, paled):
        left = [with_contrast(ground, spot, float(contrast)) for spot, contrast in zip(spots, wanted, strict=True)]
        lights.append(scene_light(lit_by(ground, stretched.camera), left)[0])
        tables.append(left)
    effect = stretch.effects(_every_px(skin.height_px, skin.width_px)).reshape(skin.height_px, skin.width_px, 1)
    canvas = stretch.pulled(np.asarray(lights[0] + (lights[1] - lights[0]) * effect, np.float32))
    moved = tuple(
        replace(spot, x_px=float(x), y_px=float(y), diameter_px=spot.diameter_px * float(np.sqrt(area)))
        for spot, (x, y), area in zip(tables[1], stretch.moved(places), areas, strict=True)
    )
    ratio = contrasts(paled, tables[1]) * areas / np.maximum(before, 1e-6)
    return StretchedPair(shoot(plain, skin, linear), shoot(stretched, skin, canvas), tuple(spots), moved, ratio)
