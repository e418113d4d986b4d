"""Settings files: strict TOML <-> `Analyzer`; its fields and those of its `SpotFinder` are the settings.

A settings file has one line per setting that is to differ from its default. What results depend on, the settings, the
models and the version, has a fingerprint that stands in every row of a batch run.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from lesionvis import __version__
from lesionvis.analysis import Analyzer
from lesionvis.errors import SettingsError
from lesionvis.files import read_text
from lesionvis.models import packaged_model_folder
from lesionvis.pattern import load_pattern_model
from lesionvis.pattern.bare import BARE_MODEL_NAME
from lesionvis.pattern.pattern import MODEL_NAME as PATTERN_MODEL_NAME
from lesionvis.spots import SpotFinder
from lesionvis.spots.classifier import MODEL_NAME as SPOT_MODEL_NAME

Plain = bool | int | float | str | None

# Fields that hold objects: the finder, whose fields are settings themselves, and what no file can hold.
_NO_SETTINGS = ("spot_finder", "classifier")

# What word processors put in the place of straight quotes.
_TYPOGRAPHIC_QUOTES = frozenset("“”„«»‘’‚")

_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text in quotes"),
    Path: ((str,), "a path in quotes"),
}


def read_settings(path: Path) -> Analyzer:
    """Analyzer with the settings of a TOML file.

    Parameters
    ----------
    path : Path
        Settings that it does not name keep their default. Paths in it are relative to its folder.

    Returns
    -------
    Analyzer

    Raises
    ------
    SettingsError
        If the file cannot be read or is not TOML, or a setting is unknown, of another type or outside its bounds.
    """
    return parse_settings(read_text(path), str(path), path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : Path
        File in UTF-8, with or without a byte order mark.

    Returns
    -------
    dict
        Content of the file.

    Raises
    ------
    SettingsError
        If the file cannot be read or is not TOML.
    """
    return _toml(read_text(path), str(path))


def parse_settings(text: str, name: str = "settings", folder: Path = Path()) -> Analyzer:
    """Analyzer with the settings of a TOML text.

    Parameters
    ----------
    text : str
        Settings that it does not name keep their default.
    name : str
        What messages call the text.
    folder : Path
        Where relative paths start.

    Returns
    -------
    Analyzer

    Raises
    ------
    SettingsError
        If the text is not TOML, or a setting is unknown, of another type or outside its bounds.

    Examples
    --------
    >>> parse_settings("working_long_side_px = 2000").working_long_side_px
    2000
    >>> parse_settings("max_megapixels = 5000.0")
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: settings: max_megapixels must be a number from 1 to 1000, got 5000.0.
    """
    values = {key: _checked(key, value, name, folder) for key, value in _toml(text, name).items()}
    try:
        return changed(Analyzer(), **values)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error


def settings_text(analyzer: Analyzer) -> str:
    """Write the settings of an analyzer as TOML that `parse_settings` reads back.

    Parameters
    ----------
    analyzer : Analyzer

    Returns
    -------
    str
        TOML; settings that are not set are comments.

    Examples
    --------
    >>> print(settings_text(Analyzer(px_per_mm=8.0)))
    px_per_mm = 8.0
    ...
    # model_folder is not set
    ...
    min_score = 0.6
    """
    return "\n".join(
        # JSON writes numbers and texts as TOML does.
        f"# {name} is not set" if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in settings_values(analyzer).items()
    )


def settings_values(analyzer: Analyzer) -> dict[str, Plain]:
    """Settings of an analyzer as plain values.

    Parameters
    ----------
    analyzer : Analyzer

    Returns
    -------
    dict of str to value
        Every setting by name; paths as text.

    Raises
    ------
    SettingsError
        If the spots are found with another classifier than the one that comes with the package.
    """
    if analyzer.spot_finder.classifier is not None:
        raise SettingsError("A classifier of one's own is no setting; call the Analyzer photo by photo instead.")
    finder = set(setting_fields(SpotFinder))
    return {name: _plain(getattr(analyzer.spot_finder if name in finder else analyzer, name)) for name in _kinds()}


def analyzer_of(values: Mapping[str, Plain]) -> Analyzer:
    """Make an analyzer from all of its settings: the inverse of `settings_values`.

    Parameters
    ----------
    values : mapping of str to value
        Every setting by name.

    Returns
    -------
    Analyzer
        With these settings.

    Examples
    --------
    >>> analyzer_of(settings_values(Analyzer(px_per_mm=8.0))) == Analyzer(px_per_mm=8.0)
    True
    """
    kinds = _kinds()
    fields: dict[str, Any] = {
        name: Path(str(value)) if value is not None and kinds[name] is Path else value for name, value in values.items()
    }
    return changed(Analyzer(), **fields)


def changed(analyzer: Analyzer, **values: Any) -> Analyzer:
    """Analyzer with some settings changed, each in the object that holds it, by its name in a settings file.

    Parameters
    ----------
    analyzer : Analyzer
        Settings to start from; it is left as it is.
    **values : object
        Settings by name.

    Returns
    -------
    Analyzer
        With the changed settings.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.

    Examples
    --------
    >>> changed(Analyzer(px_per_mm=8.0), min_score=0.7).spot_finder.min_score
    0.7
    """
    names = setting_fields(SpotFinder)
    finder = dataclasses.replace(analyzer.spot_finder, **{k: v for k, v in values.items() if k in names})
    own = {k: v for k, v in values.items() if k not in names}
    return dataclasses.replace(analyzer, spot_finder=finder, **own)


def setting_meanings() -> dict[str, str]:
    """Meaning of every setting, with its bounds, from the docstrings of `Analyzer` and `SpotFinder`.

    Returns
    -------
    dict of str to str
        By name, in their order.
    """
    found: dict[str, str] = {}
    for of in (Analyzer, SpotFinder):
        documented = _documented_parameters(inspect.getdoc(of) or "")
        found |= {name: documented[name] for name in setting_fields(of)}
    return found


def settings_template() -> str:
    """Settings file in which every setting stands as a comment, with its meaning, bounds and default.

    Returns
    -------
    str
        TOML that changes nothing until a line is uncommented.

    Examples
    --------
    >>> print(settings_template())
    # Settings of lesionvis ...
    # Score from which a candidate is a spot, 0 to 1: fewer are missed below the default, fewer are false above it.
    # min_score = 0.6
    """
    parts = [f"# Settings of lesionvis {__version__}. Take the # away from a line to set it; others keep the default."]
    defaults = settings_text(Analyzer()).splitlines()
    for line, meaning in zip(defaults, setting_meanings().values(), strict=True):
        words = textwrap.wrap(meaning, 116)
        parts += ["", *(f"# {text}" for text in words), line if line.startswith("#") else f"# {line}"]
    return "\n".join(parts)


def setting_fields(of: type[Analyzer | SpotFinder]) -> dict[str, dataclasses.Field[Any]]:
    """Fields of an analyzer, or of its finder of spots, that are settings.

    Parameters
    ----------
    of : type
        `Analyzer` or `SpotFinder`.

    Returns
    -------
    dict of str to dataclasses.Field
        By name, in their order.
    """
    return {field.name: field for field in dataclasses.fields(of) if field.name not in _NO_SETTINGS}


def provenance(analyzer: Analyzer) -> dict[str, str]:
    """Settings, models and versions that the results of an analyzer depend on.

    Parameters
    ----------
    analyzer : Analyzer

    Returns
    -------
    dict
        Settings, models (name and content) and versions, each as text. Two runs with the same provenance give the
        same results.

    Raises
    ------
    ModelError
        If a model cannot be used.
    """
    pattern_folder = analyzer.model_folder or packaged_model_folder(PATTERN_MODEL_NAME)
    settings = settings_values(analyzer)
    del settings["model_folder"]  # what counts is the model's content, wherever it lies
    return {
        **{name: json.dumps(value) for name, value in settings.items()},
        "model": load_pattern_model(analyzer.model_folder).name,
        "pattern_model_sha256": _card_digest(pattern_folder),
        "bare_model_sha256": _card_digest(packaged_model_folder(BARE_MODEL_NAME)),
        "spot_model_sha256": _card_digest(packaged_model_folder(SPOT_MODEL_NAME)),
        "version": __version__,
        **{name: installed_version(name) for name in ("numpy", "onnxruntime")},
        "opencv": _opencv_version(),
    }


def run_provenance(analyzer: Analyzer) -> dict[str, str]:
    """Provenance of a run: that of its analyzer, and its fingerprint.

    Parameters
    ----------
    analyzer : Analyzer

    Returns
    -------
    dict
        `provenance` with "settings_hash": 16 hexadecimal digits, the same on every machine with the same versions.
    """
    facts = provenance(analyzer)
    content = json.dumps(facts, sort_keys=True)
    return facts | {"settings_hash": hashlib.sha256(content.encode()).hexdigest()[:16]}


def _documented_parameters(doc: str) -> dict[str, str]:
    """Name -> text of the entries of a docstring's section on parameters."""
    section = re.split(r"Parameters\n-+\n", doc)[1]
    section = re.split(r"\n\n\w[\w ]*\n-+\n", section)[0]
    entries: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            name = line.partition(" :")[0]
            entries[name] = ""
        elif name:
            entries[name] = f"{entries[name]} {line.strip()}".strip()
    return entries


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        remedy = " Write straight quotes, not typographic ones." if _TYPOGRAPHIC_QUOTES & set(text) else ""
        raise SettingsError(f"{name} is not valid TOML: {error}.{remedy}") from error


def _kinds() -> dict[str, type]:
    """Type of each setting, without the None of those that need not be set."""
    kinds: dict[str, type] = {}
    for of in (Analyzer, SpotFinder):
        hints = get_type_hints(of)
        kinds |= {name: _without_none(hints[name]) for name in setting_fields(of)}
    return kinds


def _without_none(hint: Any) -> type:
    choices = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    (kind,) = (choice for choice in choices if choice is not NoneType)
    return kind  # type: ignore[no-any-return]


def _checked(key: str, value: Any, name: str, folder: Path) -> Any:
    """Value of one setting, of the type that its field has."""
    kinds = _kinds()
    if key not in kinds:
        from difflib import get_close_matches  # only needed once something is wrong

        close = get_close_matches(key, kinds, n=1)
        suggestion = f'; did you mean "{close[0]}"?' if close else "."
        raise SettingsError(f'{name}: there is no setting "{key}"{suggestion} The settings are {", ".join(kinds)}.')
    kind = kinds[key]
    accepted, words = _KINDS[kind]
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise SettingsError(f"{name}: {key} must be {words}, got {value!r}.")
    return folder / str(value) if kind is Path else value


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _card_digest(folder: Path) -> str:
    """Digest of a model's card, which holds the digests of its files."""
    return hashlib.sha256((folder / "card.json").read_bytes()).hexdigest()


def _opencv_version() -> str:
    import cv2

    return str(cv2.__version__)
