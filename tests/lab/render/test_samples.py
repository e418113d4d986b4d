from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.lab.render.samples import render_samples, samples
from lesionvis.lab.render.scene import RenderedSpot


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples")
    render_samples(path)
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_sample_is_a_photo_with_its_rows(folder: Path) -> None:
    photos = {row["photo"]: row for row in _rows(folder / "photos.csv")}
    truth = _rows(folder / "truth.csv")
    assert set(photos) == {path.name for path in folder.glob("*.jpg")}
    for sample in samples():
        picture = cv2.imread(str(folder / sample.photo))
        assert picture is not None
        assert picture.shape == (sample.scene.height_px, sample.scene.width_px, 3)
        row = photos[sample.photo]
        assert row["pattern"] == sample.pattern
        assert float(row["px_per_mm"]) == sample.scene.px_per_mm
        spots = [spot for spot in truth if spot["photo"] == sample.photo]
        assert [int(spot["spot"]) for spot in spots] == list(range(1, len(sample.spots) + 1))
    assert {row["pattern"] for row in photos.values()} == {
        "petechial_shower",
        "single_lesion",
        "angioma",
        "no_spots",
    }


def test_the_truth_is_complete_and_in_pixels_and_millimetres(folder: Path) -> None:
    px_per_mm = {row["photo"]: float(row["px_per_mm"]) for row in _rows(folder / "photos.csv")}
    for row in _rows(folder / "truth.csv"):
        assert set(RenderedSpot.__dataclass_fields__) < set(row)
        expected_mm = float(row["diameter_px"]) / px_per_mm[row["photo"]]
        assert float(row["diameter_mm"]) == pytest.approx(expected_mm, abs=1e-3)


def test_the_spots_stand_out_in_the_files(folder: Path) -> None:
    for sample in samples():
        picture = np.asarray(cv2.imread(str(folder / sample.photo)), dtype=np.float64)
        for spot in sample.spots:
            if spot.diameter_px >= 8.0 and not spot.dome_height:
                around = picture[_window(spot.y_px, spot), :][:, _window(spot.x_px, spot), 1]
                assert picture[round(spot.y_px), round(spot.x_px), 1] < np.percentile(around, 90)


def _window(center_px: float, spot: RenderedSpot) -> slice:
    return slice(max(0, round(center_px - spot.diameter_px)), round(center_px + spot.diameter_px) + 1)


def test_the_samples_in_the_checkout_are_those_of_the_code(project: Path, folder: Path) -> None:
    for name in ("photos.csv", "truth.csv"):
        assert (project / "sample_images" / name).read_bytes() == (folder / name).read_bytes()
    for path in folder.glob("*.jpg"):
        ours = np.asarray(cv2.imread(str(path)), dtype=np.float64)
        kept = np.asarray(cv2.imread(str(project / "sample_images" / path.name)), dtype=np.float64)
        # Other processors and builds of OpenCV round differently.
        assert np.abs(ours - kept).mean() < 1.0
    assert sum(path.stat().st_size for path in (project / "sample_images").iterdir()) < 1_500_000
