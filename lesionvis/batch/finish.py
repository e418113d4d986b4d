"""The end of a run: tables, joined files and report are written from its journal."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from lesionvis.annotations.base import json_file
from lesionvis.annotations.coco import joined_coco
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import picture_files
from lesionvis.batch.parquet import write_parquet
from lesionvis.batch.pictures import KINDS, remove_unfinished, written_whole
from lesionvis.batch.report import write_report
from lesionvis.batch.reviews import write_reviews
from lesionvis.batch.tables import remove_partial_tables, tables_of, write_tables

_COCO = "coco"
_COCO_NAME = "coco.json"


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
    if _COCO in kinds:
        _write_joined(run, journal)
    write_report(run, journal)
    journal.record_end()
    remove_unfinished(run)


def _write_joined(run: Path, journal: Journal) -> None:
    """Write `coco.json`, which joins the COCO files of all photos."""
    photos = journal.photos()
    held = journal.pictures()
    files = picture_files(photos, _COCO, KINDS[_COCO])

    def contents() -> Iterator[tuple[str, Mapping[str, Any]]]:
        for photo in photos:
            if files[photo] in held:  # and not of a photo that failed
                yield photo, json.loads((run / files[photo]).read_bytes())

    with written_whole(run, _COCO_NAME, "wb") as file:
        file.write(json_file(joined_coco(contents())))
