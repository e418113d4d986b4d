"""What looks like a pattern to the model and is none: open blood and wounds, print, grains and weaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lesionvis.labels import ANGIOMA, PETECHIAL_SHOWER, SINGLE_LESION


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Something that a photo of a pattern never is.

    Attributes
    ----------
    pattern : str
        Which pattern it is taken for.
    ranges : dict of str to (float, float)
        Feature -> range, lowest and highest value; all must hold.
    doubt : str
        What to say of such a photo.
    """

    pattern: str
    ranges: dict[str, tuple[float, float]]
    doubt: str


# Chosen on rendered wounds and on pictures that show no skin, as wide as none of 2,170 photos loses its answer by them;
# 4 of 100 dermoscopic angiomas do by the two on blood.
LOOKALIKES = (
    # Redder than skin gets and ragged, while all that is red is this: opaque blood, not blood below the skin.
    Lookalike(
        ANGIOMA,
        {
            "lesion_erythema_high": (0.73, np.inf),
            "lesion_circularity": (0.0, 0.84),
            "redness_outside_spots": (0.0, 0.24),
        },
        "What stands out is redder and more ragged than an angioma: it may be a wound or blood on the skin.",
    ),
    Lookalike(
        ANGIOMA,
        {
            "lesion_distance": (24.5, np.inf),
            "lesion_core_erythema": (0.6, np.inf),
            "best_scores_mean": (0.0, 0.34),
        },
        "What stands out is farther from the colour of the skin than an angioma: it may be a drop of blood.",
    ),
    # Spots of skin are all a little like inflamed ones: by 0.105 and more in 283 photos and pictures of showers.
    Lookalike(
        PETECHIAL_SHOWER,
        {"likely_inflamed": (-np.inf, 0.09)},
        "Its spots are not like spots of skin: they may be print, grains, holes or freckles.",
    ),
    # The redness of skin has lines in it, wherever a lesion lies: 0.77 in 918 photos of one.
    Lookalike(
        SINGLE_LESION,
        {"vessel_energy_share": (-np.inf, 0.74)},
        "The redness around it is not that of skin: it may be wood, cloth or a drawing.",
    ),
)


def lookalike_doubts(pattern: str, values: Mapping[str, float]) -> tuple[str, ...]:
    """Sentences on what a photo may show instead of a pattern.

    Parameters
    ----------
    pattern : str
        One of `lesionvis.labels.PATTERNS`.
    values : mapping of str to float
        Features by name; one that was not measured (NaN) is in no range.

    Returns
    -------
    tuple of str
        Of each of `LOOKALIKES` that is taken for the pattern and whose ranges all hold.

    Examples
    --------
    >>> lookalike_doubts("petechial_shower", {"likely_inflamed": 0.04})
    ('Its spots are not like spots of skin: they may be print, grains, holes or freckles.',)
    >>> lookalike_doubts("petechial_shower", {"likely_inflamed": 0.2})
    ()
    """
    return tuple(
        one.doubt
        for one in LOOKALIKES
        if one.pattern == pattern
        and all(low <= values.get(name, np.nan) <= high for name, (low, high) in one.ranges.items())
    )
