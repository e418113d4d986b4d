"""Checks of a photo as a whole, behind the flags of photos."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.spots.find import SMALLEST_SPOT_MM
from lesionvis.spots.peaks import DIAMETER_MIN_PX

# Below this share of skin there is nothing to judge.
SKIN_FRACTION_MIN = 0.05
# Mean level of the whole photo beyond which detail is lost, of 255.
DARK_LEVEL_MAX, BRIGHT_LEVEL_MIN = 40.0, 235.0
# Share of pixels at the top level that hides colour.
OVEREXPOSED_FRACTION_MIN = 0.25
# A sharp photo's second derivative varies by at least this many levels on the working picture; flat skin with sensor
# noise does too, defocus does not.
SHARPNESS_MIN_LEVELS = 1.2
# A camera never gives exactly one colour to a patch of 5 x 5 px but where the light is too much or too little for it:
# at most 0.27 of a photo lies in such patches (806 photos), at least 0.44 of a chart or a cartoon, compressed or not.
FLAT_PATCH_PX = 5
FLAT_SHARE_MIN = 0.4
FLAT_LEVELS = (25, 245)
# The round field of a dermatoscope, endoscope or microscope: all corners are dark, and what is not fills a circle to
# this share (overlap over union) and leaves some of the frame. Of 561 clinical photos none does.
FIELD_DARK_LEVEL = 30
FIELD_ROUNDNESS_MIN = 0.97
FIELD_SHARE_MAX = 0.95
FIELD_LONG_SIDE_PX = 160
# Without a scale: a photo of a forearm or a calf is about 200 mm across, and a spot of 1.5 mm is 3 px wide then. Of 304
# photos below 400 px that plainly show more than five spots one in four gave none, of 60 above it one in twenty. That
# the skin looks bare is asked besides, so that only photos below this size are refused: visible things called bare on
# sources left out 0.022, bare skin called so 0.46; with 400 px 0.006 and 0.42, without a limit 0.039 and 0.50.
TOO_SMALL_LONG_SIDE_PX = 250
# JPEG codes blocks of 8 x 8 px. At a quality of 30 neighbouring px on two sides of a block's edge differ three times as
# much as others, and one in six dots of 4 px is lost; at 20 it is 4.7 times and one in four. As stored, 360 photos of
# two collections reach 2.4, and one in a hundred of other sources 3.
BLOCK_PX = 8
BLOCKING_MAX = 3.0
# Differences of sensor noise, in levels, so that flat blocks do not divide by nothing.
_DIFFERENCE_FLOOR_LEVELS = 0.05


def photo_flags(
    rgb: NDArray[np.uint8], skin_fraction: float, is_dark: bool, working_px_per_mm: float | None = None
) -> tuple[str, ...]:
    """Names of the flags that a photo earns.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Working picture.
    skin_fraction : float
        Share of skin, 0 to 1.
    is_dark : bool
        Whether the skin is darker than the tones that were tested.
    working_px_per_mm : float, optional
        Where the scale is known.

    Returns
    -------
    tuple of str
        In the order of the registry.

    Examples
    --------
    >>> photo_flags(np.zeros((64, 64, 3), np.uint8), 0.0, False)
    ('no_skin', 'too_dark', 'blurred', 'too_small')
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    mean = cv2.mean(grey)[0]
    saturated = cv2.countNonZero(cv2.inRange(grey, 254.0, 255.0)) / grey.size
    _, sharpness = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    is_blurred = float(sharpness[0, 0]) < SHARPNESS_MIN_LEVELS
    earned = {
        "no_skin": skin_fraction < SKIN_FRACTION_MIN,
        "dark_skin": is_dark,
        "too_dark": mean < DARK_LEVEL_MAX,
        "overexposed": mean > BRIGHT_LEVEL_MIN or saturated > OVEREXPOSED_FRACTION_MIN,
        "blurred": is_blurred,
        # Without its fine structure a photo has such patches too.
        "flat_colours": not is_blurred and _flat_share(rgb, grey) > FLAT_SHARE_MIN,
        "dermatoscope_view": _is_dermatoscope_view(grey),
        "too_far": working_px_per_mm is not None and SMALLEST_SPOT_MM * working_px_per_mm < DIAMETER_MIN_PX,
        "too_small": working_px_per_mm is None and max(grey.shape) < TOO_SMALL_LONG_SIDE_PX,
        "compressed": blocking(grey) > BLOCKING_MAX,
    }
    return tuple(name for name, is_earned in earned.items() if is_earned)


def blocking(grey: NDArray[Any]) -> float:
    """How much more neighbouring px differ across the edges of blocks of `BLOCK_PX` than elsewhere.

    Parameters
    ----------
    grey : ndarray of shape (H, W), uint8
        At the resolution at which it was compressed; what was resized since has lost its blocks.

    Returns
    -------
    float
        Mean absolute difference across the edges over the median one of the other seven places, along and across the
        picture, the lesser of the two; about 1 without blocks. Wherever the blocks begin (Wang et al. 2002 for those
        at the corner).
    """
    ratios = []
    for one, other, axis in ((grey[:, 1:], grey[:, :-1], 0), (grey[1:], grey[:-1], 1)):
        steps = cv2.reduce(cv2.absdiff(one, other), axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
        whole = len(steps) // BLOCK_PX * BLOCK_PX
        if whole < 4 * BLOCK_PX:
            return 1.0
        places = np.sort(steps[:whole].reshape(-1, BLOCK_PX).mean(axis=0))
        ratios.append(places[-1] / (np.median(places[:-1]) + _DIFFERENCE_FLOOR_LEVELS))
    return float(min(ratios))


def _flat_share(rgb: NDArray[np.uint8], grey: NDArray[Any]) -> float:
    """Share of the picture, as far as the light suits the camera, that lies in patches of exactly one colour."""
    kernel = np.ones((FLAT_PATCH_PX, FLAT_PATCH_PX), np.uint8)
    span = cv2.morphologyEx(rgb, cv2.MORPH_GRADIENT, kernel)
    is_flat = cv2.inRange(span, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    usable = cv2.inRange(grey, FLAT_LEVELS[0] + 1.0, FLAT_LEVELS[1] - 1.0)
    both = cv2.countNonZero(cv2.bitwise_and(is_flat, usable))
    return both / max(cv2.countNonZero(usable), 0.05 * grey.size)


def _is_dermatoscope_view(grey: NDArray[Any]) -> bool:
    """True where the bright part of the picture is a round field within dark corners."""
    height, width = grey.shape
    ratio = min(1.0, FIELD_LONG_SIDE_PX / max(height, width))
    size = (max(3, round(width * ratio)), max(3, round(height * ratio)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    lit = (small > FIELD_DARK_LEVEL).astype(np.uint8)
    if lit[[0, 0, -1, -1], [0, -1, 0, -1]].any() or not lit.any():
        return False
    outlines, _ = cv2.findContours(lit, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
    field = cv2.drawContours(np.zeros_like(lit), [hull], -1, 1, cv2.FILLED) > 0
    (x, y), radius = cv2.minEnclosingCircle(hull)
    rows, columns = np.indices(field.shape)
    circle = np.hypot(columns - x, rows - y) <= radius
    roundness = (circle & field).sum() / max((circle | field).sum(), 1)
    return bool(roundness > FIELD_ROUNDNESS_MIN and field.mean() < FIELD_SHARE_MAX)
