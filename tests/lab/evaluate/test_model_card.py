"""The card of the model says what card.json and the tables say; no figure of it is typed by hand."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lesionvis.lab.evaluate.model_card import CARD_FILE, PACKAGED_DATA, _lines
from lesionvis.labels import PATTERNS
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.pattern import CLASSES

FOLDER = packaged_model_folder("pattern-v2")


@pytest.fixture(scope="module")
def text() -> str:
    return (FOLDER / CARD_FILE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    return dict(json.loads((FOLDER / "card.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("place", ["home", "abroad"])
def test_figures_and_intervals_are_those_of_the_model(text: str, card: dict[str, Any], place: str) -> None:
    home, _, abroad = text.partition("Abroad, every source left out whole")
    shown, figures = (home, card) if place == "home" else (abroad, card["abroad"])
    for name, score in figures["scores"].items():
        (row,) = re.findall(rf"^\| {name} \| ([\d.]+) \| ([\d.]+) to ([\d.]+) \| ([\d.]+) to ([\d.]+) \|$", shown, re.M)
        mean, lowest, highest, low, high = map(float, row)
        # card.json holds the first of the repeats.
        assert lowest - 6e-4 <= score <= highest + 6e-4, name
        assert lowest <= mean <= highest
        assert (low, high) == pytest.approx(figures["intervals_95"][name], abs=6e-4)


def test_counts_thresholds_and_files_are_those_of_the_model(text: str, card: dict[str, Any]) -> None:
    flat = " ".join(text.split())
    for name in CLASSES:
        counts = card["photos"][name]
        assert f"| {name} | {counts['clear']} | {counts['borderline']} |" in text
        assert f"{name} {card['thresholds']['set_min'][name]:.2f}" in flat
    for entry in (*card["predictors"].values(), card["training_table"]):
        assert f"`{entry['file']}`, sha256 {entry['sha256']}" in text
    assert f"the power {card['thresholds']['sharpness']}" in flat


def test_data_licences_and_limits_are_named(text: str) -> None:
    assert PACKAGED_DATA in text
    flat = " ".join(text.split())
    for words in (
        "CC BY-NC-ND 3.0 NZ, (c) DermNet / Te Whatu Ora",
        "CC BY 4.0, Pacheco et al. 2020",
        "CC BY-NC 4.0, Tschandl et al. 2018: judged only",
        "non-commercial research",
        "Light skin dominates",
        "no diagnosis",
        "It cannot:",
        "python -m lesionvis.lab card",
        "python -m lesionvis.lab evaluate",
        "ham, 245 photos",
    ):
        assert words in flat


def test_figures_of_other_sources_have_intervals(text: str) -> None:
    rows = re.findall(r"^\| recall_single_lesion \| .*\|$", text, re.M)
    assert re.search(r"\d \(0\.\d+ to [01]\.\d+\) \| \d\.\d+ \(0\.\d+ to [01]\.\d+\) \|$", rows[2])


def test_the_text_says_nothing_that_the_card_does_not(card: dict[str, Any]) -> None:
    written = "\n".join(_lines({**card, "name": "other-v9"}, "Own photos.\n", "FIGURES"))
    assert written.startswith("# other-v9\n")
    assert "Own photos." in written
    assert "FIGURES" in written
    assert "DermNet" not in written
    assert not any(re.search(rf"recall_{name}", written) for name in PATTERNS)
