"""Features of how uneven the skin is at five sizes, from fine texture to patches, towards pale and towards red.

A band is the difference of two blurs of the small picture, so that it holds what is about as large as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lesionvis.pattern.features.inputs import BAND_SHARES, BAND_SIGMAS_PX, FeatureInputs

BAND_MAPS = {"erythema": "erythema index", "blood": "blood map"}
"""Maps of the small picture that are divided into bands, and what they are called in words."""

_LOW, _TENTH, _NINE_TENTHS, _HIGH = range(len(BAND_SHARES))
_NUMBERS: dict[str, tuple[str, Callable[[NDArray[np.float64]], float]]] = {
    "low": ("5 % quantile", lambda values: values[_LOW]),
    "high": ("95 % quantile", lambda values: values[_HIGH]),
    "spread": ("90 % less 10 % quantile", lambda values: values[_NINE_TENTHS] - values[_TENTH]),
}


def _feature(map_name: str, band: int, number: str) -> Callable[[FeatureInputs], float]:
    """Feature function of one number of one band of one map."""
    meaning, number_of = _NUMBERS[number]

    def feature(inputs: FeatureInputs) -> float:
        return float(number_of(inputs.bands[map_name][band]))

    fine, coarse = BAND_SIGMAS_PX[band : band + 2]
    feature.__name__ = feature.__qualname__ = f"{map_name}_band_{band + 1}_{number}"
    feature.__doc__ = (
        f"{meaning} over the skin of the {BAND_MAPS[map_name]} between blurs of {fine:.1f} and {coarse:.1f} px of the "
        "small picture; NaN without skin."
    )
    return feature


BAND_FEATURES: tuple[Callable[[FeatureInputs], float], ...] = tuple(
    _feature(map_name, band, number)
    for map_name in BAND_MAPS
    for band in range(len(BAND_SIGMAS_PX) - 1)
    for number in _NUMBERS
)
