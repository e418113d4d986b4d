"""Three people at a real terminal, and whoever else answers: in a pipe, at a dumb or a narrow terminal."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from terminals import Talk, talk
from typer.testing import CliRunner, Result

from lesionvis.cli import main as cli
from lesionvis.cli.ask import ask
from lesionvis.triage import advise
from lesionvis.triage.answers import questions
from lesionvis.triage.dialogue import Dialogue
from lesionvis.triage.wording import ALL_UNKNOWN_NOTE, STOP_HERE

SHOWER = ("advise", "--pattern", "petechial_shower", "--ask")
# Words on the screens for a well adult with a shower; the first edition had 1,040 in 26 questions.
WORDS_MAX = 1040
WELL_ADULT = ("34", "none", "none", "2", "yes", "0", "1", "0", "coughing", "yes", "no", "none", "none")


def piped(*arguments: object, typed: str) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], input=typed)


def advice_of(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.stderr
    content: dict[str, object] = json.loads(result.stdout)
    return content


# Three people


def test_an_anxious_parent_at_night_gets_help_on_the_first_screens() -> None:
    talked = talk(*SHOWER, typed=["3", "none", "1", ""], columns=60)
    assert talked.screens == ["Is any of this there right now?", "Fever and feeling ill"]
    stopped = talked.asked.split(STOP_HERE)[1]
    assert "Call 999 or 112." in " ".join(stopped.split())
    assert "I think it may be sepsis or meningitis" in " ".join(stopped.split())
    assert "Screen" not in stopped
    assert talked.text.count("ADVICE: GET EMERGENCY HELP NOW") == 2
    # Nothing stands before the help but that it is no diagnosis.
    assert talked.text.split("NOT A DIAGNOSIS")[1].split("ADVICE: ")[0].count(".") == 3


def test_a_parent_of_a_well_child_with_spots_that_stay_is_stopped_at_the_glass() -> None:
    talked = talk(*SHOWER, typed=["5 years", "0", "0", "they stay", "1", ""])
    assert talked.screens[-1] == "The glass test"
    assert len(talked.screens) == 3
    assert STOP_HERE in talked.asked


def test_a_well_adult_after_a_coughing_fit_sees_eight_screens() -> None:
    talked = talk(*SHOWER, typed=[*WELL_ADULT, ""])
    assert (len(talked.screens), talked.left, talked.code) == (8, (), 0)
    assert "Screen 8 of 8. How it goes on" in talked.text
    assert "ADVICE: KEEP AN EYE ON IT" in talked.text
    assert STOP_HERE not in talked.text
    assert "before it came: a fit of hard coughing" in talked.asked
    assert len(talked.asked.split()) < WORDS_MAX


def test_a_man_with_a_changing_mole_sees_five_screens_at_most_and_no_glass(project: Path) -> None:
    mole = project / "sample_images" / "naevus-ruler.jpg"
    talked = talk("analyze", mole, "--ask", typed=["58", "none", "none", "2 3", "no", ""])
    assert talked.left == ()
    assert len(talked.screens) <= 5
    assert "About the spot" in talked.screens
    assert "glass" not in talked.asked
    assert "From the photo: The spot in the photo shows at least one ABCDE feature." in talked.flat
    assert "ADVICE: BE SEEN WITHIN 2 WEEKS" in talked.text


def test_the_summary_can_be_listed_in_full() -> None:
    talked = talk(*SHOWER, typed=[*WELL_ADULT, "list", ""])
    short, full = talked.asked.split("Your answers")[1:]
    assert "54 other answers that are no warning sign" in " ".join(short.split())
    assert "No: confused or hard to wake; hard or fast breathing;" in " ".join(full.split())
    assert "clear cause before; " in " ".join(full.split())


# What can be typed


def test_back_shows_the_question_before_again() -> None:
    typed = ["34", "none", "none", "1", "b", "2", "b", "back", "b", "none", "q"]
    talked = talk(*SHOWER, "--save-answers", "/dev/null/none.toml", typed=typed)
    assert talked.code == 2  # and nothing was asked
    talked = talk(*SHOWER, typed=typed)
    assert talked.screens == [
        "Is any of this there right now?",
        "Fever and feeling ill",
        *["The glass test"] * 3,
        "Fever and feeling ill",
        "Is any of this there right now?",
        "Fever and feeling ill",
    ]
    assert talked.left == ()


def test_back_takes_an_answer_back(tmp_path: Path) -> None:
    saved = tmp_path / "answers.toml"
    piped(*SHOWER, "--save-answers", saved, typed="34\n2\nback\n0\nq\n")
    assert tomllib.loads(saved.read_text())["short_of_breath"] == "no"


@pytest.mark.parametrize("word", ["", "?", "I don't know", "i dont know.", "not sure", "Unknown", "unsure", "NO IDEA"])
def test_whoever_does_not_know_is_not_counted_as_no(word: str) -> None:
    result = piped(*SHOWER, "--json", typed=f"{word}\n{word}\n{word}\n")
    assert "does not fit" not in result.stderr
    assert "Screen 3 of 8" in result.stderr
    advice = advice_of(result)
    assert advice["answers"] == dict.fromkeys(questions(), "unknown")
    assert advice["level"] == str(advise("petechial_shower").level)


def test_whoever_knows_none_of_the_list_is_told_to_get_someone() -> None:
    result = piped(*SHOWER, typed="34\n?\nq\n")
    assert ALL_UNKNOWN_NOTE in " ".join(result.stderr.split())
    assert ALL_UNKNOWN_NOTE not in " ".join(piped(*SHOWER, typed="34\n0\nq\n").stderr.split())


def test_the_rest_of_a_list_counts_as_no_or_stays_open() -> None:
    given = ("--answer", "child=no")
    answers = advice_of(piped(*SHOWER, *given, "--json", typed="0\n2, 7\nq\n"))["answers"]
    assert isinstance(answers, dict)
    assert (answers["fever_recent"], answers["severe_headache"], answers["fever"]) == ("yes", "yes", "no")
    answers = advice_of(piped(*SHOWER, *given, "--json", typed="0\n2 and 7?\nq\n"))["answers"]
    assert isinstance(answers, dict)
    assert (answers["fever_recent"], answers["severe_headache"], answers["fever"]) == ("yes", "yes", "unknown")


@pytest.mark.parametrize(
    ("word", "child", "infant"),
    [
        ("34", "no", "no"),
        ("2 months", "yes", "yes"),
        ("10w", "yes", "yes"),
        ("17,5", "yes", "no"),
        ("adult", "no", "no"),
    ],
)
def test_an_age_can_be_said_in_several_ways(word: str, child: str, infant: str) -> None:
    answers = advice_of(piped(*SHOWER, "--json", typed=f"{word}\nq\n"))["answers"]
    assert isinstance(answers, dict)
    assert (answers["child"], answers["infant_u3m"]) == (child, infant)


@pytest.mark.parametrize("word", ["400", "-3", "young", "3 4"])
def test_what_is_no_age_is_asked_again(word: str) -> None:
    result = piped(*SHOWER, "--json", typed=f"{word}\n34\nq\n")
    assert f'"{word}" does not fit here. Type a number of years' in result.stderr
    assert '"child": "no"' in result.stdout


def test_what_does_not_fit_a_list_ticks_nothing() -> None:
    for word in ("12 99", "yes", "0 2", "fever"):
        result = piped(*SHOWER, "--json", typed=f"34\n{word}\nq\n")
        assert "does not fit here" in result.stderr
        assert '"confused_or_drowsy": "unknown"' in result.stdout


def test_help_explains_every_item_of_a_list() -> None:
    result = piped(*SHOWER, typed="34\nh\nq\n")
    assert questions()["fits"].help in " ".join(result.stderr.split())
    assert questions()["fits"].help not in " ".join(piped(*SHOWER, typed="34\nq\n").stderr.split())


# An emergency


def test_nothing_is_asked_after_an_emergency_until_the_person_wants_to_go_on() -> None:
    ended = piped(*SHOWER, typed="34\n1\n")
    assert ended.stderr.count("Screen") == 1
    gone_on = piped(*SHOWER, typed="34\n1\nwhat\ngo on\n0\n")
    assert gone_on.stderr.count(STOP_HERE) == 1
    assert "Screen 3 of 8. The glass test" in gone_on.stderr


def test_an_emergency_that_a_mistake_made_can_be_taken_back() -> None:
    result = piped(*SHOWER, "--json", typed="34\n1\nback\n0\nq\n")
    assert STOP_HERE in result.stderr
    assert advice_of(result)["level"] == "same_day"


def test_an_emergency_that_was_told_before_is_said_before_any_question() -> None:
    result = piped(*SHOWER, "--answer", "fits=yes", typed="")
    assert result.stderr.strip().startswith(STOP_HERE)
    assert "Screen" not in result.stderr


def test_an_emergency_that_comes_again_stops_again() -> None:
    # Fever is one while the glass is not known; spots that fade end it, and a stiff neck makes another.
    typed = "34\n0\n1\ngo on\n1\n1\nq\n"
    result = piped(*SHOWER, "--json", typed=typed)
    assert advice_of(result)["level"] == "same_day"
    again = piped(*SHOWER, "--json", typed="34\n0\n1\ngo on\nfades\nyes\nlow\n1\nq\n")
    assert again.stderr.count(STOP_HERE) == 2


# Saved answers


def test_saved_answers_given_again_give_the_same_advice_and_ask_nothing_known(tmp_path: Path) -> None:
    saved = tmp_path / "answers.toml"
    first = piped(*SHOWER, "--json", "--save-answers", saved, typed="\n".join(WELL_ADULT) + "\n\n")
    content = tomllib.loads(saved.read_text())
    assert (content["age_years"], content["cause"], content["blanch"]) == (34, "coughing", "does_not_fade")
    again = piped("advise", "--pattern", "petechial_shower", "--json", "--answers", saved, typed="")
    assert advice_of(again) == advice_of(first)
    asked = piped(*SHOWER, "--json", "--answers", saved, typed="")
    assert "Screen" not in asked.stderr


@pytest.mark.parametrize(("name", "words"), [("a.txt", "must end in .toml"), ("none/a.toml", "make it first")])
def test_a_file_that_cannot_hold_answers_is_refused_before_anything_is_asked(
    tmp_path: Path, name: str, words: str
) -> None:
    result = piped(*SHOWER, "--save-answers", tmp_path / name, typed="34\n")
    assert words in str(result.exception)
    assert result.stderr == ""


def test_answers_that_cannot_be_written_keep_no_advice_back(tmp_path: Path) -> None:
    folder = tmp_path / "a.toml"
    folder.mkdir()
    result = piped(*SHOWER, "--save-answers", folder, typed="34\n1\n\n")
    assert "ADVICE: GET EMERGENCY HELP NOW" in result.stdout
    assert "cannot be written" in str(result.exception)


def test_whoever_stops_the_questions_from_the_keyboard_still_gets_the_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped:
        def readline(self) -> str:
            raise KeyboardInterrupt

        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Stopped())
    start = Dialogue("no_spots", lambda known: advise("no_spots", known))
    assert ask(start, None) is start


def test_what_is_typed_cannot_take_over_the_terminal() -> None:
    result = piped(*SHOWER, typed="34\n\x1b[2J\n")
    assert "\x1b" not in result.stderr
    assert '"%1B[2j" does not fit here' in result.stderr


# Any terminal


def test_it_works_in_a_pipe() -> None:
    command = [sys.executable, "-c", "from lesionvis.cli.main import main; main()", *SHOWER]
    done = subprocess.run(command, input="34\nnone\n", capture_output=True, text=True, check=True)
    assert "Screen 2 of 8" in done.stderr
    assert "ADVICE: BE SEEN TODAY" in done.stdout
    assert "Screen" not in done.stdout


@pytest.mark.parametrize("columns", [60, 40])
def test_a_dumb_and_narrow_terminal_shows_all_of_it(columns: int) -> None:
    talked: Talk = talk(*SHOWER, typed=[*WELL_ADULT, ""], columns=columns, terminal="dumb")
    assert "\x1b" not in talked.text
    assert max(map(len, talked.text.splitlines())) <= columns
    assert "ADVICE: KEEP AN EYE ON IT" in talked.text
    assert len(talked.screens) == 8


def test_people_read_no_raw_names() -> None:
    told = talk(*SHOWER, typed=[*WELL_ADULT, ""]).text
    assert [name for name in (*questions(), "does_not_fade", "petechial_shower") if "_" in name and name in told] == []


def test_every_question_can_be_answered_with_its_words() -> None:
    for pattern in ("uncertain", "angioma", "no_spots"):
        typed = ["40", *["none"] * 30]
        result = piped("advise", "--pattern", pattern, "--ask", "--json", typed="\n".join(typed) + "\n")
        assert advice_of(result)["was_asked"]
