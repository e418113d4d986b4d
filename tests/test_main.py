"""The program starts, and ends in silence when it is stopped while it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lesionvis import __version__


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lesionvis", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)


def test_the_package_is_a_program() -> None:
    assert started("--version").stdout == f"lesionvis {__version__}\n"


def test_stopping_from_the_keyboard_while_importing_is_silent(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")  # as if the key were pressed at this moment
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = started("--version", PYTHONPATH=paths)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
