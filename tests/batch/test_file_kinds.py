"""Photos are known by any of their names, and of other files it is said what they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.batch.file_kinds import HIDDEN, IN_THE_CLOUD, NO_PHOTO, reason_to_skip, reason_to_skip_folder

GREY = np.full((8, 8, 3), 128, np.uint8)
JPEG, PNG, BMP, TIFF, WEBP = (
    cv2.imencode(kind, GREY)[1].tobytes() for kind in (".jpg", ".png", ".bmp", ".tif", ".webp")
)


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("IMG_0002.jfif", "IMG_0003.jpe", "IMG_0007.pjpeg", "IMG_0006.MPO", "IMG_0004.JPG_original", "IMG_0005"),
        *("IMG_0008.jpg.", "IMG_0014.jpg ", "IMG_0015.bak"),
    ],
)
def test_a_photo_is_known_under_any_name(tmp_path: Path, name: str) -> None:
    assert reason_to_skip(written(tmp_path, name, JPEG)) == ""


@pytest.mark.parametrize("content", [PNG, BMP, TIFF, WEBP, bytes(128) + b"DICM", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"])
def test_any_format_is_known_by_its_first_bytes(tmp_path: Path, content: bytes) -> None:
    assert reason_to_skip(written(tmp_path, "photo", content)) == ""


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.dng", TIFF, "camera raw; develop it"),
        ("a.CR2", TIFF, "camera raw; develop it"),
        ("a", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw; develop it"),
        ("a.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video"),
        ("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video"),
        ("a.avi", b"RIFF\0\0\0\0AVI LIST", "video"),
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("a.jxl", b"\xff\x0a\0", "JPEG XL"),
        ("a.jxl", b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        ("a.jpg.crdownload", JPEG[:100], "unfinished download"),
        ("a.THM", JPEG, "thumbnail that a camera keeps"),
        (".a.HEIC.icloud", b"bplist00", IN_THE_CLOUD),
        ("._a.jpg", b"\0\5\x16\7", HIDDEN),
        (".trashed-1767225600-a.jpg", JPEG, HIDDEN),
        ("notes.txt", b"BMI table, measured on Monday", NO_PHOTO),
        ("empty", b"", NO_PHOTO),
    ],
)
def test_of_other_files_it_is_said_what_they_are(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    assert words in reason_to_skip(written(tmp_path, name, content))


def test_what_is_named_as_a_photo_is_one_whatever_it_holds(tmp_path: Path) -> None:
    assert reason_to_skip(written(tmp_path, "a.jpg", b"%PDF-1.7")) == ""


def test_a_file_that_cannot_be_opened_is_skipped_with_the_reason(tmp_path: Path) -> None:
    assert reason_to_skip(tmp_path / "gone") == "cannot be read (No such file or directory)"


@pytest.mark.parametrize("name", ["@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", ".thumbnails"])
def test_folders_of_systems_are_known_in_any_case(name: str) -> None:
    assert reason_to_skip_folder(name)
    assert reason_to_skip_folder(name.upper())


def test_other_folders_are_looked_into() -> None:
    assert not any(map(reason_to_skip_folder, ("leg", "2026.01", "@home", "recycle", "lost")))
