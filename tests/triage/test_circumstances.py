from __future__ import annotations

import math
import pickle
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionvis.errors import AnswerError, LesionvisError
from lesionvis.labels import LABELS
from lesionvis.triage import advise, advise_further
from lesionvis.triage.answers import Answers, questions
from lesionvis.triage.circumstances import Circumstances, _parse_circumstances, known_circumstances
from lesionvis.triage.evidence import PhotoEvidence

CAUSES = [name for name, found in known_circumstances().items() if found.kind == "cause"]
SITES = [name for name, found in known_circumstances().items() if found.kind == "site"]
STRAINS = {"coughing", "vomiting", "straining", "crying"}
# Written out, so that a slip in the table is seen.
ABOVE = {"scalp", "face", "eyelids", "neck", "upper_chest"}
HEADER = "circumstance,kind,follows,place,meaning\n"

some_circumstances = st.builds(
    Circumstances,
    age_years=st.none() | st.floats(0.0, 130.0),
    cause=st.sampled_from([*CAUSES, "unknown"]),
    sites=st.lists(st.sampled_from(SITES)).map(tuple),
)
some_answers = st.dictionaries(st.sampled_from(list(questions())), st.integers(0, 2)).map(
    lambda chosen: Answers.from_mapping({name: questions()[name].choices[place] for name, place in chosen.items()})
)


def _answers(**circumstances: Any) -> dict[str, str]:
    """The answers that follow when nothing else was told."""
    return dict(Circumstances(**circumstances).answers().given)


def test_nothing_told_gives_no_answer() -> None:
    assert Circumstances().answers() == Answers()
    assert _answers(cause="unknown", sites=("face",)) == {"widespread": "one_area"}


@pytest.mark.parametrize(
    ("age", "child", "infant", "under_30"),
    [
        (0, "yes", "yes", "yes"),
        (0.249, "yes", "yes", "yes"),
        (0.25, "yes", "no", "yes"),
        (17.99, "yes", "no", "yes"),
        (18, "no", "no", "yes"),
        (29.9, "no", "no", "yes"),
        (30, "no", "no", "no"),
        (130, "no", "no", "no"),
    ],
)
def test_age_tells_children_babies_and_the_young(age: float, child: str, infant: str, under_30: str) -> None:
    told = _answers(age_years=age)
    assert (told["child"], told["infant_u3m"], told["under_30"]) == (child, infant, under_30)


@pytest.mark.parametrize(
    ("age", "assumed"),
    [
        (0.4, {}),
        (0.5, {"baby_39": "no"}),
        (5, {"baby_39": "no", "not_feeding": "no", "high_pitched_cry": "no"}),
    ],
)
def test_what_nobody_of_an_age_is_asked_is_filled_in_unless_it_was_answered(
    age: float, assumed: dict[str, str]
) -> None:
    of_age = ("child", "infant_u3m", "under_30")
    assert {name: value for name, value in _answers(age_years=age).items() if name not in of_age} == assumed
    other = {"baby_39": "yes", "not_feeding": "yes", "high_pitched_cry": "yes"}
    assert set(other.items()) <= set(Circumstances(age_years=age).answers(other).given)


@pytest.mark.parametrize("age", [-0.1, 130.1, math.nan, math.inf, True, "34"])
def test_an_age_out_of_bounds_is_an_error(age: Any) -> None:
    with pytest.raises(AnswerError, match="age_years must be a number from 0 to 130"):
        Circumstances(age_years=age)


@pytest.mark.parametrize("cause", sorted(STRAINS | {"tight_band", "knock"}))
def test_causes_of_the_question_explain_the_spots(cause: str) -> None:
    assert _answers(cause=cause) == {"explained": "yes", "strain_cause": "yes" if cause in STRAINS else "no"}


def test_no_cause_is_no_explanation_and_a_medicine_is_a_question_of_its_own() -> None:
    assert _answers(cause="none") == {"explained": "no", "strain_cause": "no"}
    medicine = {"new_medicine": "yes", "explained": "no", "strain_cause": "no"}
    assert _answers(cause="medicine", sites=("face",)) == medicine | {"widespread": "one_area"}


@pytest.mark.parametrize(
    ("sites", "widespread"),
    [
        (("lower_legs",), "one_area"),
        (("face", "eyelids", "neck"), "one_area"),
        (("face", "upper_chest"), "several_areas"),
        (("lower_legs", "feet"), "several_areas"),
        (("mouth", "face"), "several_areas"),
        (("widespread",), "several_areas"),
    ],
)
def test_sites_tell_whether_spots_are_in_one_area(sites: tuple[str, ...], widespread: str) -> None:
    told = _answers(sites=sites)
    assert told["widespread"] == widespread
    assert (told.get("mouth_spots") == "yes") == ("mouth" in sites)


def test_strains_fit_above_the_nipple_line_and_nowhere_else() -> None:
    for cause in [*CAUSES, "unknown"]:
        for sites in (chosen for count in range(4) for chosen in combinations(SITES, count)):
            found = _answers(cause=cause, sites=sites).get("distribution")
            if cause in STRAINS and sites and set(sites) <= ABOVE:
                assert found == "fits_explanation"
            elif "widespread" in sites or (cause in STRAINS and set(sites) - ABOVE - {"mouth"}):
                assert found == "elsewhere_or_widespread"
            else:
                assert found is None


def test_spots_elsewhere_than_the_cause_puts_them_raise_the_level() -> None:
    few = Answers.from_mapping({name: question.benign for name, question in questions().items()})
    told = few.replace(**dict.fromkeys(("explained", "distribution", "widespread", "child", "infant_u3m"), "unknown"))
    told = told.replace(blanch="does_not_fade", new_onset="yes")
    fits, elsewhere = (
        advise("petechial_shower", Circumstances(34, "coughing", sites).answers(told))
        for sites in (("face",), ("face", "lower_legs"))
    )
    assert str(fits.level) == "watch"
    assert str(elsewhere.level) == "prompt"
    assert [reason.rule_id for reason in elsewhere.reasons] == ["P07"]


@settings(deadline=None)
@given(some_circumstances, some_answers)
def test_no_answer_that_was_given_is_ever_turned(circumstances: Circumstances, told: Answers) -> None:
    alone = dict(circumstances.answers().given)
    # What is only assumed of an age gives way to what was answered.
    assumed = ("high_pitched_cry", "not_feeding", "baby_39")
    contradicted = [name for name, value in told.given if alone.get(name, value) != value and name not in assumed]
    if contradicted:
        with pytest.raises(AnswerError, match="correct one of the two"):
            circumstances.answers(told)
    else:
        assert dict(circumstances.answers(told).given) == alone | dict(told.given)


@settings(deadline=None)
@given(some_circumstances, some_answers, st.sampled_from(LABELS))
def test_notes_change_nothing_but_themselves(circumstances: Circumstances, told: Answers, pattern: str) -> None:
    advice = advise(pattern, told)
    noted = advice.noting(circumstances)
    assert noted.circumstance_notes == circumstances.notes(pattern, told)
    assert {**noted.to_dict(), "circumstance_notes": []} == advice.to_dict()


@pytest.mark.parametrize(
    ("circumstances", "answers", "words"),
    [
        (Circumstances(age_years=7), {"child": "no"}, ("age in years is 7", "child=yes", "child=no")),
        (Circumstances(cause="none"), {"explained": "yes"}, ('"none"', "explained=no", "explained=yes")),
        (
            Circumstances(cause="crying", sites=("face",)),
            {"distribution": "elsewhere_or_widespread"},
            ('"crying" and the site is "face"', "distribution=fits_explanation", "elsewhere_or_widespread"),
        ),
    ],
)
def test_a_contradiction_names_both(
    circumstances: Circumstances, answers: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(AnswerError) as caught:
        circumstances.answers(Answers.from_mapping(answers))
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("wrong", "suggestion", "listed"),
    [
        ({"cause": "couhging"}, 'did you mean "coughing"', "tight_band, knock, medicine, none, unknown"),
        ({"sites": ("lower_leg",)}, 'did you mean "lower_legs"', "scalp, face, eyelids"),
        ({"cause": "face"}, 'no cause "face"', "vomiting"),
        ({"sites": ("knock",)}, 'no site "knock"', "widespread"),
    ],
)
def test_a_misspelt_name_lists_the_right_ones(wrong: dict[str, Any], suggestion: str, listed: str) -> None:
    with pytest.raises(AnswerError) as caught:
        Circumstances(**wrong)
    assert suggestion in str(caught.value)
    assert listed in str(caught.value)


def test_the_order_and_number_of_sites_do_not_matter() -> None:
    one, other = Circumstances(sites=("neck", "face", "neck")), Circumstances(sites=("face", "neck"))
    assert one == other == pickle.loads(pickle.dumps(one))  # noqa: S301 - as answers are handed over


def test_an_angioma_of_the_young_is_seen_by_a_doctor() -> None:
    benign = {name: question.benign for name, question in questions().items() if name not in ("child", "under_30")}
    benign |= {"child": "no"}
    young, older = (advise("angioma", Circumstances(age_years=age).answers(benign)) for age in (24, 44))
    assert [reason.rule_id for reason in young.reasons] == ["D03"]
    assert str(older.level) == "none"
    assert "under 30" in Circumstances(age_years=24).notes("angioma", Answers())[-1]
    assert not any("under 30" in note for note in Circumstances(age_years=24).notes("uncertain", Answers()))


def test_spots_where_pressure_on_the_neck_shows_ask_for_it_until_it_is_answered() -> None:
    for site in SITES:
        for cause in ("unknown", "none", "coughing"):
            notes = Circumstances(cause=cause, sites=(site,)).notes("petechial_shower", Answers())
            assert any("whether the neck was squeezed" in note for note in notes) == (
                site in ("face", "eyelids", "neck")
            )
    face = Circumstances(sites=("face",))
    told = face.notes("uncertain", Answers.from_mapping({"neck_compression": "no"}))
    assert not any("whether the neck was squeezed" in note for note in told)
    assert all(
        any("whether the neck was squeezed" in note for note in face.notes(pattern, Answers())) for pattern in LABELS
    )


def test_common_places_are_never_told_as_reassurance() -> None:
    (note,) = Circumstances(sites=("lower_legs", "feet")).notes("petechial_shower", Answers())
    assert note.endswith('counts as answered "several areas".')


def test_notes_say_what_was_concluded() -> None:
    child, explained, strain = Circumstances(age_years=7, cause="knock").notes("petechial_shower", Answers())
    assert child.startswith('The age in years is 7, so "Is the person under 18?"')
    assert child.endswith('counts as answered "yes".')
    assert explained.startswith('The cause is "knock", so "Did something clear happen')
    assert strain.endswith('counts as answered "no".')


def test_notes_stay_when_more_photos_come() -> None:
    circumstances = Circumstances(age_years=7)
    advice = advise("petechial_shower", circumstances.answers()).noting(circumstances)
    further = advise_further(advice, PhotoEvidence(further=(("spreading", "There are more"),)))
    assert further.circumstance_notes == advice.circumstance_notes != ()


@pytest.mark.parametrize(
    "row",
    [
        "coughing,causes,explained=yes,,hard coughing\n",
        "coughing,cause,explained,,hard coughing\n",
        "coughing,cause,explained=maybe,,hard coughing\n",
        "coughing,cause,explaind=yes,,hard coughing\n",
        "coughing,cause,explained=yes,above,hard coughing\n",
        "coughing,cause,explained=yes,,\n",
        "coughing,cause,explained=yes; strain_cause,,hard coughing\n",
        "coughing,cause,explained=yes; explained=no,,hard coughing\n",
        "coughing,cause,explained=yes\n",
    ],
)
def test_a_damaged_table_is_an_error(row: str) -> None:
    with pytest.raises(LesionvisError):
        _parse_circumstances(HEADER + row)
