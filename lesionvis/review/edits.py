"""What a person can change of a photo, as functions from one state to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.batch.study import REVIEWED
from lesionvis.errors import SettingsError
from lesionvis.geometry import clipped_polygon, polygon_area
from lesionvis.labels import LABELS
from lesionvis.spots.drawn import CENTRE_PX, DRAWN_KINDS, LESION, DrawnSpots, is_same_spot

# Of a drawn circle: its area is that of the polygon to 0.1 %.
CIRCLE_CORNERS = 80
# A border drawn by hand at full zoom has some hundred corners.
CORNERS_MAX = 5000
NOTE_MAX_LETTERS = 4000
OPINIONS = ("pattern", "note", "done")
"""What can be said of a photo without its spots."""
# Places on the page, px: no screen shows more digits.
_PLACE_DIGITS = 2
# Kind of what was found as the lesion once the person calls another spot so: a lesion that is none is mostly pigment.
FORMER_LESION_KIND = "pigment"


@dataclass(frozen=True, slots=True, eq=False)
class FoundSpots:
    """What was found on a photo, before anybody changed it.

    Attributes
    ----------
    size_px : (int, int)
        Width and height of the upright source photo.
    outlines_px : tuple of N ndarrays of shape (K, 2), float64
        The spots, the largest first, and then the candidates that were not taken for spots, the likeliest first;
        corners (x, y) in source px, the origin at the centre of the top-left pixel.
    kinds : tuple of N str
        Kind of each spot, "lesion" for the dominant lesion; "candidate".
    scores : tuple of N float or None
        Probability of being a spot.
    spot_count : int
        How many of them are spots.
    """

    size_px: tuple[int, int]
    outlines_px: tuple[NDArray[np.float64], ...]
    kinds: tuple[str, ...]
    scores: tuple[float | None, ...]
    spot_count: int

    @staticmethod
    def from_geojson(text: bytes) -> FoundSpots:
        """What was found, from the GeoJSON that a run writes of a photo.

        Parameters
        ----------
        text : bytes
            From `lesionvis.annotations.geojson.write_geojson`.

        Returns
        -------
        FoundSpots
        """
        content = json.loads(text)
        features = content["features"]
        rings = [np.asarray(one["geometry"]["coordinates"][0], np.float64)[:-1] - CENTRE_PX for one in features]
        about = [one["properties"] for one in features]
        width, height = content["size_px"]
        return FoundSpots(
            (width, height),
            tuple(rings),
            tuple(one["classification"]["name"] for one in about),
            tuple(one["measurements"].get("score") for one in about),
            sum(bool(one["name"]) for one in about),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PhotoState:
    """What a person says of a photo.

    Attributes
    ----------
    spots : DrawnSpots or None
        None as long as the spots are those that were found.
    pattern : str
        Of `LABELS`, or "".
    note : str
    is_done : bool
    answers : str
        As `lesionvis.review.asking.kept` gives them; "" where nothing was answered on the page.
    """

    spots: DrawnSpots | None = None
    pattern: str = ""
    note: str = ""
    is_done: bool = False
    answers: str = ""


def _shown_spots(state: PhotoState, found: FoundSpots) -> DrawnSpots:
    """Spots of a photo as they stand: those of the person, or else those that were found.

    The largest come first; the number of a spot is its place counted from 1, as in the tables.
    """
    if state.spots is None:
        return DrawnSpots(found.outlines_px[: found.spot_count], (), found.size_px, name=REVIEWED)
    return _sorted(list(zip(state.spots.outlines_px, state.spots.kinds, strict=True)), state.spots, found)


def _shown_candidates(spots: DrawnSpots, found: FoundSpots) -> list[int]:
    """Indices of the found outlines that are no spot as things stand, and could become one."""
    if not spots.outlines_px:
        return list(range(len(found.outlines_px)))
    least, most = (np.array([end(one, axis=0) for one in spots.outlines_px]) for end in (np.min, np.max))
    free = []
    for index, outline in enumerate(found.outlines_px):
        near = np.flatnonzero(((least <= outline.max(axis=0)) & (outline.min(axis=0) <= most)).all(axis=1))
        if not any(is_same_spot(outline, spots.outlines_px[place]) for place in near):
            free.append(index)
    return free


def shown_outlines(state: PhotoState, found: FoundSpots) -> dict[str, Any]:
    """Size of a photo, its spots and candidates as the page shows them.

    Parameters
    ----------
    state : PhotoState
    found : FoundSpots

    Returns
    -------
    dict
        Ready for JSON.
    """
    spots = _shown_spots(state, found)
    return {
        "size": found.size_px,
        "spots": [
            {"outline": _places(outline), "kind": kind}
            for outline, kind in zip(spots.outlines_px, spots.kinds, strict=True)
        ],
        "candidates": [
            {"candidate": index, "outline": _places(found.outlines_px[index]), "score": found.scores[index]}
            for index in _shown_candidates(spots, found)
        ],
    }


def _places(outline: NDArray[np.float64]) -> list[list[float]]:
    rounded: list[list[float]] = outline.round(_PLACE_DIGITS).tolist()
    return rounded


def edited(
    state: PhotoState, found: FoundSpots, wish: Mapping[str, Any], who: str, when: str
) -> tuple[PhotoState, str]:
    """State of a photo after a change.

    Parameters
    ----------
    state : PhotoState
        Before.
    found : FoundSpots
    wish : mapping
        What to do under "do": "remove" (`spot`), "only" (`spot`: removes all others), "clear" (removes all),
        "promote" (`candidate`), "circle" (`x`, `y`, `radius`), "border" (`corners`), "outline" (`spot`, `corners`: its
        new border), "kind" (`spot`, `kind`), "pattern" (`pattern`), "note" (`note`), "done" (`is_done`) or "reset".
    who, when : str
        Who changes it and when.

    Returns
    -------
    state : PhotoState
    action : str
        What was done, in few words.

    Raises
    ------
    SettingsError
        If there is no such spot, or the change cannot be made.

    Examples
    --------
    >>> found = FoundSpots((40, 30), (), (), (), 0)
    >>> state, action = edited(PhotoState(), found, {"do": "circle", "x": 9, "y": 9, "radius": 4}, "Eva", "2026-03-01")
    >>> state.spots, action
    (DrawnSpots(review page: 1 spots), 'drew a circle')
    """
    what = wish.get("do")
    if what == "pattern":
        return replace(state, pattern=_choice(wish, "pattern", ("", *LABELS))), f"pattern: {wish['pattern'] or 'none'}"
    if what == "note":
        return replace(state, note=_text(wish, "note")), "note"
    if what == "done":
        is_done = wish.get("is_done") is True
        return replace(state, is_done=is_done), "done" if is_done else "not done"
    if what == "reset":
        return replace(state, spots=None), "all spots as found"
    change = _CHANGES.get(str(what))
    if change is None:
        raise SettingsError(f"{what!r} cannot be done to a photo; reload the page.")
    before = _shown_spots(state, found)
    pairs = list(zip(before.outlines_px, before.kinds, strict=True))
    action = change(pairs, found, wish)
    about = DrawnSpots((), (), found.size_px, who, when, REVIEWED)
    return replace(state, spots=_sorted(pairs, about, found)), action


_Pairs = list[tuple[NDArray[np.float64], str]]


def _remove(pairs: _Pairs, _: FoundSpots, wish: Mapping[str, Any]) -> str:
    number = _number(wish, "spot", 1, len(pairs))
    del pairs[number - 1]
    return f"removed spot {number} of {len(pairs) + 1}"


def _only(pairs: _Pairs, _: FoundSpots, wish: Mapping[str, Any]) -> str:
    number, count = _number(wish, "spot", 1, len(pairs)), len(pairs)
    pairs[:] = [pairs[number - 1]]
    return f"removed all spots but {number} of {count}"


def _clear(pairs: _Pairs, _: FoundSpots, __: Mapping[str, Any]) -> str:
    count = len(pairs)
    pairs.clear()
    return f"removed all spots, {count}"


def _promote(pairs: _Pairs, found: FoundSpots, wish: Mapping[str, Any]) -> str:
    index = _number(wish, "candidate", 0, len(found.outlines_px) - 1)
    _add(pairs, found.outlines_px[index])
    return "made a candidate a spot" if index >= found.spot_count else "took a spot back in"


def _circle(pairs: _Pairs, found: FoundSpots, wish: Mapping[str, Any]) -> str:
    x, y, radius = (_finite(wish.get(name)) for name in ("x", "y", "radius"))
    angle = np.arange(CIRCLE_CORNERS) * 2.0 * np.pi / CIRCLE_CORNERS
    _add(pairs, _inside(np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1), found))
    return "drew a circle"


def _border(pairs: _Pairs, found: FoundSpots, wish: Mapping[str, Any]) -> str:
    _add(pairs, _corners(wish, found))
    return "drew a border"


def _outline(pairs: _Pairs, found: FoundSpots, wish: Mapping[str, Any]) -> str:
    number = _number(wish, "spot", 1, len(pairs))
    before, kind = pairs.pop(number - 1)
    _add(pairs, _corners(wish, found), kind or (LESION if _is_found_lesion(before, found) else ""))
    return f"changed the border of spot {number}"


def _corners(wish: Mapping[str, Any], found: FoundSpots) -> NDArray[np.float64]:
    """Border that a person drew, as far as it is inside the photo."""
    corners = wish.get("corners")
    if not isinstance(corners, Sequence) or not 3 <= len(corners) <= CORNERS_MAX:
        raise SettingsError(f"A border needs 3 to {CORNERS_MAX} corners; draw it again.")
    if not all(isinstance(corner, Sequence) and len(corner) == 2 for corner in corners):
        raise SettingsError("Each corner of a border is a place (x, y); draw it again.")
    return _inside(np.asarray([[_finite(value) for value in corner] for corner in corners], np.float64), found)


def _kind(pairs: _Pairs, found: FoundSpots, wish: Mapping[str, Any]) -> str:
    number, kind = _number(wish, "spot", 1, len(pairs)), _choice(wish, "kind", ("", *DRAWN_KINDS))
    if kind == LESION:
        for index, (outline, held) in enumerate(pairs):
            if held == LESION or (not held and _is_found_lesion(outline, found)):
                pairs[index] = outline, FORMER_LESION_KIND
    pairs[number - 1] = pairs[number - 1][0], kind
    return f"kind of spot {number}: {kind or 'by its colour'}"


_CHANGES = {
    "remove": _remove,
    "only": _only,
    "clear": _clear,
    "promote": _promote,
    "circle": _circle,
    "border": _border,
    "outline": _outline,
    "kind": _kind,
}


def _add(pairs: _Pairs, outline: NDArray[np.float64], kind: str = "") -> None:
    """Add a spot, unless it lies on one that is there."""
    (added,) = DrawnSpots((outline,), name="The new spot").outlines_px
    for number, (other, _) in enumerate(pairs, start=1):
        if is_same_spot(added, other):
            raise SettingsError(f"The new spot lies on spot {number}; remove that one first.")
    pairs.append((added, kind))


def _sorted(pairs: _Pairs, about: DrawnSpots, found: FoundSpots) -> DrawnSpots:
    """Spots in the order of the tables: by area, and of equal ones those that were found come first."""
    places = {_code(outline): index for index, outline in enumerate(found.outlines_px[: found.spot_count])}
    known = sorted(pairs, key=lambda pair: places.get(pair[0].tobytes(), len(places)))
    ordered = sorted(known, key=lambda pair: -abs(float(polygon_area(pair[0][:, 0], pair[0][:, 1]))))
    return replace(
        about, outlines_px=tuple(outline for outline, _ in ordered), kinds=tuple(kind for _, kind in ordered)
    )


def _code(outline: NDArray[np.float64]) -> bytes:
    return DrawnSpots((outline,)).outlines_px[0].tobytes()


def _is_found_lesion(outline: NDArray[np.float64], found: FoundSpots) -> bool:
    """Whether an outline is what was found as the dominant lesion, as it was found."""
    lesions = (one for one, kind in zip(found.outlines_px, found.kinds, strict=True) if kind == LESION)
    return any(outline.tobytes() == _code(lesion) for lesion in lesions)


def _inside(outline: NDArray[np.float64], found: FoundSpots) -> NDArray[np.float64]:
    """Part of an outline inside the photo."""
    low, high = np.array([-0.5, -0.5]), np.asarray(found.size_px) - 0.5
    if (outline.max(axis=0) <= low).any() or (outline.min(axis=0) >= high).any():
        raise SettingsError("The new spot lies outside of the photo; draw it again.")
    return clipped_polygon(outline, low, high)


def _number(wish: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = wish.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise SettingsError(f"There is no {name} {value!r} on this photo; reload the page.")
    return value


def _finite(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
        raise SettingsError(f"{value!r} is no place on a photo; draw the spot again.")
    return float(value)


def _choice(wish: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    value = wish.get(name)
    if value not in choices:
        raise SettingsError(f"{value!r} is no {name}; give one of {', '.join(filter(None, choices))}.")
    return str(value)


def _text(wish: Mapping[str, Any], name: str) -> str:
    value = wish.get(name)
    if not isinstance(value, str) or len(value) > NOTE_MAX_LETTERS:
        raise SettingsError(f"A note is a text of at most {NOTE_MAX_LETTERS} letters; make it shorter.")
    return value
