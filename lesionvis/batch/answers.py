"""Answers for many photos, given per photo or per patient, and the full rules on each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lesionvis.analysis import Analysis
from lesionvis.errors import AnswerError
from lesionvis.triage.answers import Answers, as_answers

Told = Answers | Mapping[str, str]
_NOTHING: Mapping[str, Told] = MappingProxyType({})
_NOBODY: Mapping[str, str] = MappingProxyType({})


def answer_photos(
    analyses: Mapping[str, Analysis],
    by_photo: Mapping[str, Told] = _NOTHING,
    by_patient: Mapping[str, Told] = _NOTHING,
    patient_of: Mapping[str, str] = _NOBODY,
) -> dict[str, Analysis]:
    """Analyses with the answers of their photos and patients, so that the full rules decide.

    Parameters
    ----------
    analyses : mapping of str to Analysis
        By photo, analysed without answers.
    by_photo : mapping of str to Answers or mapping, optional
        Answers on single photos, such as on the glass test; they go before those of the patient.
    by_patient : mapping of str to Answers or mapping, optional
        Answers on patients, such as on fever.
    patient_of : mapping of str to str, optional
        Patient of each photo.

    Returns
    -------
    dict of str to Analysis
        In the order of `analyses`. Of a photo for which nothing was answered, the level rests on the photo alone and
        `advice.was_asked` is False.

    Raises
    ------
    AnswerError
        If there are answers on a photo that was not analysed, or on a patient without a photo, or the name or value of
        an answer is not a known one.

    Examples
    --------
    >>> import numpy as np
    >>> from lesionvis import analyze
    >>> grey = analyze(np.full((64, 64, 3), (200, 160, 130), np.uint8))
    >>> told = answer_photos({"a.jpg": grey}, by_patient={"P1": {"fits": "yes"}}, patient_of={"a.jpg": "P1"})
    >>> str(told["a.jpg"].advice.level)
    'emergency'
    """
    for photo in (*by_photo, *patient_of):
        if photo not in analyses:
            raise AnswerError(f'There are answers on "{photo}", which is none of the {len(analyses)} photos.')
    for patient in by_patient:
        if patient not in patient_of.values():
            raise AnswerError(
                f'There are answers on the patient "{patient}", who has no photo; name one in patient_of.'
            )
    found = {}
    for photo, analysis in analyses.items():
        of_patient = as_answers(by_patient.get(patient_of.get(photo, "")))
        of_photo = as_answers(by_photo.get(photo))
        found[photo] = analysis.answered(of_patient.replace(**dict(of_photo.given)))
    return found
