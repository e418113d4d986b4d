"""The report of a run folder is whole, always the same, and shows the pictures that there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pages import details_of, rows_of
from runs import made_up_run

from lesionvis.batch import report
from lesionvis.batch.pictures import WORKSHOP
from lesionvis.batch.report import REPORT_NAME, write_report

NAMES = ["leg/a b.jpg", "leg/<i>.jpg", "c#?.jpg", "d.jpg", "100 %25.jpg", "f.jpg"]


def written(run: Path) -> str:
    return (run / REPORT_NAME).read_text(encoding="utf-8")


def test_every_photo_is_in_the_report_in_order(tmp_path: Path) -> None:
    with made_up_run(tmp_path / "run", NAMES) as journal:
        write_report(tmp_path / "run", journal)
        spots = [row[0] for row in journal.table("spots")[1]]
    rows, details = rows_of(written(tmp_path / "run")), details_of(written(tmp_path / "run"))
    assert [row["photo"] for row in rows] == sorted(NAMES)
    assert [len(one["spots"]) for one in details] == [spots.count(name) for name in sorted(NAMES)]
    assert {row["photo"] for row in rows if not row["thumbnail"]} == {"d.jpg"}
    assert all(row["thumbnail"].startswith("data:image/jpeg;base64,/9j/") for row in rows if row["thumbnail"])


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for place, names in (("one", NAMES), ("two", NAMES)):
        with made_up_run(tmp_path / place / "run", names) as journal:
            write_report(tmp_path / place / "run", journal)
    assert written(tmp_path / "one" / "run") == written(tmp_path / "two" / "run")
    assert list((tmp_path / "one" / "run" / WORKSHOP).iterdir()) == []


def test_with_many_photos_pictures_stay_beside_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "EMBEDDED_MAX", 5)
    run = tmp_path / "run"
    with made_up_run(run, NAMES) as journal:
        (run / "overlays").mkdir()
        (run / "overlays/a #%.jpg").touch()
        digest = next(iter(journal.pictures().values()))
        journal.record_pictures(digest, ["overlays/a #%.jpg", "overlays/gone.jpg"])
        write_report(run, journal)
    rows = rows_of(written(run))
    assert {row["thumbnail"] for row in rows} == {"", *(f"thumbnails/{index}.jpg" for index in (0, 1, 2, 4, 5))}
    assert {row["overlay"] for row in rows} == {"", "overlays/a%20%23%25.jpg"}


def test_of_too_many_photos_the_most_urgent_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "N_PHOTOS_MAX", 4)
    with made_up_run(tmp_path / "run", NAMES) as journal:
        write_report(tmp_path / "run", journal)
    rows = rows_of(written(tmp_path / "run"))
    assert len(rows) == 4
    assert {row["triage_level"] for row in rows} >= {"emergency", "same_day", "prompt"}
    assert "2 further photos" in written(tmp_path / "run")


def test_names_in_the_page_are_data(tmp_path: Path) -> None:
    run = tmp_path / "</title><script>alert(1)"
    with made_up_run(run, ["</script>.jpg"]) as journal:
        write_report(run, journal)
    text = written(run)
    assert "<script>alert" not in text
    assert json.dumps("</script>.jpg").replace("<", "\\u003c").replace(">", "\\u003e") in text
