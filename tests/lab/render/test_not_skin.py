"""Pictures that show no skin are drawn, each as often as asked, always the same."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.render.not_skin import HEIGHT_PX, KINDS, WIDTH_PX, draw_not_skin


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_one_picture(kind: str) -> None:
    first, again, other = draw_not_skin(kind, 1), draw_not_skin(kind, 1), draw_not_skin(kind, 2)
    assert first.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.std() > 3.0
