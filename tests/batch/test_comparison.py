from __future__ import annotations

import csv
from pathlib import Path

import pytest
from chromium import chromium
from runs import FACTS, made_up_run

from lesionvis.batch.comparison import (
    CHANGED,
    COMPARED,
    MOVED_SPOTS,
    ONLY_FIRST,
    ONLY_SECOND,
    SAME,
    PhotoChange,
    RunComparison,
    compare_runs,
    comparison_html,
    comparison_text,
    write_comparison,
)
from lesionvis.batch.journal import Journal
from lesionvis.errors import RunFolderError


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of which one photo changed, one is gone and one is new."""
    folder = tmp_path_factory.mktemp("runs")
    made_up_run(folder / "one", ["a.jpg", "b.jpg", "c.jpg"], with_pictures=False).__exit__(None, None, None)
    with made_up_run(folder / "two", ["a.jpg", "b.jpg", "c.jpg"], with_pictures=False) as journal:
        journal.change("UPDATE files SET photo = 'd.jpg', sha256 = 'another' WHERE photo = 'c.jpg'")
        query = "UPDATE results SET pattern = 'angioma', triage_level = 'watch' WHERE sha256 = ?"
        journal.change(query, [(journal.known_files()["b.jpg"][1],)])
        journal.change("UPDATE provenance SET value = '2' WHERE name = 'version'")
    return folder / "one", folder / "two"


def test_what_changed_is_found_photo_by_photo(runs: tuple[Path, Path]) -> None:
    comparison = compare_runs(*runs)
    assert comparison.facts == {"version": (FACTS["version"], "2")}
    changes = {one.photo: one.change for one in comparison.photos}
    assert changes == {"a.jpg": "same", "b.jpg": CHANGED, "c.jpg": ONLY_FIRST, "d.jpg": ONLY_SECOND}
    (changed,) = (one for one in comparison.photos if one.change == CHANGED)
    assert (changed.second["pattern"], changed.second["triage_level"]) == ("angioma", "watch")
    text = comparison_text(comparison)
    assert "version                 0 -> 2" in text
    assert f"1 x {changed.first['pattern']} -> angioma" in text


def test_photos_that_were_renamed_or_merged_are_matched_by_their_content(tmp_path: Path) -> None:
    made_up_run(tmp_path / "one", ["a.jpg", "b.jpg", "c.jpg"], with_pictures=False).__exit__(None, None, None)
    with made_up_run(tmp_path / "two", ["a.jpg", "b.jpg", "c.jpg"], with_pictures=False) as journal:
        content = journal.known_files()["b.jpg"][1]
        journal.change("UPDATE files SET photo = 'leg/b.jpg' WHERE photo = 'b.jpg'")
        journal.change(
            "INSERT INTO files SELECT 'leg/copy.jpg', sha256, state, problem, '' FROM files WHERE photo LIKE 'leg%'"
        )
        journal.change("UPDATE results SET pattern = 'angioma' WHERE sha256 = ?", [(content,)])
    comparison = compare_runs(tmp_path / "one", tmp_path / "two")
    found = {one.names: one.change for one in comparison.photos}
    assert found == {"a.jpg": SAME, "b.jpg -> leg/b.jpg": CHANGED, "c.jpg": SAME, "leg/copy.jpg": ONLY_SECOND}
    assert "b.jpg -> leg/b.jpg  " in comparison_text(comparison)
    write_comparison(comparison, tmp_path / "changes.csv")
    with (tmp_path / "changes.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["photo"]: (row["photo_second"], row["pattern_second"]) for row in csv.DictReader(file)}
    assert rows["b.jpg"] == ("leg/b.jpg", "angioma")
    assert "b.jpg -&gt; leg/b.jpg" in comparison_html(comparison)


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ("x_px = x_px + 1", True),
        ("area_px = area_px * 1.02", True),
        ("kind = 'pigment'", True),
        ("x_px = x_px + 0.1", False),
    ],
)
def test_spots_that_moved_while_their_number_stayed_are_told(tmp_path: Path, change: str, is_told: bool) -> None:
    names = ["a.jpg", "b.jpg"]
    made_up_run(tmp_path / "one", names, with_pictures=False).__exit__(None, None, None)
    with made_up_run(tmp_path / "two", names, with_pictures=False) as journal:
        content = journal.known_files()["b.jpg"][1]
        journal.change(f"UPDATE result_spots SET {change} WHERE spot = 2 AND sha256 = ?", [(content,)])  # noqa: S608
    comparison = compare_runs(tmp_path / "one", tmp_path / "two")
    assert [one.words for one in comparison.photos] == [SAME, f"{CHANGED}: {MOVED_SPOTS}" if is_told else SAME]
    assert (MOVED_SPOTS in comparison_text(comparison)) == is_told


def test_a_run_is_the_same_as_itself(runs: tuple[Path, Path]) -> None:
    comparison = compare_runs(runs[0], runs[0])
    assert {one.change for one in comparison.photos} == {"same"}
    assert comparison_text(comparison).startswith("Settings, models and versions are the same.")


def test_the_table_has_a_row_per_photo(runs: tuple[Path, Path], tmp_path: Path) -> None:
    write_comparison(compare_runs(*runs), tmp_path / "changes.csv")
    with (tmp_path / "changes.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["photo"]: row for row in csv.DictReader(file)}
    assert rows["b.jpg"]["pattern_second"] == "angioma"
    assert rows["c.jpg"]["pattern_second"] == ""
    with pytest.raises(RunFolderError, match="cannot be written"):
        write_comparison(compare_runs(*runs), tmp_path / "missing" / "changes.csv")


def test_runs_with_other_tables_are_refused(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with made_up_run(tmp_path / "old", ["a.jpg"], with_pictures=False) as journal:
        journal.change("UPDATE provenance SET value = 'x' WHERE name = 'table_layout'")
    with pytest.raises(RunFolderError, match="have other tables"):
        compare_runs(runs[0], tmp_path / "old")
    with pytest.raises(RunFolderError, match="holds no run"):
        compare_runs(runs[0], tmp_path)
    assert Journal.read(runs[0]).provenance()["version"] == FACTS["version"]


def test_the_page_shows_what_moved_and_leaves_out_what_did_not(runs: tuple[Path, Path], tmp_path: Path) -> None:
    write_comparison(compare_runs(*runs), tmp_path / "changes.html")
    text = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert "<h1>What is different between one and two</h1>" in text
    shown = [name for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg") if f'<th scope="row">{name}</th>' in text]
    assert shown == ["b.jpg", "c.jpg", "d.jpg"]
    assert "→ angioma</td>" in text
    assert "default-src 'none'" in text
    with pytest.raises(RunFolderError, match=r"none.changes\.html cannot be written \(No such file"):
        write_comparison(compare_runs(*runs), tmp_path / "none" / "changes.html")


HOSTILE = "<script>alert(1)</script>.jpg"


def _told(name: str, change: str, moved: dict[str, tuple[str, str]]) -> PhotoChange:
    """Change of one photo, in which columns that are not named stayed the same."""
    first, second = ({column: moved.get(column, ("ok", "ok"))[side] for column in COMPARED} for side in (0, 1))
    return PhotoChange(name, change, first, second)


def test_texts_of_files_stay_texts_on_the_page() -> None:
    text = comparison_html(RunComparison({"version": ("<i>", "2")}, (_told(HOSTILE, CHANGED, {}),), ("<b>", "two")))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in text
    assert "<i>" not in text
    assert "<b>" not in text


def test_what_moved_is_marked_on_the_page_and_what_is_missing_is_a_dash() -> None:
    moved = _told("a.jpg", CHANGED, {"spot_count": ("3", "4"), "px_per_mm": ("", "12"), "pattern": ("uncertain", "")})
    text = comparison_html(RunComparison({}, (moved, moved, *[_told("b.jpg", SAME, {})] * 5), ("one", "two")))
    assert "Settings, models and versions are the same." in text
    assert '<td class="moved">3 → 4</td>' in text
    assert "<td>ok</td>" in text
    assert '<td class="moved">- → 12</td>' in text
    assert "Photos: same 5, changed 2." in text
    assert "<td>uncertain</td><td>not judged</td><td>2</td>" in text


def test_words_of_a_wide_table_stay_whole_on_the_screen_of_a_phone(tmp_path: Path) -> None:
    changed = _told("shower-brown-arm.jpg", CHANGED, {column: (column, column) for column in COMPARED})
    page = tmp_path / "changes.html"
    write_comparison(RunComparison({}, (changed,), ("a", "b")), page)
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 390, "height": 900})
        opened.goto(page.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        lines = opened.evaluate(
            "[...document.querySelectorAll('.scroll thead th')].map(cell => cell.getClientRects().length && "
            "Math.round((cell.clientHeight - 8) / parseFloat(getComputedStyle(cell).lineHeight)))"
        )
    assert lines == [1] * (len(COMPARED) + 2)
