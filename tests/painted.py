"""Rendered skin with painted lesions whose form and colours are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from stages import NO_SCALE

from lesionvis.abcde import LesionPatch, lesion_patch
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import Photo, read_photo
from lesionvis.skin import Skin, find_skin
from lesionvis.spots import SpotFinder, Spots

SCENE = Scene(width_px=320, height_px=240, px_per_mm=10.0, seed=3)
CENTRE = (158.0, 121.0)
RADIUS = 45.0
# Density that melanin adds to that of skin, log10.
BROWN = (0.25, 0.38, 0.55)

Form = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def disk(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.full_like(angle, RADIUS)


def long_ellipse(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice as long as wide, along x."""
    return np.asarray(60.0 / np.sqrt(np.cos(angle) ** 2 + 4.0 * np.sin(angle) ** 2))


def egg(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mirror-symmetric about x alone."""
    return np.asarray(RADIUS * (1.0 + 0.12 * np.cos(angle) + 0.16 * np.cos(3.0 * angle)))


def comma(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lobe to one side and a tail to another: symmetric about nothing."""
    lobe = 0.45 * np.exp(-(np.angle(np.exp(1j * (angle - 0.4))) ** 2) / 0.3)
    tail = 0.55 * np.exp(-(np.angle(np.exp(1j * (angle - 2.2))) ** 2) / 0.08)
    return np.asarray(RADIUS * (0.8 + lobe + tail))


def scalloped(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nine scallops of 12 % of the radius."""
    return np.asarray(RADIUS * (1.0 + 0.12 * np.cos(9.0 * angle)))


def polar() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance from the centre and angle of every pixel."""
    rows, columns = np.mgrid[0 : SCENE.height_px, 0 : SCENE.width_px]
    return np.hypot(columns - CENTRE[0], rows - CENTRE[1]), np.arctan2(rows - CENTRE[1], columns - CENTRE[0])


def outline_of(form: Form) -> NDArray[np.float64]:
    """Corners of a form."""
    angle = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    return np.stack([CENTRE[0] + form(angle) * np.cos(angle), CENTRE[1] + form(angle) * np.sin(angle)], axis=1)


def skin_photo(ita_deg: float = 48.0) -> NDArray[np.uint8]:
    """Skin without a spot."""
    return render(dataclasses.replace(SCENE, ita_deg=ita_deg)).rgb


def painted(
    form: Form,
    density: NDArray[np.float64] | tuple[float, ...] = BROWN,
    softness_px: float = 1.0,
    ita_deg: float = 48.0,
) -> NDArray[np.uint8]:
    """Skin with a lesion of a form that takes out light by `density`, (3,) or (H, W, 3), log10."""
    distance, angle = polar()
    cover = np.clip(0.5 - (distance - form(angle)) / softness_px, 0.0, 1.0)
    return added(skin_photo(ita_deg), cover[..., None] * np.asarray(density))


def added(rgb: NDArray[np.uint8], density: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Picture with density added, in linear light."""
    level = rgb / 255.0
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4) * 10.0**-density
    linear = np.clip(linear, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255.0 * srgb).astype(np.uint8)


def marked(rgb: NDArray[np.uint8], form: Form, left_px: float = 0.0) -> tuple[Photo, Skin, Spots]:
    """The stages' results with the true outline, moved to the left, in place of the one that would be found."""
    photo = read_photo(rgb)
    skin = find_skin(photo, NO_SCALE)
    outline = outline_of(form) - (left_px, 0.0)
    labels = np.zeros(rgb.shape[:2], np.int32)
    cv2.fillPoly(labels, [np.round(outline).astype(np.int32)], 1)
    found = SpotFinder()(photo, skin, NO_SCALE)
    spots = dataclasses.replace(found, labels=labels, outlines_px=(outline,), score=np.ones(1), lesion=1)
    return photo, skin, spots


def patch_of(rgb: NDArray[np.uint8], form: Form) -> LesionPatch:
    """Patch of the lesion inside the true outline."""
    patch = lesion_patch(*marked(rgb, form))
    assert patch is not None
    return patch
