"""The course of the spots of a photo that is reviewed, through all photos of its patient and site."""

from __future__ import annotations

from pathlib import Path

from lesionvis.analysis import Analyzer
from lesionvis.batch.study_series import follow_groups, study_groups
from lesionvis.errors import RunFolderError
from lesionvis.report.pairs_page import course_page
from lesionvis.triage.numbers import PhoneNumbers


def course_of_photo(run: Path, photo: str, analyzer: Analyzer, numbers: PhoneNumbers | None) -> str:
    """Follow the spots of a photo through all photos of its patient and site.

    Parameters
    ----------
    run : Path
        Run folder.
    photo : str
        Name.
    analyzer : Analyzer
        Settings of the run.
    numbers : PhoneNumbers or None
        Whom to ring.

    Returns
    -------
    str
        Page with everything inside.

    Raises
    ------
    RunFolderError
        If the run knows no patients, or the photo has no patient, no date or no companion of another date, or one of
        its photos is not what the run analysed.
    """
    groups, left_out = study_groups(run)
    group = next((one for one in groups if photo in {member.photo for member in one.photos}), None)
    if group is None:
        reason = left_out.get(photo, "the run has no such photo")
        raise RunFolderError(f"The spots of {photo} cannot be followed: {reason}.")
    (followed,) = follow_groups([group], analyzer)
    if followed.course is None:
        raise RunFolderError(f"The spots of {photo} cannot be followed: {followed.problem.rstrip('.')}.")
    return course_page(followed.course, followed.course.advice, numbers)
