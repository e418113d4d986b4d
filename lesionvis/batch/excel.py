"""The tables of a run as one Excel file, for those who look at them in a spreadsheet; needs openpyxl.

A CSV file that is opened in a spreadsheet is read by the habits of its country: with a decimal comma, 1.5 becomes the
first of May, and without a byte order mark "ü" becomes "Ã¼". A mark would help the letters only, and put an invisible
character into the first name of a column for most other programs. So the CSV files are plain, and this file is exact.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.rows import CANDIDATE_COLUMNS, PHOTO_COLUMNS, SPOT_COLUMNS
from lesionvis.checks import library
from lesionvis.errors import SettingsError
from lesionvis.files import check_output, write_output

ROWS_MAX = 2**20
"""Rows of a sheet, the header among them, by the specification of Excel."""

_KINDS = {name: column.kind for name, column in (CANDIDATE_COLUMNS | PHOTO_COLUMNS).items()} | SPOT_COLUMNS


def check_excel(path: Path) -> None:
    """Make sure before any work that an Excel file can be written.

    Parameters
    ----------
    path : Path
        File to write.

    Raises
    ------
    SettingsError
        If openpyxl is not installed, the path does not end in .xlsx, or its folder does not exist.
    """
    library("openpyxl", "Excel files need", "excel")
    check_output("Excel file", path, ".xlsx")


def write_excel(tables: Mapping[str, Path], path: Path) -> None:
    """Write CSV tables of a run as the sheets of an Excel file: numbers as numbers, texts as texts, never a formula.

    Parameters
    ----------
    tables : mapping of str to Path
        Name of the sheet -> CSV file.
    path : Path
        File to write; one that is there is overwritten.

    Raises
    ------
    SettingsError
        If a table has more rows than a sheet, or the file cannot be written.
    """
    openpyxl = import_module("openpyxl")
    book = openpyxl.Workbook(write_only=True)
    for name, table in tables.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "B2"
        with table.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            header = next(rows)
            sheet.append([_text(sheet, column) for column in header])
            for number, cells in enumerate(rows, start=2):
                if number > ROWS_MAX:
                    for begun in book.worksheets:
                        begun.close()
                    raise SettingsError(
                        f"{table.name} has more rows than a sheet of Excel, {ROWS_MAX}; use the CSV file."
                    )
                sheet.append([_cell(sheet, *pair) for pair in zip(header, cells, strict=True)])
    content = BytesIO()
    book.save(content)
    write_output("Excel file", path, content.getvalue())


def _cell(sheet: Any, column: str, text: str) -> Any:
    """Number of a column of numbers; other cells stay texts, whatever they look like."""
    if not text:
        return None
    kind = _KINDS.get(column, "TEXT")
    return _text(sheet, text) if kind == "TEXT" else float(text) if kind == "REAL" else int(text)


def _text(sheet: Any, text: str) -> Any:
    cell = import_module("openpyxl.cell").WriteOnlyCell(sheet, escape_control_characters(text))
    cell.data_type = "s"  # or "=" would begin a formula
    return cell
