"""The page on what is different between two runs; it holds all of its data and needs no other machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lesionvis.report.template import page_template


def comparison_html(
    names: tuple[str, str],
    facts: Mapping[str, tuple[str, str]],
    counts: Mapping[str, int],
    moves: Sequence[tuple[str, str, str, int]],
    columns: Sequence[str],
    rows: Sequence[tuple[str, str, Sequence[tuple[str, str]]]],
) -> str:
    """Page on two runs.

    Parameters
    ----------
    names : (str, str)
        Of the runs.
    facts : mapping of str to (str, str)
        Settings, models and versions that are not the same.
    counts : mapping of str to int
        Kind of change -> photos.
    moves : sequence of (str, str, str, int)
        Column, value before and after, and the number of photos that moved so.
    columns : sequence of str
        Compared columns.
    rows : sequence of (str, str, sequence of (str, str))
        Photo, kind of change, and the values of the columns before and after.

    Returns
    -------
    str
        HTML.
    """
    first, second = names
    return page_template("comparison.html").render(
        first=first, second=second, facts=facts, counts=counts, moves=moves, columns=columns, rows=rows
    )
