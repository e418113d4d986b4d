"""The script of the checks gets a browser where it can, and goes on without one where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FAKES = {
    "make": 'echo "make $*"',
    "root": "echo 0",
    "user": "echo 1000",
    "apt-get": 'echo "apt-get $*"; case "$*" in *install*) cp "$0" "${0%/*}/chromium";; esac',
    "apt-get that installs nothing": 'echo "apt-get $*"',
    "apt-get without a network": 'echo "apt-get $*"; exit 100',
    "chromium": "",
}
CHECKS = ["make test", "make lint", "make docs"]


def ran(project: Path, place: Path, *fakes: str) -> tuple[list[str], str]:
    """Lines that the script and its commands print, and its complaints, where there are no other commands."""
    for fake in fakes:
        path = place / {"root": "id", "user": "id"}.get(fake, fake.split(" that")[0].split(" without")[0])
        path.write_text(f"#!/bin/sh\n{FAKES[fake]}\n", encoding="utf-8")
        path.chmod(0o755)
    for needed in ("dirname", "cp"):
        (place / needed).symlink_to(str(shutil.which(needed)))
    done = subprocess.run(
        ["/bin/sh", str(project / ".ci" / "run")], env={"PATH": str(place)}, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines(), done.stderr


pytestmark = pytest.mark.skipif(os.name != "posix", reason="the script is for POSIX shells")


def test_a_browser_that_is_there_is_used(project: Path, tmp_path: Path) -> None:
    assert ran(project, tmp_path, "make", "root", "apt-get", "chromium") == (CHECKS, "")


def test_an_administrator_gets_debian_s_browser(project: Path, tmp_path: Path) -> None:
    lines, complaints = ran(project, tmp_path, "make", "root", "apt-get")
    assert [line.split()[0] for line in lines] == ["apt-get", "apt-get", "make", "make", "make"]
    assert lines[0].endswith(" update")
    assert lines[1].endswith(" install -y --no-install-recommends chromium")
    assert complaints == ""


@pytest.mark.parametrize(
    "fakes",
    [
        ("user", "apt-get"),
        ("root",),
        ("root", "apt-get without a network"),
        ("root", "apt-get that installs nothing"),
    ],
)
def test_without_a_browser_the_checks_go_on_and_say_so(project: Path, tmp_path: Path, fakes: tuple[str, ...]) -> None:
    lines, complaints = ran(project, tmp_path, "make", *fakes)
    assert lines[-3:] == CHECKS
    assert "cannot be installed; the tests of the page in a browser are skipped" in complaints
