"""The command that keeps dated photos in a folder and writes a reminder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lesionvis.batch.names import escape_control_characters
from lesionvis.cli.options import date_of

diary_app = typer.Typer()


@diary_app.command()
def keep(
    photo: Annotated[Path, typer.Argument(help="Photo to keep; it is only read.")],
    folder: Annotated[Path, typer.Argument(help="Folder of dated photos of the same skin; series reads it.")],
    date: Annotated[
        str | None, typer.Option(help="Date of the photo, such as 2026-03-01T14:30; by default from the file.")
    ] = None,
    reminder: Annotated[
        str | None,
        typer.Option(help="Write a calendar file: daily for a crop of spots, monthly for a single spot."),
    ] = None,
) -> None:
    """Store a copy of a photo with its date in the name."""
    from lesionvis.cli.photo_diary import check_rhythm, keep_photo, write_reminder

    if reminder is not None:
        check_rhythm(reminder)
    kept = keep_photo(photo, folder, date_of(date) if date is not None else None)
    what = "Kept as" if kept.is_new else "Nothing to do, the folder holds this photo already:"
    by_name = " (date by the name of the file)" if kept.date_source == "file name" else ""
    typer.echo(f"{what} {escape_control_characters(str(kept.path))}{by_name}")
    if reminder is not None:
        calendar = write_reminder(folder, kept, reminder)
        typer.echo(f"Reminder ({reminder}), to be opened with a calendar: {escape_control_characters(str(calendar))}")
