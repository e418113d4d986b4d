"""Finds the printed card in a photo, and reads its scale.

The markers tell where the card is and which way round; the corners of its squares, which blur does not move, give
the homography; and that gives the scale at every place of the card's plane, whatever the tilt.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.checks import check_between
from lesionvis.photo import Photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.card.layout import (
    BAR_MM,
    BOARD_LEFT_MM,
    BOARD_TOP_MM,
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    SQUARE_MM,
    card_outline_mm,
    charuco_board,
)
from lesionvis.scale.card.projection import Homography

FIRST_LOOK_SIDE_PX = 640
"""Longer side of the picture that is searched first: enough for 6 px/mm at 1280 px, and a few ms."""

SECOND_LOOK_QUADRANGLES = 16
"""Black quadrangles that are worth a look at the whole working picture; a card too small for the first look shows
25 to 50, and one photo of skin in eight this many."""

MIN_MARKERS = 3
"""Markers that must agree on one plane; alone, one in 200 photos shows the pattern of some marker."""

MIN_CORNERS = 6
"""Corners of squares that must lie on that plane: four fix it, two more show that they do."""

MIN_CORNER_SHARE = 0.6
"""Share of the corners within the frame that must lie on it: a finger may cover the others. Corners of a card too
blurred to be read agree with a wrong plane too, but fewer."""

REFINEMENTS = 4
"""Times that corners are sought where the plane through the last ones puts them; blurred cards need three."""

MARKER_TOLERANCE_MM = 0.8
"""How far a marker's corner may lie off the common plane at first: a module."""

CORNER_TOLERANCE_PX = 1.0
"""How far a refined corner of a square may lie off the plane, working px."""

CORNER_WINDOW_SQUARES = 0.18
"""Half side of the window in which a corner is refined, in squares: wider than the blur of 2 px at 6 px/mm, and
not much beyond where the markers' ink begins."""

MIN_CORNER_NOISE_PX = 0.05
"""Corners are never better than this, working px, however well few of them agree."""

PRINT_TOLERANCE = 0.003
"""Relative error of the print: a bar can be measured to 0.15 of 50 mm."""

BAR_BOUNDS_MM = (25.0, 100.0)
"""Half and twice the size: beyond them the bar was not what was measured."""

FLAT_REACH_MM = 40.0
"""How far from the card the skin is taken to lie in the card's plane; farther off, the nearest scale holds."""

GRID_MM = 10.0
"""Distance of the places at which the scale is given."""


@dataclass(frozen=True, slots=True, eq=False)
class CardView:
    """Position of the card in a photo.

    Attributes
    ----------
    plane : Homography
        From mm on the card as designed (origin at its top-left corner) to source px.
    corners_mm : ndarray of shape (N, 2), float64
        Corners of squares that were found, on the card.
    residual_px : float
        Root mean square distance of these from where the plane puts them, source px.
    """

    plane: Homography
    corners_mm: NDArray[np.float64]
    residual_px: float


def check_bar_mm(bar_mm: float) -> None:
    """Refuse the length of a bar that is outside `BAR_BOUNDS_MM`.

    Parameters
    ----------
    bar_mm : float
        Measured length of the printed bar, mm.

    Raises
    ------
    SettingsError
        If it is outside the bounds or no number.
    """
    check_between("bar_mm", bar_mm, *BAR_BOUNDS_MM)


def find_marker(photo: Photo, bar_mm: float = BAR_MM) -> Scale | NoScale:
    """Read the scale of a photo off the printed card in it.

    Parameters
    ----------
    photo : Photo
        The photo.
    bar_mm : float
        Length of the printed bar, 25 to 100 mm; 50 when the printer kept the scale.

    Returns
    -------
    Scale or NoScale
        Scale with source "marker". `px_per_mm` is the mean over the part of the card that was read. It is the
        scale of lengths that face the camera: what a tilt shortens is not counted as smaller. The places are a
        grid of 10 mm in the card's plane, up to 40 mm around it: within that the skin is taken to be flat.

    Raises
    ------
    SettingsError
        If `bar_mm` is outside its bounds.

    Notes
    -----
    ArUco markers (Garrido-Jurado et al. 2014) in a chessboard; the error is propagated from the corners' distances
    to the homography, plus that of the print.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> find_marker(read_photo(np.full((96, 128, 3), 180, np.uint8))).reason
    'no card found: no marker in sight'
    """
    check_bar_mm(bar_mm)
    view = find_card(photo)
    return view if isinstance(view, NoScale) else _scale(view, bar_mm / BAR_MM, photo)


def find_card(photo: Photo) -> CardView | NoScale:
    """Find the printed card in a photo.

    Parameters
    ----------
    photo : Photo
        The photo.

    Returns
    -------
    CardView or NoScale
        NoScale says how many markers were seen.
    """
    gray = np.asarray(cv2.cvtColor(photo.rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    first_look = min(1.0, FIRST_LOOK_SIDE_PX / max(gray.shape))
    n_markers, quadrangles, plane = _markers(gray, first_look)
    if first_look < 1.0 and (n_markers > 0 or quadrangles >= SECOND_LOOK_QUADRANGLES):
        n_markers, _, plane = _markers(gray, 1.0)
    if n_markers == 0:
        return NoScale("no card found: no marker in sight")
    if plane is None:
        told = "1 marker is" if n_markers == 1 else f"{n_markers} markers are"
        return NoScale(f"no card found: {told} in sight where {MIN_MARKERS} in one plane are needed")
    corners = _refined(gray, plane)
    if corners is None:
        return NoScale("no card found: its markers are in sight but the corners of its squares are not sharp enough")
    plane, corners_mm, residual_px = corners
    to_source = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, photo.px_per_source_px]])
    to_source[:2] -= 0.5 * to_source[2]
    return CardView(Homography(to_source @ plane.matrix), corners_mm, residual_px / photo.px_per_source_px)


def _markers(gray: NDArray[np.uint8], reduction: float) -> tuple[int, int, Homography | None]:
    """Number of markers, of other quadrangles, and the plane in working px that three or more markers agree on."""
    small = gray
    if reduction < 1.0:
        small = np.asarray(cv2.resize(gray, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA), np.uint8)
    board = charuco_board()
    corners, ids, rejected = cv2.aruco.ArucoDetector(board.getDictionary()).detectMarkers(small)
    place = {int(marker): row for row, marker in enumerate(np.ravel(board.getIds()))}
    seen_ids = [] if ids is None else [int(marker) for marker in np.ravel(ids)]
    found = [(place[i], np.reshape(c, (-1, 2))) for i, c in zip(seen_ids, corners, strict=True) if i in place]
    if len(found) < MIN_MARKERS:
        return len(found), len(rejected), None
    on_board = np.asarray(board.getObjPoints(), np.float64)[[row for row, _ in found]].reshape(-1, 3)[:, :2]
    on_card = on_board + np.array([BOARD_LEFT_MM, BOARD_TOP_MM])
    seen = (np.concatenate([c for _, c in found]).astype(np.float64) + 0.5) / reduction - 0.5
    # The tolerance is of the source points, in mm: it then suits markers of any size.
    inverse, inliers = cv2.findHomography(seen, on_card, cv2.RANSAC, MARKER_TOLERANCE_MM)
    if inverse is None or inliers.sum() < 4 * MIN_MARKERS or abs(np.linalg.det(inverse)) < 1e-12:
        return len(found), len(rejected), None
    return len(found), len(rejected), Homography(np.linalg.inv(np.asarray(inverse, np.float64)))


def _refined(gray: NDArray[np.uint8], plane: Homography) -> tuple[Homography, NDArray[np.float64], float] | None:
    """Plane through the corners of the squares, these corners on the card, and their rms distance in working px."""
    corners_mm = np.asarray(charuco_board().getChessboardCorners(), np.float64)[:, :2]
    corners_mm += np.array([BOARD_LEFT_MM, BOARD_TOP_MM])
    for _ in range(REFINEMENTS):  # from the markers' corners first, which are coarse
        seen_px = plane.to_px(corners_mm)
        square_px = SQUARE_MM * plane.px_per_mm(corners_mm) * plane.foreshortening(corners_mm)
        window = int(np.clip(CORNER_WINDOW_SQUARES * np.nanmedian(square_px), 2, 10))
        margin = window + 2.0
        inside = np.all((seen_px > margin) & (seen_px < np.array(gray.shape[::-1]) - 1 - margin), axis=1)
        if inside.sum() < MIN_CORNERS:
            return None
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
        start = seen_px[inside].astype(np.float32).reshape(-1, 1, 2)
        sharp = cv2.cornerSubPix(gray, start, (window, window), (-1, -1), stop).reshape(-1, 2)
        matrix, inliers = cv2.findHomography(corners_mm[inside], sharp, cv2.RANSAC, CORNER_TOLERANCE_PX)
        if matrix is None or inliers.sum() < max(MIN_CORNERS, MIN_CORNER_SHARE * inside.sum()):
            return None
        plane = Homography(np.asarray(matrix, np.float64))
    used = inliers.ravel() > 0
    off = plane.to_px(corners_mm[inside][used]) - sharp[used]
    return plane, corners_mm[inside][used], float(np.sqrt(np.mean(np.sum(off**2, axis=1))))


def _scale(view: CardView, print_scale: float, photo: Photo) -> Scale:
    plane = Homography(view.plane.matrix @ np.diag([1.0 / print_scale, 1.0 / print_scale, 1.0]))
    corners_mm = view.corners_mm * print_scale
    mean = float(plane.px_per_mm(corners_mm).mean())
    noise_px = max(view.residual_px, MIN_CORNER_NOISE_PX / photo.px_per_source_px)
    reading = _reading_error(plane, corners_mm, noise_px)
    places_mm = _grid(print_scale)
    places_px = plane.to_px(places_mm)
    frame = np.array([photo.source_width_px, photo.source_height_px]) - 0.5
    inside = np.all((places_px > -0.5) & (places_px < frame), axis=1)
    return Scale(
        px_per_mm=mean,
        standard_error_px_per_mm=float(np.hypot(reading, PRINT_TOLERANCE * mean)),
        source="marker",
        outline_px=plane.to_px(card_outline_mm() * print_scale),
        points_px=places_px[inside],
        px_per_mm_at_points=plane.px_per_mm(places_mm[inside]),
    )


def _grid(print_scale: float) -> NDArray[np.float64]:
    """Places of the card's plane, every 10 mm on and around the card."""
    columns = np.arange(-FLAT_REACH_MM, CARD_WIDTH_MM * print_scale + FLAT_REACH_MM + 0.1, GRID_MM)
    rows = np.arange(-FLAT_REACH_MM, CARD_HEIGHT_MM * print_scale + FLAT_REACH_MM + 0.1, GRID_MM)
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def _reading_error(plane: Homography, corners_mm: NDArray[np.float64], residual_px: float) -> float:
    """Standard error of the mean scale at the corners, from their distances to a homography fitted to them."""
    reach_px = float(np.abs(plane.to_px(corners_mm)).max())
    reach_mm = float(np.abs(corners_mm).max())
    matrix = plane.matrix / plane.matrix[2, 2]
    steps = 1e-6 * np.outer([reach_px, reach_px, 1.0], [1.0 / reach_mm, 1.0 / reach_mm, 1.0]).ravel()[:8]
    corner_change = np.empty((2 * len(corners_mm), 8))
    scale_change = np.empty(8)
    for entry, step in enumerate(steps):
        change = np.zeros(9)
        change[entry] = step
        nudged = Homography(matrix + change.reshape(3, 3))
        corner_change[:, entry] = (nudged.to_px(corners_mm) - plane.to_px(corners_mm)).ravel() / 1e-6
        scale_change[entry] = (nudged.px_per_mm(corners_mm) - plane.px_per_mm(corners_mm)).mean() / 1e-6
    degrees_of_freedom = 2 * len(corners_mm) - 8
    variance_px = residual_px**2 * len(corners_mm) / degrees_of_freedom
    covariance = variance_px * np.linalg.pinv(corner_change.T @ corner_change)
    return float(np.sqrt(scale_change @ covariance @ scale_change))
