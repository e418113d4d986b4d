"""The product beside ten lines of OpenCV or scikit-image in one run, on photos and composites of other sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lesionvis.lab.evaluate.baselines import BASELINES, Baseline, Found
from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows
from lesionvis.lab.evaluate.composite_report import STRENGTHS, measure_composites
from lesionvis.lab.evaluate.matching import BLOOD_KINDS, RED_MARKS, match_spots
from lesionvis.lab.evaluate.sources import SETS, asks_blood, measure_sources
from lesionvis.lab.render.composites import DOTS, lay_spots
from lesionvis.lab.train.left_out import in_two_processes
from lesionvis.lab.truth import HOME_SOURCES, Label, MarkedSpots, read_labels, read_spot_truth
from lesionvis.photo import Photo, read_photo
from lesionvis.spots.classifier import SpotClassifier

PRODUCT = "lesionvis, source or patient left out of training"
PEERS = tuple(peer for peer in BASELINES if peer.name in ("SimpleBlobDetector, a*", "components, a*", "blob_log, a*"))
HOME, ABROAD = "home", "abroad"
# What each method is judged on, by the heading of its column.
COLUMNS = {
    HOME: "home: all red",
    f"{ABROAD}, blood": "other sources: blood, vessels",
    ABROAD: "other sources: all red",
    "strong": "spots laid on, strong",
    "faint": "spots laid on, faint",
}
N_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Scored:
    """F1 of one method on one picture.

    Attributes
    ----------
    method : str
    asked : str
        One of `COLUMNS`.
    group : str
        Patient at home, source abroad.
    f1 : float
    threshold : float
        Of a peer; NaN for the product.
    """

    method: str
    asked: str
    group: str
    f1: float
    threshold: float = float("nan")


def compare_with_peers(folder: Path, classifiers: Sequence[SpotClassifier]) -> list[Scored]:
    """Find spots by the product and by its peers.

    Parameters
    ----------
    folder : Path
        Holds dev/, more/ and web/, each with labels.csv, spots.csv and photos/.
    classifiers : sequence of SpotClassifier
        One per fold of `fold_of`.

    Returns
    -------
    list of Scored
        Peers at every threshold that was tried.
    """
    scored = []
    for one in measure_sources(folder, classifiers):
        place, group = (HOME, one.group) if one.is_home else (ABROAD, one.source)
        scored.append(Scored(PRODUCT, place, group, one.red.f1))
        if not one.is_home and one.blood is not None:
            scored.append(Scored(PRODUCT, f"{ABROAD}, blood", group, one.blood.f1))
    composites = measure_composites(folder / "web", classifiers)
    scored += [Scored(PRODUCT, one.strength, one.source, one.f1) for one in composites if one.strength in STRENGTHS]
    marked = [(path, label, truth) for name in SETS for path, label, truth in _marked(folder / name)]
    at_home = [job for job in marked if job[1].source in HOME_SOURCES]
    tried = [row for rows in in_two_processes(_tried, at_home) for row in rows]
    thresholds = best_thresholds(tried)
    abroad = [(*job, thresholds) for job in marked if job[1].source not in HOME_SOURCES]
    bare = [label for label in read_labels(folder / "web") if label.visible == "0"]
    laid_on = [(folder / "web" / "photos" / label.photo, label, thresholds) for label in bare]
    found = [*in_two_processes(_abroad, abroad), *in_two_processes(_laid_on, laid_on)]
    kept = [row for row in tried if row.threshold == thresholds[row.method]]
    return [*scored, *kept, *(row for rows in found for row in rows)]


def _marked(folder: Path) -> list[tuple[Path, Label, MarkedSpots]]:
    labels = {label.photo: label for label in read_labels(folder)}
    truths = read_spot_truth(folder / "spots.csv")
    return [(folder / "photos" / truth.photo, labels[truth.photo], truth) for truth in truths]


def best_thresholds(tried: Sequence[Scored]) -> dict[str, float]:
    """Threshold of each method with the best mean F1.

    Parameters
    ----------
    tried : sequence of Scored
        One row per method, threshold and picture.

    Returns
    -------
    dict of str to float
        By method.

    Examples
    --------
    >>> best_thresholds([Scored("a", "home", "g", 0.2, 1.0), Scored("a", "home", "g", 0.6, 2.0)])
    {'a': 2.0}
    """
    scores: dict[str, dict[float, list[float]]] = {}
    for row in tried:
        scores.setdefault(row.method, {}).setdefault(row.threshold, []).append(row.f1)
    return {method: max(of, key=lambda threshold: float(np.mean(of[threshold]))) for method, of in scores.items()}


def _found(peer: Baseline, photo: Photo, threshold: float) -> Found:
    """Spots that a peer finds in the picture that the product works on, in source px."""
    xy_px, diameter_px = peer.find(photo.rgb, threshold)
    return photo.to_source(xy_px), diameter_px / photo.px_per_source_px


def _tried(path: Path, label: Label, truth: MarkedSpots) -> list[Scored]:
    photo = read_photo(path)
    return [
        Scored(peer.name, HOME, label.group, match_spots(*_found(peer, photo, value), truth, RED_MARKS).f1, value)
        for peer in PEERS
        for value in peer.thresholds
    ]


def _abroad(path: Path, label: Label, truth: MarkedSpots, thresholds: dict[str, float]) -> list[Scored]:
    photo = read_photo(path)
    asked = {ABROAD: RED_MARKS} | ({f"{ABROAD}, blood": BLOOD_KINDS} if asks_blood(truth) else {})
    rows = []
    for peer in PEERS:
        found = _found(peer, photo, thresholds[peer.name])
        rows += [
            Scored(peer.name, name, label.source, match_spots(*found, truth, kinds).f1, thresholds[peer.name])
            for name, kinds in asked.items()
        ]
    return rows


def _laid_on(path: Path, label: Label, thresholds: dict[str, float]) -> list[Scored]:
    """Peers on the very pictures that `measure_composites` gives to the product."""
    rows = []
    for number, (strength, density) in enumerate(STRENGTHS.items()):
        composite = lay_spots(path, DOTS, density, np.random.default_rng([number, int(label.sha256[:12], 16)]))
        if composite is None:
            continue
        photo, truth = read_photo(composite.rgb), composite.marked(label.photo)
        for peer in PEERS:
            threshold = thresholds[peer.name]
            f1 = match_spots(*_found(peer, photo, threshold), truth).f1
            rows.append(Scored(peer.name, strength, label.source, f1, threshold))
    return rows


def peer_report(rows: Sequence[Scored]) -> str:
    """Mean F1 of each method as Markdown.

    Parameters
    ----------
    rows : sequence of Scored
        Peers at one threshold each.

    Returns
    -------
    str
        One row per method; intervals of 95 % over patients at home and sources abroad.
    """
    counts = {name: sum(one.method == PRODUCT and one.asked == name for one in rows) for name in COLUMNS}
    lines = [
        "| method | threshold | " + " | ".join(f"{text} ({counts[name]})" for name, text in COLUMNS.items()) + " |",
        "|---|---|" + "---|" * len(COLUMNS),
    ]
    for method in dict.fromkeys(one.method for one in rows):
        ours = [one for one in rows if one.method == method]
        threshold = "" if np.isnan(ours[0].threshold) else f"{ours[0].threshold:g}"
        cells = [_mean([one for one in ours if one.asked == name]) for name in COLUMNS]
        lines.append(f"| {method} | {threshold} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _mean(rows: Sequence[Scored]) -> str:
    if not rows:
        return ""
    f1 = np.asarray([one.f1 for one in rows])
    groups = [one.group for one in rows]
    low, high = interval_95([float(f1[drawn].mean()) for drawn in resampled_rows(groups, N_RESAMPLES)])
    return f"{f1.mean():.2f} ({low:.2f} to {high:.2f})"
