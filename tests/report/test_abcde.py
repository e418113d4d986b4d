from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis import draw_abcde
from lesionvis.abcde import lesion_patch
from lesionvis.analysis import Analysis, analyze
from lesionvis.report.abcde import (
    CLASS_COLORS,
    ILL_DEFINED_COLOR,
    NO_CLASS_COLOR,
    PANEL_WIDTH_PX,
    SHARP_COLOR,
    UNSEEN_COLOR,
)


@pytest.fixture(scope="module")
def uneven(project: Path) -> Analysis:
    return analyze(project / "sample_images" / "irregular-lesion.jpg")


def _share(picture: NDArray[np.uint8], color: tuple[int, int, int]) -> float:
    return float((picture == color).all(axis=2).mean())


def _drawn(analysis: Analysis) -> NDArray[np.uint8]:
    picture = draw_abcde(analysis)
    assert picture is not None
    return picture


def test_the_map_shows_each_colour_as_often_as_it_was_counted(uneven: Analysis) -> None:
    picture = _drawn(uneven)
    assert picture.shape[1] == PANEL_WIDTH_PX
    assert uneven.abcde is not None
    patch = lesion_patch(uneven.photo, uneven.skin, uneven.spots)
    assert patch is not None
    height = round(patch.mask.shape[0] * PANEL_WIDTH_PX / patch.mask.shape[1])
    panel = picture[height : 2 * height]
    lesion = 1.0 - _share(panel, NO_CLASS_COLOR)
    assert 0.1 < lesion < 0.7
    for name, color in CLASS_COLORS.items():
        expected = uneven.abcde.color.numbers[f"share of {name}"]
        assert _share(panel, color) / lesion == pytest.approx(expected, abs=0.02), name


def test_the_border_is_drawn_by_octant(uneven: Analysis) -> None:
    assert uneven.abcde is not None
    seen = {}
    for name, value in (("sharp", 1.0), ("ill", 0.0), ("unseen", float("nan"))):
        changed = dataclasses.replace(uneven, abcde=dataclasses.replace(uneven.abcde, octants=(value,) * 8))
        panel = _drawn(changed)[:300, :PANEL_WIDTH_PX]
        seen[name] = [_share(panel, color) for color in (SHARP_COLOR, ILL_DEFINED_COLOR, UNSEEN_COLOR)]
    for number, name in enumerate(seen):
        assert seen[name][number] > 0.001
        assert max(seen[name]) == seen[name][number]


def test_the_axes_follow_the_measured_direction(uneven: Analysis) -> None:
    assert uneven.abcde is not None
    turned = dataclasses.replace(uneven, abcde=dataclasses.replace(uneven.abcde, axis_deg=uneven.abcde.axis_deg + 45.0))
    assert not np.array_equal(_drawn(uneven)[:300], _drawn(turned)[:300])


def test_without_a_dominant_lesion_there_is_nothing_to_draw(analysed_shower: Analysis) -> None:
    assert analysed_shower.abcde is None
    assert draw_abcde(analysed_shower) is None
