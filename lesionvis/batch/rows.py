"""Analysis -> one row of the table of photos and one row per spot, in plain values."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import getdoc

import numpy as np

from lesionvis.abcde import Abcde
from lesionvis.analysis import Analysis
from lesionvis.batch.names import escape_control_characters
from lesionvis.flags import FLAGS
from lesionvis.labels import PATTERNS
from lesionvis.pattern.features import FEATURES
from lesionvis.pattern.seen import SEEN
from lesionvis.scale import Scale
from lesionvis.spots.rejections import likely_rejected
from lesionvis.spots.table import COLUMNS
from lesionvis.triage.wording import NOBODY_WAS_ASKED, PATTERN_SHOWN

Value = str | int | float | None

OK, UNUSABLE, FAILED = "ok", "unusable", "failed"
# Of a photo in a run that is not finished.
WAITING = "waiting"
# What a level rests on, unless nobody was asked.
ANSWERS = "answers"
# A photo with one of these flags was read but shows nothing that could be judged.
USELESS_FLAGS = ("no_skin",)


@dataclass(frozen=True, slots=True)
class PhotoColumn:
    """One column of the table of photos.

    Attributes
    ----------
    kind : {"TEXT", "INTEGER", "REAL"}
        SQL type.
    meaning : str
    """

    kind: str
    meaning: str


# What a feature is stands in its docstring.
_FEATURE_MEANINGS = {
    feature.__name__: (getdoc(feature) or "").split("\n\n")[0].replace("\n", " ") for feature in FEATURES
}
_LEADING = {
    "status": PhotoColumn(
        "TEXT",
        "ok, unusable (nothing to judge in it) or failed (not read or not analysed); "
        "waiting in the tables of a run that is not finished",
    ),
    "problem": PhotoColumn("TEXT", "one sentence, where the status is not ok"),
    "width": PhotoColumn("INTEGER", "width of the upright source photo, px"),
    "height": PhotoColumn("INTEGER", "height of the upright source photo, px"),
    "taken_at": PhotoColumn("TEXT", "time of capture, ISO 8601; with an offset from UTC where the camera wrote one"),
    "px_per_mm": PhotoColumn("REAL", "scale in source px per mm; empty without one"),
    "scale_source": PhotoColumn("TEXT", "what the scale was read from"),
    "scale_error_pct": PhotoColumn("REAL", "standard error of the scale on its reference, %"),
    "skin_fraction": PhotoColumn("REAL", _FEATURE_MEANINGS["skin_fraction"]),
    "tone_ita_deg": PhotoColumn("REAL", _FEATURE_MEANINGS["tone_ita_deg"]),
    "spot_count": PhotoColumn("INTEGER", _FEATURE_MEANINGS["spot_count"]),
}
# Numbers of the ABCDE that have a column; empty when no lesion dominates the photo.
ABCDE_NUMBERS = {
    "asymmetric_axes": "of two perpendicular axes of the dominant lesion, how many its halves are unlike about",
    "shape_asymmetry": "mean share of its area that does not cover itself when folded over these axes",
    "color_asymmetry": "mean difference of its mirrored colours, log10 density",
    "border_deviation": "root mean square distance of its border from a smooth curve over its radius",
    "color_count": "how many of six dermatological colours it has",
}
_RESULTS = {
    **_LEADING,
    **{name: PhotoColumn("REAL", text) for name, text in _FEATURE_MEANINGS.items() if name not in _LEADING},
    "abcde_letters": PhotoColumn(
        "TEXT", "criteria of the ABCDE that the dominant lesion shows, such as AC; empty without one"
    ),
    **{name: PhotoColumn("REAL", text) for name, text in ABCDE_NUMBERS.items()},
    "pattern": PhotoColumn("TEXT", "petechial_shower, single_lesion, angioma, uncertain or no_spots"),
    "p_petechial_shower": PhotoColumn("REAL", "probability of a shower; empty where the model was not asked"),
    "p_single_lesion": PhotoColumn("REAL", "probability of a single lesion"),
    "p_angioma": PhotoColumn("REAL", "probability of an angioma; what is missing to 1 is anything else"),
    "prediction_set": PhotoColumn("TEXT", "the patterns that remain possible, separated by spaces"),
    "seen": PhotoColumn("TEXT", f"what the photo shows: {', '.join(SEEN)}"),
    "erythema_share": PhotoColumn("REAL", f"the feature red_skin_share: {_FEATURE_MEANINGS['red_skin_share']}"),
    "photo_flags": PhotoColumn("TEXT", "reasons to distrust the photo, separated by spaces"),
    "triage_level": PhotoColumn(
        "TEXT", "none, watch, routine_dermatology, within_2_weeks, prompt, same_day or emergency"
    ),
    "triage_basis": PhotoColumn(
        "TEXT", "what the level rests on: 'answers', or 'nobody was asked', when it is of the photo alone"
    ),
    "triage_reasons": PhotoColumn(
        "TEXT", "rules of that level with their reasons, separated by ' | '; or what the photo shows"
    ),
    "spots_from": PhotoColumn("TEXT", "found by lesionvis, or corrected by a person"),
    "drawn_by": PhotoColumn("TEXT", "who corrected the spots, where the file tells"),
    "drawn_at": PhotoColumn("TEXT", "when the spots were corrected, where the file tells"),
    "drawn_in": PhotoColumn("TEXT", "file with the corrected spots"),
}
PHOTO_COLUMNS: dict[str, PhotoColumn] = {
    "photo": PhotoColumn("TEXT", "path of the file relative to the folder, forward slashes"),
    "sha256": PhotoColumn("TEXT", "digest of the file"),
    **_RESULTS,
    "taken_at_source": PhotoColumn("TEXT", "where taken_at comes from: camera, or the file name where that wrote none"),
    "model": PhotoColumn("TEXT", "name of the pattern model"),
    "version": PhotoColumn("TEXT", "version of lesionvis"),
    "settings_hash": PhotoColumn(
        "TEXT", "fingerprint of settings, models and versions: equal fingerprints, equal results"
    ),
    "duplicate_of": PhotoColumn("TEXT", "first photo of the same content, where that is another one"),
}
"""All columns of the table of photos, in its order."""

RESULT_COLUMNS: dict[str, str] = {name: column.kind for name, column in _RESULTS.items()}
"""Those that are results of a photo's content, with their SQL types."""

_SQL_TYPES = {"int64": "INTEGER", "bool": "INTEGER", "float64": "REAL", "str": "TEXT"}
SPOT_COLUMNS: dict[str, str] = {column.name: _SQL_TYPES[column.dtype] for column in COLUMNS}
"""Columns of a spot with their SQL types, in the order of the table."""

CANDIDATE_COLUMNS: dict[str, PhotoColumn] = {
    "photo": PHOTO_COLUMNS["photo"],
    "candidate": PhotoColumn("INTEGER", "number of the candidate in the photo, the likeliest first"),
    "x_px": PhotoColumn("REAL", "centroid in the upright source photo, from the centre of the top-left pixel, px"),
    "y_px": PhotoColumn("REAL", "the same, downwards, px"),
    "diameter_px": PhotoColumn("REAL", "diameter of the circle of equal area, source px"),
    "diameter_mm": PhotoColumn("REAL", "the same in mm; empty without a scale"),
    "score": PhotoColumn("REAL", "probability of being a spot, below that from which one is taken (min_score)"),
}
"""Columns of the table of candidates: what was not taken for a spot, from a score of 0.1 on."""

# Candidates are many; a run keeps them to this part of a px and of a score.
_PX_DIGITS, _SCORE_DIGITS = 2, 4


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
    # Results belong to a content, whatever its files are called: dates in names come in where the table is written.
    taken_at = analysis.photo.taken_at if analysis.photo.taken_at_source == "camera" else None
    useless = [flag for flag in analysis.flags if flag in USELESS_FLAGS]
    advice, drawn = analysis.advice, analysis.drawn
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
        "spots_from": analysis.spots_from,
        "drawn_by": "" if drawn is None else escape_control_characters(drawn.drawn_by),
        "drawn_at": "" if drawn is None else escape_control_characters(drawn.drawn_at),
        "drawn_in": "" if drawn is None else escape_control_characters(drawn.name),
        "pattern": analysis.pattern.label,
        **{f"p_{name}": analysis.pattern.probabilities.get(name) for name in PATTERNS},
        "prediction_set": " ".join(analysis.pattern.prediction_set),
        "seen": analysis.pattern.seen,
        "erythema_share": analysis.features["red_skin_share"],
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

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    list of (str, str)
        Number of the rule, or of several, and the reason.
    """
    advice = analysis.advice
    if advice.was_asked:
        return [(fired.rule_id, fired.reason) for fired in advice.reasons]
    shown = [PATTERN_SHOWN[advice.pattern], *(seen for _, seen in advice.photo_findings)]
    rule_ids = ",".join(fired.rule_id for fired in advice.reasons)
    return [(rule_ids, f"{NOBODY_WAS_ASKED.capitalize()}: {'; '.join(shown)}.")]


def spot_rows(analysis: Analysis) -> list[list[Value]]:
    """Rows of the table of spots.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    list of list
        One row of `SPOT_COLUMNS` per spot.
    """
    columns = [analysis.table[name].tolist() for name in SPOT_COLUMNS]
    return [list(row) for row in zip(*columns, strict=True)]


def candidate_rows(analysis: Analysis) -> list[list[float]]:
    """What was not taken for a spot, though it is not unlike one.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    list of list of float
        x, y and diameter in source px, and score, of each candidate, the best first.
    """
    spots, photo = analysis.spots, analysis.photo
    chosen = likely_rejected(spots)
    outlines = spots.candidates.outlines
    centres = photo.to_source(np.stack(outlines.centroid_px(), axis=1)[chosen])
    diameters = 2.0 * np.sqrt(outlines.area_px()[chosen] / np.pi) / photo.px_per_source_px
    found = zip(centres.tolist(), diameters.tolist(), spots.candidate_scores[chosen].tolist(), strict=True)
    return [
        [round(x, _PX_DIGITS), round(y, _PX_DIGITS), round(diameter, _PX_DIGITS), round(score, _SCORE_DIGITS)]
        for (x, y), diameter, score in found
    ]
