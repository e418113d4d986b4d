"""Every photo of a folder is listed once, whatever lies in it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lesionvis.batch.scan import JOURNAL_NAME, PHOTO_EXTENSIONS, find_photos
from lesionvis.errors import RunFolderError


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def names(folder: Path, run: Path | None = None) -> list[str]:
    return [file.photo for file in find_photos(folder, run or folder.parent / "run")]


def test_files_count_by_extension_in_any_case(tmp_path: Path) -> None:
    for extension in PHOTO_EXTENSIONS:
        touch(tmp_path / "in" / f"a{extension}")
        touch(tmp_path / "in" / "deep" / "er" / f"B{extension.upper()}")
    for other in ("notes.txt", "photos.csv", "jpg", ".jpg", "a.jpg.part", "._a.jpg"):
        touch(tmp_path / "in" / other)
    found = names(tmp_path / "in")
    assert len(found) == 2 * len(PHOTO_EXTENSIONS)
    assert found == sorted(found)


def test_size_and_time_of_change_are_told(tmp_path: Path) -> None:
    path = touch(tmp_path / "in" / "a.jpg")
    (file,) = find_photos(tmp_path / "in", tmp_path / "run")
    assert (file.size_bytes, file.modified_ns, file.problem) == (1, path.stat().st_mtime_ns, "")


def test_the_run_folder_and_other_runs_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "run" / "overlays" / "a.jpg")
    touch(tmp_path / "old" / "overlays" / "a.jpg")
    touch(tmp_path / "old" / JOURNAL_NAME)
    assert names(tmp_path, tmp_path / "run") == ["a.jpg"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a" / "1.jpg")
    touch(tmp_path / "in" / "b" / "2.jpg")
    (tmp_path / "in" / "a" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "a" / "b").symlink_to(tmp_path / "in" / "b")
    (tmp_path / "in" / "b" / "a").symlink_to(tmp_path / "in" / "a")
    assert names(tmp_path / "in") == ["a/1.jpg", "b/2.jpg"]


def test_a_linked_folder_is_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "store" / "1.jpg")
    (tmp_path / "in").mkdir()
    for name in ("first", "second"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "store")
    assert names(tmp_path / "in") == ["first/1.jpg"]


def test_what_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    os.mkfifo(folder / "pipe.jpg")
    problems = {file.photo: file.problem for file in find_photos(folder, tmp_path / "run")}
    assert problems["gone.jpg"] == "This file cannot be read (No such file or directory); check the path and the disk."
    assert "symbolic links" in problems["loop.jpg"]
    assert problems["pipe.jpg"] == "This file is a device or pipe, not a photo; remove it."


def test_a_folder_that_cannot_be_listed_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "in" / "open" / "a.jpg")
    touch(tmp_path / "in" / "closed" / "b.jpg")
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = {file.photo: file.problem for file in find_photos(tmp_path / "in", tmp_path / "run")}
    assert found == {
        "open/a.jpg": "",
        "closed/": "This folder cannot be listed (Permission denied); check its permissions.",
    }


def test_a_folder_named_as_a_photo_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "album.jpg" / "a.png")
    assert names(tmp_path / "in") == ["album.jpg/a.png"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is not a folder"):
        find_photos(touch(tmp_path / "a.jpg"), tmp_path / "run")
