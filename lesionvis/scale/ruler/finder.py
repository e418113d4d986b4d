"""Finds a ruler in a photo and reads pixels per millimetre off its ticks.

Reading the distance of ticks is easy; not to read it off a shirt is the task. A row of marks is believed to
be a ruler only when all that makes a ruler is seen at once:

- enough ticks, hardly one missing, evenly spaced along a smooth line (`lesionvis.scale.ruler.ticks`);
- which begin on one line;
- of which some are longer or heavier in the order of one unit, and no other fits (`lesionvis.scale.ruler.units`);
- on a body with a straight edge (`lesionvis.scale.ruler.edge`).

Where anything is missing, there is no scale and the reason says what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.photo import Photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.ruler.designs import MILLIMETRE
from lesionvis.scale.ruler.edge import Edge, find_edge, ruler_outline
from lesionvis.scale.ruler.inches import can_be_settled, inches_beside, outer_edge
from lesionvis.scale.ruler.numerals import find_numerals
from lesionvis.scale.ruler.periodicity import Level, PeriodicPlaces, coarsest_level, find_periodic_places, levels_of
from lesionvis.scale.ruler.straight_edges import find_ticked_edges
from lesionvis.scale.ruler.strip import Floats, straighten
from lesionvis.scale.ruler.tick_shapes import (
    TickShapes,
    measure_fifths,
    measure_ink_share,
    measure_shapes,
    sign_of_ticks,
)
from lesionvis.scale.ruler.ticks import TickRow, follow_ticks, may_be_one_ruler
from lesionvis.scale.ruler.units import (
    NUMBERED_EVERY,
    TickUnits,
    find_tick_units,
    plain_length,
    tick_kinds,
    units_by_numerals,
)
from lesionvis.scale.ruler.views import ReadAgain, View, strip_views, whole_view

FOLLOW_PITCH_PX = 8.0
"""Ticks are followed at the coarsest level where they are this far apart: fast, and sharp enough."""

SHAPE_PITCH_PX = 12.0
"""Their lengths and ink are measured at the coarsest level where they are this far apart."""

SHAPE_ROWS = np.arange(-6.0, 6.0 + 1e-9, 0.125)
"""Rows of the strip in which lengths are measured, pitches: over the centimetre tick of most rulers."""

LONG_TICK, LONG_SHAPE_ROWS = 3.5, np.arange(-14.0, 14.0 + 1e-9, 0.125)
"""Where plain ticks are longer than this, in pitches, they may be half millimetres, whose centimetre tick needs so many
rows."""

PRINT_ERROR = 0.004
"""Relative error of the print and of what counts as the middle of a tick: on 43 rulers in real photos the scale beside
the lesion is off by 0.5 % of what a reader measured (root mean square)."""

SPREAD_ERROR = 0.1
"""Part of the spread of the local scales that is the error of their mean and of each: ticks that one stretch of a ruler
shows and another does not, and a curve through them that is not quite theirs. The mean is off by 0.15 of it. Of a
whole ruler in a strip only a part may be read: its mean may be off by what the scale changes to the photo's centre."""

SEED_RADIUS_PX = 24.0
"""PeriodicPlaces of the same pitch this near to one that was followed, in px, lead to the same end."""

SEED_RADIUS_PITCHES = 2.5
"""PeriodicPlaces of the same pitch this near to a row of ticks, in pitches, belong to it."""

N_ROW_TESTS = 3
"""Tests of a row before its order is looked at; the reason told is that of the row that passed most."""

SURE_MARKS = 3
"""Longer ticks that must be seen for the usual evidence; two may be five or ten apart by chance."""

FACTOR_FOR_TWO = 1.5
"""How much more evidence is asked for with two longer ticks; one alone tells nothing."""

MAX_FINER = 0.35
"""Marks midway between the ticks may be this high, as a share of the ticks: print and noise."""

MAX_FIFTHS, MIN_SHARPNESS = 0.005, 0.045
"""Wave of finer ticks, as a share of the light, from which on half centimetres have some between them, and what blur
has to leave of it (`measure_fifths`): lines as wide as a quarter of their distance make a wave of 0.4, of which 0.018
is left then; digits beside few ticks seem to leave up to 0.042 at any blur. In rendered photos of quarter and half
inches and centimetres with finer ticks between, which are in the same order, the wave is 0.04 to 0.10; of half
centimetres at most 0.001. The one real ruler has a sharpness of 0.2, and 0.049 when blurred by 2 px."""

FIFTHS_REACH = 2.0
"""Finer ticks stand within this distance of the line, in pitches: beyond a centimetre there is other print."""

MIN_REFINED_MARGIN = 1.0
"""Margin against orders that divide the kinds further: they fit as well, but for their cost of 5 and more."""

MIN_STANDING_OUT_HALF = 0.75
"""Share of the centimetre ticks of a half-centimetre ruler that are clearly longer: twice as long tells."""

BOUNDS = {
    "max_side_px": (256, 4096),
    "max_rows": (1, 100),
    "min_ticks": (11, 500),
    "max_missing": (0.0, 0.5),
    "max_residual_pitches": (0.001, 0.1),
    "max_end_scatter_pitches": (0.001, 0.2),
    "min_contrast": (0.01, 1.0),
    "min_gain": (0.0, 1000.0),
    "min_margin": (0.0, 1000.0),
    "max_length_noise_pitches": (0.01, 1.0),
    "min_edge_step": (0.01, 1.0),
    "min_edge_consistency": (0.1, 1.0),
}
"""Bounds of the settings of `RulerFinder`; fewer than eleven ticks bound no centimetre."""

SURE_GAIN, SURE_MARGIN = 60.0, 40.0
"""Evidence for an order of fives and tens, and against any other, that hardly anything but a ruler has."""

SURE_END_SCATTER_PITCHES, SURE_EDGE_STEP, SURE_EDGE_CONSISTENCY = 0.12, 0.11, 0.45
"""What is then enough: grain, glare and clear plastic blur the ends of ticks and the edge of real rulers."""

CERTAIN_GAIN, CERTAIN_MARGIN, CERTAIN_MARKS = 120.0, 100.0, 10
"""Evidence for an order of fives and tens over five centimetres and more, which nothing but a ruler has."""

MIN_EXPLAINED_CERTAIN = 0.4
"""What is then enough: digits stand beneath the ticks. Nor is it asked where the ticks end, as they run up to an edge
that is bevelled, worn or mirrors."""

MIN_EXPLAINED = 0.5
"""Share of the longer ticks that stand where they should; print, hair and watermarks lengthen others."""


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedRow:
    """Row of ticks that was followed.

    Attributes
    ----------
    points_px : ndarray of shape (N, 2), float64
        Its ticks, source px.
    complaint : str
        Why it is not believed; empty for the one that the scale was read off.
    units : TickUnits or None
        Order among its ticks and what they may be worth; None where it failed before the order was asked for.
    """

    points_px: NDArray[np.float64]
    complaint: str
    units: TickUnits | None

    @property
    def pitch_px(self) -> float:
        """Mean distance of its ticks, source px."""
        return float(np.linalg.norm(np.diff(self.points_px, axis=0), axis=1).mean())


@dataclass(frozen=True, slots=True, eq=False)
class RulerSearch:
    """Answer of a search for a ruler, and the rows of ticks that were followed for it, the best seeds first."""

    answer: Scale | NoScale
    rows: tuple[ExaminedRow, ...]


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
        Evidence for the order among the ticks, and against any other; see `TickUnits`.
    max_length_noise_pitches : float
        Robust standard deviation of the lengths of ticks of one kind; real rulers have up to 0.12.
    min_edge_step, min_edge_consistency : float
        Relative step of colour at the edge of the body, and share of the gaps between ticks that show it.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.

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
    min_margin: float = 6.0
    max_length_noise_pitches: float = 0.2
    min_edge_step: float = 0.12
    min_edge_consistency: float = 0.5

    def __post_init__(self) -> None:
        """Refuse settings that are outside their bounds."""
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"{name} must be from {low:g} to {high:g}, got {value!r}.")

    def __call__(self, photo: Photo, read_again: ReadAgain | None = None) -> Scale | NoScale:
        """Read the scale of a photo off the ruler in it.

        Parameters
        ----------
        photo : Photo
            The photo.
        read_again : callable, optional
            Reads the photo with a given number of px along its longer side: ticks too fine for the working picture
            are then sought in a sharper one, where a straight edge with a grating makes them likely.

        Returns
        -------
        Scale or NoScale
            Scale with source "ruler": the mean over the ruler, with a standard error that covers reading,
            print, the ruler's plane, and the change of scale along it (perspective, curved skin), because a
            lesion lies beside some place of it. NoScale says what came nearest.
        """
        return self.search(photo, read_again).answer

    def search(self, photo: Photo, read_again: ReadAgain | None = None) -> RulerSearch:
        """Read the scale of a photo off the ruler in it, and tell which rows of ticks were looked at.

        Parameters
        ----------
        photo : Photo
            The photo.
        read_again : callable, optional
            As of a call.

        Returns
        -------
        RulerSearch
            What the call gives, and all rows that were followed until then.
        """
        judged: list[_JudgedRow] = []
        for view, levels in self._views(photo, read_again):
            for one in self._judge(view, levels):
                judged.append(one if one.verdict.complaint else _doubted_like_others(one, judged))
                if not judged[-1].verdict.complaint:
                    return _search(photo, judged, judged[-1])
            settled = _settled_by_inches(judged)
            if settled is not None:
                return _search(photo, [settled if one.row is settled.row else one for one in judged], settled)
        return _search(photo, judged, None)

    def _views(self, photo: Photo, read_again: ReadAgain | None) -> Iterator[tuple[View, tuple[Level, ...]]]:
        """Pictures to look at, each with its pyramid; the next is made only when the one before gave no scale."""
        reduction = min(1.0, self.max_side_px / max(photo.rgb.shape[:2]))
        levels = levels_of(photo.rgb, reduction)
        yield whole_view(photo), levels
        if read_again is not None and photo.px_per_source_px < 1.0:  # else there is no sharper picture
            green = np.asarray(cv2.extractChannel(photo.rgb, 1), np.uint8)
            edges = find_ticked_edges(green, levels[min(1, len(levels) - 1)])
            for strip in strip_views(photo, edges, read_again) if edges else ():
                yield strip, levels_of(strip.rgb, 1.0)

    def _judge(self, view: View, levels: tuple[Level, ...]) -> Iterator[_JudgedRow]:
        """Follow the rows of ticks in a picture, and test each."""
        for row in self._rows(levels, find_periodic_places(levels)):
            in_photo = replace(row, line=row.line.moved(view.to_working))
            verdict = self._judge_row(row)
            if verdict.complaint:
                yield _JudgedRow(in_photo, verdict)
                continue
            row = _on_ticks(view.rgb, row)
            in_photo = replace(row, line=row.line.moved(view.to_working))
            shapes = _measured(row, levels)
            units = find_tick_units(shapes.lengths, shapes.ink, shapes.open_ends, _ink_share(view.rgb, row))
            verdict = self._judge_order(row, shapes, units)
            if not verdict.complaint and units.family == "twos":
                verdict = _judge_halves(view.rgb, row, verdict)
            if verdict.complaint:
                yield _JudgedRow(in_photo, verdict, units)
                continue
            kinds = tick_kinds(row.n_ticks, units.order, units.phase)
            numbered_every = NUMBERED_EVERY.get(units.family, len(units.order))
            numerals = find_numerals(view.rgb, row, shapes.lengths, kinds, numbered_every)
            by_sizes, units = units, units_by_numerals(units, numerals)
            ends = shapes.straight_ends()
            if _is_certain(units):
                ends += shapes.outer_ends(kinds > 0)
            edge = find_edge(view.rgb, row, ends)
            is_body = self._is_body(edge, units)
            verdict = _first_failed(
                verdict.tests_passed,
                (is_body, "have no straight edge of a ruler beside them"),
                (len(units.units) == 1, f"may be {units.named} apart, which are marked alike"),
            )
            judged = _JudgedRow(in_photo, verdict, units, edge if is_body else None, tells_order=True)
            doubted = len(by_sizes.units) < len(units.units)
            yield replace(judged, doubted_by_numerals=doubted, in_strip=view.is_strip)

    def tells_order(self, grouping: TickUnits) -> bool:
        """Test whether the order among ticks is proven, so that there is a ruler.

        Parameters
        ----------
        grouping : TickUnits
            Most likely order and its evidence.

        Returns
        -------
        bool
            True where the evidence reaches the settings.

        Examples
        --------
        >>> RulerFinder().tells_order(find_tick_units(np.ones((2, 31)), np.zeros(31)))
        False
        """
        factor = 1.0 if grouping.n_marks >= SURE_MARKS else FACTOR_FOR_TWO
        return (
            len(grouping.units) > 0
            and grouping.n_marks >= 2
            and grouping.gain >= factor * self.min_gain
            and grouping.margin >= factor * self.min_margin
            and grouping.refined_margin >= factor * MIN_REFINED_MARGIN
            and (grouping.family != "twos" or grouping.marks_standing_out >= MIN_STANDING_OUT_HALF)
            and grouping.length_noise <= self.max_length_noise_pitches
            and grouping.explained >= (MIN_EXPLAINED_CERTAIN if _is_certain(grouping) else MIN_EXPLAINED)
        )

    def _rows(self, levels: tuple[Level, ...], seeds: PeriodicPlaces) -> Iterator[TickRow]:
        """Follow the ticks from the best seeds, each row once; lines in px of the full picture."""
        free = np.ones(len(seeds), bool)
        for _ in range(self.max_rows):
            if not free.any():
                return
            seed = int(free.argmax())
            pitch_px = float(seeds.pitch_px[seed])
            level = coarsest_level(levels, pitch_px, FOLLOW_PITCH_PX)
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
                pitch_px = float(row.line.pitch(row.numbers).mean())
                free &= ~seeds.near(row.line.at(row.numbers), pitch_px, SEED_RADIUS_PITCHES * pitch_px)
                yield row

    def _judge_row(self, row: TickRow) -> _Verdict:
        """Test whether the ticks are enough and even."""
        return _first_failed(
            0,
            (row.n_found >= self.min_ticks, f"are fewer than {self.min_ticks}"),
            (row.n_found >= (1 - self.max_missing) * row.n_ticks, "have too many gaps"),
            (row.residual <= self.max_residual_pitches, "are not even"),
        )

    def _is_body(self, edge: Edge, units: TickUnits) -> bool:
        """Test whether the edge beside the ticks is that of a ruler's body."""
        sure = _is_sure(units)
        return edge.step >= (min(self.min_edge_step, SURE_EDGE_STEP) if sure else self.min_edge_step) and (
            edge.consistency
            >= (min(self.min_edge_consistency, SURE_EDGE_CONSISTENCY) if sure else self.min_edge_consistency)
        )

    def _max_end_scatter(self, units: TickUnits) -> float:
        """How far the ends of ticks may scatter, in pitches, by how clear their order is."""
        if _is_certain(units):
            return np.inf
        if _is_sure(units):
            return max(self.max_end_scatter_pitches, SURE_END_SCATTER_PITCHES)
        return self.max_end_scatter_pitches

    def _judge_order(self, row: TickRow, shapes: TickShapes, grouping: TickUnits) -> _Verdict:
        """Test whether the ticks are clear and their order tells the unit."""
        tells = self.tells_order(grouping)
        inch = grouping.family == "halves" and grouping.margin >= self.min_margin
        # A border that cuts all longer ticks alike makes inches look like half centimetres.
        levelled = grouping.family == "twos" and shapes.cut
        ends_on_line = row.end_scatter <= self._max_end_scatter(grouping)
        return _first_failed(
            N_ROW_TESTS,
            (ends_on_line, "do not begin on one line"),
            (shapes.contrast >= self.min_contrast, "are too faint"),
            (shapes.finer <= MAX_FINER, "have finer ones between them"),
            (tells or not inch, f"are grouped by 2, 4, 8 and 16, as on an inch ruler: {grouping.named} each"),
            (tells and not levelled, "have no longer ones at every fifth or tenth that would tell the unit"),
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Result of the tests of a row of ticks: tests passed, and the fault that the next one found ("" when none did)."""

    tests_passed: int
    complaint: str


@dataclass(frozen=True, slots=True, eq=False)
class _JudgedRow:
    """Row of ticks in working px of the photo, and how far it passed the tests; without what it did not get to."""

    row: TickRow
    verdict: _Verdict
    units: TickUnits | None = None
    edge: Edge | None = None
    tells_order: bool = False
    doubted_by_numerals: bool = False
    in_strip: bool = False


def _is_sure(units: TickUnits) -> bool:
    """Tell whether an order of millimetres is so clear that the ends of the ticks and the edge may be blurred."""
    return (
        units.family == "tens"
        and units.gain >= SURE_GAIN
        and units.margin >= SURE_MARGIN
        and units.n_marks >= SURE_MARKS
    )


def _is_certain(units: TickUnits) -> bool:
    """Tell whether the order of millimetres alone proves the ruler, so that ends and edge have to prove less."""
    return (
        units.family == "tens"
        and units.gain >= CERTAIN_GAIN
        and units.margin >= CERTAIN_MARGIN
        and units.n_marks >= CERTAIN_MARKS
    )


def _judge_halves(rgb: NDArray[np.uint8], row: TickRow, verdict: _Verdict) -> _Verdict:
    """Test whether ticks of which every second is longer have nothing between them, and whether it would show.

    Longer ones among twentieths or tenths of an inch, or among 2 mm, are in the order of half centimetres too, and are
    all that is left of the ruler where the finer ticks are blurred.
    """
    wave, sharpness = measure_fifths(_green_strip(rgb, row, SHAPE_ROWS[np.abs(SHAPE_ROWS) <= FIFTHS_REACH]))
    return _first_failed(
        verdict.tests_passed,
        (wave <= MAX_FIFTHS, "have finer ones between them"),
        (
            sharpness >= MIN_SHARPNESS,
            "may be 5 mm, 1 cm, 1/4 inch or 1/2 inch apart: whether finer ones stand between them cannot be seen",
        ),
    )


def _doubted_like_others(one: _JudgedRow, others: list[_JudgedRow]) -> _JudgedRow:
    """Row, in doubt where it may be part of a ruler whose numerals beside another part put its unit in doubt."""
    for other in others:
        if other.doubted_by_numerals and may_be_one_ruler(one.row, other.row):
            return replace(one, verdict=other.verdict, units=other.units)
    return one


def _settled_by_inches(judged: list[_JudgedRow]) -> _JudgedRow | None:
    """First row in millimetres that inches on the other edge prove, whatever unit and edge were in doubt."""
    for one in judged:
        if one.units is None or not one.tells_order or not can_be_settled(one.units):
            continue
        for other in judged:
            if other.units is not None and inches_beside(one.row, other.row, other.units):
                return replace(
                    one,
                    verdict=_Verdict(one.verdict.tests_passed, ""),
                    units=replace(one.units, units=(MILLIMETRE,)),
                    edge=one.edge or outer_edge(one.row, other.row),
                )
    return None


def _search(photo: Photo, judged: list[_JudgedRow], chosen: _JudgedRow | None) -> RulerSearch:
    """Answer of a search: the scale of the chosen row, or what came nearest where there is none."""
    complaints = [one.verdict.complaint and f"{_told(one.row)} {one.verdict.complaint}" for one in judged]
    rows = tuple(
        ExaminedRow(photo.to_source(one.row.line.at(one.row.numbers)), complaint, one.units)
        for one, complaint in zip(judged, complaints, strict=True)
    )
    if chosen is not None and chosen.units is not None and chosen.edge is not None:
        return RulerSearch(_scale(chosen.row, chosen.units.units[0].mm, chosen.edge, photo, chosen.in_strip), rows)
    nearest = max(zip(judged, complaints, strict=True), key=lambda pair: pair[0].verdict.tests_passed, default=None)
    told = nearest[1] if nearest is not None else "nothing in the photo repeats as ticks do"
    return RulerSearch(NoScale(f"no ruler found: {told}"), rows)


def _told(row: TickRow) -> str:
    pitch_px = float(row.line.pitch(row.numbers).mean())
    return f"{row.n_found} ticks, {pitch_px:.1f} working px apart,"


def _first_failed(passed_before: int, *tests: tuple[bool, str]) -> _Verdict:
    for passed, (test, complaint) in enumerate(tests):
        if not test:
            return _Verdict(passed_before + passed, complaint)
    return _Verdict(passed_before + len(tests), "")


def _measured(row: TickRow, levels: tuple[Level, ...]) -> TickShapes:
    pitch_px = float(row.line.pitch(row.numbers).mean())
    level = coarsest_level(levels, pitch_px, SHAPE_PITCH_PX)
    line = row.line.resized(level.px_per_full_px)
    for rows in (SHAPE_ROWS, LONG_SHAPE_ROWS):
        strip = straighten(level.contrast, line, row.first, row.last, rows)
        shapes = measure_shapes(strip * row.sign, rows, row.half_rows)
        if not plain_length(shapes.lengths, shapes.open_ends) > LONG_TICK:
            break
    return shapes


def _on_ticks(rgb: NDArray[np.uint8], row: TickRow) -> TickRow:
    """Row on the ticks, where the gaps between them were followed: in a coarse picture both may look alike."""
    if sign_of_ticks(_green_strip(rgb, row, SHAPE_ROWS[np.abs(SHAPE_ROWS) <= row.half_rows])) != -row.sign:
        return row
    line = replace(row.line, middle=row.line.middle - 0.5)
    return replace(row, line=line, sign=-row.sign, last=row.last - 1, n_found=row.n_found - 1)


def _ink_share(rgb: NDArray[np.uint8], row: TickRow) -> float:
    """Share of the light that ticks take, in the green of the picture that the row's line belongs to."""
    return measure_ink_share(_green_strip(rgb, row, SHAPE_ROWS[np.abs(SHAPE_ROWS) <= row.half_rows]), row.sign)


def _green_strip(rgb: NDArray[np.uint8], row: TickRow, rows: Floats) -> Floats:
    """Green of a picture along the row's line, in px of that picture, grey levels."""
    green = cv2.extractChannel(rgb, 1).astype(np.float32)
    return straighten(green, row.line, row.first, row.last, rows)


def _scale(row: TickRow, mm_per_tick: float, edge: Edge, photo: Photo, in_strip: bool = False) -> Scale:
    """Scale in source px from a row, in working px of the photo, that is believed."""
    local = np.asarray(row.line.pitch(row.numbers) / (mm_per_tick * photo.px_per_source_px), np.float64)
    mean = float(local.mean())
    # Relative error of the slope of a straight line through even ticks.
    reading = row.residual * np.sqrt(12.0 / row.n_found**3)
    error = float(np.sqrt((mean * reading) ** 2 + (mean * PRINT_ERROR) ** 2 + SPREAD_ERROR**2 * local.var()))
    centre = (np.array(photo.rgb.shape[1::-1]) - 1.0) / 2.0
    drift = np.polyfit(row.numbers, local, 1)[0] * row.ticks_to(centre) if in_strip else 0.0
    return Scale(
        px_per_mm=mean,
        standard_error_px_per_mm=float(np.hypot(error, drift)),
        source="ruler",
        outline_px=photo.to_source(ruler_outline(photo.rgb, row, edge)),
        points_px=photo.to_source(row.line.at(row.numbers)),
        px_per_mm_at_points=local,
        relative_error_at_points=np.full(len(local), error / mean),
    )


def find_ruler(photo: Photo, read_again: ReadAgain | None = None) -> Scale | NoScale:
    """Read the scale of a photo off the ruler in it, with the default settings of `RulerFinder`.

    Parameters
    ----------
    photo : Photo
        The photo.
    read_again : callable, optional
        As of a call of `RulerFinder`.

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
    return RulerFinder()(photo, read_again)
