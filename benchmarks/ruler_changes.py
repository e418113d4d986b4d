"""How rulers in real photos are read when the photos are turned, resized, blurred, compressed or darkened.

Run: python benchmarks/ruler_changes.py FOLDER [change ...], a folder with rulers.csv, negatives.csv and photos/; all
changes where none is named.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.lab.render.synth import encode_jpeg
from lesionvis.photo import PhotoReader, read_photo
from lesionvis.scale.base import Scale
from lesionvis.scale.find import find_scale

Picture = NDArray[np.uint8]

MAX_SIDE_PX = 4096
"""Larger photos are changed at this size."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a photo, and how many px of the result are one of the photo's."""

    name: str
    apply: Callable[[Picture], Picture]
    factor: float = 1.0


def turned(rgb: Picture, degrees: float) -> Picture:
    """Turned about the centre into a frame that holds it all, on mid-grey."""
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2.0, height / 2.0), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (round(height * sine + width * cosine), round(height * cosine + width * sine))
    matrix[:, 2] += (size[0] - width) / 2.0, (size[1] - height) / 2.0
    grey = (128.0, 128.0, 128.0)
    return np.asarray(cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_CUBIC, borderValue=grey), np.uint8)


def resized(rgb: Picture, factor: float) -> Picture:
    """Copy of another size."""
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=kind), np.uint8)


def darkened(rgb: Picture) -> Picture:
    """A third of the light, by the sRGB curve's power of about 2.2."""
    return np.asarray(np.round(rgb * (1.0 / 3.0) ** (1.0 / 2.2)), np.uint8)


def compressed(rgb: Picture) -> Picture:
    """JPEG of quality 15."""
    return read_photo(encode_jpeg(rgb, 15)).rgb


AS_IT_IS = Change("as it is", lambda rgb: rgb)
"""The file itself."""

CHANGES = (
    AS_IT_IS,
    Change("turned by 17 degrees", lambda rgb: turned(rgb, 17)),
    Change("turned by 45 degrees", lambda rgb: turned(rgb, 45)),
    Change("turned by 90 degrees", lambda rgb: np.ascontiguousarray(np.rot90(rgb))),
    Change("half the size", lambda rgb: resized(rgb, 0.5), 0.5),
    Change("0.7 of the size", lambda rgb: resized(rgb, 0.7), 0.7),
    Change("1.4 times the size", lambda rgb: resized(rgb, 1.4), 1.4),
    Change("twice the size", lambda rgb: resized(rgb, 2.0), 2.0),
    Change("blurred, sigma 2 px", lambda rgb: np.asarray(cv2.GaussianBlur(rgb, (0, 0), 2.0), np.uint8)),
    Change("JPEG quality 15", compressed),
    Change("a third of the light", darkened),
)


def read_px_per_mm(path: Path, change: Change) -> tuple[float | None, float]:
    """Source px per mm that is read off a changed photo, None without a scale; and the CPU time, ms."""
    cv2.setNumThreads(1)
    source: Path | Picture = path
    factor = 1.0
    if change is not AS_IT_IS:
        original = PhotoReader(working_long_side_px=MAX_SIDE_PX)(path)
        source = change.apply(original.rgb)
        factor = change.factor * original.px_per_source_px
    photo = read_photo(source)
    start = time.process_time()
    scale = find_scale(photo, read_again=lambda side_px: PhotoReader(working_long_side_px=side_px)(source))
    cpu_ms = 1e3 * (time.process_time() - start)
    return (scale.px_per_mm / factor if isinstance(scale, Scale) else None), cpu_ms


def relative_error(row: dict[str, str], px_per_mm: float) -> float:
    """Distance from the range of local scales along the ruler, relative."""
    mean = float(row["px_per_mm"])
    low, high = (float(row[f"px_per_mm_local_{end}"] or mean) for end in ("min", "max"))
    return max(0.0, (low - px_per_mm) / low, (px_per_mm - high) / high)


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    with (folder / "rulers.csv").open(newline="", encoding="utf-8") as file:
        rulers = list(csv.DictReader(file))
    with (folder / "negatives.csv").open(newline="", encoding="utf-8") as file:
        others = [row["photo"] for row in csv.DictReader(file)]
    print(f"{len(rulers)} rulers, {len(others)} photos with nothing that gives a scale\n")
    print(
        "| change | within 3 % | within 5 % | wrong by over 10 % | false scales | CPU ms |\n|---|---|---|---|---|---|"
    )
    for change in [change for change in CHANGES if change.name in sys.argv[2:] or not sys.argv[2:]]:
        names = [*(row["photo"] for row in rulers), *others]
        with Parallel(n_jobs=2) as parallel:
            read = list(parallel(delayed(read_px_per_mm)(folder / "photos" / name, change) for name in names))
        found = [px_per_mm for px_per_mm, _ in read]
        errors = [
            relative_error(row, px_per_mm) if px_per_mm is not None else np.nan
            for row, px_per_mm in zip(rulers, found, strict=False)
        ]
        false = sum(px_per_mm is not None for px_per_mm in found[len(rulers) :])
        shares = " | ".join(f"{np.mean(np.less_equal(errors, limit)):.2f}" for limit in (0.03, 0.05))
        wrong, cpu_ms = np.greater(errors, 0.10).sum(), np.median([ms for _, ms in read])
        print(f"| {change.name} | {shares} | {wrong} | {false} | {cpu_ms:.0f} |", flush=True)


if __name__ == "__main__":
    main()
