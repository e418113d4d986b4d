"""Regions of photos with their overlap with the dominant lesion: the examples that the region forest is trained on."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.lab.train.augment import recaptured
from lesionvis.lab.train.forests import SEED
from lesionvis.lab.truth import Label
from lesionvis.labels import PETECHIAL_SHOWER
from lesionvis.photo import Photo, read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots.regions import COLUMNS, Regions, find_regions

# Changed copies of a photo: a smaller one, one of its size, a larger one.
COPY_FACTORS = ((0.5, 0.8), (0.85, 1.2), (1.4, 2.0))
# A copy shows at least this part of both sides, anywhere around the lesion.
CROP_MIN = 0.6
# A crop keeps this part of the lesion.
CROP_LESION_MIN = 0.98
# Rows kept of a photo: half of them those that overlap best.
REGIONS_PER_PHOTO = 40
# What a label says of bare skin.
BARE = "0"
# Photos with a ruler and no label are of this source.
RULER_SOURCE = "dermnet"


@dataclass(frozen=True, slots=True, eq=False)
class LesionTruth:
    """Outline of the dominant lesion: a mask file, a polygon, an ellipse, or none at all.

    Attributes
    ----------
    draw : callable
        Height and width in source px -> mask of shape (H, W), bool.
    exists : bool
        False when the photo has no dominant lesion.
    """

    draw: Callable[[int, int], NDArray[np.bool_]]
    exists: bool


@dataclass(frozen=True, slots=True)
class LesionAxes:
    """Long axis of the lesion beside a ruler.

    Attributes
    ----------
    photo : str
    x_px, y_px, long_px : float
        Centre and long axis in source px.
    is_sharp : bool
        Whether its border is sharp.
    """

    photo: str
    x_px: float
    y_px: float
    long_px: float
    is_sharp: bool


@dataclass(frozen=True, slots=True, eq=False)
class RegionExample:
    """Regions of one picture with their truth.

    Attributes
    ----------
    photo, source, group : str
    copy : int
        0 for the photo itself.
    evidence : ndarray of shape (N, len(COLUMNS)), float32
    overlap : ndarray of shape (N,), float64
        Intersection over union with the dominant lesion.
    """

    photo: str
    source: str
    group: str
    copy: int
    evidence: NDArray[np.float32]
    overlap: NDArray[np.float64]


def read_lesion_truth(folder: Path, outlines: Path | None = None) -> dict[str, LesionTruth]:
    """Dominant lesions by the stem of the photo's name.

    Parameters
    ----------
    folder : Path
        May hold `masks/` and `rulers.csv`, whose ellipses count where there is no better outline.
    outlines : Path, optional
        Lines of JSON: outlines drawn by hand.

    Returns
    -------
    dict
    """
    truths = {}
    for row in _rows(folder / "rulers.csv"):
        if row["lesion_long_px"]:
            truths[Path(row["photo"]).stem] = LesionTruth(_drawn({"polygon": None, "ellipse": _ellipse(row)}), True)
    truths |= {file.stem: LesionTruth(_mask_file(file), True) for file in sorted((folder / "masks").glob("*.png"))}
    lines = outlines.read_text(encoding="utf-8").splitlines() if outlines is not None else []
    for line in lines:
        drawn = json.loads(line)
        truths[Path(drawn["photo"]).stem] = LesionTruth(_drawn(drawn), drawn["quality"] != "none")
    return truths


def read_lesion_axes(folder: Path) -> list[LesionAxes]:
    """Long axes of the lesions beside rulers: rows of `rulers.csv` that have one.

    Parameters
    ----------
    folder : Path
        May hold `rulers.csv`.

    Returns
    -------
    list of LesionAxes
        In order of the rows; empty without the file.
    """
    return [
        LesionAxes(
            row["photo"],
            float(row["lesion_cx"]),
            float(row["lesion_cy"]),
            float(row["lesion_long_px"]),
            float(row["lesion_axis_uncertainty_pct"]) <= 5.0,
        )
        for row in _rows(folder / "rulers.csv")
        if row["lesion_long_px"]
    ]


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def _ellipse(row: dict[str, str]) -> list[float]:
    return [float(row[f"lesion_{name}"]) for name in ("cx", "cy", "long_px", "short_px", "angle")]


def _mask_file(file: Path) -> Callable[[int, int], NDArray[np.bool_]]:
    def draw(height: int, width: int) -> NDArray[np.bool_]:
        mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if mask is None or mask.shape != (height, width):
            raise ValueError(f"{file} is not a mask of {width} x {height} px")
        return np.asarray(mask > 127)

    return draw


def _drawn(row: dict[str, Any]) -> Callable[[int, int], NDArray[np.bool_]]:
    def draw(height: int, width: int) -> NDArray[np.bool_]:
        canvas = np.zeros((height, width), np.uint8)
        if row["polygon"]:
            cv2.fillPoly(canvas, [np.round(np.asarray(row["polygon"])).astype(np.int32)], 1)
        else:
            x, y, long, short, angle = row["ellipse"]
            cv2.ellipse(canvas, ((x, y), (long, short), angle), 1, -1)
        return canvas > 0

    return draw


def collect_regions(
    folder: Path, labels: Sequence[Label], lesions: dict[str, LesionTruth], *, with_copies: bool = True
) -> list[RegionExample]:
    """Regions and truth of every photo whose dominant lesion is known, or known to be missing.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    labels : sequence of Label
        Groups; showers and bare skin have no dominant lesion.
    lesions : dict
        Photo's stem -> its dominant lesion. A photo without a label is a group of its own.
    with_copies : bool
        Whether changed copies are added.

    Returns
    -------
    list of RegionExample
        In order of the photos' names.
    """
    origins = {label.photo: (label.source, label.group) for label in labels}
    lacking = {label.photo for label in labels if label.pattern == PETECHIAL_SHOWER or label.visible == BARE}
    files = {file.stem: file.name for file in folder.iterdir()}
    # Some photos with a ruler have no label.
    for stem in sorted((set(lesions) & set(files)) - {Path(name).stem for name in origins}):
        origins[files[stem]] = (RULER_SOURCE, files[stem])
    names = sorted(name for name in origins if Path(name).stem in lesions or name in lacking)
    factors = COPY_FACTORS if with_copies else ()
    jobs = (delayed(_examples)(folder / name, origins[name], lesions.get(Path(name).stem), factors) for name in names)
    return [example for examples in Parallel(n_jobs=2)(jobs) for example in examples]


def _examples(
    path: Path, origin: tuple[str, str], truth: LesionTruth | None, factors: Sequence[tuple[float, float]]
) -> list[RegionExample]:
    """The photo itself and its copies."""
    cv2.setNumThreads(1)
    photo = read_photo(path)
    height, width = photo.source_height_px, photo.source_width_px
    mask = truth.draw(height, width) if truth is not None and truth.exists else np.zeros((height, width), np.bool_)
    mask = cv2.resize(mask.astype(np.uint8), photo.rgb.shape[1::-1], interpolation=cv2.INTER_AREA) > 0
    examples = [region_example(path.name, origin, 0, photo, mask)]
    generator = np.random.default_rng([SEED, *path.stem.encode()])
    for number, factor in enumerate(factors, 1):
        box = _crop(mask, generator)
        rgb = recaptured(np.ascontiguousarray(photo.rgb[box]), float(generator.uniform(*factor)), generator)
        copy = read_photo(rgb)
        shown = cv2.resize(mask[box].astype(np.uint8), copy.rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
        examples.append(region_example(path.name, origin, number, copy, shown))
    return examples


def _crop(mask: NDArray[np.bool_], generator: np.random.Generator) -> tuple[slice, slice]:
    """A window of the picture that holds nearly all of the lesion; the whole picture when none of a few does."""
    height, width = mask.shape
    for _ in range(8):
        share = generator.uniform(CROP_MIN, 1.0)
        rows, columns = round(share * height), round(share * width)
        top, left = int(generator.integers(0, height - rows + 1)), int(generator.integers(0, width - columns + 1))
        box = (slice(top, top + rows), slice(left, left + columns))
        if np.count_nonzero(mask[box]) >= CROP_LESION_MIN * np.count_nonzero(mask):
            return box
    return slice(0, height), slice(0, width)


def region_example(
    name: str, origin: tuple[str, str], copy: int, photo: Photo, mask: NDArray[np.bool_]
) -> RegionExample:
    """Regions of one picture and how they overlap with the lesion.

    Parameters
    ----------
    name : str
        Of the photo.
    origin : tuple of (source, group)
    copy : int
        0 for the photo itself.
    photo : Photo
    mask : ndarray of shape (H, W), bool
        The lesion at working resolution; all False without one.

    Returns
    -------
    RegionExample
    """
    regions = find_regions(photo, find_skin(photo, NoScale("not sought in training")))
    overlap = overlaps_with(regions, mask)
    rows = training_rows(overlap)
    return RegionExample(name, *origin, copy, regions.evidence[rows].reshape(len(rows), len(COLUMNS)), overlap[rows])


def training_rows(overlap: NDArray[np.float64]) -> NDArray[np.int64]:
    """The regions that overlap best and a seeded choice of the others.

    Parameters
    ----------
    overlap : ndarray of shape (N,), float64
        Intersection over union of each region with the lesion.

    Returns
    -------
    ndarray of shape (M,), int64
        Indices in ascending order, at most `REGIONS_PER_PHOTO`.
    """
    best = np.argsort(-overlap, kind="stable")
    half = REGIONS_PER_PHOTO // 2
    rest = np.random.default_rng(SEED).permutation(best[half:])[: REGIONS_PER_PHOTO - half]
    return np.sort(np.concatenate([best[:half], rest]))


def overlaps_with(regions: Regions, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intersection over union of each region with a mask, on the regions' small picture.

    Parameters
    ----------
    regions : Regions
        Of length N.
    mask : ndarray of shape (H, W), bool
        At any resolution of the same picture.

    Returns
    -------
    ndarray of shape (N,), float64
        0 to 1; all 0 for an empty mask.
    """
    height, width = regions.shape
    small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) >= 0.5
    total = int(small.sum())
    overlaps = np.zeros(len(regions))
    for index, ((left, top), fill) in enumerate(zip(regions.boxes, regions.fills, strict=True)):
        window = small[top : top + fill.shape[0], left : left + fill.shape[1]]
        shared = int((window & (fill > 0)).sum())
        overlaps[index] = shared / max(total + int(fill.sum()) - shared, 1)
    return overlaps
