"""Probabilities and prediction sets are held against the truth, place by place."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.evaluate.calibration_report import calibration_report
from lesionvis.lab.evaluate.cross_validation import N_FOLDS, OutOfFold
from lesionvis.lab.train.calibrate import COVERAGE
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.lab.truth import Label
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES

N_PHOTOS = 400


def _label(number: int, source: str, name: str) -> Label:
    return Label("", "0" * 64, source, "", name, "clear", (name,), "1", f"g{number}", "")


@pytest.fixture(scope="module")
def report() -> str:
    """Of photos whose model is sure and right at home, and sure and wrong in every other photo of one source abroad."""
    generator = np.random.default_rng(4)
    names = [CLASSES[number % len(CLASSES)] for number in range(N_PHOTOS)]
    sources = ["dermnet" if number < N_PHOTOS // 2 else f"web{number % 5:02d}" for number in range(N_PHOTOS)]
    labels = [_label(number, source, name) for number, (source, name) in enumerate(zip(sources, names, strict=True))]
    told = [
        CLASSES[(CLASSES.index(name) + (source == "web03" and number % 2)) % len(CLASSES)]
        for number, (source, name) in enumerate(zip(sources, names, strict=True))
    ]
    probabilities = np.array([[0.94 if one == name else 0.02 for one in CLASSES] for name in told])
    features = np.full((N_PHOTOS, len(FEATURE_NAMES)), np.nan, np.float32)
    table = PatternTable(tuple(labels), np.zeros(N_PHOTOS, np.int64), features)
    return calibration_report(table, [OutOfFold(probabilities, generator.integers(0, N_FOLDS, N_PHOTOS))])


def _cells(report: str, name: str) -> list[str]:
    (line,) = [line for line in report.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_a_source_whose_probabilities_lie_is_told(report: str) -> None:
    photos, mean, right, error, holds = _cells(report, "web03")
    assert photos == "40"
    assert float(mean) - float(right) == pytest.approx(float(error), abs=0.02)
    assert float(right) == pytest.approx(0.5)
    # A pattern without its sign, which no row of NaN has, adds "other" to its set.
    assert float(holds) >= 0.5
    assert float(_cells(report, "web02")[2]) == 1.0
    assert _cells(report, "dermnet")[:1] == ["200"]


def test_confidence_bands_hold_all_photos(report: str) -> None:
    bands = [line.split("|") for line in report.splitlines() if line.startswith("| 0.")]
    assert sum(int(band[2]) for band in bands) == sum(int(band[5]) for band in bands) == N_PHOTOS // 2


def test_each_class_has_its_coverage(report: str) -> None:
    for name in CLASSES:
        asked, home_photos, home, _, abroad = _cells(report, name)
        assert asked == f"{COVERAGE[name]:.2f}"
        assert home_photos == str(N_PHOTOS // 2 // len(CLASSES))
        assert float(home.split(" ")[0]) == 1.0
        assert float(abroad.split(" ")[0]) == pytest.approx(0.9 if name != "other" else 1.0, abs=0.11)
