"""What people expect of any command line: completion in their shell, silence on request, every setting an option."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from drawn import write_photo

from lesionvis.cli.main import app
from lesionvis.settings import setting_fields
from lesionvis.spots import SpotFinder

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
PROGRAM = (sys.executable, "-c", "import sys; sys.argv[0] = 'lesionvis'; from lesionvis.cli.main import main; main()")


def _completed(words: str) -> list[str]:
    place = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_LESIONVIS_COMPLETE": "complete_bash"}
    done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False, env=os.environ | place)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lesionvis me", ["measure", "merge"]),
        ("lesionvis batch --annot", ["--annotations"]),
        ("lesionvis batch --annotations l", ["labelme"]),
        ("lesionvis analyze --coin usd-2", ["usd-25c"]),
    ],
)
def test_the_shell_completes_commands_options_and_names(words: str, expected: list[str]) -> None:
    assert _completed(words) == expected


def test_every_setting_of_the_spot_finder_is_an_option() -> None:
    for command in ("analyze", "batch"):
        options = {parameter.name for parameter in COMMANDS[command].params}
        assert set(setting_fields(SpotFinder)) <= options


def test_a_quiet_batch_prints_nothing_and_its_exit_code_tells(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "photos" / "a.png", 1)
    (photo.parent / "empty.jpg").touch()
    command = (*PROGRAM, "batch", str(photo.parent), "--out", str(tmp_path / "run"), "--jobs", "1", "--quiet")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert (tmp_path / "run" / "photos.csv").is_file()


def test_a_verbose_batch_tells_of_every_photo(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "photos" / "a.png", 1)
    (photo.parent / "empty.jpg").touch()
    command = (*PROGRAM, "batch", str(photo.parent), "--out", str(tmp_path / "run"), "--jobs", "1", "--verbose")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = sorted(line.partition("  ")[2] for line in done.stderr.splitlines())
    with (tmp_path / "run" / "photos.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert lines == [f"{row['photo']}: {row['status']}, {row['problem'] or row['pattern']}" for row in rows]
    assert done.stderr.splitlines()[-1].startswith("2 of 2  ")
