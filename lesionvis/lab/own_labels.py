"""Labels of somebody's own photos: from a table beside a folder, and from what persons said of the photos of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lesionvis.batch.given import Given
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import photo_digest, photo_path
from lesionvis.batch.places import JOURNAL_NAME
from lesionvis.batch.reviews import Review, last_reviews
from lesionvis.batch.study import excluded_places, given_for, table_rows
from lesionvis.batch.study_table import PATIENT, PATTERN, PHOTO, StudyTable, cell_of, read_study_table
from lesionvis.errors import SettingsError
from lesionvis.lab.truth import OWN_SOURCE, Label
from lesionvis.labels import NO_SPOTS, PATTERNS, UNCERTAIN
from lesionvis.pattern.pattern import CLASSES
from lesionvis.spots.drawn import DrawnSpots

ANSWERS = (*CLASSES, NO_SPOTS)
"""What a photo may be said to show; bare skin is learnt as something else, and from "uncertain" nothing is learnt."""
GROUP = "group"
"""Column of a table of labels for photos of the same person or lesion, where no patient is named."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnPhoto:
    """A photo with its label.

    Attributes
    ----------
    label : Label
        Its photo is an absolute path.
    mask : str or None
        File with the places to leave out.
    drawn : DrawnSpots or None
        Spots that a person drew.
    """

    label: Label
    mask: str | None = None
    drawn: DrawnSpots | None = None


def own_photos(places: Sequence[Path], labels_file: Path | None) -> list[OwnPhoto]:
    """Photos of folders and reviewed runs with what persons said that they show.

    Parameters
    ----------
    places : sequence of Path
        Run folders, and at most one folder of photos.
    labels_file : Path or None
        Table of labels of the folder of photos.

    Returns
    -------
    list of OwnPhoto
        Each content once.

    Raises
    ------
    SettingsError
        If a label is none, a photo is missing, or the same photo has different labels.
    RunFolderError
        If a run cannot be read.
    """
    runs = [place for place in places if (place / JOURNAL_NAME).is_file()]
    folders = [place for place in places if place not in runs]
    if len(folders) > 1:
        raise SettingsError(f"{folders[1]} is no run folder; give one folder of photos, with --labels, and runs.")
    if folders and labels_file is None:
        raise SettingsError(f"{folders[0]} is no run folder; say by --labels what its photos show.")
    if labels_file is not None and not folders:
        raise SettingsError(f"The labels in {labels_file} are of no folder; name the folder of their photos too.")
    found = [photo for run in runs for photo in labels_of_run(run)]
    if labels_file is not None:
        found += labels_of_table(folders[0], labels_file)
    return _each_once(found)


def labels_of_table(folder: Path, file: Path) -> list[OwnPhoto]:
    """Read and check a table of labels.

    Parameters
    ----------
    folder : Path
        Of the photos.
    file : Path
        As `read_study_table` takes it, with the columns photo and pattern; where photos are of the same person or
        lesion, patient or group as well. Other columns are not looked at.

    Returns
    -------
    list of OwnPhoto
        In the order of the table.

    Raises
    ------
    SettingsError
        If the table is damaged, or a photo is missing.
    """
    table = read_study_table(file)
    if not any(cell_of(row, PATTERN) for row in _rows(table)):
        raise SettingsError(f'The table {file} says nothing in a column "{PATTERN}"; say there what each photo shows.')
    found = []
    for number, row in enumerate(_rows(table), start=2):
        photo = cell_of(row, PHOTO)
        path = folder / photo
        if not photo or not path.is_file():
            raise SettingsError(f'Line {number} of {file}: there is no photo "{photo}" in {folder}.')
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        group = next((cell.strip() for name, cell in row.items() if name.lower() == GROUP), "")
        pattern = cell_of(row, PATTERN)
        if pattern.lower() != UNCERTAIN:
            label = _label(path, digest, pattern, group or cell_of(row, PATIENT), f"Line {number} of {file}")
            found.append(OwnPhoto(label))
    return found


def labels_of_run(run: Path) -> list[OwnPhoto]:
    """Photos of a run for which a person said what they show: on the review page, or in the table about the photos.

    Parameters
    ----------
    run : Path
        Run folder.

    Returns
    -------
    list of OwnPhoto
        By name.

    Raises
    ------
    RunFolderError
        If it is no run, or a mask that the table names is gone.
    SettingsError
        If nobody said what a photo shows, a label is none, or a photo is gone or was changed.
    """
    with Journal.read(run) as journal:
        keys = {photo: key for photo, (_, key) in journal.known_files().items()}
        told = table_rows(journal)
        reviews = last_reviews(journal)
        given = given_for(journal, {}, as_found=False)
        masks = excluded_places(journal, keys)
        folder = Path(journal.origin().folder)
    found = []
    for photo, key in sorted(keys.items()):
        reviewed = reviews.get(photo_digest(key), Review()).pattern
        pattern = reviewed or cell_of(told.get(photo, {}), PATTERN)
        if pattern.lower() in ("", UNCERTAIN):
            continue
        path, digest = photo_path(photo, folder), photo_digest(key)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise SettingsError(f"{run}: the photo {path} is gone or was changed; run lesionvis batch again.")
        label = _label(path, digest, pattern, cell_of(told.get(photo, {}), PATIENT), f"{run}, {photo}")
        found.append(OwnPhoto(label, masks.get(photo), given.get(photo, Given()).drawn))
    if not found:
        raise SettingsError(
            f"{run}: nobody said what its photos show; do so by lesionvis review, or in a column "
            f'"{PATTERN}" of the table for --metadata.'
        )
    return found


def _rows(table: StudyTable) -> Iterator[dict[str, str]]:
    return (dict(zip(table.columns, row, strict=True)) for row in table.rows)


def _label(path: Path, digest: str, pattern: str, group: str, place: str) -> Label:
    """Label of a photo, checked."""
    named = pattern.strip().lower().replace(" ", "_")
    if named not in ANSWERS:
        raise SettingsError(f'{place}: the pattern "{pattern}" is none of {", ".join(ANSWERS)}.')
    is_bare = named == NO_SPOTS
    accept = (named,) if named in PATTERNS else (UNCERTAIN, NO_SPOTS) if is_bare else (UNCERTAIN,)
    return Label(
        photo=str(path.absolute()),
        sha256=digest,
        source=OWN_SOURCE,
        diagnosis="",
        pattern="other" if is_bare else named,
        certainty="clear",
        accept=accept,
        n_spots="0" if is_bare else "",
        # Never that of a patient of another table.
        group=f"{OWN_SOURCE}:{group or digest}",
        note="",
    )


def _each_once(photos: Iterable[OwnPhoto]) -> list[OwnPhoto]:
    """Photos without the copies of the same file; refused where these have different labels."""
    found: dict[str, OwnPhoto] = {}
    for photo in photos:
        held = found.setdefault(photo.label.sha256, photo)
        if held.label.accept != photo.label.accept:
            raise SettingsError(
                f"{held.label.photo} and {photo.label.photo} are the same photo with different labels; leave one."
            )
    return list(found.values())
