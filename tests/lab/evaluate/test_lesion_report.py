from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawing import ellipse, ellipse_corners

from lesionvis.lab.evaluate.lesion_report import (
    JudgedLesion,
    ellipse_length_px,
    judge_lesions,
    lesion_report,
    mask_overlap,
)
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.spots.classifier import packaged_classifier

NAN = float("nan")


def test_the_label_on_the_mask_is_compared_at_source_resolution() -> None:
    truth = ellipse((200, 240), 120.0, 100.0, 80.0, 60.0, 0.0)
    labels = np.zeros((100, 120), np.int32)
    labels[cv2.resize(truth.astype(np.uint8), (120, 100), interpolation=cv2.INTER_AREA) > 0] = 2
    labels[:10] = 1
    assert mask_overlap(labels, truth) > 0.93
    assert mask_overlap(np.zeros_like(labels), truth) == 0.0


def test_a_ragged_outline_is_longer_than_its_ellipse() -> None:
    corners = ellipse_corners(100.0, 80.0, 60.0, 40.0, 30.0)
    assert ellipse_length_px(corners) == pytest.approx(60.0, rel=0.01)
    ragged = corners.copy()
    ragged[0] += 12.0 * np.array([np.cos(np.radians(30.0)), np.sin(np.radians(30.0))])
    assert ellipse_length_px(ragged) < 63.0


def test_lesions_are_judged_by_their_truth(tmp_path: Path) -> None:
    scene = Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=4)
    mole = RenderedSpot(x_px=240.0, y_px=180.0, diameter_px=90.0, kind="naevus", melanin_fraction=0.15)
    shown, bare = render(scene, [mole]), render(scene, [])
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for name, photo in (("a", shown), ("b", shown), ("c", bare), ("d", shown)):
        cv2.imwrite(str(tmp_path / "photos" / f"{name}.png"), photo.rgb[..., ::-1])
    cv2.imwrite(str(tmp_path / "masks" / "a.png"), (shown.labels > 0).astype(np.uint8) * 255)
    (tmp_path / "rulers.csv").write_text(
        "photo,lesion_cx,lesion_cy,lesion_long_px,lesion_short_px,lesion_angle,lesion_axis_uncertainty_pct\n"
        "b.png,240,180,90,90,0,15\n",
        encoding="utf-8",
    )
    header = "photo,sha256,source,diagnosis,pattern,certainty,accept,n_spots,group,note,visible\n"
    rows = [
        f"{name}.png,,pad,,{pattern},clear,{pattern},1,g{name},,{visible}\n"
        for name, pattern, visible in (("a", "single_lesion", "1"), ("c", "other", "0"), ("d", "other", "1"))
    ]
    (tmp_path / "labels.csv").write_text(header + "".join(rows), encoding="utf-8")
    judged = judge_lesions(tmp_path, [packaged_classifier().region] * N_FOLDS)
    assert [(one.photo, one.kind, one.is_found) for one in judged] == [
        ("a.png", "mask", True),
        ("b.png", "axis", True),
        ("c.png", "bare", False),
    ]
    assert judged[0].overlap > 0.85
    assert judged[1].length_ratio == pytest.approx(1.0, abs=0.08)
    assert judged[1].ellipse_ratio == pytest.approx(1.0, abs=0.08)


def test_the_report_counts_what_is_missing_as_wrong() -> None:
    axes = [
        JudgedLesion(str(i), "pad", "axis", i < 2, True, NAN, ratio, ratio)
        for i, ratio in enumerate((1.05, 1.2, NAN, 0.95))
    ]
    others = [
        JudgedLesion("m", "pad", "mask", False, True, 0.9, NAN, NAN),
        JudgedLesion("n", "pad", "mask", False, False, 0.0, NAN, NAN),
        JudgedLesion("s", "pad", "none", False, True, NAN, NAN, NAN),
    ]
    report = lesion_report([*axes, *others])
    assert "| all | 4 | 1 | 0.50 | 1.050 | 0.50 | 1.050 |" in report
    assert "| of sharp border | 2 | 0 | 0.50 | 1.125 |" in report
    assert "2 outlined lesions: median overlap (intersection over union) 0.450, at least one half for 0.500" in report
    assert "1 showers: a lesion is found on 1.000." in report
    assert "bare" not in report
