"""Landmarks that identify a piece of skin, and first guesses of how two photos of it lie over each other.

Pores, lines and hairs are rich but need light from about the same side; freckles, moles and spots are few but look
the same in any light. Keypoints (Lowe 2004) use the first, constellations of spot-like places the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import erythema_index, optical_density
from lesionvis.geometry import distances, shrink
from lesionvis.spots.classifier import distinct

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# Pores and hairs of a close-up are still there at this size, and a pair of photos takes about two seconds.
LONG_SIDE_PX = 640
# Structure is what is finer than the second blur and coarser than the first; light and shade are coarser still.
FINE_SIGMA_PX, COARSE_SIGMA_PX = 1.0, 14.0
# Contrast (log10 density) that counts as much as the structure itself: keeps bare noise from being blown up.
DETAIL_FLOOR = 0.006
DETAIL_MAX = 4.0
N_KEYPOINTS = 2500
# A match of keypoints is kept when it is this much nearer than the next best one; doubtful ones are sorted out later.
RATIO_MAX = 0.85
GUESS_TOLERANCE_PX = 6.0
# Pictures of the same skin are hardly more different in size than this.
ZOOM_MAX = 4.0
# ... nor is skin that is pulled apart, seen at an angle, this much longer along the pull than across.
PULL_MAX = 2.0

# The strongest spot-like places of a photo, of blood or not, are its landmarks.
N_LANDMARKS = 40
# Constellations are built of each landmark and so many of its nearest neighbours.
N_NEIGHBOURS = 7
# Sizes of the same landmark differ by no more than this factor once the zoom is taken off.
SIZE_RATIO_MAX = 1.8
# A landmark is met in the other photo when it falls this near to one there.
MEETING_PX = 5.0
N_CONSTELLATION_GUESSES = 2
_MEETINGS_MIN = 4


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Landmarks and structure of the skin of one photo, on a small picture.

    Attributes
    ----------
    maps : ndarray of shape (h, w, 2), float32
        Fine structure of green density (relief, hair, spots) and of the erythema index (spots, hardly relief), in
        local standard deviations; 0 where there is no skin.
    mask : ndarray of shape (h, w), uint8
        1 where skin is.
    landmarks : ndarray of shape (N, 3), float64
        Centre x, y and diameter of spot-like places in px of the small picture, the strongest first.
    to_source : ndarray of shape (3, 3), float64
        From px of the small picture to source px.
    """

    maps: NDArray[np.float32]
    mask: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    to_source: NDArray[np.float64]


def structure_of(analysis: Analysis) -> Structure:
    """Structure of an analysed photo.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    Structure
    """
    photo = analysis.photo
    ratio = min(1.0, LONG_SIDE_PX / max(photo.rgb.shape[:2]))
    small = shrink(photo.rgb, LONG_SIDE_PX)
    mask = cv2.resize(analysis.skin.mask.astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    mask = cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=1)
    inside = np.asarray(mask, np.uint8)
    density = optical_density(small)
    maps = [_detail(channel, inside) for channel in (density[..., 1], erythema_index(density))]
    step = 1.0 / (ratio * photo.px_per_source_px)
    to_source = np.array([[step, 0.0, 0.5 * step - 0.5], [0.0, step, 0.5 * step - 0.5], [0.0, 0.0, 1.0]])
    return Structure(np.stack(maps, axis=2), inside, _landmarks(analysis, ratio), to_source)


def _detail(channel: NDArray[np.float32], mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fine structure in local standard deviations, averaged over the skin only."""
    inside = mask.astype(np.float32)
    weight = cv2.GaussianBlur(inside, (0, 0), COARSE_SIGMA_PX) + np.float32(1e-3)
    ground = cv2.GaussianBlur(channel * inside, (0, 0), COARSE_SIGMA_PX) / weight
    fine = (cv2.GaussianBlur(channel, (0, 0), FINE_SIGMA_PX) - ground) * inside
    variance = cv2.GaussianBlur(fine * fine, (0, 0), COARSE_SIGMA_PX) / weight
    return np.asarray(np.clip(fine / np.sqrt(variance + DETAIL_FLOOR**2), -DETAIL_MAX, DETAIL_MAX), np.float32)


def _landmarks(analysis: Analysis, small_px_per_working_px: float) -> NDArray[np.float64]:
    """The strongest spot-like places that do not overlap, shape (N, 3)."""
    candidates = analysis.spots.candidates
    strongest = distinct(candidates, np.ones(len(candidates)), 0.5)[:N_LANDMARKS]
    x, y = candidates.outlines.centroid_px()
    diameter = 2.0 * np.sqrt(candidates.outlines.area_px() / np.pi)
    center = (np.stack([x, y], axis=1)[strongest] + 0.5) * small_px_per_working_px - 0.5
    return np.column_stack([center, diameter[strongest] * small_px_per_working_px])


def guesses(first: Structure, second: Structure, *, stretched: bool = False) -> Iterator[NDArray[np.float64]]:
    """Guess how one picture lies over another.

    Parameters
    ----------
    first, second : Structure
    stretched : bool
        Whether the skin may be pulled apart in one of them: keypoints give affine maps then.

    Yields
    ------
    ndarray of shape (3, 3), float64
        Similarity transforms, or affine maps, from small px of the first to small px of the second, by keypoints of
        either map and of both; similarity transforms by constellations. Most may be wrong, and there may be none.
    """
    estimate: Any = cv2.estimateAffine2D if stretched else cv2.estimateAffinePartial2D
    matches = [_keypoint_matches(first, second, channel) for channel in range(first.maps.shape[2])]
    for points in (*matches, np.concatenate(matches)):
        if len(points) < _MEETINGS_MIN:
            continue
        matrix, _ = estimate(
            points[:, :2].copy(),  # OpenCV takes no strided rows
            points[:, 2:].copy(),
            method=cv2.RANSAC,
            ransacReprojThreshold=GUESS_TOLERANCE_PX,
            maxIters=20000,
            confidence=0.9999,
        )
        # OpenCV returns None where no four points agree.
        if matrix is not None and _is_plausible(matrix):
            yield np.vstack([matrix, [0.0, 0.0, 1.0]])
    yield from _constellations(first, second)


def _is_plausible(affine: NDArray[np.float64]) -> bool:
    """True where an affine map of shape (2, 3) turns nothing over, and is no zoom or pull that no two photos have."""
    long, short = np.linalg.svd(affine[:, :2], compute_uv=False)
    turned_over = np.linalg.det(affine[:, :2]) <= 0.0
    return bool(not turned_over and long < PULL_MAX * short and 1.0 / ZOOM_MAX < np.sqrt(long * short) < ZOOM_MAX)


def _keypoint_matches(first: Structure, second: Structure, channel: int) -> NDArray[np.float32]:
    """Keypoints of one map and their matches, rows of x, y in the first and x, y in the second."""
    sift: Any = cv2.SIFT.create(nfeatures=N_KEYPOINTS, contrastThreshold=0.02)
    level = 127.0 / DETAIL_MAX
    found = [
        sift.detectAndCompute((128.0 + level * side.maps[..., channel]).astype(np.uint8), side.mask)
        for side in (first, second)
    ]
    (keys, descriptors), (other_keys, other_descriptors) = found
    if len(keys) < 2 or len(other_keys) < 2:
        return np.zeros((0, 4), np.float32)
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, other_descriptors, k=2)
    good = [best for best, next_best in pairs if best.distance < RATIO_MAX * next_best.distance]
    rows = [(*keys[match.queryIdx].pt, *other_keys[match.trainIdx].pt) for match in good]
    return np.asarray(rows, np.float32).reshape(-1, 4)


def _constellations(first: Structure, second: Structure) -> Iterator[NDArray[np.float64]]:
    """Similarity transforms that make most landmarks of the first meet one of the second, the best ones first.

    Every neighbouring pair of the first is laid on every pair of the second that could be the same by its sizes.
    Places are complex numbers here: a similarity is z -> turn * z + shift.
    """
    near, far = _pairs(first.landmarks), _pairs(second.landmarks)
    if len(near) == 0 or len(far) == 0:
        return
    z, w = (side.landmarks[:, 0] + 1j * side.landmarks[:, 1] for side in (first, second))
    i, j = (index.ravel() for index in np.meshgrid(np.arange(len(near)), np.arange(len(far)), indexing="ij"))
    a, b, c, d = near[i, 0], near[i, 1], far[j, 0], far[j, 1]
    turn = (w[d] - w[c]) / (z[b] - z[a])
    zoom = np.abs(turn)
    size, other_size = first.landmarks[:, 2], second.landmarks[:, 2]
    with_zoom = [np.abs(np.log(other_size[q] / (size[p] * zoom))) for p, q in ((a, c), (b, d))]
    kept = (zoom > 1.0 / ZOOM_MAX) & (zoom < ZOOM_MAX) & (np.maximum(*with_zoom) < np.log(SIZE_RATIO_MAX))
    turn, shift = turn[kept], (w[c] - turn * z[a])[kept]
    if len(turn) == 0:
        return
    meetings = _meetings(turn, shift, z, second)
    for best in np.argsort(-meetings, kind="stable")[:N_CONSTELLATION_GUESSES]:
        if meetings[best] >= _MEETINGS_MIN:
            t, s = turn[best], shift[best]
            yield np.array([[t.real, -t.imag, s.real], [t.imag, t.real, s.imag], [0.0, 0.0, 1.0]])


def _pairs(landmarks: NDArray[np.float64]) -> NDArray[np.int64]:
    """Each landmark with each of its nearest neighbours, shape (pairs, 2)."""
    if len(landmarks) < 2:
        return np.zeros((0, 2), np.int64)
    distance = distances(landmarks[:, :2], landmarks[:, :2])
    nearest = np.argsort(distance, axis=1, kind="stable")[:, 1 : N_NEIGHBOURS + 1]
    return np.stack([np.repeat(np.arange(len(landmarks)), nearest.shape[1]), nearest.ravel()], axis=1)


def _meetings(
    turn: NDArray[np.complex128], shift: NDArray[np.complex128], z: NDArray[np.complex128], second: Structure
) -> NDArray[np.int64]:
    """Number of landmarks of the second that are met by one of the first, for each similarity."""
    height, width = second.mask.shape
    # A picture in which each landmark's surroundings carry its number is looked up instead of measuring distances.
    number = np.zeros((height, width), np.int32)
    for index, (x, y, _) in enumerate(second.landmarks, start=1):
        cv2.circle(number, (round(x), round(y)), round(MEETING_PX), index, -1)
    met = np.zeros((len(turn), len(second.landmarks) + 1), np.bool_)
    rows = np.arange(len(turn))
    for place in z:
        mapped = turn * place + shift
        x, y = np.rint(mapped.real).astype(np.int64), np.rint(mapped.imag).astype(np.int64)
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        met[rows[inside], number[y[inside], x[inside]]] = True
    return np.asarray(met[:, 1:].sum(axis=1))
