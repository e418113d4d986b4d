"""Ruler behind the ticks: where its edge runs, and which part of the photo it covers.

A ruler is a body with a straight edge along its ticks. A scale that software has drawn over a picture has
none, and its ticks may be tenths of a millimetre; nor has a row of stitches. So the edge is asked for
before a row of ticks is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.ruler.strip import Floats, light_of_lines, straighten
from lesionvis.scale.ruler.ticks import TickRow

ROW_PITCHES = 0.125
"""Distance of the rows that are sampled, in pitches."""

EDGE_ROWS = np.arange(-1.0, 4.0 + 1e-9, ROW_PITCHES)
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

PADDING_BLUR_PX = 5
"""Side of the square that padding spoils around each of its pixels: it was resampled or compressed."""

CLEAR_GAPS = 0.2
"""Second harmonic of the ticks over their first from which on the gaps between them show the body: below, blur has made
a wave of both, which veils it."""

EDGE_MARGIN = 0.25
"""The outline runs this far outside of the edge, in pitches, so that its blur is not taken for skin."""

PATIENCE = 4
"""Rows of samples in a quarter pitch that must differ before the body ends: print is narrower."""

SAME_BODY = 0.25
"""Relative change of colour up to which a place still belongs to the body."""

BODY_REACH = 40.0
"""Farthest that the body is followed from the ticks, in pitches: a ruler is up to 4 cm wide."""

END_REACH = 15.0
"""Farthest that the body is followed beyond the first and the last tick, in pitches."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """Clearest straight step of colour along a row of ticks.

    Attributes
    ----------
    step : float
        Median step across it, as a share of the light between the ticks.
    consistency : float
        Share of the gaps between ticks that show at least half of that step in the same direction.
    rows : ndarray of shape (n_ticks,)
        Where it runs at each tick, in pitches from the line.
    """

    step: float
    consistency: float
    rows: Floats


def find_edge(rgb: NDArray[np.uint8], row: TickRow, ends: tuple[Floats, ...]) -> Edge:
    """Look for the edge of the body beyond the line on which the ticks begin.

    At an edge the colour between the ticks gives way to another one that lasts; a line that is drawn along
    the ticks does not count, because beyond it the colour returns, nor does black around a photo or a lens.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture that the row's line belongs to.
    row : TickRow
        Ticks.
    ends : tuple of ndarray of shape (n_ticks,)
        Smooth lines on which ticks begin or end, in pitches from the line; one may run along the edge.

    Returns
    -------
    Edge
        The clearest edge; one without a step where there is none.
    """
    gaps = np.arange(row.first, row.last) + 0.5
    at, across = row.line.at(gaps), row.line.across(gaps)
    core = _light_between(rgb, row)
    usual = np.median(core, axis=0) + LIGHT_FLOOR
    body = _veiled_body(rgb, row)
    brightest = cv2.max(cv2.max(rgb[:, :, 0], rgb[:, :, 1]), rgb[:, :, 2])
    scene = (brightest > BLACK_SHARE * usual.max()).astype(np.uint8)
    scene = np.asarray(cv2.erode(scene, np.ones((PADDING_BLUR_PX, PADDING_BLUR_PX), np.uint8)), np.uint8)
    best = Edge(0.0, 0.0, np.zeros(row.n_ticks))
    for end in ends:
        outwards = np.sign(np.median(end))
        between = (0.5 * (end[1:] + end[:-1]))[:, None]
        light = _sample(rgb, at + between * across, across, outwards * EDGE_ROWS)
        light[_sample(scene, at + between * across, across, outwards * EDGE_ROWS) < 1] = np.nan
        for j in range(EDGE_GAP + EDGE_BOX, len(EDGE_ROWS) - EDGE_GAP - 2 * EDGE_BOX):
            step, consistency = _step_at(light, core, body, usual, j)
            if step > best.step:
                best = Edge(step, consistency, end + outwards * EDGE_ROWS[j])
    return best


def _step_at(light: Floats, core: Floats, body: Floats | None, usual: Floats, j: int) -> tuple[float, float]:
    """Step of colour (R, N, 3) across row j and its consistency; 0 where most places are no scene.

    It is no larger than what the light beyond differs by from a body (3,) that blurred ticks veil.
    """
    inner = light[j - EDGE_GAP - EDGE_BOX : j - EDGE_GAP].mean(axis=0)
    near = light[j + EDGE_GAP : j + EDGE_GAP + EDGE_BOX].mean(axis=0)
    far = light[j + EDGE_GAP + EDGE_BOX : j + EDGE_GAP + 2 * EDGE_BOX].mean(axis=0)
    steps = np.stack([near - inner, far - inner, near - core, far - core]) / usual
    known = np.isfinite(steps).all(axis=(0, 2))
    if known.mean() < 0.5 or float(far[known].std(axis=0).max()) < FLAT_GRAY_LEVELS:
        return 0.0, 0.0
    median = np.median(steps[:, known], axis=1)
    same_way = (np.sign(median) == np.sign(median[0])).all(axis=0)
    step = np.where(same_way, np.abs(median).min(axis=0), 0.0)
    if body is not None:
        step = np.minimum(step, np.abs((np.median(far[known], axis=0) - body) / usual))
    color = int(step.argmax())
    clear = (steps[:, known, color] * np.sign(median[0, color]) > 0.5 * step[color]).all(axis=0)
    return float(step[color]), float(clear.mean())


def ruler_outline(rgb: NDArray[np.uint8], row: TickRow, edge: Edge) -> NDArray[np.float64]:
    """Polygon around the body: from its edge to where the colour seen between the ticks gives way.

    The colour is followed from the ticks inwards and beyond the ruler's ends, until most of a line of samples
    differs; print on the body does not stop it.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture that the row's line belongs to.
    row : TickRow
        Ticks.
    edge : Edge
        Edge of the body beside them.

    Returns
    -------
    ndarray of shape (N, 2), float64
        Corners (x, y) in px of the picture, clipped to it.
    """
    light = _light_between(rgb, row)
    gaps = np.arange(row.first, row.last) + 0.5
    inwards = -float(np.sign(np.median(edge.rows)))
    depths = np.arange(0.0, BODY_REACH, 0.25)
    colors = _sample(rgb, row.line.at(gaps), row.line.across(gaps), inwards * depths)
    far_row = inwards * depths[_same_until(colors, light)]
    middle = np.linspace(float(np.median(edge.rows)) + inwards * 0.25, np.clip(far_row, -4.0, 4.0), 9)
    beyond = np.arange(0.0, END_REACH, 0.25)
    ends = []
    for number, side in ((row.first, -1.0), (row.last, 1.0)):
        at, across = _extended(row, number + side * beyond)
        differs = _sample(rgb, at, across, middle).swapaxes(0, 1)
        ends.append(number + side * beyond[_same_until(differs, np.median(light, axis=0))])
    numbers = np.linspace(ends[0], ends[1], max(2, round((ends[1] - ends[0]) / 2)))
    at, across = _extended(row, numbers)
    edge_rows = np.interp(numbers, np.arange(row.first, row.last + 1), edge.rows) - inwards * EDGE_MARGIN
    polygon = np.concatenate([at + edge_rows[:, None] * across, (at + far_row * across)[::-1]])
    return np.asarray(np.clip(polygon, 0.0, [rgb.shape[1] - 1.0, rgb.shape[0] - 1.0]), np.float64)


def _light_between(rgb: NDArray[np.uint8], row: TickRow) -> Floats:
    """Mean colour (N, 3) of each gap between ticks, over the rows that all ticks cover."""
    gaps = np.arange(row.first, row.last) + 0.5
    rows = np.arange(-row.half_rows, row.half_rows + 1e-9, ROW_PITCHES)
    colors = _sample(rgb, row.line.at(gaps), row.line.across(gaps), rows)
    inside = np.isfinite(colors)
    return np.asarray(np.where(inside, colors, 0.0).sum(axis=0) / np.maximum(inside.sum(axis=0), 1))


def _veiled_body(rgb: NDArray[np.uint8], row: TickRow) -> Floats | None:
    """Colour (3,) of the body where blur leaves a mere wave of ticks and gaps; None where the gaps show it."""
    rows = np.arange(-row.half_rows, row.half_rows + 1e-9, ROW_PITCHES)
    channels = [cv2.extractChannel(rgb, k).astype(np.float32) for k in range(3)]
    colors = np.stack([straighten(channel, row.line, row.first, row.last, rows) for channel in channels], axis=-1)
    inside = np.isfinite(colors).all(axis=(0, 2, 3))
    if not inside.any():
        return None
    folded = colors[:, inside].mean(axis=(0, 1))
    _, first, second = 2.0 * np.abs(np.fft.rfft(folded, axis=0))[:3] / len(folded)
    ratio = second / np.maximum(first, 1e-6)
    if np.median(ratio) >= CLEAR_GAPS:
        return None
    return np.asarray(folded.mean(axis=0) - row.sign * light_of_lines(folded))


def _same_until(colors: Floats, light: Floats) -> int:
    """Last row of a sequence (R, N, 3) before `PATIENCE` rows whose median differs from the body's light."""
    differs = (np.abs(colors - light) / (light.max() + LIGHT_FLOOR)).max(axis=-1)
    outside = np.isnan(differs).mean(axis=1) > 0.5
    other = np.array([bool(out) or np.nanmedian(d) > SAME_BODY for out, d in zip(outside, differs, strict=True)])
    for row in range(len(other)):
        if outside[row] or other[row : row + PATIENCE].all():
            return max(row - 1, 0)
    return len(other) - 1


def _extended(row: TickRow, numbers: Floats) -> tuple[Floats, Floats]:
    """Positions and directions across at tick numbers; straight on beyond the first and the last tick."""
    inside = np.clip(numbers, row.first, row.last)
    at = row.line.at(inside) + (numbers - inside)[:, None] * row.line.step(inside)
    return at, row.line.across(inside)


def _sample(picture: NDArray[np.uint8], at: Floats, across: Floats, rows: Floats) -> Floats:
    """Values (R, N) or colours (R, N, 3) at rows across N places; NaN outside of the picture."""
    x = (at[:, 0] + rows[:, None] * across[:, 0]).astype(np.float32)
    y = (at[:, 1] + rows[:, None] * across[:, 1]).astype(np.float32)
    values = cv2.remap(picture, x, y, cv2.INTER_LINEAR).astype(np.float64)
    height, width = picture.shape[:2]
    values[(x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)] = np.nan
    return np.asarray(values)
