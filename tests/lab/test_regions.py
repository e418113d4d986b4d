"""What the forest of regions is trained on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.lab.train.folds import N_FOLDS, N_HOME_FOLDS, fold_of
from lesionvis.lab.train.region_examples import (
    CROP_LESION_MIN,
    REGIONS_PER_PHOTO,
    RegionExample,
    _crop,
    collect_regions,
    read_lesion_axes,
    read_lesion_truth,
    training_rows,
)
from lesionvis.lab.train.region_training import (
    COPY_WEIGHT,
    make_region_table,
    read_region_table,
    rounded_regions,
    write_region_table,
)
from lesionvis.lab.truth import Label

SCENE = Scene(width_px=320, height_px=240, px_per_mm=8.0, seed=4)
MOLE = RenderedSpot(x_px=150.0, y_px=110.0, diameter_px=60.0, kind="naevus", melanin_fraction=0.15)
RULERS = (
    "photo,lesion_cx,lesion_cy,lesion_long_px,lesion_short_px,lesion_angle,lesion_axis_uncertainty_pct\n"
    "b.png,150,110,62,58,10,5\nd.png,,,,,,\n"
)


def _label(photo: str, pattern: str, visible: str) -> Label:
    return Label(photo, "", "pad", "", pattern, "clear", (pattern,), "1", f"group of {photo}", "", visible)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of a mole with a mask (a), one beside a ruler (b, no label), bare skin (c), something unknown (d)."""
    folder = tmp_path_factory.mktemp("truth")
    (folder / "photos").mkdir()
    (folder / "masks").mkdir()
    mole, bare = render(SCENE, [MOLE]), render(SCENE, [])
    for name, photo in (("a", mole), ("b", mole), ("c", bare), ("d", bare)):
        cv2.imwrite(str(folder / "photos" / f"{name}.png"), photo.rgb[..., ::-1])
    cv2.imwrite(str(folder / "masks" / "a.png"), (mole.labels > 0).astype(np.uint8) * 255)
    (folder / "rulers.csv").write_text(RULERS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def examples(folder: Path) -> list[RegionExample]:
    labels = [_label("a.png", "single_lesion", "1"), _label("c.png", "other", "0"), _label("d.png", "other", "1")]
    return collect_regions(folder / "photos", labels, read_lesion_truth(folder))


def test_photos_of_a_known_lesion_or_of_none_are_examples_with_copies(examples: list[RegionExample]) -> None:
    assert [(e.photo, e.copy) for e in examples] == [(f"{name}.png", copy) for name in "abc" for copy in range(4)]
    best = {(e.photo, e.copy): e.overlap.max(initial=0.0) for e in examples}
    assert all((value > 0.6) == (photo != "c.png") for (photo, _), value in best.items())
    assert {e.photo: e.group for e in examples}["b.png"] == "b.png"


def test_axes_are_read_where_there_are_any(folder: Path) -> None:
    (axis,) = read_lesion_axes(folder)
    assert (axis.photo, axis.x_px, axis.y_px, axis.long_px, axis.is_sharp) == ("b.png", 150.0, 110.0, 62.0, True)


def test_a_crop_keeps_the_lesion() -> None:
    mask = np.zeros((240, 320), np.bool_)
    mask[180:230, 10:70] = True
    boxes = [_crop(mask, np.random.default_rng(seed)) for seed in range(30)]
    assert all(mask[box].sum() >= CROP_LESION_MIN * mask.sum() for box in boxes)
    assert min(mask[box].size for box in boxes) < 0.7 * mask.size


def test_the_best_regions_are_kept_and_some_of_the_others() -> None:
    overlap = np.random.default_rng(1).uniform(0.0, 1.0, 300)
    rows = training_rows(overlap)
    assert len(rows) == REGIONS_PER_PHOTO
    assert set(np.argsort(-overlap)[: REGIONS_PER_PHOTO // 2]) <= set(rows)
    assert overlap[rows].min() < 0.2
    assert training_rows(overlap[:5]).tolist() == [0, 1, 2, 3, 4]


def test_the_table_comes_back_and_weighs_each_picture_alike(examples: list[RegionExample], tmp_path: Path) -> None:
    table = make_region_table(examples)
    write_region_table(tmp_path / "table.npz", table)
    back = read_region_table(tmp_path / "table.npz")
    for name in ("evidence", "overlap", "weight", "fold"):
        assert np.array_equal(getattr(back, name), getattr(rounded_regions(table), name)), name
    with_regions = [example for example in examples if len(example.overlap)]
    total = sum(COPY_WEIGHT if example.copy else 1.0 for example in with_regions)
    assert table.weight.sum() == pytest.approx(total, rel=1e-5)


def test_folds_of_home_hang_on_the_group_and_others_on_the_source() -> None:
    assert {fold_of("pad", str(i)) for i in range(100)} == set(range(N_HOME_FOLDS))
    assert len({fold_of("clinic", str(i)) for i in range(100)}) == 1
    assert {fold_of(str(i), "") for i in range(200)} == set(range(N_HOME_FOLDS, N_FOLDS))
