"""The labels of the code are those of the shipped model, of its training table and of the rules."""

from __future__ import annotations

import csv
import json
from itertools import chain
from pathlib import Path

from lesionvis.labels import LABELS, PATTERNS
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.pattern import CLASSES, MODEL_NAME
from lesionvis.triage.conditions import PATTERN
from lesionvis.triage.rules import rules


def test_the_model_names_the_patterns_or_something_else() -> None:
    folder = packaged_model_folder(MODEL_NAME)
    assert (*PATTERNS, "other") == CLASSES
    assert tuple(json.loads((folder / "card.json").read_text(encoding="utf-8"))["classes"]) == CLASSES
    assert _column(folder / "training.csv", "pattern") == set(CLASSES)
    accepted = chain.from_iterable(answer.split("|") for answer in _column(folder / "training.csv", "accept"))
    assert set(accepted) == set(LABELS)


def test_the_rules_ask_for_every_label_and_no_other() -> None:
    asked = {case[PATTERN] for rule in rules() for case in rule.condition.cases() if PATTERN in case}
    assert asked == set(LABELS)


def _column(table: Path, name: str) -> set[str]:
    """Different values of a column of a table."""
    with table.open(encoding="utf-8", newline="") as file:
        return {row[name] for row in csv.DictReader(file)}
