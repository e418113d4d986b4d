"""One run at a time writes to a folder, and a disk without locks is told from another run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lesionvis.batch.lock import locked
from lesionvis.batch.places import LOCK_NAME
from lesionvis.errors import RunFolderError


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(RunFolderError, match=r"Another run is writing to .*; wait"),
        locked(tmp_path),
    ):
        pytest.fail("two runs had the same folder")
    with locked(tmp_path):
        assert (tmp_path / LOCK_NAME).exists()


class NoLocks(sqlite3.Connection):
    """Connection on a disk that grants no locks: SQLite then says that the database is busy."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "BEGIN EXCLUSIVE":
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(sql, *parameters)


def test_a_disk_that_grants_no_locks_is_no_other_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=NoLocks))
    with pytest.raises(RunFolderError, match=r"grants no locks.*give a folder on a local disk"):
        locked(tmp_path).__enter__()
    assert [path.name for path in tmp_path.iterdir()] in ([], [LOCK_NAME])


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from lesionvis.batch.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(RunFolderError, match="Another run"), locked(tmp_path):
            pytest.fail("the lock of the other process does not hold")
        process.kill()
        process.wait()
        with locked(tmp_path):
            pass
