"""The figures of the pattern model as Markdown, for the docs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lesionvis.lab.evaluate.cross_validation import (
    N_FOLDS,
    AnsweredPhotos,
    OutOfFold,
    across_sources,
    by_tone,
    fitted_rule,
    flips,
    intervals,
    judged_out_of_fold,
    mean_figures,
    pattern_figures,
    worst,
)
from lesionvis.lab.train.pattern_training import LAID_ON, PatternTable
from lesionvis.labels import ANGIOMA, NO_SPOTS, PETECHIAL_SHOWER, SINGLE_LESION

N_WORST = 10
# Sources of fewer photos are shown together.
SOURCE_PHOTOS_MIN = 20
SOURCE_FIGURES = ("acceptable", "other_abstained", "visible_called_no_spots", "bare_called_no_spots")


def pattern_report(
    table: PatternTable,
    results: Sequence[OutOfFold],
    others: PatternTable | None = None,
    judged: Sequence[AnsweredPhotos] | None = None,
) -> str:
    """Write down what came out of the cross-validation of a table.

    Parameters
    ----------
    table : PatternTable
    results : sequence of OutOfFold
        Of `cross_validate`, repeat by repeat.
    others : PatternTable, optional
        Photos of a further source, which are only judged.
    judged : sequence of AnsweredPhotos, optional
        What `judged_out_of_fold` gives, where it was asked before.

    Returns
    -------
    str
        Markdown: within and across sources, by skin tone, under changes of the picture, and the surest errors.
    """
    originals = np.flatnonzero(table.copy == 0)
    judged = judged or judged_out_of_fold(table, results)
    runs = [one.take(originals) for one in judged]
    rule = fitted_rule(table, results[0].probabilities, np.ones(len(table.labels), np.bool_))
    sections = (
        _within("", [run.at(abroad=False) for run in runs]),
        _within("Abroad, every source left out whole", [run.at(abroad=True) for run in runs]),
        _sources(runs[0].at(abroad=True)),
        _laid_on([one.take(np.flatnonzero(table.is_laid_on())) for one in judged]),
        _across(across_sources(table, rule, others)),
        _tones(by_tone(table, judged[0])),
        _flips(*flips(table, judged[0])),
        _errors(runs[0]),
    )
    return "\n".join(line for section in sections for line in section)


def _within(place: str, runs: list[AnsweredPhotos]) -> Iterator[str]:
    if not runs[0].labels:
        return
    figures = [pattern_figures(run) for run in runs]
    ends, means = intervals(runs), mean_figures(runs)
    start = f"{place}: grouped" if place else "Grouped"
    yield f"{start} {N_FOLDS}-fold cross-validation, {len(runs)} repeats, {len(runs[0].labels)} photos."
    yield ""
    yield "| figure | mean of the repeats | lowest to highest | 95 % interval (groups) |"
    yield "|---|---|---|---|"
    for name, (low, high) in ends.items():
        values = [run[name] for run in figures]
        if np.isnan(means[name]):
            continue
        yield f"| {name} | {means[name]:.3f} | {min(values):.3f} to {max(values):.3f} | {low:.3f} to {high:.3f} |"
    yield ""


def _sources(judged: AnsweredPhotos) -> Iterator[str]:
    """Sources abroad one by one, those of few photos together, and the mean over all of them."""
    names = sorted({label.source for label in judged.labels})
    if not names:
        return
    rows = {name: np.asarray([label.source == name for label in judged.labels]) for name in names}
    large = {name: chosen for name, chosen in rows.items() if chosen.sum() >= SOURCE_PHOTOS_MIN}
    small = ~np.logical_or.reduce([np.zeros(len(judged.labels), np.bool_), *large.values()])
    figures = {name: pattern_figures(judged.take(np.flatnonzero(chosen))) for name, chosen in rows.items()}
    shown = {name: (int(large[name].sum()), figures[name]) for name in large}
    if small.any():
        rest = judged.take(np.flatnonzero(small))
        shown[f"{len(rows) - len(large)} others"] = (len(rest.labels), pattern_figures(rest))
    yield f"Sources abroad; acceptable in the mean over {len(names)} sources: " + (
        f"{np.mean([one['acceptable'] for one in figures.values()]):.3f}."
    )
    yield ""
    yield "| source | photos | " + " | ".join(SOURCE_FIGURES) + " |"
    yield "|---|---|" + "---|" * len(SOURCE_FIGURES)
    for name, (count, one) in shown.items():
        cells = (f"{one[figure]:.2f}" if np.isfinite(one[figure]) else "" for figure in SOURCE_FIGURES)
        yield f"| {name} | {count} | " + " | ".join(cells) + " |"
    yield ""


def _laid_on(runs: list[AnsweredPhotos]) -> Iterator[str]:
    """Answers on pictures of bare skin with spots laid on, each source left out."""
    names = [label.diagnosis.removeprefix(LAID_ON) for label in runs[0].labels]
    if not names:
        return
    yield "Spots laid onto bare skin, as far as three in ten of them are found; sources left out:"
    yield ""
    yield "| laid on | pictures | petechial_shower | another pattern | no_spots |"
    yield "|---|---|---|---|---|"
    for name in sorted(set(names)):
        rows = [number for number, one in enumerate(names) if one == name]
        answers = np.asarray([run.answers for run in runs])[:, rows]
        shares = [
            np.isin(answers, asked).mean() for asked in ([PETECHIAL_SHOWER], [SINGLE_LESION, ANGIOMA], [NO_SPOTS])
        ]
        yield f"| {name} | {len(rows)} | " + " | ".join(f"{share:.2f}" for share in shares) + " |"
    yield ""


def _across(by_source: dict[str, AnsweredPhotos]) -> Iterator[str]:
    if not by_source:
        return
    figures = {source: pattern_figures(judged) for source, judged in by_source.items()}
    ends = {source: intervals([judged]) for source, judged in by_source.items()}
    yield "Other sources: trained without the source (a figure is missing where a source has no such photos):"
    yield ""
    yield "| figure | " + " | ".join(f"{source}, {len(by_source[source].labels)} photos" for source in figures) + " |"
    yield "|---|" + "---|" * len(figures)
    for name in next(iter(figures.values())):
        cells = [
            f"{figures[source][name]:.3f} ({ends[source][name][0]:.3f} to {ends[source][name][1]:.3f})"
            if np.isfinite(figures[source][name])
            else ""
            for source in figures
        ]
        if any(cells):
            yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""


def _tones(tones: dict[str, tuple[int, float, float]]) -> Iterator[str]:
    yield "By skin tone (clear photos of a pattern; fewer than ten photos count as untested):"
    yield ""
    yield "| tone by ITA | photos | answered | answered right |"
    yield "|---|---|---|---|"
    for name, (count, answered, right) in tones.items():
        is_tested = count >= 10
        yield f"| {name} | {count} | " + (f"{answered:.0f} | {right:.0f} |" if is_tested else "untested | untested |")
    yield ""


def _flips(another: float, unlike: float) -> Iterator[str]:
    if np.isnan(another):
        return
    yield (
        f"Copies cropped, turned, resized, recoloured, blurred and compressed: {100 * another:.1f} % get another "
        f"pattern than their photo, {100 * unlike:.1f} % become or cease to be uncertain."
    )
    yield ""


def _errors(judged: AnsweredPhotos) -> Iterator[str]:
    wrong = worst(judged)
    yield f"Wrong answers on clear photos: {len(wrong)}. The surest:"
    yield ""
    yield "| photo (sha256) | diagnosis | truth | answer | probability |"
    yield "|---|---|---|---|---|"
    for label, answer, probability in wrong[:N_WORST]:
        yield f"| {label.sha256[:12]} | {label.diagnosis} | {label.pattern} | {answer} | {probability:.2f} |"
