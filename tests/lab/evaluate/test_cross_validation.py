"""Calibration, conformal sets and the figures of the pattern model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lesionvis.lab.evaluate.cross_validation import (
    N_FOLDS,
    AnsweredPhotos,
    OutOfFold,
    answer_out_of_fold,
    by_tone,
    cross_validate,
    flips,
    intervals,
    mean_figures,
    pattern_figures,
    worst,
)
from lesionvis.lab.evaluate.pattern_report import pattern_report
from lesionvis.lab.train.calibrate import (
    ALWAYS_POSSIBLE,
    Rule,
    conformal_quantile,
    expected_calibration_error,
    fit_rule,
)
from lesionvis.lab.train.pattern_training import PatternTable, read_pattern_table
from lesionvis.lab.truth import Label
from lesionvis.labels import UNCERTAIN
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES, answer_of, sharpened


def _label(pattern: str, number: int = 0, certainty: str = "clear") -> Label:
    accept = (pattern,) if pattern != "other" else (UNCERTAIN,)
    return Label("", "0" * 64, "dermnet", "x", pattern, certainty, accept, "1", f"g{number}", "")


def _judged(*rows: tuple[str, str]) -> AnsweredPhotos:
    """Rows of (truth, answer), with sure probabilities."""
    labels = tuple(_label(truth, i) for i, (truth, _) in enumerate(rows))
    answers = tuple(answer for _, answer in rows)
    named = [answer if answer != UNCERTAIN else "other" for answer in answers]
    probabilities = np.array([[0.97 if name == own else 0.01 for name in CLASSES] for own in named])
    return AnsweredPhotos(labels, probabilities, tuple((name,) for name in named), answers)


def test_sharpening_keeps_sums_and_order() -> None:
    raw = np.random.default_rng(3).dirichlet(np.ones(4), 50)
    for power in (0.5, 1.0, 2.0):
        changed = sharpened(raw, power)
        assert changed.sum(axis=1) == pytest.approx(np.ones(50))
        assert np.array_equal(changed.argsort(axis=1), raw.argsort(axis=1))


def test_timid_probabilities_are_sharpened() -> None:
    generator = np.random.default_rng(5)
    true = generator.dirichlet(np.full(4, 0.4), 4000)
    classes = np.array([generator.choice(4, p=row) for row in true])
    rule = fit_rule(sharpened(true, 0.5), classes)
    assert rule.sharpness == pytest.approx(2.0, abs=0.3)
    assert expected_calibration_error(rule.calibrated(sharpened(true, 0.5)), classes) < 0.03


def test_conformal_sets_hold_the_truth_as_often_as_asked() -> None:
    generator = np.random.default_rng(6)
    n = 20_000  # of each half: the shares of the rarest class are then good to 0.01
    probabilities = generator.dirichlet(np.full(4, 0.7), 2 * n)
    drawn = generator.random((2 * n, 1))
    classes = np.minimum((probabilities.cumsum(axis=1) < drawn).sum(axis=1), 3)
    wanted = dict(zip(CLASSES, (0.9, 0.95, 0.8, 0.7), strict=True))
    rule = fit_rule(probabilities[:n], classes[:n], wanted)
    sets = rule.sets(probabilities[n:])
    for index, name in enumerate(CLASSES):
        held = [name in possible for possible, own in zip(sets, classes[n:], strict=True) if own == index]
        # Where the cap takes over, more is held than asked for.
        assert np.mean(held) > wanted[name] - 0.03
        if rule.set_min[name] < ALWAYS_POSSIBLE:
            assert np.mean(held) < wanted[name] + 0.06


def test_the_quantile_of_a_new_score() -> None:
    generator = np.random.default_rng(7)
    hits = [float(generator.random() >= conformal_quantile(generator.random(19), 0.9)) for _ in range(4000)]
    assert np.mean(hits) == pytest.approx(0.9, abs=0.02)


def test_figures_of_known_answers() -> None:
    figures = pattern_figures(
        _judged(
            ("petechial_shower", "petechial_shower"),
            ("petechial_shower", "angioma"),
            ("single_lesion", "single_lesion"),
            ("single_lesion", "angioma"),
            ("single_lesion", UNCERTAIN),
            ("single_lesion", "single_lesion"),
            ("angioma", "angioma"),
            ("other", UNCERTAIN),
            ("other", "single_lesion"),
        )
    )
    assert figures["recall_petechial_shower"] == 0.5
    assert figures["recall_single_lesion"] == 0.5
    assert figures["balanced_accuracy_strict"] == pytest.approx((0.5 + 0.5 + 1.0) / 3)
    assert figures["coverage"] == pytest.approx(6 / 7)
    assert figures["selective_accuracy"] == pytest.approx(4 / 6)
    assert figures["other_abstained"] == 0.5
    assert figures["harm_single_called_angioma"] == 0.25
    assert figures["harm_shower_called_angioma"] == 0.5
    assert figures["set_holds_angioma"] == 1.0
    assert np.isnan(figures["borderline_acceptable"])


def test_intervals_hold_the_figure_and_narrow_with_more_groups() -> None:
    few = _judged(*[("angioma", "angioma"), ("angioma", UNCERTAIN)] * 5)
    many = _judged(*[("angioma", "angioma"), ("angioma", UNCERTAIN)] * 100)
    (low, high), (near, far) = (intervals([j], 200)["recall_angioma"] for j in (few, many))
    assert low < 0.5 < high
    assert far - near < 0.5 * (high - low)


def test_the_interval_of_several_repeats_is_that_of_their_mean() -> None:
    right, half = (_judged(*[("angioma", "angioma"), ("angioma", answer)] * 50) for answer in ("angioma", UNCERTAIN))
    assert mean_figures([right, half])["recall_angioma"] == 0.75
    (low, high), (near, far) = (intervals(runs, 200)["recall_angioma"] for runs in ([right, half], [half]))
    assert low < 0.75 < high
    # Half of what the one repeat that varies gives by itself.
    assert high - low == pytest.approx(0.5 * (far - near), rel=0.01)
    assert intervals([right, right], 200)["recall_angioma"] == (1.0, 1.0)


def test_the_surest_error_comes_first() -> None:
    judged = _judged(("other", "angioma"), ("single_lesion", "angioma"), ("angioma", "angioma"))
    judged = replace(judged, probabilities=np.array([[0.1, 0.1, 0.7, 0.1], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0]]))
    assert [label.pattern for label, _, _ in worst(judged)] == ["single_lesion", "other"]


def test_flips_and_tones_are_counted() -> None:
    features = np.zeros((4, len(FEATURE_NAMES)), np.float32)
    features[:, FEATURE_NAMES.index("tone_ita_deg")] = (60.0, 60.0, 60.0, -40.0)
    judged = _judged(
        ("angioma", "angioma"), ("angioma", UNCERTAIN), ("angioma", "single_lesion"), ("angioma", "angioma")
    )
    table = PatternTable(judged.labels, np.array([0, 1, 2, 0]), features)
    assert flips(table, judged) == (0.5, 0.5)
    tones = by_tone(table, judged)
    assert tones["very light"] == (1, 1.0, 1.0)
    assert tones["dark"] == (1, 1.0, 1.0)
    assert sum(count for count, _, _ in tones.values()) == 2


def test_a_missing_sign_is_a_doubt_in_cross_validation_too() -> None:
    labels = tuple(_label(name, number) for number, name in enumerate(CLASSES * N_FOLDS))
    features = np.zeros((len(labels), len(FEATURE_NAMES)), np.float32)
    features[:, FEATURE_NAMES.index("lesion_blue_less_green_low")] = -0.5
    for skin_like in ("likely_inflamed", "vessel_energy_share"):
        features[:, FEATURE_NAMES.index(skin_like)] = 0.9
    features[:, FEATURE_NAMES.index("spot_count")] = 12.0
    roundness = FEATURE_NAMES.index("median_circularity")
    features[:, roundness] = 0.9
    sure = np.array([[0.97 if name == label.pattern else 0.01 for name in CLASSES] for label in labels])
    result = OutOfFold(sure, np.arange(len(labels)) // len(CLASSES))
    table = PatternTable(labels, np.zeros(len(labels), np.int64), features)
    assert answer_out_of_fold(table, result).answers[:3] == CLASSES[:3]
    features[0, roundness] = 0.5
    doubted = answer_out_of_fold(replace(table, features=features), result)
    assert doubted.answers[:3] == (UNCERTAIN, *CLASSES[1:3])
    assert doubted.sets[0] == ("petechial_shower", "other")


def test_an_empty_set_and_a_mixed_set_are_no_answer() -> None:
    rule = Rule(1.0, dict.fromkeys(CLASSES, 0.4))
    means = np.array([[0.25] * 4, [0.45, 0.45, 0.05, 0.05], [0.9, 0.05, 0.03, 0.02], [0.0, 0.0, 0.0, 1.0]])
    assert [answer_of(possible) for possible in rule.sets(means)] == [
        *(UNCERTAIN, UNCERTAIN, "petechial_shower", UNCERTAIN)
    ]


def test_the_report_names_its_figures_and_other_sources() -> None:
    table = read_pattern_table(packaged_model_folder("pattern-v2") / "training.csv")
    others = read_pattern_table(packaged_model_folder("pattern-v2") / "other_source.csv")
    assert {label.source for label in others.labels} == {"ham"}
    text = pattern_report(table, list(cross_validate(table, 1)), others)
    for word in (
        "balanced_accuracy_strict",
        "95 % interval",
        "ham, 245 photos",
        "untested",
        "Abroad, every source left out whole",
        "visible_called_no_spots",
        "| laid on | pictures |",
        "| freckles |",
        "Wrong",
    ):
        assert word in text
