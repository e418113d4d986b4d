"""Text for a terminal fits it and leaves nothing out that a person must read."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import drawn_skin

from lesionvis.analysis import Analysis, Analyzer
from lesionvis.report.text import N_OPEN_QUESTIONS, advice_text, analysis_text
from lesionvis.triage import advise
from lesionvis.triage.answers import Answers
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.wording import ALWAYS, EMERGENCY_FIRST, HEADER, PATTERN_MEANINGS


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analyzer(px_per_mm=5.0)(drawn_skin(1))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("columns", [40, 80, 300])
def test_lines_fit_the_terminal(analysis: Analysis, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = analysis_text(analysis)
    longest = max(len(line) for line in text.splitlines() if "://" not in line)
    assert longest <= min(columns, 100)
    assert flat(advice_text(analysis.advice)).removeprefix(HEADER) in flat(text)


def test_spots_are_told_in_millimetres_only_with_a_scale(analysis: Analysis) -> None:
    assert " mm across (median; " in analysis_text(analysis)
    assert "5 px per mm (given)" in analysis_text(analysis)
    without = analysis_text(Analyzer()(drawn_skin(1)))
    assert " px across (median; " in without
    assert "none, so no millimetres: " in flat(without)
    assert " mm across" not in without


def test_one_spot_and_no_spot_are_told_as_such() -> None:
    one = analysis_text(Analyzer(px_per_mm=5.0)(drawn_skin(1, count=1)))
    assert "\nspots     1, " in one
    none = analysis_text(Analyzer()(drawn_skin(1, count=0)))
    assert "\nspots     none\n" in none


def test_doubts_are_told_in_sentences() -> None:
    text = flat(analysis_text(Analyzer()(np.zeros((64, 64, 3), np.uint8))))
    assert "doubt Hardly any skin was found" in text
    assert "tone ITA" not in text


def test_advice_tells_what_is_open_and_how_much_more() -> None:
    advice = advise("uncertain")
    text = flat(advice_text(advice))
    for found in advice.open_questions[:N_OPEN_QUESTIONS]:
        assert found.question.text in text
    assert f"and {len(advice.open_questions) - N_OPEN_QUESTIONS} more" in text
    for sentence in (HEADER, *ALWAYS):
        assert sentence in text


def test_what_asks_for_less_is_told_apart_from_the_reasons_of_the_level() -> None:
    answers = Answers.from_mapping({"fever": "yes", "blanch": "does_not_fade", "recurring": "yes"})
    advice = advise("petechial_shower", answers)
    why, rest = advice_text(advice).split("Also noted, but what is said above comes first:")
    assert [fired.rule_id for fired in advice.reasons if f"[{fired.rule_id}, " in why] == ["E01", "E02", "E03"]
    lower, sources = rest.split("Sources of the reasons:")
    assert "[P02, prompt]" in lower
    assert "E01: " in sources
    assert "P02: " in sources
    assert EMERGENCY_FIRST in lower
    assert EMERGENCY_FIRST not in advice_text(advise("uncertain"))


def test_a_pattern_is_told_in_plain_words(analysis: Analysis) -> None:
    assert PATTERN_MEANINGS[analysis.pattern.label] in flat(analysis_text(analysis))


def test_a_settled_advice_asks_nothing() -> None:
    answers = Answers.from_mapping({"fever": "yes", "blanch": "does_not_fade", "new_onset": "yes"})
    settled = advise("petechial_shower", answers)
    assert settled.open_questions == ()
    assert "can still change the level" not in advice_text(settled)


def test_the_abcde_of_a_lesion_is_told_letter_by_letter(analysed_samples: dict[str, Analysis]) -> None:
    found = analysed_samples["irregular-lesion.jpg"]
    assert found.abcde is not None
    text = flat(analysis_text(found))
    assert f"ABCDE {found.abcde.summary}" in text
    for criterion in found.abcde.criteria:
        assert f"{criterion.letter} {criterion.name}, " in text
        assert f"{criterion.finding} (Counts from: {criterion.limit}.)" in text
    assert f"7 points {found.abcde.seven_points.finding}" in text
    assert "ABCDE" not in analysis_text(analysed_samples["shower-light-leg.jpg"]).split("ADVICE")[0]


def test_another_photo_is_asked_for_first_but_not_before_the_help_of_an_emergency() -> None:
    blurred = PhotoEvidence(flags=("blurred",))
    text = flat(advice_text(advise("uncertain", None, blurred)))
    how = "The photo is blurred. Rest your hand"
    assert text.index("First take another photo") < text.index(how) < text.index("ADVICE: PROMPT")
    emergency = flat(advice_text(advise("uncertain", {"fits": "yes"}, blurred)))
    assert emergency.index("ADVICE: EMERGENCY") < emergency.index(how) < emergency.index("Why")
    assert "another photo" not in advice_text(advise("single_lesion"))
