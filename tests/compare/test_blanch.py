from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from paired import Kind, StretchKind, glass, other_skin, stretched

from lesionvis import blanch_test
from lesionvis.analysis import Analysis
from lesionvis.compare.blanch import _placed, _verdict
from lesionvis.triage import advise, advise_further
from lesionvis.triage.answers import Answers
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.rules import Level


@pytest.mark.parametrize(("kind", "verdict", "left"), [("fading", "fades", 0.15), ("keeping", "does_not_fade", 1.0)])
def test_pressed_spots_are_told_apart(kind: Kind, verdict: str, left: float) -> None:
    test = glass(kind).test
    assert test.verdict == verdict
    assert len(test.spot) >= 8
    assert np.median(test.ratio) == pytest.approx(left, abs=0.08)
    assert (np.abs(test.ratio - left) < 4.0 * test.ratio_error + 0.1).mean() > 0.85
    assert "skin paled" in test.reason


def test_the_spots_are_those_of_the_plain_photo_under_the_glass() -> None:
    found = glass("keeping")
    assert (found.millimetres_inside()[found.test.spot - 1] > -1.0).all()


@pytest.mark.parametrize("kind", ["not pressed", "no border"])
def test_without_pale_skin_beside_other_skin_it_cannot_tell(kind: Kind) -> None:
    test = glass(kind).test
    assert test.verdict == "cannot_tell"
    assert "press firmly" in test.reason
    assert np.isnan(test.pallor)
    assert len(test.spot) == len(test.ratio) == 0


def test_an_outline_is_moved_onto_the_spot_that_lies_there_and_onto_no_other(analysed_shower: Analysis) -> None:
    table = analysed_shower.table
    centres = np.stack([table["x_px"], table["y_px"]], axis=1)
    for number, outline in enumerate(analysed_shower.spots.outlines_px[:5]):
        moved = _placed(outline + np.array([0.7, -0.4]), analysed_shower)
        assert moved.mean(axis=0) == pytest.approx(centres[number])
        assert moved - moved.mean(axis=0) == pytest.approx(outline - outline.mean(axis=0))
        # One that is 1.7 times as wide or 0.6 times is that spot, one three times as wide another one.
        for share in (0.6, 1.7):
            sized = outline.mean(axis=0) + share * (outline - outline.mean(axis=0))
            assert _placed(sized + 0.3, analysed_shower).mean(axis=0) == pytest.approx(centres[number])
        wide = outline.mean(axis=0) + 3.0 * (outline - outline.mean(axis=0))
        assert np.array_equal(_placed(wide, analysed_shower), wide)
    far = analysed_shower.spots.outlines_px[0] - np.array([5000.0, 0.0])
    assert np.array_equal(_placed(far, analysed_shower), far)


def test_other_skin_cannot_tell() -> None:
    test = blanch_test(glass("keeping").plain, other_skin())
    assert test.verdict == "cannot_tell"
    assert test.reason == test.registration.reason
    assert test.findings() == ()


@pytest.mark.parametrize(("kind", "verdict", "left"), [("fading", "fades", 0.15), ("keeping", "does_not_fade", 1.0)])
def test_stretched_spots_are_told_apart(kind: StretchKind, verdict: str, left: float) -> None:
    test = stretched(kind).test
    assert test.verdict == verdict
    assert len(test.spot) >= 8
    assert np.median(test.ratio) == pytest.approx(left, abs=0.08)
    assert "pulled apart" in test.reason
    assert "on the stretched skin" in test.reason
    assert "glass" not in test.reason
    assert np.isnan(test.pallor)
    assert test.stretch > 1.2


def test_skin_at_rest_cannot_tell() -> None:
    test = stretched("at rest").test
    assert test.verdict == "cannot_tell"
    assert "not visibly stretched" in test.reason
    assert np.isnan(test.stretch)
    assert len(test.spot) == 0
    assert test.findings() == ()


def test_other_skin_is_not_stretched_skin() -> None:
    test = blanch_test(glass("keeping").plain, other_skin(), how="stretched")
    assert test.verdict == "cannot_tell"
    assert test.reason == test.registration.reason


def test_a_glass_is_no_pull() -> None:
    found = glass("keeping")
    assert blanch_test(found.plain, found.pressed, how="stretched").verdict == "cannot_tell"


def test_stretching_speaks_by_the_rules_of_the_glass_test() -> None:
    ((name, seen),) = stretched("keeping").test.findings()
    assert name == "blanch"
    assert "stretched skin" in seen
    fading = stretched("fading").test
    assert fading.findings() == ()
    assert fading.answers(Answers())["blanch"] == "unknown"
    assert fading.answers(Answers(), agrees=True)["blanch"] == "fades"


def _of(*ratios: float, error: float = 0.05, n_pressed: int | None = None) -> str:
    return _verdict(np.array(ratios), np.full(len(ratios), error), n_pressed or len(ratios), "pressed")[0]


def test_some_that_stay_are_enough() -> None:
    assert _of(0.1, 0.1, 0.9) == "does_not_fade"
    assert _of(*[0.1] * 8, 0.9, 0.95) == "does_not_fade"
    assert _of(*[0.1] * 20, 0.9) == "cannot_tell"


def test_one_spot_that_fades_or_few_of_many_are_not_enough() -> None:
    assert _of(0.1) == "cannot_tell"
    assert _of(0.1, 0.1) == "fades"
    assert _of(0.1, 0.1, n_pressed=5) == "cannot_tell"


def test_between_the_two_it_cannot_tell() -> None:
    assert _of(0.5, 0.5, 0.55) == "cannot_tell"
    assert _of() == "cannot_tell"
    assert _of(0.7, error=0.4) == "cannot_tell"


def test_a_spot_fades_up_to_four_tenths_and_stays_from_six_on() -> None:
    assert _of(0.39, 0.38) == "fades"
    assert _of(0.41, 0.42) == "cannot_tell"
    assert _of(0.1, 0.1, 0.1, 0.1, 0.39) == "fades"
    assert _of(0.1, 0.1, 0.1, 0.41, 0.41) == "cannot_tell"
    assert _of(0.59, 0.58) == "cannot_tell"
    assert _of(0.61, 0.62) == "does_not_fade"


def test_a_spot_stays_only_if_it_is_surely_more_than_one_that_fades() -> None:
    assert _of(0.7, 0.7, error=0.29) == "does_not_fade"
    assert _of(0.7, 0.7, error=0.31) == "cannot_tell"


def test_so_many_must_keep_their_colour_and_so_many_must_fade() -> None:
    # One of few is enough; of many a fifth, and two at least.
    assert _of(0.1, 0.1, 0.1, 0.1, 0.9) == "does_not_fade"
    assert _of(0.1, 0.1, 0.1, 0.1, 0.1, 0.9) == "cannot_tell"
    assert _of(*[0.1] * 4, 0.9, 0.9) == "does_not_fade"
    assert _of(*[0.1] * 12, *[0.9] * 3) == "does_not_fade"
    assert _of(*[0.1] * 13, *[0.9] * 3) == "cannot_tell"
    # Eight of ten fade.
    assert _of(*[0.1] * 8, 0.5, 0.5) == "fades"
    assert _of(*[0.1] * 7, 0.5, 0.5, 0.5) == "cannot_tell"


def test_half_of_what_lies_under_the_glass_must_speak() -> None:
    assert _of(0.1, 0.1, n_pressed=4) == "fades"
    assert _of(*[0.1] * 4, n_pressed=9) == "cannot_tell"
    reason = _verdict(np.array([0.1, 0.2]), np.full(2, 0.05), 5, "pressed")[1]
    assert reason == (
        "Too few of the 5 spots under the glass could be compared: 0 of 2 spots under the glass kept their colour "
        "(a typical one kept 15 % of it)."
    )
    assert "1 of 1 spot under the glass kept" in _verdict(np.array([0.9]), np.array([0.05]), 1, "pressed")[1]


def test_only_a_test_that_does_not_fade_speaks_by_itself() -> None:
    assert glass("fading").test.findings() == ()
    ((name, seen),) = glass("keeping").test.findings()
    assert name == "blanch"
    assert "do not fade" in seen


def test_fading_counts_only_when_the_person_agrees() -> None:
    fading, keeping = glass("fading").test, glass("keeping").test
    assert fading.answers(Answers())["blanch"] == "unknown"
    assert fading.answers(Answers(), agrees=True)["blanch"] == "fades"
    assert keeping.answers(Answers(), agrees=True)["blanch"] == "unknown"
    said = Answers().replace(blanch="does_not_fade")
    assert fading.answers(said, agrees=True) == said


def test_a_photo_raises_the_level_and_never_lowers_it() -> None:
    fever = Answers.from_mapping({"fever": "unknown", "child": "no"})
    first = advise("petechial_shower", fever)
    kinds: tuple[Kind, ...] = ("fading", "keeping", "not pressed")
    for kind in kinds:
        test = glass(kind).test
        assert advise_further(first, PhotoEvidence(further=test.findings())).level >= first.level
    fever = fever.replace(fever="yes", new_onset="yes")
    further = advise_further(advise("uncertain", fever), PhotoEvidence(further=glass("keeping").test.findings()))
    assert further.level == Level.EMERGENCY
    assert any(rule.rule_id == "E01" and rule.from_photo for rule in further.reasons)


def test_it_is_plain_in_json_and_read_only() -> None:
    test = glass("keeping").test
    content = json.loads(json.dumps(test.to_dict(), allow_nan=False))
    assert content["verdict"] == "does_not_fade"
    assert len(content["spots"]) == len(test.spot)
    assert (content["how"], content["stretch"]) == ("pressed", None)
    assert json.loads(json.dumps(glass("not pressed").test.to_dict(), allow_nan=False))["pallor"] is None
    pulled = json.loads(json.dumps(stretched("keeping").test.to_dict(), allow_nan=False))
    assert (pulled["how"], pulled["pallor"]) == ("stretched", None)
    assert pulled["stretch"] > 1.2
    with pytest.raises(ValueError, match="read-only"):
        test.ratio[0] = 0.0


def test_pigment_is_not_compared() -> None:
    found = glass("keeping")
    columns = dict(found.plain.table.columns)
    count = len(found.plain.table)
    columns["color"], columns["blue_share"] = np.full(count, "brown"), np.full(count, 0.2)
    brown = replace(found.plain, table=replace(found.plain.table, columns=columns))
    test = blanch_test(brown, found.pressed)
    assert test.verdict == "cannot_tell"
    assert "No red spot" in test.reason
