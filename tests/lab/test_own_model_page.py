"""The page on a model of one's own shows what its commands do; here with half of its photos and a part of the table."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lesionvis.lab.own_training import TABLE_FILE
from lesionvis.lab.train.pattern_training import read_pattern_table, write_pattern_table
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.pattern import MODEL_NAME

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "own-model.md").read_text(encoding="utf-8")
PHOTOS = 60


def _figures(text: str, name: str) -> list[float]:
    """A figure before and after."""
    (cells,) = re.findall(rf"^\| {name} \| (.*) \| (.*) \|$", text[text.index("## On your own photos") :], re.M)
    return [float(cell.split()[0]) for cell in cells]


def _command(name: str, *more: str) -> list[str]:
    (line,) = re.findall(rf"^\$ lesionvis ({name} .*(?:run|model|clinic\.csv))$", PAGE, re.M)[:1]
    return [sys.executable, "-m", "lesionvis", *line.split(), *more]


def test_the_page_tells_what_comes_out(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert f"range({PHOTOS})" in example
    half = example.replace(f"range({PHOTOS})", f"range({PHOTOS // 2})")
    subprocess.run([sys.executable, "-c", half], cwd=tmp_path, check=True)
    shipped = packaged_model_folder(MODEL_NAME)
    shutil.copytree(shipped, tmp_path / "base", ignore=shutil.ignore_patterns("*.csv"))
    table = read_pattern_table(shipped / TABLE_FILE)
    write_pattern_table(tmp_path / "base" / TABLE_FILE, table.take(np.flatnonzero(table.copy == 0)[::4]))
    subprocess.run(_command("batch", "--jobs", "1", "--quiet"), cwd=tmp_path, check=True)
    done = subprocess.run(_command("train", "--base", "base"), cwd=tmp_path, check=True, capture_output=True, text=True)
    assert f"{PHOTOS // 2} photos. Before: pattern-v2, which never saw them." in done.stdout
    assert f"{PHOTOS} photos. Before: pattern-v2, which never saw them." in PAGE
    for name in ("acceptable", "coverage", "selective_accuracy"):
        assert _figures(done.stdout, name) == pytest.approx(_figures(PAGE, name), abs=0.15)
    before, after = _figures(done.stdout, "acceptable")
    assert after > before + 0.3
