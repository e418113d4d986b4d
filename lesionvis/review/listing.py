"""The list of photos: what a row of it tells, and which photos somebody asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import photo_digest
from lesionvis.batch.reviews import Review, last_reviews, review_of
from lesionvis.batch.study_table import PATIENT, SITES
from lesionvis.report.page import urgency, why_a_person

PAGE_LENGTH = 48
"""Photos on one page of the list."""
SORTS = ("urgency", "photo", "spot_count", "median_diameter_mm", "taken_at")
"""Orders of the list."""
STATES = ("to do", "done", "changed")
"""Choices by review: not yet done, done, with spots of a person."""
_NONE = "-"  # what a filter says for photos without a value

_COLUMNS = (
    *("photo", "status", "problem", "pattern", "triage_level", "spot_count", "median_diameter_mm", "photo_flags"),
    *("taken_at", "p_petechial_shower", "spots_from"),
)

SPOTS_SHOWN = ("spot", "diameter_mm", "diameter_error_mm", "diameter_px", "length_mm", "kind", "color", "score")
"""Columns of a spot on the page."""
PHOTO_SHOWN = (
    *("status", "problem", "width", "height", "taken_at", "px_per_mm", "scale_source", "spot_count", "pattern"),
    *("prediction_set", "seen", "photo_flags", "triage_level", "triage_basis", "spots_from", "median_diameter_mm"),
    *("p_petechial_shower", "p_single_lesion", "p_angioma", "duplicate_of"),
)
"""Columns of a photo on the page."""


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """Row of the list.

    Attributes
    ----------
    shown : dict of str to value
        What the page gets.
    content : str
        SHA-256 of the photo; "" where it could not be read.
    text : str
        What a search looks into.
    """

    shown: dict[str, Any]
    content: str
    text: str


def listed_photos(journal: Journal, photos: Iterable[str] | None = None) -> dict[str, ListedPhoto]:
    """Rows of the list.

    Parameters
    ----------
    journal : Journal
    photos : iterable of str, optional
        Those that are wanted; all unless given.

    Returns
    -------
    dict of str to ListedPhoto
        By name, in the order of the names.
    """
    chosen = None if photos is None else list(photos)
    reasons = {
        photo: [(rule, reason)]
        for photo, rule, reason in _rows(journal, "reasons", ("photo", "rule_id", "reason"), chosen, "number = 1")
    }
    keys = {photo: key or "" for photo, key in _rows(journal, "files", ("photo", "sha256"), chosen)}
    told = {photo: json.loads(row) for photo, row in _rows(journal, "table_rows", ("photo", "row"), chosen)}
    contents = {photo: photo_digest(key) for photo, key in keys.items()}
    if chosen is None:
        reviews = last_reviews(journal)
    else:
        reviews = {content: review_of(journal, content) for content in set(contents.values())}
    pictures = _thumbnails(journal, None if chosen is None else set(keys.values()))
    found = {}
    for values in _rows(journal, "photos", _COLUMNS, chosen):
        row = dict(zip(_COLUMNS, values, strict=True))
        photo = str(row["photo"])
        content = contents[photo]
        review, thumbnail = reviews.get(content, Review()), pictures.get(keys[photo], "")
        found[photo] = _listed(row, reasons.get(photo, []), content, review, told.get(photo, {}), thumbnail)
    return found


def has_companions(listed: Mapping[str, ListedPhoto], photo: str) -> bool:
    """Test whether there is another photo of the same patient.

    Parameters
    ----------
    listed : mapping of str to ListedPhoto
        By name.
    photo : str
        Name of one of them.

    Returns
    -------
    bool
    """
    patient = listed[photo].shown["patient"]
    return bool(patient) and sum(one.shown["patient"] == patient for one in listed.values()) > 1


def progress(listed: Iterable[ListedPhoto]) -> dict[str, int]:
    """Count the photos and those that are done.

    Parameters
    ----------
    listed : iterable of ListedPhoto

    Returns
    -------
    dict of str to int
        "done" and "total".
    """
    done = [bool(one.shown["is_done"]) for one in listed]
    return {"done": sum(done), "total": len(done)}


def next_to_do(chosen: Sequence[ListedPhoto], photo: str) -> str:
    """Photo that is not done and comes next after another one, from the beginning again after the end.

    Parameters
    ----------
    chosen : sequence of ListedPhoto
        The list.
    photo : str
        Name of the other one; copies of it are done when it is.

    Returns
    -------
    str
        Name; "" where there is none.
    """
    names = [one.shown["photo"] for one in chosen]
    place = names.index(photo) if photo in names else -1
    content = chosen[place].content if place >= 0 else ""
    following = [*chosen[place + 1 :], *chosen[: max(place, 0)]]
    to_do = (one for one in following if not one.shown["is_done"] and not (content and one.content == content))
    return next((str(one.shown["photo"]) for one in to_do), "")


def chosen_photos(listed: Iterable[ListedPhoto], wish: Mapping[str, str]) -> list[ListedPhoto]:
    """Photos that fit, in the order that is wanted.

    Parameters
    ----------
    listed : iterable of ListedPhoto
    wish : mapping of str to str
        "search", "pattern", "level", "status", "flag", "review" (of `STATES`), "needs" (any text), "sort" (of
        `SORTS`) and "group" (any text: by patient); what is absent or unknown asks for nothing.

    Returns
    -------
    list of ListedPhoto
    """
    search = wish.get("search", "").strip().lower()
    tests: list[Callable[[ListedPhoto], bool]] = [
        *([lambda one: search in one.text] if search else []),
        *(_is(name, wish[name]) for name in ("pattern", "level", "status") if wish.get(name)),
        *([lambda one: wish["flag"] in one.shown["flags"]] if wish.get("flag") else []),
        *([lambda one: bool(one.shown["why"])] if wish.get("needs") else []),
        *([_IN_STATE[wish["review"]]] if wish.get("review") in _IN_STATE else []),
    ]
    fitting = [one for one in listed if all(test(one) for test in tests)]
    fitting.sort(key=_ORDERS.get(wish.get("sort", ""), _ORDERS["urgency"]))
    if wish.get("group"):
        # Patients in the order of their first photo, those without one last.
        first: dict[str, int] = {}
        for place, one in enumerate(fitting):
            first.setdefault(one.shown["patient"], place)
        fitting.sort(key=lambda one: (not one.shown["patient"], first[one.shown["patient"]]))
    return fitting


def choices_of(listed: Iterable[ListedPhoto]) -> dict[str, list[str]]:
    """Values that the filters of the list offer.

    Parameters
    ----------
    listed : iterable of ListedPhoto

    Returns
    -------
    dict of str to list of str
        Name of the filter -> values, "-" for photos that have none.
    """
    rows = [one.shown for one in listed]
    values = {name: sorted({row[name] or _NONE for row in rows}) for name in ("pattern", "level", "status")}
    return values | {"flag": sorted({flag for row in rows for flag in row["flags"]}), "review": list(STATES)}


def shown_results(journal: Journal, photo: str) -> dict[str, Any]:
    """Results of one photo.

    Parameters
    ----------
    journal : Journal
    photo : str
        Name of a photo that was analysed.

    Returns
    -------
    dict
        "row", "size" (width and height, px), "spots" and "reasons", ready for JSON.
    """
    rows = _rows(journal, "photos", PHOTO_SHOWN, [photo])
    spots = _rows(journal, "spots", SPOTS_SHOWN, [photo], order="spot")
    row = next(dict(zip(PHOTO_SHOWN, row, strict=True)) for row in rows)
    return {
        "row": row,
        "size": (row["width"], row["height"]) if row["width"] else None,
        "spots": [dict(zip(SPOTS_SHOWN, row, strict=True)) for row in spots],
        "reasons": [reason for (reason,) in _rows(journal, "reasons", ("reason",), [photo], order="number")],
    }


def _rows(
    journal: Journal,
    view: str,
    columns: tuple[str, ...],
    photos: list[str] | None,
    condition: str = "1",
    order: str = "photo",
) -> Iterable[Any]:
    names = ", ".join(f'"{name}"' for name in columns)
    if photos is None:
        yield from journal.select(f"SELECT {names} FROM {view} WHERE {condition} ORDER BY photo")  # noqa: S608
        return
    for photo in photos:
        query = f"SELECT {names} FROM {view} WHERE {condition} AND photo = ? ORDER BY {order}"  # noqa: S608
        yield from journal.select(query, [photo])


def _thumbnails(journal: Journal, keys: set[str] | None) -> dict[str, str]:
    """Small picture of each key of a content."""
    query = "SELECT sha256, file FROM pictures WHERE file LIKE 'thumbnails/%'"
    if keys is None:
        return dict(journal.select(query))
    return dict(row for key in keys for row in journal.select(f"{query} AND sha256 = ?", [key]))


def _listed(
    row: dict[str, Any],
    reasons: list[tuple[str, str]],
    content: str,
    review: Review,
    told: Mapping[str, str],
    thumbnail: str,
) -> ListedPhoto:
    waiting = row["status"] == "waiting"
    row |= {name: row[name] or "" for name in ("status", "problem", "pattern", "triage_level", "photo_flags")}
    shown = {
        "photo": row["photo"],
        "status": row["status"],
        "problem": row["problem"],
        "pattern": row["pattern"],
        "level": row["triage_level"],
        "spot_count": row["spot_count"],
        "median_diameter_mm": row["median_diameter_mm"],
        "flags": row["photo_flags"].split(),
        "taken_at": row["taken_at"] or "",
        "spots_from": row["spots_from"] or "",
        "why": "" if waiting else why_a_person(row, reasons),
        "urgency": 0.0 if waiting else urgency(row),
        "thumbnail": thumbnail,
        "patient": told.get(PATIENT, ""),
        "sites": told.get(SITES, ""),
        "is_done": review.is_done,
        "reviewed_pattern": review.pattern,
        "note": review.note,
        "made_by": review.made_by,
    }
    searched = (shown["photo"], shown["problem"], shown["note"], shown["patient"])
    return ListedPhoto(shown, content, " ".join(map(str, searched)).lower())


def _is(name: str, value: str) -> Callable[[ListedPhoto], bool]:
    return lambda one: (one.shown[name] or _NONE) == value


_IN_STATE: dict[str, Callable[[ListedPhoto], bool]] = {
    "to do": lambda one: not one.shown["is_done"],
    "done": lambda one: bool(one.shown["is_done"]),
    "changed": lambda one: one.shown["spots_from"] == "corrected",
}


def _largest(name: str) -> Callable[[ListedPhoto], Any]:
    return lambda one: (-(-1.0 if one.shown[name] is None else float(one.shown[name])), one.shown["urgency"])


_ORDERS: dict[str, Callable[[ListedPhoto], Any]] = {
    "urgency": lambda one: (one.shown["is_done"], one.shown["urgency"], one.shown["photo"]),
    "photo": lambda one: one.shown["photo"],
    "spot_count": _largest("spot_count"),
    "median_diameter_mm": _largest("median_diameter_mm"),
    "taken_at": lambda one: (one.shown["taken_at"] or "~", one.shown["urgency"]),
}
