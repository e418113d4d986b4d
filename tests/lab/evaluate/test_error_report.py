from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.lab.evaluate.error_report import Compared, compare_photos, compare_spots, error_report
from lesionvis.lab.render.rulers import LOOKS, RULER_PRINTS, RulerPose, draw_ruler
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.lab.train.left_out import find
from lesionvis.lab.truth import MarkedSpots
from lesionvis.spots.classifier import packaged_classifier

SCENE = Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=4)
MOLE = RenderedSpot(x_px=240.0, y_px=150.0, diameter_px=90.0, kind="naevus", melanin_fraction=0.15)
LABELS = "photo,sha256,source,diagnosis,pattern,certainty,accept,n_spots,group,note,visible\n"
RULERS = (
    "photo,px_per_mm,px_per_mm_at_lesion,lesion_cx,lesion_cy,lesion_long_px,lesion_short_px,lesion_angle,"
    "lesion_axis_uncertainty_pct\n"
)


def test_a_truth_is_counted_in_errors_of_what_was_measured() -> None:
    # 12 of 10 with an error of a tenth of the 12.
    assert Compared("x", 0.2, 0.1).in_errors == pytest.approx(2.0 / 1.2)
    assert Compared("x", -0.2, 0.1).in_errors == pytest.approx(2.0 / 0.8)


def test_rows_have_the_shares_within_one_and_two_errors() -> None:
    rows = [Compared("a", 0.05, 0.1), Compared("b", 0.15, 0.1), Compared("a", 0.3, 0.1)]
    lines = error_report(rows).splitlines()[2:]
    assert lines[0].startswith("| a | 2 | 0 | 0.50 | 0.50 |")
    assert lines[1].startswith("| b | 1 | 0 | 0.00 | 1.00 |")


def test_photos_are_measured_beside_every_truth_that_a_folder_has(tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    for name in ("photos", "masks"):
        (dev / name).mkdir(parents=True)
    shown = render(SCENE, [MOLE])
    pose = RulerPose(8.0, (20.0, 300.0), 0.0, last_mm=54.0)
    ruled = draw_ruler(shown.rgb, RULER_PRINTS["millimetre"], LOOKS["white paper"], pose).rgb
    for name, rgb in (("outlined", shown.rgb), ("ruled", ruled), ("elsewhere", shown.rgb)):
        cv2.imwrite(str(dev / "photos" / f"{name}.png"), rgb[..., ::-1])
    cv2.imwrite(str(dev / "masks" / "outlined.png"), (shown.labels > 0).astype(np.uint8) * 255)
    far = np.zeros(shown.labels.shape, np.uint8)
    far[:30, :30] = 255
    cv2.imwrite(str(dev / "masks" / "elsewhere.png"), far)
    rows = [f"{name}.png,,pad,,single_lesion,clear,single_lesion,1,{name},,1\n" for name in ("outlined", "elsewhere")]
    (dev / "labels.csv").write_text(LABELS + "".join(rows), encoding="utf-8")
    (dev / "rulers.csv").write_text(RULERS + "ruled.png,8.1,8.0,240,150,90,90,0,5\n", encoding="utf-8")
    compared = compare_photos(tmp_path, [packaged_classifier()] * N_FOLDS)
    by_row: dict[str, list[Compared]] = {}
    for one in compared:
        by_row.setdefault(one.what, []).append(one)
    (mean,), (local,) = by_row["rulers: mean scale"], by_row["rulers: scale beside the lesion"]
    assert mean.off == pytest.approx(8.0 / 8.1 - 1.0, abs=0.003)
    assert abs(local.off) < 0.003
    assert mean.error == pytest.approx(0.004, abs=0.001)
    for name in ("length", "diameter"):
        (in_mm,) = by_row[f"lesions beside rulers: {name} in mm"]
        assert abs(in_mm.off) < 0.15
        assert 0.01 < in_mm.error < 0.2
    sizes = {name: by_row[f"outlined lesions: {name}"] for name in ("diameter", "length", "area")}
    for elsewhere, outlined in sizes.values():
        assert np.isnan(elsewhere.off)
        assert abs(outlined.off) < 0.25
    assert sizes["area"][1].off == pytest.approx((1.0 + sizes["diameter"][1].off) ** 2 - 1.0, abs=0.02)
    assert sizes["area"][1].error == pytest.approx(2.0 * sizes["diameter"][1].error)


def test_spots_of_another_size_are_something_else() -> None:
    found = find(render(SCENE, [MOLE]).rgb, packaged_classifier())
    assert len(found.spots) >= 1
    for diameter_px, is_same in ((90.0, True), (50.0, False)):
        at = np.array([240.0]), np.array([150.0])
        marked = MarkedSpots("a", (0, 0, 479, 359), *at, np.array([diameter_px]), ("blood",))
        (one,) = compare_spots("spots", found, marked)
        assert np.isfinite(one.off) == is_same
        assert one.error > 0.0
