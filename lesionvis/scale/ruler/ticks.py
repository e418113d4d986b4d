"""Following the ticks of a ruler one by one from a place where the picture repeats.

The line through the ticks is grown outwards: straighten the picture along the line so far, measure where
each tick lies and where it ends, fit the line again, look a little further. A ruler keeps its step; cloth,
hair and letters lose it within a few ticks, so that most places are given up early.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.ruler.strip import (
    SAMPLE_OFFSETS,
    Floats,
    TickLine,
    fit_line,
    mean_over_rows,
    median,
    robust_polynomial,
    straighten,
    tick_ends,
    tick_heights,
    tick_offsets,
)

ROWS = np.arange(-4.0, 4.0 + 1e-9, 0.125)
"""Rows of the strip that is followed, pitches from the line: over the longest tick of most rulers."""

FIRST_REACH = 4
"""Ticks to each side of the seed in the first round: nine ticks tell a ruler from chance."""

MAX_ROUNDS = 16
"""Growing by two fifths a round, 16 rounds cover any ruler."""

MAX_TICKS = 500
"""No ruler has more: half a metre in millimetres."""

MAX_OFFSET = 0.25
"""A tick may lie this far from where it is expected, in pitches; beyond half it would be the next one."""

KNOWN_OFFSET = 0.10
"""The same among ticks that were found before: three times the residual of a bad ruler."""

OFFSET_GROWTH = 0.03
"""How much more is allowed for each tick beyond those, where perspective is not known yet."""

MIN_HEIGHT = 0.35
"""A tick has at least this share of the median tick's contrast; half-hidden by a watermark it has less."""

MAX_MISSES = 2
"""Ticks in a row that may be missing before the row ends."""

MIN_FANNED = 16
"""Ticks from which on their fanning out is measured: eight to each half."""

MIN_ROWS = 6
"""Rows from which the ticks' lean is taken: three quarters of a pitch."""

MIN_ROWS_FANNED = 12
"""Rows from which its growth along the ruler is taken: half of the ticks and twice the rows."""

MIN_TAIL = 3
"""Ticks that must follow on one another beyond a gap at either end of a row."""

MIN_TICKS = 7
"""Fewer ticks found in a round end the search."""

MAX_RESIDUAL_GROWING = 0.08
"""Root mean square distance from the line while growing, in pitches: twice what is allowed in the end."""

SAME_PITCH, PARALLEL = 0.15, 0.98
"""Natural logarithm of the ratio of two pitches, and cosine of the angle between two rows, from which on they may be
parts of one ruler, in perspective too."""

MIN_CONTRAST = 0.02
"""Relative contrast below which ticks are noise."""


@dataclass(frozen=True, slots=True)
class TickRow:
    """Ticks that follow one another along a smooth line; lengths in pitches.

    Attributes
    ----------
    line : TickLine
        In px of the picture that was followed.
    first, last : int
        Numbers of the first and last tick found.
    n_found : int
        Ticks found from first to last.
    sign : int
        -1 for dark ticks, 1 for light ones.
    half_rows : float
        All ticks cover the rows from minus to plus this.
    residual : float
        Root mean square distance of the ticks from the line, along the line; the worst tenth left out.
    end_scatter : float
        Robust standard deviation of the ticks' straighter ends; infinite when they have none.
    """

    line: TickLine
    first: int
    last: int
    n_found: int
    sign: int
    half_rows: float
    residual: float
    end_scatter: float

    @property
    def n_ticks(self) -> int:
        """Ticks from first to last, missing ones included."""
        return self.last - self.first + 1

    @property
    def numbers(self) -> Floats:
        """Numbers of the ticks from first to last, missing ones included."""
        return np.arange(self.first, self.last + 1.0)

    def ticks_to(self, xy_px: Floats) -> float:
        """Ticks from the middle of the row to a position, along the row.

        Parameters
        ----------
        xy_px : ndarray of shape (2,)
            Position, px.

        Returns
        -------
        float
            In the direction in which ticks are numbered.
        """
        middle = np.array([0.5 * (self.first + self.last)])
        step = self.line.step(middle)[0]
        return float((xy_px - self.line.at(middle)[0]) @ step / (step @ step))


def may_be_one_ruler(one: TickRow, other: TickRow) -> bool:
    """Test whether two rows may be parts of the ticks of one ruler.

    Parameters
    ----------
    one, other : TickRow
        Rows in px of the same picture.

    Returns
    -------
    bool
        True where they are parallel and their ticks about as far apart.
    """
    steps = np.array([row.line.step(np.array([0.5 * (row.first + row.last)]))[0] for row in (one, other)])
    pitches_px = np.hypot(*steps.T)
    return bool(
        abs(np.log(pitches_px[0] / pitches_px[1])) <= SAME_PITCH
        and abs(steps[0] @ steps[1]) >= PARALLEL * pitches_px[0] * pitches_px[1]
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Round:
    """Measurements of one round on the ticks that it found."""

    numbers: Floats
    residual: float
    end_scatter: float
    line: TickLine
    centre: float
    half_rows: float


def follow_ticks(picture: NDArray[np.float32], xy_px: Floats, angle_rad: float, pitch_px: float) -> TickRow | str:
    """Grow a row of ticks from a seed.

    Parameters
    ----------
    picture : ndarray of shape (H, W), float32
        Relative contrast.
    xy_px : ndarray of shape (2,)
        Seed in px of the picture.
    angle_rad, pitch_px : float
        Direction and distance to the next tick.

    Returns
    -------
    TickRow or str
        The row, or in a few words why there is none.
    """
    numbers = np.arange(-FIRST_REACH, FIRST_REACH + 1.0)
    step = pitch_px * np.array([np.cos(angle_rad), np.sin(angle_rad)])
    line = fit_line(numbers, xy_px + numbers[:, None] * step, (0.0, 0.0))
    first, last = _within(line, -FIRST_REACH, FIRST_REACH, picture.shape)
    sign, shift = _phase(straighten(picture, line, first, last, ROWS))
    if sign == 0:
        return "no contrast"
    line = replace(line, middle=line.middle - shift)
    found, half_rows, before = (0, 0), 0.5, (0, 0)
    for growing in range(MAX_ROUNDS):
        strip = straighten(picture, line, first, last, ROWS)
        measured = _measure(strip * sign, line, first, found, half_rows)
        if isinstance(measured, str):
            return measured
        now = measured
        found = int(now.numbers[0]), int(now.numbers[-1])
        line, half_rows = _recentred(now, found), now.half_rows
        if (growing >= 3 and found == before) or found[1] - found[0] > MAX_TICKS:
            break
        before = found
        reach = max(3, int(0.4 * (found[1] - found[0])))
        first, last = _within(line, found[0] - reach, found[1] + reach, picture.shape)
    return TickRow(line, found[0], found[1], len(now.numbers), sign, half_rows, now.residual, now.end_scatter)


def _within(line: TickLine, first: int, last: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """First and last tick from `first` to `last` whose centres lie in the picture."""
    numbers = np.arange(first, last + 1)
    x, y = line.at(numbers.astype(float)).T
    inside = numbers[(x >= 0) & (x <= shape[1] - 1) & (y >= 0) & (y <= shape[0] - 1)]
    return (int(inside[0]), int(inside[-1])) if len(inside) else (0, 0)


def _phase(strip: Floats) -> tuple[int, float]:
    """Sign of the ticks, dark (-1) or light (1), and their place in their cell, in pitches."""
    cells = mean_over_rows(strip, np.abs(ROWS) <= 0.5)
    cells = cells[np.isfinite(cells).all(axis=1)]
    if len(cells) < MIN_TICKS:
        return 0, 0.0
    folded = cells.mean(axis=0)
    middle = median(folded)
    sign = 1 if folded.max() - middle > middle - folded.min() else -1
    return sign, float(SAMPLE_OFFSETS[int(np.argmax(sign * folded))])


def _measure(strip: Floats, line: TickLine, first: int, found: tuple[int, int], half_rows: float) -> _Round | str:
    """Find the ticks of a strip whose ticks are bright, and fit the line to them anew."""
    core = np.abs(ROWS) <= half_rows
    offsets, heights = tick_offsets(mean_over_rows(strip, core))
    positive = heights[heights > 0]
    usual = median(positive) if len(positive) else 0.0
    if usual < MIN_CONTRAST:
        return "no contrast"
    number = first + np.arange(len(heights))
    beyond = np.maximum(found[0] - number, number - found[1]).clip(0)
    allowed = np.minimum(KNOWN_OFFSET + OFFSET_GROWTH * beyond, MAX_OFFSET)
    good = (heights > MIN_HEIGHT * usual) & (np.abs(offsets) <= allowed)
    run = _run(good, (found[0] + found[1]) // 2 - first)
    if len(run) < MIN_TICKS:
        return f"only {len(run)} ticks"
    numbers = (run + first).astype(float)
    by_row = tick_heights(strip[:, run])
    level = median(by_row[:, core][np.isfinite(by_row[:, core])])
    lower, upper = tick_ends(by_row, ROWS, level)
    end_scatter, drift = _straighter_end(numbers, lower, upper)
    places = numbers + offsets[run]
    xy = line.at(places) + drift[:, None] * line.across(places)
    more = _lean(strip[:, run], numbers, core)
    fitted = fit_line(numbers, xy, (line.lean[0] + more[0], line.lean[1] + more[1]))
    step = fitted.step(numbers)
    along = ((xy - fitted.at(numbers)) * step).sum(axis=1) / (step**2).sum(axis=1)
    inner = np.sort(np.abs(along))[: max(MIN_TICKS, int(0.9 * len(along)))]
    residual = float(np.sqrt(np.mean(inner**2)))
    if residual > MAX_RESIDUAL_GROWING:
        return f"uneven ticks ({residual:.2f} of their distance)"
    # Inner quartiles: what three quarters of the ticks cover, also where every second tick is long.
    low, high = _quantile(lower, 0.75), _quantile(upper, 0.25)
    if not np.isfinite([low, high]).all():
        return _Round(numbers, residual, end_scatter, fitted, 0.0, 0.5)
    centre = float(np.clip(0.5 * (low + high), -1.5, 1.5))
    return _Round(numbers, residual, end_scatter, fitted, centre, float(np.clip(0.5 * (high - low) - 0.1, 0.2, 0.8)))


def _quantile(values: Floats, share: float) -> float:
    """Value of the sorted known values at a share of their number; infinite values sort to the ends."""
    known = np.sort(values[~np.isnan(values)])
    return float(known[int(share * (len(known) - 1))]) if len(known) else float("nan")


def _run(good: NDArray[np.bool_], start: int) -> NDArray[np.intp]:
    """Good ticks to both sides of `start`, up to where more than two in a row are missing."""
    known = np.flatnonzero(good)
    if not len(known):
        return known
    start = int(known[np.argmin(np.abs(known - start))])
    breaks = np.flatnonzero(np.diff(known) > MAX_MISSES + 1)
    edges = np.concatenate([[0], breaks + 1, [len(known)]])
    part = int(np.searchsorted(edges, np.flatnonzero(known == start)[0], side="right")) - 1
    run = known[edges[part] : edges[part + 1]]
    # One or two marks beyond a gap are a ruler's end or a letter rather than ticks.
    blocks = np.split(run, np.flatnonzero(np.diff(run) > 1) + 1)
    while len(blocks) > 1 and len(blocks[-1]) < MIN_TAIL:
        blocks.pop()
    while len(blocks) > 1 and len(blocks[0]) < MIN_TAIL:
        blocks.pop(0)
    return np.concatenate(blocks)


def _straighter_end(numbers: Floats, lower: Floats, upper: Floats) -> tuple[float, Floats]:
    """Scatter of the ticks' straighter ends, and how far the line drifts from them at each tick."""
    best, drift = np.inf, 0.0 * numbers
    for ends in (lower, upper):
        known = np.isfinite(ends)
        if known.sum() < max(5, 0.6 * len(numbers)):
            continue
        degree = 1 if known.sum() < 12 else 2
        fitted, scatter = robust_polynomial(numbers[known], ends[known], degree, numbers)
        if scatter < best:
            best, drift = scatter, fitted - median(fitted)
    return best, drift


def _lean(ticks: Floats, numbers: Floats, core: NDArray[np.bool_]) -> tuple[float, float]:
    """Lean that ticks (R, N, SAMPLES_PER_PITCH) still show: at tick 0, and its growth from tick to tick."""
    if len(numbers) >= MIN_FANNED:
        half = len(numbers) // 2
        left, right = (_lean_of(part, core, MIN_ROWS_FANNED) for part in (ticks[:, :half], ticks[:, half:]))
        if left is not None and right is not None:
            growth = (right - left) / float(numbers[half:].mean() - numbers[:half].mean())
            return left - growth * float(numbers[:half].mean()), growth
    return _lean_of(ticks, core, MIN_ROWS) or 0.0, 0.0


def _lean_of(ticks: Floats, core: NDArray[np.bool_], min_rows: int) -> float | None:
    """Slope of ticks from row to row, from the phase of each row; None when too few rows show it."""
    inside = np.isfinite(ticks)
    folded = np.where(inside, ticks, 0.0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    wave = folded @ np.exp(-2j * np.pi * SAMPLE_OFFSETS)
    strength = np.abs(wave)
    strong = strength > 0.5 * strength[core].mean()
    origin = len(ROWS) // 2
    reach = int(1.5 / (ROWS[1] - ROWS[0]))
    up = _first_false(strong[origin : origin + reach])
    down = _first_false(strong[origin : origin - reach : -1])
    rows = slice(origin - down + 1, origin + up)
    if rows.stop - rows.start < min_rows:
        return None
    phase = -np.unwrap(np.angle(wave[rows])) / (2 * np.pi)
    return float(np.clip(np.polyfit(ROWS[rows], phase, 1, w=strength[rows])[0], -0.3, 0.3))


def _first_false(flags: NDArray[np.bool_]) -> int:
    return len(flags) if flags.all() else int(np.argmin(flags))


def _recentred(now: _Round, found: tuple[int, int]) -> TickLine:
    """Shift the line to the middle of what all ticks cover."""
    numbers = np.arange(found[0], found[1] + 1.0)
    return fit_line(numbers, now.line.at(numbers) + now.centre * now.line.across(numbers), now.line.lean, 1)
