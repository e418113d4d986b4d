"""Advice to a person as frozen types: the level, its reasons, the open questions and the notes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from lesionvis.json_ready import json_ready
from lesionvis.triage.actions import Action, actions
from lesionvis.triage.answers import ASKED_ABOUT, Answers, Question
from lesionvis.triage.circumstances import Circumstances
from lesionvis.triage.evidence import PhotoEvidence, is_single_spot
from lesionvis.triage.retake import RETAKES, Retake
from lesionvis.triage.rules import Level
from lesionvis.triage.wording import AGAIN_FOR, ALWAYS, AT_ONCE_FOR, ELSE_AT_ONCE_FOR, HEADER, SAY_WHAT_YOU_SEE

RED_FLAGS_GROUP = ASKED_ABOUT[0]


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that matched: one reason for the level.

    Attributes
    ----------
    rule_id, level, family, reason, action, safety_net, source_title, source_addresses
        As in `Rule`.
    from_photo : bool
        True when it would not match without what was measured in the photo.
    """

    rule_id: str
    level: Level
    family: str
    reason: str
    action: str
    safety_net: str
    source_title: str
    source_addresses: tuple[str, ...]
    from_photo: bool

    def to_dict(self) -> dict[str, Any]:
        """Rule as plain values.

        Returns
        -------
        dict
            Ready for JSON.
        """
        return asdict(self) | {"level": str(self.level), "source_addresses": list(self.source_addresses)}


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An unanswered question that can still change the level.

    Attributes
    ----------
    question : Question
        Name, values and plain words.
    highest_level, lowest_level : Level
        The highest and lowest level that answering this question alone can give. Where both are the present
        level, it counts only together with other open questions.
    """

    question: Question
    highest_level: Level
    lowest_level: Level

    def to_dict(self) -> dict[str, Any]:
        """Question as plain values.

        Returns
        -------
        dict
            Ready for JSON.
        """
        return {
            "name": self.question.name,
            "choices": list(self.question.choices),
            "question": self.question.text,
            "help": self.question.help,
            "highest_level": str(self.highest_level),
            "lowest_level": str(self.lowest_level),
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """Urgency of having the spots looked at, with its reasons. Never a diagnosis, and never an all-clear.

    Attributes
    ----------
    level : Level
        The highest level of all rules that matched.
    pattern : str
        The pattern that the advice is for.
    judged_as : tuple of str
        The patterns whose rules were asked: that one, and "single_lesion" where one spot stands out of a crop.
    told : Answers
        What the person said.
    evidence : PhotoEvidence
        What was measured in photos.
    answers : Answers
        The answers used: what the person said, with what the photos added and what goes without saying.
    reasons : tuple of FiredRule
        The rules of this level that matched; the first one decides what to do and say.
    also_noted : tuple of FiredRule
        The rules of lower levels that matched, highest first. Those of the levels watch and none are true only when
        nothing above them matched, and left out otherwise.
    open_questions : tuple of OpenQuestion
        Unanswered questions that can still change the level, most decisive first.
    photo_notes : tuple of str
        What the photo added, and where it disagrees with an answer that was kept.
    circumstance_notes : tuple of str
        What age, cause and sites added; see `noting`.
    """

    level: Level
    pattern: str
    judged_as: tuple[str, ...]
    told: Answers
    evidence: PhotoEvidence
    answers: Answers
    reasons: tuple[FiredRule, ...]
    also_noted: tuple[FiredRule, ...]
    open_questions: tuple[OpenQuestion, ...]
    photo_notes: tuple[str, ...]
    circumstance_notes: tuple[str, ...] = ()

    def noting(self, circumstances: Circumstances) -> Advice:
        """Add the notes on the circumstances that the answers came from; the level stays.

        Parameters
        ----------
        circumstances : Circumstances
            Of the person.

        Returns
        -------
        Advice
            With the notes.
        """
        return replace(self, circumstance_notes=circumstances.notes(self.pattern, self.answers))

    @property
    def header(self) -> str:
        """Sentence that every output starts with."""
        return HEADER

    @property
    def action(self) -> Action:
        """Next steps and words for the phone at this level, in the family of the deciding rule."""
        found = actions()[self.level, self.reasons[0].family]
        # The script for watching says that warning signs were answered with no, which is not so while some are open.
        is_open = any(found.question.group == RED_FLAGS_GROUP for found in self.open_questions)
        is_untrue = self.level == Level.WATCH and is_open
        return replace(found, what_to_say=SAY_WHAT_YOU_SEE) if is_untrue else found

    @property
    def was_asked(self) -> bool:
        """True if somebody was asked: without any answer the level rests on the photo alone."""
        return bool(self.told.given)

    @property
    def photo_findings(self) -> tuple[tuple[str, str], ...]:
        """Answers to which the photo gave the harmful value, each with what was seen."""
        return tuple(self.evidence.findings(single_spot=is_single_spot(self.pattern, self.told)))

    @property
    def retakes(self) -> tuple[Retake, ...]:
        """Reasons and ways to take another photo, where this one is itself the trouble. The level stands until then."""
        return tuple(retake for flag, retake in RETAKES.items() if flag in self.evidence.flags)

    @property
    def what_to_do(self) -> str:
        """Next step in plain words."""
        return self.action.what_to_do

    @property
    def net_heading(self) -> str:
        """What stands over the signs at which to get help at once; "the emergency number" is that of the country."""
        is_emergency = self.level == Level.EMERGENCY
        return AGAIN_FOR if is_emergency else AT_ONCE_FOR.get(self.action.family, ELSE_AT_ONCE_FOR)

    @property
    def always(self) -> tuple[str, ...]:
        """Sentences that belong under every advice."""
        return ALWAYS

    def to_dict(self) -> dict[str, Any]:
        """Advice as plain values.

        Returns
        -------
        dict
            Ready for JSON.
        """
        content = {
            "header": self.header,
            "level": str(self.level),
            "what_to_do": self.what_to_do,
            "pattern": self.pattern,
            "judged_as": list(self.judged_as),
            "action": self.action.to_dict(),
            "was_asked": self.was_asked,
            "take_another_photo": [asdict(retake) for retake in self.retakes],
            "reasons": [reason.to_dict() for reason in self.reasons],
            "also_noted": [reason.to_dict() for reason in self.also_noted],
            "open_questions": [question.to_dict() for question in self.open_questions],
            "photo_notes": list(self.photo_notes),
            "circumstance_notes": list(self.circumstance_notes),
            "always": list(self.always),
            "answers": self.answers.to_dict(),
        }
        return json_ready(content)
