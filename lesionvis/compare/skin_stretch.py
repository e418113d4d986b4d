"""Stretch of the skin between two photos, told apart from the position of the camera.

A pull makes skin longer one way and narrower the other. So does a camera that looks at it askance, but then the far
side is also smaller than the near one, which a pull does not do. Neither light nor colour is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lesionvis.compare.registration import Registration
from lesionvis.geometry import project

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# Skin was pulled when its length along the pull, against that across, grew by this factor: 7 % longer, 3 % narrower.
# Of 600 pairs of poses tilted by 8 degrees (standard deviation) and no pull none comes above, by 15 degrees 2 %.
STRETCH_MIN = 1.1
# Focal length that is assumed, over the longer side of the frame: a phone's lens at twice its zoom. A wider lens makes
# the same tilt look steeper, and the test stricter; a photo that was cropped, less strict.
FOCAL_LENGTH = 1.3
# Skin becomes narrower by this part of how much longer it becomes.
CONTRACTION = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """Stretch of the skin at N places.

    Attributes
    ----------
    stretch : ndarray of shape (N,), float64
        Length along the pull over length across it, against before; at least what is left of that when as much as can
        be is put down to the camera. 1 for none.
    area : ndarray of shape (N,), float64
        Factor by which the skin's area grew, for skin that becomes narrower as it becomes longer.
    is_stretched : ndarray of shape (N,), bool
        Which places lie on skin that was pulled apart.
    """

    stretch: NDArray[np.float64]
    area: NDArray[np.float64]
    is_stretched: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.stretch, self.area, self.is_stretched):
            array.setflags(write=False)


def measure_pull(plain: Analysis, stretched: Analysis, registration: Registration, at_px: NDArray[np.float64]) -> Pull:
    """Measure how far the skin around places was pulled apart.

    Parameters
    ----------
    plain, stretched : Analysis
    registration : Registration
        From the plain photo to the stretched one, trusted.
    at_px : ndarray of shape (N, 2), float64
        Places (x, y) in the plain photo, source px.

    Returns
    -------
    Pull

    Notes
    -----
    A homography is perspective, then an affine map. The perspective, which off the middle of a photo also makes things
    longer, is taken off, and its strength gives the angle between the two lines of sight. If the plain photo was taken
    from right above, that angle makes things longer by one over its cosine, which is taken off as well. A tilt of the
    plain photo remains: it can look like a pull, or hide one.
    """
    middle, other_middle = (
        np.array([side.photo.source_width_px - 1.0, side.photo.source_height_px - 1.0]) / 2.0
        for side in (plain, stretched)
    )
    centred = _shift(-other_middle) @ registration.homography @ _shift(middle)
    perspective = np.eye(3)
    perspective[2, :2] = centred[2, :2] / centred[2, 2]
    # To the source px of the plain photo from where its places would lie without perspective.
    back = _shift(middle) @ np.asarray(np.linalg.inv(perspective), np.float64)
    places = project(np.asarray(np.linalg.inv(back), np.float64), at_px)
    step = registration.anchor_sigma_px
    across, down = (
        (registration.map_points(project(back, places + arm)) - registration.map_points(project(back, places - arm)))
        / (2.0 * step)
        for arm in (np.array([step, 0.0]), np.array([0.0, step]))
    )
    longest, shortest = np.linalg.svd(np.stack([across, down], axis=2), compute_uv=False).T
    # Depth over distance, per px of the plain photo; from twice as near the same tilt shows twice as much.
    zoom = np.sqrt(abs(np.linalg.det((centred @ np.linalg.inv(perspective))[:2, :2] / centred[2, 2])))
    focal_px = FOCAL_LENGTH * max(plain.photo.source_width_px, plain.photo.source_height_px)
    cosine = 1.0 / np.hypot(1.0, focal_px * np.hypot(*perspective[2, :2]) / zoom)
    stretch = np.maximum(np.asarray(longest / shortest) * cosine, 1.0)
    strain = (stretch - 1.0) / (1.0 + CONTRACTION * stretch)
    return Pull(stretch, (1.0 + strain) * (1.0 - CONTRACTION * strain), np.asarray(stretch > STRETCH_MIN))


def _shift(by: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix (3, 3) that moves places."""
    return np.array([[1.0, 0.0, by[0]], [0.0, 1.0, by[1]], [0.0, 0.0, 1.0]])
