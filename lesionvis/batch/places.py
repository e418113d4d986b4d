"""Which file or folder a path leads to, and whether a folder may take the results of a run."""

from __future__ import annotations

import os
from pathlib import Path

from lesionvis.errors import RunFolderError

JOURNAL_NAME = "run.sqlite"
"""File that marks a folder as a run folder, whose pictures are no photos."""

LOCK_NAME = "run.lock"


def identity(path: Path) -> tuple[int, int] | str:
    """Identity of a file or folder, whichever path leads to it.

    Parameters
    ----------
    path : Path
        An existing file or folder.

    Returns
    -------
    tuple of int or str
        Number of the disk and of the file on it. Network drives may give every file the number 0; there it is the
        path with all links followed.

    Raises
    ------
    OSError
        If there is no such file or folder.
    """
    status = path.stat()
    if status.st_ino:
        return status.st_dev, status.st_ino
    return os.path.normcase(os.path.realpath(path))


def is_same(first: Path, second: Path) -> bool:
    """Test whether two paths lead to the same file or folder.

    Parameters
    ----------
    first, second : Path
        Existing or not.

    Returns
    -------
    bool
        False where one of them does not exist.
    """
    try:
        return identity(first) == identity(second)
    except OSError:
        return False


def check_places(folder: Path, run: Path) -> None:
    """Refuse a run folder that would put files beside the photos or among other files.

    Parameters
    ----------
    folder : Path
        Folder of the photos.
    run : Path
        Run folder, existing or not.

    Raises
    ------
    RunFolderError
        If `run` holds the photos, is a file, or holds files but no run.
    """
    photos, results = folder.resolve(), run.resolve()
    if results == photos or results in photos.parents:
        raise RunFolderError(f"The run folder {run} holds the photos themselves; give a folder of its own.")
    if not run.exists():
        return
    if not run.is_dir():
        raise RunFolderError(f"{run} is a file; give a folder for the results.")
    names = {path.name for path in run.iterdir()}
    if names and not names & {JOURNAL_NAME, LOCK_NAME}:
        raise RunFolderError(f"{run} holds other files and no run; give a new or empty folder for the results.")
