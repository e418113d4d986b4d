"""How the scale is read off rendered photos that show a whole ruler, with ticks 2 to 5 working px apart.

Run: python benchmarks/whole_rulers.py [photos per print]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.render.rulers import (
    LOOKS,
    RULER_PRINTS,
    PhotoFaults,
    RulerPose,
    draw_ruler,
    skin_background,
    spoil,
)
from lesionvis.photo import PhotoReader
from lesionvis.scale.base import Scale
from lesionvis.scale.ruler.finder import RulerFinder

WIDTH_PX, HEIGHT_PX = 2048, 1536
MAX_LENGTH_MM = 300.0

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of photo: prints of the two edges, or of one, and whether there is a body to them."""

    name: str
    prints: tuple[str, ...]
    has_body: bool = True


CASES = (
    *(Case(name.replace("_", " "), (name,)) for name in RULER_PRINTS),
    Case("millimetre and 1/16 inch", ("millimetre_short", "inch_sixteenth")),
    Case("half millimetre and 1/16 inch", ("half_millimetre", "inch_sixteenth")),
    Case("millimetres drawn by software", ("millimetre",), has_body=False),
)


def draw(case: Case, seed: int) -> tuple[Picture, float]:
    """Photo with a ruler across most of it, and its scale."""
    generator = np.random.default_rng(seed)
    px_per_mm = float(generator.uniform(4.0, 7.0))
    length_mm = min(MAX_LENGTH_MM, round(0.8 * WIDTH_PX / px_per_mm, -1))
    look = list(LOOKS.values())[generator.integers(len(LOOKS))]
    look = look if case.has_body else look.without_body()
    turn_deg = float(generator.uniform(-20.0, 20.0))
    along = np.array([np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))])
    start = np.array([WIDTH_PX, HEIGHT_PX]) / 2 - 0.5 * length_mm * px_per_mm * along
    growth_per_mm = float(generator.normal(0.0, 1e-4))
    rgb, scale = skin_background(HEIGHT_PX, WIDTH_PX, seed), float("nan")
    for name, side in zip(case.prints, (1.0, -1.0), strict=False):
        at = start if side > 0 else start + look.width_mm * px_per_mm * np.array([-along[1], along[0]])
        pose = RulerPose(
            px_per_mm, (float(at[0]), float(at[1])), turn_deg, 0.0, length_mm, growth_per_mm, flipped=side < 0
        )
        drawn = draw_ruler(rgb, RULER_PRINTS[name], look if side > 0 else look.without_body(), pose)
        rgb, scale = drawn.rgb, drawn.px_per_mm if np.isnan(scale) else scale
    faults = PhotoFaults(
        blur_px=float(generator.uniform(0.5, 1.5)),
        noise=float(generator.uniform(0.5, 4.0)),
        jpeg_quality=int(generator.choice([95, 80, 60])),
        fingers=int(generator.integers(0, 3)),
    )
    return spoil(rgb, faults, seed), scale


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    n_photos = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    print("| ruler | photos | read | within 1 % | within 3 % | wrong by over 3 % | CPU ms |")
    print("|---|---|---|---|---|---|---|")
    for case in CASES:
        errors, cpu_ms = [], []
        for seed in range(n_photos):
            rgb, px_per_mm = draw(case, seed)
            photo = PhotoReader()(rgb)
            start = time.process_time()
            scale = RulerFinder()(photo, lambda side_px, rgb=rgb: PhotoReader(working_long_side_px=side_px)(rgb))  # type: ignore[misc]
            cpu_ms.append(1e3 * (time.process_time() - start))
            if isinstance(scale, Scale):
                errors.append(abs(scale.px_per_mm / px_per_mm - 1.0))
        within = [sum(error <= limit for error in errors) for limit in (0.01, 0.03)]
        counts = " | ".join(str(count) for count in (n_photos, len(errors), *within, len(errors) - within[1]))
        print(f"| {case.name} | {counts} | {np.median(cpu_ms):.0f} |", flush=True)


if __name__ == "__main__":
    main()
