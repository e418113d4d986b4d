"""Files and folders are told apart whatever path leads to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from drives import without_numbers

from lesionvis.batch.places import JOURNAL_NAME, check_places, identity, is_same
from lesionvis.errors import RunFolderError


@pytest.mark.parametrize("is_numbered", [True, False])
def test_paths_to_one_file_are_the_same_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_numbered: bool
) -> None:
    first, second, link = (tmp_path / name for name in ("a.jpg", "b.jpg", "link.jpg"))
    first.touch()
    second.touch()
    link.symlink_to(first)
    if not is_numbered:
        monkeypatch.setattr(os, "stat", without_numbers(os.stat))
    assert is_same(first, tmp_path / "." / "a.jpg")
    assert is_same(first, link)
    assert identity(first) == identity(link)
    assert not is_same(first, second)
    assert not is_same(first, tmp_path / "none.jpg")


def test_a_run_folder_must_be_of_its_own(tmp_path: Path) -> None:
    photos, run = tmp_path / "photos", tmp_path / "run"
    photos.mkdir()
    check_places(photos, run)
    run.mkdir()
    check_places(photos, run)
    check_places(photos, photos / "run")
    (run / JOURNAL_NAME).touch()
    (run / "photos.csv").touch()
    check_places(photos, run)
    (run / JOURNAL_NAME).unlink()
    with pytest.raises(RunFolderError, match="holds other files and no run"):
        check_places(photos, run)
    with pytest.raises(RunFolderError, match="is a file"):
        check_places(photos, run / "photos.csv")
    for place in (photos, tmp_path):
        with pytest.raises(RunFolderError, match="holds the photos themselves"):
            check_places(photos, place)
