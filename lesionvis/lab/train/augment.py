"""Copies of a photo as another camera, film, framing or web site would have shown it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Ranges of each change; drawn uniformly.
CROP_MIN = 0.8
RESIZE = (0.55, 1.4)
GAIN = (0.88, 1.12)
GAMMA = (0.8, 1.25)
BLUR_SIGMA_PX = (0.0, 1.3)
NOISE_LEVELS = (0.0, 4.0)
JPEG_QUALITY = (45, 95)
# Light that falls off across the picture: the darkest side gets this part of the lightest's.
LIGHT_FALL = (0.6, 1.0)
# Chance of a caption strip, as slides of other sources have.
CAPTION_CHANCE = 0.2


def augmented(rgb: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """One changed copy: cropped, turned, resized, recoloured, blurred, noisy and compressed.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    generator : numpy.random.Generator
        Decides on every change.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        What the label says stays true: a crop keeps the centre, colours shift as films do.
    """
    noisy = _developed(_framed(rgb, generator), generator)
    if generator.random() < CAPTION_CHANCE:
        noisy = _with_caption(noisy, generator)
    return _compressed(noisy, generator)


def recaptured(rgb: NDArray[np.uint8], factor: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """One changed copy of another size, whose places are those of the original times its size.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    factor : float
        Size of the copy over that of the original.
    generator : numpy.random.Generator
        Decides on light, colours, blur, noise and compression.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
    """
    size = (max(32, round(rgb.shape[1] * factor)), max(32, round(rgb.shape[0] * factor)))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(rgb, size, interpolation=kind), np.uint8)
    return _compressed(_developed(_lit_from_a_side(picture, generator), generator), generator)


def _lit_from_a_side(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """The picture with light that falls off across it, in levels to the power of 2.2, about linear light."""
    height, width = picture.shape[:2]
    down, across = np.mgrid[-1.0 : 1.0 : height * 1j, -1.0 : 1.0 : width * 1j]
    angle = generator.uniform(0.0, 2.0 * np.pi)
    part = (1.0 + across * np.cos(angle) + down * np.sin(angle)) / 2.0
    light = np.clip(1.0 - (1.0 - generator.uniform(*LIGHT_FALL)) * part, 0.3, 1.0) ** (1.0 / 2.2)
    return np.asarray(np.round(picture * light[..., None]), np.uint8)


def _developed(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """With other colours, contrast, sharpness and noise."""
    linear_gain = generator.uniform(*GAIN, size=3)
    gamma = generator.uniform(*GAMMA)
    levels = np.arange(256)[:, None] / 255.0
    table = np.clip((levels**gamma) * linear_gain, 0.0, 1.0) * 255.0
    picture = np.asarray(cv2.LUT(picture, np.round(table).astype(np.uint8)[:, None, :].reshape(256, 1, 3)))
    sigma = generator.uniform(*BLUR_SIGMA_PX)
    if sigma > 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))
    noise = generator.normal(0.0, generator.uniform(*NOISE_LEVELS), picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def _compressed(noisy: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """As JPEG of a quality that is drawn."""
    quality = int(generator.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1))
    _, code = cv2.imencode(".jpg", noisy[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded, np.uint8)


def _framed(rgb: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Cropped, turned by quarters, mirrored and resized."""
    height, width = rgb.shape[:2]
    share = generator.uniform(CROP_MIN, 1.0)
    crop_height, crop_width = round(share * height), round(share * width)
    top = int(generator.integers(0, height - crop_height + 1))
    left = int(generator.integers(0, width - crop_width + 1))
    picture = rgb[top : top + crop_height, left : left + crop_width]
    picture = np.rot90(picture, int(generator.integers(0, 4)))
    if generator.random() < 0.5:
        picture = picture[:, ::-1]
    factor = generator.uniform(*RESIZE)
    size = (max(64, round(picture.shape[1] * factor)), max(64, round(picture.shape[0] * factor)))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=kind), np.uint8)


def _with_caption(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """A black or white strip with a line of text below or above the picture."""
    height, width = picture.shape[:2]
    strip = np.full((max(16, height // 14), width, 3), 255 if generator.random() < 0.5 else 0, np.uint8)
    ink = 255 - int(strip[0, 0, 0])
    size = strip.shape[0] / 40.0
    cv2.putText(strip, "case 12-B  clinical photo", (4, int(0.7 * len(strip))), 0, size, (ink, ink, ink), 1)
    parts = [picture, strip] if generator.random() < 0.5 else [strip, picture]
    return np.ascontiguousarray(np.concatenate(parts))
