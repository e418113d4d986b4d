from __future__ import annotations

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage import advise
from lesionvis.triage.answers import questions
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.told import (
    _parse_short_words,
    _relevant_patterns,
    help_words,
    listed,
    short_words,
    still_to_answer,
    told_of,
    value_words,
)


def test_answers_are_sorted_by_what_they_mean() -> None:
    answers = {"fever": "yes", "blanch": "does_not_fade", "explained": "yes", "thin_skin_years": "no"}
    told = told_of(advise("petechial_shower", answers, PhotoEvidence(spot_count=30)))
    # A "no" can be the warning, and a "yes" none.
    assert told.signs == (("fever", "yes"), ("thin_skin_years", "no"), ("blanch", "does_not_fade"))
    assert listed(told.signs) == ("fever now", "thin skin for years: no", "glass test: they stay, all or some of them")
    assert told.others == (("explained", "yes"),)
    assert told.from_photo == (("count", "The photo shows 30 spots"),)
    assert "fits" in told.not_answered
    # Neither what is known, nor what nobody asks of a shower.
    assert not {"fever", "count", "colour"} & set(told.not_answered)


def test_every_answer_has_short_words_of_its_own() -> None:
    assert len(set(short_words().values())) == len(questions())
    for table in ("name,words\nfever,fever\n", "name,words\n" + "".join(f"{name},\n" for name in questions())):
        with pytest.raises(LesionvisError, match="short words for every answer"):
            _parse_short_words(table)


def test_what_the_person_tells_of_makes_more_questions_matter() -> None:
    assert _relevant_patterns(advise("single_lesion")) == ("single_lesion",)
    several = advise("single_lesion", {"unseen_spots": "yes"})
    assert _relevant_patterns(several) == ("single_lesion", "petechial_shower")
    assert _relevant_patterns(advise("no_spots", {"single_spot": "yes"})) == ("no_spots", "single_lesion")
    names = {found.question.name for found in still_to_answer(several)}
    assert "blanch" in names
    assert "blanch" not in {found.question.name for found in still_to_answer(advise("single_lesion"))}


def test_every_value_and_help_has_plain_words() -> None:
    for name, question in questions().items():
        assert all("_" not in value_words(value) for value in question.choices)
        assert "_" not in help_words(name)
        assert "unknown" not in help_words(name)
