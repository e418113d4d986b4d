"""After any sequence of runs every picture shows the photo whose name it bears."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lesionvis.batch.journal import Journal
from lesionvis.batch.pictures import WORKSHOP, PictureShelf, remove_unfinished, unfinished_file

FACTS = {"model": "m", "version": "1", "settings_hash": "a"}


@contextmanager
def shelf_of(run: Path, photos: list[str], *kinds: str) -> Iterator[PictureShelf]:
    with Journal.resume(run, FACTS) as journal:
        yield PictureShelf(run, journal, photos, kinds or ("masks",))


def held(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.glob("masks/**/*.png"))}


def test_a_picture_is_there_once_it_is_put(tmp_path: Path) -> None:
    with shelf_of(tmp_path, ["x/a.jpg", "b.jpg"]) as shelf:
        assert shelf.lacks("one", ["x/a.jpg"])
        shelf.put("one", ["x/a.jpg"], {"masks": b"one"})
        assert not shelf.lacks("one", ["x/a.jpg"])
        assert shelf.lacks("one", ["x/a.jpg", "b.jpg"])
        assert shelf.lacks("two", ["x/a.jpg"])
    assert held(tmp_path) == {"masks/x/a.png": b"one"}
    with shelf_of(tmp_path, ["x/a.jpg"]) as shelf:
        assert not shelf.lacks("one", ["x/a.jpg"])
    (tmp_path / "masks/x/a.png").unlink()
    with shelf_of(tmp_path, ["x/a.jpg"]) as shelf:
        assert shelf.lacks("one", ["x/a.jpg"])


def test_duplicates_get_their_own_picture(tmp_path: Path) -> None:
    with shelf_of(tmp_path, ["a.jpg", "b.jpg"], "masks", "overlays") as shelf:
        shelf.put("one", ["a.jpg", "b.jpg"], {"masks": b"mask", "overlays": b"overlay"})
    assert held(tmp_path) == {"masks/a.png": b"mask", "masks/b.png": b"mask"}
    assert (tmp_path / "overlays/b.jpg").read_bytes() == b"overlay"


def test_pictures_follow_photos_that_change_places(tmp_path: Path) -> None:
    with shelf_of(tmp_path, ["a.jpg", "b.jpg"]) as shelf:
        shelf.put("one", ["a.jpg"], {"masks": b"one"})
        shelf.put("two", ["b.jpg"], {"masks": b"two"})
    with shelf_of(tmp_path, ["a.jpg", "b.jpg", "c/d.jpg"]) as shelf:
        shelf.share([("one", ["b.jpg", "c/d.jpg"]), ("two", ["a.jpg"])])
        shelf.remove_strays()
    assert held(tmp_path) == {"masks/a.png": b"two", "masks/b.png": b"one", "masks/c/d.png": b"one"}


def test_pictures_of_photos_that_are_gone_are_removed(tmp_path: Path) -> None:
    with shelf_of(tmp_path, ["a.jpg", "b.jpg"], "masks", "overlays") as shelf:
        shelf.put("one", ["a.jpg"], {"masks": b"one", "overlays": b"one"})
        shelf.put("two", ["b.jpg"], {"masks": b"two", "overlays": b"two"})
    (tmp_path / "masks" / "of a person.png").touch()
    with shelf_of(tmp_path, ["b.jpg"]) as shelf:
        shelf.remove_strays()
    assert set(held(tmp_path)) == {"masks/b.png", "masks/of a person.png"}
    assert (tmp_path / "overlays/a.jpg").exists()  # overlays were not part of that run


def test_a_photo_with_a_new_neighbour_changes_its_picture_name(tmp_path: Path) -> None:
    with shelf_of(tmp_path, ["a.jpg"]) as shelf:
        shelf.put("one", ["a.jpg"], {"masks": b"one"})
    with shelf_of(tmp_path, ["a.jpg", "a.png"]) as shelf:
        shelf.share([("one", ["a.jpg"])])
        shelf.put("two", ["a.png"], {"masks": b"two"})
        shelf.remove_strays()
    assert held(tmp_path) == {"masks/a.jpg.png": b"one", "masks/a.png.png": b"two"}


def test_a_file_is_forgotten_before_it_changes(tmp_path: Path) -> None:
    with shelf_of(tmp_path, ["a.jpg"]) as shelf:
        shelf.put("one", ["a.jpg"], {"masks": b"one"})
    with Journal.resume(tmp_path, FACTS) as journal:
        shelf = PictureShelf(tmp_path, journal, ["a.jpg"], ["masks"])
        shelf.put("two", ["a.jpg"], {"masks": b"two"})
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
