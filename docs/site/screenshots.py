"""`python docs/site/screenshots.py` photographs the pages that the program makes, in the Chromium of the system."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pictures import IMAGES
from playwright.sync_api import Page, expect, sync_playwright

from lesionvis.batch.run import BatchRunner

SAMPLES = Path(__file__).resolve().parents[2] / "sample_images"
PHOTO = "shower-light-ruler.jpg"
WIDTH_PX, HEIGHT_PX = 1280, 800
SHEET_WIDTH_PX, SHEET_HEIGHT_PX = 800, 1000
FLAGS = ("--no-sandbox", "--disable-gpu")
PATIENCE_MS = 120_000
LESIONVIS = (sys.executable, "-m", "lesionvis")


def photograph_report(page: Page, run: Path) -> None:
    """The page of a run."""
    page.goto((run / "report.html").as_uri())
    page.wait_for_selector("#photos li")
    page.screenshot(path=IMAGES / "report-page.jpg", quality=85)


def photograph_review(page: Page, run: Path) -> None:
    """The review page with one photo open."""
    command = [*LESIONVIS, "review", str(run), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            page.goto(server.stdout.readline().strip())
            page.locator(".card", has=page.get_by_text(PHOTO, exact=True)).click()
            page.locator("#plane img").first.wait_for()
            expect(page.locator("#spots tbody td").first).not_to_have_text("…", timeout=PATIENCE_MS)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / "review-page.jpg", quality=85)
        finally:
            server.terminate()


def photograph_sheet(page: Page, folder: Path) -> None:
    """The sheet for the doctor, with a few answers."""
    sheet = folder / "sheet.html"
    answers = ("--age", "34", "--answer", "fever=no", "--country", "GB")
    subprocess.run([*LESIONVIS, "analyze", str(SAMPLES / PHOTO), *answers, "--sheet", str(sheet)], check=True)
    page.set_viewport_size({"width": SHEET_WIDTH_PX, "height": SHEET_HEIGHT_PX})
    page.goto(sheet.as_uri())
    page.locator("body").screenshot(path=IMAGES / "sheet.jpg", quality=85)


def main() -> None:
    """Write all pictures of pages."""
    with TemporaryDirectory() as place, sync_playwright() as playwright:
        run = Path(place) / "run"
        BatchRunner()(SAMPLES, run)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        page.set_default_timeout(PATIENCE_MS)
        photograph_report(page, run)
        photograph_review(page, run)
        photograph_sheet(page, Path(place))
        browser.close()


if __name__ == "__main__":
    main()
