from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionvis import analyze
from lesionvis.analysis import Analysis
from lesionvis.report.explain import REASON_COLORS, draw_explanation
from lesionvis.report.overlay import SPOT_COLOR
from lesionvis.spots.rejections import explain_rejections


@pytest.fixture(scope="module")
def shower(project: Path) -> Analysis:
    return analyze(project / "sample_images" / "shower-light-leg.jpg")


def test_the_picture_shows_spots_and_reasons_with_a_legend(shower: Analysis) -> None:
    picture = draw_explanation(shower)
    assert picture.dtype == np.uint8
    assert picture.shape[0] > shower.photo.rgb.shape[0] * picture.shape[1] / shower.photo.rgb.shape[1]
    reasons = {one.reason for one in explain_rejections(shower.spots)}
    assert reasons
    for color in (SPOT_COLOR, *(REASON_COLORS[reason] for reason in reasons)):
        # Lines are smoothed, so that only some of their pixels have the colour itself.
        assert (np.abs(picture.astype(int) - color).max(axis=2) < 12).any(), color


def test_every_reason_has_a_colour_of_its_own() -> None:
    assert len(set(REASON_COLORS.values())) == len(REASON_COLORS)
    assert SPOT_COLOR not in REASON_COLORS.values()


def test_a_photo_without_candidates_is_explained_too() -> None:
    flat = analyze(np.full((96, 128, 3), (200, 160, 130), np.uint8))
    assert draw_explanation(flat).shape[1] == 1000
