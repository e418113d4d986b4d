"""Areas under the ROC curve, and the figures of the ABCDE on photos with diagnoses."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from painted import BROWN, comma, disk, painted

from lesionvis.lab.evaluate.abcde_report import SCORES, Examined, abcde_report, examine, moles
from lesionvis.lab.evaluate.auc import Auc, auc, auc_interval, auc_table
from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.left_out import left_out
from lesionvis.lab.truth import Label
from lesionvis.spots.classifier import SpotClassifier, packaged_classifier


def _label(diagnosis: str, number: int, photo: str = "", source: str = "dermnet") -> Label:
    return Label(
        photo, "0" * 64, source, diagnosis, "single_lesion", "clear", ("single_lesion",), "1", f"g{number}", ""
    )


def test_the_area_is_the_chance_of_the_right_order() -> None:
    generator = np.random.default_rng(1)
    scores = generator.integers(0, 6, 60).astype(np.float64)
    positive = generator.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert auc(scores, positive) == pytest.approx(np.mean(pairs))
    assert auc(-scores, positive) == pytest.approx(1.0 - np.mean(pairs))


def test_intervals_are_wider_when_photos_share_a_group() -> None:
    generator = np.random.default_rng(2)
    each = generator.normal(size=40)
    scores = np.repeat(each, 10)
    positive = np.repeat(each + generator.normal(size=40) > 0, 10)
    alone = auc_interval(scores, positive, [str(i) for i in range(400)], 300)
    shared = auc_interval(scores, positive, [str(i // 10) for i in range(400)], 300)
    assert alone.value == shared.value
    assert alone.low < alone.value < alone.high
    assert shared.high - shared.low > 2.0 * (alone.high - alone.low)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(3)
    held = 0
    for _ in range(100):
        positive = np.arange(80) < 40
        # Normal scores one standard deviation apart: AUC is the normal distribution at 1 / root 2.
        found = auc_interval(generator.normal(size=80) + positive, positive, [str(i) for i in range(80)], 200)
        held += found.low <= 0.7602 <= found.high
    assert 87 <= held <= 100


def test_missing_numbers_and_kinds_are_left_out() -> None:
    positive = np.array([True, True, False, False])
    groups = list("abcd")
    some = auc_interval(np.array([2.0, np.nan, 1.0, np.nan]), positive, groups, 50)
    assert (some.value, some.n_positive, some.n_negative) == (1.0, 1, 1)
    none = auc_interval(np.array([np.nan, np.nan, 1.0, 2.0]), positive, groups)
    assert np.isnan(none.value)
    assert str(none) == "none (0 against 2)"


def test_naevi_and_melanomas_are_chosen_by_their_diagnosis() -> None:
    names = ["Melanocytic naevus", "Blue nevus", "Melanoma in situ", "Angioma", "Seborrhoeic keratosis", "Naevus"]
    assert [label.diagnosis for label in moles([_label(name, 0) for name in names])] == [*names[:3], "Naevus"]


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> list[Examined]:
    """Even lesions called naevi, uneven ones called melanomas, and one photo of plain skin."""
    folder = tmp_path_factory.mktemp("moles")
    labels = []
    for number in range(3):
        for diagnosis, form in (("Naevus", disk), ("Melanoma", comma)):
            rgb = painted(form, np.asarray(BROWN) * (1.0 + 0.1 * number))
            cv2.imwrite(str(folder / f"{diagnosis}{number}.png"), rgb[..., ::-1])
            labels.append(_label(diagnosis, number, f"{diagnosis}{number}.png"))
    cv2.imwrite(str(folder / "plain.png"), painted(disk, (0.0, 0.0, 0.0))[..., ::-1])
    labels += [_label("Amelanotic melanoma", 9, "plain.png"), _label("Eczema", 10, "missing.png")]
    return examine(folder, labels, [packaged_classifier()] * N_FOLDS)


def test_every_mole_is_examined_once(examined: list[Examined]) -> None:
    assert [one.label.photo for one in examined] == [
        *(f"{name}{number}.png" for number in range(3) for name in ("Naevus", "Melanoma")),
        "plain.png",
    ]
    assert [one.abcde is not None for one in examined] == [True] * 6 + [False]
    for name, score in SCORES.items():
        for one in examined[:6]:
            value = score(one.abcde) if one.abcde else None
            assert value is not None
            assert np.isnan(value) == (name == "D: length, mm")


def test_the_report_tells_what_was_left_out_and_how_often_letters_show(examined: list[Examined]) -> None:
    text = abcde_report(examined)
    assert "4 photos of melanomas and 3 of naevi; no dominant lesion in 1 and 0 of them" in text
    assert "| A: shape asymmetry | 1.00 (1.00 to 1.00; 3 against 3) |" in text
    assert "| A | 3 of 3 | 0 of 3 |" in text
    assert "| D | 0 of 0 | 0 of 0 |" in text


def test_a_table_has_a_cell_per_subset() -> None:
    lines = list(auc_table(("all", "pad"), {"length": [Auc(0.6, 0.5, 0.7, 3, 4), Auc(np.nan, np.nan, np.nan, 0, 2)]}))
    assert lines == [
        "| number | all | pad |",
        "|---|---|---|",
        "| length | 0.60 (0.50 to 0.70; 3 against 4) | none (0 against 2) |",
    ]


def _which(path: Path, classifier: SpotClassifier) -> tuple[str, object]:
    return path.name, classifier.stage_1


def test_each_photo_goes_to_the_judge_that_never_saw_it(tmp_path: Path) -> None:
    classifiers = [SpotClassifier(fold, fold, fold, fold, fold) for fold in range(N_FOLDS)]  # type: ignore[arg-type]
    labels = [_label("Naevus", number, f"{number}.jpg") for number in range(6)]
    expected = [(label.photo, fold_of(label.source, label.group)) for label in labels]
    assert left_out(_which, tmp_path, labels, classifiers) == expected
