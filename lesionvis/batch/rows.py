"""Analysis -> one row of the table of photos and one row per spot, in plain values."""

from __future__ import annotations

from lesionvis.abcde import Abcde
from lesionvis.analysis import Analysis
from lesionvis.flags import FLAGS
from lesionvis.labels import PATTERNS
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.scale import Scale
from lesionvis.spots.table import COLUMNS
from lesionvis.triage.wording import NOBODY_WAS_ASKED, PATTERN_SHOWN

Value = str | int | float | None

OK, UNUSABLE, FAILED = "ok", "unusable", "failed"
# What a level rests on, unless nobody was asked.
ANSWERS = "answers"
# A photo with one of these flags was read but shows nothing that could be judged.
USELESS_FLAGS = ("no_skin",)

# Numbers of the ABCDE that have a column; empty when no lesion dominates the photo.
ABCDE_NUMBERS = ("asymmetric_axes", "shape_asymmetry", "color_asymmetry", "border_deviation", "color_count")

_LEADING = {
    "status": "TEXT",
    "problem": "TEXT",
    "width": "INTEGER",
    "height": "INTEGER",
    "taken_at": "TEXT",
    "px_per_mm": "REAL",
    "scale_source": "TEXT",
    "scale_error_pct": "REAL",
    "skin_fraction": "REAL",
    "tone_ita_deg": "REAL",
    "spot_count": "INTEGER",
}
_TRAILING = {
    "pattern": "TEXT",
    **{f"p_{name}": "REAL" for name in PATTERNS},
    "prediction_set": "TEXT",
    "photo_flags": "TEXT",
    "triage_level": "TEXT",
    "triage_basis": "TEXT",
    "triage_reasons": "TEXT",
}
RESULT_COLUMNS: dict[str, str] = {
    **_LEADING,
    **{name: "REAL" for name in FEATURE_NAMES if name not in _LEADING},
    "abcde_letters": "TEXT",
    **dict.fromkeys(ABCDE_NUMBERS, "REAL"),
    **_TRAILING,
}
"""Columns of a photo's results with their SQL types, in the order of the table."""

_SQL_TYPES = {"int64": "INTEGER", "bool": "INTEGER", "float64": "REAL", "str": "TEXT"}
SPOT_COLUMNS: dict[str, str] = {column.name: _SQL_TYPES[column.dtype] for column in COLUMNS}
"""Columns of a spot with their SQL types, in the order of the table."""


def photo_row(analysis: Analysis) -> dict[str, Value]:
    """Results of one photo.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    dict
        `RESULT_COLUMNS` -> value; NaN and None where there is none. Lists of names are separated by spaces, reasons
        by " | ".
    """
    scale = analysis.scale if isinstance(analysis.scale, Scale) else None
    taken_at = analysis.photo.taken_at
    useless = [flag for flag in analysis.flags if flag in USELESS_FLAGS]
    advice = analysis.advice
    values: dict[str, Value] = {
        **analysis.features.values,
        "status": UNUSABLE if useless else OK,
        "problem": " ".join(FLAGS[flag].meaning for flag in useless),
        "width": analysis.photo.source_width_px,
        "height": analysis.photo.source_height_px,
        "taken_at": taken_at.isoformat() if taken_at else "",
        "px_per_mm": scale.px_per_mm if scale else None,
        "scale_source": scale.source if scale else "",
        "scale_error_pct": scale.error_pct if scale else None,
        "skin_fraction": analysis.skin.fraction,
        "tone_ita_deg": analysis.skin.tone_ita_deg,
        "spot_count": len(analysis.table),
        "pattern": analysis.pattern.label,
        **{f"p_{name}": analysis.pattern.probabilities.get(name) for name in PATTERNS},
        "prediction_set": " ".join(analysis.pattern.prediction_set),
        "abcde_letters": analysis.abcde.letters if analysis.abcde else "",
        **_abcde_numbers(analysis.abcde),
        "photo_flags": " ".join(analysis.flags),
        "triage_level": str(advice.level),
        "triage_basis": ANSWERS if advice.was_asked else NOBODY_WAS_ASKED,
        "triage_reasons": " | ".join(f"{rule} {reason}" for rule, reason in reason_rows(analysis)),
    }
    return {name: values[name] for name in RESULT_COLUMNS}


def failed_row(problem: str) -> dict[str, Value]:
    """Row of a photo that could not be read or analysed.

    Parameters
    ----------
    problem : str
        One sentence.

    Returns
    -------
    dict
        `RESULT_COLUMNS` -> value.
    """
    blank: dict[str, Value] = {name: "" if kind == "TEXT" else None for name, kind in RESULT_COLUMNS.items()}
    return blank | {"status": FAILED, "problem": problem}


def _abcde_numbers(abcde: Abcde | None) -> dict[str, Value]:
    found = {name: value for criterion in abcde.criteria for name, value in criterion.numbers.items()} if abcde else {}
    return {name: found.get(name) for name in ABCDE_NUMBERS}


def reason_rows(analysis: Analysis) -> list[tuple[str, str]]:
    """Number and reason of each rule of the level; where nobody was asked only what the photo shows.

    A rule's reason may speak of a child, or of spots that do not fade. That would be made up where nobody was asked:
    there the level is the one that holds until the questions are answered, and one row names all rules of it.
    """
    advice = analysis.advice
    if advice.was_asked:
        return [(fired.rule_id, fired.reason) for fired in advice.reasons]
    shown = [PATTERN_SHOWN[advice.pattern], *(seen for _, seen in advice.photo_findings)]
    rule_ids = ",".join(fired.rule_id for fired in advice.reasons)
    return [(rule_ids, f"{NOBODY_WAS_ASKED.capitalize()}: {'; '.join(shown)}.")]


def spot_rows(analysis: Analysis) -> list[list[Value]]:
    """One row of `SPOT_COLUMNS` per spot."""
    columns = [analysis.table[name].tolist() for name in SPOT_COLUMNS]
    return [list(row) for row in zip(*columns, strict=True)]
