"""Whether stated errors are honest: the share of truths that lie within one and two of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed

from lesionvis.findings import Findings
from lesionvis.lab.evaluate.lesion_report import covering_spot
from lesionvis.lab.evaluate.matching import RED_MARKS, match_spots
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import NOT_SOUGHT, find
from lesionvis.lab.train.region_examples import RULER_SOURCE, LesionTruth, read_lesion_truth
from lesionvis.lab.truth import HOME_SOURCES, Label, MarkedSpots, read_labels, read_spot_truth
from lesionvis.scale import Scale
from lesionvis.spots.border import mask_corners
from lesionvis.spots.classifier import SpotClassifier
from lesionvis.spots.shape import shapes

# Sets of photos inside the folder, by name.
SETS = ("dev", "more", "web", "rulers")
# A spot that shares less than this with the outline that a person drew (intersection over union), or whose size is off
# by more than this factor, is another thing than the person meant, or a part of it: no error of a size tells that.
OVERLAP_MIN, SIZE_RATIO_MAX = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure beside its truth.

    Attributes
    ----------
    what : str
        Row of the table.
    off : float
        Measured over true value, less 1; NaN where something else was measured or nothing.
    error : float
        Stated standard error over the measured value.
    """

    what: str
    off: float
    error: float

    @property
    def in_errors(self) -> float:
        """How many stated errors the truth is away."""
        return abs(self.off) / (self.error * (1.0 + self.off))


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    """What is known of a photo: `ruler` is its row of rulers.csv."""

    path: Path
    source: str
    group: str
    ruler: dict[str, str] | None
    lesion: LesionTruth | None
    spots: MarkedSpots | None


def compare_photos(folder: Path, classifiers: Sequence[SpotClassifier]) -> list[Compared]:
    """Measure every photo whose scale, lesion or spots are known, by a classifier that never saw its group or source.

    Parameters
    ----------
    folder : Path
        Holds folders of `SETS`, each with photos/ and any of labels.csv, rulers.csv, masks/, spots.csv.
    classifiers : sequence of SpotClassifier
        One per fold of `fold_of`.

    Returns
    -------
    list of Compared
        In order of sets and photos.
    """
    truths = [truth for name in SETS if (folder / name).is_dir() for truth in _truths(folder / name)]
    jobs = (delayed(_compared)(truth, classifiers[fold_of(truth.source, truth.group)]) for truth in truths)
    return [one for compared in Parallel(n_jobs=2)(jobs) for one in compared]


def _truths(folder: Path) -> Iterator[_Truth]:
    """Photos of a set of which a size is known."""
    labels: dict[str, Label] = {}
    if (folder / "labels.csv").exists():
        labels = {label.photo: label for label in read_labels(folder)}
    spots: dict[str, MarkedSpots] = {}
    if (folder / "spots.csv").exists():
        spots = {truth.photo: truth for truth in read_spot_truth(folder / "spots.csv")}
    rulers: dict[str, dict[str, str]] = {}
    if (folder / "rulers.csv").exists():
        with (folder / "rulers.csv").open(newline="", encoding="utf-8") as handle:
            rulers = {row["photo"]: row for row in csv.DictReader(handle)}
    outlined = {file.stem for file in (folder / "masks").glob("*.png")}
    lesions = {stem: lesion for stem, lesion in read_lesion_truth(folder).items() if stem in outlined}
    for name in sorted({*rulers, *spots, *(photo for photo in labels if Path(photo).stem in lesions)}):
        source, group = (labels[name].source, labels[name].group) if name in labels else (RULER_SOURCE, name)
        lesion = lesions.get(Path(name).stem)
        yield _Truth(folder / "photos" / name, source, group, rulers.get(name), lesion, spots.get(name))


def _compared(truth: _Truth, classifier: SpotClassifier) -> list[Compared]:
    cv2.setNumThreads(1)
    found = find(truth.path, classifier, NOT_SOUGHT if truth.ruler is None else None)
    compared: list[Compared] = []
    if truth.ruler is not None:
        compared += _ruler(truth.ruler, found)
    if truth.lesion is not None:
        compared += _outlined(truth.lesion, found)
    if truth.spots is not None:
        place = "home" if truth.source in HOME_SOURCES else "abroad"
        compared += compare_spots(f"spots {place}: diameter", found, truth.spots)
    return compared


def _ruler(row: dict[str, str], found: Findings) -> Iterator[Compared]:
    """Scale of a ruler, as a whole and beside the lesion, and the lesion in mm."""
    scale = found.scale
    if not isinstance(scale, Scale):
        return
    yield Compared("rulers: mean scale", scale.px_per_mm / float(row["px_per_mm"]) - 1.0, scale.error_pct / 100.0)
    if not row["px_per_mm_at_lesion"] or not row["lesion_long_px"]:
        return
    x, y, long_px, short_px = (float(row[f"lesion_{name}"]) for name in ("cx", "cy", "long_px", "short_px"))
    true_scale = float(row["px_per_mm_at_lesion"])
    off = scale.px_per_mm_near(x, y) / true_scale - 1.0
    yield Compared("rulers: scale beside the lesion", off, scale.local_error_near(x, y))
    table = found.table
    on_lesion = np.hypot(table["x_px"] - x, table["y_px"] - y) < long_px / 2.0
    lesion = int(np.flatnonzero(on_lesion)[table["feret_max_px"][on_lesion].argmax()]) if on_lesion.any() else None
    for name, true_px in (("length", long_px), ("diameter", float(np.sqrt(long_px * short_px)))):
        what = f"lesions beside rulers: {name} in mm"
        if lesion is None:
            yield Compared(what, float("nan"), float("nan"))
        else:
            measured, error = (float(table[f"{name}{part}_mm"][lesion]) for part in ("", "_error"))
            yield _same_thing(what, measured / (true_px / true_scale), error / measured)


def _outlined(truth: LesionTruth, found: Findings) -> Iterator[Compared]:
    """Sizes of the spot that covers most of an outlined lesion."""
    mask = truth.draw(found.photo.source_height_px, found.photo.source_width_px)
    label, overlap = covering_spot(found.spots.labels, mask)
    true = shapes((mask_corners(mask),))
    table = found.table
    for name, column, power in (("diameter", "diameter_px", 1), ("length", "feret_max_px", 1), ("area", "area_px", 2)):
        what = f"outlined lesions: {name}"
        if overlap < OVERLAP_MIN:
            yield Compared(what, float("nan"), float("nan"))
        else:
            error = float(table["diameter_error_px"][label - 1] / table["diameter_px"][label - 1])
            yield Compared(what, float(table[column][label - 1] / true[column][0]) - 1.0, power * error)


def _same_thing(what: str, ratio: float, error: float) -> Compared:
    is_same = 1.0 / SIZE_RATIO_MAX < ratio < SIZE_RATIO_MAX
    return Compared(what, ratio - 1.0 if is_same else float("nan"), error)


def compare_spots(what: str, found: Findings, truth: MarkedSpots) -> list[Compared]:
    """Diameters of the red spots that were found, beside the true ones.

    Parameters
    ----------
    what : str
        Row of the table.
    found : Findings
        Of the photo.
    truth : MarkedSpots
        Of the same photo.

    Returns
    -------
    list of Compared
    """
    table = found.table
    diameter, error = table.numbers("diameter_px"), table.numbers("diameter_error_px")
    match = match_spots(np.column_stack([table["x_px"], table["y_px"]]), diameter, truth, RED_MARKS)
    return [
        _same_thing(what, float(1.0 + off), float(error[row] / diameter[row]))
        for off, row in zip(match.diameter_errors, match.hits, strict=True)
    ]


def error_report(compared: Sequence[Compared]) -> str:
    """Table of shares of truths within one and two stated errors, as Markdown.

    Parameters
    ----------
    compared : sequence of Compared
        Measures beside their truths, in any order; rows come in the order in which they are first met.

    Returns
    -------
    str

    Examples
    --------
    >>> off = [0.0, 0.04, -0.05, 0.15, float("nan")]
    >>> print(error_report([Compared("spots", one, 0.08) for one in off]).splitlines()[-1])
    | spots | 4 | 1 | 0.75 | 1.00 | 8.0 % | 4.5 % | +2.0 % |
    """
    lines = [
        "| what | number | something else | within one error | within two | stated error | off | bias |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for what in dict.fromkeys(one.what for one in compared):
        rows = [one for one in compared if one.what == what]
        kept = [one for one in rows if np.isfinite(one.off)]
        within = np.asarray([one.in_errors for one in kept])
        off = np.asarray([one.off for one in kept])
        stated = float(np.median([one.error for one in kept]))
        lines.append(
            f"| {what} | {len(kept)} | {len(rows) - len(kept)} | {(within <= 1.0).mean():.2f} | "
            f"{(within <= 2.0).mean():.2f} | {100.0 * stated:.1f} % | {100.0 * np.median(np.abs(off)):.1f} % | "
            f"{100.0 * np.median(off):+.1f} % |"
        )
    return "\n".join(lines)
