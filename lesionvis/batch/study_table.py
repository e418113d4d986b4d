"""A person's table about the photos of a study: one row per photo, columns matched by name."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lesionvis.annotations.files import PhotoNames
from lesionvis.batch.given import SCALE_SETTINGS, Given
from lesionvis.checks import library
from lesionvis.errors import LesionvisError, SettingsError
from lesionvis.photo.dates import YEAR_MAX, YEAR_MIN
from lesionvis.triage.answers import UNKNOWN, Answers, questions
from lesionvis.triage.circumstances import Circumstances, known_circumstances

PHOTO, PATIENT, DATE = "photo", "patient", "date"
AGE, CAUSE, SITES = "age_years", "cause", "sites"
EXCLUDE, SPOTS, PATTERN = "exclude", "spots_file", "pattern"
"""Columns that mean something, besides those of scales and answers; all others are carried through."""
_OTHER_NAMES = {
    **dict.fromkeys(("file", "filename", "file_name", "image", "photo_name"), PHOTO),
    **dict.fromkeys(("site", "body_site", "body_sites"), SITES),
    "age": AGE,
    "patient_id": PATIENT,
}
_DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR_LINE = "sep="
_EXCEL = (".xlsx", ".xlsm")
# Format of a cell that shows a number with leading zeros, as numbers of patients have them.
_LEADING_ZEROS = re.compile("0{2,}")


@dataclass(frozen=True, slots=True)
class StudyTable:
    """A table with a row per photo.

    Attributes
    ----------
    path : Path
        Where it was read.
    columns : tuple of str
        Names as they stand in the table.
    rows : tuple of tuple of str
        Text of the cells, row by row; empty ones are "". Empty rows are left out.
    numbers : tuple of int
        Number of each row in the file, where the header is mostly 1 and empty rows count.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MatchedTable:
    """Rows of a table by the photos that they are about.

    Attributes
    ----------
    rows : mapping of str to mapping of str to str
        Photo -> column -> text, for every photo with a row.
    problems : mapping of str to str
        Photos with several rows, and one sentence each.
    notes : tuple of str
        Sentences on rows without a photo and photos without a row.
    """

    rows: Mapping[str, Mapping[str, str]]
    problems: Mapping[str, str]
    notes: tuple[str, ...]


def read_study_table(path: Path) -> StudyTable:
    """Read a table of CSV, TSV, Excel or Parquet.

    Parameters
    ----------
    path : Path
        Text in UTF-8, or UTF-16 as Excel writes it, with commas, semicolons, tabs or bars between the cells; the
        first sheet of an .xlsx file; or .parquet. The first row names the columns.

    Returns
    -------
    StudyTable

    Raises
    ------
    SettingsError
        If it cannot be read, has no column of photos, or the same column twice.
    """
    readers = {**dict.fromkeys(_EXCEL, _excel_rows), ".parquet": _parquet_rows}
    try:
        lines = readers.get(path.suffix.lower(), _text_rows)(path)
    except OSError as error:
        raise SettingsError(f"The table {path} cannot be read ({error.strerror or error}); check the path.") from error
    numbered = [(number, row) for number, row in enumerate(lines, start=1) if any(cell.strip() for cell in row)]
    numbers, filled = [number for number, _ in numbered[1:]], [row for _, row in numbered]
    columns = tuple(name.strip() for name in filled[0]) if filled else ()
    meanings = [_meaning(name) for name in columns]
    if PHOTO not in meanings:
        raise SettingsError(
            f'The table {path} has no column "{PHOTO}" among {", ".join(columns) or "none"}; name the photos in one, '
            "and the columns in the first row."
        )
    for name, meaning in zip(columns, meanings, strict=True):
        if not name or meanings.count(meaning) > 1:
            raise SettingsError(f'The table {path} has the column "{name}" twice or without a name; rename one.')
    for number, row in zip(numbers, filled[1:], strict=True):
        if len(row) > len(columns) and any(cell for cell in row[len(columns) :]):
            raise SettingsError(f"Row {number} of the table {path} has more cells than columns; mend or quote it.")
    rows = tuple(tuple((*row, *("",) * len(columns))[: len(columns)]) for row in filled[1:])
    return StudyTable(path, columns, rows, tuple(numbers))


def match_rows(table: StudyTable, photos: Iterable[str]) -> MatchedTable:
    """Find the photo of each row.

    Parameters
    ----------
    table : StudyTable
    photos : iterable of str
        Names of all photos of the run.

    Returns
    -------
    MatchedTable
    """
    all_photos = list(photos)
    names = PhotoNames(all_photos)
    place = [_meaning(name) for name in table.columns].index(PHOTO)
    numbers: dict[str, list[int]] = {}
    strangers = []
    rows: dict[str, dict[str, str]] = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        photo = names.match(row[place].strip())
        if photo is None:
            strangers.append(row[place].strip() or f"row {number}")
        else:
            numbers.setdefault(photo, []).append(number)
            rows[photo] = dict(zip(table.columns, row, strict=True))
            del rows[photo][table.columns[place]]
    problems = {
        photo: f"{table.path.name} has rows {listed(map(str, many))} for this photo; leave one."
        for photo, many in numbers.items()
        if len(many) > 1
    }
    notes = []
    if strangers:
        those = "1 row matches" if len(strangers) == 1 else f"{len(strangers)} rows match"
        told = f"{those} no photo, or several: {listed(strangers)}; give the path of a photo in the folder."
        notes.append(f"{table.path.name}: {told}")
    without = [photo for photo in all_photos if photo not in rows]
    if without:
        those = "1 photo has" if len(without) == 1 else f"{len(without)} photos have"
        notes.append(f"{table.path.name}: {those} no row: {listed(without)}.")
    return MatchedTable(rows, problems, tuple(notes))


def given_of(row: Mapping[str, str], table: str) -> Given:
    """What a row of the table gives for its photo.

    Parameters
    ----------
    row : mapping of str to str
        Column -> text.
    table : str
        Name of the table, for messages.

    Returns
    -------
    Given
        With a problem instead of anything that cannot be used.

    Examples
    --------
    >>> given_of({"Fever": "yes", "age": "7", "room": "12"}, "study.csv").answers
    {'fever': 'yes'}
    >>> given_of({"fever": "high"}, "study.csv").problem
    'study.csv: The answer "fever" cannot be "high". Choose one of: no, yes, unknown.'
    """
    cells = {_meaning(name): cell.strip() for name, cell in row.items() if cell.strip()}
    try:
        answers = {name: cells[name].lower().replace(" ", "_") for name in questions() if name in cells}
        age = _number(cells, AGE)
        sites = tuple(_site(part) for part in cells.get(SITES, "").replace(",", ";").split(";") if part.strip())
        about = Circumstances(age, cells.get(CAUSE, UNKNOWN).lower().replace(" ", "_"), sites)
        about.answers(Answers.from_mapping(answers))  # which refuses what contradicts itself
        scales = {name: cells[name] for name in SCALE_SETTINGS if name in cells}
        if len(scales) > 1:
            raise SettingsError(f"{listed(scales)} say the scale twice; give one of them.")
        _check_date(cells.get(DATE, ""))
        scale = {name: text if name == "coin" else _number(cells, name) or 0.0 for name, text in scales.items()}
        return Given(answers, about, scale)
    except LesionvisError as error:
        return Given(problem=f"{table}: {error}".rstrip(".") + ".")


def file_of(row: Mapping[str, str], column: str, folder: Path) -> Path | None:
    """File that a row names.

    Parameters
    ----------
    row : mapping of str to str
        Column -> text.
    column : str
        `EXCLUDE` or `SPOTS`.
    folder : Path
        Of the table.

    Returns
    -------
    Path or None
        None where the cell is empty.
    """
    named = [cell.strip() for name, cell in row.items() if _meaning(name) == column and cell.strip()]
    return folder / named[0] if named else None


def cell_of(row: Mapping[str, str], column: str) -> str:
    """Text of a column that means something.

    Parameters
    ----------
    row : mapping of str to str
        Column -> text.
    column : str
        Such as `PATIENT`.

    Returns
    -------
    str
        "" where there is none.
    """
    found = next((cell.strip() for name, cell in row.items() if _meaning(name) == column), "")
    return unicodedata.normalize("NFC", found)  # the same patient, however a machine writes accents


def with_cell(row: Mapping[str, str], column: str, text: str) -> dict[str, str]:
    """Row with another text in a column that means something.

    Parameters
    ----------
    row : mapping of str to str
        Column -> text.
    column : str
        Such as `PATIENT`.
    text : str

    Returns
    -------
    dict of str to str
        The same row where it has no such column.

    Examples
    --------
    >>> with_cell({"Patient ID": "1", "room": "7"}, "patient", "P1")
    {'Patient ID': 'P1', 'room': '7'}
    """
    return {name: text if _meaning(name) == column else cell for name, cell in row.items()}


def joined_row(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """One row of what two tables say of the same photo.

    Parameters
    ----------
    first, second : mapping of str to str
        Column -> text; the first counts where both say something.

    Returns
    -------
    dict of str to str
        Under the names of the first, then of the second.

    Examples
    --------
    >>> joined_row({"Age": "7", "fever": ""}, {"age_years": "7", "Fever": "yes", "room": "3"})
    {'Age': '7', 'fever': 'yes', 'room': '3'}
    """
    meanings = {_meaning(name) for name in first}
    joined = {name: cell if cell.strip() else cell_of(second, _meaning(name)) for name, cell in first.items()}
    return joined | {name: cell for name, cell in second.items() if _meaning(name) not in meanings}


def contradictions(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """What two tables say of the same photo that cannot both be true.

    Parameters
    ----------
    first, second : mapping of str to str
        Column -> text.

    Returns
    -------
    list of str
        Column and both texts. The files of `EXCLUDE` are not compared.

    Examples
    --------
    >>> contradictions({"Age": "7", "fever": ""}, {"age_years": "8", "fever": "yes"})
    ['Age is "7" and "8"']
    """
    told = ((name, cell.strip(), cell_of(second, _meaning(name))) for name, cell in first.items())
    return [
        f'{name} is "{one}" and "{other}"'
        for name, one, other in told
        if one and other and one != other and _meaning(name) != EXCLUDE
    ]


def _meaning(name: str) -> str:
    """Name of a column as it is compared: without case, with underscores."""
    plain = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    return _OTHER_NAMES.get(plain, plain)


def _number(cells: Mapping[str, str], name: str) -> float | None:
    if name not in cells:
        return None
    try:
        return float(cells[name].replace(",", "."))
    except ValueError as error:
        raise SettingsError(f'{name} must be a number, not "{cells[name]}".') from error


def _site(text: str) -> str:
    """Name of a site: "Lower leg" is "lower_legs"."""
    name = "_".join(text.strip().lower().split())
    known = known_circumstances()
    return f"{name}s" if name not in known and f"{name}s" in known else name


def _check_date(text: str) -> None:
    """Refuse a date that could be meant in two ways, or that no photo has."""
    if not text:
        return
    try:
        taken_at = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "; it is a number: give its cells the format of a date" if text.isdigit() else ""
        raise SettingsError(f'the date "{text}" is not of the form 2026-03-01 or 2026-03-01T14:30{remedy}.') from error
    if not YEAR_MIN <= taken_at.year <= YEAR_MAX:
        raise SettingsError(f'the date "{text}" is not of the years {YEAR_MIN} to {YEAR_MAX}.')


def _text_rows(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        if "\0" in text:  # UTF-16 without its mark, or no text at all
            raise UnicodeError
    except UnicodeError as error:
        raise SettingsError(f'The table {path} is not UTF-8; save it as "CSV UTF-8" or as .xlsx.') from error
    if text.startswith(_SEPARATOR_LINE):  # for Excel, which hides it
        text = "".join(text.splitlines(keepends=True)[1:])
    first = next((line for line in text.splitlines() if line.strip()), "")
    # The header holds no numbers or texts in which a comma could stand.
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise SettingsError(f"The table {path} is no table ({error}); check its quotes.") from error


def _excel_rows(path: Path) -> list[list[str]]:
    openpyxl = library("openpyxl", "An Excel table needs", "excel")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = [[_shown(cell) for cell in row] for row in book.worksheets[0].iter_rows()]
        book.close()
    except OSError:
        raise
    except Exception as error:  # whatever a damaged file makes of its many parts
        raise SettingsError(f"The table {path} is no Excel file ({error}); save it again as .xlsx.") from error
    return rows


def _shown(cell: Any) -> str:
    """Text of an Excel cell, with the leading zeros that its format shows."""
    text = _text(cell.value)
    is_padded = isinstance(cell.value, int) and _LEADING_ZEROS.fullmatch(cell.number_format or "")
    return text.zfill(len(cell.number_format)) if is_padded else text


def _parquet_rows(path: Path) -> list[list[str]]:
    parquet = library("pyarrow.parquet", "A Parquet table needs", "parquet")
    try:
        table = parquet.read_table(path)
    except OSError:
        raise
    except ValueError as error:  # pyarrow's own errors are among them
        raise SettingsError(f"The table {path} is no Parquet file ({error}); write it again.") from error
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    return [list(table.column_names), *([*row] for row in zip(*columns, strict=True))]


def _text(value: object) -> str:
    """Text of a cell: whole numbers without a fraction, dates without a midnight that nobody wrote."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if is_day else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def listed(names: Iterable[str], shown: int = 5) -> str:
    """A few names, and how many more there are.

    Parameters
    ----------
    names : iterable of str
    shown : int
        How many are named.

    Returns
    -------
    str
        With commas between.
    """
    found = list(names)
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return ", ".join(found[:shown]) + more
