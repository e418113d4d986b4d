"""Following ticks, straightening the strip, and telling the unit by the order of the longer ticks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesionvis.lab.render.rulers import RULER_PRINTS, RulerLook, RulerPose, draw_ruler
from lesionvis.scale.ruler.finder import RulerFinder
from lesionvis.scale.ruler.periodicity import build_levels, find_periodic_places, relative_contrast
from lesionvis.scale.ruler.strip import SAMPLES_PER_PITCH, TickLine, fit_line, straighten, tick_ends, tick_offsets
from lesionvis.scale.ruler.tick_shapes import measure_fifths, measure_ink_share, measure_shapes, sign_of_ticks
from lesionvis.scale.ruler.ticks import TickRow, follow_ticks
from lesionvis.scale.ruler.units import ORDERS, ROOF, Family, _measure_sizes, _medians, find_tick_units, tick_kinds


def _bars(pitch_px: float, width: int = 400, height: int = 120) -> np.ndarray:
    """Dark bars of a third of the pitch across a light picture, in rows 40 to 80."""
    x = np.arange(width)
    dark = np.abs((x + 0.5 * pitch_px) % pitch_px - 0.5 * pitch_px) < pitch_px / 6
    gray = np.full((height, width), 200, np.uint8)
    gray[40:80, dark] = 60
    return gray


@pytest.mark.parametrize("pitch_px", [4.0, 7.5, 12.0, 19.0, 33.0])
def test_best_seed_has_pitch_and_direction_of_the_bars(pitch_px: float) -> None:
    seeds = find_periodic_places(build_levels(_bars(pitch_px, width=640, height=160)))
    assert seeds.pitch_px[0] == pytest.approx(pitch_px, rel=0.05)
    assert abs(np.cos(seeds.angle_rad[0])) > 0.99


def test_flat_picture_has_no_seeds() -> None:
    assert len(find_periodic_places(build_levels(np.full((200, 300), 90, np.uint8)))) == 0


def test_relative_contrast_is_the_same_in_half_the_light() -> None:
    bars = _bars(12.0)
    bright, dim = relative_contrast(bars), relative_contrast(bars // 2)
    assert np.abs(bright - dim).max() < 0.03


@pytest.mark.parametrize("angle_deg", [0.0, 23.0, 90.0, 151.0])
def test_ticks_of_a_bent_ruler_in_perspective_are_followed_to_its_ends(angle_deg: float) -> None:
    pose = RulerPose(12.0, (320.0, 320.0), angle_deg, -20.0, 20.0, change_per_mm=0.004, bend_per_px=1e-4)
    grey = np.full((640, 640, 3), 110, np.uint8)
    drawn = draw_ruler(grey, RULER_PRINTS["millimetre"], RulerLook(), pose)
    contrast = relative_contrast(np.ascontiguousarray(drawn.rgb[:, :, 1]))
    angle = np.deg2rad(angle_deg)
    inwards = 12.0 * np.array([-np.sin(angle), np.cos(angle)])
    row = follow_ticks(contrast, np.array([320.0, 320.0]) + inwards, angle + 0.03, 12.4)
    assert isinstance(row, TickRow)
    assert row.n_ticks == row.n_found == 41
    assert row.sign == -1
    assert row.residual < 0.02
    assert row.end_scatter < 0.05
    pitch_px = row.line.pitch(np.arange(row.first, row.last + 1.0))
    assert pitch_px.mean() == pytest.approx(drawn.px_per_mm, rel=0.005)
    assert sorted(pitch_px[[0, -1]]) == pytest.approx([drawn.px_per_mm_min, drawn.px_per_mm_max], rel=0.03)


def test_noise_is_not_followed() -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, (300, 300)).astype(np.float32)
    rows = [follow_ticks(noise, np.array([x, 150.0]), 0.0, 9.0) for x in range(60, 240, 15)]
    assert not any(isinstance(row, TickRow) and row.n_found >= 11 for row in rows)


@given(
    x=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
    y=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
    factor=st.floats(0.2, 5.0),
)
def test_resized_line_agrees_with_pixel_centres(x: list[float], y: list[float], factor: float) -> None:
    line = TickLine(np.array([x, y]).T, 3.0, 10.0, (0.1, 0.0))
    numbers = np.linspace(-7.0, 13.0, 9)
    assert line.resized(factor).at(numbers) == pytest.approx((line.at(numbers) + 0.5) * factor - 0.5, abs=1e-6)


def test_fitted_line_passes_ticks_by_a_stray() -> None:
    numbers = np.arange(20.0)
    xy = np.stack([30 + 11 * numbers, 50 - 2 * numbers], axis=-1)
    xy[7] += [4.0, 0.0]
    line = fit_line(numbers, xy, (0.0, 0.0))
    good = numbers != 7
    assert np.abs(line.at(numbers) - xy)[good].max() < 0.3
    assert line.pitch(numbers) == pytest.approx(np.hypot(11, 2), rel=0.02)


def test_straightened_strip_holds_one_tick_per_cell_and_is_nan_outside() -> None:
    picture = relative_contrast(_bars(12.0))
    numbers = np.arange(3.0, 20.0)
    line = fit_line(numbers, np.stack([12 * numbers, np.full(17, 60.0)], axis=-1), (0.0, 0.0))
    strip = straighten(picture, line, -2, 19, np.array([-1.0, 0.0, 1.0]))
    assert strip.shape == (3, 22, SAMPLES_PER_PITCH)
    assert np.isnan(strip[:, 0]).all()
    offsets, heights = tick_offsets(-strip[1, 5:])
    assert np.abs(offsets).max() < 0.02
    assert heights.min() > 0.3


def test_tick_ends_are_found_between_rows_and_through_a_short_gap() -> None:
    rows = np.arange(-4.0, 4.0 + 1e-9, 0.125)
    heights = np.zeros((3, len(rows)))
    heights[:, (rows > -1.0) & (rows < 2.0)] = 1.0
    heights[1, (rows > 0.9) & (rows < 1.2)] = 0.0  # a hair across the tick
    heights[2, rows > -1.0] = 1.0
    lower, upper = tick_ends(heights, rows, 1.0)
    assert lower == pytest.approx([-0.94] * 3, abs=0.07)
    assert upper[:2] == pytest.approx([1.94] * 2, abs=0.07)
    assert np.isinf(upper[2])


def _lengths(kinds: np.ndarray, noise: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([np.ones(len(kinds)), 1.0 + 0.5 * kinds]) + rng.normal(0, noise, (2, len(kinds)))


@pytest.mark.parametrize("family", ["tens", "twos", "twenties", "twentieths", "halves", "other"])
@pytest.mark.parametrize("seed", range(3))
def test_each_order_is_told_from_the_others(family: Family, seed: int) -> None:
    for order in ORDERS[family]:
        kinds = tick_kinds(43, order, seed)
        lengths = _lengths(kinds, 0.03, seed) + (2.0 if family == "twenties" else 0.0)  # half millimetres look long
        grouping = find_tick_units(lengths, np.zeros(43))
        assert (grouping.family, grouping.order, grouping.phase) == (family, order, seed % len(order))


@pytest.mark.parametrize(
    ("family", "periods"),
    [
        ("tens", (5,)), ("tens", (10,)), ("tens", (5, 10)), ("twos", (2,)), ("twentieths", (5, 10, 20)),
        *(("twenties", periods) for periods in ((20,), (2, 10), (2, 20), (10, 20), (2, 10, 20))),
        *(("halves", periods) for periods in ((4,), (8,), (16,), (2, 4), (2, 8), (4, 8), (4, 16), (8, 16))),
        *(("halves", periods) for periods in ((2, 4, 8), (4, 8, 16), (2, 4, 8, 16))),
        *(("other", periods) for periods in ((3,), (6,), (7,), (9,), (11,), (12,), (13,), (14,))),
        *(("other", periods) for periods in ((3, 6), (3, 12), (6, 12))),
    ],
)  # fmt: skip
def test_periods_of_longer_ticks_tell_the_unit(family: Family, periods: tuple[int, ...]) -> None:
    numbers = np.arange(61) + 2
    kinds = np.sum([numbers % period == 0 for period in periods], axis=0)
    lengths = _lengths(kinds, 0.03, 5) + (2.0 if family == "twenties" else 0.0)  # half millimetres look long
    found = find_tick_units(lengths, np.zeros(61))
    order = tuple(sum(number % period == 0 for period in periods) for number in range(periods[-1]))
    assert (found.family, found.order) == (family, order)
    assert found.margin > 0.0


def test_lengths_that_rise_like_a_roof_to_every_fifth_are_millimetres() -> None:
    place = np.arange(61) % 10
    kinds = np.where(place == 0, 5, 4 - np.abs(place - 5))
    found = find_tick_units(_lengths(kinds, 0.03, 5), np.zeros(61))
    assert (found.family, found.order) == ("tens", tuple(kinds[:10]))


@pytest.mark.parametrize("noise", [0.06, 0.12, 0.2])
def test_the_noise_of_the_lengths_is_found(noise: float) -> None:
    kinds = tick_kinds(61, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 4)
    found = [find_tick_units(_lengths(2 * kinds, noise, seed), np.zeros(61)).length_noise for seed in range(12)]
    assert np.mean(found) == pytest.approx(noise, rel=0.15)


@pytest.mark.parametrize("n_ticks", [11, 16, 24, 40])
def test_longer_ticks_at_random_are_seldom_millimetres(n_ticks: int) -> None:
    rng = np.random.default_rng(n_ticks)
    finder = RulerFinder()
    believed = 0
    for _ in range(100):
        lengths = 1.0 + 0.03 * rng.normal(size=(2, n_ticks))
        lengths[1, rng.random(n_ticks) < 0.2] += 0.5
        grouping = find_tick_units(lengths, np.zeros(n_ticks))
        believed += finder.tells_order(grouping) and len(grouping.units) == 1
    assert believed <= 10  # 3 of 100 on average; evenness, straight ends and the edge are asked on top


def _tens(length: float, fifth: float, tenth: float, n_ticks: int = 43) -> np.ndarray:
    kinds = tick_kinds(n_ticks, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 4)
    reach = np.select([kinds == 0, kinds == 1], [length, fifth], tenth) - 0.5
    return np.stack([np.full(n_ticks, 0.5), reach]) + np.random.default_rng(4).normal(0, 0.02, (2, n_ticks))


def _unit_names(length: float, fifth: float, tenth: float, ink_share: float) -> list[str]:
    return [unit.name for unit in find_tick_units(_tens(length, fifth, tenth), np.zeros(43), None, ink_share).units]


@pytest.mark.parametrize(("n_ticks", "is_known"), [(15, False), (16, True), (26, True)])
def test_one_tick_alone_does_not_tell_how_long_fifths_are(n_ticks: int, is_known: bool) -> None:
    order = (2, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    kinds = tick_kinds(n_ticks, order, 0)
    lengths = np.stack([np.full(n_ticks, 0.5), 1.5 + 0.5 * kinds])
    sizes = _measure_sizes(lengths, np.zeros(lengths.shape, bool), order, 0, 0.2)
    assert sizes.length == pytest.approx(2.0)
    assert sizes.fifth_ratio == pytest.approx(1.25 if is_known else np.nan, nan_ok=True)


@pytest.mark.parametrize(
    ("length", "fifth", "tenth", "ink_share"),
    [(1.0, 1.9, 2.9, 0.25), (1.77, 2.3, 3.5, 0.09), (3.0, 4.2, 5.5, 0.2), (1.5, 2.3, 3.0, 0.2)],
)
def test_ticks_of_the_size_of_millimetres_are_millimetres(
    length: float, fifth: float, tenth: float, ink_share: float
) -> None:
    assert _unit_names(length, fifth, tenth, ink_share) == ["1 mm"]


@pytest.mark.parametrize(
    ("mm", "name"), [(2.0, "2 mm"), (25.4 / 10, "1/10 inch"), (25.4 / 20, "1/20 inch"), (10.0, "1 cm")]
)
def test_units_that_are_marked_alike_are_all_named_where_ticks_are_small_beside_their_distance(
    mm: float, name: str
) -> None:
    factor = 2.0 if name == "1 cm" else 1.0
    names = _unit_names(3.0 * factor / mm, 4.5 * factor / mm, 6.0 * factor / mm, 0.22 * factor / mm)
    assert {"1 mm", name} <= set(names)


def test_ticks_too_long_for_millimetres_may_be_halves() -> None:
    assert _unit_names(5.4, 6.5, 7.5, 0.3) == ["0.5 mm", "1 mm"]


def test_a_rise_that_is_hardly_seen_is_no_roof() -> None:
    """Blur and digits lengthen the ticks beside longer ones in tenths of an inch as well."""
    kinds = tick_kinds(101, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 0)
    rise = 0.25 * tick_kinds(101, ROOF, 0)
    for share, order in ((0.05, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0)), (1.0, ROOF)):
        lengths = np.stack([np.full(101, 0.2), 1.0 + 0.5 * kinds * (1.0 - share) + share * rise])
        grouping = find_tick_units(lengths, np.zeros(101), None, 0.06)
        assert grouping.order == order
        assert ([unit.name for unit in grouping.units] == ["1 mm"]) == (order == ROOF)


@pytest.mark.parametrize(
    ("length", "ink_share", "names"),
    [
        (1.1, 0.03, ["5 mm"]), (1.5, 0.09, ["5 mm"]), (0.6, 0.03, ["5 mm", "1/2 inch"]),
        (1.5, 0.14, ["5 mm", "1/20 inch", "0.5 mm"]),
    ],
)  # fmt: skip
def test_half_centimetres_are_told_by_the_size_of_their_ticks(
    length: float, ink_share: float, names: list[str]
) -> None:
    longer = np.arange(30) % 2 == 0
    lengths = np.stack([np.full(30, 0.1), length - 0.1 + np.where(longer, 0.25, -0.25)])
    grouping = find_tick_units(lengths, np.zeros(30), None, ink_share)
    assert grouping.family == "twos"
    assert [unit.name for unit in grouping.units] == names


def _strip(rows: int, n_ticks: int, step: int) -> np.ndarray:
    """Light of a strip in which every so many samples one is dark."""
    strip = np.full((rows, n_ticks * SAMPLES_PER_PITCH), 200.0)
    strip[:, SAMPLES_PER_PITCH // 2 :: step] = 80.0
    return strip


def test_finer_ticks_at_every_fifth_show_as_a_wave_of_their_own() -> None:
    ticks = _strip(9, 40, SAMPLES_PER_PITCH)
    plain = ticks.reshape(9, 40, SAMPLES_PER_PITCH)
    wave, sharpness = measure_fifths(plain)
    assert (wave, round(sharpness, 2)) == (0.0, 1.0)
    distance = np.arange(40 * SAMPLES_PER_PITCH) / SAMPLES_PER_PITCH
    finer = ticks.copy()
    finer[:4] = 150.0 + 5.0 * np.cos(2.0 * np.pi * 5.0 * distance)  # four rows show only the finer ticks
    wave, _ = measure_fifths(finer.reshape(plain.shape))
    assert wave == pytest.approx(5.0 / 150.0, rel=0.01)


@pytest.mark.parametrize("sigma_pitches", [0.0, 0.1, 0.2, 0.25])
@pytest.mark.parametrize("is_dark", [True, False])
@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5])
def test_lines_are_told_from_gaps_however_blurred(sigma_pitches: float, is_dark: bool, shift: float) -> None:
    distance = np.arange(40 * SAMPLES_PER_PITCH) / SAMPLES_PER_PITCH - shift
    harmonics = range(1, 6)
    line = sum(np.exp(-2.0 * (np.pi * k * sigma_pitches) ** 2) * np.cos(2.0 * np.pi * k * distance) for k in harmonics)
    strip = np.broadcast_to(150.0 + (-5.0 if is_dark else 5.0) * np.asarray(line), (3, len(distance)))
    noise = np.random.default_rng(1).normal(0.0, 0.5, strip.shape)
    assert sign_of_ticks((strip + noise).reshape(3, 40, SAMPLES_PER_PITCH)) == (-1 if is_dark else 1)


@pytest.mark.parametrize("sigma_pitches", [0.07, 0.09])
def test_sharpness_is_what_blur_leaves_of_finer_ticks(sigma_pitches: float) -> None:
    blurred = cv2.GaussianBlur(_strip(9, 40, SAMPLES_PER_PITCH), (0, 0), sigma_pitches * SAMPLES_PER_PITCH)
    _, sharpness = measure_fifths(np.asarray(blurred, np.float64).reshape(9, 40, SAMPLES_PER_PITCH))
    expected = np.exp(-2.0 * (np.pi * sigma_pitches) ** 2 * (5**2 - 1))
    assert sharpness == pytest.approx(expected, rel=0.15)


def test_hidden_ticks_do_not_hide_the_order() -> None:
    kinds = tick_kinds(31, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 4)
    lengths = _lengths(kinds, 0.03, seed=1)
    lengths[:, 8:13] = np.nan
    ink = np.zeros(31)
    ink[8:13] = np.nan
    assert find_tick_units(lengths, ink).family == "tens"


def test_longer_ticks_that_the_border_cuts_off_still_tell_millimetres() -> None:
    kinds = tick_kinds(25, (2, 0, 0, 0, 0, 1, 0, 0, 0, 0), 1)
    lengths = _lengths(kinds, 0.02, seed=2)
    border = np.linspace(3.0, 1.2, 25)
    open_ends = np.stack([np.zeros(25, bool), lengths[1] > border])
    lengths[1] = np.minimum(lengths[1], border)
    assert find_tick_units(lengths, np.zeros(25), open_ends).family == "tens"


def test_shapes_of_a_drawn_ruler_are_those_of_its_print() -> None:
    pose = RulerPose(16.0, (40.0, 40.0), 0.0, last_mm=30.0)
    drawn = draw_ruler(np.full((160, 560, 3), 110, np.uint8), RULER_PRINTS["millimetre"], RulerLook(), pose)
    contrast = relative_contrast(np.ascontiguousarray(drawn.rgb[:, :, 1]))
    numbers = np.arange(31.0)
    line = fit_line(numbers, np.stack([40 + 16 * numbers, np.full(31, 60.0)], axis=-1), (0.0, 0.0))
    rows = np.arange(-6.0, 6.0 + 1e-9, 0.125)
    shapes = measure_shapes(-straighten(contrast, line, 0, 30, rows), rows, 0.5)
    # The edge is at row -1.25, ticks begin 0.3 mm inside; lengths are 3.0, 4.2 and 5.5 mm.
    assert shapes.lengths[0] == pytest.approx(np.full(31, 0.95), abs=0.1)
    assert shapes.lengths[1, [1, 5, 10]] == pytest.approx([2.05, 3.25, 4.55], abs=0.1)
    assert not shapes.open_ends.any()
    assert not shapes.cut
    assert shapes.finer < 0.1
    assert len(shapes.straight_ends()) == 2


def test_every_second_tick_alone_shows_finer_ones_between() -> None:
    pose = RulerPose(16.0, (40.0, 40.0), 0.0, last_mm=30.0)
    drawn = draw_ruler(np.full((160, 560, 3), 110, np.uint8), RULER_PRINTS["millimetre"], RulerLook(), pose)
    contrast = relative_contrast(np.ascontiguousarray(drawn.rgb[:, :, 1]))
    numbers = np.arange(15.0)
    line = fit_line(numbers, np.stack([40 + 32 * numbers, np.full(15, 60.0)], axis=-1), (0.0, 0.0))
    rows = np.arange(-6.0, 6.0 + 1e-9, 0.125)
    assert measure_shapes(-straighten(contrast, line, 0, 14, rows), rows, 0.3).finer > 0.5


@given(st.lists(st.tuples(st.floats(-50.0, 50.0), st.booleans()), min_size=1, max_size=9))
def test_the_level_of_a_kind_of_ticks_is_the_median_of_its_members(ticks: list[tuple[float, bool]]) -> None:
    values, members = np.array([value for value, _ in ticks]), np.array([[is_in for _, is_in in ticks]])
    expected = np.median(values[members[0]]) if members.any() else np.nan
    assert _medians(values, members)[0] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("blur_pitches", [0.0, 0.1, 0.2, 0.24])
def test_blur_leaves_the_share_of_the_light_that_ticks_take(sign: int, blur_pitches: float) -> None:
    per_tick, n_ticks = 10 * SAMPLES_PER_PITCH, 24
    taken = np.zeros((n_ticks, per_tick))
    taken[:, 51:69] = 0.8  # 0.15 pitches wide
    light = np.tile(taken.reshape(1, -1), (3, 1)).astype(np.float32)
    if blur_pitches > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), blur_pitches * per_tick, sigmaY=0.001))
    strip = light.reshape(3, n_ticks, SAMPLES_PER_PITCH, 10).mean(axis=3)[:, 3:-3]
    gray = 200.0 * (1.0 - strip) if sign < 0 else 255.0 - 200.0 * (1.0 - strip)
    assert measure_ink_share(gray, sign) == pytest.approx(0.8 * 0.15, rel=0.05)
