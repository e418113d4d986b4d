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
from lesionvis.triage.circumstances import Circumstances, known_circumstances, parse_circumstances
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
    assert _answers(cause="unknown", sites=("face", "feet")) == {}


@pytest.mark.parametrize(
    ("age", "child", "infant"),
    [
        (0, "yes", "yes"),
        (0.249, "yes", "yes"),
        (0.25, "yes", "no"),
        (17.99, "yes", "no"),
        (18, "no", "no"),
        (130, "no", "no"),
    ],
)
def test_age_tells_children_and_babies(age: float, child: str, infant: str) -> None:
    assert _answers(age_years=age) == {"child": child, "infant_u3m": infant}


@pytest.mark.parametrize("age", [-0.1, 130.1, math.nan, math.inf, True, "34"])
def test_an_age_out_of_bounds_is_an_error(age: Any) -> None:
    with pytest.raises(AnswerError, match="age_years must be a number from 0 to 130"):
        Circumstances(age_years=age)


@pytest.mark.parametrize("cause", sorted(STRAINS | {"tight_band", "knock"}))
def test_causes_of_the_question_explain_the_spots(cause: str) -> None:
    assert _answers(cause=cause) == {"explained": "yes"}


def test_no_cause_is_no_explanation_and_a_medicine_is_a_question_of_its_own() -> None:
    assert _answers(cause="none") == {"explained": "no"}
    assert _answers(cause="medicine", sites=("face",)) == {"new_medicine": "yes"}


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
    told = few.replace(explained="unknown", distribution="unknown", child="unknown", infant_u3m="unknown")
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
    contradicted = [name for name, value in told.given if alone.get(name, value) != value]
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


@pytest.mark.parametrize(("age", "is_told"), [(29.9, True), (30, False), (None, False)])
def test_an_angioma_of_the_young_is_told(age: float | None, is_told: bool) -> None:
    circumstances = Circumstances(age_years=age)
    notes = {pattern: " ".join(circumstances.notes(pattern, Answers())) for pattern in LABELS}
    assert ("have a doctor look at this spot" in notes.pop("angioma")) == is_told
    assert not [pattern for pattern, note in notes.items() if "Cherry" in note]


def test_spots_where_pressure_on_the_neck_shows_ask_for_it_until_it_is_answered() -> None:
    for site in SITES:
        for cause in ("unknown", "none", "coughing"):
            notes = Circumstances(cause=cause, sites=(site,)).notes("petechial_shower", Answers())
            assert any("neck_compression" in note for note in notes) == (site in ("face", "eyelids", "neck"))
    face = Circumstances(sites=("face",))
    assert face.notes("uncertain", Answers.from_mapping({"neck_compression": "no"})) == ()
    assert all(len(face.notes(pattern, Answers())) == 1 for pattern in LABELS)


def test_common_places_are_never_told_as_reassurance() -> None:
    assert Circumstances(sites=("lower_legs", "feet")).notes("petechial_shower", Answers()) == ()


def test_notes_say_what_was_concluded() -> None:
    child, explained = Circumstances(age_years=7, cause="knock").notes("petechial_shower", Answers())
    assert child.startswith('The age in years is 7, so "Is the person with the spots under 18?"')
    assert child.endswith('counts as answered "yes".')
    assert explained.startswith('The cause is "knock", so "Is there an obvious cause')


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
        "coughing,cause,explained=yes\n",
    ],
)
def test_a_damaged_table_is_an_error(row: str) -> None:
    with pytest.raises(LesionvisError):
        parse_circumstances(HEADER + row)
