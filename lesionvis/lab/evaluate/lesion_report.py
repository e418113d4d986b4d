"""The figures of the dominant lesion on real photos, judged by region predictors that never saw the photo's group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import find
from lesionvis.lab.train.region_examples import RULER_SOURCE, LesionAxes, read_lesion_axes, read_lesion_truth
from lesionvis.lab.truth import Label, read_labels
from lesionvis.labels import PETECHIAL_SHOWER
from lesionvis.models import Predictor
from lesionvis.spots.classifier import packaged_classifier
from lesionvis.spots.shape import shapes

# Lengths this near the truth are right.
LENGTH_TOLERANCE = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class JudgedLesion:
    """What was found on one photo, beside the truth.

    Attributes
    ----------
    photo, source : str
    kind : {"mask", "axis", "none", "bare"}
        The truth: an outline drawn on the lesion, its long axis, a shower without a lesion, bare skin.
    is_sharp : bool
        Whether the true border is sharp; of an axis.
    is_found : bool
        Whether a dominant lesion was found, right or wrong.
    overlap : float
        Intersection over union of the spot that covers most of a mask, and that mask; NaN without a mask.
    length_ratio, ellipse_ratio : float
        Maximum Feret diameter, and long axis of the ellipse of equal second moments, over the true long axis; NaN where
        no spot lies on the lesion.
    """

    photo: str
    source: str
    kind: str
    is_sharp: bool
    is_found: bool
    overlap: float
    length_ratio: float
    ellipse_ratio: float


def judge_lesions(folder: Path, predictors: Sequence[Predictor]) -> list[JudgedLesion]:
    """Find the lesion of every photo of a folder whose lesion is known, or known to be missing.

    Parameters
    ----------
    folder : Path
        With labels.csv, photos/, and any of masks/, rulers.csv.
    predictors : sequence of Predictor
        Of regions, one per fold, which never saw the photos of that fold.

    Returns
    -------
    list of JudgedLesion
        In order of the photos' names; a photo with a mask and an axis comes twice.
    """
    labels = {label.photo: label for label in read_labels(folder)}
    masks = {file.stem for file in (folder / "masks").glob("*.png")}
    axes = {axis.photo: axis for axis in read_lesion_axes(folder)}
    names = sorted({*labels, *axes})
    jobs = []
    for name in names:
        label, axis = labels.get(name), axes.get(name)
        kind = _kind(label, has_mask=Path(name).stem in masks, has_axis=axis is not None)
        if kind:
            source, group = (label.source, label.group) if label else (RULER_SOURCE, name)
            jobs.append(delayed(_judge)(folder, name, source, kind, axis, predictors[fold_of(source, group)]))
    return list(Parallel(n_jobs=2)(jobs))


def _kind(label: Label | None, *, has_mask: bool, has_axis: bool) -> str:
    """What is known of a photo's lesion; "" when nothing is."""
    if has_mask:
        return "mask"
    if has_axis:
        return "axis"
    if label is not None and label.pattern == PETECHIAL_SHOWER:
        return "none"
    return "bare" if label is not None and label.visible == "0" else ""


def _judge(
    folder: Path, name: str, source: str, kind: str, axis: LesionAxes | None, predictor: Predictor
) -> JudgedLesion:
    cv2.setNumThreads(1)
    found = find(folder / "photos" / name, replace(packaged_classifier(), region=predictor), None)
    photo, spots = found.photo, found.spots
    overlap = length_ratio = ellipse_ratio = float("nan")
    if kind == "mask":
        truth = read_lesion_truth(folder)[Path(name).stem].draw(photo.source_height_px, photo.source_width_px)
        overlap = mask_overlap(spots.labels, truth)
    if kind == "axis" and axis is not None:
        table = shapes(spots.outlines_px)
        on_lesion = np.hypot(table["x_px"] - axis.x_px, table["y_px"] - axis.y_px) < axis.long_px / 2.0
        if on_lesion.any():
            longest = int(np.flatnonzero(on_lesion)[table["feret_max_px"][on_lesion].argmax()])
            length_ratio = float(table["feret_max_px"][longest]) / axis.long_px
            ellipse_ratio = ellipse_length_px(spots.outlines_px[longest]) / axis.long_px
    is_sharp = axis is not None and axis.is_sharp
    return JudgedLesion(name, source, kind, is_sharp, spots.lesion > 0, overlap, length_ratio, ellipse_ratio)


def mask_overlap(labels: NDArray[np.int32], truth: NDArray[np.bool_]) -> float:
    """Intersection over union of a mask and the label that covers most of it; 0 when none does.

    Parameters
    ----------
    labels : ndarray of shape (h, w), int32
        At working resolution.
    truth : ndarray of shape (H, W), bool
        At source resolution.

    Returns
    -------
    float
        0 to 1.
    """
    return covering_spot(labels, truth)[1]


def covering_spot(labels: NDArray[np.int32], truth: NDArray[np.bool_]) -> tuple[int, float]:
    """Label that covers most of a mask, and their intersection over union.

    Parameters
    ----------
    labels : ndarray of shape (h, w), int32
        At working resolution.
    truth : ndarray of shape (H, W), bool
        At source resolution.

    Returns
    -------
    int, float
        Both 0 where no label covers any of it.

    Examples
    --------
    >>> labels = np.zeros((4, 4), np.int32)
    >>> labels[:2] = 3
    >>> covering_spot(labels, labels > 0)
    (3, 1.0)
    """
    full = np.asarray(cv2.resize(labels, truth.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT))
    counts = np.bincount(full[truth], minlength=2)
    counts[0] = 0
    if not counts.any():
        return 0, 0.0
    label = int(counts.argmax())
    best = full == label
    return label, float((best & truth).sum() / (best | truth).sum())


def ellipse_length_px(outline: NDArray[np.float64]) -> float:
    """Long axis of the ellipse with the second moments of a polygon (K, 2).

    Parameters
    ----------
    outline : ndarray of shape (K, 2), float64
        Corners (x, y), px.

    Returns
    -------
    float
        Full length, in px.

    Examples
    --------
    >>> turn = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    >>> round(ellipse_length_px(np.stack([30.0 * np.cos(turn), 20.0 * np.sin(turn)], axis=1)), 1)
    60.0
    """
    moments = cv2.moments((outline - outline.mean(axis=0)).astype(np.float32))
    area = max(moments["m00"], 1e-9)
    across, down, both = (moments[name] / area for name in ("mu20", "mu02", "mu11"))
    spread = 0.5 * (across + down) + np.hypot(0.5 * (across - down), both)
    return float(4.0 * np.sqrt(spread))


def lesion_report(judged: Sequence[JudgedLesion]) -> str:
    """Figures of `judge_lesions` as Markdown.

    Parameters
    ----------
    judged : sequence of JudgedLesion
        What was found beside the truth, in any order.

    Returns
    -------
    str
        A table of lengths and one line per further kind of truth; what has no photos is left out.
    """
    return "\n".join((*_lengths(judged), "", *_overlaps(judged), "", *_absent(judged)))


def _lengths(judged: Sequence[JudgedLesion]) -> Iterator[str]:
    axes = [one for one in judged if one.kind == "axis"]
    yield (
        "Lesions beside a ruler, length over the long axis that a reader drew; not found counts as wrong. Feret: "
        "longest distance of two corners. Ellipse: long axis of the ellipse of equal second moments."
    )
    yield ""
    yield "| lesions | number | not found | Feret within 10 % | its median | ellipse within 10 % | its median |"
    yield "|---|---|---|---|---|---|---|"
    for name, rows in (
        ("all", axes),
        ("of sharp border", [one for one in axes if one.is_sharp]),
        ("ill-defined", [one for one in axes if not one.is_sharp]),
    ):
        if rows:
            feret = np.array([one.length_ratio for one in rows])
            ellipse = np.array([one.ellipse_ratio for one in rows])
            cells = " | ".join(
                f"{(np.abs(ratio - 1.0) <= LENGTH_TOLERANCE).mean():.2f} | {np.nanmedian(ratio):.3f}"
                for ratio in (feret, ellipse)
            )
            yield f"| {name} | {len(rows)} | {int(np.isnan(feret).sum())} | {cells} |"


def _overlaps(judged: Sequence[JudgedLesion]) -> Iterator[str]:
    overlap = np.array([one.overlap for one in judged if one.kind == "mask"])
    if len(overlap):
        yield (
            f"{len(overlap)} outlined lesions: median overlap (intersection over union) {np.median(overlap):.3f}, at "
            f"least one half for {(overlap >= 0.5).mean():.3f}, not found {(overlap == 0).mean():.3f}."
        )


def _absent(judged: Sequence[JudgedLesion]) -> Iterator[str]:
    for kind, name in (("none", "showers"), ("bare", "photos of bare skin")):
        found = [one.is_found for one in judged if one.kind == kind]
        if found:
            yield f"{len(found)} {name}: a lesion is found on {np.mean(found):.3f}."
