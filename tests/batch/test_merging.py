"""Two runs joined into one are what one run over all photos would have been."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from contextlib import closing
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


def _copied(study: Path, place: Path, clinic: str, run: str, **given: str) -> Path:
    """The finished run of a clinic, and what a person there gave for its photos since: a table, or a drawn spot."""
    copied = Path(shutil.copytree(study / clinic, place / run))
    table = place / f"{run}.csv"
    table.write_text(given.get("table", ""), encoding="utf-8")
    drawn = place / f"{run}-drawn"
    drawn.mkdir()
    if "drawn" in given:
        labels = np.zeros((240, 320), np.uint8)
        cv2.circle(labels, (len(run) * 20, 100), 20, 1, -1)
        cv2.imwrite(str(drawn / given["drawn"]), labels)
    BatchRunner(
        Analyzer(px_per_mm=6.0),
        metadata=table if "table" in given else None,
        corrections=drawn if "drawn" in given else None,
    )(study / "photos" / clinic, copied)
    return copied


def _later(run: Path) -> None:
    """A person's change of a run happened an hour after those of others."""
    with closing(sqlite3.connect(run / "run.sqlite")) as journal, journal:
        journal.execute("UPDATE corrections SET entered_at = replace(entered_at, 'T', 'T23:59:59.')")


def _of_photo(run: Path, photo: str = "north/a.png") -> dict[str, str]:
    (row,) = (row for row in rows(run) if row["photo"] == photo)
    return row


@pytest.mark.parametrize("later", ["north", "south-2"])
def test_of_a_photo_that_both_corrected_the_last_change_counts(study: Path, tmp_path: Path, later: str) -> None:
    one = _copied(study, tmp_path, "north", "north", drawn="a.png")
    other = _copied(study, tmp_path, "south", "south-2", drawn="same.png")
    _later(tmp_path / later)
    merge_runs(one, other, tmp_path / "merged")
    found, expected = _of_photo(tmp_path / "merged"), rows(tmp_path / later)[0 if later == "north" else -1]
    assert expected["spots_from"] == "corrected"
    assert {**found, "photo": "", "drawn_in": ""} == {**expected, "photo": "", "drawn_in": ""}
    with Journal.read(tmp_path / "merged") as journal:
        entered = [source for (source,) in journal.select("SELECT source FROM corrections ORDER BY number")]
    assert entered == (["same.png", "a.png"] if later == "north" else ["a.png", "same.png"])


def test_what_one_run_knows_of_a_photo_of_both_comes_along(study: Path, tmp_path: Path) -> None:
    one = _copied(study, tmp_path, "north", "north", drawn="a.png")
    merge_runs(one, study / "south", tmp_path / "merged")
    assert {**_of_photo(tmp_path / "merged"), "photo": ""} == {**rows(one)[0], "photo": ""}
    # The other way round the copy that was kept first is the one that nobody corrected.
    merge_runs(study / "south", one, tmp_path / "turned")
    turned = _of_photo(tmp_path / "turned", "south/same.png")
    assert (turned["spots_from"], turned["spot_count"]) == ("corrected", rows(one)[0]["spot_count"])


def test_what_nobody_has_measured_together_waits_for_the_next_run(study: Path, tmp_path: Path) -> None:
    """Answers of one clinic, drawn spots of the other: neither has analysed the photo with both."""
    one = _copied(study, tmp_path, "north", "north", table="photo;Fever;room\na.png;yes;\n")
    other = _copied(study, tmp_path, "south", "south-2", drawn="same.png", table="photo,room\nsame.png,7\n")
    merge_runs(one, other, tmp_path / "merged")
    with Journal.read(tmp_path / "merged") as journal:
        assert journal.counts("status") == {"ok": 3, "failed": 1, "waiting": 1}
        assert not journal.origin().finished_at
    assert not (tmp_path / "merged" / "photos.csv").exists()
    assert len(rows(tmp_path / "merged", "photos.partial.csv")) == 5
    BatchRunner(Analyzer(px_per_mm=6.0))(study / "photos", tmp_path / "merged")
    for photo in ("north/a.png", "south/same.png"):  # the copy has its row of the table too
        found = _of_photo(tmp_path / "merged", photo)
        assert (found["triage_basis"], found["Fever"], found["room"]) == ("answers", "yes", "7")
        assert (found["spots_from"], found["drawn_in"], found["spot_count"]) == ("corrected", "same.png", "1")


def test_tables_that_contradict_each_other_and_other_files_of_one_name_are_named(study: Path, tmp_path: Path) -> None:
    one = _copied(study, tmp_path, "north", "north", table="photo,age\na.png,7\n")
    other = _copied(study, tmp_path, "south", "south-2", table="photo,Age\nsame.png,8\n")
    with pytest.raises(RunFolderError, match=r'contradict each other: south/same\.png: age is "7" and "8"\. Mend one'):
        merge_runs(one, other, tmp_path / "merged")
    for seed, name in enumerate(("first", "second")):
        write_photo(tmp_path / "camera" / "001.png", seed, **SIZE)
        RUNNER(tmp_path / "camera", tmp_path / name)
    with pytest.raises(RunFolderError, match=r"two different files, .* the same name: 001\.png\. Move the photos"):
        merge_runs(tmp_path / "first", tmp_path / "second", tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
