"""The report page of a run folder, written from its journal."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.pictures import written_whole
from lesionvis.batch.reviews import last_reviews, review_words
from lesionvis.batch.rows import Value
from lesionvis.report.page import ReportPhoto, page_html, urgency
from lesionvis.report.template import data_address

REPORT_NAME = "report.html"
# Up to so many photos the page carries its thumbnails inside, so that it can be passed on by itself; with more it
# shows the files beside it, and opens quickly.
EMBEDDED_MAX = 200
# A browser holds this many at ease; of more, the page shows those that most need a person.
N_PHOTOS_MAX = 20_000


def write_report(run: Path, journal: Journal) -> None:
    """Write `report.html`, whole or not at all; the same results give the same bytes.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
    """
    ranked = [(urgency(row), str(row["photo"])) for row in journal.records("photos")]
    chosen = {photo for _, photo in heapq.nsmallest(N_PHOTOS_MAX, ranked)}
    facts = journal.provenance()
    photos = _photos(run, journal, chosen)
    pieces = page_html(
        escape_control_characters(run.resolve().name),
        facts,
        photos,
        len(ranked) - len(chosen),
        journal.skipped_counts(),
    )
    with written_whole(run, REPORT_NAME) as file:
        file.writelines(pieces)


def _photos(run: Path, journal: Journal, chosen: set[str]) -> Iterator[ReportPhoto]:
    """The chosen photos with their spots and pictures; all tables are in the order of the photos' names."""
    pictures, contents = _pictures(run, journal), journal.known_files()
    spots_of, reasons_of = _by_photo(journal, "spots"), _by_photo(journal, "reasons")
    reviews = {content: review_words(review) for content, review in last_reviews(journal).items()}
    for row in journal.records("photos"):
        photo = str(row["photo"])
        spots, reasons = spots_of(photo), reasons_of(photo)
        if photo in chosen:
            content = contents.get(photo, ())[-1:]
            thumbnail, overlay = (pictures.get((kind, *content), "") for kind in ("thumbnails", "overlays"))
            told = [(str(reason["rule_id"]), str(reason["reason"])) for reason in reasons]
            scores = journal.candidate_scores(photo)
            small = _thumbnail_address(run, thumbnail, len(chosen))
            review = reviews.get(str(row["sha256"]), "")
            yield ReportPhoto(row, spots, told, scores, small, quote(overlay), review)


def _by_photo(journal: Journal, view: str) -> Callable[[str], list[dict[str, Value]]]:
    """Function that gives a photo's rows of a view; photos are to be asked for in the order of their names."""
    groups = groupby(journal.records(view), key=lambda row: row["photo"])
    following = next(groups, None)

    def rows_of(photo: str) -> list[dict[str, Value]]:
        nonlocal following
        if following is None or following[0] != photo:
            return []
        rows = list(following[1])
        following = next(groups, None)
        return rows

    return rows_of


def _pictures(run: Path, journal: Journal) -> dict[tuple[str, ...], str]:
    """Kind and content of a photo -> the first of the files that show it."""
    held = sorted(journal.pictures().items(), reverse=True)
    return {(file.partition("/")[0], digest): file for file, digest in held if (run / file).is_file()}


def _thumbnail_address(run: Path, file: str, n_photos: int) -> str:
    if not file or n_photos > EMBEDDED_MAX:
        return quote(file)
    return data_address((run / file).read_bytes())
