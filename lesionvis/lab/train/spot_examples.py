"""Evidence of real photos with what is known about it: the examples that the classifiers are trained on."""

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

from lesionvis.color import optical_density
from lesionvis.lab.train.forests import SEED
from lesionvis.lab.truth import Label, MarkedSpots
from lesionvis.labels import PETECHIAL_SHOWER
from lesionvis.photo import Photo, PhotoSource, read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots.candidates import Candidates, find_candidates
from lesionvis.spots.regions import Regions, find_regions

# A candidate is a marked spot when its centre lies within the reach that the scorer allows and its size is right.
CENTRE_REACH_PX = 4.0
SIZE_RATIO_MAX = 1.8
# The spots of a photo together weigh at most so much, and at most so many other candidates are kept of it, so that
# no photo speaks for all.
SPOTS_WEIGHT_MAX, OTHERS_PER_PHOTO = 30.0, 120
# Candidates beside the lesion of a photo with a single spot are not spots; they are many and all alike.
BESIDE_PER_PHOTO, BESIDE_WEIGHT = 40, 0.3
# Width of the belt around a lesion that is left open, as a share of the longer side.
BELT_FRACTION = 0.06

SPOT, OTHER, OPEN = 1, 0, -1


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """Evidence of one photo with its truth.

    Attributes
    ----------
    photo, group : str
    candidates : Candidates
    labels : ndarray of shape (len(candidates),), int8
        `SPOT`, `OTHER` or `OPEN` (not known).
    weights : ndarray of shape (len(candidates),), float64
    regions : Regions
    overlaps : ndarray of shape (len(regions),), float64
        Intersection over union with the dominant lesion; NaN when not known.
    """

    photo: str
    group: str
    candidates: Candidates
    labels: NDArray[np.int8]
    weights: NDArray[np.float64]
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
    """Read dominant lesions: mask files, and outlines drawn by hand.

    Parameters
    ----------
    masks : Path
        Folder with one PNG per photo.
    outlines : Path
        JSON lines with hand-drawn outlines.

    Returns
    -------
    dict of str to LesionTruth
        By the stem of the photo's name.
    """
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


def collect(
    folder: Path, labels: Sequence[Label], spots: Sequence[MarkedSpots], lesions: dict[str, LesionTruth]
) -> list[Example]:
    """Collect evidence and truth of every photo that has any.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    labels : sequence of Label
        Groups, and which photos show a single lesion or a shower.
    spots : sequence of MarkedSpots
        Marked spots by photo.
    lesions : dict of str to LesionTruth
        Dominant lesions by the stem of the photo's name.

    Returns
    -------
    list of Example
        In order of the photos' names.
    """
    by_photo = {label.photo: label for label in labels}
    marked = {truth.photo: truth for truth in spots}
    names = {
        label.photo
        for label in labels
        if label.photo in marked or Path(label.photo).stem in lesions or label.pattern == PETECHIAL_SHOWER
    }
    jobs = (
        delayed(_example)(folder / name, by_photo[name], marked.get(name), lesions.get(Path(name).stem))
        for name in sorted(names)
    )
    return list(Parallel(n_jobs=2)(jobs))


def evidence(source: PhotoSource) -> tuple[Photo, Candidates, Regions]:
    """A photo and what the classifiers are asked about in it, before they are: no scale is sought.

    Parameters
    ----------
    source : str, Path, bytes, ndarray or Photo

    Returns
    -------
    photo : Photo
    candidates : Candidates
    regions : Regions
    """
    photo = read_photo(source)
    skin = find_skin(photo, NoScale("not sought in training"))
    return photo, find_candidates(optical_density(photo.rgb), skin), find_regions(photo, skin)


def _example(path: Path, label: Label, marked: MarkedSpots | None, truth: LesionTruth | None) -> Example:
    """Evidence and truth of one photo."""
    cv2.setNumThreads(1)
    photo, candidates, regions = evidence(path)
    labels = np.full(len(candidates), OPEN, np.int8)
    weights = np.ones(len(candidates))
    overlaps = np.full(len(regions), np.nan)
    size = (photo.source_height_px, photo.source_width_px)
    if truth is not None:
        mask = truth.draw(*size) if truth.exists else np.zeros(size, np.bool_)
        overlaps = overlaps_with(regions, mask)
        if marked is None and truth.exists and label.n_spots == "1":
            labels, weights = _beside(candidates, mask, photo.px_per_source_px)
    elif label.pattern == PETECHIAL_SHOWER:
        overlaps[:] = 0.0
    if marked is not None:
        labels = match(candidates, marked, photo.px_per_source_px)
        weights = thin_out(labels, OTHERS_PER_PHOTO)
    return Example(path.name, label.group, candidates, labels, weights, regions, overlaps)


def thin_out(labels: NDArray[np.int8], others_max: int) -> NDArray[np.float64]:
    """Open all but a seeded choice of the labels `OTHER`, in place, and weigh what is left.

    Parameters
    ----------
    labels : ndarray of shape (N,), int8
    others_max : int
        Labels `OTHER` that stay.

    Returns
    -------
    ndarray of shape (N,), float64
        At most 1; those of the spots sum up to at most `SPOTS_WEIGHT_MAX`.
    """
    others = np.random.default_rng(SEED).permutation(np.flatnonzero(labels == OTHER))
    labels[others[others_max:]] = OPEN
    weights = np.ones(len(labels))
    weights[labels == SPOT] = min(1.0, SPOTS_WEIGHT_MAX / max(int((labels == SPOT).sum()), 1))
    return weights


def match(candidates: Candidates, truth: MarkedSpots, px_per_source_px: float) -> NDArray[np.int8]:
    """Label candidates by the marked spots.

    A candidate at a marked spot but of another size, near an uncertain one, or outside the marked region stays open.

    Parameters
    ----------
    candidates : Candidates
        N candidates, in working px.
    truth : MarkedSpots
        Marked spots of the photo, in source px.
    px_per_source_px : float
        Working px per source px.

    Returns
    -------
    ndarray of shape (N,), int8
        `SPOT`, `OTHER` or `OPEN`.
    """
    x, y = candidates.outlines.centroid_px()
    x, y = (x + 0.5) / px_per_source_px - 0.5, (y + 0.5) / px_per_source_px - 0.5
    diameter = 2.0 * np.sqrt(candidates.outlines.area_px() / np.pi) / px_per_source_px
    labels = np.full(len(candidates), OTHER, np.int8)
    for kind, cx, cy, size in zip(truth.kind, truth.x_px, truth.y_px, truth.diameter_px, strict=True):
        distance = np.hypot(x - cx, y - cy)
        reach = max(CENTRE_REACH_PX, 0.5 * size)
        if kind == "spot":
            near = distance <= reach
            labels[near & (labels == OTHER)] = OPEN
            labels[near & (np.abs(np.log(diameter / size)) < np.log(SIZE_RATIO_MAX))] = SPOT
        elif kind == "uncertain":
            labels[(distance <= reach + 0.3 * diameter) & (labels == OTHER)] = OPEN
    x0, y0, x1, y1 = truth.region_px
    labels[(x < x0) | (x > x1) | (y < y0) | (y > y1)] = OPEN
    return labels


def _beside(
    candidates: Candidates, mask: NDArray[np.bool_], px_per_source_px: float
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """A seeded choice of candidates well outside the only lesion of a photo: no spots."""
    belt = max(3, int(BELT_FRACTION * max(mask.shape))) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (belt, belt))
    wide = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    x, y = candidates.outlines.centroid_px()
    columns = np.clip((x + 0.5) / px_per_source_px - 0.5, 0, mask.shape[1] - 1).astype(int)
    rows = np.clip((y + 0.5) / px_per_source_px - 0.5, 0, mask.shape[0] - 1).astype(int)
    outside = np.flatnonzero(~wide[rows, columns])
    chosen = np.random.default_rng(SEED).permutation(outside)[:BESIDE_PER_PHOTO]
    labels = np.full(len(candidates), OPEN, np.int8)
    labels[chosen] = OTHER
    return labels, np.full(len(candidates), BESIDE_WEIGHT)


def overlaps_with(regions: Regions, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intersection over union of each region with a mask, on the regions' small picture.

    Parameters
    ----------
    regions : Regions
        N regions on their small picture.
    mask : ndarray of shape (H, W), bool
        Lesion, at any resolution of the photo.

    Returns
    -------
    ndarray of shape (N,), float64
        0 to 1.
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
