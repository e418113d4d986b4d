"""The questions as a dialogue, without printing: what is asked next, when to stop, and how far it is.

A dialogue is a frozen state; every answer gives the next one, and the one before stays reachable. Only what can still
change the level is asked, screen by screen in the order of `screens`. As soon as the answers make it an emergency,
nothing is asked until the person wants to go on; from then on everything that stands on the screens is asked, for
whoever comes to help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from lesionvis.labels import ANGIOMA, NO_SPOTS, PETECHIAL_SHOWER, SINGLE_LESION, UNCERTAIN
from lesionvis.triage.advice import Advice
from lesionvis.triage.answers import UNKNOWN, Answers, questions
from lesionvis.triage.circumstances import CAUSE, Circumstances, known_circumstances
from lesionvis.triage.rules import Level
from lesionvis.triage.screens import Screen, screens

# What an age answers, and what a cause answers.
AGE_NAMES = ("child", "infant_u3m", "under_30")
CAUSE_NAMES = ("explained", "strain_cause")
# Asked only in pregnancy and after birth, so after these.
_PREGNANCY_NAMES, _AFTER_PREGNANCY_NAMES = ("pregnant", "recent_birth"), ("vision_changes", "upper_belly_pain")
# Thin skin of old age is asked about from here on.
THIN_SKIN_YEARS = 60.0
# Where several spots are told of, it goes on as for a shower from the glass test; with one, as for a single spot. What
# came before on those screens was asked already.
_FROM_GLASS_TEST, _ABOUT_THE_SPOT = 3, (3, 4)
LAST_TITLE = "Anything else?"
_FEVERISH = ("fever", "fever_recent", "low_temperature")


class Kind(Enum):
    """Form of a prompt."""

    AGE = "age"
    CAUSE = "cause"
    LIST = "list"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Questions that are asked at once.

    Attributes
    ----------
    kind : Kind
        A number of years, one cause, a list to tick, or one question with two values.
    names : tuple of str
        Answers that it gives.
    screen : Screen
        Where it stands.
    """

    kind: Kind
    names: tuple[str, ...]
    screen: Screen


@dataclass(frozen=True, slots=True)
class Dialogue:
    """State of a dialogue.

    Attributes
    ----------
    pattern : str
        One of `LABELS`.
    advise_with : callable
        Advice on answers, with whatever was measured.
    told : Answers
        What was answered so far.
    circumstances : Circumstances
        Age, cause and sites so far.
    left_open : tuple of str
        What was asked and is not known; it is not asked again.
    goes_on : bool
        Whether the person wants to go on though it is an emergency.
    visited : tuple of (str, int)
        Pattern and number of the screens so far, each once.
    earlier : Dialogue or None
        The state before the last answer.

    Examples
    --------
    >>> from lesionvis.triage import advise
    >>> dialogue = Dialogue("petechial_shower", lambda answers: advise("petechial_shower", answers))
    >>> dialogue.prompt.kind.name, dialogue.progress
    ('AGE', (1, 8))
    >>> dialogue = dialogue.aged(3.0)
    >>> dialogue.answered({"fits": "yes"}).must_stop
    True
    """

    pattern: str
    advise_with: Callable[[Answers], Advice]
    told: Answers = Answers()  # noqa: RUF009 - frozen
    circumstances: Circumstances = Circumstances()  # noqa: RUF009 - frozen
    left_open: tuple[str, ...] = ()
    goes_on: bool = False
    visited: tuple[tuple[str, int], ...] = ()
    earlier: Dialogue | None = None

    @property
    def answers(self) -> Answers:
        """Answers that were told, with those that follow from age, cause and sites."""
        return self.circumstances.answers(self.told)

    @property
    def advice(self) -> Advice:
        """Advice as answered so far."""
        return self.advise_with(self.answers)

    @property
    def must_stop(self) -> bool:
        """True if it is an emergency, and nobody said yet that they want to go on."""
        return self.advice.level == Level.EMERGENCY and not self.goes_on

    @property
    def prompt(self) -> Prompt | None:
        """Next questions; None at the end."""
        return next(self._prompts(self.advice), None)

    @property
    def progress(self) -> tuple[int, int]:
        """Number of the present screen from 1, and of all as things stand; later answers can change how many come."""
        here = list(
            dict.fromkeys((prompt.screen.pattern, prompt.screen.number) for prompt in self._prompts(self.advice))
        )
        all_of_them = dict.fromkeys((*self.visited, *here))
        present = list(all_of_them).index(here[0]) + 1 if here else len(all_of_them)
        return present, len(all_of_them)

    def answered(self, values: Mapping[str, str]) -> Dialogue:
        """Next state after an answer to the prompt.

        Parameters
        ----------
        values : mapping of str to str
            Values of its answers; those that are left out, or "unknown", are not known.

        Returns
        -------
        Dialogue

        Raises
        ------
        AnswerError
            If a name or value is not a known one, or contradicts age, cause or sites.
        """
        names = self.prompt.names if self.prompt else ()
        known = {name: value for name, value in values.items() if value != UNKNOWN}
        return self._next(self.told.replace(**known), self.circumstances, (name for name in names if name not in known))

    def aged(self, age_years: float) -> Dialogue:
        """Next state after the age, which settles whatever was said of a child.

        Parameters
        ----------
        age_years : float
            From 0 to 130 years.

        Returns
        -------
        Dialogue

        Raises
        ------
        AnswerError
            If the age is no number or out of bounds.
        """
        told = self.told.replace(**dict.fromkeys(AGE_NAMES, UNKNOWN))
        return self._next(told, replace(self.circumstances, age_years=age_years), AGE_NAMES)

    def grown_up(self, *, is_child: bool) -> Dialogue:
        """Next state after "adult" or "child" instead of an age.

        Parameters
        ----------
        is_child : bool
            True for a child, False for an adult.

        Returns
        -------
        Dialogue

        Raises
        ------
        AnswerError
            If an age that was given says otherwise.
        """
        question = questions()["child"]
        told = self.told.replace(child=question.harmful if is_child else question.benign)
        return self._next(told, self.circumstances, AGE_NAMES)

    def caused(self, cause: str) -> Dialogue:
        """Next state after a cause of `known_circumstances`, which settles what was said of causes.

        Parameters
        ----------
        cause : str
            Name of the cause, or "unknown".

        Returns
        -------
        Dialogue

        Raises
        ------
        AnswerError
            If the cause is not a known one, or with the sites it contradicts an answer.
        """
        about = replace(self.circumstances, cause=cause)
        follows = dict(known_circumstances()[cause].follows) if cause in known_circumstances() else {}
        return self._next(self.told.replace(**dict.fromkeys(follows, UNKNOWN)), about, CAUSE_NAMES)

    def unknown(self) -> Dialogue:
        """Next state when nothing of the prompt is known.

        Returns
        -------
        Dialogue
            None of its answers is asked again.
        """
        return self.answered({})

    def none_of_these(self) -> Dialogue:
        """Next state when nothing of a list is there.

        Returns
        -------
        Dialogue
            All answers of the prompt are benign.
        """
        names = self.prompt.names if self.prompt else ()
        return self.answered({name: questions()[name].benign for name in names})

    def going_on(self) -> Dialogue:
        """The same state, going on though it is an emergency.

        Returns
        -------
        Dialogue
        """
        return replace(self, goes_on=True, earlier=self)

    def back(self) -> Dialogue:
        """The state before the last answer; the same at the start.

        Returns
        -------
        Dialogue
        """
        return self.earlier if self.earlier is not None else self

    def filled_in(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Findings of the photo on some answers: sentences without their full stop.

        Parameters
        ----------
        names : tuple of str
            Names of the answers.

        Returns
        -------
        tuple of str
            Empty where the photo gave none of them.
        """
        return tuple(seen for name, seen in self.advice.photo_findings if name in names)

    def _next(
        self, told: Answers, circumstances: Circumstances, left_open: Iterator[str] | tuple[str, ...]
    ) -> Dialogue:
        prompt = self.prompt
        here = ((prompt.screen.pattern, prompt.screen.number),) if prompt else ()
        after = replace(
            self,
            told=told,
            circumstances=circumstances,
            left_open=tuple(dict.fromkeys((*self.left_open, *left_open))),
            visited=tuple(dict.fromkeys((*self.visited, *here))),
            earlier=self,
        )
        # Should it become an emergency again, that is told again.
        return after if after.advice.level == Level.EMERGENCY else replace(after, goes_on=False)

    def _prompts(self, advice: Advice) -> Iterator[Prompt]:
        """The next prompt of every screen that has something left to ask."""
        can_change = {found.question.name for found in advice.open_questions}
        for screen in self._screens(advice):
            left = [name for name in screen.names if self._is_asked(name, advice, can_change)]
            if left:
                yield _first_prompt(left, screen)

    def _is_asked(self, name: str, advice: Advice, can_change: set[str]) -> bool:
        if advice.answers[name] != UNKNOWN or name in self.left_open:
            return False
        if name == "thin_skin_years" and (self.circumstances.age_years or THIN_SKIN_YEARS) < THIN_SKIN_YEARS:
            return False
        # Without a cause nobody can say where it would put spots.
        if name == "distribution" and advice.answers["explained"] != questions()["explained"].benign:
            return False
        # The colour of one spot may change no level, but it decides whether the glass test means something.
        decides = name == "colour" and self.pattern == UNCERTAIN and advice.answers["single_spot"] == "yes"
        return name in can_change or decides or advice.level == Level.EMERGENCY

    def _screens(self, advice: Advice) -> Iterator[Screen]:
        """Screens as things stand, in order."""
        answers = advice.answers
        yield from (screen for screen in screens()[self.pattern] if screen.is_shown(answers))
        shower, single = screens()[PETECHIAL_SHOWER], screens()[SINGLE_LESION]
        if self.pattern in (NO_SPOTS, SINGLE_LESION, ANGIOMA) and answers["unseen_spots"] == "yes":
            yield from (screen for screen in shower if screen.number >= _FROM_GLASS_TEST)
        elif self.pattern == SINGLE_LESION and _may_be_a_new_blood_spot(answers):
            yield shower[_FROM_GLASS_TEST - 1]
        is_one = self.pattern in (NO_SPOTS, UNCERTAIN) and answers["single_spot"] == "yes"
        if is_one or (self.pattern != SINGLE_LESION and SINGLE_LESION in advice.judged_as):
            yield from (screen for screen in single if screen.number in _ABOUT_THE_SPOT)
        if is_one:  # screens on several spots were left out, with signs that count for one spot too
            names = (name for name, found in questions().items() if self.pattern in found.patterns)
            last = len(screens()[self.pattern]) + 1
            yield Screen(self.pattern, last, LAST_TITLE, tuple(filter(_is_tickable, names)), ())


def shown_values(name: str) -> tuple[str, str]:
    """Known values of an answer in the order in which a person sees them.

    Parameters
    ----------
    name : str
        Name of the answer.

    Returns
    -------
    (str, str)
        "yes" and "no", or the benign and the harmful one.

    Raises
    ------
    KeyError
        If there is no such answer.

    Examples
    --------
    >>> shown_values("fever"), shown_values("blanch")
    (('yes', 'no'), ('fades', 'does_not_fade'))
    """
    question = questions()[name]
    both = (question.benign, question.harmful)
    return ("yes", "no") if set(both) == {"yes", "no"} else both


def shown_causes() -> list[str]:
    """Causes in the order in which a person sees them.

    Returns
    -------
    list of str
        Names of `known_circumstances`; "none" is the last.
    """
    return [name for name, found in known_circumstances().items() if found.kind == CAUSE]


def _may_be_a_new_blood_spot(answers: Answers) -> bool:
    """Whether the glass test means something for a single spot: with fever, and when it is new and perhaps red."""
    has_fever = any(answers[name] == "yes" for name in _FEVERISH)
    return has_fever and answers["new_onset"] != "no" and answers["colour"] != "brown_or_black"


def _first_prompt(left: list[str], screen: Screen) -> Prompt:
    """What to ask first of the answers that are left on a screen."""
    if any(name in AGE_NAMES for name in left):
        return Prompt(Kind.AGE, tuple(name for name in left if name in AGE_NAMES), screen)
    if left[0] in CAUSE_NAMES:
        return Prompt(Kind.CAUSE, tuple(name for name in left if name in CAUSE_NAMES), screen)
    if not _is_tickable(left[0]):
        return Prompt(Kind.CHOICE, (left[0],), screen)
    waits = any(name in _PREGNANCY_NAMES for name in left)
    ticked = [name for name in left if _is_tickable(name) and not (waits and name in _AFTER_PREGNANCY_NAMES)]
    return Prompt(Kind.LIST if len(ticked) > 1 else Kind.CHOICE, tuple(ticked), screen)


def _is_tickable(name: str) -> bool:
    """Whether a tick answers a question: what is harmful is then there."""
    return questions()[name].choices[:2] == ("no", "yes")
