"""Bounds of the numbers that a caller may give: refused at the door with one sentence, whatever their type."""

from __future__ import annotations

import math
from numbers import Real
from typing import TypeGuard

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
