"""Folder -> the photos in it."""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from lesionvis.batch.names import photo_name
from lesionvis.errors import RunFolderError

PHOTO_EXTENSIONS = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)
# Marks a folder as a run folder, whose pictures are no photos.
JOURNAL_NAME = "run.sqlite"
# macOS keeps a file's extra attributes in a second file with this prefix on foreign disks; it is no photo.
_ATTRIBUTES_PREFIX = "._"


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One file with a photo's extension, or a folder that could not be listed.

    Attributes
    ----------
    photo : str
        Name in tables; that of a folder ends with a slash.
    size_bytes, modified_ns : int
        As the file system tells; 0 for what cannot be read.
    problem : str
        One sentence on why it cannot be read; "" when nothing is known against it.
    """

    photo: str
    size_bytes: int = 0
    modified_ns: int = 0
    problem: str = ""


def find_photos(folder: Path, run: Path) -> list[PhotoFile]:
    """List the photos of a folder and its sub-folders.

    Files count by their extension. Links to folders are followed, each folder is listed once, and run folders are
    left out.

    Parameters
    ----------
    folder : Path
        Where to look.
    run : Path
        The run folder, in case it lies inside `folder`.

    Returns
    -------
    list of PhotoFile
        Sorted by name.

    Raises
    ------
    RunFolderError
        If `folder` is not a folder.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is not a folder; give the folder that holds the photos.")
    found: list[PhotoFile] = []
    listed = {_identity(run)} if run.is_dir() else set()
    folders, linked = [folder], deque[Path]()
    # Folders come before links to them, so that photos go by their proper paths.
    while folders or linked:
        here = folders.pop() if folders else linked.popleft()
        try:
            identity = _identity(here)
            entries = sorted(os.scandir(here), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            problem = f"This folder cannot be listed ({error.strerror}); check its permissions."
            found.append(PhotoFile(photo_name(here, folder) + "/", problem=problem))
            continue
        is_other_run = here != folder and any(entry.name == JOURNAL_NAME for entry in entries)
        if identity in listed or is_other_run:
            continue
        listed.add(identity)
        inner = [entry for entry in entries if _is_folder(entry)]
        linked.extend(Path(entry.path) for entry in inner if entry.is_symlink())
        folders.extend(Path(entry.path) for entry in reversed(inner) if not entry.is_symlink())
        found.extend(_photo_file(entry, folder) for entry in entries if _is_photo(entry))
    return sorted(found, key=lambda file: file.photo)


def _identity(path: Path) -> tuple[int, int]:
    """Identity of a folder, whichever path leads to it."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_photo(entry: os.DirEntry[str]) -> bool:
    has_extension = os.path.splitext(entry.name)[1].lower() in PHOTO_EXTENSIONS  # noqa: PTH122
    return has_extension and not entry.name.startswith(_ATTRIBUTES_PREFIX) and not _is_folder(entry)


def _photo_file(entry: os.DirEntry[str], folder: Path) -> PhotoFile:
    name = photo_name(Path(entry.path), folder)
    try:
        status = entry.stat()
    except OSError as error:
        return PhotoFile(name, problem=f"This file cannot be read ({error.strerror}); check the path and the disk.")
    if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device might never end
        return PhotoFile(name, problem="This file is a device or pipe, not a photo; remove it.")
    return PhotoFile(name, status.st_size, status.st_mtime_ns)
