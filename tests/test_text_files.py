"""Texts and tables are read as Notepad, PowerShell and spreadsheets save them, and other encodings are not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lesionvis.errors import SettingsError
from lesionvis.text_files import read_table, read_text

ROWS = [{"photo": "Füße, links.jpg", "pattern": "angioma"}, {"photo": "b.jpg", "pattern": ""}]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "given"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_mark_in_front_and_any_line_ends_are_read(tmp_path: Path, encoding: str, ends: str) -> None:
    assert read_text(written(tmp_path, f"Größe{ends}2{ends}".encode(encoding))) == "Größe\n2\n"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_told_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(SettingsError, match=r"UTF-.*; save it as UTF-8") as caught:
        read_text(written(tmp_path, "Größe".encode(encoding)))
    assert ("is UTF-16" in str(caught.value)) == (encoding == "utf-16")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.csv cannot be read \(No such file"):
        read_text(tmp_path / "none.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    "text",
    [
        'photo,pattern\n"Füße, links.jpg",angioma\nb.jpg,\n',
        "photo;pattern\r\nFüße, links.jpg;angioma\r\nb.jpg;\r\n",
        "photo\tpattern\nFüße, links.jpg\tangioma\n\nb.jpg\n",
        ' photo ; pattern \n"Füße, links.jpg" ; angioma\nb.jpg',
    ],
)
def test_a_table_is_read_with_any_delimiter(tmp_path: Path, text: str, encoding: str) -> None:
    assert read_table(written(tmp_path, text.encode(encoding))) == ROWS


def test_a_line_end_in_a_cell_is_kept(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, b'a;b\r\n"1\r\n2";3\r\n')) == [{"a": "1\n2", "b": "3"}]


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, b"")) == []
    assert read_table(written(tmp_path, b"photo,pattern\n")) == []


def test_a_row_that_is_too_long_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r'Row 3 of .* has 3 cells, the header 2; put texts with "," between quotes'
    ):
        read_table(written(tmp_path, b"a,b\n1,2\n1,2,3\n"))
