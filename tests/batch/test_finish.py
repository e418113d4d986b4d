"""A finished run holds what was asked for, and what an earlier call had written is kept up to date."""

from __future__ import annotations

from pathlib import Path

from runs import made_up_run

from lesionvis.batch.finish import finish_run
from lesionvis.batch.journal import Journal
from lesionvis.batch.tables import write_tables_so_far

ALWAYS = {"photos.csv", "spots.csv", "skipped.csv", "datapackage.json", "report.html"}


def _files(run: Path) -> set[str]:
    return {path.name for path in run.iterdir() if path.is_file() and not path.name.startswith("run.")}


def test_a_finished_run_has_its_tables_and_report_and_says_when(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with made_up_run(run, ["a.jpg", "b.jpg"]) as journal:
        journal.record_begin(tmp_path, ["a.jpg"])
        write_tables_so_far(run, journal, candidates=True)
        assert "candidates.partial.csv" in _files(run)
        finish_run(run, journal, (), parquet=False, candidates=False)
        assert journal.origin().finished_at
        assert _files(run) == ALWAYS
        finish_run(run, journal, (), parquet=False, candidates=True)
        assert _files(run) == ALWAYS | {"candidates.csv"}
        (run / "candidates.csv").write_text("old", encoding="utf-8")
    with Journal.resume(run, journal_facts(run)) as journal:
        finish_run(run, journal, (), parquet=False, candidates=False)
        assert (run / "candidates.csv").read_text(encoding="utf-8").startswith("photo,candidate,x_px")


def journal_facts(run: Path) -> dict[str, str]:
    with Journal.read(run) as journal:
        return {name: value for name, value in journal.provenance().items() if name != "table_layout"}
