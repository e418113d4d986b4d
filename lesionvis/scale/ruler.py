"""Finds a ruler in a photo and reads pixels per millimetre off its ticks.

Reading the distance of ticks is easy; not to read it off a shirt is the task. A row of marks is believed to
be a ruler only when all that makes a ruler is seen at once:

- enough ticks, hardly one missing, evenly spaced along a smooth line (`lesionvis.scale.ticks`);
- which begin on one line;
- of which every fifth or tenth is longer or heavier, and no other order fits (`lesionvis.scale.grouping`);
- on a body with a straight edge (`lesionvis.scale.body`).

Where anything is missing, there is no scale and the reason says what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from lesionvis.photo import Photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.body import body_outline, find_edge
from lesionvis.scale.grouping import Grouping, TickShapes, group_ticks, measure_shapes
from lesionvis.scale.seeds import Level, Seeds, build_levels, find_seeds
from lesionvis.scale.strip import straighten
from lesionvis.scale.ticks import TickRow, follow_ticks

FOLLOW_PITCH_PX = 8.0
"""Ticks are followed at the coarsest level where they are this far apart: fast, and sharp enough."""

SHAPE_PITCH_PX = 12.0
"""Their lengths and ink are measured at the coarsest level where they are this far apart."""

SHAPE_ROWS = np.arange(-6.0, 6.0 + 1e-9, 0.125)
"""Rows of the strip in which lengths are measured, pitches: over the centimetre tick of most rulers."""

MILLIMETRES_PER_TICK = {"millimetre": 1.0, "half_centimetre": 5.0}
"""What one tick is worth, by the order among the ticks."""

PRINT_TOLERANCE = 0.003
"""Relative error of printed rulers: 0.3 mm in 10 cm for paper and tape (EU accuracy class III: 0.1 %)."""

SEED_RADIUS_PX = 24.0
"""Seeds of the same pitch this near to one that was followed, in px, lead to the same end."""

SEED_RADIUS_PITCHES = 2.5
"""Seeds of the same pitch this near to a row of ticks, in pitches, belong to it."""

N_ROW_TESTS = 4
"""Tests of a row before its order is looked at; the reason told is that of the row that passed most."""

MIN_MARKS = 2
"""Longer ticks that must be seen: one alone returns after no known number."""

MAX_FINER = 0.35
"""Marks midway between the ticks may be this high, as a share of the ticks: print and noise."""

MIN_MARGIN_HALF = 3.0
"""Margin for half centimetres: an inch order with twice the kinds fits them too, but for its cost of 5."""

MAX_PLAIN_STANDING_OUT = 0.3
"""Share of plain ticks that may seem longer, under watermarks, hair and print."""


@dataclass(frozen=True, slots=True)
class RulerFinder:
    """Finds a ruler and reads its scale.

    Parameters
    ----------
    max_side_px : int
        Longer side of the picture that is searched, px; larger working pictures are reduced.
    max_rows : int
        Rows of ticks that are followed before giving up; nearly all rulers are the first.
    min_ticks : int
        Ticks that must be found: eleven bound one centimetre.
    max_missing : float
        Largest share of ticks hidden between the first and the last.
    max_residual_pitches : float
        Root mean square distance of the ticks from a smooth line; real rulers have up to 0.035, cloth more.
    max_end_scatter_pitches : float
        Robust standard deviation of the ends that lie on one line; real rulers have up to 0.05.
    min_contrast : float
        Relative contrast of the ticks, measured at the resolution they were followed at.
    min_gain, min_margin : float
        Evidence for the order among the ticks, and against any other; see `Grouping`.
    min_edge_step, min_edge_consistency : float
        Relative step of colour at the edge of the body, and share of the gaps between ticks that show it.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> photo = read_photo(np.full((96, 128, 3), 180, np.uint8))
    >>> RulerFinder()(photo).reason
    'no ruler found: nothing in the photo repeats as ticks do'
    """

    max_side_px: int = 960
    max_rows: int = 6
    min_ticks: int = 11
    max_missing: float = 0.2
    max_residual_pitches: float = 0.04
    max_end_scatter_pitches: float = 0.06
    min_contrast: float = 0.06
    min_gain: float = 10.0
    min_margin: float = 5.0
    min_edge_step: float = 0.12
    min_edge_consistency: float = 0.5

    def __call__(self, photo: Photo) -> Scale | NoScale:
        """Read the scale of a photo off the ruler in it.

        Parameters
        ----------
        photo : Photo
            The photo.

        Returns
        -------
        Scale or NoScale
            Scale with source "ruler": the mean over the ruler, with a standard error that covers reading,
            print and the change of scale along the ruler (perspective, curved skin). NoScale says what came
            nearest.
        """
        reduction = min(1.0, self.max_side_px / max(photo.rgb.shape[:2]))
        green = cv2.extractChannel(photo.rgb, 1)
        if reduction < 1.0:
            green = cv2.resize(green, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA)
        levels = build_levels(np.asarray(green, np.uint8))
        reason, passed = "nothing in the photo repeats as ticks do", -1
        for row in self._rows(levels, find_seeds(levels)):
            complaint, tests_passed = self._complaint_about_row(row)
            if not complaint:
                candidate = _measured(row, levels)
                complaint, tests_passed = self._complaint_about_order(candidate)
                if not complaint:
                    row = replace(row, line=row.line.resized(1.0 / reduction))
                    ends = candidate.shapes.straight_ends()
                    edge = find_edge(photo.rgb, row.line, row.first, row.last, row.half_rows, ends)
                    if edge.step >= self.min_edge_step and edge.consistency >= self.min_edge_consistency:
                        return _scale(row, candidate.grouping, photo)
                    complaint = f"{_told(row)} have no straight edge of a ruler beside them"
                    tests_passed += 1
            if tests_passed > passed:
                reason, passed = complaint, tests_passed
        return NoScale(f"no ruler found: {reason}")

    def _rows(self, levels: tuple[Level, ...], seeds: Seeds) -> Iterator[TickRow]:
        """Follow the ticks from the best seeds, each row once; lines in px of the full picture."""
        free = np.ones(len(seeds), bool)
        for _ in range(self.max_rows):
            if not free.any():
                return
            seed = int(free.argmax())
            pitch_px = float(seeds.pitch_px[seed])
            level = _coarsest(levels, pitch_px, FOLLOW_PITCH_PX)
            row = follow_ticks(
                level.contrast,
                (seeds.xy_px[seed] + 0.5) * level.px_per_full_px - 0.5,
                float(seeds.angle_rad[seed]),
                pitch_px * level.px_per_full_px,
            )
            free &= ~seeds.near(seeds.xy_px[seed : seed + 1], pitch_px, SEED_RADIUS_PX)
            free[seed] = False
            if isinstance(row, TickRow):
                row = replace(row, line=row.line.resized(1 / level.px_per_full_px))
                numbers = np.arange(row.first, row.last + 1.0)
                pitch_px = float(row.line.pitch(numbers).mean())
                free &= ~seeds.near(row.line.at(numbers), pitch_px, SEED_RADIUS_PITCHES * pitch_px)
                yield row

    def _complaint_about_row(self, row: TickRow) -> tuple[str, int]:
        """Say what is wrong with a row of ticks ("" when nothing is), and how many tests it passed."""
        told = _told(row)
        tests = (
            (row.n_found >= self.min_ticks, f"{told} are fewer than {self.min_ticks}"),
            (row.n_found >= (1 - self.max_missing) * row.n_ticks, f"{told} have too many gaps"),
            (row.residual <= self.max_residual_pitches, f"{told} are not even"),
            (row.end_scatter <= self.max_end_scatter_pitches, f"{told} do not begin on one line"),
        )
        return _first_failed(tests, 0)

    def _complaint_about_order(self, candidate: _Candidate) -> tuple[str, int]:
        """Say what is wrong with the longer ticks ("" when nothing is), and how many tests were passed."""
        told, shapes, grouping = _told(candidate.row), candidate.shapes, candidate.grouping
        half = grouping.unit == "half_centimetre"
        tests = (
            (shapes.contrast >= self.min_contrast, f"{told} are too faint"),
            (shapes.finer <= MAX_FINER, f"{told} have finer ones between them"),
            (
                grouping.unit != "inch" or grouping.margin < self.min_margin,
                f"{told} are grouped by 2, 4, 8 and 16, as on an inch ruler",
            ),
            (
                grouping.unit in MILLIMETRES_PER_TICK
                and grouping.gain >= self.min_gain
                and grouping.margin >= (MIN_MARGIN_HALF if half else self.min_margin)
                and grouping.n_marks >= MIN_MARKS
                and grouping.plain_standing_out <= MAX_PLAIN_STANDING_OUT,
                f"{told} have no longer ones at every fifth or tenth that would tell the unit",
            ),
        )
        return _first_failed(tests, N_ROW_TESTS)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row of ticks (line in px of the full picture) and what was measured of it."""

    row: TickRow
    pitch_px: float
    shapes: TickShapes
    grouping: Grouping


def _told(row: TickRow) -> str:
    pitch_px = float(row.line.pitch(np.arange(row.first, row.last + 1.0)).mean())
    return f"{row.n_found} ticks, {pitch_px:.1f} working px apart,"


def _first_failed(tests: tuple[tuple[bool, str], ...], passed_before: int) -> tuple[str, int]:
    for passed, (test, complaint) in enumerate(tests):
        if not test:
            return complaint, passed_before + passed
    return "", passed_before + len(tests)


def _coarsest(levels: tuple[Level, ...], pitch_px: float, wanted_px: float) -> Level:
    """Coarsest level at which ticks are at least `wanted_px` apart, else the finest."""
    fine = [level for level in levels if pitch_px * level.px_per_full_px >= wanted_px]
    return fine[-1] if fine else levels[0]


def _measured(row: TickRow, levels: tuple[Level, ...]) -> _Candidate:
    pitch_px = float(row.line.pitch(np.arange(row.first, row.last + 1.0)).mean())
    level = _coarsest(levels, pitch_px, SHAPE_PITCH_PX)
    strip = straighten(
        level.contrast, row.line.resized(level.px_per_full_px), row.first, row.last, SHAPE_ROWS
    )
    shapes = measure_shapes(strip * row.sign, SHAPE_ROWS, row.half_rows)
    return _Candidate(row, pitch_px, shapes, group_ticks(shapes.lengths, shapes.ink))


def _scale(row: TickRow, grouping: Grouping, photo: Photo) -> Scale:
    """Scale in source px from a row, in working px of the photo, that is believed."""
    numbers = np.arange(row.first, row.last + 1.0)
    per_tick = MILLIMETRES_PER_TICK[grouping.unit] * photo.px_per_source_px
    local = np.asarray(row.line.pitch(numbers) / per_tick, np.float64)
    mean = float(local.mean())
    reading = row.residual * np.sqrt(
        12.0 / row.n_found**3
    )  # of the slope of a line through even ticks, relative
    error = mean * float(np.hypot(np.hypot(reading, PRINT_TOLERANCE), local.std() / mean))
    outline = body_outline(photo.rgb, row.line, row.first, row.last, row.half_rows)
    return Scale(
        px_per_mm=mean,
        standard_error_px_per_mm=error,
        source="ruler",
        outline_px=photo.to_source(outline),
        points_px=photo.to_source(row.line.at(numbers)),
        px_per_mm_at_points=local,
    )


def find_ruler(photo: Photo) -> Scale | NoScale:
    """Read the scale of a photo off the ruler in it, with the default settings of `RulerFinder`.

    Parameters
    ----------
    photo : Photo
        The photo.

    Returns
    -------
    Scale or NoScale
        See `RulerFinder`.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> bool(find_ruler(read_photo(np.full((96, 128, 3), 180, np.uint8))))
    False
    """
    return RulerFinder()(photo)
