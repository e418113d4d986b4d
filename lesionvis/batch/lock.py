"""The lock of a run folder: one run at a time writes to it."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lesionvis.batch.journal import problems_named
from lesionvis.batch.places import LOCK_NAME
from lesionvis.errors import RunFolderError

# Two runs that begin at the same moment each hold a part of the lock for an instant; then one of them has it.
_LOCK_SECONDS = 1.0


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Keep other runs out of a run folder; the system ends the lock together with the process.

    Parameters
    ----------
    run : Path
        An existing run folder.

    Yields
    ------
    None
        While the folder is locked.

    Raises
    ------
    RunFolderError
        If another run is writing to the folder, or its disk grants no locks.
    """
    # SQLite's own locks work on every system, unlike those of the standard library.
    with (
        problems_named(run),
        closing(_lock_database(run / LOCK_NAME)) as database,
    ):
        if not _is_granted(database):
            if _grants_locks(run):
                raise RunFolderError(f"Another run is writing to {run}; wait for its end or use another folder.")
            raise RunFolderError(
                f"The disk of {run} grants no locks, as some network drives do; give a folder on a local disk."
            )
        yield


def _lock_database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)


def _is_granted(database: sqlite3.Connection) -> bool:
    """Ask for the lock of a database, which is held until the database is closed."""
    try:
        database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        # SQLite says of a disk that grants no locks at all that the database is busy.
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _grants_locks(run: Path) -> bool:
    """Test whether a lock can be had on a new file, which no other run can hold."""
    trial = run / f"{LOCK_NAME}.{uuid.uuid4().hex}"
    try:
        with closing(_lock_database(trial)) as database:
            return _is_granted(database)
    finally:
        trial.unlink(missing_ok=True)
