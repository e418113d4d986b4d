"""Chart of a course: number, area and colour of the spots over time, as an SVG file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lesionvis.series import Course

WIDTH_PX, PANEL_HEIGHT_PX = 640, 170
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 60, 20, 34, 26
LINE_COLOR, TEXT_COLOR, AXIS_COLOR = "#0b5394", "#222222", "#999999"


def course_svg(course: Course) -> str:
    """Chart of a course.

    Parameters
    ----------
    course : Course

    Returns
    -------
    str
        SVG: number of spots found, and area and colour of the spots that were followed relative to the first photo;
        a line is broken where two photos could not be compared. Days when every photo has a date, else photo numbers.
    """
    dates = [moment.taken_at for moment in course.moments]
    days = np.concatenate([[0.0], np.cumsum([interval.days for interval in course.intervals])])
    dated = all(date is not None for date in dates)
    at = days if dated else np.arange(1.0, len(dates) + 1.0)
    unit = "days" if dated else "photo"
    panels = [
        ("spots found", [float(moment.n_spots) for moment in course.moments]),
        ("area of followed spots, 1 = first photo", _chained(course, "area_ratio")),
        ("colour of followed spots, 1 = first photo", _chained(course, "contrast_ratio")),
    ]
    tops = range(0, PANEL_HEIGHT_PX * len(panels), PANEL_HEIGHT_PX)
    body = "".join(
        _panel(title, at.tolist(), values, top, unit) for top, (title, values) in zip(tops, panels, strict=True)
    )
    height = PANEL_HEIGHT_PX * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" '
        f'viewBox="0 0 {WIDTH_PX} {height}" font-family="sans-serif" font-size="12" fill="{TEXT_COLOR}">'
        f'<rect width="{WIDTH_PX}" height="{height}" fill="white"/>{body}</svg>\n'
    )


def _chained(course: Course, name: str) -> list[float]:
    """Product of the intervals' medians, starting at 1; NaN from where nothing was compared."""
    values = [1.0]
    for interval in course.intervals:
        values.append(values[-1] * interval.median(name))
    return values


def _panel(title: str, at: Sequence[float], values: Sequence[float], top: int, unit: str) -> str:
    """One panel: title, axes from zero, dots and the line between them."""
    finite = [value for value in values if np.isfinite(value)]
    highest = 1.1 * max([*finite, 1e-9])
    first, last = min(at), max(at)
    span = last - first if last > first else 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT_PX + (x - first) / span * (WIDTH_PX - LEFT_PX - RIGHT_PX)
        down = top + PANEL_HEIGHT_PX - BOTTOM_PX - y / highest * (PANEL_HEIGHT_PX - TOP_PX - BOTTOM_PX)
        return round(across, 1), round(down, 1)

    (left, floor), (right, ceiling) = place(first, 0.0), place(first + span, highest)
    parts = [
        f'<text x="{LEFT_PX}" y="{top + 20}" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{left} {ceiling}V{floor}H{right}" fill="none" stroke="{AXIS_COLOR}"/>',
        f'<text x="{left - 6}" y="{floor}" text-anchor="end">0</text>',
        f'<text x="{left - 6}" y="{ceiling + 10}" text-anchor="end">{highest:.3g}</text>',
    ]
    shown = [(x, value) for x, value in zip(at, values, strict=True) if np.isfinite(value)]
    points = [place(x, value) for x, value in shown]
    if len(points) > 1:
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{LINE_COLOR}" stroke-width="2"/>')
    for (x, y), (_, value) in zip(points, shown, strict=True):
        parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{LINE_COLOR}"/>')
        parts.append(f'<text x="{x}" y="{y - 8}" text-anchor="middle">{value:.3g}</text>')
    for x in at:
        label = f"{x:.3g} {unit}" if unit == "days" else f"{unit} {x:.0f}"
        parts.append(f'<text x="{place(x, 0.0)[0]}" y="{floor + 16}" text-anchor="middle">{label}</text>')
    return "".join(parts)
