from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np

from lesionvis.analysis import Analysis
from lesionvis.report.notebook import analysis_html
from lesionvis.report.overlay import draw_overlay


class _Parsed(HTMLParser):
    """Tags, their attributes, and text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.lines: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.lines.append(data)


def test_the_annotated_photo_is_inside(analysed_shower: Analysis) -> None:
    parsed = _Parsed(analysis_html(analysed_shower))
    source = parsed.attributes["src"] or ""
    head, _, code = source.partition(",")
    assert head == "data:image/jpeg;base64"
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(code), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    drawn = draw_overlay(analysed_shower)
    assert picture.shape == drawn.shape
    assert np.abs(picture.astype(int) - drawn).mean() < 4.0
    assert parsed.attributes["alt"] == "annotated photo"


def test_the_main_results_are_told(analysed_shower: Analysis) -> None:
    lines = _Parsed(analysis_html(analysed_shower)).lines
    assert f"pattern: {analysed_shower.pattern.label}" in lines
    assert f"spots: {len(analysed_shower.table)}" in lines
    assert f"advice: {analysed_shower.advice.level!s}" in lines
    assert analysed_shower.advice.header in lines
    for reason in analysed_shower.pattern.reasons:
        assert reason in lines


def test_all_text_is_escaped(analysed_shower: Analysis) -> None:
    evil = replace(analysed_shower.pattern, reasons=('<script>alert("x")</script>',), label="<b>bold</b>")
    html = analysis_html(replace(analysed_shower, pattern=evil))
    assert set(_Parsed(html).tags) == {"img", "ul", "li"}
    assert "&lt;script&gt;" in html


def test_nothing_is_fetched_from_elsewhere(analysed_shower: Analysis) -> None:
    assert not re.search("(src|href)=[\"']?(https?:)?//", analysis_html(analysed_shower))


def test_a_notebook_shows_it(analysed_shower: Analysis) -> None:
    assert analysed_shower._repr_html_() == analysis_html(analysed_shower)
