"""A smooth line through a row of ticks, and the picture straightened along it.

Everything that is asked of a ruler (are the ticks even, do they end on one line, which are longer) is asked
of the straightened strip, whose unit of length is the distance between two ticks. Perspective, curvature,
rotation and size are gone there, so that the questions need no pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

SAMPLES_PER_PITCH = 12
"""Samples of a straightened strip from one tick to the next: a tick is 2 to 6 of them wide."""

SAMPLE_OFFSETS = (np.arange(SAMPLES_PER_PITCH) + 0.5) / SAMPLES_PER_PITCH - 0.5
"""Where the samples of a tick's cell lie, in pitches from the tick."""


LEAST_HARMONIC = 0.02
"""Least ratio of the second harmonic of lines to their first that is believed; noise is no less."""

MAX_EXCESS = 1.5
"""Where a tick's end is sought, contrast counts up to this many times that of a usual tick."""


@dataclass(frozen=True, slots=True, eq=False)
class TickLine:
    """Smooth curve that passes tick number i at i, as two polynomials.

    Attributes
    ----------
    coefficients : ndarray of shape (degree + 1, 2), float64
        Highest power first, of x and y, in ``(number - middle) / half_span``; px of the picture followed.
    middle, half_span : float
        Tick numbers are centred and scaled by these before the powers are taken.
    lean : (float, float)
        How far the ticks lean along the line for each step across it: at tick 0, and its growth from tick to
        tick (ticks fan out in perspective); 0 = square to the line.
    """

    coefficients: Floats
    middle: float
    half_span: float
    lean: tuple[float, float]

    def at(self, numbers: Floats) -> Floats:
        """Positions on the line at tick numbers.

        Parameters
        ----------
        numbers : ndarray of shape (N,), float64
            Tick numbers, whole or not.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Positions (x, y), px.
        """
        return _polynomial(self.coefficients, ((numbers - self.middle) / self.half_span)[:, None])

    def step(self, numbers: Floats) -> Floats:
        """Vectors from one tick to the next; their length is the local pitch.

        Parameters
        ----------
        numbers : ndarray of shape (N,), float64
            Tick numbers, whole or not.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Vectors (x, y), px.
        """
        powers = np.arange(len(self.coefficients) - 1, 0, -1)[:, None]
        slopes = self.coefficients[:-1] * powers / self.half_span
        return _polynomial(slopes, ((numbers - self.middle) / self.half_span)[:, None])

    def across(self, numbers: Floats) -> Floats:
        """Vectors along the ticks, as long as one pitch is square to the line.

        Parameters
        ----------
        numbers : ndarray of shape (N,), float64
            Tick numbers, whole or not.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Vectors (x, y), px.
        """
        step = self.step(numbers)
        lean = self.lean[0] + self.lean[1] * numbers
        return np.stack([-step[:, 1], step[:, 0]], axis=-1) + lean[:, None] * step

    def pitch(self, numbers: Floats) -> Floats:
        """Distances between neighbouring ticks.

        Parameters
        ----------
        numbers : ndarray of shape (N,), float64
            Tick numbers, whole or not.

        Returns
        -------
        ndarray of shape (N,), float64
            Local pitch, px.
        """
        return np.asarray(np.hypot(*self.step(numbers).T))

    def resized(self, factor: float) -> TickLine:
        """Convert the line to a picture of another resolution.

        Parameters
        ----------
        factor : float
            Px of the other picture per px of this one, > 0.

        Returns
        -------
        TickLine
            The same line in the other picture.
        """
        coefficients = self.coefficients * factor
        coefficients[-1] += 0.5 * factor - 0.5
        return replace(self, coefficients=coefficients)

    def moved(self, matrix: Floats) -> TickLine:
        """Convert the line to a picture that is turned, shifted and resized.

        Parameters
        ----------
        matrix : ndarray of shape (2, 3), float64
            From (x, y, 1) in this picture to (x, y) in the other; a similarity that does not mirror.

        Returns
        -------
        TickLine
            The same line in the other picture.
        """
        coefficients = self.coefficients @ matrix[:, :2].T
        coefficients[-1] += matrix[:, 2]
        return replace(self, coefficients=coefficients)


def _polynomial(coefficients: Floats, z: Floats) -> Floats:
    """Horner's rule for K polynomials at once: coefficients (degree + 1, K), z (N, 1), result (N, K)."""
    total = np.broadcast_to(coefficients[0], (len(z), coefficients.shape[1]))
    for coefficient in coefficients[1:]:
        total = total * z + coefficient
    return total


def _solve(powers: Floats, weight: Floats, values: Floats) -> Floats:
    """Weighted least squares by the normal equations; centred and scaled powers keep them well behaved."""
    weighted = powers * (weight**2)[:, None]
    return np.linalg.solve(weighted.T @ powers, weighted.T @ values)


def fit_line(numbers: Floats, xy: Floats, lean: tuple[float, float], passes: int = 3) -> TickLine:
    """Least-squares curve through ticks that gives little weight to strays.

    The degree grows with the number of ticks: a straight line below 8, a parabola below 16 (evenly
    spaced ticks on a flat ruler in perspective), else a cubic (bent as well).

    Parameters
    ----------
    numbers : ndarray of shape (N,)
        Tick numbers, N >= 2, gaps allowed.
    xy : ndarray of shape (N, 2)
        Positions in px.
    lean : (float, float)
        Lean of the ticks, kept as it is.
    passes : int
        Rounds of reweighting.

    Returns
    -------
    TickLine
        In px of the positions.
    """
    middle = 0.5 * (numbers[0] + numbers[-1])
    half_span = max(0.5 * (numbers[-1] - numbers[0]), 1.0)
    degree = 1 if len(numbers) < 8 else 2 if len(numbers) < 16 else 3
    powers = np.vander((numbers - middle) / half_span, degree + 1)
    weight = np.ones(len(numbers))
    stray_px = 0.08 * np.hypot(*(xy[-1] - xy[0])) / max(numbers[-1] - numbers[0], 1.0)
    for _ in range(passes):
        coefficients = _solve(powers, weight, xy)
        distance_px = np.hypot(*(xy - powers @ coefficients).T)
        weight = 1.0 / np.maximum(1.0, (distance_px / stray_px) ** 2)
    return TickLine(coefficients, middle, half_span, lean)


def straighten(picture: NDArray[np.float32], line: TickLine, first: int, last: int, rows: Floats) -> Floats:
    """Resample a picture so that the ticks stand upright at equal distances.

    Parameters
    ----------
    picture : ndarray of shape (H, W), float32
        What to resample.
    line : TickLine
        Line through the ticks in px of that picture.
    first, last : int
        First and last tick of the strip.
    rows : ndarray of shape (R,)
        Distances from the line at which to sample, in pitches, along the ticks.

    Returns
    -------
    ndarray of shape (R, last - first + 1, SAMPLES_PER_PITCH)
        Row, tick, place around the tick. NaN outside of the picture.
    """
    numbers = (np.arange(first, last + 1)[:, None] + SAMPLE_OFFSETS).ravel()
    at, across = line.at(numbers), line.across(numbers)
    x = (at[:, 0] + rows[:, None] * across[:, 0]).astype(np.float32)
    y = (at[:, 1] + rows[:, None] * across[:, 1]).astype(np.float32)
    strip = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(float("nan"),))
    return np.asarray(strip, dtype=np.float64).reshape(len(rows), -1, SAMPLES_PER_PITCH)


def median(values: Floats) -> float:
    """Median of a few values; `numpy.median` takes ten times as long for so few.

    Parameters
    ----------
    values : ndarray of any shape, float64
        At least one value, none NaN.

    Returns
    -------
    float
        In the unit of the values.
    """
    ordered = np.sort(values, axis=None)
    return 0.5 * float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2])


def mean_over_rows(strip: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Mean of the chosen rows of a strip, of those inside the picture.

    A sample with less than half of the rows inside is NaN.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH), float64
        Brightness; NaN outside of the picture.
    chosen : ndarray of shape (R,), bool
        True for the rows to average.

    Returns
    -------
    ndarray of shape (N, SAMPLES_PER_PITCH), float64
        Mean brightness.
    """
    rows = strip[chosen]
    inside = np.isfinite(rows)
    count = inside.sum(axis=0)
    total = np.where(inside, rows, 0.0).sum(axis=0)
    return np.where(2 * count >= len(rows), total / np.maximum(count, 1), np.nan)


def tick_offsets(profiles: Floats) -> tuple[Floats, Floats]:
    """Centre and height of the bump in each tick's cell, above a slope from gap to gap.

    Parameters
    ----------
    profiles : ndarray of shape (N, SAMPLES_PER_PITCH)
        Brightness along the line with ticks brighter than gaps; NaN outside of the picture.

    Returns
    -------
    offsets, heights : ndarray of shape (N,)
        Centre of mass of what stands above two fifths of the height, in pitches; height is NaN outside.
    """
    left, right = profiles[:, :2].mean(axis=1), profiles[:, -2:].mean(axis=1)
    bump = profiles - (left[:, None] + (right - left)[:, None] * (SAMPLE_OFFSETS + 0.5))
    heights = bump.max(axis=1)
    mass = np.maximum(bump - 0.4 * heights[:, None], 0.0)
    return (mass @ SAMPLE_OFFSETS) / (mass.sum(axis=1) + 1e-9), heights


def light_of_lines(profile: Floats) -> Floats:
    """Light that lines take or add, as a mean over their distance, however blurred they are.

    Thin lines have harmonics of equal strength, and blur of s pitches leaves exp(-2 (pi k s)^2) of the k-th, so that
    the first two tell the strength without blur; lines as wide as a third of their distance come out 2 % too strong.

    Parameters
    ----------
    profile : ndarray of shape (SAMPLES_PER_PITCH,) or (SAMPLES_PER_PITCH, C)
        Light from line to line.

    Returns
    -------
    ndarray of shape () or (C,)
        In the unit of the profile, >= 0.

    Examples
    --------
    >>> profile = np.full(SAMPLES_PER_PITCH, 200.0)
    >>> profile[5:7] = 50.0
    >>> round(float(light_of_lines(profile)), 1)  # two of twelve samples take 150 each
    25.0
    """
    _, first, second = 2.0 * np.abs(np.fft.rfft(profile, axis=0))[:3] / len(profile)
    ratio = second / np.maximum(first, 1e-6)
    return np.asarray(0.5 * first * np.maximum(ratio, LEAST_HARMONIC) ** (-1.0 / 3.0))


def tick_heights(strip: Floats) -> Floats:
    """Brightness of each tick above the gaps beside it, row by row.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH), float64
        Brightness with ticks brighter than gaps; NaN outside of the picture.

    Returns
    -------
    ndarray of shape (N, R), float64
        In the unit of the strip.
    """
    middle = SAMPLES_PER_PITCH // 2
    tick = 0.5 * (strip[:, :, middle - 1] + strip[:, :, middle])
    gap = 0.5 * (strip[:, :, 0] + strip[:, :, -1])
    return (tick - gap).T


def tick_ends(heights: Floats, rows: Floats, level: float) -> tuple[Floats, Floats]:
    """Rows between which each tick stays above a level, going out from row 0.

    Parameters
    ----------
    heights : ndarray of shape (N, R)
        As from `tick_heights`; NaN outside of the picture.
    rows : ndarray of shape (R,)
        Evenly spaced rows, one of them 0, in pitches.
    level : float
        Height of a usual tick; it ends where half of it is left.

    Returns
    -------
    lower, upper : ndarray of shape (N,)
        Ends in pitches between rows; minus and plus infinity for a tick that does not end within the rows or
        within the picture; NaN where there is no tick in row 0.
    """
    origin = int(np.argmin(np.abs(rows)))
    upper = _run_length(heights[:, origin:], level)
    lower = -_run_length(heights[:, origin::-1], level)
    spacing = rows[1] - rows[0]
    return lower * spacing, upper * spacing


def _run_length(heights: Floats, level: float) -> Floats:
    """Measure from column 0 to the end of each row's tick, in columns and their parts.

    The end is where most of what lies before it is above the level and most of what lies behind is below, as
    the greatest cumulative sum tells; so a letter of a watermark or a hair across a tick does not end it.
    """
    inside = np.isfinite(heights)
    known = np.clip(np.where(inside, heights, -np.inf), -level, MAX_EXCESS * level)
    balance = np.cumsum(known - 0.5 * level, axis=1)
    n = np.arange(len(heights))
    last = balance.argmax(axis=1)
    beyond = np.minimum(last + 1, heights.shape[1] - 1)
    inner, outer = known[n, last], known[n, beyond]
    length = last + np.clip((inner - 0.5 * level) / (inner - outer + 1e-9), 0.0, 1.0)
    length[(last == beyond) | ~inside[n, beyond]] = np.inf
    length[balance[n, last] <= 0] = np.nan
    return np.asarray(length)


def robust_polynomial(x: Floats, y: Floats, degree: int, numbers: Floats) -> tuple[Floats, float]:
    """Fit a polynomial through most of the points.

    Parameters
    ----------
    x, y : ndarray of shape (N,), float64
        Points.
    degree : int
        Degree of the polynomial.
    numbers : ndarray of shape (M,), float64
        Abscissas at which it is evaluated.

    Returns
    -------
    values : ndarray of shape (M,), float64
        The polynomial at `numbers`.
    scatter : float
        Robust standard deviation of the points around it, in the unit of `y`.
    """
    middle, half = float(x.mean()), max(float(np.ptp(x)) / 2, 1.0)
    powers = np.vander((x - middle) / half, degree + 1)
    coefficients: Floats = np.zeros(degree + 1)
    coefficients[-1] = median(y)
    for _ in range(4):
        residual = np.abs(y - powers @ coefficients)
        spread = max(1.4826 * median(residual), 0.02)
        weight = 1.0 / np.maximum(1.0, (residual / (2 * spread)) ** 2)
        coefficients = _solve(powers, weight, y)
    scatter = 1.4826 * median(np.abs(y - powers @ coefficients))
    return np.vander((numbers - middle) / half, degree + 1) @ coefficients, scatter
