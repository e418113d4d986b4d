"""The contact sheet of a run: every photo small, with its spots and what was found, on pages to print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.rows import OK, Value
from lesionvis.report.template import data_address, page_template
from lesionvis.triage.wording import HEADER, NOBODY_ASKED_NOTE, NOBODY_WAS_ASKED


def contact_sheet_html(run: Path, journal: Journal) -> str:
    """Page with all photos of a run in the order of their names.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal

    Returns
    -------
    str
        HTML with everything inside.
    """
    name = escape_control_characters(run.resolve().name)
    unasked = sum(row["triage_basis"] == NOBODY_WAS_ASKED for row in journal.records("photos"))
    note = NOBODY_ASKED_NOTE.format(count=unasked) if unasked else ""
    return page_template("contact_sheet.html").render(
        header=HEADER, note=note, run=name, photos=list(_photos(run, journal))
    )


def _photos(run: Path, journal: Journal) -> Iterator[dict[str, Any]]:
    held = {digest: file for file, digest in journal.pictures().items() if file.startswith("thumbnails/")}
    contents = journal.known_files()
    for row in journal.records("photos"):
        photo = str(row["photo"])
        file = run / held.get(contents[photo][1], "none") if photo in contents else run / "none"
        picture = data_address(file.read_bytes()) if file.is_file() else ""
        yield {"photo": escape_control_characters(photo), "picture": picture, "words": _words(row)}


def _words(row: dict[str, Value]) -> str:
    """What was found on a photo, or why nothing was."""
    if row["status"] != OK:
        return f"{row['status']}: {row['problem']}" if row["problem"] else str(row["status"])
    size = "" if row["median_diameter_mm"] is None else f", median {row['median_diameter_mm']:.3g} mm"
    pattern, level = (str(row[name]).replace("_", " ") for name in ("pattern", "triage_level"))
    count = row["spot_count"]
    spots = f", {count} spot{'' if count == 1 else 's'}" if count else ""
    return f"{pattern}{spots}{size}; {level}"
