"""A sheet for the doctor: one printable page with the numbered photo, measures, answers, what is open, and the course.

The page has its picture inside and asks nothing of the network, which its content security policy forbids; text from
files and people only ever becomes text.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.flags import FLAGS
from lesionvis.report.overlay import SPOT_COLOR, Canvas, jpeg
from lesionvis.report.pairs import label_boxes
from lesionvis.report.template import data_address, page_template
from lesionvis.report.text import date_text, headline, lesion_words, scale_words, source_sentence, spots_words
from lesionvis.triage.answers import UNKNOWN
from lesionvis.triage.circumstances import Circumstances, known_circumstances
from lesionvis.triage.told import listed, short_words, told_of
from lesionvis.triage.wording import PATTERN_SHOWN

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis
    from lesionvis.compare.series import Course
    from lesionvis.triage.advice import Advice

# Spots that have their number in the picture and a row in the table, the largest: more would fill the page, and so
# would these beside a course.
N_ROWS, N_ROWS_IN_COURSE = 14, 7
# Of the numbers in the picture, which is printed 10 cm wide.
NUMBER_SIZE = 0.9
N_REASONS = 4
JPEG_QUALITY = 85
# Around an outline, px of the picture, so that a number does not hide its spot.
_MARGIN_PX = 3


def sheet_html(
    analysis: Analysis,
    advice: Advice | None = None,
    circumstances: Circumstances | None = None,
    *,
    made_on: date,
    course: Course | None = None,
) -> str:
    """Page to print and take to an appointment.

    Parameters
    ----------
    analysis : Analysis
        Of the photo to show; of a course the last one.
    advice : Advice, optional
        That of the analysis unless given, such as that on a course.
    circumstances : Circumstances, optional
        Age, cause and sites as told.
    made_on : date
        Date of the sheet.
    course : Course, optional
        Dated photos that end with this one.

    Returns
    -------
    str
        HTML with everything inside.
    """
    shown = analysis.advice if advice is None else advice
    content = {
        "made_on": made_on.isoformat(),
        **_photo_content(analysis, N_ROWS if course is None else N_ROWS_IN_COURSE),
        **_advice_content(shown),
        **_answer_content(shown, circumstances if circumstances is not None else Circumstances()),
        **_lesion_content(analysis, course),
        **_course_content(course),
    }
    return page_template("sheet.html").render(content)


def _draw_numbered(analysis: Analysis, n_numbered: int = N_ROWS) -> NDArray[np.uint8]:
    """Photo with all outlines, and the numbers of the largest spots beside them."""
    canvas = Canvas(analysis.photo)
    canvas.draw_spots(analysis.spots)
    boxes = []
    for outline in analysis.spots.outlines_px:
        corners = canvas.places(outline)
        (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        boxes.append((int(left) - _MARGIN_PX, int(top) - _MARGIN_PX, int(right) + _MARGIN_PX, int(bottom) + _MARGIN_PX))
    numbered = [int(spot) for spot in analysis.table["spot"][:n_numbered]]
    texts, colors = list(map(str, numbered)), [SPOT_COLOR] * len(numbered)
    label_boxes(canvas.rgb, [boxes[spot - 1] for spot in numbered], texts, colors, NUMBER_SIZE)
    return canvas.rgb


def _photo_content(analysis: Analysis, n_rows: int) -> dict[str, Any]:
    """Picture and measures."""
    table, unit = analysis.table, "mm" if analysis.scale else "px"
    longest = table.numbers("length_mm" if analysis.scale else "feret_max_px")
    columns = (table["spot"], table.numbers(f"diameter_{unit}"), table.numbers(f"diameter_error_{unit}"), longest)
    rows = [
        (str(spot), f"{across:.3g}{_error(error)}", f"{length:.3g}", str(color).replace("_", " "))
        for spot, across, error, length, color in list(zip(*columns, table["color"], strict=True))[:n_rows]
    ]
    return {
        "photo": analysis.photo.name,
        "taken_at": _when(analysis.photo.taken_at, analysis.photo.taken_at_source),
        "picture": data_address(jpeg(_draw_numbered(analysis, n_rows), JPEG_QUALITY)),
        "meaning": f"{PATTERN_SHOWN[analysis.pattern.label].capitalize()}.",
        "spots": f"Spots: {spots_words(analysis)}.",
        "scale": scale_words(analysis),
        "unit": unit,
        "rows": rows,
        "n_more": len(table) - len(rows),
        "doubts": [FLAGS[flag].meaning for flag in analysis.flags],
        "version": analysis.version,
        "model": analysis.pattern.model,
        "sha256": analysis.photo.sha256,
    }


def _advice_content(advice: Advice) -> dict[str, Any]:
    more = len(advice.reasons) - N_REASONS
    return {
        "header": advice.header,
        "headline": f"{headline(advice).rstrip('.')}.",
        "time_limit": advice.action.time_limit,
        "reasons": [
            *(f"{fired.reason} ({fired.rule_id})" for fired in advice.reasons[:N_REASONS]),
            *([f"and {more} more"] if more > 0 else []),
        ],
        "also_noted": [f"{fired.reason} ({fired.rule_id})" for fired in advice.also_noted if fired.from_photo],
        "sources": source_sentence(advice.reasons),
    }


def _answer_content(advice: Advice, about: Circumstances) -> dict[str, Any]:
    """Answers, each in a few words, and what is not known."""
    told = told_of(advice)
    # What follows from the age, such as that an adult is no baby, is not told again.
    following = {name for name, value in about.answers().given if value == "no"}
    age = [f"Age {about.age_years:.3g} years"] if about.age_years is not None else []
    cause = [f"before it came: {known_circumstances()[about.cause].meaning}"] if about.cause != UNKNOWN else []
    sites = [f"places: {', '.join(known_circumstances()[site].meaning for site in about.sites)}"] if about.sites else []
    return {
        "about": [*age, *cause, *sites],
        "signs": listed(told.signs),
        "others": listed(tuple(answer for answer in told.others if answer[1] != "no")),
        "denied": [short_words()[name] for name, value in told.others if value == "no" and name not in following],
        "from_photo": [seen for _, seen in told.from_photo],
        "not_answered": [short_words()[name] for name in told.not_answered],
        "was_asked": advice.was_asked,
        "notes": [note for note in advice.photo_notes if "counts as answered" not in note],
    }


def _lesion_content(analysis: Analysis, course: Course | None) -> dict[str, Any]:
    abcde = analysis.abcde if course is None else course.abcde
    if abcde is None:
        return {"letters": (), "seven_points": ""}
    return {"letters": lesion_words(abcde), "seven_points": abcde.seven_points.finding}


def _course_content(course: Course | None) -> dict[str, Any]:
    if course is None:
        return {"course": (), "chart": ""}
    from lesionvis.report.course_chart import course_svg
    from lesionvis.report.pairs_text import course_lines

    return {"course": course_lines(course), "chart": data_address(course_svg(course).encode(), "image/svg+xml")}


def _error(error: float) -> str:
    return f" ± {error:.2g}" if np.isfinite(error) else ""


def _when(taken_at: datetime | None, source: str) -> str:
    return date_text(taken_at, source) if taken_at else "on a date that is not known"
