"""Run folders that look finished, made up in a moment: a journal of many photos with a few kinds of results."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from drawn import drawn_skin

from lesionvis.analysis import Analyzer
from lesionvis.batch.journal import Journal
from lesionvis.batch.rows import Value, candidate_rows, failed_row, photo_row, spot_rows
from lesionvis.batch.scan import PhotoFile
from lesionvis.batch.worker import _thumbnail_jpeg
from lesionvis.labels import LABELS

FACTS = {"min_score": "0.55", "model": "pattern-v2", "version": "0", "settings_hash": "abc"}
LEVELS = ("emergency", "same_day", "prompt", "routine_dermatology", "watch", "none")
REASONS = (("S01", "Something must be done."), ("P02", "And another thing."))


def made_up_run(run: Path, names: list[str], with_pictures: bool = True) -> Journal:
    """Journal of a run in a new folder; every tenth photo from the fourth on failed, the others differ in numbers.

    Parameters
    ----------
    run : Path
        New folder.
    names : list of str
        Photos.
    with_pictures : bool
        Whether there are thumbnails; all photos share a few pictures.
    """
    run.mkdir(parents=True)
    analyses = [Analyzer(px_per_mm=5.0)(drawn_skin(seed, count=4 + 3 * seed)) for seed in range(4)]
    pictures = [_thumbnail_jpeg(analysis) for analysis in analyses]
    found = [(photo_row(analysis), spot_rows(analysis), candidate_rows(analysis)) for analysis in analyses]
    random = np.random.default_rng(1)
    journal = Journal.resume(run, FACTS)
    (run / "thumbnails").mkdir()
    for index, name in enumerate(names):
        digest = hashlib.sha256(str(index).encode()).hexdigest()
        journal.record_file(PhotoFile(name), digest)
        if index % 10 == 3:
            journal.record(digest, failed_row("This file is empty (0 bytes); copy it again."), [])
            continue
        row, spots, candidates = found[index % len(found)]
        varied: dict[str, Value] = {
            "median_diameter_mm": float(random.uniform(0.5, 9.0)),
            "pattern": LABELS[index % len(LABELS)],
            "triage_level": LEVELS[index % len(LEVELS)],
            "triage_reasons": " | ".join(f"{rule} {reason}" for rule, reason in REASONS),
            "taken_at": f"2024-01-{1 + index % 28:02}T12:00:00",
            "photo_flags": "no_scale" if index % 2 else "",
        }
        journal.record(digest, row | varied, spots, REASONS, candidates)
        if with_pictures:
            file = f"thumbnails/{index}.jpg"
            (run / file).write_bytes(pictures[index % len(pictures)])
            journal.record_pictures(digest, [file])
    journal.commit()
    return journal
