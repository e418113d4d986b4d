"""The tables of a run folder, written from its journal."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lesionvis.batch.dictionary import DICTIONARY_NAME, data_package
from lesionvis.batch.journal import Journal
from lesionvis.batch.pictures import written_whole
from lesionvis.batch.reviews import last_reviews
from lesionvis.batch.rows import PHOTO_COLUMNS, SPOT_COLUMNS, Value
from lesionvis.batch.study import table_rows
from lesionvis.errors import RunFolderError

TABLES = {"photos": "photos.csv", "spots": "spots.csv", "skipped": "skipped.csv"}
"""View of the journal -> file."""

CANDIDATES = "candidates"
CANDIDATES_NAME = "candidates.csv"
"""Table that is written on request: there are many candidates."""
_WITHOUT_CARRIED = ("skipped", CANDIDATES)

# More digits than any measurement here has, fewer than those in which machines differ.
_SIGNIFICANT_DIGITS = 9


def write_tables(run: Path, journal: Journal, names: Mapping[str, str] = TABLES) -> None:
    """Write tables of a run, and the dictionary of their columns, each whole or not at all.

    UTF-8 with commas and quotes as in RFC 4180, lines ending in a line feed; missing numbers are empty, numbers have
    9 significant digits, true and false are 1 and 0. The columns of a person's table about the photos stand behind
    the others, as they were given.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
    names : mapping of str to str
        View of the journal -> file.
    """
    told = table_rows(journal)
    of_persons = list(dict.fromkeys(column for row in told.values() for column in row))
    for view, name in names.items():
        carried = [] if view in _WITHOUT_CARRIED else of_persons
        columns, rows = journal.table(view)
        with written_whole(run, name) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*columns, *_carried_names(carried)])
            for row in rows:
                of_photo = told.get(str(row[0]), {})
                writer.writerow([*map(cell, row), *(of_photo.get(column, "") for column in carried)])
    if names["photos"] == TABLES["photos"]:  # the dictionary names the files of a finished run
        reviews = ["reviews"] if last_reviews(journal) else []
        with written_whole(run, DICTIONARY_NAME) as file:
            package = data_package(_carried_names(of_persons), [*names, *reviews])
            json.dump(package, file, indent=1, ensure_ascii=False)


def tables_of(run: Path, *, candidates: bool = False) -> dict[str, str]:
    """Tables that a run folder is to have.

    Parameters
    ----------
    run : Path
        Run folder, existing or not.
    candidates : bool
        Whether the table of candidates is asked for; one of an earlier call must not contradict the others.

    Returns
    -------
    dict of str to str
        View of the journal -> file.
    """
    return TABLES | ({CANDIDATES: CANDIDATES_NAME} if candidates or (run / CANDIDATES_NAME).is_file() else {})


def _partial_name(name: str) -> str:
    """Name of a table of a run that is not finished, which says so wherever the file is taken."""
    return name.replace(".csv", ".partial.csv")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table of its own, outside of a run folder, in the same dialect as those of a run.

    Parameters
    ----------
    path : Path
        CSV file; one that is there is overwritten.
    columns : sequence of str
        Names of the columns.
    rows : iterable of sequence
        Cells in their order.

    Raises
    ------
    RunFolderError
        If it cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    except OSError as error:
        raise RunFolderError(f"The table {path} cannot be written ({error.strerror}); give another path.") from error


def _carried_names(columns: Iterable[str]) -> list[str]:
    """Names of a person's columns in the tables of a run: with "given_" before one that a column of this package has.

    >>> _carried_names(["room", "px_per_mm"])
    ['room', 'given_px_per_mm']
    """
    taken = {*PHOTO_COLUMNS, *SPOT_COLUMNS}
    return [f"given_{column}" if column in taken else column for column in columns]


def write_tables_so_far(run: Path, journal: Journal, *, candidates: bool = False) -> dict[str, Path]:
    """Write the tables of a run as far as it got, also while it goes on.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
    candidates : bool
        Write the table of candidates too.

    Returns
    -------
    dict of str to Path
        View of the journal -> file that was written: with a `_partial_name`, where photos may be waiting, until the run
        is finished.

    Raises
    ------
    RunFolderError
        If they cannot be written.
    """
    names = tables_of(run, candidates=candidates)
    if not journal.origin().finished_at:
        names = {view: _partial_name(name) for view, name in names.items()}
    try:
        write_tables(run, journal, names)
    except OSError as error:
        reason = error.strerror or error
        raise RunFolderError(f"The tables in {run} cannot be written ({reason}); mend that and call again.") from error
    return {view: run / name for view, name in names.items()}


def remove_partial_tables(run: Path) -> None:
    """Remove the tables of an unfinished run.

    Parameters
    ----------
    run : Path
        Run folder.
    """
    for name in (*TABLES.values(), CANDIDATES_NAME):
        (run / _partial_name(name)).unlink(missing_ok=True)


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
