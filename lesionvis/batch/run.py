"""Folder -> run folder: find the photos, analyse what is not yet known, write tables and report."""

from __future__ import annotations

import math
import os
import queue
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from lesionvis.analysis import Analyzer
from lesionvis.annotations.files import check_format
from lesionvis.batch.corrections import ReadFile, annotation_files, read_files
from lesionvis.batch.file_kinds import PHOTO_EXTENSIONS
from lesionvis.batch.finish import finish_run
from lesionvis.batch.given import Given
from lesionvis.batch.journal import Journal
from lesionvis.batch.lock import locked
from lesionvis.batch.names import file_key, mask_path, photo_path
from lesionvis.batch.parquet import has_parquet, require_parquet
from lesionvis.batch.pictures import ALWAYS, KINDS, RunPictures, held_kinds, remove_unfinished
from lesionvis.batch.places import check_places
from lesionvis.batch.rows import FAILED
from lesionvis.batch.scan import Listing, PhotoFile, find_photos
from lesionvis.batch.selection import only_named
from lesionvis.batch.study import (
    enter_corrections,
    enter_table,
    excluded_places,
    given_for,
    given_problems,
    notes_of,
    record_given,
    record_notes,
)
from lesionvis.batch.study_table import listed, match_rows, read_study_table
from lesionvis.batch.supervisor import Outcome, Supervisor, Task
from lesionvis.batch.worker import Job, file_content
from lesionvis.errors import RunFolderError, SettingsError
from lesionvis.settings import provenance, run_provenance, settings_values

# A sudden end costs the work of at most this time and of the photos in hand.
_COMMIT_SECONDS = 0.5
# A cluster's worker gets at most so many photos at once, to spread the start of its process over them, and every
# worker gets its share in at least so many parts, so that one that is lost or slow costs little.
_CLUSTER_CHUNK = 32
_SHARES = 4
_DIGEST_CHUNK = 16
_DIGEST_LENGTH = 64  # hexadecimal digits; a content with a mask has more

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run.

    Attributes
    ----------
    doing : {"reading", "analysing"}
        Reading finds out which files are the same photo; of several, one is analysed.
    done, total : int
        Files that are read, photos that are analysed.
    photo : str
        The photo that was just analysed and what became of it, in few words; "" where it is not known.
    """

    doing: str
    done: int
    total: int
    photo: str = ""


OnProgress = Callable[[Progress], None]
OnNotes = Callable[[Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class BatchRunner:
    """Analyses folders of photos.

    Nothing but the analyzer touches the numbers: not the count of processes or machines, nor the order of files.

    Parameters
    ----------
    analyzer : Analyzer
        Settings of the analysis.
    exclude_dir : Path, optional
        Folder with places to leave out: of the photo `leg/a.jpg` those in `leg/a.jpg.png`, as `read_mask` takes them.
        Photos without such a file are analysed whole.
    corrections : Path, optional
        Folder or file with spots that a person drew, of any format of `lesionvis.annotations`. They are kept in the
        journal of the run and measured instead of those that are found, also in later calls without this.
    metadata : Path, optional
        Table about the photos, as `lesionvis.batch.study_table` reads it. It is kept in the journal too.
    as_found : bool
        Leave out what persons drew; it stays in the journal.
    only : Path, optional
        Text file with one photo per line, to leave out all others.
    masks, overlays : bool
        Write the label image, and the annotated picture, of every photo.
    annotations : tuple of str
        Formats in which the outlines of every photo are written for other programs: "coco", "geojson", "labelme",
        "imagej". What was not taken for a spot is in them as a candidate.
    candidates : bool
        Write the table of what was not taken for a spot, with its scores, too.
    parquet : bool
        Write the tables as Parquet too; needs pyarrow.
    jobs : int
        Processes that analyse photos, at least 1.
    max_seconds : float
        Longest time for one photo, seconds, above 0.
    max_memory_gb : float
        Largest address space of a process, GB, at least 1; not on Windows.
    retry_failed : bool
        Try again what failed in an earlier call.
    dask_scheduler : str, optional
        Address of a Dask scheduler, whose workers then do the work instead of `jobs` processes here. They must see
        the photos by the same paths; only this process writes.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.
    """

    analyzer: Analyzer = field(default_factory=Analyzer)
    exclude_dir: Path | None = None
    corrections: Path | None = None
    metadata: Path | None = None
    as_found: bool = False
    only: Path | None = None
    masks: bool = False
    overlays: bool = False
    annotations: tuple[str, ...] = ()
    candidates: bool = False
    parquet: bool = False
    jobs: int = 1
    max_seconds: float = 120.0
    max_memory_gb: float = 4.0
    retry_failed: bool = False
    dask_scheduler: str | None = None

    def __post_init__(self) -> None:
        """Refuse settings that are outside their bounds."""
        for name, lowest in (("jobs", 1), ("max_seconds", 0.001), ("max_memory_gb", 1)):
            value = getattr(self, name)
            if not value >= lowest:
                raise SettingsError(f"{name} must be at least {lowest}, got {value}.")
        for kind in self.annotations:
            check_format(kind)

    def __call__(
        self, folder: Path, run: Path, on_progress: OnProgress | None = None, on_notes: OnNotes | None = None
    ) -> dict[str, int]:
        """Analyse a folder, or finish a run that was stopped.

        Parameters
        ----------
        folder : Path
            Holds photos, in sub-folders too. It is only read.
        run : Path
            Run folder, made if need be: `photos.csv`, `spots.csv`, `report.html`, `run.sqlite`,
            pictures, and on request the tables as Parquet.
        on_progress : callable, optional
            Called whenever another file is done.
        on_notes : callable, optional
            Called with sentences on what is wrong with what persons gave, before any photo is analysed.

        Returns
        -------
        dict
            Status ("ok", "unusable", "failed") -> number of photos.

        Raises
        ------
        RunFolderError
            If the folders cannot be used, or the run folder holds a run with other settings or versions.
        ModelError
            If a model cannot be used.
        SettingsError
            If Parquet or a cluster is asked for and its library is missing.
        """
        tell = on_progress or _tell_nobody
        is_parquet = self.parquet or has_parquet(run)
        if is_parquet:
            require_parquet()
        check_places(folder, run)
        listing = find_photos(folder, run)
        if not listing.photos:
            raise RunFolderError(_no_photos(folder, listing))
        listing, strangers = only_named(listing, self.only)
        photos = [file.photo for file in listing.photos]
        masks, stray_masks = self._found_masks(folder, photos)
        if self.corrections is not None:
            annotation_files(self.corrections)  # refused before the run counts as begun again
        table = None if self.metadata is None else match_rows(read_study_table(self.metadata), photos)
        facts = run_provenance(self.analyzer)
        with _disk_problems_named(run):
            run.mkdir(parents=True, exist_ok=True)
            with locked(run), Journal.resume(run, facts) as journal:
                journal.record_begin(folder, photos)
                replaced = []
                if table is not None and self.metadata is not None:
                    replaced = enter_table(journal, table, self.metadata, photos)
                masks |= excluded_places(journal, photos)
                kinds = self._kinds(held_kinds(run, journal))
                with self._executor(self._job(kinds)) as executor:
                    remove_unfinished(run)
                    _identify(executor, listing, folder, masks, journal, tell)
                    notes = (*strangers, *stray_masks, *replaced, *(table.notes if table else ()))
                    given = self._given(executor, journal, photos, notes)
                    if on_notes is not None:
                        on_notes([*notes_of(journal), *given_problems(given)])
                    if self.retry_failed:
                        journal.forget_failures()
                    pictures_of_run = RunPictures(run, journal, photos, kinds)
                    _analyze(executor, folder, masks, given, journal, pictures_of_run, tell)
                pictures_of_run.remove_strays()
                finish_run(run, journal, kinds, parquet=is_parquet, candidates=self.candidates)
                return journal.counts("status")

    def _job(self, kinds: tuple[str, ...]) -> Job:
        facts = provenance(self.analyzer)
        return Job(settings_values(self.analyzer), facts, kinds, self.max_seconds, self.max_memory_gb)

    def _given(
        self, executor: Executor, journal: Journal, photos: Sequence[str], notes: Sequence[str]
    ) -> dict[str, Given]:
        """What persons gave for each photo, which the journal knows from here on."""

        def read(paths: Sequence[Path]) -> Iterator[ReadFile]:
            return executor.spread(read_files, paths, _DIGEST_CHUNK)

        problems, strays = enter_corrections(journal, self.corrections, photos, read)
        given = given_for(journal, problems, as_found=self.as_found)
        record_given(journal, given)
        record_notes(journal, (*notes, *strays))
        return given

    def _found_masks(self, folder: Path, photos: Sequence[str]) -> tuple[dict[str, str], list[str]]:
        """Photo -> file with its places to leave out; and a sentence on files that are of no photo."""
        if self.exclude_dir is None:
            return {}, []
        if folder.resolve() in (self.exclude_dir.resolve(), *self.exclude_dir.resolve().parents):
            raise RunFolderError(f"The masks in {self.exclude_dir} lie among the photos; give a folder elsewhere.")
        paths = {photo: mask_path(photo, self.exclude_dir) for photo in photos}
        found = {photo: _absolute(path) for photo, path in paths.items() if path.is_file()}
        if not found:
            raise RunFolderError(
                f"{self.exclude_dir} holds no mask of a photo of {folder}, such as {mask_path(photos[0], Path())}."
            )
        used = {paths[photo] for photo in found}
        strays = [
            path.relative_to(self.exclude_dir).as_posix()
            for path in sorted(self.exclude_dir.rglob("*.png"))
            if path not in used
        ]
        return found, [f"{self.exclude_dir.name}: no photo has the name of {listed(strays)}."] if strays else []

    def _kinds(self, held: Collection[str]) -> tuple[str, ...]:
        """Kinds of pictures to make; those that the run folder holds go on, or they would contradict the tables."""
        asked = {*ALWAYS, *self.annotations, *(kind for kind in ("masks", "overlays") if getattr(self, kind))}
        return tuple(kind for kind in KINDS if kind in asked or kind in held)

    def _executor(self, job: Job) -> AbstractContextManager[Executor]:
        return _cluster_executor(job, self.dask_scheduler) if self.dask_scheduler else _local_executor(job, self.jobs)


@dataclass(frozen=True, slots=True)
class Executor:
    """Executor of the work: how joblib runs it, and how a chunk of photos is analysed.

    Attributes
    ----------
    joblib_config : dict
        For `joblib.parallel_config`.
    size : int
        How many work at the same time.
    analyze : callable
        Tasks -> outcomes.
    chunk : int
        How many tasks it is to be given at most.
    """

    joblib_config: dict[str, Any]
    size: int
    analyze: Callable[[Sequence[Task]], list[Outcome]]
    chunk: int

    def spread(
        self, function: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], chunk: int
    ) -> Iterator[Result]:
        """Apply a function of a few items to all items.

        Parameters
        ----------
        function : callable
            Takes a few items and returns one result for each.
        items : sequence
            All items.
        chunk : int
            Largest number of items of one call.

        Yields
        ------
        result
            In the order in which results are ready.
        """
        import joblib

        length = min(chunk, math.ceil(len(items) / (_SHARES * self.size))) or 1
        chunks = [items[start : start + length] for start in range(0, len(items), length)]
        with joblib.parallel_config(**self.joblib_config):
            parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
            for results in parallel(joblib.delayed(function)(part) for part in chunks):
                yield from results


@contextmanager
def _local_executor(job: Job, jobs: int) -> Iterator[Executor]:
    """Threads of this process, each asking a worker process of its own: a worker that dies harms no other."""
    idle: queue.SimpleQueue[Supervisor] = queue.SimpleQueue()

    def analyze(tasks: Sequence[Task]) -> list[Outcome]:
        supervisor = idle.get()
        try:
            return [supervisor(task) for task in tasks]
        finally:
            idle.put(supervisor)

    with ExitStack() as stack:
        for _ in range(jobs):
            idle.put(stack.enter_context(Supervisor(job)))
        yield Executor({"backend": "threading", "n_jobs": jobs}, jobs, analyze, chunk=1)


@contextmanager
def _cluster_executor(job: Job, scheduler: str) -> Iterator[Executor]:
    """Workers of a Dask cluster."""
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise SettingsError("A Dask scheduler needs dask; install lesionvis[cluster].") from error
    try:
        client = distributed.Client(scheduler)
    except (OSError, ValueError, RuntimeError) as error:  # the last where it asks for encryption
        raise RunFolderError(f"No Dask scheduler answers at {scheduler} ({error}); check the address.") from error
    with client:
        config = {"backend": "dask", "client": client, "n_jobs": -1}
        size = max(1, sum(client.ncores().values()))
        yield Executor(config, size, partial(_analyze_chunk, job), _CLUSTER_CHUNK)


def _analyze_chunk(job: Job, tasks: Sequence[Task]) -> list[Outcome]:
    """Analyse a few files in one worker process; one outcome per task, in the same order."""
    with Supervisor(job) as supervisor:
        return [supervisor(task) for task in tasks]


def _digest_chunk(files: Sequence[tuple[str, str | None]]) -> list[tuple[str, str, str]]:
    """Hash a few files with their masks: path, content and problem of each; the one that does not apply is empty."""
    found = []
    for path, mask in files:
        try:
            found.append((path, file_content(path, mask), ""))
        except OSError as error:
            problem = f"This file cannot be read ({error.strerror}); check its permissions and the disk."
            found.append((path, "", problem))
    return found


def _identify(
    executor: Executor,
    listing: Listing,
    folder: Path,
    masks: Mapping[str, str],
    journal: Journal,
    tell: OnProgress,
) -> None:
    """Bring the journal's list of files up to date: a photo is its content, wherever it lies, and that of its mask."""
    known = journal.known_files()
    new: dict[str, PhotoFile] = {}
    for file in listing.photos:
        if file.problem:
            journal.record_file(file, None)
            continue
        state, key = known.get(file.photo, ("", ""))
        content = file_key(key)
        is_masked = file.photo in masks or len(content) > _DIGEST_LENGTH  # now or in an earlier call
        if is_masked or not state or state != file.state:
            new[_absolute(photo_path(file.photo, folder))] = file
    to_read = [(path, masks.get(file.photo)) for path, file in new.items()]
    commit = _now_and_then(journal.commit)
    for done, (path, digest, problem) in enumerate(executor.spread(_digest_chunk, to_read, _DIGEST_CHUNK), start=1):
        file = new[path]
        if problem:
            file = PhotoFile(file.photo, file.state, problem)
        journal.record_file(file, digest or None)
        commit()
        tell(Progress("reading", done, len(new)))
    journal.keep_files(listing)


def _analyze(
    executor: Executor,
    folder: Path,
    masks: Mapping[str, str],
    given: Mapping[str, Given],
    journal: Journal,
    pictures_of_run: RunPictures,
    tell: OnProgress,
) -> None:
    """Analyse every content that has no result, or lacks a picture."""
    contents = list(journal.contents())
    pictures_of_run.share((digest, photos) for digest, photos, status in contents if status not in (None, FAILED))
    journal.commit()
    photos_of = {
        digest: photos
        for digest, photos, status in contents
        if status is None or (status != FAILED and pictures_of_run.lacks(digest, photos))
    }
    tasks = [
        Task(_absolute(photo_path(photos[0], folder)), digest, masks.get(photos[0]), given.get(photos[0], Given()))
        for digest, photos in photos_of.items()
    ]
    done, total = len(contents) - len(tasks), len(contents)
    tell(Progress("analysing", done, total))
    commit = _now_and_then(journal.commit)
    for outcome in executor.spread(executor.analyze, tasks, executor.chunk):
        photo = photos_of[outcome.sha256][0]
        if outcome.unread:
            journal.record_unread(outcome.sha256, outcome.unread)
        else:
            pictures_of_run.put(outcome.sha256, photos_of[outcome.sha256], outcome.pictures)
            photo += f": {outcome.row['status']}, {outcome.row['problem'] or outcome.row['pattern']}"
            journal.record(outcome.sha256, outcome.row, outcome.spots, outcome.reasons, outcome.candidates)
        commit()
        done += 1
        tell(Progress("analysing", done, total, photo))
    journal.commit()


def _now_and_then(commit: Callable[[], None]) -> Callable[[], None]:
    """Commit at most every so often: a commit waits for the disk."""
    last = time.monotonic()

    def perhaps() -> None:
        nonlocal last
        if time.monotonic() - last > _COMMIT_SECONDS:
            commit()
            last = time.monotonic()

    return perhaps


def _no_photos(folder: Path, listing: Listing) -> str:
    """Message on a folder without photos, and on what is there instead."""
    if not listing.skipped:
        return f"{folder} holds no photos ({', '.join(sorted(PHOTO_EXTENSIONS))})."
    first, count = listing.skipped[0], len(listing.skipped)
    return f"{folder} holds no photos; of {count} files or folders that are skipped, {first.file} is: {first.reason}."


@contextmanager
def _disk_problems_named(run: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunFolderError(
            f"The run in {run} stopped ({error.strerror or error}); mend that and run the same command again: what is "
            "finished is kept."
        ) from error


def _absolute(path: Path) -> str:
    # Not resolved: a link's target may have another name on another machine.
    return os.path.abspath(path)  # noqa: PTH100


def _tell_nobody(_: Progress) -> None:
    """Progress for a caller that does not want to know."""
