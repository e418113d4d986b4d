"""The picture that explains the ABCDE of a lesion: axes, octants of the border and a map of its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.abcde import Abcde, LesionPatch, lesion_patch
from lesionvis.abcde.criteria import OCTANT_SHARP_MIN
from lesionvis.abcde.numbers import COLORS, N_OCTANTS, color_classes
from lesionvis.report.captions import caption
from lesionvis.report.overlay import SHADOW_COLOR
from lesionvis.report.text import lesion_words

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# Width of each of the two pictures, which lie below each other so that a phone shows the words large enough, px.
PANEL_WIDTH_PX = 520
AXIS_COLOR = (255, 255, 255)
# Blue and orange are told apart with any colour vision; an octant that cannot be seen is grey.
SHARP_COLOR, ILL_DEFINED_COLOR, UNSEEN_COLOR = (60, 140, 255), (255, 150, 0), (150, 150, 150)
# What each class of colour is drawn as.
CLASS_COLORS = {
    "white": (250, 250, 250),
    "red": (215, 40, 50),
    "light brown": (205, 150, 95),
    "dark brown": (105, 62, 32),
    "blue-grey": (105, 130, 165),
    "black": (20, 18, 18),
}
# Skin colour and everything that is no lesion.
NO_CLASS_COLOR = (225, 215, 205)
_SHIFT_BITS = 4


def draw_abcde(analysis: Analysis) -> NDArray[np.uint8] | None:
    """Draw what the letters of the dominant lesion were measured from.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    ndarray of shape (h, w, 3), uint8, or None
        RGB: the lesion with axes and border, the map of its colours, and a line per letter; None when no lesion
        dominates the photo.
    """
    patch = lesion_patch(analysis.photo, analysis.skin, analysis.spots)
    if analysis.abcde is None or patch is None:
        return None
    zoom = PANEL_WIDTH_PX / patch.mask.shape[1]
    size = (PANEL_WIDTH_PX, round(patch.mask.shape[0] * zoom))
    panels = [_lesion(analysis, analysis.abcde, patch, zoom, size), _colors(patch, size)]
    return np.concatenate([*panels, _caption(analysis.abcde)])


def _lesion(
    analysis: Analysis, abcde: Abcde, patch: LesionPatch, zoom: float, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The lesion enlarged, with its two axes, and its border by octant."""
    scale = patch.zoom * zoom
    # Working px of panel px p: (p + 0.5) / scale + origin - 0.5.
    low = np.asarray(patch.origin) + 0.5 / patch.zoom - 0.5
    matrix = np.array([[1.0 / scale, 0.0, low[0]], [0.0, 1.0 / scale, low[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    panel = np.asarray(cv2.warpAffine(analysis.photo.rgb, matrix, size, flags=flags), np.uint8)

    def panel_px(working: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.asarray(np.round((working - low) * scale * 2**_SHIFT_BITS), np.int32)

    centre = analysis.photo.to_working(np.asarray(abcde.centre_px))
    border = patch.to_working(patch.border)
    reach = float(np.hypot(*(border - centre).T).max())
    for turn in (0.0, 90.0):
        angle = np.radians(abcde.axis_deg + turn)
        arm = 1.15 * reach * np.array([np.cos(angle), np.sin(angle)])
        ends = panel_px(np.stack([centre - arm, centre + arm]))
        for color, thickness in ((SHADOW_COLOR, 3), (AXIS_COLOR, 1)):
            cv2.polylines(panel, [ends], False, color, thickness, cv2.LINE_AA, _SHIFT_BITS)
    following = np.roll(border, -1, axis=0)
    arm = (border + following) / 2.0 - centre
    octant = np.floor((np.degrees(np.arctan2(arm[:, 1], arm[:, 0])) % 360.0) / (360.0 / N_OCTANTS)).astype(int)
    pieces = panel_px(np.stack([border, following], axis=1))
    cv2.polylines(panel, list(pieces), False, SHADOW_COLOR, 5, cv2.LINE_AA, _SHIFT_BITS)
    for number, sharpness in enumerate(abcde.octants):
        color = SHARP_COLOR if sharpness >= OCTANT_SHARP_MIN else ILL_DEFINED_COLOR
        color = color if np.isfinite(sharpness) else UNSEEN_COLOR
        cv2.polylines(panel, list(pieces[octant == number]), False, color, 2, cv2.LINE_AA, _SHIFT_BITS)
    return panel


def _colors(patch: LesionPatch, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Every place of the lesion in the colour of its class."""
    palette = np.asarray([*(CLASS_COLORS[name] for name in COLORS), NO_CLASS_COLOR], np.uint8)
    return np.asarray(cv2.resize(palette[color_classes(patch)], size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _caption(abcde: Abcde) -> NDArray[np.uint8]:
    """A line per letter, the checklist, the reminder and the legend."""
    lines = [f"{letter}: {state}" for letter, state, _ in lesion_words(abcde)]
    lines += [f"7-point checklist: {abcde.seven_points.finding}", f"{abcde.summary} Not a diagnosis."]
    border = {"sharp border": SHARP_COLOR, "ill-defined": ILL_DEFINED_COLOR, "not seen": UNSEEN_COLOR}
    return caption(lines, {**border, **CLASS_COLORS, "skin": NO_CLASS_COLOR}, PANEL_WIDTH_PX)
