"""Regions of real photos with what is known about them: the examples that their classifier is trained on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.lab.truth import Label
from lesionvis.labels import PETECHIAL_SHOWER
from lesionvis.photo import read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots.regions import Regions, find_regions


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """Evidence of one photo with its truth.

    Attributes
    ----------
    photo, group : str
    regions : Regions
    overlaps : ndarray of shape (len(regions),), float64
        Intersection over union with the dominant lesion; NaN when not known.
    """

    photo: str
    group: str
    regions: Regions
    overlaps: NDArray[np.float64]


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


def read_lesion_truth(masks: Path, outlines: Path) -> dict[str, LesionTruth]:
    """Dominant lesions by the stem of the photo's name: mask files, and outlines drawn by hand."""
    truths = {file.stem: LesionTruth(_mask_file(file), True) for file in sorted(masks.glob("*.png"))}
    for line in outlines.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        exists = row["quality"] != "none"
        truths[Path(row["photo"]).stem] = LesionTruth(_drawn(row), exists)
    return truths


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


def collect(folder: Path, labels: Sequence[Label], lesions: dict[str, LesionTruth]) -> list[Example]:
    """Evidence and truth of every photo whose dominant lesion is known, or known not to be.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    labels : sequence of Label
        Groups, and which photos show a shower.
    lesions
        Dominant lesions.

    Returns
    -------
    list of Example
        In order of the photos' names.
    """
    by_photo = {label.photo: label for label in labels}
    names = {label.photo for label in labels if Path(label.photo).stem in lesions or label.pattern == PETECHIAL_SHOWER}
    jobs = (delayed(_example)(folder / name, by_photo[name], lesions.get(Path(name).stem)) for name in sorted(names))
    return list(Parallel(n_jobs=2)(jobs))


def _example(path: Path, label: Label, truth: LesionTruth | None) -> Example:
    """Evidence and truth of one photo."""
    cv2.setNumThreads(1)
    photo = read_photo(path)
    regions = find_regions(photo, find_skin(photo, NoScale("not sought in training")))
    overlaps = np.full(len(regions), np.nan)
    size = (photo.source_height_px, photo.source_width_px)
    if truth is not None:
        overlaps = overlaps_with(regions, truth.draw(*size) if truth.exists else np.zeros(size, np.bool_))
    elif label.pattern == PETECHIAL_SHOWER:
        overlaps[:] = 0.0
    return Example(path.name, label.group, regions, overlaps)


def overlaps_with(regions: Regions, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intersection over union of each region with a mask, on the regions' small picture."""
    height, width = regions.shape
    small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) >= 0.5
    total = int(small.sum())
    overlaps = np.zeros(len(regions))
    for index, ((left, top), fill) in enumerate(zip(regions.boxes, regions.fills, strict=True)):
        window = small[top : top + fill.shape[0], left : left + fill.shape[1]]
        shared = int((window & (fill > 0)).sum())
        overlaps[index] = shared / max(total + int(fill.sum()) - shared, 1)
    return overlaps
