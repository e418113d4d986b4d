"""Outlines of spots: where 44 % of their contrast is left, by rays from their centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
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
# Samples of one channel that are worked on at once: with what is made of them they fit into a processor's own cache.
BLOCK_SAMPLES = 60_000
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
    _measured: dict[str, tuple[NDArray[np.float64], ...]] = field(default_factory=dict, init=False, repr=False)

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
        if "area" not in self._measured:  # asked for again and again
            area = np.maximum(polygon_area(*self.polygons()), 0.25)
            area.setflags(write=False)
            self._measured["area"] = (area,)
        return self._measured["area"][0]

    def centroid_px(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Centroids of the outlines.

        Returns
        -------
        x_px, y_px : ndarray of shape (N,), float64
            In working px.
        """
        if "centroid" not in self._measured:
            x, y = self.polygons()
            # Relative to the start of the rays: the sums stay small, so that nothing cancels far from the origin.
            u, v = polygon_centroid(x - self.x_px[:, None], y - self.y_px[:, None], self.area_px())
            centre = self.x_px + u, self.y_px + v
            for axis in centre:
                axis.setflags(write=False)
            self._measured["centroid"] = centre
        x, y = self._measured["centroid"]
        return x, y


def joined(parts: Sequence[Outlines], order: NDArray[np.int64]) -> Outlines:
    """Outlines of several blocks in one.

    Parameters
    ----------
    parts : sequence of Outlines
        At least one, all of the same fan.
    order : ndarray of shape (N,), int64
        Which of all, counted through the parts, comes first, second and so on.

    Returns
    -------
    Outlines
        Of length N.
    """
    names = ("x_px", "y_px", "radii_px", "contrast", "open_fraction", "valley_fraction")
    columns = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in names}
    return Outlines(angles_rad=parts[0].angles_rad, **columns)


def no_outlines(fan: Fan) -> Outlines:
    """Outlines of no spots.

    Parameters
    ----------
    fan : Fan

    Returns
    -------
    Outlines
        Of length 0.
    """
    none = np.zeros(0)
    return Outlines(none, none, np.zeros((0, len(fan.angles_rad))), fan.angles_rad, none, none, none)


def ray_blocks(radius_px: NDArray[np.float64], fan: Fan, level_count: int) -> list[NDArray[np.int64]]:
    """Spots in blocks whose rays fit into the processor's cache, those of one octave together.

    Parameters
    ----------
    radius_px : ndarray of shape (N,), float64
        Expected radius in working px.
    fan : Fan
        What they are sampled with.
    level_count : int
        Number of `octaves` of the picture.

    Returns
    -------
    list of ndarray of shape (B,), int64
        Indices; each spot is in one block.
    """
    by_octave = np.argsort(_octave(radius_px, level_count), kind="stable")
    block = max(1, BLOCK_SAMPLES // (len(fan.angles_rad) * len(fan.steps)))
    return [by_octave[start : start + block] for start in range(0, len(by_octave), block)]


def _octave(radius_px: NDArray[np.float64], level_count: int) -> NDArray[np.int64]:
    """Octave on which spots are sampled."""
    finest = np.floor(np.log2(np.maximum(radius_px / RADIUS_PER_SIGMA, 1.0))).astype(int) - _FINER_OCTAVES
    return np.asarray(np.clip(finest, 0, level_count - 1), np.int64)


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
    ndarray of shape (R, S, N, C) or (R, S, N), float32
        The spots come last, so that whatever is done to a ray is done to all spots at once.
    """
    octave = _octave(radius_px, len(levels))
    across = (fan.steps * np.cos(fan.angles_rad)[:, None]).reshape(-1, 1)
    down = (fan.steps * np.sin(fan.angles_rad)[:, None]).reshape(-1, 1)
    values = np.empty((len(across), len(x_px), *levels[0].shape[2:]), np.float32)
    for level in np.unique(octave):
        chosen = np.flatnonzero(octave == level)
        radius = radius_px[chosen]
        places = [
            _on_octave(radius * direction, centre[chosen], 2.0**level)
            for direction, centre in ((across, x_px), (down, y_px))
        ]
        sampled = sample(levels[level], *places)
        if len(chosen) == len(x_px):
            values = sampled
        else:
            values[:, chosen] = sampled
    return values.reshape(len(fan.angles_rad), len(fan.steps), *values.shape[1:])


def _on_octave(offset_px: NDArray[np.float64], centre_px: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Places on an octave `factor` times smaller than the first, from offsets in working px, which are overwritten."""
    offset_px += centre_px
    offset_px += 0.5
    offset_px /= factor
    offset_px -= 0.5
    return offset_px


def grow(
    profiles: NDArray[np.float32],
    core: NDArray[np.float32],
    skin: NDArray[np.float32],
    x_px: NDArray[np.float64],
    y_px: NDArray[np.float64],
    radius_px: NDArray[np.float64],
    fan: Fan,
) -> Outlines:
    """Outline each spot where its contrast has fallen to `BORDER_CONTRAST`.

    Parameters
    ----------
    profiles : ndarray of shape (R, S, N), float32
        The map along the rays, from `sample_rays`.
    core, skin : ndarray of shape (N,), float32
        From `core_and_skin`.
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
    n_steps, steps = len(fan.steps), fan.steps
    contrast = core - skin
    border = skin + BORDER_CONTRAST * contrast

    # Step by step over all rays: NumPy is slow at running minima along short rows.
    lowest = np.empty_like(profiles)
    lowest[:, 0] = profiles[:, 0]
    for step in range(1, n_steps):
        np.minimum(lowest[:, step - 1], profiles[:, step], out=lowest[:, step])
    # A ray is below a level from the step on at which the lowest value so far is: steps before it are counted.
    crossing = np.add.reduce((lowest >= border).view(np.uint8), axis=1, dtype=np.uint8).astype(np.int64)
    fallen = lowest < core - FALL * contrast
    risen = fallen & (profiles - lowest > RISE * contrast)
    # The first step is the one from which most steps are left.
    left = np.arange(n_steps, 0, -1, dtype=np.uint8)[:, None]
    rise = n_steps - np.maximum.reduce(risen * left, axis=1).astype(np.int64)

    in_valley = rise < crossing
    last = np.clip(crossing, 1, n_steps - 1)
    inside = np.take_along_axis(profiles, last[:, None] - 1, axis=1)[:, 0]
    outside = np.take_along_axis(profiles, last[:, None], axis=1)[:, 0]
    share = (inside - border) / np.maximum(inside - outside, 1e-6)
    relative = steps[last - 1] + np.clip(share, 0.0, 1.0) * fan.step
    is_open = (crossing >= n_steps) & ~in_valley
    relative[crossing == 0] = 0.5 * fan.step
    relative[is_open] = steps[-1]
    ray, spot = np.nonzero(in_valley)
    before_rise = np.arange(n_steps) <= rise[ray, spot][:, None]
    valley = np.where(before_rise, profiles[ray, :, spot], np.float32(np.inf)).argmin(axis=1)
    relative[ray, spot] = steps[valley]
    relative = np.ascontiguousarray(relative.T)
    # Of an even number of rays; NumPy's median takes ten times as long.
    middle = len(fan.angles_rad) // 2
    halves = np.partition(relative, (middle - 1, middle), axis=1)
    median = (halves[:, middle - 1] + halves[:, middle]) / 2.0
    relative = np.minimum(relative, LEAK * median[:, None])
    return Outlines(
        x_px,
        y_px,
        relative * radius_px[:, None],
        fan.angles_rad,
        contrast.astype(np.float64),
        is_open.mean(axis=0),
        in_valley.mean(axis=0),
    )


def core_and_skin(profiles: NDArray[np.float32], fan: Fan) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Level of each spot's core, and that of the skin around it, before its outline is known.

    A median and a low quantile, which a neighbour hardly moves; the table has the means inside and around the outline.

    Parameters
    ----------
    profiles : ndarray of shape (R, S, N), float32
        The map along the rays, from `sample_rays`.
    fan : Fan
        What the rays were sampled with.

    Returns
    -------
    core, skin : ndarray of shape (N,), float32
    """
    in_ring = (fan.steps > RING[0]) & (fan.steps < RING[1])
    return _quantile(profiles[:, fan.steps < CORE], 0.5), _quantile(profiles[:, in_ring], RING_QUANTILE)


def _quantile(values: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Value of each spot (R, S, N) below which a share of its own lies: a partial sort, all that is needed here."""
    rows = cv2.transpose(values.reshape(-1, values.shape[2]))
    index = round(share * (rows.shape[1] - 1))
    return np.asarray(np.partition(rows, index, axis=1)[:, index], np.float32)
