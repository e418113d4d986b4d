"""The page of photos over each other: aligned, told by signs as well as colours, alone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import chromium
from numpy.typing import NDArray
from paired import glass, other_skin, two_days

from lesionvis.compare.series import Course, follow_spots
from lesionvis.report.pairs import STATE_COLORS, TEST_COLORS
from lesionvis.report.pairs_page import STATE_SIGNS, aligned, blanch_page, course_page
from lesionvis.report.pairs_text import FADES_NOTES
from lesionvis.triage.numbers import phone_numbers
from lesionvis.triage.wording import HEADER

START = datetime(2026, 3, 1, 9, 0)
HOSTILE = "<img src=x onerror=document.title=1>.jpg"
# Colours as people without one kind of cones see them, of linear RGB: Machado, Oliveira and Fernandes 2009,
# doi:10.1109/TVCG.2009.113, severity 1.
WITHOUT_CONES = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "all cones": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)
DIFFERENCE_MIN = 33.0


@cache
def course(trusted: bool = True) -> Course:
    first, second = two_days()[0], two_days()[1] if trusted else other_skin()
    second = replace(second, photo=replace(second.photo, name=HOSTILE))
    return follow_spots([first, second], [START, START + timedelta(days=3)])


def seen_lab(color: tuple[int, int, int], cones: str) -> NDArray[np.float64]:
    """CIELAB of a colour, as seen."""
    share = np.asarray(color) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    relative = TO_XYZ @ np.clip(np.asarray(WITHOUT_CONES[cones]) @ linear, 0.0, 1.0) / (0.95047, 1.0, 1.08883)
    x, y, z = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16.0 / 116.0)
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


@pytest.mark.parametrize("cones", WITHOUT_CONES)
@pytest.mark.parametrize("colors", [tuple(STATE_COLORS.values()), tuple(TEST_COLORS.values())])
def test_people_of_any_colour_vision_tell_the_colours_apart(cones: str, colors: tuple[Any, ...]) -> None:
    for one, other in combinations(colors, 2):
        assert np.linalg.norm(seen_lab(one, cones) - seen_lab(other, cones)) > DIFFERENCE_MIN, (one, other)


def test_every_state_has_a_sign_of_its_own() -> None:
    assert STATE_SIGNS.keys() == STATE_COLORS.keys()
    assert len(set(STATE_SIGNS.values())) == len(STATE_SIGNS)


def test_the_earlier_photo_lies_on_the_later() -> None:
    earlier, later = course().photos
    registration = course().intervals[0].registration
    seen = aligned(earlier, later, registration)
    assert seen.shape == later.photo.rgb.shape
    spots = np.stack([earlier.table["x_px"], earlier.table["y_px"]], axis=1)
    there = later.photo.to_working(registration.map_points(spots)).round().astype(int)
    height, width = seen.shape[:2]
    inside = (there > 8).all(axis=1) & (there[:, 0] < width - 8) & (there[:, 1] < height - 8)
    assert inside.sum() > 8
    here = earlier.photo.to_working(spots).round().astype(int)
    for (x, y), (a, b) in zip(here[inside], there[inside], strict=True):
        one, other = earlier.photo.rgb[y - 1 : y + 2, x - 1 : x + 2], seen[b - 1 : b + 2, a - 1 : a + 2]
        assert np.abs(one.mean(axis=(0, 1)) - other.mean(axis=(0, 1))).max() < 25


def test_a_course_tells_each_spot_by_sign_and_words() -> None:
    page = course_page(course(), course().advice, phone_numbers()["GB"])
    matches = course().intervals[0].matches
    assert matches is not None
    after = page.partition("<figcaption>")[2]
    for state, sign in STATE_SIGNS.items():
        assert after.count(f">{sign}</text>") == matches.count(state)
        assert len(re.findall(rf"<title>[^<]*: {state}</title>", after)) == matches.count(state)
    assert HEADER in page
    assert course().advice.action.headline in page
    assert HOSTILE not in page
    assert "http" not in page.partition("<main>")[2]


def test_photos_that_do_not_fit_stand_side_by_side_and_say_why() -> None:
    page = course_page(course(trusted=False), course(trusted=False).advice)
    assert course(trusted=False).intervals[0].registration.reason in page.replace("&#39;", "'")
    assert page.count("<svg") == 2
    assert "<path" not in page
    assert 'type="range"' not in page


@pytest.mark.parametrize(("kind", "sign"), [("keeping", "●"), ("fading", "○")])
def test_a_glass_test_the_same_way(kind: Any, sign: str) -> None:
    found = glass(kind)
    page = blanch_page(found.plain, found.pressed, found.test, found.plain.advice)
    assert page.count(f">{sign}</text>") >= len(found.test.spot)
    assert page.count("</text>") == 2 * len(found.test.spot)
    assert (FADES_NOTES["pressed"] in page) == (kind == "fading")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("page")) / "course.html"
    path.write_text(course_page(course(), course().advice), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("width", [1100, 390])
def test_the_slider_by_mouse_and_by_keyboard(browser: Any, address: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="install lesionvis[dev]").Axe()
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    assert page.title() == "lesionvis: Course of the spots"

    def shown() -> str:
        return str(page.locator("figure svg").first.evaluate("svg => getComputedStyle(svg).clipPath"))

    def check() -> None:
        found = axe.run(page)
        assert (found.generate_report() if found.violations_count else "") == ""
        assert page.evaluate("document.documentElement.scrollWidth") == width

    boxes = [box.bounding_box() for box in page.locator("figure svg").all()]
    assert boxes[0] == boxes[1]
    assert "50%" in shown()
    check()
    page.locator("input").focus()
    page.keyboard.press("End")
    assert shown() in ("inset(0px)", "inset(0px 0% 0px 0px)")
    page.locator(".frame").scroll_into_view_if_needed()
    box = page.locator(".frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 100)
    page.mouse.up()
    assert float(page.locator("input").input_value()) == pytest.approx(25, abs=1)
    page.get_by_role("button", name="Side by side").press("Enter")
    assert page.locator("input").is_hidden()
    assert shown() == "none"
    check()
    page.get_by_role("button", name="Over each other").click()
    assert page.locator("input").is_visible()
    page.close()
    assert complaints == []
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}


def test_without_scripts_both_photos_are_there_side_by_side(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.goto(address)
    first, second = (one.bounding_box() for one in page.locator("figure svg").all())
    assert first["x"] + first["width"] <= second["x"]
    assert first["y"] == second["y"]
    assert page.locator("input").is_hidden()
    assert page.locator("figcaption").last.inner_text() == f"Photo 2: {HOSTILE}"
    context.close()
