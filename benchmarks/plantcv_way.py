"""What PlantCV takes for the same photo: a* above its surroundings, holes filled, labelled and measured.

`speed.py` runs this in an environment of PlantCV's own, as it needs an older OpenCV than lesionvis has.

Run there: python benchmarks/plantcv_way.py PHOTO
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from plantcv import plantcv

N_RUNS = 3
# a* less the local mean that finds 99 of the rendered photo's 100 spots, and the least area of a spot, px.
OFFSET, AREA_MIN_PX = -6, 20


def analyzed(bgr: NDArray[np.uint8]) -> None:
    """Find and measure the spots of a decoded photo, reduced as for the other ways."""
    small = cv2.resize(bgr, (1632, 1224), interpolation=cv2.INTER_AREA)
    redness = plantcv.rgb2gray_lab(small, "a")
    spots = plantcv.fill(plantcv.threshold.gaussian(redness, 101, OFFSET, "light"), AREA_MIN_PX)
    labels, count = plantcv.create_labels(spots)
    plantcv.analyze.size(small, labels, count)
    plantcv.outputs.clear()


def main() -> None:
    """Print the median CPU time of the bare decode and of everything, ms."""
    cv2.setNumThreads(1)
    code = np.frombuffer(Path(sys.argv[1]).read_bytes(), np.uint8)
    decodes, totals = [], []
    for run in range(N_RUNS + 1):
        start = time.process_time()
        bgr = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
        decoded = time.process_time()
        analyzed(bgr)
        if run > 0:  # the first loads what is loaded once
            decodes.append(1e3 * (decoded - start))
            totals.append(1e3 * (time.process_time() - start))
    print(np.median(decodes), np.median(totals))


if __name__ == "__main__":
    main()
