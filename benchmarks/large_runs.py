"""Batch runs of many and of huge photos: memory, throughput with one process, two and a cluster, and 100 megapixels.

    python benchmarks/large_runs.py                  # all four parts
    python benchmarks/large_runs.py memory --many 20000

Every run is a process of its own that reports its time, the processor time of its workers, and its own and a worker's
largest memory. The cluster is a Dask scheduler and two workers, processes of this machine. Photos are rendered or drawn
here; nothing is stubbed. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from drawn import write_photo

from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import encode_jpeg, render

PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from lesionvis.batch.run import BatchRunner
folder, run, jobs, pictures = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), bool(int(sys.argv[4]))
begun = time.perf_counter()
counts = BatchRunner(masks=pictures, overlays=pictures, jobs=jobs, dask_scheduler=sys.argv[5] or None)(folder, run)
wall = time.perf_counter() - begun
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]  # from its own start on
own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "counts": counts, "wall": wall, "own_cpu": own.ru_utime + own.ru_stime,
    "workers_cpu": workers.ru_utime + workers.ru_stime,
    "own_mb": int(peak) * 1024 / 1e6, "worker_mb": workers.ru_maxrss * 1024 / 1e6,
}))
"""
HEAD = f"{'photos':>8}{'jobs':>6}{'s':>9}{'photos/s':>10}{'CPU s workers':>15}{'CPU s run':>11}"
HEAD += f"{'MB run':>8}{'MB worker':>11}  status"


def measured(folder: Path, run: Path, jobs: int, pictures: bool, scheduler: str = "") -> dict[str, float]:
    """Run a batch and print a row of the table; of the workers of a cluster only what they did is known."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(run), str(jobs), str(int(pictures)), scheduler]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    count = sum(found["counts"].values())
    cpu, mb = ("-", "-") if scheduler else (f"{found['workers_cpu']:.1f}", f"{found['worker_mb']:.0f}")
    row = f"{count:8}{jobs:6}{found['wall']:9.1f}{count / found['wall']:10.1f}{cpu:>15}"
    row += f"{found['own_cpu']:11.1f}{found['own_mb']:8.0f}{mb:>11}  {found['counts']}"
    print(row, flush=True)
    return {name: float(found[name]) for name in ("wall", "own_mb", "own_cpu", "workers_cpu")}


def memory(place: Path, counts: list[int]) -> None:
    """Memory of the run's own process must not grow with the number of photos."""
    print(f"\nTiny drawn photos of 40 x 40 px; nine of ten are cut short, which costs no time\n{HEAD}")
    own = []
    for count in counts:
        folder = place / f"tiny {count}"
        for seed in range(count):
            path = write_photo(folder / f"{seed // 500}" / f"{seed}.png", seed, count=1, height=40, width=40, radius=3)
            if seed % 10:
                path.write_bytes(path.read_bytes()[:2000])
        own.append(measured(folder, place / f"run {count}", jobs=2, pictures=False)["own_mb"])
    print(f"from {counts[0]} to {counts[-1]} photos the memory of the run grows by {own[-1] - own[0]:.0f} MB")


def rendered(place: Path, count: int) -> Path:
    """Folder of rendered photos, made once."""
    folder = place / "rendered"
    for seed in range(0 if folder.is_dir() else count):
        scene = Scene(seed=seed, width_px=1280, height_px=960, px_per_mm=8.0, hair_count=4)
        spots = petechial_shower(np.random.default_rng(seed), scene, 10 + seed % 60, diameter_mm=1.5)
        folder.mkdir(exist_ok=True)
        (folder / f"{seed:04}.jpg").write_bytes(encode_jpeg(render(scene, spots).rgb, 90))
    return folder


def throughput(place: Path, count: int) -> None:
    """Photos per second with one process and with two."""
    folder = rendered(place, count)
    print(f"\nRendered photos, 1280 x 960 px\n{HEAD}")
    one, two = (measured(folder, place / f"run of {jobs}", jobs, pictures=False) for jobs in (1, 2))
    print(
        f"two processes are {one['wall'] / two['wall']:.2f} times as fast as one, "
        f"for {two['workers_cpu'] / one['workers_cpu']:.2f} times the processor time"
    )


def cluster(place: Path, count: int) -> None:
    """Photos per second with two processes, with a cluster of two workers, and with one that loses a worker."""
    distributed: Any = import_module("distributed")
    folder = rendered(place, count)
    print(f"\nRendered photos: two processes, two workers of a cluster, and one of them killed half-way\n{HEAD}")
    runs = [place / name / "run" for name in ("processes", "cluster", "lost")]
    measured(folder, runs[0], jobs=2, pictures=False)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers:
        address = workers.scheduler_address
        whole = measured(folder, runs[1], jobs=2, pictures=False, scheduler=address)
        pid = next(iter(workers.workers.values())).pid
        killer = threading.Timer(whole["wall"] / 2, os.kill, (pid, signal.SIGKILL))
        killer.start()
        measured(folder, runs[2], jobs=2, pictures=False, scheduler=address)
        killer.join()
    tables = [[(run / name).read_bytes() for name in ("photos.csv", "spots.csv", "report.html")] for run in runs]
    print(f"tables and pages are {'the same bytes' if tables[0] == tables[1] == tables[2] else 'DIFFERENT'}")


def huge(place: Path) -> None:
    """A photo of 100 megapixels, as JPEG and as PNG, with all pictures."""
    print(f"\nOne photo of 100 megapixels (11600 x 8700 px), with mask and overlay\n{HEAD}")
    scene = Scene(seed=1, width_px=1450, height_px=1088, px_per_mm=8.0)
    rgb = render(scene, petechial_shower(np.random.default_rng(1), scene, 40, diameter_mm=1.5)).rgb
    large = cv2.resize(rgb[:1087, :, ::-1], (11600, 8700), interpolation=cv2.INTER_CUBIC)
    for extension in (".jpg", ".png"):
        folder = place / f"huge{extension}"
        folder.mkdir()
        cv2.imwrite(str(folder / f"huge{extension}"), large)
        measured(folder, place / f"run {extension}", jobs=1, pictures=True)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["huge", "throughput", "cluster", "memory"])
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--rendered", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if "huge" in options.parts:
            huge(Path(place))
        if "throughput" in options.parts:
            throughput(Path(place), options.rendered)
        if "cluster" in options.parts:
            cluster(Path(place), options.rendered)
        if "memory" in options.parts:
            memory(Path(place), [options.few, options.many])
    return 0


if __name__ == "__main__":
    sys.exit(main())
