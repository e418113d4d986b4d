from __future__ import annotations

import csv
import itertools
import json
import pickle
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lesionvis.errors import AnswerError
from lesionvis.labels import LABELS
from lesionvis.triage.answers import Answers, packaged_text, questions
from lesionvis.triage.engine import advise, advise_further, matching_rules, open_questions
from lesionvis.triage.evidence import PhotoEvidence, answers_with_photo
from lesionvis.triage.rules import Level, rules
from lesionvis.triage.wording import ALWAYS, HEADER, PROVISIONAL, STANDS_OUT

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
        return [(row[0], row[1], row[2], row[3]) for row in list(csv.reader(file))[1:]]


@pytest.mark.parametrize(("name", "pattern", "differing", "expected"), scenarios())
def test_scenario(name: str, pattern: str, differing: str, expected: str) -> None:
    changes = dict(change.strip().split("=") for change in differing.split(";"))
    assert str(advise(pattern, benign_but(**changes)).level) == expected, name


def test_all_scenarios_are_read() -> None:
    assert len(scenarios()) == 16


@pytest.mark.parametrize(
    ("pattern", "changes", "expected"),
    [
        ("angioma", {}, "none"),
        ("petechial_shower", {}, "watch"),
        ("single_lesion", {}, "watch"),
        ("single_lesion", {"new_onset": "yes"}, "routine_dermatology"),
        ("uncertain", {}, "prompt"),
        ("no_spots", {"very_unwell": "yes"}, "same_day"),
        ("no_spots", {"neck_compression": "yes"}, "emergency"),
    ],
)
def test_every_level_can_be_reached(pattern: str, changes: dict[str, str], expected: str) -> None:
    assert str(level_of(pattern, benign_but(**changes))) == expected


def test_nothing_asked_about_a_shower_is_same_day_and_provisional() -> None:
    advice = advise("petechial_shower")
    assert advice.level == Level.SAME_DAY
    assert PROVISIONAL in advice.what_to_do
    assert [found.question.name for found in advice.open_questions][:2] == ["blanch", "fever"]


def test_answers_may_be_a_mapping_whose_names_are_checked() -> None:
    told = {"fever": "yes", "blanch": "does_not_fade"}
    assert advise("angioma", told) == advise("angioma", Answers.from_mapping(told))
    with pytest.raises(AnswerError, match='did you mean "fever"'):
        advise("angioma", {"fevr": "yes"})


def test_watch_and_none_rules_show_only_when_nothing_above_matches() -> None:
    assert ids_of("petechial_shower", ALL_BENIGN) == ["W01"]
    assert ids_of("petechial_shower", benign_but(recurring="yes")) == ["P02"]
    assert ids_of("angioma", Answers()) == ["D05"]


def test_reasons_come_highest_level_first() -> None:
    advice = advise("petechial_shower", benign_but(fever="yes", blanch="does_not_fade", new_onset="yes"))
    assert [reason.rule_id for reason in advice.reasons] == ["E01", "S08", "S10", "P14"]
    assert advice.reasons[0].source_addresses[0] == "guide.txt"
    assert "meningococcal" in advice.reasons[0].reason
    assert "999" in advice.reasons[0].action


@pytest.mark.parametrize("pattern", ["mole", "", "Angioma"])
def test_an_unknown_pattern_is_an_error_that_lists_the_known_ones(pattern: str) -> None:
    with pytest.raises(AnswerError, match="petechial_shower"):
        advise(pattern)


# --- A second evaluation, written differently: each condition becomes an expression over whole columns


def random_codes(number: int, seed: int) -> dict[str, NDArray[np.int8]]:
    """Columns of 0 benign, 1 unknown, 2 harmful; how many are benign differs from case to case."""
    random = np.random.default_rng(seed)
    share_benign = 1 - random.random(number) ** 3
    codes = {
        name: np.where(random.random(number) < share_benign, 0, random.integers(1, 3, number)).astype(np.int8)
        for name in VALUES
    }
    return codes | {"pattern": random.integers(0, len(LABELS), number).astype(np.int8)}


def columns_of_matches(codes: dict[str, NDArray[np.int8]]) -> dict[str, NDArray[np.bool_]]:
    def among(name: str, values: str) -> NDArray[np.bool_]:
        order = LABELS if name == "pattern" else VALUES[name]
        return np.isin(codes[name], [order.index(value) for value in values.split("|")])

    matches = {}
    for row in csv.DictReader(packaged_text("triage_rules.csv").splitlines()):
        text = row["condition"].replace("blood_like", "pattern=petechial_shower|uncertain")
        text = re.sub(r"ANY\[(.*?)\]", lambda found: f"({found[1].replace(',', ' OR ')})", text)
        text = re.sub(r"(\w+)=([\w|]+)", r"among('\1','\2')", text)
        text = re.sub(r"\bAND\b", "&", re.sub(r"\bOR\b", "|", re.sub(r"\bNOT\b", "~", text)))
        matches[row["rule_id"]] = eval(text, {"among": among})  # noqa: S307 - the package's own rules
    return matches


def test_the_engine_agrees_with_the_second_evaluation() -> None:
    number = 100_000
    codes = random_codes(number, seed=20)
    matches = columns_of_matches(codes)
    level_by_id = {rule.rule_id: rule.level for rule in rules()}
    all_codes = np.column_stack([codes[name] for name in VALUES]).tolist()
    all_matches = np.column_stack(list(matches.values())).tolist()
    levels = Counter[Level]()
    for case in range(number):
        values = {name: VALUES[name][code] for name, code in zip(VALUES, all_codes[case], strict=True)}
        found = matching_rules(LABELS[codes["pattern"][case]], Answers.from_mapping(values))
        expected = set(itertools.compress(matches, all_matches[case]))
        above = {rule_id for rule_id in expected if rule_id[0] not in "WN"}
        assert {rule.rule_id for rule in found} == (above or expected)
        assert found[0].level == max(level_by_id[rule_id] for rule_id in expected)
        levels[found[0].level] += 1
    assert min(levels[level] for level in Level) > 100  # every level was really tried
    assert all(column.any() for column in matches.values())  # and every rule


# --- How the level depends on one answer


@unhurried
@given(some_pattern, some_answers(), some_name)
def test_a_benign_answer_never_gives_a_higher_level(pattern: str, answers: Answers, name: str) -> None:
    benign, unknown, harmful = (level_of(pattern, answers.replace(**{name: value})) for value in VALUES[name])
    assert benign <= unknown
    assert benign <= harmful


@unhurried
@given(some_pattern, some_answers(), some_name)
def test_an_unknown_answer_gives_no_higher_level_than_a_harmful_one_but_for_the_glass_test(
    pattern: str, answers: Answers, name: str
) -> None:
    _, unknown, harmful = (level_of(pattern, answers.replace(**{name: value})) for value in VALUES[name])
    if unknown > harmful:
        assert (pattern, name, unknown, harmful) == ("petechial_shower", "blanch", Level.PROMPT, Level.WATCH)


def test_the_glass_test_of_p04_is_the_only_place_where_unknown_outranks_harmful() -> None:
    # A rule that needs an unknown answer needs it in one of its cases. With everything outside the case
    # benign no other rule can hide the drop, so the cases alone stand for every possible set of answers.
    drops = set()
    for rule in rules():
        for case, pattern in itertools.product(rule.condition.cases(), LABELS):
            if case.get("pattern", pattern) != pattern:
                continue
            answers = benign_but(**{name: value for name, value in case.items() if name != "pattern"})
            for name in (name for name, value in case.items() if value == "unknown"):
                if level_of(pattern, answers.replace(**{name: VALUES[name][2]})) < rule.level:
                    drops.add((rule.rule_id, pattern, name))
    assert drops == {("P04", "petechial_shower", "blanch")}


# --- Open questions


def without_contradiction(answers: Answers) -> Answers:
    """Somebody who is not a child is not under 3 months old: the one tie between answers."""
    grown_up = answers["child"] == "no" and answers["infant_u3m"] == "unknown"
    return answers.replace(infant_u3m="no") if grown_up else answers


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
    consistent = without_contradiction(answers)
    names = [name for name in unknown if consistent[name] == "unknown"]
    levels = levels_of_all_completions(pattern, consistent, names, stands_out=stands_out)
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
    consistent = without_contradiction(answers)
    unknown = [name for name in VALUES if consistent[name] == "unknown"]
    closed = [name for name in unknown if name not in open_names]
    assume(closed)
    name = data.draw(st.sampled_from(closed))
    others = [other for other in unknown if other != name]
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(others), max_size=len(others)))
    completed = consistent.replace(**{other: VALUES[other][place] for other, place in zip(others, places, strict=True)})
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
def test_only_somebody_who_may_be_a_child_is_asked_about_the_first_three_months(child: str, asked: bool) -> None:
    names = [one.question.name for one in open_questions("no_spots", Answers().replace(child=child))]
    assert ("infant_u3m" in names) == asked


# --- The photo's part

some_photo = st.builds(
    PhotoEvidence,
    spot_count=st.none() | st.integers(0, 200),
    largest_diameter_mm=st.none() | st.floats(0, 20) | st.just(float("nan")),
    abcde_any=st.none() | st.booleans(),
    stands_out=st.booleans(),
)


@unhurried
@given(some_pattern, some_answers(), some_photo)
def test_a_photo_never_lowers_a_level_or_touches_a_given_answer(
    pattern: str, answers: Answers, photo: PhotoEvidence
) -> None:
    assert set(answers.given) <= set(answers_with_photo(answers, photo).given)
    assert advise(pattern, answers, photo).level >= advise(pattern, answers).level


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        (PhotoEvidence(spot_count=9, largest_diameter_mm=2.0, abcde_any=False), {}),
        (PhotoEvidence(spot_count=10), {"count": "many"}),
        (PhotoEvidence(largest_diameter_mm=2.01), {"size_gt2mm": "yes"}),
        (PhotoEvidence(largest_diameter_mm=float("nan")), {}),
        (PhotoEvidence(abcde_any=True), {"abcde_any": "yes"}),
    ],
)
def test_a_photo_gives_harmful_values_only(photo: PhotoEvidence, expected: dict[str, str]) -> None:
    assert answers_with_photo(Answers(), photo) == Answers.from_mapping(expected)


def test_reasons_tell_which_of_them_rest_on_the_photo() -> None:
    answers = benign_but(count="unknown", recurring="yes")
    advice = advise("petechial_shower", answers, PhotoEvidence(spot_count=34))
    assert {reason.rule_id: reason.from_photo for reason in advice.reasons} == {"P02": False, "P05": True}
    assert advice.photo_notes == (
        'The photo shows 34 spots, so "How many spots are there?" counts as answered "many".',
    )


def test_a_photo_that_disagrees_with_an_answer_is_noted_and_changes_nothing() -> None:
    advice = advise("petechial_shower", ALL_BENIGN, PhotoEvidence(largest_diameter_mm=4.26))
    assert advice.level == Level.WATCH
    assert "4.3 mm" in advice.photo_notes[0]
    assert "the answer was kept" in advice.photo_notes[0]


def test_a_photo_that_agrees_with_an_answer_is_noted_without_claiming_the_reason() -> None:
    advice = advise("petechial_shower", benign_but(count="many"), PhotoEvidence(spot_count=34))
    assert [reason.from_photo for reason in advice.reasons] == [False]
    assert "as was answered" in advice.photo_notes[0]


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
    assert (advice.level, [fired.rule_id for fired in advice.reasons]) == (Level.ROUTINE_DERMATOLOGY, ["D02"])
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
    assert {"999", "112", "911"} <= set(re.findall(r"\d+", plain["what_to_do"]))
    assert (PROVISIONAL in plain["what_to_do"]) == bool(plain["open_questions"] and plain["level"] != "emergency")
    assert plain["answers"] == advice.answers.to_dict()
    assert pickle.loads(pickle.dumps(advice)) == advice  # noqa: S301 - batch workers hand advice over by pickle


def test_triage_loads_nothing_heavy() -> None:
    program = "import sys, lesionvis.triage.engine as t; t.advise('uncertain'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "lesionvis.triage.engine" in loaded
    assert loaded.isdisjoint({"numpy", "cv2", "pandas", "PIL", "difflib"})
