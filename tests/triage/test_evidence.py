from __future__ import annotations

import pytest

from lesionvis.errors import AnswerError
from lesionvis.triage import advise, advise_further
from lesionvis.triage.answers import Answers
from lesionvis.triage.evidence import LARGE_SPOT_MM, MANY_SPOTS, PhotoEvidence, answers_with_photo
from lesionvis.triage.rules import Level


def test_nothing_measured_finds_nothing() -> None:
    assert list(PhotoEvidence().findings()) == []


def test_many_and_large_spots_are_found_at_their_limits() -> None:
    below = PhotoEvidence(spot_count=MANY_SPOTS - 1, largest_diameter_mm=LARGE_SPOT_MM)
    above = PhotoEvidence(spot_count=MANY_SPOTS, largest_diameter_mm=LARGE_SPOT_MM + 0.1)
    assert list(below.findings()) == []
    assert [name for name, _ in above.findings()] == ["count", "size_gt2mm"]


def test_what_other_photos_show_counts_where_it_is_worse() -> None:
    evidence = PhotoEvidence(further=(("blanch", "Under glass the spots do not fade"), ("spreading", "More of them")))
    filled = answers_with_photo(Answers.from_mapping({"spreading": "no"}), evidence)
    assert (filled["blanch"], filled["spreading"]) == ("does_not_fade", "yes")


def test_a_finding_that_is_no_answer_is_refused() -> None:
    with pytest.raises(AnswerError, match="no answer"):
        answers_with_photo(Answers(), PhotoEvidence(further=(("hue", "Blue"),)))


def test_further_advice_keeps_what_the_first_photo_added() -> None:
    first = advise("petechial_shower", Answers(), PhotoEvidence(spot_count=34))
    further = advise_further(first, PhotoEvidence(further=(("rapid_spread", "Within 2.0 hours 5 new spots came up"),)))
    assert further.level == Level.EMERGENCY
    assert further.level > first.level
    assert [note.split(",")[0] for note in further.photo_notes] == [
        "The photo shows 34 spots",
        "Within 2.0 hours 5 new spots came up",
    ]
    from_photo = {rule.rule_id for rule in (*further.reasons, *further.also_noted) if rule.from_photo}
    assert {rule.rule_id for rule in first.reasons if rule.from_photo} <= from_photo


def test_what_photos_added_is_not_taken_for_what_was_answered() -> None:
    glass = PhotoEvidence(further=(("blanch", "Under glass the spots do not fade"),))
    once = advise_further(advise("petechial_shower", Answers.from_mapping({"fever": "yes"})), glass)
    twice = advise_further(once, glass)
    assert twice == once
    assert twice.told == Answers.from_mapping({"fever": "yes"})
    later = advise_further(twice, PhotoEvidence(further=(("blanch", "On stretched skin they do not fade"),)))
    assert len(later.photo_notes) == 2
    assert not any("as was answered" in note for note in later.photo_notes)
    assert {rule.rule_id: rule.from_photo for rule in later.reasons}["E01"]


def test_merged_evidence_keeps_the_more_harmful_of_both() -> None:
    one = PhotoEvidence(spot_count=12, largest_diameter_mm=None, abcde_any=False, further=(("blanch", "a"),))
    other = PhotoEvidence(3, 2.5, True, True, (("blanch", "a"), ("spreading", "b")), 2, ("blurred",))
    expected = PhotoEvidence(12, 2.5, True, True, (("blanch", "a"), ("spreading", "b")), 2, ("blurred",))
    assert one.merged(other) == other.merged(one) == expected
    assert one.merged(PhotoEvidence()) == one
    assert PhotoEvidence().merged(PhotoEvidence()) == PhotoEvidence()


def test_a_diameter_that_is_not_known_is_written_in_one_way() -> None:
    unknown = PhotoEvidence(largest_diameter_mm=float("nan"))
    assert unknown == PhotoEvidence()
    assert unknown.merged(PhotoEvidence(largest_diameter_mm=3.0)).largest_diameter_mm == 3.0


def test_nothing_further_changes_nothing() -> None:
    first = advise("uncertain", Answers(), PhotoEvidence(spot_count=12))
    assert advise_further(first, PhotoEvidence()) == first
