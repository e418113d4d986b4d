"""Small drawn photos of skin with red spots, for tests that need files and not looks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SKIN_RGB, SPOT_RGB = (214, 172, 148), (168, 84, 84)


def drawn_skin(seed: int, count: int = 5, height: int = 96, width: int = 128, radius: int = 4) -> NDArray[np.uint8]:
    """Picture of skin with a few spots, another for each seed."""
    random = np.random.default_rng(seed)
    photo = np.full((height, width, 3), SKIN_RGB, np.uint8)
    for _ in range(count):
        centre = (int(random.integers(12, width - 12)), int(random.integers(12, height - 12)))
        cv2.circle(photo, centre, radius + int(random.integers(-1, 2)), SPOT_RGB, -1, cv2.LINE_AA)
    noise = random.normal(0.0, 1.5, photo.shape)
    return np.clip(cv2.GaussianBlur(photo, (0, 0), 1.0) + noise, 0, 255).astype(np.uint8)


def write_photo(path: Path, seed: int, **options: int) -> Path:
    """Write a drawn photo, in the format of its extension, and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    extension = path.suffix if path.suffix.lower() != ".heic" else ".jpg"
    path.write_bytes(cv2.imencode(extension, drawn_skin(seed, **options)[..., ::-1])[1].tobytes())
    return path
