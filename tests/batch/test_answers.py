"""Answers per photo and per patient: the full rules decide, and a photo nobody was asked about stays one."""

from __future__ import annotations

from typing import Any

import pytest

from lesionvis.analysis import Analysis
from lesionvis.batch.answers import answer_photos
from lesionvis.batch.rows import photo_row
from lesionvis.errors import AnswerError
from lesionvis.triage.answers import Answers, questions

BENIGN = {name: question.benign for name, question in questions().items()}
FEVER = {"fever": "yes", "blanch": "does_not_fade", "new_onset": "yes"}


@pytest.fixture(scope="module")
def photos(analysed_samples: dict[str, Analysis]) -> dict[str, Analysis]:
    names = ("shower-light-leg.jpg", "naevus-ruler.jpg", "plain-skin.jpg")
    return {name: analysed_samples[name] for name in names}


def test_a_level_depends_on_the_answers_and_not_on_the_pattern_alone(photos: dict[str, Analysis]) -> None:
    asked = answer_photos(photos, by_photo={"shower-light-leg.jpg": FEVER, "plain-skin.jpg": BENIGN})
    assert list(asked) == list(photos)
    assert {name: str(analysis.advice.level) for name, analysis in asked.items()} == {
        "shower-light-leg.jpg": "emergency",
        "naevus-ruler.jpg": str(photos["naevus-ruler.jpg"].advice.level),
        "plain-skin.jpg": "none",
    }
    bases = [photo_row(analysis)["triage_basis"] for analysis in asked.values()]
    assert bases == ["answers", "nobody was asked", "answers"]


def test_answers_on_a_patient_count_for_each_photo_of_theirs(photos: dict[str, Analysis]) -> None:
    patient_of = {"shower-light-leg.jpg": "P1", "naevus-ruler.jpg": "P1", "plain-skin.jpg": "P2"}
    asked = answer_photos(photos, by_patient={"P1": Answers.from_mapping({"fits": "yes"})}, patient_of=patient_of)
    assert [str(analysis.advice.level) for analysis in asked.values()] == ["emergency", "emergency", "watch"]
    assert [analysis.advice.was_asked for analysis in asked.values()] == [True, True, False]


def test_answers_on_a_photo_go_before_those_on_its_patient(photos: dict[str, Analysis]) -> None:
    asked = answer_photos(
        photos,
        by_photo={"plain-skin.jpg": {"fever": "no"}},
        by_patient={"P1": {"fever": "yes", "child": "yes"}},
        patient_of=dict.fromkeys(photos, "P1"),
    )
    assert dict(asked["plain-skin.jpg"].advice.told.given) == {"fever": "no", "child": "yes"}
    assert dict(asked["naevus-ruler.jpg"].advice.told.given) == {"fever": "yes", "child": "yes"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"by_photo": {"other.jpg": {"fever": "no"}}}, '"other.jpg", which is none of the 3 photos'),
        ({"patient_of": {"other.jpg": "P1"}}, '"other.jpg", which is none'),
        ({"by_patient": {"P1": {"fever": "no"}}}, '"P1", who has no photo'),
        ({"by_photo": {"plain-skin.jpg": {"fevr": "no"}}}, 'did you mean "fever"'),
    ],
)
def test_answers_that_belong_to_nothing_are_an_error(
    photos: dict[str, Analysis], given: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        answer_photos(photos, **given)
    assert complaint in str(caught.value)
