"""Figures on spots of blood laid onto photos of bare skin, by tone of the skin and strength of the spots."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from joblib import Parallel, delayed

from lesionvis.analysis import listed_spots
from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows
from lesionvis.lab.evaluate.matching import match_spots
from lesionvis.lab.render.composites import DOTS, FAINT_DENSITY, STRONG_DENSITY, lay_spots
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import find
from lesionvis.lab.truth import Label, read_labels
from lesionvis.pattern import PatternModel, find_pattern
from lesionvis.pattern.bare import BareModel
from lesionvis.pattern.features import compute_features, gather
from lesionvis.pattern.likeness import likeness_flags
from lesionvis.photo import read_photo
from lesionvis.quality import photo_flags
from lesionvis.scale import working_px_per_mm
from lesionvis.spots.classifier import SpotClassifier

M = TypeVar("M")
T = TypeVar("T")

TONES = ("light", "medium", "dark")
# Green optical density of the spots by the name of their row.
STRENGTHS = {"strong": STRONG_DENSITY, "faint": FAINT_DENSITY}
# Spots whose mean diameter is less than this are small for any finder.
LARGE_DIAMETER_MIN_PX = 5.0
N_RESAMPLES = 500
MANY_SPOTS = 10


@dataclass(frozen=True, slots=True)
class LeftOutModels:
    """Models that never saw the photos of a fold.

    Attributes
    ----------
    classifier : SpotClassifier
    pattern : PatternModel
    bare : BareModel
    """

    classifier: SpotClassifier
    pattern: PatternModel
    bare: BareModel


@dataclass(frozen=True, slots=True)
class CompositeFigures:
    """How well the spots laid onto one photo were found.

    Attributes
    ----------
    source, tone : str
        Of the photo of bare skin.
    strength : str
        "strong", "faint", "bare" for the photo itself, or "listed" for what the answer on it lists.
    diameter_px : float
        Mean diameter of the spots, 0 on bare skin.
    f1 : float
        Of the spots of blood and vessels; 1 on bare skin where nothing was found.
    found : int
        Number of spots found.
    """

    source: str
    tone: str
    strength: str
    diameter_px: float
    f1: float
    found: int


def measure_composites(folder: Path, classifiers: Sequence[SpotClassifier]) -> list[CompositeFigures]:
    """Find spots on every photo of bare skin, as it is and with spots laid on, by a classifier without its source.

    Parameters
    ----------
    folder : Path
        Holds labels.csv with the column `skin_tone`, and photos/.
    classifiers : sequence of SpotClassifier
        One per fold of `fold_of`.

    Returns
    -------
    list of CompositeFigures
        Photos without room for spots have no row for these.
    """
    return [row for rows in _of_bare_photos(_measured, folder, classifiers) for row in rows]


def measure_listed(folder: Path, models: Sequence[LeftOutModels]) -> list[CompositeFigures]:
    """Answer every photo of bare skin by models without its source.

    Parameters
    ----------
    folder : Path
        Holds labels.csv with the column `skin_tone`, and photos/.
    models : sequence of LeftOutModels
        One per fold of `fold_of`.

    Returns
    -------
    list of CompositeFigures
        What the answers list.
    """
    return _of_bare_photos(_listed, folder, models)


def _of_bare_photos(measure: Callable[[Path, Label, str, M], T], folder: Path, models: Sequence[M]) -> list[T]:
    """What is measured on each photo of bare skin with the models of its fold."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as handle:
        tones = {row["photo"]: row["skin_tone"] for row in csv.DictReader(handle)}
    jobs = (
        delayed(measure)(folder / "photos", label, tones[label.photo], models[fold_of(label.source, label.group)])
        for label in read_labels(folder)
        if label.visible == "0"
    )
    return list(Parallel(n_jobs=2)(jobs))


def _measured(folder: Path, label: Label, tone: str, classifier: SpotClassifier) -> list[CompositeFigures]:
    cv2.setNumThreads(1)
    path = folder / label.photo
    n_found = len(find(path, classifier).table)
    rows = [CompositeFigures(label.source, tone, "bare", 0.0, float(n_found == 0), n_found)]
    for number, (strength, density) in enumerate(STRENGTHS.items()):
        generator = np.random.default_rng([number, int(label.sha256[:12], 16)])
        composite = lay_spots(path, DOTS, density, generator)
        if composite is None:
            continue
        table = find(read_photo(composite.rgb), classifier).table
        xy = np.column_stack([table["x_px"], table["y_px"]])
        match = match_spots(xy, table.numbers("diameter_px"), composite.marked(label.photo))
        mean_px = float(composite.diameter_px.mean())
        rows.append(CompositeFigures(label.source, tone, strength, mean_px, match.f1, len(table)))
    return rows


def _listed(folder: Path, label: Label, tone: str, models: LeftOutModels) -> CompositeFigures:
    cv2.setNumThreads(1)
    found = find(folder / label.photo, models.classifier)
    photo, skin = found.photo, found.skin
    flags = photo_flags(photo.rgb, skin.fraction, skin.is_dark, working_px_per_mm(photo, found.scale))
    flags += likeness_flags(photo.rgb, skin.mask, flags)
    features = compute_features(gather(found))
    pattern = find_pattern(features, flags, len(found.table) == 0, models.pattern, models.bare)
    n_listed = len(listed_spots(found.spots, pattern))
    return CompositeFigures(label.source, tone, "listed", 0.0, float(n_listed == 0), n_listed)


def composite_report(rows: Sequence[CompositeFigures]) -> str:
    """F1 by strength and tone, and what is found on the bare skin below, as Markdown.

    Parameters
    ----------
    rows : sequence of CompositeFigures

    Returns
    -------
    str
        Two tables; intervals are of 95 % over sources.
    """
    lines = [
        "| spots laid on | skin | pictures | F1 | pictures of 5 px or more | F1 |",
        "|---|---|---|---|---|---|",
    ]
    for strength in STRENGTHS:
        for tone in TONES:
            chosen = [row for row in rows if (row.strength, row.tone) == (strength, tone)]
            large = [row for row in chosen if row.diameter_px >= LARGE_DIAMETER_MIN_PX]
            cells = [cell for part in (chosen, large) for cell in (str(len(part)), _mean_with_interval(part))]
            lines.append(f"| {strength} | {tone} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_bare_lines(rows)])


def _bare_lines(rows: Sequence[CompositeFigures]) -> Iterator[str]:
    yield "| the same skin bare | photos | any spot found | ten or more | any spot listed | ten or more |"
    yield "|---|---|---|---|---|---|"
    for tone in (*TONES, "all"):
        of_tone = [row for row in rows if tone in (row.tone, "all")]
        counts = [np.asarray([row.found for row in of_tone if row.strength == name]) for name in ("bare", "listed")]
        if len(counts[0]):
            shares = [f"{(count >= least).mean():.2f}" for count in counts for least in (1, MANY_SPOTS)]
            yield f"| {tone} | {len(counts[0])} | {' | '.join(shares)} |"


def _mean_with_interval(rows: Sequence[CompositeFigures]) -> str:
    if not rows:
        return ""
    f1 = np.asarray([row.f1 for row in rows])
    sources = [row.source for row in rows]
    if len(set(sources)) < 3:
        return f"{f1.mean():.2f}"
    low, high = interval_95([float(f1[drawn].mean()) for drawn in resampled_rows(sources, N_RESAMPLES)])
    return f"{f1.mean():.2f} ({low:.2f} to {high:.2f})"
