"""The photos of a run by patient and site, and the course of each group: what came, went, grew and faded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lesionvis.analysis import Analyzer
from lesionvis.batch.facts import different_facts
from lesionvis.batch.given import Given
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import content_key, photo_digest, photo_path
from lesionvis.batch.rows import OK
from lesionvis.batch.run import OnProgress, Progress
from lesionvis.batch.study import excluded_places, given_for, table_rows
from lesionvis.batch.study_table import DATE, PATIENT, cell_of
from lesionvis.batch.tables import cell
from lesionvis.batch.worker import file_content
from lesionvis.errors import LesionvisError, RunFolderError
from lesionvis.settings import analyzer_of, provenance, settings_values

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis
    from lesionvis.compare.series import Course

STATES = ("new", "gone", "growing", "fading", "persisting", "unclear")
"""States of a spot between two photos, in the order of the table."""
COLUMNS = ("patient", "sites", "photo", "next_photo", "days", *STATES, "triage_level", "problem")
"""Columns of the table of intervals."""
_FEW = "fewer than two photos with different dates"
# Of the name of a page, characters; file systems allow 255 bytes.
_NAME_MAX = 100


@dataclass(frozen=True, slots=True)
class StudyPhoto:
    """One photo of a group, and all that its analysis needs.

    Attributes
    ----------
    photo : str
        Name in the tables of the run.
    taken_at : datetime
        The date of the person's table, or else that of the camera or of the name of the file.
    path : Path
        The file.
    mask : str or None
        File with the places to leave out.
    key : str
        What the run analysed (`lesionvis.batch.names.content_key`).
    given : tuple of Given
        As the run has it now: with the spots that a person drew, and without.
    """

    photo: str
    taken_at: datetime
    path: Path
    mask: str | None
    key: str
    given: tuple[Given, ...]

    def analyze(self, analyzer: Analyzer) -> Analysis:
        """Analyse the photo as the run did.

        Parameters
        ----------
        analyzer : Analyzer
            Settings of the run.

        Returns
        -------
        Analysis

        Raises
        ------
        LesionvisError
            If the file, its mask or what was given for it is not what the run analysed.
        """
        try:
            content = file_content(str(self.path), self.mask)
        except OSError as error:
            raise RunFolderError(f"{self.photo} cannot be read ({error.strerror}); check the path.") from error
        for given in self.given:
            if content_key(content, None, given.digest) == self.key:
                return given.analyze(analyzer, str(self.path), self.mask)
        raise RunFolderError(
            f"{self.photo} is not what the run analysed, or the table does not name its places to leave out; run "
            "lesionvis batch again with a table that does."
        )


@dataclass(frozen=True, slots=True)
class StudyGroup:
    """Photos of one patient and the same body sites.

    Attributes
    ----------
    patient : str
    sites : tuple of str
        Body sites in alphabetical order; empty where the table names none.
    photos : tuple of StudyPhoto
        By name.
    """

    patient: str
    sites: tuple[str, ...]
    photos: tuple[StudyPhoto, ...]

    @property
    def page_name(self) -> str:
        """Name of the file of a page about the group, the same in every run and on every disk."""
        who = ", ".join((self.patient, *self.sites))
        # Two that differ by case or beyond the cut have the same words, and another digest.
        words = quote(who, safe=" ,")[:_NAME_MAX]
        return f"{words} {hashlib.sha256(who.encode()).hexdigest()[:8]}.html"

    @property
    def has_dates(self) -> bool:
        """True if there are photos of at least two different dates."""
        return len({photo.taken_at for photo in self.photos}) > 1


@dataclass(frozen=True, slots=True)
class GroupCourse:
    """Course of a group, or why there is none.

    Attributes
    ----------
    group : StudyGroup
    course : Course or None
    problem : str
        One sentence; "" where there is a course.
    """

    group: StudyGroup
    course: Course | None
    problem: str

    def to_dict(self) -> dict[str, Any]:
        """Course as plain values for JSON.

        Returns
        -------
        dict
            `Course.to_dict` and the advice, or the names of the photos, with patient and sites.
        """
        content: dict[str, Any] = {"patient": self.group.patient, "sites": list(self.group.sites)}
        if self.course is None:
            return content | {"photos": [photo.photo for photo in self.group.photos], "problem": self.problem}
        return content | self.course.to_dict() | {"advice": self.course.advice.to_dict(), "problem": ""}


def study_groups(run: Path) -> tuple[list[StudyGroup], dict[str, str]]:
    """Sort the photos of a run by patient and site.

    Parameters
    ----------
    run : Path
        Run folder; its table about the photos names the patients.

    Returns
    -------
    groups : list of StudyGroup
        By patient and sites.
    left_out : dict of str to str
        Photos that belong to no group, and why.

    Raises
    ------
    RunFolderError
        If it is no run, has no table that names patients, or a mask that the table names is gone.
    """
    with Journal.read(run) as journal:
        results = {str(row["photo"]): row for row in journal.records("photos")}
        told = table_rows(journal)
        masks = excluded_places(journal, results)
        keys = {photo: key for photo, (_, key) in journal.known_files().items()}
        given = [given_for(journal, {}, as_found=as_found) for as_found in (False, True)]
        folder = Path(journal.origin().folder)
    if not any(cell_of(row, PATIENT) for row in told.values()):
        raise RunFolderError(
            f"{run} knows no patients; call lesionvis batch with --metadata and a table with a column {PATIENT}."
        )
    groups: dict[tuple[str, tuple[str, ...]], list[StudyPhoto]] = {}
    left_out: dict[str, str] = {}
    for photo, row in results.items():
        patient, date = cell_of(told.get(photo, {}), PATIENT), cell_of(told.get(photo, {}), DATE) or row["taken_at"]
        reason = _reason_to_leave_out(str(row["status"]), patient, str(date or ""))
        if reason:
            left_out[photo] = reason
            continue
        of_photo = tuple(one.get(photo, Given()) for one in given)
        sites = tuple(sorted(of_photo[0].circumstances.sites))
        group = groups.setdefault((patient, sites), [])
        twin = next((one.photo for one in group if photo_digest(one.key) == photo_digest(keys[photo])), "")
        if twin:
            left_out[photo] = f"the same file as {twin}"
            continue
        taken_at, path = datetime.fromisoformat(str(date)), photo_path(photo, folder)
        group.append(StudyPhoto(photo, taken_at, path, masks.get(photo), keys[photo], of_photo))
    found = [StudyGroup(patient, sites, tuple(photos)) for (patient, sites), photos in sorted(groups.items())]
    return found, left_out


def analyzer_of_run(run: Path) -> Analyzer:
    """Analyzer with the settings of a run.

    Parameters
    ----------
    run : Path
        Run folder.

    Returns
    -------
    Analyzer

    Raises
    ------
    RunFolderError
        If it is no run, or was made with a version or a model that is not the one that is installed.
    """
    with Journal.read(run) as journal:
        held = journal.provenance()
    names = set(settings_values(Analyzer())) & set(held)
    analyzer = analyzer_of({**settings_values(Analyzer()), **{name: json.loads(held[name]) for name in names}})
    check_analyzer(run, analyzer)
    return analyzer


def check_analyzer(run: Path, analyzer: Analyzer) -> None:
    """Refuse an analyzer that gives other results than a run has.

    Parameters
    ----------
    run : Path
        Run folder.
    analyzer : Analyzer

    Raises
    ------
    RunFolderError
        If it is no run, or settings, models or versions differ; the message names which.
    """
    with Journal.read(run) as journal:
        held = journal.provenance()
    differing = different_facts(held, provenance(analyzer))
    if differing:
        told = "; ".join(f"{name} is {there} there and {here} here" for name, (there, here) in differing.items())
        raise RunFolderError(
            f"{run} was made differently: {told}. Use its version and settings, or run lesionvis batch anew."
        )


def follow_groups(
    groups: Iterable[StudyGroup], analyzer: Analyzer, on_progress: OnProgress | None = None
) -> Iterator[GroupCourse]:
    """Follow the spots of each group; what cannot be followed gets a sentence, and the rest goes on.

    Parameters
    ----------
    groups : iterable of StudyGroup
    analyzer : Analyzer
        Settings of the run.
    on_progress : callable, optional
        Called whenever the photos of another group were analysed.

    Yields
    ------
    GroupCourse
        In the same order; the photos of one group are in memory at a time.
    """
    from lesionvis.compare.series import follow_spots

    every = list(groups)
    done, total = 0, sum(len(group.photos) for group in every if group.has_dates)
    for group in every:
        if not group.has_dates:
            yield GroupCourse(group, None, _FEW)
            continue
        try:
            analyses = [photo.analyze(analyzer) for photo in group.photos]
            yield GroupCourse(group, follow_spots(analyses, [photo.taken_at for photo in group.photos]), "")
        except LesionvisError as error:
            yield GroupCourse(group, None, str(error))
        done += len(group.photos)
        if on_progress is not None:
            on_progress(Progress("following", done, total))


def interval_rows(followed: GroupCourse) -> list[tuple[str, ...]]:
    """Rows of the table of intervals for one group.

    Parameters
    ----------
    followed : GroupCourse

    Returns
    -------
    list of tuple of str
        Cells of `COLUMNS`: one row per interval, or one with the problem. Days are empty for no number; the counts of
        spots are empty where two photos could not be compared, and the problem says why.
    """
    who = (followed.group.patient, ";".join(followed.group.sites))
    if followed.course is None:
        empty = ("",) * (len(COLUMNS) - len(who) - 1)
        return [(*who, *empty, followed.problem)]
    course, rows = followed.course, []
    level = str(course.advice.level)
    name_of = {photo_digest(photo.key): photo.photo for photo in followed.group.photos}
    names = [name_of[analysis.photo.sha256] for analysis in course.photos]
    for number, interval in enumerate(course.intervals):
        matches = interval.matches
        counts = ["" if matches is None else str(matches.count(state)) for state in STATES]
        problem = interval.registration.reason if matches is None else ""
        rows.append((*who, *names[number : number + 2], cell(interval.days), *counts, level, problem))
    return rows


def _reason_to_leave_out(status: str, patient: str, date: str) -> str:
    """Why a photo belongs to no group; "" if it does."""
    if status != OK:
        return f"its status is {status}"
    if not patient:
        return "the table names no patient"
    return "" if date else "there is no date in the table, the photo or its name"
