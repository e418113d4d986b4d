"""How honest the stated error of a registration is: real photos beside copies seen from elsewhere in other light.

Run: python benchmarks/registered_pairs.py PAIRS FOLDER ..., folders with photos/. Every copy is made by a known map:
turned, zoomed, tilted, shifted and cut, under a light that falls off, with a cast, blur, noise and JPEG of its own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.analysis import analyze
from lesionvis.compare.registration import register
from lesionvis.geometry import project
from lesionvis.lab.render.synth import encode_jpeg
from lesionvis.photo import read_photo

Picture = NDArray[np.uint8]

JPEG_QUALITY = 85
GRID_STEP_PX = 8
MIN_PLACES = 50
"""Places of skin that both photos must show, 8 working px apart, for a pair to be one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One pair: whether it was trusted, and in px of the copy the stated error and what the map is off (median)."""

    trusted: bool
    stated_px: float
    off_px: float


def true_map(generator: np.random.Generator, width_px: int, height_px: int) -> NDArray[np.float64]:
    """Homography from a photo to its copy of the same size."""
    turn, zoom = np.deg2rad(generator.normal(0.0, 10.0)), np.exp(generator.uniform(-0.2, 0.25))
    cosine, sine = zoom * np.cos(turn), zoom * np.sin(turn)
    shift_px = generator.uniform(-0.1, 0.1, 2) * (width_px, height_px)
    middle = np.array([[1.0, 0.0, -width_px / 2], [0.0, 1.0, -height_px / 2], [0.0, 0.0, 1.0]])
    tilt = generator.normal(0.0, 0.04, 2) / max(width_px, height_px)
    turned = np.array([[cosine, -sine, shift_px[0]], [sine, cosine, shift_px[1]], [*tilt, 1.0]])
    return np.asarray(np.linalg.inv(middle) @ turned @ middle)


def copied(rgb: Picture, matrix: NDArray[np.float64], generator: np.random.Generator) -> Picture:
    """Copy of a photo seen from elsewhere, in other light."""
    height, width = rgb.shape[:2]
    copy = cv2.warpPerspective(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    slope = generator.uniform(-0.3, 0.3, 2)
    light = 1 + slope[0] * np.linspace(-1, 1, width)[None, :] + slope[1] * np.linspace(-1, 1, height)[:, None]
    cast = generator.uniform(0.85, 1.15) * np.exp(generator.normal(0.0, 0.04, 3))
    lit = cv2.GaussianBlur(copy * light[..., None] * cast, (0, 0), float(generator.uniform(0.4, 1.2)))
    noisy = np.round(lit + generator.normal(0.0, 2.0, lit.shape))
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def examine(path: Path, seed: int) -> Outcome | None:
    """Register a photo with a copy of it; None where both show too little skin in common."""
    cv2.setNumThreads(1)
    generator = np.random.default_rng(seed)
    rgb = read_photo(path).rgb
    height, width = rgb.shape[:2]
    matrix = true_map(generator, width, height)
    first, second = analyze(rgb), analyze(encode_jpeg(copied(rgb, matrix, generator), JPEG_QUALITY))
    y, x = np.mgrid[0:height:GRID_STEP_PX, 0:width:GRID_STEP_PX].reshape(2, -1)
    places = np.stack([x, y], axis=1)[first.skin.mask[y, x]].astype(float)
    truth = project(matrix, places)
    column, row = np.rint(truth).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    inside[inside] = second.skin.mask[row[inside], column[inside]]
    if inside.sum() < MIN_PLACES:
        return None
    registration = register(first, second)
    off_px = np.hypot(*(registration.map_points(places[inside]) - truth[inside]).T)
    return Outcome(registration.trusted, registration.error_px, float(np.median(off_px)))


def main() -> None:
    """Print the table."""
    n_pairs, folders = int(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    print(
        "| folder | pairs | trusted | off by up to twice the stated error | off, px | stated, px | off by over 3 px |"
    )
    print("|---|---|---|---|---|---|---|")
    for folder in folders:
        paths = sorted(folder.joinpath("photos").iterdir())
        chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, n_pairs).round().astype(int)]
        with Parallel(n_jobs=1) as parallel:
            pairs = list(parallel(delayed(examine)(path, seed) for seed, path in enumerate(chosen)))
        outcomes = [pair for pair in pairs if pair is not None]
        trusted = [pair for pair in outcomes if pair.trusted]
        off, stated = (np.array([getattr(pair, name) for pair in trusted]) for name in ("off_px", "stated_px"))
        print(
            f"| {folder.name} | {len(outcomes)} | {len(trusted)} | {np.mean(off <= 2 * stated):.3f} |"
            f" {np.median(off):.2f} | {np.median(stated):.2f} | {np.sum(off > 3)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
