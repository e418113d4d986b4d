"""Unit of a tick: the order in which longer and heavier ticks return tells millimetres from inches.

Rulers mark every fifth and tenth millimetre, half-centimetre rulers every second tick, half-millimetre rulers every
tenth and twentieth, inches are halved again and again (every 2nd, 4th, 8th, 16th tick). Cloth, hair and letters have
no such order, so that the same test that reads the unit is the best proof that there is a ruler at all.

Several units share an order: tenths of an inch are marked as millimetres are, eighths of an inch as sixteenths. Then
the sizes of the ticks decide (`lesionvis.scale.ruler.designs`) and the numerals beside them, or all units are named
that remain possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.scale.ruler.designs import (
    HALF_MILLIMETRE,
    INCH_MM,
    MILLIMETRE,
    TENS_UNITS,
    TickSizes,
    Unit,
    numeral_likelihood,
    unit_probabilities,
)
from lesionvis.scale.ruler.numerals import Numerals
from lesionvis.scale.ruler.strip import Floats

Family = Literal["tens", "twos", "twenties", "twentieths", "halves", "other", "none"]

Kinds = tuple[int, ...]


def _every(*periods: int) -> Kinds:
    """Kind of each tick over one span: 0 plain, 1 at multiples of the first period, and so on."""
    kinds = [0] * periods[-1]
    for kind, period in enumerate(periods, start=1):
        kinds[::period] = [kind] * len(kinds[::period])
    return tuple(kinds)


ROOF: Kinds = (5, 0, 1, 2, 3, 4, 3, 2, 1, 0)
"""Lengths rise like a roof to the half centimetre, on steel rulers in millimetres only."""

ROOF_MARGIN = 20.0
"""Gain beyond the other orders of fives and tens from which on there is a roof: on four real rulers that have one it is
51 to 137; blur and digits make up to 8 of it, in other units as well."""

ORDERS: dict[Family, tuple[Kinds, ...]] = {
    "none": ((0,),),
    "tens": (_every(5), _every(10), _every(5, 10), ROOF),
    "twos": (_every(2),),
    "twenties": tuple(_every(*periods) for periods in ((20,), (2, 10), (2, 20), (10, 20), (2, 10, 20))),
    "twentieths": (_every(5, 10, 20),),
    "halves": tuple(
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

HALF_CENTIMETRE, HALF_INCH, TWENTIETH = Unit("5 mm", 5.0), Unit("1/2 inch", INCH_MM / 2), TENS_UNITS["1/20 inch"]

HALF_CENTIMETRE_LENGTH = 0.95
"""Ticks of half centimetres are at least this long, in pitches, those of centimetres among them: under 5 mm none is
printed. Half inches, which are marked alike, are 0.5 to 0.9; one real ruler and five prints in half centimetres have
1.1 and more."""

HALF_CENTIMETRE_INK = 0.1
"""... and their lines take less of the light than this: lines are under half a millimetre wide, in 1/20 inch and half
millimetres a tenth to a quarter of the distance."""

UNITS: dict[Family, tuple[Unit, ...]] = {
    "none": (),
    "tens": tuple(TENS_UNITS.values()),
    "twos": (HALF_CENTIMETRE,),
    "twenties": (HALF_MILLIMETRE,),
    "twentieths": (TENS_UNITS["1/20 inch"], MILLIMETRE),
    "halves": (Unit("1/8 inch", INCH_MM / 8), Unit("1/16 inch", INCH_MM / 16), Unit("1/32 inch", INCH_MM / 32)),
    "other": (),
}
"""Units whose ticks are marked in the orders of each family, the most common first."""

NUMBERED_EVERY: dict[Family, int] = {"tens": 10, "twos": 2, "twenties": 20, "twentieths": 20}
"""Ticks from one numeral to the next on a ruler in centimetres; inches are numbered at the longest of their ticks."""

INCH_TICK_MAX_MM = 7.0
"""Plain ticks between inches are no longer than this, so that those of 1/64 inch, at least 2 mm long, are none
of 1/16."""

INCH_NUMERAL_MM = (1.2, 7.0)
"""Least and largest height of the numerals of inches, mm: smaller ones are hard to read, larger ones leave no room."""

MIN_PLACES, BARE_SHARE = 2, 0.4
"""Tenth ticks of which all around must be in the picture, and share of them without a numeral from which on a ruler
that marks fives and tens is none in millimetres: on real ones at most a quarter have none to be seen, half of them have
none in 1/20 inch, all in 1/50 inch."""

SKIPPED_NUMERAL = 1.0 / 16.0
"""Share of rulers of which every second numeral is hidden: one of 16 real ones whose numerals were found."""

HALF_CENTIMETRE_LEAD = 4.0
"""How much likelier the height of the numerals has to be beside half centimetres than beside half inches, which are 2.5
times as far apart and as common on tapes."""

SURE_PROBABILITY = 7.0 / 8.0
"""Probability from which on ticks are millimetres: seven to one against all other units. No other unit is ever sure, as
millimetres are so much more common."""

POSSIBLE_PROBABILITY = 0.02
"""Probability down to which another unit is named where millimetres are not sure."""

LONG_LENGTH = 5.0
"""Plain ticks longer than this, in pitches, are hardly millimetres: the longest had 4.2."""

HALF_MILLIMETRE_LENGTH = 4.2
"""Ticks of half millimetres are at least this long, in pitches: 2.1 mm. Shorter ones are not asked whether they are."""

LENGTH_NOISE = 0.05
"""Least standard deviation of a tick's length, pitches: the printer's and the lens's."""

INK_NOISE = 0.08
"""Least standard deviation of the logarithm of a tick's ink (width times contrast)."""

MIN_KNOWN = 6
"""Ticks of which a quantity must be known before it is used."""

MIN_FIFTHS = 2
"""Ticks at every fifth whose length must be known before it is used."""

NOISE_FACTORS = np.geomspace(1.0, 16.0, 17)
"""Standard deviations that are tried, as multiples of the least."""

MAX_SURPRISE = 16.0
"""The deviations of one tick are cut off at 4 standard deviations: one smeared tick must not decide."""

COST_PER_KIND = 4.0
"""Squared deviations that a kind of longer ticks must explain before it counts."""

TREND_TICKS = 20
"""The usual tick is the median of this many around: even, and two centimetres, so that no kind prevails."""

RARE_COST = {"twentieths": 20.0}
"""Further cost of families that hardly any ruler has: of 60 rulers in millimetres one seems to have them by chance."""

STAND_OUT = 2.5
"""Standard deviations by which a longer tick exceeds the plain ones."""


@dataclass(frozen=True, slots=True)
class TickUnits:
    """Order among ticks that explains their lengths and ink best.

    Attributes
    ----------
    family : {"tens", "twos", "twenties", "twentieths", "halves", "other", "none"}
        Family of the order.
    units : tuple of Unit
        What a tick may be worth, the likeliest first; empty when the order is on no ruler.
    probabilities : dict of Unit to float
        Of the units of that family, by the sizes of the ticks; empty where only one has them or they tell nothing.
    gains : dict of str to float
        Gain of the best order of each family; that of "none" is 0.
    order : tuple of int
        Kind of each tick over one span of the order, the coarsest first.
    phase : int
        Position in the row of the first tick of the order.
    gain : float
        Squared standard deviations explained beyond ticks that are all alike, less the cost of the order.
    margin : float
        Gain beyond the best order of any other family that contradicts this one.
    refined_margin : float
        Gain beyond the best order of any other family that only divides the kinds of this one further; as such an
        order fits whatever this one fits, no more than its cost can be expected.
    n_marks : int
        Longer ticks that were seen.
    marks_standing_out : float
        Share of the longer ticks that exceed the plain ones clearly.
    explained : float
        Share of the ticks that exceed the plain ones clearly which the order wants longer; 0 when none do.
    length_noise : float
        Robust standard deviation of the lengths of ticks of one kind, on the side where they agree better, in
        pitches; infinite where no lengths are known.
    """

    family: Family
    units: tuple[Unit, ...]
    probabilities: Mapping[Unit, float]
    gains: Mapping[Family, float]
    order: Kinds
    phase: int
    gain: float
    margin: float
    refined_margin: float
    n_marks: int
    marks_standing_out: float
    explained: float
    length_noise: float

    @property
    def named(self) -> str:
        """Units that remain possible, as they are told."""
        return " or ".join(unit.name for unit in self.units)


def find_tick_units(
    lengths: Floats, ink: Floats, open_ends: NDArray[np.bool_] | None = None, ink_share: float = np.nan
) -> TickUnits:
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
    open_ends : ndarray of shape (2, N), bool, optional
        Ticks that are at least so long, because the picture ends there.
    ink_share : float
        Share of the light between two ticks that a plain one takes; NaN where unknown.

    Returns
    -------
    TickUnits
        The most likely order with its evidence.

    Examples
    --------
    >>> reach = np.ones(31)
    >>> reach[::5] = 1.5
    >>> grouping = find_tick_units(np.stack([np.ones(31), reach]), np.zeros(31))
    >>> grouping.units[0].name, grouping.order, grouping.phase
    ('1 mm', (1, 0, 0, 0, 0), 0)
    """
    if open_ends is None:
        open_ends = np.zeros(lengths.shape, bool)
    length = plain_length(lengths, open_ends)
    hypotheses = [h for h in _hypotheses(len(ink)) if h.family != "twenties" or length >= HALF_MILLIMETRE_LENGTH]
    kinds = np.stack([tick_kinds(len(ink), h.order, h.phase) for h in hypotheses])
    cost = np.array(
        [COST_PER_KIND * max(h.order) + 2 * np.log(len(h.order)) + RARE_COST.get(h.family, 0.0) for h in hypotheses]
    )
    misfit, surprise = cost, np.zeros(kinds.shape)
    standing_out = np.zeros(kinds.shape, bool)
    length_noise = np.full(len(hypotheses), np.inf)
    whole = np.zeros(len(ink), bool)
    for values, is_open, least_noise in (
        (lengths[0], open_ends[0], LENGTH_NOISE),
        (lengths[1], open_ends[1], LENGTH_NOISE),
        (ink, whole, INK_NOISE),
    ):
        known = np.isfinite(values)
        if (known & ~is_open).sum() < MIN_KNOWN:
            continue
        squares, noise, excess = _without_trend(values, is_open, least_noise).compare(kinds)
        misfit = misfit + 2 * np.log(noise) * known.sum()
        surprise = surprise + squares
        standing_out |= excess > STAND_OUT
        if values is not ink:
            length_noise = np.minimum(length_noise, noise)
    misfit = misfit + np.minimum(surprise, MAX_SURPRISE).sum(axis=1)
    gain = misfit[0] - misfit  # the first hypothesis is that all are alike
    best = _likeliest(hypotheses, gain)
    family = hypotheses[best].family
    rivals = np.array([h.family != family for h in hypotheses])
    refines = rivals & _refine(kinds, kinds[best])
    marks, clear = kinds[best] > 0, standing_out[best]
    gains: dict[Family, float] = {}
    for hypothesis, of_it in zip(hypotheses, gain, strict=True):
        gains[hypothesis.family] = max(gains.get(hypothesis.family, -np.inf), float(of_it))
    order = hypotheses[best].order
    probabilities: dict[Unit, float] = {}
    if family == "tens" and order != ROOF and not length > LONG_LENGTH:
        sizes = _measure_sizes(lengths, open_ends, order, hypotheses[best].phase, ink_share)
        probabilities = unit_probabilities(sizes)
    return TickUnits(
        family=family,
        units=_possible_units(family, order, length, ink_share, probabilities),
        probabilities=probabilities,
        gains=gains,
        order=order,
        phase=hypotheses[best].phase,
        gain=float(gain[best]),
        margin=float(gain[best] - gain[rivals & ~refines].max(initial=-np.inf)),
        refined_margin=float(gain[best] - gain[refines].max(initial=-np.inf)),
        n_marks=int(marks.sum()),
        marks_standing_out=float(clear[marks].mean()) if marks.any() else 0.0,
        explained=float(marks[clear].mean()) if clear.any() else 0.0,
        length_noise=float(length_noise[best]),
    )


def _likeliest(hypotheses: list[_Hypothesis], gain: Floats) -> int:
    """Hypothesis of the largest gain; a roof is one only where its rise is clear."""
    best = int(gain.argmax())
    if hypotheses[best].order != ROOF:
        return best
    others = np.array(
        [gain_of_it if h.order != ROOF else -np.inf for h, gain_of_it in zip(hypotheses, gain, strict=True)]
    )
    other = int(others.argmax())
    is_roof = hypotheses[other].family != "tens" or gain[best] >= gain[other] + ROOF_MARGIN
    return best if is_roof else other


def tick_kinds(n_ticks: int, order: Kinds, phase: int) -> NDArray[np.intp]:
    """Kind of each tick of a row in which an order starts at `phase`.

    Parameters
    ----------
    n_ticks : int
        Number of ticks.
    order : tuple of int
        Kinds of one period, 0 for the usual ticks.
    phase : int
        Index of the first tick of a period.

    Returns
    -------
    ndarray of shape (n_ticks,), int
        Kinds.

    Examples
    --------
    >>> tick_kinds(12, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 1).tolist()
    [0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2]
    """
    return np.asarray(order)[(np.arange(n_ticks) - phase) % len(order)]


def _possible_units(
    family: Family, order: Kinds, length: float, ink_share: float, probabilities: Mapping[Unit, float]
) -> tuple[Unit, ...]:
    """Units that an order may stand for, the likeliest first; empty for orders that are on no ruler."""
    if family == "twos":
        if ink_share > HALF_CENTIMETRE_INK:
            return (HALF_CENTIMETRE, TWENTIETH, HALF_MILLIMETRE)
        return (HALF_CENTIMETRE, HALF_INCH) if length < HALF_CENTIMETRE_LENGTH else UNITS[family]
    if family == "halves":
        return tuple(u for u in UNITS[family] if not length * u.mm > INCH_TICK_MAX_MM) or UNITS[family]
    if family != "tens":
        return UNITS[family]
    if length > LONG_LENGTH:
        return (HALF_MILLIMETRE, MILLIMETRE)
    if order == ROOF:
        return (MILLIMETRE,)
    return _sure_or_possible(probabilities)


def _sure_or_possible(probabilities: Mapping[Unit, float]) -> tuple[Unit, ...]:
    """Millimetres alone where they are sure, else all units that remain possible, the likeliest first."""
    if probabilities[MILLIMETRE] >= SURE_PROBABILITY:
        return (MILLIMETRE,)
    return tuple(
        unit for unit, probability in probabilities.items() if unit == MILLIMETRE or probability >= POSSIBLE_PROBABILITY
    )


def units_by_numerals(units: TickUnits, numerals: Numerals | None) -> TickUnits:
    """Weigh the units once more, by the numerals beside the ticks.

    Parameters
    ----------
    units : TickUnits
        Order of the ticks and what they may be worth by their own sizes.
    numerals : Numerals or None
        Numerals beside them, None where none were seen.

    Returns
    -------
    TickUnits
        The units that remain. Half centimetres are told from half inches by nothing else, so that both remain without
        numerals, and so do eighths and sixteenths of an inch; a roof of ticks is in millimetres only.

    Examples
    --------
    >>> reach = np.array([2.0 if n % 10 == 0 else 1.5 if n % 5 == 0 else 1.0 for n in range(43)])
    >>> units = find_tick_units(np.stack([np.zeros(43), reach]), np.zeros(43), ink_share=0.25)
    >>> units.named
    '1 mm'
    >>> units_by_numerals(units, Numerals(1.3, at_halves=True, n_ticks_apart=5, n_places=3, n_bare=0)).named
    '2 mm or 1 mm'
    """
    if units.family == "twos" and len(units.units) == 1:
        likely = numerals is not None and numeral_likelihood(numerals.height, HALF_CENTIMETRE) >= (
            HALF_CENTIMETRE_LEAD * numeral_likelihood(numerals.height, HALF_INCH)
        )
        return units if likely else replace(units, units=(HALF_CENTIMETRE, HALF_INCH))
    if units.family == "halves":
        return units if numerals is None else replace(units, units=_inch_parts(units, numerals))
    if units.family != "tens" or units.order == ROOF or numerals is None:
        return units
    if numerals.at_halves:
        return replace(units, units=(TENS_UNITS["2 mm"], MILLIMETRE))
    if max(units.order) > 1 and numerals.n_places >= MIN_PLACES and numerals.n_bare >= BARE_SHARE * numerals.n_places:
        return replace(units, units=(MILLIMETRE, TENS_UNITS["1/20 inch"], HALF_MILLIMETRE))
    if not units.probabilities or np.isnan(numerals.height):
        return units
    weights = {unit: p * numeral_likelihood(numerals.height, unit) for unit, p in units.probabilities.items()}
    if numerals.n_ticks_apart == NUMBERED_EVERY["twentieths"]:
        weights = {unit: w * (1.0 if unit == TWENTIETH else SKIPPED_NUMERAL) for unit, w in weights.items()}
    total = sum(weights.values())
    probabilities = {unit: w / total for unit, w in sorted(weights.items(), key=lambda item: -item[1])}
    return replace(units, probabilities=probabilities, units=_sure_or_possible(probabilities))


def _inch_parts(units: TickUnits, numerals: Numerals) -> tuple[Unit, ...]:
    """Part of an inch that ticks are apart, where an inch's numeral stands beside each of the longest; else all."""
    n_ticks = len(units.order)
    of_inches = tuple(
        unit
        for unit in units.units
        if numerals.n_ticks_apart == n_ticks == round(INCH_MM / unit.mm)
        and INCH_NUMERAL_MM[0] <= numerals.height * unit.mm <= INCH_NUMERAL_MM[1]
    )
    return of_inches or units.units


def _measure_sizes(
    lengths: Floats, open_ends: NDArray[np.bool_], order: Kinds, phase: int, ink_share: float
) -> TickSizes:
    """Sizes of the ticks of a row in an order of fives or tens that starts at `phase`."""
    whole = np.where(open_ends, np.nan, lengths).sum(axis=0)
    number = np.arange(len(whole)) - phase
    seen = np.isfinite(whole)
    plain = whole[(number % 5 != 0) & seen]
    length = float(np.median(plain)) if len(plain) >= MIN_KNOWN else float("nan")
    # In an order of tens every fifth is the fifth of ten; in one of fives either may be, and tens are no shorter.
    starts = (5,) if len(order) == 10 else (0, 5)
    fifths = [whole[(number % 10 == start) & seen] for start in starts]
    fifth = min((float(np.median(of_it)) for of_it in fifths if len(of_it) >= MIN_FIFTHS), default=float("nan"))
    return TickSizes(length, fifth / length, ink_share)


def plain_length(lengths: Floats, open_ends: NDArray[np.bool_]) -> float:
    """Length of the median tick, of both sides of the line together.

    Parameters
    ----------
    lengths : ndarray of shape (2, N)
        How far each tick reaches to either side of the line, in pitches; NaN where unknown.
    open_ends : ndarray of shape (2, N), bool
        Ticks that are at least so long.

    Returns
    -------
    float
        In pitches; NaN where few are seen whole.
    """
    whole = np.where(open_ends, np.nan, lengths).sum(axis=0)
    return float(np.nanmedian(whole)) if np.isfinite(whole).sum() >= MIN_KNOWN else float("nan")


def _refine(kinds: NDArray[np.intp], coarse: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows (H, N) of kinds tell that of each tick of another row (N,)."""
    mixed = np.zeros(len(kinds), bool)
    for kind in range(int(kinds.max()) + 1):
        members = kinds == kind
        highest = np.where(members, coarse, -1).max(axis=1)
        lowest = np.where(members, coarse, coarse.max()).min(axis=1)
        mixed |= members.any(axis=1) & (highest != lowest)
    return ~mixed


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    family: Family
    order: Kinds
    phase: int


def _hypotheses(n_ticks: int) -> list[_Hypothesis]:
    """All orders in all phases, "none" first; orders with many kinds only where ticks enough refute them."""
    return [
        _Hypothesis(family, order, phase)
        for family, orders in ORDERS.items()
        for order in orders
        if max(order) <= 2 or n_ticks > 2 * len(order)
        for phase in range(min(len(order), n_ticks))
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Feature:
    """One quantity of the ticks: where it is known, or known to be larger, without trend; its least noise."""

    known: NDArray[np.bool_]
    is_open: NDArray[np.bool_]
    values: Floats
    least_noise: float

    def compare(self, kinds: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        """Weigh hypotheses (H, N) of the ticks' kinds.

        Returns
        -------
        squares : ndarray of shape (H, N)
            Squared deviation of each tick from its kind, in standard deviations; 0 where unknown.
        noise : ndarray of shape (H,)
            Robust standard deviation of the known ticks from their kinds.
        excess : ndarray of shape (H, N)
            Standard deviations by which each tick exceeds the plain ones; 0 where unknown.
        """
        levels = np.zeros(kinds.shape)
        finer = np.full(len(kinds), -np.inf)
        plain = np.zeros(len(kinds))
        for kind in range(int(kinds.max()) + 1):
            members = self.known & (kinds == kind)
            # Of a kind of which no end is seen, the longest; else no less than what is seen of most.
            level = _medians(self.values, members & ~self.is_open)
            level = np.where(
                np.isnan(level),
                np.where(members & self.is_open, self.values, -np.inf).max(axis=1),
                np.fmax(level, _medians(self.values, members)),
            )
            # A coarser kind is not shorter than a finer one.
            finer = np.fmax(level, finer)
            levels = np.where(kinds == kind, finer[:, None], levels)
            plain = finer if kind == 0 else plain
        known = np.broadcast_to(self.known, kinds.shape)
        residual = np.where(self.is_open, np.maximum(self.values - levels, 0.0), self.values - levels)
        noise = self._likeliest_noise(residual[:, self.known])[:, None]
        squares = np.where(known, (residual / noise) ** 2, 0.0)
        excess = np.where(known, (self.values - plain[:, None]) / noise, 0.0)
        return squares, noise[:, 0], excess

    def _likeliest_noise(self, residuals: Floats) -> Floats:
        """Find the standard deviation (H,) that makes residuals (H, K) likeliest, surprises cut off."""
        tried = self.least_noise * NOISE_FACTORS
        misfits = [
            np.minimum((residuals / noise) ** 2, MAX_SURPRISE).sum(axis=1) + 2 * np.log(noise) * residuals.shape[1]
            for noise in tried
        ]
        return np.asarray(tried[np.argmin(misfits, axis=0)])


def _medians(values: Floats, members: NDArray[np.bool_]) -> Floats:
    """Median of the members of each row (H, N); NaN for a row without any."""
    ordered = np.sort(np.where(members, values, np.inf), axis=1)
    count = members.sum(axis=1)
    row = np.arange(len(members))
    middle = 0.5 * (
        ordered[row, np.maximum(count - 1, 0) // 2] + ordered[row, np.minimum(count // 2, len(ordered[0]) - 1)]
    )
    return np.where(count > 0, middle, np.nan)


def _without_trend(values: Floats, is_open: NDArray[np.bool_], least_noise: float) -> _Feature:
    """Remove what changes slowly along the ruler (light, watermark, perspective)."""
    known = np.isfinite(values)
    ended = known & ~is_open
    x, y = np.flatnonzero(ended), values[ended]
    third = len(x) // 3
    run = float(np.median(x[-third:]) - np.median(x[:third]))
    slope = float(np.median(y[-third:]) - np.median(y[:third])) / max(run, 1.0)
    flat = values - slope * np.arange(len(values))
    if len(values) > TREND_TICKS:
        start = np.clip(np.arange(len(values)) - TREND_TICKS // 2, 0, len(values) - TREND_TICKS)
        around = np.where(ended, flat, np.nan)[start[:, None] + np.arange(TREND_TICKS)]
        usual = float(np.median(flat[ended]))
        enough = np.isfinite(around).sum(axis=1) >= MIN_KNOWN
        flat[enough] -= np.nanmedian(around[enough], axis=1) - usual
    return _Feature(known, is_open, np.where(known, flat, 0.0), least_noise)
