"""The questions about a photo on the page: `lesionvis.triage.dialogue`, kept as a text from one answer to the next."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lesionvis.batch.asked import AskedPhoto
from lesionvis.batch.given import Given
from lesionvis.batch.names import content_key, file_key
from lesionvis.batch.supervisor import Outcome, Task
from lesionvis.batch.worker import EVIDENCE
from lesionvis.errors import SettingsError
from lesionvis.report.contact import number_lines, with_numbers
from lesionvis.report.text import headline, source_sentence
from lesionvis.triage.advice import Advice
from lesionvis.triage.answers import UNKNOWN, Answers, questions
from lesionvis.triage.circumstances import known_circumstances
from lesionvis.triage.dialogue import Dialogue, Kind, Prompt, shown_causes, shown_values
from lesionvis.triage.numbers import PhoneNumbers
from lesionvis.triage.rules import Level
from lesionvis.triage.told import help_words, listed, short_words, still_to_answer, told_of, value_words
from lesionvis.triage.wording import (
    AGE_QUESTION,
    ALL_UNKNOWN_NOTE,
    CAUSE_QUESTION,
    EMERGENCY_NUMBER,
    GLASS_TEST_STEPS,
    QUESTIONS_NOTE,
    STOP_HERE,
    WORSE_ANSWER_NOTE,
)

_GLASS_TEST = "blanch"
# What is known of so many photos is kept.
_KNOWN_MAX = 50


class AskedPhotos:
    """What was measured on the photos about which questions are asked."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, AskedPhoto] = OrderedDict()

    def knows(self, task: Task) -> bool:
        """Test whether the questions about a photo have what they need.

        Parameters
        ----------
        task : Task
            Of measuring it.

        Returns
        -------
        bool
        """
        return _measured_key(task) in self._known

    def hold(self, task: Task, outcome: Outcome) -> None:
        """Keep what was measured.

        Parameters
        ----------
        task : Task
        outcome : Outcome
            Of that task; one without `EVIDENCE` adds nothing.
        """
        if EVIDENCE in outcome.pictures:
            self._known[_measured_key(task)] = AskedPhoto.from_json(outcome.pictures[EVIDENCE])
            while len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)

    def dialogue(self, task: Task, text: str) -> Dialogue | None:
        """Dialogue about a photo as it stands.

        Parameters
        ----------
        task : Task
            Of measuring it, with what was answered so far.
        text : str
            State that was kept.

        Returns
        -------
        Dialogue or None
            None as long as nothing was measured.
        """
        asked = self._known.get(_measured_key(task))
        return None if asked is None else _dialogue_of(asked, task.given, text)


def _measured_key(task: Task) -> str:
    """Key of what is measured on a photo, whatever was answered."""
    return content_key(file_key(task.sha256), None, task.given.without_answers().digest)


def _dialogue_of(asked: AskedPhoto, given: Given, text: str) -> Dialogue:
    """Dialogue about a photo as it stands, from the state that was kept: "" where nothing was answered on the page."""
    held: dict[str, Any] = json.loads(text or '{"left_open": [], "goes_on": false, "visited": []}')
    return Dialogue(
        asked.pattern,
        asked.advise,
        Answers.from_mapping(given.answers),
        given.circumstances,
        tuple(held["left_open"]),
        held["goes_on"],
        tuple((str(pattern), int(number)) for pattern, number in held["visited"]),
    )


def kept(dialogue: Dialogue) -> str:
    """State of a dialogue as a text.

    Parameters
    ----------
    dialogue : Dialogue

    Returns
    -------
    str
        JSON; `lesionvis.batch.study` reads the answers in it.
    """
    told = {"answers": dict(dialogue.told.given), **asdict(dialogue.circumstances)}
    asked = {"left_open": dialogue.left_open, "goes_on": dialogue.goes_on, "visited": dialogue.visited}
    return json.dumps(told | asked)


def answered(dialogue: Dialogue, wish: Mapping[str, Any]) -> tuple[Dialogue, str]:
    """Dialogue after an answer.

    Parameters
    ----------
    dialogue : Dialogue
        Before.
    wish : mapping
        One of "age_years" (a number), "is_child", "cause", "values" (name -> value; what is left out is not known) and
        "goes_on" (true, at an emergency).

    Returns
    -------
    dialogue : Dialogue
    action : str
        What was done, in few words.

    Raises
    ------
    SettingsError
        If that is not what was asked.
    AnswerError
        If a value is not a known one.
    """
    if dialogue.must_stop:
        if wish.get("goes_on") is not True:
            raise SettingsError("This is an emergency: get help first, or choose to go on.")
        return dialogue.going_on(), "goes on answering though it is an emergency"
    prompt, values = dialogue.prompt, wish.get("values")
    if prompt is None:
        raise SettingsError("There is nothing left to ask; reload the page.")
    age = wish.get("age_years")
    if prompt.kind is Kind.AGE and isinstance(age, int | float) and not isinstance(age, bool):
        return dialogue.aged(float(age)), f"answered: age {age:.3g} years"
    if prompt.kind is Kind.AGE and isinstance(wish.get("is_child"), bool):
        return dialogue.grown_up(is_child=wish["is_child"]), f"answered: {'child' if wish['is_child'] else 'adult'}"
    if prompt.kind is Kind.CAUSE and isinstance(wish.get("cause"), str):
        return dialogue.caused(wish["cause"]), f"answered: cause {wish['cause']}"
    is_known = prompt.kind in (Kind.CHOICE, Kind.LIST)
    if not isinstance(values, dict) or not set(values) <= (set(prompt.names) if is_known else set()):
        raise SettingsError("This is not what was asked; reload the page.")
    told = "; ".join(f"{name}={values.get(name, UNKNOWN)}" for name in prompt.names)
    return dialogue.answered(values), f"answered: {told}"


def shown_dialogue(dialogue: Dialogue, numbers: PhoneNumbers | None) -> dict[str, Any]:
    """What the page shows of a dialogue: the next questions, and the advice as it stands.

    Parameters
    ----------
    dialogue : Dialogue
    numbers : PhoneNumbers or None
        Whom to ring; None where no country is known.

    Returns
    -------
    dict
        Ready for JSON.
    """
    prompt = None if dialogue.must_stop else dialogue.prompt
    advice = dialogue.advice.noting(dialogue.circumstances)
    return {
        "stop": STOP_HERE if dialogue.must_stop else "",
        "note": QUESTIONS_NOTE,
        "progress": dialogue.progress,
        "prompt": None if prompt is None else _shown_prompt(dialogue, prompt),
        "told": _told(dialogue, advice),
        "advice": _shown_advice(advice, numbers),
    }


def _shown_prompt(dialogue: Dialogue, prompt: Prompt) -> dict[str, Any]:
    first = prompt.names[0]
    texts = {Kind.AGE: AGE_QUESTION, Kind.CAUSE: CAUSE_QUESTION, Kind.CHOICE: questions()[first].text, Kind.LIST: ""}
    is_first_list = prompt.kind is Kind.LIST and prompt.screen.number == 1
    return {
        "kind": prompt.kind.value,
        "title": prompt.screen.title,
        "text": texts[prompt.kind],
        "seen": [f"Filled in from the photo: {seen}." for seen in dialogue.filled_in(prompt.screen.names)],
        "steps": GLASS_TEST_STEPS if _GLASS_TEST in prompt.names else (),
        "if_unknown": ALL_UNKNOWN_NOTE if is_first_list else "",
        "causes": [(cause, known_circumstances()[cause].meaning) for cause in shown_causes()],
        "questions": [
            {
                "name": name,
                "text": questions()[name].text,
                "help": help_words(name),
                "values": [(value, value_words(value).capitalize()) for value in shown_values(name)],
                "harmful": questions()[name].harmful,
                "benign": questions()[name].benign,
            }
            for name in prompt.names
        ],
    }


def _told(dialogue: Dialogue, advice: Advice) -> list[str]:
    """Answers so far, each in a few words."""
    told, about = told_of(advice), dialogue.circumstances
    denied = [short_words()[name] for name, value in told.others if value == "no"]
    rest = tuple(answer for answer in told.others if answer[1] != "no")
    left_open = [short_words()[name] for name in dialogue.left_open if advice.answers[name] == UNKNOWN]
    return [
        *([f"Age: {about.age_years:.3g} years"] if about.age_years is not None else []),
        *([f"Before it came: {known_circumstances()[about.cause].meaning}"] if about.cause != UNKNOWN else []),
        *(f"Warning sign: {words}" for words in listed(told.signs)),
        *listed(rest),
        *([f"No: {'; '.join(denied)}"] if denied else []),
        *([f"Not known: {'; '.join(left_open)}"] if left_open else []),
    ]


def _shown_advice(advice: Advice, numbers: PhoneNumbers | None) -> dict[str, Any]:
    action = advice.action
    is_emergency = advice.level == Level.EMERGENCY
    # Without a country the terminal tells of an option; the page has a choice beside it.
    whom = number_lines(numbers) if numbers else (f"Emergency number: {EMERGENCY_NUMBER}.",)
    still_open = still_to_answer(advice)
    return {
        "header": advice.header,
        "level": str(advice.level),
        "headline": headline(advice),
        "what_to_do": [
            f"{action.time_limit}. {with_numbers(action.what_to_do, numbers)}",
            *(whom[:1] if is_emergency else whom),
            action.what_to_say,
            action.call_again,
        ],
        "net": with_numbers(advice.net_heading, numbers),
        "safety_net": action.safety_net,
        "retakes": [f"{retake.why} {retake.how}" for retake in advice.retakes],
        "why": f"Why ({WORSE_ANSWER_NOTE}):" if still_open else "Why:",
        "reasons": [f"{fired.reason} ({fired.rule_id})" for fired in advice.reasons],
        "also_noted": [f"{fired.reason} ({fired.rule_id})" for fired in advice.also_noted],
        "notes": [*advice.photo_notes, *advice.circumstance_notes],
        "open_count": len(still_open),
        "always": advice.always,
        "sources": source_sentence(advice.reasons),
    }
