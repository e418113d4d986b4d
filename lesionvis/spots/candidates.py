"""Evidence for and against each candidate being a spot of blood."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blood_map, blue_share, optical_density
from lesionvis.skin import Skin
from lesionvis.spots.outlines import COARSE_FAN, FINE_FAN, Outlines, core_and_skin, grow, sample_rays
from lesionvis.spots.peaks import RADIUS_PER_SIGMA, Peaks, find_peaks, octaves

# A candidate fainter than this, in log10 density (core against ring) and in the photo's fine noise, cannot be told from
# texture: of the spots that a careful reader marked, one in two hundred is.
CONTRAST_MIN = 0.08
CONTRAST_MIN_NOISES = 4.0
# A candidate without any redness more than its ring is shade, hair or pigment; noise lets true ones dip to zero.
ERYTHEMA_CONTRAST_MIN = 0.005
# The strongest candidates of a photo stand for its real spots when others are compared with them.
N_STRONGEST = 40
# ... as far as they are round, not part of a line, and lie so many diameters away from what is not skin: hair, shade
# and the edges of limbs outshine faint spots.
STRONGEST_ASPECT_MAX, STRONGEST_RIDGE_MAX, STRONGEST_BORDER_DIAMETERS_MIN = 1.6, 0.4, 1.0
STRONGEST_COUNT_MIN = 5
# Neighbours are counted within this many diameters.
NEIGHBOURHOOD_DIAMETERS = 8.0
# A photo whose longer side is shorter than this is enlarged twice before anything is sought: its spots are 3 to 6 px
# wide, of which outlines on the photo itself are a matter of single pixels.
ENLARGED_BELOW_PX = 560
ENLARGEMENT = 2
# Columns that are given a second time as they stand within their photo: light, camera and skin shift what a photo's
# candidates have in common.
STANDING = (
    "contrast",
    "response",
    "contrast_red",
    "contrast_green",
    "contrast_blue",
    "erythema_contrast",
    "inside_green",
    "ring_erythema",
    "inside_spread",
    "ring_spread",
    "edge_drop",
    "log_diameter",
)

COLUMNS: dict[str, str] = {
    "contrast": "blood map, core less ring",
    "response": "difference of Gaussians, blood map",
    "response_textures": "response over the photo's texture at that size",
    "contrast_noise": "contrast over the photo's fine noise",
    "contrast_red": "red density, inside less ring",
    "contrast_green": "green density, inside less ring",
    "contrast_blue": "blue density, inside less ring",
    "erythema_contrast": "erythema index, inside less ring",
    "blood_share": "erythema contrast over the sum of the channels' contrasts",
    "blue_share": "blue less green contrast over the same sum: melanin is positive",
    "red_green_ratio": "red over green contrast: hair and shade are near 1",
    "inside_red": "red density inside, relative to healthy skin",
    "inside_green": "green density inside, relative to healthy skin",
    "inside_blue": "blue density inside, relative to healthy skin",
    "ring_red": "red density of the ring, relative to healthy skin",
    "ring_green": "green density of the ring, relative to healthy skin",
    "ring_blue": "blue density of the ring, relative to healthy skin",
    "ring_erythema": "erythema index of the ring, relative to healthy skin",
    "inside_spread": "standard deviation of green density inside",
    "ring_spread": "standard deviation of green density in the ring",
    "ring_spread_share": "ring_spread over contrast",
    "open_fraction": "share of rays that never fall to the contrast of a border",
    "valley_fraction": "share of rays that end before a neighbour",
    "radius_variation": "coefficient of variation of the rays",
    "aspect": "longer over shorter axis of the outline",
    "edge_drop": "fall across the border over contrast, mean over rays",
    "edge_drop_low": "the same, 15 % quantile over rays",
    "edge_drop_spread": "the same, standard deviation over rays",
    "ring_max": "highest direction of the ring over contrast: a neighbour, a line",
    "ring_deviation": "standard deviation of the ring over directions, over contrast",
    "ridge": "highest pair of opposite ring directions over contrast: hair, crease, vessel",
    "log_diameter": "natural logarithm of the diameter in px of the picture as it was sought in",
    "log_diameter_share": "natural logarithm of the diameter over the longer side",
    "contrast_strongest": "contrast over the median of the photo's strongest candidates",
    "contrast_highest": "contrast over the highest of them",
    "erythema_strongest": "erythema contrast over the median of the strongest",
    "rank": "rank of the contrast within the photo, 0 to 1",
    "photo_contrast": "median contrast of the photo's strongest candidates",
    "photo_count": "log of one plus the number of candidates of at least half the highest contrast",
    "photo_noise": "robust standard deviation of the fine structure of the photo's skin",
    "neighbours": "log of one plus the number of strong candidates within eight diameters",
    "border_diameters": "distance to what is not skin in diameters, at most 5",
    **{
        f"{name}_standing": f"{name} less its median over the photo's candidates, over its robust spread"
        for name in STANDING
    },
}


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Possible spots of a photo with the evidence on each.

    Attributes
    ----------
    outlines : Outlines
        One per candidate.
    response : ndarray of shape (N,), float64
        Difference-of-Gaussians response.
    evidence : ndarray of shape (N, len(COLUMNS)), float32
        In the order of `COLUMNS`, all finite.
    """

    outlines: Outlines
    response: NDArray[np.float64]
    evidence: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.response)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"Candidates({len(self)} places, {len(COLUMNS)} columns of evidence)"

    def column(self, name: str) -> NDArray[np.float32]:
        """Column of the evidence.

        Parameters
        ----------
        name : str
            Name of a column of `COLUMNS`.

        Returns
        -------
        ndarray of shape (N,), float32
            One value per candidate.
        """
        return self.evidence[:, list(COLUMNS).index(name)]


def find_candidates(rgb: NDArray[np.uint8], skin: Skin, smallest_px: float | None = None) -> Candidates:
    """Find everything spot-like on the skin and gather the evidence on it.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Working picture of a photo.
    skin : Skin
        Skin mask and healthy colour of the same photo.
    smallest_px : float, optional
        As `find_peaks` takes it.

    Returns
    -------
    Candidates
        Of length 0 when nothing stands out. Positions are in working px, also where the picture was enlarged; the
        evidence is what the enlarged picture shows.
    """
    mask, healthy_density = skin.mask, skin.healthy_density
    enlargement = ENLARGEMENT if max(mask.shape) < ENLARGED_BELOW_PX else 1
    if enlargement > 1:
        size = (enlargement * mask.shape[1], enlargement * mask.shape[0])
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        healthy_density = np.asarray(cv2.resize(healthy_density, size, interpolation=cv2.INTER_LINEAR), np.float32)
        mask = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        smallest_px = None if smallest_px is None else enlargement * smallest_px
    contrast_levels = octaves(optical_density(rgb) - healthy_density)
    blood_levels = [blood_map(level) for level in contrast_levels]
    noise = _fine_noise(blood_levels[0], mask)
    peaks = find_peaks(blood_levels, mask, smallest_px)
    peaks, x, y, radius = _recentre(blood_levels, peaks, max(CONTRAST_MIN, CONTRAST_MIN_NOISES * noise))
    profiles = sample_rays(contrast_levels, x, y, radius, FINE_FAN)
    blood = blood_map(profiles)
    outlines = grow(blood, x, y, radius, FINE_FAN)
    columns = _evidence(profiles, blood, outlines, radius, peaks)
    columns |= _context(columns, outlines, noise, mask)
    columns |= {f"{name}_standing": _standing(columns[name]) for name in STANDING}
    if len(outlines):
        table = np.stack([columns[name] for name in COLUMNS], axis=1).astype(np.float32)
    else:
        table = np.zeros((0, len(COLUMNS)), np.float32)
    return Candidates(outlines.reduced(enlargement), peaks.response, table)


def _standing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values less their median, over their robust standard deviation, cut off at ten of these."""
    if len(values) == 0:
        return values
    departure = values - np.median(values)
    spread = max(1.4826 * float(np.median(np.abs(departure))), 1e-3)
    return np.clip(departure / spread, -10.0, 10.0)


def _fine_noise(blood: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Robust standard deviation of the fine structure of the skin."""
    places = np.flatnonzero(mask)
    if places.size == 0:
        return 0.0
    sample = places[:: max(1, places.size // 20000)]
    smooth = np.asarray(cv2.GaussianBlur(blood, (0, 0), 2.0))
    return 1.4826 * float(np.median(np.abs(blood.ravel()[sample] - smooth.ravel()[sample])))


def _recentre(
    blood_levels: list[NDArray[np.float32]], peaks: Peaks, contrast_min: float
) -> tuple[Peaks, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Drop the faint peaks, and give each other one the centre and radius of its first outline."""
    radius = RADIUS_PER_SIGMA * peaks.sigma_px
    profiles = sample_rays(blood_levels, peaks.x_px, peaks.y_px, radius, COARSE_FAN)
    core, skin = core_and_skin(profiles, COARSE_FAN)
    kept = np.flatnonzero(core - skin >= contrast_min)
    peaks, radius = peaks.take(kept), radius[kept]
    first = grow(profiles[kept], peaks.x_px, peaks.y_px, radius, COARSE_FAN)
    centre_x, centre_y = first.centroid_px()
    shift = np.hypot(centre_x - peaks.x_px, centre_y - peaks.y_px)
    moved = shift < 0.7 * radius
    x, y = np.where(moved, centre_x, peaks.x_px), np.where(moved, centre_y, peaks.y_px)
    return peaks, x, y, np.clip(np.sqrt(first.area_px() / np.pi), 0.6 * radius, 1.7 * radius)


def _mean_where(
    values: NDArray[np.float32], where: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation over rays and steps of (N, rays, steps, C) values."""
    weight = where.astype(np.float32)
    count = np.maximum(weight.sum(axis=(1, 2)), 1.0)[:, None]
    mean = np.einsum("nrsc,nrs->nc", values, weight) / count
    square = np.einsum("nrsc,nrsc,nrs->nc", values, values, weight) / count
    return mean.astype(np.float64), np.sqrt(np.maximum(square - mean * mean, 0.0)).astype(np.float64)


def _evidence(
    profiles: NDArray[np.float32],
    blood: NDArray[np.float32],
    outlines: Outlines,
    radius: NDArray[np.float64],
    peaks: Peaks,
) -> dict[str, NDArray[np.float64]]:
    """Columns that each candidate has by itself."""
    contrast = outlines.contrast
    some = np.maximum(contrast, 1e-3)
    relative = (outlines.radii_px / np.maximum(radius, 1e-6)[:, None]).astype(np.float32)
    border = relative[..., None]
    steps = FINE_FAN.steps.astype(np.float32)
    inside, inside_spread = _mean_where(profiles, border * 0.75 > steps)
    in_ring = (border * 1.25 < steps) & (border * 2.2 + 0.3 > steps)
    ring, ring_spread = _mean_where(profiles, in_ring)
    channel = inside - ring
    total = np.maximum(np.abs(channel).sum(axis=1), 1e-3)
    erythema = channel[:, 1] - channel[:, 0]

    last = len(steps) - 1
    near = np.clip((0.7 * relative / FINE_FAN.step).astype(int), 0, last)
    far = np.clip((1.3 * relative / FINE_FAN.step).astype(int), 0, last)
    drop = np.take_along_axis(blood, near[..., None], 2) - np.take_along_axis(blood, far[..., None], 2)
    drop = drop[..., 0] / some[:, None]

    ring_count = in_ring.sum(axis=2)
    by_direction = np.einsum("nrs,nrs->nr", blood, in_ring.astype(np.float32)) / np.maximum(ring_count, 1)
    lowest = np.quantile(by_direction, 0.3, axis=1)[:, None]
    by_direction = (np.where(ring_count > 0, by_direction, lowest) - lowest) / some[:, None]
    opposite = np.minimum(by_direction, np.roll(by_direction, by_direction.shape[1] // 2, axis=1))
    radii_mean = np.maximum(outlines.radii_px.mean(axis=1), 1e-6)
    return {
        "contrast": contrast,
        "response": peaks.response,
        "response_textures": peaks.response / np.maximum(peaks.texture, 1e-4),
        "contrast_red": channel[:, 0],
        "contrast_green": channel[:, 1],
        "contrast_blue": channel[:, 2],
        "erythema_contrast": erythema,
        "blood_share": erythema / total,
        "blue_share": blue_share(channel),
        "red_green_ratio": np.clip(channel[:, 0] / np.maximum(channel[:, 1], 1e-2), -3, 3),
        "inside_red": inside[:, 0],
        "inside_green": inside[:, 1],
        "inside_blue": inside[:, 2],
        "ring_red": ring[:, 0],
        "ring_green": ring[:, 1],
        "ring_blue": ring[:, 2],
        "ring_erythema": ring[:, 1] - ring[:, 0],
        "inside_spread": inside_spread[:, 1],
        "ring_spread": ring_spread[:, 1],
        "ring_spread_share": ring_spread[:, 1] / some,
        "open_fraction": outlines.open_fraction,
        "valley_fraction": outlines.valley_fraction,
        "radius_variation": outlines.radii_px.std(axis=1) / radii_mean,
        "aspect": _aspect(outlines),
        "edge_drop": drop.mean(axis=1),
        "edge_drop_low": np.quantile(drop, 0.15, axis=1) if len(drop) else contrast,
        "edge_drop_spread": drop.std(axis=1),
        "ring_max": by_direction.max(axis=1, initial=0.0),
        "ring_deviation": by_direction.std(axis=1),
        "ridge": opposite.max(axis=1, initial=0.0),
    }


def _aspect(outlines: Outlines) -> NDArray[np.float64]:
    """Longer over shorter axis, from the second moments of the outline's corners."""
    u, v = outlines.radii_px * np.cos(outlines.angles_rad), outlines.radii_px * np.sin(outlines.angles_rad)
    u, v = u - u.mean(axis=1, keepdims=True), v - v.mean(axis=1, keepdims=True)
    uu, vv, uv = (u * u).mean(axis=1), (v * v).mean(axis=1), (u * v).mean(axis=1)
    middle, half_width = (uu + vv) / 2, np.sqrt(((uu - vv) / 2) ** 2 + uv**2)
    return np.asarray(np.sqrt((middle + half_width) / np.maximum(middle - half_width, 1e-6)), np.float64)


def _context(
    columns: dict[str, NDArray[np.float64]],
    outlines: Outlines,
    noise: float,
    mask: NDArray[np.bool_],
) -> dict[str, NDArray[np.float64]]:
    """Columns that compare a candidate with the rest of its photo."""
    contrast, erythema = columns["contrast"], columns["erythema_contrast"]
    diameter = 2.0 * np.sqrt(outlines.area_px() / np.pi)
    border_diameters = np.minimum(_border_distance_px(outlines, mask) / np.maximum(diameter, 1.0), 5.0)
    plausible = (
        (erythema > 2 * ERYTHEMA_CONTRAST_MIN)
        & (columns["aspect"] < STRONGEST_ASPECT_MAX)
        & (columns["ridge"] < STRONGEST_RIDGE_MAX)
        & (border_diameters > STRONGEST_BORDER_DIAMETERS_MIN)
    )
    if plausible.sum() < STRONGEST_COUNT_MIN:
        plausible = np.ones(len(contrast), np.bool_)
    strongest = np.sort(contrast[plausible])[-N_STRONGEST:]
    typical = float(np.median(strongest)) if strongest.size else 1.0
    highest = float(strongest[-1]) if strongest.size else 1.0
    reddest = np.sort(erythema[plausible])[-N_STRONGEST:]
    typical_redness = max(float(np.median(reddest)), 1e-3) if reddest.size else 1.0
    same = np.ones(len(contrast))
    height, width = mask.shape
    return {
        "contrast_noise": contrast / max(noise, 1e-4),
        "log_diameter": np.log(diameter),
        "log_diameter_share": np.log(diameter / max(height, width)),
        "contrast_strongest": contrast / typical,
        "contrast_highest": contrast / highest,
        "erythema_strongest": np.clip(erythema / typical_redness, -5, 20),
        "rank": contrast.argsort(kind="stable").argsort(kind="stable") / max(len(contrast), 1),
        "photo_contrast": typical * same,
        "photo_count": np.log1p(np.count_nonzero(contrast > 0.5 * highest)) * same,
        "photo_noise": noise * same,
        "neighbours": _neighbours(outlines, diameter, contrast > 0.5 * typical, mask.shape),
        "border_diameters": border_diameters,
    }


def _border_distance_px(outlines: Outlines, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance of each centre to what is not skin; infinite where all is skin, as in most close-ups."""
    if mask.all():
        return np.full(len(outlines), np.inf)
    column = np.clip(np.round(outlines.x_px), 0, mask.shape[1] - 1).astype(int)
    row = np.clip(np.round(outlines.y_px), 0, mask.shape[0] - 1).astype(int)
    distance = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(distance[row, column], np.float64)


def _neighbours(
    outlines: Outlines, diameter: NDArray[np.float64], strong: NDArray[np.bool_], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Log of one plus the number of strong candidates within `NEIGHBOURHOOD_DIAMETERS`, on a grid of 8 px cells."""
    cell = 8.0
    grid = np.zeros((int(shape[0] // cell) + 1, int(shape[1] // cell) + 1), np.float64)
    rows = np.clip(outlines.y_px // cell, 0, grid.shape[0] - 1).astype(int)
    columns = np.clip(outlines.x_px // cell, 0, grid.shape[1] - 1).astype(int)
    np.add.at(grid, (rows[strong], columns[strong]), 1.0)
    total = cv2.integral(grid)
    reach = np.maximum(np.round(NEIGHBOURHOOD_DIAMETERS * diameter / cell), 1).astype(int)
    top, bottom = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, grid.shape[0])
    left, right = np.maximum(columns - reach, 0), np.minimum(columns + reach + 1, grid.shape[1])
    counts = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return np.asarray(np.log1p(np.maximum(counts - strong, 0.0)), np.float64)
