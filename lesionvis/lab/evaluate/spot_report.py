"""Figures of spot finding on real photos as Markdown, for the docs: beside its baselines, on photos left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.findings import Findings
from lesionvis.lab.evaluate.baselines import BASELINES
from lesionvis.lab.evaluate.lesion_report import mask_overlap
from lesionvis.lab.evaluate.matching import Match, match_spots
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import find
from lesionvis.lab.train.region_examples import LesionTruth
from lesionvis.lab.truth import Label, MarkedSpots
from lesionvis.photo import PhotoReader
from lesionvis.spots.classifier import SpotClassifier

# Peers see the photos as they are.
_SOURCE_SIDE_MAX_PX = 8192


@dataclass(frozen=True, slots=True)
class SpotFigures:
    """Means over photos.

    Attributes
    ----------
    name : str
    f1, precision, recall : float
        0 to 1.
    diameter_error : float
        Median of the absolute relative error over all spots that were found.
    """

    name: str
    f1: float
    precision: float
    recall: float
    diameter_error: float


def spot_figures(name: str, matches: Sequence[Match]) -> SpotFigures:
    """Means over photos of matched spots; photos without spots have no recall.

    Parameters
    ----------
    name : str
        Name of the detector.
    matches : sequence of Match
        One per photo.

    Returns
    -------
    SpotFigures
        Means, and the median relative error of diameters.
    """
    errors = np.abs(np.concatenate([match.diameter_errors for match in matches]))
    return SpotFigures(
        name,
        float(np.mean([match.f1 for match in matches])),
        float(np.mean([match.precision for match in matches])),
        float(np.nanmean([match.recall for match in matches])),
        float(np.median(errors)) if errors.size else float("nan"),
    )


def spot_report(
    folder: Path,
    labels: Sequence[Label],
    annotated: Sequence[MarkedSpots],
    marked: Sequence[MarkedSpots],
    lesions: dict[str, LesionTruth],
    classifiers: Sequence[SpotClassifier],
) -> str:
    """Find spots with classifiers that never saw the photo's group, and write down how well.

    Parameters
    ----------
    folder : Path
        Holds the photos.
    labels : sequence of Label
    annotated : sequence of MarkedSpots
        Photos of which every spot was marked with its size; the peers are judged on these.
    marked : sequence of MarkedSpots
        Photos of which the spots' places were marked for training.
    lesions : dict
        Photo's stem -> its dominant lesion.
    classifiers : sequence of SpotClassifier
        One per fold.

    Returns
    -------
    str
        Markdown.
    """
    fold = {label.photo: fold_of(label.source, label.group) for label in labels}

    def matched(truths: Sequence[MarkedSpots]) -> list[Match]:
        jobs = (delayed(_match)(folder / t.photo, t, classifiers[fold[t.photo]]) for t in truths)
        return list(Parallel(n_jobs=2)(jobs))

    own, further = matched(annotated), matched(marked)
    peers = Parallel(n_jobs=2)(delayed(_tuned)(number, folder, annotated) for number in range(len(BASELINES)))
    outlined = [label for label in labels if Path(label.photo).stem in lesions]
    overlaps = Parallel(n_jobs=2)(
        delayed(_overlap)(folder / label.photo, lesions[Path(label.photo).stem], classifiers[fold[label.photo]])
        for label in outlined
        if lesions[Path(label.photo).stem].exists
    )
    empty = [label for label in labels if label.n_spots == "0"]
    counts = Parallel(n_jobs=2)(delayed(_count)(folder / e.photo, classifiers[fold[e.photo]]) for e in empty)
    sections = (
        _methods([spot_figures("lesionvis, photo left out of training", own), *peers], len(annotated)),
        _photos(annotated, own),
        _further(spot_figures("", further), len(marked)),
        _lesions(np.asarray(overlaps)),
        _nothing(np.asarray(counts)),
    )
    return "\n".join(line for section in sections for line in section)


def _found(path: Path, classifier: SpotClassifier) -> Findings:
    cv2.setNumThreads(1)
    return find(path, classifier)


def _match(path: Path, truth: MarkedSpots, classifier: SpotClassifier) -> Match:
    table = _found(path, classifier).table
    return match_spots(np.column_stack([table["x_px"], table["y_px"]]), table.numbers("diameter_px"), truth)


def _count(path: Path, classifier: SpotClassifier) -> int:
    return len(_found(path, classifier).spots)


def _overlap(path: Path, truth: LesionTruth, classifier: SpotClassifier) -> float:
    """Intersection over union of the spot that covers most of the true lesion."""
    found = _found(path, classifier)
    return mask_overlap(found.spots.labels, truth.draw(found.photo.source_height_px, found.photo.source_width_px))


def _tuned(number: int, folder: Path, truths: Sequence[MarkedSpots]) -> SpotFigures:
    """A peer at the threshold that is best for it on these very photos."""
    cv2.setNumThreads(1)
    peer = BASELINES[number]
    whole = PhotoReader(working_long_side_px=_SOURCE_SIDE_MAX_PX)
    pictures = [whole(folder / truth.photo).rgb for truth in truths]
    tried = [
        spot_figures(
            peer.name,
            [match_spots(*peer.find(rgb, threshold), truth) for rgb, truth in zip(pictures, truths, strict=True)],
        )
        for threshold in peer.thresholds
    ]
    return max(tried, key=lambda figures: figures.f1)


def _methods(rows: Sequence[SpotFigures], n_photos: int) -> Iterator[str]:
    yield f"{n_photos} photos with every spot marked; the peers' thresholds are tuned on these very photos."
    yield ""
    yield "| method | F1 | precision | recall | median diameter error |"
    yield "|---|---|---|---|---|"
    for row in sorted(rows, key=lambda row: -row.f1):
        yield f"| {row.name} | {row.f1:.2f} | {row.precision:.2f} | {row.recall:.2f} | {row.diameter_error:.0%} |"


def _photos(truths: Sequence[MarkedSpots], matches: Sequence[Match]) -> Iterator[str]:
    yield ""
    yield "| photo | spots | found | false | F1 |"
    yield "|---|---|---|---|---|"
    rows = zip(truths, matches, strict=True)
    for truth, match in sorted(rows, key=lambda row: row[1].f1):
        stem = Path(truth.photo).stem
        yield f"| {stem} | {match.n_true} | {match.n_hit} | {match.n_false} | {match.f1:.2f} |"


def _further(figures: SpotFigures, n_photos: int) -> Iterator[str]:
    yield ""
    yield (
        f"{n_photos} further photos, whose spots were marked for training, each left out of it: F1 {figures.f1:.2f}, "
        f"precision {figures.precision:.2f}, recall {figures.recall:.2f}."
    )


def _lesions(overlaps: NDArray[np.float64]) -> Iterator[str]:
    yield ""
    yield (
        f"{len(overlaps)} outlined lesions, each left out of training: median overlap (intersection over union) "
        f"{np.median(overlaps):.3f}, at least one half for {(overlaps >= 0.5).mean():.3f}, not found "
        f"{(overlaps == 0).mean():.3f}."
    )


def _nothing(counts: NDArray[np.int64]) -> Iterator[str]:
    yield ""
    yield (
        f"{len(counts)} photos without a spot: none found in {(counts == 0).mean():.2f} of them, at most two in "
        f"{(counts <= 2).mean():.2f}, ten or more in {(counts >= 10).mean():.2f}."
    )
