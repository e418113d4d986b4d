"""The report page with many photos: time and memory to write it, and how soon a browser answers.

    python benchmarks/report_page.py --photos 10000

Makes up a journal (`tests/runs.py`), writes its report and, where Chromium and playwright are there, opens it,
searches, sorts, filters, turns to the last page and opens the details of a photo.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from runs import made_up_run

from lesionvis.batch.report import REPORT_NAME, write_report

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def peak_mb() -> float:
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def say(what: str, seconds: float, more: str = "") -> None:
    """Print one line of the table."""
    print(f"{what:32}{seconds:8.2f} s  {more}", flush=True)


def open_details(page: Any) -> None:
    """Open the details of the first photo that is shown."""
    page.click("#photos button")
    page.wait_for_selector("#details[open]")


def look(report: Path) -> None:
    """Use the page in Chromium."""
    program = shutil.which("chromium")
    if program is None:
        print("Chromium is not on this machine: the page was written, not opened.")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page()

        def timed(what: str, act: Callable[[], object]) -> None:
            begun = time.perf_counter()
            act()
            page.locator("#shown").inner_text()
            say(what, time.perf_counter() - begun, page.locator("#shown").inner_text())

        timed("open, gallery shown", lambda: page.goto(report.as_uri()))
        timed("search", lambda: page.fill("#search", "day 17"))
        timed("search for nothing", lambda: page.fill("#search", ""))
        timed("sort by size", lambda: page.select_option("#sort", "median_diameter_mm"))
        timed("filter by level", lambda: page.select_option("#level", "same_day"))
        timed("last page", lambda: page.click("#last"))
        timed("details", lambda: open_details(page))
        used = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
        print(f"script memory {used:.0f} MB")
        browser.close()


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        names = [f"patient {index // 40:04}/day {index % 40}.jpg" for index in range(options.photos)]
        with made_up_run(run, names) as journal:
            before, begun, cpu_begun = peak_mb(), time.perf_counter(), time.process_time()
            write_report(run, journal)
            size = (run / REPORT_NAME).stat().st_size / 1e6
            cpu = time.process_time() - cpu_begun
            memory = f"{cpu:.1f} s of the processor, {size:.1f} MB, memory {before:.0f} -> {peak_mb():.0f} MB"
            say(f"write the page of {options.photos} photos", time.perf_counter() - begun, memory)
        look(run / REPORT_NAME)
    return 0


if __name__ == "__main__":
    sys.exit(main())
