"""The review page in a browser: every action by mouse and by keyboard, reload, two windows, and nothing leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from chromium import chromium
from paired import rendered_series
from reviewed import ANALYZER, BROKEN, HOSTILE, PHOTO, TWIN, review_process, run_of, write_photos

from lesionvis.review.new_run import new_run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; install lesionvis[dev]")
expect = sync_api.expect
# Of a machine that does other things too.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("reviewed")
    write_photos(folder / "photos")
    run_of(folder / "photos", folder / "run")
    with review_process(folder / "run") as (_, address):
        yield address


class Opened:
    """A window of the review page, what it complained of and what it asked for."""

    def __init__(self, browser: Any, address: str, waits_for: str = "#photos li, #result b", **options: Any) -> None:
        self.waits_for = waits_for
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.origin = address.partition("/?")[0]
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.window(address)

    def window(self, address: str) -> Any:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        # An answer that refuses a change is told on the page; the browser tells it too.
        page.on("console", lambda message: self.complaints.extend([message.text] * ("409" not in message.text)))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address)
        page.wait_for_selector(self.waits_for)
        return page

    def names(self) -> list[str]:
        return [str(name) for name in self.page.locator("#photos .name").all_inner_texts()]

    def open(self, photo: str = PHOTO, page: Any = None) -> Any:
        """Page with a photo as it was found, measured."""
        page = page or self.page
        page.locator(".card", has=page.get_by_text(photo, exact=True)).click()
        expect(page.locator("#photo-title")).to_have_text(photo)
        expect(page.locator("#spots tbody td").first).not_to_have_text("…")
        return page

    def count(self, page: Any = None) -> int:
        page = page or self.page
        return int(re.match(r"\d+", page.locator("#spots-title").inner_text())[0])  # type: ignore[index]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the review of a run with two photos of one patient on two days."""
    folder = tmp_path_factory.mktemp("study")
    earlier, later = (shot.rgb[..., ::-1].copy() for shot in rendered_series().shots)
    rows = ["photo,patient,date"]
    (folder / "photos").mkdir()
    for day, shot in ((1, earlier), (4, later)):
        cv2.imwrite(str(folder / "photos" / f"{day}.png"), shot)
        rows.append(f"{day}.png,Ann,2026-03-0{day}")
    (folder / "study.csv").write_text("\n".join(rows), encoding="utf-8")
    run_of(folder / "photos", folder / "run", metadata=folder / "study.csv")
    with review_process(folder / "run") as (_, address):
        yield address


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Opened]:
    """A window; at the end nothing complained and no request left the server."""
    opened = Opened(browser, address)
    yield opened
    opened.context.close()
    assert opened.complaints == []
    assert {url for url in opened.requests if not url.startswith(opened.origin)} <= {"data:,"}


def _is_measured(page: Any, count: int) -> None:
    expect(page.locator("#spots-title")).to_have_text(re.compile(rf"^{count} spots?$"))
    if count:
        expect(page.locator("#spots tbody td").first).to_have_text(re.compile("mm$"))
    expect(page.locator("#result")).to_contain_text(f"{count} spot")


def _as_found(page: Any) -> None:
    """Take all changes of the open photo back."""
    page.locator("#history-part").evaluate("part => { part.open = true; }")
    with page.expect_response("**/api/edit"):
        page.locator("#reset").click()
    expect(page.locator("#result")).not_to_contain_text("corrected")
    expect(page.locator("#result b")).to_be_visible()
    page.locator("#history-part").evaluate("part => { part.open = false; }")


def _middle(page: Any, path: str) -> tuple[float, float]:
    """Middle of an outline in the window."""
    box = page.locator(path).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_token_leaves_the_address_and_the_cookie_is_no_script_s(opened: Opened) -> None:
    assert "token" not in opened.page.url
    assert opened.page.evaluate("document.cookie") == ""
    opened.page.reload()
    opened.page.wait_for_selector("#photos li")


def test_filters_stay_in_the_address(opened: Opened) -> None:
    page = opened.page
    assert set(opened.names()) == {PHOTO, TWIN, HOSTILE, BROKEN}
    page.select_option("#status", "failed")
    expect(page.locator("#shown")).to_have_text("Photos 1 to 1 of 1 (4 in all)")
    page.reload()
    expect(page.locator("#shown")).to_have_text("Photos 1 to 1 of 1 (4 in all)")
    page.get_by_role("button", name="Clear").click()
    page.fill("#search", "twin")
    expect(page.locator("#shown")).to_have_text("Photos 1 to 1 of 1 (4 in all)")
    page.fill("#search", "no such")
    expect(page.locator("#shown")).to_have_text("No photo fits; clear a filter.")
    page.fill("#search", "")
    page.select_option("#sort", "photo")
    expect(page.locator("#photos .name").first).to_have_text(HOSTILE)
    assert "sort=photo" in page.url


def test_spots_and_candidates_by_mouse(opened: Opened) -> None:
    page = opened.open()
    count = opened.count()
    page.mouse.click(*_middle(page, "#shapes .spot >> nth=1"))
    _is_measured(page, count - 1)
    numbers = page.locator("#labels text").all_text_contents()
    assert numbers[0] == "1"
    assert {int(number) for number in numbers} <= set(range(1, count))
    page.mouse.click(*_middle(page, "#shapes .candidate >> nth=0"))
    _is_measured(page, count)
    page.locator("#undo").click()
    _is_measured(page, count - 1)
    page.locator("#undo").click()
    _is_measured(page, count)
    assert page.locator("#result").inner_text().count("corrected") == 0
    page.locator("#redo").click()
    _is_measured(page, count - 1)
    page.get_by_role("button", name="Remove spot 1", exact=True).click()
    _is_measured(page, count - 2)
    _as_found(page)
    _is_measured(page, count)


def test_all_spots_or_all_but_one_are_removed_at_once(opened: Opened) -> None:
    page = opened.open()
    _as_found(page)
    count = opened.count()
    assert page.locator("#only").is_disabled()
    page.get_by_role("button", name="Show spot 2", exact=True).click()
    page.locator("#only").click()
    _is_measured(page, 1)
    page.locator("#clear").click()
    _is_measured(page, 0)
    assert page.locator("#clear").is_disabled()
    for expected in (1, count):
        page.keyboard.press("u")
        _is_measured(page, expected)
    for key, expected in ((".", count), ("k", 1), ("n", 0)):
        page.keyboard.press(key)
        _is_measured(page, expected)
    _as_found(page)
    _is_measured(page, count)


def test_done_goes_on_to_what_is_not_done(browser: Any, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos")
    run_of(tmp_path / "photos", tmp_path / "run")
    with review_process(tmp_path / "run") as (_, address):
        opened = Opened(browser, address)
        page, seen = opened.page, set()
        page.locator("#photos .card").first.click()
        for left in (2, 1, 0):  # of four files two have the same content and share their review
            title = page.locator("#photo-title").inner_text()
            expect(page.locator("#undo")).to_be_disabled()
            page.keyboard.press("d")
            if left:
                expect(page.locator("#photo-title")).not_to_have_text(title)
            seen.add(title)
        expect(page.locator("#hint")).to_contain_text("last photo of the list to be done")
        expect(page.locator("#progress")).to_have_text("4 of 4 photos done")
        assert len(seen) == 3
        opened.context.close()


def test_drawing_by_mouse(opened: Opened) -> None:
    page = opened.open()
    _as_found(page)
    count = opened.count()
    page.locator("#circle").click()
    box = page.locator("#viewer").bounding_box()
    x, y = _free_place(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 14, y, steps=4)
    page.mouse.up()
    _is_measured(page, count + 1)
    page.locator("#undo").click()
    page.locator("#border").click()
    for across, down in ((-12, -10), (14, -12), (10, 14)):
        page.mouse.click(x + across, y + down)
    page.keyboard.press("Enter")
    _is_measured(page, count + 1)
    page.keyboard.press("Escape")
    assert page.locator("#border").get_attribute("aria-pressed") == "false"
    # A drag without a tool moves the photo and changes nothing.
    before = page.locator("#plane").evaluate("plane => plane.style.transform")
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 90, steps=3)
    page.mouse.up()
    page.mouse.wheel(0, -300)
    page.wait_for_function("before => document.getElementById('plane').style.transform !== before", arg=before)
    assert opened.count() == count + 1
    _as_found(page)
    _is_measured(page, count)


def _diameters(page: Any) -> Any:
    return page.locator("#spots tbody td:first-of-type")


def _told(page: Any, count: int) -> None:
    """Wait until so many changes are told."""
    expect(page.locator("#history li")).to_have_count(count)


def _opened_as_found(opened: Opened) -> Any:
    """Page with a photo whose changes were taken back, drawn anew and measured."""
    page = opened.open()
    told = page.locator("#history li").count()
    _as_found(page)
    _told(page, told + 1)
    _is_measured(page, opened.count())
    return page


def test_a_border_is_moved_by_mouse_and_by_keyboard(opened: Opened) -> None:
    page = _opened_as_found(opened)
    count = opened.count()
    before, place = _diameters(page).all_inner_texts(), _middle(page, "#shapes .spot >> nth=0")
    told = page.locator("#history li").count()
    page.locator("#move").click()
    assert page.locator("#shapes .selected").get_attribute("data-index") == "0"
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] + 9, place[1] + 2, steps=3)
    page.mouse.up()
    _told(page, told + 1)
    _is_measured(page, count)
    after = _middle(page, "#shapes .selected")
    assert after == pytest.approx((place[0] + 9, place[1] + 2), abs=1.5)
    # A handle takes the border beside it along: the spot is larger then.
    handle, size = _middle(page, "#draft .handle >> nth=0"), page.locator("#shapes .selected").bounding_box()
    away = [6 * (1 if at > middle else -1) for at, middle in zip(handle, after, strict=True)]
    page.mouse.move(*handle)
    page.mouse.down()
    page.mouse.move(handle[0] + away[0], handle[1] + away[1], steps=3)
    page.mouse.up()
    _told(page, told + 2)
    _is_measured(page, count)
    larger = page.locator("#shapes .selected").bounding_box()
    assert larger["width"] * larger["height"] > 1.05 * size["width"] * size["height"]
    page.keyboard.press("u")
    page.keyboard.press("u")
    _told(page, told + 4)
    expect(_diameters(page)).to_have_text(before)
    page.keyboard.press("Escape")
    assert page.locator("#move").get_attribute("aria-pressed") == "false"
    page.keyboard.press(".")
    page.keyboard.press("e")
    for key in ("Space", "ArrowLeft", "Escape"):  # of what was not kept nothing stays
        page.keyboard.press(key)
    for key in ("ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    _told(page, told + 5)
    _is_measured(page, count)
    expect(page.locator("#history li").last).to_contain_text("changed the border of spot")
    page.reload()
    _is_measured(page, count)
    expect(page.locator("#result")).to_contain_text("corrected")
    _as_found(page)
    _is_measured(page, count)
    expect(_diameters(page)).to_have_text(before)


def test_a_border_that_cannot_be_kept_goes_back(opened: Opened) -> None:
    page = _opened_as_found(opened)
    page.locator("#move").click()
    place, draft = _middle(page, "#shapes .selected"), page.locator("#draft path").first.get_attribute("d")
    other = _middle(page, "#shapes .spot >> nth=1")
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(*other, steps=5)
    page.mouse.up()
    expect(page.locator("#problem")).to_contain_text("lies on spot")
    assert page.locator("#draft path").first.get_attribute("d") == draft
    assert "400" in opened.complaints.pop()  # the browser tells of the refusal too


# What is waited for is given as a function: an expression would be evaluated again at every poll, which the page's
# content security policy forbids.
FREE = """() => {
    const box = document.getElementById('viewer').getBoundingClientRect();
    const shapes = [...document.querySelectorAll('#shapes path')].map((path) => path.getBoundingClientRect());
    for (let y = box.top + 60; y < box.bottom - 60; y += 15) for (let x = box.left + 60; x < box.right - 60; x += 15) {
        if (shapes.every((one) => x + 40 < one.left || x - 40 > one.right || y + 40 < one.top || y - 40 > one.bottom)
            && document.elementsFromPoint(x, y).some((one) => one.tagName === 'IMG')) return [x, y];
    } }"""


def _free_place(page: Any) -> tuple[float, float]:
    page.wait_for_function("() => document.querySelectorAll('#plane img').length > 0")
    x, y = page.wait_for_function(FREE).json_value()
    return float(x), float(y)


def test_everything_by_keyboard(opened: Opened) -> None:
    page = opened.page
    page.keyboard.press("/")
    page.keyboard.type(PHOTO)
    expect(page.locator("#photos .card")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#photo-title")).to_have_text(PHOTO)
    expect(page.locator("#spots tbody td").first).not_to_have_text("…")
    count = opened.count()
    page.keyboard.press(".")
    page.keyboard.press(".")
    assert page.locator("#spots tr.selected .number").inner_text() == "2"
    page.keyboard.press("3")
    expect(page.locator("#spots tbody select").nth(1)).to_have_value("inflamed")
    page.keyboard.press(",")
    page.keyboard.press("x")
    _is_measured(page, count - 1)
    page.keyboard.press("c")
    page.keyboard.press("a")
    _is_measured(page, count)
    page.keyboard.press("u")
    _is_measured(page, count - 1)
    page.keyboard.press("Control+y")
    _is_measured(page, count)
    _as_found(page)
    _is_measured(page, count)
    x, y = _free_place(page)
    box = page.locator("#viewer").bounding_box()
    page.keyboard.press("o")
    _steer(page, x - box["x"], y - box["y"])
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("Enter")
    _is_measured(page, count + 1)
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    _is_measured(page, count)
    page.keyboard.press("b")
    _steer(page, x - box["x"], y - box["y"])
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press("Space")
        page.keyboard.press(f"Shift+{key}")
    page.keyboard.press("Enter")
    _is_measured(page, count + 1)
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.press("a")  # one letter: of several, slowly typed, each would begin anew
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("seen <b>twice</b>")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.locator("#hint")).to_contain_text("last photo")
    expect(page.locator("#not-done")).to_be_visible()
    page.reload()
    expect(page.locator("#say-pattern")).to_have_value("angioma")
    expect(page.locator("#note")).to_have_value("seen <b>twice</b>")
    page.locator("#not-done").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#photos .said").first).to_contain_text("seen as angioma")


def _steer(page: Any, left: float, top: float) -> None:
    """Bring the cross of a tool to a place of the viewer by arrow keys."""
    page.keyboard.press("ArrowRight")
    for _ in range(300):
        box, cross = page.locator("#viewer").bounding_box(), page.locator("#draft .cross").bounding_box()
        across = left - (cross["x"] + cross["width"] / 2 - box["x"])
        down = top - (cross["y"] + cross["height"] / 2 - box["y"])
        if abs(across) < 6 and abs(down) < 6:
            return
        far = max(abs(across), abs(down))
        key = (
            ("ArrowRight" if across > 0 else "ArrowLeft")
            if abs(across) == far
            else ("ArrowDown" if down > 0 else "ArrowUp")
        )
        page.keyboard.press(f"Shift+{key}" if far > 60 else key)
    raise AssertionError("the cross cannot be brought there")


def test_a_reload_in_the_middle_loses_nothing(opened: Opened) -> None:
    page = opened.open()
    _as_found(page)
    count = opened.count()
    page.keyboard.press(".")
    with page.expect_response("**/api/edit"):
        page.keyboard.press("x")
    page.reload()  # before it is measured
    _is_measured(page, count - 1)
    page.keyboard.press("u")
    _is_measured(page, count)


def test_of_two_windows_the_second_is_told(opened: Opened) -> None:
    page = opened.open()
    _as_found(page)
    count = opened.count()
    _is_measured(page, count)
    other = opened.window(page.url)
    expect(other.locator("#spots tbody td").first).to_have_text(re.compile("mm$"))
    page.get_by_role("button", name="Remove spot 1", exact=True).click()
    _is_measured(page, count - 1)
    other.get_by_role("button", name="Remove spot 1", exact=True).click()
    expect(other.locator("#problem")).to_contain_text("changed in another window")
    _is_measured(other, count - 1)
    other.get_by_role("button", name="Remove spot 1", exact=True).click()
    _is_measured(other, count - 2)
    expect(other.locator("#problem")).to_be_hidden()


def test_the_course_of_a_patient_opens_with_its_slider(browser: Any, study: str) -> None:
    opened = Opened(browser, study)
    page = opened.page
    page.locator(".card").first.click()
    expect(page.locator("#spots tbody td").first).to_have_text(re.compile("mm$"))
    with opened.context.expect_page() as coming:
        page.locator("#course").click()
    course = coming.value
    expect(course.locator("h2", has_text="Photo 1 to 2")).to_be_visible()
    slider = course.locator(".aligned input")
    expect(slider).to_be_visible()  # the script of the page runs
    slider.fill("20")
    assert course.locator(".frame").evaluate("frame => frame.style.getPropertyValue('--at')") == "20%"
    opened.context.close()
    assert opened.complaints == []


def test_the_numbers_follow_the_country(opened: Opened) -> None:
    page = opened.open()
    expect(page.locator("#course")).to_be_hidden()
    page.locator("#advice-part summary").first.click()
    page.locator("#asking button").first.click()
    page.locator("#country").select_option("GB")
    expect(page.locator("#advice")).to_contain_text("111")
    page.locator("#country").select_option("")
    expect(page.locator("#advice")).not_to_contain_text("111")


def test_a_name_with_markup_does_nothing(opened: Opened) -> None:
    page = opened.open(HOSTILE)
    assert page.title() == f"{HOSTILE} – lesionvis review"
    page.wait_for_function("() => document.querySelector('#plane img')?.naturalWidth > 0")
    page.keyboard.press("Escape")
    expect(page.locator(".card:focus .name")).to_have_text(HOSTILE)


def test_a_file_that_is_no_photo_says_why(opened: Opened) -> None:
    page = opened.page
    page.locator(".card", has_text=BROKEN).click()
    expect(page.locator("#result")).to_contain_text("This file")
    assert page.locator("#circle").is_disabled()
    page.keyboard.press("o")
    page.keyboard.press("ArrowLeft")
    page.go_back()
    expect(page.locator("#photos .card")).to_have_count(4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_keeps_the_rules_of_accessibility_and_fits(
    browser: Any, address: str, scheme: str, width: int
) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed; install lesionvis[dev]"
    ).Axe()
    opened = Opened(browser, address, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = opened.page

    def check() -> None:
        found = axe.run(page)
        assert len(found.response["passes"]) > 15
        assert (found.generate_report() if found.violations_count else "") == ""
        assert page.evaluate("document.documentElement.scrollWidth") == width

    check()
    opened.open(HOSTILE)
    for part in ("#candidate-part", "#history-part", "#advice-part"):
        page.locator(part).evaluate("part => { part.open = true; }")
    check()
    page.keyboard.press("q")
    expect(page.get_by_label("Age", exact=True)).to_be_visible()
    check()
    page.locator("#asking").get_by_role("button", name="I don't know").click()
    expect(page.locator("#asking .tick").first).to_be_visible()
    check()
    page.get_by_role("button", name="Back: undo the last change").click()
    expect(page.get_by_label("Age", exact=True)).to_be_visible()
    page.locator("#keys").evaluate("keys => keys.showModal()")
    check()
    opened.context.close()
    assert opened.complaints == []


def _level(page: Any) -> str:
    return str(page.locator("#advice .level").first.inner_text())


def _answer_by_clicks_and_by_keyboard(page: Any) -> None:
    page.locator("#advice-part summary").first.click()
    page.get_by_role("button", name="Answer the questions").click()
    expect(page.locator("#asked")).to_contain_text("How old is the person")
    first = _level(page)
    page.reload()
    expect(page.locator("#result b")).to_be_visible()
    page.keyboard.press("q")
    expect(page.locator("#asked")).to_contain_text("How old is the person")
    page.get_by_label("Age", exact=True).fill("34")
    page.keyboard.press("Enter")
    expect(page.locator("#asking .tick").first).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "asked"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first of the list, and the rest left open
    page.get_by_role("button", name="These are there, the rest I don't know").press("Enter")
    expect(page.locator("#history li")).to_have_count(2)
    page.get_by_role("button", name="Back: undo the last change").click()
    expect(page.locator("#history li")).to_have_count(3)
    page.get_by_label("Has there been a fit (seizure)").check()
    page.get_by_role("button", name="These are there, the rest I don't know").click()
    expect(page.locator("#asking [role=alert]")).to_contain_text("STOP HERE")
    assert _level(page) == "emergency" != first
    page.reload()
    expect(page.locator("#result b")).to_be_visible()
    page.keyboard.press("q")
    page.get_by_role("button", name="Go on answering while you wait").click()
    expect(page.locator("#asked")).to_contain_text("Screen")
    page.locator("#asking details summary").last.click()
    page.get_by_role("button", name="Take all answers back").click()
    expect(page.locator("#asked")).to_contain_text("How old is the person")
    assert _level(page) == first


def test_the_questions_by_clicks_and_by_keyboard(browser: Any, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos")
    run_of(tmp_path / "photos", tmp_path / "run")
    with review_process(tmp_path / "run") as (_, address):
        opened = Opened(browser, address)
        _answer_by_clicks_and_by_keyboard(opened.open(HOSTILE))
        opened.context.close()
    assert opened.complaints == []


def test_a_photo_that_is_dropped_on_an_empty_page_is_answered(browser: Any, tmp_path: Path) -> None:
    write_photos(tmp_path)
    run = new_run(tmp_path / "new", ANALYZER)
    with review_process(run) as (_, address):
        opened = Opened(browser, address, waits_for="#drop")
        page = opened.page
        expect(page.locator("#shown")).to_have_text("There are no photos yet.")
        page.set_input_files("#files", tmp_path / PHOTO)
        expect(page.locator("#photo-title")).to_have_text("a.png")
        expect(page.locator("#result")).to_contain_text("spots")
        expect(page.locator("#advice")).to_contain_text("Scale:")
        page.get_by_label("Age", exact=True).fill("5")
        page.get_by_label("Unit of the age").select_option("months")
        page.get_by_role("button", name="Go on", exact=True).click()
        page.get_by_text("Answers so far").click()
        expect(page.locator("#asking")).to_contain_text("Age: 0.417 years")
        with opened.context.expect_page() as sheet:
            page.locator("#sheet").click()
        sheet.value.wait_for_load_state()
        assert "a.png" in sheet.value.locator("body").inner_text()
        assert "Age 0.417 years" in sheet.value.locator("body").inner_text()
        assert sheet.value.locator("img").first.evaluate("image => image.naturalWidth") > 0
        page.keyboard.press("Escape")
        page.set_input_files("#files", [tmp_path / HOSTILE, tmp_path / BROKEN])
        expect(page.locator("#photos .card")).to_have_count(3)
        opened.context.close()
    assert opened.complaints == []
