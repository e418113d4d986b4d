"""Two runs joined into one are what one run over all photos would have been."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch.journal import Journal
from lesionvis.batch.merging import merge_runs
from lesionvis.batch.run import BatchRunner
from lesionvis.batch.study import notes_of, table_rows
from lesionvis.errors import RunFolderError

SIZE = {"count": 12, "height": 240, "width": 320}
RUNNER = BatchRunner(Analyzer(px_per_mm=6.0), masks=True, annotations=("coco",))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of two clinics, some with the same names and one with the same content, and a run of each and of both."""
    study = tmp_path_factory.mktemp("study")
    for seed, name in enumerate(("north/a.png", "north/leg/b.png", "south/a.png", "south/c.png")):
        write_photo(study / "photos" / name, seed, **SIZE)
    shutil.copy(study / "photos" / "north" / "a.png", study / "photos" / "south" / "same.png")
    (study / "photos" / "south" / "empty.png").write_bytes(b"")
    (study / "photos" / "south" / "notes.txt").write_text("no photo", encoding="utf-8")
    for clinic in ("north", "south"):
        RUNNER(study / "photos" / clinic, study / clinic)
    RUNNER(study / "photos", study / "both")
    return study


def rows(run: Path, name: str = "photos.csv") -> list[dict[str, str]]:
    with (run / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def merged(study: Path) -> Path:
    assert merge_runs(study / "north", study / "south", study / "merged") == {"south/same.png": "north/a.png"}
    return study / "merged"


@pytest.mark.parametrize("name", ["photos.csv", "spots.csv", "skipped.csv"])
def test_the_tables_are_those_of_one_run_but_for_the_duplicate(study: Path, merged: Path, name: str) -> None:
    expected = [row for row in rows(study / "both", name) if row.get("photo") != "south/same.png"]
    assert len(expected) > 0
    assert rows(merged, name) == expected


def test_pictures_and_report_are_there(study: Path, merged: Path) -> None:
    for file in ("masks/north/a.png", "masks/south/a.png", "thumbnails/south/c.jpg", "masks/north/leg/b.png"):
        assert (merged / file).read_bytes() == (study / "both" / file).read_bytes()
    assert (merged / "report.html").is_file()
    assert (merged / "coco.json").is_file()


def test_a_photo_beside_an_unreadable_one_of_its_name_is_in_the_joined_annotations(tmp_path: Path) -> None:
    runner = BatchRunner(Analyzer(px_per_mm=6.0), annotations=("coco",))
    for seed, name in enumerate(("north/a.png", "south/b.png")):
        write_photo(tmp_path / "photos" / name, seed, **SIZE)
    (tmp_path / "photos" / "north" / "a.jpg").symlink_to(tmp_path / "missing.jpg")
    for clinic in ("north", "south"):
        runner(tmp_path / "photos" / clinic, tmp_path / clinic)
    merge_runs(tmp_path / "north", tmp_path / "south", tmp_path / "merged")
    images = json.loads((tmp_path / "merged" / "coco.json").read_text(encoding="utf-8"))["images"]
    assert sorted(image["file_name"] for image in images) == ["north/a.png", "south/b.png"]


def test_the_merged_run_goes_on_and_analyses_nothing_twice(study: Path, merged: Path, tmp_path: Path) -> None:
    run = shutil.copytree(merged, tmp_path / "run")
    told: list[tuple[str, int, int]] = []
    RUNNER(study / "photos", run, lambda progress: told.append((progress.doing, progress.done, progress.total)))
    analysing = [one for one in told if one[0] == "analysing"]
    assert analysing[0][1] == analysing[0][2]
    assert rows(run) == rows(study / "both")


def test_other_settings_are_refused_by_name(study: Path, tmp_path: Path) -> None:
    BatchRunner(Analyzer(px_per_mm=5.0))(study / "photos" / "south", tmp_path / "other")
    with pytest.raises(RunFolderError, match=r"made differently: px_per_mm is 6\.0 and 5\.0\. Run one"):
        merge_runs(study / "north", tmp_path / "other", tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_folders_that_hold_something_and_unfinished_runs_are_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is not empty"):
        merge_runs(study / "north", study / "south", study / "both")
    run = shutil.copytree(study / "south", tmp_path / "south")
    facts = {name: value for name, value in Journal.read(run).provenance().items() if name != "table_layout"}
    with Journal.resume(run, facts) as journal:
        journal.change("UPDATE origin SET finished_at = ''")
    with pytest.raises(RunFolderError, match="is not finished"):
        merge_runs(study / "north", run, tmp_path / "merged")


def test_tables_and_corrections_of_both_come_along(study: Path, tmp_path: Path) -> None:
    labels = np.zeros((240, 320), np.uint8)
    cv2.circle(labels, (100, 100), 20, 1, -1)
    cv2.imwrite(str(tmp_path / "drawn.png"), labels)
    runs = []
    for clinic, photo in (("north", "leg/b.png"), ("south", "c.png")):
        table = tmp_path / clinic / "study.csv"
        table.parent.mkdir()
        table.write_text(f"photo,patient,spots_file\n{photo},{clinic},../drawn.png\n", encoding="utf-8")
        runs.append(tmp_path / f"run-{clinic}")
        BatchRunner(Analyzer(px_per_mm=6.0), metadata=table)(study / "photos" / clinic, runs[-1])
    merge_runs(runs[0], runs[1], tmp_path / "merged")
    found = {row["photo"]: row for row in rows(tmp_path / "merged")}
    for photo, patient in (("north/leg/b.png", "north"), ("south/c.png", "south")):
        assert (found[photo]["patient"], found[photo]["spots_from"]) == (patient, "corrected")
    with Journal.read(tmp_path / "merged") as journal:
        named = [Path(row["spots_file"]).resolve() for row in table_rows(journal).values()]
        notes = notes_of(journal)
        entered = list(journal.select("SELECT photo FROM corrections ORDER BY number"))
    assert notes[0] == "run-north: study.csv: 1 photo has no row: a.png."
    assert notes[1].startswith("run-south: study.csv: 3 photos have no row: a.png, ")
    assert named == [tmp_path / "drawn.png"] * 2
    assert sorted(entered) == [("north/leg/b.png",), ("south/c.png",)]


def test_a_photo_of_which_the_runs_know_different_things_is_named(study: Path, tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    table.write_text("photo,fever\nsame.png,yes\n", encoding="utf-8")
    BatchRunner(Analyzer(px_per_mm=6.0), metadata=table)(study / "photos" / "south", tmp_path / "south")
    with pytest.raises(RunFolderError, match=r"different things about south/same\.png: the file"):
        merge_runs(study / "north", tmp_path / "south", tmp_path / "merged")
