"""Candidates of photos with what is known about each: the examples that the spot classifier is trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.lab.render.composites import DOTS, FAINT_DENSITY, FRECKLES, PAPULES, STRONG_DENSITY, lay_spots
from lesionvis.lab.train.augment import recaptured
from lesionvis.lab.train.forests import SEED
from lesionvis.lab.train.region_examples import LesionTruth
from lesionvis.lab.truth import HOME_SOURCES, Label, MarkedSpots
from lesionvis.labels import SINGLE_LESION
from lesionvis.models import Predictor
from lesionvis.photo import Photo, read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin
from lesionvis.spots.candidates import Candidates, find_candidates
from lesionvis.spots.classifier import KINDS, RED_KINDS
from lesionvis.spots.regions import enlarged, find_regions

# By number in `KINDS`; what is open is not trained on.
OPEN = -1
# Origin of renders that only the networks learn from.
FOR_NETWORKS = "rendered for networks"
_RED = tuple(KINDS.index(kind) for kind in RED_KINDS)
# A candidate is a marked spot when its centre lies within the reach that the scorer allows and its size is right.
CENTRE_REACH_PX = 4.0
SIZE_RATIO_MAX = 1.8
# The spots of a photo together weigh at most so much, and at most so many other candidates are kept of it, so that
# no photo speaks for all.
SPOTS_WEIGHT_MAX, OTHERS_PER_PHOTO = 30.0, 120
# Candidates beside the lesion of a photo with a single spot are not spots; they are many and all alike.
BESIDE_PER_PHOTO, BESIDE_WEIGHT = 40, 0.3
# So are those of bare skin.
BARE_PER_PHOTO, BARE_WEIGHT = 60, 1.0
COMPOSITE_WEIGHT = 0.5
# Without an outline the region that is most likely the lesion stands for it, from this expected overlap on.
LESION_SCORE_MIN = 0.4
# Width of the belt around a lesion that is left open, as a share of the longer side.
BELT_FRACTION = 0.06
# Changed copies: one smaller, one larger; what is smaller than this then, in px, is not asked for.
COPY_FACTORS = ((0.5, 0.8), (1.4, 2.0))
COPY_DIAMETER_MIN_PX = 3.0
COPY_WEIGHT = 0.5
# Diagnoses whose marked "spots" are vessels.
_VASCULAR_DIAGNOSES = ("angioma", "telangiectasia", "haemangioma", "hemangioma")


@dataclass(frozen=True, slots=True, eq=False)
class CandidateExample:
    """Candidates of one photo with their truth.

    Attributes
    ----------
    photo, source, group : str
    origin : str
        "marked", "beside", "bare", "composite", "rendered" or `FOR_NETWORKS`.
    copy : int
        0 for the photo itself.
    candidates : Candidates
    kinds : ndarray of shape (len(candidates),), int8
        Number of the kind in `KINDS`, or `OPEN` where it is not known.
    weights : ndarray of shape (len(candidates),), float64
    """

    photo: str
    source: str
    group: str
    origin: str
    copy: int
    candidates: Candidates
    kinds: NDArray[np.int8]
    weights: NDArray[np.float64]


def kind_number(kind: str, diagnosis: str) -> int | None:
    """Number in `KINDS` of a mark's kind; None for "uncertain" and the like, which are left open.

    Parameters
    ----------
    kind : str
        Kind of the mark.
    diagnosis : str
        Of the photo: tells whether marks of the kind "spot" are of blood or vessels.

    Returns
    -------
    int or None
        Index into `KINDS`.
    """
    if kind == "spot":
        is_vessel = any(word in diagnosis.lower() for word in _VASCULAR_DIAGNOSES)
        return KINDS.index("vascular" if is_vessel else "blood")
    if kind == "distractor":
        return KINDS.index("pigment")
    return KINDS.index(kind) if kind in KINDS else None


def match(candidates: Candidates, truth: MarkedSpots, diagnosis: str, px_per_source_px: float) -> NDArray[np.int8]:
    """Kinds of candidates by the marked spots.

    A candidate at a marked red spot but of another size, near an uncertain one, or outside the marked region stays
    open.

    Parameters
    ----------
    candidates : Candidates
        Of length N.
    truth : MarkedSpots
    diagnosis : str
        Of the photo: tells what marks of the kind "spot" are.
    px_per_source_px : float

    Returns
    -------
    ndarray of shape (N,), int8
    """
    x, y = candidates.outlines.centroid_px()
    x, y = (x + 0.5) / px_per_source_px - 0.5, (y + 0.5) / px_per_source_px - 0.5
    diameter = 2.0 * np.sqrt(candidates.outlines.area_px() / np.pi) / px_per_source_px
    kinds = np.zeros(len(candidates), np.int8)
    for name, cx, cy, size in zip(truth.kind, truth.x_px, truth.y_px, truth.diameter_px, strict=True):
        if name == "none":
            continue
        distance = np.hypot(x - cx, y - cy)
        reach = max(CENTRE_REACH_PX, 0.5 * size)
        number = kind_number(name, diagnosis)
        if number is None:
            kinds[(distance <= reach + 0.3 * diameter) & (kinds == 0)] = OPEN
            continue
        near = distance <= reach
        fits = near & (np.abs(np.log(diameter / size)) < np.log(SIZE_RATIO_MAX))
        if number in _RED:
            kinds[near & (kinds == 0)] = OPEN
        kinds[fits & ~np.isin(kinds, _RED)] = number
    x0, y0, x1, y1 = truth.region_px
    kinds[(x < x0) | (x > x1) | (y < y0) | (y > y1)] = OPEN
    return kinds


def thin_out(kinds: NDArray[np.int8], others_max: int) -> NDArray[np.float64]:
    """Open all but a seeded choice of what is texture, in place, and weigh what is left.

    Parameters
    ----------
    kinds : ndarray of shape (N,), int8
    others_max : int
        Candidates of texture that stay.

    Returns
    -------
    ndarray of shape (N,), float64
        At most 1; those of the spots sum up to at most `SPOTS_WEIGHT_MAX`.
    """
    others = np.random.default_rng(SEED).permutation(np.flatnonzero(kinds == 0))
    kinds[others[others_max:]] = OPEN
    weights = np.ones(len(kinds))
    is_spot = kinds > 0
    weights[is_spot] = min(1.0, SPOTS_WEIGHT_MAX / max(int(is_spot.sum()), 1))
    return weights


def marked_examples(folder: Path, label: Label, truth: MarkedSpots) -> Iterator[CandidateExample]:
    """A photo with marked spots, and changed copies of it.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    label : Label
        Of the photo.
    truth : MarkedSpots
        Its spots, in source px.

    Yields
    ------
    CandidateExample
        The photo first, then one copy for each range of `COPY_FACTORS`.
    """
    photo = read_photo(folder / label.photo)
    yield _marked(photo, label, truth, 0, photo.px_per_source_px, 1.0)
    generator = np.random.default_rng(int(photo.sha256[:12], 16))
    for number, (low, high) in enumerate(COPY_FACTORS, start=1):
        factor = float(np.exp(generator.uniform(np.log(low), np.log(high))))
        copy = read_photo(recaptured(photo.rgb, factor, generator))
        ratio = copy.rgb.shape[1] / photo.rgb.shape[1] * photo.px_per_source_px
        kind = np.where(truth.diameter_px * ratio < COPY_DIAMETER_MIN_PX, "uncertain", truth.kind)
        seen = replace(truth, kind=tuple(str(k) for k in kind))
        yield _marked(copy, label, seen, number, ratio, COPY_WEIGHT)


def _marked(
    photo: Photo, label: Label, truth: MarkedSpots, copy: int, px_per_source_px: float, weight: float
) -> CandidateExample:
    candidates = _candidates(photo)
    kinds = match(candidates, truth, label.diagnosis, px_per_source_px)
    weights = weight * thin_out(kinds, OTHERS_PER_PHOTO)
    return CandidateExample(label.photo, label.source, label.group, "marked", copy, candidates, kinds, weights)


def bare_example(folder: Path, label: Label) -> CandidateExample:
    """A photo of bare skin: nothing on it is a spot.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    label : Label
        Of the photo.

    Returns
    -------
    CandidateExample
        All kinds 0 or `OPEN`.
    """
    candidates = _candidates(read_photo(folder / label.photo))
    kinds = np.zeros(len(candidates), np.int8)
    weights = BARE_WEIGHT * thin_out(kinds, BARE_PER_PHOTO)
    return CandidateExample(label.photo, label.source, label.group, "bare", 0, candidates, kinds, weights)


def composite_examples(folder: Path, label: Label) -> Iterator[CandidateExample]:
    """Spots, freckles and papules laid onto a photo of bare skin.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    label : Label
        Of the photo.

    Yields
    ------
    CandidateExample
        Up to three: strong dots, faint dots, freckles or papules; less those for which the skin has no room.
    """
    generator = np.random.default_rng(int(label.sha256[:12], 16))
    cases = ((DOTS, STRONG_DENSITY), (DOTS, FAINT_DENSITY), ((FRECKLES, PAPULES)[int(generator.integers(2))], 0.0))
    for number, (subject, density) in enumerate(cases):
        density = float(density or generator.uniform(0.12, 0.35)) * float(np.exp(generator.uniform(-0.2, 0.2)))
        composite = lay_spots(folder / label.photo, subject, density, generator)
        if composite is None:
            continue
        photo = read_photo(composite.rgb)
        candidates = _candidates(photo)
        kinds = match(candidates, composite.marked(label.photo), "", photo.px_per_source_px)
        weights = COMPOSITE_WEIGHT * thin_out(kinds, BARE_PER_PHOTO)
        yield CandidateExample(label.photo, label.source, label.group, "composite", number, candidates, kinds, weights)


def beside_example(folder: Path, label: Label, lesion: LesionTruth | Predictor) -> CandidateExample | None:
    """A photo with a single lesion: a seeded choice of candidates well outside of it, which are no spots.

    Parameters
    ----------
    folder : Path
    label : Label
    lesion : LesionTruth or Predictor
        Its outline, or what finds it.

    Returns
    -------
    CandidateExample or None
        None where no lesion is found.
    """
    photo = read_photo(folder / label.photo)
    skin = find_skin(photo, NoScale("not sought in training"))
    candidates = find_candidates(photo.rgb, skin)
    height, width = skin.mask.shape
    if isinstance(lesion, LesionTruth):
        whole = lesion.draw(photo.source_height_px, photo.source_width_px).astype(np.uint8)
        mask = cv2.resize(whole, (width, height), interpolation=cv2.INTER_NEAREST)
    else:
        regions = find_regions(photo, skin)
        scores = lesion(regions.evidence)[:, -1]
        if scores.max(initial=0.0) < LESION_SCORE_MIN:
            return None
        small = regions.small_mask(int(scores.argmax())).astype(np.float32)
        mask = enlarged(small, (height, width)).astype(np.uint8)
    belt = max(3, int(BELT_FRACTION * max(mask.shape))) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (belt, belt))
    wide = cv2.dilate(mask, kernel) > 0
    x, y = candidates.outlines.centroid_px()
    columns, rows = np.clip(x, 0, width - 1).astype(int), np.clip(y, 0, height - 1).astype(int)
    outside = np.flatnonzero(~wide[rows, columns])
    chosen = np.random.default_rng(SEED).permutation(outside)[:BESIDE_PER_PHOTO]
    kinds = np.full(len(candidates), OPEN, np.int8)
    kinds[chosen] = 0
    weights = np.full(len(candidates), BESIDE_WEIGHT)
    return CandidateExample(label.photo, label.source, label.group, "beside", 0, candidates, kinds, weights)


def collect_candidates(
    folder: Path,
    labels: Sequence[Label],
    spots: Sequence[MarkedSpots],
    lesions: dict[str, LesionTruth],
    region: Predictor,
) -> list[CandidateExample]:
    """Candidates of every photo of a set of which something is known.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    labels : sequence of Label
    spots : sequence of MarkedSpots
    lesions : dict
        Dominant lesions by the stem of the photo's name.
    region : Predictor
        Finds the lesion of photos with a single one that nobody outlined.

    Returns
    -------
    list of CandidateExample
        In order of the labels.
    """
    marked = {truth.photo: truth for truth in spots}
    jobs = (
        delayed(_examples)(folder, label, marked.get(label.photo), lesions.get(Path(label.photo).stem), region)
        for label in labels
    )
    return [example for examples in Parallel(n_jobs=2)(jobs) for example in examples]


def _examples(
    folder: Path, label: Label, marked: MarkedSpots | None, lesion: LesionTruth | None, region: Predictor
) -> list[CandidateExample]:
    """All examples of one photo."""
    cv2.setNumThreads(1)
    if marked is not None:
        return list(marked_examples(folder, label, marked))
    if label.visible == "0":
        return [bare_example(folder, label), *composite_examples(folder, label)]
    if label.n_spots == "0" and label.source in HOME_SOURCES:
        return [bare_example(folder, label)]
    if label.n_spots != "1" or label.pattern != SINGLE_LESION or (lesion is not None and not lesion.exists):
        return []
    # At home the outlined lesions are enough.
    if lesion is None and label.source in HOME_SOURCES:
        return []
    example = beside_example(folder, label, lesion if lesion is not None else region)
    return [] if example is None else [example]


def _candidates(photo: Photo) -> Candidates:
    return find_candidates(photo.rgb, find_skin(photo, NoScale("not sought in training")))
