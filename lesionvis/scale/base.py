"""Scale of a photo: `Scale`, or `NoScale` with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from lesionvis.checks import check_positive
from lesionvis.errors import NoScaleError
from lesionvis.photo import Photo
from lesionvis.scale.card.projection import Homography

LAID_ON_SKIN = ("ruler", "marker", "coin")
"""Sources that lie on the skin beside what is measured."""

SKIN_HEIGHT_ERROR = 0.01
"""Relative error of the skin's scale from the height of a reference over it: 2 mm of the 20 cm to the lens."""

PLACE_REACH_MM = 5.0
"""How far from the nearest place of a card its plane is followed: half the distance of the places."""

ScaleSource = Literal["given", "ruler", "marker", "coin", "dicom", "imagej"]


def _no_points() -> NDArray[np.float64]:
    return np.zeros((0, 2))


def _no_values() -> NDArray[np.float64]:
    return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Pixels per millimetre, with its error and the reference that it was read from.

    Attributes
    ----------
    px_per_mm : float
        Source pixels per millimetre, mean over the reference, > 0.
    standard_error_px_per_mm : float
        Standard error of `px_per_mm` on the reference, source pixels per millimetre, >= 0; NaN when unknown (a given
        scale). That the skin lies higher or lower than the reference is not in it; see `skin_error_near`.
    source : {"given", "ruler", "marker", "coin", "dicom", "imagej"}
        What the scale was read from.
    outline_px : ndarray of shape (N, 2), float64
        Corners (x, y) of the reference in source pixels; that area is not skin. Empty when nothing is in the photo.
    points_px : ndarray of shape (M, 2), float64
        Places (x, y) on the reference, such as ruler ticks, in source pixels. Empty when nothing is in the photo.
    px_per_mm_at_points : ndarray of shape (M,), float64
        Local scale at each of `points_px`: perspective and curved skin make it vary along a ruler.
    relative_error_at_points : ndarray of shape (M,), float64
        Standard error of each of `px_per_mm_at_points` over it. Empty where it is that of `px_per_mm` everywhere.
    plane : Homography or None
        From mm in the plane of a card to source pixels; None of all that is no card.

    Examples
    --------
    >>> from lesionvis.scale import given_scale
    >>> scale = given_scale(12.5)
    >>> scale
    Scale(given, 12.5 px/mm)
    >>> scale.px_per_mm, bool(scale)
    (12.5, True)
    """

    px_per_mm: float
    standard_error_px_per_mm: float
    source: ScaleSource
    outline_px: NDArray[np.float64] = field(default_factory=_no_points)
    points_px: NDArray[np.float64] = field(default_factory=_no_points)
    px_per_mm_at_points: NDArray[np.float64] = field(default_factory=_no_values)
    relative_error_at_points: NDArray[np.float64] = field(default_factory=_no_values)
    plane: Homography | None = None

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        error = f" with an error of {self.error_pct:.2g} %" if np.isfinite(self.error_pct) else ""
        return f"Scale({self.source}, {self.px_per_mm:.4g} px/mm{error})"

    @property
    def error_pct(self) -> float:
        """Standard error in percent of the scale; NaN when unknown."""
        return 100.0 * self.standard_error_px_per_mm / self.px_per_mm

    def px_per_mm_near(self, x_px: float, y_px: float) -> float:
        """Local scale at a position: that of a card's plane, else of the nearest place of the reference.

        Parameters
        ----------
        x_px, y_px : float
            Position in source pixels.

        Returns
        -------
        float
            Source pixels per millimetre; `px_per_mm` when the reference has no places.
        """
        if len(self.points_px) == 0:
            return self.px_per_mm
        nearest = self._nearest(x_px, y_px)
        if self.plane is None:
            return float(self.px_per_mm_at_points[nearest])
        near_mm = self.plane.to_mm(self.points_px[nearest : nearest + 1])
        here_mm = np.nan_to_num(self.plane.to_mm([[x_px, y_px]]), nan=np.inf)
        # Beyond its outermost places the plane is no skin any more.
        return float(self.plane.px_per_mm(np.clip(here_mm, near_mm - PLACE_REACH_MM, near_mm + PLACE_REACH_MM))[0])

    def local_error_near(self, x_px: float, y_px: float) -> float:
        """Relative standard error of the local scale at a position, on the reference.

        Parameters
        ----------
        x_px, y_px : float
            Position in source pixels.

        Returns
        -------
        float
            NaN when unknown.
        """
        if len(self.relative_error_at_points):
            return float(self.relative_error_at_points[self._nearest(x_px, y_px)])
        return self.standard_error_px_per_mm / self.px_per_mm

    def skin_error_near(self, x_px: float, y_px: float) -> float:
        """Relative standard error of the local scale at a position, on the skin.

        Parameters
        ----------
        x_px, y_px : float
            Position in source pixels.

        Returns
        -------
        float
            That on the reference, with `SKIN_HEIGHT_ERROR` where the reference lies on the skin; NaN when unknown.

        Examples
        --------
        >>> round(Scale(10.0, 0.04, "ruler").skin_error_near(0.0, 0.0), 4)
        0.0108
        >>> Scale(10.0, 0.04, "dicom").skin_error_near(0.0, 0.0)
        0.004
        """
        error = self.local_error_near(x_px, y_px)
        return float(np.hypot(error, SKIN_HEIGHT_ERROR)) if self.source in LAID_ON_SKIN else error

    def _nearest(self, x_px: float, y_px: float) -> int:
        distance_px = np.hypot(self.points_px[:, 0] - x_px, self.points_px[:, 1] - y_px)
        return int(np.argmin(distance_px))


@dataclass(frozen=True, slots=True)
class NoScale:
    """No reference was found, so nothing can be said in millimetres.

    Attributes
    ----------
    reason : str
        One sentence: what was looked for and what nearly matched.

    Examples
    --------
    >>> from lesionvis.scale import NoScale
    >>> bool(NoScale("no ruler found"))
    False
    """

    reason: str

    def __bool__(self) -> bool:
        return False

    @property
    def px_per_mm(self) -> NoReturn:
        """Asking for millimetres without a scale is an error that tells the reason."""
        raise NoScaleError(f"This photo has no scale ({self.reason}); give one with px_per_mm or add a ruler.")


def given_scale(px_per_mm: float) -> Scale:
    """Scale that the user states.

    Parameters
    ----------
    px_per_mm : float
        Source pixels per millimetre, finite and > 0.

    Returns
    -------
    Scale
        With source "given" and an unknown error.

    Raises
    ------
    SettingsError
        If `px_per_mm` is not a finite positive number.

    Examples
    --------
    >>> given_scale(8.0).source
    'given'
    """
    check_positive("px_per_mm", px_per_mm)
    return Scale(px_per_mm=float(px_per_mm), standard_error_px_per_mm=float("nan"), source="given")


def working_px_per_mm(photo: Photo, scale: Scale | NoScale) -> float | None:
    """Scale of the working picture, where that of the source photo is `Scale.px_per_mm`.

    Parameters
    ----------
    photo : Photo
    scale : Scale or NoScale
        Of the same photo.

    Returns
    -------
    float or None
        Working px per mm; None without a scale.
    """
    return scale.px_per_mm * photo.px_per_source_px if isinstance(scale, Scale) else None
