"""Bare skin is learnt from photos of which somebody said so, and judged on sources that were left out."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.evaluate.cross_validation import AnsweredPhotos, pattern_figures, with_bare
from lesionvis.lab.train.bare_training import (
    VISIBLE_LOST_MAX,
    bare_folds,
    bare_out_of_fold,
    fit_bare,
    fit_bare_min,
    has_bare,
    is_bare_out_of_fold,
    left_out_bare_models,
    shows_something,
)
from lesionvis.lab.train.folds import N_FOLDS, fold_of
from lesionvis.lab.train.pattern_training import RARE_WEIGHT_MAX, PatternTable, row_weights
from lesionvis.lab.truth import Label
from lesionvis.labels import NO_SPOTS, UNCERTAIN
from lesionvis.pattern.features import BARE_MODEL_FEATURES, FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES

TELLING = FEATURE_NAMES.index("candidate_contrast")
REDNESS = [FEATURE_NAMES.index(name) for name in ("red_skin_share", "lesion_core_erythema")]


def _label(source: str, number: int, pattern: str = "other", visible: str = "", n_spots: str = "") -> Label:
    accept = (pattern,) if pattern != "other" else (UNCERTAIN,)
    return Label("", "0" * 64, source, "x", pattern, "clear", accept, n_spots, f"g{number}", "", visible)


def _table(*labels: Label, contrast: float = 1.0) -> PatternTable:
    """Photos of which one feature says whether something is visible."""
    features = np.random.default_rng(2).normal(size=(len(labels), len(FEATURE_NAMES))).astype(np.float32)
    features[:, REDNESS] = 0.0
    features[:, TELLING] = [0.0 if label.visible == "0" else contrast for label in labels]
    return PatternTable(labels, np.zeros(len(labels), np.int64), features)


@pytest.fixture(scope="module")
def table() -> PatternTable:
    """Six sources, each with bare and other photos."""
    return _table(*(_label(f"web{i % 6}", i, visible="01"[i % 4 > 0]) for i in range(240)))


def test_photos_that_nobody_judged_count_where_they_surely_show_something() -> None:
    shown = shows_something(
        _table(
            _label("web01", 0, visible="0"),
            _label("web01", 1, visible="1"),
            _label("web01", 2, visible="f", n_spots="2-5"),
            _label("pad", 3, "single_lesion"),
            _label("dermnet", 4, n_spots="21-100"),
            _label("dermnet", 5, n_spots="0"),
        )
    )
    assert shown.tolist() == pytest.approx([0.0, 1.0, np.nan, 1.0, 1.0, np.nan], nan_ok=True)


def test_bare_skin_is_told_on_sources_that_were_left_out(table: PatternTable) -> None:
    visible = np.asarray([label.visible == "1" for label in table.labels])
    probability = bare_out_of_fold(table)
    assert probability[~visible].mean() > probability[visible].mean() + 0.3
    lost = (probability[visible] >= fit_bare_min(table, probability)).mean()
    assert lost <= VISIBLE_LOST_MAX + 1.5 / visible.sum()
    is_bare = is_bare_out_of_fold(table, probability)
    assert is_bare[~visible].mean() > 0.9
    for column in REDNESS:
        red = PatternTable(table.labels, table.copy, table.features.copy())
        red.features[:, column] = 1.0
        assert not is_bare_out_of_fold(red, probability).any()
    assert has_bare(table)
    assert not has_bare(_table(_label("pad", 0, "single_lesion")))


def test_the_fold_of_a_photo_has_no_part_in_what_is_said_of_it(table: PatternTable) -> None:
    fold = bare_folds(table)
    held = np.flatnonzero(fold == fold[0])
    expected = fit_bare(table, np.flatnonzero(fold != fold[0]))(table.model_input(BARE_MODEL_FEATURES)[held])[:, -1]
    assert bare_out_of_fold(table)[held] == pytest.approx(expected)


def test_a_model_without_a_fold_knows_nothing_of_its_photos(table: PatternTable) -> None:
    models = left_out_bare_models(table)
    assert len(models) == N_FOLDS
    folds = np.asarray([fold_of(label.source, label.group) for label in table.labels])
    number = int(folds[0])
    others = np.flatnonzero(folds != number)
    rows = table.model_input(BARE_MODEL_FEATURES)
    assert models[number].predictor(rows) == pytest.approx(fit_bare(table, others)(rows), abs=1e-5)
    assert models[number].bare_min == fit_bare_min(table.take(others), bare_out_of_fold(table)[others])


def test_every_source_is_left_out_by_itself_and_patients_stay_together() -> None:
    labels = [_label(f"web{i % 3}", i) for i in range(9)] + [_label("pad", 7), _label("pad", 8), _label("dermnet", 7)]
    folds = dict(zip(labels, bare_folds(_table(*labels)).tolist(), strict=True))
    abroad = {label.source: folds[label] for label in labels[:9]}
    assert [folds[label] for label in labels[:9]] == [abroad[label.source] for label in labels[:9]]
    assert len(set(abroad.values())) == 3
    assert not set(abroad.values()) & {folds[label] for label in labels[9:]}
    assert folds[labels[9]] == folds[labels[11]]


def test_answers_on_bare_skin_are_counted() -> None:
    labels = (_label("web01", 0, visible="0"), _label("web01", 1, visible="1"), _label("web01", 2, visible="1"))
    judged = AnsweredPhotos(labels, np.full((3, 4), 0.25), (("other",),) * 3, (UNCERTAIN,) * 3)
    asked = with_bare(judged, np.array([True, True, False]), np.array([True, True, False]))
    assert asked.answers == (NO_SPOTS, NO_SPOTS, UNCERTAIN)
    figures = pattern_figures(asked)
    assert (figures["bare_called_no_spots"], figures["visible_called_no_spots"]) == (1.0, 0.5)
    assert figures["other_abstained"] == 1.0
    assert with_bare(judged, np.array([True] * 3), np.array([False] * 3)).answers == (UNCERTAIN,) * 3


def test_classes_weigh_the_same_at_home_and_abroad() -> None:
    home = [_label("pad", i, CLASSES[i % 4]) for i in range(80)]
    abroad = [_label("web01", 100 + i, "other") for i in range(60)] + [_label("web02", 200, "angioma")]
    table = _table(*home, *abroad)
    weight = row_weights(table, np.arange(len(table.labels)))
    classes, places = table.classes(), table.is_abroad()
    totals = [weight[classes == number].sum() for number in range(4)]
    assert totals == pytest.approx([len(weight) / 4] * 4)
    # One angioma from abroad does not outweigh twenty from home.
    one, other = weight[(classes == 2) & places], weight[(classes == 2) & ~places]
    assert one[0] == pytest.approx(RARE_WEIGHT_MAX * other[0])
    # Sixty photos of something else weigh no more than the others' share.
    assert weight[(classes == 3) & places].sum() < 2.0 * weight[(classes == 3) & ~places].sum()
