"""A person's table is read as it is, and what cannot be used is said of the photo it is about."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from lesionvis.batch.given import Given
from lesionvis.batch.study_table import (
    EXCLUDE,
    PATIENT,
    cell_of,
    file_of,
    given_of,
    match_rows,
    read_study_table,
)
from lesionvis.errors import SettingsError
from lesionvis.triage.circumstances import Circumstances

PHOTOS = ("leg/a.jpg", "leg/b.jpg", "c.jpg")


def _read(text: str | bytes, folder: Path, name: str = "study.csv") -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = read_study_table(path)
    return table.columns, list(table.rows)


@pytest.mark.parametrize(
    "text",
    [
        "photo,Room,note\na.jpg,12,ok\n",
        "photo;Room;note\r\na.jpg;12;ok\r\n",
        "photo\tRoom\tnote\na.jpg\t12\tok",
        "\ufeffphoto|Room|note\n\na.jpg|12|ok\n\n",
        'photo,Room,"note"\na.jpg,12,ok\n',
        "photo\tRoom\tnote\na.jpg\t12\tok\n".encode("utf-16"),
        "sep=;\r\nphoto;Room;note\r\na.jpg;12;ok\r\n",
    ],
)
def test_any_delimiter_is_read(text: str | bytes, tmp_path: Path) -> None:
    assert _read(text, tmp_path) == (("photo", "Room", "note"), [("a.jpg", "12", "ok")])


@pytest.mark.parametrize("name", ["Photo", "File name", "filename", "IMAGE"])
def test_the_column_of_photos_goes_by_several_names(name: str, tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text(f"Body site;{name}\ntrunk;a.jpg\n", encoding="utf-8")
    matched = match_rows(read_study_table(path), ["leg/a.jpg"])
    assert matched.rows == {"leg/a.jpg": {"Body site": "trunk"}}
    assert given_of(matched.rows["leg/a.jpg"], "study.csv").circumstances.sites == ("trunk",)


def test_cells_stay_as_they_are(tmp_path: Path) -> None:
    _, rows = _read('photo;note\na.jpg;" NA, ""x""\nsecond "\nb.jpg\n', tmp_path)
    assert rows == [("a.jpg", ' NA, "x"\nsecond '), ("b.jpg", "")]


def test_excel_and_parquet_give_the_same(tmp_path: Path) -> None:
    import openpyxl
    import pandas

    values: dict[str, list[Any]] = {
        "photo": ["a.jpg", "b.jpg"],
        "Room": [12, None],
        "date": [datetime(2026, 3, 1), datetime(2026, 3, 1, 14)],
    }
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append([*values, "fever", "day"])
    for row in zip(*values.values(), [True, False], [date(2026, 1, 2), None], strict=True):
        sheet.append(row)
    book.save(tmp_path / "study.xlsx")
    table = read_study_table(tmp_path / "study.xlsx")
    assert table.columns == ("photo", "Room", "date", "fever", "day")
    assert table.rows[0] == ("a.jpg", "12", "2026-03-01", "yes", "2026-01-02")
    assert table.rows[1] == ("b.jpg", "", "2026-03-01T14:00:00", "no", "")
    pandas.DataFrame(values).to_parquet(tmp_path / "study.parquet")
    assert read_study_table(tmp_path / "study.parquet").rows == (
        ("a.jpg", "12", "2026-03-01"),
        ("b.jpg", "", "2026-03-01T14:00:00"),
    )


def test_numbers_of_excel_keep_the_leading_zeros_that_they_show(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["photo", "patient", "age"], [7, 12, 30], ["8", "0012", 30]):
        sheet.append(row)
    sheet["A2"].number_format, sheet["B2"].number_format, sheet["C2"].number_format = "000", "0000", "0"
    book.save(tmp_path / "study.xlsx")
    assert read_study_table(tmp_path / "study.xlsx").rows == (("007", "0012", "30"), ("8", "0012", "30"))


def test_a_patient_is_one_however_accents_are_written() -> None:
    rows = [{"Patient": unicodedata.normalize(form, "Zoë")} for form in ("NFC", "NFD")]
    assert len({cell_of(row, "patient") for row in rows}) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,room\na,1\n", 'has no column "photo" among name, room; name the photos in one'),
        ("", 'has no column "photo" among none'),
        ("photo,room,Room\na,1,2\n", 'has the column "room" twice or without a name'),
        ("photo,\na,1\n", "twice or without a name"),
        ("photo,room\na.jpg,1,2\n", "Row 2 of the table .* has more cells than columns"),
        ("\nphoto,room\n,\n\na.jpg,1,2\n", "Row 5 of the table .* has more cells than columns"),
        ('photo,room\n"a.jpg,1\n', "is no table"),
        ("Study 12;;\nphoto;room\n", "name the photos in one, and the columns in the first row"),
        ("photo,room\na.jpg,1\n".encode("utf-16-le"), 'is not UTF-8; save it as "CSV UTF-8" or as .xlsx'),
        (b"photo,room\n\xe4.jpg,1\n", 'is not UTF-8; save it as "CSV UTF-8" or as .xlsx'),
    ],
)
def test_what_is_no_table_is_refused(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        _read(text, tmp_path)


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet"])
def test_a_damaged_file_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=name):
        _read("photo,room\n", tmp_path, name)
    with pytest.raises(SettingsError, match=r"missing\.csv cannot be read"):
        read_study_table(tmp_path / "missing.csv")


def test_rows_have_the_numbers_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("photo,x\na.jpg,1\n\n,\nleg/a.jpg,2\n,3\n", encoding="utf-8")
    matched = match_rows(read_study_table(tmp_path / "s.csv"), ["leg/a.jpg"])
    assert matched.problems == {"leg/a.jpg": "s.csv has rows 2, 5 for this photo; leave one."}
    assert matched.notes[0].startswith("s.csv: 1 row matches no photo, or several: row 6;")


def test_rows_find_their_photos_and_the_rest_is_listed(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("File,x\na.jpg,1\nleg/b,2\nz.jpg,3\nb.jpg,4\n", encoding="utf-8")
    matched = match_rows(read_study_table(tmp_path / "s.csv"), PHOTOS)
    assert matched.rows == {"leg/a.jpg": {"x": "1"}, "leg/b.jpg": {"x": "4"}}
    assert matched.problems == {"leg/b.jpg": "s.csv has rows 3, 5 for this photo; leave one."}
    assert matched.notes == (
        "s.csv: 1 row matches no photo, or several: z.jpg; give the path of a photo in the folder.",
        "s.csv: 1 photo has no row: c.jpg.",
    )


def test_columns_are_matched_by_name_in_any_case() -> None:
    row = {"Fever": "Yes", "Age": "7,5", "Site": "Lower legs; feet", "cause": "none", "Px per mm": "8.5", "x": "1"}
    given = given_of(row, "s.csv")
    assert given.answers == {"fever": "yes"}
    assert given.circumstances == Circumstances(7.5, "none", ("lower_legs", "feet"))
    assert given.scale == {"px_per_mm": 8.5}
    assert given.problem == ""


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"fever": "hgh"}, 's.csv: The answer "fever" cannot be "hgh". Choose one of: no, yes, unknown.'),
        ({"date": "0026-03-01"}, 's.csv: the date "0026-03-01" is not of the years 1900 to 2999.'),
        ({"age": "seven"}, 's.csv: age_years must be a number, not "seven".'),
        (
            {"age": "7", "child": "no"},
            "s.csv: The age in years is 7, which means child=yes, but child=no was answered",
        ),
        ({"px_per_mm": "8", "coin": "eur-1"}, "s.csv: px_per_mm, coin say the scale twice; give one of them."),
        ({"date": "1.3.2026"}, 's.csv: the date "1.3.2026" is not of the form 2026-03-01 or 2026-03-01T14:30.'),
        (
            {"date": "46082"},
            's.csv: the date "46082" is not of the form 2026-03-01 or 2026-03-01T14:30; it is a number',
        ),
        ({"site": "shin"}, 's.csv: There is no site "shin"'),
    ],
)
def test_what_cannot_be_used_is_said(row: dict[str, str], problem: str) -> None:
    assert given_of(row, "s.csv").problem.startswith(problem)


def test_one_arm_is_of_the_arms() -> None:
    given = given_of({"site": "Arm; lower leg, feet"}, "s.csv")
    assert given.circumstances == Circumstances(sites=("arms", "lower_legs", "feet"))


def test_an_empty_row_gives_nothing() -> None:
    assert given_of({"fever": " ", "age": "", "x": "1"}, "s.csv") == Given()


def test_files_are_relative_to_the_table(tmp_path: Path) -> None:
    row = {"Exclude": "out/a.png", "Patient ID": " P1 "}
    assert file_of(row, EXCLUDE, tmp_path) == tmp_path / "out/a.png"
    assert file_of({"exclude": ""}, EXCLUDE, tmp_path) is None
    assert cell_of(row, PATIENT) == "P1"
