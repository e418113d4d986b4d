from __future__ import annotations

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.answers import packaged_text
from lesionvis.triage.numbers import _parse_numbers, phone_numbers


def test_every_country_has_an_emergency_number_and_somebody_to_ask() -> None:
    assert len(phone_numbers()) == 15
    found = {code: numbers.emergency for code, numbers in phone_numbers().items()}
    assert (found["GB"], found["US"], found["EU"], found["AU"]) == ("999 or 112", "911", "112", "000")
    assert phone_numbers()["GB"].advice == "111"
    assert "GP" in phone_numbers()["GB-NIR"].advice


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("States,911,", "States,,"),
        ("States,911,", "States,none,"),
        ("US,United States", "GB,United States"),
        ("code,", "land,"),
    ],
)
def test_a_damaged_table_of_numbers_is_an_error(old: str, new: str) -> None:
    text = packaged_text("numbers.csv")
    assert text.count(old) == 1
    with pytest.raises(LesionvisError, match=r"numbers\.csv"):
        _parse_numbers(text.replace(old, new))
