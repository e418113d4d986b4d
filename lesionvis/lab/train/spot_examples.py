"""Evidence of real photos with what is known about it: the examples that the classifiers are trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.lab.train.forests import SEED
from lesionvis.lab.train.region_examples import LesionTruth
from lesionvis.lab.truth import Label, MarkedSpots
from lesionvis.labels import PETECHIAL_SHOWER
from lesionvis.photo import Photo, PhotoSource, read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots.candidates import Candidates, find_candidates

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
    """

    photo: str
    group: str
    candidates: Candidates
    labels: NDArray[np.int8]
    weights: NDArray[np.float64]


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


def evidence(source: PhotoSource) -> tuple[Photo, Candidates]:
    """A photo and what the spot classifier is asked about in it, before it is: no scale is sought.

    Parameters
    ----------
    source : str, Path, bytes, ndarray or Photo

    Returns
    -------
    photo : Photo
    candidates : Candidates
    """
    photo = read_photo(source)
    skin = find_skin(photo, NoScale("not sought in training"))
    return photo, find_candidates(optical_density(photo.rgb), skin)


def _example(path: Path, label: Label, marked: MarkedSpots | None, truth: LesionTruth | None) -> Example:
    """Evidence and truth of one photo."""
    cv2.setNumThreads(1)
    photo, candidates = evidence(path)
    labels = np.full(len(candidates), OPEN, np.int8)
    weights = np.ones(len(candidates))
    size = (photo.source_height_px, photo.source_width_px)
    if truth is not None:
        mask = truth.draw(*size) if truth.exists else np.zeros(size, np.bool_)
        if marked is None and truth.exists and label.n_spots == "1":
            labels, weights = _beside(candidates, mask, photo.px_per_source_px)
    if marked is not None:
        labels = match(candidates, marked, photo.px_per_source_px)
        weights = thin_out(labels, OTHERS_PER_PHOTO)
    return Example(path.name, label.group, candidates, labels, weights)


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
