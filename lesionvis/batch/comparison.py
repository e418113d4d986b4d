"""What is different between two runs: what they depend on, and the results photo by photo."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lesionvis.batch.facts import different_facts
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.rows import Value
from lesionvis.batch.summary import N_ROWS, text_table
from lesionvis.batch.tables import cell, write_csv
from lesionvis.errors import RunFolderError
from lesionvis.report.template import page_template

COMPARED = (
    *("status", "spots_from", "spot_count", "median_diameter_mm", "px_per_mm", "pattern", "triage_level"),
    *("triage_basis", "photo_flags"),
)
"""Columns of the table of photos in which a person would look for a difference."""
ONLY_FIRST, ONLY_SECOND, OTHER_FILE, CHANGED, SAME = "only in first", "only in second", "other file", "changed", "same"
_SHOWN = ("spot_count", "pattern", "triage_level")
MOVED_SPOTS = "spots moved"
"""Said of a photo whose spots lie elsewhere, or are of other sizes or kinds, while their number is the same."""
# Spots that lie and measure alike within this are the same: source px, and part of the area.
_SAME_PLACE_PX, _SAME_AREA = 0.5, 0.01


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """One photo in two runs.

    Attributes
    ----------
    photo : str
        Its name in the first run, or in the only one that has it.
    change : str
        `ONLY_FIRST`, `ONLY_SECOND`, `OTHER_FILE` (its content is not the same), `CHANGED` or `SAME`.
    first, second : dict of str to str
        Text of the `COMPARED` columns; empty where the photo is missing.
    name_in_second : str
        Another name that the same file has in the second run; "" where it has the same.
    has_moved_spots : bool
        True where only the places, sizes or kinds of the spots are not the same, and not their number.
    """

    photo: str
    change: str
    first: dict[str, str]
    second: dict[str, str]
    name_in_second: str = ""
    has_moved_spots: bool = False

    @property
    def names(self) -> str:
        """Name of the photo, or both of them."""
        return f"{self.photo} -> {self.name_in_second}" if self.name_in_second else self.photo

    @property
    def words(self) -> str:
        """What changed."""
        return f"{self.change}: {MOVED_SPOTS}" if self.has_moved_spots else self.change


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Differences of two runs.

    Attributes
    ----------
    facts : dict of str to (str, str)
        Settings, models and versions that are not the same.
    photos : tuple of PhotoChange
        All photos of both, by name.
    names : (str, str)
        Of the run folders.
    """

    facts: dict[str, tuple[str, str]]
    photos: tuple[PhotoChange, ...]
    names: tuple[str, str]

    def counts(self) -> dict[str, int]:
        """Number of photos by kind of change.

        Returns
        -------
        dict of str to int
            Most frequent first.
        """
        return dict(Counter(photo.change for photo in self.photos).most_common())

    def moves(self) -> list[tuple[str, str, str, int]]:
        """How patterns and levels of photos in both runs moved.

        Returns
        -------
        list of (str, str, str, int)
            Column, value before and after, and number of photos, the most frequent first.
        """
        changed = [photo for photo in self.photos if photo.change == CHANGED]
        found = []
        for column in ("pattern", "triage_level"):
            values = Counter((one.first[column], one.second[column]) for one in changed)
            found += [(column, *both, count) for both, count in values.most_common() if both[0] != both[1]]
        return found


def compare_runs(first: Path, second: Path) -> RunComparison:
    """Compare two runs photo by photo; photos are matched by their names, or else by their content.

    Parameters
    ----------
    first, second : Path
        Run folders, finished or not.

    Returns
    -------
    RunComparison

    Raises
    ------
    RunFolderError
        If one of them is no run, or was made by a version with other tables.
    """
    with Journal.read(first) as one, Journal.read(second) as other:
        before, after = one.provenance(), other.provenance()
        facts = {name: (was or "", now or "") for name, (was, now) in different_facts(before, after).items()}
        if before.get("table_layout") != after.get("table_layout"):
            raise RunFolderError(
                f"{first} and {second} have other tables (lesionvis {before.get('version')} and "
                f"{after.get('version')}); run one of them again with the version of the other."
            )
        rows, spots = (_rows(one), _rows(other)), (_spots(one), _spots(other))
    renamed = _renamed(*rows)
    changes = []
    for name in sorted({*rows[0], *rows[1]} - {*renamed.values()}):
        name_in_second = renamed.get(name, name)
        has_moved_spots = _are_moved(spots[0].get(name, []), spots[1].get(name_in_second, []))
        changes.append(_change(name, name_in_second, rows[0].get(name), rows[1].get(name_in_second), has_moved_spots))
    folders = (escape_control_characters(run.resolve().name) for run in (first, second))
    return RunComparison(facts, tuple(changes), (next(folders), next(folders)))


def comparison_text(comparison: RunComparison) -> str:
    """Differences as lines for a terminal.

    Parameters
    ----------
    comparison : RunComparison

    Returns
    -------
    str
        What the runs depend on, how many photos changed, how patterns and levels moved, and the first changed photos.
    """
    lines = [f"{name.ljust(24)}{one} -> {other}" for name, (one, other) in comparison.facts.items()]
    lines = lines or ["Settings, models and versions are the same."]
    counted = ", ".join(f"{change} {count}" for change, count in comparison.counts().items())
    lines += ["", f"{'photos'.ljust(14)}{counted}"]
    for column, before, after, count in comparison.moves():
        lines.append(f"{column.ljust(14)}{count} x {before or 'not judged'} -> {after or 'not judged'}")
    changed = [photo for photo in comparison.photos if photo.change == CHANGED]
    if changed:
        header = ("photo", *_SHOWN)
        shown = [
            (one.names, *(_moved(one, column) for column in _SHOWN), MOVED_SPOTS if one.has_moved_spots else "")
            for one in changed[:N_ROWS]
        ]
        lines += ["", *text_table((*header, ""), shown)]
        lines += [f"and {len(changed) - N_ROWS} more"] if len(changed) > N_ROWS else []
    return "\n".join(lines)


def write_comparison(comparison: RunComparison, path: Path) -> None:
    """Write the differences as a table with a row per photo, or as a page.

    Parameters
    ----------
    comparison : RunComparison
    path : Path
        CSV file, or .html; one that is there is overwritten.

    Raises
    ------
    RunFolderError
        If it cannot be written.
    """
    if path.suffix.lower() in (".html", ".htm"):
        try:
            path.write_text(comparison_html(comparison), encoding="utf-8")
        except OSError as error:
            raise RunFolderError(f"The page {path} cannot be written ({error.strerror}); give another path.") from error
        return
    rows = (
        [
            one.photo,
            one.name_in_second or one.photo,
            one.words,
            *(side.get(column, "") for column in COMPARED for side in (one.first, one.second)),
        ]
        for one in comparison.photos
    )
    columns = [f"{column}_{side}" for column in COMPARED for side in ("first", "second")]
    write_csv(path, ["photo", "photo_second", "change", *columns], rows)


def comparison_html(comparison: RunComparison) -> str:
    """Differences as a page that holds all of its data and needs no other machine.

    Parameters
    ----------
    comparison : RunComparison

    Returns
    -------
    str
        HTML.
    """
    first, second = comparison.names
    rows = [
        (one.names, one.words, [(one.first.get(column, ""), one.second.get(column, "")) for column in COMPARED])
        for one in comparison.photos
        if one.change != SAME
    ]
    return page_template("comparison.html").render(
        first=first,
        second=second,
        facts=comparison.facts,
        counts=comparison.counts(),
        moves=comparison.moves(),
        columns=COMPARED,
        rows=rows,
    )


def _rows(journal: Journal) -> dict[str, dict[str, Value]]:
    return {str(row["photo"]): row for row in journal.records("photos")}


def _spots(journal: Journal) -> dict[str, list[tuple[float, float, float, str]]]:
    """Place, area and kind of the spots of each photo."""
    found: defaultdict[str, list[tuple[float, float, float, str]]] = defaultdict(list)
    query = "SELECT photo, x_px, y_px, area_px, kind FROM spots ORDER BY photo, spot"
    for photo, x_px, y_px, area_px, kind in journal.select(query):
        found[photo].append((x_px, y_px, area_px, kind))
    return found


def _are_moved(first: list[tuple[float, float, float, str]], second: list[tuple[float, float, float, str]]) -> bool:
    """Whether spots are not the same, beyond what versions of a library differ in."""
    if len(first) != len(second):
        return True
    for (x, y, area, kind), (other_x, other_y, other_area, other_kind) in zip(first, second, strict=True):
        apart_px = max(abs(x - other_x), abs(y - other_y))
        if kind != other_kind or apart_px > _SAME_PLACE_PX or abs(area - other_area) > _SAME_AREA * area:
            return True
    return False


def _renamed(first: Mapping[str, dict[str, Value]], second: Mapping[str, dict[str, Value]]) -> dict[str, str]:
    """Photos of the first run that the second has under another name only -> that name."""
    free: defaultdict[Value, list[str]] = defaultdict(list)
    for name in sorted({*second} - {*first}, reverse=True):
        free[second[name]["sha256"]].append(name)
    found = {}
    for name in sorted({*first} - {*second}):
        digest = first[name]["sha256"]
        if digest is not None and free[digest]:
            found[name] = free[digest].pop()
    return found


def _change(
    photo: str,
    name_in_second: str,
    first: dict[str, Value] | None,
    second: dict[str, Value] | None,
    has_moved_spots: bool,
) -> PhotoChange:
    texts = [{} if row is None else {name: cell(row[name]) for name in COMPARED} for row in (first, second)]
    is_same = texts[0] == texts[1]
    if first is None or second is None:
        change = ONLY_SECOND if first is None else ONLY_FIRST
    elif first["sha256"] != second["sha256"]:
        change = OTHER_FILE
    else:
        change = SAME if is_same and not has_moved_spots else CHANGED
    other_name = "" if name_in_second == photo else escape_control_characters(name_in_second)
    only_spots = change == CHANGED and has_moved_spots and texts[0]["spot_count"] == texts[1]["spot_count"]
    return PhotoChange(escape_control_characters(photo), change, texts[0], texts[1], other_name, only_spots)


def _moved(photo: PhotoChange, column: str) -> str:
    before, after = photo.first[column], photo.second[column]
    return before if before == after else f"{before or '-'} -> {after or '-'}"
