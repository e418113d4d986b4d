"""Hostile files through the whole program: nothing may crash, hang, eat the memory or speak in riddles.

    python benchmarks/fuzz.py --files 20000

Every file (`tests/hostile.py`) is analysed as a batch run does it, with all pictures, in one worker process. A fault is
a worker that ended, a photo that took over 10 s of the processor or waited for ten minutes, an exception that lesionvis
did not foresee, or a problem that is not one clear sentence. Prints every fault and a table; ends with 1 if
there was any, or if the worker took over 1.5 GB. Linux only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hostile import KINDS, hostile_file

from lesionvis.analysis import Analyzer
from lesionvis.batch.pictures import KINDS as PICTURES
from lesionvis.batch.rows import FAILED
from lesionvis.batch.supervisor import Outcome, Supervisor, Task
from lesionvis.batch.worker import Job
from lesionvis.settings import provenance, settings_values

# The clock only ends what waits for ever: on a busy machine a photo of 3 s of the processor can take minutes.
MAX_SECONDS, MAX_CPU_SECONDS = 600.0, 10.0
MAX_MEMORY_GB = 1.5
STATUSES = ("ok", "unusable", FAILED)
# Sentences of a file that met what lesionvis did not foresee; see `lesionvis.batch.worker` and `supervisor`.
UNFORESEEN = ("fault of lesionvis", "ended its worker", "was not finished")


def fault_of(outcome: Outcome) -> str:
    """What is wrong with an answer; "" when nothing is."""
    if outcome.unread:
        return outcome.unread
    problem = str(outcome.row["problem"])
    if any(words in problem for words in UNFORESEEN):
        return problem
    is_sentence = problem.startswith("This ") and problem.endswith(".") and problem.isprintable()
    return "" if outcome.row["status"] == "ok" or is_sentence or outcome.row["status"] == "unusable" else problem


def _workers() -> list[Path]:
    """Folders of the system on the worker process, none when there is none."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [Path("/proc") / child for child in children]


def worker_memory_gb() -> float:
    """Largest memory of the worker process so far; not that of this one, which a new process is born with."""
    lines = [line for worker in _workers() for line in (worker / "status").read_text().splitlines()]
    return max((int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM:")), default=0.0)


def worker_seconds() -> float:
    """Processor time of the worker process so far, 0 when there is none."""
    # The numbers after the name in brackets; the 12th and 13th are ticks in the program and in the system.
    counts = [(worker / "stat").read_text().rpartition(")")[2].split() for worker in _workers()]
    return sum(int(count[11]) + int(count[12]) for count in counts) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run the benchmark; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    options = parser.parse_args()
    analyzer = Analyzer()
    job = Job(settings_values(analyzer), provenance(analyzer), tuple(PICTURES), MAX_SECONDS, 4.0)
    counts: dict[str, dict[str, int]] = {kind: defaultdict(int) for kind in KINDS}
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    cpu_seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    faults: list[str] = []
    gigabytes = 0.0
    with tempfile.TemporaryDirectory() as place, Supervisor(job) as supervisor:
        for seed in range(options.first, options.first + options.files):
            file = hostile_file(seed)
            path = Path(place) / file.name
            path.write_bytes(file.content)
            begun, cpu_begun = time.perf_counter(), worker_seconds()
            outcome = supervisor(Task(str(path), hashlib.sha256(file.content).hexdigest()))
            seconds[file.kind].append(time.perf_counter() - begun)
            cpu_seconds[file.kind].append(worker_seconds() - cpu_begun)
            gigabytes = max(gigabytes, worker_memory_gb())
            path.unlink()
            counts[file.kind][str(outcome.row.get("status", "unread"))] += 1
            too_long = "took over 10 s" if cpu_seconds[file.kind][-1] > MAX_CPU_SECONDS else ""
            if fault := fault_of(outcome) or too_long:
                counts[file.kind]["fault"] += 1
                faults.append(f"seed {seed}, {file.kind}: {fault}")
                print(faults[-1], flush=True)
    heads = "".join(f"{status:>{width}}" for status, width in zip(STATUSES, (7, 9, 8), strict=True))
    print(f"{'kind':16}{'files':>7}{heads}{'median s':>9}{'longest s':>10}{'of CPU':>8}{'faults':>8}")
    for kind, taken in seconds.items():
        if taken:
            found = "".join(
                f"{counts[kind][status]:{width}}" for status, width in zip(STATUSES, (7, 9, 8), strict=True)
            )
            times = f"{np.median(taken):9.3f}{max(taken):10.2f}{max(cpu_seconds[kind]):8.2f}"
            print(f"{kind:16}{len(taken):7}{found}{times}{counts[kind]['fault']:8}")
    print(f"largest memory of a worker {gigabytes:.2f} GB, {len(faults)} faults")
    return int(bool(faults) or gigabytes > MAX_MEMORY_GB)


if __name__ == "__main__":
    sys.exit(main())
