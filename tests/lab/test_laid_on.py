"""Spots laid onto bare skin become rows of the training table with the label of what was laid on."""

from __future__ import annotations

from pathlib import Path

import cv2

from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.lab.train.laid_on import LAID_ON, make_laid_on_table
from lesionvis.lab.truth import Label
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.spots.classifier import packaged_classifier


def _label(photo: str, visible: str) -> Label:
    return Label(photo, f"{photo[0]}" * 64, "web01", "", "other", "clear", ("no_spots",), "0", photo, "", visible)


def test_bare_skin_gets_a_shower_and_a_mimic_and_other_photos_nothing(tmp_path: Path) -> None:
    plain = render(Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=7, ita_deg=45.0), []).rgb
    for name in ("a.png", "b.png", "c.png"):
        cv2.imwrite(str(tmp_path / name), plain[..., ::-1])
    labels = [_label("a.png", "0"), _label("b.png", "1"), _label("c.png", "0")]
    table = make_laid_on_table(tmp_path, labels, [packaged_classifier()] * N_FOLDS)
    laid = [(label.group, label.diagnosis.removeprefix(LAID_ON), label.pattern) for label in table.labels]
    assert laid == [
        ("a.png", "dots", "petechial_shower"),
        ("a.png", "freckles", "other"),
        ("c.png", "dots", "petechial_shower"),
        ("c.png", "papules", "other"),
    ]
    assert (table.copy == 1).all()
    assert len({label.sha256 for label in table.labels}) == 4
    assert {label.visible for label in table.labels} == {""}
    found = table.features[:, FEATURE_NAMES.index("spot_count")]
    assert found[0] > 3
    assert found[2] > 3
