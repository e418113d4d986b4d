from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionvis.lab.render.paint import paint_spots, spot_densities
from lesionvis.lab.render.scene import RenderedSpot, Scene

SCENE = Scene(width_px=96, height_px=80)
SPOT = RenderedSpot(x_px=50.0, y_px=40.0, diameter_px=24.0, blood_fraction=0.08)


@settings(deadline=None)
@given(
    x_px=st.floats(30.0, 60.0),
    y_px=st.floats(30.0, 50.0),
    diameter_px=st.floats(10.0, 32.0),
    irregularity=st.floats(0.0, 0.15),
    elongation=st.floats(1.0, 1.4),
    angle_deg=st.floats(0.0, 180.0),
)
def test_labels_have_the_area_and_the_place_of_the_truth(
    x_px: float, y_px: float, diameter_px: float, irregularity: float, elongation: float, angle_deg: float
) -> None:
    spot = RenderedSpot(
        x_px=x_px,
        y_px=y_px,
        diameter_px=diameter_px,
        border_irregularity=irregularity,
        elongation=elongation,
        angle_deg=angle_deg,
    )
    y, x = np.nonzero(paint_spots(SCENE, [spot]).labels == 1)
    # Pixels are in or out by their centres, which makes some circles up to 0.53 px larger: over shifts that evens out.
    moved = [replace(spot, x_px=x_px + i / 4, y_px=y_px + j / 4) for i in range(4) for j in range(4)]
    area_px = np.mean([np.count_nonzero(paint_spots(SCENE, [one]).labels) for one in moved])
    assert 2.0 * np.sqrt(area_px / np.pi) == pytest.approx(diameter_px, rel=0.03, abs=0.4)
    assert np.hypot(x.mean() - x_px, y.mean() - y_px) < 0.5 + 0.6 * irregularity * diameter_px


def test_the_long_axis_points_where_the_truth_says() -> None:
    labels = paint_spots(SCENE, [replace(SPOT, elongation=2.0, angle_deg=90.0)]).labels
    y, x = np.nonzero(labels)
    assert np.ptp(y) == pytest.approx(2.0 * np.ptp(x), rel=0.1)


def test_the_later_spot_lies_on_top() -> None:
    smaller = replace(SPOT, diameter_px=8.0)
    assert paint_spots(SCENE, [SPOT, smaller]).labels[40, 50] == 2
    assert not (paint_spots(SCENE, [smaller, SPOT]).labels == 1).any()


def test_spots_beyond_the_frame_are_left_out_without_a_trace() -> None:
    painted = paint_spots(SCENE, [replace(SPOT, x_px=-40.0), replace(SPOT, y_px=500.0)])
    assert not painted.labels.any()
    assert (painted.left == 1.0).all()


def test_blood_no_more_than_that_of_the_skin_adds_nothing() -> None:
    blood, melanin = spot_densities(
        replace(SCENE, ita_deg=40.0, blood_fraction=0.02), [replace(SPOT, blood_fraction=0.004)]
    )
    assert np.abs(blood).max() < 1e-6
    assert np.abs(melanin).max() < 1e-6


def test_mottle_spreads_the_pigment_and_keeps_its_middle() -> None:
    inside = np.s_[34:46, 44:56, 1]
    even = paint_spots(SCENE, [SPOT]).left[inside]
    uneven = paint_spots(SCENE, [replace(SPOT, mottle=0.3)]).left[inside]
    assert even.std() < 1e-6
    assert uneven.std() > 0.02
    assert float(np.median(uneven)) == pytest.approx(float(even.mean()), rel=0.25)


def test_a_dome_slopes_down_from_its_middle() -> None:
    painted = paint_spots(SCENE, [replace(SPOT, dome_height=0.5, kind="angioma")])
    assert painted.slope_x[40, 44] > 0 > painted.slope_x[40, 56]
    assert painted.slope_y[34, 50] > 0 > painted.slope_y[46, 50]
    assert painted.raised[40, 50] == 1.0
    assert painted.raised[0, 0] == 0.0
