"""The figures of the pattern model as Markdown, for the docs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lesionvis.lab.evaluate.cross_validation import (
    N_FOLDS,
    AnsweredPhotos,
    across_sources,
    answer_out_of_fold,
    by_tone,
    cross_validate,
    fitted_rule,
    flips,
    intervals,
    mean_figures,
    pattern_figures,
    worst,
)
from lesionvis.lab.train.pattern_training import PatternTable

N_WORST = 10


def pattern_report(table: PatternTable, repeats: int, others: PatternTable | None = None) -> str:
    """Cross-validate a table and write down what comes out.

    Parameters
    ----------
    table : PatternTable
    repeats : int
        Repeats of the cross-validation, each with other folds.
    others : PatternTable, optional
        Photos of a further source, which are only judged.

    Returns
    -------
    str
        Markdown: within and across sources, by skin tone, under changes of the picture, and the surest errors.
    """
    originals = np.flatnonzero(table.copy == 0)
    results = list(cross_validate(table, repeats))
    judged = [answer_out_of_fold(table, result) for result in results]
    rule = fitted_rule(table, results[0].probabilities, np.ones(len(table.labels), np.bool_))
    sections = (
        _within([one.take(originals) for one in judged]),
        _across(across_sources(table, rule, others)),
        _tones(by_tone(table, judged[0])),
        _flips(*flips(table, judged[0])),
        _errors(judged[0].take(originals)),
    )
    return "\n".join(line for section in sections for line in section)


def _within(runs: list[AnsweredPhotos]) -> Iterator[str]:
    figures = [pattern_figures(run) for run in runs]
    ends, means = intervals(runs), mean_figures(runs)
    yield f"Grouped {N_FOLDS}-fold cross-validation, {len(runs)} repeats, {len(runs[0].labels)} photos."
    yield ""
    yield "| figure | mean of the repeats | lowest to highest | 95 % interval (groups) |"
    yield "|---|---|---|---|"
    for name, (low, high) in ends.items():
        values = [run[name] for run in figures]
        yield f"| {name} | {means[name]:.3f} | {min(values):.3f} to {max(values):.3f} | {low:.3f} to {high:.3f} |"
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
