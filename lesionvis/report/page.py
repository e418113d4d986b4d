"""The report of a batch run: one page with its data inside, that needs no other machine.

The page holds a row per photo, which the page's script filters and sorts, and the details of each photo packed apart,
which are unpacked when somebody looks at them. Nothing in the page comes from the network, its content security policy
forbids that it does, and text from files only ever becomes text.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lesionvis.flags import FLAGS
from lesionvis.labels import LABELS, PATTERNS, UNCERTAIN
from lesionvis.pattern.features import FEATURES
from lesionvis.report.histogram import Histogram
from lesionvis.report.template import inline_digest, page_file, page_template
from lesionvis.report.threshold import ThresholdCurve, place_of
from lesionvis.triage.actions import actions
from lesionvis.triage.rules import Level
from lesionvis.triage.wording import (
    ALWAYS,
    EMERGENCY_NUMBER,
    HEADER,
    NOBODY_ASKED_NOTE,
    NOBODY_WAS_ASKED,
    NOTHING_FOUND,
    PATTERN_MEANINGS,
)

Value = str | int | float | None

# Spots of one photo in the page, the largest; more make it slow to open, and the table holds them all.
N_SPOTS_MAX = 200
SIZE_EDGES_MM = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0)
COUNT_EDGES = (0, 1, 2, 5, 10, 20, 50, 100, 200)
LEVELS = tuple(str(level) for level in sorted(Level, reverse=True))
# What to do at a level whatever the reason; a report of many photos has no single deciding rule.
_ANY_FAMILY = "general"
URGENT_LEVELS = ("emergency", "same_day", "prompt", "within_2_weeks")

ROW_COLUMNS = (
    *("photo", "status", "pattern", "triage_level", "spot_count", "median_diameter_mm", "scale_source", "photo_flags"),
    *("prediction_set", "taken_at", "problem", "duplicate_of"),
)
"""What the page knows of every photo at once."""

SPOT_COLUMNS = (
    *("spot", "diameter_mm", "diameter_error_mm", "diameter_px", "length_mm", "width_mm", "circularity"),
    *("erythema_contrast", "color", "score", "x_px", "y_px", "spot_flags"),
)
FACT_COLUMNS = (
    *("sha256", "width", "height", "px_per_mm", "scale_source", "scale_error_pct", "skin_fraction", "tone_ita_deg"),
    *("taken_at_source", "triage_basis", "model", "version", "settings_hash"),
)
# Fewer digits than in the tables: the page is for looking.
_DIGITS = 4
_PACKED_LEVEL = 6


@dataclass(frozen=True, slots=True)
class ReportPhoto:
    """Row of the page on one photo.

    Attributes
    ----------
    row : mapping of str to value
        Its row of the table of photos.
    spots : sequence of mappings
        Its rows of the table of spots.
    reasons : sequence of (str, str)
        Number and reason of each rule that fired, the weightiest first.
    candidate_scores : sequence of float
        Of what was not taken for a spot.
    thumbnail, overlay : str
        Addresses relative to the page, or a data address; "" where there is none.
    review : str
        What a person said after looking; "" where nobody did.
    """

    row: Mapping[str, Value]
    spots: Sequence[Mapping[str, Value]]
    reasons: Sequence[tuple[str, str]]
    candidate_scores: Sequence[float]
    thumbnail: str
    overlay: str
    review: str = ""


@dataclass
class _Content:
    """The page's numbers, gathered in one pass over the photos."""

    rows: list[str] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    sizes: Histogram = field(default_factory=lambda: Histogram(SIZE_EDGES_MM))
    counts: Histogram = field(default_factory=lambda: Histogram(COUNT_EDGES))
    scores: ThresholdCurve = field(default_factory=ThresholdCurve)
    n_duplicates: int = 0
    n_spots: int = 0
    n_urgent: int = 0
    n_unasked: int = 0
    n_reviewed: int = 0

    def add(self, photo: ReportPhoto) -> None:
        row = photo.row
        self.statuses[str(row["status"])] += 1
        self.cells[str(row["pattern"] or ""), str(row["triage_level"] or "")] += 1
        self.n_duplicates += bool(row["duplicate_of"])
        self.n_spots += len(photo.spots)
        self.sizes.add(spot["diameter_mm"] for spot in photo.spots)
        self.counts.add([row["spot_count"]])
        self.scores.add(spot["score"] for spot in photo.spots)
        self.scores.add(photo.candidate_scores)
        why = why_a_person(row, photo.reasons)
        self.n_urgent += bool(why)
        self.n_reviewed += bool(photo.review)
        self.n_unasked += row["triage_basis"] == NOBODY_WAS_ASKED
        shown = [_short(row[name]) for name in ROW_COLUMNS]
        self.rows.append(_json_in_page([*shown, urgency(row), why, photo.thumbnail, photo.overlay, photo.review]))
        self.packed.append(_packed(photo))


def urgency(row: Mapping[str, Value]) -> float:
    """Urgency with which a person should look at a photo: the lowest first.

    The urgent levels of triage come in their order, photos that could not be judged after them, and those whose pattern
    is uncertain after them. Of photos that are alike in this, the likelier a petechial shower the sooner.

    Parameters
    ----------
    row : mapping of str to value
        Row of the table of photos.

    Returns
    -------
    float
        Rank, 0 and above.

    Examples
    --------
    >>> urgency({"status": "ok", "pattern": "uncertain", "triage_level": "same_day", "p_petechial_shower": 0.25})
    1.375
    >>> urgency({"status": "failed", "pattern": "", "triage_level": "", "p_petechial_shower": None})
    4.5
    """
    shower = row["p_petechial_shower"]
    return _urgency_step(row) + round(0.5 - 0.5 * (shower if isinstance(shower, float) else 0.0), _DIGITS)


def _urgency_step(row: Mapping[str, Value]) -> int:
    level = str(row["triage_level"] or "")
    if level in URGENT_LEVELS:
        return URGENT_LEVELS.index(level)
    if row["status"] != "ok":
        return len(URGENT_LEVELS)
    after = len(URGENT_LEVELS) + 1
    return after if row["pattern"] == UNCERTAIN else after + 1 + LEVELS.index(level)


def why_a_person(row: Mapping[str, Value], reasons: Sequence[tuple[str, str]]) -> str:
    """Reason why a person should look at a photo.

    Parameters
    ----------
    row : mapping of str to value
        Row of the table of photos.
    reasons : sequence of (str, str)
        Number and reason of each rule of the level.

    Returns
    -------
    str
        One sentence; empty when nothing asks for it.
    """
    if row["status"] != "ok":
        return str(row["problem"] or row["status"])
    if row["triage_level"] in URGENT_LEVELS:
        return reasons[0][1] if reasons else ""
    return "The pattern is uncertain." if row["pattern"] == UNCERTAIN else ""


def page_html(
    name: str,
    provenance: Mapping[str, str],
    photos: Iterable[ReportPhoto],
    n_left_out: int = 0,
    skipped: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[str]:
    """Yield the report page piece by piece; the same pieces for the same input.

    Parameters
    ----------
    name : str
        Of the run.
    provenance : mapping of str to str
        What the results depend on.
    photos : iterable of ReportPhoto
        Consumed one by one, so that they need not all be in memory.
    n_left_out : int
        Photos that are in the tables but not in the page.
    skipped : mapping of str to int
        Reason why files and folders were not read -> how many.

    Yields
    ------
    str
    """
    from markupsafe import Markup

    content = _Content()
    for photo in photos:
        content.add(photo)
    style, script = page_file("page.css"), page_file("page.js")
    yield from page_template("page.html").generate(
        name=name,
        provenance=provenance,
        header=HEADER,
        always=ALWAYS,
        next_steps=steps(),
        pattern_meanings=PATTERN_MEANINGS,
        n_left_out=n_left_out,
        skipped=skipped,
        nobody_asked=NOBODY_ASKED_NOTE.format(count=content.n_unasked),
        content=content,
        min_score=float(provenance["min_score"]),
        place_of=place_of,
        levels=[level for level in (*LEVELS, "") if any(key[1] == level for key in content.cells)],
        patterns=[pattern for pattern in (*LABELS, "") if any(key[0] == pattern for key in content.cells)],
        style=Markup(style),  # noqa: S704 - files of this package
        script=Markup(script),  # noqa: S704
        style_digest=inline_digest(style),
        script_digest=inline_digest(script),
        data=Markup(_json_in_page(_data())),  # noqa: S704 - every < is encoded
        rows=map(Markup, content.rows),  # every < is encoded
        packed=map(Markup, content.packed),  # base64
    )


def steps() -> dict[str, str]:
    """Next steps at each level by its name, most urgent first.

    Returns
    -------
    dict of str to str
        Headline, time limit and what to do in plain sentences; at level none `NOTHING_FOUND` instead of the first two.

    Examples
    --------
    >>> steps()["same_day"][:37]
    'Be seen today. Today, within hours. R'
    """
    found = {}
    for level in sorted(Level, reverse=True):
        action = actions()[level, _ANY_FAMILY]
        first = NOTHING_FOUND if level == Level.NONE else f"{action.headline}. {action.time_limit}."
        to_do = action.what_to_do.replace("the emergency number", EMERGENCY_NUMBER)
        found[str(level)] = f"{first} {to_do}"
    return found


def _data() -> dict[str, Any]:
    """Data that the page's script reads at once."""
    return {
        "columns": [*ROW_COLUMNS, "urgency", "why", "thumbnail", "overlay", "review"],
        "levels": LEVELS,
        "next_steps": steps(),
        "patterns": LABELS,
        "flags": {flag.name: flag.meaning for flag in FLAGS.values()},
        "features": [[feature.__name__, (feature.__doc__ or "").partition("\n")[0]] for feature in FEATURES],
        "facts": FACT_COLUMNS,
        "spots": SPOT_COLUMNS,
    }


def _packed(photo: ReportPhoto) -> str:
    """Details of a photo as compressed JSON in base64."""
    row = photo.row
    details = {
        "facts": [_short(row[name]) for name in FACT_COLUMNS],
        "reasons": [f"{rule} {reason}" for rule, reason in photo.reasons],
        "probabilities": _probabilities(row),
        "features": [_short(row[feature.__name__]) for feature in FEATURES],
        "spots": [[_short(spot[name]) for name in SPOT_COLUMNS] for spot in photo.spots[:N_SPOTS_MAX]],
        "spots_left_out": max(0, len(photo.spots) - N_SPOTS_MAX),
    }
    text = json.dumps(details, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode(), _PACKED_LEVEL)).decode("ascii")


def _probabilities(row: Mapping[str, Value]) -> dict[str, Value]:
    """Probabilities of the patterns and of anything else; empty when the photo was not judged."""
    held = {pattern: row.get(f"p_{pattern}") for pattern in PATTERNS}
    known = {pattern: value for pattern, value in held.items() if isinstance(value, float)}
    rest = {"something_else": max(0.0, 1.0 - sum(known.values()))} if known else {}
    return {pattern: _short(value) for pattern, value in (known | rest).items()}


def _short(value: Value) -> Value:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _json_in_page(content: Any) -> str:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
