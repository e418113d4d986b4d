from __future__ import annotations

from typing import Any

import pytest

from lesionvis.errors import SettingsError
from lesionvis.lab.render.scene import RenderedSpot, Scene


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ita_deg": 80.0}, r"Scene\.ita_deg must be between -45 and 60, got 80\.0\."),
        ({"px_per_mm": float("nan")}, r"Scene\.px_per_mm must be between 0\.5 and 200, got nan\."),
        ({"jpeg_quality": 0}, r"Scene\.jpeg_quality must be between 1 and 100 or None, got 0\."),
        ({"ruler_side": "middle"}, r"Scene\.ruler_side must be one of none, left, .*, got 'middle'\."),
    ],
)
def test_a_scene_refuses_values_out_of_bounds(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Scene(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"diameter_px": 0.0}, r"RenderedSpot\.diameter_px must be between 0\.5 and 8192, got 0\.0\."),
        ({"x_px": float("nan")}, r"RenderedSpot\.x_px must be"),
        ({"kind": "wart"}, r"RenderedSpot\.kind must be one of petechia, .*, got 'wart'\."),
    ],
)
def test_a_spot_refuses_values_out_of_bounds(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        RenderedSpot(**{"x_px": 10.0, "y_px": 10.0, "diameter_px": 5.0, **values})
