"""The commands of a study: measuring what a person drew, figures, templates and dictionaries."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.places import is_same
from lesionvis.cli.options import (
    AnswersFile,
    AsJson,
    BarMm,
    CoinName,
    Details,
    GivenAnswers,
    MmAcross,
    Overlay,
    PxPerMm,
    SettingsFile,
    analyzer_of,
    check_picture,
    escape_control_characters_in_lines,
    told_by,
    write_picture,
)
from lesionvis.cli.progress import shown_progress
from lesionvis.errors import SettingsError
from lesionvis.files import make_folder, write_output

study_app = typer.Typer()

# So many of one kind are named one by one.
_N_NAMED = 5

Spots = Annotated[
    Path, typer.Option(help="Label mask (PNG, TIFF), COCO, labelme, GeoJSON, or regions of ImageJ (.zip, .roi).")
]


@study_app.command()
def measure(
    photo: Annotated[Path, typer.Argument(help="Photo that the spots were drawn on.")],
    spots: Spots,
    as_json: AsJson = False,
    overlay: Overlay = None,
    px_per_mm: PxPerMm = None,
    mm_across: MmAcross = None,
    coin: CoinName = None,
    bar_mm: BarMm = None,
    answer: GivenAnswers = None,
    answers: AnswersFile = None,
    details: Details = False,
    settings: SettingsFile = None,
) -> None:
    """Measure spots that a person drew or corrected, and analyse the photo with them."""
    from lesionvis.annotations.files import read_drawn
    from lesionvis.report.overlay import draw_overlay
    from lesionvis.report.text import analysis_text

    check_picture(overlay, photo)
    given, _ = told_by(answer, answers)
    drawn = read_drawn(spots, photo.as_posix())
    analyzer = analyzer_of(settings, px_per_mm=px_per_mm, mm_across=mm_across, coin=coin, bar_mm=bar_mm)
    analysis = analyzer(photo, given, outlines=drawn)
    if as_json:
        typer.echo(analysis.to_json())
    else:
        typer.echo(escape_control_characters_in_lines(analysis_text(analysis, None, details=details)))
    if overlay is not None:
        write_picture(draw_overlay(analysis), overlay)


@study_app.command()
def figure(
    photo: Annotated[Path, typer.Argument(help="Photo of the figure.")],
    out: Annotated[Path, typer.Option(help="Write the figure here (.svg, .pdf or .png).")],
    spots: Annotated[Path | None, typer.Option(help="Spots that a person drew, as of measure.")] = None,
    px_per_mm: PxPerMm = None,
    mm_across: MmAcross = None,
    coin: CoinName = None,
    bar_mm: BarMm = None,
    settings: SettingsFile = None,
) -> None:
    """Write a photo as a figure for a paper: numbered outlines over the source pixels, a scale bar, a caption."""
    from lesionvis.annotations.files import read_drawn
    from lesionvis.report.figure import caption_of, check_figure, write_figure

    check_figure(out)
    if is_same(out, photo):
        raise SettingsError(f"The figure would overwrite the photo {photo}; give another name.")
    drawn = read_drawn(spots, photo.as_posix()) if spots is not None else None
    analyzer = analyzer_of(settings, px_per_mm=px_per_mm, mm_across=mm_across, coin=coin, bar_mm=bar_mm)
    analysis = analyzer(photo, outlines=drawn)
    write_figure(analysis, photo, out)
    typer.echo(caption_of(analysis))


@study_app.command()
def scale(
    photo: Annotated[Path, typer.Argument(help="Photo with a ruler, card or coin.")],
    picture: Annotated[
        Path | None, typer.Option(help="Draw the ticks that were looked at here (.png or .jpg).")
    ] = None,
    as_json: AsJson = False,
    coin: CoinName = None,
    bar_mm: BarMm = None,
) -> None:
    """Tell how the scale of a photo was read, or why not: rows of ticks, their orders and what they may be worth."""
    from lesionvis.json_ready import json_ready
    from lesionvis.photo import Photo, PhotoReader, read_photo
    from lesionvis.report.scale import draw_scale, scale_content, scale_text
    from lesionvis.scale.card.layout import BAR_MM
    from lesionvis.scale.find import check_references, find_scale
    from lesionvis.scale.ruler.finder import RulerFinder

    check_references(None, None, coin, bar_mm or BAR_MM)
    check_picture(picture, photo)
    read = read_photo(photo)

    def read_again(side_px: int) -> Photo:
        return PhotoReader(working_long_side_px=side_px)(photo)

    found = find_scale(read, coin=coin, bar_mm=bar_mm or BAR_MM, read_again=read_again)
    rows = RulerFinder().search(read, read_again).rows
    if as_json:
        typer.echo(json.dumps(json_ready(scale_content(found, rows)), indent=1))
    else:
        typer.echo(scale_text(found, rows))
    if picture is not None:
        write_picture(draw_scale(read, found, rows), picture)


@study_app.command()
def settings() -> None:
    """Print a settings file with every setting, its meaning, bounds and default, for --settings."""
    from lesionvis.settings import settings_template

    typer.echo(settings_template())


@study_app.command()
def columns(as_json: AsJson = False) -> None:
    """Print the dictionary of all columns, tab-separated, or as a Frictionless Data package with --json."""
    from lesionvis.batch.dictionary import columns_text, data_package

    typer.echo(json.dumps(data_package(), indent=1) if as_json else columns_text())


@study_app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Run folder.")],
    second: Annotated[Path, typer.Argument(help="Another run of the same photos.")],
    out: Annotated[Path | None, typer.Option(help="Write a table (.csv) or page (.html) of them here.")] = None,
) -> None:
    """Compare two runs: settings and versions, and spots, pattern and level of every photo."""
    from lesionvis.batch.comparison import compare_runs, comparison_text, write_comparison

    comparison = compare_runs(first, second)
    typer.echo(comparison_text(comparison))
    if out is not None:
        write_comparison(comparison, out)


@study_app.command()
def merge(
    first: Annotated[Path, typer.Argument(help="Run folder.")],
    second: Annotated[Path, typer.Argument(help="Another run, of the same settings and version.")],
    out: Annotated[Path, typer.Option(help="Folder of the merged run, new or empty.")],
) -> None:
    """Join two runs into one run folder without analysing anything again."""
    from lesionvis.batch.journal import Journal
    from lesionvis.batch.merging import merge_runs
    from lesionvis.batch.rows import WAITING
    from lesionvis.batch.summary import run_summary

    twins = merge_runs(first, second, out)
    if twins:
        typer.echo(f"Photos of {second} that {first} holds too, kept once: {len(twins)}")
    with Journal.read(out) as journal:
        if journal.origin().finished_at:
            typer.echo(run_summary(out, journal))
            return
        waiting, folder = journal.counts("status")[WAITING], escape_control_characters(journal.origin().folder)
    typer.echo(
        f"Photos of which the runs know different things, which nobody has measured together: {waiting}. To analyse "
        f"them and write the tables: {shlex.join(('lesionvis', 'batch', folder, '--out', str(out)))}"
    )


@study_app.command()
def review(
    run: Annotated[
        Path | None, typer.Argument(help="Run folder of batch; without one, photos are dropped on the page.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen at on 127.0.0.1; 0 takes one that is free.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address and open no browser.")] = False,
    reviewer: Annotated[str | None, typer.Option(help="Who reviews; the name of the user unless given.")] = None,
    exclude_dir: Annotated[Path | None, typer.Option(help="Places to leave out, as the run had them.")] = None,
    settings: SettingsFile = None,
) -> None:
    """Open a page on this machine to look at the photos of a run and put right what is wrong."""
    from datetime import datetime
    from functools import partial

    from lesionvis.batch.study_series import analyzer_of_run
    from lesionvis.review.new_run import new_run
    from lesionvis.review.reviewed_run import reviewed_run
    from lesionvis.review.serve import serve_review, user_name

    analyzer = analyzer_of(settings) if settings is not None or run is None else analyzer_of_run(run)
    if run is None:
        run = new_run(Path(f"lesionvis-{datetime.now():%Y-%m-%d-%H%M%S}"), analyzer)
        typer.echo(f"Photos and results are kept in {run.parent}.")
    opened = partial(reviewed_run, run, analyzer, reviewer or user_name(), exclude_dir)
    serve_review(opened, port, typer.echo, opens_browser=not no_open)


def is_run(path: Path) -> bool:
    """Test whether a path is a run folder.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
    """
    from lesionvis.batch.places import JOURNAL_NAME

    return (path / JOURNAL_NAME).is_file()


def tell_series_of_run(
    run: Path,
    table: Path | None,
    pages: Path | None,
    settings: Path | None,
    country: str | None,
    *,
    as_json: bool,
    details: bool,
) -> None:
    """Print the course of every patient and site of a run, and what could not be followed.

    Parameters
    ----------
    run : Path
        Run folder.
    table : Path or None
        Where to write the table of intervals.
    pages : Path or None
        Folder for a page per patient and site.
    settings : Path or None
        Settings file of the run, needed when it used a model of one's own.
    country : str or None
        Whose numbers to give.
    as_json : bool
        Print all numbers instead of text.
    details : bool
        As in `course_text`.

    Raises
    ------
    RunFolderError
        If the run cannot be used or the table not be written.
    """
    from lesionvis.batch.study_series import (
        COLUMNS,
        analyzer_of_run,
        check_analyzer,
        follow_groups,
        interval_rows,
        study_groups,
    )
    from lesionvis.batch.summary import N_ROWS, text_table
    from lesionvis.batch.tables import write_csv
    from lesionvis.report.contact import numbers_of
    from lesionvis.report.pairs_page import course_page
    from lesionvis.report.pairs_text import course_text

    numbers = numbers_of(country)
    if pages is not None:
        make_folder("folder of pages", pages)
    if settings is None:
        analyzer = analyzer_of_run(run)
    else:
        analyzer = analyzer_of(settings)
        check_analyzer(run, analyzer)
    groups, left_out = study_groups(run)
    contents, rows, summary = [], [], []
    problems: dict[str, list[str]] = {}  # reason -> patients and sites
    # Nobody reads the courses of a hundred patients on a screen where pages or a table hold them.
    is_long = len(groups) > N_ROWS and (pages is not None or table is not None)
    with shown_progress(quiet=not (is_long or as_json)) as tell:
        for followed in follow_groups(groups, analyzer, tell):
            group, course = followed.group, followed.course
            rows += interval_rows(followed)
            if pages is not None and course is not None:
                write_output("page", pages / group.page_name, course_page(course, course.advice, numbers))
            name = ", ".join((group.patient, *group.sites))
            if as_json:
                contents.append(followed.to_dict())
            elif course is None:
                problems.setdefault(followed.problem, []).append(name)
            else:
                compared = sum(interval.matches is not None for interval in course.intervals)
                photos, pairs = str(len(group.photos)), f"{compared} of {len(course.intervals)}"
                summary.append((name, photos, pairs, str(course.advice.level)))
                if not is_long:
                    text = course_text(course, course.advice, numbers, details=details)
                    typer.echo(escape_control_characters_in_lines(f"PATIENT {name}\n\n{text}\n"))
    if table is not None:
        write_csv(table, COLUMNS, rows)
    if as_json:
        typer.echo(json.dumps({"groups": contents, "left_out": left_out}, indent=1, allow_nan=False))
        return
    lines = text_table(("patient and sites", "photos", "intervals compared", "level"), summary)
    not_followed = [line for reason, names in problems.items() for line in _with_reason(names, reason)]
    not_followed += [f"{photo}: {reason}" for photo, reason in left_out.items()]
    lines += ["", "Not followed:", *not_followed] if not_followed else []
    typer.echo(escape_control_characters_in_lines("\n".join(lines)))


def _with_reason(names: Sequence[str], reason: str) -> list[str]:
    """Patients and sites that were not followed for one reason: a line each where they are few."""
    if len(names) <= _N_NAMED:
        return [f"{name}: {reason}" for name in names]
    return [f"{len(names)} patients and sites, such as {names[0]}: {reason}"]
