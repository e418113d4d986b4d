"""The tables of a run folder as Parquet, for those who have many rows; needs pyarrow."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from lesionvis.batch.pictures import written_whole
from lesionvis.batch.rows import PHOTO_COLUMNS, SPOT_COLUMNS
from lesionvis.batch.tables import TABLES
from lesionvis.errors import SettingsError

PARQUET_TABLES = {"photos": "photos.parquet", "spots": "spots.parquet"}
"""View of the journal -> file."""

# Whole numbers may be missing.
_TYPES = {"TEXT": "string", "INTEGER": "Int64", "REAL": "float64"}


def require_parquet() -> None:
    """Make sure before hours of work that the tables can be written after them.

    Raises
    ------
    SettingsError
        If pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise SettingsError("Parquet tables need pyarrow; install lesionvis[parquet].")


def has_parquet(run: Path) -> bool:
    """Test whether a run folder holds Parquet tables of an earlier call, which must not contradict the others.

    Parameters
    ----------
    run : Path
        Run folder, existing or not.

    Returns
    -------
    bool
        True if there is one.
    """
    return any((run / name).is_file() for name in PARQUET_TABLES.values())


def write_parquet(run: Path) -> None:
    """Write `photos.parquet` and `spots.parquet` from the CSV files, each whole or not at all.

    The columns, their order and the numbers are those of the CSV files; whole numbers are int64, others float64, and
    empty cells null. The same results and the same libraries give the same bytes.

    Parameters
    ----------
    run : Path
        Run folder.
    """
    import pandas

    kinds = {name: column.kind for name, column in PHOTO_COLUMNS.items()} | SPOT_COLUMNS
    types = {name: _TYPES[kind] for name, kind in kinds.items()}
    for view, name in PARQUET_TABLES.items():
        # A photo may be called "NA"; only what is empty is missing.
        names = pandas.read_csv(run / TABLES[view], nrows=0).columns
        of_table = {column: types.get(column, "string") for column in names}  # a person's columns stay as they are
        table = pandas.read_csv(run / TABLES[view], dtype=of_table, keep_default_na=False, na_values=[""])
        with written_whole(run, name, "wb") as file:
            table.to_parquet(file, index=False, compression="zstd")
