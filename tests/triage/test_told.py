from __future__ import annotations

from lesionvis.triage import advise
from lesionvis.triage.answers import questions
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.told import help_words, relevant_patterns, still_to_answer, told_of, value_words


def test_answers_are_sorted_by_what_they_mean() -> None:
    answers = {"fever": "yes", "blanch": "does_not_fade", "explained": "yes", "thin_skin_years": "no"}
    told = told_of(advise("petechial_shower", answers, PhotoEvidence(spot_count=30)))
    words = dict(told.signs)
    assert words[questions()["blanch"].text] == "they stay, all or some of them"
    # A "no" can be the warning, and a "yes" none.
    assert words[questions()["thin_skin_years"].text] == "no"
    assert told.others == ((questions()["explained"].text, "yes"),)
    assert told.from_photo == ((questions()["count"].text, "The photo shows 30 spots"),)
    assert questions()["fits"].text in told.not_answered
    # Neither what is known, nor what nobody asks of a shower.
    for name in ("fever", "count", "colour"):
        assert questions()[name].text not in told.not_answered


def test_what_the_person_tells_of_makes_more_questions_matter() -> None:
    assert relevant_patterns(advise("single_lesion")) == ("single_lesion",)
    several = advise("single_lesion", {"unseen_spots": "yes"})
    assert relevant_patterns(several) == ("single_lesion", "petechial_shower")
    assert relevant_patterns(advise("no_spots", {"single_spot": "yes"})) == ("no_spots", "single_lesion")
    names = {found.question.name for found in still_to_answer(several)}
    assert "blanch" in names
    assert "blanch" not in {found.question.name for found in still_to_answer(advise("single_lesion"))}


def test_every_value_and_help_has_plain_words() -> None:
    for name, question in questions().items():
        assert all("_" not in value_words(value) for value in question.choices)
        assert "_" not in help_words(name)
        assert "unknown" not in help_words(name)
