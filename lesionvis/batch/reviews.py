"""Reviews of the photos of a run: what a person said after looking, each change a further row of the journal.

A review is a layer over the result and never takes its place. No row is changed or removed, so that each change can be
told (who, when, from what) and taken back. The spots of a review are corrections (`lesionvis.batch.study`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lesionvis.batch.journal import Journal, utc_now
from lesionvis.batch.names import escape_control_characters, photo_digest
from lesionvis.batch.pictures import written_whole
from lesionvis.batch.rows import PHOTO_COLUMNS, PhotoColumn
from lesionvis.batch.study import AS_FOUND, REVIEWED, answers_column, has_reviews, last_correction_number
from lesionvis.labels import LABELS
from lesionvis.spots.drawn import DrawnSpots
from lesionvis.triage.answers import UNKNOWN

REVIEWS_NAME = "reviews.csv"
REVIEW_COLUMNS = {
    **{name: PHOTO_COLUMNS[name] for name in ("photo", "sha256")},
    "is_done": PhotoColumn("INTEGER", "1 where the person was done with the photo, else 0"),
    "reviewed_pattern": PhotoColumn("TEXT", f"pattern that the person named: {', '.join(LABELS)}; empty where none"),
    "note": PhotoColumn("TEXT", "note of the person"),
    "answers": PhotoColumn(
        "TEXT", "answers that were given on the page, NAME=VALUE with spaces between, in their order; empty where none"
    ),
    "reviewed_by": PhotoColumn("TEXT", "who made the last change"),
    "reviewed_at": PhotoColumn("TEXT", "when the last change was made, UTC, ISO 8601"),
    "change_count": PhotoColumn("INTEGER", "how many changes were made, those that were taken back included"),
}
"""Columns of `reviews.csv`, which a run has once one of its photos was reviewed."""

# Made when a run is first reviewed, so that runs that nobody reviewed stay as they are.
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS reviews (number INTEGER PRIMARY KEY, photo_sha256 TEXT NOT NULL, photo TEXT NOT NULL, "
    "made_at TEXT NOT NULL, made_by TEXT NOT NULL, action TEXT NOT NULL, pattern TEXT NOT NULL, note TEXT NOT NULL, "
    "is_done INTEGER NOT NULL, answers TEXT NOT NULL, correction INTEGER NOT NULL, "
    "undo_to INTEGER NOT NULL, redo_to INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS reviews_by_photo ON reviews (photo_sha256, number)",
    "CREATE INDEX IF NOT EXISTS corrections_by_photo ON corrections (photo_sha256, number)",
)
_COLUMNS = "number, made_at, made_by, action, pattern, note, is_done, answers, correction, undo_to, redo_to"
_ALL = "SELECT photo_sha256, photo, {columns} FROM reviews WHERE action <> ? ORDER BY number"
# Action of the row that holds the state before the first change.
_BASE = "as it was"


@dataclass(frozen=True, slots=True)
class Review:
    """Review of a photo after one change.

    Attributes
    ----------
    number : int
        Of the change; 0 where nobody reviewed the photo. It tells whether somebody else changed something meanwhile.
    made_at, made_by, action : str
        When, who and what.
    pattern : str
        Pattern that the person named, of `LABELS`; "" where none.
    note : str
    is_done : bool
    answers : str
        What the person answered to the questions, as `lesionvis.batch.study` reads it; "" where nothing.
    correction : int
        Number of the correction with the spots; 0 where they are those that were found.
    undo_to, redo_to : int
        Changes whose state comes back when this one is taken back, or done again; 0 where there is none.
    """

    number: int = 0
    made_at: str = ""
    made_by: str = ""
    action: str = ""
    pattern: str = ""
    note: str = ""
    is_done: bool = False
    answers: str = ""
    correction: int = 0
    undo_to: int = 0
    redo_to: int = 0


def prepare_reviews(journal: Journal) -> None:
    """Make the tables of reviews where a run has none, and bring those of an earlier version up to date.

    Parameters
    ----------
    journal : Journal
        Of the run, to be written to.
    """
    for statement in _SCHEMA:
        journal.change(statement)
    if answers_column(journal) != "answers":
        journal.change("ALTER TABLE reviews ADD COLUMN answers TEXT NOT NULL DEFAULT ''")
    journal.commit()


def review_of(journal: Journal, content: str) -> Review:
    """Last review of a photo.

    Parameters
    ----------
    journal : Journal
        Of a run with tables of reviews.
    content : str
        SHA-256 of the photo.

    Returns
    -------
    Review
        The first, empty one where nobody reviewed it.
    """
    query = f"SELECT {_COLUMNS} FROM reviews WHERE photo_sha256 = ? ORDER BY number DESC LIMIT 1"  # noqa: S608
    return next((_review(row) for row in journal.select(query, [content])), Review())


def last_reviews(journal: Journal) -> dict[str, Review]:
    """Last review of every photo that was reviewed.

    Parameters
    ----------
    journal : Journal
        Of a run, reviewed or not.

    Returns
    -------
    dict of str to Review
        By SHA-256 of the photo.
    """
    if not has_reviews(journal):
        return {}
    rows = journal.select(f"SELECT photo_sha256, {_columns(journal)} FROM reviews ORDER BY number")  # noqa: S608
    return {content: _review(row) for content, *row in rows}


def history_of(journal: Journal, content: str) -> list[Review]:
    """All changes of the review of a photo.

    Parameters
    ----------
    journal : Journal
        Of a run with tables of reviews.
    content : str
        SHA-256 of the photo.

    Returns
    -------
    list of Review
        The first one first.
    """
    query = f"SELECT {_COLUMNS} FROM reviews WHERE photo_sha256 = ? ORDER BY number"  # noqa: S608
    return [_review(row) for row in journal.select(query, [content])]


def enter_review(
    journal: Journal,
    content: str,
    photo: str,
    changed: Review,
    spots: DrawnSpots | None,
) -> Review:
    """Enter a change of a review, safe on the disk when this returns.

    Parameters
    ----------
    journal : Journal
        Of a run with tables of reviews.
    content : str
        SHA-256 of the photo.
    photo : str
        Its name.
    changed : Review
        Its `made_by`, `action`, `pattern`, `note`, `is_done` and `answers` are entered.
    spots : DrawnSpots or None
        Spots of the photo from now on; None for those that were found.

    Returns
    -------
    Review
        As it is now.
    """
    before = _held(journal, content, photo)
    correction = _enter_spots(journal, content, photo, changed.made_by, spots, before.correction)
    _insert(journal, content, photo, changed, correction, before.number, 0)
    _commit(journal)
    return review_of(journal, content)


def step_back(journal: Journal, content: str, photo: str, who: str) -> Review:
    """Take the last change of a review back, by a further change; safe on the disk when this returns.

    Parameters
    ----------
    journal : Journal
        Of a run with tables of reviews.
    content : str
        SHA-256 of the photo.
    photo : str
        Its name.
    who : str
        Who takes it back.

    Returns
    -------
    Review
        As it is now; unchanged where there is nothing to take back.
    """
    before = _held(journal, content, photo)
    if before.undo_to:
        target = _numbered(journal, before.undo_to)
        _go_to(journal, content, photo, who, f"undo: {before.action}", target, target.undo_to, before.number)
    return review_of(journal, content)


def step_forward(journal: Journal, content: str, photo: str, who: str) -> Review:
    """Do again what was last taken back, by a further change; safe on the disk when this returns.

    Parameters
    ----------
    journal : Journal
        Of a run with tables of reviews.
    content : str
        SHA-256 of the photo.
    photo : str
        Its name.
    who : str
        Who does it again.

    Returns
    -------
    Review
        As it is now; unchanged where nothing was taken back.
    """
    before = _held(journal, content, photo)
    if before.redo_to:
        target = _numbered(journal, before.redo_to)
        _go_to(journal, content, photo, who, f"redo: {target.action}", target, before.number, target.redo_to)
    return review_of(journal, content)


def copy_reviews(sources: Iterable[tuple[Journal, Mapping[str, str]]], journal: Journal) -> None:
    """Copy the reviews of other runs into a run that holds their photos and corrections; not yet committed.

    All changes can be told there, the latest counts, and they cannot be taken back: their states are of the other runs.

    Parameters
    ----------
    sources : iterable of (Journal, mapping of str to str)
        Journals of the other runs, with the name in this run of each of their photos.
    journal : Journal
    """
    rows = [
        (_review(row), content, name_of.get(photo, photo))
        for source, name_of in sources
        if has_reviews(source)
        for content, photo, *row in source.select(_ALL.format(columns=_columns(source)), [_BASE])
    ]
    if rows:
        prepare_reviews(journal)
    for review, content, photo in sorted(rows, key=lambda row: row[0].made_at):
        _insert(journal, content, photo, review, last_correction_number(journal, content), 0, 0)


def write_reviews(run: Path, journal: Journal) -> None:
    """Write `reviews.csv`, whole or not at all; nothing where no photo was reviewed.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
    """
    reviews = last_reviews(journal)
    if not reviews:
        return
    query = "SELECT photo_sha256, count(*) FROM reviews WHERE action <> ? GROUP BY photo_sha256"
    counts = dict(journal.select(query, [_BASE]))
    contents = {photo: photo_digest(key) for photo, (_, key) in sorted(journal.known_files().items())}
    with written_whole(run, REVIEWS_NAME) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REVIEW_COLUMNS)
        for photo, content in contents.items():
            if content in reviews:
                one = reviews[content]
                said = (one.pattern, _in_a_cell(one.note), _answers_words(one.answers))
                told = (*said, _in_a_cell(one.made_by), one.made_at)
                writer.writerow([photo, content, int(one.is_done), *told, counts.get(content, 0)])


def review_words(review: Review) -> str:
    """Review of a photo in few words.

    Parameters
    ----------
    review : Review

    Returns
    -------
    str

    Examples
    --------
    >>> review_words(Review(1, "2026-03-01T09:00:00+00:00", "Eva", "done", "angioma", "below the knee", True))
    'done; seen as angioma; note: below the knee (Eva, 2026-03-01)'
    """
    said = [
        "done" if review.is_done else "not done",
        *([f"seen as {review.pattern.replace('_', ' ')}"] if review.pattern else []),
        *(["questions answered"] if review.answers else []),
        *([f"note: {escape_control_characters(' '.join(review.note.split()))}"] if review.note else []),
    ]
    who = escape_control_characters(review.made_by)
    return f"{'; '.join(said)} ({who}, {review.made_at[:10]})"


def _answers_words(text: str) -> str:
    """Answers of a review in one line, age and cause first; "" where there are none.

    >>> _answers_words('{"answers": {"fever": "yes"}, "age_years": 3.0, "cause": "unknown", "sites": []}')
    'age_years=3 fever=yes'
    """
    if not text:
        return ""
    told = json.loads(text)
    age = {} if told["age_years"] is None else {"age_years": f"{told['age_years']:.3g}"}
    about = age | {"cause": told["cause"], "sites": ",".join(told["sites"])} | told["answers"]
    return " ".join(f"{name}={value}" for name, value in about.items() if value not in ("", UNKNOWN))


def _in_a_cell(text: str) -> str:
    """Text that a person typed, harmless in a table: one line, and no formula."""
    line = escape_control_characters(" ".join(text.split()))
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line


def _review(row: tuple[object, ...]) -> Review:
    number, made_at, made_by, action, pattern, note, is_done, answers, *links = row
    told = (str(made_at), str(made_by), str(action), str(pattern), str(note))
    return Review(int(str(number)), *told, bool(is_done), str(answers), *(int(str(one)) for one in links))


def _columns(journal: Journal) -> str:
    """Columns of reviews in a journal that is only read, also of an earlier version."""
    return _COLUMNS.replace("answers", answers_column(journal))


def _numbered(journal: Journal, number: int) -> Review:
    rows = journal.select(f"SELECT {_COLUMNS} FROM reviews WHERE number = ?", [number])  # noqa: S608
    return _review(next(rows))


def _held(journal: Journal, content: str, photo: str) -> Review:
    """Review before a change; the state that it starts from has a row too, also when a file brought spots since."""
    before = review_of(journal, content)
    correction = last_correction_number(journal, content)
    if before.number and before.correction == correction:
        return before
    told = replace(before, made_at="", made_by="", action=_BASE)
    _insert(journal, content, photo, told, correction, 0, 0)
    return review_of(journal, content)


def _go_to(
    journal: Journal, content: str, photo: str, who: str, action: str, target: Review, undo_to: int, redo_to: int
) -> None:
    """Enter the state of an earlier change again."""
    spots = _spots_of(journal, target.correction)
    now = last_correction_number(journal, content)
    correction = _enter_spots(journal, content, photo, who, spots, now)
    told = replace(target, made_at="", made_by=who, action=action)
    _insert(journal, content, photo, told, correction, undo_to, redo_to)
    _commit(journal)


def _spots_of(journal: Journal, correction: int) -> DrawnSpots | None:
    (text,) = next(journal.select("SELECT spots FROM corrections WHERE number = ?", [correction]), (AS_FOUND,))
    return None if text == AS_FOUND else DrawnSpots.from_dict(json.loads(text))


def _enter_spots(journal: Journal, content: str, photo: str, who: str, spots: DrawnSpots | None, before: int) -> int:
    """Number of the correction with these spots: the one before where they are the same, or a new one."""
    (held,) = next(journal.select("SELECT spots FROM corrections WHERE number = ?", [before]), (AS_FOUND,))
    text = AS_FOUND if spots is None else json.dumps(spots.to_dict(), ensure_ascii=False)
    if text == held:
        return before
    row = (content, photo, REVIEWED, utc_now(), who, "" if spots is None else spots.drawn_at, text)
    journal.change("INSERT INTO corrections VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", [row])
    return last_correction_number(journal, content)


def _insert(
    journal: Journal, content: str, photo: str, told: Review, correction: int, undo_to: int, redo_to: int
) -> None:
    said = (told.made_by, told.action, told.pattern, told.note, int(told.is_done), told.answers)
    row = (content, photo, told.made_at or utc_now(), *said, correction, undo_to, redo_to)
    # By name: where an earlier version made the table, the answers stand last.
    names = _COLUMNS.replace("number", "photo_sha256, photo", 1)
    journal.change(f"INSERT INTO reviews ({names}) VALUES ({', '.join('?' * len(row))})", [row])  # noqa: S608


def _commit(journal: Journal) -> None:
    journal.record_change()
    journal.commit()
