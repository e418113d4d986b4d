"""Contrast of blood at given places of a photo, whether a spot was found there or not.

To compare two photos the same place must be measured alike in both, also where a spot has faded from one of them.
The light that is missing against the skin around is summed beyond the outline and spread over the outline's area, so
that neither a softer lens nor a place that is off by a pixel or two makes a spot paler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import DENSITY_FLOOR, blood_map, linear_light, optical_density
from lesionvis.geometry import sample
from lesionvis.photo import Photo
from lesionvis.skin import Skin
from lesionvis.spots import Spots

# Every outline is sampled along so many rays from its centre ...
N_RAYS = 32
# ... at these multiples of its own distance from there.
FACTOR_STEP = 0.1
FACTORS = FACTOR_STEP * np.arange(1, 26)
# What is missing is summed up to the first; the skin around lies from the second on, and at least so many working px
# outside.
APERTURE, RING = 1.3, 1.5
APERTURE_GAP_MIN_PX, RING_GAP_MIN_PX = 1.5, 3.0
RING_WIDTH_MIN_PX = 4.0
# The ring is divided into so many sectors: how they differ tells how well the level of the skin is known.
N_SECTORS = 8
# Sectors are a third of the aperture's area and more alike than independent ones; this factor makes their standard
# deviation that of the measured contrast (rendered photos: median of the ratio to the true error).
SECTOR_ERROR_SHARE = 0.7
# A spot leaves at least this share of the light of the skin around.
LIGHT_LEFT_MIN = 0.01
# A ring of which less than this share is free skin tells nothing.
FREE_MIN = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """Contrast of N places to the skin around each.

    Attributes
    ----------
    density : ndarray of shape (N, 3), float64
        Red, green and blue density, log10, place less skin around; NaN where it could not be measured.
    blood : ndarray of shape (N,), float64
        `blood_map` of that.
    error : ndarray of shape (N,), float64
        Standard error of `blood`.
    around : ndarray of shape (N, 3), float64
        Linear light of the skin around in parts of full scale.
    """

    density: NDArray[np.float64]
    blood: NDArray[np.float64]
    error: NDArray[np.float64]
    around: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.density, self.blood, self.error, self.around):
            array.setflags(write=False)


def contrasts_at(
    photo: Photo,
    skin: Skin,
    spots: Spots,
    outlines_px: Sequence[NDArray[np.float64]],
    *,
    glare: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Contrasts:
    """Measure the contrast of places.

    Parameters
    ----------
    photo : Photo
    skin : Skin
    spots : Spots
        All of the same photo; its spots are kept out of the rings, but not its dominant lesion, which may be the pale
        disk under a glass or a whole crop of spots.
    outlines_px : sequence of N ndarrays of shape (K, 2), float64
        Borders (x, y) of the places, source px.
    glare : tuple of 3 float
        Linear light, in parts of full scale, that is no light from the skin and is taken off.

    Returns
    -------
    Contrasts
    """
    count = len(outlines_px)
    if count == 0:
        return Contrasts(np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros((0, 3)))
    rays = [_rays(photo.to_working(outline)) for outline in outlines_px]
    centre = np.stack([middle for middle, _ in rays])
    arm = np.stack([ends for _, ends in rays])  # (N, rays, 2)
    length = np.maximum(np.hypot(arm[..., 0], arm[..., 1]), 0.3)
    # Factors grow with the blur's reach where a spot is small.
    start = np.maximum(RING, 1.0 + RING_GAP_MIN_PX / length)
    end = np.maximum(FACTORS[-1], start + RING_WIDTH_MIN_PX / length)
    factor = FACTORS * (end / FACTORS[-1])[..., None]  # (N, rays, steps)
    xy = centre[:, None, None] + arm[:, :, None] * factor[..., None]
    values = _densities(photo, xy, glare)
    place = _places(rays, skin.mask.shape)
    taken = (spots.labels > 0) & (spots.labels != spots.lesion)
    own, free = _whose(xy, place, taken, skin.mask)
    # Each sample stands for an area that grows with its distance from the centre.
    area = (factor * (end / FACTORS[-1])[..., None]) * (length**2)[..., None]
    in_ring = free & (factor > start[..., None])
    ring, error = _ring(values, area * in_ring)
    known = (area * in_ring).sum(axis=(1, 2)) > FREE_MIN * (area * (factor > start[..., None])).sum(axis=(1, 2))
    ring[~known] = np.nan
    in_aperture = factor <= np.maximum(APERTURE, 1.0 + APERTURE_GAP_MIN_PX / length)[..., None]
    # Light that is missing against the skin around: unlike density, blur spreads it without loss.
    missing = 1.0 - 10.0 ** -(values - ring[:, None, None])
    whole = (area * in_aperture).sum(axis=(1, 2))
    seen = (area * (in_aperture & own)).sum(axis=(1, 2))
    inside = 0.5 * (length**2).sum(axis=1) / FACTOR_STEP
    total = np.einsum("nrsc,nrs->nc", missing, area * (in_aperture & own)) * (whole / np.maximum(seen, 1e-9))[:, None]
    left = np.maximum(1.0 - total / inside[:, None], LIGHT_LEFT_MIN)
    density = -np.log10(left)
    error = error * whole / inside / left[:, 1]
    blood = np.asarray(1.5 * density[:, 1] - density[:, 0])
    return Contrasts(density, blood, np.where(known, error, np.nan), linear_light(ring))


def lies_in_frame(photo: Photo, outline_px: NDArray[np.float64]) -> bool:
    """Test whether an outline lies wholly in a photo.

    Parameters
    ----------
    photo : Photo
        Photo.
    outline_px : ndarray of shape (K, 2), float64
        Corners (x, y), source px.

    Returns
    -------
    bool
        True if no corner lies outside.
    """
    size = np.array([photo.source_width_px, photo.source_height_px])
    return bool((outline_px >= 0.0).all() and (outline_px <= size - 1.0).all())


def _rays(outline: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre of an outline, and the arms from there to `N_RAYS` corners of it, working px."""
    moments = cv2.moments(outline.astype(np.float32)[:, None])
    centre = outline.mean(axis=0)
    if moments["m00"] > 0:
        centre = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    corners = outline[np.linspace(0, len(outline), N_RAYS, endpoint=False).astype(int)]
    return centre, corners - centre


def _densities(photo: Photo, xy: NDArray[np.float64], glare: tuple[float, float, float]) -> NDArray[np.float64]:
    """Density (N, rays, steps, 3) at working positions (N, rays, steps, 2)."""
    x, y = np.moveaxis(xy.reshape(-1, *xy.shape[2:]), -1, 0)
    values = sample(optical_density(photo.rgb), x, y).reshape(*xy.shape[:3], 3).astype(np.float64)
    if not any(glare):
        return values
    light = (1.0 + DENSITY_FLOOR) * 10.0**-values - np.asarray(glare)
    return np.asarray(-np.log10(np.maximum(light, DENSITY_FLOOR) / (1.0 + DENSITY_FLOOR)))


def _places(rays: list[tuple[NDArray[np.float64], NDArray[np.float64]]], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Label image of the places, each a little larger than its outline: 1 for the first."""
    picture = np.zeros(shape, np.int32)
    for number, (centre, arm) in enumerate(rays, start=1):
        cv2.fillPoly(picture, [np.round((centre + 1.2 * arm) * 16).astype(np.int32)], number, shift=4)
    return picture


def _whose(
    xy: NDArray[np.float64], place: NDArray[np.int32], taken: NDArray[np.bool_], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Samples (N, rays, steps) that belong to no other place, and those that are bare skin."""
    height, width = mask.shape
    column, row = np.round(xy[..., 0]).astype(int), np.round(xy[..., 1]).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    column, row = np.clip(column, 0, width - 1), np.clip(row, 0, height - 1)
    number = np.arange(1, len(xy) + 1)[:, None, None]
    owner = place[row, column]
    own = inside & mask[row, column] & ((owner == 0) | (owner == number))
    free = own & (owner == 0) & ~taken[row, column]
    return own, free


def _ring(values: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density of the skin around (N, 3), and the standard error of its blood map (N,).

    The density is that of the mean light, as the light of a spot is summed too: skin that glitters has a mean light
    well above what the mean of its density says.
    """
    count = len(values)
    light = 10.0 ** -values.reshape(count, N_SECTORS, -1, 3)
    share = weight.reshape(count, N_SECTORS, -1)
    sums = np.maximum(share.sum(axis=2), 1e-9)
    means = np.einsum("nskc,nsk->nsc", light, share)
    used = share.sum(axis=2) > 0.3 * np.median(share.sum(axis=2), axis=1, keepdims=True)
    density = -np.log10(np.maximum(means / sums[..., None], 1e-9))
    blood = np.where(used, blood_map(density.astype(np.float32)), np.nan)
    mean = -np.log10(np.maximum(means.sum(axis=1) / sums.sum(axis=1)[:, None], 1e-9))
    with np.errstate(invalid="ignore"):
        n = used.sum(axis=1)
        middle = np.nansum(blood, axis=1) / np.maximum(n, 1)
        spread = np.sqrt(np.nansum((blood - middle[:, None]) ** 2, axis=1) / np.maximum(n - 1, 1))
    return mean, np.where(n > 2, SECTOR_ERROR_SHARE * spread, np.nan)
