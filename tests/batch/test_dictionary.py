from __future__ import annotations

import csv
import json
from pathlib import Path

from runs import made_up_run

from lesionvis.batch.dictionary import DICTIONARY_NAME, _column_meanings, data_package
from lesionvis.batch.names import photo_digest
from lesionvis.batch.reviews import Review, enter_review, prepare_reviews, write_reviews
from lesionvis.batch.study import enter_table
from lesionvis.batch.study_table import match_rows, read_study_table
from lesionvis.batch.tables import tables_of, write_tables


def test_the_dictionary_lists_the_columns_that_the_tables_have(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (tmp_path / "s.csv").write_text("photo,room,px_per_mm\na.jpg,7,\n", encoding="utf-8")
    with made_up_run(run, ["a.jpg", "b.jpg"], with_pictures=False) as journal:
        matched = match_rows(read_study_table(tmp_path / "s.csv"), ["a.jpg", "b.jpg"])
        enter_table(journal, matched, tmp_path / "s.csv", ["a.jpg", "b.jpg"])
        prepare_reviews(journal)
        for photo, (_, key) in journal.known_files().items():
            enter_review(journal, photo_digest(key), photo, Review(made_by="Eva", note=photo), None)
        write_tables(run, journal, tables_of(run, candidates=True))
        write_reviews(run, journal)
    package = json.loads((run / DICTIONARY_NAME).read_text(encoding="utf-8"))
    assert [resource["name"] for resource in package["resources"]] == ["photos", "spots", "candidates", "reviews"]
    for resource in package["resources"]:
        with (run / resource["path"]).open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == header
        assert (header[-2:] == ["room", "given_px_per_mm"]) == (resource["name"] in ("photos", "spots"))
        types = {"integer": int, "number": float, "string": str}
        for row in rows:
            for field, cell in zip(fields, row, strict=True):
                if field["type"] == "boolean":
                    assert cell in field["trueValues"] + field["falseValues"]
                elif cell:
                    types[field["type"]](cell)


def test_every_column_has_a_meaning_and_is_named_once() -> None:
    meanings = list(_column_meanings())
    assert all(one.meaning for one in meanings)
    assert len({(one.table, one.name) for one in meanings}) == len(meanings)
    assert data_package(["room"])["resources"][0]["schema"]["fields"][-1]["type"] == "string"
