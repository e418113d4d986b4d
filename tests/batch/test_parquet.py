"""Parquet tables hold what the CSV files hold, with types."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest
from drawn import write_photo
from runs import made_up_run

from lesionvis.batch import parquet
from lesionvis.batch.pictures import WORKSHOP
from lesionvis.batch.run import BatchRunner
from lesionvis.batch.tables import write_tables
from lesionvis.errors import RunFolderError, SettingsError

pyarrow_parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed; install lesionvis[parquet]")

NAMES = ["=1+1.jpg", "NA", "été 👩.jpg", 'a,"b".jpg', "d.jpg", "e.jpg"]


def text(value: object) -> str:
    return "" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value)


def test_parquet_tables_equal_the_csv_files(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with made_up_run(run, NAMES) as journal:
        write_tables(run, journal)
        parquet.write_parquet(run)
    for name in ("photos", "spots"):
        held = pyarrow_parquet.read_table(run / f"{name}.parquet").to_pylist()
        with (run / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            assert [{column: text(value) for column, value in row.items()} for row in held] == list(
                csv.DictReader(file)
            )
    types = {field.name: str(field.type) for field in pyarrow_parquet.read_schema(run / "photos.parquet")}
    # Strings are "string" or "large_string", by the version of pandas.
    assert types["photo"].endswith("string")
    assert (types["width"], types["skin_fraction"]) == ("int64", "double")
    assert list((run / WORKSHOP).iterdir()) == []


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for place in ("one", "two"):
        with made_up_run(tmp_path / place, NAMES) as journal:
            write_tables(tmp_path / place, journal)
        parquet.write_parquet(tmp_path / place)
    for name in parquet.PARQUET_TABLES.values():
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_run_writes_them_on_request_and_from_then_on(tmp_path: Path) -> None:
    folder, run = write_photo(tmp_path / "in" / "a.png", 1).parent, tmp_path / "run"
    BatchRunner(parquet=True)(folder, run)
    assert pyarrow_parquet.read_table(run / "photos.parquet").column("photo").to_pylist() == ["a.png"]
    write_photo(folder / "b.png", 2)
    BatchRunner()(folder, run)
    assert pyarrow_parquet.read_table(run / "photos.parquet").column("photo").to_pylist() == ["a.png", "b.png"]
    for path in run.glob("*.parquet"):
        path.unlink()
    BatchRunner()(folder, run)
    assert not list(run.glob("*.parquet"))


def test_without_pyarrow_the_run_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    folder = write_photo(tmp_path / "in" / "a.png", 1).parent
    with pytest.raises(SettingsError) as caught:
        BatchRunner(parquet=True)(folder, tmp_path / "run")
    assert str(caught.value) == "Parquet tables need pyarrow; install lesionvis[parquet]."
    assert not (tmp_path / "run").exists()


def test_a_full_disk_leaves_the_old_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, run = write_photo(tmp_path / "in" / "a.png", 1).parent, tmp_path / "run"
    BatchRunner(parquet=True)(folder, run)
    before = (run / "photos.parquet").read_bytes()
    write_photo(folder / "b.png", 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFolderError, match="No space left on device"):
        BatchRunner(parquet=True)(folder, run)
    assert (run / "photos.parquet").read_bytes() == before
