"""Kill runs that take in corrections, and the review page, at random moments, and see whether a correction is lost.

    python benchmarks/kill_corrections.py --photos 12 --kills 50

A finished run of rendered photos is given drawn spots for half of them by `batch --corrections`, which is killed with
SIGKILL at a moment drawn evenly from the time of an undisturbed call and made again; its files must then be those of
the undisturbed call, and the journal must hold each correction once. Then the review page of the run is changed as
fast as it answers (spots removed and drawn, patterns, notes, undo) until it is killed. Every change that it had said
to be done must be in the journal, in order, with at most one more that was on its way, and the next batch must measure
the spots that the journal has.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cv2
import numpy as np
from kill_resume import PROGRAM, content, kill_after, render_photos

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import photo_digest
from lesionvis.batch.reviews import history_of
from lesionvis.batch.study import last_correction
from lesionvis.labels import LABELS

# A page that nobody kills in this time is killed then.
REVIEW_SECONDS_MAX = 4.0
WIDTH_PX = 160


def start(folder: Path, run: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own."""
    quiet = subprocess.DEVNULL
    command = [*PROGRAM, "batch", str(folder), "--out", str(run), "--masks", *options]
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def draw(run: Path, corrections: Path) -> int:
    """A further spot in the mask of every second photo of a run; how many photos."""
    masks = sorted((run / "masks").rglob("*.png"))[::2]
    for path in masks:
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if mask is None:
            raise SystemExit(f"{path} is no mask.")
        cv2.circle(mask, (mask.shape[1] // 2, mask.shape[0] // 2), 6, int(mask.max()) + 1, -1)
        drawn = corrections / path.relative_to(run / "masks")
        drawn.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(drawn), mask)
    return len(masks)


def entered(run: Path) -> list[str]:
    """Content of the photo of each correction in the journal."""
    with Journal.read(run) as journal:
        return [digest for (digest,) in journal.select("SELECT photo_sha256 FROM corrections ORDER BY number")]


class Page:
    """The review page of a run in a process of its own, and what it said to be done.

    Parameters
    ----------
    run : Path
        Run folder.
    """

    def __init__(self, run: Path) -> None:
        command = [*PROGRAM, "review", str(run), "--no-open", "--reviewer", "benchmark"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        address = self.process.stdout.readline() if self.process.stdout else ""
        self._origin, _, self._token = address.strip().partition("/?token=")
        self.done: list[tuple[str, str]] = []

    def change_until_killed(self, photos: list[str], random: np.random.Generator) -> None:
        """Change one photo after the other, as fast as the page answers."""
        try:
            while True:
                photo = str(random.choice(photos))
                held = self._ask(f"/api/photo?photo={quote(photo)}")
                wish = _wish(len(held.get("spots", [])), held["can_undo"], random)
                told = self._ask("/api/edit", {"photo": photo, "version": held["version"], **wish})
                if told["version"] != held["version"]:  # to say again what was said before changes nothing
                    self.done.append((photo, str(told["version"])))
        except (OSError, HTTPException):
            return

    def _ask(self, path: str, wish: dict[str, Any] | None = None) -> Any:
        cookie = f"lesionvis-review-{self._origin.rpartition(':')[2]}={self._token}"
        headers = {"Cookie": cookie, "Origin": self._origin, "Content-Type": "application/json"}
        data = None if wish is None else json.dumps(wish).encode()
        request = urllib.request.Request(f"{self._origin}{path}", data, headers)  # noqa: S310 - of this machine
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)


def _wish(n_spots: int, can_undo: bool, random: np.random.Generator) -> dict[str, Any]:
    x, y = (float(value) for value in random.uniform(20.0, 0.6 * WIDTH_PX, 2))
    wishes: list[dict[str, Any]] = [
        {"do": "circle", "x": x, "y": y, "radius": 4.0},
        {"do": "note", "note": f"seen {random.integers(1_000_000)}"},
        {"do": "pattern", "pattern": str(random.choice(LABELS))},
        *([{"do": "remove", "spot": 1}] if n_spots else []),
        *([{"do": "undo"}] if can_undo else []),
    ]
    return wishes[int(random.integers(len(wishes)))]


def lost_changes(run: Path, done: list[tuple[str, str]]) -> tuple[int, int]:
    """Changes that were said to be done and are not in the journal, and those that are in it besides."""
    lost = more = 0
    with Journal.read(run) as journal:
        for photo, (_, key) in journal.known_files().items():
            told = [int(version) for name, version in done if name == photo]
            held = [one.number for one in history_of(journal, photo_digest(key)) if one.action != "as it was"]
            lost += told != held[: len(told)]
            more += max(0, len(held) - len(told))
    return lost, more


def wrong_rows(run: Path) -> int:
    """Photos whose result is not that of the spots that the journal has last."""
    wrong = 0
    with Journal.read(run) as journal:
        keys = {photo: photo_digest(key) for photo, (_, key) in journal.known_files().items()}
        for row in journal.records("photos"):
            digest = keys.get(str(row["photo"]))
            if digest is None or row["status"] != "ok":
                continue
            _, drawn = last_correction(journal, digest)
            wrong += drawn is not None and row["spot_count"] != sum(kind != "lesion" for kind in drawn.kinds)
    return wrong


def kill_batches(folder: Path, found: Path, corrections: Path, kills: int, random: np.random.Generator) -> int:
    """Kill calls with corrections; how many of them went wrong."""
    run = found.with_name("run")
    shutil.copytree(found, run)
    begun = time.monotonic()
    start(folder, run, "--corrections", str(corrections)).wait()
    seconds = time.monotonic() - begun
    undisturbed, expected = content(run), sorted(entered(run))
    print(f"batch --corrections: {len(expected)} corrections, undisturbed in {seconds:.1f} s")
    print("kill  killed  after s  entered then  entered  files that differ")
    failed = 0
    for number in range(1, kills + 1):
        shutil.rmtree(run)
        shutil.copytree(found, run)
        after = float(random.uniform(0.0, seconds))
        call = start(folder, run, "--corrections", str(corrections))
        killed = kill_after(call, after, with_workers=bool(random.integers(2)))
        then = entered(run)
        # What is in the journal needs no file any more.
        again = () if sorted(then) == expected else ("--corrections", str(corrections))
        start(folder, run, *again).wait()
        finished = content(run)
        different = [name for name in {*undisturbed, *finished} if undisturbed.get(name) != finished.get(name)]
        failed += bool(different) or sorted(entered(run)) != expected
        print(
            f"{number:4}  {killed:6}  {after:7.1f}  {len(then):12}  {len(entered(run)):7}  {len(different)}", flush=True
        )
    shutil.rmtree(run)
    return failed


def kill_reviews(folder: Path, found: Path, kills: int, random: np.random.Generator) -> int:
    """Kill review pages; how many of them lost something."""
    run = found.with_name("run")
    shutil.copytree(found, run)
    with Journal.read(run) as journal:
        photos = [str(row["photo"]) for row in journal.records("photos") if row["status"] == "ok"]
    print("review, one run after the other kill")
    print("kill  after s  said to be done  lost  on its way  rows that are wrong after the next batch")
    failed = 0
    done: list[tuple[str, str]] = []
    before = 0
    for number in range(1, kills + 1):
        page = Page(run)
        after = float(random.uniform(0.0, REVIEW_SECONDS_MAX))
        killer = threading.Timer(after, page.process.kill)
        killer.start()
        page.change_until_killed(photos, random)
        killer.join()
        page.process.wait()
        lost, more = lost_changes(run, [*done, *page.done])
        start(folder, run).wait()
        wrong = wrong_rows(run)
        failed += bool(lost or wrong or more - before > 1)
        print(f"{number:4}  {after:7.1f}  {len(page.done):15}  {lost:4}  {more - before:10}  {wrong}", flush=True)
        with Journal.read(run) as journal:  # what was on its way counts from now on
            done = [
                (photo, str(one.number))
                for photo, (_, key) in journal.known_files().items()
                for one in history_of(journal, photo_digest(key))
                if one.action != "as it was"
            ]
    return failed


def main() -> int:
    """Run the benchmark; 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as place:
        folder, found, corrections = (Path(place) / name for name in ("photos", "found", "corrections"))
        render_photos(folder, options.photos, WIDTH_PX)
        (folder / "same.jpg").unlink()  # the same photo reviewed under two names would be counted twice
        start(folder, found).wait()
        draw(found, corrections)
        batches = kill_batches(folder, found, corrections, options.kills, random)
        reviews = kill_reviews(folder, found, options.kills, random)
    whole = f"{options.kills - batches} of {options.kills} killed batches, {options.kills - reviews} of {options.kills}"
    print(f"{whole} killed reviews lost nothing")
    return int(batches + reviews > 0)


if __name__ == "__main__":
    sys.exit(main())
