"""Texts are read as Notepad, PowerShell and spreadsheets save them, and what cannot be written is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lesionvis.errors import SettingsError
from lesionvis.files import check_output, read_text, write_output


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


def test_endings_count_in_any_case(tmp_path: Path) -> None:
    check_output("page", tmp_path / "a.HTML", ".htm", ".html")
    with pytest.raises(SettingsError, match=r"^The page .*a\.pdf must end in \.htm or \.html\.$"):
        check_output("page", tmp_path / "a.pdf", ".htm", ".html")
    with pytest.raises(SettingsError, match=r"^The page .*a must end in \.a, \.b or \.c\.$"):
        check_output("page", tmp_path / "a", ".a", ".b", ".c")
    with pytest.raises(SettingsError, match=r"must end in \.a\.$"):
        check_output("page", tmp_path / "b", ".a")


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^The folder of the page .*a\.html does not exist; make it first\.$"):
        check_output("page", tmp_path / "none" / "a.html", ".html")


@pytest.mark.parametrize("content", ["37 °C\n", "37 °C\n".encode()])
def test_text_is_written_in_utf_8_and_bytes_as_they_are(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a longer text that was there before")
    write_output("page", path, content)
    assert path.read_bytes() == b"37 \xc2\xb0C\n"


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^The page .* cannot be written \(Is a directory\)\.$"):
        write_output("page", tmp_path, "text")
