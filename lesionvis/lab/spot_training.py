"""Training of the three forests that judge candidates and regions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.lab.forests import SEED, FittedPredictor, onnx_predictor, region_forest, spot_forest
from lesionvis.lab.truth import Label, SpotTruth
from lesionvis.photo import read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots import evidence, lesion
from lesionvis.spots.evidence import Candidates, find_candidates
from lesionvis.spots.judge import COMPANY_COLUMNS, Judge, company
from lesionvis.spots.lesion import Regions, find_regions

N_FOLDS = 5
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
REGIONS_PER_PHOTO = 40

SPOT, OTHER, OPEN = 1, 0, -1
# The columns of `Tables` that hold evidence.
_EVIDENCE = ("first", "company", "region")


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


def collect(
    folder: Path, labels: Sequence[Label], spots: Sequence[SpotTruth], lesions: dict[str, LesionTruth]
) -> list[Example]:
    """Evidence and truth of every photo that has any.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    labels : sequence of Label
        Groups, and which photos show a single lesion or a shower.
    spots, lesions
        Marked spots and dominant lesions.

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
        if label.photo in marked or Path(label.photo).stem in lesions or label.pattern == "petechial_shower"
    }
    jobs = (
        delayed(_example)(folder / name, by_photo[name], marked.get(name), lesions.get(Path(name).stem))
        for name in sorted(names)
    )
    return list(Parallel(n_jobs=2)(jobs))


def _example(path: Path, label: Label, marked: SpotTruth | None, truth: LesionTruth | None) -> Example:
    """Evidence and truth of one photo."""
    cv2.setNumThreads(1)
    photo = read_photo(path)
    skin = find_skin(photo, NoScale("not sought in training"))
    candidates = find_candidates(optical_density(photo.rgb), skin)
    regions = find_regions(photo, skin)
    labels = np.full(len(candidates), OPEN, np.int8)
    weights = np.ones(len(candidates))
    overlaps = np.full(len(regions), np.nan)
    size = (photo.source_height_px, photo.source_width_px)
    if truth is not None:
        mask = truth.draw(*size) if truth.exists else np.zeros(size, np.bool_)
        overlaps = overlaps_with(regions, mask)
        if marked is None and truth.exists and label.n_spots == "1":
            labels, weights = _beside(candidates, mask, photo.px_per_source_px)
    elif label.pattern == "petechial_shower":
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


def match(candidates: Candidates, truth: SpotTruth, px_per_source_px: float) -> NDArray[np.int8]:
    """Label candidates by the marked spots.

    A candidate at a marked spot but of another size, near an uncertain one, or outside the marked region stays open.
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


def fold_of(group: str) -> int:
    """Fold of a group, 0 to N_FOLDS - 1: by its name alone, so that it never moves."""
    return hashlib.sha256(group.encode()).digest()[0] % N_FOLDS


@dataclass(frozen=True, slots=True)
class Tables:
    """What the forests are trained on: numbers only.

    Attributes
    ----------
    first, company, region : ndarray of shape (N, K), float32
        Evidence; the second look sees `first` and `company` side by side.
    spot_label : ndarray of shape (N,), int8
        Of `first` and `company`.
    spot_weight : ndarray of shape (N,), float32
    spot_fold, region_fold : ndarray, int8
        Fold of the photo's group.
    overlap : ndarray of shape (M,), float32
        Of `region`.
    region_weight : ndarray of shape (M,), float32
    """

    first: NDArray[np.float32]
    company: NDArray[np.float32]
    spot_label: NDArray[np.int8]
    spot_weight: NDArray[np.float32]
    spot_fold: NDArray[np.int8]
    region: NDArray[np.float32]
    overlap: NDArray[np.float32]
    region_weight: NDArray[np.float32]
    region_fold: NDArray[np.int8]


def make_tables(examples: Sequence[Example]) -> Tables:
    """Tables of all labelled rows; company columns come from first looks that never saw the photo's group."""
    known = [np.flatnonzero(e.labels != OPEN) for e in examples]
    folds = [fold_of(e.group) for e in examples]
    first = np.concatenate([e.candidates.evidence[k] for e, k in zip(examples, known, strict=True)])
    label = np.concatenate([e.labels[k] for e, k in zip(examples, known, strict=True)])
    weight = np.concatenate([e.weights[k] for e, k in zip(examples, known, strict=True)]).astype(np.float32)
    fold = np.repeat(folds, [len(k) for k in known]).astype(np.int8)
    looks = [_fit_spots(evidence.COLUMNS, first, label, weight, fold != held) for held in range(N_FOLDS)]
    companies = []
    for example, rows, held in zip(examples, known, folds, strict=True):
        scores = looks[held](example.candidates.evidence)[:, -1]
        companies.append(company(example.candidates, scores)[rows])
    regions, overlaps, region_folds, region_weights = [], [], [], []
    for example, held in zip(examples, folds, strict=True):
        rows = _region_rows(example.overlaps)
        regions.append(example.regions.evidence[rows])
        overlaps.append(example.overlaps[rows])
        region_folds.append(np.full(len(rows), held))
        region_weights.append(np.full(len(rows), 1.0 / max(len(rows), 1)))
    return Tables(
        first,
        np.concatenate(companies),
        label,
        weight,
        fold,
        np.concatenate(regions),
        np.concatenate(overlaps).astype(np.float32),
        np.concatenate(region_weights).astype(np.float32),
        np.concatenate(region_folds).astype(np.int8),
    )


def _region_rows(overlaps: NDArray[np.float64]) -> NDArray[np.int64]:
    """The regions that overlap best and a seeded choice of the others."""
    rows = np.flatnonzero(np.isfinite(overlaps))
    best = rows[np.argsort(-overlaps[rows], kind="stable")]
    half = REGIONS_PER_PHOTO // 2
    rest = np.random.default_rng(SEED).permutation(best[half:])[: REGIONS_PER_PHOTO - half]
    return np.sort(np.concatenate([best[:half], rest]))


def _fit_spots(
    columns: dict[str, str],
    table: NDArray[np.float32],
    label: NDArray[np.int8],
    weight: NDArray[np.float32],
    rows: NDArray[np.bool_],
) -> FittedPredictor:
    forest = spot_forest(tuple(columns))
    forest.estimator.fit(table[rows], label[rows] == SPOT, sample_weight=weight[rows])
    return forest


def fit_forests(tables: Tables, held_out_fold: int | None = None) -> dict[str, FittedPredictor]:
    """The three forests, trained on all folds but one.

    Parameters
    ----------
    tables : Tables
    held_out_fold : int, optional
        Fold that is not trained on; None trains on all.

    Returns
    -------
    dict
        "first", "second" and "region".
    """
    spots = tables.spot_fold != (-1 if held_out_fold is None else held_out_fold)
    regions = tables.region_fold != (-1 if held_out_fold is None else held_out_fold)
    both = {**evidence.COLUMNS, **COMPANY_COLUMNS}
    region = region_forest(tuple(lesion.COLUMNS))
    region.estimator.fit(tables.region[regions], tables.overlap[regions], sample_weight=tables.region_weight[regions])
    return {
        "first": _fit_spots(evidence.COLUMNS, tables.first, tables.spot_label, tables.spot_weight, spots),
        "second": _fit_spots(
            both, np.concatenate([tables.first, tables.company], axis=1), tables.spot_label, tables.spot_weight, spots
        ),
        "region": region,
    }


def rounded(tables: Tables) -> Tables:
    """Tables with evidence at half precision (three digits): what is stored, and trained on."""
    half = {name: getattr(tables, name).astype(np.float16).astype(np.float32) for name in _EVIDENCE}
    return replace(tables, **half)


def write_tables(path: Path, tables: Tables) -> None:
    """Write the tables as a compressed NumPy archive: evidence at half precision, column by column."""
    arrays = {field.name: getattr(tables, field.name) for field in fields(Tables)}
    # A column's numbers are alike, so that they pack well when they lie side by side.
    arrays |= {name: np.ascontiguousarray(arrays[name].astype(np.float16).T) for name in _EVIDENCE}
    np.savez_compressed(path, **arrays)


def read_tables(path: Path) -> Tables:
    """Read tables that `write_tables` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {field.name: archive[field.name] for field in fields(Tables)}
    arrays |= {name: np.ascontiguousarray(arrays[name].T, np.float32) for name in _EVIDENCE}
    return Tables(**arrays)


def fold_judges(tables: Tables) -> list[Judge]:
    """One judge per fold, which never saw the photos of that fold, in ONNX form."""
    return [
        Judge(**{name: onnx_predictor(forest) for name, forest in fit_forests(tables, fold).items()})
        for fold in range(N_FOLDS)
    ]
