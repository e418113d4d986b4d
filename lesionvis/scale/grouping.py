"""What one tick is worth: the order in which longer and heavier ticks return tells millimetres from inches.

Rulers mark every fifth and tenth millimetre, half-centimetre rulers every second tick, inches are halved
again and again (every 2nd, 4th, 8th, 16th tick). Cloth, hair and letters have no such order, so that the
same test that reads the unit is the best proof that there is a ruler at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.strip import (
    SAMPLE_OFFSETS,
    Floats,
    mean_over_rows,
    robust_polynomial,
    tick_ends,
    tick_heights,
    tick_offsets,
)

Unit = Literal["millimetre", "half_centimetre", "inch", "other", "none"]

Kinds = tuple[int, ...]


def _every(*periods: int) -> Kinds:
    """Kind of each tick over one span: 0 plain, 1 at multiples of the first period, and so on."""
    kinds = [0] * periods[-1]
    for kind, period in enumerate(periods, start=1):
        kinds[::period] = [kind] * len(kinds[::period])
    return tuple(kinds)


ORDERS: dict[Unit, tuple[Kinds, ...]] = {
    "none": ((0,),),
    "millimetre": (
        _every(5),
        _every(10),
        _every(5, 10),
        (5, 0, 1, 2, 3, 4, 3, 2, 1, 0),  # lengths rise like a roof to the half centimetre, on steel rulers
    ),
    "half_centimetre": (_every(2),),
    "inch": tuple(
        _every(*periods)
        for periods in (
            (4,), (8,), (16,), (2, 4), (2, 8), (4, 8), (4, 16), (8, 16), (2, 4, 8), (4, 8, 16), (2, 4, 8, 16),
        )
    ),
    "other": tuple(
        _every(*periods)
        for periods in ((3,), (6,), (7,), (9,), (11,), (12,), (13,), (14,), (3, 6), (3, 12), (6, 12))
    ),
}  # fmt: skip
"""Orders that are compared, the kinds of ticks over one span; "other" is on no ruler."""

LENGTH_NOISE = 0.05
"""Least standard deviation of a tick's length, pitches: the printer's and the lens's."""

INK_NOISE = 0.08
"""Least standard deviation of the logarithm of a tick's ink (width times contrast)."""

MIN_KNOWN = 6
"""Ticks of which a quantity must be known before it is used."""

MAX_SURPRISE = 16.0
"""The deviations of one tick are cut off at 4 standard deviations: one smeared tick must not decide."""

COST_PER_KIND = 4.0
"""Squared deviations that a kind of longer ticks must explain before it counts."""

TREND_TICKS = 21
"""The usual tick is the median of this many around: two centimetres, so that no kind of tick prevails."""

STAND_OUT = 2.5
"""Standard deviations by which a longer tick exceeds the plain ones."""


LEAST_HEIGHT = 0.35
"""A tick whose contrast is under this share of the median is hidden, and says nothing."""

STRAIGHT_END = 0.12
"""Most ticks begin within this distance of one smooth line, in pitches: six times the usual."""

MAX_INK = 1.2
"""What has over 3.3 times (e to this power) the ink of the median tick is a ruler's end or a hair."""

BORDER_MARGIN = 0.05
"""A tick that leaves the picture is longer than the others when it is seen this much farther, in pitches."""


@dataclass(frozen=True, slots=True)
class TickShapes:
    """How long and how heavy each tick of a row is; NaN where unknown.

    Attributes
    ----------
    lengths : ndarray of shape (2, N)
        How far each tick reaches to either side of the line, in pitches.
    ink : ndarray of shape (N,)
        Logarithm of width times contrast.
    contrast : float
        Relative contrast of the median tick.
    finer : float
        Height of what stands midway between the ticks, as a share of the ticks' own height.
    """

    lengths: Floats
    ink: Floats
    contrast: float
    finer: float

    def straight_ends(self) -> tuple[Floats, ...]:
        """Smooth lines on which most ticks begin or end: rows (N,) in pitches from the line of ticks."""
        numbers = np.arange(self.lengths.shape[1], dtype=float)
        ends = []
        for sign, lengths in zip((-1.0, 1.0), self.lengths, strict=True):
            known = np.isfinite(lengths)
            if known.sum() >= max(MIN_KNOWN, 0.5 * len(known)):
                smooth, _ = robust_polynomial(numbers[known], lengths[known], 2, numbers)
                if np.quantile(np.abs(lengths - smooth)[known], 0.6) <= STRAIGHT_END:
                    ends.append(sign * smooth)
        return tuple(ends)


def measure_shapes(strip: Floats, rows: Floats, half_rows: float) -> TickShapes:
    """Measure the ticks of a straightened strip in which ticks are bright.

    Parameters
    ----------
    strip : ndarray of shape (R, N, SAMPLES_PER_PITCH)
        As from `lesionvis.scale.strip.straighten`, times the sign of the ticks.
    rows : ndarray of shape (R,)
        Its rows in pitches.
    half_rows : float
        All ticks cover the rows from minus to plus this.
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
    inside = np.isfinite(heights)
    lengths = np.stack(
        [
            _seen_length(-lower, inside[:, rows <= 0][:, ::-1], rows),
            _seen_length(upper, inside[:, rows >= 0], rows),
        ]
    )
    ink = np.log(np.maximum(area, 1e-4))
    seen &= np.abs(ink - np.nanmedian(ink)) < MAX_INK
    lengths[:, ~seen] = np.nan
    ink = np.where(seen, ink, np.nan)
    return TickShapes(lengths, ink, contrast, _finer(strip, rows, lengths, contrast))


def _seen_length(lengths: Floats, inside: NDArray[np.bool_], rows: Floats) -> Floats:
    """Lengths to one side; a tick cut by the picture's border counts as long as it is seen, or as unknown."""
    border = np.where(inside.all(axis=1), inside.shape[1], (~inside).argmax(axis=1)) - 1
    seen = border * (rows[1] - rows[0])
    ended = np.isfinite(lengths)
    if ended.sum() < 4:
        return np.full(len(lengths), np.nan)
    longer = seen > np.median(lengths[ended]) + BORDER_MARGIN
    return np.where(ended, lengths, np.where(np.isinf(lengths) & longer, seen, np.nan))


def _finer(strip: Floats, rows: Floats, lengths: Floats, contrast: float) -> float:
    """Height of a tick midway between the ticks, anywhere along them, as a share of `contrast`."""
    reach = [float(np.nanmax(side)) if np.isfinite(side).any() else 0.5 for side in lengths]
    along = strip[(rows >= -reach[0]) & (rows <= reach[1])]
    inside = np.isfinite(along)
    folded = np.where(inside, along, 0.0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    quarter = np.abs(np.abs(SAMPLE_OFFSETS) - 0.25) < 0.1
    midway = folded[:, [0, -1]].mean(axis=1) - folded[:, quarter].mean(axis=1)
    if len(midway) < 2:
        return 0.0
    return float(np.convolve(midway, [0.5, 0.5], "valid").max()) / contrast


@dataclass(frozen=True, slots=True)
class Grouping:
    """The order among ticks that explains their lengths and ink best.

    Attributes
    ----------
    unit : {"millimetre", "half_centimetre", "inch", "other", "none"}
        Family of the order.
    order : tuple of int
        Kind of each tick over one span of the order, the coarsest first.
    phase : int
        Position in the row of the first tick of the order.
    gain : float
        Squared standard deviations explained beyond ticks that are all alike, less the cost of the order.
    margin : float
        Gain beyond the best order of any other family.
    n_marks : int
        Longer ticks that were seen.
    marks_standing_out, plain_standing_out : float
        Share of the longer and of the plain ticks that exceed the plain ones clearly.
    """

    unit: Unit
    order: Kinds
    phase: int
    gain: float
    margin: float
    n_marks: int
    marks_standing_out: float
    plain_standing_out: float


def group_ticks(lengths: Floats, ink: Floats) -> Grouping:
    """Find the order in which longer or heavier ticks return.

    Each order is judged by its likelihood under normal noise whose spread is that of its own residuals,
    taken robustly, with a cost for each kind of tick and for the free phase (a Bayesian information
    criterion).

    Parameters
    ----------
    lengths : ndarray of shape (2, N)
        How far each tick reaches to either side of the line, in pitches; NaN where unknown.
    ink : ndarray of shape (N,)
        Logarithm of width times contrast; NaN where unknown.

    Examples
    --------
    >>> reach = np.ones(31)
    >>> reach[::5] = 1.5
    >>> grouping = group_ticks(np.stack([np.ones(31), reach]), np.zeros(31))
    >>> grouping.unit, grouping.order, grouping.phase
    ('millimetre', (1, 0, 0, 0, 0), 0)
    """
    hypotheses = _hypotheses(len(ink))
    kinds = np.stack([tick_kinds(len(ink), h.order, h.phase) for h in hypotheses])
    cost = np.array([COST_PER_KIND * max(h.order) + 2 * np.log(len(h.order)) for h in hypotheses])
    features = [
        _without_trend(values, noise)
        for values, noise in ((lengths[0], LENGTH_NOISE), (lengths[1], LENGTH_NOISE), (ink, INK_NOISE))
        if np.isfinite(values).sum() >= MIN_KNOWN
    ]
    misfit, surprise = cost, np.zeros(kinds.shape)
    standing_out = np.zeros(kinds.shape, bool)
    for feature in features:
        squares, spread, excess = feature.compare(kinds)
        misfit, surprise = misfit + spread, surprise + squares
        standing_out |= excess > STAND_OUT
    misfit = misfit + np.minimum(surprise, MAX_SURPRISE).sum(axis=1)
    gain = misfit[0] - misfit  # the first hypothesis is that all are alike
    best = int(gain.argmax())
    unit = hypotheses[best].unit
    margin = gain[best] - max(g for g, h in zip(gain, hypotheses, strict=True) if h.unit != unit)
    marks = kinds[best] > 0
    return Grouping(
        unit=unit,
        order=hypotheses[best].order,
        phase=hypotheses[best].phase,
        gain=float(gain[best]),
        margin=float(margin),
        n_marks=int(marks.sum()),
        marks_standing_out=float(standing_out[best][marks].mean()) if marks.any() else 0.0,
        plain_standing_out=float(standing_out[best][~marks].mean()) if (~marks).any() else 0.0,
    )


def tick_kinds(n_ticks: int, order: Kinds, phase: int) -> NDArray[np.intp]:
    """Kind of each tick of a row when an order starts at `phase`.

    Examples
    --------
    >>> tick_kinds(12, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 1).tolist()
    [0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2]
    """
    return np.asarray(order)[(np.arange(n_ticks) - phase) % len(order)]


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    unit: Unit
    order: Kinds
    phase: int


def _hypotheses(n_ticks: int) -> list[_Hypothesis]:
    """All orders in all phases, "none" first; orders with many kinds only where ticks enough refute them."""
    return [
        _Hypothesis(unit, order, phase)
        for unit, orders in ORDERS.items()
        for order in orders
        if max(order) <= 2 or n_ticks > 2 * len(order)
        for phase in range(min(len(order), n_ticks))
    ]


@dataclass(frozen=True, slots=True)
class _Feature:
    """One quantity of the ticks: where it is known, its value without trend, and its least noise."""

    known: NDArray[np.bool_]
    values: Floats
    least_noise: float

    def compare(self, kinds: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        """Judge hypotheses (H, N) of the ticks' kinds.

        Returns
        -------
        squares : ndarray of shape (H, N)
            Squared deviation of each tick from its kind, in standard deviations; 0 where unknown.
        spread : ndarray of shape (H,)
            Twice the logarithm of the standard deviation, summed over the known ticks.
        excess : ndarray of shape (H, N)
            Standard deviations by which each tick exceeds the plain ones; 0 where unknown.
        """
        levels = np.zeros(kinds.shape)
        finer = np.full(len(kinds), -np.inf)
        plain = np.zeros(len(kinds))
        for kind in range(int(kinds.max()) + 1):
            members = self.known & (kinds == kind)
            # A coarser kind is not shorter than a finer one.
            finer = np.fmax(_medians(self.values, members), finer)
            levels = np.where(kinds == kind, finer[:, None], levels)
            plain = finer if kind == 0 else plain
        known = np.broadcast_to(self.known, kinds.shape)
        residual = self.values - levels
        order = np.sort(np.abs(residual[:, self.known]), axis=1)
        noise = np.maximum(self.least_noise, order[:, int(0.8 * order.shape[1])] / 1.2816)[:, None]
        squares = np.where(known, (residual / noise) ** 2, 0.0)
        spread = 2 * np.log(noise[:, 0]) * self.known.sum()
        excess = np.where(known, (self.values - plain[:, None]) / noise, 0.0)
        return squares, spread, excess


def _medians(values: Floats, members: NDArray[np.bool_]) -> Floats:
    """Median of the members of each row (H, N); NaN for a row without any."""
    ordered = np.sort(np.where(members, values, np.inf), axis=1)
    count = members.sum(axis=1)
    row = np.arange(len(members))
    middle = 0.5 * (
        ordered[row, np.maximum(count - 1, 0) // 2]
        + ordered[row, np.minimum(count // 2, len(ordered[0]) - 1)]
    )
    return np.where(count > 0, middle, np.nan)


def _without_trend(values: Floats, least_noise: float) -> _Feature:
    """Remove what changes slowly along the ruler (light, watermark, perspective)."""
    known = np.isfinite(values)
    x, y = np.flatnonzero(known), values[known]
    third = len(x) // 3
    run = float(np.median(x[-third:]) - np.median(x[:third]))
    slope = float(np.median(y[-third:]) - np.median(y[:third])) / max(run, 1.0)
    flat = values - slope * np.arange(len(values))
    if len(values) > TREND_TICKS:
        start = np.clip(np.arange(len(values)) - TREND_TICKS // 2, 0, len(values) - TREND_TICKS)
        around = np.where(known, flat, np.nan)[start[:, None] + np.arange(TREND_TICKS)]
        usual = float(np.median(flat[known]))
        enough = np.isfinite(around).sum(axis=1) >= MIN_KNOWN
        flat[enough] -= np.nanmedian(around[enough], axis=1) - usual
    return _Feature(known, np.where(known, flat, 0.0), least_noise)
