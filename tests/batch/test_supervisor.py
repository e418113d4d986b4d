"""Whatever a file does to its worker, it costs that file a row and nothing else."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from pathlib import Path

import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch import supervisor as supervisor_module
from lesionvis.batch.supervisor import Supervisor, Task
from lesionvis.batch.worker import Job
from lesionvis.errors import LesionvisError, ModelError, RunFolderError
from lesionvis.settings import provenance, settings_values

# A worker that some file names harm, as some file's content might.
HARMED = """
import os, time
from lesionvis.batch import worker
analyse_file = worker.analyse_file
def harmed(analyzer, job, path, sha256, mask, given):
    name = os.path.basename(path)
    if name.startswith("crash") or (name.startswith("once") and not os.path.exists(path + ".tried")):
        open(path + ".tried", "w").close()
        os.kill(os.getpid(), 11)
    if name.startswith("slow"):
        time.sleep(600)
    if name.startswith("greedy"):
        worker._PAINTERS["masks"] = lambda analysis: bytes(100 * 10**9)
    if name.startswith("noisy"):
        os.write(1, b"noise of a library\\n")
    return analyse_file(analyzer, job, path, sha256, mask, given)
worker.analyse_file = harmed
worker.main()
"""


def job(analyzer: Analyzer | None = None, max_seconds: float = 60.0, pictures: tuple[str, ...] = ()) -> Job:
    analyzer = analyzer or Analyzer()
    return Job(settings_values(analyzer), provenance(analyzer), pictures, max_seconds, 4.0)


def task(path: Path) -> Task:
    return Task(str(path), hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def harmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "_PROGRAM", HARMED)


@pytest.mark.usefixtures("harmed")
def test_a_file_that_kills_its_worker_fails_and_the_next_one_does_not(tmp_path: Path) -> None:
    crash, fine = write_photo(tmp_path / "crash.png", 1), write_photo(tmp_path / "fine.png", 2)
    with Supervisor(job()) as supervisor:
        lost, found = supervisor(task(crash)), supervisor(task(fine))
    assert lost.sha256 == task(crash).sha256
    assert lost.row["status"] == "failed"
    assert lost.row["problem"] == "This file ended its worker process (exit code -11); leave it out, or report it."
    assert found.row["status"] == "ok"


@pytest.mark.usefixtures("harmed")
def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    with Supervisor(job()) as supervisor:
        assert supervisor(task(write_photo(tmp_path / "once.png", 1))).row["status"] == "ok"


@pytest.mark.usefixtures("harmed")
def test_a_file_that_takes_too_long_fails(tmp_path: Path) -> None:
    with Supervisor(job(max_seconds=0.2)) as supervisor:
        outcome = supervisor(task(write_photo(tmp_path / "slow.png", 1)))
    assert outcome.row["problem"] == "This file was not finished after 0.2 seconds; leave it out, or report it."


@pytest.mark.usefixtures("harmed")
def test_a_file_that_needs_too_much_memory_fails(tmp_path: Path) -> None:
    with Supervisor(job(pictures=("masks",))) as supervisor:
        outcome = supervisor(task(write_photo(tmp_path / "greedy.png", 1)))
    assert "more than the 4 GB" in outcome.row["problem"]


@pytest.mark.usefixtures("harmed")
def test_what_a_library_prints_is_no_answer(tmp_path: Path) -> None:
    with Supervisor(job()) as supervisor:
        assert supervisor(task(write_photo(tmp_path / "noisy.png", 1))).row["status"] == "ok"


def test_pictures_come_with_the_outcome(tmp_path: Path) -> None:
    with Supervisor(job(pictures=("masks", "overlays"))) as supervisor:
        outcome = supervisor(task(write_photo(tmp_path / "a.png", 1)))
    assert outcome.pictures["masks"].startswith(b"\x89PNG")
    assert outcome.pictures["overlays"].startswith(b"\xff\xd8")
    assert len(outcome.spots) == outcome.row["spot_count"]


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    with Supervisor(job()) as supervisor:
        outcome = supervisor(Task(str(tmp_path / "gone.png"), "0"))
    assert "changed while" in outcome.unread
    assert outcome.row == {}


def test_a_worker_that_cannot_start_is_an_error_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "_PROGRAM", "import no_such_module")
    with (
        Supervisor(job()) as supervisor,
        pytest.raises(LesionvisError, match=r"No worker process can be started .*no_such_module"),
    ):
        supervisor(Task("a.jpg", ""))


def test_a_worker_without_its_model_is_an_error_of_the_run(tmp_path: Path) -> None:
    broken = Job(settings_values(Analyzer(model_folder=tmp_path)), {}, (), 60.0, 4.0)
    with Supervisor(broken) as supervisor, pytest.raises(ModelError, match=r"card\.json is missing"):
        supervisor(Task("a.jpg", ""))


def test_a_worker_of_another_version_is_refused() -> None:
    plain = job()
    other = Job(plain.settings, dict(plain.provenance) | {"opencv": "3.1"}, (), 60.0, 4.0)
    with (
        Supervisor(other) as supervisor,
        pytest.raises(RunFolderError, match=r"A worker has opencv .* instead of 3\.1"),
    ):
        supervisor(Task("a.jpg", ""))


@pytest.mark.usefixtures("harmed")
def test_closing_ends_the_work_in_another_thread(tmp_path: Path) -> None:
    with Supervisor(job()) as supervisor:
        supervisor(task(write_photo(tmp_path / "a.png", 1)))
        slow = task(write_photo(tmp_path / "slow.png", 1))
        caught: list[BaseException] = []

        def work() -> None:
            try:
                supervisor(slow)
            except LesionvisError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        supervisor.close()
        thread.join()
    assert [str(error) for error in caught] == ["The run was stopped."]


def test_a_worker_ends_with_the_process_that_asks(tmp_path: Path) -> None:
    supervisor = Supervisor(job())
    supervisor(task(write_photo(tmp_path / "a.png", 1)))
    worker = supervisor._worker
    assert worker is not None
    worker.requests.close()  # what the system does when the asking process dies
    assert worker.process.wait() == 0
    supervisor.close()


def test_the_keyboard_does_not_stop_a_worker(tmp_path: Path) -> None:
    with Supervisor(job()) as supervisor:
        first = supervisor(task(write_photo(tmp_path / "a.png", 1)))
        assert supervisor._worker is not None
        os.kill(supervisor._worker.process.pid, signal.SIGINT)
        second = supervisor(task(tmp_path / "a.png"))
        assert first == second
