"""Scale of a photo: `Scale`, or `NoScale` with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from lesionvis.checks import check_positive
from lesionvis.errors import NoScaleError
from lesionvis.photo import Photo

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
        Standard error of `px_per_mm`, source pixels per millimetre, >= 0; NaN when unknown (a given scale).
    source : {"given", "ruler", "marker", "coin", "dicom", "imagej"}
        What the scale was read from.
    outline_px : ndarray of shape (N, 2), float64
        Corners (x, y) of the reference in source pixels; that area is not skin. Empty when nothing is in the photo.
    points_px : ndarray of shape (M, 2), float64
        Places (x, y) on the reference, such as ruler ticks, in source pixels. Empty when nothing is in the photo.
    px_per_mm_at_points : ndarray of shape (M,), float64
        Local scale at each of `points_px`: perspective and curved skin make it vary along a ruler.

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
        """Local scale at the place of the reference that is nearest to a position.

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
        distance_px = np.hypot(self.points_px[:, 0] - x_px, self.points_px[:, 1] - y_px)
        return float(self.px_per_mm_at_points[int(np.argmin(distance_px))])


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
