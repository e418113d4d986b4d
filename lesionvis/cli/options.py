"""Options that the commands share, and how answers, settings and pictures to write are taken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lesionvis.batch.names import escape_control_characters
from lesionvis.batch.places import is_same
from lesionvis.errors import AnswerError, SettingsError
from lesionvis.files import check_output, write_output

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lesionvis.analysis import Analyzer
    from lesionvis.triage.answers import Answers
    from lesionvis.triage.circumstances import Circumstances

CIRCUMSTANCE_KEYS = ("age_years", "cause", "sites")
"""Keys of a file with answers that are no answers themselves."""


def _coin_names(begun: str) -> list[str]:
    """Coins whose names begin so, for the shell."""
    from lesionvis.scale.coin import known_coins

    return [name for name in known_coins() if name.startswith(begun)]


def _annotation_formats(begun: str) -> list[str]:
    """Formats of annotations whose names begin so, for the shell."""
    from lesionvis.batch.pictures import ANNOTATIONS

    return [name for name in ANNOTATIONS if name.startswith(begun)]


PxPerMm = Annotated[float | None, typer.Option(help="Scale in px of the photo per mm; then no ruler is searched for.")]
MmAcross = Annotated[float | None, typer.Option(help="Width of the photographed field, in mm.")]
CoinName = Annotated[
    str | None, typer.Option(help="Coin that lies in the photo, such as eur-1.", autocompletion=_coin_names)
]
BarMm = Annotated[float | None, typer.Option(help="Measured length of the bar of a printed scale card, in mm.")]
Annotations = Annotated[
    list[str] | None,
    typer.Option(
        help="Write outlines for other programs: coco, geojson, labelme or imagej; repeatable.",
        autocompletion=_annotation_formats,
    ),
]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="TOML file with settings of the analysis.")]
GivenAnswers = Annotated[list[str] | None, typer.Option("--answer", metavar="NAME=VALUE", help="One answer.")]
AnswersFile = Annotated[Path | None, typer.Option("--answers", help='TOML file with answers, such as fever = "yes".')]
Age = Annotated[float | None, typer.Option("--age", help="Age of the person with the spots, in years.")]
Cause = Annotated[str | None, typer.Option("--cause", help="Event just before, such as coughing, or none.")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Body site with spots, such as face; repeatable.")]
Overlay = Annotated[Path | None, typer.Option(help="Write an annotated picture (.png or .jpg).")]
Ask = Annotated[bool, typer.Option("--ask", help="Ask what can still change the advice, screen by screen.")]
SaveAnswers = Annotated[
    Path | None, typer.Option("--save-answers", help="Write the answers here (.toml), for --answers.")
]
Country = Annotated[
    str | None, typer.Option("--country", help="Whose numbers to ring, such as GB; of the language unless given.")
]
Details = Annotated[
    bool, typer.Option("--details", help="Print odds, limits, names of rules and answers, and addresses of sources.")
]
Sheet = Annotated[Path | None, typer.Option("--sheet", help="Write a page to print for the doctor here (.html).")]
PairsPage = Annotated[
    Path | None,
    typer.Option("--page", help="Write a page with the photos over each other and a slider between them (.html)."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors; the exit code tells.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def escape_control_characters_in_lines(text: str) -> str:
    """Text of several lines with harmful characters percent-encoded.

    Parameters
    ----------
    text : str
        Text of several lines.

    Returns
    -------
    str
        The same lines with control and direction characters percent-encoded.
    """
    return "\n".join(escape_control_characters(line) for line in text.split("\n"))


def analyzer_of(settings: Path | None, **options: Any) -> Analyzer:
    """Analyzer of a settings file, or of the defaults, and of the options that override them.

    Parameters
    ----------
    settings : Path or None
        Settings file.
    **options : object
        Settings that override those of the file unless None.

    Returns
    -------
    Analyzer
        With all settings.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or outside its bounds.
    """
    from lesionvis.analysis import Analyzer
    from lesionvis.settings import changed, read_settings

    analyzer = read_settings(settings) if settings else Analyzer()
    return changed(analyzer, **{name: value for name, value in options.items() if value is not None})


def told_by(
    given: list[str] | None,
    file: Path | None,
    age: float | None = None,
    cause: str | None = None,
    sites: list[str] | None = None,
) -> tuple[Answers, Circumstances]:
    """What the person says: a file with answers, and the options that override it.

    Parameters
    ----------
    given : list of str or None
        Answers as NAME=VALUE.
    file : Path or None
        TOML file with answers.
    age : float, optional
        Age in years.
    cause : str, optional
        Event just before the spots.
    sites : list of str, optional
        Body sites with spots.

    Returns
    -------
    answers : Answers
        With what follows from the circumstances; unknown where nothing was said.
    circumstances : Circumstances

    Raises
    ------
    AnswerError
        If a value is of the wrong type or unknown; if an answer is malformed, or given twice with different values.
    """
    from lesionvis.settings import read_toml
    from lesionvis.triage.answers import UNKNOWN, Answers
    from lesionvis.triage.circumstances import Circumstances

    content = read_toml(file) if file else {}
    written = content.get("sites", [])
    if not isinstance(written, list):
        raise AnswerError(f'{file}: sites must be a list of texts, such as ["face", "neck"], got {written!r}.')
    circumstances = Circumstances(
        age_years=content.get("age_years") if age is None else age,
        cause=content.get("cause", UNKNOWN) if cause is None else cause,
        sites=tuple(sites or written),
    )
    values: dict[str, str] = {}
    for name, value in content.items():
        if name in CIRCUMSTANCE_KEYS:
            continue
        if not isinstance(value, str):
            raise AnswerError(f'{file}: the answer "{name}" must be a text in quotes, got {value!r}.')
        values[name] = value
    return circumstances.answers(Answers.from_mapping(values | _named(given or []))), circumstances


def _named(given: Iterable[str]) -> dict[str, str]:
    """Answers as NAME=VALUE, by name."""
    named: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise AnswerError(f'An answer is given as NAME=VALUE, such as fever=yes, not as "{text}".')
        name, value = name.strip(), value.strip()
        if named.setdefault(name, value) != value:  # the last one would win, and could be the one that lowers the level
            raise AnswerError(f'"{name}" was answered both "{named[name]}" and "{value}"; give one answer.')
    return named


def date_of(text: str) -> datetime:
    """Parse the date of an option.

    Parameters
    ----------
    text : str
        ISO 8601, such as 2026-03-01T14:30.

    Returns
    -------
    datetime
        With a time zone if the text has one.

    Raises
    ------
    SettingsError
        If the text is no date, or no photo can have it.
    """
    from lesionvis.photo.dates import YEAR_MAX, YEAR_MIN

    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise SettingsError(f"A date is given as 2026-03-01 or 2026-03-01T14:30, not as {text!r}.") from error
    if not YEAR_MIN <= date.year <= YEAR_MAX:
        raise SettingsError(f"No photo was taken in the year {date.year}; give the right date instead of {text!r}.")
    return date


def check_picture(overlay: Path | None, *photos: Path) -> None:
    """Refuse the path of a picture that is no picture, would overwrite a photo, or has no folder.

    Parameters
    ----------
    overlay : Path or None
        File to write; None where no picture is wanted.
    *photos : Path
        Photos that must not be overwritten.

    Raises
    ------
    SettingsError
        If the path is refused.
    """
    check_output("annotated picture", overlay, ".png", ".jpg", ".jpeg")
    for photo in photos:
        if overlay is not None and is_same(overlay, photo):
            raise SettingsError(f"The annotated picture would overwrite the photo {photo}; give another name.")


def write_picture(rgb: NDArray[np.uint8], overlay: Path) -> None:
    """Write a picture as PNG or JPEG by the extension of the file.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    overlay : Path
        File to write, .png or .jpg.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    import cv2

    code = cv2.imencode(overlay.suffix.lower(), rgb[..., ::-1])[1]
    write_output("annotated picture", overlay, code.tobytes())
