"""In an Excel file letters are the letters, numbers the numbers, and no text is a formula."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from lesionvis.batch import excel
from lesionvis.batch.excel import check_excel, write_excel
from lesionvis.errors import SettingsError

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed; install lesionvis[excel]")

HEADER = ("photo", "px_per_mm", "spot_count", "room")
ROWS = (("Füße 👩.jpg", "1.5", "7", "=1+1"), ("b.jpg", "", "", "007\x07"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "photos.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows((HEADER, *ROWS))
    return path


def test_letters_numbers_and_texts_come_back_as_they_are(tmp_path: Path, table: Path) -> None:
    write_excel({"photos": table, "again": table}, tmp_path / "study.xlsx")
    book = openpyxl.load_workbook(tmp_path / "study.xlsx")
    assert book.sheetnames == ["photos", "again"]
    assert list(book["photos"].values) == [
        HEADER,
        ("Füße 👩.jpg", 1.5, 7, "=1+1"),
        ("b.jpg", None, None, "007%07"),
    ]
    assert [cell.data_type for cell in book["photos"][2]] == ["s", "n", "n", "s"]


def test_a_table_that_is_too_long_for_a_sheet_is_refused(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "ROWS_MAX", 2)
    with pytest.raises(SettingsError, match=r"photos\.csv has more rows than a sheet of Excel, 2; use the CSV"):
        write_excel({"photos": table}, tmp_path / "study.xlsx")
    assert not (tmp_path / "study.xlsx").exists()


def test_what_cannot_be_written_is_said_before_and_after_the_work(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_excel(tmp_path / "study.xlsx")
    with pytest.raises(SettingsError, match=r"must end in \.xlsx\.$"):
        check_excel(tmp_path / "study.csv")
    with pytest.raises(SettingsError, match=r"does not exist; make it first\.$"):
        check_excel(tmp_path / "none" / "study.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(SettingsError, match=r"cannot be written \(Is a directory\)"):
        write_excel({"photos": table}, tmp_path / "folder.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SettingsError, match=r"Excel files need openpyxl; install lesionvis\[excel\]\."):
        check_excel(tmp_path / "study.xlsx")
