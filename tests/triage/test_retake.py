from __future__ import annotations

from lesionvis.pattern.pattern import BLOCKING_FLAGS
from lesionvis.triage import advise
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.retake import RETAKES


def test_whatever_forbids_an_answer_tells_how_to_take_a_better_photo() -> None:
    # Dark skin is no fault of the photo.
    assert set(BLOCKING_FLAGS) - set(RETAKES) == {"dark_skin"}
    for retake in RETAKES.values():
        assert retake.why.endswith(".")
        assert retake.how.endswith(".")


def _retaken(*flags: str) -> list[str]:
    return [retake.flag for retake in advise("no_spots", None, PhotoEvidence(flags=flags)).retakes]


def test_only_a_photo_that_is_itself_the_trouble_is_taken_again() -> None:
    assert _retaken() == _retaken("no_scale", "dark_skin") == []
    assert _retaken("blurred", "no_skin") == ["no_skin", "blurred"]
