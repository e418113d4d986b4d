"""What a photo shows, whatever pattern it makes: a reason behind "uncertain" that a person can check by eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lesionvis.pattern.likeness import UNLIKE_SKIN

# Flags of photos that show no skin.
NOT_SKIN_FLAGS = ("no_skin", "flat_colours", UNLIKE_SKIN)
# Flags of photos that show too little to say what is there.
UNCLEAR_FLAGS = ("too_dark", "overexposed", "blurred", "dermatoscope_view")
# Flags of photos that do not show small spots, with what to do: where none was found, that does not mean that there are
# none.
UNSEEN_FLAGS = {
    "too_far": "small ones cannot be seen from so far; go nearer",
    "too_small": "small ones cannot be seen in so small a photo; send it in its full size",
    "compressed": "small ones may be lost in so strongly compressed a photo; send the original",
}
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
    "not_skin": "hardly any skin, or something else than skin",
    "unclear_photo": "too little to tell: the photo is too small, dark, bright or blurred, or seen through a lens",
    "bare_skin": "bare skin",
    "lesion": "one lesion that stands out",
    "inflamed_spots": "several inflamed spots",
    "red_spots": "several red spots",
    "brown_spots": "several spots of the colour of pigment or of old blood",
    "erythema": "skin that is redder in places, without separate spots",
    "texture": "no separate spots; texture, scale, hair or something else",
}
"""Names of what can be seen and their meanings, in the order in which their rules are asked."""

RULES: dict[str, str] = {
    "not_skin": f"a flag of {', '.join(NOT_SKIN_FLAGS)}",
    "unclear_photo": f"a flag of {', '.join(UNCLEAR_FLAGS)}; or one of {', '.join(UNSEEN_FLAGS)} where the photo would "
    "else be bare_skin or texture",
    "bare_skin": "the model of bare skin says so",
    "lesion": f"lesion_score of {LESION_SCORE_MIN:g} or more",
    "inflamed_spots": f"spot_count of {SEVERAL} or more, melanin_index up to {MELANIN_INDEX_MAX:g}, likely_inflamed of "
    f"{LIKELY_INFLAMED_MIN:g} or more",
    "red_spots": f"spot_count of {SEVERAL} or more, melanin_index up to {MELANIN_INDEX_MAX:g}, likely_inflamed below "
    f"{LIKELY_INFLAMED_MIN:g}",
    "brown_spots": f"spot_count of {SEVERAL} or more, melanin_index over {MELANIN_INDEX_MAX:g}; or fewer spots and "
    f"pigment_blob_count of {SEVERAL} or more",
    "erythema": f"red_skin_share of {ERYTHEMA_SHARE_MIN:g} or more",
    "texture": "nothing of the above",
}
"""Rule of each, over the flags and features of the photo; the first that holds counts."""


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
    is_unseen = any(flag in UNSEEN_FLAGS for flag in flags)
    if is_bare:
        return "unclear_photo" if is_unseen else "bare_skin"
    if values["lesion_score"] >= LESION_SCORE_MIN:
        return "lesion"
    if values["spot_count"] >= SEVERAL:
        if values["melanin_index"] > MELANIN_INDEX_MAX:
            return "brown_spots"
        return "inflamed_spots" if values["likely_inflamed"] >= LIKELY_INFLAMED_MIN else "red_spots"
    if values["pigment_blob_count"] >= SEVERAL:
        return "brown_spots"
    if values["red_skin_share"] >= ERYTHEMA_SHARE_MIN:
        return "erythema"
    return "unclear_photo" if is_unseen else "texture"


def seen_words(seen: str, values: Mapping[str, float]) -> str:
    """Words on what a photo shows, with its number where it has one.

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
    >>> seen_words("inflamed_spots", {"spot_count": 14.0})
    'several inflamed spots (14)'
    >>> seen_words("erythema", {"red_skin_share": 0.31})
    'skin that is redder in places, without separate spots (31 % of it)'
    """
    number = ""
    if seen in ("inflamed_spots", "red_spots"):
        number = f" ({values['spot_count']:.0f})"
    elif seen == "brown_spots":
        found = values["spot_count"]
        number = f" ({found if found >= SEVERAL else values['pigment_blob_count']:.0f})"
    elif seen == "erythema":
        number = f" ({100.0 * values['red_skin_share']:.0f} % of it)"
    return f"{SEEN[seen]}{number}"
