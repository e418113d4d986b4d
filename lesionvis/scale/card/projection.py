"""A flat thing seen by a camera: millimetres in its plane, pixels in the photo, and the scale between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionvis.geometry import project


@dataclass(frozen=True, slots=True, eq=False)
class Homography:
    """Map from millimetres in a plane to pixels of a photo.

    Attributes
    ----------
    matrix : ndarray of shape (3, 3), float64
        Homogeneous matrix, read-only; its scale is of no matter.

    Examples
    --------
    >>> plane = Homography(np.diag([8.0, 8.0, 1.0]))
    >>> plane.to_px([[1.0, 2.0]]).tolist(), plane.to_mm([[8.0, 16.0]]).tolist()
    ([[8.0, 16.0]], [[1.0, 2.0]])
    >>> plane.px_per_mm([[1.0, 2.0]]).tolist(), plane.foreshortening([[1.0, 2.0]]).tolist()
    ([8.0], [1.0])
    """

    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Set the matrix read-only."""
        self.matrix.setflags(write=False)

    def to_px(self, xy_mm: ArrayLike) -> NDArray[np.float64]:
        """Project places of the plane into the photo.

        Parameters
        ----------
        xy_mm : array_like of shape (N, 2)
            Places (x, y) of the plane, mm.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Positions (x, y) in the photo, px; NaN behind the camera.
        """
        return project(self.matrix, xy_mm, only_visible=True)

    def to_mm(self, xy_px: ArrayLike) -> NDArray[np.float64]:
        """Project positions in the photo onto the plane.

        Parameters
        ----------
        xy_px : array_like of shape (N, 2)
            Positions (x, y) in the photo, px.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Places (x, y) of the plane, mm; NaN beyond the horizon.
        """
        return project(np.asarray(np.linalg.inv(self.matrix), np.float64), xy_px, only_visible=True)

    def px_per_mm(self, xy_mm: ArrayLike) -> NDArray[np.float64]:
        """Scale at places of the plane, along the direction that the tilt does not shorten.

        Parameters
        ----------
        xy_mm : array_like of shape (N, 2)
            Places (x, y) of the plane, mm.

        Returns
        -------
        ndarray of shape (N,), float64
            Px per mm.
        """
        return np.asarray(self._stretches(xy_mm)[:, 0])

    def foreshortening(self, xy_mm: ArrayLike) -> NDArray[np.float64]:
        """Ratio of the smallest to the largest scale at places of the plane: the cosine of the tilt near the lens axis.

        Parameters
        ----------
        xy_mm : array_like of shape (N, 2)
            Places (x, y) of the plane, mm.

        Returns
        -------
        ndarray of shape (N,), float64
            0 to 1; 1 where the plane is seen straight from above.
        """
        stretches = self._stretches(xy_mm)
        return np.asarray(stretches[:, 1] / stretches[:, 0])

    def _stretches(self, xy_mm: ArrayLike) -> NDArray[np.float64]:
        """Singular values of the map's derivative at places (N, 2), the larger first; shape (N, 2)."""
        places = np.column_stack([np.asarray(xy_mm, np.float64), np.ones(len(np.asarray(xy_mm)))])
        x, y, depth = (places @ self.matrix.T).T
        rows = np.stack([x / depth, y / depth], axis=1)[:, :, None] * self.matrix[2, :2]
        derivative = (self.matrix[:2, :2] - rows) / depth[:, None, None]
        return np.linalg.svd(derivative, compute_uv=False)
