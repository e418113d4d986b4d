"""What a photo shows, whatever pattern it makes: a reason behind "uncertain" that a person can check by eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Flags of photos that show no skin.
NOT_SKIN_FLAGS = ("no_skin", "flat_colours")
# Flags of photos that show too little to say what is there.
UNCLEAR_FLAGS = ("too_dark", "overexposed", "blurred", "dermatoscope_view")
# From this expected overlap on, the best region is a lesion that stands out; crowds of spots reach less.
LESION_SCORE_MIN = 0.5
# So many spots are several.
SEVERAL = 3
# Mean probability of being inflamed from which on the spots are called so: of 623 such photos of sources left out 269
# are, and 10 of 153 of pigment, vessels or blood.
LIKELY_INFLAMED_MIN = 0.3
# Median melanin index of spots of blood at most; freckles and naevi lie above it.
MELANIN_INDEX_MAX = 0.66
# Share of the skin that is redder than the rest from which on that is worth a word.
ERYTHEMA_SHARE_MIN = 0.1

SEEN: dict[str, str] = {
    "not_skin": "hardly any skin",
    "unclear_photo": "too little to tell: the photo is too dark, too bright, blurred or seen through a lens",
    "lesion": "one lesion that stands out",
    "inflamed_spots": "several inflamed spots",
    "red_spots": "several red spots",
    "brown_spots": "several spots of the colour of pigment or of old blood",
    "erythema": "skin that is redder in places, without separate spots",
    "bare_skin": "bare skin",
    "texture": "no separate spots; texture, scale, hair or something else",
}
"""Names of what can be seen and their meanings."""


def what_is_seen(values: Mapping[str, float], flags: Sequence[str], *, is_bare: bool) -> str:
    """Name of what a photo shows.

    Parameters
    ----------
    values : mapping of str to float
        Features by name.
    flags : sequence of str
        Flags of the photo.
    is_bare : bool
        Whether its skin looks bare.

    Returns
    -------
    str
        One of `SEEN`: the first whose rule holds, in the order of the rules here.

    Examples
    --------
    >>> features = {"lesion_score": 0.1, "spot_count": 14.0, "likely_inflamed": 0.5, "melanin_index": 0.2}
    >>> what_is_seen(features, (), is_bare=False)
    'inflamed_spots'
    """
    if any(flag in NOT_SKIN_FLAGS for flag in flags):
        return "not_skin"
    if any(flag in UNCLEAR_FLAGS for flag in flags):
        return "unclear_photo"
    if is_bare:
        return "bare_skin"
    if values["lesion_score"] >= LESION_SCORE_MIN:
        return "lesion"
    if values["spot_count"] >= SEVERAL:
        if values["melanin_index"] > MELANIN_INDEX_MAX:
            return "brown_spots"
        return "inflamed_spots" if values["likely_inflamed"] >= LIKELY_INFLAMED_MIN else "red_spots"
    if values["pigment_blob_count"] >= SEVERAL:
        return "brown_spots"
    return "erythema" if values["red_skin_share"] >= ERYTHEMA_SHARE_MIN else "texture"


def seen_sentence(seen: str, values: Mapping[str, float]) -> str:
    """Sentence on what a photo shows, with its number where it has one.

    Parameters
    ----------
    seen : str
        One of `SEEN`.
    values : mapping of str to float
        Features by name.

    Returns
    -------
    str

    Examples
    --------
    >>> seen_sentence("inflamed_spots", {"spot_count": 14.0})
    'Seen: several inflamed spots (14).'
    >>> seen_sentence("erythema", {"red_skin_share": 0.31})
    'Seen: skin that is redder in places, without separate spots (31 % of it).'
    """
    number = ""
    if seen in ("inflamed_spots", "red_spots"):
        number = f" ({values['spot_count']:.0f})"
    elif seen == "erythema":
        number = f" ({100.0 * values['red_skin_share']:.0f} % of it)"
    return f"Seen: {SEEN[seen]}{number}."
