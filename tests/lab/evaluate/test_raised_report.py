"""Numbers that might show a raised spot are judged within each diagnosis."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from painted import disk, painted

from lesionvis.lab.evaluate.raised_report import PROXIES, Touched, elevation, measure_touched, pooled, raised_report
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.lab.truth import Label
from lesionvis.spots.classifier import packaged_classifier


def _label(diagnosis: str, number: int, note: str = "", photo: str = "") -> Label:
    accept = ("single_lesion",)
    return Label(photo, "0" * 64, "pad", diagnosis, "single_lesion", "clear", accept, "1", f"g{number}", note)


def _touched(diagnosis: str, number: int, value: float, *, is_raised: bool) -> Touched:
    return Touched(_label(diagnosis, number), is_raised, dict.fromkeys(PROXIES, value))


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("diameters_mm=nanxnan; elevation=True; fitzpatrick=nan", True),
        ("elevation=False", False),
        ("elevation=UNK", None),
    ],
)
def test_elevation_is_read_from_the_note(note: str, expected: bool | None) -> None:
    assert elevation(_label("Naevus", 0, note)) is expected


def test_telling_diagnoses_apart_earns_nothing() -> None:
    # Warts are mostly raised and score 10, lentigines mostly flat and score 0; within either the number is noise.
    generator = np.random.default_rng(4)
    touched = []
    for number in range(200):
        is_wart = number % 2 == 0
        is_raised = bool(generator.random() < (0.8 if is_wart else 0.2))
        value = (10.0 if is_wart else 0.0) + float(generator.normal())
        touched.append(_touched("wart" if is_wart else "lentigo", number, value, is_raised=is_raised))
    found = pooled(touched, PROXIES[0])
    assert found.low < 0.5 < found.high
    assert found.value == pytest.approx(0.5, abs=0.1)


def test_a_number_that_shows_height_within_diagnoses_is_credited() -> None:
    touched = [
        _touched(diagnosis, number, offset + is_raised + 0.001 * number, is_raised=is_raised)
        for diagnosis, offset in (("wart", 10.0), ("lentigo", 0.0))
        for number in range(20)
        for is_raised in (True, False)
    ]
    assert pooled(touched, PROXIES[0]).value == 1.0
    text = raised_report(touched)
    assert "40 raised and 40 flat lesions" in text
    assert "| rim_relief | 1.00 (1.00 to 1.00; 40 against 40) | 1.00 (1.00 to 1.00; 20 against 20) |" in text


def test_a_diagnosis_of_one_kind_alone_says_nothing() -> None:
    touched = [_touched("wart", number, float(number), is_raised=True) for number in range(4)]
    assert np.isnan(pooled(touched, PROXIES[0]).value)
    assert "none (" in raised_report(touched)


def test_photos_with_a_lesion_and_a_known_elevation_are_measured(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), painted(disk)[..., ::-1])
    cv2.imwrite(str(tmp_path / "plain.png"), painted(disk, (0.0, 0.0, 0.0))[..., ::-1])
    labels = [
        _label("Naevus", 1, "elevation=True", "a.png"),
        _label("Naevus", 2, "elevation=UNK", "missing.png"),
        _label("Naevus", 3, "elevation=False", "plain.png"),
    ]
    (one,) = measure_touched(tmp_path, labels, [packaged_classifier()] * N_FOLDS)
    assert one.label.photo == "a.png"
    assert one.is_raised
    assert list(one.numbers) == list(PROXIES)
    assert np.isfinite(list(one.numbers.values())).all()
