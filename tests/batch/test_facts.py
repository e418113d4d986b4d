"""A difference is named by what it comes from, and no difference is none."""

from __future__ import annotations

from lesionvis.batch.facts import different_facts, telling_facts

FACTS = {"min_score": "0.55", "version": "1", "settings_hash": "a", "table_layout": "x"}


def test_what_differs_is_named_without_what_follows_from_it() -> None:
    other = FACTS | {"min_score": "0.7", "settings_hash": "b", "model": "m"}
    assert different_facts(FACTS, other) == {"min_score": ("0.55", "0.7"), "model": (None, "m")}
    assert different_facts(FACTS, other, with_derived=True)["settings_hash"] == ("a", "b")
    assert telling_facts(FACTS, other) == different_facts(FACTS, other)


def test_fingerprints_are_named_where_nothing_else_differs() -> None:
    assert different_facts(FACTS, FACTS | {"table_layout": "y"}) == {}
    assert telling_facts(FACTS, FACTS | {"table_layout": "y"}) == {"table_layout": ("x", "y")}
    assert telling_facts(FACTS, dict(FACTS)) == {}
