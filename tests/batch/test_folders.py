"""Whatever lies in a folder, a run reads it, writes only into its own folder, and says what it could not read."""

from __future__ import annotations

import csv
import errno
import math
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawn import write_photo
from pages import rows_of

from lesionvis.batch.journal import Journal
from lesionvis.batch.lock import locked
from lesionvis.batch.pictures import WORKSHOP
from lesionvis.batch.report import REPORT_NAME
from lesionvis.batch.run import BatchRunner, Progress, _digest_chunk
from lesionvis.batch.summary import run_status, run_summary
from lesionvis.errors import RunFolderError

RUNNER = BatchRunner(masks=True, overlays=True)
# What a spreadsheet may take for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with one photo."""
    return write_photo(tmp_path / "in" / "a.png", 1).parent


def table(run: Path) -> dict[str, dict[str, str]]:
    with (run / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def spots(run: Path) -> list[dict[str, str]]:
    with (run / "spots.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


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


def test_one_photo_and_what_a_nas_a_phone_and_a_camera_keep_beside_it_is_one_row(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for name in ("@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg", ".thumbnails/1.jpg", "$RECYCLE.BIN/S-1-5-21/$RA.jpg", "._a.png"):
        write_photo(tmp_path / "photo.jpg", 2)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photo.jpg").rename(folder / name)
    (folder / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
    write_photo(tmp_path / "photo.jpg", 3)
    (tmp_path / "photo.jpg").rename(folder / "b.jfif")
    assert RUNNER(folder, run) == {"ok": 2}
    assert list(table(run)) == ["a.png", "b.jfif"]
    with (run / "skipped.csv").open(newline="", encoding="utf-8") as file:
        skipped = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    assert list(skipped) == ["$RECYCLE.BIN/", "%40eaDir/", "._a.png", ".thumbnails/", "film.mov"]
    with Journal.read(run) as journal:
        assert f"1 × {skipped['film.mov']}" in run_summary(run, journal)
    assert f"1 × {skipped['film.mov']}" in (run / REPORT_NAME).read_text(encoding="utf-8")
    (folder / "a.png").unlink()
    (folder / "b.jfif").unlink()
    with pytest.raises(RunFolderError, match=r"holds no photos; of 5 files .*, \$RECYCLE.BIN/ is: folder"):
        RUNNER(folder, tmp_path / "other")


def test_the_photos_of_another_folder_do_not_replace_those_of_a_run(folder: Path, tmp_path: Path) -> None:
    other, run = write_photo(tmp_path / "other" / "b.png", 2).parent, tmp_path / "run"
    RUNNER(folder, run)
    before = everything(run)
    with pytest.raises(RunFolderError, match=f"holds the run of the photos in {folder}, not in {other}; give another"):
        RUNNER(other, run)
    assert everything(run) == before
    with Journal.read(run) as journal:
        status = run_status(run, journal)
    assert f"folder                  {folder}\n" in status
    assert "begun_at                20" in status


def test_photos_that_swap_names_with_the_same_size_and_time_are_seen(tmp_path: Path) -> None:
    folder, run = tmp_path / "in", tmp_path / "run"
    first, second = write_photo(folder / "ann.bmp", 1), write_photo(folder / "bob.bmp", 2)
    for path in (first, second):
        os.utime(path, (10**9, 10**9))
    assert first.stat().st_size == second.stat().st_size
    RUNNER(folder, run)
    before = table(run)
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    RUNNER(folder, run)
    after = table(run)
    assert after["ann.bmp"]["sha256"] == before["bob.bmp"]["sha256"] != before["ann.bmp"]["sha256"]
    assert after["bob.bmp"]["sha256"] == before["ann.bmp"]["sha256"]
    RUNNER(folder, tmp_path / "fresh" / "run")
    assert everything(run) == everything(tmp_path / "fresh" / "run")


def test_a_time_of_change_in_the_year_2300_ends_no_run(folder: Path, tmp_path: Path) -> None:
    os.utime(folder / "a.png", (10**9, 10_413_792_000))
    for _ in range(2):
        assert RUNNER(folder, tmp_path / "run") == {"ok": 1}


def test_pictures_of_a_photo_that_changed_or_is_gone_are_never_those_of_before(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_photo(folder / "gone.png", 2)
    RUNNER(folder, run)
    write_photo(folder / "a.png", 3)
    (folder / "gone.png").unlink()
    BatchRunner()(folder, run)  # without --masks and --overlays
    RUNNER(folder, tmp_path / "fresh" / "run")
    assert everything(run) == everything(tmp_path / "fresh" / "run")


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
        "x..png.png",
        os.fsdecode(b"\xff\xfe.png"),
        "x" * 251 + ".png",
        "é" * 125 + ".png",
        "%2e%2e.png",
        "a;=1+1.png",
        "\t=1.png",
        "\uff1d1.png",
        "a,b.png",
        "'1.png",
        "${HOME}`id`.png",
        "--help.png",
        " .png",
        "a\\b.png",
        "CON.png",
        "\u2066rtl\u2069\u200b.png",
        "e\u0301.png",
        "\u00e9.png",
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
    cells = [cell for row in (*rows.values(), *spots(run)) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS) and not is_number(cell)]
    assert not [cell for cell in cells if set(cell) & set("\n\r\t\x1b")]
    page = (run / REPORT_NAME).read_text(encoding="utf-8")
    assert [row["photo"] for row in rows_of(page)] == list(rows)
    assert "<script>alert" not in page
    with Journal.read(run) as journal:
        printed = f"{run_summary(run, journal)}\n{run_status(run, journal)}"
    assert "\x1b" not in printed
    assert all(line.isprintable() or "\u200d" in line for line in printed.split("\n"))
    for kind in ("masks", "overlays", "thumbnails"):
        assert len(list(run.glob(f"{kind}/*"))) == len(names)
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
    ((path, digest, problem),) = _digest_chunk([(str(tmp_path / "gone.jpg"), None)])
    assert (path, digest) == (str(tmp_path / "gone.jpg"), "")
    assert problem == "This file cannot be read (No such file or directory); check its permissions and the disk."


def test_a_full_disk_is_one_sentence(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFolderError, match=r"No space left on device.*what is finished is kept"):
        RUNNER(folder, tmp_path / "run")
    monkeypatch.undo()
    assert RUNNER(folder, tmp_path / "run") == {"ok": 1}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """A disk of 1 MB, and how to give it another size."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True, capture_output=True)  # noqa: S607

    try:
        mount("size=1m")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk needs mount and the rights to use it")
    yield disk, lambda size: mount(f"remount,size={size}")
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


def everything(run: Path) -> dict[str, bytes]:
    kept = [path for path in run.rglob("*") if path.is_file() and not path.name.startswith("run.")]
    return {str(path.relative_to(run)): path.read_bytes() for path in kept}


def test_a_run_on_a_disk_that_is_full_again_and_again_ends_as_an_undisturbed_one(
    tmp_path: Path, small_disk: tuple[Path, Callable[[str], None]]
) -> None:
    disk, resize = small_disk
    folder = tmp_path / "in"
    for seed in range(12):
        write_photo(folder / f"{seed}.png", seed)
    undisturbed = tmp_path / "undisturbed" / "run"
    assert RUNNER(folder, undisturbed) == {"ok": 12}
    run = disk / "run"
    refusals = []
    for size in ("256k", "512k", "1m", "1500k", "2m"):
        resize(size)
        try:
            RUNNER(folder, run)
        except RunFolderError as error:
            refusals.append(str(error))
    assert len(refusals) >= 2
    for message in refusals:
        assert "what is finished is kept" in message
        assert "\n" not in message
    resize("100m")
    assert RUNNER(folder, run) == {"ok": 12}
    assert everything(run) == everything(undisturbed)
