"""What finding the scale costs in real photos: CPU time of the search, and its share of the whole analysis.

Run: python benchmarks/scale_cost.py PHOTOS FOLDER ..., folders with photos/; so many photos of each size are chosen.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from lesionvis.analysis import Analyzer
from lesionvis.photo import Photo, PhotoReader
from lesionvis.scale.find import find_scale

SIZES = (("up to 960 px", 0, 960), ("961 to 1280 px", 961, 1280), ("over 1280 px", 1281, 100_000))
"""Longer side: what is over 1280 px was reduced, so that ticks too fine for the search are sought in a sharper copy."""


def costs_ms(path: Path) -> tuple[float, float, bool]:
    """CPU time of the search for a scale and of the whole analysis, and whether the photo was read once more."""
    photo, n_read = PhotoReader()(path), 0

    def read_again(side_px: int) -> Photo:
        nonlocal n_read
        n_read += 1
        return PhotoReader(working_long_side_px=side_px)(path)

    start = time.process_time()
    find_scale(photo, read_again=read_again)
    searched = time.process_time()
    Analyzer()(path)
    return 1e3 * (searched - start), 1e3 * (time.process_time() - searched), n_read > 0


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    n_photos = int(sys.argv[1])
    paths = [path for folder in sys.argv[2:] for path in sorted(Path(folder, "photos").iterdir())]
    sides = [max(Image.open(path).size) for path in paths]
    print("| longer side | photos | read again | scale, CPU ms | 90 % under | analysis, CPU ms | share of the scale |")
    print("|---|---|---|---|---|---|---|")
    for name, low, high in SIZES:
        of_size = [path for path, side in zip(paths, sides, strict=True) if low <= side <= high]
        chosen = [of_size[i] for i in np.unique(np.linspace(0, len(of_size) - 1, n_photos).round().astype(int))]
        costs_ms(chosen[0])  # loads what is loaded once
        scale, analysis, again = np.array([costs_ms(path) for path in chosen]).T
        print(
            f"| {name} | {len(chosen)} | {again.sum():.0f} | {scale.mean():.0f} | {np.quantile(scale, 0.9):.0f} |"
            f" {analysis.mean():.0f} | {scale.sum() / analysis.sum():.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
