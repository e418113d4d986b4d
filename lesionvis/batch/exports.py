"""The file of a run in which other programs find the spots of all photos."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lesionvis.annotations.base import json_file
from lesionvis.annotations.coco import joined_coco
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import picture_files
from lesionvis.batch.pictures import KINDS, written_whole

COCO = "coco"
COCO_NAME = "coco.json"


def write_joined(run: Path, journal: Journal) -> None:
    """Write `coco.json`, which joins the COCO files of all photos.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal
        Of the run.
    """
    photos = journal.photos()
    held = journal.pictures()
    files = picture_files(photos, COCO, KINDS[COCO])

    def contents() -> Iterator[tuple[str, Mapping[str, Any]]]:
        for photo in photos:
            if files[photo] in held:  # and not of a photo that failed
                yield photo, json.loads((run / files[photo]).read_bytes())

    with written_whole(run, COCO_NAME, "wb") as file:
        file.write(json_file(joined_coco(contents())))
