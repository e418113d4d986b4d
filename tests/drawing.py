"""Maps with drawn spots of known place and size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.spots.outlines import FINE_FAN, Outlines

# Contrast of a clear petechia on the blood map (log10 density).
CONTRAST = 0.3


def disks(
    shape: tuple[int, int], places: list[tuple[float, float, float]], blur_sigma_px: float = 0.0
) -> NDArray[np.float32]:
    """Map of shape (H, W) with a disk of `CONTRAST` at each (x, y, diameter) in px, zero elsewhere.

    The part of each pixel that a disk covers is right to about a hundredth.
    """
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    picture = np.zeros(shape, np.float32)
    for x, y, diameter in places:
        distance = np.hypot(columns - x, rows - y)
        picture = np.maximum(picture, np.clip(0.5 + diameter / 2.0 - distance, 0.0, 1.0).astype(np.float32))
    if blur_sigma_px > 0.0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur_sigma_px), np.float32)
    return np.asarray(CONTRAST * picture, np.float32)


def ellipse(
    shape: tuple[int, int], x: float, y: float, long: float, short: float, angle_deg: float
) -> NDArray[np.bool_]:
    """Mask of shape (H, W) that is True inside an ellipse of these full axes, px."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    along = (columns - x) * cosine + (rows - y) * sine
    across = (rows - y) * cosine - (columns - x) * sine
    return np.asarray((2.0 * along / long) ** 2 + (2.0 * across / short) ** 2 <= 1.0)


def circles(places: list[tuple[float, float, float]]) -> Outlines:
    """Round outlines at (x, y, diameter)."""
    x, y, diameter = np.asarray(places, np.float64).reshape(-1, 3).T
    angles = FINE_FAN.angles_rad
    nothing = np.zeros(len(x))
    radii = np.repeat(diameter[:, None] / 2.0, len(angles), axis=1)
    return Outlines(x, y, radii, angles, np.full(len(x), CONTRAST), nothing, nothing)


def ellipse_corners(x: float, y: float, long: float, short: float, angle_deg: float = 0.0) -> NDArray[np.float64]:
    """Corners of an ellipse of these full axes."""
    turn = np.radians(angle_deg)
    t = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
    along, across = long / 2.0 * np.cos(t), short / 2.0 * np.sin(t)
    return np.stack(
        [x + along * np.cos(turn) - across * np.sin(turn), y + along * np.sin(turn) + across * np.cos(turn)], axis=1
    )
