"""The check of docstrings finds what is missing, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = '''"""A module."""


def area(width_mm: float) -> float:
    """Area of a square.

    Parameters
    ----------
    width_mm : float

    Returns
    -------
    float
        Square mm.
    """

    def squared(value: float) -> float:
        """Square of a helper inside."""
        return value**2

    return squared(width_mm)


class Box:
    """A box."""

    @property
    def width_mm(self) -> float:
        """Width, mm."""
        return 1.0


def _private(width_mm: float) -> float:
    """Not for others."""
    return width_mm
'''


def _checked(project: Path, package: Path, text: str) -> subprocess.CompletedProcess[str]:
    package.mkdir()
    (package / "module.py").write_text(text, encoding="utf-8")
    command = [sys.executable, str(project / ".ci" / "docstrings.py"), str(package)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_full_docstring_passes(project: Path, tmp_path: Path) -> None:
    result = _checked(project, tmp_path / "package", FULL)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


@pytest.mark.parametrize(
    ("left_out", "found"),
    [
        ("    Parameters\n    ----------\n    width_mm : float\n\n", "package.module.area: PR01"),
        ("    Returns\n    -------\n    float\n        Square mm.\n", "package.module.area: RT01"),
        ('    """A box."""\n', "package.module.Box: GL08"),
    ],
)
def test_what_is_missing_is_named(project: Path, tmp_path: Path, left_out: str, found: str) -> None:
    assert left_out in FULL
    result = _checked(project, tmp_path / "package", FULL.replace(left_out, ""))
    assert result.returncode == 1
    assert [line for line in result.stdout.splitlines() if found in line]
