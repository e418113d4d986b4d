"""What the results of a run depend on, and in what two runs differ in this."""

from __future__ import annotations

from collections.abc import Mapping

# These follow from the others: a person is told what they follow from.
_DERIVED = ("settings_hash", "table_layout")


def different_facts(
    first: Mapping[str, str], second: Mapping[str, str], *, with_derived: bool = False
) -> dict[str, tuple[str | None, str | None]]:
    """Settings, models and versions that are not the same.

    Parameters
    ----------
    first, second : mapping of str to str
        Provenance of two runs (`lesionvis.settings.provenance`, with what a journal adds).
    with_derived : bool
        Also the fingerprints of settings and of the tables of the journal.

    Returns
    -------
    dict of str to (str or None, str or None)
        Both values by name; None where one does not have it.

    Examples
    --------
    >>> different_facts({"version": "1", "settings_hash": "a"}, {"version": "2", "settings_hash": "b"})
    {'version': ('1', '2')}
    """
    names = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    return {name: (first.get(name), second.get(name)) for name in names if with_derived or name not in _DERIVED}


def telling_facts(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """What to name of two runs that must not differ at all.

    Parameters
    ----------
    first, second : mapping of str to str
        As for `different_facts`.

    Returns
    -------
    dict of str to (str or None, str or None)
        `different_facts`, with the fingerprints where only these differ.

    Examples
    --------
    >>> telling_facts({"version": "1", "table_layout": "a"}, {"version": "1", "table_layout": "b"})
    {'table_layout': ('a', 'b')}
    """
    return different_facts(first, second) or different_facts(first, second, with_derived=True)
