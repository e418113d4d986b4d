"""Usual spot detectors that one would use without this project, each with a threshold to tune.

They get what helps them: the map that suits each best, the healthy background taken off, and the threshold that is
best on the very photos that they are judged on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Found = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Centres (x, y) in px, shape (N, 2), and diameters in px, shape (N,)."""

# Background: the local mean over about this part of the longer side.
_BACKGROUND_FRACTION = 0.06
_DIAMETER_RANGE_PX = (3.0, 60.0)
_SIGMAS = {"min_sigma": 1.5, "max_sigma": 14.0}
_THRESHOLD_LOCAL_BLOCK_PX = 51


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A detector.

    Attributes
    ----------
    name : str
    find : callable
        Picture of shape (H, W, 3), uint8 sRGB, and a threshold -> `Found`.
    thresholds : tuple of float
        What is tried.
    """

    name: str
    find: Callable[[NDArray[np.uint8], float], Found]
    thresholds: tuple[float, ...]


def _above_background(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    sigma = _BACKGROUND_FRACTION * max(picture.shape)
    return np.asarray(picture - cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _a_star(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIE a* less its background."""
    return _above_background(
        np.asarray(cv2.cvtColor(rgb.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2LAB)[..., 1], np.float32)
    )


def _log_ratio(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Natural logarithm of red over green, of the values in the file, less its background."""
    red, green = np.log(rgb[..., 0] + 1.0), np.log(rgb[..., 1] + 1.0)
    return _above_background(np.asarray(red - green, np.float32))


def _components(mask: NDArray[np.bool_]) -> Found:
    """Connected parts of a mask that are neither specks nor areas."""
    count, _, statistics, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    diameter = np.sqrt(4.0 * statistics[1:count, cv2.CC_STAT_AREA] / np.pi)
    kept = (diameter >= _DIAMETER_RANGE_PX[0]) & (diameter <= _DIAMETER_RANGE_PX[1])
    return centres[1:][kept], diameter[kept]


def _blobs(rows: NDArray[np.float64]) -> Found:
    """Rows of y, x, sigma as scikit-image gives them; a disk's radius is sigma times the root of two."""
    return rows[:, 1::-1].reshape(-1, 2), 2.0 * np.sqrt(2.0) * rows[:, 2]


def grey_threshold(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find dark parts at a fixed grey level.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Grey level, 0 to 255.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    return _components(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) < threshold)


def a_star_threshold(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find connected parts of a* above its background.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Height above the background, a*.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    return _components(_a_star(rgb) > threshold)


def log_ratio_threshold(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find connected parts of log(R/G) above its background.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Height above the background.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    return _components(_log_ratio(rgb) > threshold)


def threshold_local(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find connected parts by scikit-image's adaptive threshold of log(R/G).

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Height above the local mean.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    from skimage.filters import threshold_local as local

    picture = _log_ratio(rgb)
    return _components(picture > local(picture, _THRESHOLD_LOCAL_BLOCK_PX, offset=-threshold))  # type: ignore[no-untyped-call]


def blob_log(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find blobs by scikit-image's Laplacian of Gaussian of a*.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Lowest response, on a* over 100.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    from skimage.feature import blob_log as laplacian

    return _blobs(laplacian(_a_star(rgb) / 100.0, **_SIGMAS, num_sigma=8, threshold=threshold))  # type: ignore[no-untyped-call]


def blob_dog(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find blobs by scikit-image's difference of Gaussians of log(R/G).

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Lowest response.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    from skimage.feature import blob_dog as difference

    return _blobs(difference(_log_ratio(rgb), **_SIGMAS, threshold=threshold))  # type: ignore[no-untyped-call]


def simple_blob_detector(rgb: NDArray[np.uint8], threshold: float) -> Found:
    """Find blobs of a* by OpenCV's SimpleBlobDetector.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    threshold : float
        Grey levels above the background, four per unit of a*.

    Returns
    -------
    Found
        Centres (N, 2) and diameters (N,), px.
    """
    picture = np.clip(128.0 + 4.0 * _a_star(rgb), 0, 255).astype(np.uint8)
    parameters = cv2.SimpleBlobDetector.Params()
    parameters.blobColor = 255
    parameters.minThreshold, parameters.maxThreshold, parameters.thresholdStep = 128.0 + threshold, 250.0, 6.0
    parameters.minDistBetweenBlobs = 2.0
    parameters.minArea, parameters.maxArea = (np.pi / 4.0 * d**2 for d in _DIAMETER_RANGE_PX)
    parameters.filterByConvexity = parameters.filterByInertia = parameters.filterByCircularity = False
    points = cv2.SimpleBlobDetector.create(parameters).detect(picture)
    return np.asarray([p.pt for p in points], np.float64).reshape(-1, 2), np.asarray([p.size for p in points])


BASELINES = (
    Baseline("fixed grey threshold", grey_threshold, tuple(range(40, 200, 10))),
    Baseline("blob_dog, log(R/G)", blob_dog, (0.01, 0.015, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1)),
    Baseline("threshold_local, log(R/G)", threshold_local, (0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2)),
    Baseline("components, log(R/G)", log_ratio_threshold, (0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2)),
    Baseline("SimpleBlobDetector, a*", simple_blob_detector, (2.0, 6.0, 10.0, 14.0, 18.0, 24.0, 30.0, 40.0)),
    Baseline("blob_log, a*", blob_log, (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08)),
    Baseline("components, a*", a_star_threshold, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)),
)
