"""The processes of a review: for what was found, for what a person changed, for sheets, and for pieces of photos."""

from __future__ import annotations

from collections.abc import Sequence

from lesionvis.analysis import Analyzer
from lesionvis.batch.supervisor import Supervisor, Task
from lesionvis.batch.worker import EVIDENCE, SHEET, Job
from lesionvis.errors import SettingsError
from lesionvis.review.tiles import Tiles
from lesionvis.settings import provenance, settings_values

OUTLINES = "geojson"
"""Kind of picture that holds what was found on a photo."""


class Workers:
    """Processes that analyse and decode photos; all may be asked from any thread.

    What was found and what a person changed have a process each, so that the next photo never waits for a change.

    Parameters
    ----------
    analyzer : Analyzer
        Settings of the run.
    kinds : sequence of str
        Kinds of pictures that the run holds.

    Attributes
    ----------
    as_found : Supervisor
        Finds the spots of a photo: the outcome has the picture `OUTLINES`.
    as_given : Supervisor
        Measures a photo as a run does: the outcome has the pictures that the run holds, and `EVIDENCE`.
    tile : Tiles
        Makes pieces of the picture of a photo.
    """

    def __init__(self, analyzer: Analyzer, kinds: Sequence[str]) -> None:
        facts, settings = provenance(analyzer), settings_values(analyzer)
        wanted = ((OUTLINES,), (*kinds, EVIDENCE), (SHEET,))
        jobs = [Job(settings, facts, kinds) for kinds in wanted]
        self.as_found, self.as_given, self._for_sheet = (Supervisor(job) for job in jobs)
        self.tile = Tiles(jobs[0].max_memory_gb)

    def close(self) -> None:
        """End all processes."""
        for worker in (self.as_found, self.as_given, self._for_sheet, self.tile):
            worker.close()

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
