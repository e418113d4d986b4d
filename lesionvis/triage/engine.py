"""Pattern, answers and photo evidence -> Advice: how soon somebody should look at the spots.

An answer is benign, unknown or harmful, and the level is the highest of all rules that match. No rule asks for a
benign value, nor for an unknown one that a harmful one does not meet as well: an answer that gets worse never lowers
a level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lesionvis.errors import AnswerError
from lesionvis.labels import LABELS, NO_SPOTS, PETECHIAL_SHOWER, SINGLE_LESION, UNCERTAIN
from lesionvis.triage.advice import Advice, FiredRule, OpenQuestion
from lesionvis.triage.answers import UNKNOWN, Answers, as_answers, questions, with_following
from lesionvis.triage.evidence import PhotoEvidence, answers_with_photo, is_single_spot
from lesionvis.triage.matching import facts_of, matching, open_names
from lesionvis.triage.rules import Level, Rule
from lesionvis.triage.wording import STANDS_OUT, TOLD_SPOTS

# Answers by which a person tells of spots, when harmful; a photo that shows none does not take that back.
TELLS_OF_SPOTS = ("unseen_spots", "single_spot", "new_onset", "count", "blanch", "mouth_spots")


def advise(
    pattern: str, answers: Answers | Mapping[str, str] | None = None, photo: PhotoEvidence | None = None
) -> Advice:
    """Advice for a pattern, a person's answers and what was measured in the photo.

    Parameters
    ----------
    pattern : str
        One of `LABELS`.
    answers : Answers, mapping of str to str, or None
        What the person said; None means that nothing was asked, so that everything is unknown.
    photo : PhotoEvidence or None
        What was measured; None adds nothing.

    Returns
    -------
    Advice
        The level, its reasons and the questions that can still change it.

    Raises
    ------
    AnswerError
        If the pattern, or the name or value of an answer, is not a known one.

    Examples
    --------
    >>> advice = advise("petechial_shower", {"fever": "yes", "blanch": "does_not_fade"})
    >>> str(advice.level), advice.reasons[0].rule_id
    ('emergency', 'E01')
    """
    told = as_answers(answers)
    evidence = photo if photo is not None else PhotoEvidence()
    single_spot = is_single_spot(pattern, told)
    used = with_following(answers_with_photo(told, evidence, single_spot=single_spot))
    stands_out = evidence.stands_out and pattern in (PETECHIAL_SHOWER, UNCERTAIN)
    found = matching_rules(pattern, used, stands_out=stands_out)
    without_photo = {rule.rule_id for rule in matching_rules(pattern, told)}
    fired = tuple(_fired(rule, from_photo=rule.rule_id not in without_photo) for rule in found)
    level = found[0].level
    return Advice(
        level=level,
        pattern=pattern,
        judged_as=_judged_as(pattern, stands_out=stands_out),
        told=told,
        evidence=evidence,
        answers=used,
        reasons=tuple(rule for rule in fired if rule.level == level),
        also_noted=tuple(rule for rule in fired if rule.level < level),
        open_questions=open_questions(pattern, used, stands_out=stands_out),
        photo_notes=tuple(_photo_notes(pattern, told, evidence, single_spot=single_spot, stands_out=stands_out)),
    )


def advise_further(advice: Advice, evidence: PhotoEvidence) -> Advice:
    """Advice after more photos of the same spots, such as one under a glass or of another day.

    Parameters
    ----------
    advice : Advice
        On one photo.
    evidence : PhotoEvidence
        What the others add.

    Returns
    -------
    Advice
        Of the same or a higher level.

    Examples
    --------
    >>> first = advise("petechial_shower", Answers.from_mapping({"fever": "yes", "new_onset": "yes"}))
    >>> further = advise_further(first, PhotoEvidence(further=(("blanch", "Under glass the spots do not fade"),)))
    >>> str(further.level), further.answers["blanch"], further.photo_notes[0][:33]
    ('emergency', 'does_not_fade', 'Under glass the spots do not fade')
    """
    again = advise(advice.pattern, advice.told, advice.evidence.merged(evidence))
    return replace(again, circumstance_notes=advice.circumstance_notes)


def matching_rules(pattern: str, answers: Answers, *, stands_out: bool = False) -> tuple[Rule, ...]:
    """Rules that match, highest level first; the first one's level is the level of the advice.

    What rules of the levels watch and none say is true only when nothing higher matches, so they are left out then.

    Parameters
    ----------
    pattern : str
        One of `LABELS`.
    answers : Answers
        The answers.
    stands_out : bool
        Whether one spot stands out of the pattern, so that the rules for a single lesion count as well.

    Returns
    -------
    tuple of Rule
        At least one.

    Raises
    ------
    AnswerError
        If the pattern is not a known one.

    Examples
    --------
    >>> [rule.rule_id for rule in matching_rules("no_spots", Answers())]
    ['W04']
    """
    found = matching(_judged_as(pattern, stands_out=stands_out), facts_of(answers))
    return tuple(rule for rule in found if rule.level > Level.WATCH or rule.level == found[0].level)


def open_questions(pattern: str, answers: Answers, *, stands_out: bool = False) -> tuple[OpenQuestion, ...]:
    """Unanswered questions that can still change the level, most decisive first.

    A question is open exactly when there is some way to answer or leave the other unanswered questions in which the
    level depends on this one. (The answers are taken as independent.)

    Most decisive is the question that, answered alone, can raise the level highest; among equals, the
    one that can lower it furthest; among these, the first in the order of the questions.

    Parameters
    ----------
    pattern : str
        One of `LABELS`.
    answers : Answers
        The answers; only unknown ones can be open.
    stands_out : bool
        As in `matching_rules`.

    Returns
    -------
    tuple of OpenQuestion
        Empty when no answer can change the level.

    Raises
    ------
    AnswerError
        If the pattern is not a known one.

    Examples
    --------
    >>> fever = Answers.from_mapping({"fever": "yes", "blanch": "does_not_fade"})
    >>> [found.question.name for found in open_questions("petechial_shower", fever)][:2]
    ['new_onset', 'confused_or_drowsy']
    """
    judged_as = _judged_as(pattern, stands_out=stands_out)
    found = [OpenQuestion(questions()[name], high, low) for name, high, low in open_names(judged_as, answers)]
    return tuple(sorted(found, key=lambda question: (-question.highest_level, question.lowest_level)))


def _judged_as(pattern: str, *, stands_out: bool) -> tuple[str, ...]:
    """Patterns whose rules are asked."""
    if pattern not in LABELS:
        raise AnswerError(f'There is no pattern "{pattern}"; it is one of {", ".join(LABELS)}.')
    # The guide wants "any single changing or growing spot" looked at by ABCDE, also where small bleeds are around it.
    return (pattern, SINGLE_LESION) if stands_out and pattern != SINGLE_LESION else (pattern,)


def _fired(rule: Rule, *, from_photo: bool) -> FiredRule:
    return FiredRule(
        rule_id=rule.rule_id,
        level=rule.level,
        family=rule.family,
        reason=rule.reason,
        action=rule.action,
        safety_net=rule.safety_net,
        source_title=rule.source_title,
        source_addresses=rule.source_addresses,
        from_photo=from_photo,
    )


def _photo_notes(
    pattern: str, told: Answers, evidence: PhotoEvidence, *, single_spot: bool, stands_out: bool
) -> Iterator[str]:
    """Sentences on what photo and person say of the spots, and where they disagree."""
    if pattern == NO_SPOTS and any(told[name] == questions()[name].harmful for name in TELLS_OF_SPOTS):
        yield TOLD_SPOTS
    if stands_out:
        yield STANDS_OUT
    for name, seen in evidence.findings(single_spot=single_spot):
        yield _photo_note(name, seen, told)


def _photo_note(name: str, seen: str, told: Answers) -> str:
    """Sentence on one finding of the photo, against what the person said."""
    question = questions()[name]
    value = (told[name] if told[name] != UNKNOWN else question.harmful).replace("_", " ")
    if told[name] == UNKNOWN:
        return f'{seen}, so "{question.text}" counts as answered "{value}".'
    if told[name] == question.harmful:
        return f'{seen}, as was answered: "{question.text}" "{value}".'
    return f'{seen}, but "{question.text}" was answered "{value}"; the worse of the two counts, so check it.'
