"""Keeps one worker process going: starts it, asks it, times it, and starts another when it dies."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

from lesionvis.batch.given import Given
from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.worker import Job
from lesionvis.errors import LesionvisError, ModelError, RunFolderError

ATTEMPTS = 2
"""How often a file may end its worker before it counts as failed: once may be bad luck, such as a full machine."""

START_SECONDS = 120.0
"""Longest time for a worker to load its models; even a crowded machine needs a few seconds."""

_PROGRAM = "from lesionvis.batch.worker import main; main()"


@dataclass(frozen=True, slots=True)
class Task:
    """One file to analyse.

    Attributes
    ----------
    path : str
    sha256 : str
        What it held when it was listed, with its mask: `lesionvis.batch.names.content_key`.
    mask : str or None
        File with the places to leave out.
    given : Given
        What a person gave for the photo.
    pictures : sequence of str or None
        Kinds of pictures that are wanted, in the place of those of the job.
    """

    path: str
    sha256: str
    mask: str | None = None
    given: Given = field(default_factory=Given)
    pictures: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a task.

    Attributes
    ----------
    sha256 : str
        Of the task.
    row : mapping
        Column -> value of the table of photos; empty when the file could not be read as it was listed.
    spots : sequence of rows
        Of the table of spots.
    reasons : sequence of (str, str)
        Number and reason of each rule that fired.
    candidates : sequence of rows
        Of what was not taken for a spot.
    pictures : mapping of str to bytes
        Kind -> encoded picture.
    unread : str
        Why the file could not be read as it was listed; "" when it could.
    """

    sha256: str
    row: Mapping[str, Any] = field(default_factory=dict)
    spots: Sequence[Sequence[Any]] = ()
    reasons: Sequence[tuple[str, str]] = ()
    candidates: Sequence[Sequence[float]] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    unread: str = ""


@dataclass(frozen=True, slots=True)
class _Worker:
    """A worker process and its pipes."""

    process: subprocess.Popen[str]
    requests: IO[str]
    answers: IO[str]
    complaints: IO[str]

    def end(self) -> int:
        """End the process, if it has not ended by itself, and tell its exit code."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.requests, self.answers, self.complaints):
            with suppress(OSError):  # what was not yet sent to a dead worker
                pipe.close()
        return code


class Supervisor:
    """Analyses files one at a time in a process of its own, whatever they do to that process; any thread may ask.

    Parameters
    ----------
    job : Job
        What the worker needs to know.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._worker: _Worker | None = None
        self._asked = threading.Lock()
        self._ran_out_of_time = False
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker at once, also from another thread."""
        self._is_closed = True
        self._end()

    def __call__(self, task: Task) -> Outcome:
        """Analyse one file.

        Parameters
        ----------
        task : Task

        Returns
        -------
        Outcome
            A failed row when the file ended its worker, or took too long, on every attempt.

        Raises
        ------
        LesionvisError
            If no worker can be started.
        """
        request: dict[str, Any] = {"path": task.path, "sha256": task.sha256, "mask": task.mask}
        request |= {"given": task.given.to_dict()} | ({} if task.pictures is None else {"pictures": task.pictures})
        with self._asked:
            for _ in range(ATTEMPTS):
                worker = self._worker or self._start()
                answer = self._ask(worker, request, self._job.max_seconds)
                if answer is not None:
                    break
                reason = self._end()
            else:
                from lesionvis.batch.rows import failed_row

                return Outcome(task.sha256, failed_row(f"This file {reason}; leave it out, or report it."))
        pictures = {kind: base64.b64decode(text) for kind, text in answer.get("pictures", {}).items()}
        return Outcome(task.sha256, **answer | {"pictures": pictures})

    def _start(self) -> _Worker:
        """Start a worker and wait until it is ready."""
        import lesionvis

        home = str(Path(lesionvis.__file__).parent.parent)
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        # One thread each: runs use processes, and the number of threads must not touch any result.
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(paths),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-P", "-c", _PROGRAM],  # -P: a folder of photos may hold a file named numpy.py
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment,
        )
        pipes = (cast("IO[str]", pipe) for pipe in (process.stdin, process.stdout, process.stderr))
        self._worker = _Worker(process, *pipes)
        ready = self._ask(self._worker, dataclasses.asdict(self._job), START_SECONDS)
        if ready is None:
            process.kill()
            words = self._worker.complaints.read().strip().splitlines()
            last = escape_control_characters(words[-1]) if words else "it gave no reason"
            self._end()
            raise LesionvisError(f"No worker process can be started ({last}); allow it more memory or time.")
        if "problem" in ready:
            raise ModelError(ready["problem"])
        self._refuse_other(ready["provenance"])
        return self._worker

    def _refuse_other(self, provenance: Mapping[str, str]) -> None:
        """Refuse a worker on another machine whose results would be others."""
        wanted = self._job.provenance
        different = [
            f"{name} {provenance.get(name)} instead of {wanted[name]}"
            for name in wanted
            if provenance.get(name) != wanted[name]
        ]
        if different:
            raise RunFolderError(f"A worker has {', '.join(different)}; install the same versions everywhere.")

    def _ask(self, worker: _Worker, content: Mapping[str, Any], max_seconds: float) -> dict[str, Any] | None:
        """Send one line and wait for the answer; None when the worker died or had to be ended."""
        self._ran_out_of_time = False
        watch = threading.Timer(max_seconds, self._time_is_over, [worker.process])
        watch.daemon = True
        watch.start()
        try:
            worker.requests.write(json.dumps(content) + "\n")
            worker.requests.flush()
            line = worker.answers.readline()
        except (OSError, ValueError):  # the worker is gone; ValueError: `close` was faster
            line = ""
        finally:
            watch.cancel()
        if self._is_closed:  # perhaps before this worker was started
            worker.end()
            raise LesionvisError("The run was stopped.")
        # A worker that dies while it writes leaves half a line.
        return json.loads(line) if line.endswith("\n") else None

    def _time_is_over(self, process: subprocess.Popen[str]) -> None:
        self._ran_out_of_time = True
        process.kill()

    def _end(self) -> str:
        """End the worker and tell how it came to it."""
        worker, self._worker = self._worker, None
        if worker is None:
            return ""
        code = worker.end()
        if self._ran_out_of_time:
            return f"was not finished after {self._job.max_seconds:g} seconds"
        return f"ended its worker process (exit code {code})"
