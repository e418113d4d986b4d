"""Pattern, answers and photo evidence -> Advice: how soon somebody should look at the spots.

An answer is benign, unknown or harmful, and the level is the highest of all rules that match. No rule
asks for a benign value, so a benign answer never gives a higher level than an unknown or a harmful one.

Nor does an unknown answer give a higher level than a harmful one, but for one case of the rules as they
stand: in a petechial shower that would otherwise be watched, rule P04 matches while the glass test has
not been done (prompt), and no longer once the spots do not fade, which is what petechiae do (watch).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from lesionvis.errors import AnswerError
from lesionvis.labels import LABELS, SINGLE_LESION
from lesionvis.triage.advice import Advice, FiredRule, OpenQuestion
from lesionvis.triage.answers import UNKNOWN, Answers, Question, as_answers, questions
from lesionvis.triage.conditions import BLOOD_LIKE, PATTERN
from lesionvis.triage.evidence import PhotoEvidence, answers_with_photo
from lesionvis.triage.rules import Level, Rule, rules
from lesionvis.triage.wording import STANDS_OUT


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
    used = answers_with_photo(told, evidence)
    stands_out = evidence.stands_out and pattern in BLOOD_LIKE
    matching = matching_rules(pattern, used, stands_out=stands_out)
    without_photo = {rule.rule_id for rule in matching_rules(pattern, told)}
    notes = tuple(_photo_note(name, seen, told) for name, seen in evidence.findings())
    return Advice(
        level=matching[0].level,
        pattern=pattern,
        judged_as=_judged_as(pattern, stands_out=stands_out),
        told=told,
        evidence=evidence,
        answers=used,
        reasons=tuple(_fired(rule, from_photo=rule.rule_id not in without_photo) for rule in matching),
        open_questions=open_questions(pattern, used, stands_out=stands_out),
        photo_notes=(STANDS_OUT, *notes) if stands_out else notes,
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

    Rules of the levels watch and none match whatever is answered, so they are kept only when nothing above
    them matches.

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
    ['N02']
    """
    judged_as = _judged_as(pattern, stands_out=stands_out)
    facts = answers.to_dict()
    matching = tuple(rule for rule in rules() if _holds(rule, judged_as, facts))
    return tuple(rule for rule in matching if rule.level > Level.WATCH) or matching


def open_questions(pattern: str, answers: Answers, *, stands_out: bool = False) -> tuple[OpenQuestion, ...]:
    """Unanswered questions that can still change the level, most decisive first.

    A question is open exactly when there is some way to answer or leave the other unanswered questions
    in which the level depends on this one. Not all ways need to be tried. A benign value never makes a
    rule match, so if the level depends on the question at all, the question is part of a smallest set of
    facts that makes some rule match, and the level still depends on it when every unanswered question
    outside that set is answered benign. There are only a few such sets for each rule. (The answers are
    taken as independent, except that nobody who is not a child is asked whether they are under 3 months
    old.)

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
    ['new_onset', 'serious_bleeding_or_head_injury']
    """
    judged_as = _judged_as(pattern, stands_out=stands_out)
    facts = answers.to_dict()
    if facts["child"] == questions()["child"].benign and facts["infant_u3m"] == UNKNOWN:
        facts["infant_u3m"] = questions()["infant_u3m"].benign
    found = []
    for question in questions().values():
        if facts[question.name] == UNKNOWN and _counts(question, judged_as, facts):
            alone = [_level(judged_as, facts | {question.name: value}) for value in (question.benign, question.harmful)]
            found.append(OpenQuestion(question, highest_level=max(alone), lowest_level=min(alone)))
    return tuple(sorted(found, key=lambda question: (-question.highest_level, question.lowest_level)))


def _counts(question: Question, judged_as: Sequence[str], facts: Mapping[str, str]) -> bool:
    """Tell whether the value of an unanswered question can change the level, given the facts."""
    benign = {name: questions()[name].benign for name, value in facts.items() if value == UNKNOWN}
    for level, case in _cases_by_answer().get(question.name, ()):
        of_answers = {name: value for name, value in case.items() if name != PATTERN}
        possible = all(facts[name] in (value, UNKNOWN) for name, value in of_answers.items())
        possible &= case.get(PATTERN, judged_as[0]) in judged_as
        # In this case the rule matches: is the level lower once nothing but this question is answered benign?
        if possible and _level(judged_as, {**facts, **benign, **of_answers, question.name: question.benign}) < level:
            return True
    return False


@cache
def _cases_by_answer() -> Mapping[str, tuple[tuple[Level, Mapping[str, str]], ...]]:
    """For each answer, the smallest sets of facts with it that make a rule match, and that rule's level."""
    cases: dict[str, tuple[tuple[Level, Mapping[str, str]], ...]] = {}
    for rule in rules():
        for case in rule.condition.cases():
            for name in case:
                cases[name] = (*cases.get(name, ()), (rule.level, case))
    return MappingProxyType(cases)


def _judged_as(pattern: str, *, stands_out: bool) -> tuple[str, ...]:
    """Patterns whose rules are asked."""
    if pattern not in LABELS:
        raise AnswerError(f'There is no pattern "{pattern}"; it is one of {", ".join(LABELS)}.')
    # The guide wants "any single changing or growing spot" looked at by ABCDE, also where small bleeds are around it.
    return (pattern, SINGLE_LESION) if stands_out and pattern != SINGLE_LESION else (pattern,)


def _holds(rule: Rule, judged_as: Sequence[str], facts: Mapping[str, str]) -> bool:
    """Whether a rule matches for any of the patterns."""
    return any(rule.condition.holds({**facts, PATTERN: pattern}) for pattern in judged_as)


def _level(judged_as: Sequence[str], facts: Mapping[str, str]) -> Level:
    """Level of the first, and so highest, rule that matches."""
    return next(rule.level for rule in rules() if _holds(rule, judged_as, facts))


def _fired(rule: Rule, *, from_photo: bool) -> FiredRule:
    return FiredRule(
        rule_id=rule.rule_id,
        level=rule.level,
        reason=rule.reason,
        action=rule.action,
        source_title=rule.source_title,
        source_addresses=rule.source_addresses,
        from_photo=from_photo,
    )


def _photo_note(name: str, seen: str, told: Answers) -> str:
    """Sentence on one finding of the photo, against what the person said."""
    question = questions()[name]
    value = (told[name] if told[name] != UNKNOWN else question.harmful).replace("_", " ")
    if told[name] == UNKNOWN:
        return f'{seen}, so "{question.text}" counts as answered "{value}".'
    if told[name] == question.harmful:
        return f'{seen}, as was answered: "{question.text}" "{value}".'
    return f'{seen}, but "{question.text}" was answered "{value}"; the answer was kept, so check it.'
