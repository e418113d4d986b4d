"""Spots laid onto bare skin become rows of the training table with the label of what was laid on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.lab.train.laid_on import CASES, make_laid_on_table
from lesionvis.lab.train.pattern_training import LAID_ON, LINEAR_ROWS_MIN, PatternTable, row_weights
from lesionvis.lab.truth import Label
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES, LINEAR_CLASSES
from lesionvis.spots.classifier import packaged_classifier


def _label(photo: str, visible: str) -> Label:
    return Label(photo, f"{photo[0]}" * 64, "web01", "", "other", "clear", ("no_spots",), "0", photo, "", visible)


def test_bare_skin_gets_showers_and_mimics_as_far_as_they_can_be_seen_and_other_photos_nothing(tmp_path: Path) -> None:
    plain = render(Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=7, ita_deg=45.0), []).rgb
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), plain[..., ::-1])
    labels = [_label("a.png", "0"), _label("b.png", "1")]
    table = make_laid_on_table(tmp_path, labels, [packaged_classifier()] * N_FOLDS)
    assert {label.group for label in table.labels} == {"a.png"}
    laid = [(label.diagnosis.removeprefix(LAID_ON), label.pattern) for label in table.labels]
    assert ("dots", "petechial_shower") in laid
    assert ("papules", "other") in laid
    assert set(laid) <= {("dots", "petechial_shower"), ("freckles", "other"), ("papules", "other")}
    assert len(laid) <= len(CASES)
    assert (table.copy == 1).all()
    assert table.is_laid_on().all()
    assert len({label.sha256 for label in table.labels}) == len(laid)
    assert {label.visible for label in table.labels} == {""}
    assert (table.features[:, FEATURE_NAMES.index("spot_count")] >= 2).all()


def test_what_cannot_be_seen_has_no_row(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "black.png"), np.full((360, 480, 3), 2, np.uint8))
    table = make_laid_on_table(tmp_path, [_label("black.png", "0")], [packaged_classifier()] * N_FOLDS)
    assert len(table.labels) == 0


def test_mild_showers_and_their_mimics_are_classes_of_their_own_where_there_are_enough() -> None:
    def table(n_laid_on: int) -> PatternTable:
        real = [replace(_label(f"{name}.jpg", "1"), pattern=name) for name in CLASSES for _ in range(LINEAR_ROWS_MIN)]
        mild = [replace(_label("s.jpg", ""), pattern="petechial_shower", diagnosis=LAID_ON + "dots")] * n_laid_on
        mimics = [replace(_label("m.jpg", ""), pattern="other", diagnosis=LAID_ON + "freckles")] * LINEAR_ROWS_MIN
        labels = (*real, *mild, *mimics)
        rows = np.zeros((len(labels), len(FEATURE_NAMES)), np.float32)
        return PatternTable(labels, np.zeros(len(labels), np.int64), rows)

    enough, few = table(LINEAR_ROWS_MIN), table(LINEAR_ROWS_MIN - 1)
    assert np.bincount(enough.linear_classes()).tolist() == [LINEAR_ROWS_MIN] * len(LINEAR_CLASSES)
    assert few.linear_classes().tolist() == few.classes().tolist()
    assert row_weights(enough, np.arange(len(enough.labels)))[-1] < row_weights(enough, np.arange(20))[-1]
