"""Text files as people save them: with a byte order mark, with the line ends of any system."""

from __future__ import annotations

import codecs
from pathlib import Path

from lesionvis.errors import SettingsError

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
