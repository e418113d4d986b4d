"""Several photos, patterns of names and standard input: one line per photo."""

from __future__ import annotations

import glob
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lesionvis.batch.names import escape_control_characters
from lesionvis.errors import SettingsError, UnreadablePhoto

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis, Analyzer
    from lesionvis.triage.answers import Answers
    from lesionvis.triage.circumstances import Circumstances

STANDARD_INPUT = "-"


def sources_of(arguments: Iterable[str]) -> list[Path | bytes]:
    """Photos that are named on a command line.

    Parameters
    ----------
    arguments : iterable of str
        Paths; patterns such as leg/*.jpg, which some shells leave to the program; or - for a photo on standard input.

    Returns
    -------
    list of Path or bytes
        In the order of the arguments, those of a pattern by name.

    Raises
    ------
    SettingsError
        If a pattern fits no file, or standard input is named twice.
    """
    names = list(arguments)
    if names.count(STANDARD_INPUT) > 1:
        raise SettingsError("Standard input holds one photo; give - once.")
    found: list[Path | bytes] = []
    for name in names:
        is_pattern = glob.has_magic(name) and not Path(name).exists()
        if name == STANDARD_INPUT:
            found.append(sys.stdin.buffer.read())
        elif is_pattern:
            fitting = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - takes absolute patterns too
            if not fitting:
                raise SettingsError(f"No file fits the pattern {name}; check the folder and the extension.")
            found += map(Path, fitting)
        else:
            found.append(Path(name))
    return found


def refuse_for_several(options: dict[str, object], *, is_one: bool) -> None:
    """Refuse options that only make sense for one photo whose whole answer is shown.

    Parameters
    ----------
    options : dict of str to object
        Value by name of the option; None and False are not given.
    is_one : bool
        Whether there is one photo, of which one line is asked for.

    Raises
    ------
    SettingsError
        If one is given.
    """
    for name, value in options.items():
        if value is not None and value is not False:
            if is_one:
                raise SettingsError(f"{name} does not go with --brief; leave one of them out.")
            raise SettingsError(f"{name} is for one photo; leave it out, or give the photos one by one.")


def analyze_several(
    sources: Iterable[Path | bytes], analyzer: Analyzer, answers: Answers, about: Circumstances, *, as_json: bool
) -> bool:
    """Analyse photos one after the other and print a line for each as soon as it is done.

    Parameters
    ----------
    sources : iterable of Path or bytes
        Photos.
    analyzer : Analyzer
    answers : Answers
        Answers that hold for all photos.
    about : Circumstances
        Of the person, with what the answers follow from.
    as_json : bool
        Print each analysis as JSON on one line; of a photo that cannot be read its name and the problem.

    Returns
    -------
    bool
        True if all photos could be read.
    """
    from dataclasses import replace

    is_fine = True
    for source in sources:
        name = str(source) if isinstance(source, Path) else STANDARD_INPUT
        try:
            analysis = analyzer(source, answers)
        except UnreadablePhoto as error:
            is_fine = False
            problem = {"photo": {"name": name}, "problem": str(error)}
            typer.echo(json.dumps(problem) if as_json else escape_control_characters(f"{name}: {error}"))
            continue
        analysis = replace(analysis, advice=analysis.advice.noting(about))
        if as_json:
            content = analysis.to_dict()
            content["photo"]["name"] = name
            typer.echo(json.dumps(content, allow_nan=False))
        else:
            typer.echo(_brief_line(analysis, name))
    return is_fine


def _brief_line(analysis: Analysis, name: str) -> str:
    """One line on a photo: what was found, and how urgent it is."""
    from lesionvis.report.text import spots_words

    doubts = f" ({' '.join(analysis.flags)})" if analysis.flags else ""
    line = f"{name}: {analysis.pattern.label}, {spots_words(analysis)}, advice {analysis.advice.level}{doubts}"
    return escape_control_characters(line)
