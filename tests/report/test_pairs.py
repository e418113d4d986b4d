from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest
from paired import Kind, StretchKind, glass, mole_on_two_days, other_skin, stretched, two_days

from lesionvis.compare.series import Course, follow_spots
from lesionvis.report.course_chart import PANEL_HEIGHT_PX, VALUE_GAP_PX, _apart, course_svg
from lesionvis.report.pairs import (
    FADES,
    GAP_PX,
    KEEPS,
    PANEL_WIDTH_PX,
    STATE_COLORS,
    TEST_COLORS,
    draw_blanch,
    draw_course,
    label_boxes,
)
from lesionvis.report.pairs_text import FADES_NOTES, UNTOLD_NOTES, VERDICTS, blanch_text, course_text
from lesionvis.triage import advise_further
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.wording import ALWAYS, HEADER

START = datetime(2026, 3, 1, 9, 0)
REASSURING = re.compile(
    r"\b(safe|escape_control_characters|fine|all[- ]clear|nothing to worry|rules? out|detects?|diagnoses)\b", re.I
)


@cache
def _course(trusted: bool = True) -> Course:
    second = two_days()[1] if trusted else other_skin()
    return follow_spots([two_days()[0], second], [START, START + timedelta(days=3)])


def _count(picture: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((np.abs(picture.astype(int) - color).max(axis=2) < 30).sum())


def test_both_photos_are_drawn_below_each_other_over_the_verdict() -> None:
    found = glass("keeping")
    picture = draw_blanch(found.plain, found.pressed, found.test)
    assert picture.dtype == np.uint8
    height = round(480 * PANEL_WIDTH_PX / 640)
    assert picture.shape[1] == PANEL_WIDTH_PX
    assert picture.shape[0] > 2 * height + GAP_PX
    bare = draw_blanch(found.plain, found.pressed, glass("not pressed").test)
    changed = [(drawn[: 2 * height + GAP_PX]) for drawn in (picture, bare)]
    changed_px = (changed[0] != changed[1]).any(axis=2)
    # Something is drawn in either photo, and most of both is as it was.
    assert changed_px[:height].any()
    assert changed_px[height + GAP_PX :].any()
    assert changed_px.mean() < 0.2


def testlabel_boxess_hide_neither_spots_nor_each_other() -> None:
    panel = np.zeros((100, 200, 3), np.uint8)
    boxes = [(20, 40, 40, 60), (45, 40, 65, 60), (180, 5, 198, 25)]
    label_boxes(panel, boxes, ["11", "22", "33"], [(255, 0, 0), (0, 255, 0), (0, 0, 255)])
    for left, top, right, bottom in boxes:
        assert not panel[top:bottom, left:right].any()
    drawn = [np.argwhere(panel[..., channel] > 60) for channel in range(3)]
    assert all(len(places) for places in drawn)
    # The second stands beside its spot; the last where the picture does not end.
    assert drawn[1][:, 1].min() >= 65
    assert drawn[2][:, 1].max() < 200


def test_spots_that_stay_and_spots_that_fade_have_their_colours() -> None:
    stay, fade = (draw_blanch(found.plain, found.pressed, found.test) for found in (glass("keeping"), glass("fading")))
    assert _count(stay, TEST_COLORS[KEEPS]) > 5 * max(_count(fade, TEST_COLORS[KEEPS]), 1)
    assert _count(fade, TEST_COLORS[FADES]) > 5 * max(_count(stay, TEST_COLORS[FADES]), 1)


def test_a_course_is_drawn_with_what_became_of_each_spot() -> None:
    picture = draw_course(_course())
    untold = draw_course(_course(trusted=False))
    for state in ("new", "gone", "growing"):
        assert _count(picture, STATE_COLORS[state]) > _count(untold, STATE_COLORS[state])


def _own(text: str, title: str) -> str:
    """What is said of the photos themselves; an emergency's advice stands before it."""
    return text[text.index(title) :].split("ADVICE: ")[0].split("Why")[0]


@pytest.mark.parametrize("kind", ["keeping", "fading", "not pressed"])
def test_the_words_on_a_glass_test_never_reassure(kind: Kind) -> None:
    found = glass(kind)
    advice = advise_further(found.plain.advice, PhotoEvidence(further=found.test.findings()))
    text = " ".join(blanch_text(found.test, advice).split())
    assert text.startswith(HEADER)
    assert VERDICTS[found.test.verdict] in text
    assert found.test.reason in text
    assert (FADES_NOTES[found.test.how] in text) == (found.test.verdict == "fades")
    assert (UNTOLD_NOTES[found.test.how] in text) == (found.test.verdict == "cannot_tell")
    assert all(sentence in text for sentence in ALWAYS)
    assert not REASSURING.search(_own(text, "GLASS TEST: "))


@pytest.mark.parametrize("kind", ["keeping", "fading", "at rest"])
def test_the_words_on_a_stretch_test_are_of_stretching(kind: StretchKind) -> None:
    found = stretched(kind)
    advice = advise_further(found.plain.advice, PhotoEvidence(further=found.test.findings()))
    text = " ".join(blanch_text(found.test, advice).split())
    assert "STRETCH TEST: " in text
    assert found.test.reason in text
    assert (FADES_NOTES["stretched"] in text) == (found.test.verdict == "fades")
    assert (UNTOLD_NOTES["stretched"] in text) == (found.test.verdict == "cannot_tell")
    own = _own(text, "STRETCH TEST: ")
    assert "under the glass" not in own
    assert not REASSURING.search(own)


def test_the_caption_of_a_stretch_test_is_its_own() -> None:
    found = stretched("keeping")
    own = draw_blanch(found.plain, found.second, found.test)
    other = draw_blanch(found.plain, found.second, replace(found.test, how="pressed"))
    height = 2 * round(480 * PANEL_WIDTH_PX / 640) + GAP_PX
    assert np.array_equal(own[:height], other[:height])
    assert not np.array_equal(own[height : height + 40], other[height : height + 40])


def test_the_words_on_a_course_name_what_happened() -> None:
    course = _course()
    matches = course.intervals[0].matches
    assert matches is not None
    advice = advise_further(course.photos[-1].advice, PhotoEvidence(further=course.findings()))
    text = " ".join(course_text(course, advice).split())
    assert "Of the spots in both photos a typical one has " in text
    assert f"{matches.count('new')} new, {matches.count('gone')} gone" in text
    assert "2026-03-01 09:00" in text
    assert "A later photo shows" in text
    assert not REASSURING.search(_own(text, "COURSE"))
    assert all(
        len(line) <= 100 or "http" in line for line in course_text(course, course.photos[-1].advice).splitlines()
    )


def test_a_colour_that_was_not_measured_is_not_told() -> None:
    course = _course()
    (interval,) = course.intervals
    assert interval.matches is not None
    unmeasured = replace(interval.matches, contrast_ratio=np.full(len(interval.matches), np.nan))
    course = replace(course, intervals=(replace(interval, matches=unmeasured),))
    text = " ".join(course_text(course, course.photos[-1].advice).split())
    assert "a typical one has " in text
    assert "its colour is" not in text
    assert not re.search(r"\bnan\b", text)
    counts, areas, colours = _values(course_svg(course))
    assert (len(counts), len(areas), colours) == (2, 2, [1.0])
    json.dumps(course.to_dict(), allow_nan=False)


def test_the_course_of_a_mole_tells_its_evolution() -> None:
    course = follow_spots(mole_on_two_days(1.4), [START, START + timedelta(days=60)])
    text = " ".join(course_text(course, course.photos[-1].advice).split())
    assert "E evolution: present. The spot changed within 60 days: its area is" in text


def test_an_interval_that_was_not_compared_says_why() -> None:
    course = _course(trusted=False)
    text = " ".join(course_text(course, course.photos[-1].advice).split())
    assert f"not compared. {course.intervals[0].registration.reason}" in text


def _values(svg: str) -> list[list[float]]:
    """Numbers at the dots of each panel, which lie below each other."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own text
    namespace = "{http://www.w3.org/2000/svg}"
    dots = [dot.attrib for dot in root.iter(f"{namespace}circle")]
    texts = {(text.attrib["x"], text.attrib["y"]): text.text for text in root.iter(f"{namespace}text")}
    panels: dict[int, list[float]] = {}
    for dot in dots:
        value = texts[dot["cx"], str(float(dot["cy"]) - 9)]
        panels.setdefault(int(float(dot["cy"]) // PANEL_HEIGHT_PX), []).append(float(value or "nan"))
    return [panels[key] for key in sorted(panels)]


def testlabel_boxess_of_the_chart_do_not_run_into_each_other() -> None:
    assert _apart([(0.0, 1.0), (20.0, 2.0), (50.0, 3.0)], VALUE_GAP_PX) == [(0.0, 1.0), (50.0, 3.0)]


def test_the_chart_shows_numbers_areas_and_colours() -> None:
    course = _course()
    counts, areas, colours = _values(course_svg(course))
    assert counts == [len(photo.table) for photo in course.photos]
    interval = course.intervals[0]
    np.testing.assert_allclose(areas, [1.0, interval.median("area_ratio")], rtol=0.01)
    np.testing.assert_allclose(colours, [1.0, interval.median("contrast_ratio")], rtol=0.01)
    assert "prefers-color-scheme:dark" in course_svg(course)
    assert "3 days" in course_svg(course)


def test_the_chart_draws_no_line_over_what_was_not_compared() -> None:
    counts, areas, colours = _values(course_svg(_course(trusted=False)))
    assert len(counts) == 2
    assert areas == colours == [1.0]


def test_a_chart_without_dates_counts_photos() -> None:
    assert "photo 2" in course_svg(follow_spots(two_days()))
