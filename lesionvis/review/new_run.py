"""A run for photos that are dropped on the page: its folders, and places for its files."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from itertools import count
from pathlib import Path, PurePath

from lesionvis.analysis import Analyzer
from lesionvis.batch.file_kinds import reason_to_skip
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import escape_control_characters, photo_name
from lesionvis.batch.pictures import unfinished_file
from lesionvis.batch.scan import PhotoFile
from lesionvis.errors import RunFolderError, SettingsError
from lesionvis.settings import run_provenance

# Table of the journal of a run that was begun for photos of the page.
_MARK = "page_photos"
# Of the name of a file that is added; file systems allow 255 bytes, and a letter may take four.
_NAME_MAX_LETTERS = 60


def new_run(folder: Path, analyzer: Analyzer) -> Path:
    """Begin a run for photos that are dropped on the page.

    Parameters
    ----------
    folder : Path
        New folder, that will hold the photos and the run.
    analyzer : Analyzer
        Settings of the run.

    Returns
    -------
    Path
        Run folder.

    Raises
    ------
    RunFolderError
        If the folder exists or cannot be made.
    """
    run = folder / "run"
    photos = folder / "photos"
    try:
        for path in (folder, run, photos):
            path.mkdir()
    except OSError as error:
        raise RunFolderError(
            f"The folder {folder} cannot be made ({error.strerror}); call from a folder that may be written to."
        ) from error
    with Journal.resume(run, run_provenance(analyzer)) as journal:
        journal.record_begin(photos, ())
        journal.change(f"CREATE TABLE {_MARK} (begun_at TEXT NOT NULL)")
    return run


def _free_path(folder: Path, name: str, content: bytes) -> Path:
    """Place for a file of a folder that takes no other file's place; existing only where it has this content.

    The name may be of any origin; of a path the last part counts.
    """
    last = escape_control_characters(name.replace("\\", "/").rpartition("/")[2]).lstrip(".")
    wanted = PurePath(last[-_NAME_MAX_LETTERS:] or "photo")
    for number in count(1):
        path = folder / (wanted.name if number == 1 else f"{wanted.stem} ({number}){wanted.suffix}")
        if not path.exists() or (path.is_file() and path.read_bytes() == content):
            return path
    raise AssertionError("there is always a free number")


def add_photo(run: Path, folder: Path, journal: Journal, name: str, content: bytes, known: Container[str]) -> str:
    """Add a photo to a run; it then waits to be measured.

    Parameters
    ----------
    run : Path
        Run folder.
    folder : Path
        Of its photos.
    journal : Journal
    name : str
        Name of the file, as for `_free_path`.
    content : bytes
        The file.
    known : container of str
        Photos that the run has.

    Returns
    -------
    str
        Name of the photo in the run; that of the one that is there where that has the same content.

    Raises
    ------
    SettingsError
        If the file is no photo.
    RunFolderError
        If it cannot be written.
    """
    path = _free_path(folder, name, content)
    photo = photo_name(path, folder)
    if photo in known:
        return photo
    try:
        if not path.exists():
            unfinished_file(run, content).replace(path)
        if reason := reason_to_skip(path):
            path.unlink()
            raise SettingsError(f"{path.name} is not taken: {reason}.")
    except OSError as error:
        raise RunFolderError(f"{path} cannot be written ({error.strerror}); check the disk.") from error
    journal.record_file(PhotoFile(photo), hashlib.sha256(content).hexdigest())
    journal.record_change()
    journal.commit()
    return photo


def takes_photos(journal: Journal) -> bool:
    """Test whether a run was begun for photos of the page; of other runs the folder of the photos is only read.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    bool
    """
    return bool(list(journal.select(f"PRAGMA table_info({_MARK})")))
