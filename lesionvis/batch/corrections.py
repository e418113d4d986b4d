"""Files with spots that a person drew -> the photos that they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lesionvis.annotations.base import AnnotationFile
from lesionvis.annotations.files import ANNOTATION_EXTENSIONS, PhotoNames, photo_of_file, read_annotations
from lesionvis.batch.names import escape_control_characters
from lesionvis.errors import RunFolderError, SettingsError
from lesionvis.spots.drawn import DrawnSpots

Reader = Callable[[Sequence[Path]], Iterable["ReadFile"]]
"""Reads files, in any order."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read, or the reason why it was not.

    Attributes
    ----------
    path : Path
    content : AnnotationFile or None
    problem : str
        One sentence; "" where the file was read.
    """

    path: Path
    content: AnnotationFile | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Corrections:
    """Spots that a person drew on the photos of a run.

    Attributes
    ----------
    spots : dict of str to (DrawnSpots, str)
        Photo -> its spots, and the file that they are from.
    problems : dict of str to str
        Photos whose spots cannot be used, and one sentence each.
    notes : list of str
        Sentences on files that are about no photo of the run.
    """

    spots: dict[str, tuple[DrawnSpots, str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def annotation_files(place: Path) -> list[Path]:
    """Files that may hold spots.

    Parameters
    ----------
    place : Path
        A folder, in whose sub-folders is looked too, or one file.

    Returns
    -------
    list of Path
        By name.

    Raises
    ------
    RunFolderError
        If there is no such place, or no such file in it.
    """
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise RunFolderError(f"The corrections {place} do not exist; give a folder or a file with drawn spots.")
    found = [
        path
        for path in sorted(place.rglob("*"))
        if path.suffix.lower() in ANNOTATION_EXTENSIONS and path.is_file() and not path.name.startswith(".")
    ]
    if not found:
        endings = ", ".join(sorted(ANNOTATION_EXTENSIONS))
        raise RunFolderError(f"The folder of corrections {place} holds no file with drawn spots ({endings}).")
    return found


def read_files(paths: Sequence[Path]) -> list[ReadFile]:
    """Read a few files, whatever is wrong with them.

    Parameters
    ----------
    paths : sequence of Path

    Returns
    -------
    list of ReadFile
        In the same order.
    """
    found = []
    for path in paths:
        try:
            found.append(ReadFile(path, read_annotations(path)))
        except SettingsError as error:
            found.append(ReadFile(path, None, escape_control_characters(str(error))))
        except Exception as error:  # one file never stops a run
            fault = f"{path.name} met a fault of lesionvis ({type(error).__name__}: {error}); please report it."
            found.append(ReadFile(path, None, escape_control_characters(fault)))
    return found


def find_corrections(
    place: Path | None, named: Mapping[str, Path], photos: Iterable[str], read: Reader = read_files
) -> Corrections:
    """Find the photos that the files of a folder, and those that a table names, are about.

    A file goes with the photo of its name, unless it names photos itself, as COCO does.

    Parameters
    ----------
    place : Path or None
        A folder or one file.
    named : mapping of str to Path
        Photo -> file that a table names for it.
    photos : iterable of str
        Names of all photos of the run.
    read : callable
        `read_files`, or what does the same on several processors.

    Returns
    -------
    Corrections

    Raises
    ------
    RunFolderError
        If the place cannot be used.
    """
    files = annotation_files(place) if place is not None else []
    folder = place if place is not None and place.is_dir() else None
    names = PhotoNames(photos)
    found = Corrections()
    origins: dict[str, list[str]] = {}
    by_path = {file.path: file for file in read(list(dict.fromkeys((*files, *named.values()))))}
    for path in files:
        shown = path.relative_to(folder).as_posix() if folder else path.name
        for name, told in _contents(by_path[path]):
            photo = names.match(name) if name else photo_of_file(shown, names)
            _enter(found, origins, photo, name, shown, told)
    for photo, path in named.items():
        wanted = [told for name, told in _contents(by_path[path]) if not name or names.match(name) == photo]
        told = wanted[0] if wanted else f"{path.name} says nothing of this photo; name another file."
        _enter(found, origins, photo, "", path.name, told)
    for photo, sources in origins.items():
        if len(sources) > 1:
            found.problems[photo] = (
                f"There are several files with spots of this photo: {', '.join(sources)}; leave one."
            )
    for photo in found.problems:
        found.spots.pop(photo, None)
    return found


def _contents(file: ReadFile) -> Iterator[tuple[str, DrawnSpots | str]]:
    """Photos that a file is about, "" for the one of its own name, with their spots or what is wrong with them."""
    if file.content is None:
        yield "", file.problem
    else:
        yield from file.content.spots.items()
        yield from file.content.problems.items()


def _enter(
    found: Corrections, origins: dict[str, list[str]], photo: str | None, name: str, file: str, told: DrawnSpots | str
) -> None:
    if photo is None:
        about = f'{file} is about "{name}", which' if name else f"{file}"
        sentence = f"{about} matches no photo of the folder, or several; give it the path of the photo."
        if isinstance(told, str) and not name:
            sentence = told
        found.notes.append(escape_control_characters(sentence))
        return
    origins.setdefault(photo, []).append(file)
    if isinstance(told, str):
        found.problems[photo] = escape_control_characters(told)
    else:
        found.spots[photo] = (told, file)
