"""What a scale tells of itself, and where it holds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lesionvis.errors import NoScaleError, SettingsError
from lesionvis.scale.base import PLACE_REACH_MM, NoScale, Scale, given_scale
from lesionvis.scale.card.projection import Homography

SCALE = Scale(
    px_per_mm=11.0,
    standard_error_px_per_mm=0.55,
    source="ruler",
    points_px=np.array([[0.0, 100.0], [300.0, 100.0], [300.0, 400.0]]),
    px_per_mm_at_points=np.array([10.0, 11.0, 12.0]),
)


def test_the_error_is_told_in_percent() -> None:
    assert SCALE.error_pct == pytest.approx(5.0)
    assert repr(SCALE) == "Scale(ruler, 11 px/mm with an error of 5 %)"


@pytest.mark.parametrize(
    ("place", "expected"),
    [((-20.0, 90.0), 10.0), ((140.0, 100.0), 10.0), ((160.0, 100.0), 11.0), ((290.0, 240.0), 11.0), ((9e3, 9e3), 12.0)],
)
def test_the_scale_near_a_place_is_that_of_the_nearest_tick(place: tuple[float, float], expected: float) -> None:
    assert SCALE.px_per_mm_near(*place) == expected


def test_a_place_counts_in_both_directions() -> None:
    # Beside one tick along x and beside the other along y; the distances tell which is nearer.
    crossed = dataclasses.replace(
        SCALE, points_px=np.array([[10.0, 0.0], [0.0, 6.0]]), px_per_mm_at_points=np.array([1.0, 2.0])
    )
    assert crossed.px_per_mm_near(0.0, 0.0) == 2.0
    assert crossed.px_per_mm_near(10.0, 6.0) == 1.0
    assert crossed.px_per_mm_near(6.0, 2.0) == 1.0


def test_in_a_plane_the_scale_is_that_of_the_very_place_and_stays_beyond_its_reach() -> None:
    plane = Homography(np.array([[10.0, 0.0, 50.0], [0.0, 10.0, 40.0], [0.004, 0.0, 1.0]]))
    tilted = dataclasses.replace(SCALE, points_px=plane.to_px(np.array([[0.0, 0.0], [60.0, 0.0]])), plane=plane)

    def near(x_mm: float, y_mm: float = 0.0) -> float:
        return tilted.px_per_mm_near(*plane.to_px(np.array([[x_mm, y_mm]]))[0])

    def of_plane(x_mm: float, y_mm: float = 0.0) -> float:
        return float(plane.px_per_mm(np.array([[x_mm, y_mm]]))[0])

    assert of_plane(60.0) < of_plane(0.0) - 1.0
    for x_mm in (0.0, 3.0, -PLACE_REACH_MM, 58.0, 60.0 + PLACE_REACH_MM):
        assert near(x_mm) == pytest.approx(of_plane(x_mm))
    assert near(3.0, 2.0) == pytest.approx(of_plane(3.0, 2.0))
    assert near(90.0) == pytest.approx(of_plane(60.0 + PLACE_REACH_MM))
    assert near(-20.0) == pytest.approx(of_plane(-PLACE_REACH_MM))
    assert near(3.0, 40.0) == pytest.approx(of_plane(3.0, PLACE_REACH_MM))


def test_the_error_near_a_place_is_that_of_the_nearest_tick_and_on_the_skin_of_its_height() -> None:
    assert SCALE.local_error_near(290.0, 240.0) == pytest.approx(0.05)
    each = dataclasses.replace(SCALE, relative_error_at_points=np.array([0.01, 0.02, 0.03]))
    assert each.local_error_near(-20.0, 90.0) == 0.01
    assert each.local_error_near(9e3, 9e3) == 0.03
    assert each.skin_error_near(9e3, 9e3) == pytest.approx(np.hypot(0.03, 0.01))
    # What a file or a person states is of the skin itself.
    for source in ("dicom", "imagej", "given"):
        stated = dataclasses.replace(each, source=source)
        assert stated.skin_error_near(9e3, 9e3) == 0.03
    assert np.isnan(given_scale(8.0).skin_error_near(0.0, 0.0))


def test_a_given_scale_is_the_same_everywhere_and_its_error_unknown() -> None:
    scale = given_scale(12.5)
    assert scale
    assert scale.px_per_mm_near(1.0, 2.0) == scale.px_per_mm == 12.5
    assert np.isnan(scale.error_pct)
    assert repr(scale) == "Scale(given, 12.5 px/mm)"
    assert scale.outline_px.shape == scale.points_px.shape == (0, 2)
    assert scale.px_per_mm_at_points.shape == (0,)
    for value in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(SettingsError, match="px_per_mm must be a finite number above 0"):
            given_scale(value)


def test_no_scale_is_false_and_says_why_when_it_is_used() -> None:
    nothing = NoScale("no ruler found")
    assert not nothing
    with pytest.raises(NoScaleError, match=r"no scale \(no ruler found\)"):
        _ = nothing.px_per_mm
    assert nothing == NoScale("no ruler found")


def test_scales_cannot_be_changed() -> None:
    for scale, name in ((SCALE, "px_per_mm"), (NoScale("none"), "reason")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(scale, name, 1.0)
        assert not hasattr(scale, "__dict__")
    # Arrays do not compare to one truth; a scale equals itself only.
    assert dataclasses.replace(SCALE) != SCALE
