"""Whatever happens while a run goes on, it ends in one sentence, loses nothing, and the next call makes it whole."""

from __future__ import annotations

import csv
import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from drawn import write_photo

from lesionvis.batch.dictionary import DICTIONARY_NAME
from lesionvis.batch.journal import Journal
from lesionvis.batch.report import REPORT_NAME
from lesionvis.batch.run import BatchRunner, Progress
from lesionvis.batch.summary import run_status
from lesionvis.batch.tables import TABLES
from lesionvis.errors import RunFolderError

RUNNER = BatchRunner(masks=True)
CHANGED = "This file changed while the run was going on; run the same command again."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with three photos."""
    for seed, name in enumerate(("a.png", "leg/b.png", "leg/c.png")):
        write_photo(tmp_path / "in" / name, seed)
    return tmp_path / "in"


def table(run: Path) -> dict[str, dict[str, str]]:
    with (run / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def content(run: Path) -> dict[str, bytes]:
    """Every file of a run but its journal and lock."""
    kept = [path for path in run.rglob("*") if path.is_file() and not path.name.startswith("run.")]
    return {str(path.relative_to(run)): path.read_bytes() for path in kept}


def once(when: Callable[[Progress], bool], act: Callable[[], object]) -> Callable[[Progress], None]:
    """Progress callback that acts the first time that something is so."""
    acted: list[bool] = []

    def tell(now: Progress) -> None:
        if not acted and when(now):
            acted.append(True)
            act()

    return tell


def test_of_two_runs_that_begin_at_the_same_moment_one_is_refused_and_the_other_is_whole(
    folder: Path, tmp_path: Path
) -> None:
    # The one that runs is not at its end before the other was refused, however late that starts.
    program = (
        "import sys, time; from pathlib import Path; from lesionvis.batch.run import BatchRunner\n"
        "from lesionvis.errors import RunFolderError\n"
        "folder, run, refused = map(Path, sys.argv[1:])\n"
        "def wait(now):\n"
        "    tries = 0\n"
        "    while not refused.exists() and tries < 1000: time.sleep(0.05); tries += 1\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try: print(BatchRunner(masks=True)(folder, run, wait))\n"
        "except RunFolderError as error: print(error); refused.touch()\n"
    )
    run = tmp_path / "run"
    command = [sys.executable, "-c", program, str(folder), str(run), str(tmp_path / "refused")]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = sorted(process.communicate()[0] for process in both)
    assert told == [f"Another run is writing to {run}; wait for its end or use another folder.\n", "{'ok': 3}\n"]
    RUNNER(folder, tmp_path / "undisturbed" / "run")
    assert content(run) == content(tmp_path / "undisturbed" / "run")


def test_a_photo_that_is_replaced_after_the_listing_is_read_as_it_is_then(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    replace = once(lambda now: now.doing == "reading", lambda: write_photo(folder / "leg" / "c.png", 9))
    RUNNER(folder, run, replace)
    # Hashed before or after: it never has the row of the photo that is gone.
    assert table(run)["leg/c.png"]["status"] in ("ok", "failed")
    RUNNER(folder, run)
    RUNNER(folder, tmp_path / "undisturbed" / "run")
    assert content(run) == content(tmp_path / "undisturbed" / "run")


def test_a_photo_that_is_replaced_after_it_was_read_is_told_and_analysed_by_the_next_call(
    folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    replace = once(lambda now: now.doing == "analysing", lambda: write_photo(folder / "leg" / "c.png", 9))
    assert RUNNER(folder, run, replace) == {"ok": 2, "failed": 1}
    assert table(run)["leg/c.png"]["problem"] == CHANGED
    assert RUNNER(folder, run) == {"ok": 3}
    RUNNER(folder, tmp_path / "undisturbed" / "run")
    assert content(run) == content(tmp_path / "undisturbed" / "run")


def test_a_folder_that_changes_while_it_is_read_ends_no_run(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"

    def change() -> None:
        write_photo(folder / "new.png", 9)
        (folder / "a.png").rename(folder / "renamed.png")
        (folder / "leg").rename(folder / "arm")

    counts = RUNNER(folder, run, once(lambda now: now.doing == "analysing", change))
    assert counts == {"failed": 3}
    assert {row["problem"] for row in table(run).values()} == {CHANGED}
    assert RUNNER(folder, run) == {"ok": 4}
    RUNNER(folder, tmp_path / "undisturbed" / "run")
    assert content(run) == content(tmp_path / "undisturbed" / "run")


@contextmanager
def full_from(monkeypatch: pytest.MonkeyPatch, call: int | None) -> Iterator[list[int]]:
    """Disk that is full from some call of `os.fsync` on; the list grows with every call."""
    calls: list[int] = []
    fsync = os.fsync

    def counted(file: int) -> None:
        calls.append(file)
        if call is not None and len(calls) > call:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted)
        yield calls


def test_a_disk_that_fills_while_tables_are_written_leaves_whole_ones_and_loses_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    RUNNER(folder, run)
    before = content(run)
    write_photo(folder / "new.png", 9)
    RUNNER(folder, tmp_path / "undisturbed" / "run")
    after = content(tmp_path / "undisturbed" / "run")
    n_pictures = 2  # the mask and the thumbnail of the new photo
    written = [*TABLES.values(), DICTIONARY_NAME, REPORT_NAME]
    for number, name in enumerate(written):
        # Each file is saved twice, empty and whole; those of the photo were saved by the first of these calls.
        calls_before = (n_pictures if number == 0 else 0) + 2 * number + 1
        with full_from(monkeypatch, calls_before), pytest.raises(RunFolderError) as caught:
            RUNNER(folder, run)
        message = str(caught.value)
        assert message.startswith(f"The run in {run} stopped (No space left on device); mend that and run the same")
        assert "\n" not in message
        now = content(run)
        assert [now[file] == after[file] for file in written[:number]] == [True] * number, name
        assert now[name] == before[name]
        with Journal.read(run) as journal:
            assert f"{run}: not finished, 4 of 4 photos done" in run_status(run, journal)
    with full_from(monkeypatch, None) as calls:
        assert RUNNER(folder, run) == {"ok": 4}
    assert len(calls) == 2 * len(written), "no photo was analysed again"
    assert content(run) == after
