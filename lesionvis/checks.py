"""Refused at the door with one sentence: numbers outside of their bounds, and libraries that are not installed."""

from __future__ import annotations

import math
from importlib import import_module
from numbers import Real
from typing import Any, TypeGuard

from lesionvis.errors import SettingsError


def check_positive(name: str, value: object) -> None:
    """Refuse what is not a finite number above 0.

    Parameters
    ----------
    name : str
        What the message calls the value.
    value : object

    Raises
    ------
    SettingsError
        If it is something else, such as a text, True or NaN.

    Examples
    --------
    >>> check_positive("px_per_mm", "8")
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: px_per_mm must be a finite number above 0, got '8'.
    """
    if not (_is_number(value) and 0.0 < value < math.inf):
        raise SettingsError(f"{name} must be a finite number above 0, got {value!r}.")


def check_between(name: str, value: object, lowest: float, highest: float) -> None:
    """Refuse what is not a number within bounds, which belong to the range.

    Parameters
    ----------
    name : str
        What the message calls the value.
    value : object
    lowest, highest : float

    Raises
    ------
    SettingsError
        If it is something else, such as a text, True or NaN.
    """
    if not (_is_number(value) and lowest <= value <= highest):
        raise SettingsError(f"{name} must be a number from {lowest:g} to {highest:g}, got {value!r}.")


def _is_number(value: object) -> TypeGuard[float]:
    """True for a real number of Python or NumPy; booleans are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def library(module: str, what: str, extra: str) -> Any:
    """Import a library that only some uses need.

    Parameters
    ----------
    module : str
        Name of what is imported.
    what : str
        Who needs it, for the message.
    extra : str
        Extra of this package with which it is installed.

    Returns
    -------
    module

    Raises
    ------
    SettingsError
        If it is not installed.

    Examples
    --------
    >>> library("no_such_library", "A table needs", "excel")
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: A table needs no_such_library; install lesionvis[excel].
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise SettingsError(f"{what} {module.partition('.')[0]}; install lesionvis[{extra}].") from error
