"""Peers get the threshold that is best for them at home, and are judged elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionvis.lab.evaluate.peer_report import (
    PEERS,
    PRODUCT,
    Scored,
    best_thresholds,
    compare_with_peers,
    peer_report,
)
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import encode_jpeg, render
from lesionvis.lab.train.folds import N_FOLDS
from lesionvis.spots.classifier import packaged_classifier


def test_the_named_peers_are_there() -> None:
    assert len(PEERS) == 3


def test_each_peer_gets_the_threshold_with_the_best_mean() -> None:
    tried = [
        Scored("a", "home", "g1", 0.9, 1.0),
        Scored("a", "home", "g2", 0.1, 1.0),
        Scored("a", "home", "g1", 0.6, 2.0),
        Scored("a", "home", "g2", 0.6, 2.0),
        Scored("b", "home", "g1", 0.3, 5.0),
        Scored("b", "home", "g1", 0.2, 6.0),
    ]
    assert best_thresholds(tried) == {"a": 2.0, "b": 5.0}


def test_methods_stand_beside_each_other_with_the_number_of_pictures() -> None:
    rows = [
        Scored(PRODUCT, "home", "g1", 1.0),
        Scored(PRODUCT, "abroad", "web01", 0.5),
        Scored(PRODUCT, "abroad", "web02", 0.7),
        Scored("a", "abroad", "web01", 0.1, 2.0),
        Scored("a", "abroad", "web02", 0.3, 2.0),
    ]
    head, _, *lines = peer_report(rows).splitlines()
    assert [part for part in head.split("|") if "all red" in part] == [
        " home: all red (1) ",
        " other sources: all red (2) ",
    ]
    cells = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]] for line in lines}
    assert cells[PRODUCT][3] == "0.60 (0.50 to 0.70)"
    assert cells["a"][0] == "2"
    assert cells["a"][1] == ""
    assert float(cells["a"][3].split(" ")[0]) == pytest.approx(0.2)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_find_a_red_dot(peer: object) -> None:
    rgb = np.full((120, 160, 3), (220, 180, 160), np.uint8)
    y, x = np.indices((120, 160))
    rgb[np.hypot(y - 60, x - 90) <= 5] = (190, 60, 60)
    best = max(len(peer.find(rgb, value)[0]) for value in peer.thresholds)  # type: ignore[attr-defined]
    assert best == 1


def _write(folder: Path, source: str, visible: str, dots: list[tuple[int, int]]) -> None:
    """A set of one photo of rendered skin with drawn dots, with its labels and marks."""
    (folder / "photos").mkdir(parents=True)
    scene = Scene(width_px=320, height_px=240, px_per_mm=4.0, seed=3, hair_count=0)
    rgb = render(scene).rgb.copy()
    y, x = np.indices(rgb.shape[:2])
    for left, top in dots:
        rgb[np.hypot(y - top, x - left) <= 5] = (150, 30, 40)
    (folder / "photos" / "a.jpg").write_bytes(encode_jpeg(rgb, 95))
    columns = "photo,sha256,source,diagnosis,pattern,certainty,accept,n_spots,visible,skin_tone,group,note"
    row = f"a.jpg,{'1' * 64},{source},,other,clear,uncertain,6-20,{visible},light,g,"
    (folder / "labels.csv").write_text(f"{columns}\n{row}\n", encoding="utf-8")
    marks = "\n".join(f"a.jpg,{left},{top},10,blood,0,0,319,239" for left, top in dots)
    header = "photo,cx,cy,diameter_px,kind,region_x0,region_y0,region_x1,region_y1"
    (folder / "spots.csv").write_text(f"{header}\n{marks}\n", encoding="utf-8")


def test_all_methods_are_judged_on_the_same_pictures(tmp_path: Path) -> None:
    dots = [(60, 60), (150, 80), (240, 60), (90, 170), (200, 160)]
    _write(tmp_path / "dev", "dermnet", "1", dots)
    _write(tmp_path / "more", "pad", "1", dots)
    _write(tmp_path / "web", "web01", "0", dots)
    rows = compare_with_peers(tmp_path, [packaged_classifier()] * N_FOLDS)
    for asked, count in (("home", 2), ("abroad", 1), ("abroad, blood", 1), ("strong", 1), ("faint", 1)):
        for method in (PRODUCT, *(peer.name for peer in PEERS)):
            assert sum((row.method, row.asked) == (method, asked) for row in rows) == count
    at_home = {row.method: row.f1 for row in rows if row.asked == "home"}
    assert at_home["SimpleBlobDetector, a*"] == at_home[PRODUCT] == 1.0
