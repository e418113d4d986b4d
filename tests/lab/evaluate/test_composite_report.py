"""Figures on spots laid onto bare skin."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from lesionvis.lab.evaluate.composite_report import (
    CompositeFigures,
    LeftOutModels,
    composite_report,
    measure_composites,
    measure_listed,
)
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.pattern import load_pattern_model
from lesionvis.pattern.bare import BareModel, load_bare_model
from lesionvis.pattern.pattern import CLASSES
from lesionvis.spots.classifier import packaged_classifier

HEADER = "photo,sha256,source,diagnosis,pattern,certainty,accept,n_spots,visible,skin_tone,group,note\n"


def test_bare_photos_are_measured_as_they_are_and_with_spots_laid_on(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    plain = render(Scene(width_px=640, height_px=480, px_per_mm=8.0, seed=7, ita_deg=50.0), []).rgb
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), plain[..., ::-1])
    rows = (
        f"a.png,{'a' * 64},web01,,other,clear,no_spots,0,0,light,a,",
        "b.png,b,web01,,other,clear,no_spots,1,1,light,b,",
    )
    (tmp_path / "labels.csv").write_text(HEADER + "\n".join(rows), encoding="utf-8")
    measured = measure_composites(tmp_path, [packaged_classifier()] * N_FOLDS)
    assert [row.strength for row in measured] == ["bare", "strong", "faint"]
    bare, strong, faint = measured
    assert bare.found == 0
    assert (bare.f1, bare.diameter_px) == (1.0, 0.0)
    assert strong.diameter_px > 3.0
    assert strong.f1 > max(0.5, faint.f1 - 0.1)


def test_what_an_answer_lists_is_told_from_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    scene = Scene(width_px=640, height_px=480, px_per_mm=8.0, seed=7, ita_deg=50.0)
    dots = petechial_shower(np.random.default_rng(7), scene, 4, diameter_mm=1.5)
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), render(scene, dots).rgb[..., ::-1])
    row = f"a.png,{'a' * 64},web01,,other,clear,no_spots,0,0,light,a,"
    (tmp_path / "labels.csv").write_text(HEADER + row, encoding="utf-8")
    learnt = load_bare_model()
    no_pattern = dataclasses.replace(load_pattern_model(), set_min=dict.fromkeys(CLASSES, 1.1))
    for bare_min, listed in ((1.1, 4), (0.0, 0)):
        bare = BareModel(learnt.name, learnt.predictor, bare_min)
        models = LeftOutModels(packaged_classifier(), no_pattern, bare)
        (measured,) = measure_listed(tmp_path, [models] * N_FOLDS)
        assert (measured.strength, measured.found, measured.f1) == ("listed", listed, float(listed == 0))


def test_rows_are_by_strength_and_tone() -> None:
    rows = [
        CompositeFigures("a", "light", "strong", 4.0, 0.5, 3),
        CompositeFigures("b", "light", "strong", 8.0, 1.0, 9),
        CompositeFigures("a", "dark", "faint", 8.0, 0.25, 1),
        *(CompositeFigures("a", "light", "bare", 0.0, float(n == 0), n) for n in (0, 0, 1, 10)),
        *(CompositeFigures("a", "light", "listed", 0.0, float(n == 0), n) for n in (0, 0, 0, 9)),
    ]
    report = composite_report(rows)
    assert "| strong | light | 2 | 0.75 | 1 | 1.00 |" in report
    assert "| faint | dark | 1 | 0.25 | 1 | 0.25 |" in report
    assert "| strong | dark | 0 |  | 0 |  |" in report
    assert "| light | 4 | 0.50 | 0.25 | 0.25 | 0.00 |" in report
    assert "| all | 4 | 0.50 | 0.25 | 0.25 | 0.00 |" in report
