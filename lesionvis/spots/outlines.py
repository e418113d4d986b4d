"""Outlines of spots: where 44 % of their contrast is left, by rays from their centre."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lesionvis.geometry import following, polygon_area, polygon_centroid, sample
from lesionvis.spots.peaks import RADIUS_PER_SIGMA

# Rays reach this many expected radii.
REACH = 3.0
# The spot's own level is the median inside this share of the expected radius; the skin's level is a low quantile of
# the ring between the two others: low, because a neighbouring spot may fill much of the ring.
CORE = 0.6
RING = (1.6, 3.0)
RING_QUANTILE = 0.3
# Share of the contrast that is left at the border. Lenses blur light, and half of the light that a spot takes away is
# less than half of its density: 0.44 of it at a contrast of 0.2 log10, 0.34 at 0.6. Where pigment itself fades out,
# half of the density is what readers take for the border.
BORDER_CONTRAST = 0.44
# A ray that rises again by this share of the contrast, after it fell by that share, has met a neighbour: the
# valley between the two is the border.
RISE = 0.20
FALL = 0.30
# A ray may be this much longer than the median ray before it is taken for a leak into something else.
LEAK = 1.8
# Corners of an outline that leaves this module: a circle's area is right to 0.3 %.
BORDER_CORNERS = 48
# Spots are measured on the octave one finer than that on which they were found, where they are 6 to 11 px wide.
_FINER_OCTAVES = 1


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Directions and distances at which a spot is sampled.

    Attributes
    ----------
    angles_rad : ndarray of shape (R,), float64
    steps : ndarray of shape (S,), float64
        Distances from the centre in expected radii, evenly spaced.
    """

    angles_rad: NDArray[np.float64]
    steps: NDArray[np.float64]

    @property
    def step(self) -> float:
        """Distance between two samples in expected radii."""
        return float(self.steps[1] - self.steps[0])


def _fan(n_rays: int, n_steps: int) -> Fan:
    angles = np.arange(n_rays, dtype=np.float64) * (2.0 * np.pi / n_rays)
    return Fan(angles, (np.arange(n_steps, dtype=np.float64) + 0.5) * (REACH / n_steps))


# A quick look, to settle centre and size and to drop what is faint; and the one that measures.
COARSE_FAN = _fan(8, 15)
FINE_FAN = _fan(16, 28)


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Star-shaped outlines of N spots.

    Attributes
    ----------
    x_px, y_px : ndarray of shape (N,), float64
        Where the rays start, in working px.
    radii_px : ndarray of shape (N, R), float64
        Distance from there to the border along each of `angles_rad`.
    angles_rad : ndarray of shape (R,), float64
    contrast : ndarray of shape (N,), float64
        Level of the spot's core less that of the skin around it, in units of the map.
    open_fraction : ndarray of shape (N,), float64
        Share of rays that never fell to the contrast of a border.
    valley_fraction : ndarray of shape (N,), float64
        Share of rays that end in a valley before a neighbour.
    """

    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    radii_px: NDArray[np.float64]
    angles_rad: NDArray[np.float64]
    contrast: NDArray[np.float64]
    open_fraction: NDArray[np.float64]
    valley_fraction: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x_px)

    def polygons(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Corners of the outlines.

        Returns
        -------
        x_px, y_px : ndarray of shape (N, R), float64
            In working px, in the order of `angles_rad`.
        """
        x = self.x_px[:, None] + self.radii_px * np.cos(self.angles_rad)
        y = self.y_px[:, None] + self.radii_px * np.sin(self.angles_rad)
        return x, y

    def reduced(self, factor: float) -> Outlines:
        """Outlines on a picture that is `factor` times smaller along both sides, at least 1.

        Parameters
        ----------
        factor : float
            Length on this picture over length on the smaller one.

        Returns
        -------
        Outlines
            In px of the smaller picture, in the same order.
        """
        x, y = (self.x_px + 0.5) / factor - 0.5, (self.y_px + 0.5) / factor - 0.5
        return replace(self, x_px=x, y_px=y, radii_px=self.radii_px / factor)

    def borders_px(self, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Outlines of some spots as closed curves with evenly spaced corners.

        Between the rays the radius is interpolated: the corners of the rays alone would cut 2.6 % of a disk's area off.

        Parameters
        ----------
        indices : ndarray of shape (M,), int
            Spots.

        Returns
        -------
        ndarray of shape (M, K, 2), float64
            Corners (x, y), working px.
        """
        angles = np.arange(BORDER_CORNERS) * (2.0 * np.pi / BORDER_CORNERS)
        before = np.searchsorted(self.angles_rad, angles, side="right") - 1
        ray_angles = np.append(self.angles_rad, 2.0 * np.pi)
        radii = self.radii_px[indices]
        slope = (following(radii) - radii) / np.diff(ray_angles)
        radii = slope.take(before, axis=1) * (angles - self.angles_rad[before]) + radii.take(before, axis=1)
        x = self.x_px[indices, None] + radii * np.cos(angles)
        y = self.y_px[indices, None] + radii * np.sin(angles)
        return np.stack([x, y], axis=2)

    def area_px(self) -> NDArray[np.float64]:
        """Areas of the outlines.

        Returns
        -------
        ndarray of shape (N,), float64
            Square working px, at least 0.25.
        """
        return np.maximum(polygon_area(*self.polygons()), 0.25)

    def centroid_px(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Centroids of the outlines.

        Returns
        -------
        x_px, y_px : ndarray of shape (N,), float64
            In working px.
        """
        x, y = self.polygons()
        # Relative to the start of the rays: the sums stay small, so that nothing cancels far from the origin.
        u, v = polygon_centroid(x - self.x_px[:, None], y - self.y_px[:, None], self.area_px())
        return self.x_px + u, self.y_px + v


def sample_rays(
    levels: list[NDArray[np.float32]],
    x_px: NDArray[np.float64],
    y_px: NDArray[np.float64],
    radius_px: NDArray[np.float64],
    fan: Fan,
) -> NDArray[np.float32]:
    """Values of a picture along rays from each centre, at a resolution that suits each radius.

    Parameters
    ----------
    levels : list of ndarray of shape (h, w, C) or (h, w), float32
        `octaves` of the picture.
    x_px, y_px : ndarray of shape (N,), float64
        Centres in working px.
    radius_px : ndarray of shape (N,), float64
        Expected radius in working px; the rays reach `REACH` times as far.
    fan : Fan

    Returns
    -------
    ndarray of shape (N, R, S, C) or (N, R, S), float32
    """
    channels = levels[0].shape[2:]
    n_rays, n_steps = len(fan.angles_rad), len(fan.steps)
    values = np.zeros((len(x_px), n_rays * n_steps, *channels), np.float32)
    finest = np.floor(np.log2(np.maximum(radius_px / RADIUS_PER_SIGMA, 1.0))).astype(int) - _FINER_OCTAVES
    octave = np.clip(finest, 0, len(levels) - 1)
    across = (fan.steps * np.cos(fan.angles_rad)[:, None]).ravel()
    down = (fan.steps * np.sin(fan.angles_rad)[:, None]).ravel()
    for level in np.unique(octave):
        chosen = np.flatnonzero(octave == level)
        factor = 2.0**level
        reach = radius_px[chosen, None]
        x = (x_px[chosen, None] + reach * across + 0.5) / factor - 0.5
        y = (y_px[chosen, None] + reach * down + 0.5) / factor - 0.5
        values[chosen] = sample(levels[level], x, y)
    return values.reshape(len(x_px), n_rays, n_steps, *channels)


def grow(
    profiles: NDArray[np.float32],
    x_px: NDArray[np.float64],
    y_px: NDArray[np.float64],
    radius_px: NDArray[np.float64],
    fan: Fan,
) -> Outlines:
    """Outline each spot where its contrast has fallen to `BORDER_CONTRAST`.

    Parameters
    ----------
    profiles : ndarray of shape (N, R, S), float32
        The map along the rays, from `sample_rays`.
    x_px, y_px, radius_px : ndarray of shape (N,), float64
    fan : Fan
        What the rays were sampled with.

    Returns
    -------
    Outlines

    Notes
    -----
    The contour of half the missing light lies on the border of a blurred disk, so that a diameter measured near it
    hardly depends on sharpness. Crossings are interpolated to a fraction of a step.
    """
    count, n_steps, steps = len(x_px), len(fan.steps), fan.steps
    if count == 0:
        none = np.zeros(0)
        return Outlines(x_px, y_px, np.zeros((0, len(fan.angles_rad))), fan.angles_rad, none, none, none)
    core, skin = core_and_skin(profiles, fan)
    contrast = core - skin
    border = (skin + BORDER_CONTRAST * contrast)[:, None, None]

    below = profiles < border
    crossing = np.where(below.any(axis=2), below.argmax(axis=2), n_steps)
    lowest = np.minimum.accumulate(profiles, axis=2)
    fallen = lowest < (core - FALL * contrast)[:, None, None]
    risen = fallen & (profiles - lowest > RISE * contrast[:, None, None])
    rise = np.where(risen.any(axis=2), risen.argmax(axis=2), n_steps)
    before_rise = np.where(np.arange(n_steps) <= rise[..., None], profiles, np.float32(np.inf))
    valley = before_rise.argmin(axis=2)

    in_valley = rise < crossing
    last = np.clip(crossing, 1, n_steps - 1)[..., None]
    inside = np.take_along_axis(profiles, last - 1, axis=2)[..., 0]
    outside = np.take_along_axis(profiles, last, axis=2)[..., 0]
    share = (inside - border[..., 0]) / np.maximum(inside - outside, 1e-6)
    crossed = steps[last[..., 0] - 1] + np.clip(share, 0.0, 1.0) * fan.step
    is_open = (crossing >= n_steps) & ~in_valley
    relative = np.where(in_valley, steps[valley], crossed)
    relative = np.where(is_open, steps[-1], relative)
    relative = np.where(~in_valley & (crossing == 0), 0.5 * fan.step, relative)
    relative = np.minimum(relative, LEAK * np.median(relative, axis=1, keepdims=True))
    return Outlines(
        x_px,
        y_px,
        relative * radius_px[:, None],
        fan.angles_rad,
        contrast.astype(np.float64),
        is_open.mean(axis=1),
        in_valley.mean(axis=1),
    )


def core_and_skin(profiles: NDArray[np.float32], fan: Fan) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Level of each spot's core, and that of the skin around it.

    Parameters
    ----------
    profiles : ndarray of shape (N, R, S), float32
        The map along the rays, from `sample_rays`.
    fan : Fan
        What the rays were sampled with.

    Returns
    -------
    core, skin : ndarray of shape (N,), float32
    """
    in_ring = (fan.steps > RING[0]) & (fan.steps < RING[1])
    return _quantile(profiles[:, :, fan.steps < CORE], 0.5), _quantile(profiles[:, :, in_ring], RING_QUANTILE)


def _quantile(values: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Value of each (N, R, S) row below which a share of it lies: a partial sort, which is all that is needed here."""
    rows = values.reshape(len(values), values.shape[1] * values.shape[2])
    index = round(share * (rows.shape[1] - 1))
    return np.asarray(np.partition(rows, index, axis=1)[:, index], np.float32)
