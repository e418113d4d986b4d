from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from runs import made_up_run

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import photo_digest
from lesionvis.batch.reviews import (
    REVIEWS_NAME,
    Review,
    copy_reviews,
    enter_review,
    last_reviews,
    prepare_reviews,
    review_of,
    step_back,
    step_forward,
    write_reviews,
)
from lesionvis.batch.study import given_of_photo, has_reviews
from lesionvis.spots.drawn import DrawnSpots

PHOTO = "a.jpg"
ONE = DrawnSpots((np.array([[1.0, 1.0], [9.0, 1.0], [9.0, 9.0]]),), name="review page")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return made_up_run(tmp_path / "run", [PHOTO, "b.jpg"], with_pictures=False)


def _content(journal: Journal) -> str:
    return photo_digest(journal.known_files()[PHOTO][1])


def _spots(journal: Journal) -> int | None:
    drawn = given_of_photo(journal, PHOTO).drawn
    return None if drawn is None else len(drawn)


def test_a_run_that_nobody_reviewed_stays_as_it_is(journal: Journal, tmp_path: Path) -> None:
    with journal:
        assert not has_reviews(journal)
        assert last_reviews(journal) == {}
        write_reviews(tmp_path / "run", journal)
        prepare_reviews(journal)
        write_reviews(tmp_path / "run", journal)
    assert not (tmp_path / "run" / REVIEWS_NAME).exists()


def test_changes_are_taken_back_one_by_one_and_made_again(journal: Journal) -> None:
    with journal:
        prepare_reviews(journal)
        content = _content(journal)
        assert step_back(journal, content, PHOTO, "Eva").undo_to == 0
        enter_review(journal, content, PHOTO, Review(made_by="Eva", action="drew", note="n"), ONE)
        enter_review(journal, content, PHOTO, Review(made_by="Eva", action="said", note="m"), ONE)
        enter_review(journal, content, PHOTO, Review(made_by="Eva", action="removed", note="m"), None)
        assert _spots(journal) is None
        states = []
        for step in (
            step_back,
            step_back,
            step_back,
            step_back,
            step_forward,
            step_forward,
            step_forward,
            step_forward,
        ):
            step(journal, content, PHOTO, "Ina")
            now = review_of(journal, content)
            states.append((now.note, _spots(journal), bool(now.undo_to), bool(now.redo_to)))
        assert states[:3] == [("m", 1, True, True), ("n", 1, True, True), ("", None, False, True)]
        assert states[3] == states[2]
        assert states[4:7] == [("n", 1, True, True), ("m", 1, True, True), ("m", None, True, False)]
        assert states[7] == states[6]
        assert journal.origin().finished_at == ""


def test_a_merged_run_tells_the_reviews_of_both_and_the_latest_counts(tmp_path: Path) -> None:
    runs = [made_up_run(tmp_path / name, [PHOTO, "b.jpg"], with_pictures=False) for name in ("one", "two", "both")]
    one, two, both = runs
    for journal, when, note in ((one, "2026-03-02", "later"), (two, "2026-03-01", "sooner")):
        prepare_reviews(journal)
        told = Review(made_at=when, made_by="Eva", action="note", note=note)
        enter_review(journal, _content(journal), PHOTO, told, None)
    copy_reviews([(one, {PHOTO: "x/a.jpg"}), (two, {})], both)
    (review,) = last_reviews(both).values()
    assert (review.note, review.undo_to) == ("later", 0)
    assert [row[0] for row in both.select("SELECT photo FROM reviews ORDER BY number")] == [PHOTO, "x/a.jpg"]
    for journal in runs:
        with journal:
            pass
