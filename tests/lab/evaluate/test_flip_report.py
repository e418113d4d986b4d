"""Answers before and after a photo is changed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from painted import disk, painted

from lesionvis.lab.evaluate.flip_report import CHANGES, Changed, change_photos, flip_report, left_out_models
from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.pattern_training import fit_pattern, mean_probabilities, read_pattern_table
from lesionvis.lab.truth import Label
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.pattern import load_pattern_model, sharpened
from lesionvis.photo import read_photo
from lesionvis.spots.classifier import packaged_classifier


def _label(number: int, pattern: str = "single_lesion", certainty: str = "clear", photo: str = "") -> Label:
    return Label(photo, "0" * 64, "pad", "Naevus", pattern, certainty, (pattern,), "1", f"g{number}", "")


@pytest.fixture(scope="module")
def rgb() -> NDArray[np.uint8]:
    return painted(disk)


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_gives_a_photo_that_differs(name: str, rgb: NDArray[np.uint8]) -> None:
    before = rgb.copy()
    changed = read_photo(CHANGES[name](rgb)).rgb
    assert np.array_equal(rgb, before)
    assert changed.shape != rgb.shape or not np.array_equal(changed, rgb)


def test_changes_do_what_they_say(rgb: NDArray[np.uint8]) -> None:
    height, width = rgb.shape[:2]
    assert CHANGES["crop to 85 %"](rgb).shape == (round(0.85 * height), round(0.85 * width), 3)
    assert CHANGES["quarter turn"](rgb).shape == (width, height, 3)
    assert np.array_equal(CHANGES["mirror"](CHANGES["mirror"](rgb)), rgb)
    assert CHANGES["darker by a fifth"](rgb).mean() == pytest.approx(0.8 * rgb.mean(), rel=0.01)
    assert CHANGES["softer gradation (gamma 0.85)"](rgb).mean() > rgb.mean()
    warm, cold = CHANGES["warm cast (R +6 %, B -10 %)"](rgb), CHANGES["cold cast (R -8 %, B +6 %)"](rgb)
    assert warm[..., 2].mean() == pytest.approx(0.9 * rgb[..., 2].mean(), rel=0.01)
    assert cold[..., 0].mean() == pytest.approx(0.92 * rgb[..., 0].mean(), rel=0.01)
    assert CHANGES["scale 0.6"](rgb).shape == (round(0.6 * height), round(0.6 * width), 3)
    sharpness = [cv2.Laplacian(picture, cv2.CV_32F).std() for picture in (rgb, CHANGES["blur (sigma 1 px)"](rgb))]
    assert sharpness[1] < 0.5 * sharpness[0]


def _after(answer: str, **others: str) -> dict[str, str]:
    return dict.fromkeys(CHANGES, answer) | others


def test_answers_that_change_are_counted_by_kind() -> None:
    changed = [
        Changed(_label(0), "single_lesion", _after("single_lesion")),
        Changed(_label(1), "single_lesion", _after("single_lesion", mirror="angioma")),
        Changed(_label(2), "single_lesion", _after("single_lesion", mirror="uncertain")),
        Changed(_label(3), "uncertain", _after("uncertain", mirror="single_lesion")),
    ]
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in flip_report(changed).splitlines()}
    assert "4 clear photos of a pattern, 3 of them answered" in next(iter(lines))
    shares = [cell.split(" %")[0] for cell in lines["mirror"].split(" | ")[1:]]
    assert shares == ["25.0", "25.0", "25.0", "75.0", "50.0"]
    shares = [cell.split(" %")[0] for cell in lines["scale 0.6"].split(" | ")[1:]]
    assert shares == ["0.0", "0.0", "0.0", "75.0", "75.0"]
    shares = [cell.split(" %")[0] for cell in lines["any of these"].split(" | ")[1:4]]
    assert shares == [f"{100 / 4 / len(CHANGES):.1f}"] * 3


def test_clear_photos_of_a_pattern_are_answered_with_all_their_copies(tmp_path: Path, rgb: NDArray[np.uint8]) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), rgb[..., ::-1])
    labels = [
        _label(1, photo="a.png"),
        _label(2, "other", photo="missing.png"),
        _label(3, certainty="borderline", photo="missing.png"),
    ]
    (one,) = change_photos(tmp_path, labels, [packaged_classifier()] * N_FOLDS, [load_pattern_model()] * N_FOLDS)
    assert one.answer == "single_lesion"
    assert list(one.after) == list(CHANGES)
    assert one.after["mirror"] == "single_lesion"


def test_models_are_trained_without_the_fold_that_they_judge() -> None:
    whole = read_pattern_table(packaged_model_folder("pattern-v2") / "training.csv")
    rows = np.flatnonzero(whole.copy == 0)
    table = whole.take(rows)
    packaged = load_pattern_model()
    models = left_out_models(table, packaged)
    assert len(models) == N_FOLDS
    fold = np.asarray([fold_of(label.source, label.group) for label in table.labels])
    expected = mean_probabilities(fit_pattern(table, np.flatnonzero(fold != 2)), table.model_input()[:40])
    found = models[2].probabilities(table.model_input()[:40])
    assert found == pytest.approx(sharpened(expected, packaged.sharpness), abs=1e-4)
    assert models[2].set_min == packaged.set_min
