"""The dialogue at a terminal: prints screens on standard error and reads lines, in a pipe as well."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import typer

from lesionvis.batch.names import escape_control_characters
from lesionvis.errors import AnswerError
from lesionvis.report.text import action_lines, wrapped
from lesionvis.triage.answers import UNKNOWN, questions
from lesionvis.triage.circumstances import known_circumstances
from lesionvis.triage.dialogue import Dialogue, Kind, Prompt, shown_causes, shown_values
from lesionvis.triage.numbers import PhoneNumbers
from lesionvis.triage.told import help_words, listed, short_words, told_of, value_words
from lesionvis.triage.wording import (
    AGE_QUESTION,
    ALL_UNKNOWN_NOTE,
    CAUSE_QUESTION,
    GLASS_TEST_STEPS,
    GO_ON,
    QUESTIONS_NOTE,
    STOP_HERE,
)

# What a person types, without case, apostrophes and full stops.
DONT_KNOW = frozenset(
    (
        *("?", "", "unknown", "dont know", "i dont know", "do not know", "i do not know", "dunno", "idk", "no idea"),
        *("not sure", "im not sure", "i am not sure", "unsure", "maybe", "perhaps", "not known", "cant tell"),
    )
)
NONE_OF_THESE = frozenset(("0", "none", "none of these", "none of them", "no", "n", "nothing", "nein", "non"))
BACK = frozenset(("b", "back", "<"))
HELP = frozenset(("h", "help"))
LIST = frozenset(("l", "list", "all"))
END = frozenset(("q", "quit", "end", "stop", "exit"))
GOING_ON = frozenset(("g", "go", "go on", "goon", "continue", "on", "y", "yes"))
YES = frozenset(("y", "yes", "ja", "si", "oui"))
_YEARS = {"": 1.0, "y": 1.0, "m": 1.0 / 12.0, "w": 7.0 / 365.25, "d": 1.0 / 365.25}
_AGE = re.compile(r"(\d+(?:[.,]\d+)?) ?(?:(y|m|w|d)(?:ears?|rs?|onths?|os?|eeks?|ks?|ays?)?(?: old)?)?")
_ADULT, _CHILD = frozenset(("adult", "grown up", "grownup")), frozenset(("child", "kid", "teenager", "baby", "toddler"))
GLASS_TEST = "blanch"
# So few items are shown with their help at once.
_FEW_ITEMS = 3


def ask(dialogue: Dialogue, numbers: PhoneNumbers | None) -> Dialogue:
    """Ask until nothing is left to ask, the person ends it, or an emergency stops it.

    Parameters
    ----------
    dialogue : Dialogue
    numbers : PhoneNumbers or None
        Whom to ring.

    Returns
    -------
    Dialogue
        With all answers.
    """
    shown: tuple[str, int] | None = None
    has_stopped = False
    explained: set[Kind] = set()
    if dialogue.prompt is not None and not dialogue.must_stop:
        _say(QUESTIONS_NOTE)
    while True:
        if dialogue.must_stop:
            if not has_stopped:
                _show_stop(dialogue, numbers)
            has_stopped = True
            _say(GO_ON)
            word = _read()
            if word in BACK and dialogue.earlier:
                dialogue, shown = dialogue.back(), None
            elif word in GOING_ON:
                dialogue = dialogue.going_on()
            elif not word or word in END:
                return dialogue
            continue
        has_stopped = False
        prompt = dialogue.prompt
        if prompt is None:
            after = _ended(dialogue)
            if after is None:
                return dialogue
            dialogue, shown = after, None
            continue
        here = (prompt.screen.pattern, prompt.screen.number)
        if here != shown:
            _show_head(dialogue, prompt)
        shown = here
        _show(prompt)
        if prompt.kind in _HOW and prompt.kind not in explained:
            _say(_HOW[prompt.kind])
            explained.add(prompt.kind)
        word = _read()
        if word is None or word in END:
            return dialogue
        if word in BACK:
            dialogue, shown = dialogue.back(), None
        elif word in HELP:
            for name in prompt.names:
                _say(f"{questions()[name].text} {help_words(name)}", "- ", "  ")
        else:
            dialogue = _answered(dialogue, prompt, word)


def _ended(dialogue: Dialogue) -> Dialogue | None:
    """Show all answers; the state to go back to, or None when the person agrees."""
    if not dialogue.visited:
        return None
    _show_summary(dialogue, in_full=False)
    while True:
        _say('Enter shows the advice; "back" changes the last answer, "list" shows all answers.')
        word = _read()
        if word not in LIST:
            return dialogue.back() if word in BACK else None
        _show_summary(dialogue, in_full=True)


def _answered(dialogue: Dialogue, prompt: Prompt, word: str) -> Dialogue:
    """Next state after a line, or the same after saying what can be typed."""
    if word in DONT_KNOW:
        if prompt.kind is Kind.LIST and prompt.screen.number == 1:
            _say(ALL_UNKNOWN_NOTE)
        return dialogue.unknown()
    after = _READERS[prompt.kind](dialogue, prompt, word)
    if after is None:
        _say(f'"{escape_control_characters(word)}" does not fit here. {_HINTS[prompt.kind]}')
    return after or dialogue


def _aged(dialogue: Dialogue, _: Prompt, word: str) -> Dialogue | None:
    if word in _ADULT | _CHILD:
        return dialogue.grown_up(is_child=word in _CHILD)
    found = _AGE.fullmatch(word)
    if found is None:
        return None
    try:
        return dialogue.aged(float(found.group(1).replace(",", ".")) * _YEARS[found.group(2) or ""])
    except AnswerError:
        return None


def _caused(dialogue: Dialogue, _: Prompt, word: str) -> Dialogue | None:
    causes = shown_causes()
    if word in NONE_OF_THESE:
        return dialogue.caused(causes[-1])
    if word.isdecimal() and 1 <= int(word) <= len(causes):
        return dialogue.caused(causes[int(word) - 1])
    return dialogue.caused(word) if word in causes else None


def _chosen(dialogue: Dialogue, prompt: Prompt, word: str) -> Dialogue | None:
    """One of two values, by its number, its name, its words or their beginning."""
    (name,) = prompt.names
    values = shown_values(name)
    if set(values) == {"yes", "no"}:
        word = "yes" if word in YES else "no" if word in NONE_OF_THESE else word
    if word.isdecimal():  # and not the beginning of "10 or more"
        return dialogue.answered({name: values[int(word) - 1]}) if int(word) in (1, 2) else None
    fitting = [
        value for value in values if value.startswith(word.replace(" ", "_")) or value_words(value).startswith(word)
    ]
    return dialogue.answered({name: fitting[0]}) if len(fitting) == 1 else None


def _ticked(dialogue: Dialogue, prompt: Prompt, word: str) -> Dialogue | None:
    """Numbers of what is there; the rest is not, or is not known where a question mark stands at the end."""
    if word in NONE_OF_THESE:
        return dialogue.none_of_these()
    parts = re.sub(r"[,;]|\band\b", " ", word).replace("?", " ? ").split()
    rest = UNKNOWN if "?" in parts else None
    numbers = [part for part in parts if part != "?"]
    if not numbers or not all(part.isdecimal() and 1 <= int(part) <= len(prompt.names) for part in numbers):
        return None
    ticked = {prompt.names[int(part) - 1] for part in numbers}
    return dialogue.answered(
        {
            name: questions()[name].harmful if name in ticked else rest or questions()[name].benign
            for name in prompt.names
        }
    )


_READERS = {Kind.AGE: _aged, Kind.CAUSE: _caused, Kind.CHOICE: _chosen, Kind.LIST: _ticked}
# Said once; what does not fit is answered with the hint.
_HOW = {
    Kind.AGE: "(b back, h help, q end)",
    Kind.LIST: "Type the numbers of all that is there, such as 2 5. The rest counts as no; 2 5 ? leaves it open.",
}
_HINTS = {
    Kind.AGE: "Type a number of years, such as 34, or 5 months, or ? if you do not know.",
    Kind.CAUSE: "Type one number, or ? if you do not know.",
    Kind.CHOICE: "Type 1 or 2, or ? if you do not know.",
    Kind.LIST: "Type the numbers of what is there, such as 2 5, or 0 for none of these, or ? if you do not know.",
}


def _show_head(dialogue: Dialogue, prompt: Prompt) -> None:
    number, count = dialogue.progress
    _say("")
    _say(f"Screen {number} of {count}. {prompt.screen.title}")
    for seen in dialogue.filled_in(prompt.screen.names):
        _say(f"Filled in from the photo: {seen}.", "  ", "  ")
    if GLASS_TEST in prompt.names:
        for step in GLASS_TEST_STEPS:
            _say(step, "  - ", "    ")


def _show(prompt: Prompt) -> None:
    if prompt.kind is Kind.AGE:
        _say(f"{AGE_QUESTION} (? I don't know)")
    elif prompt.kind is Kind.CAUSE:
        _say(CAUSE_QUESTION)
        for number, cause in enumerate(shown_causes(), start=1):
            _item(number, known_circumstances()[cause].meaning)
        _item("?", "I don't know")
    elif prompt.kind is Kind.CHOICE:
        (name,) = prompt.names
        _say(questions()[name].text)
        if name != GLASS_TEST:  # the steps above say it
            _say(help_words(name), "  ", "  ")
        for number, value in enumerate(shown_values(name), start=1):
            _item(number, value_words(value).capitalize())
        _item("?", "I don't know")
    else:
        for number, name in enumerate(prompt.names, start=1):
            _item(number, questions()[name].text)
            if len(prompt.names) <= _FEW_ITEMS:
                _say(help_words(name), "     ", "     ")
        _item(0, "None of these")
        _item("?", "I don't know")


def _show_stop(dialogue: Dialogue, numbers: PhoneNumbers | None) -> None:
    _say("")
    _say(STOP_HERE)
    typer.echo("\n".join(action_lines(dialogue.advice, numbers)), err=True)
    _say("")


def _show_summary(dialogue: Dialogue, *, in_full: bool) -> None:
    """All answers in short lines: what is there, and what is not known; what is not there is counted, or listed."""
    told = told_of(dialogue.advice)
    _say("")
    _say("Your answers")
    about = dialogue.circumstances
    if about.age_years is not None:
        _say(f"age: {about.age_years:.3g} years", "- ", "  ")
    if about.cause != UNKNOWN:
        _say(f"before it came: {known_circumstances()[about.cause].meaning}", "- ", "  ")
    for name, value in told.signs:
        _say(f"{questions()[name].text} {value_words(value).capitalize()}.", "- ", "  ")
    for _, seen in told.from_photo:
        _say(f"From the photo: {seen}.", "- ", "  ")
    if in_full:
        _say(f"No: {'; '.join(short_words()[name] for name, value in told.others if value == 'no')}.", "- ", "  ")
        rest = listed(tuple(answer for answer in told.others if answer[1] != "no"))
        _say(f"And: {'; '.join(rest)}." if rest else "", "- ", "  ")
    else:
        _say(f"{len(told.others)} other answers that are no warning sign", "- ", "  ")
    for name in dialogue.left_open:
        if dialogue.advice.answers[name] == UNKNOWN:
            _say(f"{questions()[name].text} Not known.", "- ", "  ")


def _item(number: int | str, text: str) -> None:
    _say(text, f"{number:>3}  ", "     ")


def _say(text: str, first: str = "", later: str = "") -> None:
    typer.echo("\n".join(wrapped(text, first, later)), err=True)


def _read() -> str | None:
    """A line without what does not matter; None at the end of input."""
    typer.echo("> ", nl=False, err=True)
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:  # whoever stops the questions still gets the advice
        line = ""
    if not sys.stdin.isatty():  # nobody's typing ended the line of the prompt
        typer.echo("", err=True)
    if not line:
        return None
    return " ".join(re.sub(r"['’`.!]", "", line.lower()).split())


def answers_toml(dialogue: Dialogue) -> str:
    """Answers as a file that `--answers` takes.

    Parameters
    ----------
    dialogue : Dialogue
        At any state.

    Returns
    -------
    str
        TOML, one line per age, cause, sites and known answer, under one line of comment; ends in a newline.
    """
    return "".join(f"{line}\n" for line in _toml_lines(dialogue))


def _toml_lines(dialogue: Dialogue) -> Iterator[str]:
    about = dialogue.circumstances
    yield f"# Answers for lesionvis ({dialogue.pattern}). What is not listed is not known."
    if about.age_years is not None:
        yield f"age_years = {about.age_years:.4g}"
    if about.cause != UNKNOWN:
        yield f'cause = "{about.cause}"'
    if about.sites:
        yield f"sites = [{', '.join(chr(34) + site + chr(34) for site in about.sites)}]"
    for name, value in dialogue.told.given:
        yield f'{name} = "{value}"'
