"""Places of a photo that repeat along a line: the starting points from which ticks are followed.

A row of ticks has two marks that are cheap to look for. All its edges run one way, so that the structure
tensor is coherent; and along the gradient the picture repeats, not once but three times over. Both are
looked for in cells, at every resolution of a pyramid, so that any angle and any pitch is met without
turning the photo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.geometry import REMAP_ROWS_MAX

Floats = NDArray[np.floating[Any]]
Picture = NDArray[np.float32]

MIN_SHORT_SIDE_PX = 80
"""A pyramid level smaller than this holds less than nine ticks of the largest pitch."""

CONTRAST_HALF_WINDOW_PX = 12
"""Half side of the square whose mean is the local light level: over one pitch at every level."""

DARK_FLOOR = 6.0
"""Grey levels added to the local light, so that noise in the dark is not taken for contrast."""

MAX_CONTRAST = 0.6
"""Relative contrast is cut off here, so that a glare or a black drape does not outweigh the ticks."""

CELL_PX = 8
"""Distance between cells, px of the level; a tick row is at least two cells high at some level."""

TENSOR_WINDOW_PX = 13
"""Side of the window that the structure tensor is averaged over, px: one to three pitches."""

MIN_COHERENCE = 0.35
"""Share of the gradient energy that must run one way; 0 for cloth and skin, 1 for pure stripes."""

MIN_COHERENT_ENERGY = 3e-4
"""Gradient energy that runs one way, squared relative contrast per px: faint or blurred ticks have 6e-4."""

PROFILE_PX = 128
"""Length of the profile through a cell: three shifts of the largest pitch, three times over."""

PROFILE_ROWS_PX = (-1.5, 1.5)
"""Rows that are averaged into one profile, px from the cell: less than the shortest tick."""

PITCHES_PX = np.geomspace(3.2, 24.0, 101)
"""Pitches that are tried at each level, px; the levels are a factor of two apart."""

N_LAGS = int(3 * PITCHES_PX[-1]) + 2
"""Shifts at which the autocorrelation is needed, px."""

MIN_SCORE = 0.4
"""Least autocorrelation at one, two and three pitches; the best cell of a faint or blurred ruler has 0.6."""

ROUNDING = 1e-3
"""More than single precision can add to an interpolated autocorrelation."""

FUNDAMENTAL_SHARE = 0.8
"""A shorter pitch is preferred when its score is at least this share of the best."""

SAME_PITCH = 0.15
"""Natural logarithm of the ratio up to which two pitches are taken for one, perspective included."""

FLANK_STEPS = 9
"""The peak lies within this many steps of 2 % above where the score first comes near the best."""

MAX_SEEDS = 250
"""PeriodicPlaces kept for the vote on which to follow first; a ruler has dozens."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One resolution of the pyramid: relative contrast, and its px per px of the full picture."""

    contrast: Picture
    px_per_full_px: float


@dataclass(frozen=True, slots=True, eq=False)
class PeriodicPlaces:
    """Places where the picture repeats, best first; positions in px of the full picture.

    Attributes
    ----------
    xy_px : ndarray of shape (N, 2)
    angle_rad : ndarray of shape (N,)
        Direction along which it repeats, from x towards y.
    pitch_px : ndarray of shape (N,)
    score : ndarray of shape (N,)
        Autocorrelation at one, two and three pitches, the least of them.
    """

    xy_px: Floats
    angle_rad: Floats
    pitch_px: Floats
    score: Floats

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.score)

    def near(self, xy_px: Floats, pitch_px: float, radius_px: float) -> NDArray[np.bool_]:
        """Select places of about one pitch that lie within a radius of any of some positions.

        Parameters
        ----------
        xy_px : ndarray of shape (M, 2), float64
            Positions (x, y), px.
        pitch_px : float
            Pitch, px.
        radius_px : float
            Radius, px.

        Returns
        -------
        ndarray of shape (N,), bool
            True for the places that lie near.
        """
        dx = self.xy_px[:, :1] - xy_px[:, 0]
        dy = self.xy_px[:, 1:] - xy_px[:, 1]
        same = np.abs(np.log(self.pitch_px / pitch_px)) < SAME_PITCH
        return np.asarray(same & (np.hypot(dx, dy).min(axis=1) < radius_px))


def build_levels(gray: NDArray[np.uint8]) -> tuple[Level, ...]:
    """Build a pyramid of relative contrast.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
        Grey picture.

    Returns
    -------
    tuple of Level
        Finest first, each half the size of the one before; up to four.
    """
    levels = [Level(relative_contrast(gray), 1.0)]
    scale = 1.0
    while min(gray.shape) >= 2 * MIN_SHORT_SIDE_PX and len(levels) < 4:
        scale /= 2
        gray = np.asarray(cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(Level(relative_contrast(gray), scale))
    return tuple(levels)


def levels_of(rgb: NDArray[np.uint8], reduction: float) -> tuple[Level, ...]:
    """Build the pyramid of the green of a picture from a reduced one on.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    reduction : float
        Size of the finest level over that of the picture, at most 1.

    Returns
    -------
    tuple of Level
        As of `build_levels`; px per px of the picture that was given.
    """
    green = cv2.extractChannel(rgb, 1)
    if reduction == 1.0:
        return build_levels(np.asarray(green, np.uint8))
    reduced = cv2.resize(green, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA)
    levels = build_levels(np.asarray(reduced, np.uint8))
    return tuple(replace(level, px_per_full_px=level.px_per_full_px * reduction) for level in levels)


def coarsest_level(levels: tuple[Level, ...], pitch_px: float, wanted_px: float) -> Level:
    """Coarsest level at which ticks are at least so far apart, else the finest.

    Parameters
    ----------
    levels : tuple of Level
        Pyramid, finest first.
    pitch_px : float
        Distance of the ticks, px of the full picture.
    wanted_px : float
        Distance that is wanted, px of the level.

    Returns
    -------
    Level
        One of the levels.
    """
    fine = [level for level in levels if pitch_px * level.px_per_full_px >= wanted_px]
    return fine[-1] if fine else levels[0]


def relative_contrast(gray: NDArray[np.uint8] | Picture, rows: int = 2 * CONTRAST_HALF_WINDOW_PX + 1) -> Picture:
    """Difference to the local mean, as a share of it: the same in light and in shade.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8 or float32
        Grey picture.
    rows : int
        Height of the window over which the local mean is taken, px; odd.

    Returns
    -------
    ndarray of shape (H, W), float32
        Share of the local mean, within plus and minus `MAX_CONTRAST`.
    """
    side = 2 * CONTRAST_HALF_WINDOW_PX + 1
    mean = cv2.boxFilter(gray, cv2.CV_32F, (side, rows))
    difference = cv2.subtract(gray, mean, dtype=cv2.CV_32F)
    relative = np.asarray(difference / (mean + np.float32(DARK_FLOOR)), np.float32)
    return np.clip(relative, -MAX_CONTRAST, MAX_CONTRAST, out=relative)


def find_periodic_places(levels: tuple[Level, ...]) -> PeriodicPlaces:
    """Find cells with coherent edges along whose normal the picture repeats.

    Parameters
    ----------
    levels : tuple of Level
        Pyramid of `build_levels`.

    Returns
    -------
    PeriodicPlaces
        Best supported first; at most `MAX_SEEDS`.
    """
    found = [_seeds_of_level(level) for level in levels]
    xy, angle, pitch, score = (np.concatenate(column) for column in zip(*found, strict=True))
    best = np.argsort(-score, kind="stable")[:MAX_SEEDS]
    xy, angle, pitch, score = xy[best], angle[best], pitch[best], score[best]
    support = _support(xy, angle, pitch, score)
    order = np.argsort(-support, kind="stable")
    return PeriodicPlaces(xy[order], angle[order], pitch[order], score[order])


def _support(xy: Floats, angle: Floats, pitch: Floats, score: Floats) -> Floats:
    """Sum of the scores of the seeds that may lie on the same ruler: same pitch, same direction, in line."""
    dx = xy[:, 0] - xy[:, :1]
    dy = xy[:, 1] - xy[:, 1:]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    across = np.abs(dy * cos - dx * sin) / pitch[:, None]
    same = (
        (np.abs(np.log(pitch / pitch[:, None])) < SAME_PITCH)
        & (np.abs(np.cos(angle - angle[:, None])) > 0.98)
        & (across < 1.5 + 0.1 * np.hypot(dx, dy) / pitch[:, None])
    )
    # A cell at a fine level is worth less than one at a coarse level, which covers more ticks.
    return np.asarray((same * np.minimum(score * pitch, 1e9)).sum(axis=1)) / pitch * score


def _seeds_of_level(level: Level) -> tuple[Floats, Floats, Floats, Floats]:
    x, y, angle = coherent_cells(level.contrast)
    if len(x) == 0:
        return np.zeros((0, 2)), angle, angle, angle
    cells, score, pitch = _periodicity(_profiles(level.contrast, x, y, angle))
    xy = (np.stack([x, y], axis=-1)[cells] + 0.5) / level.px_per_full_px - 0.5
    return xy, angle[cells], pitch / level.px_per_full_px, score


def coherent_cells(contrast: Picture) -> tuple[Floats, Floats, Floats]:
    """Find the cells of a picture whose edges run one way.

    Parameters
    ----------
    contrast : ndarray of shape (H, W), float32
        Relative contrast.

    Returns
    -------
    x, y, angle_rad : ndarray of shape (N,), float64
        Centres of the cells, px, and the direction across their edges.
    """
    gx = cv2.Sobel(contrast, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    gy = cv2.Sobel(contrast, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    start = CELL_PX // 2
    window = (TENSOR_WINDOW_PX, TENSOR_WINDOW_PX)
    xx, yy, xy = (cv2.blur(product, window)[start::CELL_PX, start::CELL_PX] for product in (gx * gx, gy * gy, gx * gy))
    energy = xx + yy
    coherent = np.hypot(xx - yy, 2 * xy)
    row, column = np.nonzero((coherent > MIN_COHERENCE * energy) & (coherent > MIN_COHERENT_ENERGY))
    angle = 0.5 * np.arctan2(2 * xy[row, column], xx[row, column] - yy[row, column])
    return (
        (column * CELL_PX + start).astype(float),
        (row * CELL_PX + start).astype(float),
        angle.astype(float),
    )


def _profiles(contrast: Picture, x: Floats, y: Floats, angle: Floats) -> Picture:
    """Profiles (N, PROFILE_PX) through the cells, 0 outside of the picture."""
    along = np.arange(PROFILE_PX, dtype=np.float32) - PROFILE_PX / 2
    x, y, angle = (a[:, None].astype(np.float32) for a in (x, y, angle))
    cos, sin = np.cos(angle), np.sin(angle)
    total = np.zeros((len(x), PROFILE_PX), np.float32)
    for start in range(0, len(x), REMAP_ROWS_MAX):
        block = slice(start, start + REMAP_ROWS_MAX)
        for row in PROFILE_ROWS_PX:
            total[block] += cv2.remap(
                contrast,
                x[block] + along * cos[block] - np.float32(row) * sin[block],
                y[block] + along * sin[block] + np.float32(row) * cos[block],
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(0.0,),
            )
    return total / np.float32(len(PROFILE_ROWS_PX))


def _periodicity(profiles: Picture) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Profiles whose best min(ac(T), ac(2T), ac(3T)) is high, that score, and its T in px, by FFT autocorrelation."""
    taper = np.hanning(PROFILE_PX + 2)[1:-1].astype(np.float32)
    correlation = _autocorrelation((profiles - profiles.mean(axis=1, keepdims=True)) * taper)
    bias = _autocorrelation(taper[None])[0]
    bias /= bias[0]
    power = correlation[:, :1] + np.float32(1e-9)
    # A pitch lies between two whole shifts and scores no more than the better of them: most cells can be left out.
    lags = slice(int(PITCHES_PX[0]), int(PITCHES_PX[-1]) + 2)
    highest = (correlation[:, lags] / bias[lags]).max(axis=1)
    cells = np.flatnonzero(highest >= (MIN_SCORE - ROUNDING) * power[:, 0])
    by_lag = np.ascontiguousarray((correlation[cells] / (bias * power[cells])).T)
    score = np.full((len(PITCHES_PX), len(cells)), 1.0, np.float32)
    for times in (1, 2, 3):
        lag = times * PITCHES_PX
        below = lag.astype(int)
        part = (lag - below).astype(np.float32)[:, None]
        np.minimum(score, by_lag[below] * (1 - part) + by_lag[below + 1] * part, out=score)
    # What repeats at T repeats at 2 T as well: take the first peak that comes near the best.
    first = (score >= FUNDAMENTAL_SHARE * score.max(axis=0)).argmax(axis=0)
    flank = np.minimum(first + np.arange(FLANK_STEPS)[:, None], len(PITCHES_PX) - 1)
    column = np.arange(len(cells))
    best = flank[score[flank, column].argmax(axis=0), column]
    best_score = score[best, column].astype(float)
    enough = best_score >= MIN_SCORE
    return cells[enough], best_score[enough], PITCHES_PX[best[enough]]


def _autocorrelation(profiles: Picture) -> Picture:
    """Autocorrelation (N, N_LAGS) of each profile, by OpenCV's transform of real rows."""
    padded = np.zeros((len(profiles), 2 * PROFILE_PX), np.float32)
    padded[:, :PROFILE_PX] = profiles
    spectrum = cv2.dft(padded, flags=cv2.DFT_ROWS)
    power = cv2.mulSpectrums(spectrum, spectrum, cv2.DFT_ROWS, conjB=True)
    back = cv2.DFT_ROWS | cv2.DFT_INVERSE | cv2.DFT_REAL_OUTPUT | cv2.DFT_SCALE
    return np.asarray(cv2.dft(power, flags=back)[:, :N_LAGS], np.float32)
