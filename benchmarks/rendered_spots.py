"""Spots of rendered photos, whose truth is exact: by number of spots, with the cost, and by tone of skin.

Run: python benchmarks/rendered_spots.py [photos per row]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analyzer
from lesionvis.lab.evaluate.matching import Match, match_spots
from lesionvis.lab.render.scenarios import petechial_shower, plain_skin
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import encode_jpeg, render
from lesionvis.lab.truth import MarkedSpots

COUNTS = (10, 30, 100, 300, 1000, 2000)
TONES_ITA_DEG = (60.0, 45.0, 30.0, 15.0, 0.0, -10.0, -25.0, -45.0)
# Light that the skin's surface mirrors evenly, in grey levels of the file: it hides what lies beneath.
VEIL_LEVELS = 10
PX_PER_MM = 8.0
JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Seen:
    """One analysed photo: matched spots, how many were found, CPU time, whether it was answered."""

    match: Match
    n_found: int
    cpu_ms: float
    is_dark: bool


def _seen(rgb: NDArray[np.uint8], truth: MarkedSpots) -> Seen:
    analyzer = Analyzer(px_per_mm=PX_PER_MM)
    code = encode_jpeg(rgb, JPEG_QUALITY)
    start = time.process_time()
    analysis = analyzer(code)
    cpu_ms = 1e3 * (time.process_time() - start)
    table = analysis.table
    match = match_spots(np.column_stack([table["x_px"], table["y_px"]]), table.numbers("diameter_px"), truth)
    return Seen(match, len(table), cpu_ms, "dark_skin" in analysis.flags)


def _photo(scene: Scene, count: int, veil_levels: int = 0) -> Seen:
    """A rendered shower of `count` spots (0: plain skin), analysed."""
    generator = np.random.default_rng(scene.seed)
    spots = petechial_shower(generator, scene, count, diameter_mm=1.2, clustering=0.0) if count else plain_skin()
    rgb = cv2.add(render(scene, spots).rgb, np.full(3, veil_levels, np.float64))
    truth = MarkedSpots(
        "rendered",
        (0.0, 0.0, scene.width_px - 1.0, scene.height_px - 1.0),
        np.array([spot.x_px for spot in spots]),
        np.array([spot.y_px for spot in spots]),
        np.array([spot.diameter_px for spot in spots]),
        ("spot",) * len(spots),
    )
    return _seen(np.asarray(rgb, np.uint8), truth)


def _row(name: str, photos: list[Seen]) -> None:
    errors = np.abs(np.concatenate([photo.match.diameter_errors for photo in photos]))
    true, found = sum(photo.match.n_true for photo in photos), sum(photo.n_found for photo in photos)
    print(
        f"| {name} | {np.mean([photo.match.f1 for photo in photos]):.3f} "
        f"| {np.median(errors) if errors.size else float('nan'):.1%} | {found / true - 1.0:+.1%} "
        f"| {np.median([photo.cpu_ms for photo in photos]):.0f} | {np.mean([photo.is_dark for photo in photos]):.0%} |"
    )


def main() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    n_photos = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    scene = Scene(width_px=1280, height_px=960, px_per_mm=PX_PER_MM)
    scenes = [replace(scene, seed=100 + number) for number in range(n_photos)]
    _photo(scenes[0], 10)  # loads what is loaded once
    heading = "| F1 | median diameter error | count error | CPU ms | flagged dark |\n|---|---|---|---|---|---|"
    print(f"| spots in a photo {heading}")
    for count in COUNTS:
        _row(str(count), [_photo(one, count) for one in scenes])
    print(f"\n| ITA, degrees, with {VEIL_LEVELS} grey levels of veil {heading}")
    for tone in TONES_ITA_DEG:
        _row(f"{tone:g}", [_photo(replace(one, ita_deg=tone), 100, VEIL_LEVELS) for one in scenes])
    print("\n| ITA, degrees, plain skin | spots found |\n|---|---|")
    for tone in TONES_ITA_DEG:
        found = sum(_photo(replace(one, ita_deg=tone), 0).n_found for one in scenes)
        print(f"| {tone:g} | {found} in {n_photos} photos |")


if __name__ == "__main__":
    main()
