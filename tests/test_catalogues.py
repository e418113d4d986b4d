"""Every name that leaves the program is registered once, with its unit and its meaning."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lesionvis.analysis import Analysis
from lesionvis.batch.rows import ABCDE_NUMBERS
from lesionvis.flags import FLAGS
from lesionvis.pattern.features import FEATURE_NAMES, FEATURES
from lesionvis.pattern.pattern import BLOCKING_FLAGS
from lesionvis.spots.candidates import COLUMNS as CANDIDATE_COLUMNS
from lesionvis.spots.classifier import NEIGHBOUR_COLUMNS
from lesionvis.spots.regions import COLUMNS as REGION_COLUMNS
from lesionvis.spots.table import COLUMNS as SPOT_COLUMNS
from lesionvis.triage.answers import questions
from lesionvis.triage.rules import rules

PACKAGE = Path(__file__).resolve().parent.parent / "lesionvis"
EVIDENCE = {"candidates": CANDIDATE_COLUMNS, "neighbour_columns": NEIGHBOUR_COLUMNS, "regions": REGION_COLUMNS}
UNITS = {"", "px", "px2", "mm", "mm2", "px/mm", "log10"}


def test_every_flag_has_a_sentence() -> None:
    for flag in FLAGS.values():
        assert re.fullmatch(r"[A-Z][^.]+[.]", flag.meaning), flag.name


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_flags_that_are_given_are_registered_and_the_registered_ones_are_given() -> None:
    used = set(BLOCKING_FLAGS)
    for file in ("quality.py", "spots/table.py", "analysis.py"):
        tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
        # Flags are given by name: as keys of what a photo or spot has earned, or in a tuple of names.
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "earned" for t in node.targets):
                assert isinstance(node.value, ast.Dict)
                used |= {text for key in node.value.keys if key is not None for text in _strings(key)}
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == "flags":
                used |= set(_strings(node.value))
    assert used == set(FLAGS)


def test_flags_of_real_results_are_registered(analysed_samples: dict[str, Analysis]) -> None:
    for analysis in analysed_samples.values():
        assert {name for name in analysis.flags if FLAGS[name].about == "photo"} == set(analysis.flags)
        spot_flags = {name for row in analysis.table["spot_flags"] for name in row.split()}
        assert {name for name in spot_flags if FLAGS[name].about == "spot"} == spot_flags


def test_every_feature_has_a_definition() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    for function in FEATURES:
        assert len((inspect.getdoc(function) or "").split()) >= 4, function.__name__


def test_every_column_of_spots_has_a_unit_and_a_meaning() -> None:
    assert len({column.name for column in SPOT_COLUMNS}) == len(SPOT_COLUMNS)
    for column in SPOT_COLUMNS:
        assert column.unit in UNITS, column.name
        assert len(column.meaning.split()) >= 3, column.name


def test_no_name_means_two_things() -> None:
    # photos.csv holds the features beside other columns, spots.csv the columns of spots.
    others = {
        "photo",
        "sha256",
        "status",
        "problem",
        "width",
        "height",
        "taken_at",
        "px_per_mm",
        "pattern",
        "photo_flags",
    }
    assert not set(FEATURE_NAMES) & others
    assert not set(ABCDE_NUMBERS) & {*FEATURE_NAMES, *others}
    assert not set(FEATURE_NAMES) & {column.name for column in SPOT_COLUMNS}


@pytest.mark.parametrize("table", EVIDENCE)
def test_every_column_of_evidence_has_a_meaning(table: str) -> None:
    for name, meaning in EVIDENCE[table].items():
        assert re.fullmatch("[a-z][a-z0-9_]+", name)
        assert len(meaning.split()) >= 2, name


def test_looks_have_no_column_twice() -> None:
    assert not set(CANDIDATE_COLUMNS) & set(NEIGHBOUR_COLUMNS)


def test_every_rule_has_a_reason_an_action_and_a_source() -> None:
    found = list(rules())
    assert len({rule.rule_id for rule in found}) == len(found) > 20
    for rule in found:
        assert len(rule.reason.split()) >= 3, rule.rule_id
        assert len(rule.action.split()) >= 2, rule.rule_id
        assert rule.source_title, rule.rule_id
        assert not any(" " in address for address in rule.source_addresses), rule.rule_id


def test_every_question_has_a_text_and_three_values() -> None:
    for name, question in questions().items():
        assert question.name == name
        assert question.text.endswith("?"), name
        assert len(question.help) > 10, name
        assert len(set(question.choices)) == 3, name
