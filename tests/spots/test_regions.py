from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawing import ellipse
from numpy.typing import NDArray
from stages import NO_SCALE, Staged

from lesionvis.lab.render.scene import RenderedPhoto, RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import read_photo
from lesionvis.skin import Skin, find_skin
from lesionvis.spots.regions import (
    AREA_MAX_FRACTION,
    AREA_MIN_PX,
    COLUMNS,
    LONG_SIDE_PX,
    N_LEVELS,
    N_REGIONS,
    Regions,
    enlarged,
    find_regions,
)

SMALL = Scene(width_px=288, height_px=216, px_per_mm=8.0, seed=4)


def _regions(rgb: NDArray[np.uint8]) -> Regions:
    photo = read_photo(rgb)
    return find_regions(photo, find_skin(photo, NO_SCALE))


def _mask(regions: Regions, index: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return enlarged(regions.small_mask(index).astype(np.float32), shape)


def _overlaps(regions: Regions, truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    masks = [_mask(regions, index, truth.shape) for index in range(len(regions))]
    return np.array([(mask & truth).sum() / (mask | truth).sum() for mask in masks])


def _column(regions: Regions, name: str) -> NDArray[np.float32]:
    return regions.evidence[:, list(COLUMNS).index(name)]


LESIONS = {
    "naevus": RenderedSpot(x_px=140.0, y_px=110.0, diameter_px=80.0, kind="naevus", melanin_fraction=0.15),
    "melanoma": RenderedSpot(
        x_px=140.0,
        y_px=110.0,
        diameter_px=90.0,
        kind="melanoma",
        melanin_fraction=0.2,
        blood_fraction=0.02,
        border_irregularity=0.12,
        mottle=0.6,
    ),
    "angioma": RenderedSpot(
        x_px=140.0, y_px=110.0, diameter_px=60.0, kind="angioma", blood_fraction=0.7, dome_height=0.4
    ),
    "bruise": RenderedSpot(
        x_px=140.0, y_px=110.0, diameter_px=110.0, kind="purpura", blood_fraction=0.08, border_softness=0.4
    ),
    "small": RenderedSpot(x_px=140.0, y_px=110.0, diameter_px=24.0, kind="naevus", melanin_fraction=0.2),
}


def _photo(name: str) -> RenderedPhoto:
    return render(SMALL, [LESIONS[name]])


@pytest.mark.parametrize("name", LESIONS)
def test_one_of_the_regions_is_the_lesion(name: str) -> None:
    photo = _photo(name)
    overlaps = _overlaps(_regions(photo.rgb), photo.labels > 0)
    assert overlaps.max() > (0.8 if name != "bruise" else 0.75)


@pytest.mark.parametrize("ita_deg", [55.0, 25.0, 0.0])
def test_a_naevus_is_a_region_on_every_tone(ita_deg: float) -> None:
    photo = render(replace(SMALL, ita_deg=ita_deg), [LESIONS["naevus"]])
    assert _overlaps(_regions(photo.rgb), photo.labels > 0).max() > 0.75


def test_evidence_is_a_finite_table_of_all_columns(mole: Staged) -> None:
    regions = mole.worked.spots.regions
    assert len(regions) > 10
    assert regions.evidence.shape == (len(regions), len(COLUMNS))
    assert regions.evidence.dtype == np.float32
    assert np.isfinite(regions.evidence).all()
    assert len(regions.boxes) == len(regions.fills) == len(regions)
    assert max(regions.shape) == LONG_SIDE_PX


def test_regions_are_neither_specks_nor_the_whole_frame(mole: Staged) -> None:
    regions = mole.worked.spots.regions
    height, width = regions.shape
    assert len(regions) <= 7 * N_LEVELS * N_REGIONS
    for (left, top), fill in zip(regions.boxes, regions.fills, strict=True):
        assert fill.dtype == np.uint8
        assert set(np.unique(fill)) == {0, 1} or fill.all()
        assert left + fill.shape[1] <= width
        assert top + fill.shape[0] <= height
        assert fill.sum() >= AREA_MIN_PX
    filled = _column(regions, "filled") * _column(regions, "area_fraction")
    assert filled.max() <= AREA_MAX_FRACTION + 1e-6


def test_holes_are_filled() -> None:
    photo = _photo("naevus")
    rgb = photo.rgb.copy()
    # A scale in the middle of a mole, as light as the skin around.
    hole = ellipse(photo.labels.shape, 140.0, 110.0, 22.0, 22.0, 0.0)
    rgb[hole] = photo.rgb[10:14, 10:14].reshape(-1, 3).mean(axis=0)
    regions = _regions(rgb)
    best = int(_overlaps(regions, photo.labels > 0).argmax())
    assert _overlaps(regions, photo.labels > 0)[best] > 0.8
    assert _mask(regions, best, photo.labels.shape)[110, 140]
    assert _column(regions, "filled")[best] < 0.97


def _best(photo: RenderedPhoto) -> dict[str, float]:
    regions = _regions(photo.rgb)
    best = int(_overlaps(regions, photo.labels > 0).argmax())
    return dict(zip(COLUMNS, regions.evidence[best].tolist(), strict=True))


def test_shape_and_place_of_a_round_lesion_in_the_middle() -> None:
    row = _best(_photo("naevus"))
    assert row["area_fraction"] == pytest.approx(np.pi * 40.0**2 / (288 * 216), rel=0.12)
    assert row["log_area_fraction"] == pytest.approx(np.log(row["area_fraction"]), abs=1e-4)
    assert row["solidity"] > 0.93
    assert row["circularity"] > 0.8
    assert row["box_aspect"] < 1.15
    assert row["off_centre"] < 0.05
    assert row["frame_contact"] == row["skin_contact"] == 0.0


def test_a_sharp_border_has_a_steeper_rim() -> None:
    sharp = _best(render(SMALL, [LESIONS["naevus"]]))
    soft = _best(render(SMALL, [replace(LESIONS["naevus"], border_softness=0.8)]))
    assert sharp["rim"] > 1.3 * soft["rim"]
    assert sharp["rim_per_step"] > 1.3 * soft["rim_per_step"]


def test_the_step_in_colour_tells_blood_from_melanin() -> None:
    melanin, blood = _best(_photo("naevus")), _best(_photo("angioma"))
    assert melanin["step_blue"] > melanin["step_green"] > melanin["step_red"] > 0.1
    assert blood["step_green"] - blood["step_red"] > melanin["step_green"] - melanin["step_red"]


def test_a_lesion_cut_by_the_frame_touches_it() -> None:
    photo = render(SMALL, [replace(LESIONS["naevus"], x_px=20.0)])
    row = _best(photo)
    assert row["frame_contact"] > 0.1
    assert row["off_centre_x"] > 0.3


def test_the_mask_is_as_large_as_the_picture_and_smooth() -> None:
    photo = _photo("naevus")
    regions = _regions(photo.rgb)
    best = int(_overlaps(regions, photo.labels > 0).argmax())
    large = _mask(regions, best, (864, 1152))
    assert large.shape == (864, 1152)
    assert large.dtype == np.bool_
    truth = cv2.resize((photo.labels > 0).astype(np.uint8), (1152, 864), interpolation=cv2.INTER_NEAREST) > 0
    assert (large & truth).sum() / (large | truth).sum() > 0.8
    outlines, _ = cv2.findContours(large.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # A stair of the small picture's pixels would be a quarter longer than the hull around it.
    assert cv2.arcLength(outlines[0], True) < 1.2 * cv2.arcLength(cv2.convexHull(outlines[0]), True)


def test_without_skin_there_are_no_regions() -> None:
    photo = read_photo(np.full((64, 96, 3), (40, 90, 160), np.uint8))
    regions = find_regions(photo, find_skin(photo, NO_SCALE))
    assert len(regions) == 0
    assert regions.evidence.shape == (0, len(COLUMNS))
    assert regions.evidence.dtype == np.float32


def test_flat_skin_has_no_regions() -> None:
    assert len(_regions(np.full((96, 128, 3), (200, 160, 130), np.uint8))) == 0


@pytest.mark.parametrize("shape", [(32, 32), (32, 1280), (1280, 32)])
def test_odd_shapes_are_no_trouble(shape: tuple[int, int]) -> None:
    rgb = np.full((*shape, 3), (200, 160, 130), np.uint8)
    rgb[shape[0] // 3 : 2 * shape[0] // 3, shape[1] // 3 : 2 * shape[1] // 3] = (120, 80, 60)
    photo = read_photo(rgb)
    healthy = np.zeros((*shape, 3), np.float32)
    regions = find_regions(photo, Skin(np.ones(shape, np.bool_), healthy, 1.0, 40.0, False))
    assert np.isfinite(regions.evidence).all()


def test_every_column_says_what_it_is() -> None:
    assert all(len(meaning) > 10 for meaning in COLUMNS.values())
    assert len(set(COLUMNS.values())) == len(COLUMNS)


@pytest.mark.parametrize(("solidity", "is_filled"), [(0.7, True), (0.9, False)])
def test_the_notch_of_a_torn_lesion_is_filled(solidity: float, is_filled: bool) -> None:
    disk = ellipse((144, 144), 72.0, 72.0, 80.0, 80.0, 0.0)
    rows, columns = np.indices(disk.shape)
    notch = disk & (np.abs(rows - 72) < 15) & (columns > 62)
    evidence = np.zeros((1, len(COLUMNS)), np.float32)
    evidence[0, list(COLUMNS).index("solidity")] = solidity
    picture = np.zeros((*disk.shape, 3), np.float32)
    fill = (disk & ~notch).astype(np.uint8)
    regions = Regions(evidence, ((0, 0),), (fill,), picture, picture, np.zeros(disk.shape, np.bool_))
    mask = _mask(regions, 0, disk.shape)
    # What is filled is the whole notch but for its mouth, and nothing outside.
    assert (mask & notch).sum() > 0.85 * notch.sum() if is_filled else (mask & notch).sum() < 0.1 * notch.sum()
    assert (mask & ~disk).sum() < 0.02 * disk.sum()
