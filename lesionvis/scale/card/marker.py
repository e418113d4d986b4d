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
from lesionvis.scale.base import PLACE_REACH_MM, NoScale, Scale
from lesionvis.scale.card.layout import (
    BAR_MM,
    BOARD_LEFT_MM,
    BOARD_TOP_MM,
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    PATCHES,
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

MAX_FOREIGN_MARKERS = 1
"""Markers of other boards that may be in sight: one is a chance pattern, as in one of 200 photos; two are a board."""

MAX_OFF_PLANE_SHARE = 0.2
"""Share of the markers that may lie off the plane of the others: a curled edge. On another board most do."""

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

QUARTER_OFFSET_SQUARES = 0.13
"""Where the four quarters around a corner are looked at, in squares: before the markers' ink begins."""

MIN_QUARTER_CONTRAST, MIN_QUARTER_SHARE = 0.05, 0.5
"""Least relative contrast of the quarters around a corner, also as a share of that of the clearest quarter of all
corners; under it something covers the corner."""

LIGHT_FLOOR = 10.0
"""Grey levels added to the light before a relative contrast is taken, so that noise in the dark is none."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey picture."""

DARK_PATCH, BARE_PAPER, MIN_BARE_PATCHES = 0.45, 0.85, 4
"""Light up to which a patch of the card is dark, as a share of white (six are); share of the way from the board's black
to its white from which on paper is bare; and dark patches that must be missing: a light fingertip covers two."""

MIN_BEND_CORNERS, UNKNOWN_BEND = 12, 0.02
"""With fewer corners a bend cannot be told from noise; then the card is taken to be bent as hand-held paper is."""

BAR_BOUNDS_MM = (25.0, 100.0)
"""Half and twice the size: beyond them the bar was not what was measured."""

FLAT_REACH_MM = 40.0
"""How far from the card the skin is taken to lie in the card's plane; farther off, the nearest scale holds."""

GRID_MM = 2.0 * PLACE_REACH_MM
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
    bend : float
        Root mean square relative change of scale on the card that its plane does not explain.
    """

    plane: Homography
    corners_mm: NDArray[np.float64]
    residual_px: float
    bend: float


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
    to the homography, plus that of the print and of a bend.

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
    seen = _markers(gray, first_look)
    if first_look < 1.0 and (seen.n_all > 0 or seen.n_quadrangles >= SECOND_LOOK_QUADRANGLES):
        seen = _markers(gray, 1.0)
    if seen.n_all == 0:
        return NoScale("no card found: no marker in sight")
    if seen.n_foreign > MAX_FOREIGN_MARKERS:
        return NoScale(f"no card found: {NOT_OUR_BOARD}, as {seen.n_foreign} of its markers are not on it")
    plane = _plane(seen)
    if plane is None:
        told = "1 marker is" if seen.n_all == 1 else f"{seen.n_all} markers are"
        return NoScale(f"no card found: {told} in sight where {MIN_MARKERS} in one plane are needed")
    if isinstance(plane, NoScale):
        return plane
    corners = _refined(gray, plane)
    if corners is None:
        return NoScale("no card found: its markers are in sight but the corners of its squares are not sharp enough")
    if _is_bare_beneath(gray, corners.plane):
        return NoScale(f"no card found: {NOT_OUR_BOARD}, as there is bare paper where the card has patches of colour")
    to_source = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, photo.px_per_source_px]])
    to_source[:2] -= 0.5 * to_source[2]
    return CardView(
        Homography(to_source @ corners.plane.matrix),
        corners.corners_mm,
        corners.residual_px / photo.px_per_source_px,
        corners.bend,
    )


NOT_OUR_BOARD = "the board in sight is not the card of lesionvis"


@dataclass(frozen=True, slots=True, eq=False)
class _Markers:
    """Markers in sight.

    Attributes
    ----------
    on_card : ndarray of shape (M, 4, 2), float64
        Corners of those that the card has, where they are on it, in mm.
    seen : ndarray of shape (M, 4, 2), float64
        Where they are in the photo, working px.
    n_foreign : int
        Markers that are not on the card.
    n_quadrangles : int
        Black quadrangles that are no markers.
    """

    on_card: NDArray[np.float64]
    seen: NDArray[np.float64]
    n_foreign: int
    n_quadrangles: int

    @property
    def n_all(self) -> int:
        """All markers in sight."""
        return len(self.seen) + self.n_foreign


def _markers(gray: NDArray[np.uint8], reduction: float) -> _Markers:
    small = gray
    if reduction < 1.0:
        small = np.asarray(cv2.resize(gray, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA), np.uint8)
    board = charuco_board()
    # The dictionary has more than twice the card's markers: a larger board shows itself by the others.
    corners, ids, rejected = cv2.aruco.ArucoDetector(board.getDictionary()).detectMarkers(small)
    place = {int(marker): row for row, marker in enumerate(np.ravel(board.getIds()))}
    seen_ids = [] if ids is None else [int(marker) for marker in np.ravel(ids)]
    found = [(place[i], np.reshape(c, (4, 2))) for i, c in zip(seen_ids, corners, strict=True) if i in place]
    on_board = np.asarray(board.getObjPoints(), np.float64)[[row for row, _ in found]].reshape(-1, 4, 3)[..., :2]
    seen = np.asarray([c for _, c in found], np.float64).reshape(-1, 4, 2)
    return _Markers(
        on_board + np.array([BOARD_LEFT_MM, BOARD_TOP_MM]),
        (seen + 0.5) / reduction - 0.5,
        len(seen_ids) - len(found),
        len(rejected),
    )


def _plane(markers: _Markers) -> Homography | NoScale | None:
    """Plane in working px that the markers lie on; None where fewer than three do, NoScale where many others do not."""
    if len(markers.seen) < MIN_MARKERS:
        return None
    # The tolerance is of the source points, in mm: it then suits markers of any size.
    inverse, inliers = cv2.findHomography(
        markers.seen.reshape(-1, 2), markers.on_card.reshape(-1, 2), cv2.RANSAC, MARKER_TOLERANCE_MM
    )
    if inverse is None or abs(np.linalg.det(inverse)) < 1e-12:
        return None
    whole = np.asarray((inliers.reshape(-1, 4) > 0).all(axis=1))
    n_off = int((~whole).sum())
    if n_off > max(MAX_FOREIGN_MARKERS, MAX_OFF_PLANE_SHARE * len(whole)):
        return NoScale(f"no card found: {NOT_OUR_BOARD}, as {n_off} of its {len(whole)} markers are at other places")
    return Homography(np.linalg.inv(np.asarray(inverse, np.float64))) if whole.sum() >= MIN_MARKERS else None


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """Plane through the corners of the squares, these corners on the card, their rms distance in working px, bend."""

    plane: Homography
    corners_mm: NDArray[np.float64]
    residual_px: float
    bend: float


def _refined(gray: NDArray[np.uint8], plane: Homography) -> _Corners | None:
    """Fit the plane to the corners of the squares that nothing covers."""
    corners_mm = np.asarray(charuco_board().getChessboardCorners(), np.float64)[:, :2]
    corners_mm += np.array([BOARD_LEFT_MM, BOARD_TOP_MM])
    for _ in range(REFINEMENTS):  # from the markers' corners first, which are coarse
        seen_px = plane.to_px(corners_mm)
        square_px = SQUARE_MM * plane.px_per_mm(corners_mm) * plane.foreshortening(corners_mm)
        window = int(np.clip(CORNER_WINDOW_SQUARES * np.nanmedian(square_px), 2, 10))
        margin = window + 2.0
        inside = np.all((seen_px > margin) & (seen_px < np.array(gray.shape[::-1]) - 1 - margin), axis=1)
        inside[inside] = _are_saddles(gray, plane, corners_mm[inside])
        if inside.sum() < MIN_CORNERS:
            return None
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
        start = seen_px[inside].astype(np.float32).reshape(-1, 1, 2)
        sharp = cv2.cornerSubPix(gray, start, (window, window), (-1, -1), stop).reshape(-1, 2).astype(np.float64)
        matrix, inliers = cv2.findHomography(corners_mm[inside], sharp, cv2.RANSAC, CORNER_TOLERANCE_PX)
        if matrix is None or inliers.sum() < max(MIN_CORNERS, MIN_CORNER_SHARE * inside.sum()):
            return None
        plane = Homography(np.asarray(matrix, np.float64))
    used = inliers.ravel() > 0
    off = plane.to_px(corners_mm[inside][used]) - sharp[used]
    residual_px = float(np.sqrt(np.mean(np.sum(off**2, axis=1))))
    return _Corners(plane, corners_mm[inside][used], residual_px, _bend(corners_mm[inside], sharp))


def _are_saddles(gray: NDArray[np.uint8], plane: Homography, corners_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which corners have two dark and two light quarters around them; what a finger covers has not."""
    if len(corners_mm) == 0:
        return np.zeros(0, np.bool_)
    quarters = []
    for quarter in ((1, 1), (-1, -1), (1, -1), (-1, 1)):
        at = plane.to_px(corners_mm + QUARTER_OFFSET_SQUARES * SQUARE_MM * np.array(quarter)).astype(np.float32)
        quarters.append(cv2.remap(gray, at[:, :1], at[:, 1:], cv2.INTER_LINEAR).ravel().astype(np.float64))
    pairs = np.stack([quarters[:2], quarters[2:]])
    light, dark = pairs.min(axis=1).max(axis=0), pairs.max(axis=1).min(axis=0)
    contrast = (light - dark) / (light + LIGHT_FLOOR)
    usual = float(np.quantile(contrast, 0.75))
    return np.asarray(contrast > max(MIN_QUARTER_SHARE * usual, MIN_QUARTER_CONTRAST))


def _is_bare_beneath(gray: NDArray[np.uint8], plane: Homography) -> bool:
    """Test whether paper is bare where the card's dark patches are; what lies over them is mostly darker than paper.

    It is told by the light of the board's squares above, between black and white.
    """
    dark = [patch for patch in PATCHES if np.dot(LUMA, patch.rgb) <= DARK_PATCH]
    patches_mm = np.array([[patch.x_mm, patch.y_mm] for patch in dark])
    corners_mm = np.stack(
        [patches_mm[:, 0] + 0.5 * SQUARE_MM, np.full(len(dark), BOARD_TOP_MM + 3 * SQUARE_MM)], axis=1
    )
    around_mm = QUARTER_OFFSET_SQUARES * SQUARE_MM * np.array([(1, 1), (-1, -1), (1, -1), (-1, 1)])
    beneath = np.mean([_light_at(gray, plane, patches_mm + offset_mm) for offset_mm in around_mm], axis=0)
    squares = np.array([_light_at(gray, plane, corners_mm + offset_mm) for offset_mm in around_mm])
    black, white = squares.min(axis=0), squares.max(axis=0)
    share = (beneath - black) / np.maximum(white - black, 1.0)
    known = np.isfinite(share)
    return bool((share[known] >= BARE_PAPER).sum() >= MIN_BARE_PATCHES)


def _light_at(gray: NDArray[np.uint8], plane: Homography, places_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Grey levels (N,) at places of the card; NaN outside of the picture."""
    at = plane.to_px(places_mm).astype(np.float32)
    light = cv2.remap(gray, at[:, :1], at[:, 1:], cv2.INTER_LINEAR).ravel().astype(np.float64)
    light[~np.all((at >= 0) & (at <= np.array(gray.shape[::-1]) - 1), axis=1)] = np.nan
    return np.asarray(light)


def _bend(corners_mm: NDArray[np.float64], seen_px: NDArray[np.float64]) -> float:
    """Root mean square relative change of scale that a plane leaves over: slope of a cubic through what is left."""
    if len(corners_mm) < MIN_BEND_CORNERS:
        return UNKNOWN_BEND
    matrix, _ = cv2.findHomography(corners_mm, seen_px, 0)
    plane = Homography(np.asarray(matrix, np.float64))
    left_px = seen_px - plane.to_px(corners_mm)
    x, y = ((corners_mm - corners_mm.mean(axis=0)) / SQUARE_MM).T
    one, none = np.ones_like(x), np.zeros_like(x)
    # No y cubed: the board has three rows of corners.
    terms = np.stack([one, x, y, x * x, x * y, y * y, x**3, x * x * y], axis=1)
    along_x = np.stack([none, one, none, 2 * x, y, none, 3 * x * x, 2 * x * y], axis=1)
    along_y = np.stack([none, none, one, none, x, 2 * y, none, x * x], axis=1)
    coefficients = np.linalg.lstsq(terms, left_px, rcond=1e-3)[0]
    px_per_square = SQUARE_MM * float(plane.px_per_mm(corners_mm).mean())
    slope = np.concatenate([along_x, along_y]) @ coefficients / px_per_square
    return float(np.sqrt(np.mean(np.sum(slope**2, axis=1))))


def _scale(view: CardView, print_scale: float, photo: Photo) -> Scale:
    plane = Homography(view.plane.matrix @ np.diag([1.0 / print_scale, 1.0 / print_scale, 1.0]))
    corners_mm = view.corners_mm * print_scale
    mean = float(plane.px_per_mm(corners_mm).mean())
    noise_px = max(view.residual_px, MIN_CORNER_NOISE_PX / photo.px_per_source_px)
    places_mm = _grid(print_scale)
    places_px = plane.to_px(places_mm)
    frame = np.array([photo.source_width_px, photo.source_height_px]) - 0.5
    inside = np.all((places_px > -0.5) & (places_px < frame), axis=1)
    places_mm, local = places_mm[inside], plane.px_per_mm(places_mm[inside])
    reading, reading_at_places = _reading_errors(plane, corners_mm, noise_px, places_mm)
    others = PRINT_TOLERANCE**2 + view.bend**2
    return Scale(
        px_per_mm=mean,
        standard_error_px_per_mm=float(np.sqrt(reading**2 + mean**2 * others)),
        source="marker",
        outline_px=plane.to_px(card_outline_mm() * print_scale),
        points_px=places_px[inside],
        px_per_mm_at_points=local,
        relative_error_at_points=np.sqrt((reading_at_places / local) ** 2 + others),
        plane=plane,
    )


def _grid(print_scale: float) -> NDArray[np.float64]:
    """Places of the card's plane, every 10 mm on and around the card."""
    columns = np.arange(-FLAT_REACH_MM, CARD_WIDTH_MM * print_scale + FLAT_REACH_MM + 0.1, GRID_MM)
    rows = np.arange(-FLAT_REACH_MM, CARD_HEIGHT_MM * print_scale + FLAT_REACH_MM + 0.1, GRID_MM)
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def _reading_errors(
    plane: Homography, corners_mm: NDArray[np.float64], residual_px: float, places_mm: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Standard error of the mean scale at the corners, and of the scale at places (M, 2), in px per mm.

    From the distances of the corners to a homography fitted to them.
    """
    reach_px = float(np.abs(plane.to_px(corners_mm)).max())
    reach_mm = float(np.abs(corners_mm).max())
    matrix = plane.matrix / plane.matrix[2, 2]
    steps = 1e-6 * np.outer([reach_px, reach_px, 1.0], [1.0 / reach_mm, 1.0 / reach_mm, 1.0]).ravel()[:8]
    asked_mm = np.vstack([corners_mm, places_mm])
    corner_change = np.empty((2 * len(corners_mm), 8))
    scale_change = np.empty((len(asked_mm), 8))
    for entry, step in enumerate(steps):
        change = np.zeros(9)
        change[entry] = step
        nudged = Homography(matrix + change.reshape(3, 3))
        corner_change[:, entry] = (nudged.to_px(corners_mm) - plane.to_px(corners_mm)).ravel() / 1e-6
        scale_change[:, entry] = (nudged.px_per_mm(asked_mm) - plane.px_per_mm(asked_mm)) / 1e-6
    degrees_of_freedom = 2 * len(corners_mm) - 8
    variance_px = residual_px**2 * len(corners_mm) / degrees_of_freedom
    covariance = variance_px * np.linalg.pinv(corner_change.T @ corner_change)
    of_mean = scale_change[: len(corners_mm)].mean(axis=0)
    at_places = scale_change[len(corners_mm) :]
    errors = np.sqrt(np.einsum("ij,jk,ik->i", at_places, covariance, at_places))
    return float(np.sqrt(of_mean @ covariance @ of_mean)), np.asarray(errors, np.float64)
