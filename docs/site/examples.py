"""Examples of a page: its commands with the lines that they print, its Python and its tables, section by section."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

SAMPLES = ("sample_images", "sample_pairs")
# As wide as the pages show it.
COLUMNS = "100"


def sections(markdown: str) -> dict[str, str]:
    """Sections of a page that hold examples: title -> text."""
    parts = re.split(r"(?m)^## (.*)$", markdown)
    return {title: text for title, text in zip(parts[1::2], parts[2::2], strict=True) if _blocks(text)}


def run_section(text: str, folder: Path, project: Path) -> list[str]:
    """Run the examples of a section in a folder, where the sample photos are; return the shown lines that differ."""
    for name in SAMPLES:
        (folder / name).symlink_to(project / name)
    differing = []
    for kind, name, content in _blocks(text):
        if kind == "csv":
            (folder / name).write_text(content, encoding="utf-8")
        elif kind == "python":
            _output([sys.executable, "-c", content], folder)
        for command, shown in commands(content) if kind == "console" else ():
            printed = _output(command, folder).splitlines()
            differing += [f"{shlex.join(command)}: {line}" for line in not_printed(shown, printed)]
    return differing


def commands(block: str) -> list[tuple[list[str], list[str]]]:
    """Commands of lesionvis in a block of the console, each with the lines that it shows.

    What names a place in capital letters is to be filled in and is left out.
    """
    found = []
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, *shown = part.rstrip().split("\n")
        words = shlex.split(command, comments=True)
        if words[0] == "lesionvis" and not re.search(r"\b[A-Z]{4,}\b", command):
            found.append(([sys.executable, "-m", *words], shown))
    return found


def not_printed(shown: list[str], printed: list[str]) -> list[str]:
    """Lines that were not printed, or not in this order; an empty line or "..." stands for any."""
    rest = iter(line.rstrip() for line in printed)
    return [line for line in shown if line not in ("", "...") and line.rstrip() not in rest]


def _blocks(text: str) -> list[tuple[str, str, str]]:
    """Kind, name of the file and content of each example: a console, Python, or a table that the text names."""
    found = re.finditer(r"```(console|python|csv)\n(.*?)```", text, re.S)
    return [(one[1], _last_name(text[: one.start()]) if one[1] == "csv" else "", one[2]) for one in found]


def _last_name(text: str) -> str:
    """The table that was named last."""
    return str(re.findall(r"`([\w.-]+\.csv)`", text)[-1])


def _output(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "COLUMNS": COLUMNS}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with {result.returncode}: {result.stderr}")
    return result.stdout
