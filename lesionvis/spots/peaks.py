"""Places where something spot-like may be: maxima of difference-of-Gaussians over place and size."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

# Three sizes per octave: the response of a disk falls by less than 3 % between two of them (Lowe 2004).
SIZES_PER_OCTAVE = 3
# A disk answers most where sigma = radius / sqrt(2).
RADIUS_PER_SIGMA = float(np.sqrt(2.0))
# Finest blur in px of an octave: a spot of about 3 px, the smallest that can be told from noise.
SIGMA_MIN_PX = 1.0
# Peaks are sought from the first octave on whose longer side is at most this: a spot under 3 px there is under 0.3 %
# of the frame, and the finest octave of a large photo would cost more than all others together. Where it is known how
# many px the smallest spots have, they are sought from the octave on that shows them.
LONG_SIDE_MAX_PX = 1280
# Diameter in px, within an octave, of the smallest spot that answers there.
DIAMETER_MIN_PX = 2.0 * RADIUS_PER_SIGMA * SIGMA_MIN_PX
# Response that a spot must give, in units of the map (log10 density): about a tenth of a faint petechia's contrast.
RESPONSE_MIN = 0.012
# ... and in units of the photo's own texture at that size (robust standard deviation of all responses).
RESPONSE_MIN_TEXTURES = 1.5
# The largest spot sought here, as a share of the shorter side; beyond that the lesion finder takes over.
DIAMETER_MAX_FRACTION = 0.6

_RATIO = 2.0 ** (1.0 / SIZES_PER_OCTAVE)
_LEVEL_MIN_SIDE_PX = 12


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """Spot-like places of a map, one element of each array per peak.

    Attributes
    ----------
    x_px, y_px : ndarray of shape (N,), float64
        Position in working px.
    sigma_px : ndarray of shape (N,), float64
        Scale of the best answer in working px; a disk of that scale has radius `RADIUS_PER_SIGMA * sigma_px`.
    octave : ndarray of shape (N,), int64
        Number of halvings of the map at which the peak was found.
    response : ndarray of shape (N,), float64
        Normalised difference of Gaussians, in units of the map.
    texture : ndarray of shape (N,), float64
        Robust standard deviation of the responses at that scale over the skin, in units of the map.
    """

    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    sigma_px: NDArray[np.float64]
    octave: NDArray[np.int64]
    response: NDArray[np.float64]
    texture: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x_px)

    def take(self, indices: NDArray[np.int64]) -> Peaks:
        """Select peaks.

        Parameters
        ----------
        indices : ndarray of shape (M,), int
            Which peaks.

        Returns
        -------
        Peaks
            M peaks in the order of `indices`.
        """
        return Peaks(
            self.x_px[indices],
            self.y_px[indices],
            self.sigma_px[indices],
            self.octave[indices],
            self.response[indices],
            self.texture[indices],
        )


def octaves(picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Picture halved again and again, by averaging 2 x 2 px.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, C), float32

    Returns
    -------
    list of ndarray
        The picture itself first; the last one is the smallest that still has `_LEVEL_MIN_SIDE_PX` a side.
    """
    levels = [picture]
    while min(levels[-1].shape[:2]) >= 2 * _LEVEL_MIN_SIDE_PX:
        height, width = levels[-1].shape[:2]
        halved = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(halved, np.float32))
    return levels


def spread_places(mask: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Places spread evenly over a mask, row by row.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool
    count : int
        About how many are wanted; there are less than twice as many, or as many as the mask holds.

    Returns
    -------
    ndarray of shape (N,), int64
        Indices into the flat mask.

    Examples
    --------
    >>> spread_places(np.ones((2, 4), np.bool_), 3).tolist()
    [0, 2, 4, 6]
    """
    held = int(np.count_nonzero(mask))
    step = max(1, held // count)
    if held == mask.size:  # most close-ups; listing all places takes a millisecond or two
        return np.arange(0, held, step, dtype=np.int64)
    return np.flatnonzero(mask)[::step]


def find_peaks(levels: list[NDArray[np.float32]], mask: NDArray[np.bool_], smallest_px: float | None = None) -> Peaks:
    """Maxima of the difference of Gaussians over place and size.

    Parameters
    ----------
    levels : list of ndarray, float32
        `octaves` of the map on which spots are bright.
    mask : ndarray of shape (H, W), bool
        Where peaks may lie, at the resolution of the first level.
    smallest_px : float, optional
        Diameter in px of the first level of the smallest spots that are wanted; a share of the frame unless given.

    Returns
    -------
    Peaks
        Of length 0 when nothing stands out.

    Notes
    -----
    Scale space after Lindeberg 1998 and Lowe 2004: each level of an octave pyramid is blurred at five sizes, and a
    peak is at least as large as its 26 neighbours in place and size.
    """
    sigma_max = DIAMETER_MAX_FRACTION * min(mask.shape) / (2.0 * RADIUS_PER_SIGMA)
    found: list[NDArray[np.float64]] = []
    for octave in range(_first_octave(levels, smallest_px), len(levels)):
        level = levels[octave]
        height, width = level.shape
        if SIGMA_MIN_PX * 2**octave > sigma_max:
            break
        inside = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
        found.extend(_peaks_of_octave(level, inside, octave, sigma_max))
    table = np.concatenate(found) if found else np.zeros((0, 6))
    return Peaks(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int64), table[:, 4], table[:, 5])


def _first_octave(levels: list[NDArray[np.float32]], smallest_px: float | None) -> int:
    """Octave from which on peaks are sought."""
    first = next((octave for octave, level in enumerate(levels) if max(level.shape) <= LONG_SIDE_MAX_PX), 0)
    while first and smallest_px is not None and smallest_px < DIAMETER_MIN_PX * 2**first:
        first -= 1
    return first


def _peaks_of_octave(
    level: NDArray[np.float32], inside: NDArray[np.bool_], octave: int, sigma_max_px: float
) -> list[NDArray[np.float64]]:
    """Rows x, y, sigma, octave, response, texture for each size of one octave."""
    factor = 2**octave
    sigmas = [SIGMA_MIN_PX * _RATIO**i for i in range(-1, SIZES_PER_OCTAVE + 2)]
    blurred = [
        np.asarray(cv2.GaussianBlur(level, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
        for sigma in sigmas
    ]
    answers = blurred[:-1]  # in their place: memory that is asked for anew costs as much as the sums
    for fine, coarse in pairwise(blurred):
        cv2.subtract(fine, coarse, dst=fine)
        np.divide(fine, np.float32(_RATIO - 1.0), out=fine)
    kernel = np.ones((3, 3), np.uint8)
    # A few thousand samples give the spread to a percent or two.
    sample = spread_places(inside, 4000)
    rows = []
    for i in range(1, SIZES_PER_OCTAVE + 1):
        sigma_px = sigmas[i] * factor
        if sigma_px > sigma_max_px or sample.size == 0:
            break
        texture = float(1.4826 * np.median(np.abs(answers[i].ravel()[sample])))
        around = cv2.max(answers[i - 1], answers[i])
        cv2.max(around, answers[i + 1], dst=around)
        cv2.dilate(around, kernel, dst=around)
        is_peak = answers[i] >= around
        is_peak &= answers[i] > max(RESPONSE_MIN, RESPONSE_MIN_TEXTURES * texture)
        is_peak &= inside
        y, x = np.divmod(np.flatnonzero(is_peak), level.shape[1])
        constant = np.ones(len(x))
        columns = [
            (x + 0.5) * factor - 0.5,
            (y + 0.5) * factor - 0.5,
            sigma_px * constant,
            octave * constant,
            answers[i][y, x],
            texture * constant,
        ]
        rows.append(np.stack(columns, axis=1))
    return rows
