"""The schema makes an empty journal with its views, and its fingerprint follows from it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

from lesionvis.batch.rows import PHOTO_COLUMNS, SPOT_COLUMNS
from lesionvis.batch.schema import SCHEMA, TABLE_LAYOUT


def test_the_views_are_the_tables_of_a_run() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        for view, columns in (("photos", [*PHOTO_COLUMNS]), ("spots", ["photo", *SPOT_COLUMNS])):
            cursor = database.execute(f"SELECT * FROM {view}")  # noqa: S608
            assert [column[0] for column in cursor.description] == columns
            assert cursor.fetchall() == []


def test_the_fingerprint_is_that_of_the_schema() -> None:
    assert hashlib.sha256(SCHEMA.encode()).hexdigest().startswith(TABLE_LAYOUT)
