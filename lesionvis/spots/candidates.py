"""Evidence for and against each candidate being a spot of blood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blood_map, blue_share, optical_density
from lesionvis.skin import Skin
from lesionvis.spots.outlines import (
    COARSE_FAN,
    FINE_FAN,
    Outlines,
    core_and_skin,
    grow,
    joined,
    no_outlines,
    ray_blocks,
    sample_rays,
)
from lesionvis.spots.peaks import RADIUS_PER_SIGMA, Peaks, find_peaks, octaves, spread_places
from lesionvis.spots.profiles import PROFILE_COLUMNS, ring_profiles

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
    profiles : ndarray of shape (N, len(PROFILE_COLUMNS)), float32
        Density on rings around, in the order of `lesionvis.spots.profiles.PROFILE_COLUMNS`.
    """

    outlines: Outlines
    response: NDArray[np.float64]
    evidence: NDArray[np.float32]
    profiles: NDArray[np.float32]

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
    contrast = optical_density(rgb)
    contrast -= healthy_density  # in place, here and below: memory that is asked for anew costs as much as the sums
    contrast_levels = octaves(contrast)
    blood_levels = [blood_map(level) for level in contrast_levels]
    noise = _fine_noise(blood_levels[0], mask)
    peaks = find_peaks(blood_levels, mask, smallest_px)
    peaks, x, y, radius = _recentre(blood_levels, peaks, max(CONTRAST_MIN, CONTRAST_MIN_NOISES * noise))
    if len(peaks) == 0:
        nothing = (np.zeros((0, len(names)), np.float32) for names in (COLUMNS, PROFILE_COLUMNS))
        return Candidates(no_outlines(FINE_FAN), peaks.response, *nothing)
    outlines, measured = _outlined(contrast_levels, x, y, radius)
    columns = _evidence(measured, outlines, peaks)
    columns |= _context(columns, outlines, noise, mask)
    columns |= {f"{name}_standing": _standing(columns[name]) for name in STANDING}
    table = np.stack([columns[name] for name in COLUMNS], axis=1).astype(np.float32)
    return Candidates(outlines.reduced(enlargement), peaks.response, table, measured.profiles)


def _standing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values less their median, over their robust standard deviation, cut off at ten of these."""
    departure = values - np.median(values)
    spread = max(1.4826 * float(np.median(np.abs(departure))), 1e-3)
    return np.clip(departure / spread, -10.0, 10.0)


def _fine_noise(blood: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Robust standard deviation of the fine structure of the skin."""
    sample = spread_places(mask, 20_000)
    if sample.size == 0:
        return 0.0
    smooth = np.asarray(cv2.GaussianBlur(blood, (0, 0), 2.0))
    return 1.4826 * float(np.median(np.abs(blood.ravel()[sample] - smooth.ravel()[sample])))


def _recentre(
    blood_levels: list[NDArray[np.float32]], peaks: Peaks, contrast_min: float
) -> tuple[Peaks, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Drop the faint peaks, and give each other one the centre and radius of its first outline."""
    radius = RADIUS_PER_SIGMA * peaks.sigma_px
    parts, kept_parts = [], []
    for block in ray_blocks(radius, COARSE_FAN, len(blood_levels)):
        x, y, expected = peaks.x_px[block], peaks.y_px[block], radius[block]
        profiles = sample_rays(blood_levels, x, y, expected, COARSE_FAN)
        core, skin = core_and_skin(profiles, COARSE_FAN)
        dark = np.flatnonzero(core - skin >= contrast_min)
        kept_parts.append(block[dark])
        profiles = np.ascontiguousarray(profiles[..., dark])
        parts.append(grow(profiles, core[dark], skin[dark], x[dark], y[dark], expected[dark], COARSE_FAN))
    if not parts:
        return peaks, peaks.x_px, peaks.y_px, radius
    kept = np.concatenate(kept_parts)
    order = np.argsort(kept)
    kept, first = kept[order], joined(parts, order)
    peaks, radius = peaks.take(kept), radius[kept]
    centre_x, centre_y = first.centroid_px()
    shift = np.hypot(centre_x - peaks.x_px, centre_y - peaks.y_px)
    moved = shift < 0.7 * radius
    x, y = np.where(moved, centre_x, peaks.x_px), np.where(moved, centre_y, peaks.y_px)
    return peaks, x, y, np.clip(np.sqrt(first.area_px() / np.pi), 0.6 * radius, 1.7 * radius)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What the rays of N candidates show.

    Attributes
    ----------
    inside, ring : ndarray of shape (N, 3), float64
        Mean density inside the outline and in the ring around it.
    inside_spread, ring_spread : ndarray of shape (N,), float64
        Standard deviation of green density there.
    drop : ndarray of shape (N, R), float32
        Fall of the blood map across the border along each ray.
    ring_sum : ndarray of shape (N, R), float32
        Sum of the blood map over that part of each ray that lies in the ring.
    ring_count : ndarray of shape (N, R), int64
        Samples of that part.
    profiles : ndarray of shape (N, len(PROFILE_COLUMNS)), float32
        `ring_profiles`.
    """

    inside: NDArray[np.float64]
    inside_spread: NDArray[np.float64]
    ring: NDArray[np.float64]
    ring_spread: NDArray[np.float64]
    drop: NDArray[np.float32]
    ring_sum: NDArray[np.float32]
    ring_count: NDArray[np.int64]
    profiles: NDArray[np.float32]


def _outlined(
    contrast_levels: list[NDArray[np.float32]],
    x_px: NDArray[np.float64],
    y_px: NDArray[np.float64],
    radius_px: NDArray[np.float64],
) -> tuple[Outlines, _Measured]:
    """Outlines of the candidates, and what their rays show, block by block."""
    parts, measured = [], []
    blocks = ray_blocks(radius_px, FINE_FAN, len(contrast_levels))
    for block in blocks:
        x, y, radius = x_px[block], y_px[block], radius_px[block]
        profiles = sample_rays(contrast_levels, x, y, radius, FINE_FAN)
        blood = blood_map(profiles)
        core, skin = core_and_skin(blood, FINE_FAN)
        parts.append(grow(blood, core, skin, x, y, radius, FINE_FAN))
        measured.append(_measure(profiles, blood, parts[-1].radii_px / np.maximum(radius, 1e-6)[:, None]))
    order = np.argsort(np.concatenate(blocks))
    return joined(parts, order), _Measured(*(np.concatenate(column)[order] for column in zip(*measured, strict=True)))


def _measure(
    profiles: NDArray[np.float32], blood: NDArray[np.float32], relative_radii: NDArray[np.float64]
) -> tuple[NDArray[Any], ...]:
    """Fields of `_Measured` for a block, from its profiles (R, S, B, 3), blood map (R, S, B) and radii (B, R)."""
    count = len(relative_radii)
    relative = np.ascontiguousarray(relative_radii.T, np.float32)
    border = relative[:, None]
    steps = FINE_FAN.steps.astype(np.float32)[:, None]
    inside = border * 0.75 > steps
    in_ring = (border * 1.25 < steps) & (border * 2.2 + 0.3 > steps)
    colours = profiles.reshape(-1, count, 3)
    channels = [np.asarray(cv2.extractChannel(colours, channel), np.float32) for channel in range(3)]

    last = len(steps) - 1
    near = np.clip((0.7 * relative / FINE_FAN.step).astype(int), 0, last)
    far = np.clip((1.3 * relative / FINE_FAN.step).astype(int), 0, last)
    drop = np.take_along_axis(blood, near[:, None], 1) - np.take_along_axis(blood, far[:, None], 1)

    # Each ray of the ring by itself, for which the rays have to lie in memory one after the other.
    shape = (count, *blood.shape[:2])
    blood_rows = cv2.transpose(blood.reshape(-1, count)).reshape(shape)
    ring_rows = cv2.transpose(in_ring.view(np.uint8).reshape(-1, count)).reshape(shape)
    ring_sum = np.einsum("nrs,nrs->nr", blood_rows, ring_rows.astype(np.float32))
    ring_count = np.add.reduce(in_ring, axis=1, dtype=np.int64)
    return (
        *_mean_where(channels, inside),
        *_mean_where(channels, in_ring),
        np.ascontiguousarray(drop[:, 0].T),
        ring_sum,
        np.ascontiguousarray(ring_count.T),
        ring_profiles(profiles),
    )


def _mean_where(
    channels: Sequence[NDArray[np.float32]], where: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (B, 3) of the channels (R * S, B) over the samples of each candidate, standard deviation (B,) of green."""
    weight = where.reshape(-1, where.shape[2]).astype(np.float32)
    count = np.maximum(weight.sum(axis=0), 1.0)
    # Side by side, so that NumPy adds sample after sample however many candidates there are.
    products = np.empty((len(weight), 4, weight.shape[1]), np.float32)
    for index, channel in enumerate((*channels, channels[1] * channels[1])):
        np.multiply(channel, weight, out=products[:, index])
    *mean, square = np.add.reduce(products, axis=0) / count
    spread = np.sqrt(np.maximum(square - mean[1] * mean[1], 0.0))
    return np.stack(mean, axis=1).astype(np.float64), spread.astype(np.float64)


def _evidence(measured: _Measured, outlines: Outlines, peaks: Peaks) -> dict[str, NDArray[np.float64]]:
    """Columns that each candidate has by itself."""
    contrast = outlines.contrast
    some = np.maximum(contrast, 1e-3)
    inside, ring = measured.inside, measured.ring
    channel = inside - ring
    total = np.maximum(np.abs(channel).sum(axis=1), 1e-3)
    erythema = channel[:, 1] - channel[:, 0]
    drop = measured.drop / some[:, None]

    by_direction = measured.ring_sum / np.maximum(measured.ring_count, 1)
    lowest = np.quantile(by_direction, 0.3, axis=1)[:, None]
    by_direction = (np.where(measured.ring_count > 0, by_direction, lowest) - lowest) / some[:, None]
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
        "inside_spread": measured.inside_spread,
        "ring_spread": measured.ring_spread,
        "ring_spread_share": measured.ring_spread / some,
        "open_fraction": outlines.open_fraction,
        "valley_fraction": outlines.valley_fraction,
        "radius_variation": outlines.radii_px.std(axis=1) / radii_mean,
        "aspect": _aspect(outlines),
        "edge_drop": drop.mean(axis=1),
        "edge_drop_low": np.quantile(drop, 0.15, axis=1),
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
