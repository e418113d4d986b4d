"""The processes of a review: for what was found, for what a person changed, for sheets, and for pieces of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from lesionvis.analysis import Analyzer
from lesionvis.batch.supervisor import Outcome, Supervisor, Task
from lesionvis.batch.worker import EVIDENCE, SHEET, Job
from lesionvis.errors import SettingsError
from lesionvis.review.tiles import Tiles
from lesionvis.settings import provenance, settings_values

OUTLINES = "geojson"
"""Kind of picture that holds what was found on a photo."""


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Limits of one analysis, as for a run.

    Attributes
    ----------
    max_seconds : float
        Longest time for one photo, seconds.
    max_memory_gb : float
        Largest address space of each process, GB.
    """

    max_seconds: float = 120.0
    max_memory_gb: float = 4.0


class _Worker:
    """A supervised process that one thread at a time asks; it begins when it is first asked."""

    def __init__(self, job: Job) -> None:
        self._supervisor = Supervisor(job)
        self._lock = Lock()

    def __call__(self, task: Task) -> Outcome:
        with self._lock:
            return self._supervisor(task)

    def close(self) -> None:
        self._supervisor.close()


class Workers:
    """Processes that analyse and decode photos; all may be asked from any thread.

    What was found and what a person changed have a process each, so that the next photo never waits for a change.

    Parameters
    ----------
    analyzer : Analyzer
        Settings of the run.
    kinds : sequence of str
        Kinds of pictures that the run holds.
    limits : AnalysisSettings
    """

    def __init__(self, analyzer: Analyzer, kinds: Sequence[str], limits: AnalysisSettings) -> None:
        facts, settings = provenance(analyzer), settings_values(analyzer)
        wanted = ((OUTLINES,), (*kinds, EVIDENCE), (SHEET,))
        jobs = [Job(settings, facts, kinds, limits.max_seconds, limits.max_memory_gb) for kinds in wanted]
        self._as_found, self._as_given, self._for_sheet = (_Worker(job) for job in jobs)
        self._tiles = Tiles(limits.max_memory_gb)

    def close(self) -> None:
        """End all processes."""
        for worker in (self._as_found, self._as_given, self._for_sheet, self._tiles):
            worker.close()

    def as_found(self, task: Task) -> Outcome:
        """Find the spots of a photo.

        Parameters
        ----------
        task : Task

        Returns
        -------
        Outcome
            With the picture `OUTLINES`.
        """
        return self._as_found(task)

    def as_given(self, task: Task) -> Outcome:
        """Measure a photo as a run does.

        Parameters
        ----------
        task : Task

        Returns
        -------
        Outcome
            With the pictures that the run holds, and `EVIDENCE`.
        """
        return self._as_given(task)

    def sheet(self, task: Task) -> bytes:
        """Make the sheet for the doctor.

        Parameters
        ----------
        task : Task

        Returns
        -------
        bytes
            HTML with everything inside.

        Raises
        ------
        SettingsError
            If the photo cannot be analysed.
        """
        outcome = self._for_sheet(task)
        if SHEET not in outcome.pictures:
            raise SettingsError(outcome.unread or str(outcome.row.get("problem")))
        return outcome.pictures[SHEET]

    def tile(self, path: Path, content: str, level: int, column: int, row: int) -> bytes:
        """Make a piece of the picture of a photo.

        Parameters
        ----------
        path : Path
            The photo.
        content : str
            Its SHA-256.
        level, column, row : int
            As for `lesionvis.review.tiles.Tiles`.

        Returns
        -------
        bytes
            JPEG file.

        Raises
        ------
        UnreadablePhoto
            If the file is no longer that photo, or cannot be decoded; if there is no such piece.
        """
        return self._tiles(path, content, level, column, row)
