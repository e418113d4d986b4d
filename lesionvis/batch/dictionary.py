"""The dictionary of all columns: as a table for persons, and as a Frictionless Data package for programs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lesionvis import __version__
from lesionvis.batch.reviews import REVIEW_COLUMNS
from lesionvis.batch.rows import CANDIDATE_COLUMNS, PHOTO_COLUMNS
from lesionvis.spots.table import COLUMNS

DICTIONARY_NAME = "datapackage.json"
"""Name that the programs of Frictionless Data look for."""

_FRICTIONLESS = {"TEXT": "string", "INTEGER": "integer", "REAL": "number"}
_FRICTIONLESS_OF_SPOTS = {"int64": "integer", "float64": "number", "bool": "boolean", "str": "string"}


@dataclass(frozen=True, slots=True)
class ColumnMeaning:
    """One column of a table of a run.

    Attributes
    ----------
    table : {"photos", "spots", "candidates", "reviews"}
    name : str
    kind : {"string", "integer", "number", "boolean"}
    unit : str
        "" for what has none, or whose meaning tells.
    meaning : str
    """

    table: str
    name: str
    kind: str
    unit: str
    meaning: str


def _column_meanings() -> Iterator[ColumnMeaning]:
    """Yield all columns in the order of the tables."""
    for name, column in PHOTO_COLUMNS.items():
        yield ColumnMeaning("photos", name, _FRICTIONLESS[column.kind], "", column.meaning)
    yield ColumnMeaning("spots", "photo", "string", "", PHOTO_COLUMNS["photo"].meaning)
    for spot_column in COLUMNS:
        kind = _FRICTIONLESS_OF_SPOTS[spot_column.dtype]
        yield ColumnMeaning("spots", spot_column.name, kind, spot_column.unit, spot_column.meaning)
    for name, column in CANDIDATE_COLUMNS.items():
        yield ColumnMeaning("candidates", name, _FRICTIONLESS[column.kind], "", column.meaning)
    for name, column in REVIEW_COLUMNS.items():
        yield ColumnMeaning("reviews", name, _FRICTIONLESS[column.kind], "", column.meaning)


def columns_text() -> str:
    """All columns as lines for a person.

    Returns
    -------
    str
        One line per column: table, name, type, unit and meaning, separated by tabs.
    """
    rows = [("table", "column", "type", "unit", "meaning")]
    rows += [(one.table, one.name, one.kind, one.unit, one.meaning) for one in _column_meanings()]
    return "\n".join("\t".join(row) for row in rows)


_KEYS: dict[str, str | list[str]] = {
    "photos": "photo",
    "spots": ["photo", "spot"],
    "candidates": ["photo", "candidate"],
    "reviews": "photo",
}


def data_package(carried: Iterable[str] = (), tables: Collection[str] = tuple(_KEYS)) -> dict[str, Any]:
    """Description of the tables of a run as a Frictionless Data package (specs.frictionlessdata.io/data-package).

    Parameters
    ----------
    carried : iterable of str
        Columns of a person's table that stand behind the others in the tables of photos and spots.
    tables : collection of str
        Tables that there are; of these "photos", "spots", "candidates" and "reviews" are described.

    Returns
    -------
    dict
        Ready for JSON.
    """
    extra = [
        {"name": name, "type": "string", "description": "as it stands in the table that was given"} for name in carried
    ]
    resources = []
    for table in (table for table in _KEYS if table in tables):
        columns = [one for one in _column_meanings() if one.table == table]
        fields = [*map(_field, columns), *(extra if table in ("photos", "spots") else ())]
        schema = {"fields": fields, "missingValues": [""], "primaryKey": _KEYS[table]}
        path = f"{table}.csv"
        resources.append(
            {"name": table, "path": path, "format": "csv", "encoding": "utf-8", "schema": schema, "profile": _PROFILE}
        )
    return {"name": "lesionvis-run", "profile": "tabular-data-package", "version": __version__, "resources": resources}


_PROFILE = "tabular-data-resource"


def _field(column: ColumnMeaning) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": column.kind, "description": column.meaning}
    if column.unit:
        field["unit"] = column.unit
    if column.kind == "boolean":
        field |= {"trueValues": ["1"], "falseValues": ["0"]}
    return field
