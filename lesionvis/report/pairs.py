"""Pictures of a glass test and of a course: the photos side by side, what became of each spot in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.blanch import FADES_MAX, KEEPS_MIN

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis
    from lesionvis.blanch import BlanchTest
    from lesionvis.series import Course

Color = tuple[int, int, int]

# Colours that people with any colour vision tell apart on skin, each over a dark line.
KEEPS_COLOR, FADES_COLOR, UNSURE_COLOR = (255, 230, 0), (0, 255, 255), (255, 255, 255)
STATE_COLORS: dict[str, Color] = {
    "new": (255, 230, 0),
    "growing": (255, 140, 0),
    "persisting": (255, 255, 255),
    "fading": (0, 255, 255),
    "gone": (90, 140, 255),
    "unclear": (160, 160, 160),
}
SHADOW_COLOR = (0, 0, 0)
# Every photo is shown this high, with so wide a gap between two.
PANEL_HEIGHT_PX = 640
GAP_PX = 8
LINE_HEIGHT_PX = 26
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHIFT_BITS = 4


def draw_blanch(plain: Analysis, pressed: Analysis, test: BlanchTest) -> NDArray[np.uint8]:
    """Draw a glass test.

    Parameters
    ----------
    plain, pressed : Analysis
    test : BlanchTest
        Of these two.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        RGB; both photos, each compared spot outlined and with its share of contrast left in percent.
    """
    before, under = _panel(plain), _panel(pressed)
    for index, (spot, ratio) in enumerate(zip(test.spot.tolist(), test.ratio.tolist(), strict=True)):
        color = KEEPS_COLOR if ratio > KEEPS_MIN else FADES_COLOR if ratio < FADES_MAX else UNSURE_COLOR
        _outline(before, plain, plain.labels.outlines_px[spot - 1], color, str(spot))
        _outline(under, pressed, test.outlines_px[index], color, f"{100 * ratio:.0f} %")
    verdict = test.verdict.replace("_", " ")
    return _joined([before, under], [f"glass test: {verdict}  |  not a diagnosis", test.reason])


def draw_course(course: Course) -> NDArray[np.uint8]:
    """Draw a course.

    Parameters
    ----------
    course : Course

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        RGB; all photos in order. Spots are coloured by what became of them since the photo before; those that are gone
        are outlined where they were.
    """
    panels = [_panel(photo) for photo in course.photos]
    for outline in course.photos[0].labels.outlines_px:
        _outline(panels[0], course.photos[0], outline, STATE_COLORS["persisting"], "")
    lines = []
    for number, interval in enumerate(course.intervals, start=1):
        later = course.photos[number]
        if interval.matches is None:
            lines.append(f"photo {number} to {number + 1}: not compared")
            for outline in later.labels.outlines_px:
                _outline(panels[number], later, outline, STATE_COLORS["unclear"], "")
            continue
        matches = interval.matches
        for first, second, state in zip(matches.first, matches.second, matches.state, strict=True):
            if second:
                outline = later.labels.outlines_px[second - 1]
            else:
                outline = interval.registration.map_points(course.photos[number - 1].labels.outlines_px[first - 1])
            _outline(panels[number], later, outline, STATE_COLORS[str(state)], "")
        counts = ", ".join(f"{matches.count(name)} {name}" for name in STATE_COLORS if matches.count(name))
        lines.append(f"photo {number} to {number + 1}: {counts if counts else 'no spots to compare'}")
    return _joined(panels, [*lines, "not a diagnosis"])


def _panel(analysis: Analysis) -> NDArray[np.uint8]:
    height, width = analysis.photo.rgb.shape[:2]
    size = (max(1, round(width * PANEL_HEIGHT_PX / height)), PANEL_HEIGHT_PX)
    method = cv2.INTER_AREA if height > PANEL_HEIGHT_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(analysis.photo.rgb, size, interpolation=method), np.uint8).copy()


def _outline(
    panel: NDArray[np.uint8], analysis: Analysis, outline_px: NDArray[np.float64], color: Color, text: str
) -> None:
    """Outline in source px on a panel, with a text at its right."""
    zoom = panel.shape[0] / analysis.photo.rgb.shape[0]
    corners = (analysis.photo.to_working(outline_px) + 0.5) * zoom - 0.5
    # A little outside the border, so that the line does not hide a small spot.
    centre = corners.mean(axis=0)
    corners = centre + (corners - centre) * 1.25
    points = [np.round(corners * 2**_SHIFT_BITS).astype(np.int32)]
    cv2.polylines(panel, points, True, SHADOW_COLOR, 3, cv2.LINE_AA, _SHIFT_BITS)
    cv2.polylines(panel, points, True, color, 1, cv2.LINE_AA, _SHIFT_BITS)
    if text:
        place = (round(float(corners[:, 0].max())) + 3, round(float(centre[1])) + 5)
        cv2.putText(panel, text, place, _FONT, 0.45, SHADOW_COLOR, 3, cv2.LINE_AA)
        cv2.putText(panel, text, place, _FONT, 0.45, color, 1, cv2.LINE_AA)


def _joined(panels: list[NDArray[np.uint8]], lines: list[str]) -> NDArray[np.uint8]:
    """Panels side by side over white lines of text."""
    gap = np.full((PANEL_HEIGHT_PX, GAP_PX, 3), 255, np.uint8)
    row = [part for panel in panels for part in (panel, gap)][:-1]
    picture = np.concatenate(row, axis=1)
    band = np.full((LINE_HEIGHT_PX * len(lines) + 8, picture.shape[1], 3), 255, np.uint8)
    for index, line in enumerate(lines):
        # The fonts of OpenCV hold ASCII only.
        text = line.encode("ascii", "replace").decode("ascii")
        (width, _), _ = cv2.getTextSize(text, _FONT, 0.55, 1)
        size = 0.55 * min(1.0, (band.shape[1] - 20) / max(width, 1))
        cv2.putText(band, text, (10, LINE_HEIGHT_PX * (index + 1) - 6), _FONT, size, SHADOW_COLOR, 1, cv2.LINE_AA)
    return np.concatenate([picture, band])
