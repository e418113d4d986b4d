"""Two runs -> one: results are taken from the journals, and nothing is analysed again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lesionvis.batch.facts import telling_facts
from lesionvis.batch.finish import finish_run
from lesionvis.batch.given import Given
from lesionvis.batch.journal import Journal
from lesionvis.batch.lock import locked
from lesionvis.batch.names import content_key, file_key, photo_name, photo_path
from lesionvis.batch.parquet import has_parquet
from lesionvis.batch.pictures import KINDS, RunPictures, held_kinds
from lesionvis.batch.places import check_places
from lesionvis.batch.reviews import copy_reviews
from lesionvis.batch.rows import Value
from lesionvis.batch.schema import TABLE_LAYOUT
from lesionvis.batch.study import given_for, notes_of, record_notes, table_path
from lesionvis.batch.study_table import EXCLUDE, SPOTS, contradictions, file_of, joined_row, listed, with_cell
from lesionvis.batch.tables import CANDIDATES, tables_of, write_tables_so_far
from lesionvis.errors import RunFolderError

# Tables of the journal whose rows belong to a content, and are the same in every run that holds it.
_BY_CONTENT = ("results", "result_spots", "result_reasons", "result_candidates")
_N_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Source:
    """A run to merge, with its photos under the names that they get.

    Attributes
    ----------
    run : Path
    journal : Journal
    name_of : dict of str to str
        Name in this run -> name in the merged one.
    files : dict of str to tuple
        New name -> the other columns of the journal's `files`.
    told : dict of str to (dict, str)
        New name -> row of the table about the photos, files in it absolute, and its problem.
    """

    run: Path
    journal: Journal
    name_of: dict[str, str]
    files: dict[str, tuple[Value, ...]]
    told: dict[str, tuple[dict[str, str], str]]

    def content(self, photo: str) -> str | None:
        """Key of the content of a photo; None where it cannot be read."""
        key = self.files[photo][0]
        return None if key is None else str(key)


def merge_runs(first: Path, second: Path, out: Path) -> dict[str, str]:
    """Join two runs of the same settings, models and versions into one run folder.

    The merged run is that of the folder that holds the photos of both, and names the photos from there. A file that
    both runs hold is kept once, under its name in the first, with what both know of it: the rows of both tables, and
    the changes of all persons in the order of their times, of which the last counts. Where neither run has measured
    what counts together, the photo waits for the next `lesionvis batch`, and the merged run is not finished.

    Parameters
    ----------
    first, second : Path
        Run folders of finished runs; they are only read.
    out : Path
        Folder of the merged run; new or empty.

    Returns
    -------
    dict of str to str
        Photos of the second run that were left out -> photo of the first run with the same content.

    Raises
    ------
    RunFolderError
        If one of them is no finished run, settings or versions differ, the tables of the runs contradict each other,
        two files have one name, or `out` cannot be used.
    """
    with Journal.read(first) as one, Journal.read(second) as other:
        _refuse_differences(first, second, one.provenance(), other.provenance())
        folder = _common_folder((first, one), (second, other))
        check_places(folder, out)
        if out.exists() and any(out.iterdir()):
            raise RunFolderError(f"{out} is not empty; give a new folder for the merged run.")
        before, after = _source(first, one, folder), _source(second, other, folder)
        twins = _twins(before, after)
        held = held_kinds(first, one) & held_kinds(second, other)
        kinds = tuple(kind for kind in KINDS if kind in held)
        try:
            out.mkdir(parents=True, exist_ok=True)
            with locked(out), Journal.resume(out, _facts(one)) as journal:
                journal.record_begin(folder, ())
                _copy(before, after, twins, journal)
                _copy_pictures(before, after, journal, out, kinds)
                parquet = has_parquet(first) and has_parquet(second)
                candidates = all(CANDIDATES in tables_of(run) for run in (first, second))
                if any(status is None for *_, status in journal.contents()):
                    write_tables_so_far(out, journal, candidates=candidates)
                else:
                    finish_run(out, journal, kinds, parquet=parquet, candidates=candidates)
        except OSError as error:
            reason = error.strerror or error
            raise RunFolderError(
                f"{out} cannot be written ({reason}); mend that, remove it and merge again."
            ) from error
    return twins


def _facts(journal: Journal) -> dict[str, str]:
    return {name: value for name, value in journal.provenance().items() if name != "table_layout"}


def _refuse_differences(first: Path, second: Path, one: Mapping[str, str], other: Mapping[str, str]) -> None:
    telling = telling_facts(one, other)
    if telling:
        told = "; ".join(f"{name} is {before} and {after}" for name, (before, after) in telling.items())
        raise RunFolderError(
            f"{first} and {second} were made differently: {told}. Run one of them again as the other was."
        )
    if one.get("table_layout") != TABLE_LAYOUT:
        raise RunFolderError(
            f"{first} and {second} have the tables of another version (lesionvis {one.get('version')}); merge them "
            "with that version."
        )


def _common_folder(*runs: tuple[Path, Journal]) -> Path:
    """Folder that holds the photos of all runs."""
    for run, journal in runs:
        if not journal.origin().finished_at:
            raise RunFolderError(f"The run in {run} is not finished; call lesionvis batch again and then merge.")
    folders = [journal.origin().folder for _, journal in runs]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:  # two drives of Windows
        raise RunFolderError(f"{' and '.join(folders)} lie on different drives; copy one beside the other.") from error


def _source(run: Path, journal: Journal, folder: Path) -> _Source:
    origin = Path(journal.origin().folder)
    rows = {photo: rest for photo, *rest in journal.select("SELECT * FROM files")}
    name_of = {photo: photo_name(photo_path(photo, origin), folder) for photo in rows}
    table = table_path(journal).parent
    told = {}
    for photo, text, problem in journal.select("SELECT photo, row, problem FROM table_rows"):
        row = json.loads(text)
        for column in (EXCLUDE, SPOTS):
            path = file_of(row, column, table)
            row = row if path is None else with_cell(row, column, str(path))
        if photo in name_of:
            told[name_of[photo]] = row, problem
    return _Source(run, journal, name_of, {name_of[photo]: tuple(rest) for photo, rest in rows.items()}, told)


def _twins(first: _Source, second: _Source) -> dict[str, str]:
    """Photos of the second run whose file the first one holds; refused where one of both must be wrong."""
    held = {file_key(key): photo for photo in sorted(first.files, reverse=True) if (key := first.content(photo))}
    twins, others, told = {}, [], []
    for photo in sorted(second.files):
        key = file_key(second.content(photo) or "")
        twin = photo if photo in first.files else held.get(key)
        if twin is None:
            continue
        twins[photo] = twin
        if file_key(first.content(twin) or "") != key:
            others.append(photo)
        row, other_row = (source.told.get(name, ({}, ""))[0] for source, name in ((first, twin), (second, photo)))
        told += [f"{photo}: {sentence}" for sentence in contradictions(row, other_row)]
    both = f"{first.run} and {second.run}"
    if others:
        raise RunFolderError(
            f"{both} hold two different files, or leave out different places of one, under the same name: "
            f"{listed(others, _N_NAMED)}. Move the photos of each into a folder of its own below a common one, call "
            "lesionvis batch on these two folders, and merge again."
        )
    if told:
        raise RunFolderError(
            f"The tables of {both} contradict each other: {listed(told, _N_NAMED)}. Mend one, call lesionvis batch "
            "with it, and merge again."
        )
    return twins


def _copy(first: _Source, second: _Source, twins: Mapping[str, str], journal: Journal) -> None:
    """Copy the rows of both journals into that of the merged run."""
    folder = Path(journal.origin().folder)
    files = [(photo, *rest) for photo, rest in first.files.items()]
    files += [(photo, *rest) for photo, rest in second.files.items() if photo not in twins]
    journal.change("INSERT INTO files VALUES (?, ?, ?, ?, ?)", files)
    told = dict(first.told)
    for photo, (row, problem) in second.told.items():
        held, held_problem = told.get(twins.get(photo, photo), ({}, ""))
        # Under the name of the copy too, which is a photo of its own once the run goes on.
        told[photo] = told[twins.get(photo, photo)] = joined_row(held, row), held_problem or problem
    rows = [(photo, json.dumps(row, ensure_ascii=False), problem) for photo, (row, problem) in sorted(told.items())]
    journal.change("INSERT INTO table_rows VALUES (?, ?, ?)", rows)
    paths = [path for source in (first, second) for path in source.journal.select("SELECT path FROM table_path")]
    journal.change("INSERT INTO table_path VALUES (?)", paths[:1])
    for source in (first, second):
        for table in _BY_CONTENT:
            contents = list(source.journal.select(f"SELECT * FROM {table}"))  # noqa: S608 - a name of this module
            holes = ", ".join("?" * len(contents[0])) if contents else ""
            journal.change(f"INSERT OR IGNORE INTO {table} VALUES ({holes})", contents)  # noqa: S608
    journal.change("INSERT INTO corrections VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", _corrections(first, second))
    copy_reviews([(source.journal, source.name_of) for source in (first, second)], journal)
    _choose_results(first, second, twins, journal)
    skipped = {file: reason for source in (second, first) for file, reason in _skipped(source, folder)}
    photos = {photo for photo, *_ in files}
    journal.change("INSERT INTO skipped VALUES (?, ?)", [one for one in skipped.items() if one[0] not in photos])
    # Notes name photos as their run does.
    notes = [f"{source.run.name}: {note}" for source in (first, second) for note in notes_of(source.journal)]
    record_notes(journal, notes)


def _choose_results(first: _Source, second: _Source, twins: Mapping[str, str], journal: Journal) -> None:
    """Take the results that belong to what both runs together know, where they know different things of a photo."""
    differing = {twin for photo, twin in twins.items() if first.content(twin) != second.content(photo)}
    given = given_for(journal, {}, as_found=False) if differing else {}
    keys = [
        (content_key(file_key(first.content(photo) or ""), None, given.get(photo, Given()).digest), photo)
        for photo in sorted(differing)
    ]
    journal.change("UPDATE files SET sha256 = ? WHERE photo = ?", keys)


def _corrections(first: _Source, second: _Source) -> list[tuple[Value, ...]]:
    """Corrections of both in the order in which they were entered, each once: the last one on a photo counts."""
    columns = "photo_sha256, photo, source, entered_at, drawn_by, drawn_at, spots"
    rows: dict[tuple[Value, ...], tuple[Value, ...]] = {}
    for source in (first, second):
        for content, photo, *rest in source.journal.select(f"SELECT {columns} FROM corrections ORDER BY number"):  # noqa: S608
            rows.setdefault((content, *rest), (content, source.name_of.get(photo, photo), *rest))
    return sorted(rows.values(), key=lambda row: str(row[3]))  # a stable order within a second


def _skipped(source: _Source, folder: Path) -> Iterator[tuple[str, str]]:
    """Skipped files under the names that they get."""
    origin = Path(source.journal.origin().folder)
    for file, reason in source.journal.select("SELECT file, reason FROM skipped"):
        end = "/" if file.endswith("/") else ""  # of a folder
        yield photo_name(photo_path(file, origin), folder) + end, reason


def _copy_pictures(first: _Source, second: _Source, journal: Journal, out: Path, kinds: tuple[str, ...]) -> None:
    """Copy the pictures of the kinds that both runs hold."""
    contents = {key: photos for key, photos, _ in journal.contents()}
    pictures = RunPictures(out, journal, journal.photos(), kinds)
    done: set[tuple[str, str]] = set()
    for source in (first, second):
        for file, key in source.journal.pictures().items():
            kind = file.partition("/")[0]
            path = source.run / file
            if kind in kinds and key in contents and (kind, key) not in done and path.is_file():
                pictures.put(key, contents[key], {kind: path.read_bytes()})
                done.add((kind, key))
    journal.commit()
