"""The commands of a study."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from dicoms import write_dicom
from drawn import drawn_skin, write_photo
from runs import made_up_run
from typer.testing import CliRunner, Result

from lesionvis.analysis import Analyzer, analyze
from lesionvis.annotations.files import write_annotations
from lesionvis.cli.main import app
from lesionvis.errors import RunFolderError, SettingsError
from lesionvis.settings import read_settings, setting_meanings


def called(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_photo(tmp_path / "a.png", 1, count=12, height=240, width=320)


def test_measure_gives_the_numbers_of_what_was_drawn(photo: Path, tmp_path: Path) -> None:
    labels = np.zeros((240, 320), np.uint8)
    cv2.circle(labels, (100, 100), 20, 1, -1)
    cv2.imwrite(str(tmp_path / "a_mask.png"), labels)
    overlay = tmp_path / "overlay.png"
    spots = tmp_path / "a_mask.png"
    found = called("measure", photo, "--spots", spots, "--px-per-mm", 8, "--json", "--overlay", overlay)
    content = json.loads(found.stdout)
    assert content["spots_from"] == "corrected"
    (spot,) = content["spots"]
    assert spot["outlined_by"] == "person"
    assert spot["score"] is None
    assert spot["diameter_mm"] == pytest.approx(2.0 * np.sqrt((labels > 0).sum() / np.pi) / 8.0, rel=1e-3)
    assert overlay.is_file()


def test_measure_says_whose_spots_these_are(photo: Path, tmp_path: Path) -> None:
    spots = tmp_path / "a.json"
    spots.write_bytes(write_annotations(analyze(photo), "labelme"))
    assert "drawn or corrected by a person" in called("measure", photo, "--spots", spots).stdout
    assert "drawn or corrected by a person" not in called("analyze", photo).stdout


def test_measure_refuses_a_mask_of_another_size(photo: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "b.png"), np.ones((320, 240), np.uint8))
    with pytest.raises(SettingsError, match=r"of b\.png are for a photo of 240 x 320 px and this one has 320 x"):
        called("measure", photo, "--spots", tmp_path / "b.png")


def test_the_settings_file_to_fill_in_names_every_setting_and_changes_none(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(called("settings").stdout, encoding="utf-8")
    assert read_settings(path) == Analyzer()
    text = path.read_text(encoding="utf-8")
    for name, meaning in setting_meanings().items():
        assert f"# {name} " in text
        assert meaning.split()[0] in text
    # Every default stands there ready to be set.
    lines = [line.removeprefix("# ") for line in text.splitlines() if re.match(r"# \w+ = ", line)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(lines) >= 5
    assert read_settings(path) == Analyzer()


def test_columns_are_printed_with_their_meaning() -> None:
    lines = [line.split("\t") for line in called("columns").stdout.splitlines()]
    assert {len(line) for line in lines} == {5}
    assert ["spots", "diameter_mm", "number", "mm", "diameter_px in mm; NaN without a scale"] in lines
    package = json.loads(called("columns", "--json").stdout)
    names = ["photos.csv", "spots.csv", "candidates.csv", "reviews.csv"]
    assert [resource["path"] for resource in package["resources"]] == names


def test_compare_prints_what_changed_and_writes_it(tmp_path: Path) -> None:
    made_up_run(tmp_path / "one", ["a.jpg", "b.jpg"], with_pictures=False).__exit__(None, None, None)
    made_up_run(tmp_path / "two", ["a.jpg"], with_pictures=False).__exit__(None, None, None)
    found = called("compare", tmp_path / "one", tmp_path / "two", "--out", tmp_path / "changes.csv")
    assert "only in first 1" in found.stdout
    assert (tmp_path / "changes.csv").is_file()


def test_scale_tells_why_there_is_none_and_draws(photo: Path, tmp_path: Path) -> None:
    picture = tmp_path / "scale.png"
    told = called("scale", photo, "--picture", picture)
    assert told.exit_code == 0
    assert "none: no card found" in told.stdout
    assert picture.is_file()
    content = json.loads(called("scale", photo, "--json").stdout)
    assert content["px_per_mm"] is None
    assert content["reason"]


def test_scale_tells_the_spacing_that_a_dicom_file_states(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    write_dicom(tmp_path / "leg.dcm", [0.125, 0.125], drawn_skin(4))
    content = json.loads(called("scale", tmp_path / "leg.dcm", "--json").stdout)
    assert (content["source"], content["px_per_mm"], content["error_pct"]) == ("dicom", 8.0, None)
    write_dicom(tmp_path / "leg.dcm", [0.125, 0.25], drawn_skin(4))
    told = called("scale", tmp_path / "leg.dcm").stdout
    assert "none: leg.dcm states pixels that are not square, 0.125 x 0.25 mm; no card found" in told


def test_scale_refuses_an_unknown_coin_and_a_picture_over_the_photo(photo: Path) -> None:
    with pytest.raises(SettingsError, match="coin must be one of"):
        called("scale", photo, "--coin", "peanut")
    with pytest.raises(SettingsError, match="overwrite"):
        called("scale", photo, "--picture", photo)


@pytest.fixture
def study_run(tmp_path: Path) -> Path:
    """A run of two photos of one patient on two days, and one of another patient."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in (1, 2, 3):
        write_photo(photos / f"{seed}.png", seed, count=12, height=240, width=320)
    table = "photo,patient,date\n1.png,P1,2026-03-04\n2.png,P1,2026-03-01\n3.png,P2,2026-03-01\n"
    (tmp_path / "study.csv").write_text(table, encoding="utf-8")
    found = called("batch", photos, "--out", tmp_path / "run", "--metadata", tmp_path / "study.csv", "--px-per-mm", 8)
    assert found.exit_code == 0
    return tmp_path / "run"


def test_series_of_a_run_tells_every_patient_and_who_was_not_followed(study_run: Path, tmp_path: Path) -> None:
    table = tmp_path / "series.csv"
    lines = called("series", study_run, "--table", table).stdout.splitlines()
    assert lines[0] == "PATIENT P1"
    assert any("2.png, 2026-03-01: " in line for line in lines)  # the day that the table gives, and no time of it
    assert "P2: fewer than two photos with different dates" in lines
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["patient"], row["photo"], row["next_photo"], row["days"]) for row in rows] == [
        ("P1", "2.png", "1.png", "3"),
        ("P2", "", "", ""),
    ]
    first, second = json.loads(called("series", study_run, "--json").stdout)["groups"]
    assert [photo["name"] for photo in first["photos"]] == ["2.png", "1.png"]
    assert second["photos"] == ["3.png"]


def test_series_of_many_patients_leaves_the_courses_to_pages_and_table(
    study_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lesionvis.batch.summary.N_ROWS", 1)
    monkeypatch.setattr("lesionvis.cli.progress.LINE_SECONDS", 0.0)
    told = called("series", study_run, "--table", tmp_path / "series.csv")
    lines = told.stdout.splitlines()
    assert re.split("  +", lines[0]) == ["patient and sites", "photos", "intervals compared", "level"]
    assert re.split("  +", lines[1])[:3] == ["P1", "2", "0 of 1"]
    assert told.stderr.startswith("following: 2 of 2 photos")
    shown = called("series", study_run)
    assert shown.stdout.startswith("PATIENT P1")
    assert shown.stderr == ""


def test_one_reason_why_many_patients_were_not_followed_is_told_once(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    rows = []
    for number in range(7):
        (tmp_path / "photos" / f"{number}.png").write_bytes(photo.read_bytes() + bytes([number]))
        rows.append(f"{number}.png,P{number},2026-03-01\n")
    (tmp_path / "study.csv").write_text("photo,patient,date\n" + "".join(rows), encoding="utf-8")
    called("batch", tmp_path / "photos", "--out", tmp_path / "run", "--metadata", tmp_path / "study.csv")
    # What a table lacks is told before the work and, unless nothing is to be told, on standard error.
    with (tmp_path / "study.csv").open("a", encoding="utf-8") as file:
        file.write("lost.png,P9,\n")
    command = ("batch", tmp_path / "photos", "--out", tmp_path / "run", "--metadata", tmp_path / "study.csv")
    assert called(*command).stderr.startswith("note: study.csv: 1 row matches no photo, or several: lost.png;")
    assert called(*command, "--quiet").stderr == ""
    lines = called("series", tmp_path / "run").stdout.splitlines()
    assert lines[-1] == "7 patients and sites, such as P0: fewer than two photos with different dates"


def test_series_of_a_run_writes_a_page_per_patient_and_site(study_run: Path, tmp_path: Path) -> None:
    called("series", study_run, "--page", tmp_path / "new" / "pages")
    (page,) = sorted((tmp_path / "new" / "pages").iterdir())
    assert re.fullmatch(r"P1 [0-9a-f]{8}\.html", page.name)
    assert "From photo 1 to 2, about 3 days" in page.read_text(encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be made"):
        called("series", study_run, "--page", page)


def test_series_refuses_what_a_run_or_a_photo_cannot_have(study_run: Path, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="takes only --table"):
        called("series", study_run, "--dates", "2026-03-01")
    with pytest.raises(SettingsError, match="--table is for the run folder"):
        called("series", photo, photo, "--table", tmp_path / "series.csv")
    (tmp_path / "other.toml").write_text("px_per_mm = 5.0\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"px_per_mm is 8\.0 there and 5\.0 here"):
        called("series", study_run, "--settings", tmp_path / "other.toml")


def test_merge_joins_two_runs_and_tells_what_was_kept_once(study_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_photo(other / "4.png", 4, count=12, height=240, width=320)
    called("batch", other, "--out", tmp_path / "second", "--px-per-mm", 8)
    lines = called("merge", study_run, tmp_path / "second", "--out", tmp_path / "merged").stdout.splitlines()
    assert "kept once" not in lines[0]
    with (tmp_path / "merged" / "photos.csv").open(encoding="utf-8", newline="") as file:
        photos = [row["photo"] for row in csv.DictReader(file)]
    assert photos == ["other/4.png", "photos/1.png", "photos/2.png", "photos/3.png"]
    again = called("merge", study_run, tmp_path / "merged", "--out", tmp_path / "twice")
    assert again.stdout.splitlines()[0].endswith("holds too, kept once: 3")


def test_merge_tells_what_to_call_where_photos_wait(photo: Path, tmp_path: Path) -> None:
    for half, given in (("north", "fever"), ("south", "painful_skin")):
        (tmp_path / half).mkdir()
        shutil.copy(photo, tmp_path / half / "a.png")
        table = tmp_path / f"{half}.csv"
        table.write_text(f"photo,{given}\na.png,yes\n", encoding="utf-8")
        called("batch", tmp_path / half, "--out", tmp_path / f"run-{half}", "--metadata", table, "--px-per-mm", 8)
    told = called("merge", tmp_path / "run-north", tmp_path / "run-south", "--out", tmp_path / "my runs").stdout
    call = told.partition("write the tables: ")[2]
    assert "measured together: 1." in told
    assert shlex.split(call)[1:] == ["batch", str(tmp_path), "--out", str(tmp_path / "my runs")]


def test_a_figure_is_written_with_its_caption_printed(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "figure.svg"
    found = called("figure", photo, "--out", out, "--px-per-mm", 8)
    count = len(analyze(photo, px_per_mm=8.0).spots)
    assert count > 3
    assert found.stdout.startswith(f"{count} spots, median diameter ")
    assert found.stdout.strip() in out.read_text()
    assert out.read_text().count('id="spot-') == count


def test_a_figure_shows_what_a_person_drew(photo: Path, tmp_path: Path) -> None:
    labels = np.zeros((240, 320), np.uint8)
    cv2.circle(labels, (100, 100), 20, 1, -1)
    spots, out = tmp_path / "a_mask.png", tmp_path / "figure.pdf"
    cv2.imwrite(str(spots), labels)
    found = called("figure", photo, "--out", out, "--spots", spots, "--px-per-mm", 8)
    assert found.stdout == "1 spot, diameter 5.0 mm, 8 px per mm (given); outlined by a person\n"
    assert out.read_bytes()[:5] == b"%PDF-"


def test_a_figure_does_not_overwrite_its_photo(photo: Path) -> None:
    before = photo.read_bytes()
    with pytest.raises(SettingsError, match="would overwrite the photo"):
        called("figure", photo, "--out", photo)
    assert photo.read_bytes() == before
