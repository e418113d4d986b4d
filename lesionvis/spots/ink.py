"""Strokes of a pen, shadows in folds and hairs on a small picture: long, thin and dark, and never a lesion."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Widest stroke on the small picture of `regions`: 17 px of 144. What is wider is left alone.
STROKE_MAX_PX = 17
# A stroke takes so much more red light (log10) than the skin on both its sides. Ink and shadow take red light nearly as
# much as blue; blood takes hardly any, and melanin half as much.
STROKE_RED_DENSITY_MIN = 0.08
STROKE_RED_PER_BLUE_MIN = 0.65
# ... and wide strokes, which a dark and uneven lesion might have within it, are blue or grey.
WIDE_RADIUS_PX = 3.5
WIDE_RED_PER_BLUE_MIN = 0.9
# Shorter ones are no strokes.
STROKE_LENGTH_MIN_PX = 20
# A ring or an arc: it encloses more than it covers, and is long for its largest half width (a disk has 3.1 here).
RING_HULL_PER_AREA_MIN, RING_AREA_PER_RADIUS_SQUARE_MIN = 1.6, 12.0
# A straight stroke: length over mean width.
LINE_ASPECT_MIN = 7.0
# What is under a stroke is guessed from the skin within about so many px.
_FILL_SIGMA_PX = 6.0


def find_strokes(density: NDArray[np.float32], healthy_density: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Long thin strokes that are darker than the skin on both sides, and not of the colour of blood or pigment.

    Parameters
    ----------
    density, healthy_density : ndarray of shape (h, w, 3), float32
        Optical density of a small picture, and that of healthy skin there.

    Returns
    -------
    ndarray of shape (h, w), bool
        Rings and lines of a pen, whatever they enclose; also hairs and the shadows between folds and fingers.
        Blue lesions are no strokes: they are not long for their width.
    """
    relative = cv2.GaussianBlur(density, (0, 0), 0.7) - healthy_density
    red, blue = np.ascontiguousarray(relative[..., 0]), np.ascontiguousarray(relative[..., 2])
    kernel = np.ones((STROKE_MAX_PX, STROKE_MAX_PX), np.uint8)
    beside = cv2.morphologyEx(red, cv2.MORPH_OPEN, kernel)
    red_step, blue_step = red - beside, blue - cv2.morphologyEx(blue, cv2.MORPH_OPEN, kernel)
    is_dark = (red_step > STROKE_RED_DENSITY_MIN) & (red_step > STROKE_RED_PER_BLUE_MIN * blue_step)
    # On a dark lesion the step within it is small beside that from the skin.
    dark = (is_dark & (beside < red_step)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    depth = cv2.distanceTransform(dark, cv2.DIST_L2, 5)
    is_stroke = np.zeros(count, np.bool_)
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        if max(width, height, area) < STROKE_LENGTH_MIN_PX or max(width, height) < STROKE_LENGTH_MIN_PX:
            continue
        box = (slice(top, top + height), slice(left, left + width))
        part = labels[box] == label
        radius = max(float(depth[box][part].max()), 1.0)
        points = cv2.findNonZero(part.astype(np.uint8))
        hull_area = cv2.contourArea(cv2.convexHull(points)) + 1.0
        length = max(cv2.minAreaRect(points)[1]) + 1.0
        is_ring = hull_area > RING_HULL_PER_AREA_MIN * area and area > RING_AREA_PER_RADIUS_SQUARE_MIN * radius**2
        is_line = length**2 > LINE_ASPECT_MIN * area
        red_mean, blue_mean = float(red_step[box][part].mean()), float(blue_step[box][part].mean())
        is_grey = radius <= WIDE_RADIUS_PX or red_mean > WIDE_RED_PER_BLUE_MIN * blue_mean
        is_stroke[label] = (is_ring or is_line) and is_grey
    return np.asarray(is_stroke[labels])


def without_strokes(
    density: NDArray[np.float32], healthy_density: NDArray[np.float32], strokes: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Density with the skin beside each stroke in its place.

    Parameters
    ----------
    density, healthy_density : ndarray of shape (h, w, 3), float32
    strokes : ndarray of shape (h, w), bool

    Returns
    -------
    ndarray of shape (h, w, 3), float32
        Under the strokes and a pixel around them the mean departure from healthy skin of what lies beside them.
    """
    if not strokes.any():
        return density
    covered = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    free = (~covered).astype(np.float32)
    departure = cv2.GaussianBlur((density - healthy_density) * free[..., None], (0, 0), _FILL_SIGMA_PX)
    share = cv2.GaussianBlur(free, (0, 0), _FILL_SIGMA_PX)
    filled = density.copy()
    filled[covered] = (healthy_density + departure / np.maximum(share, 1e-3)[..., None])[covered]
    return filled
