"""Colour of skin in optical density: what blood and melanin take out of the light.

All colour reasoning of the package happens in optical density of linear light. There a change of illumination adds
a constant, melanin and blood add up, and the difference of two densities is the logarithm of a ratio.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

_Float = TypeVar("_Float", np.float32, np.float64)

# Part of full scale that is added before the logarithm, so that sensor noise and JPEG rounding in the dark (about
# sRGB level 13) do not turn into large densities.
DENSITY_FLOOR = 0.004


def decode_srgb(srgb: ArrayLike) -> NDArray[np.float64]:
    """Decode sRGB values to linear light (IEC 61966-2-1).

    Parameters
    ----------
    srgb : array_like of any shape
        sRGB values in parts of full scale, 0 to 1.

    Returns
    -------
    ndarray of the same shape, float64
        Linear light in parts of full scale, 0 to 1.

    Examples
    --------
    >>> decode_srgb([0.0, 0.5, 1.0]).round(3).tolist()
    [0.0, 0.214, 1.0]
    """
    part = np.asarray(srgb, np.float64)
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


_LINEAR_LIGHT = decode_srgb(np.arange(256) / 255.0)
_DENSITY = (-np.log10((_LINEAR_LIGHT + DENSITY_FLOOR) / (1.0 + DENSITY_FLOOR))).astype(np.float32)
# Of linear red, green and blue in CIE Y and Z over those of white (sRGB primaries, D65).
_Y_AND_Z = np.array([[0.212671, 0.715160, 0.072169], [0.017758, 0.109477, 0.872766]])


def optical_density(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Optical density of each channel, -log10 of linear light.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        sRGB picture.

    Returns
    -------
    ndarray of shape (H, W, 3), float32
        Densities of red, green and blue, 0 (white) to about 2.4 (black).

    Notes
    -----
    Linear light follows IEC 61966-2-1; the density of skin adds up from its pigments (Tsumura et al. 1999).

    Examples
    --------
    >>> grey = np.full((1, 1, 3), 128, np.uint8)
    >>> [round(float(density), 2) for density in optical_density(grey)[0, 0]]
    [0.66, 0.66, 0.66]
    """
    return np.asarray(cv2.LUT(rgb, _DENSITY), dtype=np.float32)


def linear_light(density: NDArray[_Float]) -> NDArray[_Float]:
    """Linear light in parts of full scale, the inverse of `optical_density`.

    Parameters
    ----------
    density : ndarray of any shape, float32 or float64

    Returns
    -------
    ndarray of the same shape and dtype

    Examples
    --------
    >>> grey = np.full((1, 1, 3), 128, np.uint8)
    >>> [round(float(light), 3) for light in linear_light(optical_density(grey))[0, 0]]
    [0.216, 0.216, 0.216]
    """
    return np.asarray((1.0 + DENSITY_FLOOR) * 10.0**-density - DENSITY_FLOOR, density.dtype)


def erythema_index(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Erythema index, log10(R) - log10(G) in linear light.

    Parameters
    ----------
    density : ndarray of shape (..., 3), float32
        Optical density, or a difference of two.

    Returns
    -------
    ndarray of shape (...), float32
        Green density minus red density: grows with haemoglobin, hardly with melanin or shade.

    Notes
    -----
    Yamamoto et al. 2008 (after Takiwaki et al. 1994), on linear light.
    """
    return np.subtract(density[..., 1], density[..., 0], dtype=np.float32)


def melanin_index(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Melanin index, -log10(R) in linear light.

    Parameters
    ----------
    density : ndarray of shape (..., 3), float32
        Optical density, or a difference of two.

    Returns
    -------
    ndarray of shape (...), float32
        Red density: blood is nearly clear in red light, melanin is not (Yamamoto et al. 2008).
    """
    return np.asarray(density[..., 0], dtype=np.float32)


def blood_map(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map on which red, purple and brown-red spots stand out of skin of any tone.

    Parameters
    ----------
    density : ndarray of shape (..., 3), float32
        Optical density, or a difference of two.

    Returns
    -------
    ndarray of shape (...), float32
        Erythema index plus half the green density: the ratio alone loses old, purple and dark spots, the green
        density alone takes shade and melanin for blood.
    """
    blood = np.empty(density.shape[:-1], np.float32)
    np.multiply(density[..., 1], np.float32(1.5), out=blood)
    return np.subtract(blood, density[..., 0], out=blood)


def blue_share(density: NDArray[_Float]) -> NDArray[_Float]:
    """Blue less green density over the sum of all three: positive for melanin, negative for deep and old blood.

    Parameters
    ----------
    density : ndarray of shape (..., 3), float32 or float64
        Difference of two optical densities.

    Returns
    -------
    ndarray of shape (...), of the same dtype
        -1 to 1; near 0 where there is hardly a difference.

    Examples
    --------
    >>> blue_share(np.array([0.1, 0.2, 0.3])).round(3).item()
    0.167
    """
    total = np.maximum(np.abs(density).sum(axis=-1), 1e-3)
    return np.asarray((density[..., 2] - density[..., 1]) / total, density.dtype)


def individual_typology_angle_deg(rgb: tuple[float, float, float]) -> float:
    """Individual typology angle (ITA) of a skin colour.

    Parameters
    ----------
    rgb : tuple of 3 float
        sRGB levels, 0 to 255.

    Returns
    -------
    float
        atan2(L* - 50, b*) in degrees: above 55 very light, 41 light, 28 intermediate, 10 tan, -30 brown, below dark
        (Chardon et al. 1991, Del Bino et al. 2013).

    Examples
    --------
    >>> round(individual_typology_angle_deg((193, 169, 139)))
    48
    """
    # CIE 1976 by hand: OpenCV fills tables for a fifteenth of a second before it converts its first pixel.
    y, z = (float(decode_srgb(np.asarray(rgb, np.float64) / 255.0) @ weights) for weights in _Y_AND_Z)
    root_y, root_z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (y, z))
    return float(np.degrees(np.arctan2(116.0 * root_y - 66.0, 200.0 * (root_y - root_z))))
