from __future__ import annotations

import pickle
from typing import Any

import pytest

from lesionvis.errors import AnswerError, LesionvisError
from lesionvis.triage.answers import ASKED_ABOUT, Answers, _parse_questions, as_answers, questions

HEADER = "name,benign,unknown,harmful,group,question,help,applies_to\n"
FEVER = "fever,no,unknown,yes,red_flags,Is there a fever?,Measure it.,no_spots|angioma\n"


def test_everything_is_unknown_until_given() -> None:
    assert set(Answers().to_dict().values()) == {"unknown"}
    assert list(Answers().to_dict()) == list(questions())
    assert len(questions()) == 71


def test_equal_answers_are_equal_however_they_were_given() -> None:
    one = Answers.from_mapping({"child": "yes", "fever": "no", "blanch": "unknown"})
    other = Answers((("fever", "no"), ("child", "yes")))
    assert one == other
    assert hash(one) == hash(other)
    assert one == pickle.loads(pickle.dumps(one))  # noqa: S301 - batch workers hand answers over by pickle


def test_unknown_takes_an_answer_back() -> None:
    assert Answers.from_mapping({"fever": "yes"}).replace(fever="unknown") == Answers()


@pytest.mark.parametrize(
    ("given", "suggestion", "listed"),
    [
        ({"fevr": "yes"}, 'did you mean "fever"?', "joint_pain"),
        ({"fever": "yess"}, 'did you mean "yes"?', "no, yes, unknown"),
        ({"blanch": "not_fade"}, 'did you mean "does_not_fade"?', "fades, does_not_fade, unknown"),
        ({"fever": True}, '"fever" cannot be "True"', "no, yes, unknown"),
        ({"": "yes"}, 'no answer ""', "fever"),
    ],
)
def test_a_misspelt_name_or_value_lists_the_right_ones(given: dict[str, str], suggestion: str, listed: str) -> None:
    with pytest.raises(AnswerError) as caught:
        Answers.from_mapping(given)
    assert suggestion in str(caught.value)
    assert listed in str(caught.value)


def test_a_mapping_is_taken_where_answers_are() -> None:
    told = Answers.from_mapping({"fever": "yes"})
    assert as_answers({"fever": "yes"}) == told
    assert as_answers(told) is told
    assert as_answers(None) == Answers()


@pytest.mark.parametrize("given", ["fever=yes", [("fever", "yes")], 3])
def test_what_is_no_mapping_is_refused_with_an_example(given: Any) -> None:
    with pytest.raises(AnswerError, match=r'a mapping such as \{"fever": "yes"\}, not as '):
        as_answers(given)


@pytest.mark.parametrize("given", [{"fever": "yes"}, "fever", ("fever", "yes"), [("fever", "yes")]])
def test_the_constructor_sends_a_mapping_to_the_other_way(given: Any) -> None:
    with pytest.raises(AnswerError, match=r"use Answers\.from_mapping"):
        Answers(given)


def test_asking_for_a_name_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(AnswerError, match="fever"):
        Answers()["fevers"]


def test_every_question_is_a_plain_question_with_help() -> None:
    for question in questions().values():
        assert question.text.endswith("?"), question.name
        assert len(question.text) <= 120, question.name  # short enough for a frightened reader
        assert question.help.endswith("."), question.name


def test_a_question_says_what_it_is_about_and_for_which_patterns_it_is_asked() -> None:
    (fever,) = _parse_questions(HEADER + FEVER).values()
    assert (fever.group, fever.patterns) == ("red_flags", ("no_spots", "angioma"))
    assert {question.group for question in questions().values()} == set(ASKED_ABOUT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,benign,unknown,harmful\nfever,no,unknown,yes\n",
        HEADER + FEVER.replace(",Measure it.", ""),
        HEADER + FEVER.replace("Measure it.", ""),
        HEADER + FEVER.replace("unknown", "dunno"),
        HEADER + FEVER.replace(",no,", ",yes,"),
        HEADER + FEVER.replace("red_flags", "flags"),
        HEADER + FEVER.replace("angioma", "mole"),
        HEADER + FEVER * 2,
    ],
)
def test_a_damaged_table_of_questions_is_an_error(text: str) -> None:
    with pytest.raises(LesionvisError, match=r"answers\.csv"):
        _parse_questions(text)
