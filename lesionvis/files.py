"""Files that people give and ask for: text as their programs save it, and paths that cannot be written."""

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


def check_output(what: str, path: Path | None, *endings: str) -> None:
    """Refuse a file to write that has another ending, or no folder.

    Parameters
    ----------
    what : str
        What messages call the file.
    path : Path or None
        File to write; None where none is wanted.
    *endings : str
        Endings that it may have, in small letters, with their dot.

    Raises
    ------
    SettingsError
        If it has another ending, or its folder does not exist.

    Examples
    --------
    >>> check_output("picture", Path("leg.gif"), ".png", ".jpg")
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: The picture leg.gif must end in .png or .jpg.
    """
    if path is None:
        return
    if path.suffix.lower() not in endings:
        listed = " or ".join(", ".join(endings).rsplit(", ", 1))
        raise SettingsError(f"The {what} {path} must end in {listed}.")
    if not path.parent.is_dir():
        raise SettingsError(f"The folder of the {what} {path} does not exist; make it first.")


def make_folder(what: str, path: Path) -> None:
    """Make a folder for files to write, where there is none.

    Parameters
    ----------
    what : str
        What messages call the folder.
    path : Path

    Raises
    ------
    SettingsError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The {what} {path} cannot be made ({error.strerror}).") from error


def write_output(what: str, path: Path, content: str | bytes) -> None:
    """Write a file; one that is there is overwritten.

    Parameters
    ----------
    what : str
        What messages call the file.
    path : Path
        File to write.
    content : str or bytes
        Text is written in UTF-8.

    Raises
    ------
    SettingsError
        If it cannot be written.
    """
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise SettingsError(f"The {what} {path} cannot be written ({error.strerror}).") from error
