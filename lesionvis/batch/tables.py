"""The tables of a run folder, written from its journal."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from lesionvis.batch.journal import Journal
from lesionvis.batch.pictures import written_whole
from lesionvis.batch.rows import WAITING, Value
from lesionvis.errors import RunFolderError

TABLES = {"photos": "photos.csv", "spots": "spots.csv", "skipped": "skipped.csv"}
"""View of the journal -> file."""

PARTIAL_TABLES = {view: name.replace(".csv", ".partial.csv") for view, name in TABLES.items()}
"""The same of a run that is not finished: the names say so wherever the files are taken."""

# More digits than any measurement here has, fewer than those in which machines differ.
_SIGNIFICANT_DIGITS = 9


def write_tables(run: Path, journal: Journal, names: Mapping[str, str] = TABLES) -> None:
    """Write `photos.csv`, `spots.csv` and `skipped.csv`, each whole or not at all.

    UTF-8 with commas and quotes as in RFC 4180, lines ending in a line feed; missing numbers are empty, numbers have
    9 significant digits, true and false are 1 and 0.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
        Of the run.
    names : mapping of str to str
        View of the journal -> file.
    """
    for view, name in names.items():
        columns, rows = journal.table(view)
        with written_whole(run, name) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([cell(value) for value in row] for row in rows)


def write_tables_so_far(run: Path, journal: Journal) -> list[Path]:
    """Write the tables of a run as far as it got, also while it goes on.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
        Of the run.

    Returns
    -------
    list of Path
        Files that were written: `PARTIAL_TABLES` as long as photos are waiting, which have that status, then `TABLES`.

    Raises
    ------
    RunFolderError
        If they cannot be written.
    """
    names = PARTIAL_TABLES if journal.counts("status").get(WAITING) else TABLES
    try:
        write_tables(run, journal, names)
    except OSError as error:
        reason = error.strerror or error
        raise RunFolderError(f"The tables in {run} cannot be written ({reason}); mend that and call again.") from error
    return [run / name for name in names.values()]


def remove_partial_tables(run: Path) -> None:
    """Remove the tables of an unfinished run.

    Parameters
    ----------
    run : Path
        Run folder.
    """
    for name in PARTIAL_TABLES.values():
        (run / name).unlink(missing_ok=True)


def cell(value: Value) -> str:
    """Text of a value in a table.

    Parameters
    ----------
    value : str, int, float or None
        Value of a column.

    Returns
    -------
    str
        Rounded to the digits that a table holds; empty for None.

    Examples
    --------
    >>> cell(0.1 + 0.2), cell(3.0), cell(7), cell(None)
    ('0.3', '3', '7', '')
    """
    if value is None:
        return ""
    return f"{value:.{_SIGNIFICANT_DIGITS}g}" if isinstance(value, float) else str(value)
