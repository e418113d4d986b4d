"""Advice from answers: scenarios, a second evaluation, how the level depends on one answer, and the photo's part."""

from __future__ import annotations

import csv
import itertools
import json
import pickle
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from triage_twice import LEVELS, PATTERNS, Codes, Evaluation, random_codes
from triage_twice import VALUES as SECOND_VALUES
from triage_twice import levels as second_levels

from lesionvis.errors import AnswerError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import Answers, questions, with_following
from lesionvis.triage.engine import TELLS_OF_SPOTS, advise, advise_further, matching_rules, open_questions
from lesionvis.triage.evidence import PhotoEvidence, answers_with_photo
from lesionvis.triage.matching import facts_of, matching
from lesionvis.triage.matching import level_of as level_of_facts
from lesionvis.triage.rules import Level
from lesionvis.triage.wording import ALWAYS, HEADER, STANDS_OUT, TOLD_SPOTS

N_CASES = 100_000
ALL_BENIGN = Answers.from_mapping({name: question.benign for name, question in questions().items()})
# The benign, unknown and harmful value of each answer, in this order.
VALUES = {name: (found.benign, "unknown", found.harmful) for name, found in questions().items()}


def benign_but(**changes: str) -> Answers:
    return ALL_BENIGN.replace(**changes)


def level_of(pattern: str, answers: Answers, *, stands_out: bool = False) -> Level:
    return matching_rules(pattern, answers, stands_out=stands_out)[0].level


def ids_of(pattern: str, answers: Answers) -> list[str]:
    return [rule.rule_id for rule in matching_rules(pattern, answers)]


@st.composite
def some_answers(draw: st.DrawFn) -> Answers:
    """Mostly benign answers: evenly drawn ones are nearly all emergencies, where little is left to test."""
    changed = draw(st.dictionaries(st.sampled_from(list(VALUES)), st.integers(1, 2), max_size=12))
    return benign_but(**{name: VALUES[name][place] for name, place in changed.items()})


# A time limit would only test how busy the machine is.
unhurried = settings(deadline=None)

some_pattern = st.sampled_from(LABELS)
some_name = st.sampled_from(list(VALUES))


# --- The scenarios and the levels


def scenarios() -> list[tuple[str, str, str, str]]:
    table = Path(__file__).parents[1] / "data" / "scenarios.csv"
    with table.open(encoding="utf-8", newline="") as file:
        return [(row["id"], row["pattern"], row["answers"], row["expected"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("name", "pattern", "differing", "expected"), scenarios())
def test_scenario(name: str, pattern: str, differing: str, expected: str) -> None:
    # What is not listed has its benign value, or is unknown where the list says so of all others.
    changes = dict(change.strip().split("=") for change in differing.split(";") if change)
    others = changes.pop("*", "benign")
    answers = Answers.from_mapping(changes) if others == "unknown" else benign_but(**changes)
    assert str(advise(pattern, answers).level) == expected, name


def test_all_scenarios_are_read() -> None:
    assert len(scenarios()) == 80
    assert {expected for *_, expected in scenarios()} == set(LEVELS)


def test_nothing_asked_about_a_shower_is_same_day() -> None:
    advice = advise("petechial_shower")
    assert advice.level == Level.SAME_DAY
    assert advice.open_questions
    assert not advice.was_asked
    assert advise("petechial_shower", {"fever": "no"}).was_asked


def test_answers_may_be_a_mapping_whose_names_are_checked() -> None:
    told = {"fever": "yes", "blanch": "does_not_fade"}
    assert advise("angioma", told) == advise("angioma", Answers.from_mapping(told))
    with pytest.raises(AnswerError, match='did you mean "fever"'):
        advise("angioma", {"fevr": "yes"})


def test_watch_and_none_rules_show_only_when_nothing_above_matches() -> None:
    assert ids_of("petechial_shower", ALL_BENIGN) == ["W01"]
    assert ids_of("petechial_shower", benign_but(recurring="yes")) == ["D07"]
    assert ids_of("no_spots", ALL_BENIGN) == ["N02"]
    assert ids_of("no_spots", benign_but(travel="unknown")) == ["W04"]


def test_reasons_are_those_of_the_level_and_the_others_are_noted() -> None:
    advice = advise("petechial_shower", benign_but(fever="yes", blanch="does_not_fade", new_onset="yes"))
    assert [reason.rule_id for reason in advice.reasons] == ["E01", "E02"]
    assert [noted.rule_id for noted in advice.also_noted] == ["S09", "S10", "S11", "P04", "P19"]
    assert advice.reasons[0].source_addresses[0] == "https://checkmole.com/guides/petechiae-vs-skin-cancer/"
    assert (advice.reasons[0].family, advice.action.family) == ("infection", "infection")


def test_the_first_reason_decides_what_to_do_and_say() -> None:
    advice = advise("single_lesion", benign_but(head_injury="yes", short_of_breath="yes"))
    assert [(reason.rule_id, reason.family) for reason in advice.reasons] == [("E08", "injury"), ("E13", "infection")]
    assert (advice.action.level, advice.action.family) == (Level.EMERGENCY, "injury")


@pytest.mark.parametrize("pattern", ["mole", "", "Angioma"])
def test_an_unknown_pattern_is_an_error_that_lists_the_known_ones(pattern: str) -> None:
    with pytest.raises(AnswerError, match="petechial_shower"):
        advise(pattern)


# --- A second evaluation over many cases, and how the level depends on one answer


@cache
def many() -> tuple[Codes, list[int], list[tuple[str]]]:
    """Random cases as columns, and as the engine takes them: bits of the answers, and patterns."""
    codes = random_codes(N_CASES, seed=20)
    of_answers = np.stack([codes[name] for name in questions()], axis=1)
    bits = np.stack([of_answers >= 1, of_answers == 2], axis=2).reshape(N_CASES, -1)
    facts = [int.from_bytes(row.tobytes(), "little") for row in np.packbits(bits, axis=1, bitorder="little")]
    return codes, facts, [(PATTERNS[place],) for place in codes["pattern"]]


def test_the_facts_are_those_of_the_answers() -> None:
    codes, facts, _ = many()
    for case in range(300):
        values = {name: VALUES[name][codes[name][case]] for name in VALUES}
        assert facts_of(Answers.from_mapping(values)) == facts[case]


def test_the_engine_agrees_with_the_second_evaluation() -> None:
    assert VALUES == SECOND_VALUES
    codes, facts, patterns = many()
    expected = Evaluation(codes).matches()
    names = list(expected)
    table = np.stack([expected[name] for name in names], axis=1)
    place = {name: number for number, name in enumerate(names)}
    found = np.zeros_like(table)
    for case in range(N_CASES):
        for rule in matching(patterns[case], facts[case]):
            found[case, place[rule.rule_id]] = True
    assert (found != table).sum() == 0
    assert table.any(axis=0).all()  # every rule was really tried
    assert min(Counter(second_levels(expected).tolist()).values()) > 100  # and every level
    assert set(second_levels(expected).tolist()) == set(range(len(LEVELS)))


def test_an_answer_that_gets_worse_never_lowers_the_level() -> None:
    codes, facts, patterns = many()
    names = list(questions())
    chosen = np.random.default_rng(21).integers(0, len(names), N_CASES)
    stepped = Counter[str]()
    for case in range(N_CASES):
        low, high = 1 << 2 * int(chosen[case]), 2 << 2 * int(chosen[case])
        benign = facts[case] & ~(low | high)
        levels = [level_of_facts(patterns[case], benign | more) for more in (0, low, low | high)]
        assert levels[0] <= levels[1] <= levels[2], (patterns[case], names[chosen[case]])
        stepped["benign to unknown"] += levels[0] < levels[1]
        stepped["unknown to harmful"] += levels[1] < levels[2]
    assert min(stepped.values()) > 100  # the levels do depend on single answers
    assert len(codes) == len(names) + 1


@unhurried
@given(some_pattern, some_answers(), some_name, st.booleans())
def test_the_same_holds_of_the_advice(pattern: str, answers: Answers, name: str, stands_out: bool) -> None:
    photo = PhotoEvidence(stands_out=stands_out, spot_count=20)
    levels = [advise(pattern, answers.replace(**{name: value}), photo).level for value in VALUES[name]]
    assert levels == sorted(levels)


# --- Open questions


def levels_of_all_completions(
    pattern: str, answers: Answers, names: list[str], *, stands_out: bool
) -> dict[tuple[str, ...], Level]:
    return {
        chosen: level_of(pattern, answers.replace(**dict(zip(names, chosen, strict=True))), stands_out=stands_out)
        for chosen in itertools.product(*(VALUES[name] for name in names))
    }


@settings(deadline=None, max_examples=300)
@given(
    some_pattern,
    st.dictionaries(some_name, st.just("harmful"), max_size=3),
    st.lists(some_name, min_size=1, max_size=5, unique=True),
    st.booleans(),
)
def test_a_question_is_open_exactly_when_some_completion_depends_on_it(
    pattern: str, harmful: dict[str, str], unknown: list[str], stands_out: bool
) -> None:
    answers = benign_but(**{name: VALUES[name][2] for name in harmful} | dict.fromkeys(unknown, "unknown"))
    names = unknown
    levels = levels_of_all_completions(pattern, answers, names, stands_out=stands_out)
    expected = set()
    for place, name in enumerate(names):
        by_rest: dict[tuple[str, ...], set[Level]] = {}
        for chosen, level in levels.items():
            by_rest.setdefault(chosen[:place] + chosen[place + 1 :], set()).add(level)
        if any(len(reached) > 1 for reached in by_rest.values()):
            expected.add(name)
    assert {found.question.name for found in open_questions(pattern, answers, stands_out=stands_out)} == expected


@unhurried
@given(some_pattern, st.dictionaries(some_name, st.integers(0, 2), max_size=20), st.data())
def test_a_question_that_is_not_open_changes_nothing_however_the_others_are_answered(
    pattern: str, told: dict[str, int], data: st.DataObject
) -> None:
    answers = Answers.from_mapping({name: VALUES[name][place] for name, place in told.items()})
    open_names = {found.question.name for found in open_questions(pattern, answers)}
    unknown = [name for name in VALUES if answers[name] == "unknown"]
    closed = [name for name in unknown if name not in open_names]
    assume(closed)
    name = data.draw(st.sampled_from(closed))
    others = [other for other in unknown if other != name]
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(others), max_size=len(others)))
    completed = answers.replace(**{other: VALUES[other][place] for other, place in zip(others, places, strict=True)})
    assert len({level_of(pattern, completed.replace(**{name: value})) for value in VALUES[name]}) == 1


@unhurried
@given(some_pattern, some_answers(), st.booleans())
def test_open_questions_come_most_decisive_first_with_the_levels_they_alone_can_give(
    pattern: str, answers: Answers, stands_out: bool
) -> None:
    found = open_questions(pattern, answers, stands_out=stands_out)
    places = list(VALUES)
    for one in found:
        benign, _, harmful = VALUES[one.question.name]
        alone = [
            level_of(pattern, answers.replace(**{one.question.name: value}), stands_out=stands_out)
            for value in (benign, harmful)
        ]
        assert (one.lowest_level, one.highest_level) == (min(alone), max(alone))
    keys = [(-one.highest_level, one.lowest_level, places.index(one.question.name)) for one in found]
    assert keys == sorted(keys)


def test_nothing_is_open_when_everything_is_answered_or_the_emergency_is_certain() -> None:
    assert open_questions("petechial_shower", ALL_BENIGN) == ()
    certain = Answers.from_mapping({"fever": "yes", "blanch": "does_not_fade", "new_onset": "yes"})
    assert open_questions("petechial_shower", certain) == ()


def test_an_answer_that_counts_only_together_with_others_is_open() -> None:
    (spread,) = [one for one in open_questions("petechial_shower", Answers()) if one.question.name == "distribution"]
    assert spread.lowest_level == spread.highest_level == Level.SAME_DAY


@pytest.mark.parametrize(("child", "asked"), [("no", False), ("unknown", True), ("yes", True)])
def test_only_somebody_who_may_be_a_child_is_asked_about_babies(child: str, asked: bool) -> None:
    names = {one.question.name for one in advise("no_spots", Answers().replace(child=child)).open_questions}
    assert ({"infant_u3m", "high_pitched_cry", "baby_39", "not_feeding"} <= names) == asked
    assert ("infant_u3m" in names) == asked


def test_what_goes_without_saying_changes_no_answer_that_was_given() -> None:
    told = Answers.from_mapping({"child": "no", "baby_39": "yes", "pregnant": "no"})
    used = with_following(told)
    assert (used["baby_39"], used["not_feeding"], used["vision_changes"]) == ("yes", "no", "unknown")
    assert with_following(told.replace(recent_birth="no"))["vision_changes"] == "no"
    assert with_following(Answers()) == Answers()


# --- The photo's part

some_photo = st.builds(
    PhotoEvidence,
    spot_count=st.none() | st.integers(0, 200),
    largest_diameter_mm=st.none() | st.floats(0, 20) | st.just(float("nan")),
    abcde_any=st.none() | st.booleans(),
    stands_out=st.booleans(),
    seven_points=st.none() | st.integers(0, 10),
)


@unhurried
@given(some_pattern, some_answers(), some_photo)
def test_a_photo_never_lowers_a_level_or_betters_an_answer(
    pattern: str, answers: Answers, photo: PhotoEvidence
) -> None:
    used = answers_with_photo(answers, photo)
    assert all(VALUES[name].index(used[name]) >= VALUES[name].index(answers[name]) for name in VALUES)
    assert advise(pattern, answers, photo).level >= advise(pattern, answers).level


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        (PhotoEvidence(spot_count=9, largest_diameter_mm=2.0, abcde_any=False, seven_points=2), {}),
        (PhotoEvidence(spot_count=10), {"count": "many"}),
        (PhotoEvidence(largest_diameter_mm=2.01), {"size_gt2mm": "yes"}),
        (PhotoEvidence(largest_diameter_mm=float("nan")), {}),
        (PhotoEvidence(abcde_any=True), {"abcde_any": "yes"}),
        (PhotoEvidence(seven_points=3), {"checklist7_ge3": "yes"}),
    ],
)
def test_a_photo_gives_harmful_values_only(photo: PhotoEvidence, expected: dict[str, str]) -> None:
    assert answers_with_photo(Answers(), photo) == Answers.from_mapping(expected)


@pytest.mark.parametrize("pattern", ["single_lesion", "angioma", "uncertain"])
def test_three_measured_points_refer_within_two_weeks(pattern: str) -> None:
    advice = advise(pattern, ALL_BENIGN, PhotoEvidence(seven_points=3))
    assert advice.level == Level.WITHIN_2_WEEKS
    assert [(reason.rule_id, reason.from_photo) for reason in advice.reasons] == [("T01", True)]
    assert advise(pattern, ALL_BENIGN, PhotoEvidence(seven_points=2)).level < Level.WITHIN_2_WEEKS


def test_what_else_a_photo_of_a_single_spot_shows_is_no_sign() -> None:
    photo = PhotoEvidence(spot_count=40, largest_diameter_mm=9.0)
    for pattern, answers in (("single_lesion", Answers()), ("uncertain", Answers.from_mapping({"single_spot": "yes"}))):
        advice = advise(pattern, answers, photo)
        assert (advice.answers["count"], advice.answers["size_gt2mm"]) == ("unknown", "unknown")
        assert advice.photo_notes == ()
    assert advise("uncertain", Answers(), photo).answers["count"] == "many"


@pytest.mark.parametrize("name", TELLS_OF_SPOTS)
def test_spots_that_a_person_tells_of_count_though_the_photo_shows_none(name: str) -> None:
    told = benign_but(**{name: VALUES[name][2]})
    assert advise("no_spots", told).photo_notes[0] == TOLD_SPOTS
    assert advise("no_spots", told).level > Level.NONE
    assert advise("no_spots", ALL_BENIGN).photo_notes == ()


def test_many_new_spots_that_stay_are_an_account_that_no_photo_takes_back() -> None:
    told = benign_but(unseen_spots="yes", new_onset="yes", blanch="does_not_fade", count="many", explained="no")
    assert advise("no_spots", told).level >= advise("uncertain", told).level == Level.PROMPT


def test_reasons_tell_which_of_them_rest_on_the_photo() -> None:
    answers = benign_but(blanch="unknown", new_onset="unknown", count="unknown", strain_cause="no")
    advice = advise("petechial_shower", answers.replace(recurring="yes", count="few"), PhotoEvidence(spot_count=34))
    seen = {reason.rule_id: reason.from_photo for reason in advice.reasons}
    assert (seen["P02"], seen["P05"]) == (False, True)
    assert advice.photo_notes == (
        'The photo shows 34 spots, but "How many spots are there on the whole body?" was answered "few"; the worse of '
        "the two counts, so check it.",
    )


def test_the_worse_of_photo_and_person_counts_whichever_it_is() -> None:
    photo = PhotoEvidence(largest_diameter_mm=4.26, spot_count=3)
    advice = advise("petechial_shower", benign_but(count="many"), photo)
    assert (advice.answers["size_gt2mm"], advice.answers["count"]) == ("yes", "many")
    assert "4.3 mm" in advice.photo_notes[0]


def test_a_photo_that_agrees_with_an_answer_is_noted_without_claiming_the_reason() -> None:
    advice = advise("petechial_shower", benign_but(count="many"), PhotoEvidence(spot_count=34))
    assert {reason.from_photo for reason in advice.reasons} == {False}
    assert "as was answered" in advice.photo_notes[0]


def test_a_photo_that_is_itself_the_trouble_asks_for_another_and_keeps_the_level() -> None:
    good, bad = advise("uncertain"), advise("uncertain", None, PhotoEvidence(flags=("no_scale", "blurred")))
    assert good.retakes == ()
    assert [retake.flag for retake in bad.retakes] == ["blurred"]
    assert (bad.level, bad.reasons) == (good.level, good.reasons)
    assert bad.to_dict()["take_another_photo"][0]["why"] == "The photo is blurred."


# --- What is handed on


@unhurried
@given(some_answers(), st.sampled_from(["petechial_shower", "uncertain"]))
def test_a_spot_that_stands_out_of_a_crop_is_judged_as_a_single_one_too(answers: Answers, pattern: str) -> None:
    both = advise(pattern, answers, PhotoEvidence(stands_out=True))
    assert both.level == max(level_of(pattern, answers), level_of("single_lesion", answers))
    assert both.judged_as == (pattern, "single_lesion")
    assert both.photo_notes[0] == STANDS_OUT


def test_a_crop_to_watch_is_not_only_watched_when_a_spot_in_it_shows_a_feature() -> None:
    photo = PhotoEvidence(spot_count=7, abcde_any=True, stands_out=True)
    told = ALL_BENIGN.replace(abcde_any="unknown")
    advice = advise("petechial_shower", told, photo)
    assert advise("petechial_shower", told).level == Level.WATCH
    assert (advice.level, [fired.rule_id for fired in advice.reasons]) == (Level.ROUTINE_DERMATOLOGY, ["D01", "D02"])
    assert advice.reasons[0].from_photo
    assert advise_further(advice, PhotoEvidence()) == advice


@pytest.mark.parametrize("pattern", ["single_lesion", "angioma", "no_spots"])
def test_where_there_is_no_crop_nothing_stands_out_of_it(pattern: str) -> None:
    advice = advise(pattern, Answers(), PhotoEvidence(stands_out=True))
    assert replace(advice, evidence=PhotoEvidence()) == advise(pattern)


@unhurried
@given(some_pattern, some_answers(), some_photo)
def test_advice_as_json_says_everything_a_person_must_read(
    pattern: str, answers: Answers, photo: PhotoEvidence
) -> None:
    advice = advise(pattern, answers, photo)
    plain = json.loads(json.dumps(advice.to_dict()))
    assert plain["header"] == HEADER
    assert plain["always"] == list(ALWAYS)
    assert plain["level"] == str(advice.level)
    assert plain["reasons"]
    assert plain["reasons"][0]["level"] == plain["level"]
    assert plain["what_to_do"] == plain["action"]["what_to_do"]
    assert plain["answers"] == advice.answers.to_dict()
    assert pickle.loads(pickle.dumps(advice)) == advice  # noqa: S301 - batch workers hand advice over by pickle


def test_triage_loads_nothing_heavy() -> None:
    program = "import sys, lesionvis.triage.engine as t; t.advise('uncertain'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "lesionvis.triage.engine" in loaded
    assert loaded.isdisjoint({"numpy", "cv2", "pandas", "PIL", "difflib"})
