from __future__ import annotations

import pytest

from lesionvis.errors import SettingsError
from lesionvis.report.contact import number_lines, numbers_of, with_numbers
from lesionvis.triage.numbers import phone_numbers


@pytest.fixture(autouse=True)
def no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("language", "code"),
    [("en_GB.UTF-8", "GB"), ("de_AT", "AT"), ("nl_NL.UTF-8@euro", "EU"), ("en_US.UTF-8", "US"), ("pt_BR.UTF-8", None)],
)
def test_the_country_is_that_of_the_language(monkeypatch: pytest.MonkeyPatch, language: str, code: str | None) -> None:
    monkeypatch.setenv("LANG", language)
    numbers = numbers_of()
    assert (numbers.code if numbers else None) == code


def test_the_first_language_that_is_set_counts_and_c_names_no_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert numbers_of() is None
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert numbers_of() == phone_numbers()["FR"]


def test_a_country_that_is_named_counts_more_than_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert numbers_of("gb-nir") == phone_numbers()["GB-NIR"]
    assert numbers_of("PL") == phone_numbers()["EU"]
    with pytest.raises(SettingsError, match='no numbers for the country "XX"; choose one of EU, GB'):
        numbers_of("XX")


def test_112_stands_beside_every_number() -> None:
    for numbers in (*phone_numbers().values(), None):
        assert "112" in number_lines(numbers)[0]


def test_texts_get_the_digits_of_the_country() -> None:
    text = "Call the emergency number, or ring the health advice line."
    assert with_numbers(text, phone_numbers()["AT"]) == "Call 144 or 112, or ring the health advice line (1450)."
    assert with_numbers(text, phone_numbers()["US"]) == "Call 911, or ring the health advice line."
    assert with_numbers(text, None) == text
