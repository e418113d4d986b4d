"""The contact sheet holds every photo of a run with what was found, and fits the paper and a phone."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from chromium import chromium
from runs import made_up_run
from typer.testing import CliRunner

from lesionvis.cli import main as cli
from lesionvis.errors import SettingsError
from lesionvis.triage.wording import HEADER

HOSTILE = "<img src=x onerror=document.title=1>.jpg"
NAMES = [HOSTILE, *(f"leg/{number:02}.jpg" for number in range(24))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "run <b>"
    with made_up_run(run, NAMES):
        pass
    return run


def _written(run: Path, path: Path) -> str:
    result = CliRunner().invoke(cli.app, ["contact-sheet", str(run), "--out", str(path)])
    assert result.exit_code == 0, result.output
    return path.read_text(encoding="utf-8")


def test_every_photo_is_there_once_with_what_was_found(run: Path, tmp_path: Path) -> None:
    page = _written(run, tmp_path / "sheet.html")
    told = [html.unescape(text) for text in re.findall(r"<b>(.*?)</b><br>", page)]
    assert told == sorted(NAMES)
    assert page.count("<img") == 22  # three failed
    assert page.count("failed: This file is empty (0 bytes); copy it again.") == 3
    assert len(re.findall(r"spots?, median [\d.]+ mm; ", page)) == 22
    assert HEADER in page
    assert "Nobody was asked about 22 of these photos" in page


def test_a_name_that_is_no_page_is_refused(run: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["contact-sheet", str(run), "--out", str(tmp_path / "sheet.pdf")])
    assert isinstance(result.exception, SettingsError)
    assert "must end in .html" in str(result.exception)


def test_it_fits_a_phone_and_the_paper_and_markup_does_nothing(run: Path, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="install lesionvis[dev]").Axe()
    _written(run, tmp_path / "sheet.html")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto((tmp_path / "sheet.html").as_uri())
        assert page.title() == "Contact sheet of run <b>"
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        found = axe.run(page)
        assert (found.generate_report() if found.violations_count else "") == ""
        pages = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
        assert pages == 2
        assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
