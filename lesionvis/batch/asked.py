"""What the questions about a photo need of its analysis, as plain values for another process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from lesionvis.abcde.seven_points import SevenPoints
from lesionvis.triage import advise
from lesionvis.triage.advice import Advice
from lesionvis.triage.answers import Answers
from lesionvis.triage.evidence import PhotoEvidence

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis


@dataclass(frozen=True, slots=True)
class AskedPhoto:
    """A photo whose spots were measured, and about which questions are asked.

    Attributes
    ----------
    pattern : str
        One of `LABELS`.
    evidence : PhotoEvidence
        What was measured.
    seven_points : SevenPoints or None
        Checklist of the dominant lesion, to which answers add; None when no lesion dominates.
    """

    pattern: str
    evidence: PhotoEvidence
    seven_points: SevenPoints | None

    @staticmethod
    def of(analysis: Analysis) -> AskedPhoto:
        """What the questions need of an analysis.

        Parameters
        ----------
        analysis : Analysis

        Returns
        -------
        AskedPhoto
        """
        seven_points = analysis.abcde.seven_points if analysis.abcde else None
        return AskedPhoto(analysis.pattern.label, analysis.advice.evidence, seven_points)

    @staticmethod
    def from_json(text: bytes) -> AskedPhoto:
        """The same from another process.

        Parameters
        ----------
        text : bytes
            From `to_json`.

        Returns
        -------
        AskedPhoto
        """
        content = json.loads(text)
        evidence, seven_points = content["evidence"], content["seven_points"]
        evidence |= {"further": tuple(map(tuple, evidence["further"])), "flags": tuple(evidence["flags"])}
        if seven_points is not None:
            seven_points = SevenPoints(**seven_points | {"from_photo": tuple(seven_points["from_photo"])})
        return AskedPhoto(content["pattern"], PhotoEvidence(**evidence), seven_points)

    def to_json(self) -> bytes:
        """Plain values.

        Returns
        -------
        bytes
            JSON.
        """
        return json.dumps(asdict(self)).encode()

    def advise(self, told: Answers) -> Advice:
        """Advice on answers, as the analysis of the photo gives it.

        Parameters
        ----------
        told : Answers

        Returns
        -------
        Advice
        """
        evidence = self.evidence
        if self.seven_points is not None:
            evidence = replace(evidence, seven_points=self.seven_points.answered(told).lowest)
        return advise(self.pattern, told, evidence)
