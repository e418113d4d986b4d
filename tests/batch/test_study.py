"""A study's run: what persons know and draw comes in by the journal, and is never lost."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch.journal import Journal
from lesionvis.batch.run import BatchRunner, Progress
from lesionvis.batch.study import notes_of, table_rows
from lesionvis.batch.summary import run_status, run_summary
from lesionvis.errors import RunFolderError

RUNNER = BatchRunner(Analyzer(px_per_mm=6.0), masks=True)
SIZE = {"count": 12, "height": 240, "width": 320}
# An image of the photo's place in the rows of the tables.
TABLE = """photo;Patient;date;fever;Blanch;px_per_mm;Room
leg/a.png;P1;2026-03-01;yes;does not fade;12;=1+1
b.png;P1;2026-03-02;no;;;
c.png;P2;2026-03-02;perhaps;;;7
x.png;P3;;;;;
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(("leg/a.png", "b.png", "c.png", "d.png")):
        write_photo(folder / name, seed, **SIZE)
    shutil.copy(folder / "d.png", folder / "e.png")
    return folder


@pytest.fixture(scope="module")
def corrections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Masks of three photos, one of another size, and one of no photo."""
    folder = tmp_path_factory.mktemp("corrections")
    (folder / "leg").mkdir()
    labels = np.zeros((240, 320), np.uint16)
    cv2.circle(labels, (60, 80), 18, 3, -1)
    cv2.circle(labels, (200, 150), 9, 5, -1)
    cv2.imwrite(str(folder / "leg" / "a.png"), labels)
    cv2.imwrite(str(folder / "d_mask.png"), labels)
    cv2.imwrite(str(folder / "b.png"), labels.T)
    cv2.imwrite(str(folder / "nobody.png"), labels)
    return folder


@pytest.fixture(scope="module")
def table_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "study.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(photos: Path, corrections: Path, table_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all of it from the beginning."""
    run = tmp_path_factory.mktemp("runs") / "run"
    runner = BatchRunner(Analyzer(px_per_mm=6.0), masks=True, corrections=corrections, metadata=table_file)
    assert runner(photos, run) == {"ok": 3, "failed": 2}
    return run


def rows(run: Path, name: str = "photos.csv") -> dict[str, dict[str, str]]:
    with (run / name).open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def test_drawn_spots_are_measured_and_say_so(run: Path) -> None:
    found = rows(run)
    with Journal.read(run) as journal:
        assert "\nspots_from    corrected 3, not judged 2\n" in run_summary(run, journal)
    first = found["leg/a.png"]
    assert (first["spots_from"], first["drawn_in"], first["spot_count"]) == ("corrected", "a.png", "2")
    with (run / "spots.csv").open(newline="", encoding="utf-8") as file:
        of_first = [row for row in csv.DictReader(file) if row["photo"] == "leg/a.png"]
    assert [row["outlined_by"] for row in of_first] == ["person", "person"]
    # 12 px per mm, as the table says of this photo.
    assert float(of_first[0]["diameter_mm"]) == pytest.approx(36.0 / 12.0, rel=0.05)
    assert of_first[0]["Room"] == "=1+1"
    mask = cv2.imread(str(run / "masks/leg/a.png"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert (mask > 0).sum() == pytest.approx(np.pi * (18**2 + 9**2), rel=0.05)


def test_a_correction_belongs_to_the_content_of_a_photo(run: Path) -> None:
    found = rows(run)
    assert found["e.png"]["duplicate_of"] == "d.png"
    assert found["d.png"]["spots_from"] == found["e.png"]["spots_from"] == "corrected"


def test_answers_of_the_table_make_the_full_rules_decide(run: Path) -> None:
    first = rows(run)["leg/a.png"]
    assert (first["triage_level"], first["triage_basis"]) == ("emergency", "answers")
    assert first["given_px_per_mm"] == "12"
    assert (first["Patient"], first["date"], first["Blanch"]) == ("P1", "2026-03-01", "does not fade")


def test_what_cannot_be_used_fails_that_photo_with_one_sentence(run: Path) -> None:
    found = rows(run)
    assert found["b.png"]["status"] == found["c.png"]["status"] == "failed"
    problem = "The spots of b.png are for a photo of 240 x 320 px and this one has 320 x 240 px;"
    assert found["b.png"]["problem"].startswith(problem)
    assert found["c.png"]["problem"].startswith('study.csv: The answer "fever" cannot be "perhaps"')


def test_rows_and_files_without_a_photo_are_listed(run: Path) -> None:
    with Journal.read(run) as journal:
        assert notes_of(journal) == [
            "study.csv: 1 row matches no photo, or several: x.png; give the path of a photo in the folder.",
            "study.csv: 2 photos have no row: d.png, e.png.",
            "nobody.png matches no photo of the folder, or several; give it the path of the photo.",
        ]
        assert set(table_rows(journal)) == {"leg/a.png", "b.png", "c.png"}


def test_what_is_wrong_with_what_was_given_is_told_before_the_work(photos: Path, tmp_path: Path) -> None:
    table = tmp_path / "study.csv"
    table.write_text("photo,fever\nb.png,perhaps\nc.png,perhaps\nx.png,no\n", encoding="utf-8")
    told: list[str] = []

    def tell(progress: Progress) -> None:
        told.append(progress.doing)

    runner = BatchRunner(Analyzer(px_per_mm=6.0), metadata=table)
    runner(photos, tmp_path / "run", tell, told.extend)
    wrong = [line for line in told if line not in ("reading", "analysing")]
    assert told.index("analysing") > told.index(wrong[-1])
    assert wrong[0].startswith("study.csv: 1 row matches no photo, or several: x.png;")
    assert wrong[1].startswith("study.csv: 3 photos have no row: d.png, e.png, leg/a.png.")
    assert wrong[2].startswith('2 photos, such as b.png: study.csv: The answer "fever" cannot be "perhaps".')
    with Journal.read(tmp_path / "run") as journal:
        assert f"\nnote        {wrong[0]}\n" in run_status(tmp_path / "run", journal)


def test_a_table_that_takes_rows_of_an_earlier_one_away_says_so(photos: Path, tmp_path: Path) -> None:
    told: list[str] = []
    for name, rows in (("study.csv", "b.png,1\nc.png,2\n"), ("study.csv", "b.png,1\n"), ("later.csv", "d.png,3\n")):
        (tmp_path / name).write_text(f"photo,patient\n{rows}", encoding="utf-8")
        BatchRunner(metadata=tmp_path / name)(photos, tmp_path / "run", None, told.extend)
    taken = [note for note in told if "counts no more" in note]
    assert taken == [
        "study.csv: 1 photo had a row in study.csv, which counts no more: c.png; give one table with all.",
        "later.csv: 1 photo had a row in study.csv, which counts no more: b.png; give one table with all.",
    ]


def test_corrections_that_do_not_exist_leave_a_finished_run_finished(photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    RUNNER(photos, run)
    with pytest.raises(RunFolderError, match="do not exist"):
        BatchRunner(Analyzer(px_per_mm=6.0), masks=True, corrections=tmp_path / "missing")(photos, run)
    with Journal.read(run) as journal:
        assert journal.origin().finished_at


def test_corrections_come_on_top_of_a_finished_run_stay_in_it_and_can_be_left_out(
    photos: Path, corrections: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    RUNNER(photos, run)
    before = rows(run)
    assert {row["spots_from"] for row in before.values()} == {"found"}
    one = tmp_path / "one"
    one.mkdir()
    shutil.copy(corrections / "d_mask.png", one)
    BatchRunner(Analyzer(px_per_mm=6.0), masks=True, corrections=one)(photos, run)
    corrected = rows(run)
    assert corrected["d.png"]["spots_from"] == "corrected"
    assert {name: corrected[name] for name in ("b.png", "leg/a.png")} == {
        name: before[name] for name in ("b.png", "leg/a.png")
    }
    # Without the option they stay; and the photo's own result is still there.
    RUNNER(photos, run)
    assert rows(run) == corrected
    BatchRunner(Analyzer(px_per_mm=6.0), masks=True, as_found=True)(photos, run)
    assert rows(run) == before
    # The mask that the run wrote for a photo, given back untouched, changes no number.
    back = tmp_path / "back"
    back.mkdir()
    shutil.copy(run / "masks" / "c.png", back / "c.png")
    BatchRunner(Analyzer(px_per_mm=6.0), masks=True, corrections=back)(photos, run)
    again = rows(run)["c.png"]
    assert again["spots_from"] == "corrected"
    differing = {name for name in again if again[name] != before["c.png"][name]}
    assert differing == {"spots_from", "drawn_in"}
    with Journal.read(run) as journal:
        history = list(journal.select("SELECT photo, source FROM corrections ORDER BY number"))
    assert history == [("d.png", "d_mask.png"), ("c.png", "c.png")]


def test_a_table_that_names_a_missing_file_is_refused(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "study.csv").write_text("photo,exclude\nb.png,out.png\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"The table names .*out\.png as the places to leave out of b\.png"):
        BatchRunner(metadata=tmp_path / "study.csv")(photos, tmp_path / "run")
