"""The sheet for the doctor fits one page, has what a doctor asks for, and makes markup of nothing."""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from chromium import chromium
from drawn import drawn_skin
from hypothesis import given, settings
from hypothesis import strategies as st
from paired import mole_on_two_days

from lesionvis.analysis import Analysis, Analyzer
from lesionvis.compare.series import Course, follow_spots
from lesionvis.report.overlay import SPOT_COLOR
from lesionvis.report.sheet import N_ROWS, N_ROWS_IN_COURSE, _draw_numbered, sheet_html
from lesionvis.triage.circumstances import Circumstances

DAY = date(2026, 11, 29)
ABOUT = Circumstances(age_years=34.0, cause="coughing", sites=("face",))
TOLD = {"fever": "yes", "blanch": "does_not_fade", "fits": "no", "stiff_neck": "no"}


@pytest.fixture(scope="module")
def asked(analysed_samples: dict[str, Analysis]) -> Analysis:
    return analysed_samples["shower-light-ruler.jpg"].answered(ABOUT.answers(TOLD))


@pytest.fixture(scope="module")
def course() -> Course:
    start = datetime(2026, 3, 1, 9, 0)
    return follow_spots(mole_on_two_days(1.4), [start, start + timedelta(days=60)])


def words_of(page: str) -> str:
    """What a reader sees."""
    body = page.split("<body>")[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split()).replace(" .", ".").replace(" :", ":")


def test_it_has_the_photo_the_measures_the_advice_and_the_answers(asked: Analysis) -> None:
    page = sheet_html(asked, circumstances=ABOUT, made_on=DAY)
    words = words_of(page)
    assert 'src="data:image/jpeg;base64,' in page
    assert "Made on 2026-11-29" in words
    assert "shower-light-ruler.jpg, taken on a date that is not known." in words
    assert "Get emergency help now. Now, within minutes." in words
    assert "NOT A DIAGNOSIS." in words
    assert f"Spots: {len(asked.table)}, 1.5" in words
    assert "Scale: 8 px per mm ± 0.4 % (ruler)" in words
    first = asked.table
    row = f"1 {first['diameter_mm'][0]:.3g} ± {first['diameter_error_mm'][0]:.2g} {first['length_mm'][0]:.3g} red"
    assert row in words
    assert f"and {len(first) - N_ROWS} smaller" in words
    assert "Age 34 years; before it came: a fit of hard coughing; places: the face and the ears." in words
    assert "Yes, or a warning sign: fever now; glass test: they stay, all or some of them." in words
    assert "No: fit; stiff neck." in words
    assert "From the photo: The photo shows 72 spots; The largest spot measures about 2.4 mm." in words
    not_answered = words.split("Not answered: ")[1]
    assert not_answered.startswith("confused or hard to wake; hard or fast breathing;")
    assert "stiff neck" not in not_answered
    assert asked.photo.sha256 in words


def test_where_nobody_was_asked_it_says_so(analysed_samples: dict[str, Analysis]) -> None:
    words = words_of(sheet_html(analysed_samples["shower-light-ruler.jpg"], made_on=DAY))
    assert "Nobody was asked." in words
    assert "No: " not in words
    assert "Not answered: confused or hard to wake; " in words


def test_a_single_lesion_has_its_letters_and_points(analysed_samples: dict[str, Analysis]) -> None:
    lesion = analysed_samples["irregular-lesion.jpg"]
    assert lesion.abcde is not None
    words = words_of(sheet_html(lesion, made_on=DAY))
    for criterion in lesion.abcde.criteria:
        assert f"{criterion.letter} {criterion.name} " in words
        assert criterion.finding in words
    assert f"7-point list: {lesion.abcde.seven_points.finding}" in words
    assert "ABCDE and" not in words_of(sheet_html(analysed_samples["shower-light-leg.jpg"], made_on=DAY))


def test_a_course_has_its_photos_dates_chart_and_evolution(course: Course) -> None:
    page = sheet_html(course.photos[-1], course.advice, made_on=DAY, course=course)
    words = words_of(page)
    assert "2026-03-01 09:00: 1 spot" in words
    assert "From photo 1 to 2, 60 days: 1 growing" in words
    assert "The spot changed within 60 days: its area is" in words
    assert 'src="data:image/svg+xml;base64,' in page
    assert "E evolution present" in words
    assert "Course" not in words_of(sheet_html(course.photos[-1], made_on=DAY))


def test_the_numbers_in_the_picture_are_those_of_the_table() -> None:
    analysis = Analyzer(px_per_mm=5.0)(drawn_skin(1))

    def n_bright(numbered: int) -> int:
        return int((np.abs(_draw_numbered(analysis, numbered).astype(int) - SPOT_COLOR).sum(axis=2) < 60).sum())

    assert n_bright(0) < n_bright(1) < n_bright(2)
    assert N_ROWS_IN_COURSE < N_ROWS


def test_no_photo_without_a_scale_or_spots_breaks_it(project: Path) -> None:
    assert "diameter, px" in words_of(sheet_html(Analyzer()(drawn_skin(1)), made_on=DAY))
    none = words_of(sheet_html(Analyzer()(project / "sample_images" / "plain-skin.jpg"), made_on=DAY))
    assert "Spots: none." in none
    assert "Nothing found. This is not an all-clear." in none
    assert not re.search(r"\bnan\b", none)


def test_it_asks_nothing_of_the_network(asked: Analysis, course: Course) -> None:
    for page in (sheet_html(asked, made_on=DAY), sheet_html(course.photos[-1], made_on=DAY, course=course)):
        assert not re.findall(r"https?://", page)
        assert "default-src 'none'" in page
        assert "<script" not in page


HOSTILE = Analyzer(px_per_mm=5.0)(drawn_skin(1))


@settings(deadline=None, max_examples=20)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(lambda text: f'"><img src=x>{text}'))
def test_no_name_becomes_markup(name: str) -> None:
    page = sheet_html(replace(HOSTILE, photo=replace(HOSTILE.photo, name=name)), made_on=DAY)
    assert "<img src=x>" not in page
    assert page.count("<img ") == 1


def test_it_fits_one_page_of_paper(
    asked: Analysis, course: Course, analysed_samples: dict[str, Analysis], tmp_path: Path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; install lesionvis[dev]")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not on this machine (Debian: apt-get install chromium)")
    pages = {
        "asked": sheet_html(asked, circumstances=ABOUT, made_on=DAY),
        "nobody asked": sheet_html(analysed_samples["shower-light-ruler.jpg"], made_on=DAY),
        "lesion": sheet_html(analysed_samples["irregular-lesion.jpg"], made_on=DAY),
        "course": sheet_html(course.photos[-1], course.advice, made_on=DAY, course=course),
    }
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=("--no-sandbox", "--disable-gpu"))
        for name, page in pages.items():
            path = tmp_path / f"{name}.html"
            path.write_text(page, encoding="utf-8")
            opened = browser.new_page()
            requests: list[str] = []
            opened.on("request", lambda request, found=requests: found.append(request.url))
            opened.goto(path.as_uri())
            paper = opened.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, name
            assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        browser.close()


@pytest.mark.parametrize("width_px", [390, 1280])
def test_it_fits_the_screen_of_a_phone(asked: Analysis, width_px: int, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.html"
    sheet.write_text(sheet_html(asked, circumstances=ABOUT, made_on=DAY), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width_px, "height": 900})
        page.goto(sheet.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px
