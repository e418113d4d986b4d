"""The annotated picture: outlines, a millimetre bar, the label and the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.scale import Scale

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis
    from lesionvis.photo import Photo
    from lesionvis.spots import Spots

# Two colours that people with any colour vision tell apart on skin, each over a dark line that keeps it visible.
SPOT_COLOR = (0, 255, 255)
LESION_COLOR = (255, 230, 0)
SCALE_COLOR = (80, 255, 80)
SHADOW_COLOR = (0, 0, 0)
# The picture is enlarged until its longer side has this many px, so that thin outlines do not hide small spots.
MIN_LONG_SIDE_PX = 1000
# The bar is the longest of these that takes at most this share of the width.
BAR_LENGTHS_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
BAR_MAX_SHARE = 0.3
BAND_HEIGHT_PX = 30
_SHIFT_BITS = 4


class Canvas:
    """Copy of a photo to draw on, enlarged where it is small.

    Parameters
    ----------
    photo : Photo

    Attributes
    ----------
    rgb : ndarray of shape (h, w, 3), uint8
        Its longer side has at least `MIN_LONG_SIDE_PX`.
    zoom : float
        Px of the canvas per working px, at least 1.
    """

    def __init__(self, photo: Photo) -> None:
        self._photo = photo
        height, width = photo.rgb.shape[:2]
        self.zoom = max(1.0, MIN_LONG_SIDE_PX / max(height, width))
        size = (round(width * self.zoom), round(height * self.zoom))
        self.rgb = np.asarray(cv2.resize(photo.rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8).copy()

    def places(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places on the canvas.

        Parameters
        ----------
        xy_px : ndarray of shape (K, 2)
            Places (x, y) in source px.

        Returns
        -------
        ndarray of shape (K, 2), float64
            Canvas px.
        """
        return np.asarray((self._photo.to_working(xy_px) + 0.5) * self.zoom - 0.5)

    def draw_spots(self, spots: Spots) -> None:
        """Draw the outlines of all spots, that of the dominant lesion in its own colour.

        Parameters
        ----------
        spots : Spots
            Of the photo.
        """
        for number, outline in enumerate(spots.outlines_px, start=1):
            draw_outline(self.rgb, self.places(outline), LESION_COLOR if number == spots.lesion else SPOT_COLOR)

    def draw_points(self, xy_px: NDArray[np.float64], color: tuple[int, int, int]) -> None:
        """Draw a small circle over a dark one around each of some places.

        Parameters
        ----------
        xy_px : ndarray of shape (K, 2)
            Places (x, y) in source px.
        color : tuple of 3 int
            RGB, 0 to 255.
        """
        for x, y in self.places(xy_px):
            cv2.circle(self.rgb, (round(x), round(y)), 3, SHADOW_COLOR, 2, cv2.LINE_AA)
            cv2.circle(self.rgb, (round(x), round(y)), 3, color, 1, cv2.LINE_AA)


def draw_overlay(analysis: Analysis) -> NDArray[np.uint8]:
    """Draw the results of an analysis on its photo.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        RGB; the photo with a band of text below it.
    """
    canvas = Canvas(analysis.photo)
    canvas.draw_spots(analysis.spots)
    if isinstance(analysis.scale, Scale):
        canvas.draw_points(analysis.scale.points_px, SCALE_COLOR)
        _draw_bar(canvas.rgb, analysis.scale.px_per_mm * analysis.photo.px_per_source_px * canvas.zoom)
    return np.concatenate([canvas.rgb, _band(analysis, canvas.rgb.shape[1])])


def jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """Picture as a JPEG.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Picture.
    quality : int
        0 to 100.

    Returns
    -------
    bytes
        JPEG file.
    """
    return cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def draw_outline(
    canvas: NDArray[np.uint8], corners: NDArray[np.float64], color: tuple[int, int, int], width_px: int = 1
) -> None:
    """Draw a closed line over a dark one, in place.

    Parameters
    ----------
    canvas : ndarray of shape (H, W, 3), uint8
        Picture to draw on.
    corners : ndarray of shape (K, 2), float64
        Corners (x, y), canvas px.
    color : tuple of 3 int
        RGB, 0 to 255.
    width_px : int
        Width of the line, px.
    """
    points = [np.round(corners * 2**_SHIFT_BITS).astype(np.int32)]
    cv2.polylines(canvas, points, True, SHADOW_COLOR, width_px + 2, cv2.LINE_AA, _SHIFT_BITS)
    cv2.polylines(canvas, points, True, color, width_px, cv2.LINE_AA, _SHIFT_BITS)


def _draw_bar(canvas: NDArray[np.uint8], px_per_mm: float) -> None:
    """Bar of a round number of mm; none where even the shortest is too long."""
    width = canvas.shape[1]
    length_mm = bar_length_mm(px_per_mm, width)
    if length_mm is None:
        return
    start = (round(width - 15 - length_mm * px_per_mm), 20)
    end = (width - 15, 20)
    for color, thickness in ((SHADOW_COLOR, 5), ((255, 255, 255), 2)):
        cv2.line(canvas, start, end, color, thickness)
    _text(canvas, f"{length_mm:g} mm", (start[0], 45), 0.6)


def bar_length_mm(px_per_mm: float, width_px: float) -> float | None:
    """Length of the scale bar of a picture.

    Parameters
    ----------
    px_per_mm : float
        Scale, > 0.
    width_px : float
        Width of the picture, px.

    Returns
    -------
    float or None
        The longest round length, mm, that takes at most 30 % of the width; None where even 0.1 mm takes more.

    Examples
    --------
    >>> bar_length_mm(10.0, 1000.0), bar_length_mm(400.0, 1000.0), bar_length_mm(4000.0, 1000.0)
    (20, 0.5, None)
    """
    fitting = [length for length in BAR_LENGTHS_MM if length * px_per_mm <= BAR_MAX_SHARE * width_px]
    return fitting[-1] if fitting else None


def _text(canvas: NDArray[np.uint8], text: str, position: tuple[int, int], size: float) -> None:
    cv2.putText(canvas, text, position, cv2.FONT_HERSHEY_SIMPLEX, size, SHADOW_COLOR, 3, cv2.LINE_AA)
    cv2.putText(canvas, text, position, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def _band(analysis: Analysis, width: int) -> NDArray[np.uint8]:
    """White band with label, counts and sizes."""
    count = len(analysis.table)
    parts = [analysis.pattern.label.replace("_", " "), f"{count} spot{'s' if count != 1 else ''}"]
    median_mm = analysis.features["median_diameter_mm"]
    if np.isfinite(median_mm):
        parts.append(f"median {median_mm:.1f} mm")
    if not analysis.scale:
        parts.append("no scale: no millimetres")
    parts.append("not a diagnosis")
    band = np.full((BAND_HEIGHT_PX, width, 3), 255, np.uint8)
    text = "  |  ".join(parts)
    (text_width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1)
    size = 0.55 * min(1.0, (width - 20) / max(text_width, 1))
    cv2.putText(band, text, (10, 20), cv2.FONT_HERSHEY_SIMPLEX, size, SHADOW_COLOR, 1, cv2.LINE_AA)
    return band
