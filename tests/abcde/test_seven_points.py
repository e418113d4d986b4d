from __future__ import annotations

import itertools

import pytest

from lesionvis.abcde import seven_points
from lesionvis.abcde.seven_points import POINTS
from lesionvis.triage.answers import Answers, questions
from lesionvis.triage.evidence import SEVEN_POINTS_MIN


def test_points_are_those_of_the_guideline() -> None:
    # Three major features of two points, four minor ones of one: ten in all, and three refer.
    assert sorted(POINTS.values()) == [1, 1, 1, 1, 2, 2, 2]
    assert SEVEN_POINTS_MIN == 3


def test_nothing_said_and_nothing_measured_is_open() -> None:
    checklist = seven_points(Answers())
    assert (checklist.lowest, checklist.highest, checklist.scores_3) == (0, 10, None)
    assert checklist.from_photo == ()
    assert "open" in checklist.finding


@pytest.mark.parametrize(
    ("shape", "color", "diameter_mm", "lowest"),
    [(True, False, 5.0, 2), (True, True, 5.0, 4), (True, None, 7.0, 3), (False, False, 6.9, 0), (None, True, 8.0, 3)],
)
def test_what_was_measured_counts(shape: bool | None, color: bool | None, diameter_mm: float, lowest: int) -> None:
    checklist = seven_points(Answers(), shape_is_irregular=shape, color_is_irregular=color, diameter_mm=diameter_mm)
    assert checklist.lowest == lowest
    assert checklist.scores_3 is (True if lowest >= 3 else None)


def test_fewer_than_three_points_are_certain_only_where_what_is_not_known_cannot_add_up() -> None:
    told = {"changed": "no", "spot_bleeds": "no", "itch": "no"}
    measured = {"shape_is_irregular": False, "color_is_irregular": False}
    few = seven_points(Answers.from_mapping(told), **measured, diameter_mm=3.0)
    assert (few.lowest, few.highest, few.scores_3) == (0, 1, False)
    assert few.finding.endswith(": fewer than 3.")
    # Bleeding and the diameter could still make three.
    assert seven_points(Answers.from_mapping(told | {"spot_bleeds": "unknown"}), **measured).scores_3 is None
    # The person's own count stands where the items prove nothing against it.
    counted = Answers.from_mapping(told | {"checklist7_ge3": "yes"})
    assert seven_points(counted, **measured, diameter_mm=3.0).scores_3 is True


def test_a_change_counts_as_one_in_size() -> None:
    changed = Answers.from_mapping({"changed": "yes"})
    assert seven_points(changed).lowest == 2
    assert seven_points(changed, diameter_mm=7.0).scores_3 is True
    assert seven_points(Answers.from_mapping({"changed": "no"})).highest == 8


def test_the_persons_own_count_can_only_add_to_what_was_measured() -> None:
    for value, own in (("yes", True), ("no", False)):
        told = Answers.from_mapping({"checklist7_ge3": value})
        assert seven_points(told, shape_is_irregular=True).scores_3 is own
        assert seven_points(told, shape_is_irregular=True, diameter_mm=9.0).scores_3 is True


def test_bleeding_and_itching_are_items_of_the_list() -> None:
    told = Answers.from_mapping({"spot_bleeds": "yes", "itch": "yes"})
    assert seven_points(told).lowest == 2
    assert seven_points(told, diameter_mm=7.0).scores_3 is True
    none = seven_points(Answers.from_mapping({"spot_bleeds": "no", "itch": "no"}))
    assert (none.lowest, none.highest) == (0, 8)


def test_a_change_in_size_that_photos_show_gives_two_points() -> None:
    before = seven_points(Answers.from_mapping({"changed": "no"}), diameter_mm=8.0)
    grown = before.size_changed()
    assert (before.lowest, grown.lowest, grown.scores_3) == (1, 3, True)
    assert grown.from_photo == ("irregular shape", "irregular colour", "diameter of 7 mm or more", "change in size")[2:]
    assert grown.size_changed() == grown


def test_a_harmful_answer_or_measurement_never_lowers_it() -> None:
    order = {False: 0, None: 1, True: 2}
    answers = [Answers.from_mapping({"changed": value}) for value in questions()["changed"].choices]
    states = (False, None, True)
    for answer, color, shape in itertools.product(answers, states, states):
        for lower, higher in itertools.pairwise(states):
            low = seven_points(answer, shape_is_irregular=lower, color_is_irregular=color)
            high = seven_points(answer, shape_is_irregular=higher, color_is_irregular=color)
            assert order[low.scores_3] <= order[high.scores_3]
            assert low.lowest <= high.lowest
        assert low.lowest <= low.highest
        assert shape in states
