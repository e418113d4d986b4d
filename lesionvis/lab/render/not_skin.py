"""Pictures that show no skin and tempt to see spots on it: food, cloth, fur, wood, stained tissue, drawings, charts."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import decode_srgb
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.surface import Map, smooth_noise
from lesionvis.lab.render.synth import photograph

Picture = NDArray[np.float32]
"""Linear sRGB of shape (HEIGHT_PX, WIDTH_PX, 3), 0 to 1."""

HEIGHT_PX, WIDTH_PX = 480, 640


def draw_not_skin(kind: str, seed: int) -> NDArray[np.uint8]:
    """Photo of something that is no skin.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    seed : int
        Of all that is random, 0 or more: the same seed gives the same bytes.

    Returns
    -------
    ndarray of shape (HEIGHT_PX, WIDTH_PX, 3), uint8
        sRGB picture with the blur, noise, light and JPEG of a camera.

    Examples
    --------
    >>> draw_not_skin("berries", 1).shape
    (480, 640, 3)
    """
    generator = np.random.default_rng([list(KINDS).index(kind), seed])
    scene = Scene(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        seed=seed,
        light_temperature_k=float(generator.uniform(4200, 7500)),
        exposure=float(generator.uniform(0.8, 1.2)),
        blur_sigma_px=float(generator.uniform(0.5, 1.2)),
        noise_sigma_levels=float(generator.uniform(1.0, 3.0)),
        jpeg_quality=int(generator.integers(70, 95)),
    )
    return photograph(scene, np.clip(KINDS[kind](generator), 0.0, 1.0).astype(np.float32))


def _noise(generator: np.random.Generator, sigma_px: float, stretch: float = 1.0, angle_deg: float = 0.0) -> Map:
    return smooth_noise(generator, HEIGHT_PX, WIDTH_PX, sigma_px, stretch, angle_deg)


def _color(generator: np.random.Generator, *levels: tuple[int, int, int], spread: int = 15) -> NDArray[np.float32]:
    """One of some colours, given as sRGB levels, a little changed; linear."""
    chosen = np.asarray(levels[generator.integers(len(levels))]) + generator.integers(-spread, spread + 1, 3)
    return decode_srgb(np.clip(chosen, 0, 255) / 255.0).astype(np.float32)


def _ground(generator: np.random.Generator, color: NDArray[np.float32], *grains: tuple[float, float]) -> Picture:
    """Even ground of a colour whose light is uneven by some grains: (size in px, spread of the logarithm)."""
    uneven = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    for sigma_px, spread in grains:
        uneven += np.float32(spread) * _noise(generator, sigma_px)
    return np.asarray(color * np.exp(uneven)[..., None], np.float32)


def _places(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    return np.asarray(generator.uniform((0.0, 0.0), (WIDTH_PX, HEIGHT_PX), (count, 2)))


def _lay(picture: Picture, alpha: Map, color: NDArray[np.float32] | Picture) -> None:
    picture += alpha[..., None] * (color - picture)


def _disk(xy: NDArray[np.float64], radius_px: float, wobble: Map, soft_px: float = 1.0) -> tuple[Map, Map]:
    """How much of each px a round thing covers, and the distance from its centre in radii."""
    y, x = np.indices((HEIGHT_PX, WIDTH_PX), np.float32)
    distance = np.hypot(x - np.float32(xy[0]), y - np.float32(xy[1])) / np.float32(radius_px)
    edge = np.float32(1.0) + np.float32(0.08) * wobble
    alpha = np.clip(0.5 + (edge - distance) * np.float32(radius_px / soft_px), 0.0, 1.0)
    return np.asarray(alpha, np.float32), np.asarray(distance, np.float32)


def _pizza(generator: np.random.Generator) -> Picture:
    """Cheese or dough with round slices of sausage or tomato."""
    cheese = _color(generator, (232, 196, 130), (240, 212, 160), (225, 170, 120))
    picture = _ground(generator, cheese, (25.0, 0.25), (4.0, 0.12))
    brown = np.clip(_noise(generator, 12.0) - 1.0, 0.0, 1.0)
    _lay(picture, brown, _color(generator, (150, 90, 50)))
    wobble = _noise(generator, 15.0)
    radius_px = generator.uniform(12, 45)
    for xy in _places(generator, int(generator.integers(6, 25))):
        alpha, distance = _disk(xy, radius_px * generator.uniform(0.8, 1.2), wobble)
        slice_ = _ground(generator, _color(generator, (170, 50, 40), (200, 70, 50), (140, 40, 45)), (3.0, 0.2))
        _lay(picture, alpha, slice_ * (1.0 - 0.3 * np.clip(distance, 0, 1) ** 6)[..., None])
    return picture


def _berries(generator: np.random.Generator) -> Picture:
    """A heap of berries, shining, on cream or a plate."""
    picture = _ground(generator, _color(generator, (240, 225, 205), (225, 190, 165), (200, 160, 120)), (40.0, 0.15))
    flat = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    radius_px = generator.uniform(8, 40)
    berry = _color(generator, (170, 20, 30), (200, 40, 50), (90, 20, 60), (60, 30, 70))
    for xy in _places(generator, int(generator.integers(4, 60))):
        radius = radius_px * generator.uniform(0.7, 1.3)
        alpha, distance = _disk(xy, radius, flat)
        shade = 0.35 + 0.65 * np.sqrt(np.clip(1.0 - distance**2, 0.0, 1.0))
        _lay(picture, alpha, berry * shade[..., None])
        gloss, _ = _disk(xy - 0.35 * radius, 0.15 * radius, flat)
        _lay(picture, 0.7 * gloss, np.ones(3, np.float32))
    return picture


def _dough(generator: np.random.Generator) -> Picture:
    """Bread, ham, salmon or minced meat from near: the colours of skin, marbled."""
    meat = _color(generator, (214, 150, 110), (228, 160, 150), (240, 140, 110), (190, 100, 90))
    picture = _ground(generator, meat, (20.0, 0.15), (5.0, 0.1), (1.5, 0.05))
    veins = np.exp(-((_noise(generator, 14.0, 3.0, generator.uniform(0, 180)) / 0.12) ** 2))
    _lay(picture, 0.7 * veins, _color(generator, (245, 225, 210)))
    holes = np.clip(2.0 * (_noise(generator, generator.uniform(4, 9)) - 1.6), 0.0, 1.0)
    _lay(picture, holes, _color(generator, (120, 60, 45), (90, 30, 30)))
    return picture


def _cloth(generator: np.random.Generator) -> Picture:
    """Woven cloth of any colour, plain or printed with dots."""
    color = _color(generator, (225, 185, 160), (200, 150, 130), (240, 235, 225), (180, 60, 60), (120, 140, 170))
    y, x = np.indices((HEIGHT_PX, WIDTH_PX), np.float32)
    pitch_px = generator.uniform(3, 9)
    bend = _noise(generator, 60.0) * 4.0
    over = np.sin(2 * np.pi * (x + bend) / pitch_px) * np.sin(2 * np.pi * (y + bend) / pitch_px)
    threads = 0.5 * np.cos(np.pi * (x + bend) / pitch_px) ** 2 + 0.5 * np.cos(np.pi * (y + bend) / pitch_px) ** 2
    picture = _ground(generator, color, (50.0, 0.12), (1.0, 0.03))
    picture *= np.exp(0.15 * over + 0.2 * (threads - 0.5))[..., None]
    if generator.random() < 0.6:
        spacing, radius = generator.uniform(30, 90), generator.uniform(3, 18)
        dot = _color(generator, (190, 40, 40), (130, 50, 40), (60, 60, 110), (150, 90, 60))
        to_dot = np.hypot((x + bend) % spacing - spacing / 2, (y + bend) % spacing - spacing / 2)
        _lay(picture, np.clip(0.5 + radius - to_dot, 0.0, 1.0), dot * np.exp(0.15 * over)[..., None])
    return picture


def _fur(generator: np.random.Generator) -> Picture:
    """Fur of an animal: fine hairs in one direction, with darker patches or a nose."""
    color = _color(generator, (190, 140, 100), (225, 195, 165), (150, 100, 70), (210, 160, 120))
    angle = generator.uniform(0, 180)
    hairs = 0.35 * _noise(generator, 1.2, 14.0, angle) + 0.2 * _noise(generator, 2.5, 8.0, angle + 12.0)
    picture = _ground(generator, color, (60.0, 0.25)) * np.exp(hairs)[..., None]
    patches = np.clip(1.5 * (_noise(generator, generator.uniform(20, 60)) - 1.0), 0.0, 1.0)
    _lay(picture, patches, _color(generator, (90, 60, 45), (50, 40, 35)) * np.exp(hairs)[..., None])
    return picture


def _wood(generator: np.random.Generator) -> Picture:
    """Planks with rings and knots."""
    color = _color(generator, (205, 160, 115), (180, 120, 80), (225, 190, 150))
    angle = generator.uniform(-10, 10)
    y, _ = np.indices((HEIGHT_PX, WIDTH_PX), np.float32)
    rings = np.sin(2 * np.pi * (y + 18.0 * _noise(generator, 50.0, 4.0, angle)) / generator.uniform(10, 25))
    picture = _ground(generator, color, (80.0, 0.1)) * np.exp(
        0.12 * rings + 0.08 * _noise(generator, 1.0, 20.0, angle)
    )[..., None].astype(np.float32)
    wobble = _noise(generator, 12.0)
    for xy in _places(generator, int(generator.integers(0, 4))):
        alpha, distance = _disk(xy, generator.uniform(10, 35), wobble, soft_px=4.0)
        knot = _color(generator, (110, 60, 35), (80, 45, 30))
        _lay(picture, 0.9 * alpha, knot * (1.0 + 0.3 * np.sin(12.0 * distance))[..., None])
    return picture


def _tissue(generator: np.random.Generator) -> Picture:
    """Stained tissue under a microscope: pink fibres, gaps, purple nuclei."""
    pink = _color(generator, (225, 150, 180), (235, 175, 190), (215, 130, 150), (205, 140, 120))
    fibres = 0.12 * _noise(generator, 2.0, 6.0, generator.uniform(0, 180))
    picture = _ground(generator, pink, (25.0, 0.15)) * np.exp(fibres)[..., None]
    gaps = np.clip(3.0 * (_noise(generator, generator.uniform(8, 25)) - 1.1), 0.0, 1.0)
    _lay(picture, gaps, _color(generator, (245, 240, 245), spread=5))
    nucleus = _color(generator, (110, 60, 140), (150, 50, 90), (130, 70, 60))
    radius_px = generator.uniform(2.5, 7.0)
    nuclei = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for x, y in _places(generator, int(generator.integers(60, 500))).astype(int).tolist():
        axes = (round(radius_px * generator.uniform(0.7, 1.5)), round(radius_px * generator.uniform(0.6, 1.0)))
        cv2.ellipse(nuclei, (x, y), axes, float(generator.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    _lay(picture, 0.85 * nuclei.astype(np.float32) / 255.0, nucleus)
    return np.asarray(picture, np.float32)


def _drawing(generator: np.random.Generator) -> Picture:
    """Crayon or water colours on paper: a face, a ball, a ladybird, dots."""
    picture = _ground(
        generator, _color(generator, (245, 240, 230), (235, 205, 180), spread=8), (1.0, 0.03), (90.0, 0.08)
    )
    strokes = 0.15 * _noise(generator, 1.5, 12.0, generator.uniform(0, 180))
    wobble = _noise(generator, 25.0)
    middle = np.array([WIDTH_PX / 2, HEIGHT_PX / 2]) + generator.uniform(-60, 60, 2)
    face = _color(generator, (235, 180, 150), (210, 60, 50), (250, 200, 90), (225, 150, 130))
    alpha, distance = _disk(middle, generator.uniform(90, 190), wobble, soft_px=3.0)
    _lay(picture, 0.9 * alpha, face * np.exp(strokes)[..., None])
    _lay(picture, np.exp(-(((distance - 1.0) / 0.02) ** 2)).astype(np.float32), _color(generator, (40, 35, 40)))
    for offset in generator.normal(0.0, 70.0, (int(generator.integers(2, 30)), 2)):
        dot, _ = _disk(middle + offset, generator.uniform(3, 14), wobble, soft_px=2.0)
        _lay(picture, 0.9 * dot, _color(generator, (200, 40, 40), (30, 30, 35), (120, 60, 50)))
    return picture


def _chart(generator: np.random.Generator) -> Picture:
    """A printed chart with red points, photographed from paper."""
    paper = _color(generator, (250, 248, 244), (248, 228, 214), (240, 220, 200), spread=4)
    picture = _ground(generator, paper, (0.8, 0.02), (120.0, 0.12))
    ink = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for number in range(6):
        cv2.line(ink, (70, 60 + 70 * number), (600, 60 + 70 * number), 60, 1, cv2.LINE_AA)
        cv2.putText(ink, f"{number * 20}", (25, 65 + 70 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 230, 1, cv2.LINE_AA)
    _lay(picture, ink.astype(np.float32) / 255.0, _color(generator, (40, 40, 45), spread=5))
    points = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    radius = int(generator.integers(3, 9))
    for x, y in generator.uniform((80, 60), (590, 410), (int(generator.integers(10, 120)), 2)).astype(int).tolist():
        cv2.circle(points, (x, y), radius, 255, -1, cv2.LINE_AA)
    _lay(picture, points.astype(np.float32) / 255.0, _color(generator, (214, 39, 40), (148, 60, 60), (180, 60, 120)))
    return picture


def _ground_outside(generator: np.random.Generator) -> Picture:
    """Sand, soil, gravel or leaves with something red on it."""
    color = _color(generator, (205, 175, 140), (150, 110, 80), (120, 120, 115), (100, 120, 60))
    picture = _ground(generator, color, (1.2, 0.25), (5.0, 0.25), (40.0, 0.15))
    wobble = _noise(generator, 8.0)
    radius_px = generator.uniform(4, 30)
    for xy in _places(generator, int(generator.integers(1, 30))):
        alpha, distance = _disk(xy, radius_px * generator.uniform(0.5, 1.5), wobble, soft_px=1.5)
        leaf = _color(generator, (190, 50, 35), (140, 60, 40), (210, 110, 50))
        _lay(picture, alpha, leaf * (1.0 - 0.2 * np.clip(distance, 0.0, 1.0))[..., None])
    return picture


def _tongue(generator: np.random.Generator) -> Picture:
    """A tongue from near: papillae, a coat, a furrow."""
    pink = _color(generator, (215, 130, 130), (225, 150, 145), (195, 105, 110))
    picture = _ground(generator, pink, (60.0, 0.15), (2.5, 0.12))
    coat = np.clip(0.4 + 0.3 * _noise(generator, 60.0) + 0.25 * _noise(generator, 3.0), 0.0, 0.8)
    _lay(picture, coat, _color(generator, (235, 215, 205)))
    flat = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    radius_px = generator.uniform(3, 8)
    for xy in _places(generator, int(generator.integers(20, 120))):
        alpha, distance = _disk(xy, radius_px * generator.uniform(0.8, 1.2), flat, soft_px=2.0)
        _lay(picture, 0.8 * alpha, _color(generator, (205, 70, 80)) * (1.2 - 0.3 * np.clip(distance, 0, 1))[..., None])
    x = np.arange(WIDTH_PX, dtype=np.float32)
    furrow = np.exp(-(((x - WIDTH_PX / 2) / 10.0) ** 2))
    return np.asarray(picture * (1.0 - 0.4 * furrow)[None, :, None], np.float32)


KINDS: dict[str, Callable[[np.random.Generator], Picture]] = {
    "pizza": _pizza,
    "berries": _berries,
    "bread and meat": _dough,
    "cloth": _cloth,
    "fur": _fur,
    "wood": _wood,
    "stained tissue": _tissue,
    "drawing": _drawing,
    "chart": _chart,
    "ground": _ground_outside,
    "tongue": _tongue,
}
"""What can be drawn, by name."""
