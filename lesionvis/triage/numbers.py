"""Emergency and advice numbers by country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from lesionvis.errors import LesionvisError
from lesionvis.triage.answers import packaged_text, read_table

_COLUMNS = ("code", "country", "emergency", "advice", "advice_name", "note", "source_title", "source_address")


@dataclass(frozen=True, slots=True)
class PhoneNumbers:
    """Phone numbers of one country.

    Attributes
    ----------
    code : str
        ISO 3166 code, such as "GB" or "GB-NIR"; "EU" is any country of the European Union.
    country : str
    emergency : str
        The emergency number, or several with "or" between them.
    advice, advice_name : str
        Number, or whom to ring, for advice that is no emergency, and what it is called there.
    note : str
    source_title, source_address : str
    """

    code: str
    country: str
    emergency: str
    advice: str
    advice_name: str
    note: str
    source_title: str
    source_address: str


def _parse_numbers(text: str) -> Mapping[str, PhoneNumbers]:
    """Numbers by code of the country, from the text of `numbers.csv`; LesionvisError if it is damaged."""
    found = {}
    for row in read_table(text, "numbers.csv", _COLUMNS):
        if not all(row.values()) or not any(map(str.isdigit, row["emergency"])):
            raise LesionvisError(f'numbers.csv, row "{row["code"]}": fill every column, with an emergency number.')
        found[row["code"]] = PhoneNumbers(**row)
    return MappingProxyType(found)


@cache
def phone_numbers() -> Mapping[str, PhoneNumbers]:
    """Numbers of every country by its code, in the order of the table; read-only.

    Returns
    -------
    mapping of str to PhoneNumbers
        Read-only.

    Examples
    --------
    >>> phone_numbers()["US"].emergency
    '911'
    """
    return _parse_numbers(packaged_text("numbers.csv"))
