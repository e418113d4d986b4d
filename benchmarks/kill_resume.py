"""Kill batch runs at random moments and see whether a second call gives what an undisturbed run gives.

    python benchmarks/kill_resume.py --photos 300 --kills 50

Renders photos (with a duplicate and a damaged file among them), runs them once undisturbed, then starts a new run for
every kill, ends it with SIGKILL at a moment drawn evenly from the time of an undisturbed run, half of the times a
second time too, and lets it finish. Every file of the finished run folder, but its journal and lock, must be the same
bytes, and every photo must have exactly one row.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from lesionvis.batch.journal import Journal
from lesionvis.batch.places import JOURNAL_NAME, LOCK_NAME
from lesionvis.errors import RunFolderError
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import encode_jpeg, render

PROGRAM = (sys.executable, "-c", "from lesionvis.cli.main import main; main()")
JPEG_QUALITY = 88
PX_PER_MM = 5.0


def render_photos(folder: Path, count: int, width_px: int) -> int:
    """Write rendered photos into sub-folders, a duplicate and a damaged file; return the number of files."""
    for seed in range(count - 2):
        scene = Scene(seed=seed, width_px=width_px, height_px=width_px * 3 // 4, px_per_mm=PX_PER_MM)
        spots = petechial_shower(np.random.default_rng(seed), scene, 5 + seed % 20, diameter_mm=1.5)
        path = folder / f"{seed % 7}" / f"{seed:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_jpeg(render(scene, spots).rgb, JPEG_QUALITY))
    whole = (folder / "0" / "00000.jpg").read_bytes()
    (folder / "same.jpg").write_bytes(whole)
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    return count


def start(folder: Path, run: Path, jobs: int) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own."""
    command = [*PROGRAM, "batch", str(folder), "--out", str(run), "--masks", "--overlays", "--jobs", str(jobs)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def content(run: Path) -> dict[str, bytes]:
    """Every file of a finished run but its journal and lock."""
    kept = (JOURNAL_NAME, LOCK_NAME)
    files = (path for path in run.rglob("*") if path.is_file() and path.name not in kept)
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


def done(run: Path) -> int:
    """Photos that the journal of a killed run knows the result of."""
    try:
        with Journal.read(run) as journal:
            return sum(count for status, count in journal.counts("status").items() if status != "waiting")
    except RunFolderError:
        return 0


def kill_after(process: subprocess.Popen[bytes], seconds: float, with_workers: bool) -> str:
    """Kill a run after some time; tell how it ended."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        if with_workers:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        return "all" if with_workers else "run"
    return "late"


def rows(run: Path) -> list[str]:
    """Photos of a table, one for each row."""
    with (run / "photos.csv").open(newline="", encoding="utf-8") as file:
        return [row["photo"] for row in csv.DictReader(file)]


def main() -> int:
    """Run the benchmark; 1 when a run differed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--width", type=int, default=240, help="of a photo, px")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    differing = 0
    with tempfile.TemporaryDirectory() as place:
        folder, run = Path(place) / "photos", Path(place) / "run"
        count = render_photos(folder, options.photos, options.width)
        begun = time.monotonic()
        start(folder, run, options.jobs).wait()
        seconds = time.monotonic() - begun
        undisturbed = content(run)
        print(f"{count} photos, undisturbed in {seconds:.1f} s, {len(undisturbed)} files")
        print("kill  killed  after s  photos done  rows  files that differ")
        for number in range(1, options.kills + 1):
            shutil.rmtree(run)
            for _ in range(int(random.integers(1, 3))):
                after = float(random.uniform(0.0, seconds))
                killed = kill_after(start(folder, run, options.jobs), after, with_workers=bool(random.integers(2)))
                known = done(run)
            code = start(folder, run, options.jobs).wait()
            finished = content(run)
            different = [name for name in {*undisturbed, *finished} if undisturbed.get(name) != finished.get(name)]
            photos = rows(run) if (run / "photos.csv").exists() else []
            is_equal = not different and len(photos) == len(set(photos)) == count and code == 1
            differing += not is_equal
            print(f"{number:4}  {killed:6}  {after:7.1f}  {known:11}  {len(photos):4}  {len(different)}", flush=True)
    print(f"{options.kills - differing} of {options.kills} runs equal the undisturbed one")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
