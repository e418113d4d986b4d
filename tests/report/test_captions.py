from __future__ import annotations

import cv2
import numpy as np
import pytest

from lesionvis.report.captions import LINE_HEIGHT_PX, MARGIN_PX, caption, wrapped

SENTENCE = "The skin paled under the glass, but ten of ten spots under the glass kept their colour."


def test_text_is_wrapped_and_never_cut() -> None:
    lines = list(wrapped(SENTENCE, 200))
    assert len(lines) > 2
    assert " ".join(lines) == SENTENCE
    assert list(wrapped(SENTENCE, 5000)) == [SENTENCE]
    assert list(wrapped("a " * 3, 1)) == ["a", "a", "a"]


@pytest.mark.skipif(cv2.__version__.startswith("4."), reason="the fonts of OpenCV 4 are ASCII only")
@pytest.mark.parametrize("letter", "äßéµ²±°–")
def test_letters_beyond_ascii_are_drawn(letter: str) -> None:
    drawn, blank, unknown = (caption([text], {}, 100) for text in (letter, " ", "?"))
    assert not np.array_equal(drawn, blank)
    assert not np.array_equal(drawn, unknown)


def test_a_band_grows_with_its_lines_and_shows_its_colours() -> None:
    legend = {"keeps its colour": (255, 230, 0), "fades": (0, 255, 255)}
    band = caption(["One line."], legend, 640)
    assert band.shape == (2 * LINE_HEIGHT_PX + MARGIN_PX, 640, 3)
    for color in legend.values():
        assert (band == color).all(axis=2).sum() > 50
    # A narrow picture needs more rows, and nothing reaches its border.
    narrow = caption(["One line."], legend, 200)
    assert narrow.shape[0] > band.shape[0]
    assert (narrow[:, -MARGIN_PX // 2 :] == 255).all()
    assert np.array_equal(caption([], {}, 100), np.full((MARGIN_PX, 100, 3), 255, np.uint8))
