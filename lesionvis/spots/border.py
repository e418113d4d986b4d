"""Border of the dominant lesion: the vote of the regions that agree, then the steepest closed path near it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.spots.regions import Regions, enlarged

# So many of the likeliest regions vote, if they expect at least this share of the chosen one's overlap, and if they
# share this part of the smaller of the two; a vote weighs as its share to this power.
VOTERS, VOTE_SHARE_MIN, VOTE_GROUND_MIN, VOTE_POWER = 25, 0.6, 0.3, 16.0
# What the vote gives must still be the chosen region (intersection over union).
VOTE_OVERLAP_MIN = 0.6
# Lesions are looked at with their radius at most so long, in px: finer detail is no border.
PATCH_RADIUS_PX = 40.0
# Smaller lesions keep the border of their region.
RADIUS_MIN_PX = 4.0
# The path is sought at so many angles, at distances from INNER to OUTER of the region's own border.
N_ANGLES, N_RADII, INNER, OUTER = 96, 64, 0.45, 1.35
# Distance from the region's border, in its radii, at which a step counts 60 %; and in px of the small picture on which
# regions are found, for small ones.
PRIOR_RADII, PRIOR_SMALL_PX = 0.2, 0.6
# Cost of a change of the radius between two angles, beside gains of at most 1.
BEND_COST = 0.01
# The fall is taken over this part of the radius on both sides.
LAG = 0.07
# Density is smoothed by this share of the radius first.
SMOOTH_RADII = 0.04
# The lesion's own colour is the median deeper inside than this share of the radius, the skin's that of a ring.
CORE_DEPTH, RING_FROM, RING_TO = 0.1, 0.15, 0.5
STEP_MIN = 0.05
# A path of another size than the region, in areas, has left the lesion; a small one may be wrong by a px of the small
# picture all around.
AREA_RATIO = (0.7, 1.25)
# Each distance is the mean of so many before and after it: single corners would make the longest diameter longer.
EVEN_ANGLES = 2


def lesion_border(
    rgb: NDArray[np.uint8],
    skin_mask: NDArray[np.bool_],
    regions: Regions,
    scores: NDArray[np.float64],
    chosen: int,
) -> NDArray[np.float64]:
    """Border of the lesion that a region shows.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Working picture.
    skin_mask : ndarray of shape (H, W), bool
    regions : Regions
        Of the same picture.
    scores : ndarray of shape (len(regions),), float64
        Expected overlap of each with the lesion.
    chosen : int
        Number of the region that is the lesion.

    Returns
    -------
    ndarray of shape (K, 2), float64
        Corners (x, y) in working px: a smooth line where the colour changes most; where there is no such line, the
        outer edge of the px that most of the likely regions hold. K is 0 when these hold none.

    Notes
    -----
    A region ends at the foot of the slope from the lesion's colour to the skin's, so that its length comes out 7 %
    above what readers measure; they take the middle of the slope (Kass et al. 1988 for paths of least cost on edges).
    """
    mask = _largest_piece(enlarged(vote(regions, scores, chosen), skin_mask.shape))
    if not mask.any():
        return np.zeros((0, 2))
    strokes = cv2.dilate(regions.strokes.astype(np.uint8), np.ones((3, 3), np.uint8))
    covered = cv2.resize(strokes, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    coarseness_px = mask.shape[1] / regions.shape[1]
    path = steepest(rgb, ((covered == 0) & skin_mask).astype(np.uint8), mask, coarseness_px)
    return mask_corners(mask) if path is None else path


def mask_corners(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Corners (K, 2) of the largest part of a mask, on the outer edge of its pixels, in px.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool
        True at one pixel at least.

    Returns
    -------
    ndarray of shape (K, 2), float64
        Corners (x, y) in px of the mask.
    """
    # Contours run through the centres of the border's pixels; on a picture of twice the size those lie a quarter of
    # a pixel inside the edge.
    doubled = cv2.resize(mask.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return (max(outlines, key=cv2.contourArea)[:, 0].astype(np.float64) - 0.5) / 2.0


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest part of a mask, with its holes filled."""
    picture = mask.astype(np.uint8)
    outlines, _ = cv2.findContours(picture, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return mask
    largest = max(outlines, key=cv2.contourArea)
    return np.asarray(cv2.drawContours(np.zeros_like(picture), [largest], -1, 1, cv2.FILLED) > 0)


def vote(regions: Regions, scores: NDArray[np.float64], chosen: int) -> NDArray[np.float32]:
    """Share of the likely regions that hold each px of the small picture.

    Parameters
    ----------
    regions : Regions
    scores : ndarray of shape (len(regions),), float64
        Expected overlap of each with the lesion.
    chosen : int
        Number of the region that is the lesion.

    Returns
    -------
    ndarray of shape (h, w), float32
        0 to 1; the lesion is where it is over one half.
    """
    own = regions.small_mask(chosen)
    total, votes = 0.0, np.zeros(regions.shape, np.float32)
    for index in np.argsort(-scores, kind="stable")[:VOTERS]:
        share = float(scores[index] / scores[chosen])
        if share < VOTE_SHARE_MIN:
            break
        other = regions.small_mask(int(index))
        shared = np.count_nonzero(other & own)
        if shared < VOTE_GROUND_MIN * min(np.count_nonzero(other), np.count_nonzero(own)):
            continue
        weight = min(share, 1.0) ** VOTE_POWER
        votes += np.float32(weight) * other
        total += weight
    votes /= np.float32(max(total, 1e-9))
    result = votes > 0.5
    overlap = float((result & own).sum()) / max(float((result | own).sum()), 1.0)
    return votes if overlap >= VOTE_OVERLAP_MIN else own.astype(np.float32)


def steepest(
    rgb: NDArray[np.uint8], free: NDArray[np.uint8], mask: NDArray[np.bool_], coarseness_px: float = 1.0
) -> NDArray[np.float64] | None:
    """Closed path near the border of a mask on which the colour falls most from the lesion's to the skin's.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    free : ndarray of shape (H, W), uint8
        One where skin is that no stroke covers.
    mask : ndarray of shape (H, W), bool
        Roughly the lesion; one piece without holes.
    coarseness_px : float
        Size of the px from which the mask was enlarged.

    Returns
    -------
    ndarray of shape (N_ANGLES, 2), float64, or None
        Corners (x, y) in px of the picture; None where there is no such path.
    """
    height, width = mask.shape
    left, top, box_width, box_height = cv2.boundingRect(mask.astype(np.uint8))
    radius = float(np.sqrt(np.count_nonzero(mask) / np.pi))
    reach = int(1.2 * radius) + 8
    y0, y1 = max(0, top - reach), min(height, top + box_height + reach)
    x0, x1 = max(0, left - reach), min(width, left + box_width + reach)
    box = (slice(y0, y1), slice(x0, x1))
    factor = min(1.0, PATCH_RADIUS_PX / radius)
    size = (max(1, round((x1 - x0) * factor)), max(1, round((y1 - y0) * factor)))
    fx, fy = size[0] / (x1 - x0), size[1] / (y1 - y0)
    density = optical_density(np.asarray(cv2.resize(rgb[box], size, interpolation=cv2.INTER_AREA), np.uint8))
    small = cv2.resize(mask[box].astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    skin = cv2.resize(free[box], size, interpolation=cv2.INTER_NEAREST) > 0
    prior = max(PRIOR_RADII, PRIOR_SMALL_PX * coarseness_px / radius)
    path = _path(density, skin, small, prior, coarseness_px / radius)
    if path is None:
        return None
    corners = (path + 0.5) / (fx, fy) - 0.5 + (x0, y0)
    return np.asarray(np.clip(corners, -0.5, (width - 0.5, height - 0.5)))


def _path(
    density: NDArray[np.float32],
    skin: NDArray[np.bool_],
    small: NDArray[np.bool_],
    prior_radii: float,
    coarseness_radii: float,
) -> NDArray[np.float64] | None:
    radius = float(np.sqrt(np.count_nonzero(small) / np.pi))
    if radius < RADIUS_MIN_PX:
        return None
    smooth = cv2.GaussianBlur(density, (0, 0), max(0.8, SMOOTH_RADII * radius))
    inner = cv2.distanceTransform(small.astype(np.uint8), cv2.DIST_L2, 5)
    outer = cv2.distanceTransform((~small).astype(np.uint8), cv2.DIST_L2, 5)
    core = inner > CORE_DEPTH * radius
    if np.count_nonzero(core) < 20:
        core = inner > 0.5 * inner.max()
    ring = (outer > max(2.0, RING_FROM * radius)) & (outer < max(5.0, RING_TO * radius)) & skin
    if np.count_nonzero(ring) < 30:
        return None
    level = np.median(smooth[ring], axis=0)
    step = np.median(smooth[core], axis=0) - level
    if np.abs(step).sum() < STEP_MIN:
        return None
    share = np.clip((smooth - level) @ step / float(step @ step), -0.3, 1.0).astype(np.float32)
    share[~skin & ~small] = 0.0
    rows, columns = np.nonzero(small)
    centre = np.array([columns.mean(), rows.mean()])
    radii = _radii(small, centre, radius)
    factors = np.linspace(INNER, max(OUTER, 1.0 + 2.0 * prior_radii), N_RADII)
    distance = radii[:, None] * factors
    seen = _along_rays(share, centre, distance)
    lag = max(1, round(LAG / (factors[1] - factors[0])))
    fall = np.zeros(seen.shape)
    fall[:, lag:-lag] = np.maximum(seen[:, : -2 * lag] - seen[:, 2 * lag :], 0.0)
    fall *= np.exp(-0.5 * ((factors - 1.0) / prior_radii) ** 2)
    fall[:, :lag] = fall[:, -lag:] = -1.0
    chosen = _evened(radii * factors[_closed_path(fall)], EVEN_ANGLES)
    angles = np.arange(N_ANGLES) * (2.0 * np.pi / N_ANGLES)
    corners = centre + chosen[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    area = cv2.contourArea(corners.astype(np.float32))
    low = min(AREA_RATIO[0], max(0.0, 1.0 - coarseness_radii) ** 2)
    high = max(AREA_RATIO[1], (1.0 + coarseness_radii) ** 2)
    return corners if low * len(rows) < area < high * len(rows) else None


def _along_rays(
    picture: NDArray[np.float32], centre: NDArray[np.float64], distance: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Values at distances (N_ANGLES, K) from a centre."""
    angles = np.arange(N_ANGLES)[:, None] * (2.0 * np.pi / N_ANGLES)
    x = (centre[0] + distance * np.cos(angles)).astype(np.float32)
    y = (centre[1] + distance * np.sin(angles)).astype(np.float32)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _radii(small: NDArray[np.bool_], centre: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Distance of the farthest px of a mask at each angle, evened out over five of them."""
    along = np.arange(0.0, 2.5 * radius + 3.0, 0.5)
    framed = cv2.copyMakeBorder(small.astype(np.float32), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0.0)
    inside = _along_rays(np.asarray(framed), centre + 1.0, np.broadcast_to(along, (N_ANGLES, len(along)))) > 0.5
    last = np.where(inside.any(axis=1), inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1), 0)
    return _evened(np.maximum(along[last], 0.3 * radius), 2)


def _evened(radii: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Mean of each radius and of so many before and after it."""
    around = np.r_[radii[len(radii) - reach :], radii, radii[:reach]]
    return np.convolve(around, np.full(2 * reach + 1, 1.0 / (2 * reach + 1)), "valid")


def _closed_path(gain: NDArray[np.float64]) -> NDArray[np.int64]:
    """Column per row of the closed path of the greatest sum; it moves by at most one column a row."""
    half = len(gain) // 2
    # The best open path is closed at its middle row, far from its free ends.
    start = int(_best_path(gain, None)[half])
    return np.roll(_best_path(np.roll(gain, -half, axis=0), start), half)


def _best_path(gain: NDArray[np.float64], start: int | None) -> NDArray[np.int64]:
    """Dynamic programming; with a start the path begins and ends there."""
    n, k = gain.shape
    total = gain[0].copy()
    if start is not None:
        total[:] = -1e9
        total[start] = gain[0, start]
    move = np.zeros((n, k), np.int64)
    for row in range(1, n):
        options = np.stack([np.r_[-1e9, total[:-1]] - BEND_COST, total, np.r_[total[1:], -1e9] - BEND_COST])
        choice = options.argmax(axis=0)
        move[row] = np.arange(k) + choice - 1
        total = options[choice, np.arange(k)] + gain[row]
    if start is not None:
        total[np.abs(np.arange(k) - start) > 1] = -1e9
    path = np.zeros(n, np.int64)
    path[-1] = int(total.argmax())
    for row in range(n - 1, 0, -1):
        path[row - 1] = move[row, path[row]]
    return path
