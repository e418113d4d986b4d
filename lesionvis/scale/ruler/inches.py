"""Inches on the other edge of a ruler in millimetres: the ratio of the two tells what either is worth."""

from __future__ import annotations

import numpy as np

from lesionvis.scale.ruler.designs import INCH_MM
from lesionvis.scale.ruler.edge import Edge
from lesionvis.scale.ruler.ticks import TickRow
from lesionvis.scale.ruler.units import TickUnits

SIXTEENTH_MM = INCH_MM / 16

RATIO_TOLERANCE = 0.04
"""How far the ratio of a sixteenth of an inch to a millimetre may be off: the edges of a tilted ruler lie 3 cm apart,
at unlike distances from the lens."""

MAX_DISTANCE_MM = 60.0
"""Two rows farther apart are on two rulers."""

OUTER_MM = 3.0
"""Where the body ends when its edge is not to be seen: beyond the middle of its millimetres, away from the inches."""

MIN_PARALLEL = float(np.cos(np.deg2rad(5.0)))
"""Least cosine of the angle between the rows: perspective makes the edges of a ruler meet."""

MIN_GAIN, MIN_MARGIN, MIN_TICKS = 60.0, 40.0, 24
"""Evidence for the order of the inches, and ticks over an inch and a half."""


def can_be_settled(units: TickUnits) -> bool:
    """Test whether sixteenths of an inch on the other edge would tell that ticks are millimetres.

    Parameters
    ----------
    units : TickUnits
        Order of ticks of which the unit is open.

    Returns
    -------
    bool
        False where they may be 2 mm, which are to an eighth of an inch as millimetres are to a sixteenth, or half
        millimetres, of which none are longer at every fifth, to a thirty-second.
    """
    names = [unit.name for unit in units.units]
    return "1 mm" in names and "2 mm" not in names and ("0.5 mm" not in names or units.order[5 % len(units.order)] > 0)


def inches_beside(row: TickRow, other: TickRow, units: TickUnits) -> bool:
    """Test whether ticks that may be millimetres have sixteenths of an inch beside them.

    Parameters
    ----------
    row : TickRow
        Ticks that may be millimetres.
    other : TickRow
        Another row, in px of the same picture.
    units : TickUnits
        Order of the other row.

    Returns
    -------
    bool
        True where the other row is marked as inches are, runs beside this one, and its ticks are as much farther
        apart as sixteenths of an inch are.
    """
    if not (units.family == "halves" and units.gain >= MIN_GAIN and units.margin >= MIN_MARGIN):
        return False
    if other.n_found < MIN_TICKS:
        return False
    here, there = row.line.at(row.numbers), other.line.at(other.numbers)
    distance_px = np.hypot(here[:, None, 0] - there[:, 0], here[:, None, 1] - there[:, 1])
    i, j = np.unravel_index(int(distance_px.argmin()), distance_px.shape)
    step, other_step = row.line.step(row.numbers[[i]])[0], other.line.step(other.numbers[[j]])[0]
    pitch_px, other_pitch_px = float(np.hypot(*step)), float(np.hypot(*other_step))
    return (
        abs(float(step @ other_step)) >= MIN_PARALLEL * pitch_px * other_pitch_px
        and abs(other_pitch_px / (pitch_px * SIXTEENTH_MM) - 1.0) <= RATIO_TOLERANCE
        and float(distance_px[i, j]) <= MAX_DISTANCE_MM * pitch_px
    )


def outer_edge(row: TickRow, other: TickRow) -> Edge:
    """Edge that a ruler must have beyond its millimetres where none is to be seen, as before a light background.

    Parameters
    ----------
    row : TickRow
        Its millimetres.
    other : TickRow
        Its inches, in px of the same picture.

    Returns
    -------
    Edge
        Without a step, beside the millimetres on the side where the inches are not.
    """
    middle = 0.5 * np.array([row.first + row.last])
    towards = other.line.at(0.5 * np.array([other.first + other.last])) - row.line.at(middle)
    side = -np.sign((towards * row.line.across(middle)).sum())
    return Edge(0.0, 0.0, np.full(row.n_ticks, side * OUTER_MM))
