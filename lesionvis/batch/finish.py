"""The end of a run: tables, joined files and report are written from its journal."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from lesionvis.batch.exports import COCO, write_joined
from lesionvis.batch.journal import Journal
from lesionvis.batch.parquet import write_parquet
from lesionvis.batch.pictures import remove_unfinished
from lesionvis.batch.report import write_report
from lesionvis.batch.reviews import write_reviews
from lesionvis.batch.tables import remove_partial_tables, tables_of, write_tables


def finish_run(run: Path, journal: Journal, kinds: Collection[str], *, parquet: bool, candidates: bool) -> None:
    """Write all that a finished run holds besides its pictures, and record that it is finished.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
        Of the run, with all results and pictures.
    kinds : collection of str
        Kinds of pictures that the run holds.
    parquet, candidates : bool
        Write the tables as Parquet, and the table of candidates, too.
    """
    write_tables(run, journal, tables_of(run, candidates=candidates))
    write_reviews(run, journal)
    remove_partial_tables(run)
    if parquet:
        write_parquet(run)
    if COCO in kinds:
        write_joined(run, journal)
    write_report(run, journal)
    journal.record_end()
    remove_unfinished(run)
