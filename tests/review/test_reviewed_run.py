from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from reviewed import ANALYZER, BROKEN, PHOTO, run_of, write_photos

from lesionvis.analysis import Analyzer
from lesionvis.errors import RunFolderError
from lesionvis.review.reviewed_run import NoSuchPhotoError, reviewed_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewed")
    write_photos(folder / "photos")
    run_of(folder / "photos", folder / "run")
    return folder / "run"


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no run"), reviewed_run(tmp_path, ANALYZER, "Eva"):
        pass


def test_other_settings_than_those_of_the_run_are_refused(run: Path) -> None:
    with pytest.raises(RunFolderError, match="px_per_mm"), reviewed_run(run, Analyzer(px_per_mm=7.0), "Eva"):
        pass


def test_looking_changes_nothing(run: Path) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.suffix in (".csv", ".html")}
    with reviewed_run(run, ANALYZER, "Eva") as opened:
        assert opened.waiting() == []
        measured = opened.measured(PHOTO)
        assert measured is not None
        assert measured["row"]["status"] == "ok"
        assert opened.measured(BROKEN) is not None
        with pytest.raises(NoSuchPhotoError):
            opened.photo("x.jpg")
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.suffix in (".csv", ".html")} == before


def test_what_was_changed_and_not_measured_waits_for_the_next_run(run: Path) -> None:
    with reviewed_run(run, ANALYZER, "Eva") as opened:
        task = opened.task_as_found(PHOTO)
        assert task is not None
        opened.hold_found(task, opened.workers.as_found(task))
        assert opened.task_as_found(PHOTO) is None
        opened.edit(PHOTO, 0, {"do": "remove", "spot": 1})
        assert len(opened.waiting()) == 2  # the photo and its twin
        (task,) = opened.tasks_as_given(PHOTO)
        opened.record(PHOTO, opened.workers.as_given(task))
        assert opened.waiting() == []
        assert opened.tasks_as_given(PHOTO) == []


def test_places_left_out_in_the_run_are_left_out_again(tmp_path: Path) -> None:
    photos, masks, run = (tmp_path / name for name in ("photos", "masks", "run"))
    write_photos(photos)
    left_out = np.zeros((240, 320), np.uint8)
    left_out[:, :160] = 255
    (masks / PHOTO).parent.mkdir(parents=True)
    cv2.imwrite(str(masks / f"{PHOTO}.png"), left_out)
    run_of(photos, run, exclude_dir=masks)

    def counts(exclude_dir: Path | None) -> list[int]:
        """Spots as found, and after a change that was taken back."""
        with reviewed_run(run, ANALYZER, "Eva", exclude_dir) as opened:
            task = opened.task_as_found(PHOTO)
            assert task is not None
            opened.hold_found(task, opened.workers.as_found(task))
            found = opened.photo(PHOTO)
            if "spots" not in found:
                raise RunFolderError(found["problem"])
            for wish in ({"do": "remove", "spot": 1}, {"do": "undo"}):
                opened.edit(PHOTO, opened.photo(PHOTO)["version"], wish)
                for given in opened.tasks_as_given(PHOTO):
                    opened.record(PHOTO, opened.workers.as_given(given))
            measured = opened.measured(PHOTO)
            assert measured is not None
            assert all(corner[0] > 150 for spot in found["spots"] for corner in spot["outline"])
            return [len(found["spots"]), measured["row"]["spot_count"]]

    before = (run / "spots.csv").read_bytes()
    count = before.decode().count(f"\n{PHOTO},")
    assert count > 1
    assert counts(masks) == [count, count]
    assert (run / "spots.csv").read_bytes() == before
    with pytest.raises(RunFolderError, match="changed"):
        counts(None)
