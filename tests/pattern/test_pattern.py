from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesionvis.errors import ModelError
from lesionvis.flags import FLAGS
from lesionvis.labels import NO_SPOTS, PATTERNS, UNCERTAIN
from lesionvis.models import Model, Predictor, load_model, packaged_model_folder
from lesionvis.pattern.bare import BARE_MODEL_NAME, BareModel, _bare_model_of
from lesionvis.pattern.features import BARE_MODEL_FEATURES, FEATURE_NAMES, MODEL_FEATURES, Features
from lesionvis.pattern.pattern import (
    BLOCKING_FLAGS,
    CLASSES,
    MODEL_NAME,
    SHOWER_MARKS,
    SIGNS,
    PatternModel,
    find_pattern,
    is_textbook_shower,
    load_pattern_model,
    pattern_model_of,
)
from lesionvis.pattern.reasons import N_REASONS
from lesionvis.pattern.seen import UNSEEN_FLAGS

# Every pattern has its sign.
SIGNED = {
    "spot_count": 12.0,
    "median_circularity": 0.9,
    "melanin_index": 0.3,
    "spots_beside_skin_border": 0.0,
    "lesion_blue_less_green_low": -0.3,
}
PALE = {"red_skin_share": 0.1, "lesion_core_erythema": 0.0}
FEATURES = Features({**dict.fromkeys(FEATURE_NAMES, 1.0), **SIGNED, **PALE})


@dataclass(frozen=True)
class _Says(Predictor):
    """A predictor that answers with fixed probabilities, or with those of one feature above or below 0."""

    high: tuple[float, ...] = ()
    low: tuple[float, ...] | None = None
    by: str = MODEL_FEATURES[0]

    def __call__(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        column = table[:, MODEL_FEATURES.index(self.by)]
        low = self.high if self.low is None else self.low
        return np.where((column > 0)[:, None], [self.high], [low])


def _model(*says: _Says, **changes: Any) -> PatternModel:
    model = PatternModel(
        name="toy-v1",
        predictors=says,
        sharpness=1.0,
        set_min={"petechial_shower": 0.4, "single_lesion": 0.25, "angioma": 0.5, "other": 0.3},
        typical=np.zeros(len(MODEL_FEATURES)),
    )
    return replace(model, **changes)


def _answer(probabilities: Sequence[float], flags: Sequence[str] = (), **changes: Any) -> tuple[str, tuple[str, ...]]:
    pattern = find_pattern(FEATURES, flags, False, _model(_Says((), b"", tuple(probabilities)), **changes))
    return pattern.label, pattern.prediction_set


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ((0.7, 0.1, 0.1, 0.1), "petechial_shower"),
        ((0.1, 0.7, 0.1, 0.1), "single_lesion"),
        ((0.1, 0.1, 0.7, 0.1), "angioma"),
        # A single lesion leaves the set late, and forbids "angioma" until then.
        ((0.1, 0.25, 0.55, 0.1), UNCERTAIN),
        ((0.4, 0.2, 0.2, 0.2), "petechial_shower"),
        ((0.39, 0.21, 0.2, 0.2), UNCERTAIN),
        # Something else.
        ((0.65, 0.0, 0.0, 0.35), UNCERTAIN),
        ((0.0, 0.0, 0.0, 1.0), UNCERTAIN),
    ],
)
def test_the_one_pattern_that_remains_possible_is_the_answer(probabilities: tuple[float, ...], label: str) -> None:
    assert _answer(probabilities)[0] == label


def test_thresholds_are_those_of_the_model() -> None:
    probabilities = (0.45, 0.25, 0.1, 0.2)
    assert _answer(probabilities, set_min=dict.fromkeys(CLASSES, 0.4))[0] == "petechial_shower"
    assert _answer(probabilities, set_min=dict.fromkeys(CLASSES, 0.2))[0] == UNCERTAIN
    assert _answer(probabilities, set_min=dict.fromkeys(CLASSES, 0.2), sharpness=4.0)[0] == "petechial_shower"


def test_the_prediction_set_holds_what_remains_possible() -> None:
    even = dict.fromkeys(CLASSES, 0.15)
    assert _answer((0.6, 0.2, 0.1, 0.1), set_min=even)[1] == ("petechial_shower", "single_lesion")
    assert _answer((0.25, 0.25, 0.25, 0.25), set_min=even)[1] == CLASSES
    assert _answer((0.05, 0.05, 0.05, 0.85), set_min=even)[1] == ("other",)
    assert _answer((0.25, 0.25, 0.25, 0.25), set_min=dict.fromkeys(CLASSES, 0.5))[1] == ()


@pytest.mark.parametrize(
    ("probabilities", "reason"),
    [
        ((0.4, 0.4, 0.1, 0.1), "More than one answer remains possible: petechial_shower or single_lesion."),
        ((0.4, 0.0, 0.0, 0.6), "More than one answer remains possible: petechial_shower or something else."),
        ((0.0, 0.0, 0.0, 1.0), "This looks like none of the three patterns."),
        ((0.3, 0.2, 0.3, 0.2), "This photo is unlike those of any pattern."),
    ],
)
def test_an_uncertain_answer_says_why(probabilities: tuple[float, ...], reason: str) -> None:
    pattern = find_pattern(FEATURES, (), False, _model(_Says((), b"", probabilities)))
    assert pattern.label == UNCERTAIN
    assert pattern.reasons[0] == reason


@pytest.mark.parametrize(
    ("label", "feature", "outside", "doubt"),
    [
        ("petechial_shower", "median_circularity", 0.7, "not as round"),
        ("petechial_shower", "melanin_index", 0.9, "freckles or naevi"),
        ("single_lesion", "spots_beside_skin_border", 1.0, "touches what is not skin"),
        ("angioma", "lesion_blue_less_green_low", 0.1, "as blood would be"),
    ],
)
def test_a_pattern_without_its_sign_is_doubted(label: str, feature: str, outside: float, doubt: str) -> None:
    model = _model(_Says((), b"", tuple(0.91 if name == label else 0.03 for name in CLASSES)))
    assert find_pattern(FEATURES, (), False, model).label == label
    for value in (outside, float("nan")):
        pattern = find_pattern(Features({**FEATURES.values, feature: value}), (), False, model)
        assert pattern.label == UNCERTAIN
        assert pattern.prediction_set == (label, "other")
        assert doubt in pattern.reasons[1]


def test_every_pattern_has_a_sign_among_the_features() -> None:
    assert tuple(SIGNS) == PATTERNS
    assert {sign.feature for signs in SIGNS.values() for sign in signs} <= set(MODEL_FEATURES)
    assert set(SHOWER_MARKS) <= set(MODEL_FEATURES)


TEXTBOOK = Features(
    {
        **FEATURES.values,
        "small_round_count": 12.0,
        "log_diameter_spread": 0.1,
        "median_circularity": 0.95,
        "likely_inflamed": 0.2,
    }
)


def test_a_textbook_shower_is_named_though_something_else_was_likely() -> None:
    model = _model(_Says((), b"", (0.1, 0.0, 0.0, 0.9)))
    assert find_pattern(FEATURES, (), False, model).prediction_set == ("other",)
    for flags in ((), ("dark_skin",)):
        pattern = find_pattern(TEXTBOOK, flags, False, model, BARE)
        assert (pattern.label, pattern.prediction_set) == ("petechial_shower", ("petechial_shower",))
    assert find_pattern(TEXTBOOK, ("blurred",), False, model, BARE).label == UNCERTAIN


@pytest.mark.parametrize("possible", ["single_lesion", "angioma"])
def test_a_lesion_that_is_possible_is_not_overruled_by_dots(possible: str) -> None:
    says = _Says((), b"", tuple(0.9 if name == possible else 0.1 / 3.0 for name in CLASSES))
    assert find_pattern(TEXTBOOK, (), False, _model(says), NOT_BARE).label == possible


@pytest.mark.parametrize(
    ("feature", "outside"),
    [
        ("small_round_count", 7.0),
        ("log_diameter_spread", 0.26),
        ("median_circularity", 0.87),
        ("melanin_index", 0.67),
        ("likely_inflamed", 0.41),
    ],
)
def test_a_shower_that_lacks_one_mark_is_no_textbook_one(feature: str, outside: float) -> None:
    assert is_textbook_shower(TEXTBOOK.values)
    for value in (outside, float("nan")):
        assert not is_textbook_shower({**TEXTBOOK.values, feature: value})


def test_parts_of_a_class_are_counted_together() -> None:
    says = _Says((), b"", (0.1, 0.2, 0.0, 0.1, 0.4, 0.2)), _Says((), b"", (0.3, 0.4, 0.0, 0.3))
    pattern = find_pattern(FEATURES, (), False, _model(*says), NOT_BARE)
    expected = {"petechial_shower": 0.4, "single_lesion": 0.3, "angioma": 0.0, "other": 0.3}
    assert pattern.probabilities == pytest.approx(expected)


def test_a_doubt_is_said_once_and_only_of_the_one_candidate() -> None:
    outside = Features({**FEATURES.values, "median_circularity": 0.7})
    pattern = find_pattern(outside, (), False, _model(_Says((), b"", (0.6, 0.0, 0.0, 0.4))))
    assert pattern.prediction_set == ("petechial_shower", "other")
    assert not any("round" in reason for reason in pattern.reasons)


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.1))
def test_what_is_answered_is_alone_in_the_prediction_set(raw: list[float]) -> None:
    probabilities = (np.array(raw) / sum(raw)).tolist()
    label, possible = _answer(probabilities)
    assert label in {*PATTERNS, UNCERTAIN}
    if label != UNCERTAIN:
        assert possible == (label,)


@pytest.mark.parametrize("flag", BLOCKING_FLAGS)
def test_a_flag_forbids_an_answer(flag: str) -> None:
    pattern = find_pattern(FEATURES, (flag,), False, _model(_Says((), b"", (1.0, 0.0, 0.0, 0.0))))
    assert pattern.label == UNCERTAIN
    assert len(pattern.reasons) == 1
    if flag == "no_skin":
        assert pattern.model == ""
        assert pattern.probabilities == {}
        assert pattern.prediction_set == ()
    else:
        assert flag in pattern.reasons[0]
        assert pattern.probabilities["petechial_shower"] == 1.0


def test_blocking_flags_are_flags_of_photos() -> None:
    assert {FLAGS[name].about for name in BLOCKING_FLAGS} == {"photo"}


def test_other_flags_do_not_matter() -> None:
    assert _answer((0.7, 0.1, 0.1, 0.1), ("no_scale",))[0] == "petechial_shower"


NOTHING = _model(_Says((), b"", (0.0, 0.1, 0.0, 0.9)))
BARE, NOT_BARE = (BareModel("toy", _Says((), b"", (1.0 - share, share)), 0.5) for share in (0.5, 0.49))


@pytest.mark.parametrize("is_empty", [True, False])
def test_no_spots_is_said_of_bare_skin_and_is_no_all_clear(is_empty: bool) -> None:
    pattern = find_pattern(FEATURES, (), is_empty, NOTHING, BARE)
    assert pattern.label == NO_SPOTS
    assert "not an all-clear" in pattern.reasons[0]
    assert find_pattern(FEATURES, ("dark_skin",), is_empty, NOTHING, BARE).label == UNCERTAIN


@pytest.mark.parametrize(("feature", "red"), [("red_skin_share", 0.46), ("lesion_core_erythema", 0.13)])
def test_no_spots_is_not_said_of_red_skin_though_the_model_takes_it_for_bare(feature: str, red: float) -> None:
    pattern = find_pattern(Features({**FEATURES.values, feature: red}), (), True, NOTHING, BARE)
    assert (pattern.label, pattern.seen != "bare_skin") == (UNCERTAIN, True)
    assert "does not look bare" in pattern.reasons[0]
    unknown = Features({**FEATURES.values, feature: float("nan")})
    assert find_pattern(unknown, (), True, NOTHING, BARE).label == NO_SPOTS


def test_no_spots_is_not_said_of_skin_that_does_not_look_bare() -> None:
    pattern = find_pattern(FEATURES, (), True, NOTHING, NOT_BARE)
    assert pattern.label == UNCERTAIN
    assert "does not look bare" in pattern.reasons[0]


@pytest.mark.parametrize("is_empty", [True, False])
@pytest.mark.parametrize("flag", UNSEEN_FLAGS)
def test_no_spots_is_not_said_of_a_photo_that_does_not_show_small_ones(flag: str, is_empty: bool) -> None:
    pattern = find_pattern(FEATURES, (flag,), is_empty, NOTHING, BARE)
    assert (pattern.label, pattern.reasons) == (UNCERTAIN, (f"No spot was found, but {UNSEEN_FLAGS[flag]}.",))
    shower = _model(_Says((), b"", (1.0, 0.0, 0.0, 0.0)))
    assert find_pattern(FEATURES, (flag,), False, shower, NOT_BARE).label == "petechial_shower"


def test_a_pattern_on_skin_that_looks_bare_is_doubted() -> None:
    lesion = _model(_Says((), b"", (0.0, 1.0, 0.0, 0.0)))
    assert find_pattern(FEATURES, (), False, lesion, NOT_BARE).label == "single_lesion"
    pattern = find_pattern(FEATURES, (), False, lesion, BARE)
    assert (pattern.label, pattern.prediction_set) == (UNCERTAIN, ("single_lesion",))
    assert "single_lesion remains possible" in pattern.reasons[0]


def test_a_card_of_bare_skin_without_its_threshold_is_refused() -> None:
    model = load_model(packaged_model_folder(BARE_MODEL_NAME))
    assert 0.0 < _bare_model_of(model).bare_min < 1.0
    with pytest.raises(ModelError, match="card of model bare-v1 lacks 'bare_min'"):
        _bare_model_of(replace(model, card={**model.card, "thresholds": {}}))


@pytest.mark.parametrize("probabilities", [(0.0, 1.0, 0.0, 0.0), (0.0, 0.5, 0.0, 0.5)])
def test_no_spots_is_not_said_while_a_pattern_remains_possible(probabilities: tuple[float, ...]) -> None:
    pattern = find_pattern(FEATURES, (), True, _model(_Says((), b"", probabilities)))
    assert pattern.label == UNCERTAIN
    assert "single_lesion remains possible" in pattern.reasons[0]


def test_probabilities_are_the_mean_of_the_predictors() -> None:
    says = (_Says((), b"", (1.0, 0.0, 0.0, 0.0)), _Says((), b"", (0.5, 0.5, 0.0, 0.0)))
    pattern = find_pattern(FEATURES, (), False, _model(*says))
    assert pattern.probabilities == {
        "petechial_shower": 0.75,
        "single_lesion": 0.25,
        "angioma": 0.0,
        "other": 0.0,
    }
    assert pattern.model == "toy-v1"


def test_reasons_name_what_speaks_for_and_against() -> None:
    towards, away = "spot_count", "lesion_core_red"
    says = (
        _Says((), b"", (0.9, 0.05, 0.05, 0.0), (0.2, 0.4, 0.4, 0.0), towards),
        _Says((), b"", (0.5, 0.25, 0.25, 0.0), (0.9, 0.05, 0.05, 0.0), away),
    )
    reasons = find_pattern(FEATURES, (), False, _model(*says)).reasons
    assert len(reasons) == 2
    assert reasons[0].startswith("For petechial_shower: number and arrangement of the spots (odds x ")
    assert "spot count is 12, typically 0" in reasons[0]
    assert reasons[1].startswith("Against petechial_shower: colour of the largest lesion (odds x 0.")
    assert "lesion core red is 1, typically 0" in reasons[1]


def test_a_feature_that_cannot_be_measured_is_so_named() -> None:
    values = {**FEATURES.values, "spot_count": float("nan")}
    says = _Says((), b"", (0.2, 0.4, 0.4, 0.0), (0.9, 0.05, 0.05, 0.0), "spot_count")
    model = _model(says, typical=np.ones(len(MODEL_FEATURES)))
    reasons = find_pattern(Features(values), (), False, model).reasons
    assert any("spot count cannot be measured" in reason for reason in reasons)


def test_the_models_see_only_numbers_without_a_scale() -> None:
    assert set(MODEL_FEATURES) < set(BARE_MODEL_FEATURES) < set(FEATURE_NAMES)
    assert not [name for name in BARE_MODEL_FEATURES if name.endswith(("_px", "_mm", "_cm2", "_mm_square"))]
    assert all("_band_" in name for name in set(BARE_MODEL_FEATURES) - set(MODEL_FEATURES))
    left_out = set(FEATURE_NAMES) - set(BARE_MODEL_FEATURES)
    assert all(name.endswith(("_px", "_mm", "_cm2", "_mm_square")) for name in left_out)


@pytest.fixture(scope="module")
def packaged() -> Model:
    return load_model(packaged_model_folder(MODEL_NAME))


def test_the_model_of_the_package_fits_this_version(packaged: Model) -> None:
    model = load_pattern_model()
    assert model.name == MODEL_NAME == packaged.name
    assert model is load_pattern_model()
    assert model.sharpness > 0
    assert set(model.set_min) == set(CLASSES)
    assert np.isfinite(model.typical).all()
    # To call a single lesion an angioma could cost a life.
    assert model.set_min["angioma"] > model.set_min["single_lesion"]
    rows = np.tile(model.typical.astype(np.float32), (3, 1))
    rows[1], rows[2] = np.nan, 0.0
    probabilities = model.probabilities(rows)
    assert probabilities.shape == (3, len(CLASSES))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    assert probabilities.min() >= 0.0


def test_the_packaged_model_gives_its_reasons() -> None:
    typical = dict(zip(MODEL_FEATURES, load_pattern_model().typical.tolist(), strict=True))
    pattern = find_pattern(Features({**FEATURES.values, **typical, "lesion_area_share": 0.4}), (), False)
    assert pattern.model == MODEL_NAME
    assert len(pattern.reasons) <= 1 + 2 * N_REASONS
    assert all(reason.endswith(".") for reason in pattern.reasons)


def _changed(model: Model, **changes: Any) -> Model:
    return replace(model, card={**model.card, **changes})


def test_a_card_of_other_classes_is_refused(packaged: Model) -> None:
    with pytest.raises(ModelError, match="knows other classes"):
        pattern_model_of(_changed(packaged, classes=["angioma", "petechial_shower", "single_lesion", "other"]))


@pytest.mark.parametrize("key", ["classes", "thresholds", "typical"])
def test_a_card_that_lacks_something_is_refused(packaged: Model, key: str) -> None:
    card = {name: value for name, value in packaged.card.items() if name != key}
    with pytest.raises(ModelError, match=f"card of model pattern-v2 lacks '{key}'"):
        pattern_model_of(replace(packaged, card=card))


def test_a_card_without_a_threshold_or_a_typical_value_is_refused(packaged: Model) -> None:
    thresholds = packaged.card["thresholds"]
    fewer = {name: value for name, value in thresholds["set_min"].items() if name != "angioma"}
    with pytest.raises(ModelError, match="lacks 'angioma'"):
        pattern_model_of(_changed(packaged, thresholds={**thresholds, "set_min": fewer}))
    typical = {name: value for name, value in packaged.card["typical"].items() if name != MODEL_FEATURES[2]}
    with pytest.raises(ModelError, match=f"lacks '{MODEL_FEATURES[2]}'"):
        pattern_model_of(_changed(packaged, typical=typical))


def test_a_model_of_other_features_is_refused(packaged: Model) -> None:
    forest = packaged.predictors["forest"]
    swapped = replace(forest, columns=(forest.columns[1], forest.columns[0], *forest.columns[2:]))
    with pytest.raises(ModelError, match="the order of the columns"):
        pattern_model_of(replace(packaged, predictors={**packaged.predictors, "forest": swapped}))
    with pytest.raises(ModelError, match="no predictor named linear"):
        pattern_model_of(replace(packaged, predictors={"forest": forest}))
