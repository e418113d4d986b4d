from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.render.covers import Cover, covers, hairs, skin_mask
from lesionvis.lab.render.scene import SIDES, Scene, Side


@pytest.mark.parametrize("side", SIDES[1:])
def test_a_drape_covers_the_side_asked_for(side: Side) -> None:
    skin = skin_mask(Scene(width_px=160, height_px=120, drape_side=side, drape_color="green"))
    edges = {"left": skin[:, 0], "right": skin[:, -1], "top": skin[0], "bottom": skin[-1]}
    assert not edges[side].any()
    assert skin.mean() > 0.7


def _ruler(scene: Scene) -> Cover:
    (ruler,) = covers(scene)
    return ruler


@pytest.mark.parametrize("side", SIDES[1:])
def test_ruler_ticks_lie_a_millimetre_apart(side: Side) -> None:
    scene = Scene(width_px=400, height_px=300, px_per_mm=9.37, ruler_side=side)
    ruler = _ruler(scene)
    # The third row of pixels from the edge that faces the skin crosses every tick and no number.
    depth_px = int((ruler.alpha > 0.5).any(axis=1 if side in ("top", "bottom") else 0).sum())
    row = {
        "bottom": ruler.rgb[-depth_px + 2, :, 1],
        "top": ruler.rgb[depth_px - 3, :, 1],
        "right": ruler.rgb[:, -depth_px + 2, 1],
        "left": ruler.rgb[:, depth_px - 3, 1],
    }[side]
    ink = row.max() - row
    starts = np.flatnonzero((ink[1:] > 0) & (ink[:-1] == 0)) + 1
    centers = [
        np.average(np.arange(start, start + 5), weights=ink[start : start + 5])
        for start in starts
        if start + 5 <= len(ink)
    ]
    assert len(centers) > 20
    # A tick that spills into a third pixel has its centroid up to 0.05 px off, as in a camera.
    assert np.diff(centers) == pytest.approx(9.37, abs=0.1)
    assert np.diff(centers).mean() == pytest.approx(9.37, abs=0.005)


def test_every_tenth_tick_is_longest_and_every_fifth_longer() -> None:
    scene = Scene(width_px=400, height_px=300, px_per_mm=10.0, ruler_side="bottom")
    ink = (_ruler(scene).rgb[..., 1] < 0.4).astype(np.uint8)
    first = int(np.flatnonzero(ink[300 - 66 + 1])[0])
    # The numbers stand in the lowest 30 rows.
    length = [int(ink[:-30, first + 10 * mm : first + 10 * mm + 2].max(axis=1).sum()) for mm in range(11)]
    assert length[0] == length[10] > length[5] > length[1] == length[4] == length[9]


def test_a_limb_leaves_cloth_above_and_below() -> None:
    skin = skin_mask(Scene(view="limb", seed=5))
    assert skin[240, 100:540].all()
    assert not skin[0].all()
    assert 0.5 < skin.mean() < 0.9


def test_hairs_are_dark_and_as_many_as_asked_for() -> None:
    few, many = (hairs(Scene(hair_count=count, px_per_mm=15.0)).alpha.sum() for count in (5, 50))
    assert 0.0 < 4.0 * few < many
