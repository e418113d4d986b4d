"""Pictures of a glass test and of a course: the photos below each other, what became of each spot in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.compare.blanch import FADES_MAX, KEEPS_MIN, TEST_NAME, How
from lesionvis.report.captions import FONT, Color, caption
from lesionvis.report.overlay import SHADOW_COLOR, draw_outline

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis
    from lesionvis.compare.blanch import BlanchTest
    from lesionvis.compare.series import Course

# Left, top, right, bottom, px of a panel.
Box = tuple[int, int, int, int]

# Colours that people with any colour vision tell apart on skin, each over a dark line: simulated without one kind of
# cones (Machado et al. 2009, IEEE TVCG 15:1291) no two are nearer than 33 in CIELAB.
KEEPS, UNSURE, FADES = "keeps its colour", "in between", "fades"
TEST_COLORS: dict[str, Color] = {KEEPS: (255, 200, 0), UNSURE: (255, 255, 255), FADES: (0, 200, 255)}
STATE_COLORS: dict[str, Color] = {
    "new": (255, 200, 0),
    "growing": (255, 80, 60),
    "persisting": (255, 255, 255),
    "fading": (0, 200, 255),
    "gone": (70, 100, 255),
    "unclear": (150, 150, 150),
}
# Which panel of a test is which.
PANELS: dict[How, str] = {
    "pressed": "Above without, below with the glass",
    "stretched": "Above the skin at rest, below stretched",
}
# Every photo is shown this wide, so that a phone shows words and outlines large enough, with so high a gap between two.
PANEL_WIDTH_PX = 640
GAP_PX = 8
LABEL_SIZE = 0.5


def draw_blanch(plain: Analysis, second: Analysis, test: BlanchTest) -> NDArray[np.uint8]:
    """Draw a glass test, or a test by stretching.

    Parameters
    ----------
    plain, second : Analysis
    test : BlanchTest
        Of these two.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        RGB; both photos, each compared spot outlined and with its share of contrast left in percent.
    """
    before, after = _panel(plain), _panel(second)
    colors = [TEST_COLORS[state_in_test(ratio)] for ratio in test.ratio.tolist()]
    sides = (
        (
            before,
            plain,
            [plain.spots.outlines_px[spot - 1] for spot in test.spot.tolist()],
            map(str, test.spot.tolist()),
        ),
        (after, second, list(test.outlines_px), (f"{100 * ratio:.0f} %" for ratio in test.ratio.tolist())),
    )
    for panel, analysis, outlines, texts in sides:
        boxes = [_outline(panel, analysis, outline, color) for outline, color in zip(outlines, colors, strict=True)]
        label_boxes(panel, boxes, list(texts), colors)
    lines = [
        f"{TEST_NAME[test.how]}: {test.verdict.replace('_', ' ')}. Not a diagnosis.",
        test.reason,
        f"{PANELS[test.how]}; the numbers are those of the spots, and what is left of their colour.",
    ]
    return _joined([before, after], lines, TEST_COLORS)


def state_in_test(ratio: float) -> str:
    """What became of a spot in a glass test, or a test by stretching.

    Parameters
    ----------
    ratio : float
        Share of its contrast that is left.

    Returns
    -------
    str
        Key of `TEST_COLORS`.
    """
    return KEEPS if ratio > KEEPS_MIN else FADES if ratio < FADES_MAX else UNSURE


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
    for outline in course.photos[0].spots.outlines_px:
        _outline(panels[0], course.photos[0], outline, STATE_COLORS["persisting"])
    lines = []
    for number, interval in enumerate(course.intervals, start=1):
        later = course.photos[number]
        if interval.matches is None:
            lines.append(f"Photo {number} to {number + 1}: not compared.")
            for outline in later.spots.outlines_px:
                _outline(panels[number], later, outline, STATE_COLORS["unclear"])
            continue
        matches = interval.matches
        for first, second, state in zip(matches.first, matches.second, matches.state, strict=True):
            if second:
                outline = later.spots.outlines_px[second - 1]
            else:
                outline = interval.registration.map_points(course.photos[number - 1].spots.outlines_px[first - 1])
            _outline(panels[number], later, outline, STATE_COLORS[str(state)])
        counts = ", ".join(f"{matches.count(name)} {name}" for name in STATE_COLORS if matches.count(name))
        lines.append(f"Photo {number} to {number + 1}: {counts if counts else 'no spots to compare'}.")
    return _joined(panels, [*lines, "The earliest photo is at the top. Not a diagnosis."], STATE_COLORS)


def _panel(analysis: Analysis) -> NDArray[np.uint8]:
    height, width = analysis.photo.rgb.shape[:2]
    size = (PANEL_WIDTH_PX, max(1, round(height * PANEL_WIDTH_PX / width)))
    method = cv2.INTER_AREA if width > PANEL_WIDTH_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(analysis.photo.rgb, size, interpolation=method), np.uint8).copy()


def _outline(panel: NDArray[np.uint8], analysis: Analysis, outline_px: NDArray[np.float64], color: Color) -> Box:
    """Outline in source px on a panel, and the box around it."""
    zoom = panel.shape[1] / analysis.photo.rgb.shape[1]
    corners = (analysis.photo.to_working(outline_px) + 0.5) * zoom - 0.5
    corners = widened(corners)
    draw_outline(panel, corners, color, width_px=2)
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return int(left) - 2, int(top) - 2, int(right) + 2, int(bottom) + 2


def widened(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outline a little outside a border, so that the line does not hide a small spot.

    Parameters
    ----------
    corners : ndarray of shape (K, 2), float64
        Of the border, px.

    Returns
    -------
    ndarray of shape (K, 2), float64
    """
    centre = corners.mean(axis=0)
    return np.asarray(centre + (corners - centre) * 1.25, np.float64)


def label_boxes(
    panel: NDArray[np.uint8], boxes: list[Box], texts: list[str], colors: list[Color], size: float = LABEL_SIZE
) -> None:
    """Write a text beside each box: where it hides no box and no other text, if there is such a side.

    Parameters
    ----------
    panel : ndarray of shape (H, W, 3), uint8
        Picture, sRGB; it is drawn on.
    boxes : list of (int, int, int, int)
        Left, top, right and bottom of each box in px of the panel.
    texts : list of str
        One per box.
    colors : list of (int, int, int)
        Colour of each text, sRGB, 0 to 255.
    size : float
        Scale of OpenCV's font: 1 makes a capital letter about 21 px high.

    Raises
    ------
    ValueError
        If there are not as many texts and colours as boxes.
    """
    thickness = max(1, round(2.0 * size - 0.2))
    taken = list(boxes)
    for (left, top, right, bottom), text, color in zip(boxes, texts, colors, strict=True):
        (width, height), _ = cv2.getTextSize(text, FONT, size, thickness)
        width, height = width + 4, height + 5
        across, down = (left + right - width) // 2, (top + bottom - height) // 2
        sides = ((right, down), (left - width, down), (across, top - height), (across, bottom))
        places = [(x, y, x + width, y + height) for x, y in sides]
        place = min(places, key=lambda box: sum(_overlap(box, other) for other in taken) + _outside(box, panel))
        taken.append(place)
        cv2.rectangle(panel, place[:2], (place[2] - 1, place[3] - 1), SHADOW_COLOR, cv2.FILLED)
        cv2.putText(panel, text, (place[0] + 2, place[3] - 3), FONT, size, color, thickness, cv2.LINE_AA)


def _overlap(one: Box, other: Box) -> int:
    """Area that two boxes share, px."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def _outside(box: Box, panel: NDArray[np.uint8]) -> int:
    """Area of a box that lies outside a panel, px."""
    whole = (box[2] - box[0]) * (box[3] - box[1])
    return whole - _overlap(box, (0, 0, panel.shape[1], panel.shape[0]))


def _joined(panels: list[NDArray[np.uint8]], lines: list[str], legend: dict[str, Color]) -> NDArray[np.uint8]:
    """Panels below each other over text and legend."""
    gap = np.full((GAP_PX, PANEL_WIDTH_PX, 3), 255, np.uint8)
    column = [part for panel in panels for part in (panel, gap)]
    return np.concatenate([*column[:-1], caption(lines, legend, PANEL_WIDTH_PX)])
