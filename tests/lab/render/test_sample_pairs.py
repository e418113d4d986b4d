from __future__ import annotations

from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.lab.render.sample_pairs import render_sample_pairs, sample_pairs
from lesionvis.photo import read_photo

NAMES = ["glass-plain.jpg", "glass-pressed.jpg", "series-1.jpg", "series-2.jpg"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs")
    render_sample_pairs(path)
    return path


def test_the_photos_of_a_series_carry_their_dates(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    dates = [read_photo(folder / name).taken_at for name in NAMES]
    assert dates == [None, None, datetime(2026, 3, 1, 9, 0), datetime(2026, 3, 4, 9, 30)]


def test_a_date_changes_nothing_of_the_picture(folder: Path) -> None:
    for sample in sample_pairs():
        kept = np.asarray(cv2.imread(str(folder / sample.photo)), np.float64)
        assert np.abs(kept[..., ::-1] - sample.rgb).mean() < 3.0


def test_the_pairs_in_the_checkout_are_those_of_the_code(project: Path, folder: Path) -> None:
    kept = project / "sample_pairs"
    assert sorted(path.name for path in kept.iterdir()) == NAMES
    for name in NAMES:
        ours, theirs = (np.asarray(cv2.imread(str(path / name)), np.float64) for path in (folder, kept))
        # Other processors and builds of OpenCV round differently.
        assert np.abs(ours - theirs).mean() < 1.0
    assert sum(path.stat().st_size for path in kept.iterdir()) < 300_000
