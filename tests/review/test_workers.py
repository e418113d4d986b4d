from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from drawn import write_photo
from reviewed import ANALYZER

from lesionvis.batch.supervisor import Task
from lesionvis.errors import SettingsError
from lesionvis.review.workers import Workers


def test_a_photo_that_cannot_be_analysed_has_no_sheet(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 1)
    workers = Workers(ANALYZER, ("thumbnails",))
    try:
        assert workers.sheet(Task(str(path), hashlib.sha256(path.read_bytes()).hexdigest())).startswith(b"<!DOCTYPE")
        with pytest.raises(SettingsError, match="changed while the run"):
            workers.sheet(Task(str(path), "0" * 64))
    finally:
        workers.close()
