"""What another process knows of a photo gives the advice of its analysis, whatever is answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lesionvis.analysis import Analysis, analyze
from lesionvis.batch.asked import AskedPhoto
from lesionvis.triage.answers import Answers, questions

PHOTOS = ("irregular-lesion.jpg", "shower-light-ruler.jpg", "plain-skin.jpg")


@pytest.fixture(scope="module", params=PHOTOS)
def analysis(request: pytest.FixtureRequest, project: Path) -> Analysis:
    return analyze(project / "sample_images" / request.param)


def test_the_advice_is_that_of_the_analysis(analysis: Analysis) -> None:
    asked = AskedPhoto.from_json(AskedPhoto.of(analysis).to_json())
    assert asked == AskedPhoto.of(analysis)
    for question in questions().values():
        for value in (question.benign, question.harmful):
            answers = Answers.from_mapping({question.name: value})
            assert asked.advise(answers) == analysis.answered(answers).advice


def test_answers_before_leave_nothing_behind(analysis: Analysis) -> None:
    told = Answers.from_mapping({"changed": "yes", "itch": "yes", "fever": "yes"})
    assert AskedPhoto.of(analysis.answered(told)).advise(Answers()) == analysis.advice


def test_the_checklist_of_a_lesion_takes_part(project: Path) -> None:
    lesion = AskedPhoto.of(analyze(project / "sample_images" / PHOTOS[0]))
    told = Answers.from_mapping({"changed": "yes", "spot_bleeds": "yes"})
    assert lesion.seven_points is not None
    points = [one.advise(told).evidence.seven_points for one in (lesion, replace(lesion, seven_points=None))]
    assert points[0] == lesion.seven_points.lowest + 3
    assert points[1] == lesion.seven_points.lowest
