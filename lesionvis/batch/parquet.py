"""The tables of a run folder as Parquet, for those who have many rows; needs pyarrow."""

from __future__ import annotations

from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from lesionvis.batch.journal import Journal
from lesionvis.batch.pictures import written_whole
from lesionvis.batch.rows import RESULT_COLUMNS, SPOT_COLUMNS
from lesionvis.batch.tables import rounded
from lesionvis.errors import SettingsError

PARQUET_TABLES = {"photos": "photos.parquet", "spots": "spots.parquet"}
"""View of the journal -> file."""

# Rows that are in memory at the same time.
_ROW_GROUP = 10_000


def require_parquet() -> None:
    """Make sure before hours of work that the tables can be written after them.

    Raises
    ------
    SettingsError
        If pyarrow is not installed.
    """
    _pyarrow("pyarrow")


def write_parquet(run: Path, journal: Journal) -> None:
    """Write `photos.parquet` and `spots.parquet`, each whole or not at all.

    The columns, their order and the numbers are those of the CSV files; whole numbers are int64, others float64, and
    missing ones null. The same results and the same pyarrow give the same bytes.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
        Of the run.

    Raises
    ------
    SettingsError
        If pyarrow is not installed.
    """
    pyarrow, parquet = _pyarrow("pyarrow"), _pyarrow("pyarrow.parquet")
    kinds = {"TEXT": pyarrow.string(), "INTEGER": pyarrow.int64(), "REAL": pyarrow.float64()}
    for view, name in PARQUET_TABLES.items():
        columns, rows = journal.table(view)
        types = RESULT_COLUMNS if view == "photos" else SPOT_COLUMNS
        schema = pyarrow.schema([(column, kinds[types.get(column, "TEXT")]) for column in columns])
        with (
            written_whole(run, name, "wb") as file,
            parquet.ParquetWriter(file, schema, compression="zstd") as writer,
        ):
            while group := list(islice(rows, _ROW_GROUP)):
                held = [[rounded(value) for value in column] for column in zip(*group, strict=True)]
                writer.write_table(pyarrow.table(held, schema=schema))


def remove_parquet(run: Path) -> None:
    """Remove the tables of an earlier call, which would contradict the others.

    Parameters
    ----------
    run : Path
        Run folder.
    """
    for name in PARQUET_TABLES.values():
        (run / name).unlink(missing_ok=True)


def _pyarrow(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise SettingsError("Parquet tables need pyarrow; install lesionvis[parquet].") from error
