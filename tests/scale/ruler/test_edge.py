"""The edge of a ruler's body beside its ticks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lesionvis.scale.ruler.edge import _veiled_body, find_edge
from lesionvis.scale.ruler.strip import fit_line
from lesionvis.scale.ruler.ticks import TickRow

PITCH_PX, N_TICKS = 4, 60
SKIN, BODY, INK = (200.0, 150.0, 120.0), (235.0, 235.0, 230.0), 20.0


def _picture(sigma_px: float, has_body: bool) -> np.ndarray:
    """Ticks of a px, 4 px apart and 24 px long, on skin or on a body that begins where they do."""
    rgb = np.empty((80, PITCH_PX * N_TICKS, 3), np.float32)
    rgb[:] = SKIN
    if has_body:
        rgb[30:] = BODY
    rgb[30:54, PITCH_PX // 2 :: PITCH_PX] = INK
    grain = np.random.default_rng(3).normal(0.0, 2.0, rgb.shape)
    return np.clip(np.round(cv2.GaussianBlur(rgb, (0, 0), sigma_px) + grain), 0, 255).astype(np.uint8)


def _row() -> TickRow:
    numbers = np.arange(2.0, N_TICKS - 2.0)
    line = fit_line(
        numbers, np.stack([PITCH_PX * numbers + PITCH_PX // 2, np.full(len(numbers), 42.0)], axis=-1), (0, 0)
    )
    return TickRow(line, 2, N_TICKS - 3, N_TICKS - 4, -1, 0.8, 0.01, 0.02)


@pytest.mark.parametrize("sigma_px", [0.8, 0.9, 1.0])
def test_a_body_veiled_by_blurred_ticks_is_told(sigma_px: float) -> None:
    body = _veiled_body(_picture(sigma_px, has_body=True), _row())
    assert body is not None
    assert body == pytest.approx(np.array(BODY), rel=0.06)


def test_clear_gaps_show_the_body_themselves() -> None:
    assert _veiled_body(_picture(0.4, has_body=True), _row()) is None


@pytest.mark.parametrize("sigma_px", [0.8, 0.9, 1.0])
def test_blurred_ticks_on_skin_are_no_edge(sigma_px: float) -> None:
    ends = (np.full(N_TICKS - 4, -3.0), np.full(N_TICKS - 4, 3.0))
    assert find_edge(_picture(sigma_px, has_body=False), _row(), ends).step < 0.06
    assert find_edge(_picture(sigma_px, has_body=True), _row(), ends).step > 0.12
