"""What a person gives for one photo of a run: answers, circumstances, a scale, and spots that were drawn."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lesionvis.spots.drawn import DrawnSpots
from lesionvis.triage.circumstances import Circumstances

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis, Analyzer
    from lesionvis.findings import Findings
    from lesionvis.photo.mask import MaskSource

SCALE_SETTINGS = ("px_per_mm", "mm_across", "coin")
"""Settings of which each photo may have one of its own."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives for one photo.

    Parameters
    ----------
    answers : mapping of str to str
        Values by name of the question, without what follows from the circumstances.
    circumstances : Circumstances
        Age, cause and sites.
    scale : mapping of str to value
        At most one of `SCALE_SETTINGS`, in the place of what the run has for all photos.
    drawn : DrawnSpots, optional
        Spots that are measured instead of those that are found.
    problem : str
        One sentence on what cannot be used; the photo then fails with it. "" when nothing is wrong.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    circumstances: Circumstances = field(default_factory=Circumstances)
    scale: Mapping[str, float | str] = field(default_factory=dict)
    drawn: DrawnSpots | None = None
    problem: str = ""

    @property
    def digest(self) -> str | None:
        """SHA-256 of what was given, a part of the key of the results (`content_key`); None where nothing was."""
        if self == Given():
            return None
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for another process.

        Returns
        -------
        dict
            Ready for JSON; `from_dict` takes it back.
        """
        return {
            "answers": dict(self.answers),
            **dataclasses.asdict(self.circumstances),
            "scale": dict(self.scale),
            "drawn": self.drawn.to_dict() if self.drawn is not None else None,
            "problem": self.problem,
        }

    @staticmethod
    def from_dict(content: Mapping[str, Any]) -> Given:
        """What was given, from plain values.

        Parameters
        ----------
        content : mapping
            From `to_dict`.

        Returns
        -------
        Given
        """
        drawn = content["drawn"]
        return Given(
            content["answers"],
            Circumstances(content["age_years"], content["cause"], tuple(content["sites"])),
            content["scale"],
            None if drawn is None else DrawnSpots.from_dict(drawn),
            content["problem"],
        )

    def analyze(self, analyzer: Analyzer, path: str, mask: MaskSource | None) -> Analysis:
        """Analyse a photo with what was given for it.

        Parameters
        ----------
        analyzer : Analyzer
            Settings of the run.
        path : str
            The photo.
        mask : MaskSource or None
            Places to leave out.

        Returns
        -------
        Analysis

        Raises
        ------
        LesionvisError
            If the photo cannot be read, or what was given cannot be used for it.
        """
        answers = self.circumstances.answers(self.answers)
        analysis = self._own(analyzer)(path, answers, mask=mask, outlines=self.drawn)
        return dataclasses.replace(analysis, advice=analysis.advice.noting(self.circumstances))

    def find(self, analyzer: Analyzer, path: str, mask: MaskSource | None) -> Findings:
        """Find the spots of a photo with the scale that was given for it.

        Parameters
        ----------
        analyzer : Analyzer
            Settings of the run.
        path : str
            The photo.
        mask : MaskSource or None
            Places to leave out.

        Returns
        -------
        Findings

        Raises
        ------
        LesionvisError
            If the photo cannot be read, or what was given cannot be used for it.
        """
        return self._own(analyzer).find(path, mask=mask)

    def conclude(self, analyzer: Analyzer, found: Findings) -> Analysis:
        """Go on from what was found in a photo.

        Parameters
        ----------
        analyzer : Analyzer
            Settings of the run.
        found : Findings
            From `find`, with the same scale.

        Returns
        -------
        Analysis
            As `analyze` gives it.

        Raises
        ------
        LesionvisError
            If what was given cannot be used for the photo.
        """
        analysis = self._own(analyzer).conclude(found, self.circumstances.answers(self.answers), self.drawn)
        return dataclasses.replace(analysis, advice=analysis.advice.noting(self.circumstances))

    def _own(self, analyzer: Analyzer) -> Analyzer:
        """Settings with the scale of this photo."""
        if not self.scale:
            return analyzer
        own: dict[str, Any] = {name: self.scale.get(name) for name in SCALE_SETTINGS}
        return dataclasses.replace(analyzer, **own)

    def answered(self, analysis: Analysis) -> Analysis:
        """Analysis of a photo for which the same was given but for other answers.

        Parameters
        ----------
        analysis : Analysis

        Returns
        -------
        Analysis
            As `analyze` gives it.
        """
        again = analysis.answered(self.circumstances.answers(self.answers))
        return dataclasses.replace(again, advice=again.advice.noting(self.circumstances))

    def without_answers(self) -> Given:
        """What touches the spots and their measures.

        Returns
        -------
        Given
        """
        return Given(scale=self.scale, drawn=self.drawn, problem=self.problem)
