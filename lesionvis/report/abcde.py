"""The picture that explains the ABCDE of a lesion: axes, octants of the border and a map of its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.abcde import Abcde, LesionPatch, lesion_patch
from lesionvis.abcde.criteria import OCTANT_SHARP_MIN
from lesionvis.abcde.numbers import COLORS, N_OCTANTS, color_classes
from lesionvis.report.overlay import SHADOW_COLOR

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# Width of each of the two pictures, px.
PANEL_WIDTH_PX = 480
LINE_HEIGHT_PX = 22
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
    patch = lesion_patch(analysis.photo, analysis.skin, analysis.labels)
    if analysis.abcde is None or patch is None:
        return None
    zoom = PANEL_WIDTH_PX / patch.mask.shape[1]
    size = (PANEL_WIDTH_PX, round(patch.mask.shape[0] * zoom))
    panels = [_lesion(analysis, analysis.abcde, patch, zoom, size), _colors(patch, size)]
    return np.concatenate([np.concatenate(panels, axis=1), _lines(analysis.abcde, 2 * PANEL_WIDTH_PX)])


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


def _lines(abcde: Abcde, width: int) -> NDArray[np.uint8]:
    """White band with a line per letter, the legend and the reminder."""
    words = {True: "present", False: "not measured as present", None: "not known"}
    texts = [f"{c.letter}  {c.name}: {words[c.present]}" for c in abcde.criteria]
    texts += [f"7-point checklist: {abcde.seven_points.finding}", f"{abcde.summary} Not a diagnosis."]
    band = np.full((LINE_HEIGHT_PX * (len(texts) + 2), width, 3), 255, np.uint8)
    for number, text in enumerate(texts, start=1):
        _write(band, text, (10, number * LINE_HEIGHT_PX))
    left, baseline = 10, (len(texts) + 1) * LINE_HEIGHT_PX
    legend = {"sharp border": SHARP_COLOR, "ill-defined": ILL_DEFINED_COLOR, "not seen": UNSEEN_COLOR, **CLASS_COLORS}
    for name, color in legend.items():
        cv2.rectangle(band, (left, baseline - 11), (left + 12, baseline + 1), color, cv2.FILLED)
        cv2.rectangle(band, (left, baseline - 11), (left + 12, baseline + 1), SHADOW_COLOR, 1)
        left += 18 + _write(band, name, (left + 17, baseline)) + 12
    return band


def _write(band: NDArray[np.uint8], text: str, position: tuple[int, int]) -> int:
    """Write a text, smaller where it would not fit, and tell its width in px."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    size = 0.45 * min(1.0, (band.shape[1] - position[0] - 10) / max(width, 1))
    cv2.putText(band, text, position, cv2.FONT_HERSHEY_SIMPLEX, size, SHADOW_COLOR, 1, cv2.LINE_AA)
    return int(width * size / 0.45)
