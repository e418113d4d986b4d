"""A mask says for every pixel of the source which spot it belongs to."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from drawn import drawn_skin
from PIL import Image

from lesionvis.analysis import Analysis, Analyzer
from lesionvis.batch import masks
from lesionvis.batch.masks import mask_png


def labels_at(analysis: Analysis, x_px: float, y_px: float) -> int:
    x, y = analysis.photo.to_working([x_px, y_px])
    height, width = analysis.spots.labels.shape
    return int(analysis.spots.labels[min(round(y), height - 1), min(round(x), width - 1)])


@pytest.mark.parametrize(("height", "width"), [(96, 128), (700, 1000), (1001, 701)])
def test_a_mask_has_source_size_and_the_nearest_label(height: int, width: int) -> None:
    analysis = Analyzer(working_long_side_px=256)(drawn_skin(3, height=height, width=width, radius=max(4, width // 40)))
    mask = np.asarray(Image.open(io.BytesIO(mask_png(analysis))))
    assert mask.shape == (height, width)
    assert mask.dtype == np.dtype(np.uint16)
    assert mask.max() == len(analysis.table) > 0
    random = np.random.default_rng(0)
    for x, y in zip(random.integers(0, width, 500), random.integers(0, height, 500), strict=True):
        assert mask[y, x] == labels_at(analysis, float(x), float(y))


def test_more_spots_than_a_mask_can_number_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = Analyzer()(drawn_skin(1))
    monkeypatch.setattr(masks, "_LABEL_MAX", 0)
    with pytest.raises(OverflowError, match="16-bit"):
        mask_png(analysis)


def test_other_programs_read_a_mask() -> None:
    content = mask_png(Analyzer(working_long_side_px=256)(drawn_skin(3, height=700, width=1000, radius=25)))
    mask = np.asarray(Image.open(io.BytesIO(content)))
    again = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert again is not None
    assert np.array_equal(again, mask)
    assert len(content) < mask.nbytes / 100
