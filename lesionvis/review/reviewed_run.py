"""A run that is reviewed: its list of photos, what was found on each, changes, and results measured again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lesionvis.analysis import Analyzer
from lesionvis.batch.finish import finish_run
from lesionvis.batch.journal import Journal
from lesionvis.batch.lock import locked
from lesionvis.batch.names import mask_path, photo_path
from lesionvis.batch.parquet import has_parquet
from lesionvis.batch.pictures import ALWAYS, KINDS, RunPictures, held_kinds
from lesionvis.batch.reviews import (
    Review,
    enter_review,
    history_of,
    last_reviews,
    prepare_reviews,
    review_of,
    step_back,
    step_forward,
)
from lesionvis.batch.rows import FAILED
from lesionvis.batch.study import excluded_places, last_correction
from lesionvis.batch.supervisor import Outcome, Task
from lesionvis.errors import RunFolderError, SettingsError, UnreadablePhoto
from lesionvis.report.contact import numbers_of
from lesionvis.report.page import steps
from lesionvis.review.asking import AskedPhotos, answered, kept, shown_dialogue
from lesionvis.review.edits import OPINIONS, FoundSpots, PhotoState, edited, shown_outlines
from lesionvis.review.listing import ListedPhoto, listed_photos, progress, shown_results
from lesionvis.review.new_run import add_photo, takes_photos
from lesionvis.review.tasks import ReviewTasks
from lesionvis.review.workers import OUTLINES, Workers
from lesionvis.settings import run_provenance
from lesionvis.triage.dialogue import Dialogue

# What was found on so many photos is kept; one takes up to a few MB.
_FOUND_MAX = 50


class NoSuchPhotoError(LookupError):
    """The run has no such photo."""


class ChangedMeanwhileError(Exception):
    """Somebody else changed the photo since the page was loaded."""


class ReviewedRun:
    """A run folder that is reviewed; made by `reviewed_run`.

    Everything but `workers` and `tile` is to be called from the thread that made it. What takes a photo raises
    NoSuchPhotoError where the run has none of that name.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
    analyzer : Analyzer
        With the settings of the run.
    masks : mapping of str to str
        Photo -> file with its places to leave out.
    reviewer : str
        Who reviews.

    Attributes
    ----------
    numbers : PhoneNumbers or None
        Whom to ring: of the country that was chosen, or of the computer's language; None where neither is known.
    """

    def __init__(
        self,
        run: Path,
        journal: Journal,
        analyzer: Analyzer,
        masks: Mapping[str, str],
        reviewer: str,
    ) -> None:
        self.run = run
        self.reviewer = reviewer
        self._journal = journal
        self._folder = Path(journal.origin().folder)
        self.takes_photos = takes_photos(journal)
        self._kinds = tuple(kind for kind in KINDS if kind in {*ALWAYS, *held_kinds(run, journal)})
        self._found: OrderedDict[str, FoundSpots | str] = OrderedDict()
        self._tasks = ReviewTasks(journal, Path(journal.origin().folder), masks)
        self.asked = AskedPhotos()
        self.numbers = numbers_of()
        self.listed: dict[str, ListedPhoto] = listed_photos(journal)
        self.analyzer = analyzer
        self.workers = Workers(analyzer, self._kinds)
        self._pictures = RunPictures(run, journal, self.listed, self._kinds)

    def close(self) -> None:
        """End all processes; write tables and report if something changed and nothing waits to be measured."""
        self.workers.close()
        if not self._journal.origin().finished_at and not self.waiting():
            self.write()

    def write(self) -> None:
        """Write the tables and the report of the run as they are now."""
        finish_run(self.run, self._journal, self._kinds, parquet=has_parquet(self.run), candidates=False)

    def waiting(self) -> list[str]:
        """Photos whose last change is not yet measured.

        Returns
        -------
        list of str
            By name.
        """
        status = {photo: state for _, photos, state in self._journal.contents() for photo in photos}
        reviewed = set(last_reviews(self._journal))
        return [
            photo
            for photo, one in self.listed.items()
            if one.content and (status.get(photo) is None or (one.content in reviewed and not self._is_measured(photo)))
        ]

    def task_as_found(self, photo: str) -> Task | None:
        """Task of finding the spots of a photo without what persons drew.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        Task or None
            None where that is known.
        """
        task = self._task(photo, as_found=True)
        return None if task is None or task.sha256 in self._found else task

    def hold_found(self, task: Task, outcome: Outcome) -> None:
        """Keep what was found on a photo.

        Parameters
        ----------
        task : Task
        outcome : Outcome
            Of that task, from `workers.as_found`.
        """
        self.asked.hold(task, outcome)
        text = outcome.pictures.get(OUTLINES)
        problem = outcome.unread or str(outcome.row.get("problem") or "This photo could not be analysed.")
        self._found[outcome.sha256] = problem if text is None else FoundSpots.from_geojson(text)
        while len(self._found) > _FOUND_MAX:
            self._found.popitem(last=False)

    def photo(self, photo: str) -> dict[str, Any]:
        """All that the page shows of a photo; without outlines as long as what was found on it is not known.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        dict
            Ready for JSON.
        """
        listed = self._listed(photo)
        self.workers.look_at(listed.content)
        found, measured = self._found_on(photo), self.measured(photo)
        shown: dict[str, Any] = {
            "photo": photo,
            "sha256": listed.content,
            "problem": listed.shown["problem"],
            **progress(self.listed.values()),
            **self._of_review(listed),
            "measured": measured,
            "dialogue": self.dialogue(photo),
        }
        if self.task_as_found(photo) is not None:
            return shown | {"waits": True, "size": measured["size"] if measured else None}
        if isinstance(found, FoundSpots):
            shown |= shown_outlines(self._state(listed.content), found)
        elif found:
            shown["problem"] = found
        return shown

    def edit(self, photo: str, version: int, wish: Mapping[str, Any]) -> None:
        """Change the review of a photo; it is safe on the disk when this returns.

        Parameters
        ----------
        photo : str
            Name.
        version : int
            Number of the last change that the person saw.
        wish : mapping
            As for `lesionvis.review.edits.edited`; "undo" and "redo" too.

        Raises
        ------
        ChangedMeanwhileError
            If there is a later change.
        SettingsError
            If the change cannot be made.
        """
        content = self._listed(photo).content
        before = review_of(self._journal, content)
        if not content:
            raise SettingsError("This file could not be read, so that nothing can be said of it; check the file.")
        if before.number != version:
            raise ChangedMeanwhileError
        if wish.get("do") == "undo":
            step_back(self._journal, content, photo, self.reviewer)
        elif wish.get("do") == "redo":
            step_forward(self._journal, content, photo, self.reviewer)
        elif wish.get("do") in ("answer", "forget answers"):
            self._answer(photo, content, wish)
        else:
            self._change(photo, content, wish)
        self._refresh(photo)

    def dialogue(self, photo: str) -> dict[str, Any] | None:
        """Questions about a photo, and the advice on the answers so far.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        dict or None
            Ready for JSON; None as long as what they need is not known.
        """
        dialogue = self._dialogue(photo)
        return None if dialogue is None else shown_dialogue(dialogue, self.numbers)

    def task_of_questions(self, photo: str) -> Task | None:
        """Task of measuring what the questions about a photo need.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        Task or None
            None where that is known, or there is no photo to ask about.
        """
        task = self._task(photo, as_found=False)
        return None if task is None or self.asked.knows(task) else task

    def tasks_as_given(self, photo: str) -> list[Task]:
        """Tasks of measuring a photo, and others of the same content, with what persons gave for them now.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        list of Task
            Empty where all that is done.
        """
        tasks = {}
        for twin in self._twins(photo):
            task = self._task(twin, as_found=False)
            if task is None:
                continue
            query = "SELECT status FROM results WHERE sha256 = ?"
            (status,) = next(self._journal.select(query, [task.sha256]), (None,))
            if status is not None and not self._is_measured(twin):  # measured before, then changed and changed back
                self._settle(twin, task.sha256)
            if status is None or (status != FAILED and self._pictures.lacks(task.sha256, [twin])):
                tasks[task.sha256] = task
        return list(tasks.values())

    def record(self, photo: str, outcome: Outcome) -> None:
        """Record the results of a photo; safe on the disk when this returns.

        Parameters
        ----------
        photo : str
            Name, of one of the photos of this content.
        outcome : Outcome
            From `workers.as_given`.
        """
        if outcome.unread:
            raise RunFolderError(outcome.unread)
        self._journal.record(outcome.sha256, outcome.row, outcome.spots, outcome.reasons, outcome.candidates)
        for twin in self._twins(photo):
            task = self._task(twin, as_found=False)
            if task is not None and task.sha256 == outcome.sha256:
                self.asked.hold(task, outcome)
                pictures = {kind: picture for kind, picture in outcome.pictures.items() if kind in self._kinds}
                self._settle(twin, outcome.sha256, pictures)
        self._refresh(photo)

    def measured(self, photo: str) -> dict[str, Any] | None:
        """Results of a photo with its last change.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        dict or None
            Ready for JSON; None as long as the last change is not measured.
        """
        if not self._listed(photo).content or not self._is_measured(photo):
            return None
        shown = shown_results(self._journal, photo)
        return {
            "version": review_of(self._journal, self._listed(photo).content).number,
            **shown,
            "next_step": steps().get(str(shown["row"]["triage_level"]), ""),
            "listed": self._listed(photo).shown,
        }

    def tile(self, photo: str, level: int, column: int, row: int) -> bytes:
        """Make a piece of the picture of a photo, from any thread.

        Parameters
        ----------
        photo : str
            Name.
        level, column, row : int
            As for `lesionvis.review.tiles.Tiles`.

        Returns
        -------
        bytes
            JPEG file.

        Raises
        ------
        UnreadablePhoto
            If it cannot be decoded.
        """
        content = self._listed(photo).content
        return self.workers.tile(photo_path(photo, self._folder), content, level, column, row)

    def decode(self, photo: str) -> None:
        """Decode the picture of a photo, of which a tile will be asked for, from any thread.

        Parameters
        ----------
        photo : str
            Name; nothing happens where there is none, or it cannot be decoded.
        """
        with suppress(NoSuchPhotoError, UnreadablePhoto, CancelledError):
            self.tile(photo, 0, 0, 0)

    def task_of_sheet(self, photo: str) -> Task:
        """Task of making the sheet for the doctor.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        Task

        Raises
        ------
        SettingsError
            If the photo could not be read.
        """
        task = self._task(photo, as_found=False)
        if task is None:
            raise SettingsError("This file could not be read, so that there is nothing to print of it.")
        return task

    def add(self, name: str, content: bytes) -> str:
        """Add a photo to a run that was begun for photos of the page; it then waits to be measured.

        Parameters
        ----------
        name : str
            Name of the file, of which the last part is kept.
        content : bytes
            The file.

        Returns
        -------
        str
            Name of the photo in the run; that of the one that is there where that has the same content.

        Raises
        ------
        SettingsError
            If the run takes no photos, or the file is none.
        RunFolderError
            If the file cannot be written.
        """
        if not self.takes_photos:
            raise SettingsError("The photos of this run lie in a folder of their own; call lesionvis batch for more.")
        photo = add_photo(self.run, self._folder, self._journal, name, content, self.listed)
        if photo not in self.listed:
            self.listed.update(listed_photos(self._journal, [photo]))
            self._pictures = RunPictures(self.run, self._journal, list(self.listed), self._kinds)
        return photo

    def thumbnail(self, photo: str) -> Path | None:
        """File of the small picture of a photo.

        Parameters
        ----------
        photo : str
            Name.

        Returns
        -------
        Path or None
            None where there is none.
        """
        file = self._listed(photo).shown["thumbnail"]
        return self.run / file if file else None

    def _dialogue(self, photo: str) -> Dialogue | None:
        """Questions about a photo; None as long as what they need is not known."""
        task = self._task(photo, as_found=False)
        told = review_of(self._journal, self._listed(photo).content).answers
        return None if task is None else self.asked.dialogue(task, told)

    def _answer(self, photo: str, content: str, wish: Mapping[str, Any]) -> None:
        dialogue, state = self._dialogue(photo), self._state(content)
        if dialogue is None:
            raise SettingsError("What was asked about this photo is not known any more; reload the page.")
        if wish["do"] == "answer":
            after, action = answered(dialogue, wish)
            self._enter(photo, content, replace(state, answers=kept(after)), action)
        else:
            self._enter(photo, content, replace(state, answers=""), "took all answers of the page back")

    def _change(self, photo: str, content: str, wish: Mapping[str, Any]) -> None:
        found = self._found_on(photo)
        state = self._state(content)
        if not isinstance(found, FoundSpots):
            # Without a picture there are no spots to change, but something to say.
            if wish.get("do") not in OPINIONS:
                raise SettingsError(found or "What was found on this photo is not known any more; reload the page.")
            found = FoundSpots((1, 1), (), (), (), 0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        after, action = edited(state, found, wish, self.reviewer, now)
        self._enter(photo, content, after, action)

    def _enter(self, photo: str, content: str, after: PhotoState, action: str) -> None:
        said = (after.pattern, after.note, after.is_done, after.answers)
        told = Review(0, "", self.reviewer, action, *said)
        enter_review(self._journal, content, photo, told, after.spots)

    def _state(self, content: str) -> PhotoState:
        review = review_of(self._journal, content)
        _, spots = last_correction(self._journal, content)
        return PhotoState(spots, review.pattern, review.note, review.is_done, review.answers)

    def _of_review(self, listed: ListedPhoto) -> dict[str, Any]:
        review = review_of(self._journal, listed.content)
        history = [
            {"action": one.action, "made_by": one.made_by, "made_at": one.made_at}
            for one in history_of(self._journal, listed.content)
            if one.made_by
        ]
        return {
            "version": review.number,
            "pattern": review.pattern,
            "note": review.note,
            "is_done": review.is_done,
            "can_undo": bool(review.undo_to),
            "can_redo": bool(review.redo_to),
            "history": history,
        }

    def _listed(self, photo: str) -> ListedPhoto:
        if photo not in self.listed:
            raise NoSuchPhotoError(photo)
        return self.listed[photo]

    def _found_on(self, photo: str) -> FoundSpots | str:
        """What was found on a photo, or why nothing was."""
        task = self._task(photo, as_found=True)
        return self._found.get(task.sha256, "") if task is not None else ""

    def _twins(self, photo: str) -> list[str]:
        content = self._listed(photo).content
        return [name for name, one in self.listed.items() if one.content == content] if content else [photo]

    def _task(self, photo: str, *, as_found: bool) -> Task | None:
        """Task of analysing a photo; None where its file could not be read."""
        content = self._listed(photo).content
        return self._tasks(photo, content, as_found=as_found) if content else None

    def _is_measured(self, photo: str) -> bool:
        task = self._task(photo, as_found=False)
        query = "SELECT count(*) FROM files JOIN results USING (sha256) WHERE photo = ? AND sha256 = ?"
        return task is not None and bool(next(self._journal.select(query, [photo, task.sha256]))[0])

    def _settle(self, photo: str, key: str, pictures: Mapping[str, bytes] | None = None) -> None:
        """Let a photo have the results of a key, and pictures that agree with them."""
        self._journal.change("UPDATE files SET sha256 = ? WHERE photo = ?", [(key, photo)])
        if pictures is not None:
            self._pictures.put(key, [photo], pictures)
        self._journal.record_change()
        self._journal.commit()
        self._refresh(photo)

    def _refresh(self, photo: str) -> None:
        self.listed.update(listed_photos(self._journal, self._twins(photo)))


@contextmanager
def reviewed_run(
    run: Path,
    analyzer: Analyzer,
    reviewer: str,
    exclude_dir: Path | None = None,
) -> Iterator[ReviewedRun]:
    """Open a run folder for a review; no other run or review writes to it meanwhile.

    Parameters
    ----------
    run : Path
        Run folder.
    analyzer : Analyzer
        With the settings of the run.
    reviewer : str
        Who reviews.
    exclude_dir : Path, optional
        Folder with places to leave out, where the run had one.

    Yields
    ------
    ReviewedRun

    Raises
    ------
    RunFolderError
        If it is no run folder, was made with other settings or versions, or is being written to.
    """
    with Journal.read(run):
        pass  # says what is wrong with a folder that holds no run
    with ExitStack() as stack:
        stack.enter_context(locked(run))
        journal = stack.enter_context(Journal.resume(run, run_provenance(analyzer)))
        prepare_reviews(journal)
        photos = list(journal.known_files())
        masks = excluded_places(journal, photos)
        if exclude_dir is not None:
            paths = {photo: mask_path(photo, exclude_dir) for photo in photos}
            masks = {photo: str(path) for photo, path in paths.items() if path.is_file()} | masks
        opened = ReviewedRun(run, journal, analyzer, masks, reviewer)
        stack.callback(opened.close)
        yield opened
