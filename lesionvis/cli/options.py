"""What the commands share: options, and how answers, settings and pictures to write are taken."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lesionvis.batch.names import escape_control_characters
from lesionvis.errors import AnswerError, SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lesionvis.analysis import Analyzer
    from lesionvis.triage.answers import Answers
    from lesionvis.triage.circumstances import Circumstances

CIRCUMSTANCE_KEYS = ("age_years", "cause", "sites")
"""Keys of a file with answers that are no answers themselves."""

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="TOML file with settings of the analysis.")]
GivenAnswers = Annotated[list[str] | None, typer.Option("--answer", metavar="NAME=VALUE", help="One answer.")]
AnswersFile = Annotated[Path | None, typer.Option("--answers", help='TOML file with answers, such as fever = "yes".')]
Age = Annotated[float | None, typer.Option("--age", help="Age of the person with the spots, in years.")]
Cause = Annotated[str | None, typer.Option("--cause", help="What happened just before, such as coughing, or none.")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="A place with spots, such as face; give all.")]
Overlay = Annotated[Path | None, typer.Option(help="Write the annotated picture here (.png or .jpg).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def escape_control_characters_in_lines(text: str) -> str:
    """Text of several lines with harmful characters percent-encoded."""
    return "\n".join(escape_control_characters(line) for line in text.split("\n"))


def analyzer_of(settings: Path | None, **options: Any) -> Analyzer:
    """Analyzer of a settings file, or of the defaults, and of the options that override them."""
    from lesionvis.analysis import Analyzer
    from lesionvis.settings import changed, read_settings

    analyzer = read_settings(settings) if settings else Analyzer()
    return changed(analyzer, **{name: value for name, value in options.items() if value is not None})


def circumstances_of(
    file: Path | None, age: float | None = None, cause: str | None = None, sites: list[str] | None = None
) -> Circumstances:
    """Circumstances of a file with answers and of the options that override it."""
    from lesionvis.settings import read_toml
    from lesionvis.triage.answers import UNKNOWN
    from lesionvis.triage.circumstances import Circumstances

    content = read_toml(file) if file else {}
    written = content.get("sites", [])
    if not isinstance(written, list):
        raise AnswerError(f'{file}: sites must be a list of texts, such as ["face", "neck"], got {written!r}.')
    return Circumstances(
        age_years=content.get("age_years") if age is None else age,
        cause=content.get("cause", UNKNOWN) if cause is None else cause,
        sites=tuple(sites or written),
    )


def answers_of(given: list[str] | None, file: Path | None, circumstances: Circumstances | None = None) -> Answers:
    """Answers of a file and of the options that override it, with what follows from the circumstances.

    The circumstances are those of the file unless given.
    """
    from lesionvis.settings import read_toml
    from lesionvis.triage.answers import Answers

    values: dict[str, str] = {}
    for name, value in (read_toml(file) if file else {}).items():
        if name in CIRCUMSTANCE_KEYS:
            continue
        if not isinstance(value, str):
            raise AnswerError(f'{file}: the answer "{name}" must be a text in quotes, got {value!r}.')
        values[name] = value
    named: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise AnswerError(f'An answer is given as NAME=VALUE, such as fever=yes, not as "{text}".')
        name, value = name.strip(), value.strip()
        if named.setdefault(name, value) != value:  # the last one would win, and could be the one that lowers the level
            raise AnswerError(f'"{name}" was answered both "{named[name]}" and "{value}"; give one answer.')
    values |= named
    about = circumstances_of(file) if circumstances is None else circumstances
    return about.answers(Answers.from_mapping(values))


def date_of(text: str) -> datetime:
    """Date of an option."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise SettingsError(f"A date is given as 2026-03-01 or 2026-03-01T14:30, not as {text!r}.") from error


def check_picture(overlay: Path, *photos: Path) -> None:
    """Refuse a picture to write that is none, that would overwrite a photo, or that has no folder."""
    if overlay.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise SettingsError(f"The annotated picture {overlay} must end in .png or .jpg.")
    for photo in photos:
        if overlay.exists() and photo.exists() and overlay.samefile(photo):
            raise SettingsError(f"The annotated picture would overwrite the photo {photo}; give another name.")
    if not overlay.parent.is_dir():
        raise SettingsError(f"The folder of the annotated picture {overlay} does not exist; make it first.")


def write_picture(rgb: NDArray[np.uint8], overlay: Path) -> None:
    """Write an RGB picture as PNG or JPEG by its name."""
    import cv2

    code = cv2.imencode(overlay.suffix.lower(), rgb[..., ::-1])[1]
    try:
        overlay.write_bytes(code.tobytes())
    except OSError as error:
        raise SettingsError(f"The annotated picture {overlay} cannot be written ({error.strerror}).") from error
