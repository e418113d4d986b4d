"""What the search for a scale saw: for people whose ruler is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.photo import Photo
from lesionvis.report.captions import caption
from lesionvis.report.overlay import SCALE_COLOR, Canvas, draw_outline
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.ruler.finder import ExaminedRow

ROW_COLORS = ((255, 160, 0), (86, 180, 255), (255, 100, 180), (240, 228, 66), (200, 140, 255), (255, 255, 255))
"""Colours of the rows that were refused, in their order."""

LEAST_PROBABILITY = 0.01
"""Units under this probability are not told."""

ORDER_NAMES = {
    "tens": "every fifth or tenth longer",
    "twos": "every second",
    "twenties": "every tenth and twentieth",
    "twentieths": "every fifth, tenth and twentieth",
    "halves": "every 2nd, 4th, 8th, 16th",
    "other": "an order of no ruler",
    "none": "all alike",
}


def scale_content(scale: Scale | NoScale, rows: tuple[ExaminedRow, ...]) -> dict[str, Any]:
    """Collect what is known of the scale of a photo, for JSON.

    Parameters
    ----------
    scale : Scale or NoScale
        Of the photo.
    rows : tuple of ExaminedRow
        Rows of ticks that were looked at, as of `RulerFinder.search`.

    Returns
    -------
    dict
        `source`, `px_per_mm`, `error_pct` and `reason`, and for each of `rows` its ticks, their distance in source
        px, the complaint, the gain of each order (twice its log likelihood beyond ticks that are all alike, less its
        cost) and the probability of each unit.
    """
    found = (
        {"source": scale.source, "px_per_mm": scale.px_per_mm, "error_pct": scale.error_pct, "reason": None}
        if isinstance(scale, Scale)
        else {"source": None, "px_per_mm": None, "error_pct": None, "reason": scale.reason}
    )
    return found | {
        "rows": [
            {
                "n_ticks": len(row.points_px),
                "pitch_px": row.pitch_px,
                "complaint": row.complaint or None,
                "order_gains": dict(row.units.gains) if row.units else {},
                "unit_probabilities": {unit.name: p for unit, p in row.units.probabilities.items()}
                if row.units
                else {},
                "first_px": row.points_px[0].tolist(),
                "last_px": row.points_px[-1].tolist(),
            }
            for row in rows
        ],
    }


def scale_text(scale: Scale | NoScale, rows: tuple[ExaminedRow, ...]) -> str:
    """Tell what is known of the scale of a photo.

    Parameters
    ----------
    scale : Scale or NoScale
        Of the photo.
    rows : tuple of ExaminedRow
        Rows of ticks that were looked at.

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    lines = [f"scale     {repr(scale)[6:-1] if isinstance(scale, Scale) else f'none: {scale.reason}'}"]
    for number, row in enumerate(rows, start=1):
        lines.append(f"row {number}     {row.complaint or f'{len(row.points_px)} ticks, read'}")
        if row.units is None:
            continue
        ordered = sorted(row.units.gains.items(), key=lambda item: -item[1])
        lines.append("  orders  " + "; ".join(f"{ORDER_NAMES[family]} {gain:.0f}" for family, gain in ordered))
        told = [
            f"{unit.name} {100 * probability:.0f} %"
            for unit, probability in row.units.probabilities.items()
            if probability >= LEAST_PROBABILITY
        ]
        if told:
            lines.append("  units   " + ", ".join(told))
    return "\n".join(lines)


def draw_scale(photo: Photo, scale: Scale | NoScale, rows: tuple[ExaminedRow, ...]) -> NDArray[np.uint8]:
    """Draw the reference that gave the scale, and the rows of ticks that were looked at.

    Parameters
    ----------
    photo : Photo
    scale : Scale or NoScale
        Its scale.
    rows : tuple of ExaminedRow
        Rows of ticks that were looked at.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        RGB; the photo with what was found below it.
    """
    canvas = Canvas(photo)
    legend = {}
    for number, row in enumerate(rows):
        color = SCALE_COLOR if not row.complaint else ROW_COLORS[number % len(ROW_COLORS)]
        legend[f"row {number + 1}"] = color
        canvas.draw_points(row.points_px, color)
    if isinstance(scale, Scale) and len(scale.outline_px):
        draw_outline(canvas.rgb, canvas.places(scale.outline_px), SCALE_COLOR)
    told = caption(scale_text(scale, rows).splitlines(), legend, canvas.rgb.shape[1])
    return np.concatenate([canvas.rgb, told])
