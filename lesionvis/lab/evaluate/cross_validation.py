"""Figures of the pattern model on photos that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from lesionvis.batch.run import OnProgress, Progress
from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows
from lesionvis.lab.train.bare_training import BARE, VISIBLE, bare_out_of_fold, has_bare, is_bare_out_of_fold
from lesionvis.lab.train.calibrate import Rule, expected_calibration_error, fit_rule
from lesionvis.lab.train.forests import SEED
from lesionvis.lab.train.pattern_training import PatternTable, fit_pattern, mean_probabilities
from lesionvis.lab.truth import Label
from lesionvis.labels import ANGIOMA, NO_SPOTS, PATTERNS, PETECHIAL_SHOWER, SINGLE_LESION
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES, answer_of, answer_of_nothing, is_textbook_shower, with_signs

N_FOLDS = 5
N_RESAMPLES = 1000
# Without a source, so many clear photos of each class must be left to train on.
CLASS_PHOTOS_MIN = 3
# Lower limits of the bands of skin tone by individual typology angle (Del Bino and Bernerd 2013), degrees.
TONES = {"very light": 55.0, "light": 41.0, "intermediate": 28.0, "tan": 10.0, "brown": -30.0, "dark": -np.inf}


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Probabilities of photos by models that were trained without their groups.

    Attributes
    ----------
    probabilities : ndarray of shape (N, len(CLASSES)), float64
        Mean of the predictors, for every row of the table, changed copies included.
    fold : ndarray of shape (N,), int64
        Fold in which a row was held out.
    """

    probabilities: NDArray[np.float64]
    fold: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AnsweredPhotos:
    """Answers on rows of a table.

    Attributes
    ----------
    labels : tuple of Label
    probabilities : ndarray of shape (N, len(CLASSES)), float64
        Calibrated.
    sets : tuple of tuple of str
        Prediction sets.
    answers : tuple of str
    """

    labels: tuple[Label, ...]
    probabilities: NDArray[np.float64]
    sets: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]

    def at(self, *, abroad: bool) -> AnsweredPhotos:
        """Rows of sources abroad, or those of the others.

        Parameters
        ----------
        abroad : bool
            True for the sources on the web.

        Returns
        -------
        AnsweredPhotos
            In the same order.
        """
        return self.take(np.flatnonzero([label.is_abroad == abroad for label in self.labels]))

    def take(self, rows: NDArray[np.intp]) -> AnsweredPhotos:
        """Select rows.

        Parameters
        ----------
        rows : ndarray of shape (M,), int
            Which rows.

        Returns
        -------
        AnsweredPhotos
            M rows in the order of `rows`.
        """
        return AnsweredPhotos(
            tuple(self.labels[i] for i in rows),
            self.probabilities[rows],
            tuple(self.sets[i] for i in rows),
            tuple(self.answers[i] for i in rows),
        )


def cross_validate(table: PatternTable, repeats: int, on_progress: OnProgress | None = None) -> Iterator[OutOfFold]:
    """Predict photos out of fold, once per repeat.

    Folds keep groups together and classes in proportion; changed copies go with their photo.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    repeats : int
        Number of repeats, each with other folds.
    on_progress : callable, optional
        Called whenever the photos of another fold were predicted.

    Yields
    ------
    OutOfFold
    """
    originals = np.flatnonzero(table.copy == 0)
    values, classes, groups = table.model_input(), table.classes(), table.groups()
    for repeat in range(repeats):
        probabilities = np.zeros((len(groups), len(CLASSES)))
        fold, done = np.zeros(len(groups), np.int64), 0
        folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED + repeat)
        splits = folds.split(originals, classes[originals], groups[originals])
        for number, (_, held_out) in enumerate(splits):
            held = np.isin(groups, groups[originals[held_out]])
            predictors = fit_pattern(table, np.flatnonzero(~held))
            probabilities[held] = mean_probabilities(predictors, values[held])
            fold[held] = number
            done += len(held_out)
            if on_progress is not None:
                on_progress(Progress("training", done, len(originals)))
        yield OutOfFold(probabilities, fold)


def fitted_rule(table: PatternTable, probabilities: NDArray[np.float64], rows: NDArray[np.bool_]) -> Rule:
    """Fit a rule to the clear photos among some rows of a table.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N rows.
    probabilities : ndarray of shape (N, C), float64
        Out-of-fold probabilities of `CLASSES`.
    rows : ndarray of shape (N,), bool
        Rows that may be used; changed copies never are.

    Returns
    -------
    Rule
        Calibration and thresholds.
    """
    clear = np.asarray([label.certainty == "clear" for label in table.labels])
    chosen = rows & clear & (table.copy == 0)
    return fit_rule(probabilities[chosen], table.classes()[chosen])


def answer_out_of_fold(table: PatternTable, result: OutOfFold) -> AnsweredPhotos:
    """Answer by rules that were fitted on the other folds: nothing is judged by what was chosen on it.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    result : OutOfFold
        Probabilities of one repeat.

    Returns
    -------
    AnsweredPhotos
        One row per row of the table.
    """
    calibrated = np.zeros_like(result.probabilities)
    sets: list[tuple[str, ...]] = [()] * len(table.labels)
    for number in range(N_FOLDS):
        held = result.fold == number
        rule = fitted_rule(table, result.probabilities, ~held)
        rows = np.flatnonzero(held)
        calibrated[rows] = rule.calibrated(result.probabilities[rows])
        for row, possible in zip(rows, _sets(rule, result.probabilities[rows], table.take(rows)), strict=True):
            sets[row] = possible
    return AnsweredPhotos(table.labels, calibrated, tuple(sets), tuple(answer_of(possible) for possible in sets))


def _sets(rule: Rule, probabilities: NDArray[np.float64], table: PatternTable) -> tuple[tuple[str, ...], ...]:
    """Prediction set of each row, after the signs that its features show."""
    rows = zip(rule.sets(probabilities), table.values(), strict=True)
    return tuple(with_signs(possible, values) for possible, values in rows)


def judged_out_of_fold(
    table: PatternTable, results: Sequence[OutOfFold], on_progress: OnProgress | None = None
) -> list[AnsweredPhotos]:
    """Answers of each repeat, bare skin told where a table has such photos to learn from.

    Parameters
    ----------
    table : PatternTable
        Features and labels of N photos and composites.
    results : sequence of OutOfFold
        One per repeat.
    on_progress : callable, optional
        As for `bare_out_of_fold`.

    Returns
    -------
    list of AnsweredPhotos
        One per repeat.
    """
    judged = [answer_out_of_fold(table, result) for result in results]
    if not has_bare(table):
        return judged
    is_empty = table.features[:, FEATURE_NAMES.index("spot_count")] == 0
    is_textbook = np.asarray([is_textbook_shower(values) for values in table.values()])
    is_bare = is_bare_out_of_fold(table, bare_out_of_fold(table, on_progress)) & ~is_textbook
    return [with_bare(one, is_empty, is_bare) for one in judged]


def with_bare(judged: AnsweredPhotos, is_empty: NDArray[np.bool_], is_bare: NDArray[np.bool_]) -> AnsweredPhotos:
    """Answers replaced where no spot was found or the skin is bare.

    Parameters
    ----------
    judged : AnsweredPhotos
        Answers for N photos that are not empty.
    is_empty, is_bare : ndarray of shape (N,), bool
        True where no spot was found, and where the skin is taken for bare.

    Returns
    -------
    AnsweredPhotos
        In the same order.
    """
    answers = tuple(
        answer_of_nothing(possible, row, bool(bare))[0] if bare or empty else answer
        for answer, possible, row, empty, bare in zip(
            judged.answers, judged.sets, judged.probabilities.tolist(), is_empty, is_bare, strict=True
        )
    )
    return replace(judged, answers=answers)


def across_sources(table: PatternTable, rule: Rule, others: PatternTable | None = None) -> dict[str, AnsweredPhotos]:
    """Photos judged by a model that never saw their source.

    Parameters
    ----------
    table : PatternTable
    rule : Rule
    others : PatternTable, optional
        Photos of further sources, which are only judged.

    Returns
    -------
    dict
        Source -> judged photos; sources without which a class has too few photos to train on are left out, and so are
        those abroad, which cross-validation leaves out whole.
    """
    source = np.asarray([label.source for label in table.labels])
    classes = table.classes()
    result = {}

    def add(name: str, training: NDArray[np.bool_], judged: PatternTable) -> None:
        means = mean_probabilities(fit_pattern(table, np.flatnonzero(training)), judged.model_input())
        sets = _sets(rule, means, judged)
        answers = tuple(answer_of(possible) for possible in sets)
        result[name] = AnsweredPhotos(judged.labels, rule.calibrated(means), sets, answers)

    for name in np.unique(source[~table.is_abroad()]).tolist():
        left = np.bincount(classes[(source != name) & table.is_clear()], minlength=len(CLASSES))
        if left.min() >= CLASS_PHOTOS_MIN:
            add(name, source != name, table.take(np.flatnonzero((source == name) & (table.copy == 0))))
    if others is not None:
        add(others.labels[0].source, np.ones(len(source), np.bool_), others)
    return result


def pattern_figures(judged: AnsweredPhotos) -> dict[str, float]:
    """Accuracy with and without the right to abstain, and the confusions that could harm.

    Parameters
    ----------
    judged : AnsweredPhotos
        One row per photo.

    Returns
    -------
    dict
        Figures by name, over clear photos unless the name begins with "borderline"; NaN where there are no photos.
    """
    labels = judged.labels
    answers = np.asarray(judged.answers)
    forced = np.asarray(PATTERNS)[judged.probabilities[:, : len(PATTERNS)].argmax(axis=1)]
    truth = np.asarray([label.pattern for label in labels])
    clear = np.asarray([label.certainty == "clear" for label in labels])
    in_patterns = np.isin(truth, PATTERNS)
    answered = np.isin(answers, PATTERNS)
    accepted = np.asarray([answer in label.accept for answer, label in zip(answers, labels, strict=True)])
    forced_accepted = np.asarray([answer in label.accept for answer, label in zip(forced, labels, strict=True)])

    def share(right: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        return float(right[among].mean()) if among.any() else float("nan")

    def balanced(right: NDArray[np.bool_]) -> float:
        recalls = np.asarray([share(right, clear & (truth == pattern)) for pattern in PATTERNS])
        return float(np.nanmean(recalls)) if np.isfinite(recalls).any() else float("nan")

    figures = {
        "balanced_accuracy_forced": balanced(forced_accepted),
        "balanced_accuracy_strict": balanced(accepted),
        "coverage": share(answered, clear & in_patterns),
        "selective_accuracy": share(accepted, clear & in_patterns & answered),
        "other_abstained": share(~answered, clear & (truth == "other")),
        "no_spot_abstained": share(~answered, np.asarray([label.n_spots == "0" for label in labels])),
        "harm_single_called_angioma": share(answers == ANGIOMA, clear & (truth == SINGLE_LESION)),
        "harm_shower_called_angioma": share(answers == ANGIOMA, clear & (truth == PETECHIAL_SHOWER)),
        "borderline_acceptable": share(accepted, ~clear & in_patterns),
        "acceptable": share(accepted, np.ones(len(labels), np.bool_)),
    }
    visible = np.asarray([label.visible for label in labels])
    figures["visible_called_no_spots"] = share(answers == NO_SPOTS, visible == VISIBLE)
    figures["bare_called_no_spots"] = share(answers == NO_SPOTS, visible == BARE)
    figures["bare_given_a_pattern"] = share(answered, visible == BARE)
    for pattern in PATTERNS:
        figures[f"recall_{pattern}"] = share(answers == pattern, clear & (truth == pattern))
    for index, name in enumerate(CLASSES):
        holds = np.asarray([name in possible for possible in judged.sets])
        figures[f"set_holds_{CLASSES[index]}"] = share(holds, clear & (truth == name))
    figures["calibration_error"] = (
        expected_calibration_error(
            judged.probabilities[clear], np.asarray([CLASSES.index(name) for name in truth[clear]])
        )
        if clear.any()
        else float("nan")
    )
    return figures


def mean_figures(runs: Sequence[AnsweredPhotos]) -> dict[str, float]:
    """Mean over repeats of each of the figures.

    Parameters
    ----------
    runs : sequence of AnsweredPhotos
        One per repeat.

    Returns
    -------
    dict of str to float
        Means by the names of `pattern_figures`.
    """
    figures = [pattern_figures(run) for run in runs]
    return {name: float(np.mean([run[name] for run in figures])) for name in figures[0]}


def intervals(runs: Sequence[AnsweredPhotos], resamples: int = N_RESAMPLES) -> dict[str, tuple[float, float]]:
    """Intervals of 95 % of `mean_figures` by a bootstrap over groups: photos of a patient, or of a source abroad.

    All repeats judge the same photos, so that each draw is of groups and holds in every repeat.

    Parameters
    ----------
    runs : sequence of AnsweredPhotos
        One per repeat.
    resamples : int
        Number of draws.

    Returns
    -------
    dict of str to (float, float)
        Lower and upper end by the names of `pattern_figures`.
    """
    groups = [label.left_out_with for label in runs[0].labels]
    if len(set(groups)) == 1:  # one source abroad by itself
        groups = [label.group for label in runs[0].labels]
    draws = [mean_figures([run.take(rows) for run in runs]) for rows in resampled_rows(groups, resamples)]
    return {name: interval_95([draw[name] for draw in draws]) for name in draws[0]}


def by_tone(table: PatternTable, judged: AnsweredPhotos) -> dict[str, tuple[int, float, float]]:
    """Number of clear photos of a pattern by band of skin tone.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    judged : AnsweredPhotos
        Answers, one per row of the table.

    Returns
    -------
    dict of str to (int, float, float)
        Photos, those answered and those answered right, by band of `TONES`.
    """
    tone = table.features[:, FEATURE_NAMES.index("tone_ita_deg")]
    high = np.inf
    result = {}
    for name, low in TONES.items():
        rows = [
            i
            for i, label in enumerate(judged.labels)
            if table.copy[i] == 0 and label.certainty == "clear" and label.pattern in PATTERNS and low <= tone[i] < high
        ]
        answered = [judged.answers[i] in PATTERNS for i in rows]
        right = [judged.answers[i] in judged.labels[i].accept for i in rows]
        result[name] = (len(rows), float(np.sum(answered)), float(np.sum(right)))
        high = low
    return result


def flips(table: PatternTable, judged: AnsweredPhotos) -> tuple[float, float]:
    """Share of changed copies whose answer differs from that of their photo.

    Parameters
    ----------
    table : PatternTable
        Features and labels.
    judged : AnsweredPhotos
        Answers, one per row of the table.

    Returns
    -------
    another : float
        Share with another pattern; NaN without copies.
    unlike : float
        Share that is answered where the photo is uncertain, or the reverse; NaN without copies.
    """
    photo, first = "", ""
    another, unlike, count = 0, 0, 0
    for label, copy, answer in zip(judged.labels, table.copy.tolist(), judged.answers, strict=True):
        if copy == 0:
            photo, first = label.sha256, answer
        elif label.sha256 == photo:  # with spots laid on it is another photo
            count += 1
            before, after = first in PATTERNS, answer in PATTERNS
            unlike += before != after
            another += before and after and answer != first
    return (another / count, unlike / count) if count else (float("nan"), float("nan"))


def worst(judged: AnsweredPhotos) -> Sequence[tuple[Label, str, float]]:
    """Clear photos that got a wrong pattern.

    Parameters
    ----------
    judged : AnsweredPhotos
        Answers.

    Returns
    -------
    list of (Label, str, float)
        Label, answer and its probability, the surest first.
    """
    wrong = [
        (label, answer, float(row[CLASSES.index(answer)]))
        for label, answer, row in zip(judged.labels, judged.answers, judged.probabilities, strict=True)
        if label.certainty == "clear" and answer in PATTERNS and answer not in label.accept
    ]
    return sorted(wrong, key=lambda item: -item[2])
