"""Photo, Skin -> Spots: what is found, as a label image with sub-pixel outlines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.photo import Photo
from lesionvis.skin import Skin
from lesionvis.spots.evidence import Candidates, find_candidates
from lesionvis.spots.judge import Judge, distinct, packaged_judge
from lesionvis.spots.lesion import Regions, find_regions

# A candidate is a spot from this probability on: the value with the best F1 over photos left out of training.
SPOT_SCORE_MIN = 0.6
# A region is the dominant lesion from this expected overlap on: 9 of 10 lesions and 1 of 6 showers reach it.
LESION_SCORE_MIN = 0.4
# With so many likely spots on it, a region is rather a crowd, unless its expected overlap is this high.
CROWD_SPOTS_MIN = 3
CROWD_LESION_SCORE_MIN = 0.6
# Spots are drawn to this fraction of a pixel.
_SHIFT_BITS = 4


@dataclass(frozen=True, slots=True)
class Spots:
    """Spots of a photo, the largest first.

    Attributes
    ----------
    labels : ndarray of shape (H, W), int32
        0 = background, k = spot k (from 1), at working resolution.
    outlines_px : tuple of N ndarrays of shape (K, 2), float64
        Border of each spot, corners (x, y) in source px.
    score : ndarray of shape (N,), float64
        Probability of being a spot of blood; for the dominant lesion its expected overlap with the truth.
    lesion : int
        Number of the dominant lesion's spot; 0 when no lesion dominates.
    candidates : Candidates
        All that was looked at.
    candidate_scores : ndarray of shape (len(candidates),), float64
        Probability of each.
    regions : Regions
        Regions that could have been the dominant lesion.
    region_scores : ndarray of shape (len(regions),), float64
        Expected overlap of each.
    """

    labels: NDArray[np.int32]
    outlines_px: tuple[NDArray[np.float64], ...]
    score: NDArray[np.float64]
    lesion: int
    candidates: Candidates
    candidate_scores: NDArray[np.float64]
    regions: Regions
    region_scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.outlines_px)


def find_spots(photo: Photo, skin: Skin, judge: Judge | None = None) -> Spots:
    """Find the spots of a photo.

    Parameters
    ----------
    photo : Photo
    skin : Skin
        Of the same photo.
    judge : Judge, optional
        The one that comes with the package unless given.

    Returns
    -------
    Spots
        Of length 0 when nothing was found.

    Notes
    -----
    Small spots and the one dominant lesion are found by different means and compete for the same ground: the lesion
    takes what lies on it, touching spots are split where the contrast has a valley between them.
    """
    judge = packaged_judge() if judge is None else judge
    candidates = find_candidates(optical_density(photo.rgb), skin)
    scores = judge.spot_scores(candidates)
    regions = find_regions(photo, skin)
    region_scores = judge.region_scores(regions)
    shape = skin.mask.shape

    chosen = distinct(candidates, scores, SPOT_SCORE_MIN)
    outlines = [candidates.outlines.border_px(i) for i in chosen]
    kept_scores = [float(scores[i]) for i in chosen]
    lesion = _lesion_mask(regions, region_scores, shape)
    if lesion is not None:
        outside = [i for i, outline in enumerate(outlines) if not _lies_on(lesion, outline)]
        is_crowd = len(outlines) - len(outside) >= CROWD_SPOTS_MIN
        if is_crowd and region_scores.max() < CROWD_LESION_SCORE_MIN:
            lesion = None
        else:
            outlines = [_border(lesion), *(outlines[i] for i in outside)]
            kept_scores = [float(region_scores.max()), *(kept_scores[i] for i in outside)]
    areas = [_polygon_area(outline) for outline in outlines]
    order = sorted(range(len(outlines)), key=lambda i: (-areas[i], i))
    labels = _paint([outlines[i] for i in order], [kept_scores[i] for i in order], shape)
    labels.setflags(write=False)
    return Spots(
        labels,
        tuple(photo.to_source(outlines[i]) for i in order),
        np.asarray([kept_scores[i] for i in order], np.float64),
        1 + order.index(0) if lesion is not None else 0,
        candidates,
        scores,
        regions,
        region_scores,
    )


def _lesion_mask(regions: Regions, scores: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """The best region at working resolution, or None when none is good enough."""
    if len(regions) == 0 or scores.max() < LESION_SCORE_MIN:
        return None
    mask = regions.mask(int(scores.argmax()), shape)
    return mask if mask.any() else None


def _lies_on(lesion: NDArray[np.bool_], outline: NDArray[np.float64]) -> bool:
    """Whether a spot's centre or a third of its corners lie on the lesion."""
    points = np.vstack([outline, outline.mean(axis=0)])
    columns = np.clip(np.round(points[:, 0]), 0, lesion.shape[1] - 1).astype(int)
    rows = np.clip(np.round(points[:, 1]), 0, lesion.shape[0] - 1).astype(int)
    covered = lesion[rows, columns]
    return bool(covered[-1] or covered[:-1].mean() > 1.0 / 3.0)


def _border(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Corners of the largest part of a mask, on the outer edge of its pixels, in working px."""
    # Contours run through the centres of the border's pixels; on a picture of twice the size those lie a quarter of
    # a pixel inside the edge.
    doubled = cv2.resize(mask.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return (max(outlines, key=cv2.contourArea)[:, 0].astype(np.float64) - 0.5) / 2.0


def _polygon_area(corners: NDArray[np.float64]) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return float(abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2.0)


def _shrunk(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outline half a pixel smaller all around: what is painted is every pixel that the line touches."""
    centre = outline.mean(axis=0)
    arm = outline - centre
    length = np.hypot(arm[:, 0], arm[:, 1])[:, None]
    return np.asarray(centre + arm * np.maximum(1.0 - 0.5 / np.maximum(length, 0.5), 0.0))


def _paint(outlines: list[NDArray[np.float64]], scores: list[float], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Label image; where outlines overlap, the likelier spot is on top."""
    labels = np.zeros(shape, np.int32)
    for index in sorted(range(len(outlines)), key=lambda i: (scores[i], -i)):
        corners = np.round(_shrunk(outlines[index]) * 2**_SHIFT_BITS).astype(np.int32)
        cv2.fillPoly(labels, [corners], index + 1, shift=_SHIFT_BITS)
    # Spots that lie wholly under others, or between pixels, keep the pixel in their middle.
    is_seen = np.zeros(len(outlines) + 1, np.bool_)
    is_seen[labels[labels > 0]] = True
    for label in np.flatnonzero(~is_seen[1:]) + 1:
        column, row = np.round(outlines[label - 1].mean(axis=0)).astype(int)
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            labels[row, column] = label
    return labels
