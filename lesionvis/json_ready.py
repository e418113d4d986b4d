"""Plain values for JSON, which knows no NaN, no tuples and no NumPy."""

from __future__ import annotations

import math
from typing import Any


def json_ready(content: dict[str, Any]) -> dict[str, Any]:
    """Copy that JSON can hold.

    Parameters
    ----------
    content : dict
        Text, numbers, True, False and None, in dicts, lists, tuples and arrays, however deep.

    Returns
    -------
    dict
        The same with None for NaN and infinity, lists for tuples and arrays, and Python's numbers for NumPy's.

    Examples
    --------
    >>> json_ready({"axes": (1.5, float("nan"))})
    {'axes': [1.5, None]}
    """
    return {key: _ready(value) for key, value in content.items()}


def _ready(value: Any) -> Any:
    # NumPy's arrays and numbers have this method. Triage, which gives dicts too, must not load NumPy for its name.
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return json_ready(value)
    if isinstance(value, list | tuple):
        return [_ready(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
