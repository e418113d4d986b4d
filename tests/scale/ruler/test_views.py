"""Strips of a sharper copy: they lie where they say."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.photo import Photo, PhotoReader, read_photo
from lesionvis.scale.ruler.straight_edges import TickedEdge
from lesionvis.scale.ruler.views import MAX_SIDE_PX, strip_views, whole_view

MARK_PX = (1400.0, 1100.0)
"""Source position of a dark mark on a bright picture of 2560 x 1920 px."""


def _marked() -> np.ndarray:
    y, x = np.mgrid[0:1920, 0:2560]
    mark = 150.0 * np.exp(-0.5 * ((x - MARK_PX[0]) ** 2 + (y - MARK_PX[1]) ** 2) / 6.0**2)
    return np.repeat((200.0 - mark).astype(np.uint8)[:, :, None], 3, axis=2)


def _edge(period_px: float) -> TickedEdge:
    along = np.array([np.cos(0.3), np.sin(0.3)])
    middle = read_photo(np.zeros((1920, 2560), np.uint8)).to_working(MARK_PX) + 20.0 * np.array([-along[1], along[0]])
    return TickedEdge(middle - 250.0 * along, along, 500.0, period_px, 5.0)


def test_the_whole_view_is_the_working_picture() -> None:
    photo = read_photo(_marked())
    view = whole_view(photo)
    assert view.rgb is photo.rgb
    assert np.hypot(*view.to_working[:, 0]) == 1.0


@pytest.mark.parametrize("can_read_again", [True, False])
def test_places_in_a_strip_are_those_of_the_photo(can_read_again: bool) -> None:
    rgb = _marked()
    photo = read_photo(rgb)
    read_again = (lambda side_px: PhotoReader(working_long_side_px=side_px)(rgb)) if can_read_again else None
    (view,) = strip_views(photo, (_edge(3.0),), read_again)
    assert np.hypot(*view.to_working[:, 0]) == pytest.approx(0.5 if can_read_again else 1.0)
    y, x = np.unravel_index(int(view.rgb[:, :, 1].argmin()), view.rgb.shape[:2])
    working = view.to_working @ np.array([x, y, 1.0])
    assert photo.to_source(working) == pytest.approx(MARK_PX, abs=2.5)


def test_the_copy_is_no_sharper_than_the_ticks_ask_for() -> None:
    rgb, sides = _marked(), []

    def read_again(side_px: int) -> Photo:
        sides.append(side_px)
        return PhotoReader(working_long_side_px=side_px)(rgb)

    strip_views(read_photo(rgb), (_edge(8.0), _edge(10.0)), read_again)
    strip_views(read_photo(rgb), (_edge(2.0),), read_again)
    assert sides == [1920, 2560]
    assert max(sides) <= MAX_SIDE_PX
