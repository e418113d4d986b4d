"""Outlines -> how large they are and of what shape."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.geometry import following, polygon_area, polygon_centroid

# Outlines are measured in blocks of so many: the tables of pairs of corners then fit into the processor's cache.
BLOCK = 32


def shapes(outlines_px: Sequence[NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Columns of the table of spots that follow from the outlines alone.

    Parameters
    ----------
    outlines_px : sequence of N ndarrays of shape (K, 2), float64
        Borders (x, y) in px; K may differ.

    Returns
    -------
    dict
        Name -> array of shape (N,); `lesionvis.spots.table.COLUMNS` tells what each is.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> columns = shapes([square])
    >>> [float(columns[name][0]) for name in ("x_px", "y_px", "area_px", "feret_max_px", "feret_min_px")]
    [1.5, 2.0, 12.0, 5.0, 3.0]
    """
    rows = np.zeros((len(outlines_px), 7))
    corners = np.asarray([len(outline) for outline in outlines_px], np.int64)
    for number in np.unique(corners):
        alike = np.flatnonzero(corners == number)
        for block in np.array_split(alike, len(alike) // BLOCK + 1):
            rows[block] = _measured(np.stack([outlines_px[i] for i in block]))
    x, y, area, length, width, perimeter, hull_area = rows.T
    return {
        "x_px": x,
        "y_px": y,
        "area_px": area,
        "diameter_px": 2.0 * np.sqrt(area / np.pi),
        "feret_max_px": length,
        "feret_min_px": width,
        "circularity": 4.0 * np.pi * area / np.maximum(perimeter, 1e-9) ** 2,
        "solidity": np.minimum(1.0, area / np.maximum(hull_area, 1e-9)),
        "aspect": np.maximum(length / np.maximum(width, 1e-9), 1.0),
    }


def _measured(outlines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centroid x and y, area, largest and smallest Feret diameter, perimeter and hull area of (N, K, 2): (N, 7)."""
    origin = outlines.mean(axis=1)
    arm = outlines - origin[:, None]
    x, y = arm[..., 0], arm[..., 1]
    area = polygon_area(x, y)
    is_flat = np.abs(area) < 1e-9
    centre_x, centre_y = polygon_centroid(x, y, np.where(is_flat, 1.0, area))
    hulls = [cv2.convexHull(corners)[:, 0] for corners in arm.astype(np.float32)]
    length, width = _feret_diameters(hulls)
    columns = [
        centre_x + origin[:, 0],
        centre_y + origin[:, 1],
        np.abs(area),
        length,
        np.minimum(width, length),
        np.hypot(following(x) - x, following(y) - y).sum(axis=1),
        np.asarray([cv2.contourArea(hull) for hull in hulls]),
    ]
    rows = np.stack(columns, axis=1)
    # What has no area has a place and nothing else.
    rows[is_flat, :2], rows[is_flat, 2:] = origin[is_flat], 0.0
    return rows


def _feret_diameters(hulls: list[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest and smallest distance of two parallel calipers around each of N convex polygons (K, 2)."""
    sizes = np.asarray([len(hull) for hull in hulls])
    place = np.arange(sizes.max())
    is_corner = place < sizes[:, None]
    # Shorter polygons end with their first corner again and again.
    first = (np.cumsum(sizes) - sizes)[:, None]
    corners = np.concatenate(hulls).astype(np.float64)[first + np.where(is_corner, place, 0)]
    across, down = ((side[:, :, None] - side[:, None]).reshape(len(side), -1) for side in corners.transpose(2, 0, 1))
    longest = np.arange(len(corners)), (across * across + down * down).argmax(axis=1)
    length = np.hypot(across[longest], down[longest])
    # One edge lies on one of the two calipers where they are nearest.
    edge = np.roll(corners, -1, axis=1) - corners
    normal = np.stack([-edge[..., 1], edge[..., 0]], axis=2)
    normal /= np.maximum(np.hypot(edge[..., 0], edge[..., 1]), 1e-9)[..., None]
    extent = np.ptp(corners @ normal.transpose(0, 2, 1), axis=1)
    return length, np.where(is_corner, extent, np.inf).min(axis=1)
