"""Long work tells how it goes, also where nobody sits at a terminal."""

from __future__ import annotations

import sys

import pytest

from lesionvis.batch.run import Progress
from lesionvis.cli import progress
from lesionvis.cli.progress import ProgressLines, shown_progress


class Clock:
    """Clock that is set by hand."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_line_comes_every_half_minute_with_speed_and_time_left() -> None:
    clock, lines = Clock(), list[str]()
    tell = ProgressLines(lines.append, clock)
    for done in range(121):  # of which 20 were done in an earlier call
        clock.seconds = 1000.0 + done / 2.0
        tell(Progress("analysing", 20 + done, 3020))
    assert lines == [
        "analysing: 80 of 3020 photos, 2 per second, 24 min left",
        "analysing: 140 of 3020 photos, 2 per second, 24 min left",
    ]


def test_each_part_of_the_work_has_its_own_speed() -> None:
    clock, lines = Clock(), list[str]()
    tell = ProgressLines(lines.append, clock)
    tell(Progress("reading", 1, 1000))
    clock.seconds += 29.0
    tell(Progress("reading", 1000, 1000))
    tell(Progress("analysing", 0, 1000))
    clock.seconds += 10.0
    tell(Progress("analysing", 1, 1000))
    clock.seconds += 30.0
    tell(Progress("analysing", 990, 1000))
    assert lines == [
        "analysing: 1 of 1000 photos, 0.1 per second, 2 h 46 min left",
        "analysing: 990 of 1000 photos, 24.8 per second, less than a minute left",
    ]


def test_without_a_terminal_lines_go_to_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not sys.stderr.isatty()
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with shown_progress() as tell:
        tell(Progress("reading", 0, 3))
    assert capsys.readouterr() == ("", "reading: 0 of 3 photos\n")
