"""Chart of a course: number, area and colour of the spots over time, as an SVG file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lesionvis.compare.series import Course

# The chart shrinks with the window; its letters are large enough for a phone's 390 px.
WIDTH_PX, PANEL_HEIGHT_PX, FONT_PX = 520, 190, 16
# On the right there is room for half of a label such as "120 days".
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 64, 46, 58, 32
# Labels below the axis, and numbers over the dots, stand at least so far apart; others are left out.
LABEL_GAP_PX, VALUE_GAP_PX = 76, 44
# Colours on light and on dark paper.
STYLE = (
    ".paper{fill:#fff}text{fill:#222}.axis{stroke:#767676}.line{stroke:#0b5394}.dot{fill:#0b5394}"
    "@media(prefers-color-scheme:dark){.paper{fill:#161616}text{fill:#eee}.axis{stroke:#9a9a9a}"
    ".line{stroke:#7db8f0}.dot{fill:#7db8f0}}"
)


def course_svg(course: Course) -> str:
    """Chart of a course.

    Parameters
    ----------
    course : Course

    Returns
    -------
    str
        SVG: number of spots found, and area and colour of the spots that were followed relative to the first photo;
        a line ends where two photos could not be compared. Days when every photo has a date, else photo numbers.
    """
    dates = [moment.taken_at for moment in course.moments]
    days = np.concatenate([[0.0], np.cumsum([interval.days for interval in course.intervals])])
    dated = all(date is not None for date in dates)
    at = days if dated else np.arange(1.0, len(dates) + 1.0)
    unit = "days" if dated else "photo"
    panels = [
        ("spots found", [float(moment.n_spots) for moment in course.moments]),
        ("size of followed spots (first photo: 1)", _chained(course, "area_ratio")),
        ("colour of followed spots (first photo: 1)", _chained(course, "contrast_ratio")),
    ]
    tops = range(0, PANEL_HEIGHT_PX * len(panels), PANEL_HEIGHT_PX)
    body = "".join(
        _panel(title, at.tolist(), values, top, unit) for top, (title, values) in zip(tops, panels, strict=True)
    )
    height = PANEL_HEIGHT_PX * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" width="100%" '
        f'style="max-width:{WIDTH_PX}px" font-family="sans-serif" font-size="{FONT_PX}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH_PX}" height="{height}" class="paper"/>{body}</svg>\n'
    )


def _chained(course: Course, name: str) -> list[float]:
    """Product of the intervals' medians, starting at 1; NaN from where nothing was compared or measured."""
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
        f'<text x="8" y="{top + 24}" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{left} {ceiling}V{floor}H{right}" fill="none" class="axis"/>',
        f'<text x="{left - 6}" y="{floor}" text-anchor="end">0</text>',
    ]
    shown = [(x, value) for x, value in zip(at, values, strict=True) if np.isfinite(value)]
    points = [place(x, value) for x, value in shown]
    if len(points) > 1:
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" class="line" stroke-width="2"/>')
    for x, y in points:
        parts.append(f'<circle cx="{x}" cy="{y}" r="4" class="dot"/>')
    for x, y, value in _apart([(*point, value) for point, (_, value) in zip(points, shown, strict=True)], VALUE_GAP_PX):
        parts.append(f'<text x="{x}" y="{y - 9}" text-anchor="middle">{value:.3g}</text>')
    for middle, x in _apart([(place(x, 0.0)[0], x) for x in at], LABEL_GAP_PX):
        label = f"{round(x, 1):g} {unit}" if unit == "days" else f"{unit} {x:.0f}"
        parts.append(f'<text x="{middle}" y="{floor + 20}" text-anchor="middle">{label}</text>')
    return "".join(parts)


def _apart(labels: Sequence[tuple[float, ...]], gap: float) -> list[tuple[float, ...]]:
    """Labels, each with its place first, without those that would run into the one before."""
    kept: list[tuple[float, ...]] = []
    for label in labels:
        if not kept or label[0] - kept[-1][0] >= gap:
            kept.append(label)
    return kept
