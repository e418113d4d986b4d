"""What the search for a scale saw."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lesionvis.json_ready import json_ready
from lesionvis.lab.render.rulers import LOOKS, RULER_PRINTS, PhotoFaults, RulerPose, draw_ruler, skin_background, spoil
from lesionvis.photo import Photo, read_photo
from lesionvis.report.overlay import SCALE_COLOR
from lesionvis.report.scale import draw_scale, scale_content, scale_text
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.ruler.finder import RulerFinder


def _photo(print_name: str, px_per_mm: float) -> Photo:
    pose = RulerPose(px_per_mm, (30.0, 300.0), 0.0, last_mm=50.0)
    drawn = draw_ruler(skin_background(480, 640, 3), RULER_PRINTS[print_name], LOOKS["white paper"], pose)
    return read_photo(spoil(drawn.rgb, PhotoFaults(blur_px=0.8, noise=2.0), seed=1))


def test_a_ruler_that_is_read_is_told_with_its_ticks_order_and_unit() -> None:
    photo = _photo("millimetre", 10.0)
    search = RulerFinder().search(photo)
    content = json.loads(json.dumps(json_ready(scale_content(search.answer, search.rows))))
    assert content["px_per_mm"] == pytest.approx(10.0, rel=0.01)
    (row,) = content["rows"]
    assert row["complaint"] is None
    assert row["pitch_px"] == pytest.approx(10.0, rel=0.01)
    assert max(row["order_gains"], key=row["order_gains"].get) == "tens"
    assert row["unit_probabilities"]["1 mm"] > 0.9
    text = scale_text(search.answer, search.rows)
    assert f"ruler, {content['px_per_mm']:.4g} px/mm" in text
    assert "every fifth or tenth longer" in text


def test_a_ruler_that_is_refused_is_told_with_the_units_that_remain() -> None:
    search = RulerFinder().search(_photo("inch_twentieth", 10.0))
    text = scale_text(search.answer, search.rows)
    assert text.startswith("scale     none: no ruler found")
    assert "1/20 inch" in text.splitlines()[-1]


def test_ticks_that_were_read_are_drawn_where_they_lie() -> None:
    photo = _photo("millimetre", 10.0)
    search = RulerFinder().search(photo)
    assert isinstance(search.answer, Scale)
    picture = draw_scale(photo, search.answer, search.rows)
    zoom = picture.shape[1] / photo.rgb.shape[1]
    levels = picture[: round(zoom * photo.rgb.shape[0])].astype(int)
    near = np.abs(levels - SCALE_COLOR).sum(axis=2) < 150
    drawn = np.argwhere(near)[:, ::-1] / zoom
    distance = np.linalg.norm(drawn[:, None] - search.answer.points_px, axis=2)
    assert distance.min(axis=0).max() < 5.0


def test_a_photo_without_rows_tells_the_reason_only() -> None:
    photo = read_photo(np.full((96, 128, 3), 180, np.uint8))
    search = RulerFinder().search(photo)
    assert search.rows == ()
    assert scale_text(search.answer, search.rows) == f"scale     none: {search.answer.reason}"  # type: ignore[union-attr]
    assert draw_scale(photo, NoScale("nothing"), ()).shape[2] == 3
