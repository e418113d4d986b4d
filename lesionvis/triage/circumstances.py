"""Age, cause and sites of the spots, and the answers that surely follow from them.

A circumstance only ever fills in an answer that nobody gave: one that contradicts an answer is an error. Which causes
and sites there are, and what each means for the answers, is data. "Above the nipple line" is where coughing, vomiting,
straining and crying put spots (rule P07); a band or a knock puts them at its own place, which no list of sites tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from lesionvis.errors import AnswerError, LesionvisError
from lesionvis.triage.answers import UNKNOWN, Answers, as_answers, closest, packaged_text, questions, read_table
from lesionvis.triage.wording import NECK_NOTE

CAUSE, SITE = "cause", "site"
ABOVE_NIPPLE_LINE, ELSEWHERE = "above_nipple_line", "elsewhere"

# The oldest person known lived to 122.
AGE_MAX_YEARS = 130.0
# What the questions call a child, and a baby under 3 months.
ADULT_YEARS, INFANT_YEARS = 18.0, 0.25
# The guide calls cherry angiomas "very common after age 30".
ANGIOMA_YEARS = 30.0
# Signs of babies and small children are asked under 5 years, a fever of 39 °C under 6 months.
SMALL_CHILD_YEARS, BABY_39_YEARS = 5.0, 0.5
# Where pressure on the neck shows (rule E09), and the neck itself; the question on areas counts them as one.
NECK_SITES = ("face", "eyelids", "neck")


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A cause or a site that can be named.

    Attributes
    ----------
    name : str
    kind : str
        "cause" or "site".
    follows : tuple of (str, str)
        Answers that follow from it alone, with their values.
    place : str
        Where a site lies, or where a cause puts spots: "above_nipple_line", "elsewhere", or "" when it cannot be said.
    meaning : str
        In plain words.
    """

    name: str
    kind: str
    follows: tuple[tuple[str, str], ...]
    place: str
    meaning: str


def _parse_circumstances(text: str) -> Mapping[str, Circumstance]:
    """Causes and sites by name, from the text of `circumstances.csv`; LesionvisError if it is damaged."""
    found = {}
    for row in read_table(text, "circumstances.csv", ("circumstance", "kind", "follows", "place", "meaning")):
        parts = [part for part in row["follows"].split("; ") if part]
        follows = dict(part.split("=", 1) for part in parts if "=" in part)
        known = row["kind"] in (CAUSE, SITE) and row["place"] in ("", ABOVE_NIPPLE_LINE, ELSEWHERE)
        if not known or not row["meaning"] or len(parts) != len(follows):
            raise LesionvisError(
                f'circumstances.csv, row "{row["circumstance"]}": give a known kind and place, a meaning, and what '
                'follows as NAME=VALUE, divided by "; ", or nothing.'
            )
        answers = Answers.from_mapping(follows)
        name = row["circumstance"]
        found[name] = Circumstance(name, row["kind"], answers.given, row["place"], row["meaning"])
    return MappingProxyType(found)


@cache
def known_circumstances() -> Mapping[str, Circumstance]:
    """Every cause and site by its name, in the order of the table; read-only.

    Returns
    -------
    mapping of str to Circumstance
        Read-only.

    Examples
    --------
    >>> known_circumstances()["coughing"].follows
    (('explained', 'yes'), ('strain_cause', 'yes'))
    """
    return _parse_circumstances(packaged_text("circumstances.csv"))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Age, cause and sites, as far as they were told.

    Parameters
    ----------
    age_years : float or None
        Age of the person with the spots, 0 to 130 years; 0.2 is a baby of about ten weeks.
    cause : str
        What happened just before the spots appeared: a cause of `known_circumstances`, "none", or "unknown".
    sites : tuple of str
        Where on the body spots are, all places; empty when nobody said. Kept in the order of the table.

    Raises
    ------
    AnswerError
        If the age is out of bounds, or a cause or site is not a known one; the message lists them.

    Examples
    --------
    >>> told = Answers.from_mapping({"fever": "no"})
    >>> answers = Circumstances(age_years=34, cause="coughing", sites=("face", "neck")).answers(told)
    >>> answers["child"], answers["explained"], answers["distribution"]
    ('no', 'yes', 'fits_explanation')

    `advise("petechial_shower", answers)` takes them as if they had been given.
    """

    age_years: float | None = None
    cause: str = UNKNOWN
    sites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check age and names, and put the sites into the one order."""
        age = self.age_years
        is_number = isinstance(age, int | float) and not isinstance(age, bool)
        if age is not None and not (is_number and 0.0 <= age <= AGE_MAX_YEARS):
            raise AnswerError(f"age_years must be a number from 0 to {AGE_MAX_YEARS:g}, got {age!r}.")
        _check_name(self.cause, "cause", [*_names(CAUSE), UNKNOWN])
        for site in self.sites:
            _check_name(site, "site", _names(SITE))
        object.__setattr__(self, "sites", tuple(site for site in _names(SITE) if site in self.sites))

    def answers(self, told: Answers | Mapping[str, str] | None = None) -> Answers:
        """Answers with what follows from the circumstances.

        Parameters
        ----------
        told : Answers or mapping of str to str, optional
            What the person answered; nothing unless given. None of it is changed.

        Returns
        -------
        Answers

        Raises
        ------
        AnswerError
            If something that follows contradicts an answer, of which the message names both, or the name or value of
            an answer is not a known one.

        Examples
        --------
        >>> Circumstances(age_years=7).answers({"child": "no"})
        Traceback (most recent call last):
        ...
        lesionvis.errors.AnswerError: The age in years is 7, which means child=yes, but child=no was answered; ...
        """
        given = as_answers(told)
        following = self._following()
        for name, (value, why) in following.items():
            if given[name] not in (UNKNOWN, value):
                raise AnswerError(
                    f"{why}, which means {name}={value}, but {name}={given[name]} was answered; correct one of the two."
                )
        assumed = {name: value for name, value in self._assumed().items() if given[name] == UNKNOWN}
        return given.replace(**assumed | {name: value for name, (value, _) in following.items()})

    def notes(self, pattern: str, answers: Answers) -> tuple[str, ...]:
        """Sentences for the person: what follows from the circumstances, and what else they make worth a look.

        None of them changes a level.

        Parameters
        ----------
        pattern : str
            What the photo was taken for.
        answers : Answers
            All that is known, what follows included.

        Returns
        -------
        tuple of str

        Examples
        --------
        >>> Circumstances(age_years=24).notes("angioma", Answers())[-1]
        'The age in years is 24, so "Is the person under 30?" counts as answered "yes".'
        """
        found = [
            f'{why}, so "{questions()[name].text}" counts as answered "{value.replace("_", " ")}".'
            for name, (value, why) in self._following().items()
            # What is not asked of this pattern does not matter, and no baby goes without saying once the age is told.
            if pattern in questions()[name].patterns and (name, value) != ("infant_u3m", "no")
        ]
        # Whatever the pattern, as rule E09: what a photo seems to show must not keep this question back.
        if answers["neck_compression"] == UNKNOWN and set(NECK_SITES) & set(self.sites):
            found.append(NECK_NOTE)
        return tuple(found)

    def _following(self) -> dict[str, tuple[str, str]]:
        """Answers that follow: name -> value, and why as the beginning of a sentence."""
        found: dict[str, tuple[str, str]] = {}
        if self.age_years is not None:
            why = f"The age in years is {self.age_years:g}"
            found["child"] = ("yes" if self.age_years < ADULT_YEARS else "no", why)
            found["infant_u3m"] = ("yes" if self.age_years < INFANT_YEARS else "no", why)
            found["under_30"] = ("yes" if self.age_years < ANGIOMA_YEARS else "no", why)
        for circumstance in self._named():
            why = f'The {circumstance.kind} is "{circumstance.name}"'
            found |= {name: (value, why) for name, value in circumstance.follows}
        distribution = self._distribution()
        sites = f"{'site is' if len(self.sites) == 1 else 'sites are'} {_listed(self.sites)}"
        if distribution != UNKNOWN and "distribution" not in found:
            found["distribution"] = (distribution, f'The cause is "{self.cause}" and the {sites}')
        if self.sites and "widespread" not in found:
            areas = {"" if site in NECK_SITES else site for site in self.sites}
            question = questions()["widespread"]
            found["widespread"] = (question.benign if len(areas) == 1 else question.harmful, f"The {sites}")
        return found

    def _assumed(self) -> dict[str, str]:
        """Answers that nobody of this age is asked for; another answer that was given stands."""
        age = self.age_years
        if age is None:
            return {}
        not_of_age = {
            "high_pitched_cry": age >= SMALL_CHILD_YEARS,
            "not_feeding": age >= SMALL_CHILD_YEARS,
            "baby_39": age >= BABY_39_YEARS,
        }
        return {name: questions()[name].benign for name, is_over in not_of_age.items() if is_over}

    def _named(self) -> Iterator[Circumstance]:
        return (known_circumstances()[name] for name in (self.cause, *self.sites) if name != UNKNOWN)

    def _distribution(self) -> str:
        """Whether the sites are where the cause would put spots; unknown where it could be anywhere."""
        cause = known_circumstances().get(self.cause)
        places = {known_circumstances()[site].place for site in self.sites}
        if cause is None or cause.place != ABOVE_NIPPLE_LINE:
            return UNKNOWN
        if ELSEWHERE in places:
            return questions()["distribution"].harmful
        return questions()["distribution"].benign if places == {ABOVE_NIPPLE_LINE} else UNKNOWN


def _names(kind: str) -> list[str]:
    return [name for name, found in known_circumstances().items() if found.kind == kind]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _check_name(name: str, what: str, known: list[str]) -> None:
    if name not in known:
        raise AnswerError(f'There is no {what} "{name}"{closest(name, known)}')
