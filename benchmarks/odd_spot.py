"""Moles in crops of petechiae, rendered: how often the one spot that is unlike the others is told apart.

Run: python benchmarks/odd_spot.py [seeds]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np

from lesionvis.analysis import Analyzer
from lesionvis.lab.render.scenarios import petechial_shower, single_lesion
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import encode_jpeg, render

SIZE_PX = (1280, 960)
PX_PER_MM = 8.0
JPEG_QUALITY = 90
N_PETECHIAE = 60
PETECHIA_MM = 1.4
KINDS: tuple[Literal["naevus", "melanoma"], ...] = ("naevus", "melanoma")
MOLE_MM = (4.0, 8.0)
# Tones on which blood and pigment are both seen.
TONES_ITA_DEG = (25.0, 55.0)
# Centre of the mole in parts of the photo's width and height.
PLACES = ((0.5, 0.5), (0.35, 0.4), (0.8, 0.3), (0.2, 0.25))


def crop(seed: int, mole: RenderedSpot | None) -> bytes:
    """Photo of a crop of petechiae, none of them on the mole."""
    generator = np.random.default_rng(seed)
    scene = scene_of(seed)
    spots = petechial_shower(generator, scene, N_PETECHIAE, diameter_mm=PETECHIA_MM)
    if mole is not None:
        reach = [0.6 * (spot.diameter_px + mole.diameter_px) for spot in spots]
        away = [np.hypot(spot.x_px - mole.x_px, spot.y_px - mole.y_px) for spot in spots]
        spots = (*(spot for spot, far, near in zip(spots, away, reach, strict=True) if far > near), mole)
    return encode_jpeg(render(scene, spots).rgb, JPEG_QUALITY)


def scene_of(seed: int) -> Scene:
    """Skin of some tone."""
    tone = float(np.random.default_rng(seed).uniform(*TONES_ITA_DEG))
    return Scene(width_px=SIZE_PX[0], height_px=SIZE_PX[1], px_per_mm=PX_PER_MM, seed=seed, ita_deg=tone, hair_count=8)


def is_told_apart(photo: bytes, mole: RenderedSpot) -> bool:
    """Whether the dominant lesion is the mole."""
    table = Analyzer(px_per_mm=PX_PER_MM)(photo).table
    rows = np.flatnonzero(table["is_lesion"])
    off = np.hypot(table["x_px"][rows] - mole.x_px, table["y_px"][rows] - mole.y_px)
    return bool((off < 0.3 * mole.diameter_px).any())


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| mole | " + " | ".join(f"{100 * x:.0f} %, {100 * y:.0f} % of the photo" for x, y in PLACES) + " |")
    print("|---" * (1 + len(PLACES)) + "|")
    for kind in KINDS:
        for diameter_mm in MOLE_MM:
            told = []
            for x, y in PLACES:
                count = 0
                for seed in range(n_seeds):
                    (mole,) = single_lesion(np.random.default_rng(seed), scene_of(seed), kind, diameter_mm=diameter_mm)
                    mole = replace(mole, x_px=x * SIZE_PX[0], y_px=y * SIZE_PX[1])
                    count += is_told_apart(crop(seed, mole), mole)
                told.append(f"{count} of {n_seeds}")
            print(f"| {kind}, {diameter_mm:g} mm | " + " | ".join(told) + " |")
    analyzer = Analyzer(px_per_mm=PX_PER_MM)
    wrong = sum(bool(analyzer(crop(seed, None)).spots.lesion) for seed in range(4 * n_seeds))
    print(f"\nCrops without a mole in which something was told apart: {wrong} of {4 * n_seeds}.")


if __name__ == "__main__":
    main()
