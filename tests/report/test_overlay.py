from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import Staged

from lesionvis.analysis import Analysis, analyze
from lesionvis.report.overlay import (
    BAND_HEIGHT_PX,
    BAR_LENGTHS_MM,
    BAR_MAX_SHARE,
    LESION_COLOR,
    MIN_LONG_SIDE_PX,
    SCALE_COLOR,
    SPOT_COLOR,
    draw_overlay,
)
from lesionvis.scale import Scale


def _places(picture: NDArray[np.uint8], color: tuple[int, int, int]) -> NDArray[np.float64]:
    """Places (x, y) of pixels that are nearly of a colour."""
    rows, columns = np.nonzero(np.abs(picture.astype(int) - color).max(axis=2) < 60)
    return np.stack([columns, rows], axis=1).astype(np.float64)


def _texts(monkeypatch: pytest.MonkeyPatch, analysis: Analysis) -> list[str]:
    """What is written on the picture."""
    written: list[str] = []
    put_text = cv2.putText

    def record(canvas: Any, text: str, *rest: Any) -> Any:
        written.append(text)
        return put_text(canvas, text, *rest)

    monkeypatch.setattr(cv2, "putText", record)
    draw_overlay(analysis)
    return written


def test_the_picture_is_the_enlarged_photo_with_a_band_below(analysed_shower: Analysis) -> None:
    picture = draw_overlay(analysed_shower)
    assert picture.dtype == np.uint8
    assert picture.shape == (750 + BAND_HEIGHT_PX, MIN_LONG_SIDE_PX, 3)
    small = cv2.resize(picture[:750], (480, 360), interpolation=cv2.INTER_AREA).astype(int)
    difference = np.abs(small - analysed_shower.photo.rgb).max(axis=2)
    # All but the outlines is the photo.
    assert np.median(difference) < 6
    assert (picture[750:] == 255).all(axis=2).mean() > 0.8


def test_a_large_photo_is_not_enlarged(shower: Staged) -> None:
    large = np.asarray(cv2.resize(shower.truth.rgb, (1280, 960), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert draw_overlay(analyze(large)).shape == (960 + BAND_HEIGHT_PX, 1280, 3)


def test_every_outline_is_drawn_where_its_spot_is(analysed_shower: Analysis) -> None:
    picture = draw_overlay(analysed_shower)
    drawn = _places(picture, SPOT_COLOR)
    zoom = picture.shape[1] / 480
    for outline in analysed_shower.spots.outlines_px:
        corners = (outline + 0.5) * zoom - 0.5
        nearest = np.hypot(*np.moveaxis(corners[:, None] - drawn[None], -1, 0)).min(axis=1)
        assert np.median(nearest) < 1.5
    corners = np.concatenate([(o + 0.5) * zoom - 0.5 for o in analysed_shower.spots.outlines_px])
    reach = np.hypot(*np.moveaxis(drawn[::7, None] - corners[None], -1, 0)).min(axis=1)
    assert np.quantile(reach, 0.95) < 8.0


def test_the_lesion_has_its_own_colour(analysed_samples: dict[str, Analysis], analysed_shower: Analysis) -> None:
    mole = analysed_samples["naevus-ruler.jpg"]
    assert mole.spots.lesion == 1
    assert len(_places(draw_overlay(mole), LESION_COLOR)) > 200
    assert len(_places(draw_overlay(analysed_shower), LESION_COLOR)) < 50


def test_the_bar_is_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch, analysed_shower: Analysis) -> None:
    (length,) = {text for text in _texts(monkeypatch, analysed_shower) if text.endswith(" mm")}
    millimetres = int(length.split()[0])
    assert millimetres in BAR_LENGTHS_MM
    picture = draw_overlay(analysed_shower)
    row = (picture[20] == 255).all(axis=1)
    bar_px = int(row[600:].sum())
    px_per_mm = 6.0 * MIN_LONG_SIDE_PX / 480
    assert bar_px == pytest.approx(millimetres * px_per_mm, abs=3)
    assert bar_px <= BAR_MAX_SHARE * MIN_LONG_SIDE_PX


def test_ticks_that_were_read_are_marked(analysed_samples: dict[str, Analysis]) -> None:
    analysis = analysed_samples["naevus-ruler.jpg"]
    assert isinstance(analysis.scale, Scale)
    picture = draw_overlay(analysis)
    zoom = picture.shape[1] / analysis.photo.rgb.shape[1]
    drawn = _places(picture, SCALE_COLOR)
    points = (analysis.photo.to_working(analysis.scale.points_px) + 0.5) * zoom - 0.5
    nearest = np.hypot(*np.moveaxis(points[:, None] - drawn[None], -1, 0)).min(axis=1)
    assert nearest.max() < 5.0


def test_without_a_scale_there_is_no_bar_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, analysed_samples: dict[str, Analysis]
) -> None:
    (band,) = _texts(monkeypatch, analysed_samples["plain-skin.jpg"])
    assert band == "no spots  |  0 spots  |  no scale: no millimetres  |  not a diagnosis"


def test_the_band_tells_pattern_count_and_size(monkeypatch: pytest.MonkeyPatch, analysed_shower: Analysis) -> None:
    band = _texts(monkeypatch, analysed_shower)[-1]
    label = analysed_shower.pattern.label.replace("_", " ")
    median_mm = float(np.median(analysed_shower.table["diameter_mm"]))
    count = len(analysed_shower.table)
    assert band == f"{label}  |  {count} spots  |  median {median_mm:.1f} mm  |  not a diagnosis"


def test_one_spot_is_not_many(monkeypatch: pytest.MonkeyPatch, analysed_samples: dict[str, Analysis]) -> None:
    assert "  1 spot  " in _texts(monkeypatch, analysed_samples["naevus-ruler.jpg"])[-1]


def test_the_analysis_is_left_as_it_was(analysed_shower: Analysis) -> None:
    before = analysed_shower.photo.rgb.tobytes()
    first, second = draw_overlay(analysed_shower), draw_overlay(analysed_shower)
    assert first.tobytes() == second.tobytes()
    assert analysed_shower.photo.rgb.tobytes() == before


@pytest.mark.parametrize(("height", "width"), [(36, 480), (360, 36), (32, 32)])
def test_narrow_photos_are_drawn(plain: Staged, height: int, width: int) -> None:
    picture = draw_overlay(analyze(plain.truth.rgb[:height, :width]))
    zoom = MIN_LONG_SIDE_PX / max(height, width)
    assert picture.shape == (round(height * zoom) + BAND_HEIGHT_PX, round(width * zoom), 3)
