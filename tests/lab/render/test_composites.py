from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from lesionvis.color import optical_density
from lesionvis.lab.render.composites import DOTS, FRECKLES, KIND_OF, PAPULES, camera_blur_px, lay_spots
from lesionvis.lab.render.scenarios import plain_skin
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render


def _bare(folder: Path, ita_deg: float = 40.0) -> Path:
    """A rendered photo of bare skin as a PNG file."""
    scene = Scene(
        width_px=480, height_px=360, px_per_mm=6.0, seed=3, ita_deg=ita_deg, texture=0.3, mottling=0.2, gloss=0.0
    )
    path = folder / f"bare{ita_deg:.0f}.png"
    Image.fromarray(render(scene, plain_skin()).rgb).save(path)
    return path


@pytest.mark.parametrize("subject", [DOTS, FRECKLES, PAPULES])
def test_spots_lie_where_the_truth_says(tmp_path: Path, subject: str) -> None:
    path = _bare(tmp_path)
    laid = lay_spots(path, subject, 0.3, np.random.default_rng(1))
    assert laid is not None
    assert set(laid.kind) == {KIND_OF[subject]}
    before = optical_density(np.asarray(Image.open(path).convert("RGB"), np.uint8))[..., 1]
    added = cv2.GaussianBlur(optical_density(laid.rgb)[..., 1] - before, (0, 0), 1.0)
    rows, columns = np.rint(laid.y_px).astype(int), np.rint(laid.x_px).astype(int)
    assert np.median(added[rows, columns]) > 0.1
    assert np.median(added) < 0.03


def test_the_same_spot_shows_less_on_dark_skin(tmp_path: Path) -> None:
    contrasts = []
    for ita_deg in (45.0, -30.0):
        path = _bare(tmp_path, ita_deg)
        laid = lay_spots(path, DOTS, 0.3, np.random.default_rng(2))
        assert laid is not None
        before = optical_density(np.asarray(Image.open(path).convert("RGB"), np.uint8))[..., 1]
        large = laid.diameter_px > np.median(laid.diameter_px)
        rows, columns = np.rint(laid.y_px[large]).astype(int), np.rint(laid.x_px[large]).astype(int)
        contrasts.append(float(np.median((optical_density(laid.rgb)[..., 1] - before)[rows, columns])))
    light, dark = contrasts
    assert 0.15 < light < 0.35
    assert dark < 0.8 * light


def test_blur_is_that_of_the_photo() -> None:
    noise = 128.0 + 20.0 * np.random.default_rng(1).normal(size=(300, 300)).astype(np.float32)
    mask = np.ones(noise.shape, np.bool_)
    found = []
    for sigma in (0.7, 1.0, 1.4):
        grain = cv2.GaussianBlur(noise, (0, 0), sigma)
        found.append(camera_blur_px(np.repeat(np.clip(grain, 0, 255).astype(np.uint8)[..., None], 3, axis=2), mask))
    assert found[:2] == pytest.approx([0.7, 1.0], rel=0.2)
    assert found == sorted(found)


def test_no_room_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((100, 100, 3), (20, 90, 30), np.uint8)).save(path)
    assert lay_spots(path, DOTS, 0.3, np.random.default_rng(1)) is None
