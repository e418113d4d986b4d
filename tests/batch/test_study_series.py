"""The course of every patient and site of a run, and why some have none."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import pytest
from paired import rendered_series
from runs import made_up_run

from lesionvis.analysis import Analyzer
from lesionvis.batch.journal import Journal
from lesionvis.batch.run import BatchRunner
from lesionvis.batch.study_series import (
    COLUMNS,
    GroupCourse,
    StudyGroup,
    analyzer_of_run,
    check_analyzer,
    follow_groups,
    interval_rows,
    study_groups,
)
from lesionvis.batch.tables import write_csv
from lesionvis.compare.series import follow_spots
from lesionvis.errors import RunFolderError

TABLE = """photo,patient,date,site
leg/a.png,P1,2026-03-04,lower legs
b.png,P1,2026-03-01T10:00,lower legs
copy.png,P1,2026-03-01T10:00,lower legs
arm.png,P1,2026-03-01,arms
nobody.png,,2026-03-01,arms
undated.png,P2,,
broken.png,P2,2026-03-01,
"""
ANALYZER = Analyzer(px_per_mm=12.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos of one leg, given in the wrong order, and what cannot be followed."""
    folder = tmp_path_factory.mktemp("study")
    photos = folder / "photos"
    (photos / "leg").mkdir(parents=True)
    earlier, later = (shot.rgb[..., ::-1].copy() for shot in rendered_series().shots)
    cv2.imwrite(str(photos / "b.png"), earlier)
    cv2.imwrite(str(photos / "leg" / "a.png"), later)
    shutil.copy(photos / "b.png", photos / "copy.png")
    for shade, name in enumerate(("arm", "nobody", "undated")):
        other = earlier[:240, :320].copy()
        other[0, 0] = shade  # another file
        cv2.imwrite(str(photos / f"{name}.png"), other)
    (photos / "broken.png").write_bytes(b"")
    (folder / "study.csv").write_text(TABLE, encoding="utf-8")
    BatchRunner(ANALYZER, metadata=folder / "study.csv")(photos, folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def followed(run: Path) -> dict[tuple[str, ...], GroupCourse]:
    groups, _ = study_groups(run)
    return {one.group.sites: one for one in follow_groups(groups, analyzer_of_run(run))}


def test_photos_are_grouped_and_the_others_listed_with_the_reason(run: Path) -> None:
    groups, left_out = study_groups(run)
    found = {(group.patient, group.sites): [photo.photo for photo in group.photos] for group in groups}
    assert found == {("P1", ("arms",)): ["arm.png"], ("P1", ("lower_legs",)): ["b.png", "leg/a.png"]}
    assert left_out == {
        "broken.png": "its status is failed",
        "copy.png": "the same file as b.png",
        "nobody.png": "the table names no patient",
        "undated.png": "there is no date in the table, the photo or its name",
    }


def test_the_course_is_that_of_the_photos_in_the_order_of_the_dates(
    run: Path, followed: dict[tuple[str, ...], GroupCourse]
) -> None:
    course = followed[("lower_legs",)].course
    assert course is not None
    assert [moment.name for moment in course.moments] == ["b.png", "a.png"]
    assert course.intervals[0].days == pytest.approx(2.0 + 14.0 / 24.0)
    photos = Path(Journal.read(run).origin().folder)
    alone = follow_spots([ANALYZER(photos / "b.png"), ANALYZER(photos / "leg" / "a.png")])
    states = ("new", "gone", "growing", "fading")
    assert course.intervals[0].matches is not None
    assert alone.intervals[0].matches is not None
    counts = [course.intervals[0].matches.count(state) for state in states]
    assert counts == [alone.intervals[0].matches.count(state) for state in states]
    assert sum(counts) > 0
    assert followed[("arms",)].course is None
    assert followed[("arms",)].problem == "fewer than two photos with different dates"


def test_the_table_has_a_row_per_interval_and_per_problem(
    followed: dict[tuple[str, ...], GroupCourse], tmp_path: Path
) -> None:
    rows = [row for one in followed.values() for row in interval_rows(one)]
    write_csv(tmp_path / "series.csv", COLUMNS, rows)
    with (tmp_path / "series.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        arm, leg = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert (leg["photo"], leg["next_photo"], leg["problem"]) == ("b.png", "leg/a.png", "")
    assert int(leg["new"]) > 0
    assert (arm["photo"], arm["problem"]) == ("", "fewer than two photos with different dates")
    with pytest.raises(RunFolderError, match="cannot be written"):
        write_csv(tmp_path / "missing" / "series.csv", COLUMNS, rows)


def test_the_settings_are_those_of_the_run_and_others_are_refused(run: Path) -> None:
    assert analyzer_of_run(run) == ANALYZER
    with pytest.raises(RunFolderError, match=r"px_per_mm is 12\.0 there and null here"):
        check_analyzer(run, Analyzer())


def test_a_photo_that_changed_since_the_run_is_named_and_the_rest_goes_on(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    photos = shutil.copytree(Path(Journal.read(run).origin().folder), tmp_path / "photos")
    with (photos / "b.png").open("ab") as file:
        file.write(b"more")
    query = "UPDATE origin SET folder = ?"
    with Journal.resume(copy, {k: v for k, v in Journal.read(copy).provenance().items() if k != "table_layout"}) as one:
        one.change(query, [(str(photos),)])
    groups, _ = study_groups(copy)
    problems = [one.problem for one in follow_groups(groups, ANALYZER)]
    assert problems[0] == "fewer than two photos with different dates"
    assert problems[1].startswith("b.png is not what the run analysed")


def test_a_run_without_patients_is_refused(tmp_path: Path) -> None:
    made_up_run(tmp_path / "run", ["a.jpg"], with_pictures=False).__exit__(None, None, None)
    with pytest.raises(RunFolderError, match="knows no patients"):
        study_groups(tmp_path / "run")


def test_the_pages_of_groups_have_names_of_their_own_on_every_disk() -> None:
    patients = ("a", "A", "../a", "", "x" * 300, "x" * 301, "Ä. Ö")
    names = [StudyGroup(patient, ("legs",), ()).page_name for patient in patients]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(Path(name).name == name and len(name.encode()) < 255 for name in names)
    assert StudyGroup("a", ("legs",), ()).page_name == names[0]
