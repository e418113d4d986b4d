"""Pictures that are no photo of spots on skin, drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.scenarios import petechial_shower, single_lesion
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render

SIZE = (360, 480)
SKIN_RGB = (224, 180, 156)


def _blank(color: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((*SIZE, 3), color, np.uint8)


def black() -> NDArray[np.uint8]:
    """A photo with the lens covered: black with sensor noise."""
    return np.random.default_rng(1).integers(0, 6, (*SIZE, 3)).astype(np.uint8)


def white() -> NDArray[np.uint8]:
    """An overexposed photo."""
    return np.random.default_rng(2).integers(249, 256, (*SIZE, 3)).astype(np.uint8)


def noise() -> NDArray[np.uint8]:
    """Noise of all colours."""
    return np.random.default_rng(3).integers(0, 256, (*SIZE, 3)).astype(np.uint8)


def meadow() -> NDArray[np.uint8]:
    """Grass with poppies: red dots, no skin."""
    generator = np.random.default_rng(4)
    picture = _blank((70, 120, 45))
    for _ in range(1500):
        x, y = (int(v) for v in generator.integers(0, (SIZE[1], SIZE[0])))
        shade = int(generator.integers(60, 160))
        cv2.line(picture, (x, y), (x + 4, y - 14), (shade // 2, shade, shade // 3), 1, cv2.LINE_AA)
    for _ in range(30):
        x, y = (int(v) for v in generator.integers(0, (SIZE[1], SIZE[0])))
        cv2.circle(picture, (x, y), 5, (200, 30, 30), -1, cv2.LINE_AA)
    return picture


def page() -> NDArray[np.uint8]:
    """A page of text."""
    picture = _blank((250, 249, 245))
    for row in range(9):
        cv2.putText(picture, "Spots that do not fade under a glass", (15, 40 + 36 * row), 0, 0.7, (25, 25, 30), 1)
    return picture


def scatter_chart() -> NDArray[np.uint8]:
    """A chart with red points on white."""
    picture = _blank((255, 255, 255))
    cv2.line(picture, (50, 320), (450, 320), (0, 0, 0), 2)
    cv2.line(picture, (50, 30), (50, 320), (0, 0, 0), 2)
    for x, y in np.random.default_rng(5).uniform((60, 40), (440, 310), (60, 2)):
        cv2.circle(picture, (round(x), round(y)), 4, (214, 39, 40), -1, cv2.LINE_AA)
    return picture


def tinted_chart() -> NDArray[np.uint8]:
    """The same on the skin-coloured ground that some print."""
    picture = scatter_chart()
    picture[(picture > 250).all(axis=2)] = (252, 228, 214)
    return picture


def bar_chart() -> NDArray[np.uint8]:
    """Bars of several colours on white."""
    picture = _blank((255, 255, 255))
    for number, color in enumerate([(214, 39, 40), (31, 119, 180), (44, 160, 44), (255, 127, 14), (148, 103, 189)]):
        cv2.rectangle(picture, (60 + 80 * number, 300 - 45 * number), (110 + 80 * number, 320), color, -1)
    return picture


def cartoon() -> NDArray[np.uint8]:
    """A face drawn in flat colours, with spots."""
    picture = _blank((120, 190, 240))
    cv2.ellipse(picture, (240, 180), (120, 150), 0, 0, 360, SKIN_RGB, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (240, 180), (120, 150), 0, 0, 360, (0, 0, 0), 3, cv2.LINE_AA)
    for x in (200, 280):
        cv2.circle(picture, (x, 150), 18, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 150), 8, (0, 0, 0), -1, cv2.LINE_AA)
    cv2.ellipse(picture, (240, 240), (50, 25), 0, 0, 180, (160, 30, 40), -1, cv2.LINE_AA)
    for x, y in np.random.default_rng(6).uniform((160, 180), (320, 220), (14, 2)):
        cv2.circle(picture, (round(x), round(y)), 4, (225, 80, 80), -1, cv2.LINE_AA)
    return picture


def icon() -> NDArray[np.uint8]:
    """A flat skin-coloured ground with one flat red disk."""
    picture = _blank(SKIN_RGB)
    cv2.circle(picture, (240, 180), 60, (200, 40, 40), -1, cv2.LINE_AA)
    return picture


def blurred_shower() -> NDArray[np.uint8]:
    """A petechial shower far out of focus."""
    scene = Scene(width_px=SIZE[1], height_px=SIZE[0], px_per_mm=6.0, seed=5)
    rgb = render(scene, petechial_shower(np.random.default_rng(5), scene, 60, diameter_mm=1.6)).rgb
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 9.0), np.uint8)


def blurred_lesion() -> NDArray[np.uint8]:
    """A single lesion far out of focus."""
    scene = Scene(width_px=SIZE[1], height_px=SIZE[0], px_per_mm=12.0, seed=6)
    rgb = render(scene, single_lesion(np.random.default_rng(6), scene, "naevus", diameter_mm=8.0)).rgb
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 14.0), np.uint8)


def dark_photo() -> NDArray[np.uint8]:
    """A shower with hardly any light."""
    scene = Scene(width_px=SIZE[1], height_px=SIZE[0], px_per_mm=6.0, seed=7, exposure=0.1)
    rgb = render(scene, petechial_shower(np.random.default_rng(7), scene, 60)).rgb
    return np.asarray(rgb * 0.35, np.uint8)


def dermoscopy() -> NDArray[np.uint8]:
    """A view through a dermatoscope: a round field on black, a naevus with a net of lines that fills half of it."""
    scene = Scene(width_px=SIZE[1], height_px=SIZE[0], px_per_mm=30.0, seed=8, gloss=0.0, texture=0.2)
    rgb = render(scene, single_lesion(np.random.default_rng(8), scene, "naevus", diameter_mm=6.0)).rgb.astype(float)
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    distance = np.hypot(rows - 180, columns - 240)
    net = (np.abs(np.sin(columns / 5.0)) * np.abs(np.sin((columns / 2 + rows) / 5.0)) < 0.15) & (distance < 85)
    rgb[net] *= 0.75
    for x, y in np.random.default_rng(9).uniform((120, 60), (360, 300), (12, 2)):
        cv2.circle(rgb, (round(x), round(y)), 5, (235, 235, 235), 1, cv2.LINE_AA)
    rgb[distance > 175] = 4
    return np.asarray(rgb, np.uint8)


PICTURES = (
    black,
    white,
    noise,
    meadow,
    page,
    scatter_chart,
    tinted_chart,
    bar_chart,
    cartoon,
    icon,
    blurred_shower,
    blurred_lesion,
    dark_photo,
    dermoscopy,
)
