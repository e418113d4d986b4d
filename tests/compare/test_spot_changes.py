from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from paired import FADING, GONE, GROWING, NEW, registered, rendered_series, two_days

from lesionvis.analysis import Analysis
from lesionvis.compare.spot_changes import LIGHT_ERROR, STATES, Matches, _pairs, match_spots
from lesionvis.scale import given_scale


def _matches() -> Matches:
    return match_spots(*two_days(), registered())


def _rows(photo: int) -> list[int]:
    """Row of the truth of each found spot of a photo, -1 where there is none."""
    rendered, analysis = rendered_series(), two_days()[photo]
    place = rendered.shots[photo].positions(rendered.spots[photo])
    off = np.hypot(analysis.table["x_px"][:, None] - place[:, 0], analysis.table["y_px"][:, None] - place[:, 1])
    off[:, rendered.contrast[photo] == 0.0] = np.inf
    return [int(row.argmin()) if row.min() < 5.0 else -1 for row in off]


def _fate(row: int) -> str:
    return "gone" if row in GONE else "new" if row in NEW else "there"


def test_every_partner_is_the_same_spot() -> None:
    matches = _matches()
    before, after = _rows(0), _rows(1)
    both = (matches.first > 0) & (matches.second > 0)
    assert both.sum() >= 10
    for first, second in zip(matches.first[both], matches.second[both], strict=True):
        assert before[first - 1] == after[second - 1] >= 0


def test_every_ratio_of_contrast_holds_the_error_of_the_light() -> None:
    matches = _matches()
    both = (matches.first > 0) & (matches.second > 0)
    assert (matches.contrast_ratio_error[both] > LIGHT_ERROR * matches.contrast_ratio[both]).all()


def test_without_a_contrast_before_there_is_no_ratio() -> None:
    """Of what was not measured before and what was paler than its skin; only new spots are infinitely stronger."""
    first, second = two_days()
    before = _matches()
    followed = np.flatnonzero((before.first > 0) & (before.second > 0))
    hidden, paled = (int(before.first[i]) for i in followed[:2])
    rgb, mask = first.photo.rgb.copy(), first.skin.mask.copy()
    x, y, radius = _disc(first, hidden)
    cv2.circle(canvas := mask.astype(np.uint8), (x, y), 4 * radius, 0, -1)
    x, y, radius = _disc(first, paled)
    cv2.circle(rgb, (x, y), 2 * radius, (150, 230, 150), -1)
    photo, skin = replace(first.photo, rgb=rgb), replace(first.skin, mask=canvas.astype(np.bool_))
    matches = match_spots(replace(first, photo=photo, skin=skin), second, registered())
    unmeasured = np.isin(matches.first, (hidden, paled))
    assert unmeasured.sum() == 2
    assert np.isnan(matches.contrast_ratio[unmeasured]).all()
    assert np.isnan(matches.contrast_ratio_error[unmeasured]).all()
    assert set(matches.state[unmeasured]) <= {"persisting", "growing"}
    assert np.array_equal(np.isinf(matches.contrast_ratio), matches.state == "new")
    assert np.isnan(matches.contrast_ratio_error[matches.state == "new"]).all()
    assert matches.count("new") >= 4


def _disc(analysis: Analysis, number: int) -> tuple[int, int, int]:
    """Centre and radius of a spot, working px."""
    outline = analysis.photo.to_working(analysis.spots.outlines_px[number - 1])
    x, y = outline.mean(axis=0)
    return round(x), round(y), int(np.ceil(np.hypot(*(outline - (x, y)).T).max()))


def test_nothing_is_said_of_lone_spots_whose_place_is_a_guess() -> None:
    registration = registered()
    # Anchors at the left only: what lies at the right is extrapolated.
    left = registration.anchors_px[:, 0] < 200.0
    assert left.sum() >= 3
    few = replace(registration, anchors_px=registration.anchors_px[left], residuals_px=registration.residuals_px[left])
    matches = match_spots(*two_days(), few)
    lone = (matches.first == 0) | (matches.second == 0)
    earlier, later = (photo.table["x_px"] for photo in two_days())
    x = np.where(matches.first > 0, earlier[matches.first - 1], later[matches.second - 1])
    far = lone & (x > 310.0)
    assert far.sum() >= 2
    assert set(matches.state[far]) == {"unclear"}
    assert _matches().count("gone", "new") > matches.count("gone", "new")


def _lined_up(analysis: Analysis, x_px: list[float]) -> Analysis:
    """Analysis whose spots lie at places of a row, all of one size."""
    count = len(x_px)
    columns = {name: values[:count] for name, values in analysis.table.columns.items()}
    columns |= {"x_px": np.array(x_px), "y_px": np.full(count, 100.0)}
    columns |= {"diameter_px": np.full(count, 20.0), "area_px": np.full(count, 314.0)}
    return replace(analysis, table=replace(analysis.table, columns=columns))


def test_the_nearest_pairs_are_taken_first_and_a_spot_that_lost_its_nearest_gets_the_next() -> None:
    first, second = two_days()
    nothing = np.zeros((0, 2))
    still = replace(registered(), homography=np.eye(3), anchors_px=nothing, residuals_px=nothing, error_px=0.0)
    # The second one is nearer to 103 px than the first, which gets what is left within its reach.
    a, b = _pairs(_lined_up(first, [100.0, 104.0, 300.0]), _lined_up(second, [103.0, 111.0]), still)
    assert (a.tolist(), b.tolist()) == ([0, 1], [1, 0])
    # Of equally near ones that of the lower number is taken.
    a, b = _pairs(_lined_up(first, [100.0, 106.0]), _lined_up(second, [103.0]), still)
    assert (a.tolist(), b.tolist()) == ([0], [0])


def test_what_came_and_went_is_told_and_nothing_else_is() -> None:
    matches = _matches()
    before, after = _rows(0), _rows(1)
    for first, second, state in zip(matches.first, matches.second, matches.state, strict=True):
        row = before[first - 1] if first else after[second - 1]
        if state in ("gone", "new"):
            assert _fate(row) == state
        if _fate(row) != "there":
            assert state in (_fate(row), "unclear")
    assert matches.count("gone") >= 3
    assert matches.count("new") >= 4
    assert set(matches.state.tolist()) <= set(STATES)


def test_those_that_grew_are_told_and_by_how_much() -> None:
    matches = _matches()
    before = _rows(0)
    grown = {before[first - 1] for first in matches.first[matches.state == "growing"]}
    assert grown <= set(GROWING)
    assert len(grown) >= 2
    ratios = [
        ratio
        for first, second, ratio in zip(matches.first, matches.second, matches.area_ratio, strict=True)
        if first and second and before[first - 1] in GROWING
    ]
    assert np.median(ratios) == pytest.approx(1.6**2, rel=0.15)


def test_those_that_faded_are_told_and_by_how_much() -> None:
    matches = _matches()
    rendered, before = rendered_series(), _rows(0)
    faded = {before[first - 1] for first in matches.first[(matches.state == "fading") & (matches.first > 0)]}
    assert faded <= set(FADING)
    both = np.flatnonzero((matches.first > 0) & (matches.second > 0))
    rows = np.array([before[matches.first[i] - 1] for i in both])
    truth = rendered.contrast[1][rows] / rendered.contrast[0][rows]
    over = matches.contrast_ratio[both] / truth
    assert np.median(over) == pytest.approx(1.0, abs=0.08)
    assert np.quantile(np.abs(over - 1.0), 0.8) < 0.25


def _with_less_blue(analysis: Analysis) -> Analysis:
    """The same photo, its spots yellower than they are: they send back less blue light."""
    rgb = analysis.photo.rgb.copy()
    inside = cv2.dilate((analysis.spots.labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rgb[inside, 2] = np.round(0.8 * rgb[inside, 2])
    return replace(analysis, photo=replace(analysis.photo, rgb=rgb))


def test_spots_that_turn_yellow_or_brown_shift_up_and_those_that_were_so_before_down() -> None:
    first, second = two_days()
    assert np.nanmedian(_matches().blue_shift) == pytest.approx(0.0, abs=0.03)
    assert np.nanmedian(match_spots(first, _with_less_blue(second), registered()).blue_shift) > 0.2
    assert np.nanmedian(match_spots(_with_less_blue(first), second, registered()).blue_shift) < -0.2


def test_a_spot_that_was_missed_is_neither_gone_nor_new() -> None:
    first, second = two_days()
    both = _matches()
    pair = int(np.flatnonzero((both.first > 0) & (both.second > 0) & (both.state == "persisting"))[0])
    keep = np.delete(np.arange(len(second.table)), both.second[pair] - 1)
    missed = _only(second, keep)
    again = match_spots(first, missed, registered())
    at = int(np.flatnonzero(again.first == both.first[pair])[0])
    assert again.second[at] == 0
    assert again.state[at] == "persisting"


def _only(analysis: Analysis, keep: np.ndarray) -> Analysis:
    """Analysis that has found some of its spots only."""
    labels = np.zeros_like(analysis.spots.labels)
    for number, index in enumerate(keep, start=1):
        labels[analysis.spots.labels == index + 1] = number
    outlines = tuple(analysis.spots.outlines_px[i] for i in keep)
    spots = replace(analysis.spots, labels=labels, outlines_px=outlines, score=analysis.spots.score[keep])
    columns = {name: values[keep] for name, values in analysis.table.columns.items()}
    return replace(analysis, spots=spots, table=replace(analysis.table, columns=columns))


def test_photos_with_nothing_found_compare_nothing() -> None:
    first, second = (_only(analysis, np.zeros(0, np.int64)) for analysis in two_days())
    matches = match_spots(first, second, registered())
    assert len(matches) == 0
    assert matches.count(*STATES) == 0


def test_with_a_scale_in_both_areas_are_compared_in_millimetres() -> None:
    first, second = two_days()

    def scaled(analysis: Analysis, px_per_mm: float) -> Analysis:
        columns = dict(analysis.table.columns) | {"area_mm2": analysis.table["area_px"] / px_per_mm**2}
        return replace(analysis, scale=given_scale(px_per_mm), table=replace(analysis.table, columns=columns))

    matches = match_spots(scaled(first, 9.0), scaled(second, 4.5), registered())
    both = (matches.first > 0) & (matches.second > 0)
    expected = second.table["area_px"][matches.second[both] - 1] / first.table["area_px"][matches.first[both] - 1] * 4.0
    np.testing.assert_allclose(matches.area_ratio[both], expected)


def test_it_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        _matches().state[0] = "new"
