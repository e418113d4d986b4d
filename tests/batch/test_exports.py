"""Outlines that a run writes for other programs come back in without a changed number."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch.run import BatchRunner
from lesionvis.errors import SettingsError

ANALYZER = Analyzer(px_per_mm=6.0)


def _rows(run: Path) -> dict[str, dict[str, str]]:
    with (run / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def test_what_a_run_writes_it_takes_back(tmp_path: Path) -> None:
    photos, run = tmp_path / "photos", tmp_path / "run"
    for seed, name in enumerate(("leg/a.png", "b.png", "c.png")):
        write_photo(photos / name, seed, count=12, height=240, width=320)
    (photos / "d.png").touch()
    (tmp_path / "list.txt").write_text("leg/a.png\nb.png\nd.png\n", encoding="utf-8")
    kinds = ("coco", "labelme")
    BatchRunner(ANALYZER, annotations=kinds, only=tmp_path / "list.txt")(photos, run)
    before = _rows(run)
    assert list(before) == ["b.png", "d.png", "leg/a.png"]
    content = json.loads((run / "coco.json").read_text(encoding="utf-8"))
    assert [image["file_name"] for image in content["images"]] == ["b.png", "leg/a.png"]
    spots = [one for one in content["annotations"] if one["spot"]]
    assert len(spots) == sum(int(row["spot_count"]) for row in before.values() if row["spot_count"])
    assert (run / "labelme" / "leg" / "a.json").is_file()
    # One back as COCO with all photos, the other as a folder of labelme; c.png is new and costs only itself.
    BatchRunner(ANALYZER, corrections=run / "coco.json")(photos, run)
    again = _rows(run)
    assert list(again) == ["b.png", "c.png", "d.png", "leg/a.png"]
    given_back = shutil.copytree(run / "labelme", tmp_path / "labelme")
    BatchRunner(ANALYZER, corrections=given_back)(photos, tmp_path / "other")
    other = _rows(tmp_path / "other")
    for photo in ("b.png", "leg/a.png"):
        for rows in (again, other):
            assert rows[photo]["spots_from"] == "corrected"
            changed = {name for name in before[photo] if rows[photo][name] != before[photo][name]}
            assert changed == {"spots_from", "drawn_in"}
    assert other["d.png"]["status"] == "failed"


def test_an_unknown_format_is_refused_before_any_work() -> None:
    with pytest.raises(SettingsError, match='no format "yolo" of annotations; give one of coco, geojson, labelme, im'):
        BatchRunner(annotations=("yolo",))
