from __future__ import annotations

from pathlib import Path

import pytest

from lesionvis.analysis import Analyzer
from lesionvis.batch.journal import Journal
from lesionvis.errors import RunFolderError
from lesionvis.review.new_run import _free_path, new_run, takes_photos


def test_a_new_run_takes_photos_and_no_folder_twice(tmp_path: Path) -> None:
    run = new_run(tmp_path / "new", Analyzer())
    with Journal.read(run) as journal:
        assert takes_photos(journal)
        assert Path(journal.origin().folder) == tmp_path / "new" / "photos"
    with pytest.raises(RunFolderError, match="cannot be made"):
        new_run(tmp_path / "new", Analyzer())


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a.jpg", "a.jpg"),
        ("../../a.jpg", "a.jpg"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("..", "photo"),
        ("", "photo"),
        (".hidden.jpg", "hidden.jpg"),
        ("a\n.jpg", "a%0A.jpg"),
        ("x" * 300 + ".jpg", "x" * 56 + ".jpg"),
        ("taken.jpg", "taken (3).jpg"),
        ("same.jpg", "same.jpg"),
    ],
)
def test_a_file_gets_a_place_of_its_own_in_the_folder(tmp_path: Path, name: str, place: str) -> None:
    for taken in ("taken.jpg", "taken (2).jpg"):
        (tmp_path / taken).write_bytes(b"other")
    (tmp_path / "same.jpg").write_bytes(b"this")
    assert _free_path(tmp_path, name, b"this") == tmp_path / place
