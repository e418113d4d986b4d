"""Drives as people have them, stood for by functions of `os`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


class _WithoutNumber:
    """Status of a file without its number."""

    st_ino = 0

    def __init__(self, status: os.stat_result) -> None:
        self._status = status

    def __getattr__(self, name: str) -> Any:
        return getattr(self._status, name)


def without_numbers(stat: Callable[..., os.stat_result]) -> Callable[..., Any]:
    """`os.stat` of a network drive that numbers no files (sshfs on Windows, WebDAV, shared folders of a VM).

    Parameters
    ----------
    stat : callable
        The real `os.stat`.

    Returns
    -------
    callable
        The same with `st_ino` 0.
    """

    def stat_without_number(*args: Any, **options: Any) -> _WithoutNumber:
        return _WithoutNumber(stat(*args, **options))

    return stat_without_number
