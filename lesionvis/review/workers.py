"""The processes of a review: for what was found, for what a person changed, for sheets, and for pieces of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from lesionvis.analysis import Analyzer
from lesionvis.batch.names import photo_digest
from lesionvis.batch.supervisor import Outcome, Supervisor, Task
from lesionvis.batch.worker import EVIDENCE, SHEET, Job
from lesionvis.errors import SettingsError
from lesionvis.review.tiles import Tiles
from lesionvis.settings import provenance, settings_values

OUTLINES = "geojson"
"""Kind of picture that holds what was found on a photo."""


class Workers:
    """Processes that analyse and decode photos; all may be asked from any thread.

    Two of them analyse, and each keeps what it found in its last photo: the one goes on with the photo that is looked
    at, so that a change is measured without searching the photo again, while the other makes the next one ready.

    Parameters
    ----------
    analyzer : Analyzer
        Settings of the run.
    kinds : sequence of str
        Kinds of pictures that the run holds.

    Attributes
    ----------
    tile : Tiles
        Makes pieces of the picture of a photo.
    """

    def __init__(self, analyzer: Analyzer, kinds: Sequence[str]) -> None:
        facts, settings = provenance(analyzer), settings_values(analyzer)
        job = Job(settings, facts, (), keeps_last=True)
        self._kinds = tuple(kinds)
        # Each with the SHA-256 of the photo that it keeps; the one that was last wanted stands last.
        self._analysing = [("", Supervisor(job)), ("", Supervisor(job))]
        self._choosing = Lock()
        self.tile = Tiles(job.max_memory_gb)

    def close(self) -> None:
        """End all processes."""
        for _, worker in self._analysing:
            worker.close()
        self.tile.close()

    def look_at(self, content: str) -> None:
        """Tell which photo is looked at: the process that keeps it is not asked for another one.

        Parameters
        ----------
        content : str
            SHA-256 of the photo.
        """
        with self._choosing:
            self._last_wanted(content)

    def as_found(self, task: Task) -> Outcome:
        """Find the spots of a photo.

        Parameters
        ----------
        task : Task

        Returns
        -------
        Outcome
            With the pictures `OUTLINES` and `EVIDENCE`.
        """
        return self._ask(task, (OUTLINES, EVIDENCE))

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
        return self._ask(task, (*self._kinds, EVIDENCE))

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
        outcome = self._ask(task, (SHEET,))
        if SHEET not in outcome.pictures:
            raise SettingsError(outcome.unread or str(outcome.row.get("problem")))
        return outcome.pictures[SHEET]

    def _ask(self, task: Task, kinds: tuple[str, ...]) -> Outcome:
        return self._worker_of(photo_digest(task.sha256))(replace(task, pictures=kinds))

    def _worker_of(self, content: str) -> Supervisor:
        """Process that keeps a photo, or else the one that was not wanted for longer."""
        with self._choosing:
            self._last_wanted(content)
            if self._analysing[-1][0] != content:
                self._analysing = [self._analysing[1], (content, self._analysing[0][1])]
            return self._analysing[-1][1]

    def _last_wanted(self, content: str) -> None:
        self._analysing.sort(key=lambda one: one[0] == content)
