from __future__ import annotations

import hashlib
import json
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
from drawn import write_photo
from reviewed import ANALYZER

from lesionvis.batch.given import Given
from lesionvis.batch.names import content_key
from lesionvis.batch.supervisor import Task
from lesionvis.batch.worker import Job, analyse_file
from lesionvis.errors import SettingsError
from lesionvis.review.workers import Workers
from lesionvis.spots import SpotFinder
from lesionvis.spots.drawn import DrawnSpots


def test_a_photo_that_cannot_be_analysed_has_no_sheet(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 1)
    workers = Workers(ANALYZER, ("thumbnails",))
    try:
        assert workers.sheet(Task(str(path), hashlib.sha256(path.read_bytes()).hexdigest())).startswith(b"<!DOCTYPE")
        with pytest.raises(SettingsError, match="changed while the run"):
            workers.sheet(Task(str(path), "0" * 64))
    finally:
        workers.close()


def test_a_changed_photo_is_not_searched_again_and_has_the_numbers_of_a_run(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 1, count=9, height=240, width=320)
    found = ANALYZER(path)
    drawn = DrawnSpots(found.spots.outlines_px[1:], (), (320, 240))
    given = Given(drawn=drawn)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    task = Task(str(path), content_key(digest, None, given.digest), None, given)
    afresh = analyse_file(ANALYZER, Job({}, {}, (), 60.0, 4.0), task.path, task.sha256, None, given.to_dict())
    job = Job({}, {}, (), 60.0, 4.0, keeps_last=True)
    searched = Mock(side_effect=SpotFinder.__call__)
    with patch.object(SpotFinder, "__call__", lambda *told: searched(*told)):
        as_found = analyse_file(ANALYZER, job, str(path), digest)
        again = analyse_file(ANALYZER, job, task.path, task.sha256, None, given.to_dict())
        assert json.dumps(analyse_file(ANALYZER, job, str(path), digest)) == json.dumps(as_found)
    assert searched.call_count == 1
    assert json.dumps(again) == json.dumps(afresh)  # as text: what is not known is no number and equals nothing
    assert as_found["row"]["spot_count"] == again["row"]["spot_count"] + 1


def test_the_next_photo_is_made_ready_by_the_process_that_does_not_keep_the_one_looked_at() -> None:
    workers = Workers(ANALYZER, ())
    seen: list[int] = []
    for worker in [worker for _, worker in workers._analysing]:
        worker._ask = lambda *_, worker=worker: seen.append(id(worker)) or {}  # type: ignore[method-assign,func-returns-value]
        worker._worker = Mock()
    for looked_at, asked in (("a", "a"), ("a", "b"), ("b", "c"), ("b", "b+given:1"), ("c", "d"), ("c", "c+given:2")):
        workers.look_at(looked_at)
        workers.as_found(Task("", asked))
    first, second = seen[:2]
    assert seen == [first, second, first, second, second, first]
    assert first != second
    workers.close()
