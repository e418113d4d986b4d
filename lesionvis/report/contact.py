"""Phone numbers of the country that was named, or that the computer's language names, put into texts."""

from __future__ import annotations

import locale
import os
import re

from lesionvis.errors import SettingsError
from lesionvis.triage.numbers import PhoneNumbers, phone_numbers
from lesionvis.triage.wording import EMERGENCY_NUMBER

EUROPE = "EU"
# Members of the European Union, where 112 reaches the emergency services (ISO 3166).
MEMBERS = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
_NUMBER, _LINE = "the emergency number", "the health advice line"


def numbers_of(country: str | None = None) -> PhoneNumbers | None:
    """Numbers of a country.

    Parameters
    ----------
    country : str, optional
        ISO 3166 code, such as "GB"; that of the computer's language unless given.

    Returns
    -------
    PhoneNumbers or None
        None when no country was given, and the language names none whose numbers are known.

    Raises
    ------
    SettingsError
        If the numbers of a country that was given are not known.
    """
    code = (country or _country_of_the_language()).strip().upper()
    known = phone_numbers()
    if code not in known and code in MEMBERS:
        code = EUROPE
    if country is not None and code not in known:
        raise SettingsError(f'There are no numbers for the country "{country}"; choose one of {", ".join(known)}.')
    return known.get(code)


def _country_of_the_language() -> str:
    """Country in the name of the language that is set, such as GB in en_GB.UTF-8; "" when it names none."""
    set_names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    named = next((name for name in set_names if name), None) or locale.getlocale()[0] or ""
    found = re.match(r"[a-z]{2,3}_([A-Z]{2})\b", named.partition(".")[0])
    return found.group(1) if found else ""


def with_numbers(text: str, numbers: PhoneNumbers | None) -> str:
    """Text in which the emergency number and the advice line have their digits.

    Parameters
    ----------
    text : str
        Plain sentences.
    numbers : PhoneNumbers or None
        None leaves the text as it is.

    Returns
    -------
    str
        The same sentences with the numbers; the advice line keeps its words alone where a country has no such number.

    Examples
    --------
    >>> with_numbers("Call the emergency number.", phone_numbers()["GB"])
    'Call 999 or 112.'
    """
    if numbers is None:
        return text
    line = f"{_LINE} ({numbers.advice})" if numbers.advice[:1].isdigit() else _LINE
    return text.replace(_NUMBER, numbers.emergency).replace(_LINE, line)


def number_lines(numbers: PhoneNumbers | None) -> tuple[str, ...]:
    """Sentences with the numbers; 112 stands beside them, as a person may be elsewhere.

    Parameters
    ----------
    numbers : PhoneNumbers or None
        None where no country is known.

    Returns
    -------
    tuple of str
        Emergency number and advice line; without a country one sentence, with 112.
    """
    if numbers is None:
        return (f"Emergency number: {EMERGENCY_NUMBER}. --country GB shows the numbers of a country.",)
    elsewhere = "" if numbers.code == EUROPE else "; elsewhere 112 or the local number"
    return (
        f"Emergency number: {numbers.emergency} ({numbers.country}{elsewhere}).",
        f"Advice, no emergency: {numbers.advice} ({numbers.advice_name}).",
    )
