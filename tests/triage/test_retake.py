from __future__ import annotations

from lesionvis.pattern.pattern import BLOCKING_FLAGS
from lesionvis.triage.retake import RETAKES, retakes_for


def test_whatever_forbids_an_answer_tells_how_to_take_a_better_photo() -> None:
    # Dark skin is no fault of the photo.
    assert set(BLOCKING_FLAGS) - set(RETAKES) == {"dark_skin"}
    for retake in RETAKES.values():
        assert retake.why.endswith(".")
        assert retake.how.endswith(".")


def test_only_a_photo_that_is_itself_the_trouble_is_taken_again() -> None:
    assert retakes_for(()) == retakes_for(("no_scale", "dark_skin")) == ()
    assert [retake.flag for retake in retakes_for(("blurred", "no_skin"))] == ["no_skin", "blurred"]
