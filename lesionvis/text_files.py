"""Text files as people save them: with a byte order mark, with semicolons, with the line ends of any system."""

from __future__ import annotations

import codecs
import csv
from io import StringIO
from pathlib import Path

from lesionvis.errors import SettingsError

DELIMITERS = (",", ";", "\t")
"""Between the cells of a table. Spreadsheets write semicolons where the comma is the decimal sign."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> str:
    r"""Read a text file in UTF-8, with or without a byte order mark, as Notepad and spreadsheets write it.

    Parameters
    ----------
    path : Path
        File to read.

    Returns
    -------
    str
        Text with lines that end in "\n".

    Raises
    ------
    SettingsError
        If the file cannot be read, or is in another encoding, which is not guessed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The file {path} cannot be read ({error.strerror}); check the path.") from error
    if content.startswith(_UTF_16):
        raise SettingsError(f'The file {path} is UTF-16 text; save it as UTF-8 ("CSV UTF-8" in a spreadsheet).')
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f'The file {path} is not UTF-8 text; save it as UTF-8 ("CSV UTF-8" in a spreadsheet).'
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a table with a header: CSV in UTF-8 with commas, semicolons or tabs.

    Parameters
    ----------
    path : Path
        File to read.

    Returns
    -------
    list of dict
        Column -> cell of each row, without the spaces around; the cells that a short row lacks are empty.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a row has more cells than the header.
    """
    text = read_text(path)
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    names, *rows = csv.reader(StringIO(text), delimiter=delimiter) if header else [[]]
    names = [name.strip() for name in names]
    found = []
    for number, cells in enumerate(rows, start=2):
        if len(cells) > len(names):
            raise SettingsError(
                f"Row {number} of {path} has {len(cells)} cells, the header {len(names)}; put texts with "
                f'"{delimiter}" between quotes.'
            )
        padded = [cell.strip() for cell in cells] + [""] * (len(names) - len(cells))
        if cells:
            found.append(dict(zip(names, padded, strict=True)))
    return found
