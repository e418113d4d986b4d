"""The report page in a browser: clicks, keys, filters and paper do what they should, and no request leaves it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from runs import LEVELS, made_up_run

from lesionvis.batch.report import EMBEDDED_MAX, REPORT_NAME, write_report
from lesionvis.labels import LABELS

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; install lesionvis[dev]")

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)
HOSTILE = "<img src=x onerror=document.title=1><b>bold</b>.jpg"
# More than one page of the gallery, few enough for the thumbnails to be inside; the fourth and so on failed.
NAMES = [*(f"leg/day {index:03}.jpg" for index in range(99)), HOSTILE]
N_FAILED = 10


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("report") / "my run"
    with made_up_run(run, NAMES) as journal:
        write_report(run, journal)
    return run / REPORT_NAME


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not on this machine (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page, what it complained of and what it asked for."""

    def __init__(self, browser: Any, report: Path, **options: Any) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector("#photos li")

    def names(self) -> list[str]:
        return [str(name) for name in self.page.locator("#photos .name").all_inner_texts()]

    def shown(self) -> str:
        return str(self.page.locator("#shown").inner_text())


@pytest.fixture
def opened(browser: Any, report: Path) -> Iterator[Opened]:
    """The page; at the end it must have complained of nothing and asked for nothing."""
    opened = Opened(browser, report)
    yield opened
    opened.context.close()
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [report.as_uri()]


def test_the_summary_tells_the_counts_and_the_most_urgent_come_first(opened: Opened) -> None:
    page = opened.page
    assert page.title() == "lesionvis: my run"
    assert page.locator(".numbers li").all_inner_texts()[:3] == ["100\nphotos", "10\nfailed", "90\nok"]
    assert set(page.locator("#urgent .level").all_inner_texts()) == {"emergency"}
    assert "Something must be done." in page.locator("#urgent li").first.inner_text()
    assert opened.shown() == "Photos 1 to 48 of 100"
    assert page.locator("#photos .level").first.inner_text() == "emergency"


def test_filters_and_search_narrow_the_gallery(opened: Opened) -> None:
    page = opened.page
    page.select_option("#status", "failed")
    assert opened.shown() == f"Photos 1 to {N_FAILED} of {N_FAILED} (100 in all)"
    page.select_option("#pattern", "angioma")
    assert opened.shown() == "No photo fits; clear a filter."
    page.get_by_role("button", name="Clear").click()
    sync_api.expect(page.locator("#shown")).to_have_text("Photos 1 to 48 of 100")
    page.select_option("#level", "emergency")
    page.select_option("#pattern", LABELS[0])
    expected = [name for index, name in enumerate(NAMES) if index % 6 == 0 and index % 5 == 0 and index % 10 != 3]
    assert sorted(opened.names()) == expected
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Search name or problem").fill("DAY 01")
    assert opened.names() != []
    assert sorted(opened.names()) == [f"leg/day 01{digit}.jpg" for digit in range(10)]
    page.fill("#search", "copy it again")
    assert len(opened.names()) == N_FAILED
    page.fill("#search", "")
    page.select_option("#flag", "no_scale")
    assert "of 40 (" in opened.shown()
    page.get_by_role("checkbox", name="needs a person").check()
    assert "of 40 (" not in opened.shown()


def test_a_number_of_the_summary_shows_its_photos(opened: Opened) -> None:
    cell = opened.page.locator('.cell[data-pattern="angioma"][data-level="watch"]')
    count = int(cell.inner_text())
    cell.click()
    assert opened.shown() == f"Photos 1 to {count} of {count} (100 in all)"
    opened.page.locator('.cell[data-pattern="-"]').click()
    assert set(opened.page.locator("#photos .level").all_inner_texts()) == {"failed"}
    opened.page.locator("#all-urgent").click()
    assert opened.page.locator("#needs").is_checked()


def test_sorting(opened: Opened) -> None:
    page = opened.page
    page.select_option("#sort", "photo")
    assert opened.names() == sorted(NAMES)[:48]
    page.select_option("#sort", "median_diameter_mm")
    sizes = [
        float(text.partition("median ")[2].split()[0]) for text in page.locator("#photos .small").all_inner_texts()
    ]
    assert sizes == sorted(sizes, reverse=True)
    page.select_option("#sort", "spot_count")
    counts = [int(text.split(", ")[1].split()[0]) for text in page.locator("#photos .small").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    page.select_option("#sort", "taken_at")
    days = [NAMES.index(name) % 28 for name in opened.names()]
    assert days == sorted(days)


def test_pages_turn(opened: Opened) -> None:
    page = opened.page
    assert page.locator("#previous").is_disabled()
    first = opened.names()
    page.get_by_role("button", name="Next", exact=True).click()
    second = opened.names()
    assert opened.shown() == "Photos 49 to 96 of 100"
    page.get_by_role("button", name="Last").click()
    assert opened.shown() == "Photos 97 to 100 of 100"
    assert page.locator("#next").is_disabled()
    assert sorted([*first, *second, *opened.names()]) == sorted(NAMES)
    page.fill("#page", "2")
    page.press("#page", "Enter")
    assert opened.names() == second
    page.fill("#page", "999")
    page.press("#page", "Enter")
    assert opened.shown() == "Photos 97 to 100 of 100"


def test_details_of_a_photo(opened: Opened) -> None:
    page = opened.page
    page.select_option("#sort", "photo")
    page.fill("#search", "day 001")
    page.locator("#photos button").click()
    page.wait_for_selector("#details[open]")
    assert page.locator("#details-title").inner_text() == "leg/day 001.jpg"
    body = page.locator("#details-body")
    assert "S01 Something must be done." in body.inner_text()
    assert "No ruler or other reference was found" in body.inner_text()
    heads = page.locator("#details-body table").first.locator("thead th").all_inner_texts()
    assert heads[:2] == ["spot", "diameter mm"]
    rows = page.locator("#details-body table").first.locator("tbody tr")
    assert rows.count() == int(page.locator("#details-body h3", has_text="spots").inner_text().split()[0])
    assert not page.locator(".features").is_visible()
    page.locator("#details-body summary").click()
    assert page.locator(".features tr", has_text="median_diameter_mm").is_visible()
    picture = page.locator("#details-body img")
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 360
    page.locator("#close").click()
    assert not page.locator("#details").is_visible()


def test_details_by_keyboard(opened: Opened) -> None:
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the photos"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "gallery"
    page.locator("#photos button").nth(1).focus()
    names = opened.names()
    page.keyboard.press("Enter")
    page.wait_for_selector("#details[open]")
    assert page.evaluate("document.activeElement.id") == "details-title"
    for key, name in (("ArrowLeft", names[0]), ("ArrowLeft", names[0]), ("ArrowRight", names[1])):
        page.keyboard.press(key)
        sync_api.expect(page.locator("#details-title")).to_have_text(name)
    page.keyboard.press("Escape")
    assert not page.locator("#details").is_visible()
    assert page.evaluate("document.activeElement.querySelector('.name').textContent") == names[1]


def test_a_name_with_markup_is_text(opened: Opened) -> None:
    page = opened.page
    page.fill("#search", "onerror")
    assert opened.names() == [HOSTILE]
    page.locator("#photos button").click()
    page.wait_for_selector("#details[open]")
    assert page.locator("#details-title").inner_text() == HOSTILE
    assert page.locator("b", has_text="bold").count() == 0
    assert page.title() == "lesionvis: my run"


def test_everything_has_a_name_for_screen_readers(opened: Opened) -> None:
    page = opened.page
    page.locator("#photos button").first.click()
    page.wait_for_selector("#details[open]")
    nameless = """() => [...document.querySelectorAll('button, input, select, [role=region], svg, dialog, section')]
        .filter(e => !(e.ariaLabel || e.textContent.trim() || (e.labels && e.labels.length)
            || document.getElementById(e.getAttribute('aria-labelledby'))?.textContent))
        .map(e => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    assert page.evaluate("[...document.images].filter(image => !image.hasAttribute('alt')).length") == 0
    assert page.evaluate("document.documentElement.lang") == "en"
    doubled = "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
    assert page.evaluate(f"{doubled} return ids.filter((id, at) => ids.indexOf(id) !== at); }})()") == []
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.locator("#shown").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_keeps_the_rules_of_accessibility(browser: Any, report: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed; install lesionvis[dev]"
    ).Axe()
    opened = Opened(browser, report, viewport={"width": width, "height": 844}, color_scheme=scheme)
    found = axe.run(opened.page)
    assert len(found.response["passes"]) > 20
    assert (found.generate_report() if found.violations_count else "") == ""
    opened.page.locator("#photos button").first.click()
    opened.page.wait_for_selector("#details[open]")
    opened.page.locator("#details-body summary").click()
    found = axe.run(opened.page)
    assert (found.generate_report() if found.violations_count else "") == ""
    opened.context.close()


CONTRASTS = """() => {
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = (color) => parts(color).slice(0, 3).map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (e) => { for (; e; e = e.parentElement) {
        const color = getComputedStyle(e).backgroundColor;
        if ((parts(color)[3] ?? 1) > 0) return color; } };
    const texts = 'h1, h2, p, li b, .small, .name, .level, label, button, th, td, .zero, dt, dd';
    return [...document.querySelectorAll(texts)]
        .filter((e) => e.checkVisibility() && e.textContent.trim() && !e.disabled)
        .map((e) => { const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 90)]; })
        .filter(([ratio]) => ratio < 4.5); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_text_is_readable_and_fits_in_light_and_dark(browser: Any, report: Path, scheme: str, width: int) -> None:
    opened = Opened(browser, report, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = opened.page
    assert page.evaluate(CONTRASTS) == []  # WCAG 2.2, 1.4.3
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(251, 250, 248)") == (scheme == "light")
    page.locator("#photos button").first.click()
    page.wait_for_selector("#details[open]")
    assert page.evaluate(CONTRASTS) == []
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.getElementById('details'))")
    opened.context.close()
    assert opened.complaints == []


def test_paper_shows_results_and_no_controls(opened: Opened) -> None:
    page = opened.page
    page.emulate_media(media="print")
    for hidden in ("#controls", ".pager", "#all-urgent"):
        assert not page.locator(hidden).is_visible()
    for shown in (".matrix", "#urgent", "figure >> nth=0", "#photos"):
        assert page.locator(shown).is_visible()
    page.emulate_media(media="screen")
    page.locator("#photos button").first.click()
    page.wait_for_selector("#details[open]")
    page.emulate_media(media="print")
    assert page.locator("#details-body").is_visible()
    assert not page.locator(".matrix").is_visible()
    assert not page.locator("#close").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_many_photos_load_only_the_pictures_in_view(browser: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with made_up_run(run, [f"{index}.jpg" for index in range(EMBEDDED_MAX + 1)]) as journal:
        write_report(run, journal)
    opened = Opened(browser, run / REPORT_NAME)
    opened.page.wait_for_load_state("networkidle")
    pictures = {url for url in opened.requests if "/thumbnails/" in url}
    assert all(url.startswith(f"{run.as_uri()}/thumbnails/") for url in pictures)
    assert 0 < len(pictures) < 48
    assert opened.page.locator("#urgent img").first.evaluate("image => image.naturalWidth") == 360
    assert LEVELS[0] in opened.page.locator("#urgent .level").first.inner_text()
    opened.context.close()
    assert opened.complaints == []


def test_without_scripts_the_page_says_where_the_results_are(browser: Any, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert "All results are in photos.csv and spots.csv." in page.locator("noscript").inner_text()
    assert page.locator(".matrix").is_visible()
    context.close()
