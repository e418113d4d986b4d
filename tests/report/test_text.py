"""Text for a terminal fits it and leaves nothing out that a person must read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn import drawn_skin

from lesionvis.analysis import Analysis, Analyzer
from lesionvis.labels import LABELS
from lesionvis.report.text import N_OPEN_QUESTIONS, N_REASONS, advice_text, analysis_text
from lesionvis.triage import advise
from lesionvis.triage.answers import Answers, questions
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.numbers import phone_numbers
from lesionvis.triage.told import still_to_answer
from lesionvis.triage.wording import ALWAYS, HEADER, NOT_ASKED, PATTERN_MEANINGS, STILL_OPEN


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


def test_where_nobody_was_asked_that_is_said_and_no_sign_is_called_absent() -> None:
    for pattern in LABELS:
        text = flat(advice_text(advise(pattern)))
        assert NOT_ASKED in text
        assert "No warning signs" not in text
        assert "answered with no." not in text.split("Why")[0]
        for sentence in (HEADER, *ALWAYS):
            assert sentence in text


def test_advice_tells_what_is_open_and_how_much_more() -> None:
    advice = advise("uncertain", {"fever": "no"})
    text = flat(advice_text(advice))
    still_open = still_to_answer(advice)
    assert STILL_OPEN in text
    for found in still_open[:N_OPEN_QUESTIONS]:
        assert f"- {found.question.text} -" in text
    assert f"and {len(still_open) - N_OPEN_QUESTIONS} more" in text
    detailed = flat(advice_text(advice, details=True))
    assert all(f"({found.question.name}: " in detailed for found in still_open)


def test_questions_that_are_not_asked_of_the_pattern_are_not_called_open() -> None:
    told = {name: question.benign for name, question in questions().items() if "single_lesion" in question.patterns}
    advice = advise("single_lesion", told | {"changed": "yes"})
    assert "Do the spots fade" not in advice_text(advice, details=True)


def test_there_is_one_headline_one_time_limit_what_to_say_and_whom_to_ring() -> None:
    advice = advise("petechial_shower")
    text = advice_text(advice, numbers=phone_numbers()["GB"])
    assert text.count("ADVICE: ") == text.count("When: ") == text.count("What to say: ") == 1
    assert "ADVICE: BE SEEN TODAY\nWhen: Today, within hours.\n" in text
    assert "the health advice line (111)" in flat(text)
    assert "Emergency number: 999 or 112 (United Kingdom" in flat(text)
    for sign in advice.action.safety_net:
        assert f"\n- {sign}\n" in text
    assert "the emergency number" not in text


def test_the_signs_to_look_out_for_say_whom_to_ring() -> None:
    texts = {
        name: flat(advice_text(advise(*told), numbers=phone_numbers()["DE"]))
        for name, told in {
            "general": ("no_spots", None),
            "cancer": ("single_lesion", {"changed": "yes", "itch": "yes"}),
            "pregnancy": ("no_spots", {"pregnant": "yes", "itch": "yes"}),
            "emergency": ("no_spots", {"fits": "yes"}),
        }.items()
    }
    assert "Call 112 at once for any of these: - confusion" in texts["general"]
    assert "Get help sooner for any of these; for fever with new spots call 112: - it grows" in texts["cancer"]
    assert "Call your maternity unit or 112 at once for any of these: - a fit" in texts["pregnancy"]
    assert "Call again at once for any of these: - " in texts["emergency"]


def test_nothing_found_is_no_all_clear() -> None:
    benign = {name: question.benign for name, question in questions().items()}
    for advice in (advise("no_spots"), advise("no_spots", benign), advise("angioma", benign)):
        assert "ADVICE: NOTHING FOUND. THIS IS NOT AN ALL-CLEAR." in advice_text(advice)
    assert "ADVICE: KEEP AN EYE ON IT" in advice_text(advise("no_spots", benign | {"night_sweats": "unknown"}))
    spreading = advise("no_spots", None, PhotoEvidence(further=(("rapid_spread", "Within 2 hours 9 spots came up"),)))
    assert "ADVICE: BE SEEN TODAY" in advice_text(spreading)


def test_raw_names_odds_rules_and_addresses_stand_behind_details(analysed_samples: dict[str, Analysis]) -> None:
    analysis = analysed_samples["shower-light-ruler.jpg"]
    plain, detailed = flat(analysis_text(analysis)), flat(analysis_text(analysis, details=True))
    first = analysis.advice.reasons[0]
    for expert in ("petechial_shower (petechial_shower 0.", "odds", f"[{first.rule_id}, ", "https://"):
        assert expert in detailed
        assert expert not in plain
    assert "does_not_fade" not in plain
    assert first.reason in plain
    assert first.source_title.split("; ")[0] in plain.split("Sources: ")[1]


def test_spots_over_3_mm_in_a_shower_are_called_purpura() -> None:
    far = Analyzer(px_per_mm=1.5)(drawn_skin(1))
    wide = int((far.table["diameter_mm"] > 3.0).sum())
    assert wide > 0
    shower, lesion = (
        replace(far, pattern=replace(far.pattern, label=label)) for label in ("petechial_shower", "angioma")
    )
    assert f"{wide} larger than 3 mm: bleeds of that size are called purpura" in flat(analysis_text(shower))
    assert "purpura" not in analysis_text(lesion)
    near = Analyzer(px_per_mm=9.0)(drawn_skin(1))
    assert "purpura" not in analysis_text(replace(near, pattern=shower.pattern))


def test_what_asks_for_less_is_told_apart_from_the_reasons_of_the_level() -> None:
    answers = Answers.from_mapping({"fever": "yes", "blanch": "does_not_fade", "recurring": "yes"})
    advice = advise("petechial_shower", answers)
    why, rest = advice_text(advice, details=True).split("Also noted, but what is said above comes first:")
    assert [fired.rule_id for fired in advice.reasons if f"[{fired.rule_id}, " in why] == ["E01", "E02", "E03"]
    lower, sources = rest.split("Sources of the reasons:")
    assert "[P02, prompt]" in lower
    assert "E01: " in sources
    assert "P02: " in sources
    plain = advice_text(advice)
    assert f"- {len(advice.also_noted)} lesser reasons (--details shows them)" in plain
    assert STILL_OPEN not in plain


def test_many_reasons_are_counted_and_what_they_ask_for_is_said_once() -> None:
    advice = advise("uncertain")
    text = flat(advice_text(advice))
    assert f"and {len(advice.reasons) - N_REASONS} more (--details shows them)" in text
    assert text.split("Why")[1].count("Contact a doctor within 24 to 48 hours.") == 1


def test_a_reason_without_a_source_says_so() -> None:
    told = {name: question.benign for name, question in questions().items()} | {"repeated_vomiting": "yes"}
    advice = advise("no_spots", told)
    assert [fired.rule_id for fired in advice.reasons] == ["P18"]
    assert advice_text(advice).endswith("Sources: cautious reading, no source found.")
    assert "for a part cautious reading, no source found." in flat(advice_text(advise("petechial_shower")))


def test_a_pattern_is_told_in_plain_words(analysis: Analysis) -> None:
    assert PATTERN_MEANINGS[analysis.pattern.label] in flat(analysis_text(analysis))


def test_a_settled_advice_asks_nothing() -> None:
    answers = Answers.from_mapping({"fever": "yes", "blanch": "does_not_fade", "new_onset": "yes"})
    settled = advise("petechial_shower", answers)
    assert settled.open_questions == ()
    assert STILL_OPEN not in advice_text(settled, details=True)


def test_the_abcde_of_a_lesion_is_told_letter_by_letter(analysed_samples: dict[str, Analysis]) -> None:
    found = analysed_samples["irregular-lesion.jpg"]
    assert found.abcde is not None
    text = flat(analysis_text(found, details=True))
    assert f"ABCDE {found.abcde.summary}" in text
    for criterion in found.abcde.criteria:
        assert f"{criterion.letter} {criterion.name}: " in text
        assert f"{criterion.finding} (Counts from: {criterion.limit}.)" in text
    assert f"7 points {found.abcde.seven_points.finding}" in text
    assert "Counts from" not in analysis_text(found)
    assert "ABCDE" not in analysis_text(analysed_samples["shower-light-leg.jpg"]).split("ADVICE")[0]


def test_another_photo_is_asked_for_first_but_not_before_the_help_of_an_emergency() -> None:
    blurred = PhotoEvidence(flags=("blurred",))
    text = flat(advice_text(advise("uncertain", None, blurred)))
    how = "The photo is blurred. Rest your hand"
    assert text.index("First take another photo") < text.index(how) < text.index("ADVICE: CONTACT A DOCTOR")
    emergency = flat(advice_text(advise("uncertain", {"fits": "yes"}, blurred)))
    assert emergency.index("ADVICE: GET EMERGENCY HELP NOW") < emergency.index(how) < emergency.index("Why")
    assert "another photo" not in advice_text(advise("single_lesion"))


def test_an_uncertain_answer_says_what_is_seen_and_how_much_is_red(analysed_samples: dict[str, Analysis]) -> None:
    uncertain, answered = analysed_samples["angioma.jpg"], analysed_samples["shower-light-ruler.jpg"]
    assert uncertain.pattern.label == "uncertain"
    assert "\nseen      one lesion that stands out\n" in analysis_text(uncertain)
    assert "\nseen " not in analysis_text(answered)
    red = round(100 * answered.features["red_skin_share"])
    assert f", {red} % of it redder than the rest\n" in analysis_text(answered)
