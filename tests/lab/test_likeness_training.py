"""What is no skin is learnt from pictures of which it is known, and judged on kinds that were left out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.lab.train.likeness_examples import (
    N_CROPS,
    N_CROPS_OF_PHOTO,
    lookalikes,
    make_likeness_table,
    other_pictures,
    photos_of_skin,
)
from lesionvis.lab.train.likeness_training import (
    N_LIKENESS_FOLDS,
    RENDERED_SKIN,
    SKIN,
    SKIN_LOST_MAX,
    LikenessTable,
    fit_likeness,
    fit_unlike_min,
    is_unlike_out_of_fold,
    likeness_out_of_fold,
    read_likeness_table,
    write_likeness_table,
)
from lesionvis.pattern.likeness import LIKENESS_NAMES
from lesionvis.photo import read_photo


@pytest.fixture(scope="module")
def table() -> LikenessTable:
    """Twenty groups of skin and as many of other things, which one number tells apart."""
    n = 400
    kind = np.asarray([(SKIN, "cloth", RENDERED_SKIN, "fur")[i % 4] for i in range(n)])
    group = np.asarray([f"{kind[i]} {i // 20}" for i in range(n)])
    numbers = np.random.default_rng(3).normal(size=(n, len(LIKENESS_NAMES))).astype(np.float32)
    numbers[:, 7] += np.where(np.isin(kind, (SKIN, RENDERED_SKIN)), 0.0, 4.0)
    return LikenessTable(np.asarray([f"p{i}" for i in range(n)]), kind, group, numbers)


def test_other_things_are_told_though_their_kind_was_left_out(table: LikenessTable) -> None:
    probability = likeness_out_of_fold(table)
    is_skin = table.is_skin()
    assert probability[is_skin].mean() < 0.2 < 0.8 < probability[~is_skin].mean()
    lost = probability[table.kind == SKIN] >= fit_unlike_min(table, probability)
    assert lost.mean() <= SKIN_LOST_MAX + 1.0 / len(lost)
    is_unlike = is_unlike_out_of_fold(table)
    assert list(is_unlike) == table.picture.tolist()
    assert np.mean([is_unlike[name] for name in table.picture[~is_skin]]) > 0.5


def test_a_picture_has_no_part_in_what_is_said_of_it(table: LikenessTable) -> None:
    fold = table.folds()
    assert set(fold) == set(range(N_LIKENESS_FOLDS))
    assert all(len(set(fold[table.group == group])) == 1 for group in np.unique(table.group))
    held = np.flatnonzero(fold == 2)
    expected = fit_likeness(table, np.flatnonzero(fold != 2))(table.numbers[held])[:, -1]
    assert likeness_out_of_fold(table)[held] == pytest.approx(expected)


def test_a_table_is_read_as_it_was_written(table: LikenessTable, tmp_path: Path) -> None:
    write_likeness_table(tmp_path / "table.csv", table)
    read = read_likeness_table(tmp_path / "table.csv")
    assert (read.picture == table.picture).all()
    assert (read.kind == table.kind).all()
    assert (read.group == table.group).all()
    np.testing.assert_allclose(read.numbers, table.numbers, rtol=1e-3)
    (tmp_path / "other.csv").write_text("picture,kind\na,b\n")
    with pytest.raises(ValueError, match="other columns"):
        read_likeness_table(tmp_path / "other.csv")


def _write_others(folder: Path) -> None:
    rgba = np.zeros((300, 400, 4), np.uint8)
    cv2.circle(rgba, (200, 150), 130, (40, 60, 200, 255), -1)
    grain = np.random.default_rng(0).integers(60, 200, (300, 400, 3)).astype(np.uint8)
    for place, picture in (
        ("food/fruit/apple.png", rgba),
        ("food/fruit/apple_mirror.png", rgba),
        ("food/fruit/cartoon/pear.png", rgba),
        ("walls/plaster.jpg", grain),
    ):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / place), picture)


def test_a_thing_that_is_cut_out_is_laid_on_a_ground_and_cropped_inside(tmp_path: Path) -> None:
    _write_others(tmp_path)
    examples = list(other_pictures(tmp_path))
    by_group = {group: [one for one in examples if one.group == group] for group in {one.group for one in examples}}
    assert {group: len(rows) for group, rows in by_group.items()} == {
        "food/fruit": 1 + N_CROPS,
        "walls/plaster.jpg": 1 + N_CROPS_OF_PHOTO,
    }
    whole, *crops = (read_photo(one.source).rgb for one in by_group["food/fruit"])
    red = (200, 60, 40)
    assert np.abs(whole[whole.shape[0] // 2, whole.shape[1] // 2] - np.array(red)).max() < 20
    assert np.abs(whole[2, 2] - np.array(red)).max() > 40
    for crop in crops:
        assert np.abs(np.median(crop, axis=(0, 1)) - np.array(red)).max() < 20
    again = list(other_pictures(tmp_path))
    assert [one.source for one in again] == [one.source for one in examples]


def test_skin_and_other_pictures_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = tmp_path / "skin" / "photos"
    photos.mkdir(parents=True)
    rgb = np.random.default_rng(1).normal((148, 172, 214), 4.0, (120, 160, 3)).clip(0, 255).astype(np.uint8)
    cv2.imwrite(str(photos / "a.png"), rgb)
    cv2.imwrite(str(photos / "b.png"), np.full((80, 80, 3), (200, 60, 30), np.uint8))
    header = "photo,sha256,source,diagnosis,pattern,certainty,accept,n_spots,visible,nature,group,note\n"
    rows = "a.png,sha-a,web07,,other,clear,uncertain,1,1,none,g,\nb.png,sha-b,pad,,other,clear,uncertain,1,1,none,g,\n"
    (tmp_path / "skin" / "labels.csv").write_text(header + rows)
    _write_others(tmp_path / "others")
    assert [one.group for one in photos_of_skin([tmp_path / "skin"])] == ["web07", "g"]
    monkeypatch.setattr("lesionvis.lab.train.likeness_examples.N_RENDERED", 2)
    monkeypatch.setattr("lesionvis.lab.train.likeness_examples.not_skin_pictures", lambda: iter(()))
    table = make_likeness_table([tmp_path / "skin"], tmp_path / "others")
    # No skin is found on blue, so that nobody is asked.
    assert "sha-a" in table.picture
    assert "sha-b" not in table.picture
    assert set(table.kind) >= {SKIN, RENDERED_SKIN, "other pictures"}
    assert np.isfinite(table.numbers).all()


def test_pictures_of_one_kind_or_original_are_left_out_together() -> None:
    examples = list(lookalikes())
    assert len({one.picture for one in examples}) == len(examples)
    for one in examples:
        assert one.picture.startswith(one.group)
