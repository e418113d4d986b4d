from __future__ import annotations

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawing import circles, ellipse_corners
from numpy.typing import NDArray
from stages import NO_SCALE, Staged, match

from lesionvis.flags import FLAGS
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import Photo, read_photo
from lesionvis.scale import NoScale, Scale, given_scale
from lesionvis.skin import Skin, find_skin
from lesionvis.spots import Spots
from lesionvis.spots.candidates import COLUMNS as EVIDENCE
from lesionvis.spots.candidates import Candidates
from lesionvis.spots.classifier import KINDS
from lesionvis.spots.profiles import PROFILE_COLUMNS as PROFILES
from lesionvis.spots.regions import COLUMNS as REGION_EVIDENCE
from lesionvis.spots.regions import Regions
from lesionvis.spots.table import COLOR_CLASSES, COLUMNS, Column, SpotTable, measure_spots, repeat_error_px

MM_COLUMNS = (
    "px_per_mm", "diameter_mm", "diameter_error_mm", "length_mm", "length_error_mm", "width_mm", "area_mm2",
    "area_error_mm2",
)  # fmt: skip
BEIGE = (200, 160, 130)


def _spots(photo: Photo, outlines: list[NDArray[np.float64]], lesion: int = 0) -> Spots:
    """Spots with these outlines (source px), painted in their order."""
    labels = np.zeros(photo.rgb.shape[:2], np.int32)
    for number, outline in enumerate(outlines, start=1):
        corners = np.rint(photo.to_working(outline) * 16).astype(np.int32)
        cv2.fillPoly(labels, [corners], number, shift=4)
    none = np.zeros(0)
    candidates = Candidates(circles([]), none, *(np.zeros((0, n), np.float32) for n in (len(EVIDENCE), len(PROFILES))))
    regions = Regions(
        np.zeros((0, len(REGION_EVIDENCE)), np.float32),
        (),
        (),
        np.zeros((32, 32, 3), np.float32),
        np.zeros((32, 32, 3), np.float32),
        np.zeros((32, 32), np.bool_),
    )
    kinds = tuple("" if number == lesion else "blood" for number in range(1, len(outlines) + 1))
    scores, of_no_kind = np.full(len(outlines), 0.9), np.zeros((0, len(KINDS) - 1))
    return Spots(labels, tuple(outlines), scores, lesion, candidates, none, none, regions, none, of_no_kind, kind=kinds)


def _square(x: float, y: float) -> NDArray[np.float64]:
    """Square of 20 px around a place."""
    return np.array([x, y]) + 10.0 * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def _whole(photo: Photo) -> Skin:
    return find_skin(photo, NO_SCALE)


def _table(
    outlines: list[NDArray[np.float64]],
    scale: Scale | NoScale = NO_SCALE,
    size: tuple[int, int] = (240, 320),
    lesion: int = 0,
) -> SpotTable:
    photo = read_photo(np.full((*size, 3), BEIGE, np.uint8))
    return measure_spots(photo, scale, _whole(photo), _spots(photo, outlines, lesion))


def test_every_column_has_a_name_a_unit_a_dtype_and_a_meaning() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    units = {"px": "_px", "px2": "_px", "mm": "_mm", "mm2": "_mm2", "px/mm": "px_per_mm"}
    for column in COLUMNS:
        assert isinstance(column, Column)
        assert re.fullmatch("[a-z][a-z0-9_]+", column.name)
        assert len(column.meaning) > 10
        assert column.dtype in {"int64", "float64", "bool", "str"}
        if column.unit in units:
            assert column.name.endswith(units[column.unit])
        else:
            assert not re.search("_(px|mm|mm2)$", column.name)


def test_without_a_scale_there_are_no_millimetres() -> None:
    table = _table([ellipse_corners(150.0, 110.0, 60.0, 24.0)])
    for name in MM_COLUMNS:
        assert np.isnan(table[name]).all(), name


def test_with_a_scale_lengths_and_areas_are_in_millimetres() -> None:
    table = _table(
        [ellipse_corners(150.0, 110.0, 60.0, 24.0), ellipse_corners(40.0, 40.0, 12.0, 12.0)], given_scale(12.0)
    )
    assert table["px_per_mm"].tolist() == [12.0, 12.0]
    assert table["length_mm"].tolist() == pytest.approx([5.0, 1.0], rel=0.005)
    assert table["width_mm"].tolist() == pytest.approx([2.0, 1.0], rel=0.005)
    assert table["diameter_mm"].tolist() == pytest.approx((table["diameter_px"] / 12.0).tolist())
    assert table["area_mm2"].tolist() == pytest.approx((table["area_px"] / 144.0).tolist())
    assert table["diameter_error_mm"].tolist() == pytest.approx((table["diameter_error_px"] / 12.0).tolist())


def test_each_spot_takes_the_scale_next_to_it() -> None:
    scale = Scale(
        px_per_mm=11.0,
        standard_error_px_per_mm=0.55,
        source="ruler",
        points_px=np.array([[0.0, 120.0], [320.0, 120.0]]),
        px_per_mm_at_points=np.array([10.0, 12.0]),
    )
    table = _table([ellipse_corners(60.0, 110.0, 30.0, 30.0), ellipse_corners(260.0, 110.0, 30.0, 30.0)], scale)
    assert table["px_per_mm"].tolist() == [10.0, 12.0]
    assert table["diameter_mm"].tolist() == pytest.approx([3.0, 2.5], rel=0.005)
    # The error of the scale (5 % of the ruler, 1 % by its height over the skin) adds to that of the border.
    of_scale = np.hypot(0.05, 0.01)
    expected = np.hypot(table["diameter_error_px"] / table["px_per_mm"], of_scale * table["diameter_mm"])
    assert table["diameter_error_mm"].tolist() == pytest.approx(expected.tolist())
    # Of round spots all lengths are alike, and an area goes with the square.
    assert table["length_error_mm"].tolist() == pytest.approx(expected.tolist(), rel=0.01)
    relative = expected / table["diameter_mm"]
    assert table["area_error_mm2"].tolist() == pytest.approx((2.0 * relative * table["area_mm2"]).tolist())


def test_measures_of_a_large_photo_are_in_source_pixels() -> None:
    table = _table([ellipse_corners(1500.0, 900.0, 200.0, 120.0)], given_scale(20.0), size=(1920, 2560))
    assert table["x_px"][0] == pytest.approx(1500.0)
    assert table["feret_max_px"][0] == pytest.approx(200.0, rel=0.005)
    assert table["length_mm"][0] == pytest.approx(10.0, rel=0.005)


def _lit(kind: RenderedSpot, scene: Scene | None = None) -> SpotTable:
    """One rendered spot, measured on its true outline."""
    base = Scene(width_px=240, height_px=180, px_per_mm=8.0, seed=4, texture=0.3, mottling=0.3, gloss=0.0)
    truth = render(base if scene is None else scene, [kind])
    photo = read_photo(truth.rgb)
    outline = ellipse_corners(kind.x_px, kind.y_px, kind.diameter_px, kind.diameter_px)
    return measure_spots(photo, NO_SCALE, _whole(photo), _spots(photo, [outline]))


SPOT = RenderedSpot(x_px=120.0, y_px=90.0, diameter_px=26.0, border_softness=0.2)


@pytest.mark.parametrize(
    ("color", "spot"),
    [
        ("red", replace(SPOT, blood_fraction=0.08)),
        ("red", replace(SPOT, blood_fraction=0.15)),
        ("brown", replace(SPOT, melanin_fraction=0.08)),
        ("brown", replace(SPOT, melanin_fraction=0.14)),
        ("blue_black", replace(SPOT, melanin_fraction=0.5)),
    ],
)
def test_the_colour_class_follows_the_pigment(color: str, spot: RenderedSpot) -> None:
    assert _lit(spot)["color"].tolist() == [color]
    assert color in COLOR_CLASSES


def test_contrast_columns_tell_blood_from_melanin() -> None:
    blood, melanin = _lit(replace(SPOT, blood_fraction=0.1)), _lit(replace(SPOT, melanin_fraction=0.1))
    for table in (blood, melanin):
        expected = table["contrast_green"] - table["contrast_red"]
        assert table["erythema_contrast"] == pytest.approx(expected)
        total = sum(np.abs(table[f"contrast_{name}"]) for name in ("red", "green", "blue"))
        assert table["blue_share"] == pytest.approx((table["contrast_blue"] - table["contrast_green"]) / total)
    assert blood["erythema_contrast"][0] > melanin["erythema_contrast"][0]
    assert blood["blue_share"][0] < melanin["blue_share"][0]


def test_a_soft_border_is_less_sharp_and_its_diameter_less_sure() -> None:
    sharp = _lit(replace(SPOT, blood_fraction=0.1, border_softness=0.0))
    soft = _lit(replace(SPOT, blood_fraction=0.1, border_softness=0.9))
    assert sharp["edge_sharpness"][0] > 0.7 > soft["edge_sharpness"][0] > 0.0
    assert soft["diameter_error_px"][0] > 1.5 * sharp["diameter_error_px"][0] > 0.0


@pytest.mark.parametrize(("diameter_px", "size"), [(8.0, (240, 320)), (60.0, (240, 320)), (24.0, (1920, 2560))])
def test_the_diameter_is_as_sure_as_its_border_is_sharp_and_dark(diameter_px: float, size: tuple[int, int]) -> None:
    rgb = np.full((*size, 3), BEIGE, np.uint8)
    cv2.circle(rgb, (100 * 16, 100 * 16), round(8 * diameter_px), (120, 30, 40), -1, cv2.LINE_AA, shift=4)
    photo = read_photo(rgb)
    outline = ellipse_corners(100.0, 100.0, diameter_px, diameter_px)
    table = measure_spots(photo, NO_SCALE, _whole(photo), _spots(photo, [outline]))
    error, sharpness = table["diameter_error_px"][0], table["edge_sharpness"][0]
    assert 0.3 < sharpness <= 1.0
    # Skin that is uneven by 0.03 moves a border whose contrast falls by so much over 30 % of a radius.
    unevenness = 0.03 * 0.3 / (table["contrast_green"][0] * sharpness)
    # As if a border that loses only half of its contrast across 30 % of the radius were twice as wide.
    softness = 0.05 * diameter_px * (1.0 / sharpness - 1.0)
    of_pixels = np.sqrt(error**2 - softness**2 - diameter_px**2 * (0.05**2 + unevenness**2))
    # Working pixels: the large photo is worked on at half its resolution.
    assert of_pixels * photo.px_per_source_px == pytest.approx(0.3, rel=0.05)
    # Two photos of one spot differ by less: what counts as its border is the same in both.
    repeat = np.sqrt(error**2 - (unevenness * diameter_px) ** 2)
    assert repeat_error_px(photo, table)[0] == pytest.approx(repeat, rel=0.01)


def test_a_faint_spot_is_less_sure_and_one_without_contrast_hardly_at_all() -> None:
    strong, faint = (_lit(replace(SPOT, blood_fraction=blood)) for blood in (0.15, 0.02))
    assert faint["contrast_green"][0] < 0.6 * strong["contrast_green"][0]
    assert faint["diameter_error_px"][0] > 1.3 * strong["diameter_error_px"][0]
    none = _lit(replace(SPOT, blood_fraction=0.0))
    assert none["diameter_error_px"][0] > 0.45 * SPOT.diameter_px


def test_the_size_of_the_lesion_is_as_sure_as_its_region_is() -> None:
    rgb = np.full((240, 320, 3), BEIGE, np.uint8)
    cv2.circle(rgb, (150, 110), 40, (120, 30, 40), -1, cv2.LINE_AA)
    photo = read_photo(rgb)
    spots = _spots(photo, [ellipse_corners(150.0, 110.0, 80.0, 80.0)])
    tables = [
        measure_spots(photo, NO_SCALE, _whole(photo), replace(spots, lesion=1, score=np.array([score])))
        for score in (0.6, 0.9)
    ]
    unsure, sure = (float(table["diameter_error_px"][0]) for table in tables)
    # A tenth of the overlap is 3.5 % of the diameter.
    assert np.sqrt(unsure**2 - sure**2) == pytest.approx(80.0 * np.sqrt(0.14**2 - 0.035**2), rel=0.01)
    drawn = measure_spots(photo, NO_SCALE, _whole(photo), replace(spots, lesion=1, score=np.array([np.nan])))
    assert np.isfinite(drawn["diameter_error_px"]).all()


def test_a_dome_has_a_light_and_a_dark_side_and_a_highlight() -> None:
    base = Scene(width_px=240, height_px=180, px_per_mm=8.0, seed=4, gloss=0.3, light_elevation_deg=40.0)
    flat = _lit(replace(SPOT, blood_fraction=0.5), base)
    dome = _lit(replace(SPOT, blood_fraction=0.5, dome_height=0.6, kind="angioma"), base)
    assert dome["rim_relief"][0] > 2.0 * flat["rim_relief"][0]
    assert dome["highlight_share"][0] > flat["highlight_share"][0]
    assert dome["inside_spread"][0] > flat["inside_spread"][0]


@pytest.mark.parametrize(("right", "down"), [(1.0, 0.0), (0.0, 1.0), (-0.6, 0.8)])
def test_a_rim_of_a_known_slope_has_that_relief(right: float, down: float) -> None:
    rows, columns = np.mgrid[0:240, 0:320]
    # Density rises by 0.004 per px.
    rise = 0.004 * (right * (columns - 150) + down * (rows - 110))
    level = np.clip(0.5 * 10.0**-rise, 0.0, 1.0)
    srgb = np.where(level <= 0.0031308, 12.92 * level, 1.055 * level ** (1 / 2.4) - 0.055) * 255.0
    rgb = np.rint(srgb).astype(np.uint8)[..., None].repeat(3, axis=2)
    photo = read_photo(rgb)
    table = measure_spots(photo, NO_SCALE, _whole(photo), _spots(photo, [ellipse_corners(150.0, 110.0, 40.0, 40.0)]))
    assert table["rim_relief"][0] == pytest.approx(0.004 * 20, rel=0.08)
    assert table["highlight_share"][0] == 0.0


def _with_highlight(radius_px: int) -> float:
    rgb = np.full((240, 320, 3), BEIGE, np.uint8)
    cv2.circle(rgb, (150, 110), 30, (120, 30, 30), -1)
    if radius_px:
        cv2.circle(rgb, (140, 100), radius_px, (250, 245, 245), -1)
    photo = read_photo(cv2.GaussianBlur(rgb, (0, 0), 0.8).astype(np.uint8))
    table = measure_spots(photo, NO_SCALE, _whole(photo), _spots(photo, [ellipse_corners(150.0, 110.0, 60.0, 60.0)]))
    return float(table["highlight_share"][0])


def test_highlight_share_counts_light_pixels_and_not_the_rim() -> None:
    assert _with_highlight(0) == 0.0
    assert _with_highlight(6) == pytest.approx((6 / 28) ** 2, rel=0.3)
    assert _with_highlight(9) > 1.5 * _with_highlight(6)


@pytest.mark.parametrize(
    ("flag", "outlines"),
    [
        ("cut_by_frame", [ellipse_corners(4.0, 110.0, 30.0, 30.0)]),
        ("few_pixels", [ellipse_corners(100.0, 110.0, 20.0, 4.0)]),
        ("confluent", [ellipse_corners(100.0, 110.0, 30.0, 30.0), ellipse_corners(126.0, 110.0, 30.0, 30.0)]),
        ("confluent", [_square(100.0, 110.0), _square(120.0, 110.0)]),
        ("confluent", [_square(100.0, 110.0), _square(100.0, 130.0)]),
    ],
)
def test_a_spot_is_flagged(flag: str, outlines: list[NDArray[np.float64]]) -> None:
    apart = ellipse_corners(250.0, 180.0, 30.0, 30.0)
    flags = _table([*outlines, apart])["spot_flags"].tolist()
    assert all(flag in own.split() for own in flags[:-1])
    assert flags[-1] == ""


def test_a_spot_beside_a_drape_is_flagged() -> None:
    rgb = np.full((240, 320, 3), BEIGE, np.uint8)
    rgb[:, :60] = (40, 90, 170)
    photo = read_photo(rgb)
    outlines = [ellipse_corners(72.0, 110.0, 30.0, 30.0), ellipse_corners(200.0, 110.0, 30.0, 30.0)]
    flags = measure_spots(photo, NO_SCALE, _whole(photo), _spots(photo, outlines))["spot_flags"]
    assert flags.tolist() == ["touches_non_skin", ""]


@pytest.mark.parametrize(("gap_px", "flag"), [(1, "touches_non_skin"), (2, "")])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_spot_touches_what_is_not_skin_up_to_two_pixels(side: str, gap_px: int, flag: str) -> None:
    photo = read_photo(np.full((120, 120, 3), BEIGE, np.uint8))
    spots = _spots(photo, [ellipse_corners(60.0, 60.0, 30.0, 30.0)])
    rows, columns = np.nonzero(spots.labels)
    mask = np.ones((120, 120), np.bool_)
    if side == "left":
        mask[:, : columns.min() - gap_px] = False
    elif side == "right":
        mask[:, columns.max() + gap_px + 1 :] = False
    elif side == "top":
        mask[: rows.min() - gap_px] = False
    else:
        mask[rows.max() + gap_px + 1 :] = False
    table = measure_spots(photo, NO_SCALE, replace(_whole(photo), mask=mask), spots)
    assert table["spot_flags"].tolist() == [flag]


def test_a_spot_touches_what_is_not_skin_with_its_last_pixel() -> None:
    photo = read_photo(np.full((120, 120, 3), BEIGE, np.uint8))
    spots = _spots(photo, [np.array([[60.0, 40.0], [90.0, 60.0], [60.0, 80.0], [30.0, 60.0]])])
    (row,), (last,) = (place[-1:] for place in np.nonzero(spots.labels == 1))  # the lowest corner
    mask = np.ones((120, 120), np.bool_)
    mask[row + 2, last] = False  # two pixels from that one alone
    table = measure_spots(photo, NO_SCALE, replace(_whole(photo), mask=mask), spots)
    assert table["spot_flags"].tolist() == ["touches_non_skin"]


def test_the_inside_of_a_spot_is_sampled_within_its_outline_whatever_its_form() -> None:
    wedge = np.array([[60.0, 80.0], [220.0, 120.0], [60.0, 160.0]])
    rgb = np.full((240, 320, 3), BEIGE, np.uint8)
    cv2.fillPoly(rgb, [np.rint(wedge).astype(np.int32)], (140, 60, 70))
    cv2.circle(rgb, (270, 200), 20, (140, 60, 70), -1)
    photo = read_photo(rgb)
    table = measure_spots(
        photo, NO_SCALE, _whole(photo), _spots(photo, [wedge, ellipse_corners(270.0, 200.0, 40.0, 40.0)])
    )
    assert table["contrast_green"][0] == pytest.approx(table["contrast_green"][1], rel=0.01)


def test_spot_flags_are_in_the_registry(shower: Staged) -> None:
    used = {flag for flags in shower.worked.table["spot_flags"] for flag in flags.split()}
    assert used <= {flag.name for flag in FLAGS.values() if flag.about == "spot"}


@pytest.mark.parametrize("size", [(32, 320), (320, 32), (32, 32)])
def test_spots_in_narrow_photos_are_measured(size: tuple[int, int]) -> None:
    table = _table([ellipse_corners(16.0, 16.0, 10.0, 10.0), ellipse_corners(27.0, 16.0, 10.0, 10.0)], size=size)
    assert table["diameter_px"].tolist() == pytest.approx([10.0, 10.0], rel=0.005)


def test_rows_are_numbered_and_the_lesion_is_named() -> None:
    table = _table([ellipse_corners(150.0, 110.0, 60.0, 24.0), ellipse_corners(40.0, 40.0, 12.0, 12.0)], lesion=1)
    assert table["spot"].tolist() == [1, 2]
    assert table["is_lesion"].tolist() == [True, False]
    assert table["score"].tolist() == [0.9, 0.9]


@pytest.mark.parametrize("outlines", [[], [ellipse_corners(150.0, 110.0, 60.0, 24.0)]], ids=["empty", "one"])
def test_columns_have_their_dtypes_and_are_read_only(outlines: list[NDArray[np.float64]]) -> None:
    for scale in (NO_SCALE, given_scale(8.0)):
        table = _table(outlines, scale)
        assert len(table) == len(outlines)
        assert list(table.columns) == [column.name for column in COLUMNS]
        for column in COLUMNS:
            values = table[column.name]
            assert values.shape == (len(outlines),)
            assert values.dtype.kind == "U" if column.dtype == "str" else values.dtype == column.dtype, column.name
            assert not values.flags.writeable
        frame = table.to_dataframe()
        assert list(frame.columns) == list(table.columns)
        assert len(frame) == len(outlines)


def test_a_table_is_a_row_of_columns_by_name() -> None:
    table = _table([ellipse_corners(150.0, 110.0, 60.0, 24.0)])
    assert list(table) == [column.name for column in COLUMNS]
    assert "diameter_mm" in table
    assert "diameter" not in table
    assert {name: len(table[name]) for name in table} == dict.fromkeys(table.columns, 1)


def test_the_column_of_flags_spells_what_each_spot_has() -> None:
    outlines = [ellipse_corners(*ellipse) for ellipse in ((60.0, 60.0, 40.0, 40.0), (1.0, 110.0, 4.0, 4.0))]
    table = _table(outlines)
    assert table.has_flag("cut_by_frame").tolist() == [False, True]
    assert table.has_flag("few_pixels").tolist() == [False, True]
    assert table["spot_flags"].tolist() == ["", "cut_by_frame few_pixels"]
    assert set(table.flags) == {flag.name for flag in FLAGS.values() if flag.about == "spot"}
    empty = _table([]).has_flag("confluent")
    assert empty.shape == (0,)
    assert empty.dtype == np.bool_


def test_nothing_but_millimetres_is_missing(shower: Staged, mole: Staged) -> None:
    for staged in (shower, mole):
        for column in COLUMNS:
            if column.dtype == "float64":
                assert np.isfinite(staged.worked.table[column.name]).all(), column.name


def test_shares_lie_between_zero_and_one(shower: Staged) -> None:
    table = shower.worked.table
    for name in ("circularity", "solidity", "highlight_share", "score"):
        assert table[name].min() >= 0.0, name
        assert table[name].max() <= 1.0, name
    assert (table["feret_max_px"] >= table["feret_min_px"]).all()
    assert (table["aspect"] >= 1.0).all()
    assert (table["diameter_px"] <= table["feret_max_px"] + 1e-9).all()


def test_petechiae_are_red_and_as_large_as_they_are(shower: Staged) -> None:
    table, pairs = shower.worked.table, match(shower)
    true_mm = np.array([shower.truth.spots[row].diameter_px / 6.0 for row in pairs.true])
    assert np.median(np.abs(table["diameter_mm"][pairs.found] / true_mm - 1.0)) < 0.12
    colors = table["color"][pairs.found]
    assert np.isin(colors, ["red", "purple"]).mean() > 0.75


def test_angiomas_are_redder_than_moles(cherries: Staged, mole: Staged) -> None:
    angiomas, naevus = cherries.worked.table, mole.worked.table
    assert np.median(angiomas["erythema_contrast"]) > 1.5 * naevus["erythema_contrast"][0]
    assert np.median(angiomas["blue_share"]) < naevus["blue_share"][0] - 0.1
    assert naevus["color"][0] in {"brown", "blue_black"}


def test_a_crowded_spot_is_compared_with_healthy_skin() -> None:
    # Larger spots leave no free skin in the ring around the small one.
    photo = read_photo(np.full((240, 320, 3), BEIGE, np.uint8))
    rgb = photo.rgb.copy()
    cv2.circle(rgb, (160, 120), 45, (160, 70, 70), -1)
    cv2.circle(rgb, (160, 120), 6, (120, 30, 40), -1)
    crowded = read_photo(rgb)
    outlines = [ellipse_corners(160.0, 120.0, 90.0, 90.0), ellipse_corners(160.0, 120.0, 12.0, 12.0)]
    table = measure_spots(crowded, NO_SCALE, _whole(photo), _spots(crowded, outlines))
    assert np.isfinite(table["contrast_green"]).all()
    assert table["contrast_green"][1] > table["contrast_green"][0] > 0.2
