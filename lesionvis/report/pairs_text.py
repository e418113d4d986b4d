"""A glass test and a course of photos as plain text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lesionvis.compare.blanch import TEST_NAME, How
from lesionvis.report.text import abcde_lines, advice_text, date_text
from lesionvis.triage.advice import Advice
from lesionvis.triage.numbers import PhoneNumbers

if TYPE_CHECKING:
    from lesionvis.compare.blanch import BlanchTest
    from lesionvis.compare.comparison import Comparison
    from lesionvis.compare.series import Course

VERDICTS = {
    "fades": "THE SPOTS SEEM TO FADE IN THESE PHOTOS",
    "does_not_fade": "THE SPOTS DO NOT FADE",
    "cannot_tell": "THE PHOTOS DO NOT TELL",
}
# What follows a verdict: what a person must do who wants to know.
FADES_NOTES: dict[How, str] = {
    "pressed": (
        "A photo alone does not answer the glass test. Look through the glass yourself and repeat it: spots can fade "
        "at first. If you also see them fade, give --agree."
    ),
    "stretched": (
        "A photo alone does not answer whether spots fade. Stretch the skin and look yourself, and do the glass test: "
        "spots can fade at first. If you also see them fade, give --agree."
    ),
}
UNTOLD_NOTES: dict[How, str] = {
    how: (
        f"The {TEST_NAME[how].lower()} counts as not done. Do it with your own eyes: press a clear glass firmly on the "
        "spots and look through it. If there is fever, do not wait for the test but get help."
    )
    for how in TEST_NAME
}
# Spots that are told one by one; the others are counted.
N_SPOTS_TOLD = 12
# A median shift of colour that is worth a word, in either direction.
SHIFT_MIN = 0.05


def blanch_text(test: BlanchTest, advice: Advice, numbers: PhoneNumbers | None = None, *, details: bool = False) -> str:
    """Glass test, or test by stretching, and advice.

    Parameters
    ----------
    test : BlanchTest
    advice : Advice
    numbers : PhoneNumbers, optional
        Whom to ring.
    details : bool
        As in `analysis_text`.

    Returns
    -------
    str
        Lines of at most 100 characters, fewer in a narrow terminal, but for addresses.
    """
    rows = zip(test.spot.tolist(), test.ratio.tolist(), test.ratio_error.tolist(), strict=True)
    told = [
        f"- spot {spot}: {100 * ratio:.0f} ± {100 * error:.0f} % of its colour is left" for spot, ratio, error in rows
    ]
    lines = [
        f"{TEST_NAME[test.how].upper()}: {VERDICTS[test.verdict]}",
        test.reason,
        *told[:N_SPOTS_TOLD],
        *([f"- and {len(told) - N_SPOTS_TOLD} more spots"] if len(told) > N_SPOTS_TOLD else []),
        *verdict_notes(test),
    ]
    return advice_text(advice, lines, numbers, details=details)


def verdict_notes(test: BlanchTest) -> list[str]:
    """What has to be said beside a verdict that settles nothing.

    Parameters
    ----------
    test : BlanchTest

    Returns
    -------
    list of str
        Empty where the spots do not fade.
    """
    notes = {"fades": FADES_NOTES[test.how], "cannot_tell": UNTOLD_NOTES[test.how]}
    return [notes[test.verdict]] if test.verdict in notes else []


def course_text(course: Course, advice: Advice, numbers: PhoneNumbers | None = None, *, details: bool = False) -> str:
    """Course of photos and advice.

    Parameters
    ----------
    course : Course
    advice : Advice
    numbers : PhoneNumbers, optional
        Whom to ring.
    details : bool
        As in `analysis_text`.

    Returns
    -------
    str
        Lines of at most 100 characters, fewer in a narrow terminal, but for addresses.
    """
    told = [f"- {line}" for line in course_lines(course)]
    return advice_text(advice, ["COURSE", *told, *abcde_lines(course.abcde, details=details)], numbers, details=details)


def course_lines(course: Course) -> list[str]:
    """Photos, what happened between them, and what that answers, a line each.

    Parameters
    ----------
    course : Course

    Returns
    -------
    list of str
        First the photos in the order of the course, then the intervals between them, then the answers that they give.
        Areas in mm2, left out without a scale.
    """
    lines = []
    for moment in course.moments:
        when = date_text(moment.taken_at, moment.taken_at_source) if moment.taken_at else "no date"
        area = f", {moment.area_mm2:.3g} mm2 in all" if np.isfinite(moment.area_mm2) else ""
        lines.append(f"{moment.name}, {when}: {moment.n_spots} spot{'s' if moment.n_spots != 1 else ''}{area}")
    for number, interval in enumerate(course.intervals, start=1):
        is_by_day = any(moment.is_day_alone for moment in course.moments[number - 1 : number + 1])
        span = _span(interval.days, is_by_day=is_by_day)
        lines.append(f"From photo {number} to {number + 1}{span}: {_interval(interval)}")
    return [*lines, *(f"{seen}." for _, seen in course.findings())]


def _span(days: float, *, is_by_day: bool) -> str:
    """Time between two photos; in days alone where one of them has no time of the day."""
    if not np.isfinite(days):
        return ""
    if is_by_day:
        return f", about {days:.0f} day{'s' if round(days) != 1 else ''}"
    return f", {24.0 * days:.1f} hours" if days < 2.0 else f", {days:.0f} days"


def _interval(interval: Comparison) -> str:
    matches = interval.matches
    if matches is None:
        return f"not compared. {interval.registration.reason}"
    names = ("new", "gone", "growing", "fading", "persisting", "unclear")
    parts = [f"{matches.count(name)} {name}" for name in names if matches.count(name)]
    text = ", ".join(parts) if parts else "no spots to compare"
    area, contrast, shift = (interval.median(name) for name in ("area_ratio", "contrast_ratio", "blue_shift"))
    stayed = []
    if np.isfinite(area):
        stayed.append(f"a typical one has {area:.2f} times the area")
        # Spots found in both may be too faint in the first to be a measure.
        stayed += [f"its colour is {contrast:.2f} times as strong"] if np.isfinite(contrast) else []
    if abs(shift) >= SHIFT_MIN:
        stayed.append(f"it is {'browner or yellower' if shift > 0.0 else 'less brown or yellow'} ({shift:+.2f})")
    text += f". Of the spots in both photos {', '.join(stayed)}" if stayed else ""
    if np.isfinite(interval.extent_ratio):
        text += f". The area over which spots are spread is {interval.extent_ratio:.2f} times what it was"
    return f"{text}."
