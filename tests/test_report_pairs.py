from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest
from paired import Kind, glass, mole_on_two_days, other_skin, two_days

from lesionvis.photo_evidence import PhotoEvidence
from lesionvis.report.course_chart import LINE_COLOR, course_svg
from lesionvis.report.pairs import (
    FADES_COLOR,
    GAP_PX,
    KEEPS_COLOR,
    PANEL_HEIGHT_PX,
    STATE_COLORS,
    draw_blanch,
    draw_course,
)
from lesionvis.report.pairs_text import FADES_NOTE, UNTOLD_NOTE, VERDICTS, blanch_text, course_text
from lesionvis.series import Course, follow
from lesionvis.triage import advise_further
from lesionvis.wording import ALWAYS, HEADER

START = datetime(2026, 3, 1, 9, 0)
REASSURING = re.compile(r"\b(safe|harmless|fine|all[- ]clear|nothing to worry|rules? out|detects?|diagnoses)\b", re.I)


@cache
def _course(trusted: bool = True) -> Course:
    second = two_days()[1] if trusted else other_skin()
    return follow([two_days()[0], second], [START, START + timedelta(days=3)])


def _count(picture: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((np.abs(picture.astype(int) - color).max(axis=2) < 30).sum())


def test_both_photos_are_drawn_side_by_side_over_the_verdict() -> None:
    found = glass("keeping")
    picture = draw_blanch(found.plain, found.pressed, found.test)
    assert picture.dtype == np.uint8
    width = round(640 * PANEL_HEIGHT_PX / 480)
    assert picture.shape[1] == 2 * width + GAP_PX
    assert picture.shape[0] > PANEL_HEIGHT_PX
    bare = draw_blanch(found.plain, found.pressed, glass("not pressed").test)
    changed = (picture != bare).any(axis=2)[:PANEL_HEIGHT_PX]
    # Something is drawn in either photo, and most of both is as it was.
    assert changed[:, :width].any()
    assert changed[:, width + GAP_PX :].any()
    assert changed.mean() < 0.2


def test_spots_that_stay_and_spots_that_fade_have_their_colours() -> None:
    stay, fade = (draw_blanch(found.plain, found.pressed, found.test) for found in (glass("keeping"), glass("fading")))
    assert _count(stay, KEEPS_COLOR) > 5 * max(_count(fade, KEEPS_COLOR), 1)
    assert _count(fade, FADES_COLOR) > 5 * max(_count(stay, FADES_COLOR), 1)


def test_a_course_is_drawn_with_what_became_of_each_spot() -> None:
    picture = draw_course(_course())
    untold = draw_course(_course(trusted=False))
    for state in ("new", "gone", "growing"):
        assert _count(picture, STATE_COLORS[state]) > _count(untold, STATE_COLORS[state])


@pytest.mark.parametrize("kind", ["keeping", "fading", "not pressed"])
def test_the_words_on_a_glass_test_never_reassure(kind: Kind) -> None:
    found = glass(kind)
    advice = advise_further(found.plain.advice, PhotoEvidence(further=found.test.findings()))
    text = " ".join(blanch_text(found.test, advice).split())
    assert text.startswith(HEADER)
    assert VERDICTS[found.test.verdict] in text
    assert found.test.reason in text
    assert (FADES_NOTE in text) == (found.test.verdict == "fades")
    assert (UNTOLD_NOTE in text) == (found.test.verdict == "cannot_tell")
    assert all(sentence in text for sentence in ALWAYS)
    own = text[len(HEADER) : text.index("ADVICE:")]
    assert not REASSURING.search(own)


def test_the_words_on_a_course_name_what_happened() -> None:
    course = _course()
    matches = course.intervals[0].matches
    assert matches is not None
    text = " ".join(course_text(course, course.photos[-1].advice).split())
    assert f"{matches.count('new')} new, {matches.count('gone')} gone" in text
    assert "2026-03-01 09:00" in text
    assert "A later photo shows" in text
    assert not REASSURING.search(text[len(HEADER) : text.index("ADVICE:")])
    assert all(
        len(line) <= 100 or "http" in line for line in course_text(course, course.photos[-1].advice).splitlines()
    )


def test_the_course_of_a_mole_tells_its_evolution() -> None:
    course = follow(mole_on_two_days(1.4), [START, START + timedelta(days=60)])
    text = " ".join(course_text(course, course.photos[-1].advice).split())
    assert "E evolution, present: The spot changed within 60 days: its area is" in text


def test_an_interval_that_was_not_compared_says_why() -> None:
    course = _course(trusted=False)
    text = " ".join(course_text(course, course.photos[-1].advice).split())
    assert f"not compared. {course.intervals[0].registration.reason}" in text


def _values(svg: str) -> list[list[float]]:
    """Numbers at the dots of each panel, which lie below each other."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own text
    namespace = "{http://www.w3.org/2000/svg}"
    elements = list(root)
    dots = [i for i, element in enumerate(elements) if element.tag == f"{namespace}circle"]
    panels: dict[int, list[float]] = {}
    for i in dots:
        panels.setdefault(int(float(elements[i].attrib["cy"]) // 170), []).append(float(elements[i + 1].text or "nan"))
    return [panels[key] for key in sorted(panels)]


def test_the_chart_shows_numbers_areas_and_colours() -> None:
    course = _course()
    counts, areas, colours = _values(course_svg(course))
    assert counts == [len(photo.spots) for photo in course.photos]
    interval = course.intervals[0]
    np.testing.assert_allclose(areas, [1.0, interval.median("area_ratio")], rtol=0.01)
    np.testing.assert_allclose(colours, [1.0, interval.median("contrast_ratio")], rtol=0.01)
    assert LINE_COLOR in course_svg(course)
    assert "3 days" in course_svg(course)


def test_the_chart_draws_no_line_over_what_was_not_compared() -> None:
    counts, areas, colours = _values(course_svg(_course(trusted=False)))
    assert len(counts) == 2
    assert areas == colours == [1.0]


def test_a_chart_without_dates_counts_photos() -> None:
    assert "photo 2" in course_svg(follow(two_days()))
