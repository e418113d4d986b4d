"""A cluster gives what one process gives, also when it loses a worker."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from drawn import write_photo

from lesionvis.batch.places import JOURNAL_NAME, LOCK_NAME
from lesionvis.batch.run import BatchRunner, Progress
from lesionvis.errors import RunFolderError

dask = pytest.importorskip("dask", reason="dask is not installed; install lesionvis[cluster]")
distributed = pytest.importorskip("distributed", reason="dask is not installed; install lesionvis[cluster]")

# What dask itself warns of is none of our business.
pytestmark = pytest.mark.filterwarnings("ignore")

N_PHOTOS = 12


def content(run: Path) -> dict[str, bytes]:
    kept = (JOURNAL_NAME, LOCK_NAME)
    files = (path for path in run.rglob("*") if path.is_file() and path.name not in kept)
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


def test_a_cluster_that_loses_a_worker_gives_the_same_tables_and_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for seed in range(N_PHOTOS):
        write_photo(folder / f"{seed % 3}" / f"{seed}.png", seed)
    (folder / "empty.jpg").touch()
    killed: list[int] = []
    done: list[int] = []
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:

        def kill_one(now: Progress) -> None:
            if now.doing == "analysing":
                done.append(now.done)
            if now.doing == "analysing" and now.done == 1:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        runner = BatchRunner(masks=True, overlays=True, dask_scheduler=cluster.scheduler_address)
        assert runner(folder, tmp_path / "cluster" / "run", kill_one) == {"ok": N_PHOTOS, "failed": 1}
    assert killed
    assert done == list(range(N_PHOTOS + 2))
    BatchRunner(masks=True, overlays=True)(folder, tmp_path / "alone" / "run")
    assert content(tmp_path / "cluster" / "run") == content(tmp_path / "alone" / "run")


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_photo(tmp_path / "in" / "a.png", 1)
    impatient = dask.config.set({"distributed.comm.timeouts.connect": "1s"})
    with impatient, pytest.raises(RunFolderError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        BatchRunner(dask_scheduler="tcp://127.0.0.1:9")(tmp_path / "in", tmp_path / "run")
