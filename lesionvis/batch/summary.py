"""Summary of a run as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lesionvis.analysis import CORRECTED
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.parquet import PARQUET_TABLES
from lesionvis.batch.report import REPORT_NAME
from lesionvis.batch.rows import FAILED, WAITING, Value
from lesionvis.batch.study import how_many, notes_of
from lesionvis.batch.tables import cell, tables_of

_LABEL_WIDTH = 14
# With more photos than this only counts and failures are of use on a screen.
N_ROWS = 25
_SHOWN = ("photo", "status", "pattern", "spot_count", "median_diameter_mm", "triage_level")
_NAME_WIDTH_MAX = 60


def run_summary(run: Path, journal: Journal) -> str:
    """Results of a finished run: photos one by one if they are few, counts, failures, and where to look.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal

    Returns
    -------
    str
    """
    shown: list[list[str]] = []
    failures: dict[str, list[str]] = {}  # problem -> photos; one wrong word of a table may touch hundreds
    for row in journal.records("photos"):
        if len(shown) <= N_ROWS:
            shown.append([_short(row[name]) for name in _SHOWN])
        if row["status"] == FAILED:
            failures.setdefault(str(row["problem"]), []).append(str(row["photo"]))
    lines = [*text_table(_SHOWN, shown), ""] if len(shown) <= N_ROWS else []
    lines += [f"failed  {how_many(photos)}: {problem}" for problem, photos in list(failures.items())[:N_ROWS]]
    lines += ["failed  and others, see the table"] if len(failures) > N_ROWS else []
    lines += [
        f"{name.ljust(_LABEL_WIDTH)}{_counted(journal.counts(name))}"
        for name in ("status", "pattern", "triage_level", "triage_basis")
    ]
    if CORRECTED in (spots_from := journal.counts("spots_from")):
        lines.append(f"{'spots_from'.ljust(_LABEL_WIDTH)}{_counted(spots_from)}")
    lines += [f"{'note'.ljust(_LABEL_WIDTH)}{escape_control_characters(note)}" for note in notes_of(journal)]
    skipped = journal.skipped_counts()
    lines += [f"{'skipped'.ljust(_LABEL_WIDTH)}{count} × {reason}" for reason, count in skipped.items()]
    tables = [*tables_of(run).values(), *(name for name in PARQUET_TABLES.values() if (run / name).is_file())]
    lines += [f"{'tables'.ljust(_LABEL_WIDTH)}{', '.join(str(run / name) for name in tables)}"]
    lines += [f"{'report'.ljust(_LABEL_WIDTH)}{run / REPORT_NAME}"]
    overlays = sorted(file for file in journal.pictures() if file.startswith("overlays/"))
    if overlays:
        lines.append(f"{'pictures'.ljust(_LABEL_WIDTH)}{len(overlays)}, such as {run / _telling(overlays, journal)}")
    return "\n".join(lines)


def run_status(run: Path, journal: Journal) -> str:
    """Progress of a run, finished or not, and its settings and versions.

    Parameters
    ----------
    run : Path
        Run folder.
    journal : Journal

    Returns
    -------
    str
        Several lines of text.
    """
    counts = journal.counts("status")
    waiting = counts.get(WAITING, 0)
    total = sum(counts.values())
    origin = journal.origin()
    state = "finished" if origin.finished_at else "not finished"
    facts = journal.provenance()
    skipped = sum(journal.skipped_counts().values())
    lines = [f"{run}: {state}, {total - waiting} of {total} photos done", f"status      {_counted(counts)}"]
    shown = {
        "folder": escape_control_characters(origin.folder),
        "begun_at": origin.begun_at,
        "finished_at": origin.finished_at,
        "skipped": str(skipped),
        **facts,
    }
    lines += [f"note        {escape_control_characters(note)}" for note in notes_of(journal)]
    return "\n".join([*lines, *(f"{name.ljust(24)}{value}" for name, value in shown.items())])


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table with aligned columns; long cells are cut in their middle.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells.

    Returns
    -------
    list of str
        The header and one line per row.

    Examples
    --------
    >>> text_table(["photo", "spots"], [["a.jpg", "12"]])
    ['photo  spots', 'a.jpg  12']
    """
    cells = [list(header), *([_shortened(text) for text in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _short(value: Value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else cell(value)


def _shortened(text: str) -> str:
    half = (_NAME_WIDTH_MAX - 1) // 2
    return text if len(text) <= _NAME_WIDTH_MAX else f"{text[:half]}…{text[-half:]}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'not judged'} {count}" for name, count in counts.items())


def _telling(overlays: Sequence[str], journal: Journal) -> str:
    """The overlay of the photo with most spots."""
    counts = ((int(row["spot_count"] or 0), str(row["sha256"])) for row in journal.records("photos"))
    _, digest = max(counts, default=(0, ""))
    pictures = journal.pictures()
    return min((file for file in overlays if pictures[file] == digest), default=overlays[0])
