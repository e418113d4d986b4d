from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.evaluate.rendered_errors import CARDS, compare_card, compare_ruler, compare_shower


@pytest.mark.parametrize("kind", CARDS)
def test_of_a_card_the_error_on_the_skin_is_larger_than_in_its_plane(kind: str) -> None:
    in_plane, on_skin = compare_card(kind, np.random.default_rng(2))
    assert kind in in_plane.what
    assert abs(in_plane.off) < 0.03
    assert on_skin.error == pytest.approx(np.hypot(in_plane.error, 0.01))
    # The skin lies higher or lower than the card, as no picture shows.
    assert on_skin.off != in_plane.off


def test_a_rendered_ruler_is_read_to_the_error_of_its_print() -> None:
    (one,) = compare_ruler(1, np.random.default_rng(1))
    assert 0.0 < abs(one.off) < 0.02
    assert 0.003 < one.error < 0.02


def test_of_a_shower_every_spot_that_is_found_counts() -> None:
    compared = compare_shower(np.random.default_rng(3))
    assert len(compared) > 20
    off = np.array([one.off for one in compared])
    assert np.nanmedian(np.abs(off)) < 0.15
    assert all(0.02 < one.error < 0.6 for one in compared)
