"""Finds the coin that the user has named, and reads the scale off its outline.

A coin is never sought unasked: the world is full of round things. What counts as the coin is an ellipse that is
sharp all around, truer than anything grown, less red than the skin around it, and of one metal or two as the named
coin is. A tilted circle keeps its diameter along the ellipse's longer axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import erythema_index, optical_density
from lesionvis.errors import SettingsError
from lesionvis.geometry import sample
from lesionvis.photo import Photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.ellipses import MIN_SUPPORT, N_ANGLES, Ellipse, Outline, find_outlines

MIN_LESS_RED = 0.02
"""How much less red than the skin around a coin is, as a difference of erythema indices."""

COIN_SIZE_RATIO = 0.5
"""The smallest coin of the table is over half as large as the largest; what is smaller than this beside one is none."""

MIN_RING_CONTRAST = 0.1
"""Least difference of yellowness between ring and core of a coin of two metals: real euros in scans have 0.30 to 0.36,
rendered ones 0.43, coins of one metal 0.02. Both metals are under the same light, so that its colour drops out."""

RING_FROM, RING_TO = 0.82, 0.92
CORE_FROM, CORE_TO = 0.3, 0.55
"""Where ring and core are looked at, in radii: within the rim, and outside the holes of coins that have one."""

LOOKS = {
    "one": "one metal",
    "gold ring": "a ring yellower than its core",
    "silver ring": "a core yellower than its ring",
}
"""What coins look like by `Coin.metals`."""

OUTLINE_ERROR = 0.04
"""Relative error of an outline on real photos: the four found were 0.9 to 7.5 % too large, by rims and shadows."""


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin of the table: its name, diameter in mm, metals, and the mint or bank that states the diameter.

    `metals` is a key of `LOOKS`, or "" where coins of that name and size differ or it is not known.
    """

    name: str
    diameter_mm: float
    metals: str
    source: str


@cache
def known_coins() -> dict[str, Coin]:
    """Coins by name, such as eur-1 or usd-25c.

    Round coins whose diameter is the same in all years. Copper ones are left out: a brown disc on skin may be a mole.

    Returns
    -------
    dict of str to Coin
        Diameters in mm with their source.

    Examples
    --------
    >>> known_coins()["eur-1"]
    Coin(name='eur-1', diameter_mm=23.25, metals='gold ring', source='European Central Bank')
    """
    table = resources.files("lesionvis").joinpath("scale/coins.csv").read_text(encoding="utf-8")
    _, *rows = (line.split(",") for line in table.splitlines())
    return {name: Coin(name, float(diameter_mm), metals, source) for name, diameter_mm, metals, source in rows}


def check_coin(coin: str) -> None:
    """Refuse a name that is not one of `known_coins`.

    Parameters
    ----------
    coin : str
        Name of a coin.

    Raises
    ------
    SettingsError
        If it is not known.
    """
    if coin not in known_coins():
        raise SettingsError(f"coin must be one of {', '.join(known_coins())}, got {coin!r}.")


def find_coin(photo: Photo, coin: str) -> Scale | NoScale:
    """Read the scale of a photo off the coin that the user says is in it.

    Parameters
    ----------
    photo : Photo
        The photo.
    coin : str
        Name of the coin, one of `known_coins`.

    Returns
    -------
    Scale or NoScale
        Scale with source "coin": the longer diameter of its outline over the coin's diameter, with the error of the
        fit and that of the coin's height. NoScale where none or several things look like the coin, or its metals are
        not those of the named one.

    Raises
    ------
    SettingsError
        If the coin is not in the table.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> find_coin(read_photo(np.full((96, 128, 3), 180, np.uint8)), "eur-1").reason
    'no coin found: nothing is as round and sharp as the outline of eur-1'
    """
    check_coin(coin)
    named = known_coins()[coin]
    outlines = find_outlines(photo.rgb)
    density = optical_density(np.asarray(cv2.GaussianBlur(photo.rgb, (0, 0), 1.0), np.uint8))
    redness = erythema_index(density)
    # Asked before whether it is metal: one of two coins may seem as red as skin.
    largest = max((outline.ellipse.major for outline in outlines), default=0.0)
    n_round = sum(outline.ellipse.major > COIN_SIZE_RATIO * largest for outline in outlines)
    if n_round > 1:
        return NoScale(f"no coin chosen: {n_round} things in the photo are round; which of them is {coin}?")
    metallic = [outline for outline in outlines if _is_metal(redness, outline.ellipse)]
    if not metallic:
        if outlines:
            return NoScale(f"no coin found: what is round is no less red than the skin around it, as {coin} would be")
        return NoScale(f"no coin found: nothing is as round and sharp as the outline of {coin}")
    chosen = max(metallic, key=lambda outline: outline.ellipse.major)
    seen = _metals_seen(_yellowness(density), chosen.ellipse)
    if named.metals not in ("", seen):
        return NoScale(
            f"no coin chosen: what is round shows {LOOKS[seen]}, and {coin} has {LOOKS[named.metals]};"
            " which coin is it?"
        )
    return _scale(chosen, named, photo)


def _scale(outline: Outline, coin: Coin, photo: Photo) -> Scale:
    ellipse = outline.ellipse
    px_per_mm = 2.0 * ellipse.major / coin.diameter_mm / photo.px_per_source_px
    # Each axis is a mean over about half of the places that show the edge.
    fit = outline.off / np.sqrt(0.5 * outline.support * N_ANGLES)
    return Scale(
        px_per_mm=px_per_mm,
        standard_error_px_per_mm=px_per_mm * float(np.hypot(fit, OUTLINE_ERROR)),
        source="coin",
        outline_px=photo.to_source(ellipse.points(np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False))),
        points_px=photo.to_source([[ellipse.x, ellipse.y]]),
        px_per_mm_at_points=np.array([px_per_mm]),
    )


def _is_metal(redness: NDArray[np.float32], ellipse: Ellipse) -> bool:
    """True where the inside of an outline is less red than the skin around it, nearly all along the outline.

    Lesions are redder or browner than skin; silver, steel, brass and their like are not. A part of a lesion that
    seems round has more of the lesion beside it, not skin.
    """
    angles = np.linspace(0.0, 2.0 * np.pi, N_ANGLES, endpoint=False)[:, None]
    inner, outer = (
        sample(redness, *np.moveaxis(ellipse.points(angles, sizes), -1, 0))
        for sizes in (np.linspace(0.82, 0.94, 7)[None, :], np.linspace(1.06, 1.24, 7)[None, :])
    )
    less_red = np.median(outer, axis=1) - np.median(inner, axis=1)
    return bool(np.median(less_red) >= MIN_LESS_RED and (less_red >= MIN_LESS_RED / 2.0).mean() >= MIN_SUPPORT)


def _yellowness(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much denser blue is than red and green, log10 of light."""
    return np.asarray(density[..., 2] - 0.5 * (density[..., 0] + density[..., 1]), np.float32)


def _metals_seen(yellowness: NDArray[np.float32], ellipse: Ellipse) -> str:
    """Key of `LOOKS` for the inside of an outline."""
    angles = np.linspace(0.0, 2.0 * np.pi, N_ANGLES, endpoint=False)[:, None]
    ring, core = (
        np.median(sample(yellowness, *np.moveaxis(ellipse.points(angles, np.linspace(*part, 7)[None, :]), -1, 0)))
        for part in ((RING_FROM, RING_TO), (CORE_FROM, CORE_TO))
    )
    if abs(ring - core) < MIN_RING_CONTRAST:
        return "one"
    return "gold ring" if ring > core else "silver ring"
