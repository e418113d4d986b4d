"""The pictures of a run, masks, overlays and thumbnails: which files there are to be, and how they get there.

Every file is written whole or not at all, and the journal knows which photo each one shows. A file is forgotten
before it changes, so that after a sudden end no file passes for the picture of another photo.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lesionvis.annotations.files import WRITERS
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import picture_files

ANNOTATIONS = {kind: extension for kind, (extension, _) in WRITERS.items()}
"""Formats of `lesionvis.annotations` -> extension: the outlines of a photo as other programs read them."""

KINDS = {"masks": ".png", "overlays": ".jpg", "thumbnails": ".jpg", **ANNOTATIONS}
"""Kind of picture, which is the name of its folder -> extension."""

ALWAYS = ("thumbnails",)
"""Kinds that every run has; the report shows them."""

WORKSHOP = ".unfinished"
"""Folder inside the run folder where files are written before they are moved to their place."""


def held_kinds(run: Path, journal: Journal) -> set[str]:
    """Kinds of pictures that a run folder holds.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal

    Returns
    -------
    set of str
        Keys of `KINDS`; a kind whose folder was removed is not among them.
    """
    return {kind for kind in {file.partition("/")[0] for file in journal.pictures()} if (run / kind).is_dir()}


class RunPictures:
    """Pictures of a run: those it is to have, and those it has.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
    photos : iterable of str
        Names of all photos of the run.
    kinds : iterable of str
        Keys of `KINDS` that are wanted.
    """

    def __init__(self, run: Path, journal: Journal, photos: Iterable[str], kinds: Iterable[str]) -> None:
        self._run = run
        self._journal = journal
        names = list(photos)
        self._files = {kind: picture_files(names, kind, KINDS[kind]) for kind in kinds}
        self._held = {file: digest for file, digest in journal.pictures().items() if (run / file).is_file()}

    def lacks(self, digest: str, photos: Iterable[str]) -> bool:
        """Test whether a picture of one of some photos of the same content is missing.

        Parameters
        ----------
        digest : str
            SHA-256 of the photos.
        photos : iterable of str
            Names of the photos.

        Returns
        -------
        bool
            True if one is missing.
        """
        return any(self._held.get(file) != digest for file in self._wanted(photos))

    def put(self, digest: str, photos: Iterable[str], pictures: Mapping[str, bytes]) -> None:
        """Write the pictures of photos of the same content; recorded, not yet committed.

        Parameters
        ----------
        digest : str
            SHA-256 of the photos.
        photos : iterable of str
            Names of the photos.
        pictures : mapping of str to bytes
            Encoded pictures by kind.
        """
        files = {self._files[kind][photo]: content for photo in photos for kind, content in pictures.items()}
        self._forget(file for file in files if self._held.get(file, digest) != digest)
        for file, content in files.items():
            self._place(unfinished_file(self._run, content), file)
        self._record(digest, files)

    def share(self, contents: Iterable[tuple[str, list[str]]]) -> None:
        """Copy pictures to further photos of the same content: duplicates, and files that were moved.

        Parameters
        ----------
        contents : iterable of (str, list of str)
            Digest and photos of each content that has a result.
        """
        sources = {(file.partition("/")[0], digest): file for file, digest in self._held.items()}
        copies: list[tuple[Path, str, str]] = []
        for digest, photos in contents:
            for file in self._wanted(photos):
                source = sources.get((file.partition("/")[0], digest))
                if source is not None and self._held.get(file) != digest:
                    # All copies are made before any is placed: a source may itself be overwritten.
                    copies.append((unfinished_file(self._run, (self._run / source).read_bytes()), file, digest))
        self._forget(file for _, file, _ in copies)
        for unfinished, file, digest in copies:
            self._place(unfinished, file)
            self._record(digest, [file])

    def remove_strays(self) -> None:
        """Remove pictures whose photo is gone."""
        wanted = {file for files in self._files.values() for file in files.values()}
        strays = [file for file in self._held if file not in wanted]
        self._forget(strays)
        for file in strays:
            (self._run / file).unlink(missing_ok=True)

    def _wanted(self, photos: Iterable[str]) -> list[str]:
        return [files[photo] for photo in photos for files in self._files.values()]

    def _place(self, unfinished: Path, file: str) -> None:
        path = self._run / file
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.replace(path)

    def _record(self, digest: str, files: Iterable[str]) -> None:
        held = dict.fromkeys(files, digest)
        self._held |= held
        self._journal.record_pictures(digest, held)

    def _forget(self, files: Iterable[str]) -> None:
        """Forget files before they change, for good."""
        gone = list(files)
        if gone:
            self._journal.forget_pictures(gone)
        for file in gone:
            self._held.pop(file, None)


def unfinished_file(run: Path, content: bytes = b"") -> Path:
    """Make a new file of a run folder, safe on the disk, that is to be moved to its place once it is complete.

    Parameters
    ----------
    run : Path
        Run folder.
    content : bytes
        First content of the file.

    Returns
    -------
    Path
        In the workshop of the run folder.
    """
    folder = run / WORKSHOP
    folder.mkdir(exist_ok=True)
    path = folder / uuid.uuid4().hex
    with path.open("wb") as file:
        file.write(content)
        _save(file)
    return path


@contextmanager
def written_whole(run: Path, name: str, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file of a run folder that takes its place once all is written and safe on the disk, or not at all.

    Parameters
    ----------
    run : Path
        Run folder.
    name : str
        Name of the file in the run folder.
    mode : str
        "w" for UTF-8 text, "wb" for bytes.

    Yields
    ------
    file
        Open for writing.
    """
    unfinished = unfinished_file(run)
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    with unfinished.open(mode, encoding=encoding, newline=newline) as file:
        yield file
        _save(file)
    unfinished.replace(run / name)


def remove_unfinished(run: Path) -> None:
    """Remove the unfinished files of an interrupted run.

    Parameters
    ----------
    run : Path
        Run folder.
    """
    shutil.rmtree(run / WORKSHOP, ignore_errors=True)


def _save(file: IO[Any]) -> None:
    """Wait until the disk has it: a file that is moved before may be empty after a power cut."""
    file.flush()
    os.fsync(file.fileno())
