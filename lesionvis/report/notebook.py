"""Representation of an analysis in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lesionvis.report.overlay import draw_overlay, jpeg
from lesionvis.report.template import data_address

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

JPEG_QUALITY = 85


def analysis_html(analysis: Analysis) -> str:
    """Annotated photo and main results as a piece of HTML.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        Self-contained, all text escaped.
    """
    picture = data_address(jpeg(draw_overlay(analysis), JPEG_QUALITY))
    lines = [
        f"pattern: {analysis.pattern.label}",
        f"spots: {len(analysis.table)}",
        f"advice: {analysis.advice.level}",
        *analysis.pattern.reasons,
        analysis.advice.header,
    ]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<img alt="annotated photo" src="{picture}"><ul>{items}</ul>'
