"""Tables and views of the journal of a run, in the SQL of SQLite."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from lesionvis.batch.rows import FAILED, RESULT_COLUMNS, SPOT_COLUMNS, WAITING


def _definitions(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def _from_results() -> str:
    """Columns of the results in the view of photos; a file without a result is waiting, or cannot be read."""
    waiting = f"CASE WHEN files.problem = '' THEN '{WAITING}' ELSE '{FAILED}' END"
    special = {
        "status": f"coalesce(results.status, {waiting})",
        "problem": "coalesce(results.problem, files.problem)",
        "taken_at": "coalesce(nullif(results.taken_at, ''), files.date_in_name)",
    }
    return ", ".join(f'{special.get(name, f"""results."{name}" """)} AS "{name}"' for name in RESULT_COLUMNS)


def _constant(name: str) -> str:
    return f"(SELECT value FROM provenance WHERE name = '{name}') AS {name}"  # noqa: S608


# A content is named by the photo's digest, which `content_key` of a photo with a mask starts with.
_DIGEST_LENGTH = 64

# The pieces are names of columns, constants of this package.
SCHEMA = f"""
CREATE TABLE provenance (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE origin (folder TEXT NOT NULL, begun_at TEXT NOT NULL, finished_at TEXT NOT NULL);
CREATE TABLE files (
    photo TEXT PRIMARY KEY, sha256 TEXT, state TEXT NOT NULL, problem TEXT NOT NULL, date_in_name TEXT NOT NULL
);
CREATE TABLE skipped (file TEXT PRIMARY KEY, reason TEXT NOT NULL);
CREATE INDEX files_by_content ON files (sha256, photo);
CREATE TABLE results (sha256 TEXT PRIMARY KEY, {_definitions(RESULT_COLUMNS)});
CREATE TABLE result_spots (
    sha256 TEXT NOT NULL, {_definitions(SPOT_COLUMNS)}, PRIMARY KEY (sha256, spot)
);
CREATE TABLE result_reasons (
    sha256 TEXT NOT NULL, number INTEGER, rule_id TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (sha256, number)
);
CREATE TABLE result_candidates (sha256 TEXT PRIMARY KEY, candidates TEXT NOT NULL);
CREATE TABLE table_path (path TEXT NOT NULL);
CREATE TABLE table_rows (photo TEXT PRIMARY KEY, row TEXT NOT NULL, problem TEXT NOT NULL);
CREATE TABLE corrections (
    number INTEGER PRIMARY KEY, photo_sha256 TEXT NOT NULL, photo TEXT NOT NULL, source TEXT NOT NULL,
    entered_at TEXT NOT NULL, drawn_by TEXT NOT NULL, drawn_at TEXT NOT NULL, spots TEXT NOT NULL
);
CREATE TABLE notes (number INTEGER PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE pictures (file TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE INDEX pictures_by_content ON pictures (sha256);
CREATE VIEW photos AS
    SELECT files.photo AS photo, substr(files.sha256, 1, {_DIGEST_LENGTH}) AS sha256, {_from_results()},
        CASE WHEN results.taken_at <> '' THEN 'camera' WHEN files.date_in_name <> '' THEN 'file name' ELSE '' END
            AS taken_at_source,
        {_constant("model")}, {_constant("version")}, {_constant("settings_hash")},
        nullif((SELECT min(same.photo) FROM files AS same WHERE same.sha256 = files.sha256), files.photo)
            AS duplicate_of
    FROM files LEFT JOIN results USING (sha256);
CREATE VIEW spots AS
    SELECT files.photo AS photo, {", ".join(f'result_spots."{name}" AS "{name}"' for name in SPOT_COLUMNS)}
    FROM files JOIN result_spots USING (sha256);
CREATE VIEW candidates AS
    SELECT files.photo AS photo, one.key + 1 AS candidate, json_extract(one.value, '$[0]') AS x_px,
        json_extract(one.value, '$[1]') AS y_px, json_extract(one.value, '$[2]') AS diameter_px,
        json_extract(one.value, '$[2]') / results.px_per_mm AS diameter_mm, json_extract(one.value, '$[3]') AS score
    FROM files JOIN results USING (sha256) JOIN result_candidates USING (sha256),
        json_each(result_candidates.candidates) AS one;
CREATE VIEW reasons AS
    SELECT files.photo AS photo, result_reasons.number AS number, result_reasons.rule_id AS rule_id,
        result_reasons.reason AS reason
    FROM files JOIN result_reasons USING (sha256);
"""  # noqa: S608
"""Makes an empty journal."""

TABLE_LAYOUT = hashlib.sha256(SCHEMA.encode()).hexdigest()[:16]
"""Fingerprint of the tables of a journal."""
