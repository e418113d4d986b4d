"""Every photo of a folder is listed once, whatever lies in it."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest
from drives import without_numbers

from lesionvis.batch import scan
from lesionvis.batch.file_kinds import PHOTO_EXTENSIONS
from lesionvis.batch.places import JOURNAL_NAME
from lesionvis.batch.scan import find_photos
from lesionvis.errors import RunFolderError


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def names(folder: Path, run: Path | None = None) -> list[str]:
    return [file.photo for file in find_photos(folder, run or folder.parent / "run")]


def skipped(folder: Path, run: Path | None = None) -> dict[str, str]:
    return {file.file: file.reason for file in find_photos(folder, run or folder.parent / "run").skipped}


def states(folder: Path) -> dict[str, str]:
    return {file.photo: file.state for file in find_photos(folder, folder.parent / "run")}


def test_files_count_by_extension_in_any_case(tmp_path: Path) -> None:
    for extension in PHOTO_EXTENSIONS:
        touch(tmp_path / "in" / f"a{extension}")
        touch(tmp_path / "in" / "deep" / "er" / f"B{extension.upper()}")
    others = ("notes.txt", "photos.csv", "jpg", ".jpg", "a.jpg.part", "._a.jpg")
    for other in others:
        touch(tmp_path / "in" / other)
    assert set(skipped(tmp_path / "in")) == set(others)
    found = names(tmp_path / "in")
    assert len(found) == 2 * len(PHOTO_EXTENSIONS)
    assert found == sorted(found)


def test_the_state_of_a_file_tells_that_it_changed_with_its_time_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = touch(tmp_path / "in" / "a.jpg"), touch(tmp_path / "in" / "b.jpg")
    assert states(path.parent) == {"a.jpg": "", "b.jpg": ""}, "changed a moment ago: it may change again unseen"
    monkeypatch.setattr(scan, "_STEP_OF_CLOCKS_NS", 0)
    before = states(path.parent)
    assert before == states(path.parent)
    assert "" not in before.values()
    kept = path.stat()
    time.sleep(0.1)  # longer than the step of this disk's clock
    path.write_bytes(b"y")
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    after = states(path.parent)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (kept.st_size, kept.st_mtime_ns)
    assert after["a.jpg"] not in ("", before["a.jpg"])
    assert after["b.jpg"] == before["b.jpg"]


def test_names_that_were_swapped_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = touch(tmp_path / "in" / "a.jpg"), touch(tmp_path / "in" / "b.jpg")
    for path in (first, second):
        os.utime(path, (10**9, 10**9))
    monkeypatch.setattr(scan, "_STEP_OF_CLOCKS_NS", 0)
    before = states(first.parent)
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    after = states(first.parent)
    assert before["a.jpg"] != after["a.jpg"]
    assert before["b.jpg"] != after["b.jpg"]


def test_a_time_of_change_far_in_the_future_is_not_relied_on(tmp_path: Path) -> None:
    path = touch(tmp_path / "in" / "a.jpg")
    os.utime(path, (10**9, 10_413_792_000))  # the year 2300, in ns more than 64 bits hold
    assert states(path.parent) == {"a.jpg": ""}


def test_the_run_folder_and_other_runs_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "run" / "overlays" / "a.jpg")
    touch(tmp_path / "old" / "overlays" / "a.jpg")
    touch(tmp_path / "old" / JOURNAL_NAME)
    assert names(tmp_path, tmp_path / "run") == ["a.jpg"]
    assert skipped(tmp_path, tmp_path / "run") == {"old/": "folder with the results of a run"}


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
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    os.mkfifo(folder / "pipe")
    found = find_photos(folder, tmp_path / "run")
    problems = {file.photo: file.problem for file in found.photos}
    assert problems["gone.jpg"] == "This file cannot be read (No such file or directory); check the path and the disk."
    assert "symbolic links" in problems["loop.jpg"]
    assert {file.file: file.reason for file in found.skipped} == {
        "gone.txt": "cannot be read (No such file or directory)",
        "pipe": "device or pipe",
    }
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
    found = {file.photo: file.problem for file in find_photos(tmp_path / "in", tmp_path / "run").photos}
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


def test_what_systems_keep_beside_photos_is_skipped_and_listed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in (
        *("IMG_0001.jpg", "@eaDir/IMG_0001.jpg/SYNOPHOTO_THUMB_XL.jpg", "leg/@eaDir/a.jpg/b.jpg", "leg/a.jpg"),
        *(".thumbnails/1.jpg", ".trashed-1767225600-IMG_0002.jpg", "$RECYCLE.BIN/S-1-5-21/$RABC.jpg"),
        *("#recycle/old.jpg", "__MACOSX/._IMG_0001.jpg", "._IMG_0001.jpg", ".Trash-1000/files/a.jpg"),
    ):
        touch(folder / name)
    assert names(folder) == ["IMG_0001.jpg", "leg/a.jpg"]
    hidden, system = "hidden, as its name begins with a dot", "thumbnails, deleted files or snapshots"
    found = skipped(folder)
    assert list(found) == sorted(found)
    assert {name for name, reason in found.items() if reason == hidden} == {
        *(".thumbnails/", ".trashed-1767225600-IMG_0002.jpg", "._IMG_0001.jpg", ".Trash-1000/")
    }
    assert {name for name, reason in found.items() if reason.endswith(system)} == {
        *("%40eaDir/", "leg/@eaDir/", "$RECYCLE.BIN/", "#recycle/", "__MACOSX/")
    }


def test_a_hidden_folder_that_is_asked_for_is_read(tmp_path: Path) -> None:
    touch(tmp_path / ".private" / "a.jpg")
    assert names(tmp_path / ".private") == ["a.jpg"]


def test_photos_are_found_on_drives_that_give_all_files_the_number_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, run = tmp_path / "in", tmp_path / "in" / "run"
    for name in ("one/a.jpg", "two/b.jpg", "three/c.jpg", "top.jpg", "run/overlays/top.jpg"):
        touch(folder / name)
    (folder / "link").symlink_to(folder / "one")
    monkeypatch.setattr(scan, "_STEP_OF_CLOCKS_NS", 0)
    monkeypatch.setattr(os, "stat", without_numbers(os.stat))
    assert names(folder, run) == ["one/a.jpg", "three/c.jpg", "top.jpg", "two/b.jpg"]
    assert set(states(folder).values()) == {""}, "without a number a swapped file may not be seen"
