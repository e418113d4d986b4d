"""The commands that compare photos of the same skin: glass test and dated series."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lesionvis.cli.options import (
    Age,
    AnswersFile,
    AsJson,
    Cause,
    Country,
    Details,
    GivenAnswers,
    Overlay,
    PairsPage,
    SettingsFile,
    Sheet,
    Sites,
    analyzer_of,
    check_picture,
    date_of,
    escape_control_characters_in_lines,
    told_by,
    write_picture,
)
from lesionvis.cli.study import is_run, tell_series_of_run
from lesionvis.errors import SettingsError
from lesionvis.files import check_output, write_output

pairs_app = typer.Typer()


@pairs_app.command()
def blanch(
    plain: Annotated[Path, typer.Argument(help="Photo of the spots.")],
    pressed: Annotated[
        Path, typer.Argument(help="The same skin with a clear glass pressed on some spots, or stretched (--stretched).")
    ],
    stretched: Annotated[
        bool, typer.Option("--stretched", help="The second photo is of skin pulled apart between two fingers.")
    ] = False,
    as_json: AsJson = False,
    overlay: Overlay = None,
    page: PairsPage = None,
    agree: Annotated[bool, typer.Option("--agree", help="Confirm that you saw the spots fade.")] = False,
    answer: GivenAnswers = None,
    answers: AnswersFile = None,
    age: Age = None,
    cause: Cause = None,
    site: Sites = None,
    country: Country = None,
    details: Details = False,
    settings: SettingsFile = None,
) -> None:
    """Test whether spots fade under a glass or on stretched skin."""
    from lesionvis.compare.blanch import blanch_test
    from lesionvis.report.contact import numbers_of
    from lesionvis.report.pairs import draw_blanch
    from lesionvis.report.pairs_page import blanch_page
    from lesionvis.report.pairs_text import blanch_text
    from lesionvis.triage import advise_further
    from lesionvis.triage.evidence import PhotoEvidence

    numbers = numbers_of(country)
    check_picture(overlay, plain, pressed)
    check_output("page", page, ".html", ".htm")
    told, about = told_by(answer, answers, age, cause, site)
    analyzer = analyzer_of(settings)
    before, second = analyzer(plain, told), analyzer(pressed)
    test = blanch_test(before, second, how="stretched" if stretched else "pressed")
    if agree:
        before = analyzer(plain, test.answers(told, agrees=True))
    advice = advise_further(before.advice, PhotoEvidence(further=test.findings())).noting(about)
    if overlay is not None:
        write_picture(draw_blanch(before, second, test), overlay)
    if as_json:
        typer.echo(json.dumps(test.to_dict() | {"advice": advice.to_dict()}, indent=1, allow_nan=False))
    else:
        typer.echo(escape_control_characters_in_lines(blanch_text(test, advice, numbers, details=details)))
    if page is not None:
        write_output("page", page, blanch_page(before, second, test, advice, numbers))


@pairs_app.command()
def series(
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more photos of the same skin, a folder that lesionvis keep filled, or the run folder of a "
            "study, whose table about the photos names patients, sites and dates."
        ),
    ],
    dates: Annotated[
        str | None,
        typer.Option(help="Date of each photo, such as 2026-03-01,2026-03-08; by default from names or files."),
    ] = None,
    as_json: AsJson = False,
    overlay: Overlay = None,
    page: Annotated[
        Path | None,
        typer.Option(
            help="Write a page with the photos over each other and a slider between them (.html); of a run a folder of "
            "them, one for each patient and site."
        ),
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Write a chart of the course (.svg).")] = None,
    sheet: Sheet = None,
    table: Annotated[
        Path | None, typer.Option(help="Of a run: write a table with a row per interval here (.csv).")
    ] = None,
    answer: GivenAnswers = None,
    answers: AnswersFile = None,
    age: Age = None,
    cause: Cause = None,
    site: Sites = None,
    country: Country = None,
    details: Details = False,
    settings: SettingsFile = None,
) -> None:
    """Follow spots through dated photos: new, gone, growing, fading."""
    if len(photos) == 1 and is_run(photos[0]):
        of_photos = (dates, overlay, chart, sheet, answer, answers, age, cause, site)
        if any(of_photos):
            raise SettingsError(
                f"{photos[0]} is a run, of which series takes only --table, --page, --json, --country, --details "
                "and --settings; dates, answers and sites come from the table about its photos."
            )
        tell_series_of_run(photos[0], table, page, settings, country, as_json=as_json, details=details)
        return
    if table is not None:
        raise SettingsError("--table is for the run folder of a study; of single photos give --json.")
    from lesionvis.cli.photo_diary import date_in_name, photos_of
    from lesionvis.compare.series import follow_spots
    from lesionvis.report.contact import numbers_of
    from lesionvis.report.course_chart import course_svg
    from lesionvis.report.pairs import draw_course
    from lesionvis.report.pairs_page import course_page
    from lesionvis.report.pairs_text import course_text

    numbers = numbers_of(country)
    photos = photos_of(photos)
    check_picture(overlay, *photos)
    check_output("sheet", sheet, ".html", ".htm")
    check_output("page", page, ".html", ".htm")
    check_output("chart", chart, ".svg")
    given = _dates(dates, len(photos)) if dates is not None else [date_in_name(photo.name) for photo in photos]
    told, about = told_by(answer, answers, age, cause, site)
    analyzer = analyzer_of(settings)
    analyses = [analyzer(photo, told) for photo in photos]
    when = [date or analysis.photo.taken_at for date, analysis in zip(given, analyses, strict=True)]
    course = follow_spots(analyses, when)
    advice = course.advice.noting(about)
    if overlay is not None:
        write_picture(draw_course(course), overlay)
    if chart is not None:
        write_output("chart", chart, course_svg(course))
    if as_json:
        typer.echo(json.dumps(course.to_dict() | {"advice": advice.to_dict()}, indent=1, allow_nan=False))
    else:
        typer.echo(escape_control_characters_in_lines(course_text(course, advice, numbers, details=details)))
    if page is not None:
        write_output("page", page, course_page(course, advice, numbers))
    if sheet is not None:
        from lesionvis.report.sheet import sheet_html

        last = course.photos[-1]
        html = sheet_html(last, advice, about, made_on=datetime.now().date(), course=course)
        write_output("sheet", sheet, html)


def _dates(text: str, count: int) -> list[datetime | None]:
    """Dates in the order of the photos."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != count:
        raise SettingsError(f"There are {count} photos but {len(parts)} dates; give one date per photo.")
    return [date_of(part) for part in parts]
