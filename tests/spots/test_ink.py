from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import NO_SCALE

from lesionvis.color import optical_density
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import read_photo
from lesionvis.skin import find_skin
from lesionvis.spots import SpotFinder
from lesionvis.spots.ink import find_strokes, without_strokes
from lesionvis.spots.regions import find_regions

SCENE = Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=4)
MOLE = RenderedSpot(x_px=240.0, y_px=180.0, diameter_px=50.0, kind="naevus", melanin_fraction=0.1)
# Share of red, green and blue light that passes: pens for skin, and a black one.
INKS = {"violet": (0.35, 0.22, 0.6), "blue": (0.2, 0.35, 0.7), "black": (0.25, 0.25, 0.28)}


def _through(rgb: NDArray[np.uint8], cover: NDArray[np.float32], passed: tuple[float, ...]) -> NDArray[np.uint8]:
    """Picture seen through ink: `cover` is its share of each px."""
    linear = (rgb / 255.0) ** 2.2
    linear *= 1.0 - cover[..., None] * (1.0 - np.asarray(passed))
    return np.asarray(np.round(255.0 * linear ** (1.0 / 2.2)), np.uint8)


def _ringed(ink: str, *, width_px: int = 12, with_mole: bool = True) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Photo of a mole in a ring of ink, and the ring."""
    photo = render(SCENE, [MOLE] if with_mole else [])
    ring = np.zeros(photo.rgb.shape[:2], np.float32)
    cv2.ellipse(ring, (240, 180), (100, 85), 20, 0, 360, 1.0, width_px)
    return _through(photo.rgb, np.asarray(cv2.GaussianBlur(ring, (0, 0), 1.5), np.float32), INKS[ink]), ring > 0


def _strokes(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    photo = read_photo(rgb)
    return find_regions(photo, find_skin(photo, NO_SCALE)).strokes


@pytest.mark.parametrize("ink", INKS)
def test_a_ring_of_ink_is_strokes_and_the_mole_in_it_is_not(ink: str) -> None:
    rgb, ring = _ringed(ink)
    strokes = cv2.resize(_strokes(rgb).astype(np.uint8), (480, 360), interpolation=cv2.INTER_NEAREST) > 0
    assert (strokes & ring).sum() > 0.6 * ring.sum()
    assert not strokes[155:205, 215:265].any()


@pytest.mark.parametrize("ink", INKS)
def test_the_lesion_is_the_mole_and_not_the_ring(ink: str) -> None:
    rgb, _ = _ringed(ink)
    photo = read_photo(rgb)
    spots = SpotFinder()(photo, find_skin(photo, NO_SCALE), NO_SCALE)
    assert spots.lesion
    outline = spots.outlines_px[spots.lesion - 1]
    assert np.ptp(outline, axis=0) == pytest.approx([50.0, 50.0], rel=0.2)


@pytest.mark.parametrize("ink", INKS)
def test_a_ring_alone_is_no_lesion(ink: str) -> None:
    rgb, _ = _ringed(ink, with_mole=False)
    photo = read_photo(rgb)
    assert SpotFinder()(photo, find_skin(photo, NO_SCALE), NO_SCALE).lesion == 0


def test_the_skin_beside_a_stroke_takes_its_place() -> None:
    density = np.full((108, 144, 3), 0.3, np.float32)
    strokes = np.zeros((108, 144), np.bool_)
    strokes[50:54, 20:120] = True
    density[strokes] += 0.5
    filled = without_strokes(density, np.zeros_like(density), strokes)
    assert filled == pytest.approx(0.3, abs=0.01)
    assert density[51, 60, 0] == pytest.approx(0.8)


@pytest.mark.parametrize("diameter_px", [30, 60, 120])
def test_a_blue_naevus_is_no_stroke(diameter_px: int) -> None:
    photo = render(SCENE, [])
    disk = np.zeros(photo.rgb.shape[:2], np.float32)
    cv2.ellipse(disk, (240, 180), (diameter_px // 2, diameter_px // 3), 30, 0, 360, 1.0, -1)
    rgb = _through(photo.rgb, np.asarray(cv2.GaussianBlur(disk, (0, 0), 2.0), np.float32), INKS["blue"])
    assert not _strokes(rgb).any()


def test_an_arc_and_a_line_are_strokes_and_a_blot_is_not() -> None:
    def share(draw: NDArray[Any]) -> float:
        density = np.full((108, 144, 3), 0.2, np.float32)
        density[draw > 0] += 0.4
        return float((find_strokes(density, np.full_like(density, 0.2)) & (draw > 0)).sum() / (draw > 0).sum())

    empty = np.zeros((108, 144), np.uint8)
    arc = cv2.ellipse(empty.copy(), (70, 54), (35, 30), 0, 0, 200, 1, 4)
    line = cv2.line(empty.copy(), (20, 20), (110, 80), 1, 4)
    blot = cv2.circle(empty.copy(), (70, 54), 7, 1, -1)
    assert share(arc) > 0.8
    assert share(line) > 0.8
    assert share(blot) == 0.0


def test_a_bare_picture_has_no_strokes() -> None:
    rgb = render(SCENE, []).rgb
    assert not _strokes(rgb).any()
    assert not find_strokes(optical_density(rgb[:108, :144]), optical_density(rgb[:108, :144])).any()
