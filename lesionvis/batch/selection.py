"""The photos of a folder that a person names in a list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lesionvis.annotations.files import PhotoNames
from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.scan import Listing
from lesionvis.errors import RunFolderError
from lesionvis.files import read_text


def only_named(listing: Listing, only: Path | None) -> tuple[Listing, tuple[str, ...]]:
    """Leave out the photos that a list does not name.

    Parameters
    ----------
    listing : Listing
        Content of a folder.
    only : Path or None
        Text file in UTF-8 with one photo per line, its path relative to the folder, or its name where no other photo
        has it. Empty lines and those that begin with # do not count. None names all photos.

    Returns
    -------
    listing : Listing
        With the named photos.
    notes : tuple of str
        One sentence on each line that names no photo.

    Raises
    ------
    SettingsError
        If the list cannot be read.
    RunFolderError
        If it names no photo of the folder.
    """
    if only is None:
        return listing, ()
    lines = [line.strip() for line in read_text(only).splitlines()]
    names = PhotoNames(file.photo for file in listing.photos)
    found = {line: names.match(line) for line in lines if line and not line.startswith("#")}
    chosen = {photo for photo in found.values() if photo is not None}
    if not chosen:
        raise RunFolderError(f"The list {only} names no photo of the folder; give their paths, one per line.")
    notes = tuple(
        f'{only.name} names "{escape_control_characters(line)}", which is no photo of the folder, or several.'
        for line, photo in found.items()
        if photo is None
    )
    return replace(listing, photos=[file for file in listing.photos if file.photo in chosen]), notes
