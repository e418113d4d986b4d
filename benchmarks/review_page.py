"""The review page with many photos: how soon the server and a browser answer.

    python benchmarks/review_page.py --photos 10000 --megapixels 100

Makes up a journal (`tests/runs.py`), serves its review and, in Chromium, opens the list, turns its pages, searches,
sorts and filters; then opens a rendered photo of the given size, at fit and at full resolution, and removes a spot.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import cv2
import numpy as np
from chromium import chromium
from drawn import drawn_skin
from reviewed import review_process
from runs import made_up_run

from lesionvis.analysis import Analyzer
from lesionvis.batch.run import BatchRunner
from lesionvis.settings import run_provenance


def say(what: str, seconds: float, more: str = "") -> None:
    """Print one line of the table."""
    print(f"{what:36}{seconds:8.2f} s  {more}", flush=True)


def timed(page: Any, what: str, act: Callable[[], object], done: str) -> None:
    """Do something in the page and wait until it shows."""
    begun = time.perf_counter()
    act()
    page.wait_for_function(f"() => {done}")  # a bare expression would be evaluated, which the page forbids
    say(what, time.perf_counter() - begun)


def look_at_list(browser: Any, run: Path) -> None:
    """Use the list of a run."""
    begun = time.perf_counter()
    with review_process(run) as (_, address):
        say("server started", time.perf_counter() - begun)
        page = browser.new_page()
        page.set_default_timeout(600_000)
        shown = "document.getElementById('shown').textContent"
        timed(page, "first paint of the list", lambda: page.goto(address), f"{shown}.startsWith('Photos 1 to')")
        timed(page, "next page", lambda: page.click("#next"), f"{shown}.startsWith('Photos 49 to')")
        timed(page, "last page", lambda: page.click("#last"), "document.getElementById('next').disabled")
        timed(page, "search", lambda: page.fill("#search", "day 0001"), f"{shown}.includes('in all')")
        timed(page, "search for nothing", lambda: page.fill("#search", ""), f"!{shown}.includes('in all')")
        timed(
            page,
            "sort by size",
            lambda: page.select_option("#sort", "median_diameter_mm"),
            "location.search.includes('median')",
        )
        timed(page, "filter by level", lambda: page.select_option("#level", "same_day"), f"{shown}.includes('in all')")
        page.close()


def look_at_photo(browser: Any, folder: Path, megapixels: float) -> None:
    """Open one large photo and change it."""
    side = round((megapixels * 1e6 / 12) ** 0.5)
    (folder / "photos").mkdir()
    small = drawn_skin(1, count=40, height=900, width=1200, radius=9)
    large = cv2.resize(small, (4 * side, 3 * side), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / "photos" / "large.jpg"), np.asarray(large[..., ::-1]))
    BatchRunner(Analyzer())(folder / "photos", folder / "run")
    with review_process(folder / "run") as (_, address):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(600_000)
        page.goto(address)
        page.wait_for_selector("#photos .card")
        pictures = "[...document.querySelectorAll('#plane img')].filter((one) => !one.hidden)"
        loaded = f"{pictures}.length > 0 && {pictures}.every((one) => one.complete && one.naturalWidth > 0)"
        size = f"{4 * side} x {3 * side} px"
        print(size)
        timed(
            page, "photo with its spots", lambda: page.click("#photos .card"), "document.querySelector('#shapes .spot')"
        )
        timed(page, "its picture", lambda: None, loaded)
        timed(page, "full resolution", lambda: page.click("#full"), loaded)
        count = "document.getElementById('spots-title').textContent"
        before = page.evaluate(count)
        timed(
            page,
            "spot removed",
            lambda: page.get_by_label("Remove spot 1", exact=True).click(),
            f"{count} !== '{before}'",
        )
        timed(page, "measured again", lambda: None, "document.querySelector('#result b')")
        page.close()


def main() -> None:
    """Make up the runs and use their pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--megapixels", type=float, default=100.0)
    options = parser.parse_args()
    analyzer = Analyzer()
    facts = run_provenance(analyzer)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        run = Path(folder) / "many" / "run"
        run.parent.mkdir()
        with made_up_run(run, [f"day {index:05}.jpg" for index in range(options.photos)]) as journal:
            journal.change("DELETE FROM provenance WHERE name <> 'table_layout'")
            journal.change("INSERT INTO provenance VALUES (?, ?)", facts.items())
        print(f"{options.photos} photos")
        look_at_list(browser, run)
        look_at_photo(browser, Path(folder), options.megapixels)


if __name__ == "__main__":
    main()
