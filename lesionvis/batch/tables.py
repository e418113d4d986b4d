"""The tables of a run folder, written from its journal."""

from __future__ import annotations

import csv
from pathlib import Path

from lesionvis.batch.journal import Journal
from lesionvis.batch.pictures import written_whole
from lesionvis.batch.rows import Value

TABLES = {"photos": "photos.csv", "spots": "spots.csv", "skipped": "skipped.csv"}
"""View of the journal -> file."""

# More digits than any measurement here has, fewer than those in which machines differ.
_SIGNIFICANT_DIGITS = 9


def write_tables(run: Path, journal: Journal) -> None:
    """Write `photos.csv`, `spots.csv` and `skipped.csv`, each whole or not at all.

    UTF-8 with commas and quotes as in RFC 4180, lines ending in a line feed; missing numbers are empty, numbers have
    9 significant digits, true and false are 1 and 0.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
        Of the run.
    """
    for view, name in TABLES.items():
        columns, rows = journal.table(view)
        with written_whole(run, name) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([cell(value) for value in row] for row in rows)


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
