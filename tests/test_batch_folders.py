"""Whatever lies in a folder, a run reads it, writes only into its own folder, and says what it could not read."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import pytest
from drawn import write_photo

from lesionvis.batch.journal import locked
from lesionvis.batch.pictures import KINDS, WORKSHOP
from lesionvis.batch.run import BatchRunner, Progress, digest_chunk
from lesionvis.errors import RunFolderError

RUNNER = BatchRunner(masks=True, overlays=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with one photo."""
    return write_photo(tmp_path / "in" / "a.png", 1).parent


def table(run: Path) -> dict[str, dict[str, str]]:
    with (run / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def listing(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def test_nothing_is_written_beside_the_photos(folder: Path, tmp_path: Path) -> None:
    before = listing(folder)
    RUNNER(folder, tmp_path / "run")
    assert listing(folder) == before


def test_two_runs_at_once_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run"), pytest.raises(RunFolderError, match="Another run"):
        RUNNER(folder, tmp_path / "run")


@pytest.mark.parametrize(
    ("photos", "run", "reason"),
    [
        ("in", "in", "holds the photos themselves"),
        ("in", ".", "holds the photos themselves"),
        ("in", "link", "holds the photos themselves"),
        ("in", "in/a.png", "is a file"),
        ("in", "used", "holds other files and no run"),
        ("empty", "run", "holds no photos"),
        ("nowhere", "run", "is not a folder"),
    ],
)
def test_folders_that_cannot_be_used_are_refused(
    folder: Path, tmp_path: Path, photos: str, run: str, reason: str
) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "photos.csv").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(folder)
    before = listing(tmp_path)
    with pytest.raises(RunFolderError, match=reason):
        BatchRunner()(tmp_path / photos, tmp_path / run)
    assert listing(tmp_path) == before


def test_a_run_folder_inside_the_photos_is_not_scanned(folder: Path) -> None:
    for _ in range(2):
        assert RUNNER(folder, folder / "results") == {"ok": 1}


def test_hostile_names_stay_inside_the_run_folder(tmp_path: Path) -> None:
    names = [
        "=cmd|' C calc'!A0.png",
        "+1.png",
        "-1.png",
        "@x.png",
        'quote".png',
        "line\nend.png",
        "<script>alert(1)<script>.png",
        "👩‍👩‍👧.png",
        "\u202egnp.exe.png",
        "\x1b[2Jclear.png",
        "..png.png",
        os.fsdecode(b"\xff\xfe.png"),
        "x" * 251 + ".png",
        "é" * 125 + ".png",
        "%2e%2e.png",
        "a;=1+1.png",
    ]
    folder, run = tmp_path / "in", tmp_path / "run"
    folder.mkdir()
    picture = write_photo(tmp_path / "one.png", 1).read_bytes()
    for name in names:
        (folder / name).write_bytes(picture)
    before = set(tmp_path.iterdir())
    RUNNER(folder, run)
    assert set(tmp_path.iterdir()) == {*before, run}
    rows = table(run)
    assert len(rows) == len(names)
    assert all(row["status"] == "ok" for row in rows.values())
    assert all(name.isprintable() or "\u200d" in name for name in rows)
    assert not [name for name in rows if name[0] in "=+-@"]
    assert [len(list(run.glob(f"{kind}/*"))) for kind in KINDS] == [len(names)] * len(KINDS)
    assert not (run / WORKSHOP).exists()


def test_unreadable_files_are_rows_and_are_tried_again(tmp_path: Path) -> None:
    folder, run = tmp_path / "in", tmp_path / "run"
    write_photo(folder / "a.png", 1)
    (folder / "gone.png").symlink_to(tmp_path / "later.png")
    assert BatchRunner()(folder, run) == {"failed": 1, "ok": 1}
    assert table(run)["gone.png"]["sha256"] == ""
    write_photo(tmp_path / "later.png", 2)
    assert BatchRunner()(folder, run) == {"ok": 2}


def test_a_file_that_vanishes_before_it_is_read_is_a_row(tmp_path: Path) -> None:
    folder, run = tmp_path / "in", tmp_path / "run"
    for seed in (1, 2):
        write_photo(folder / f"{seed}.png", seed)

    def remove(now: Progress) -> None:
        if now.doing == "reading" and now.done == now.total:
            (folder / "2.png").unlink()

    assert BatchRunner()(folder, run, remove) == {"failed": 1, "ok": 1}
    assert "run the same command again" in table(run)["2.png"]["problem"]


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    ((path, digest, problem),) = digest_chunk([str(tmp_path / "gone.jpg")])
    assert (path, digest) == (str(tmp_path / "gone.jpg"), "")
    assert problem == "This file cannot be read (No such file or directory); check its permissions and the disk."


def test_a_full_disk_is_one_sentence(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunFolderError, match=r"No space left on device.*what is finished is kept"):
        RUNNER(folder, tmp_path / "run")
    monkeypatch.undo()
    assert RUNNER(folder, tmp_path / "run") == {"ok": 1}
