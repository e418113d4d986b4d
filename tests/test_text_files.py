"""Texts are read as Notepad, PowerShell and spreadsheets save them, and other encodings are not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lesionvis.errors import SettingsError
from lesionvis.text_files import read_text


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
