"""Wounds and blood: red where they are, and skin or cloth of the asked tone around them."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.render.wounds import WOUND_KINDS, WoundKind, draw_wound


@pytest.mark.parametrize("kind", WOUND_KINDS)
def test_a_seed_gives_one_picture_with_something_red(kind: WoundKind) -> None:
    first, again = draw_wound(kind, 35.0, 3), draw_wound(kind, 35.0, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw_wound(kind, 35.0, 4))
    red, green, _ = np.moveaxis(first.astype(int), -1, 0)
    is_blood = red > 2 * green
    assert 0.0005 < is_blood.mean() < 0.7


def test_skin_around_a_wound_has_its_tone() -> None:
    light, dark = (draw_wound("bead of blood", tone, 3).mean() for tone in (50.0, -20.0))
    assert light > 1.5 * dark


def test_blood_stays_on_the_cloth_beside_skin() -> None:
    rgb = draw_wound("blood on cloth and skin", 45.0, 1).astype(int)
    skin = rgb[:, 320:]
    assert (skin[..., 0] > 2 * skin[..., 1]).mean() == 0.0
