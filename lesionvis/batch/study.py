"""What persons gave for the photos of a run, kept in its journal: the table about them and the spots they drew.

The journal is the one home of both: files are read into it, and every analysis takes from it. A correction belongs to
the content of a photo, so that it goes with a photo that is moved, and no later one removes an earlier one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from lesionvis.batch.corrections import Reader, find_corrections, read_files
from lesionvis.batch.given import Given
from lesionvis.batch.journal import Journal, utc_now
from lesionvis.batch.names import content_key, file_key, photo_digest
from lesionvis.batch.study_table import EXCLUDE, SPOTS, MatchedTable, file_of, given_of, listed
from lesionvis.errors import RunFolderError
from lesionvis.spots.drawn import DrawnSpots
from lesionvis.triage.circumstances import Circumstances

REVIEWED = "review page"
"""Source of corrections that were made on the review page."""
AS_FOUND = "null"
"""Correction that takes back all earlier ones: the spots are those that were found."""


def enter_table(journal: Journal, matched: MatchedTable, path: Path, photos: Iterable[str]) -> list[str]:
    """Enter the rows of a table about the photos, in the place of those of an earlier one.

    Parameters
    ----------
    journal : Journal
    matched : MatchedTable
        Rows by photo.
    path : Path
        Of the table.
    photos : iterable of str
        Names of all photos of the run.

    Returns
    -------
    list of str
        A sentence, where photos had a row before and have none now.
    """
    held, earlier = table_rows(journal), table_path(journal).name
    without = [photo for photo in photos if photo in held and photo not in matched.rows]
    journal.change("DELETE FROM table_rows")
    journal.change("DELETE FROM table_path")
    journal.change("INSERT INTO table_path VALUES (?)", [(str(path.resolve()),)])
    rows = [
        (photo, json.dumps(row, ensure_ascii=False), matched.problems.get(photo, ""))
        for photo, row in matched.rows.items()
    ]
    journal.change("INSERT INTO table_rows VALUES (?, ?, ?)", rows)
    journal.commit()
    if not without:
        return []
    those = "1 photo" if len(without) == 1 else f"{len(without)} photos"
    told = f"{those} had a row in {earlier}, which counts no more: {listed(without)}; give one table with all."
    return [f"{path.name}: {told}"]


def table_path(journal: Journal) -> Path:
    """Path of the table about the photos.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    Path
        Empty, as is its name, when there is no table.
    """
    return next((Path(path) for (path,) in journal.select("SELECT path FROM table_path")), Path())


def table_rows(journal: Journal) -> dict[str, dict[str, str]]:
    """Rows of the table about the photos.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    dict of str to dict of str to str
        Photo -> column -> text; empty when there is no table.
    """
    return {photo: json.loads(row) for photo, row in journal.select("SELECT photo, row FROM table_rows")}


def excluded_places(journal: Journal, photos: Iterable[str]) -> dict[str, str]:
    """Files with places to leave out that the table names.

    Parameters
    ----------
    journal : Journal
    photos : iterable of str
        Photos that are there.

    Returns
    -------
    dict of str to str
        Photo -> absolute path.

    Raises
    ------
    RunFolderError
        If a file does not exist.
    """
    found = _named_files(journal, EXCLUDE, photos)
    for photo, path in found.items():
        if not path.is_file():
            raise RunFolderError(
                f"The table names {path} as the places to leave out of {photo}, and it does not exist."
            )
    return {photo: str(path) for photo, path in found.items()}


def enter_corrections(
    journal: Journal, place: Path | None, photos: Iterable[str], read: Reader = read_files
) -> tuple[dict[str, str], list[str]]:
    """Enter spots that a person drew, from files; what is the same as in the last file is not entered again.

    So a review of what a file brought stays when the run is called again with that file.

    Parameters
    ----------
    journal : Journal
        Of the run, with all files recorded.
    place : Path or None
        Folder or file with drawn spots; those that the table names are read in any case.
    photos : iterable of str
        Names of all photos of the run.
    read : callable
        As for `find_corrections`.

    Returns
    -------
    problems : dict of str to str
        Photos whose spots cannot be used, and one sentence each.
    notes : list of str
        Sentences on files that are about no photo.

    Raises
    ------
    RunFolderError
        If the place cannot be used.
    """
    names = list(photos)
    found = find_corrections(place, _named_files(journal, SPOTS, names), names, read)
    contents = _contents(journal)
    held = _latest(journal, of_files=True)
    now = utc_now()
    for photo, (drawn, source) in found.spots.items():
        content = contents.get(photo)
        text = json.dumps(drawn.to_dict(), ensure_ascii=False)
        if content is None or held.get(content) == text:
            continue
        row = (content, photo, source, now, drawn.drawn_by, drawn.drawn_at, text)
        journal.change("INSERT INTO corrections VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", [row])
    journal.commit()
    return found.problems, found.notes


def has_reviews(journal: Journal) -> bool:
    """Test whether a run was ever reviewed on the review page (`lesionvis.batch.reviews`).

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    bool
    """
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'reviews'"
    return bool(next(journal.select(query))[0])


def answers_column(journal: Journal) -> str:
    """Column with the answers of the reviews; text without any where an earlier version wrote them.

    Parameters
    ----------
    journal : Journal
        Of a run with tables of reviews.

    Returns
    -------
    str
        SQL.
    """
    columns = [name for (name,) in journal.select("SELECT name FROM pragma_table_info('reviews')")]
    return "answers" if "answers" in columns else "''"


def given_for(journal: Journal, problems: Mapping[str, str], *, as_found: bool) -> dict[str, Given]:
    """What counts for each photo: its row of the table, and the last that persons answered and drew on the page.

    Parameters
    ----------
    journal : Journal
    problems : mapping of str to str
        Photos whose spots cannot be used, and one sentence each.
    as_found : bool
        Leave out what persons drew; it stays in the journal.

    Returns
    -------
    dict of str to Given
        Of every photo for which something was given.
    """
    table = table_path(journal).name
    given = {
        photo: Given(problem=problem) if problem else given_of(json.loads(row), table)
        for photo, row, problem in journal.select("SELECT photo, row, problem FROM table_rows")
    }
    contents, answers = _contents(journal), _latest_answers(journal)
    for photo, content in contents.items():
        if answers.get(content):
            given[photo] = _with_answers(given.get(photo, Given()), answers[content])
    if not as_found:
        drawn = _latest(journal)
        for photo, content in contents.items():
            if content in drawn:
                spots = DrawnSpots.from_dict(json.loads(drawn[content]))
                given[photo] = replace(given.get(photo, Given()), drawn=spots)
        given |= {photo: Given(problem=problem) for photo, problem in problems.items()}
    return given


def given_problems(given: Mapping[str, Given]) -> list[str]:
    """Why photos will fail with what was given for them, each reason once.

    Parameters
    ----------
    given : mapping of str to Given
        By photo.

    Returns
    -------
    list of str
        One sentence each, with the photo or one of them and their number.
    """
    photos: dict[str, list[str]] = {}
    for photo, one in sorted(given.items()):
        if one.problem:
            photos.setdefault(one.problem, []).append(photo)
    return [f"{how_many(names)}: {problem}" for problem, names in photos.items()]


def how_many(photos: Sequence[str]) -> str:
    """One photo, or how many and one of them.

    Parameters
    ----------
    photos : sequence of str
        At least one.

    Returns
    -------
    str

    Examples
    --------
    >>> how_many(["a.jpg"]), how_many(["a.jpg", "b.jpg"])
    ('a.jpg', '2 photos, such as a.jpg')
    """
    return photos[0] if len(photos) == 1 else f"{len(photos)} photos, such as {photos[0]}"


def given_of_photo(journal: Journal, photo: str, *, as_found: bool = False) -> Given:
    """What counts for one photo, as `given_for` tells it for all.

    Parameters
    ----------
    journal : Journal
    photo : str
        Name of a photo that could be read.
    as_found : bool
        Leave out what persons drew and answered on the page.

    Returns
    -------
    Given
    """
    table = table_path(journal).name
    given = Given()
    for row, problem in journal.select("SELECT row, problem FROM table_rows WHERE photo = ?", [photo]):
        given = Given(problem=problem) if problem else given_of(json.loads(row), table)
    (key,) = next(journal.select("SELECT sha256 FROM files WHERE photo = ?", [photo]))
    content = photo_digest(key)
    if not as_found:
        _, drawn = last_correction(journal, content)
        given = replace(_with_answers(given, _latest_answers(journal, content).get(content, "")), drawn=drawn)
    return given


def last_correction(journal: Journal, content: str) -> tuple[int, DrawnSpots | None]:
    """Last spots that a person drew on a photo.

    Parameters
    ----------
    journal : Journal
    content : str
        SHA-256 of the photo.

    Returns
    -------
    number : int
        Of the correction; 0 where there is none.
    spots : DrawnSpots or None
        None where the spots are those that were found.
    """
    query = "SELECT number, spots FROM corrections WHERE photo_sha256 = ? ORDER BY number DESC LIMIT 1"
    number, text = next(journal.select(query, [content]), (0, AS_FOUND))
    return number, None if text == AS_FOUND else _drawn(text)


def last_correction_number(journal: Journal, content: str) -> int:
    """Number of the last correction of a photo, without reading its outlines.

    Parameters
    ----------
    journal : Journal
        Of the run.
    content : str
        SHA-256 of the photo.

    Returns
    -------
    int
        0 where there is none.
    """
    query = "SELECT coalesce(max(number), 0) FROM corrections WHERE photo_sha256 = ?"
    return int(next(journal.select(query, [content]))[0])


# The review page asks for the same spots again and again; those of a photo with hundreds take 0.1 s to read.
@lru_cache(maxsize=4)
def _drawn(text: str) -> DrawnSpots:
    return DrawnSpots.from_dict(json.loads(text))


def record_given(journal: Journal, given: Mapping[str, Given]) -> None:
    """Record on what the results of the photos depend besides the files, and forget on what they depended before.

    Parameters
    ----------
    journal : Journal
    given : mapping of str to mapping
        From `given_for`.
    """
    changed = []
    for photo, (_, key) in journal.known_files().items():
        wanted = content_key(file_key(key), None, given.get(photo, Given()).digest)
        if wanted != key:
            changed.append((wanted, photo))
    journal.change("UPDATE files SET sha256 = ? WHERE photo = ?", changed)
    journal.commit()


def record_notes(journal: Journal, notes: Iterable[str]) -> None:
    """Record sentences for the person on this call, and forget those on earlier ones.

    Parameters
    ----------
    journal : Journal
    notes : iterable of str
        One sentence each.
    """
    journal.change("DELETE FROM notes")
    journal.change("INSERT INTO notes VALUES (NULL, ?)", [(note,) for note in notes])
    journal.commit()


def notes_of(journal: Journal) -> list[str]:
    """Sentences for the person on the last call.

    Parameters
    ----------
    journal : Journal

    Returns
    -------
    list of str
    """
    return [note for (note,) in journal.select("SELECT note FROM notes ORDER BY number")]


def _contents(journal: Journal) -> dict[str, str]:
    """Digest of each photo that could be read."""
    return {photo: photo_digest(key) for photo, (_, key) in journal.known_files().items()}


def _latest_answers(journal: Journal, content: str = "") -> dict[str, str]:
    """Last answers of persons on the review page, on one content or on each; "" where they were taken back."""
    if not has_reviews(journal):
        return {}
    column = answers_column(journal)
    query = f"SELECT photo_sha256, {column} FROM reviews WHERE ? IN ('', photo_sha256) ORDER BY number"  # noqa: S608
    return dict(journal.select(query, [content]))


def _with_answers(given: Given, text: str) -> Given:
    """What was given, with answers of the page in the place of those of the table."""
    if not text:
        return given
    told = json.loads(text)
    about = Circumstances(told["age_years"], told["cause"], tuple(told["sites"]))
    return replace(given, answers=told["answers"], circumstances=about)


def _latest(journal: Journal, of_files: bool = False) -> dict[str, str]:
    """Last spots drawn on each content, or those that the last file brought."""
    rows = journal.select("SELECT photo_sha256, spots, source FROM corrections ORDER BY number")
    latest = {content: spots for content, spots, source in rows if not (of_files and source == REVIEWED)}
    return {content: spots for content, spots in latest.items() if spots != AS_FOUND}


def _named_files(journal: Journal, column: str, photos: Iterable[str]) -> dict[str, Path]:
    """Files that the table names for the photos that are there."""
    folder, rows = table_path(journal).parent, table_rows(journal)
    named = {photo: file_of(rows[photo], column, folder) for photo in photos if photo in rows}
    return {photo: path for photo, path in named.items() if path is not None}
