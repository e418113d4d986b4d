"""Pictures and places: shrinking, values between pixels, polygons, projection, nearest pairs."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = TypeVar("Picture", np.uint8, np.float32)

# cv2.remap takes at most 32767 rows at once.
REMAP_ROWS_MAX = 30_000


def shrink(picture: NDArray[Picture], long_side_px: int) -> NDArray[Picture]:
    """Reduce the longer side of a picture to at most so many px, averaging areas.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, C), uint8 or float32
    long_side_px : int

    Returns
    -------
    ndarray of shape (h, w) or (h, w, C), of the same dtype
        Never enlarged; both sides are at least 1 px.

    Examples
    --------
    >>> shrink(np.array([[0, 100], [20, 40]], np.uint8), 1)
    array([[40]], dtype=uint8)
    """
    height, width = picture.shape[:2]
    ratio = min(1.0, long_side_px / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), picture.dtype)


def sample(picture: NDArray[np.float32], x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bilinear values of a picture at places; beyond its border those of the border.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, C), float32
    x, y : ndarray of shape (N, K), float
        Places in px, the origin at the centre of the top-left pixel. N may be any number, K at most 32767.

    Returns
    -------
    ndarray of shape (N, K) or (N, K, C), float32

    Notes
    -----
    OpenCV rounds places to 1/32 px.

    Examples
    --------
    >>> ramp = np.arange(4, dtype=np.float32)[None].repeat(2, axis=0)
    >>> sample(ramp, np.array([[0.5, 1.0, 9.0]]), np.zeros((1, 3))).tolist()
    [[0.5, 1.0, 3.0]]
    """
    if x.size == 0:
        return np.zeros((*x.shape, *picture.shape[2:]), np.float32)
    blocks = [
        cv2.remap(
            picture,
            x[start : start + REMAP_ROWS_MAX].astype(np.float32),
            y[start : start + REMAP_ROWS_MAX].astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for start in range(0, len(x), REMAP_ROWS_MAX)
    ]
    # What fits into one block need not be copied once more.
    return np.asarray(blocks[0] if len(blocks) == 1 else np.concatenate(blocks), np.float32)


def following(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinate of the next corner for each corner of closed outlines, shape (..., K).

    Parameters
    ----------
    corners : ndarray of shape (..., K), float64
        One coordinate of the corners.

    Returns
    -------
    ndarray of shape (..., K), float64
        The first corner follows the last.

    Examples
    --------
    >>> following(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 3.0, 1.0]
    """
    # A third of the time of np.roll, for outlines of some dozen corners.
    return np.concatenate([corners[..., 1:], corners[..., :1]], axis=-1)


def polygon_area(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed area of polygons, by the shoelace formula.

    Parameters
    ----------
    x, y : ndarray of shape (..., K), float64
        Corners in order; the last is joined to the first.

    Returns
    -------
    ndarray of shape (...), float64
        Above 0 for corners that go from x to y, which is clockwise in a picture whose y points down.

    Examples
    --------
    >>> float(polygon_area(np.array([0.0, 3.0, 3.0, 0.0]), np.array([0.0, 0.0, 4.0, 4.0])))
    12.0
    """
    return np.asarray(0.5 * (x * following(y) - following(x) * y).sum(axis=-1), np.float64)


def polygon_centroid(
    x: NDArray[np.float64], y: NDArray[np.float64], area: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centroid of polygons.

    Parameters
    ----------
    x, y : ndarray of shape (..., K), float64
        Corners in order. Near the origin, as the sums cancel far from it.
    area : ndarray of shape (...), float64
        `polygon_area`, not 0.

    Returns
    -------
    x, y : ndarray of shape (...), float64

    Examples
    --------
    >>> corners = np.array([0.0, 3.0, 3.0, 0.0]), np.array([0.0, 0.0, 4.0, 4.0])
    >>> [float(v) for v in polygon_centroid(*corners, polygon_area(*corners))]
    [1.5, 2.0]
    """
    next_x, next_y = following(x), following(y)
    cross = x * next_y - next_x * y
    six_areas = 6.0 * area
    return ((x + next_x) * cross).sum(axis=-1) / six_areas, ((y + next_y) * cross).sum(axis=-1) / six_areas


def clipped_polygon(corners: NDArray[np.float64], low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Part of a polygon that lies in a rectangle, by clipping at one side after the other (Sutherland, Hodgman 1974).

    Parameters
    ----------
    corners : ndarray of shape (K, 2), float64
        Corners (x, y) in order; the last is joined to the first.
    low, high : array_like of shape (2,)
        Least and largest x and y of the rectangle.

    Returns
    -------
    ndarray of shape (L, 2), float64
        Corners in the same order; L is 0 where nothing lies inside. Parts that the rectangle cuts apart stay joined
        by lines along its sides, which hold no area.

    Examples
    --------
    >>> square = np.array([[-2.0, 1.0], [2.0, 1.0], [2.0, 3.0], [-2.0, 3.0]])
    >>> clipped_polygon(square, (0, 0), (9, 9)).tolist()
    [[0.0, 1.0], [2.0, 1.0], [2.0, 3.0], [0.0, 3.0]]
    """
    for bound, sign in ((low, 1.0), (high, -1.0)):
        for axis, limit in enumerate(np.asarray(bound, np.float64).tolist()):
            inside = sign * (corners[:, axis] - limit)
            kept = []
            for here, depth, before, depth_before in zip(
                corners, inside, np.roll(corners, 1, axis=0), np.roll(inside, 1), strict=True
            ):
                if (depth < 0) != (depth_before < 0):
                    cut = before + depth_before / (depth_before - depth) * (here - before)
                    cut[axis] = limit  # to the last digit, so that nothing lies outside
                    kept.append(cut)
                if depth >= 0:
                    kept.append(here)
            corners = np.asarray(kept, np.float64).reshape(-1, 2)
    return corners


def project(matrix: NDArray[np.float64], xy: ArrayLike, *, only_visible: bool = False) -> NDArray[np.float64]:
    """Places through a projective or affine map.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3), float64
        Homogeneous matrix; its scale is of no matter.
    xy : array_like of shape (N, 2)
    only_visible : bool
        Whether places on the other side of the horizon than the origin are NaN.

    Returns
    -------
    ndarray of shape (N, 2), float64

    Examples
    --------
    >>> project(np.diag([2.0, 2.0, 1.0]), [[1.0, 3.0]]).tolist()
    [[2.0, 6.0]]
    >>> tilted = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.5, 0.0, 1.0]])
    >>> project(tilted, [[1.0, 0.0], [3.0, 0.0]], only_visible=True).tolist()
    [[2.0, 0.0], [nan, nan]]
    """
    points = np.asarray(xy)
    projected = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    depth = projected[:, 2:]
    if only_visible:
        # The sign of a homography is free: the origin is in front of the camera.
        depth = np.where(depth * matrix[2, 2] > 0, depth, np.nan)
    return np.asarray(projected[:, :2] / depth, np.float64)


def area_zoom(matrix: NDArray[np.float64], xy: ArrayLike) -> NDArray[np.float64]:
    """Px after a projective map per px before it, the square root of how areas grow.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3), float64
    xy : array_like of shape (N, 2)
        Places before the map.

    Returns
    -------
    ndarray of shape (N,), float64

    Examples
    --------
    >>> area_zoom(np.diag([2.0, 8.0, 1.0]), [[1.0, 3.0]]).tolist()
    [4.0]
    """
    points = np.asarray(xy, np.float64)
    here = project(matrix, points)
    across = project(matrix, points + np.array([0.5, 0.0])) - here
    down = project(matrix, points + np.array([0.0, 0.5])) - here
    return np.asarray(2.0 * np.sqrt(np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0])))


def distances(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance of each place of one list from each of another.

    Parameters
    ----------
    a : ndarray of shape (N, 2), float
    b : ndarray of shape (M, 2), float

    Returns
    -------
    ndarray of shape (N, M), float64

    Examples
    --------
    >>> distances(np.zeros((1, 2)), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[5.0, 1.0]]
    """
    difference = a[:, None] - b[None]
    return np.asarray(np.hypot(difference[..., 0], difference[..., 1]))


def nearest_pairs(
    distance: NDArray[np.float64], is_possible: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs one to one: of all possible ones the nearest first, then the nearest that is left.

    Parameters
    ----------
    distance : ndarray of shape (N, M), float64
    is_possible : ndarray of shape (N, M), bool
        Which pairs may be made at all.

    Returns
    -------
    rows, columns : ndarray of shape (K,), int64
        Of the pairs, by row. Who loses the nearest to a nearer one gets the next possible one, or none.

    Examples
    --------
    >>> distance = np.array([[1.0, 2.0], [0.5, 3.0]])
    >>> [found.tolist() for found in nearest_pairs(distance, distance < 9.0)]
    [[0, 1], [1, 0]]
    """
    rows, columns = np.nonzero(is_possible)
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for pair in np.argsort(distance[is_possible], kind="stable"):
        row, column = int(rows[pair]), int(columns[pair])
        if row not in partner and column not in taken:
            partner[row] = column
            taken.add(column)
    chosen = sorted(partner)
    return np.array(chosen, np.int64), np.array([partner[row] for row in chosen], np.int64)


def pixels_inside(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centre lies inside a polygon, by counting its sides to the left of each centre.

    Parameters
    ----------
    corners : ndarray of shape (K, 2), float64
        Corners (x, y) in px; the last is joined to the first.
    shape : (int, int)
        Height and width of the picture, px.

    Returns
    -------
    ndarray of shape (H, W), bool

    Examples
    --------
    >>> pixels_inside(np.array([[0.5, -0.5], [2.5, -0.5], [2.5, 0.5], [0.5, 0.5]]), (2, 4)).astype(int)
    array([[0, 1, 1, 0],
           [0, 0, 0, 0]])
    """
    height, width = shape
    x, y = corners[:, 0], corners[:, 1]
    next_x, next_y = following(x), following(y)
    # A side meets the rows from its upper end on and before its lower end, so that no corner counts twice.
    first = np.clip(np.ceil(np.minimum(y, next_y)), 0, height).astype(np.intp)
    last = np.clip(np.ceil(np.maximum(y, next_y)), 0, height).astype(np.intp)
    count = last - first
    side = np.repeat(np.arange(len(x)), count)
    row = np.arange(len(side)) - np.repeat(np.cumsum(count) - count, count) + first[side]
    share = (row - y[side]) / (next_y - y)[side]
    column = np.clip(np.ceil(x[side] + share * (next_x - x)[side]), 0, width).astype(np.intp)
    crossings = np.zeros((height, width + 1), np.int32)
    np.add.at(crossings, (row, column), 1)
    return np.asarray(np.cumsum(crossings[:, :-1], axis=1) % 2 == 1)


# Sides of a border in a square of four pixel centres, by which of the four are inside (1 top left, 2 top right, 4
# bottom right, 8 bottom left): from the middle of one side of the square to that of another, the inside on the right.
# Pixels that meet at a corner are joined.
_TOP, _RIGHT, _BOTTOM, _LEFT = (1, 0), (2, 1), (1, 2), (0, 1)
_BORDER_SIDES = {
    (_TOP, _LEFT): (1,),
    (_RIGHT, _TOP): (2,),
    (_BOTTOM, _RIGHT): (4,),
    (_LEFT, _BOTTOM): (8,),
    (_RIGHT, _LEFT): (3,),
    (_BOTTOM, _TOP): (6,),
    (_LEFT, _RIGHT): (12,),
    (_TOP, _BOTTOM): (9,),
    (_BOTTOM, _LEFT): (7, 5),
    (_RIGHT, _BOTTOM): (11, 10),
    (_TOP, _RIGHT): (13, 5),
    (_LEFT, _TOP): (14, 10),
}


def pixel_borders(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Outer borders of the regions of a mask, through the middles of the sides that pixels have to the outside.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool

    Returns
    -------
    list of ndarray of shape (K, 2), float64
        Corners (x, y) of each region, px; pixels that meet at a corner are one region, and holes are filled.
        `pixels_inside` gives back the pixels. The area is the number of pixels, holes included, less a half.

    Examples
    --------
    >>> [border.tolist() for border in pixel_borders(np.array([[False, True]]))]
    [[[1.0, -0.5], [1.5, 0.0], [1.0, 0.5], [0.5, 0.0]]]
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    case = padded[:-1, :-1] + 2 * padded[:-1, 1:] + 4 * padded[1:, 1:] + 8 * padded[1:, :-1]
    # Places in half px of the padded mask as one number each, so that every side leads from one number to another.
    width = 2 * padded.shape[1]
    following_place: dict[int, int] = {}
    for ((from_x, from_y), (to_x, to_y)), cases in _BORDER_SIDES.items():
        rows, columns = np.nonzero(np.isin(case, cases))
        starts = (2 * rows + from_y) * width + 2 * columns + from_x
        ends = (2 * rows + to_y) * width + 2 * columns + to_x
        following_place |= zip(starts.tolist(), ends.tolist(), strict=True)
    borders = []
    for start in sorted(following_place):
        places = []
        place = start
        while place in following_place:
            places.append(place)
            place = following_place.pop(place)
        if places:
            down, across = np.divmod(np.asarray(places), width)
            border = np.stack([across, down], axis=1) / 2.0 - 1.0
            if polygon_area(border[:, 0], border[:, 1]) > 0:  # those of holes go the other way round
                borders.append(border)
    return borders
