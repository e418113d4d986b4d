from __future__ import annotations

import csv
from pathlib import Path

import pytest
from runs import FACTS, made_up_run

from lesionvis.batch.comparison import CHANGED, ONLY_FIRST, ONLY_SECOND, compare_runs, comparison_text, write_comparison
from lesionvis.batch.journal import Journal
from lesionvis.errors import RunFolderError


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of which one photo changed, one is gone and one is new."""
    folder = tmp_path_factory.mktemp("runs")
    made_up_run(folder / "one", ["a.jpg", "b.jpg", "c.jpg"], with_pictures=False).__exit__(None, None, None)
    with made_up_run(folder / "two", ["a.jpg", "b.jpg", "c.jpg"], with_pictures=False) as journal:
        journal.change("UPDATE files SET photo = 'd.jpg' WHERE photo = 'c.jpg'")
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
