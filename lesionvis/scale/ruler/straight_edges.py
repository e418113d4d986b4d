"""Straight edges with a fine grating beside them: where a ruler may lie whose ticks are too fine for the picture.

In a photo that shows a whole ruler a millimetre is 2 to 4 working px. Ticks cannot be told apart there, but two
signs are left: the body has a long straight edge, and along that edge the light changes with one period, which a
spectrum over hundreds of ticks shows however faint they are. Both are looked for in the picture at hand, so that only
a photo which has them needs to be read again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.ruler.periodicity import CELL_PX, Floats, Level, coherent_cells, relative_contrast

N_ANGLES = 90
"""Directions of edges that are told apart, over half a turn."""

OFFSET_PX = 4.0
"""Distance of parallel edges that are told apart, px of the level."""

ANGLE_TOLERANCE_RAD, OFFSET_TOLERANCE_PX = np.deg2rad(4.0), 8.0
"""How far a cell's direction and place may be off the edge that it belongs to."""

MAX_GAP_PX = 40.0
"""Gap in an edge that a finger, a shadow or a body of the same light makes, px of the level."""

MIN_CELLS = 20
"""Cells along a straight edge: a third of the longer side of a picture of 480 px."""

MAX_EDGES = 4
"""Straight edges that are looked at; a ruler has two, and ticks make further ones."""

ALIGN_ROWS_PX, ALIGN_DRIFT_PX, ALIGN_BLOCK_PX = 20, 24, 16
"""Rows to each side in which an edge is aligned, how far it may drift from end to end, and the blocks it is cut in."""

SEARCH_ROWS_PX, ROW_STEP_PX = 24, 2
"""Rows to each side of the edge that are searched for a grating, and their distance."""

SEGMENT_PX = 128
"""Length of the profiles whose spectra are averaged: perspective changes the period by less than one line of these."""

MIN_SEGMENTS = 5
"""Overlapping profiles that are needed: fewer show lines by chance."""

MAX_PERIOD_PX = 12.0
"""Coarser gratings are seen by the search of the whole picture."""

NEIGHBOUR_LINES = 21
"""Lines of the spectrum that the grating is compared with."""

MIN_LINE = 2.5
"""Natural logarithm of the power of a grating over that of its neighbours: nine of eleven rulers have 3.0 to 7.2, two
of 65 large photos without one have over 2.5."""


@dataclass(frozen=True, slots=True, eq=False)
class TickedEdge:
    """Straight line along which the picture has a fine grating; px of the picture.

    Attributes
    ----------
    start_px : ndarray of shape (2,), float64
        Where it begins (x, y).
    along : ndarray of shape (2,), float64
        Unit vector along it.
    length_px : float
        Its length.
    period_px : float
        Period of the grating; that of finer ticks than 2 px is not known.
    line : float
        Natural logarithm of the power of the grating over that of its neighbours in the spectrum.
    """

    start_px: Floats
    along: Floats
    length_px: float
    period_px: float
    line: float


def find_ticked_edges(gray: NDArray[np.uint8], level: Level) -> tuple[TickedEdge, ...]:
    """Find straight edges with a fine grating beside them.

    Parameters
    ----------
    gray : ndarray of shape (H, W), uint8
        Picture.
    level : Level
        The same picture at a lower resolution, as of `lesionvis.scale.ruler.periodicity.build_levels`, with
        `px_per_full_px` in terms of `gray`.

    Returns
    -------
    tuple of TickedEdge
        The clearest grating first.

    Examples
    --------
    >>> from lesionvis.scale.ruler.periodicity import build_levels
    >>> gray = np.full((400, 1200), 90, np.uint8)
    >>> gray[200:, 100:1100] = 220  # a body
    >>> gray[206:220, 103:1097:3] = 90  # ticks 3 px apart
    >>> edge = find_ticked_edges(gray, build_levels(gray)[1])[0]
    >>> round(edge.period_px, 1)
    3.0
    """
    edges = [_grating(gray, *_aligned(gray, *run)) for run in _straight_runs(level)]
    return tuple(sorted((edge for edge in edges if edge.line >= MIN_LINE), key=lambda edge: -edge.line))


def _straight_runs(level: Level) -> list[tuple[Floats, Floats, float]]:
    """Straight rows of coherent cells, by a vote over direction and place: start, direction, length, full px."""
    x, y, angle = coherent_cells(level.contrast)
    diagonal_px = float(np.hypot(*level.contrast.shape))
    angle = np.mod(angle, np.pi)
    direction = (angle / np.pi * N_ANGLES).astype(int) + np.array([[-1], [0], [1]])
    normal = (direction + 0.5) * np.pi / N_ANGLES
    offset = x * np.cos(normal) + y * np.sin(normal)
    offset = np.where((direction < 0) | (direction >= N_ANGLES), -offset, offset)  # half a turn on
    n_offsets = int(2 * diagonal_px / OFFSET_PX) + 3
    place = direction % N_ANGLES * n_offsets + ((offset + diagonal_px) / OFFSET_PX).astype(int)
    votes = np.bincount(place.ravel(), minlength=N_ANGLES * n_offsets).reshape(N_ANGLES, n_offsets)
    votes = votes[:, :-1] + votes[:, 1:]
    runs = []
    for _ in range(MAX_EDGES):
        k, i = np.unravel_index(int(votes.argmax()), votes.shape)
        if votes[k, i] < MIN_CELLS:
            break
        votes[max(0, k - 2) : k + 3, max(0, i - 3) : i + 4] = 0
        normal_rad, place_px = (k + 0.5) * np.pi / N_ANGLES, (i + 1) * OFFSET_PX - diagonal_px
        across = np.array([np.cos(normal_rad), np.sin(normal_rad)])
        along = np.array([-across[1], across[0]])
        turned = np.abs((angle - normal_rad + np.pi / 2) % np.pi - np.pi / 2)
        near = np.abs(x * across[0] + y * across[1] - place_px) < OFFSET_TOLERANCE_PX
        distance = np.sort((x * along[0] + y * along[1])[near & (turned < ANGLE_TOLERANCE_RAD)])
        parts = np.split(distance, np.flatnonzero(np.diff(distance) > MAX_GAP_PX) + 1)
        longest = max(parts, key=lambda part: part[-1] - part[0] if len(part) else 0.0)
        if len(longest) and longest[-1] - longest[0] >= MIN_CELLS * CELL_PX:
            start = across * place_px + along * longest[0]
            length_px = float(longest[-1] - longest[0]) / level.px_per_full_px
            runs.append(((start + 0.5) / level.px_per_full_px - 0.5, along, length_px))
    return runs


def _rows_along(picture: NDArray[np.uint8], start: Floats, along: Floats, length_px: float, rows: Floats) -> Floats:
    """Rows (R, N) of a picture parallel to a line, one sample for each px; what is outside repeats the border."""
    distance = np.arange(length_px)
    x = (start[0] + distance * along[0] - rows[:, None] * along[1]).astype(np.float32)
    y = (start[1] + distance * along[1] + rows[:, None] * along[0]).astype(np.float32)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _aligned(gray: NDArray[np.uint8], start: Floats, along: Floats, length_px: float) -> tuple[Floats, Floats, float]:
    """Turn and shift a line, so that the light steps most from one side of it to the other."""
    rows = np.arange(-ALIGN_ROWS_PX, ALIGN_ROWS_PX + 1.0)
    strip = _rows_along(gray, start, along, length_px, rows)
    n_blocks = strip.shape[1] // ALIGN_BLOCK_PX
    blocks = strip[:, : n_blocks * ALIGN_BLOCK_PX].reshape(len(rows), n_blocks, ALIGN_BLOCK_PX).mean(axis=2)
    steps = np.diff(blocks, axis=0)
    drifts = np.arange(-ALIGN_DRIFT_PX, ALIGN_DRIFT_PX + 1)
    shift = np.rint(drifts[:, None, None] * ((np.arange(n_blocks) + 0.5) / n_blocks - 0.5)).astype(int)
    row = np.arange(len(steps))[:, None] + shift
    inside = (row >= 0) & (row < len(steps))
    moved = np.where(inside, steps[row.clip(0, len(steps) - 1), np.arange(n_blocks)], 0.0).mean(axis=2)
    best, place = np.unravel_index(int(np.abs(moved).argmax()), moved.shape)
    across = np.array([-along[1], along[0]])
    middle, drift = place + 0.5 - ALIGN_ROWS_PX, float(drifts[best])
    end = start + along * length_px + across * (middle + drift / 2)
    start = start + across * (middle - drift / 2)
    length_px = float(np.hypot(*(end - start)))
    return start, (end - start) / length_px, length_px


def _grating(gray: NDArray[np.uint8], start: Floats, along: Floats, length_px: float) -> TickedEdge:
    """Clearest line in the spectra of the rows beside a straight edge, and the row that shows it."""
    rows = np.arange(-SEARCH_ROWS_PX, SEARCH_ROWS_PX + 1.0, ROW_STEP_PX)
    n_segments = int(length_px / (SEGMENT_PX / 2)) - 1
    if n_segments < MIN_SEGMENTS:
        return TickedEdge(start, along, length_px, 0.0, 0.0)
    strip = relative_contrast(_rows_along(gray, start, along, length_px, rows), 1)
    window = np.hanning(SEGMENT_PX + 2)[1:-1].astype(np.float32)
    segments = [strip[:, i : i + SEGMENT_PX] for i in range(0, n_segments * SEGMENT_PX // 2, SEGMENT_PX // 2)]
    power = np.square(np.abs(np.fft.rfft(np.stack(segments) * window, axis=2)))
    # The mean of logarithms: one letter must not pass for ticks along the whole edge.
    spectrum = np.log(power + 1e-6).mean(axis=0).astype(np.float32)
    usual = cv2.blur(spectrum, (NEIGHBOUR_LINES, 1), borderType=cv2.BORDER_REFLECT)
    first = int(np.ceil(SEGMENT_PX / MAX_PERIOD_PX))
    lines = (spectrum - usual)[:, first:]
    row, k = np.unravel_index(int(lines.argmax()), lines.shape)
    start = start + rows[row] * np.array([-along[1], along[0]])
    return TickedEdge(start, along, length_px, SEGMENT_PX / float(k + first), float(lines[row, k]))
