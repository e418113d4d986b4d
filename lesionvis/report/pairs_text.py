"""A glass test and a course of photos as plain text for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from lesionvis.report.text import MAX_WIDTH, abcde_lines, advice_text
from lesionvis.triage import Advice

if TYPE_CHECKING:
    from lesionvis.blanch import BlanchTest
    from lesionvis.interval import Interval
    from lesionvis.series import Course

VERDICTS = {
    "fades": "THE SPOTS SEEM TO FADE IN THESE PHOTOS",
    "does_not_fade": "THE SPOTS DO NOT FADE",
    "cannot_tell": "THE PHOTOS DO NOT TELL",
}
FADES_NOTE = (
    "A photo alone does not answer the glass test. Look through the glass yourself and repeat it: spots can fade at "
    "first. If you also see them fade, give --agree."
)
UNTOLD_NOTE = "The glass test counts as not done."


def blanch_text(test: BlanchTest, advice: Advice) -> str:
    """Glass test and advice.

    Parameters
    ----------
    test : BlanchTest
    advice : Advice

    Returns
    -------
    str
        Lines of at most 100 characters, but for addresses.
    """
    rows = zip(test.spot.tolist(), test.ratio.tolist(), test.ratio_error.tolist(), strict=True)
    notes = {"fades": FADES_NOTE, "cannot_tell": UNTOLD_NOTE}
    lines = [
        f"GLASS TEST: {VERDICTS[test.verdict]}",
        test.reason,
        *(
            f"- spot {spot}: {100 * ratio:.0f} ± {100 * error:.0f} % of its colour is left"
            for spot, ratio, error in rows
        ),
        *([notes[test.verdict]] if test.verdict in notes else []),
    ]
    return _above(lines, advice)


def course_text(course: Course, advice: Advice) -> str:
    """Course of photos and advice.

    Parameters
    ----------
    course : Course
    advice : Advice

    Returns
    -------
    str
        Lines of at most 100 characters, but for addresses.
    """
    lines = ["COURSE"]
    for moment in course.moments:
        when = moment.taken_at.isoformat(sep=" ", timespec="minutes") if moment.taken_at else "no date"
        area = f", {moment.area_mm2:.3g} mm2 in all" if np.isfinite(moment.area_mm2) else ""
        lines.append(f"- {moment.name}, {when}: {moment.n_spots} spots{area}")
    for number, interval in enumerate(course.intervals, start=1):
        lines.append(f"From photo {number} to {number + 1}{_span(interval.days)}: {_interval(interval)}")
    lines += [f"{seen}." for _, seen in course.findings()]
    return _above([*lines, *abcde_lines(course.abcde)], advice)


def _span(days: float) -> str:
    if not np.isfinite(days):
        return ""
    return f", {24.0 * days:.1f} hours" if days < 2.0 else f", {days:.0f} days"


def _interval(interval: Interval) -> str:
    matches = interval.matches
    if matches is None:
        return f"not compared. {interval.registration.reason}"
    names = ("new", "gone", "growing", "fading", "persisting", "unclear")
    parts = [f"{matches.count(name)} {name}" for name in names if matches.count(name)]
    area, contrast = interval.median("area_ratio"), interval.median("contrast_ratio")
    if np.isfinite(area):
        parts.append(f"area x {area:.2f} and colour x {contrast:.2f} (median)")
    shift = interval.median("blue_shift")
    if np.isfinite(shift):
        parts.append(f"shift towards brown-yellow {shift:+.2f}")
    if np.isfinite(interval.extent_ratio):
        parts.append(f"affected area x {interval.extent_ratio:.2f}")
    return (", ".join(parts) if parts else "no spots to compare") + "."


def _above(lines: list[str], advice: Advice) -> str:
    """Lines between the header and the rest of the advice."""
    header, rest = advice_text(advice).split("\n\n", 1)
    wrapped = [part for line in lines for part in textwrap.wrap(line, MAX_WIDTH, subsequent_indent="  ")]
    return "\n".join([header, "", *wrapped, "", rest])
