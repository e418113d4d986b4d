"""Sizes of printed ticks: what tells millimetres from other units that are marked in the same order.

Tenths of an inch, twentieths, 2 mm and centimetres may have longer ticks at every fifth and tenth, as millimetres have.
But ticks are a quarter of a millimetre wide and some millimetres long on all of them, so that those which are farther
apart look thin and short beside their distance. The table `designs.csv` holds the sizes of common prints; the share of
each, before anything is seen, is that on the rulers beside lesions that were looked at, and small for what was not
among them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

INCH_MM = 25.4


@dataclass(frozen=True, slots=True)
class Unit:
    """What one tick of a ruler may be worth.

    Attributes
    ----------
    name : str
        As it is told.
    mm : float
        From one tick to the next.
    """

    name: str
    mm: float


MILLIMETRE, HALF_MILLIMETRE = Unit("1 mm", 1.0), Unit("0.5 mm", 0.5)

TENS_UNITS: Mapping[str, Unit] = {
    unit.name: unit
    for unit in (
        MILLIMETRE,
        Unit("2 mm", 2.0),
        Unit("1 cm", 10.0),
        Unit("1/10 inch", INCH_MM / 10),
        Unit("1/20 inch", INCH_MM / 20),
    )
}
"""Units whose ticks are longer at every fifth and tenth, by name."""

READING_NOISE = 0.03
"""Standard deviation of the logarithm of a measured length."""

STRAY_LENGTHS, STRAY_LENGTH_DENSITY = 0.05, 0.3
"""Share of rulers whose plain ticks seem longer than they are (a line along them), and its density per e-fold."""

STRAY_RATIOS, STRAY_RATIO_DENSITY = 0.2, 1.0
"""The same for ticks at every fifth: digits beneath them are taken for a part of them."""

INK_DARKNESS = 0.88
"""How much of the light black ink takes; grey ink and glare make it less."""

GREYER_SPREAD, BLACKER_SPREAD = 0.35, 0.10
"""Standard deviations of the logarithm of the darkness, below and above `INK_DARKNESS`; none takes over all light."""

NUMERAL_MM, SMALLER_SPREAD, LARGER_SPREAD = 1.7, 0.2, 0.6
"""Height of numerals on any ruler, and standard deviations of its logarithm below and above: 1.5 to 4.2 mm on 20 real
rulers. Eyes cannot read much smaller ones."""


@dataclass(frozen=True, slots=True)
class TickDesign:
    """Print of a ruler as the table knows it; spreads are standard deviations of logarithms.

    Attributes
    ----------
    unit : Unit
        From one tick to the next.
    share : float
        Of all rulers, before one is seen.
    length_mm, length_spread : float
        Of plain ticks.
    fifth_ratio, fifth_spread : float
        Length of the ticks at every fifth over that of plain ones.
    width_mm, width_spread : float
        Of plain ticks.
    """

    unit: Unit
    share: float
    length_mm: float
    length_spread: float
    fifth_ratio: float
    fifth_spread: float
    width_mm: float
    width_spread: float


@dataclass(frozen=True, slots=True)
class TickSizes:
    """Sizes of the ticks of a row; NaN where unknown.

    Attributes
    ----------
    length : float
        Of plain ticks, in pitches.
    fifth_ratio : float
        Length of the ticks at every fifth over that of plain ones.
    ink_share : float
        Share of the light between two ticks that a plain one takes; the same however blurred it is. No tick is
        narrower than that, in pitches, as no ink takes more than all light.
    """

    length: float
    fifth_ratio: float
    ink_share: float


@cache
def known_designs() -> tuple[TickDesign, ...]:
    """Prints of rulers that have longer ticks at every fifth and tenth.

    Returns
    -------
    tuple of TickDesign
        Rows of `designs.csv`.

    Examples
    --------
    >>> known_designs()[0].unit.name, known_designs()[0].length_mm
    ('1 mm', 1.0)
    """
    table = resources.files("lesionvis").joinpath("scale/ruler/designs.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines())
    return tuple(
        TickDesign(TENS_UNITS[row.pop("unit")], *(float(value) for name, value in row.items() if name != "note"))
        for row in rows
    )


def unit_probabilities(sizes: TickSizes) -> dict[Unit, float]:
    """Weigh the units that are marked as millimetres are, by the sizes of the ticks.

    Parameters
    ----------
    sizes : TickSizes
        Measured sizes.

    Returns
    -------
    dict of Unit to float
        Probability of each unit, 0 to 1, likeliest first; they sum to 1.

    Examples
    --------
    >>> {unit.name: round(p, 2) for unit, p in unit_probabilities(TickSizes(1.0, 1.9, 0.25)).items() if p > 0.01}
    {'1 mm': 1.0}
    >>> likeliest = unit_probabilities(TickSizes(1.2, 1.5, 0.09))
    >>> [unit.name for unit, probability in likeliest.items() if probability > 0.02]
    ['1/10 inch', '1 mm', '2 mm']
    """
    weights = dict.fromkeys(TENS_UNITS.values(), 0.0)
    for design in known_designs():
        weights[design.unit] += design.share * _likelihood(design, sizes)
    total = sum(weights.values())
    return {unit: weight / total for unit, weight in sorted(weights.items(), key=lambda item: -item[1])}


def _likelihood(design: TickDesign, sizes: TickSizes) -> float:
    """Density of the sizes, of their logarithms, for rulers of one design; unknown ones count as 1."""
    density = 1.0
    for measured, expected, spread, strays, stray_density in (
        (sizes.length, design.length_mm / design.unit.mm, design.length_spread, STRAY_LENGTHS, STRAY_LENGTH_DENSITY),
        (sizes.fifth_ratio, design.fifth_ratio, design.fifth_spread, STRAY_RATIOS, STRAY_RATIO_DENSITY),
    ):
        if np.isfinite(measured):
            usual = _normal(float(np.log(measured / expected)), float(np.hypot(spread, READING_NOISE)))
            density *= (1.0 - strays) * usual + strays * stray_density
    if np.isfinite(sizes.ink_share):
        darkness = sizes.ink_share * design.unit.mm / design.width_mm
        off = float(np.log(max(darkness, 1e-6) / INK_DARKNESS))
        below, above = (float(np.hypot(spread, design.width_spread)) for spread in (GREYER_SPREAD, BLACKER_SPREAD))
        spread = below if off < 0 else above
        # Two halves of normal densities that meet at the same height.
        density *= _normal(off, spread) * 2.0 * spread / (below + above)
    return density


def numeral_likelihood(height: float, unit: Unit) -> float:
    """Likelihood of the height of numerals beside ticks of a unit.

    Parameters
    ----------
    height : float
        Height, in pitches, > 0.
    unit : Unit
        From one tick to the next.

    Returns
    -------
    float
        1 for numerals as high as most, 0 to 1.

    Examples
    --------
    >>> [round(numeral_likelihood(1.0, unit), 3) for unit in (MILLIMETRE, TENS_UNITS["1/10 inch"])]
    [0.03, 0.799]
    """
    off = float(np.log(height * unit.mm / NUMERAL_MM))
    return float(np.exp(-0.5 * (off / (SMALLER_SPREAD if off < 0 else LARGER_SPREAD)) ** 2))


def _normal(off: float, spread: float) -> float:
    return float(np.exp(-0.5 * (off / spread) ** 2) / (spread * np.sqrt(2.0 * np.pi)))
