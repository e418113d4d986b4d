"""The review page: how soon the server and a browser answer.

    python benchmarks/review_page.py --photos 10000 --megapixels 100
    python benchmarks/review_page.py --reviewed 20
    python benchmarks/review_page.py --run RUN

Makes up a journal (`tests/runs.py`), serves its review and, in Chromium, opens the list, turns its pages, searches,
sorts and filters; then opens a rendered photo of the given size, at fit and at full resolution, and removes a spot.

With `--reviewed` it goes through so many rendered photos of 1, 3 and 12 megapixels as a person does, one after the
other; with `--run` through the first of a copy of a run, whose photos must lie where they lay. The times of each kind
of step are taken inside the page, from the event of the mouse or key to the frame that shows what was wanted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
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


LOADED = """() => {
    const pictures = [...document.querySelectorAll('#plane img')].filter((one) => !one.hidden);
    return pictures.length > 0 && pictures.every((one) => one.complete && one.naturalWidth > 0); }"""


def look_at_photo(browser: Any, folder: Path, megapixels: float) -> None:
    """Open one large photo and change it."""
    (folder / "photos").mkdir()
    height, width = write_large(folder / "photos" / "large.jpg", 1, megapixels)
    BatchRunner(Analyzer())(folder / "photos", folder / "run")
    with review_process(folder / "run") as (_, address):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(600_000)
        page.goto(address)
        page.wait_for_selector("#photos .card")
        loaded = f"({LOADED})()"
        print(f"{width} x {height} px")
        timed(page, "its picture", lambda: page.click("#photos .card"), loaded)
        timed(page, "its spots", lambda: None, "document.querySelector('#shapes .spot')")
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


def write_large(path: Path, seed: int, megapixels: float) -> tuple[int, int]:
    """Write a rendered photo of a given size; its height and width, px."""
    side = round((megapixels * 1e6 / 12) ** 0.5)
    small = drawn_skin(seed, count=40, height=900, width=1200, radius=9)
    large = cv2.resize(small, (4 * side, 3 * side), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), np.asarray(large[..., ::-1]))
    return 3 * side, 4 * side


# What is waited for, looked at in every frame; the clock begins with the event of the mouse or key itself.
WATCH = """([names, photo, count, count_told]) => {
    const text = (id) => document.getElementById(id).textContent;
    // The title is there before the picture of the photo before is gone.
    const address = 'photo=' + encodeURIComponent(photo) + '&';
    const isShown = () => [...document.querySelectorAll('#plane img')].some((one) => one.src.includes(address));
    const conditions = {
        picture: () => isShown() && (LOADED)(),
        spots: () => isShown() && /^\\d/.test(text('spots-title')),
        changed: () => text('spots-title') !== count,
        told: () => document.querySelectorAll('#history li').length > count_told,
        measured: () => document.querySelector('#result b') !== null,
        asked: () => document.getElementById('asked') !== null,
        answered: () => document.getElementById('asked') !== window.lastAsked,
    };
    window.lastAsked = document.getElementById('asked');
    window.shownAfter = new Promise((resolve) => {
        let begun = null;
        const after = {}, kinds = ['pointerup', 'keydown', 'change'];
        const begin = (event) => { if (begun === null) begun = event.timeStamp; };
        kinds.forEach((kind) => document.addEventListener(kind, begin, { capture: true }));
        const look = () => {
            if (begun !== null) for (const name of names) {
                const isInOrder = names.slice(0, names.indexOf(name)).every((one) => one in after || one === 'picture');
                if (!(name in after) && isInOrder && conditions[name]()) after[name] = performance.now() - begun;
            }
            const isRefused = begun !== null && !document.getElementById('problem').hidden;
            const isOver = begun !== null && performance.now() - begun > 120000;
            if (isRefused || isOver || names.every((name) => name in after)) {
                kinds.forEach((kind) => document.removeEventListener(kind, begin, { capture: true }));
                resolve(after);
            } else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }); }""".replace("LOADED", LOADED)
# A free place of the viewer to draw on, at least 30 px from every outline.
FREE = """() => {
    const box = document.getElementById('viewer').getBoundingClientRect();
    const shapes = [...document.querySelectorAll('#shapes path')].map((path) => path.getBoundingClientRect());
    for (let y = box.top + 40; y < box.bottom - 40; y += 15) for (let x = box.left + 40; x < box.right - 40; x += 15) {
        if (shapes.every((one) => x + 30 < one.left || x - 30 > one.right || y + 30 < one.top || y - 30 > one.bottom)
            && document.elementsFromPoint(x, y).some((one) => one.tagName === 'IMG')) return [x, y];
    } return null; }"""


class Reviewer:
    """Goes through photos as a person does, and takes the times.

    Parameters
    ----------
    page : playwright Page
        Of the review.
    think_seconds : float
        How long a photo is looked at before anything is done; the next one is made ready meanwhile.
    """

    def __init__(self, page: Any, think_seconds: float) -> None:
        self.page = page
        self.think_seconds = think_seconds
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def step(self, act: Callable[[], object], steps: dict[str, str], photo: str = "") -> None:
        """Do something and take the time until each thing of `steps` shows, which has its names for the table.

        What is refused, or does not show within two minutes, adds no time.
        """
        page = self.page
        count, told = page.locator("#spots-title").text_content(), page.locator("#history li").count()
        page.evaluate(WATCH, [list(steps), photo or page.locator("#photo-title").text_content(), count, told])
        act()
        for name, milliseconds in page.evaluate("() => window.shownAfter").items():
            self.seconds[steps[name]].append(milliseconds / 1000)

    def review(self, photos: int) -> None:
        """Go through the first photos of the list."""
        page = self.page
        first = page.locator("#photos .name").first.text_content()
        self.step(
            lambda: page.click("#photos .card >> nth=0"),
            {"picture": "first photo: picture", "spots": "first photo: spots"},
            first,
        )
        for left in reversed(range(photos)):
            print(f"{left:4} more", end="\r", file=sys.stderr, flush=True)
            self.think()
            if not page.evaluate("() => document.getElementById('move').disabled"):  # else it could not be read
                self.change()
            if left:
                self.go_on()

    def think(self) -> None:
        """Look at the photo."""
        time.sleep(self.think_seconds)

    def change(self) -> None:
        """Remove a spot, promote a candidate, draw a circle, move a border, say a pattern and answer a question."""
        page = self.page
        changed = {"changed": "list changed", "measured": "measured again"}
        spots, candidates = (page.locator(f"#shapes .{kind}").count() for kind in ("spot", "candidate"))
        if spots > 1:
            self.step(
                lambda: page.get_by_role("button", name="Remove spot 2", exact=True).click(),
                _named("spot removed", changed),
            )
        if candidates:
            page.keyboard.press("c")
            self.step(lambda: page.keyboard.press("a"), _named("candidate taken", changed))
        place = page.evaluate(FREE)
        if place is not None:
            page.keyboard.press("o")
            self.step(lambda: self.drag(place, (12, 0)), _named("circle drawn", changed))
            page.keyboard.press("Escape")
        if spots:
            page.keyboard.press(".")
            page.keyboard.press("e")
            page.keyboard.press("ArrowRight")
            self.step(
                lambda: page.keyboard.press("Enter"),
                _named("border moved", {"told": "list changed", "measured": "measured again"}),
            )
            page.keyboard.press("Escape")
        self.step(lambda: page.select_option("#say-pattern", "uncertain"), {"told": "pattern or note kept"})
        self.step(lambda: page.keyboard.press("q"), {"asked": "questions opened"})
        answer = page.locator("#asking .answers button").last
        if answer.count():
            self.step(answer.click, {"answered": "answer, next question", "measured": "answer, measured again"})

    def drag(self, place: tuple[float, float], by: tuple[float, float]) -> None:
        """Drag the mouse."""
        mouse = self.page.mouse
        mouse.move(*place)
        mouse.down()
        mouse.move(place[0] + by[0], place[1] + by[1], steps=4)
        mouse.up()

    def go_on(self) -> None:
        """Be done with the photo; the next one is shown."""
        page = self.page
        names = page.evaluate("""async () => {
            const wish = new URLSearchParams(location.search);
            return (await (await fetch('api/photo?' + wish)).json()).next_to_do; }""")
        page.evaluate("() => document.getElementById('main').focus()")
        self.step(
            lambda: page.keyboard.press("d"), {"picture": "next photo: picture", "spots": "next photo: spots"}, names
        )

    def tell(self) -> None:
        """Print the table."""
        print(f"{'step':32}{'times':>6}{'median':>9}{'90 %':>9}{'worst':>9}   seconds")
        for what, seconds in self.seconds.items():
            middle, most, worst = np.percentile(seconds, (50, 90, 100))
            print(f"{what:32}{len(seconds):6}{middle:9.2f}{most:9.2f}{worst:9.2f}")


def _named(what: str, steps: dict[str, str]) -> dict[str, str]:
    return {name: f"{what}, {step}" for name, step in steps.items()}


def review_photos(browser: Any, run: Path, photos: int, think_seconds: float) -> None:
    """Go through the first photos of a run and print how long each kind of step took."""
    load = f"load of the machine {os.getloadavg()[0]:.1f} before"
    with review_process(run) as (_, address):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(600_000)
        page.goto(address)
        page.wait_for_selector("#photos .card")
        reviewer = Reviewer(page, think_seconds)
        try:
            reviewer.review(photos)
        finally:
            reviewer.tell()
            print(f"{load}, {os.getloadavg()[0]:.1f} after; {os.cpu_count()} processors")
        page.close()


def main() -> None:
    """Make up the runs and use their pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--megapixels", type=float, default=100.0)
    parser.add_argument("--reviewed", type=int, help="go through so many photos instead")
    parser.add_argument("--run", type=Path, help="with --reviewed: of a copy of this run")
    parser.add_argument("--think", type=float, default=2.0, help="seconds before the first change of each photo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        if options.run:
            shutil.copytree(options.run, folder / "run")
            review_photos(browser, folder / "run", options.reviewed, options.think)
        elif options.reviewed:
            (folder / "photos").mkdir()
            for number in range(options.reviewed):
                write_large(folder / "photos" / f"{number:03}.jpg", number, (1, 3, 12)[number % 3])
            BatchRunner(Analyzer())(folder / "photos", folder / "run")
            review_photos(browser, folder / "run", options.reviewed, options.think)
        else:
            look_at_many(browser, folder, options.photos, options.megapixels)


def look_at_many(browser: Any, folder: Path, photos: int, megapixels: float) -> None:
    """Use the list of a run of many photos, and one large photo."""
    analyzer = Analyzer()
    facts = run_provenance(analyzer)
    run = folder / "many" / "run"
    run.parent.mkdir()
    with made_up_run(run, [f"day {index:05}.jpg" for index in range(photos)]) as journal:
        journal.change("DELETE FROM provenance WHERE name <> 'table_layout'")
        journal.change("INSERT INTO provenance VALUES (?, ?)", facts.items())
    print(f"{photos} photos")
    look_at_list(browser, run)
    look_at_photo(browser, folder, megapixels)


if __name__ == "__main__":
    main()
