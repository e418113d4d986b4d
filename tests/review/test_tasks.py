from __future__ import annotations

from pathlib import Path

from reviewed import ANALYZER, PHOTO, TWIN, run_of, write_photos

from lesionvis.batch.given import Given
from lesionvis.batch.names import file_key
from lesionvis.review.reviewed_run import reviewed_run
from lesionvis.review.tasks import ReviewTasks


def test_a_task_follows_every_change(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos")
    run_of(tmp_path / "photos", tmp_path / "run")
    with reviewed_run(tmp_path / "run", ANALYZER, "Eva") as opened:
        tasks = ReviewTasks(opened._journal, tmp_path / "photos", {TWIN: "mask.png"})
        content = opened.listed[PHOTO].content
        found = tasks(PHOTO, content, as_found=True)
        before = tasks(PHOTO, content, as_found=False)
        assert (found.given, before.given, found.mask) == (Given(), Given(), None)
        assert tasks(TWIN, content, as_found=True).mask == "mask.png"
        task = opened.task_as_found(PHOTO)
        assert task is not None
        opened.hold_found(task, opened.workers.as_found(task))
        opened.edit(PHOTO, 0, {"do": "remove", "spot": 1})
        after = tasks(PHOTO, content, as_found=False)
        assert after.given.drawn is not None
        assert after.sha256 != before.sha256
        assert file_key(after.sha256) == before.sha256
        assert tasks(PHOTO, content, as_found=False) is after
        assert tasks(PHOTO, content, as_found=True) is found
