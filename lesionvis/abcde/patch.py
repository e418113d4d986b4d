"""The dominant lesion cut out at one size, with colours relative to the skin around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.photo import Photo
from lesionvis.skin import Skin
from lesionvis.spots import Spots

# Width of a circle of the lesion's area on the patch: every lesion is measured at the same fineness, which is about
# that of its outline.
DIAMETER_PX = 64.0
# Skin around the lesion's box, in diameters.
MARGIN_DIAMETERS = 0.4
# Local skin: a ring that begins so far outside the border, in patch px, where blur no longer mixes in the lesion.
RING_INNER_PX, RING_OUTER_PX = 6, 18
# With fewer px of free skin in the ring, the photo's healthy skin stands for itself.
RING_MIN_PX = 60
# Level from which a channel has lost its colour; a place where all three have is glare.
GLARE_LEVEL = 245
# Steps of a px in which an outline is painted.
_SHIFT_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class LesionPatch:
    """The dominant lesion at one size.

    Attributes
    ----------
    relative : ndarray of shape (h, w, 3), float32
        Optical density less that of the skin around the lesion; a colour cast falls out.
    mask : ndarray of shape (h, w), bool
        True on the lesion.
    seen : ndarray of shape (h, w), bool
        True inside the photo.
    glare : ndarray of shape (h, w), bool
        True where the light itself is mirrored and no colour is left.
    border : ndarray of shape (K, 2), float64
        Corners (x, y) of the outline in patch px.
    zoom : float
        Patch px per working px.
    origin : tuple of 2 float
        Working (x, y) of the patch's upper left pixel.
    """

    relative: NDArray[np.float32]
    mask: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    glare: NDArray[np.bool_]
    border: NDArray[np.float64]
    zoom: float
    origin: tuple[float, float]

    def to_working(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert patch positions to positions in the working picture.

        Parameters
        ----------
        xy : ndarray of shape (..., 2), float64
            Positions (x, y) in the patch, px.

        Returns
        -------
        ndarray of shape (..., 2), float64
            Positions (x, y), working px.
        """
        return np.asarray(xy / self.zoom + self.origin, np.float64)


def lesion_patch(photo: Photo, skin: Skin, spots: Spots) -> LesionPatch | None:
    """Cut out the dominant lesion.

    Parameters
    ----------
    photo : Photo
    skin : Skin
    spots : Spots
        All of the same photo.

    Returns
    -------
    LesionPatch or None
        None when no lesion dominates the photo.
    """
    if spots.lesion == 0:
        return None
    outline = photo.to_working(spots.outlines_px[spots.lesion - 1])
    area = float(cv2.contourArea(outline.astype(np.float32)))
    if area < 1.0:
        return None
    diameter = 2.0 * np.sqrt(area / np.pi)
    zoom = float(DIAMETER_PX / diameter)
    low = outline.min(axis=0) - MARGIN_DIAMETERS * diameter
    width, height = (int(v) for v in np.ceil((np.ptp(outline, axis=0) + 2 * MARGIN_DIAMETERS * diameter) * zoom))
    border = (outline - low) * zoom
    mask = _filled(border, (height, width))

    def cut(picture: NDArray[Any], outside: int) -> NDArray[Any]:
        return _cut(picture, low, zoom, (width, height), outside)

    rgb = np.asarray(cut(photo.rgb, cv2.BORDER_REPLICATE), np.uint8)
    seen = np.asarray(cut(np.ones(skin.mask.shape, np.float32), cv2.BORDER_CONSTANT)) > 0.5
    healthy = np.asarray(cut(skin.healthy_density, cv2.BORDER_REPLICATE), np.float32)
    others = (skin.mask & ((spots.labels == 0) | (spots.labels == spots.lesion))).astype(np.float32)
    free = np.asarray(cut(others, cv2.BORDER_CONSTANT)) > 0.5
    relative = cv2.GaussianBlur(optical_density(rgb), (0, 0), 1.0) - healthy
    ring = _grown(mask, RING_OUTER_PX) & ~_grown(mask, RING_INNER_PX) & free
    if ring.sum() >= RING_MIN_PX:
        relative = relative - np.median(relative[ring], axis=0)
    glare = np.asarray((rgb >= GLARE_LEVEL).all(axis=2), np.bool_)
    return LesionPatch(
        np.asarray(relative, np.float32), mask & seen, seen, glare, border, zoom, (float(low[0]), float(low[1]))
    )


def _cut(
    picture: NDArray[Any], low: NDArray[np.float64], zoom: float, size: tuple[int, int], outside: int
) -> NDArray[Any]:
    """Piece of a picture from `low` on, enlarged by `zoom` to a size (width, height)."""
    # Shrunk first by averaging, as single samples of a large picture would be noise.
    shrink = min(1.0, zoom)
    if shrink < 1.0:
        height, width = picture.shape[:2]
        wanted = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        picture = cv2.resize(picture, wanted, interpolation=cv2.INTER_AREA)
        x_ratio, y_ratio = wanted[0] / width, wanted[1] / height
    else:
        x_ratio = y_ratio = 1.0
    # Position in the (shrunk) picture of patch pixel p: ((p / zoom + low) + 0.5) * ratio - 0.5.
    matrix = np.array(
        [
            [x_ratio / zoom, 0.0, (low[0] + 0.5) * x_ratio - 0.5],
            [0.0, y_ratio / zoom, (low[1] + 0.5) * y_ratio - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=outside))


def _filled(border: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    corners = np.round(border * 2**_SHIFT_BITS).astype(np.int32)
    return np.asarray(cv2.fillPoly(np.zeros(shape, np.uint8), [corners], 1, shift=_SHIFT_BITS) > 0)


def _grown(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)
