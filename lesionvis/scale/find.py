"""Finds the scale of a photo: what the user states, else the references that may be in the photo, in turn."""

from __future__ import annotations

import numpy as np

from lesionvis.checks import check_positive
from lesionvis.errors import SettingsError
from lesionvis.photo import Photo
from lesionvis.scale.base import NoScale, Scale, given_scale
from lesionvis.scale.card.layout import BAR_MM
from lesionvis.scale.card.marker import check_bar_mm, find_marker
from lesionvis.scale.coin import check_coin, find_coin
from lesionvis.scale.given import mm_across_scale, spacing_scale
from lesionvis.scale.ruler.finder import find_ruler
from lesionvis.scale.ruler.views import ReadAgain

BAR_TOLERANCE_MM = 0.25
"""A bar this near to 50 mm was printed true; otherwise the ruler on the same card is not."""


def find_scale(
    photo: Photo,
    *,
    px_per_mm: float | None = None,
    mm_across: float | None = None,
    coin: str | None = None,
    bar_mm: float = BAR_MM,
    read_again: ReadAgain | None = None,
) -> Scale | NoScale:
    """Scale of a photo, from the first of these that gives one.

    Parameters
    ----------
    photo : Photo
        The photo.
    px_per_mm : float, optional
        Source px per mm that the user states.
    mm_across : float, optional
        Width of the upright frame in mm that the user states.
    coin : str, optional
        Name of a coin that the user says is in the photo; see `lesionvis.scale.coin.known_coins`.
    bar_mm : float
        Length of the bar on the printed card, mm.
    read_again : callable, optional
        Reads the photo with a given number of px along its longer side, for rulers whose ticks are too fine in the
        working picture.

    Returns
    -------
    Scale or NoScale
        From `px_per_mm`, `mm_across`, the coin, the pixel spacing that a DICOM file or ImageJ in a TIFF file states,
        the printed card or a ruler, in this order. NoScale tells what each search found. Where the card was printed at
        another scale, no ruler is sought: it might be the card's.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> photo = read_photo(np.full((96, 128, 3), 180, np.uint8))
    >>> find_scale(photo, mm_across=16.0).px_per_mm
    8.0
    >>> find_scale(photo).reason
    'no card found: no marker in sight; no ruler found: nothing in the photo repeats as ticks do'
    """
    if px_per_mm is not None:
        return given_scale(px_per_mm)
    if mm_across is not None:
        return mm_across_scale(photo, mm_across)
    reasons: list[str] = []
    if coin is not None:
        scale = find_coin(photo, coin)
        if isinstance(scale, Scale):
            return scale
        reasons.append(scale.reason)
    if photo.pixel_spacing is not None:
        scale = spacing_scale(photo.pixel_spacing, photo.name)
        if isinstance(scale, Scale):
            return scale
        reasons.append(scale.reason)
    scale = find_marker(photo, bar_mm)
    if isinstance(scale, Scale):
        return scale
    reasons.append(scale.reason)
    if not np.isclose(bar_mm, BAR_MM, rtol=0.0, atol=BAR_TOLERANCE_MM):
        return NoScale("; ".join([*reasons, "no ruler sought: that of a card with another bar would be wrong"]))
    scale = find_ruler(photo, read_again)
    if isinstance(scale, Scale):
        return scale
    return NoScale("; ".join([*reasons, scale.reason]))


def check_scale(
    scale: object, px_per_mm: float | None = None, mm_across: float | None = None, coin: str | None = None
) -> None:
    """Refuse a scale that is given together with settings that say where the scale is to come from.

    Parameters
    ----------
    scale : Scale or NoScale
        Of one photo.
    px_per_mm, mm_across : float or None
        Settings of `find_scale`.
    coin : str or None
        Setting of `find_scale`.

    Raises
    ------
    SettingsError
        If one of them is set, or the scale is of another type.
    """
    if not isinstance(scale, Scale | NoScale):
        raise SettingsError(f"scale must be a Scale or NoScale, got {scale!r}; a number is given as px_per_mm.")
    settings = {"px_per_mm": px_per_mm, "mm_across": mm_across, "coin": coin}
    contradicting = [name for name, value in settings.items() if value is not None]
    if contradicting:
        raise SettingsError(f"A scale was given for this photo, and {contradicting[0]} as well; give one of the two.")


def check_references(px_per_mm: float | None, mm_across: float | None, coin: str | None, bar_mm: float) -> None:
    """Refuse what `find_scale` would refuse, before there is a photo.

    Parameters
    ----------
    px_per_mm : float or None
        Source px per mm, > 0.
    mm_across : float or None
        Width of the photographed field, mm, > 0.
    coin : str or None
        Name of a coin of `known_coins`.
    bar_mm : float
        Measured length of the card's printed bar, mm.

    Raises
    ------
    SettingsError
        If a value is outside its bounds.
    """
    if px_per_mm is not None:
        check_positive("px_per_mm", px_per_mm)
    if mm_across is not None:
        check_positive("mm_across", mm_across)
    if coin is not None:
        check_coin(coin)
    check_bar_mm(bar_mm)
