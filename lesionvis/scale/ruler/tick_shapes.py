"""Length and weight of each tick of a straightened row.

Lengths and ink are what tells a centimetre from a millimetre; where the ticks begin is where the ruler's edge
is to be looked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.ruler.strip import (
    SAMPLE_OFFSETS,
    SAMPLES_PER_PITCH,
    Floats,
    light_of_lines,
    mean_over_rows,
    robust_polynomial,
    tick_ends,
    tick_heights,
    tick_offsets,
)

MIN_ENDS = 6
"""Ticks whose end must be known before a line is laid through the ends."""

LEAST_HEIGHT = 0.35
"""A tick whose contrast is under this share of the median is hidden, and says nothing."""

STRAIGHT_END = 0.12
"""Most ticks begin within this distance of one smooth line, in pitches: six times the usual."""

MAX_CUT = 0.1
"""Share of open ends on one side from which on the border is taken to cut ticks off; fewer are smeared."""

FINER_ROWS = 4
"""Rows over which finer ticks are averaged: half a pitch, less than any tick."""

FINER_REACH = 2.0
"""How far beyond the ticks finer ones are looked for, in pitches."""

MAX_INK = 1.2
"""What has over 3.3 times (e to this power) the ink of the median tick is a ruler's end or a hair."""


FIFTHS = 5
"""Waves from one tick to the next where finer ticks divide their distance as millimetres divide half a centimetre."""

CLEAR_WAVE = 0.5
"""Rows show the ticks where their first harmonic has at least this share of its largest."""

FIFTHS_LEAD = 1.5
"""How far the wave of finer ticks exceeds all longer ones in a row that shows nothing else."""


WHITE, LEAST_ROOM = 255.0, 20.0
"""Grey level that no ink exceeds, and the least difference to it (or to black) against which ink is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class TickShapes:
    """Length and weight of each tick of a row; NaN where unknown.

    Attributes
    ----------
    lengths : ndarray of shape (2, N)
        How far each tick reaches to either side of the line, in pitches.
    open_ends : ndarray of shape (2, N), bool
        The tick is cut off by the picture's border, and at least so long.
    ink : ndarray of shape (N,)
        Logarithm of width times contrast.
    contrast : float
        Relative contrast of the median tick.
    finer : float
        Height of what stands between the ticks, as a share of the ticks' own height.
    """

    lengths: Floats
    open_ends: NDArray[np.bool_]
    ink: Floats
    contrast: float
    finer: float

    @property
    def cut(self) -> bool:
        """True where the picture's border cuts off some of the ticks on one side, and leaves others whole."""
        share = self.open_ends.mean(axis=1)
        return bool(((share > MAX_CUT) & (share < 1.0 - MAX_CUT)).any())

    def straight_ends(self) -> tuple[Floats, ...]:
        """Smooth lines on which most ticks begin or end.

        Returns
        -------
        tuple of ndarray of shape (N,), float64
            Up to two lines as rows, in pitches from the line of ticks.
        """
        numbers = np.arange(self.lengths.shape[1], dtype=float)
        ends = []
        for sign, lengths, is_open in zip((-1.0, 1.0), self.lengths, self.open_ends, strict=True):
            known = np.isfinite(lengths) & ~is_open
            if known.sum() >= max(MIN_ENDS, 0.5 * len(known)):
                smooth, _ = robust_polynomial(numbers[known], lengths[known], 2, numbers)
                if np.quantile(np.abs(lengths - smooth)[known], 0.6) <= STRAIGHT_END:
                    ends.append(sign * smooth)
        return tuple(ends)

    def outer_ends(self, longer: NDArray[np.bool_]) -> tuple[Floats, ...]:
        """Level line on which ticks begin, though their ends may scatter: where longer ones exceed the others least.

        Parameters
        ----------
        longer : ndarray of shape (N,), bool
            Ticks that are longer by their order.

        Returns
        -------
        tuple of ndarray of shape (N,), float64
            The level line through the median end as the only row, in pitches from the line of ticks; none where few
            ends are known.
        """
        sides = []
        for sign, lengths, is_open in zip((-1.0, 1.0), self.lengths, self.open_ends, strict=True):
            known = np.isfinite(lengths) & ~is_open
            if min((known & longer).sum(), (known & ~longer).sum()) >= MIN_ENDS:
                excess = float(np.median(lengths[known & longer]) - np.median(lengths[known & ~longer]))
                sides.append((excess, np.full(len(lengths), sign * np.median(lengths[known]))))
        return (min(sides, key=lambda side: side[0])[1],) if len(sides) == 2 else ()


def measure_shapes(strip: Floats, rows: Floats, half_rows: float) -> TickShapes:
    """Measure the ticks of a straightened strip in which ticks are bright.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH)
        As from `lesionvis.scale.ruler.strip.straighten`, times the sign of the ticks.
    rows : ndarray of shape (R,)
        Its rows in pitches.
    half_rows : float
        All ticks cover the rows from minus to plus this.

    Returns
    -------
    TickShapes
        Of all N ticks.
    """
    core = np.abs(rows) <= half_rows
    profiles = mean_over_rows(strip, core)
    _, tall = tick_offsets(profiles)
    contrast = float(np.nanmedian(tall))
    seen = tall > LEAST_HEIGHT * contrast
    left, right = profiles[:, :2].mean(axis=1), profiles[:, -2:].mean(axis=1)
    slope = left[:, None] + (right - left)[:, None] * (SAMPLE_OFFSETS + 0.5)
    area = np.maximum(profiles - slope, 0.0).mean(axis=1)
    heights = tick_heights(strip)
    lower, upper = tick_ends(heights, rows, float(np.nanmedian(heights[:, core])))
    lengths = np.stack([-lower, upper])
    open_ends = np.isinf(lengths)
    inside = np.isfinite(heights)
    seen_to = np.stack([_reach(inside[:, rows <= 0][:, ::-1], rows), _reach(inside[:, rows >= 0], rows)])
    lengths = np.where(open_ends, seen_to, lengths)
    ink = np.log(np.maximum(area, 1e-4))
    seen &= np.abs(ink - np.nanmedian(ink)) < MAX_INK
    lengths[:, ~seen] = np.nan
    ink = np.where(seen, ink, np.nan)
    return TickShapes(lengths, open_ends, ink, contrast, _finer(strip, rows, lengths, contrast))


def measure_fifths(strip: Floats) -> tuple[float, float]:
    """Strength of the wave that finer ticks at every fifth of the distance make, and how much of it would be left.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH)
        Grey levels, as from `lesionvis.scale.ruler.strip.straighten`, in the sharpest picture at hand.

    Returns
    -------
    wave : float
        Largest amplitude of the fifth harmonic, as a share of the light, in rows where it exceeds all lower ones;
        0 where there are none.
    sharpness : float
        Median ratio of the fifth harmonic to the first in rows that show the ticks: 1 for thin ticks that are sharp.
        What blurs ticks takes as much of the finer ones.

    Examples
    --------
    >>> strip = np.full((9, 20, SAMPLES_PER_PITCH), 200.0)
    >>> strip[:, :, 6] = 50.0
    >>> wave, sharpness = measure_fifths(strip)
    >>> wave, round(sharpness, 2)
    (0.0, 1.0)
    """
    seen = np.asarray(np.isfinite(strip).all(axis=2))
    rows = seen.sum(axis=1) >= 0.5 * strip.shape[1]  # few ticks fold to what stands by one of them
    if not rows.any():
        return 0.0, 0.0
    strip, seen = strip[rows], seen[rows]
    folded = np.where(seen[:, :, None], strip, 0.0).sum(axis=1) / seen.sum(axis=1)[:, None]
    waves = 2.0 * np.abs(np.fft.rfft(folded, axis=1)) / SAMPLES_PER_PITCH
    first, fifth = waves[:, 1], waves[:, FIFTHS]
    share = fifth / np.maximum(folded.mean(axis=1), LEAST_ROOM)
    leads = fifth > FIFTHS_LEAD * waves[:, 1:FIFTHS].max(axis=1)
    clear = (first > 0) & (first >= CLEAR_WAVE * first.max())
    sharpness = float(np.median(fifth[clear] / first[clear])) if clear.any() else 0.0
    return float(share[leads].max(initial=0.0)), sharpness


def sign_of_ticks(strip: Floats) -> int:
    """Tell ticks from the gaps between them: lines are narrow, gaps are wide, however blurred both are.

    The second harmonic of narrow lines peaks where the first does: together they make lines narrow and gaps wide.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH)
        Grey levels of rows that all ticks cover, as from `lesionvis.scale.ruler.strip.straighten`.

    Returns
    -------
    int
        -1 for dark ticks, 1 for light ones; 0 where no tick is inside the picture.

    Examples
    --------
    >>> strip = np.full((3, 20, SAMPLES_PER_PITCH), 200.0)
    >>> strip[:, :, 3:6] = 50.0
    >>> sign_of_ticks(strip), sign_of_ticks(255.0 - strip)
    (-1, 1)
    """
    profiles = mean_over_rows(strip, np.ones(len(strip), bool))
    profiles = profiles[np.isfinite(profiles).all(axis=1)]
    if not len(profiles):
        return 0
    _, first, second = np.fft.rfft(profiles.mean(axis=0))[:3]
    return int(np.sign((second * np.conj(first) ** 2).real))


def measure_ink_share(strip: Floats, sign: int) -> float:
    """Share of the light between two ticks that the median tick takes, or adds where ticks are light.

    Blur does not change it, as what a line loses in depth it gains in width.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH)
        Grey levels of rows that all ticks cover, 0 to 255, as from `lesionvis.scale.ruler.strip.straighten`.
    sign : int
        -1 for dark ticks, 1 for light ones.

    Returns
    -------
    float
        0 to 1; light ticks are compared with white. NaN where no tick is inside the picture.

    Examples
    --------
    >>> strip = np.full((3, 20, SAMPLES_PER_PITCH), 200.0)
    >>> strip[:, :, 5:7] = 50.0
    >>> round(measure_ink_share(strip, -1), 3)  # two of twelve samples, at three quarters of the light
    0.125
    """
    profiles = mean_over_rows(strip, np.ones(len(strip), bool))
    profiles = profiles[np.isfinite(profiles).all(axis=1)]
    if not len(profiles):
        return float("nan")
    profile = np.median(profiles, axis=0)
    taken = float(light_of_lines(profile))
    body = float(profile.mean()) - sign * taken
    return taken / max(body if sign < 0 else WHITE - body, LEAST_ROOM)


def _reach(inside: NDArray[np.bool_], rows: Floats) -> Floats:
    """Distance to which each tick can be seen to one side, up to the picture's border or the last row."""
    steps = np.where(inside.all(axis=1), inside.shape[1], (~inside).argmax(axis=1)) - 1
    return np.asarray(steps * (rows[1] - rows[0]))


def _finer(strip: Floats, rows: Floats, lengths: Floats, contrast: float) -> float:
    """Height of what stands between the ticks, along them or just beyond, as a share of `contrast`.

    From a tick to midway to the next it only grows lighter; where it darkens again there is a finer tick.
    Where those stand, the ticks that were followed seem to end, so that it is looked beyond their ends.
    """
    reach = [float(np.nanmax(side)) if np.isfinite(side).any() else 0.5 for side in lengths]
    along = strip[(rows >= -reach[0] - FINER_REACH) & (rows <= reach[1] + FINER_REACH)]
    inside = np.isfinite(along)
    seen = 2 * inside.sum(axis=1).min(axis=1) > along.shape[1]  # few ticks fold to what stands by one of them
    along, inside = along[seen], inside[seen]
    folded = np.where(inside, along, 0.0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    if len(folded) < FINER_ROWS:
        return 0.0
    sums = np.cumsum(np.pad(folded, ((1, 0), (0, 0))), axis=0)
    smooth = (sums[FINER_ROWS:] - sums[:-FINER_ROWS]) / FINER_ROWS
    middle = SAMPLES_PER_PITCH // 2
    right, left = smooth[:, middle:], smooth[:, middle - 1 :: -1]
    rise = max(float((side - np.minimum.accumulate(side, axis=1)).max()) for side in (right, left))
    return rise / contrast
