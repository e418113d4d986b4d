"""Straight edges with a grating beside them: found where ticks are too fine to be told apart, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.lab.render.rulers import PhotoFaults, RulerLook, RulerPose, TickPrint, draw_ruler, spoil
from lesionvis.scale.ruler.periodicity import build_levels
from lesionvis.scale.ruler.straight_edges import TickedEdge, find_ticked_edges


def _edges(gray: NDArray[np.uint8]) -> tuple[TickedEdge, ...]:
    return find_ticked_edges(gray, build_levels(gray)[1])


def _ruler(
    pitch_px: float, angle_deg: float, ink: tuple[int, int, int] = (60, 60, 60), blur_px: float = 0.7
) -> NDArray[np.uint8]:
    """Ruler of 1000 px whose ticks begin in the middle of the picture, seen as a lens shows it."""
    along = np.array([np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))])
    at = np.array([640.0, 480.0]) - 500.0 * along
    pose = RulerPose(pitch_px, (float(at[0]), float(at[1])), angle_deg, last_mm=round(1000.0 / pitch_px))
    look = RulerLook(body=(220, 220, 220), ink=ink, width_mm=40.0 / pitch_px)
    grey = np.full((960, 1280, 3), 110, np.uint8)
    drawn = draw_ruler(grey, TickPrint(1.0, ((1, 12.0 / pitch_px, 0.3),)), look, pose)
    return spoil(drawn.rgb, PhotoFaults(blur_px=blur_px, noise=3.0), seed=1)[:, :, 1]


@pytest.mark.parametrize("pitch_px", [2.4, 3.1, 4.0])
@pytest.mark.parametrize("angle_deg", [0.0, 17.0, -8.5])
def test_ticks_along_an_edge_are_found_with_their_period_and_direction(pitch_px: float, angle_deg: float) -> None:
    edge = _edges(_ruler(pitch_px, angle_deg))[0]
    assert edge.period_px == pytest.approx(pitch_px, rel=0.03)
    direction = np.array([np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))])
    assert abs(float(edge.along @ direction)) > np.cos(np.deg2rad(1.0))
    middle = edge.start_px + 0.5 * edge.length_px * edge.along
    across = np.array([-direction[1], direction[0]])
    assert abs(float((middle - (640.0, 480.0)) @ across)) < 14.0


def test_an_edge_without_ticks_is_none() -> None:
    # A slanted edge that is sharper than a lens makes it shows the steps of the pixels.
    assert _edges(_ruler(3.0, 17.0, ink=(220, 220, 220), blur_px=1.5)) == ()


def test_a_picture_without_edges_has_none() -> None:
    noise = np.random.default_rng(2).normal(128.0, 3.0, (960, 1280))
    assert _edges(noise.astype(np.uint8)) == ()
