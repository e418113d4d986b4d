"""Rows hold what the analysis says; tables are whole, plain and always the same."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import numpy as np
import pytest
from drawn import drawn_skin
from hypothesis import given
from hypothesis import strategies as st

from lesionvis.analysis import Analysis, Analyzer
from lesionvis.batch.journal import Journal
from lesionvis.batch.rows import (
    ABCDE_NUMBERS,
    CANDIDATE_COLUMNS,
    RESULT_COLUMNS,
    SPOT_COLUMNS,
    candidate_rows,
    failed_row,
    photo_row,
    spot_rows,
)
from lesionvis.batch.scan import PhotoFile
from lesionvis.batch.tables import (
    CANDIDATES_NAME,
    TABLES,
    _partial_name,
    cell,
    remove_partial_tables,
    write_tables,
    write_tables_so_far,
)
from lesionvis.errors import RunFolderError
from lesionvis.labels import PATTERNS
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.spots import SpotFinder
from lesionvis.spots.table import COLUMNS

FACTS = {"model": "pattern-v2", "version": "0", "settings_hash": "abc"}


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analyzer(px_per_mm=5.0)(drawn_skin(1))


def test_a_row_holds_the_numbers_of_the_analysis(analysis: Analysis) -> None:
    row = photo_row(analysis)
    assert list(row) == list(RESULT_COLUMNS)
    assert (row["status"], row["problem"]) == ("ok", "")
    assert (row["width"], row["height"], row["taken_at"]) == (128, 96, "")
    assert (row["px_per_mm"], row["scale_source"]) == (5.0, "given")
    assert row["spot_count"] == len(analysis.table) > 0
    assert row["pattern"] == analysis.pattern.label
    assert row["prediction_set"] == " ".join(analysis.pattern.prediction_set)
    assert row["photo_flags"] == " ".join(analysis.flags)
    assert row["triage_level"] == str(analysis.advice.level)
    for name in PATTERNS:
        assert row[f"p_{name}"] == analysis.pattern.probabilities[name]
    for name in FEATURE_NAMES:
        assert row[name] == analysis.features[name] or np.isnan(analysis.features[name])
    assert (row["seen"], row["erythema_share"]) == (analysis.pattern.seen, analysis.features["red_skin_share"])


def test_where_nobody_was_asked_a_row_tells_what_the_photo_shows(analysed_samples: dict[str, Analysis]) -> None:
    lesion = analysed_samples["irregular-lesion.jpg"]
    assert str(photo_row(lesion)["triage_reasons"]).startswith(
        "T01 Nobody was asked: the photo shows one spot that stands out; The spot in the photo shows at least one ABCDE"
    )
    analysis = analysed_samples["shower-light-leg.jpg"]
    row = photo_row(analysis)
    assert row["triage_basis"] == "nobody was asked"
    ids, _, text = str(row["triage_reasons"]).partition(" ")
    assert ids.split(",") == [fired.rule_id for fired in analysis.advice.reasons]
    assert text.startswith("Nobody was asked: ")
    assert f"; The photo shows {len(analysis.table)} spots" in text
    assert "child" not in text
    assert "fade" not in text


def test_where_somebody_was_asked_a_row_tells_the_reasons(analysis: Analysis) -> None:
    asked = analysis.answered({"fever": "no"})
    row = photo_row(asked)
    assert row["triage_basis"] == "answers"
    expected = [f"{fired.rule_id} {fired.reason}" for fired in asked.advice.reasons]
    assert str(row["triage_reasons"]).split(" | ") == expected


def test_a_row_holds_the_abcde_of_a_dominant_lesion(analysed_samples: dict[str, Analysis]) -> None:
    found = analysed_samples["irregular-lesion.jpg"]
    assert found.abcde is not None
    row = photo_row(found)
    assert row["abcde_letters"] == found.abcde.letters != ""
    assert row["color_count"] == found.abcde.color.numbers["color_count"]
    assert row["border_deviation"] == found.abcde.border.numbers["border_deviation"]
    for name in ("asymmetric_axes", "shape_asymmetry", "color_asymmetry"):
        assert row[name] == found.abcde.asymmetry.numbers[name]
    none = photo_row(analysed_samples["plain-skin.jpg"])
    assert none["abcde_letters"] == ""
    assert {none[name] for name in ABCDE_NUMBERS} == {None}


def test_spot_rows_hold_the_table_of_spots(analysis: Analysis) -> None:
    rows = spot_rows(analysis)
    assert list(SPOT_COLUMNS) == [column.name for column in COLUMNS]
    assert len(rows) == len(analysis.table)
    for index, name in enumerate(SPOT_COLUMNS):
        assert [row[index] for row in rows] == analysis.table[name].tolist()


def test_a_photo_without_skin_is_unusable_and_says_so() -> None:
    row = photo_row(Analyzer()(drawn_skin(1)[..., ::-1]))  # red and blue change places
    assert (row["status"], row["pattern"]) == ("unusable", "uncertain")
    assert "skin" in str(row["problem"])
    assert row["px_per_mm"] is None
    assert [row[f"p_{name}"] for name in PATTERNS] == [None] * 3


def test_the_columns_are_those_of_the_contract(tmp_path: Path) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        photos, _ = journal.table("photos")
        spots, _ = journal.table("spots")
    features = [name for name in FEATURE_NAMES if name not in ("spot_count", "skin_fraction", "tone_ita_deg")]
    first = "photo sha256 status problem width height taken_at px_per_mm scale_source scale_error_pct skin_fraction"
    last = "photo_flags triage_level triage_basis triage_reasons"
    corrected = "spots_from drawn_by drawn_at drawn_in taken_at_source model version settings_hash"
    assert photos == [
        *first.split(),
        *("tone_ita_deg", "spot_count"),
        *features,
        *("abcde_letters", *ABCDE_NUMBERS),
        *("pattern", "p_petechial_shower", "p_single_lesion", "p_angioma", "prediction_set", "seen"),
        "erythema_share",
        *last.split(),
        *corrected.split(),
        "duplicate_of",
    ]
    assert spots == ["photo", *(column.name for column in COLUMNS)]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_nine_digits(value: float) -> None:
    assert float(cell(value)) == pytest.approx(value, rel=1e-8)


def test_missing_numbers_are_empty_and_whole_ones_short() -> None:
    assert [cell(value) for value in (None, 12.0, 7, "a b", 1234567.891)] == ["", "12", "7", "a b", "1234567.89"]


def test_tables_read_back(tmp_path: Path, analysis: Analysis) -> None:
    names = ['a,"b".jpg', "<script>.jpg", "été 👩.jpg"]
    with Journal.resume(tmp_path, FACTS) as journal:
        for name in names:
            journal.record_file(PhotoFile(name), "digest of all")
        journal.record_file(PhotoFile("gone.jpg", problem="This file is gone."), None)
        journal.record("digest of all", photo_row(analysis), spot_rows(analysis))
        write_tables(tmp_path, journal)
    with (tmp_path / "photos.csv").open(newline="", encoding="utf-8") as file:
        photos = list(csv.DictReader(file))
    with (tmp_path / "spots.csv").open(newline="", encoding="utf-8") as file:
        spots = list(csv.DictReader(file))
    assert [row["photo"] for row in photos] == sorted([*names, "gone.jpg"])
    assert {row["photo"]: row["duplicate_of"] for row in photos} == {
        "<script>.jpg": "",
        'a,"b".jpg': "<script>.jpg",
        "été 👩.jpg": "<script>.jpg",
        "gone.jpg": "",
    }
    gone = photos[-2]
    assert (gone["status"], gone["problem"], gone["sha256"]) == ("failed", "This file is gone.", "")
    assert (gone["model"], gone["version"], gone["settings_hash"]) == ("pattern-v2", "0", "abc")
    assert len(spots) == 3 * len(analysis.table)
    first = [row for row in spots if row["photo"] == names[0]]
    assert [float(row["diameter_mm"]) for row in first] == pytest.approx(analysis.table["diameter_mm"].tolist())


def test_tables_of_an_unfinished_run_say_so_in_their_names_and_rows(tmp_path: Path, analysis: Analysis) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("a.jpg"), "one")
        journal.record_file(PhotoFile("b.jpg"), "two")
        journal.record("one", photo_row(analysis), spot_rows(analysis))
        partial = {view: _partial_name(name) for view, name in TABLES.items()}
        assert write_tables_so_far(tmp_path, journal) == {view: tmp_path / name for view, name in partial.items()}
        with (tmp_path / "photos.partial.csv").open(newline="", encoding="utf-8") as file:
            assert [row["status"] for row in csv.DictReader(file)] == ["ok", "waiting"]
        with (tmp_path / "spots.partial.csv").open(newline="", encoding="utf-8") as file:
            assert [row["photo"] for row in csv.DictReader(file)] == ["a.jpg"] * len(analysis.table)
        written = {path.name for path in tmp_path.iterdir() if path.is_file() and path.name[:4] != "run."}
        assert written == set(partial.values())
        journal.record("two", failed_row("This file is empty."), [])
        journal.record_begin(tmp_path, ["a.jpg"])
        journal.record_end()
        assert write_tables_so_far(tmp_path, journal) == {view: tmp_path / name for view, name in TABLES.items()}
        remove_partial_tables(tmp_path)
        remove_partial_tables(tmp_path)
    assert not list(tmp_path.glob("*.partial.csv"))


def test_the_table_of_candidates_is_written_on_request_and_kept_up_to_date(tmp_path: Path) -> None:
    analysis = Analyzer(px_per_mm=5.0, spot_finder=SpotFinder(min_score=0.999))(drawn_skin(1))
    expected = candidate_rows(analysis)
    assert len(expected) > 1
    assert max(score for *_, score in expected) < analysis.spots.min_score
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("a.jpg"), "one")
        journal.record_file(PhotoFile("b.jpg"), "two")
        journal.record("one", photo_row(analysis), spot_rows(analysis), candidates=expected)
        assert journal.candidate_scores("a.jpg") == [score for *_, score in expected]
        assert journal.candidate_scores("b.jpg") == []
        journal.record_begin(tmp_path, ["a.jpg"])
        journal.record_end()
        write_tables_so_far(tmp_path, journal)
        assert not (tmp_path / CANDIDATES_NAME).exists()
        write_tables_so_far(tmp_path, journal, candidates=True)
        with (tmp_path / CANDIDATES_NAME).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == list(CANDIDATE_COLUMNS)
        assert [(row["photo"], int(row["candidate"])) for row in rows] == [
            ("a.jpg", number) for number in range(1, len(expected) + 1)
        ]
        for row, (x, y, diameter, score) in zip(rows, expected, strict=True):
            told = [float(row[name]) for name in ("x_px", "y_px", "diameter_px", "diameter_mm", "score")]
            assert told == pytest.approx([x, y, diameter, diameter / 5.0, score])
        journal.record("one", photo_row(analysis), spot_rows(analysis), candidates=expected[:1])
        write_tables_so_far(tmp_path, journal)
        assert len((tmp_path / CANDIDATES_NAME).read_text(encoding="utf-8").splitlines()) == 2


def test_a_candidate_lies_where_it_was_seen() -> None:
    rgb = drawn_skin(1)
    x, y, diameter, score = candidate_rows(Analyzer(spot_finder=SpotFinder(min_score=0.999))(rgb))[0]
    spots = Analyzer()(rgb).table
    distance = np.hypot(spots["x_px"] - x, spots["y_px"] - y)
    assert distance.min() < 1.0
    assert diameter == pytest.approx(spots["diameter_px"][distance.argmin()], rel=0.3)
    assert score == pytest.approx(spots["score"][distance.argmin()], abs=1e-4)


def test_a_full_disk_while_tables_are_written_is_one_sentence_and_leaves_the_old_ones(
    tmp_path: Path, analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal.resume(tmp_path, FACTS) as journal:
        journal.record_file(PhotoFile("a.jpg"), "one")
        journal.record("one", photo_row(analysis), spot_rows(analysis))
        write_tables(tmp_path, journal)
        before = (tmp_path / "photos.csv").read_bytes()
        journal.record_file(PhotoFile("b.jpg"), "one")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(RunFolderError, match=r"cannot be written \(No space left on device\); mend that"):
            write_tables_so_far(tmp_path, journal)
    assert (tmp_path / "photos.csv").read_bytes() == before


def test_a_failed_row_has_nothing_but_its_problem() -> None:
    row = failed_row("This file is empty.")
    assert list(row) == list(RESULT_COLUMNS)
    assert {name: value for name, value in row.items() if value} == {
        "status": "failed",
        "problem": "This file is empty.",
    }
