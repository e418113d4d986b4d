"""Regions of a component tree that may be the one lesion a photo is about, with the evidence on each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.photo import Photo
from lesionvis.skin import Skin
from lesionvis.spots.ink import find_strokes, without_strokes

# A lesion fills a good part of the frame: a small picture shows it whole and hides pores and hairs.
LONG_SIDE_PX = 144
# Levels per map, evenly spaced in the logarithm between the skin's own spread and the map's top.
N_LEVELS = 8
# Largest regions kept per level.
N_REGIONS = 4
AREA_MIN_PX = 14
AREA_MAX_FRACTION = 0.6
# The ring around a region: 2 px wide, a pixel away from it.
_RING_INNER, _RING_OUTER = np.ones((3, 3), np.uint8), np.ones((7, 7), np.uint8)
# A region that fills less than this share of its convex hull (1 lesion in 10) is torn: crust, glare or hair reach its
# border. Its notches belong to the lesion when they are narrower than this many radii.
TORN_SOLIDITY_MAX = 0.8
NOTCH_RADII = 1.6
# Distance in robust standard deviations that weighs as much as a tenth of log10 density.
_DISTANCE_UNIT = 0.05

COLUMNS: dict[str, str] = {
    "area_fraction": "area over the frame's",
    "log_area_fraction": "natural logarithm of the same",
    "solidity": "area over that of the convex hull",
    "circularity": "4 pi area over the perimeter squared",
    "rim_low": "20 % quantile of the colour gradient on the rim over the skin's median",
    "rim_median": "median of the same",
    "rim_high": "80 % quantile of the same",
    "rim": "mean colour gradient on the rim, density per px",
    "frame_contact": "share of the rim on the frame",
    "skin_contact": "share of the rim beside what is not skin",
    "off_centre_x": "distance from the frame's centre along x over the width",
    "off_centre_y": "distance from the frame's centre along y over the height",
    "off_centre": "root of the sum of their squares",
    "step_red": "red density inside less that of the ring around it",
    "step_green": "green density inside less that of the ring",
    "step_blue": "blue density inside less that of the ring",
    "step": "sum of their absolute values",
    "ring_spread": "mean standard deviation of the ring over the channels",
    "inside_distance": "colour distance from healthy skin inside, in spreads of the skin",
    "ring_distance": "the same for the ring",
    "filled": "share of the region that lies above the level: one less its holes",
    "level": "level over the map's top",
    "texture": "fine structure inside over that of the skin",
    "box_aspect": "longer over shorter side of the bounding box",
    "photo_distance": "mean colour distance over the whole skin",
    "rim_per_step": "median rim gradient over the step",
}


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Regions that may be the dominant lesion.

    Attributes
    ----------
    evidence : ndarray of shape (N, len(COLUMNS)), float32
        In the order of `COLUMNS`, all finite.
    boxes : tuple of (left, top)
        Corner of each fill in the small picture.
    fills : tuple of ndarray of shape (h, w), uint8
        One where the region is, holes filled.
    density, healthy_density : ndarray of shape (h, w, 3), float32
        Optical density of the small picture, and that of healthy skin there.
    strokes : ndarray of shape (h, w), bool
        Where the small picture shows strokes of a pen, hairs or shadows in folds, which are no part of any region.
    """

    evidence: NDArray[np.float32]
    boxes: tuple[tuple[int, int], ...]
    fills: tuple[NDArray[np.uint8], ...]
    density: NDArray[np.float32]
    healthy_density: NDArray[np.float32]
    strokes: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.fills)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"Regions({len(self)} regions, {len(COLUMNS)} columns of evidence)"

    def column(self, name: str) -> NDArray[np.float32]:
        """Column of the evidence.

        Parameters
        ----------
        name : str
            Name of a column of `COLUMNS`.

        Returns
        -------
        ndarray of shape (N,), float32
            One value per region.
        """
        return self.evidence[:, list(COLUMNS).index(name)]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the small picture."""
        height, width, _ = self.density.shape
        return height, width

    def small_mask(self, index: int) -> NDArray[np.bool_]:
        """One region on the small picture, shape (h, w), bool; the notches of a torn one are filled.

        Parameters
        ----------
        index : int
            Number of the region.

        Returns
        -------
        ndarray of shape (h, w), bool
            True in the region.
        """
        left, top = self.boxes[index]
        small = np.zeros(self.shape, np.uint8)
        fill = self.fills[index]
        small[top : top + fill.shape[0], left : left + fill.shape[1]] = fill
        if self.column("solidity")[index] < TORN_SOLIDITY_MAX:
            small = _without_notches(small)
        return np.asarray(small > 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A connected part of a map above a level: its picture with holes filled, the corner of that, its outline."""

    fill: NDArray[np.uint8]
    left: int
    top: int
    outline: NDArray[np.int32]
    area: int
    filled: float
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """Reference values that all regions of a photo are judged against, on the small picture."""

    colors: NDArray[np.float32]
    mean_distance: float
    gradient: NDArray[np.float32]
    skin_gradient: float
    texture: NDArray[np.float32]
    mask: NDArray[np.bool_]
    touches_non_skin: NDArray[np.bool_]


def find_regions(photo: Photo, skin: Skin) -> Regions:
    """Find the regions that may be the dominant lesion.

    Parameters
    ----------
    photo : Photo
    skin : Skin
        Of the same photo.

    Returns
    -------
    Regions
        Of length 0 without skin.

    Notes
    -----
    Seven maps show what can set a lesion apart (blood, melanin, distance in colour, lighter than skin). Each is cut
    at eight levels, and the largest connected parts of each cut are the regions: a sparse component tree (Jones 1999).
    """
    height, width = photo.rgb.shape[:2]
    ratio = min(1.0, LONG_SIDE_PX / max(height, width))
    small_width, small_height = max(1, round(width * ratio)), max(1, round(height * ratio))
    size = (small_width, small_height)
    density = optical_density(np.asarray(cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    healthy = np.asarray(cv2.resize(skin.healthy_density, size, interpolation=cv2.INTER_AREA), np.float32)
    strokes = find_strokes(density, healthy)
    ground = _ground(without_strokes(density, healthy, strokes), healthy, skin)
    enough = ground.mask.sum() >= AREA_MIN_PX
    parts = [part for values in _maps(ground) for part in _parts(values, ground.mask)] if enough else []
    table = np.zeros((0, len(COLUMNS)), np.float32)
    if parts:
        columns = _evidence(parts, ground)
        table = np.stack([columns[name] for name in COLUMNS], axis=1).astype(np.float32)
    corners, fills = tuple((part.left, part.top) for part in parts), tuple(part.fill for part in parts)
    return Regions(table, corners, fills, density, healthy, strokes)


def enlarged(share: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where a share of the small picture is over one half, at working resolution and with a smooth border.

    Parameters
    ----------
    share : ndarray of shape (h, w), float32
        0 to 1, on the small picture.
    shape : tuple of int
        Height and width at working resolution, px.

    Returns
    -------
    ndarray of shape (H, W), bool
        True where the share, smoothed and interpolated, is one half or more.
    """
    smooth = cv2.GaussianBlur(share, (0, 0), 0.7)
    large = cv2.resize(smooth, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large >= 0.5)


def _without_notches(region: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Morphological closing of a region by a disk of half `NOTCH_RADII` of its radii, by distances."""
    reach = 0.5 * NOTCH_RADII * float(np.sqrt(region.sum() / np.pi))
    border = int(np.ceil(reach)) + 1
    framed = cv2.copyMakeBorder(region, border, border, border, border, cv2.BORDER_CONSTANT, value=0)
    near = cv2.distanceTransform(1 - framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= reach
    deep = cv2.distanceTransform(near.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > reach
    inner = deep[border:-border, border:-border] | (region > 0)
    return inner.astype(np.uint8)


def _ground(density: NDArray[np.float32], healthy: NDArray[np.float32], skin: Skin) -> _Ground:
    """Colour, distance, gradient and texture of the small picture."""
    height, width = density.shape[:2]
    mask = cv2.resize(skin.mask.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    smooth = cv2.GaussianBlur(density, (0, 0), 1.0)
    relative = smooth - healthy
    gradient = np.zeros(mask.shape, np.float32)
    for channel in cv2.split(smooth):
        across = cv2.Sobel(channel, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
        down = cv2.Sobel(channel, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
        gradient += across * across + down * down
    gradient = np.sqrt(gradient, dtype=np.float32)
    fine = np.sqrt(cv2.GaussianBlur((density[..., 1] - smooth[..., 1]) ** 2, (0, 0), 3.0))
    where = mask if mask.any() else np.ones_like(mask)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    distance = _colour_distance(relative, where)
    return _Ground(
        np.dstack([relative, distance]),
        float(distance[where].mean()),
        gradient,
        float(np.median(gradient[where])) + 1e-6,
        np.asarray(fine / (float(np.median(fine[where])) + 1e-6), np.float32),
        mask,
        ~inner,
    )


def _colour_distance(relative: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mahalanobis distance of each colour from the half of the skin that lies nearest to its median."""
    colours = relative[where].astype(np.float64)
    away = np.abs(colours - np.median(colours, axis=0)).sum(axis=1)
    core = colours[away <= np.median(away)]
    # The nearer half of a normal cloud has about 0.4 of its variance; the floor keeps flat pictures finite.
    covariance = 2.5 * np.cov(core.T) + 1e-4 * np.eye(3)
    departure = relative - core.mean(axis=0)
    square = np.einsum("...i,ij,...j->...", departure, np.linalg.inv(covariance), departure)
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), np.float32)


def _maps(ground: _Ground) -> list[NDArray[np.float32]]:
    """Maps that are high where a lesion may be: pigment, blood, any other colour, paler than skin."""
    red, green, blue, distance = cv2.split(ground.colors)
    distance = _DISTANCE_UNIT * cv2.GaussianBlur(distance, (0, 0), 1.0)
    lighter = -(red + green + blue) / 3.0
    return [green, 1.5 * green - red, 0.5 * (green + blue), distance, red, blue - red, lighter]


def _parts(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> Iterator[_Part]:
    """Largest connected parts of a map above each of its levels."""
    on_skin = values[mask]
    spread = 1.4826 * float(np.median(np.abs(on_skin - np.median(on_skin))))
    top_value, lowest = float(np.quantile(on_skin, 0.998)), max(0.01, 0.8 * spread)
    if top_value <= lowest:
        return
    seen: set[tuple[int, ...]] = set()
    kernel = np.ones((3, 3), np.uint8)
    for level in np.geomspace(lowest, 0.95 * top_value, N_LEVELS):
        above = cv2.morphologyEx(((values > level) & mask).astype(np.uint8), cv2.MORPH_OPEN, kernel)
        # OpenCV's own statistics of components take four times as long as finding them.
        _, labels = cv2.connectedComponents(above, connectivity=4, ltype=cv2.CV_16U)
        areas = np.bincount(labels.ravel())[1:]
        for label in np.argsort(-areas, kind="stable")[:N_REGIONS] + 1:
            size = int(areas[label - 1])
            if not AREA_MIN_PX <= size <= AREA_MAX_FRACTION * mask.size:
                continue
            whole = (labels == label).view(np.uint8)
            left, top, width, height = box = cv2.boundingRect(whole)
            if (*box, size) in seen:
                continue
            seen.add((*box, size))
            # A margin for the ring around the region.
            x0, y0 = max(0, left - 4), max(0, top - 4)
            fill, outline = _filled(whole[y0 : top + height + 4, x0 : left + width + 4])
            area = cv2.countNonZero(fill)
            yield _Part(fill, x0, y0, outline, area, size / area, float(level / top_value))


def _filled(part: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Part with its holes filled, and its outer outline as points (x, y)."""
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    fill = cv2.drawContours(np.zeros_like(part), [outline], -1, 1, cv2.FILLED)
    return np.asarray(fill, np.uint8), np.asarray(outline[:, 0], np.int32)


def _evidence(parts: list[_Part], ground: _Ground) -> dict[str, NDArray[np.float64]]:
    """Shape, rim and colour of N parts, at least one: columns of shape (N,)."""
    area = np.asarray([part.area for part in parts], np.float64)
    perimeter = np.maximum([cv2.arcLength(part.outline, True) for part in parts], 1.0)
    hulls = [cv2.contourArea(cv2.convexHull(part.outline)) for part in parts]
    # Contours run through pixel centres: half the perimeter and one make up for the outer half pixels.
    hull_area = np.asarray(hulls) + perimeter / 2.0 + 1.0
    colours = np.asarray([_colours(part, ground) for part in parts])
    inside, around, spread = colours[:, 0:4], colours[:, 4:8], colours[:, 8:11]
    step = (inside - around)[:, :3]
    total_step = np.abs(step).sum(axis=1)
    columns = _rim(parts, ground)
    return columns | {
        "area_fraction": area / ground.mask.size,
        "log_area_fraction": np.log(area / ground.mask.size),
        "solidity": np.minimum(1.0, area / hull_area),
        "circularity": np.minimum(1.0, 4.0 * np.pi * area / perimeter**2),
        "step_red": step[:, 0],
        "step_green": step[:, 1],
        "step_blue": step[:, 2],
        "step": total_step,
        "ring_spread": spread.mean(axis=1),
        "inside_distance": inside[:, 3],
        "ring_distance": around[:, 3],
        "filled": np.asarray([part.filled for part in parts]),
        "level": np.asarray([part.level for part in parts]),
        "texture": colours[:, 11],
        "photo_distance": np.full(len(parts), ground.mean_distance),
        "rim_per_step": columns["rim_median"] * ground.skin_gradient / np.maximum(total_step, 1e-3),
    }


def _colours(part: _Part, ground: _Ground) -> NDArray[np.float64]:
    """Red, green, blue and colour distance inside and in the ring, spread of the three in the ring, texture inside."""
    fill = part.fill
    box = (slice(part.top, part.top + fill.shape[0]), slice(part.left, part.left + fill.shape[1]))
    ring = cv2.subtract(cv2.dilate(fill, _RING_OUTER), cv2.dilate(fill, _RING_INNER))
    inside = cv2.mean(ground.colors[box], mask=fill)
    around, spread = cv2.meanStdDev(ground.colors[box], mask=ring if cv2.countNonZero(ring) else fill)
    texture = cv2.mean(ground.texture[box], mask=fill)[0]
    return np.concatenate([inside, around[:, 0], spread[:3, 0], [texture]])


def _rim(parts: list[_Part], ground: _Ground) -> dict[str, NDArray[np.float64]]:
    """Columns that follow from what lies under the outlines of N parts, each of shape (N,)."""
    height, width = ground.mask.shape
    length = np.asarray([len(part.outline) for part in parts])
    first = np.cumsum(length) - length
    owner = np.repeat(np.arange(len(parts)), length)
    corner = np.asarray([(part.left, part.top) for part in parts])
    x, y = (np.concatenate([part.outline for part in parts]) + corner[owner]).T
    gradient = ground.gradient[y, x]
    rim = gradient[np.lexsort((gradient, owner))].astype(np.float64)
    low, median, high = (rim[first + (share * (length - 1)).astype(int)] for share in (0.2, 0.5, 0.8))
    on_frame = (x <= 1) | (y <= 1) | (x >= width - 2) | (y >= height - 2)

    def mean(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(np.add.reduceat(values, first, dtype=np.float64) / length)

    off_x, off_y = np.abs(mean(x) / width - 0.5), np.abs(mean(y) / height - 0.5)
    box = [np.maximum.reduceat(side, first) - np.minimum.reduceat(side, first) + 1 for side in (x, y)]
    return {
        "rim_low": low / ground.skin_gradient,
        "rim_median": median / ground.skin_gradient,
        "rim_high": high / ground.skin_gradient,
        "rim": mean(rim),
        "frame_contact": mean(on_frame),
        "skin_contact": mean(ground.touches_non_skin[y, x]),
        "off_centre_x": off_x,
        "off_centre_y": off_y,
        "off_centre": np.hypot(off_x, off_y),
        "box_aspect": np.maximum(*box) / np.minimum(*box),
    }
