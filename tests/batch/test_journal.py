"""The journal remembers what was committed, and refuses what does not belong to its run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lesionvis.batch import journal as journal_module
from lesionvis.batch.journal import Journal, Origin
from lesionvis.batch.places import JOURNAL_NAME
from lesionvis.batch.rows import failed_row
from lesionvis.batch.scan import Listing, PhotoFile, SkippedFile
from lesionvis.batch.summary import run_status, run_summary
from lesionvis.errors import RunFolderError

FACTS = {"px_per_mm": "null", "model": "pattern-v2", "version": "1", "settings_hash": "a"}


def test_what_was_recorded_is_there_again(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("b.jpg", "3 5"), "two")
        journal.record_file(PhotoFile("a.jpg", "2 4"), "one")
        journal.record_file(PhotoFile("c.jpg", "2 4"), "one")
        journal.record("one", failed_row("This file is empty."), [])
    with Journal.resume(tmp_path, FACTS) as journal:
        assert journal.known_files() == {"a.jpg": ("2 4", "one"), "b.jpg": ("3 5", "two"), "c.jpg": ("2 4", "one")}
        assert list(journal.contents()) == [("one", ["a.jpg", "c.jpg"], "failed"), ("two", ["b.jpg"], None)]
        assert journal.counts("status") == {"failed": 2, "waiting": 1}
        assert journal.provenance()["model"] == "pattern-v2"


def test_each_file_has_the_date_of_the_camera_or_else_that_of_its_own_name(tmp_path: Path) -> None:
    dated = {**failed_row(""), "taken_at": "2025-03-09T17:45:01-05:00"}
    with Journal.resume(tmp_path, FACTS) as journal:
        for photo, digest in (
            ("2020-01-02/a.jpg", "undated"),
            ("a/2020-01-02.jpg", "undated"),
            ("b/2021-01-02.jpg", "undated"),
            ("c/2022-01-02.jpg", "dated"),
        ):
            journal.record_file(PhotoFile(photo), digest)
        journal.record("undated", failed_row(""), [])
        journal.record("dated", dated, [])
        columns, rows = journal.table("photos")
        found = {row[0]: (row[columns.index("taken_at")], row[columns.index("taken_at_source")]) for row in rows}
    assert found == {
        "2020-01-02/a.jpg": ("", ""),
        "a/2020-01-02.jpg": ("2020-01-02T00:00:00", "file name"),
        "b/2021-01-02.jpg": ("2021-01-02T00:00:00", "file name"),
        "c/2022-01-02.jpg": ("2025-03-09T17:45:01-05:00", "camera"),
    }


def test_results_outlive_their_files_and_failures_can_be_forgotten(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("a.jpg"), "one")
        journal.record("one", failed_row("no"), [])
        journal.keep_files(Listing())
        assert list(journal.contents()) == []
        journal.record_file(PhotoFile("moved/a.jpg"), "one")
        assert list(journal.contents()) == [("one", ["moved/a.jpg"], "failed")]
        journal.forget_failures()
        assert list(journal.contents()) == [("one", ["moved/a.jpg"], None)]


def test_an_error_in_a_run_keeps_what_was_recorded(tmp_path: Path) -> None:
    def run() -> None:
        with Journal.resume(tmp_path, FACTS) as journal:
            journal.record_pictures("one", ["masks/a.png"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    with Journal.read(tmp_path) as journal:
        assert journal.pictures() == {"masks/a.png": "one"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"px_per_mm": "8.0", "settings_hash": "b"}, "px_per_mm is null there and 8.0 now"),
        ({"model": "my-model", "settings_hash": "b"}, "model is pattern-v2 there and my-model now"),
        ({"version": "2"}, "version is 1 there and 2 now"),
        ({"settings_hash": "b"}, "settings_hash is a there and b now"),
        ({"new": "x"}, "new is None there and x now"),
    ],
)
def test_another_run_is_refused_with_the_difference_named(tmp_path: Path, changed: dict[str, str], words: str) -> None:
    Journal.resume(tmp_path, FACTS).__exit__(None, None, None)
    with pytest.raises(RunFolderError, match="made differently") as caught:
        Journal.resume(tmp_path, FACTS | changed)
    assert words in str(caught.value)
    assert str(caught.value).count(" there and ") == 1


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_bytes(b"this is no database, but it is long enough to look like one" * 50)
    with pytest.raises(RunFolderError, match="is damaged"):
        Journal.resume(tmp_path, FACTS)


def test_a_folder_without_a_run_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no run"):
        Journal.read(tmp_path)
    (tmp_path / JOURNAL_NAME).touch()
    with pytest.raises(RunFolderError, match="before it began"):
        Journal.read(tmp_path)


def test_a_journal_that_stays_locked_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal.resume(tmp_path, FACTS).__exit__(None, None, None)
    monkeypatch.setattr(journal_module, "_BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(tmp_path / JOURNAL_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RunFolderError, match=r"stays locked; .* copy the folder to a local disk"):
            Journal.read(tmp_path)
    with Journal.read(tmp_path) as journal:
        assert journal.provenance()["version"] == "1"


def test_a_run_that_was_killed_while_it_wrote_can_be_read(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("a.jpg"), "aa")
    # With a cache of two pages half of the change is on the disk when the process ends.
    code = """
import os, sqlite3
database = sqlite3.connect("run.sqlite")
database.execute("PRAGMA cache_size = 2")
rows = ((f"{n}.jpg", "x" * 1000, "", "", "") for n in range(2000))
database.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", rows)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 9
    assert (tmp_path / f"{JOURNAL_NAME}-journal").stat().st_size > 0
    with Journal.read(tmp_path) as journal:
        assert journal.photos() == ["a.jpg"]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    Journal.resume(tmp_path, FACTS).__exit__(None, None, None)
    before = (tmp_path / JOURNAL_NAME).read_bytes()
    with Journal.read(tmp_path) as journal, pytest.raises(RunFolderError, match="readonly"):
        journal.keep_files(Listing())
    assert (tmp_path / JOURNAL_NAME).read_bytes() == before


def test_only_columns_can_be_counted(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal, pytest.raises(KeyError):
        journal.counts('status" FROM photos; --')


def test_the_run_of_another_folder_is_refused_and_a_folder_that_was_moved_is_not(tmp_path: Path) -> None:
    run, first, second = (tmp_path / name for name in ("run", "first", "second"))
    for folder in (run, first, second):
        folder.mkdir()
    with Journal.resume(run, FACTS) as journal:
        assert journal.origin() == Origin("", "", "")
        journal.record_begin(first, ["a.jpg"])
        begun = journal.origin()
        assert (begun.folder, begun.finished_at) == (str(first), "")
        assert datetime.fromisoformat(begun.begun_at).utcoffset() == timedelta(0)
        with pytest.raises(RunFolderError, match=f"of the photos in {first}, not in {second}; give another folder"):
            journal.record_begin(second, ["a.jpg"])
        (tmp_path / "link").symlink_to(first)
        journal.record_begin(tmp_path / "link", ["a.jpg"])
        (tmp_path / "link").unlink()
        first.rename(tmp_path / "moved")
        journal.record_file(PhotoFile("a.jpg"), "one")
        with pytest.raises(RunFolderError, match=f"not in {second}"):
            journal.record_begin(second, ["b.jpg"])
        journal.record_begin(tmp_path / "moved", ["a.jpg"])
        assert journal.origin() == Origin(str(tmp_path / "moved"), begun.begun_at, "")


def test_a_run_is_finished_until_it_is_called_again(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_begin(tmp_path, ["a.jpg"])
        assert f"{tmp_path}: not finished" in run_status(tmp_path, journal)
        journal.record_end()
        assert journal.origin().finished_at >= journal.origin().begun_at
        assert f"{tmp_path}: finished" in run_status(tmp_path, journal)
        journal.record_begin(tmp_path, ["a.jpg"])
        assert f"{tmp_path}: not finished" in run_status(tmp_path, journal)


def test_what_is_skipped_is_counted_by_reason_and_forgotten_when_it_is_gone(tmp_path: Path) -> None:
    skipped = [SkippedFile("a.mov", "video"), SkippedFile("b.mov", "video"), SkippedFile("@eaDir/", "folder")]
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.keep_files(Listing([], skipped))
        assert journal.skipped_counts() == {"video": 2, "folder": 1}
        columns, rows = journal.table("skipped")
        assert columns == ["file", "reason"]
        assert list(rows) == [("@eaDir/", "folder"), ("a.mov", "video"), ("b.mov", "video")]
        assert run_summary(tmp_path, journal).count("\nskipped       ") == 2
        journal.keep_files(Listing())
        assert journal.skipped_counts() == {}


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal._database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(RunFolderError, match=r"disk is full.*what is finished is kept"):
            journal.record_file(PhotoFile("a.jpg"), "x" * 100_000)


def test_the_summary_names_failures_and_counts(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        for number in range(30):
            journal.record_file(PhotoFile(f"{number}.jpg"), str(number))
            journal.record(str(number), failed_row(f"This file is bad ({number})."), [])
        journal.record_file(PhotoFile("waiting.jpg"), "w")
        text, status = run_summary(tmp_path, journal), run_status(tmp_path, journal)
    assert "failed  0.jpg: This file is bad (0)." in text
    assert "failed  and others, see the table" in text
    assert "failed 30, waiting 1" in text
    assert "photos.csv" in text
    assert "not finished, 30 of 31 photos done" in status
    assert "pattern-v2" in status


def test_photos_that_failed_for_the_same_reason_share_a_line(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        for number in range(40):
            journal.record_file(PhotoFile(f"{number:02}.jpg"), str(number))
            journal.record(str(number), failed_row("There is no site 'legs'." if number else "It is empty."), [])
        text = run_summary(tmp_path, journal)
    assert "failed  00.jpg: It is empty.\nfailed  39 photos, such as 01.jpg: There is no site 'legs'.\n" in text
    assert "see the table" not in text


def test_the_views_can_be_queried(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("a.jpg"), "one")
        journal.record("one", failed_row("no"), [])
    database = sqlite3.connect(tmp_path / JOURNAL_NAME)
    assert database.execute("SELECT photo, status FROM photos").fetchall() == [("a.jpg", "failed")]
    database.close()
