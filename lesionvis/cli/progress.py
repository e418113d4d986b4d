"""Progress of long work on standard error: a bar for a person at a terminal, a line now and then for a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from lesionvis.batch.names import escape_control_characters

if TYPE_CHECKING:
    from lesionvis.batch.run import OnProgress, Progress

LINE_SECONDS = 30.0
"""Time from one line to the next: short enough to see that work goes on, long enough not to fill a log."""


@contextmanager
def shown_progress(*, quiet: bool = False, verbose: bool = False) -> Iterator[OnProgress]:
    """Show the progress of work on standard error.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    verbose : bool
        A line for every photo that is done.

    Yields
    ------
    callable
        To be told the progress.
    """
    if quiet:
        yield lambda _: None
        return
    if verbose:
        yield _tell_photo
        return
    if not sys.stderr.isatty():
        yield ProgressLines(lambda line: typer.echo(line, err=True))
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scanning")

        def tell(now: Progress) -> None:
            bar.update(task, description=now.doing, completed=now.done, total=now.total)

        yield tell


def _tell_photo(now: Progress) -> None:
    if now.photo:
        typer.echo(f"{now.done} of {now.total}  {escape_control_characters(now.photo)}", err=True)


class ProgressLines:
    """Lines about the progress of work, one whenever `LINE_SECONDS` have passed since the last.

    Parameters
    ----------
    write : callable
        Takes a line.
    clock : callable, optional
        Gives the time in seconds.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._doing = ""
        self._began_at = self._told_at = clock()
        self._done_before = 0

    def __call__(self, now: Progress) -> None:
        """Write a line if it is time.

        Parameters
        ----------
        now : Progress
            Of the work.
        """
        time_s = self._clock()
        if now.doing != self._doing:  # what was done before counts for no speed
            self._doing, self._began_at, self._done_before = now.doing, time_s, now.done
        if time_s - self._told_at >= LINE_SECONDS:
            self._told_at = time_s
            self._write(_line(now, now.done - self._done_before, time_s - self._began_at))


def _line(now: Progress, done: int, seconds: float) -> str:
    """Line on progress, with the speed and the time left where something was done."""
    start = f"{now.doing}: {now.done} of {now.total} photos"
    if not done or seconds <= 0.0:
        return start
    return f"{start}, {done / seconds:.3g} per second, {_duration((now.total - now.done) * seconds / done)} left"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
