"""The commands of a study."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import write_photo
from typer.testing import CliRunner, Result

from lesionvis.analysis import analyze
from lesionvis.annotations.files import write_annotations
from lesionvis.cli.main import app
from lesionvis.errors import SettingsError


def called(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_photo(tmp_path / "a.png", 1, count=12, height=240, width=320)


def test_measure_gives_the_numbers_of_what_was_drawn(photo: Path, tmp_path: Path) -> None:
    labels = np.zeros((240, 320), np.uint8)
    cv2.circle(labels, (100, 100), 20, 1, -1)
    cv2.imwrite(str(tmp_path / "a_mask.png"), labels)
    overlay = tmp_path / "overlay.png"
    spots = tmp_path / "a_mask.png"
    found = called("measure", photo, "--spots", spots, "--px-per-mm", 8, "--json", "--overlay", overlay)
    content = json.loads(found.stdout)
    assert content["spots_from"] == "corrected"
    (spot,) = content["spots"]
    assert spot["outlined_by"] == "person"
    assert spot["score"] is None
    assert spot["diameter_mm"] == pytest.approx(2.0 * np.sqrt((labels > 0).sum() / np.pi) / 8.0, rel=1e-3)
    assert overlay.is_file()


def test_measure_says_whose_spots_these_are(photo: Path, tmp_path: Path) -> None:
    spots = tmp_path / "a.json"
    spots.write_bytes(write_annotations(analyze(photo), "labelme"))
    assert "drawn or corrected by a person" in called("measure", photo, "--spots", spots).stdout
    assert "drawn or corrected by a person" not in called("analyze", photo).stdout


def test_measure_refuses_a_mask_of_another_size(photo: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "b.png"), np.ones((320, 240), np.uint8))
    with pytest.raises(SettingsError, match=r"of b\.png are for a photo of 240 x 320 px and this one has 320 x"):
        called("measure", photo, "--spots", tmp_path / "b.png")
