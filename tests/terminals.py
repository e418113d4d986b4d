"""A person at a real terminal: types what a test says whenever the program waits."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass

PROMPT = b"> "


@dataclass(frozen=True)
class Talk:
    """What stood on the terminal, what was not typed any more, and the exit code."""

    text: str
    left: tuple[str, ...]
    code: int

    @property
    def flat(self) -> str:
        """All words in one line."""
        return " ".join(self.text.split())

    @property
    def screens(self) -> list[str]:
        """Titles of the screens, as often as they were shown."""
        return re.findall(r"^Screen \d+ of \d+\. (.*)$", self.text, re.M)

    @property
    def asked(self) -> str:
        """What stood there before the advice."""
        return self.text.split("NOT A DIAGNOSIS")[0]


def talk(*arguments: object, typed: Sequence[str], columns: int = 80, terminal: str = "xterm") -> Talk:
    """Run the program in a pseudo-terminal; the input ends when everything is typed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LC_ALL")}
    environment |= {"TERM": terminal, "LANG": "en_GB.UTF-8", "LC_MESSAGES": "en_GB.UTF-8", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", "from lesionvis.cli.main import main; main()", *map(str, arguments)]
    left = list(typed)
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen, answered = b"", 0
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            seen += piece
            if seen[answered:].endswith(PROMPT):
                answered = len(seen)
                os.write(ours, f"{left.pop(0)}\n".encode() if left else b"\x04")
    os.close(ours)
    return Talk(seen.decode().replace("\r\n", "\n"), tuple(left), process.returncode)
