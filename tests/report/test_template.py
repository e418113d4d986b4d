"""Templates of pages: text from files stays text, and nothing is left out unnoticed."""

from __future__ import annotations

import jinja2
import pytest

from lesionvis.report.template import page_file, page_template


def test_what_is_put_into_a_page_is_escaped() -> None:
    page = page_template("comparison.html").render(
        first="<b>", second="b", facts={}, counts={}, moves=(), columns=(), rows=()
    )
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="is undefined"):
        page_template("comparison.html").render()


def test_files_are_read_as_utf_8() -> None:
    assert "\ufffd" not in page_file("page.js")
    assert page_file("page.css").count("{") > 10
