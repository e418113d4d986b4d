"""Whether the pattern model's probabilities and prediction sets hold what they say, at home and by source abroad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows
from lesionvis.lab.evaluate.cross_validation import AnsweredPhotos, OutOfFold, answer_out_of_fold
from lesionvis.lab.evaluate.pattern_report import SOURCE_PHOTOS_MIN
from lesionvis.lab.train.calibrate import COVERAGE, expected_calibration_error
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.pattern.pattern import CLASSES

# Lower ends of the bands of the likeliest class's probability.
CONFIDENCE_BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
N_RESAMPLES = 1000


def calibration_report(table: PatternTable, results: Sequence[OutOfFold]) -> str:
    """Reliability of the probabilities, and coverage of the prediction sets, on clear photos left out of training.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    results : sequence of OutOfFold
        Of `cross_validate`, repeat by repeat; a source abroad is left out whole.

    Returns
    -------
    str
        Markdown: by confidence, by source, and coverage by class.
    """
    clear = np.flatnonzero((table.copy == 0) & table.is_clear() & ~table.is_laid_on())
    runs = [answer_out_of_fold(table, result).take(clear) for result in results]
    places = {"home": [run.at(abroad=False) for run in runs], "abroad": [run.at(abroad=True) for run in runs]}
    sections = (_by_confidence(places), _by_source(runs), _coverage(places))
    return "\n".join(line for section in sections for line in section)


def _confidence(runs: Sequence[AnsweredPhotos]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Probability of the likeliest class, and whether it is the true one, of each photo in each repeat."""
    probabilities = np.concatenate([run.probabilities for run in runs])
    truth = np.concatenate([_classes(run) for run in runs])
    return probabilities.max(axis=1, initial=0.0), probabilities.argmax(axis=1) == truth


def _classes(run: AnsweredPhotos) -> NDArray[np.int64]:
    return np.asarray([CLASSES.index(label.pattern) for label in run.labels], np.int64)


def _by_confidence(places: dict[str, list[AnsweredPhotos]]) -> Iterator[str]:
    yield f"Clear photos left out of training, sources abroad whole; {len(places['home'])} repeats together."
    yield ""
    yield (
        "| likeliest class's probability | "
        + " | ".join(f"{place}: photos | mean probability | share right" for place in places)
        + " |"
    )
    yield "|---|" + "---|---|---|" * len(places)
    known = {place: _confidence(runs) for place, runs in places.items()}
    for low, high in zip(CONFIDENCE_BANDS, (*CONFIDENCE_BANDS[1:], np.inf), strict=True):
        cells = []
        for place, (confidence, right) in known.items():
            inside = (confidence >= low) & (confidence < high)
            count = f"{inside.sum() / len(places[place]):.0f}"
            shares = [f"{confidence[inside].mean():.2f}", f"{right[inside].mean():.2f}"] if inside.any() else ["", ""]
            cells += [count, *shares]
        name = f"{low:.1f} to {high:.1f}" if np.isfinite(high) else f"{low:.1f} and more"
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""


def _by_source(runs: Sequence[AnsweredPhotos]) -> Iterator[str]:
    sources = np.asarray([label.source for label in runs[0].labels])
    names, counts = np.unique(sources, return_counts=True)
    large = [str(name) for name, count in zip(names, counts, strict=True) if count >= SOURCE_PHOTOS_MIN]
    groups = {name: sources == name for name in large}
    small = ~np.isin(sources, large)
    if small.any():
        groups[f"{len(names) - len(large)} others"] = small
    yield "| source | photos | mean probability | share right | calibration error | set holds the truth |"
    yield "|---|---|---|---|---|---|"
    for name, chosen in groups.items():
        ours = [run.take(np.flatnonzero(chosen)) for run in runs]
        confidence, right = _confidence(ours)
        error = np.mean([expected_calibration_error(run.probabilities, _classes(run)) for run in ours])
        holds = np.mean([np.mean(_holds(run)) for run in ours])
        yield (
            f"| {name} | {chosen.sum()} | {confidence.mean():.2f} | {right.mean():.2f} | {error:.2f} | {holds:.2f} |"
        )
    yield ""


def _holds(run: AnsweredPhotos) -> NDArray[np.bool_]:
    return np.asarray([label.pattern in held for label, held in zip(run.labels, run.sets, strict=True)], np.bool_)


def _coverage(places: dict[str, list[AnsweredPhotos]]) -> Iterator[str]:
    yield "Share of the photos of a class whose prediction set holds it; intervals of 95 % over patients or sources."
    yield ""
    yield "| class | asked for | " + " | ".join(f"{place}: photos | set holds it" for place in places) + " |"
    yield "|---|---|" + "---|---|" * len(places)
    for name in CLASSES:
        cells = [cell for runs in places.values() for cell in _coverage_cells(runs, name)]
        yield f"| {name} | {COVERAGE[name]:.2f} | " + " | ".join(cells) + " |"


def _coverage_cells(runs: Sequence[AnsweredPhotos], name: str) -> tuple[str, str]:
    """Number of photos of a class and the share whose set holds it, with its interval where it has one."""
    rows = np.flatnonzero([label.pattern == name for label in runs[0].labels])
    if not len(rows):
        return "0", ""
    ours = [run.take(rows) for run in runs]
    holds = np.mean([_holds(run) for run in ours], axis=0)
    groups = [label.left_out_with for label in ours[0].labels]
    if len(set(groups)) < 3:
        return str(len(rows)), f"{holds.mean():.2f}"
    low, high = interval_95([float(holds[drawn].mean()) for drawn in resampled_rows(groups, N_RESAMPLES)])
    return str(len(rows)), f"{holds.mean():.2f} ({low:.2f} to {high:.2f})"
