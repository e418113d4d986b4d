"""The ruler finder: reads rendered and real rulers, and invents no scale."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.lab.render.ruler_decoys import DECOY_KINDS, DecoyKind, draw_decoy
from lesionvis.lab.render.rulers import (
    LOOKS,
    RULER_PRINTS,
    PhotoFaults,
    RulerLook,
    RulerPose,
    draw_ruler,
    random_ruler_photo,
    skin_background,
    spoil,
)
from lesionvis.photo import PhotoReader, read_photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.ruler import finder
from lesionvis.scale.ruler.designs import INCH_MM
from lesionvis.scale.ruler.edge import Edge
from lesionvis.scale.ruler.finder import (
    CERTAIN_GAIN,
    CERTAIN_MARGIN,
    CERTAIN_MARKS,
    SURE_GAIN,
    SURE_MARGIN,
    SURE_MARKS,
    RulerFinder,
    _is_certain,
    _is_sure,
    find_ruler,
)
from lesionvis.scale.ruler.strip import fit_line
from lesionvis.scale.ruler.ticks import TickRow
from lesionvis.scale.ruler.units import TickUnits, find_tick_units

MILLIMETRE_PRINTS = ("millimetre", "millimetre_short", "millimetre_heavy_ten", "millimetre_roof")
HALF_MILLIMETRE_PRINTS = ("half_millimetre", "half_millimetre_even", "half_millimetre_no_fives")
INCH_PRINTS = ("inch_sixteenth", "inch_eighth", "inch_quarter")


def _ruler_on_skin(px_per_mm: float = 10.0, angle_deg: float = 8.0, look: str = "white paper") -> NDArray[np.uint8]:
    pose = RulerPose(px_per_mm, (60.0, 300.0), angle_deg, last_mm=45.0)
    drawn = draw_ruler(skin_background(480, 640, 3), RULER_PRINTS["millimetre"], LOOKS[look], pose)
    return spoil(drawn.rgb, PhotoFaults(blur_px=0.8, noise=2.0), seed=1)


@pytest.mark.parametrize("look", LOOKS)
def test_scale_is_read_off_every_kind_of_ruler(look: str) -> None:
    scale = find_ruler(read_photo(_ruler_on_skin(look=look)))
    assert isinstance(scale, Scale)
    assert scale.source == "ruler"
    assert scale.px_per_mm == pytest.approx(10.0, rel=0.005)
    assert 0 < scale.standard_error_px_per_mm < 0.2


@pytest.mark.parametrize("px_per_mm", [4.0, 6.5, 14.0, 24.0])
def test_scale_is_read_at_every_size(px_per_mm: float) -> None:
    scale = find_ruler(read_photo(_ruler_on_skin(px_per_mm)))
    assert isinstance(scale, Scale)
    assert scale.px_per_mm == pytest.approx(px_per_mm, rel=0.01)


def test_large_photo_gives_positions_and_scale_in_source_pixels() -> None:
    small = _ruler_on_skin()
    large = np.asarray(cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), np.uint8)
    in_small, in_large = find_ruler(read_photo(small)), find_ruler(read_photo(large))
    assert isinstance(in_small, Scale)
    assert isinstance(in_large, Scale)
    assert in_large.px_per_mm == pytest.approx(4 * in_small.px_per_mm, rel=0.003)
    first = np.linalg.norm(in_large.points_px - ((in_small.points_px[:1] + 0.5) * 4 - 0.5), axis=1)
    assert first.min() < 8.0


def test_outline_covers_the_ruler_and_little_else() -> None:
    plain = skin_background(480, 640, 3)
    pose = RulerPose(10.0, (60.0, 300.0), 8.0, last_mm=45.0)
    drawn = draw_ruler(plain, RULER_PRINTS["millimetre"], LOOKS["white paper"], pose)
    body = (drawn.rgb != plain).any(axis=2)
    scale = find_ruler(read_photo(drawn.rgb))
    assert isinstance(scale, Scale)
    found = cv2.fillPoly(np.zeros(body.shape, np.uint8), [np.round(scale.outline_px).astype(np.int32)], 1) > 0
    assert (found & body).sum() / (found | body).sum() > 0.9


def test_points_lie_on_the_ticks_with_their_local_scale() -> None:
    pose = RulerPose(9.0, (40.0, 250.0), 3.0, last_mm=55.0, change_per_mm=0.004)
    drawn = draw_ruler(skin_background(480, 640, 4), RULER_PRINTS["millimetre"], LOOKS["white paper"], pose)
    scale = find_ruler(read_photo(drawn.rgb))
    assert isinstance(scale, Scale)
    steps = np.linalg.norm(np.diff(scale.points_px, axis=0), axis=1)
    assert steps == pytest.approx(scale.px_per_mm_at_points[:-1], rel=0.02)
    assert scale.px_per_mm_at_points.max() == pytest.approx(drawn.px_per_mm_max, rel=0.02)
    assert scale.px_per_mm == pytest.approx(drawn.px_per_mm, rel=0.02)


def test_the_error_of_an_even_ruler_is_that_of_its_print() -> None:
    scale = find_ruler(read_photo(_ruler_on_skin()))
    assert isinstance(scale, Scale)
    assert scale.error_pct == pytest.approx(0.4, abs=0.03)
    # On the skin, 2 mm of 20 cm farther from the lens or nearer, it is one percent more.
    assert scale.skin_error_near(100.0, 300.0) == pytest.approx(np.hypot(0.004, 0.01), rel=0.02)


@pytest.mark.parametrize("change_per_mm", [0.004, -0.003])
def test_the_error_of_a_ruler_in_perspective_is_that_of_the_mean_and_of_each_place(change_per_mm: float) -> None:
    pose = RulerPose(9.0, (40.0, 250.0), 3.0, last_mm=55.0, change_per_mm=change_per_mm)
    drawn = draw_ruler(skin_background(480, 640, 4), RULER_PRINTS["millimetre"], LOOKS["white paper"], pose)
    scale = find_ruler(read_photo(drawn.rgb))
    assert isinstance(scale, Scale)
    assert scale.px_per_mm == pytest.approx(drawn.px_per_mm, rel=2.0 * scale.error_pct / 100.0)
    # A tenth of the spread along the ruler is in the error: another stretch of it in sight has another mean.
    spread = float(scale.px_per_mm_at_points.std()) / scale.px_per_mm
    assert spread > 0.03
    assert scale.error_pct / 100.0 == pytest.approx(np.hypot(0.004, 0.1 * spread), rel=0.05)
    # A lesion lies beside any place of the ruler, and there the scale is as sure as the mean is.
    numbers = np.arange(len(scale.points_px))
    true = np.interp(numbers, [0, len(numbers) - 1], [scale.px_per_mm_at_points[0], scale.px_per_mm_at_points[-1]])
    near = [scale.px_per_mm_near(x, y) for x, y in scale.points_px]
    error = [scale.local_error_near(x, y) for x, y in scale.points_px]
    assert near == pytest.approx(true, rel=3.0 * max(error))
    assert max(error) < 0.3 * spread


def test_the_error_of_ticks_that_scatter_is_that_of_a_line_through_them(monkeypatch: pytest.MonkeyPatch) -> None:
    n_ticks, scatter = 11, 0.2
    generator = np.random.default_rng(2)
    slopes = [np.polyfit(np.arange(n_ticks), np.arange(n_ticks) + generator.normal(0.0, scatter, n_ticks), 1)[0]
              for _ in range(2000)]  # fmt: skip
    original = finder._scale
    monkeypatch.setattr(
        finder, "_scale", lambda row, *rest: original(replace(row, residual=scatter, n_found=n_ticks), *rest)
    )
    scale = find_ruler(read_photo(_ruler_on_skin()))
    assert isinstance(scale, Scale)
    expected_pct = 100.0 * float(np.hypot(np.std(slopes), 0.004))
    assert scale.error_pct == pytest.approx(expected_pct, rel=0.05)


@pytest.mark.parametrize("name", MILLIMETRE_PRINTS)
def test_random_millimetre_rulers_are_read_and_never_wrong(name: str) -> None:
    drawn = [random_ruler_photo(seed, name) for seed in range(4)]
    scales = [find_ruler(read_photo(d.rgb)) for d in drawn]
    pairs = [(s.px_per_mm, d) for s, d in zip(scales, drawn, strict=True) if isinstance(s, Scale)]
    assert len(pairs) >= 3
    assert all(0.97 * d.px_per_mm_min <= value <= 1.03 * d.px_per_mm_max for value, d in pairs)


@pytest.mark.parametrize("name", INCH_PRINTS)
def test_inches_are_not_taken_for_millimetres(name: str) -> None:
    drawn = [random_ruler_photo(seed, name) for seed in range(5)]
    answers = [find_ruler(read_photo(d.rgb)) for d in drawn]
    refused = [answer.reason for answer in answers if isinstance(answer, NoScale)]
    pairs = [(s.px_per_mm, d) for s, d in zip(answers, drawn, strict=True) if isinstance(s, Scale)]
    assert len(pairs) >= 1
    assert all(0.97 * d.px_per_mm_min <= value <= 1.03 * d.px_per_mm_max for value, d in pairs)
    assert not refused or any("inch" in reason for reason in refused)


def _inches(name: str, digits_every: int) -> NDArray[np.uint8]:
    print_ = replace(RULER_PRINTS[name], digits_every=digits_every)
    look = replace(LOOKS["white paper"], width_mm=25.0)
    pose = RulerPose(5.0, (40.0, 120.0), 2.0, last_mm=4 * INCH_MM)
    return draw_ruler(skin_background(480, 640, 5), print_, look, pose).rgb


@pytest.mark.parametrize(("name", "n_ticks"), [("inch_sixteenth", 16), ("inch_quarter", 16), ("inch_eighth", 8)])
def test_inches_are_read_where_a_numeral_stands_at_each(name: str, n_ticks: int) -> None:
    answer = find_ruler(read_photo(_inches(name, n_ticks)))
    assert isinstance(answer, Scale)
    assert answer.px_per_mm == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize(
    ("name", "n_ticks", "named"),
    [
        ("inch_sixteenth", 0, "1/16 inch or 1/32 inch"), ("inch_sixteenth", 8, "1/16 inch or 1/32 inch"),
        ("inch_sixteenth", 32, "1/16 inch or 1/32 inch"), ("inch_quarter", 0, "1/16 inch or 1/32 inch"),
        ("inch_eighth", 0, "1/8 inch or 1/16 inch or 1/32 inch"),
    ],
)  # fmt: skip
def test_inches_whose_numerals_do_not_stand_at_their_longest_ticks_are_refused(
    name: str, n_ticks: int, named: str
) -> None:
    answer = find_ruler(read_photo(_inches(name, n_ticks)))
    assert isinstance(answer, NoScale)
    assert f"may be {named} apart" in answer.reason


def test_long_ticks_are_those_of_finer_parts_of_an_inch() -> None:
    length = np.array([6.0 * 1.2 ** max(k for k in range(5) if n % 2**k == 0) for n in range(49)])
    units = find_tick_units(np.stack([np.zeros(49), length]), np.zeros(49))
    assert units.named == "1/32 inch"


def test_half_centimetres_are_told_apart_or_refused() -> None:
    drawn = [random_ruler_photo(seed, "half_centimetre") for seed in range(6)]
    scales = [find_ruler(read_photo(d.rgb)) for d in drawn]
    pairs = [(s.px_per_mm, d.px_per_mm) for s, d in zip(scales, drawn, strict=True) if isinstance(s, Scale)]
    assert len(pairs) >= 1
    assert all(value == pytest.approx(true, rel=0.05) for value, true in pairs)


@pytest.mark.parametrize("name", HALF_MILLIMETRE_PRINTS)
def test_half_millimetres_are_read_or_refused(name: str) -> None:
    drawn = [random_ruler_photo(seed, name) for seed in range(6)]
    scales = [find_ruler(read_photo(d.rgb)) for d in drawn]
    pairs = [(s.px_per_mm, d) for s, d in zip(scales, drawn, strict=True) if isinstance(s, Scale)]
    assert len(pairs) >= 3
    assert all(0.97 * d.px_per_mm_min <= value <= 1.03 * d.px_per_mm_max for value, d in pairs)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("two_millimetres", "2 mm"), ("two_millimetres_fives", "2 mm"), ("inch_tenth", "1/10 inch"),
        ("inch_twentieth", "1/20 inch"), ("centimetre", "1 cm"),
    ],
)  # fmt: skip
def test_units_marked_as_millimetres_are_never_taken_for_them(name: str, unit: str) -> None:
    answers = [find_ruler(read_photo(random_ruler_photo(seed, name).rgb)) for seed in range(8)]
    reasons = [answer.reason for answer in answers if isinstance(answer, NoScale)]
    assert len(reasons) == 8
    assert sum(unit in reason and "1 mm" in reason for reason in reasons) >= 3


@pytest.mark.parametrize("kind", DECOY_KINDS)
def test_decoys_give_no_scale(kind: DecoyKind) -> None:
    claims = [seed for seed in range(2) if find_ruler(read_photo(draw_decoy(kind, seed)))]
    assert claims == []


def test_frame_around_a_picture_is_no_ruler_edge() -> None:
    """A scale in tenths of a millimetre, drawn over the picture beside its border, then framed in black."""
    bare = LOOKS["clear plastic"].without_body()
    pose = RulerPose(7.0, (40.0, 470.0), 0.0, last_mm=60.0, flipped=True)
    drawn = draw_ruler(skin_background(480, 640, 2), RULER_PRINTS["millimetre"], bare, pose)
    framed = cv2.copyMakeBorder(drawn.rgb, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    assert isinstance(find_ruler(read_photo(np.asarray(framed, np.uint8))), NoScale)


def _units(gain: float, margin: float) -> TickUnits:
    lengths = np.ones((2, 61))
    lengths[1, ::5], lengths[1, ::10] = 1.9, 2.8
    return replace(find_tick_units(lengths, np.zeros(61)), gain=gain, margin=margin)


def test_a_faint_edge_is_enough_only_where_the_order_is_beyond_doubt() -> None:
    faint = Edge(0.115, 0.46, np.zeros(61))
    assert RulerFinder()._is_body(faint, _units(61.0, 41.0))
    assert not RulerFinder()._is_body(faint, _units(59.0, 41.0))
    assert not RulerFinder()._is_body(faint, _units(61.0, 39.0))
    assert not RulerFinder()._is_body(Edge(0.10, 0.46, np.zeros(61)), _units(61.0, 41.0))


@pytest.mark.parametrize(
    ("is_beyond_doubt", "gain", "margin", "n_marks"),
    [(_is_sure, SURE_GAIN, SURE_MARGIN, SURE_MARKS), (_is_certain, CERTAIN_GAIN, CERTAIN_MARGIN, CERTAIN_MARKS)],
)
def test_an_order_is_beyond_doubt_only_by_all_of_its_evidence(
    is_beyond_doubt: Callable[[TickUnits], bool], gain: float, margin: float, n_marks: int
) -> None:
    enough = replace(_units(gain, margin), n_marks=n_marks)
    assert is_beyond_doubt(enough)
    assert not is_beyond_doubt(replace(enough, family="halves"))
    assert not is_beyond_doubt(replace(enough, gain=gain - 0.1))
    assert not is_beyond_doubt(replace(enough, margin=margin - 0.1))
    assert not is_beyond_doubt(replace(enough, n_marks=n_marks - 1))


def test_reason_tells_what_came_nearest() -> None:
    few = draw_ruler(
        skin_background(480, 640, 3), RULER_PRINTS["millimetre"], LOOKS["white paper"],
        RulerPose(12.0, (200.0, 240.0), 0.0, last_mm=8.0),
    )  # fmt: skip
    answer = find_ruler(read_photo(few.rgb))
    assert isinstance(answer, NoScale)
    assert "fewer than 11" in answer.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [("min_ticks", 5), ("max_side_px", 10), ("min_edge_step", 2.0), ("max_end_scatter_pitches", 0.0)],
)
def test_setting_out_of_bounds_is_named(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=rf"{name} must be from .* got {value}"):
        RulerFinder(**{name: value})  # type: ignore[arg-type]


def test_settings_are_allowed_up_to_their_bounds() -> None:
    for name, low, high, step in (("min_ticks", 11, 500, 1), ("max_rows", 1, 100, 1), ("max_missing", 0.0, 0.5, 0.01)):
        for value in (low, high):
            assert getattr(RulerFinder(**{name: value}), name) == value  # type: ignore[arg-type]
        for value in (low - step, high + step):
            with pytest.raises(SettingsError, match=name):
                RulerFinder(**{name: value})  # type: ignore[arg-type]


def test_same_photo_gives_the_same_scale_twice() -> None:
    photo = read_photo(_ruler_on_skin())
    first, second = find_ruler(photo), find_ruler(photo)
    assert isinstance(first, Scale)
    assert isinstance(second, Scale)
    assert first.px_per_mm == second.px_per_mm
    assert np.array_equal(first.outline_px, second.outline_px)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_real_rulers_are_read_and_never_wrong(real_photos: Path) -> None:
    folder = real_photos / "dev"
    errors = []
    for truth in _rows(folder / "rulers.csv"):
        scale = RulerFinder()(read_photo(folder / "photos" / truth["photo"]))
        if isinstance(scale, Scale):
            low, high = float(truth["px_per_mm_local_min"]), float(truth["px_per_mm_local_max"])
            errors.append(max(0.0, (low - scale.px_per_mm) / low, (scale.px_per_mm - high) / high))
    assert sum(error <= 0.05 for error in errors) >= 22  # of 23; the other shows one long tick only
    assert all(error <= 0.10 for error in errors)


def test_no_scale_is_invented_where_there_is_no_ruler(real_photos: Path) -> None:
    folder = real_photos / "dev"
    names = [row["photo"] for row in _rows(folder / "negatives.csv")]
    claims = [name for name in names if find_ruler(read_photo(folder / "photos" / name))]
    assert claims == []


WHOLE_RULER = RulerPose(6.0, (240.0, 700.0), 6.0, last_mm=340.0)
"""A ruler across a photo of 2560 x 1920 px, in which a millimetre is 3 working px."""


def _whole_ruler(print_name: str, look: RulerLook = LOOKS["steel"]) -> NDArray[np.uint8]:
    rgb = draw_ruler(skin_background(1920, 2560, 5), RULER_PRINTS[print_name], look, WHOLE_RULER).rgb
    return spoil(rgb, PhotoFaults(blur_px=0.9, noise=2.0), seed=1)


def _second_look(rgb: NDArray[np.uint8]) -> Scale | NoScale:
    return find_ruler(read_photo(rgb), lambda side_px: PhotoReader(working_long_side_px=side_px)(rgb))


def test_a_whole_ruler_is_read_in_a_sharper_copy_of_the_photo() -> None:
    rgb = _whole_ruler("millimetre_short")
    scale = _second_look(rgb)
    assert isinstance(scale, Scale)
    assert scale.px_per_mm == pytest.approx(6.0, rel=0.005)
    assert np.ptp(scale.points_px[:, 0]) > 0.7 * 2560
    outline = scale.outline_px.astype(np.float32)
    inside = [cv2.pointPolygonTest(outline, (1280.0, y), False) > 0 for y in (780.0, 820.0, 890.0, 930.0)]
    assert inside == [False, True, True, False]
    assert not find_ruler(read_photo(rgb))


def test_a_whole_ruler_without_a_body_is_no_ruler() -> None:
    assert isinstance(_second_look(_whole_ruler("millimetre_short", LOOKS["steel"].without_body())), NoScale)


@pytest.mark.parametrize(
    ("print_name", "px_per_mm", "origin_px", "angle_deg", "blur_px"),
    [
        ("inch_twentieth", 2.4, (150.0, 260.0), 2.0, 1.0), ("inch_twentieth", 2.4, (150.0, 280.0), 0.0, 1.0),
        ("two_millimetres", 3.75, (130.0, 200.0), 4.0, 0.5),
    ],
)  # fmt: skip
def test_whole_rulers_whose_finer_ticks_are_hardly_seen_are_no_half_centimetres(
    print_name: str, px_per_mm: float, origin_px: tuple[float, float], angle_deg: float, blur_px: float
) -> None:
    pose = RulerPose(px_per_mm, origin_px, angle_deg, last_mm=0.85 * 2048 / px_per_mm)
    rgb = draw_ruler(skin_background(600, 2048, 5), RULER_PRINTS[print_name], LOOKS["white paper"], pose).rgb
    answer = _second_look(spoil(rgb, PhotoFaults(blur_px=blur_px, noise=1.0), seed=1))
    assert isinstance(answer, NoScale)


def test_half_centimetres_are_read_where_finer_ticks_would_show() -> None:
    pose = RulerPose(6.0, (40.0, 260.0), 2.0, last_mm=90.0)
    rgb = draw_ruler(skin_background(480, 640, 5), RULER_PRINTS["half_centimetre"], LOOKS["white paper"], pose).rgb
    sharp = find_ruler(read_photo(spoil(rgb, PhotoFaults(blur_px=1.0, noise=1.0), seed=1)))
    assert isinstance(sharp, Scale)
    assert sharp.px_per_mm == pytest.approx(6.0, rel=0.01)
    blurred = find_ruler(read_photo(spoil(rgb, PhotoFaults(blur_px=3.0, noise=1.0), seed=1)))
    assert isinstance(blurred, NoScale)
    assert "may be 5 mm, 1 cm, 1/4 inch or 1/2 inch apart" in blurred.reason


@pytest.mark.parametrize(
    ("print_name", "named"),
    [
        ("two_millimetres_heavy", "2 mm or 1 mm"), ("inch_tenth_heavy", "1/10 inch"),
        ("inch_twentieth_short", "1/20 inch"), ("inch_fiftieth", "0.5 mm"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tick_px", [9.0, 13.0])
def test_ticks_of_the_proportions_of_millimetres_are_told_by_their_numerals(
    print_name: str, named: str, tick_px: float
) -> None:
    print_ = RULER_PRINTS[print_name]
    pose = RulerPose(tick_px / print_.spacing_mm, (40.0, 200.0), 3.0, last_mm=42 * print_.spacing_mm)
    rgb = draw_ruler(skin_background(480, 640, 5), print_, LOOKS["white paper"], pose).rgb
    answer = find_ruler(read_photo(spoil(rgb, PhotoFaults(blur_px=0.8, noise=2.0), seed=1)))
    assert isinstance(answer, NoScale)
    assert "1 mm" in answer.reason
    assert named in answer.reason


def test_half_centimetres_without_numerals_may_be_half_inches() -> None:
    pose = RulerPose(6.0, (40.0, 260.0), 2.0, last_mm=90.0)
    plain = replace(RULER_PRINTS["half_centimetre"], digits_every=0)
    rgb = draw_ruler(skin_background(480, 640, 5), plain, LOOKS["white paper"], pose).rgb
    answer = find_ruler(read_photo(spoil(rgb, PhotoFaults(blur_px=1.0, noise=1.0), seed=1)))
    assert isinstance(answer, NoScale)
    assert "may be 5 mm or 1/2 inch apart" in answer.reason


def test_where_the_ticks_end_is_not_asked_once_their_order_is_certain() -> None:
    assert RulerFinder()._max_end_scatter(_units(121.0, 101.0)) == np.inf
    assert RulerFinder()._max_end_scatter(_units(119.0, 101.0)) == pytest.approx(0.12)
    assert RulerFinder()._max_end_scatter(_units(59.0, 39.0)) == pytest.approx(0.06)


def test_sixteenths_of_an_inch_on_the_other_edge_prove_the_millimetres() -> None:
    thin = replace(RULER_PRINTS["millimetre"], levels=((1, 2.2, 0.13), (5, 3.4, 0.13), (10, 4.4, 0.13)), digits_every=0)
    look = replace(LOOKS["steel"], width_mm=26.0)
    rgb = draw_ruler(skin_background(480, 960, 5), thin, look, RulerPose(7.0, (60.0, 200.0), 0.0, last_mm=120.0)).rgb
    alone = find_ruler(read_photo(rgb))
    assert isinstance(alone, NoScale)
    assert "1 mm or" in alone.reason
    other = RulerPose(7.0, (60.0, 200.0 + 7.0 * 26.0), 0.0, last_mm=120.0, flipped=True)
    both = find_ruler(read_photo(draw_ruler(rgb, RULER_PRINTS["inch_sixteenth"], look.without_body(), other).rgb))
    assert isinstance(both, Scale)
    assert both.px_per_mm == pytest.approx(7.0, rel=0.005)


def test_no_part_of_a_ruler_is_read_where_the_numerals_beside_another_put_it_in_doubt() -> None:
    look = replace(LOOKS["white paper"], width_mm=30.0)
    pose = RulerPose(5.5, (30.0, 200.0), 0.0, last_mm=150.0)
    rgb = draw_ruler(skin_background(480, 900, 5), RULER_PRINTS["two_millimetres_heavy"], look, pose).rgb
    rows = RulerFinder().search(read_photo(rgb)).rows
    assert "may be 2 mm or 1 mm" in rows[0].complaint
    at = rows[0].points_px
    one = finder._JudgedRow(_row_through(at[:20]), finder._Verdict(9, ""), _units(50.0, 50.0), None, True)
    other = replace(one, row=_row_through(at[40:]), verdict=finder._Verdict(9, "may be"), doubted_by_numerals=True)
    assert finder._doubted_like_others(one, [other]).verdict.complaint == "may be"
    assert not finder._doubted_like_others(one, [replace(other, doubted_by_numerals=False)]).verdict.complaint
    across = replace(other, row=_row_through(at[40:, ::-1]))
    farther = replace(other, row=_row_through(1.3 * at[40:]))
    assert not finder._doubted_like_others(one, [across, farther]).verdict.complaint


def _row_through(points_px: NDArray[np.float64]) -> TickRow:
    n = len(points_px)
    return TickRow(fit_line(np.arange(float(n)), points_px, (0.0, 0.0)), 0, n - 1, n, -1, 0.5, 0.0, 0.0)


def test_the_mean_of_a_part_of_a_tilted_ruler_has_the_error_of_what_is_not_read() -> None:
    px_per_mm, growth_per_mm = 5.0, 0.002
    rgb = np.zeros((1000, 2000, 3), np.uint8)
    numbers = np.arange(120.0)
    x = 200.0 + px_per_mm * np.cumsum(1.0 + growth_per_mm * numbers)
    row = TickRow(
        fit_line(numbers, np.stack([x, np.full(120, 400.0)], axis=1), (0.0, 0.0)), 0, 119, 120, -1, 0.5, 0.0, 0.0
    )
    photo, edge = read_photo(rgb), Edge(0.2, 0.9, np.full(120, 1.0))
    working = replace(row, line=row.line.resized(photo.px_per_source_px))
    alone, part = (finder._scale(working, 1.0, edge, photo, in_strip) for in_strip in (False, True))
    ticks_to_centre = (999.5 - row.line.at(np.array([59.5]))[0, 0]) / row.line.pitch(np.array([59.5]))[0]
    drift = px_per_mm * growth_per_mm * ticks_to_centre
    assert part.standard_error_px_per_mm == pytest.approx(np.hypot(alone.standard_error_px_per_mm, drift), rel=0.03)
    assert part.standard_error_px_per_mm > 5.0 * alone.standard_error_px_per_mm
    assert part.px_per_mm == alone.px_per_mm
    assert part.local_error_near(500.0, 400.0) == alone.local_error_near(500.0, 400.0)
