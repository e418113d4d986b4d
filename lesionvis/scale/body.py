"""The thing that ticks are printed on: where its edge runs, and which part of the photo it covers.

A ruler is a body with a straight edge along its ticks. A scale that software has drawn over a picture has
none, and its ticks may be tenths of a millimetre; nor has a row of stitches. So the edge is asked for
before a row of ticks is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.strip import Floats, TickLine

ROW_PX = 0.125
"""Distance of the rows that are sampled, in pitches."""

EDGE_ROWS = np.arange(-1.0, 4.0 + 1e-9, ROW_PX)
"""Rows searched for the edge, pitches outwards from where the ticks begin: at most 3 mm from the edge."""

EDGE_GAP = 1
"""Rows to each side of an edge that are blurred and left out."""

EDGE_BOX = 4
"""Rows of the boxes that are compared across an edge: half a pitch."""

LIGHT_FLOOR = 10.0
"""Grey levels added to the light before a relative step is taken, so that black on black is no edge."""

BLACK_SHARE = 0.06
"""What has less than this share of the body's light is padding or a vignette: black cloth has a tenth."""

FLAT_GRAY_LEVELS = 0.7
"""Standard deviation under which a strip along the ruler is padding: no camera is that quiet."""

SAME_BODY = 0.25
"""Relative change of colour up to which a place still belongs to the body."""

BODY_REACH = 40.0
"""Farthest that the body is followed from the ticks, in pitches: a ruler is up to 4 cm wide."""

END_REACH = 15.0
"""Farthest that the body is followed beyond the first and the last tick, in pitches."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The clearest straight step of colour along a row of ticks.

    Attributes
    ----------
    step : float
        Median step across it, as a share of the light between the ticks.
    consistency : float
        Share of the gaps between ticks that show at least half of that step in the same direction.
    row : float
        Where it runs, in pitches from the line.
    """

    step: float
    consistency: float
    row: float


def find_edge(
    rgb: NDArray[np.uint8], line: TickLine, first: int, last: int, half_rows: float, ends: tuple[Floats, ...]
) -> Edge:
    """Look for the edge of the body beyond the line on which the ticks begin.

    At an edge the colour between the ticks gives way to another one that lasts; a line that is drawn along
    the ticks does not count, because beyond it the colour returns.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture that `line` belongs to.
    line, first, last, half_rows
        As of a `TickRow`.
    ends : tuple of ndarray of shape (last - first + 1,)
        Smooth lines on which ticks begin or end, in pitches from the line; one may run along the edge.
    """
    gaps = np.arange(first, last) + 0.5
    inner_rows = np.arange(-half_rows, half_rows + 1e-9, ROW_PX)
    at, across = line.at(gaps), line.across(gaps)
    core = _sample(rgb, at, across, inner_rows)
    inside = np.isfinite(core)
    core = np.where(inside, core, 0.0).sum(axis=0) / np.maximum(inside.sum(axis=0), 1)
    usual = np.median(core, axis=0) + LIGHT_FLOOR
    best = Edge(0.0, 0.0, 0.0)
    for end in ends:
        outwards = np.sign(np.median(end))
        between = 0.5 * (end[1:] + end[:-1])
        light = _sample(rgb, at + between[:, None] * across, across, outwards * EDGE_ROWS)
        for j in range(EDGE_GAP + EDGE_BOX, len(EDGE_ROWS) - EDGE_GAP - 2 * EDGE_BOX):
            edge = _edge_at(light, core, usual, j, float(np.median(end) + outwards * EDGE_ROWS[j]))
            if edge.step > best.step:
                best = edge
    return best


def _edge_at(light: Floats, core: Floats, usual: Floats, j: int, row: float) -> Edge:
    """Step of colour (R, N, 3) across row j; none where most places there lie outside of the picture."""
    inner = light[j - EDGE_GAP - EDGE_BOX : j - EDGE_GAP].mean(axis=0)
    near = light[j + EDGE_GAP : j + EDGE_GAP + EDGE_BOX].mean(axis=0)
    far = light[j + EDGE_GAP + EDGE_BOX : j + EDGE_GAP + 2 * EDGE_BOX].mean(axis=0)
    steps = np.stack([near - inner, far - inner, near - core, far - core]) / usual
    known = np.isfinite(steps).all(axis=(0, 2))
    if known.mean() < 0.5 or _is_padding(far[known], usual):
        return Edge(0.0, 0.0, row)
    median = np.median(steps[:, known], axis=1)
    same_way = (np.sign(median) == np.sign(median[0])).all(axis=0)
    step = np.where(same_way, np.abs(median).min(axis=0), 0.0)
    color = int(step.argmax())
    clear = (steps[:, known, color] * np.sign(median[0, color]) > 0.5 * step[color]).all(axis=0)
    return Edge(float(step[color]), float(clear.mean()), row)


def _is_padding(outer: Floats, usual: Floats) -> bool:
    """Whether colours (N, 3) are a frame around the photo or the dark around a lens rather than a scene."""
    black = float(np.median(outer.max(axis=1))) < BLACK_SHARE * float(usual.max())
    return black or float(outer.std(axis=0).max()) < FLAT_GRAY_LEVELS


def _sample(rgb: NDArray[np.uint8], at: Floats, across: Floats, rows: Floats) -> Floats:
    """Colours (R, N, 3) at rows across N places; NaN outside of the picture."""
    x = (at[:, 0] + rows[:, None] * across[:, 0]).astype(np.float32)
    y = (at[:, 1] + rows[:, None] * across[:, 1]).astype(np.float32)
    colors = cv2.remap(rgb, x, y, cv2.INTER_LINEAR).astype(np.float64)
    height, width = rgb.shape[:2]
    colors[(x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)] = np.nan
    return np.asarray(colors)


def body_outline(
    rgb: NDArray[np.uint8], line: TickLine, first: int, last: int, half_rows: float
) -> NDArray[np.float64]:
    """Polygon around what has the colour that is seen between the ticks.

    The colour is followed from the ticks outwards, across the ruler and beyond its ends, until most of a row
    of samples differs; print on the body does not stop it.

    Returns
    -------
    ndarray of shape (N, 2), float64
        Corners (x, y) in px of the picture, clipped to it.
    """
    gaps = np.arange(first, last) + 0.5
    core = np.arange(-half_rows, half_rows + 1e-9, 0.125)
    light = np.nanmedian(_sample(rgb, line.at(gaps), line.across(gaps), core), axis=0)
    usual = np.nanmedian(light, axis=0)
    across = np.arange(0.0, BODY_REACH, 0.25)
    low, high = (
        side * across[_same_until(_sample(rgb, line.at(gaps), line.across(gaps), side * across), light, 4)]
        for side in (-1.0, 1.0)
    )
    middle = np.linspace(max(low, -4.0), min(high, 4.0), 9)
    beyond = np.arange(0.0, END_REACH, 0.25)
    ends = []
    for number, side in ((first, -1.0), (last, 1.0)):
        at, across_end = _beyond(line, number, side * beyond)
        ends.append(
            number + side * beyond[_same_until(_sample(rgb, at, across_end, middle).swapaxes(0, 1), usual, 4)]
        )
    numbers = np.linspace(ends[0], ends[1], max(2, round((ends[1] - ends[0]) / 2)))
    at, across_line = _extended(line, first, last, numbers)
    polygon = np.concatenate([at + low * across_line, (at + high * across_line)[::-1]])
    return np.asarray(np.clip(polygon, 0.0, [rgb.shape[1] - 1.0, rgb.shape[0] - 1.0]), np.float64)


def _same_until(colors: Floats, light: Floats, patience: int) -> int:
    """Last row before `patience` rows in a sequence whose median place differs from the body's light."""
    differs = (np.abs(colors - light) / (np.nanmax(light) + LIGHT_FLOOR)).max(axis=-1)
    outside = np.isnan(differs).mean(axis=1) > 0.5
    typical = np.where(outside, np.inf, np.nanmedian(np.where(outside[:, None], 0.0, differs), axis=1))
    other = typical > SAME_BODY
    for row in range(len(other)):
        if outside[row] or other[row : row + patience].all():
            return max(row - 1, 0)
    return len(other) - 1


def _extended(line: TickLine, first: int, last: int, numbers: Floats) -> tuple[Floats, Floats]:
    """Positions and directions across at tick numbers; straight on beyond the first and the last tick."""
    inside = np.clip(numbers, first, last)
    at = line.at(inside) + (numbers - inside)[:, None] * line.step(inside)
    return at, line.across(inside)


def _beyond(line: TickLine, number: int, distances: Floats) -> tuple[Floats, Floats]:
    return _extended(line, number, number, number + distances)
