"""After any sequence of runs every picture shows the photo whose name it bears."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lesionvis.batch.journal import Journal
from lesionvis.batch.pictures import WORKSHOP, RunPictures, held_kinds, remove_unfinished, unfinished_file

FACTS = {"model": "m", "version": "1", "settings_hash": "a"}


@contextmanager
def run_pictures(run: Path, photos: list[str], *kinds: str) -> Iterator[RunPictures]:
    with Journal.resume(run, FACTS) as journal:
        yield RunPictures(run, journal, photos, kinds or ("masks",))


def held(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.glob("masks/**/*.png"))}


def test_a_picture_is_there_once_it_is_put(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["x/a.jpg", "b.jpg"]) as pictures_of_run:
        assert pictures_of_run.lacks("one", ["x/a.jpg"])
        pictures_of_run.put("one", ["x/a.jpg"], {"masks": b"one"})
        assert not pictures_of_run.lacks("one", ["x/a.jpg"])
        assert pictures_of_run.lacks("one", ["x/a.jpg", "b.jpg"])
        assert pictures_of_run.lacks("two", ["x/a.jpg"])
    assert held(tmp_path) == {"masks/x/a.png": b"one"}
    with run_pictures(tmp_path, ["x/a.jpg"]) as pictures_of_run:
        assert not pictures_of_run.lacks("one", ["x/a.jpg"])
    (tmp_path / "masks/x/a.png").unlink()
    with run_pictures(tmp_path, ["x/a.jpg"]) as pictures_of_run:
        assert pictures_of_run.lacks("one", ["x/a.jpg"])


def test_duplicates_get_their_own_picture(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["a.jpg", "b.jpg"], "masks", "overlays") as pictures_of_run:
        pictures_of_run.put("one", ["a.jpg", "b.jpg"], {"masks": b"mask", "overlays": b"overlay"})
    assert held(tmp_path) == {"masks/a.png": b"mask", "masks/b.png": b"mask"}
    assert (tmp_path / "overlays/b.jpg").read_bytes() == b"overlay"


def test_pictures_follow_photos_that_change_places(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["a.jpg", "b.jpg"]) as pictures_of_run:
        pictures_of_run.put("one", ["a.jpg"], {"masks": b"one"})
        pictures_of_run.put("two", ["b.jpg"], {"masks": b"two"})
    with run_pictures(tmp_path, ["a.jpg", "b.jpg", "c/d.jpg"]) as pictures_of_run:
        pictures_of_run.share([("one", ["b.jpg", "c/d.jpg"]), ("two", ["a.jpg"])])
        pictures_of_run.remove_strays()
    assert held(tmp_path) == {"masks/a.png": b"two", "masks/b.png": b"one", "masks/c/d.png": b"one"}


def test_pictures_of_photos_that_are_gone_are_removed(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["a.jpg", "b.jpg"], "masks", "overlays") as pictures_of_run:
        pictures_of_run.put("one", ["a.jpg"], {"masks": b"one", "overlays": b"one"})
        pictures_of_run.put("two", ["b.jpg"], {"masks": b"two", "overlays": b"two"})
    (tmp_path / "masks" / "of a person.png").touch()
    with run_pictures(tmp_path, ["b.jpg"]) as pictures_of_run:
        pictures_of_run.remove_strays()
    assert set(held(tmp_path)) == {"masks/b.png", "masks/of a person.png"}
    assert not (tmp_path / "overlays/a.jpg").exists()  # nor is there an overlay of the photo that is gone


def test_a_kind_is_held_until_its_folder_is_removed(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["a.jpg"]) as pictures_of_run:
        pictures_of_run.put("one", ["a.jpg"], {"masks": b"one"})
    with Journal.read(tmp_path) as journal:
        assert held_kinds(tmp_path, journal) == {"masks"}
        shutil.rmtree(tmp_path / "masks")
        assert held_kinds(tmp_path, journal) == set()


def test_a_photo_with_a_new_neighbour_changes_its_picture_name(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["a.jpg"]) as pictures_of_run:
        pictures_of_run.put("one", ["a.jpg"], {"masks": b"one"})
    with run_pictures(tmp_path, ["a.jpg", "a.png"]) as pictures_of_run:
        pictures_of_run.share([("one", ["a.jpg"])])
        pictures_of_run.put("two", ["a.png"], {"masks": b"two"})
        pictures_of_run.remove_strays()
    assert held(tmp_path) == {"masks/a.jpg.png": b"one", "masks/a.png.png": b"two"}


def test_a_file_is_forgotten_before_it_changes(tmp_path: Path) -> None:
    with run_pictures(tmp_path, ["a.jpg"]) as pictures_of_run:
        pictures_of_run.put("one", ["a.jpg"], {"masks": b"one"})
    with Journal.resume(tmp_path, FACTS) as journal:
        pictures_of_run = RunPictures(tmp_path, journal, ["a.jpg"], ["masks"])
        pictures_of_run.put("two", ["a.jpg"], {"masks": b"two"})
        journal._database.rollback()  # as a sudden end before the commit would leave it
    with Journal.read(tmp_path) as journal:
        assert journal.pictures() == {}


def test_unfinished_files_are_apart_and_can_be_removed(tmp_path: Path) -> None:
    first, second = unfinished_file(tmp_path, b"1"), unfinished_file(tmp_path)
    assert first != second
    assert (first.read_bytes(), first.parent) == (b"1", tmp_path / WORKSHOP)
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == []
