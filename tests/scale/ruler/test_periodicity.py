"""Places that repeat are found in pictures of any size."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.scale.ruler.periodicity import CELL_PX, build_levels, find_periodic_places


def test_stripes_all_over_a_large_picture_are_found() -> None:
    side_px = 1600
    assert (side_px / CELL_PX) ** 2 > 32767  # more cells than OpenCV samples at once
    row = 128.0 + 60.0 * np.sin(2.0 * np.pi * np.arange(side_px) / 12.0)
    places = find_periodic_places(build_levels(np.tile(row, (side_px, 1)).astype(np.uint8)))
    assert len(places)
    assert places.pitch_px[:20] == pytest.approx(12.0, rel=0.03)
    assert np.abs(np.sin(places.angle_rad[:20])).max() < 0.02
