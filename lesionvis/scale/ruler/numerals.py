"""Numerals beside the ticks: where they stand and how high they are tells what the ticks are worth.

Numerals are printed some 2 mm high on any ruler, as eyes have to read them, so that beside ticks that are farther
apart they look small. On rulers in millimetres one stands at every tenth tick; at every fifth on those in 2 mm, at
every twentieth on those in twentieths of an inch, and at each inch where it is halved again and again. What they say is
not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.ruler.strip import SAMPLES_PER_PITCH, Floats, mean_over_rows, straighten
from lesionvis.scale.ruler.ticks import TickRow

REACH = 12.0
"""How far from the line numerals are looked for, in pitches: those of clear school rulers end 10 mm from it."""

BEYOND_TICKS = 0.3
"""Distance beyond the end of plain ticks from which on print is no tick, unless it is joined to one; in pitches."""

LIGHT_TICKS = 9
"""Ticks over which light and ink are taken together: shading is slower, and most watermarks cover fewer."""

MIN_INK = 0.45
"""Share of the ticks' ink from which on something is print."""

LEAST_GRAY_LEVELS = 3.0
"""Ink that differs by less from the body, in grey levels, is noise."""

SHADE_PITCHES = (10.0, 2.0)
"""Width and height of the window that the light of the body is averaged over, in pitches."""

HEIGHTS = (0.4, 5.0)
"""Least and largest height of a numeral, in pitches."""

WIDTHS = (0.1, 3.2)
"""Least width, in heights, as hairs are narrower than a 1, and the largest, of three digits: words are wider."""

DIGIT_GAP = 0.6
"""Largest gap between digits of one numeral, in heights."""

SAME_LEVEL, SAME_HEIGHT = 0.12, 0.05
"""How far tops and bottoms of numerals, and their heights, may be off, in heights; and one sample."""

SAME_PLACE = 0.7
"""How far numerals may stand aside of where others stand beside their ticks, in pitches: a 1 is narrow, a 10 wide."""

MAX_OTHERS = 1.5
"""Print on their level, as a multiple of the numerals that stand beside ticks: in writing there is more."""

MAX_GAP, MAX_GAP_BELOW_LONGEST = 4.5, 1.0
"""Largest distance from the end of plain ticks, and of the longest if these are longer still, to numerals, in pitches:
beyond is the print of the other edge."""

PADDING_PX = 5
"""Side of the square within which no two px of padding differ; no camera is that quiet."""

MIN_SCENE = 0.75
"""Share of a place that must be no padding: compression makes parts of a smooth body as flat."""

MIN_NUMERALS = 2
"""Numerals of one height at one place that must be seen: letters and spots come alone."""

MAIN_LEAD = 3
"""How many times fewer than they what stands midway between numerals may be, if it is none."""

ASIDE = (0.4, 2.2)
"""Numerals stand beneath the end of their tick or beside it: from how far to how far, in pitches. A bare place has no
print there, down to the bottom of most numerals."""

BARE_DEPTH = 6.0
"""... which is this far from the end of plain ticks, in pitches."""


@dataclass(frozen=True, slots=True)
class Numerals:
    """Numerals beside a row of ticks.

    Attributes
    ----------
    height : float
        Median height, in pitches; NaN where fewer than two of one height were seen.
    at_halves : bool
        Numerals also stand midway between the ticks that they were expected at.
    n_ticks_apart : int
        Ticks from one of them to the next, the least that occurs; 0 where fewer than two of one height were seen.
    n_places : int
        Ticks beside which they were expected, and of which all that is around is in the picture.
    n_bare : int
        Of these, ticks beside which nothing is printed.
    """

    height: float
    at_halves: bool
    n_ticks_apart: int
    n_places: int
    n_bare: int


def find_numerals(
    rgb: NDArray[np.uint8], row: TickRow, lengths: Floats, kinds: NDArray[np.intp], period: int
) -> Numerals | None:
    """Look for numerals beside a row of ticks, on the side to which longer ticks are longer.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture that the row's line belongs to.
    row : TickRow
        Ticks.
    lengths : ndarray of shape (2, n_ticks)
        How far each tick reaches to either side of the line, in pitches; NaN where unknown.
    kinds : ndarray of shape (n_ticks,), int
        Kinds of the ticks, 0 for plain ones; numerals are expected beside those of the coarsest kind.
    period : int
        Ticks from one numeral to the next.

    Returns
    -------
    Numerals or None
        None where lengths or ink are unknown.
    """
    reach = np.array([[_median(side[kinds > 0]), _median(side[kinds == 0])] for side in lengths])
    excess = reach[:, 0] - reach[:, 1]
    if not np.isfinite(excess).all():
        return None
    side = int(np.argmax(excess))
    rows = np.arange(0.0, REACH, 1.0 / SAMPLES_PER_PITCH)
    green = cv2.extractChannel(rgb, 1).astype(np.float32)
    strip = straighten(green, row.line, row.first, row.last, (-1.0, 1.0)[side] * rows)
    ink = _ink(strip, rows <= row.half_rows, row.sign)
    if ink is None:
        return None
    first_row = max(round((reach[side, 1] + BEYOND_TICKS) * SAMPLES_PER_PITCH), 1)
    longest = _median(lengths[side][kinds == kinds.max()])
    gap = np.fmax(MAX_GAP, longest - reach[side, 1] + MAX_GAP_BELOW_LONGEST)
    boxes = _print(ink, first_row, float(gap))
    height, at_halves, n_ticks_apart = _of_one_height(boxes, period)
    ticks = np.flatnonzero(kinds == kinds.max())
    bare = [_is_bare(ink, boxes, first_row, int(tick)) for tick in ticks]
    if True in bare:  # or padded, which takes time to tell
        scene = straighten(_scene(green), row.line, row.first, row.last, (-1.0, 1.0)[side] * rows) > 0.5
        seen = [_is_scene(scene.reshape(ink.inside.shape), first_row, int(tick)) for tick in ticks]
        bare = [of_it if is_seen else None for of_it, is_seen in zip(bare, seen, strict=True)]
    return Numerals(height, at_halves, n_ticks_apart, len(bare) - bare.count(None), bare.count(True))


def _scene(green: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 where a camera saw something, 0 where the picture is padded: flat, and joined to its border."""
    square = np.ones((PADDING_PX, PADDING_PX), np.uint8)
    flat = (cv2.dilate(green, square) <= cv2.erode(green, square)).astype(np.uint8)
    labels = cv2.connectedComponents(flat, connectivity=4)[1]
    at_border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    padding = np.isin(labels, at_border[at_border > 0]).astype(np.uint8)
    return 1.0 - cv2.dilate(padding, square).astype(np.float32)


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """What is print in a straightened strip (R, N * SAMPLES_PER_PITCH), and what of the strip is in the picture."""

    is_ink: NDArray[np.bool_]
    inside: NDArray[np.bool_]


def _ink(strip: Floats, core: NDArray[np.bool_], sign: int) -> _Ink | None:
    """Tell print from the body by the light of ticks and gaps in the core rows; None where ticks are not seen."""
    profiles = mean_over_rows(strip, core)
    if not np.isfinite(profiles).all(axis=1).any():
        return None
    middle = SAMPLES_PER_PITCH // 2
    gaps = _steady(profiles[:, [0, 1, -2, -1]].mean(axis=1))
    depths = sign * (_steady(profiles[:, middle - 1 : middle + 1].mean(axis=1)) - gaps)
    if float(np.median(depths)) < LEAST_GRAY_LEVELS:
        return None
    flat = strip.reshape(len(strip), -1)
    inside = np.isfinite(flat)
    body = np.repeat(gaps, SAMPLES_PER_PITCH)
    depth = np.repeat(np.maximum(depths, LEAST_GRAY_LEVELS), SAMPLES_PER_PITCH)
    light = np.where(inside, flat, body)
    near_body = np.where(np.abs(light - body) < 0.5 * depth, light, body).astype(np.float32)
    width, height = (round(side * SAMPLES_PER_PITCH) | 1 for side in SHADE_PITCHES)
    shade = cv2.blur(near_body, (width, height))
    return _Ink(inside & (sign * (light - shade) > MIN_INK * depth), inside)


def _steady(values: Floats) -> Floats:
    """Running median over `LIGHT_TICKS`; where none of these is known, the median of all."""
    padded = np.pad(values, LIGHT_TICKS // 2, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, LIGHT_TICKS)
    usual = float(np.nanmedian(values))
    return np.array([usual if np.isnan(m := _median(window)) else m for window in windows])


def _print(ink: _Ink, first_row: int, max_gap: float) -> Floats:
    """Boxes (N, 4) of what may be numerals, in samples: top, bottom, left, right.

    What is joined to a tick, or to what is outside of the picture, is none.
    """
    below = (ink.is_ink | ~ink.inside)[first_row:].astype(np.uint8)
    below[:1] = 1  # joins all ticks
    below[:, [0, -1]] = 1
    boxes = cv2.connectedComponentsWithStats(below, connectivity=8)[2]
    left, top, width, height = boxes[1:, :4].T.astype(float)
    low, high = (side * SAMPLES_PER_PITCH for side in HEIGHTS)
    fits = (height >= low) & (height <= high) & (width >= WIDTHS[0] * height)
    fits &= (left > 0) & (top <= max_gap * SAMPLES_PER_PITCH)
    digits = np.stack([first_row + top, first_row + top + height, left, left + width], axis=1)[fits]
    return _joined(digits[np.argsort(digits[:, 2], kind="stable")])


def _joined(digits: Floats) -> Floats:
    """Boxes of numerals, of one digit or more, from those of digits from left to right."""
    numerals: list[Floats] = []
    for digit in digits:
        for k in range(len(numerals) - 1, -1, -1):
            last = numerals[k]
            if _on_level(last, digit) and digit[2] - last[3] <= DIGIT_GAP * (last[1] - last[0]):
                numerals[k] = np.array([*last[:3], max(last[3], digit[3])])
                break
        else:
            numerals.append(digit)
    boxes = np.array(numerals).reshape(-1, 4)
    return boxes[boxes[:, 3] - boxes[:, 2] <= WIDTHS[1] * (boxes[:, 1] - boxes[:, 0])]


def _on_level(one: Floats, others: Floats) -> NDArray[np.bool_]:
    """Test whether boxes (4,) or (N, 4) have the top, the bottom and the height of one."""
    height = one[1] - one[0]
    off = np.abs(others[..., :2] - one[:2]).max(axis=-1)
    higher = np.abs(others[..., 1] - others[..., 0] - height)
    return np.asarray((off <= SAME_LEVEL * height + 1.0) & (higher <= SAME_HEIGHT * height + 1.0))


def _of_one_height(boxes: Floats, period: int) -> tuple[float, bool, int]:
    """Height of numerals at one place beside ticks, NaN without; whether half a period apart; ticks between them."""
    half = 0.5 * period * SAMPLES_PER_PITCH
    centre = boxes[:, 2:].mean(axis=1)
    best = np.zeros(len(boxes), bool)
    places = np.zeros(0, int)
    for box, at in zip(boxes, centre, strict=True):
        aside = np.abs((centre - at + half / 2) % half - half / 2)
        same = _on_level(box, boxes) & (aside <= SAME_PLACE * SAMPLES_PER_PITCH)
        beside = np.minimum(boxes[:, 1], box[1]) - np.maximum(boxes[:, 0], box[0]) > 0.5 * (box[1] - box[0])
        if same.sum() > best.sum() and beside.sum() <= MAX_OTHERS * same.sum():
            best, places = same, np.unique(np.round((centre[same] - at) / half).astype(int))
    n_odd = int((places % 2).sum())
    n_main, n_between = max(n_odd, len(places) - n_odd), min(n_odd, len(places) - n_odd)
    at_halves = 2 * n_between >= n_main
    if n_main < MIN_NUMERALS or (not at_halves and MAIN_LEAD * n_between > n_main):
        return float("nan"), False, 0
    height = float(np.median((boxes[:, 1] - boxes[:, 0])[best])) / SAMPLES_PER_PITCH
    return height, at_halves, int(np.diff(places).min()) * period // 2


def _around(first_row: int, tick: int) -> tuple[slice, slice]:
    """Rows and columns in which the numeral of a tick would be."""
    far = round(ASIDE[1] * SAMPLES_PER_PITCH)
    middle = round((tick + 0.5) * SAMPLES_PER_PITCH)
    rows = slice(first_row, first_row + round(BARE_DEPTH * SAMPLES_PER_PITCH))
    return rows, slice(max(middle - far, 0), middle + far)


def _is_scene(scene: NDArray[np.bool_], first_row: int, tick: int) -> bool:
    """Test whether most around a tick is no padding."""
    return bool(scene[_around(first_row, tick)].mean() >= MIN_SCENE)


def _is_bare(ink: _Ink, boxes: Floats, first_row: int, tick: int) -> bool | None:
    """Test whether nothing is printed beside a tick; None where not all around it is in the picture."""
    near, far = (round(side * SAMPLES_PER_PITCH) for side in ASIDE)
    middle = round((tick + 0.5) * SAMPLES_PER_PITCH)
    if middle < far or middle + far > ink.inside.shape[1] or not ink.inside[_around(first_row, tick)].all():
        return None
    if ((boxes[:, 2] < middle + near) & (boxes[:, 3] > middle - near)).any():
        return False  # a 1 beneath the end of its tick
    rows, _ = _around(first_row, tick)
    sides = (slice(middle - far, middle - near), slice(middle + near, middle + far))
    return not any(ink.is_ink[rows, side].any() for side in sides)
