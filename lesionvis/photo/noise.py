"""Sensor noise of a picture: how strong it is, and the same picture without most of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Noise below this is what JPEG leaves of most photos (95 % of 561 have less), and what the judges of spots have seen.
NOISE_MIN_LEVELS = 2.0
# The picture is looked at in patches of this side, one every so many px: they show the noise to a few percent.
PATCH_PX, PATCH_STRIDE_PX = 32, 96
# The calmest quarter of the patches shows the sensor, the others the skin as well.
CALM_SHARE = 0.25
# Second difference in both directions: blind to slopes and edges, six times the noise (Immerkaer 1996).
_SECOND_DIFFERENCE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_GAIN = 6.0
# Neighbours within so many px and so many noises are averaged: a faint spot of 4 px keeps its form.
REACH_PX, REACH_NOISES = 1.5, 4.0


def _noise_levels(rgb: NDArray[np.uint8]) -> float:
    """Standard deviation of the noise that differs from pixel to pixel, in the green channel, in levels of 255.

    Immerkaer 1996, Computer Vision and Image Understanding 64:300, in the calmest patches; 0 for a picture without a
    whole patch. Grain that is coarser than a pixel, as in scanned film, is not seen.

    >>> grey = np.random.default_rng(1).normal(128.0, 5.0, (256, 256, 3))
    >>> round(_noise_levels(np.clip(grey, 0, 255).astype(np.uint8)))
    5
    """
    height, width = rgb.shape[:2]
    spreads = [
        _spread(rgb[top : top + PATCH_PX, left : left + PATCH_PX, 1])
        for top in range(0, height - PATCH_PX + 1, PATCH_STRIDE_PX)
        for left in range(0, width - PATCH_PX + 1, PATCH_STRIDE_PX)
    ]
    return float(np.quantile(spreads, CALM_SHARE)) if spreads else 0.0


def _spread(patch: NDArray[np.uint8]) -> float:
    """Standard deviation of the noise of one channel of a patch (H, W)."""
    change = np.abs(cv2.filter2D(patch, cv2.CV_32F, _SECOND_DIFFERENCE))
    # Of a normal distribution the mean distance from 0 is the square root of 2 / pi of the standard deviation.
    return float(change.mean() * np.sqrt(np.pi / 2.0) / _GAIN)


def without_noise(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Picture whose noise is averaged out where there is much of it.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        The same array when its noise is below `NOISE_MIN_LEVELS`.

    Notes
    -----
    A bilateral filter (Tomasi and Manduchi 1998): neighbours of like colour are averaged, so that borders stay.
    """
    noise = _noise_levels(rgb)
    if noise < NOISE_MIN_LEVELS:
        return rgb
    return np.asarray(cv2.bilateralFilter(rgb, 5, REACH_NOISES * noise, REACH_PX), np.uint8)
