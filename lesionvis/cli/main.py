"""The command line: parsing, printing and exit codes only.

Exit codes: 0 when all went well, 1 when some photos failed, 2 for wrong use, 130 when stopped from the keyboard.
Results go to standard output; errors, questions and progress to standard error.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lesionvis import __version__
from lesionvis.batch.names import escape_control_characters
from lesionvis.cli.diary import diary_app
from lesionvis.cli.options import (
    Age,
    Annotations,
    AnswersFile,
    AsJson,
    Ask,
    BarMm,
    Cause,
    CoinName,
    Country,
    Details,
    GivenAnswers,
    MmAcross,
    Overlay,
    PxPerMm,
    Quiet,
    SaveAnswers,
    SettingsFile,
    Sheet,
    Sites,
    analyzer_of,
    check_picture,
    escape_control_characters_in_lines,
    told_by,
    write_picture,
)
from lesionvis.cli.pairs import pairs_app
from lesionvis.cli.progress import shown_progress
from lesionvis.cli.study import study_app
from lesionvis.errors import LesionvisError, SettingsError, UnreadablePhoto
from lesionvis.files import check_output, write_output

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lesionvis.analysis import Analysis

FAILED, WRONG_USE, STOPPED = 1, 2, 130
TRACEBACK_VARIABLE = "LESIONVIS_TRACEBACK"
"""Environment variable that makes a fault of the program show where it happened."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find red and purple spots in photos of skin, measure them in millimetres and name their pattern. "
    "For research and education; not approved as a medical device.",
)

MinScore = Annotated[float | None, typer.Option(help="Score from which a candidate is a spot, 0 to 1.")]
MinDiameterMm = Annotated[float | None, typer.Option(help="Smallest diameter of a spot, in mm; needs a scale.")]
MaxDiameterMm = Annotated[float | None, typer.Option(help="Largest diameter of a spot, in mm; needs a scale.")]
MaxFrameShare = Annotated[float | None, typer.Option(help="Largest part of the photo that a spot may take, 0 to 1.")]
Candidates = Annotated[
    bool, typer.Option("--candidates", help="Write a table of what was not taken for a spot, with its scores, too.")
]
ModelFolder = Annotated[Path | None, typer.Option("--model", help="Model folder; the packaged one by default.")]


def main() -> None:
    """Run the command line and end the program with its exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a letter that the terminal does not know must not end a run
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except UnreadablePhoto as error:
        _end(str(error), FAILED)
    except LesionvisError as error:
        _end(str(error), WRONG_USE)
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        fault = f"{type(error).__name__}: {error}"
        _end(f"A fault of lesionvis itself ({fault}); please report it. {TRACEBACK_VARIABLE}=1 shows more.", FAILED)


app.add_typer(pairs_app)
app.add_typer(diary_app)
app.add_typer(study_app)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Print the version on request."""
    if show:
        typer.echo(f"lesionvis {__version__}")
        raise typer.Exit


@app.command()
def analyze(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO",
            help="JPEG, PNG, WebP, TIFF, BMP, AVIF, HEIC or DICOM. Several, or patterns such as 'leg/*.jpg', give a "
            "line each; - is a photo on standard input.",
        ),
    ],
    as_json: AsJson = False,
    brief: Annotated[bool, typer.Option("--brief", help="Print one line.")] = False,
    overlay: Overlay = None,
    explain: Annotated[
        Path | None, typer.Option(help="Write a picture of the rejected candidates and the reasons (.png or .jpg).")
    ] = None,
    abcde: Annotated[Path | None, typer.Option(help="Write a picture of the ABCDE (.png or .jpg).")] = None,
    exclude: Annotated[
        Path | None, typer.Option(help="PNG of the photo's size, not black where nothing is to be looked at.")
    ] = None,
    px_per_mm: PxPerMm = None,
    mm_across: MmAcross = None,
    coin: CoinName = None,
    bar_mm: BarMm = None,
    min_score: MinScore = None,
    min_diameter_mm: MinDiameterMm = None,
    max_diameter_mm: MaxDiameterMm = None,
    max_frame_share: MaxFrameShare = None,
    answer: GivenAnswers = None,
    answers: AnswersFile = None,
    age: Age = None,
    cause: Cause = None,
    site: Sites = None,
    ask: Ask = False,
    save_answers: SaveAnswers = None,
    sheet: Sheet = None,
    country: Country = None,
    details: Details = False,
    settings: SettingsFile = None,
    model: ModelFolder = None,
) -> None:
    """Analyse a photo, or several."""
    from lesionvis.cli.ask import answers_toml
    from lesionvis.cli.ask import ask as ask_all
    from lesionvis.cli.several import analyze_several, refuse_for_several, sources_of
    from lesionvis.report.contact import numbers_of
    from lesionvis.triage.dialogue import Dialogue

    numbers = numbers_of(country)
    check_output("file of answers", save_answers, ".toml")
    pictures = {"overlay": overlay, "explain": explain, "abcde": abcde}
    for picture in pictures.values():
        check_picture(picture, *(Path(photo) for photo in photos))
    check_output("sheet", sheet, ".html", ".htm")
    given, about = told_by(answer, answers, age, cause, site)
    analyzer = analyzer_of(
        settings,
        px_per_mm=px_per_mm,
        mm_across=mm_across,
        coin=coin,
        bar_mm=bar_mm,
        min_score=min_score,
        min_diameter_mm=min_diameter_mm,
        max_diameter_mm=max_diameter_mm,
        max_frame_share=max_frame_share,
        model_folder=model,
    )
    sources = sources_of(photos)
    if brief or len(sources) > 1:
        refuse_for_several(
            {f"--{name}": picture for name, picture in pictures.items()}
            | {"--exclude": exclude, "--ask": ask, "--save-answers": save_answers, "--sheet": sheet},
            is_one=len(sources) == 1,
        )
        is_fine = analyze_several(sources, analyzer, given, about, as_json=as_json)
        raise typer.Exit(0 if is_fine else FAILED)
    found = analyzer(sources[0], given, mask=exclude)
    start = Dialogue(found.pattern.label, lambda known: found.answered(known).advice, given, about)
    told = ask_all(start, numbers) if ask else start
    analysis = found.answered(told.answers)
    analysis = dataclasses.replace(analysis, advice=analysis.advice.noting(told.circumstances))
    if as_json:
        typer.echo(analysis.to_json())
    else:
        from lesionvis.report.text import analysis_text

        typer.echo(escape_control_characters_in_lines(analysis_text(analysis, numbers, details=details)))
    # After the advice, which no file that cannot be made or written may keep back.
    if save_answers is not None:
        write_output("file of answers", save_answers, answers_toml(told))
    for kind, picture in pictures.items():
        if picture is not None:
            write_picture(_drawn(kind, analysis), picture)
    if sheet is not None:
        from lesionvis.report.sheet import sheet_html

        write_output("sheet", sheet, sheet_html(analysis, circumstances=told.circumstances, made_on=date.today()))


@app.command()
def batch(
    folder: Annotated[Path, typer.Argument(help="Folder with photos, in sub-folders too; it is only read.")],
    out: Annotated[Path, typer.Option(help="Output folder; an interrupted run is resumed.")],
    exclude_dir: Annotated[
        Path | None,
        typer.Option(help="Folder with places to leave out: PHOTO.png for the photo PHOTO, as --exclude of analyze."),
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(help="Folder or file with spots that a person drew: masks, COCO, labelme, GeoJSON, ImageJ."),
    ] = None,
    metadata: Annotated[
        Path | None,
        typer.Option(help="Table about the photos (CSV, TSV, .xlsx, Parquet): patient, date, answers, scale, ..."),
    ] = None,
    as_found: Annotated[bool, typer.Option("--as-found", help="Leave out what persons drew; it is kept.")] = False,
    only: Annotated[Path | None, typer.Option(help="Text file with one photo per line; others are left out.")] = None,
    annotations: Annotations = None,
    masks: Annotated[bool, typer.Option("--masks", help="Write a label image of every photo.")] = False,
    overlays: Annotated[bool, typer.Option("--overlays", help="Write an annotated picture of every photo.")] = False,
    candidates: Candidates = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write the tables as Parquet too.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Number of processes; by default that of the processors.")] = None,
    px_per_mm: PxPerMm = None,
    mm_across: MmAcross = None,
    coin: CoinName = None,
    bar_mm: BarMm = None,
    min_score: MinScore = None,
    min_diameter_mm: MinDiameterMm = None,
    max_diameter_mm: MaxDiameterMm = None,
    max_frame_share: MaxFrameShare = None,
    settings: SettingsFile = None,
    model: ModelFolder = None,
    max_seconds: Annotated[float, typer.Option(help="Longest time for one photo, in seconds.")] = 120.0,
    max_memory_gb: Annotated[float, typer.Option(help="Largest memory of one process, GB.")] = 4.0,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed photos again.")] = False,
    dask_scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler to do the work.")] = None,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print a line for every photo that is done.")] = False,
) -> None:
    """Analyse a folder of photos into a run folder with tables."""
    from lesionvis.batch.journal import Journal
    from lesionvis.batch.processors import processor_count
    from lesionvis.batch.run import BatchRunner
    from lesionvis.batch.summary import run_summary

    runner = BatchRunner(
        analyzer_of(
            settings,
            px_per_mm=px_per_mm,
            mm_across=mm_across,
            coin=coin,
            bar_mm=bar_mm,
            min_score=min_score,
            min_diameter_mm=min_diameter_mm,
            max_diameter_mm=max_diameter_mm,
            max_frame_share=max_frame_share,
            model_folder=model,
        ),
        exclude_dir=exclude_dir,
        corrections=corrections,
        metadata=metadata,
        as_found=as_found,
        only=only,
        annotations=tuple(annotations or ()),
        masks=masks,
        overlays=overlays,
        candidates=candidates,
        parquet=parquet,
        jobs=processor_count() if jobs is None else jobs,
        max_seconds=max_seconds,
        max_memory_gb=max_memory_gb,
        retry_failed=retry_failed,
        dask_scheduler=dask_scheduler,
    )
    try:
        with shown_progress(quiet=quiet, verbose=verbose) as tell:
            counts = runner(folder, out, tell, None if quiet else _tell_before)
    except KeyboardInterrupt:
        _end(
            "Interrupted; finished photos are kept. Run the same command again to resume; "
            "`lesionvis tables RUN` writes the tables of what is done.",
            STOPPED,
        )
    if not quiet:
        with Journal.read(out) as journal:
            typer.echo(run_summary(out, journal))
    raise typer.Exit(FAILED if counts.get("failed") else 0)


@app.command()
def status(run: Annotated[Path, typer.Argument(help="Run folder.")]) -> None:
    """Show the progress, settings and versions of a batch run."""
    from lesionvis.batch.journal import Journal
    from lesionvis.batch.summary import run_status

    with Journal.read(run) as journal:
        typer.echo(run_status(run, journal))


@app.command()
def tables(
    run: Annotated[Path, typer.Argument(help="Run folder, also while the run goes on.")],
    excel: Annotated[Path | None, typer.Option(help="Write the tables as one Excel file too (.xlsx).")] = None,
    candidates: Candidates = False,
) -> None:
    """Write the tables of a batch run as far as it got."""
    from lesionvis.batch.excel import check_excel, write_excel
    from lesionvis.batch.journal import Journal
    from lesionvis.batch.tables import write_tables_so_far

    if excel is not None:
        check_excel(excel)
    with Journal.read(run) as journal:
        written = write_tables_so_far(run, journal, candidates=candidates)
    if excel is not None:
        write_excel(written, excel)
    for path in (*written.values(), *([excel] if excel is not None else [])):
        typer.echo(escape_control_characters(str(path)))


@app.command(name="contact-sheet")
def contact_sheet(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    out: Annotated[Path, typer.Option(help="Page to write (.html), to print or to keep.")],
) -> None:
    """Write all photos of a run, small and with their spots, as one page to print."""
    from lesionvis.batch.contact_sheet import contact_sheet_html
    from lesionvis.batch.journal import Journal
    from lesionvis.files import check_output, write_output

    check_output("contact sheet", out, ".html", ".htm")
    with Journal.read(run) as journal:
        write_output("contact sheet", out, contact_sheet_html(run, journal))


@app.command()
def advise(
    pattern: Annotated[str, typer.Option(help="petechial_shower, single_lesion, angioma, uncertain or no_spots.")],
    answer: GivenAnswers = None,
    answers: AnswersFile = None,
    age: Age = None,
    cause: Cause = None,
    site: Sites = None,
    ask: Ask = False,
    save_answers: SaveAnswers = None,
    country: Country = None,
    details: Details = False,
    as_json: AsJson = False,
) -> None:
    """Give advice on a pattern and answers, without a photo."""
    from lesionvis.cli.ask import answers_toml
    from lesionvis.cli.ask import ask as ask_all
    from lesionvis.report.contact import numbers_of
    from lesionvis.report.text import advice_text
    from lesionvis.triage import advise as advise_on
    from lesionvis.triage.dialogue import Dialogue

    numbers = numbers_of(country)
    check_output("file of answers", save_answers, ".toml")
    given, about = told_by(answer, answers, age, cause, site)
    start = Dialogue(pattern, lambda known: advise_on(pattern, known), given, about)
    told = ask_all(start, numbers) if ask else start
    advice = told.advice.noting(told.circumstances)
    text = json.dumps(advice.to_dict(), indent=1) if as_json else advice_text(advice, (), numbers, details=details)
    typer.echo(text)
    if save_answers is not None:
        write_output("file of answers", save_answers, answers_toml(told))


@app.command()
def doctor() -> None:
    """Check the installation."""
    from lesionvis.cli.doctor import examine

    all_fine = True
    for check in examine():
        all_fine &= check.is_fine
        typer.echo(
            f"{'ok ' if check.is_fine else 'BAD'}  {check.name.ljust(12)}{escape_control_characters(check.text)}"
        )
    raise typer.Exit(0 if all_fine else FAILED)


@app.command("card")
def print_card(
    out: Annotated[Path, typer.Option(help="PDF to write, such as card.pdf.")],
    paper: Annotated[str, typer.Option(help="a4 or letter.")] = "a4",
) -> None:
    """Write a card of known size, to print and lay beside a lesion."""
    from lesionvis.scale.card.layout import BAR_MM, PAPER_MM, write_card

    sizes: dict[str, Any] = {name.lower(): name for name in PAPER_MM}
    if out.suffix.lower() != ".pdf":
        raise SettingsError(f"The card {out} must end in .pdf.")
    try:
        write_card(out, sizes.get(paper.lower(), paper))
    except OSError as error:
        raise SettingsError(f"The card {out} cannot be written ({error.strerror}).") from error
    typer.echo(
        f"Print {escape_control_characters(str(out))} at 100 %; "
        f"its bar must measure {BAR_MM:.1f} mm, else give --bar-mm."
    )


@app.command()
def train(
    places: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLACE...",
            help="Folders of runs in which persons said what photos show, and a folder of photos with --labels.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="New folder for the model, to be given to --model.")],
    labels: Annotated[
        Path | None, typer.Option(help="Table with the columns photo, pattern and optionally patient (or group).")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(help="Folder of the model whose training table is extended; that of the package.")
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Learn from these photos only.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a pattern model on your own photos and what persons said of them, for --model."""
    try:
        from lesionvis.lab.own_training import train_own
    except ModuleNotFoundError as error:
        raise SettingsError(f'Training needs more libraries ({error.name}): pip install "lesionvis[lab]".') from error
    with shown_progress(quiet=quiet) as tell:
        card = train_own(places, labels, out, base=base, is_alone=alone, on_progress=tell)
    if not quiet:
        typer.echo(escape_control_characters_in_lines(card))


@app.command("model")
def show_model(
    model: Annotated[Path | None, typer.Argument(help="Model folder; that of the package unless given.")] = None,
) -> None:
    """Print the card of a pattern model: data, limits, figures."""
    from lesionvis.models import load_model, packaged_model_folder
    from lesionvis.pattern.pattern import MODEL_NAME, pattern_model_of

    folder = model or packaged_model_folder(MODEL_NAME)
    loaded = load_model(folder)
    pattern_model_of(loaded)
    card = folder / "MODEL_CARD.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else json.dumps(loaded.card, indent=1)
    typer.echo(escape_control_characters_in_lines(text))


def _tell_before(notes: Sequence[str]) -> None:
    """Tell what is wrong with a table or with drawn spots before hours of work; the summary tells it again."""
    from lesionvis.batch.summary import N_ROWS

    for note in notes[:N_ROWS]:
        typer.echo(f"note: {escape_control_characters(note)}", err=True)


def _end(message: str, code: int) -> None:
    typer.echo(f"lesionvis: {escape_control_characters(message)}", err=True)
    sys.exit(code)


def _drawn(kind: str, analysis: Analysis) -> NDArray[np.uint8]:
    """One of the pictures of an analysis: "overlay", "explain" or "abcde"."""
    from lesionvis.report.abcde import draw_abcde
    from lesionvis.report.explain import draw_explanation
    from lesionvis.report.overlay import draw_overlay

    if kind == "abcde":
        picture = draw_abcde(analysis)
        if picture is None:
            raise SettingsError("There is no dominant lesion, so there is no ABCDE to draw; leave out --abcde.")
        return picture
    return draw_explanation(analysis) if kind == "explain" else draw_overlay(analysis)
