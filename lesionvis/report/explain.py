"""Picture that explains the rejected candidates: where they lie, and why they were not taken for a spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lesionvis.report.captions import caption
from lesionvis.report.overlay import SPOT_COLOR, Canvas, draw_outline
from lesionvis.spots.rejections import NOTHING_FITS, PART_OF_LESION, REASONS, UNLIKE_RINGS, explain_rejections

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# One colour per reason, far apart for any colour vision (after Okabe and Ito 2008, brightened for skin).
_COLORS = (
    *((230, 159, 0), (170, 170, 170), (86, 180, 255), (0, 200, 120), (240, 228, 66), (30, 90, 255)),
    *((255, 100, 180), (255, 255, 255), (120, 60, 20), (60, 60, 60)),
)
REASON_COLORS = dict(zip((*REASONS, PART_OF_LESION, UNLIKE_RINGS, NOTHING_FITS), _COLORS, strict=True))
# More would hide the skin; the least likely ones are left out, and the legend says how many.
N_DRAWN_MAX = 400


def draw_explanation(analysis: Analysis) -> NDArray[np.uint8]:
    """Draw the spots, and what was rejected with the reason for it.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        RGB; the photo with a legend below it.
    """
    canvas = Canvas(analysis.photo)
    rejections = explain_rejections(analysis.spots)
    for rejection in rejections[N_DRAWN_MAX - 1 :: -1]:  # the likeliest on top
        draw_outline(canvas.rgb, (rejection.outline_px + 0.5) * canvas.zoom - 0.5, REASON_COLORS[rejection.reason])
    for outline in analysis.spots.outlines_px:
        draw_outline(canvas.rgb, canvas.places(outline), SPOT_COLOR)
    counts = {reason: sum(one.reason == reason for one in rejections) for reason in REASON_COLORS}
    legend = {f"{len(analysis.table)} taken for spots": SPOT_COLOR}
    legend |= {f"{count} {reason}": REASON_COLORS[reason] for reason, count in counts.items() if count}
    lines = [f"Of what was rejected, the {N_DRAWN_MAX} likeliest are drawn."] if len(rejections) > N_DRAWN_MAX else []
    return np.concatenate([canvas.rgb, caption(lines, legend, canvas.rgb.shape[1])])
