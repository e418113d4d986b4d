"""A run finishes whatever happens to it, and its tables do not tell what happened."""

from __future__ import annotations

import csv
import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch import supervisor as supervisor_module
from lesionvis.batch.journal import Journal
from lesionvis.batch.places import JOURNAL_NAME, LOCK_NAME
from lesionvis.batch.run import BatchRunner, Progress
from lesionvis.errors import RunFolderError, SettingsError

RUNNER = BatchRunner(masks=True, overlays=True)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with photos in sub-folders, a duplicate, two that share a stem, and what is no photo."""
    folder = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(("a.png", "b.jpg", "leg/a.png", "leg/a.jpg", "leg/day 2.bmp")):
        write_photo(folder / name, seed)
    shutil.copy(folder / "a.png", folder / "leg" / "z same as a.png")
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.fixture(scope="module")
def undisturbed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of one run from beginning to end."""
    run = tmp_path_factory.mktemp("runs") / "run"
    assert RUNNER(photos, run) == {"ok": 6, "failed": 1}
    return run


def table(run: Path, name: str = "photos.csv") -> dict[str, dict[str, str]]:
    with (run / name).open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def content(run: Path) -> dict[str, bytes]:
    """Every file of a run but its journal and lock."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in (JOURNAL_NAME, LOCK_NAME)
    }


def listing(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def copy_of(photos: Path, place: Path) -> Path:
    return shutil.copytree(photos, place)


def test_a_run_folder_holds_tables_and_pictures(undisturbed: Path) -> None:
    rows = table(undisturbed)
    assert list(rows) == sorted(rows)
    assert set(rows) == {
        *("a.png", "b.jpg", "empty.jpg"),
        *("leg/a.png", "leg/a.jpg", "leg/day 2.bmp", "leg/z same as a.png"),
    }
    assert rows["empty.jpg"]["problem"].startswith("This file is empty")
    assert rows["leg/z same as a.png"]["duplicate_of"] == "a.png"
    assert [row["duplicate_of"] for row in rows.values()].count("") == 6
    same = {"photo", "duplicate_of"}
    first, second = rows["a.png"], rows["leg/z same as a.png"]
    assert {k: v for k, v in first.items() if k not in same} == {k: v for k, v in second.items() if k not in same}
    assert set(content(undisturbed)) == {
        *("photos.csv", "spots.csv", "skipped.csv", "datapackage.json", "report.html"),
        *("masks/a.png", "masks/b.png", "masks/leg/a.png.png", "masks/leg/a.jpg.png"),
        *("masks/leg/day 2.png", "masks/leg/z same as a.png"),
        *("overlays/a.jpg", "overlays/b.jpg", "overlays/leg/a.png.jpg", "overlays/leg/a.jpg.jpg"),
        *("overlays/leg/day 2.jpg", "overlays/leg/z same as a.jpg"),
        *("thumbnails/a.jpg", "thumbnails/b.jpg", "thumbnails/leg/a.png.jpg", "thumbnails/leg/a.jpg.jpg"),
        *("thumbnails/leg/day 2.jpg", "thumbnails/leg/z same as a.jpg"),
    }


def test_a_row_equals_a_single_analysis(photos: Path, undisturbed: Path) -> None:
    analysis = Analyzer()(photos / "leg" / "a.jpg")
    row = table(undisturbed)["leg/a.jpg"]
    assert row["sha256"] == analysis.photo.sha256
    assert int(row["spot_count"]) == len(analysis.table)
    for name, value in analysis.features.values.items():
        assert row[name] == ("" if value != value else f"{value:.9g}")


def test_the_count_of_processes_changes_nothing(photos: Path, undisturbed: Path, tmp_path: Path) -> None:
    dataclasses.replace(RUNNER, jobs=3)(photos, tmp_path / "run")
    assert content(tmp_path / "run") == content(undisturbed)


def test_a_second_call_does_no_work_again(
    photos: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(undisturbed, tmp_path / "run")
    monkeypatch.setattr(supervisor_module, "_PROGRAM", "raise SystemExit('a worker was started')")
    RUNNER(photos, run)
    assert content(run) == content(undisturbed)


class Stop(Exception):
    """Ends a run from within."""


@pytest.mark.parametrize("stop_after", [0, 1, 3])
def test_a_run_that_was_stopped_goes_on(photos: Path, undisturbed: Path, tmp_path: Path, stop_after: int) -> None:
    run = tmp_path / "run"

    def stop(now: Progress) -> None:
        if now.doing == "analysing" and now.done >= stop_after:
            raise Stop

    with pytest.raises(Stop):
        RUNNER(photos, run, stop)
    assert not (run / "photos.csv").exists()
    begun: list[int] = []
    RUNNER(photos, run, lambda now: begun.append(now.done) if now.doing == "analysing" else None)
    assert begun[0] == stop_after
    assert content(run) == content(undisturbed)


def test_a_run_that_was_killed_goes_on(photos: Path, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    program = (
        "import os, signal, sys; from pathlib import Path; from lesionvis.batch.run import BatchRunner\n"
        "def kill(now):\n    if now.done == 2 and now.doing == 'analysing': os.kill(os.getpid(), signal.SIGKILL)\n"
        "BatchRunner(masks=True, overlays=True, jobs=2)(Path(sys.argv[1]), Path(sys.argv[2]), kill)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(photos), str(run)], check=False)
    assert done.returncode == -9
    assert not (run / "photos.csv").exists()
    RUNNER(photos, run)
    assert content(run) == content(undisturbed)


def test_pictures_that_are_asked_for_later_are_made(photos: Path, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    dataclasses.replace(RUNNER, masks=False, overlays=False)(photos, run)
    plain = {name for name in content(undisturbed) if not name.startswith(("masks/", "overlays/"))}
    assert set(content(run)) == plain
    RUNNER(photos, run)
    assert content(run) == content(undisturbed)


def test_moved_and_new_and_removed_files(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, run = copy_of(photos, tmp_path / "in"), tmp_path / "run"
    RUNNER(folder, run)
    (folder / "arm").mkdir()
    (folder / "leg" / "a.jpg").rename(folder / "arm" / "moved.jpg")
    (folder / "b.jpg").unlink()
    shutil.copy(folder / "a.png", folder / "0 same as a.png")
    monkeypatch.setattr(supervisor_module, "_PROGRAM", "raise SystemExit('a worker was started')")
    RUNNER(folder, run)
    rows = table(run)
    assert {"arm/moved.jpg", "0 same as a.png"} < set(rows)
    assert {"leg/a.jpg", "b.jpg"}.isdisjoint(rows)
    assert (rows["a.png"]["duplicate_of"], rows["0 same as a.png"]["duplicate_of"]) == ("0 same as a.png", "")
    fresh = tmp_path / "fresh" / "run"
    monkeypatch.undo()
    RUNNER(folder, fresh)
    assert content(run) == content(fresh)


def test_a_file_whose_content_changed_is_analysed_again(photos: Path, tmp_path: Path) -> None:
    folder, run = copy_of(photos, tmp_path / "in"), tmp_path / "run"
    RUNNER(folder, run)
    write_photo(folder / "b.jpg", seed=99)
    RUNNER(folder, run)
    fresh = tmp_path / "fresh" / "run"
    RUNNER(folder, fresh)
    assert content(run) == content(fresh)


def test_failures_are_tried_again_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    program = (
        "import os; from lesionvis.batch import worker; worker.analyse_file = lambda *a, **k: os.abort(); worker.main()"
    )
    monkeypatch.setattr(supervisor_module, "_PROGRAM", program)
    folder = write_photo(tmp_path / "in" / "a.png", 1).parent
    assert BatchRunner()(folder, run) == {"failed": 1}
    monkeypatch.undo()
    assert BatchRunner()(folder, run) == {"failed": 1}
    assert BatchRunner(retry_failed=True)(folder, run) == {"ok": 1}


def test_other_settings_are_refused(photos: Path, undisturbed: Path) -> None:
    with pytest.raises(RunFolderError, match=r"px_per_mm is null there and 8\.0 now"):
        BatchRunner(Analyzer(px_per_mm=8.0))(photos, undisturbed)


@pytest.mark.parametrize(("name", "value"), [("jobs", 0), ("max_seconds", 0.0), ("max_memory_gb", float("nan"))])
def test_settings_out_of_bounds_are_named(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be at least .*, got {value}"):
        dataclasses.replace(BatchRunner(), **{name: value})  # type: ignore[arg-type]


def test_the_journal_can_be_read_while_a_run_goes_on(photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    seen: list[int] = []

    def watch(now: Progress) -> None:
        if now.doing == "analysing":
            with Journal.read(run) as journal:
                seen.append(sum(journal.counts("status").values()))

    BatchRunner()(photos, run, watch)
    assert set(seen) == {7}


def test_places_left_out_follow_their_masks(photos: Path, undisturbed: Path, tmp_path: Path) -> None:
    masks, run = tmp_path / "exclude", tmp_path / "run"
    (masks / "leg").mkdir(parents=True)
    height, width = (int(table(undisturbed)["a.png"][name]) for name in ("height", "width"))
    everything = np.full((height, width), 255, np.uint8)
    cv2.imwrite(str(masks / "leg" / "z same as a.png.png"), everything)
    runner = dataclasses.replace(RUNNER, exclude_dir=masks)
    assert runner(photos, run) == {"ok": 5, "unusable": 1, "failed": 1}
    before, rows = table(undisturbed), table(run)
    masked = rows.pop("leg/z same as a.png")
    assert masked["sha256"] == rows["a.png"]["sha256"]
    assert masked["duplicate_of"] == ""
    assert masked["spot_count"] == "0"
    assert "places_left_out" in masked["photo_flags"].split()
    assert rows == {name: row for name, row in before.items() if name in rows}
    # Another mask, one that is new and one that is gone are seen although no photo has changed.
    cv2.imwrite(str(masks / "leg" / "z same as a.png.png"), everything[1:])
    cv2.imwrite(str(masks / "a.png.png"), everything)
    runner(photos, run)
    rows = table(run)
    assert rows["a.png"]["spot_count"] == "0"
    assert rows["leg/z same as a.png"]["problem"].startswith("mask is ")
    (masks / "a.png.png").unlink()
    cv2.imwrite(str(masks / "leg" / "z same as a.png.png"), 0 * everything)
    runner(photos, run)
    rows, same = table(run), table(undisturbed)
    assert rows["a.png"] == same["a.png"]
    assert rows["leg/z same as a.png"]["spot_count"] == same["a.png"]["spot_count"]
    assert "places_left_out" not in rows["leg/z same as a.png"]["photo_flags"]


def test_a_mask_of_no_photo_beside_others_is_named(photos: Path, tmp_path: Path) -> None:
    masks = tmp_path / "exclude"
    (masks / "leg").mkdir(parents=True)
    for name in ("a.png.png", "leg/A.png.png", "a.png"):
        cv2.imwrite(str(masks / name), np.zeros((8, 8), np.uint8))
    told: list[str] = []
    dataclasses.replace(RUNNER, exclude_dir=masks)(photos, tmp_path / "run", None, told.extend)
    assert "exclude: no photo has the name of a.png, leg/A.png.png." in told


def test_masks_that_fit_no_photo_or_lie_among_photos_are_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"no mask of a photo of .*, such as a\.png\.png"):
        dataclasses.replace(RUNNER, exclude_dir=tmp_path)(photos, tmp_path / "run")
    with pytest.raises(RunFolderError, match="lie among the photos"):
        dataclasses.replace(RUNNER, exclude_dir=photos / "leg")(photos, tmp_path / "run")
