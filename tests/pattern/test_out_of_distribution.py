"""A picture that is no photo of spots on skin never gets a pattern, whatever file it comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from strange import PICTURES, bar_chart, cartoon, dermoscopy, icon, tinted_chart

from lesionvis.analysis import Analysis, analyze
from lesionvis.labels import NO_SPOTS, UNCERTAIN
from lesionvis.pattern.pattern import BLOCKING_FLAGS
from lesionvis.photo import read_photo
from lesionvis.quality import photo_flags
from lesionvis.triage.rules import Level

Maker = Callable[[], NDArray[np.uint8]]


def _as_jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    return cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.mark.parametrize("make", PICTURES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("quality", [None, 90, 60])
def test_it_gets_no_pattern(make: Maker, quality: int | None) -> None:
    rgb = make()
    analysis = analyze(rgb if quality is None else _as_jpeg(rgb, quality))
    assert analysis.pattern.label in {UNCERTAIN, NO_SPOTS}
    assert analysis.pattern.reasons
    # And no level that could reassure but for "no spots", which is said not to be an all-clear.
    assert analysis.advice.level >= Level.PROMPT or analysis.pattern.label == NO_SPOTS


@pytest.mark.parametrize("make", [tinted_chart, bar_chart, cartoon, icon])
@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_what_is_drawn_is_known_as_such_at_any_size(make: Maker, factor: float) -> None:
    rgb = make()
    kind = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=kind), np.uint8)
    for picture in (rgb, scaled):
        assert "flat_colours" in photo_flags(picture, 1.0, False)


def test_a_round_field_is_known_wherever_it_lies() -> None:
    rgb = dermoscopy()
    for picture in (rgb, rgb[:, ::-1], rgb[8:, 20:], np.rot90(rgb)):
        assert "dermatoscope_view" in photo_flags(np.ascontiguousarray(picture), 0.5, False)
    # The same lesion without the black around it is a close photo of skin.
    assert "dermatoscope_view" not in photo_flags(np.ascontiguousarray(rgb[60:300, 120:360]), 1.0, False)


def test_photos_are_not_taken_for_drawings_or_round_fields(analysed_samples: dict[str, Analysis]) -> None:
    for analysis in analysed_samples.values():
        assert not {"flat_colours", "dermatoscope_view"} & set(analysis.flags)


def test_real_photos_are_not_taken_for_drawings_or_round_fields(real_photos: Path) -> None:
    photos = sorted((real_photos / "dev" / "photos").iterdir())[::5]
    taken = {
        photo.name
        for photo in photos
        if {"flat_colours", "dermatoscope_view"} & set(photo_flags(read_photo(photo).rgb, 1.0, False))
    }
    assert len(photos) > 100
    assert taken == set()


def test_a_limb_on_black_cloth_is_no_round_field() -> None:
    rows, columns = np.mgrid[0:240, 0:320]
    picture = np.full((240, 320, 3), 8, np.uint8)
    picture[np.abs(rows - 120 + 0.1 * columns) < 70] = (210, 170, 148)
    picture = np.clip(picture + np.random.default_rng(1).normal(0.0, 3.0, picture.shape), 0, 255).astype(np.uint8)
    assert "dermatoscope_view" not in photo_flags(picture, 0.6, False)


def test_flags_of_strange_pictures_forbid_an_answer() -> None:
    assert {"flat_colours", "dermatoscope_view"} <= set(BLOCKING_FLAGS)
