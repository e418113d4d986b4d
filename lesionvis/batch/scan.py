"""Folder -> the photos in it, and what else is there."""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lesionvis.batch.file_kinds import is_named_photo, reason_to_skip, reason_to_skip_folder
from lesionvis.batch.names import photo_name
from lesionvis.batch.places import JOURNAL_NAME, identity
from lesionvis.errors import RunFolderError

ANOTHER_RUN = "folder with the results of a run"
NO_FILE = "device or pipe"
# Some disks tell times in steps of two seconds (FAT): a file may change once more within one and tell the same time.
_STEP_OF_CLOCKS_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One photo, or a folder that could not be listed.

    Attributes
    ----------
    photo : str
        Name in tables; that of a folder ends with a slash.
    state : str
        What the file system tells of the file, its size, times and number: as long as that is the same, so is its
        content. "" where that cannot be relied on.
    problem : str
        One sentence on why it cannot be read; "" when nothing is known against it.
    """

    photo: str
    state: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file, or a folder with all that is in it, that is not read.

    Attributes
    ----------
    file : str
        Name in tables; that of a folder ends with a slash.
    reason : str
        Few words, the same for all files that are skipped for that reason.
    """

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Content of a folder and its sub-folders, by name; iterating gives the photos.

    Attributes
    ----------
    photos : list of PhotoFile
    skipped : list of SkippedFile
    """

    photos: list[PhotoFile] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)

    def __iter__(self) -> Iterator[PhotoFile]:
        return iter(self.photos)


def find_photos(folder: Path, run: Path) -> Listing:
    """List the photos of a folder and its sub-folders, and what else is there.

    Links to folders are followed, and each folder is listed once. Run folders, hidden files and what systems keep
    beside photos are skipped.

    Parameters
    ----------
    folder : Path
        Where to look.
    run : Path
        The run folder, in case it lies inside `folder`; it is not listed at all.

    Returns
    -------
    Listing
        Every file is either a photo or skipped.

    Raises
    ------
    RunFolderError
        If `folder` is not a folder.
    """
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is not a folder; give the folder that holds the photos.")
    found = Listing()
    listed = {identity(run)} if run.is_dir() else set()
    folders, linked = [folder], deque[Path]()
    # Folders come before links to them, so that photos go by their proper paths.
    while folders or linked:
        here = folders.pop() if folders else linked.popleft()
        name = photo_name(here, folder) + "/"
        try:
            itself = identity(here)
            entries = sorted(os.scandir(here), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            problem = f"This folder cannot be listed ({error.strerror}); check its permissions."
            found.photos.append(PhotoFile(name, problem=problem))
            continue
        if itself in listed:
            continue
        listed.add(itself)
        if here != folder and any(entry.name == JOURNAL_NAME for entry in entries):
            found.skipped.append(SkippedFile(name, ANOTHER_RUN))
            continue
        inner = [entry for entry in entries if _is_folder(entry)]
        for entry in inner:
            if reason := reason_to_skip_folder(entry.name):
                found.skipped.append(SkippedFile(photo_name(Path(entry.path), folder) + "/", reason))
        inner = [entry for entry in inner if not reason_to_skip_folder(entry.name)]
        linked.extend(Path(entry.path) for entry in inner if entry.is_symlink())
        folders.extend(Path(entry.path) for entry in reversed(inner) if not entry.is_symlink())
        for entry in entries:
            if not _is_folder(entry):
                _add_file(found, Path(entry.path), folder)
    found.photos.sort(key=lambda file: file.photo)
    found.skipped.sort(key=lambda file: file.file)
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _add_file(found: Listing, path: Path, folder: Path) -> None:
    """Add a file to the photos or to what is skipped. What is named as a photo and cannot be read is a photo."""
    name = photo_name(path, folder)
    try:
        status = path.stat()
    except OSError as error:
        if is_named_photo(path.name):
            problem = f"This file cannot be read ({error.strerror}); check the path and the disk."
            found.photos.append(PhotoFile(name, problem=problem))
        else:
            found.skipped.append(SkippedFile(name, f"cannot be read ({error.strerror})"))
        return
    if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device might never end
        if is_named_photo(path.name):
            found.photos.append(PhotoFile(name, problem="This file is a device or pipe, not a photo; remove it."))
        else:
            found.skipped.append(SkippedFile(name, NO_FILE))
    elif reason := reason_to_skip(path):
        found.skipped.append(SkippedFile(name, reason))
    else:
        found.photos.append(PhotoFile(name, _state(status)))


def _state(status: os.stat_result) -> str:
    """Size, times and number of a file: the time of the last change of its entry sees swapped names and kept times."""
    changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
    if not status.st_ino or time.time_ns() - changed_ns < _STEP_OF_CLOCKS_NS:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
