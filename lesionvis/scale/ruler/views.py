"""Pictures in which a ruler is sought: the photo, and strips of a sharper copy of it along straight edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.photo import Photo
from lesionvis.scale.ruler.straight_edges import TickedEdge
from lesionvis.scale.ruler.strip import Floats

ReadAgain = Callable[[int], Photo]
"""Reads the photo once more, with this many px along the longer side of the working picture at most."""

WANTED_PERIOD_PX = 12.0
"""The copy is so sharp that the ticks are this far apart, where the file has it: their lengths are measured there."""

MAX_SIDE_PX = 4096
"""Longer side of the sharper copy, px: half a metre of ruler at 8 px per mm."""

STRIP_HALF_PX = 64.0
"""Half height of a strip, working px: the longest ticks of a ruler whose millimetres are 4 px, and the edge."""

STRIP_BEYOND = 0.15
"""How far a strip goes on beyond both ends of the edge, as a share of its length: corners are round, and ends dark."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Picture in which a ruler is sought.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        The picture.
    to_working : ndarray of shape (2, 3), float64
        From (x, y, 1) in it to working px of the photo: turned, shifted and resized.
    is_strip : bool
        It is a strip along the edge of a whole ruler.
    """

    rgb: NDArray[np.uint8]
    to_working: Floats
    is_strip: bool


def whole_view(photo: Photo) -> View:
    """View of the working picture.

    Parameters
    ----------
    photo : Photo
        The photo.

    Returns
    -------
    View
        The same picture at the same place.
    """
    return View(photo.rgb, np.eye(2, 3), is_strip=False)


def strip_views(photo: Photo, edges: tuple[TickedEdge, ...], read_again: ReadAgain | None) -> list[View]:
    """Cut strips along straight edges out of a sharper copy of the photo.

    Parameters
    ----------
    photo : Photo
        The photo.
    edges : tuple of TickedEdge
        Edges, working px; at least one.
    read_again : callable or None
        Reads the photo at another resolution; None where only the working picture is at hand.

    Returns
    -------
    list of View
        One strip for each edge, in their order, with the edge along its middle.
    """
    working_side_px = max(photo.rgb.shape[:2])
    wanted = WANTED_PERIOD_PX / min(edge.period_px for edge in edges)
    side_px = round(min(working_side_px * min(wanted, 1.0 / photo.px_per_source_px), MAX_SIDE_PX))
    sharp = read_again(side_px) if read_again is not None and side_px > working_side_px else photo
    return [_strip(photo, edge, sharp) for edge in edges]


def _strip(photo: Photo, edge: TickedEdge, sharp: Photo) -> View:
    beyond = STRIP_BEYOND * edge.length_px
    across = np.array([-edge.along[1], edge.along[0]])
    corner = edge.start_px - beyond * edge.along - STRIP_HALF_PX * across
    px_per_working_px = sharp.px_per_source_px / photo.px_per_source_px
    turn = np.stack([edge.along, across], axis=1)
    to_working = np.concatenate([turn / px_per_working_px, corner[:, None]], axis=1)
    to_sharp = np.concatenate([turn, sharp.to_working(photo.to_source(corner))[:, None]], axis=1)
    width, height = edge.length_px + 2 * beyond, 2 * STRIP_HALF_PX
    size = (round(width * px_per_working_px), round(height * px_per_working_px))
    rgb = cv2.warpAffine(sharp.rgb, to_sharp, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    return View(np.asarray(rgb, np.uint8), to_working, is_strip=True)
