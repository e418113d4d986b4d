"""Figures on photos of sources that the models never saw, beside those on the sources that they come from.

Home are DermNet and PAD, in folds by patient; abroad is every other source, answered by models that were trained
without any photo of it. Two variants are told apart by what they do abroad.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.stats import spearmanr

from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows
from lesionvis.lab.evaluate.matching import BLOOD_KINDS, RED_MARKS, Match, match_spots
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.train.left_out import find
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.lab.truth import HOME_SOURCES, MarkedSpots, read_labels, read_spot_truth
from lesionvis.labels import SINGLE_LESION
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.spots.classifier import SpotClassifier

# Sets of photos inside the folder, by name.
SETS = ("dev", "more", "web")
# Longer side in px up to which a photo counts as of that size.
SIZES = {"up to 320 px": 320, "321 to 700 px": 700, "over 700 px": 10**9}
N_RESAMPLES = 500
COUNT_TOLERANCE, COUNT_TOLERANCE_MIN = 0.2, 2
# So many spots on a photo of one lesion are a crowd that is not there.
CROWD_SPOTS_MIN = 10


@dataclass(frozen=True, slots=True, eq=False)
class SpotsOfPhoto:
    """How well the spots of one photo were found.

    Attributes
    ----------
    photo, source, group, tone : str
    long_side_px : int
    blood : Match or None
        Spots of blood and vessels; None where only inflamed ones are marked.
    red : Match
        With the inflamed ones.
    kind_hits, kind_pairs : int
        Matched red spots told rightly as inflamed or not, and all of them.
    """

    photo: str
    source: str
    group: str
    tone: str
    long_side_px: int
    blood: Match | None
    red: Match
    kind_hits: int
    kind_pairs: int

    @property
    def is_home(self) -> bool:
        """Whether the photo is of a source that is in every training."""
        return self.source in HOME_SOURCES


def measure_sources(folder: Path, classifiers: Sequence[SpotClassifier]) -> list[SpotsOfPhoto]:
    """Find the spots of every photo whose spots are marked, by a classifier that never saw its group or source.

    Parameters
    ----------
    folder : Path
        Holds the folders of `SETS`, each with labels.csv, spots.csv and photos/.
    classifiers : sequence of SpotClassifier
        One per fold of `fold_of`.

    Returns
    -------
    list of SpotsOfPhoto
    """
    jobs = []
    for name in SETS:
        labels = {label.photo: label for label in read_labels(folder / name)}
        with (folder / name / "labels.csv").open(newline="", encoding="utf-8") as handle:
            tones = {row["photo"]: row["skin_tone"] for row in csv.DictReader(handle)}
        for truth in read_spot_truth(folder / name / "spots.csv"):
            label = labels[truth.photo]
            names = (label.source, label.group, tones[truth.photo])
            path = folder / name / "photos" / truth.photo
            jobs.append(delayed(_measured)(path, truth, names, classifiers[fold_of(label.source, label.group)]))
    return list(Parallel(n_jobs=2)(jobs))


def _measured(path: Path, truth: MarkedSpots, names: tuple[str, str, str], classifier: SpotClassifier) -> SpotsOfPhoto:
    cv2.setNumThreads(1)
    findings = find(path, classifier)
    photo, table = findings.photo, findings.table
    xy, diameter = np.column_stack([table["x_px"], table["y_px"]]), table.numbers("diameter_px")
    kind = table["kind"]
    as_red = np.flatnonzero(kind != "pigment")
    as_blood = np.flatnonzero(~np.isin(kind, ("pigment", "inflamed")))
    red = match_spots(xy[as_red], diameter[as_red], truth, RED_MARKS)
    blood = match_spots(xy[as_blood], diameter[as_blood], truth, BLOOD_KINDS) if asks_blood(truth) else None
    told = kind[as_red][red.hits] == "inflamed"
    right = int((told == np.asarray([name == "inflamed" for name in red.hit_kinds], np.bool_)).sum())
    size = max(photo.source_width_px, photo.source_height_px)
    return SpotsOfPhoto(path.name, *names, size, blood, red, right, red.n_hit)


def asks_blood(truth: MarkedSpots) -> bool:
    """Whether a photo tells how well blood and vessels are found.

    Parameters
    ----------
    truth : MarkedSpots

    Returns
    -------
    bool
        False where the only red marks are inflamed ones, which say nothing on blood.
    """
    return "inflamed" not in truth.kind or not BLOOD_KINDS.isdisjoint(truth.kind)


def crowd_lines(table: PatternTable) -> Iterator[str]:
    """How often a crowd of spots is found on a photo that shows one lesion, as lines of a Markdown table.

    Parameters
    ----------
    table : PatternTable
        Features of photos, measured by finders that never saw their patient or source.

    Yields
    ------
    str
    """
    n_spots = table.features[:, FEATURE_NAMES.index("spot_count")]
    is_single = np.asarray(
        [label.pattern == SINGLE_LESION and label.n_spots in ("0", "1") for label in table.labels], np.bool_
    ) & (table.copy == 0)
    yield "| photos of one lesion | photos | median of spots found | with ten or more |"
    yield "|---|---|---|---|"
    groups = [label.left_out_with for label in table.labels]
    for place, chosen in (("home", ~table.is_abroad()), ("abroad", table.is_abroad())):
        for certainty, also in (("clear", table.is_clear()), ("all", np.ones(len(groups), np.bool_))):
            rows = np.flatnonzero(is_single & chosen & also)
            is_crowd = (n_spots[rows] >= CROWD_SPOTS_MIN).astype(np.float64)
            drawn = resampled_rows([groups[row] for row in rows], N_RESAMPLES)
            low, high = interval_95([float(is_crowd[one].mean()) for one in drawn])
            median = np.median(n_spots[rows])
            share = f"{is_crowd.mean():.3f} ({low:.3f} to {high:.3f})"
            yield f"| {place}, {certainty} | {len(rows)} | {median:.0f} | {share} |"


def sources_report(photos: Sequence[SpotsOfPhoto], table: PatternTable) -> str:
    """Home and abroad beside each other as Markdown: by source, tone and size of photo, and crowds beside one lesion.

    Parameters
    ----------
    photos : sequence of SpotsOfPhoto
        Of all sources, in any order.
    table : PatternTable
        Features of all photos, measured by finders that never saw them.

    Returns
    -------
    str
        A table with one row per group of photos, and one of the photos of a single lesion.
    """
    home, abroad = [p for p in photos if p.is_home], [p for p in photos if not p.is_home]
    sources = sorted({p.source for p in abroad})
    by_source = [[p for p in abroad if p.source == source] for source in sources]
    lines = [
        "| spots | photos | F1 blood, vessels | F1 all red | kind right | count within 20 % or 2 | rank correlation |",
        "|---|---|---|---|---|---|---|",
        _row("home, folds by patient", home),
        _row("abroad, pooled", abroad),
        _mean_row("abroad, mean over sources", by_source),
        *(_row(f"- {source}", rows) for source, rows in zip(sources, by_source, strict=True)),
    ]
    for tone in ("light", "medium", "dark"):
        for place, rows in (("home", home), ("abroad", abroad)):
            lines += _some(f"{place}, {tone} skin", [p for p in rows if p.tone == tone])
    lower = 0
    for size, upper in SIZES.items():
        for place, rows in (("home", home), ("abroad", abroad)):
            lines += _some(f"{place}, {size}", [p for p in rows if lower < p.long_side_px <= upper])
        lower = upper
    return "\n".join([*lines, "", *crowd_lines(table)])


def _some(name: str, rows: Sequence[SpotsOfPhoto]) -> Iterator[str]:
    if rows:
        yield _row(name, rows)


def _row(name: str, photos: Sequence[SpotsOfPhoto]) -> str:
    cells = [_interval(photos, figure) for figure in (_f1_blood, _f1_red)]
    cells += [_number(figure(photos)) for figure in (_kind_right, _count_right, _rank_correlation)]
    return f"| {name} | {len(photos)} | {' | '.join(cells)} |"


def _mean_row(name: str, by_source: Sequence[Sequence[SpotsOfPhoto]]) -> str:
    figures = (_f1_blood, _f1_red, _kind_right, _count_right)
    means = [[figure(rows) for rows in by_source] for figure in figures]
    cells = [_number(float(np.nanmean(values))) for values in means]
    return f"| {name} | {len(by_source)} sources | {' | '.join(cells)} | |"


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def _interval(photos: Sequence[SpotsOfPhoto], figure: Callable[[Sequence[SpotsOfPhoto]], float]) -> str:
    """Figure with a 95 % interval over groups that are drawn with replacement."""
    value = figure(photos)
    groups = [p.group for p in photos]
    if np.isnan(value) or len(set(groups)) < 3:
        return _number(value)
    drawn = [figure([photos[i] for i in rows]) for rows in resampled_rows(groups, N_RESAMPLES)]
    low, high = interval_95(drawn)
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _f1_blood(photos: Sequence[SpotsOfPhoto]) -> float:
    return _mean([p.blood.f1 for p in photos if p.blood is not None])


def _f1_red(photos: Sequence[SpotsOfPhoto]) -> float:
    return _mean([p.red.f1 for p in photos])


def _kind_right(photos: Sequence[SpotsOfPhoto]) -> float:
    pairs = sum(p.kind_pairs for p in photos)
    return sum(p.kind_hits for p in photos) / pairs if pairs else float("nan")


def _counts(photos: Sequence[SpotsOfPhoto]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    true = np.asarray([p.red.n_true for p in photos], np.float64)
    return true, np.asarray([p.red.n_hit + p.red.n_false for p in photos], np.float64)


def _count_right(photos: Sequence[SpotsOfPhoto]) -> float:
    true, found = _counts(photos)
    return float((np.abs(found - true) <= np.maximum(COUNT_TOLERANCE_MIN, COUNT_TOLERANCE * true)).mean())


def _rank_correlation(photos: Sequence[SpotsOfPhoto]) -> float:
    true, found = _counts(photos)
    if len(photos) < 3 or np.ptp(true) == 0 or np.ptp(found) == 0:
        return float("nan")
    return float(spearmanr(true, found).statistic)
