"""The journal of a run: an SQLite file that knows the files, what they hold and what was found in them.

It is the memory of a run that is stopped and called again, and the result to query: the views `photos` and `spots`
are the two tables that a run writes, `candidates` has what was not taken for a spot, and `reasons` a row per rule of
the advice that fired.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from lesionvis.batch.facts import telling_facts
from lesionvis.batch.places import JOURNAL_NAME, is_same
from lesionvis.batch.rows import FAILED, RESULT_COLUMNS, SPOT_COLUMNS, Value
from lesionvis.batch.scan import Listing, PhotoFile
from lesionvis.batch.schema import SCHEMA, TABLE_LAYOUT
from lesionvis.errors import RunFolderError
from lesionvis.photo.dates import date_in_file_name

# Another program that reads the journal delays a run by this much at most.
_BUSY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run is of.

    Attributes
    ----------
    folder : str
        Absolute path of the folder of the photos.
    begun_at, finished_at : str
        Times in UTC, ISO 8601; `finished_at` is "" as long as tables and report are not those of the journal.
    """

    folder: str
    begun_at: str
    finished_at: str


class Journal:
    """Journal of one run folder, to be used as a context manager; made by `resume` or `read`.

    Changes survive a sudden end once they are committed, which leaving the context does as well.

    Parameters
    ----------
    run : Path
        Run folder.
    database : sqlite3.Connection
        Open connection to its journal.
    """

    def __init__(self, run: Path, database: sqlite3.Connection) -> None:
        self._run = run
        self._database = database

    @classmethod
    def resume(cls, run: Path, provenance: Mapping[str, str]) -> Journal:
        """Begin the journal of a run folder, or go on with it.

        Parameters
        ----------
        run : Path
            An existing folder.
        provenance : mapping of str to str
            What the results depend on, among it "model", "version" and "settings_hash".

        Returns
        -------
        Journal
            Ready to be written to.

        Raises
        ------
        RunFolderError
            If there is a journal that is damaged or was made with another provenance.
        """
        wanted = dict(provenance) | {"table_layout": TABLE_LAYOUT}
        with problems_named(run):
            database = sqlite3.connect(run / JOURNAL_NAME, timeout=_BUSY_SECONDS)
            database.execute("PRAGMA synchronous = NORMAL")
            journal = cls(run, database)
            if not journal._has_tables():
                # One transaction, so that no run finds half a journal.
                database.executescript(f"BEGIN; {SCHEMA}")
                database.executemany("INSERT INTO provenance VALUES (?, ?)", wanted.items())
                database.commit()
        journal._refuse_other(wanted)
        return journal

    @classmethod
    def read(cls, run: Path) -> Journal:
        """Open the journal of a run folder to read it, also while a run is writing.

        Parameters
        ----------
        run : Path
            Run folder.

        Returns
        -------
        Journal
            Read-only.

        Raises
        ------
        RunFolderError
            If the folder holds no run, or its journal is damaged.
        """
        path = run / JOURNAL_NAME
        if not path.is_file():
            raise RunFolderError(f"{run} holds no run ({JOURNAL_NAME} is missing); give the folder of --out.")
        with problems_named(run):
            uri = _read_only_uri(Path(os.path.abspath(path)))  # noqa: PTH100 - a mapped drive keeps its letter
            _finish_roll_back(uri)
            database = sqlite3.connect(uri, timeout=_BUSY_SECONDS, uri=True)
            journal = cls(run, database)
            if not journal._has_tables():
                raise RunFolderError(f"The run in {run} was stopped before it began; call it again.")
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # What was recorded is right, whatever stopped the run.
            self.commit()
        finally:
            self._database.close()

    def provenance(self) -> dict[str, str]:
        """Settings, models and versions that the results depend on.

        Returns
        -------
        dict of str to str
            Value by name.
        """
        return dict(self.select("SELECT name, value FROM provenance"))

    def origin(self) -> Origin:
        """Folder of the photos, and when the run began and ended.

        Returns
        -------
        Origin
            With empty texts when nothing was recorded.
        """
        return Origin(*next(self.select("SELECT folder, begun_at, finished_at FROM origin"), ("", "", "")))

    def record_begin(self, folder: Path, photos: Collection[str]) -> None:
        """Record the folder of the photos, and that the run is not finished.

        A folder that was moved is the same folder: its old path is gone, and photos of the run are in it.

        Parameters
        ----------
        folder : Path
            Folder of the photos.
        photos : collection of str
            Photos that are in it now.

        Raises
        ------
        RunFolderError
            If the run is of the photos of another folder, whose rows would be lost.
        """
        held = self.origin()
        was_moved = not Path(held.folder).exists() and self._holds_any(photos)
        if held.folder and not was_moved and not is_same(Path(held.folder), folder):
            raise RunFolderError(
                f"{self._run} holds the run of the photos in {held.folder}, not in {folder}; give another folder for "
                "the results of this one."
            )
        path = os.path.abspath(folder)  # noqa: PTH100 - a link stays a link
        self.change("DELETE FROM origin")
        self.change("INSERT INTO origin VALUES (?, ?, '')", [(path, held.begun_at or utc_now())])
        self.commit()

    def record_end(self) -> None:
        """Record that the tables and the report are written."""
        self.change("UPDATE origin SET finished_at = ?", [(utc_now(),)])
        self.commit()

    def record_change(self) -> None:
        """Record that the tables and the report are no longer those of the journal; not yet committed."""
        self.change("UPDATE origin SET finished_at = ''")

    def commit(self) -> None:
        """Make everything recorded so far survive a sudden end."""
        with problems_named(self._run):
            self._database.commit()

    def _holds_any(self, photos: Iterable[str]) -> bool:
        """Whether some of the photos were read before, or none at all was."""
        known = self.known_files()
        return not known or any(photo in known for photo in photos)

    def photos(self) -> list[str]:
        """All photos of the run, also those that could not be read: names of pictures follow from all of them.

        Returns
        -------
        list of str
            By name.
        """
        return [photo for (photo,) in self.select("SELECT photo FROM files ORDER BY photo")]

    def known_files(self) -> dict[str, tuple[str, str]]:
        """Files that could be read.

        Returns
        -------
        dict of str to (str, str)
            State (`PhotoFile`) and sha256, by photo.
        """
        rows = self.select("SELECT photo, state, sha256 FROM files WHERE sha256 IS NOT NULL")
        return {photo: (state, digest) for photo, state, digest in rows}

    def record_file(self, file: PhotoFile, digest: str | None) -> None:
        """Record a file; not yet committed.

        Parameters
        ----------
        file : PhotoFile
            As found in the folder.
        digest : str or None
            SHA-256 of the content in hexadecimal digits; None where it cannot be read.
        """
        date = date_in_file_name(PurePosixPath(file.photo).name)
        row = (file.photo, digest, file.state, file.problem, date.isoformat() if date else "")
        self.change("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", [row])

    def keep_files(self, listing: Listing) -> None:
        """Drop all files but those of a folder; the results of dropped ones are kept, in case they were moved.

        Parameters
        ----------
        listing : Listing
            Content of the folder.
        """
        self.change("CREATE TEMP TABLE kept (photo TEXT PRIMARY KEY)")
        self.change("INSERT INTO kept VALUES (?)", ((file.photo,) for file in listing))
        self.change("DELETE FROM files WHERE photo NOT IN (SELECT photo FROM kept)")
        self.change("DROP TABLE kept")
        self.change("DELETE FROM skipped")
        self.change("INSERT INTO skipped VALUES (?, ?)", ((file.file, file.reason) for file in listing.skipped))
        self.commit()

    def change(self, query: str, rows: Iterable[tuple[Value, ...]] = ((),)) -> None:
        """Change a table, row by row; not yet committed.

        Parameters
        ----------
        query : str
            SQL with a place for each value.
        rows : iterable of tuple
            Values.
        """
        with problems_named(self._run):
            self._database.executemany(query, rows)

    def select(self, query: str, values: Iterable[Value] = ()) -> Iterator[Any]:
        """Yield the rows of a query.

        Parameters
        ----------
        query : str
            SQL with a place for each value.
        values : iterable of value
            In the order of their places.

        Yields
        ------
        tuple
        """
        with problems_named(self._run):
            yield from self._database.execute(query, tuple(values))

    def forget_failures(self) -> None:
        """Drop the results of photos that failed, so that they are tried again."""
        self.change("DELETE FROM results WHERE status = ?", [(FAILED,)])
        self.commit()

    def contents(self) -> Iterator[tuple[str, list[str], str | None]]:
        """Yield the key (`content_key`), photos and status of each content; the status is None while it waits."""
        query = (
            "SELECT files.sha256, files.photo, results.status FROM files LEFT JOIN results USING (sha256) "
            "WHERE files.sha256 IS NOT NULL ORDER BY files.sha256, files.photo"
        )
        digest, status = "", None
        photos: list[str] = []
        for next_digest, photo, next_status in self.select(query):
            if next_digest != digest and photos:
                yield digest, photos, status
                photos = []
            digest, status = next_digest, next_status
            photos.append(photo)
        if photos:
            yield digest, photos, status

    def record(
        self,
        digest: str,
        row: Mapping[str, Value],
        spots: Iterable[Iterable[Value]],
        reasons: Iterable[tuple[str, str]] = (),
        candidates: Iterable[Iterable[float]] = (),
    ) -> None:
        """Record the result of one content; not yet committed.

        Parameters
        ----------
        digest : str
            Key of the content, from `content_key`.
        row : mapping of str to value
            Values of `RESULT_COLUMNS`.
        spots : iterable of iterable of value
            Rows of `SPOT_COLUMNS`.
        reasons : iterable of (str, str)
            Number and reason of each rule of the level.
        candidates : iterable of iterable of float
            x, y, diameter (source px) and score of what was not taken for a spot.
        """
        holes = ", ".join("?" * (1 + len(RESULT_COLUMNS)))
        spot_holes = ", ".join("?" * (1 + len(SPOT_COLUMNS)))
        self.change("DELETE FROM result_spots WHERE sha256 = ?", [(digest,)])
        values = (digest, *(row[name] for name in RESULT_COLUMNS))
        self.change(f"INSERT OR REPLACE INTO results VALUES ({holes})", [values])  # noqa: S608
        rows = [(digest, *spot) for spot in spots]
        self.change(f"INSERT INTO result_spots VALUES ({spot_holes})", rows)  # noqa: S608
        rest = json.dumps([list(one) for one in candidates], separators=(",", ":"))
        self.change("INSERT OR REPLACE INTO result_candidates VALUES (?, ?)", [(digest, rest)])
        self.change("DELETE FROM result_reasons WHERE sha256 = ?", [(digest,)])
        told = [(digest, number, *reason) for number, reason in enumerate(reasons, start=1)]
        self.change("INSERT INTO result_reasons VALUES (?, ?, ?, ?)", told)

    def record_unread(self, digest: str, problem: str) -> None:
        """Record that the files of one content can no longer be read as such; not yet committed.

        Parameters
        ----------
        digest : str
            SHA-256 that the files had.
        problem : str
            One sentence for the table.
        """
        self.change("UPDATE files SET sha256 = NULL, problem = ? WHERE sha256 = ?", [(problem, digest)])

    def pictures(self) -> dict[str, str]:
        """Pictures that were written.

        Returns
        -------
        dict of str to str
            SHA-256 of the photo that is shown, by file in the run folder.
        """
        return dict(self.select("SELECT file, sha256 FROM pictures"))

    def record_pictures(self, digest: str, files: Iterable[str]) -> None:
        """Record the pictures of a photo; not yet committed.

        Parameters
        ----------
        digest : str
            SHA-256 of the photo.
        files : iterable of str
            Files in the run folder that show it.
        """
        self.change("INSERT OR REPLACE INTO pictures VALUES (?, ?)", [(file, digest) for file in files])

    def forget_pictures(self, files: Iterable[str]) -> None:
        """Drop the records of some pictures, before these are overwritten or removed.

        Parameters
        ----------
        files : iterable of str
            Files in the run folder.
        """
        self.change("DELETE FROM pictures WHERE file = ?", [(file,) for file in files])
        self.commit()

    def table(self, view: str) -> tuple[list[str], Iterator[tuple[Value, ...]]]:
        """Read a view of the journal.

        Parameters
        ----------
        view : str
            "photos", "spots", "candidates", "reasons" or "skipped".

        Returns
        -------
        columns : list of str
            Names of the columns.
        rows : iterator of tuple
            Rows in the order of photos and spots.
        """
        order = {
            "photos": "photo",
            "spots": "photo, spot",
            "candidates": "photo, candidate",
            "reasons": "photo, number",
            "skipped": "file",
        }[view]
        with problems_named(self._run):
            cursor = self._database.execute(f"SELECT * FROM {view} ORDER BY {order}")  # noqa: S608
        return [column[0] for column in cursor.description], iter(cursor)

    def records(self, view: str) -> Iterator[dict[str, Value]]:
        """Rows of a view by the names of its columns.

        Parameters
        ----------
        view : str
            As for `table`.

        Returns
        -------
        iterator of dict of str to value
            In the same order.
        """
        columns, rows = self.table(view)
        return (dict(zip(columns, row, strict=True)) for row in rows)

    def candidate_scores(self, photo: str) -> list[float]:
        """Scores of what was not taken for a spot in a photo.

        Parameters
        ----------
        photo : str

        Returns
        -------
        list of float
        """
        query = "SELECT candidates FROM result_candidates JOIN files USING (sha256) WHERE photo = ?"
        (held,) = next(self.select(query, [photo]), ("[]",))
        return [score for *_, score in json.loads(held)]

    def counts(self, column: str) -> dict[str, int]:
        """Number of photos by value of a column of the view of photos.

        Parameters
        ----------
        column : str
            One of `RESULT_COLUMNS`.

        Returns
        -------
        dict of str to int
            Most frequent value first.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        if column not in RESULT_COLUMNS:
            raise KeyError(column)
        return dict(self.select(f'SELECT "{column}", count(*) FROM photos GROUP BY 1 ORDER BY 2 DESC, 1'))  # noqa: S608

    def skipped_counts(self) -> dict[str, int]:
        """Number of skipped files and folders by reason.

        Returns
        -------
        dict of str to int
            Most frequent reason first.
        """
        return dict(self.select("SELECT reason, count(*) FROM skipped GROUP BY 1 ORDER BY 2 DESC, 1"))

    def _has_tables(self) -> bool:
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'provenance'"
        return bool(self._database.execute(query).fetchone()[0])

    def _refuse_other(self, wanted: Mapping[str, str]) -> None:
        """Refuse a journal with another provenance; the message names what differs."""
        telling = telling_facts(self.provenance(), wanted)
        if telling:
            differences = "; ".join(f"{name} is {there} there and {now} now" for name, (there, now) in telling.items())
            raise RunFolderError(
                f"{self._run} holds a run that was made differently: {differences}. "
                "Use the same settings and versions, or another folder for this run."
            )


def utc_now() -> str:
    """Time in UTC.

    Returns
    -------
    str
        ISO 8601, to the second.
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read_only_uri(path: PurePath) -> str:
    r"""Address by which SQLite opens a file to read it; it takes no host, so that a Windows share goes into the path.

    >>> from pathlib import PurePosixPath, PureWindowsPath
    >>> _read_only_uri(PurePosixPath("/data/run?/run.sqlite"))
    'file:///data/run%3F/run.sqlite?mode=ro'
    >>> _read_only_uri(PureWindowsPath(r"\\nas\photos\run.sqlite"))
    'file:////nas/photos/run.sqlite?mode=ro'
    >>> _read_only_uri(PureWindowsPath(r"D:\run\run.sqlite"))
    'file:///D:/run/run.sqlite?mode=ro'
    """
    text = path.as_posix()
    slash = "" if text.startswith("/") else "/"
    return f"file://{slash}{quote(text, safe='/:')}?mode=ro"


def _finish_roll_back(uri: str) -> None:
    """Take back what a run that was killed had half written: who only reads may not, and SQLite then refuses."""
    with closing(sqlite3.connect(uri, timeout=_BUSY_SECONDS, uri=True)) as database:
        try:
            database.execute("SELECT count(*) FROM sqlite_master")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
    with closing(sqlite3.connect(uri.replace("?mode=ro", "?mode=rw"), timeout=_BUSY_SECONDS, uri=True)) as database:
        database.execute("SELECT count(*) FROM sqlite_master")


@contextmanager
def problems_named(run: Path) -> Iterator[None]:
    """Turn SQLite's errors that the surroundings cause into one sentence.

    Parameters
    ----------
    run : Path
        Run folder.

    Yields
    ------
    None
        While SQLite is used.

    Raises
    ------
    RunFolderError
        For the disk, the permissions or damage.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise RunFolderError(
                f"The journal in {run} stays locked; close what uses it, or, if its disk grants no locks, as some "
                "network drives do, copy the folder to a local disk."
            ) from error
        raise RunFolderError(
            f"The journal in {run} cannot be used ({error}); check the disk and permissions, then run the same "
            "command again: what is finished is kept."
        ) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:  # the others are faults of this module
            raise
        raise RunFolderError(f"The journal in {run} is damaged ({error}); remove the folder and run again.") from error
