"""Colour of skin and of what lies in it, from a small optical model with two layers.

The upper layer (epidermis) is a filter of melanin that light crosses twice. Below it the dermis scatters
light back; blood and bilirubin in it absorb. Blood may also lie deeper, below clean dermis, and lose its
oxygen, which makes it look purple. Everything is computed per wavelength and seen by the CIE 1931 observer
under D65, so that colours leave as linear sRGB.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from lesionvis.errors import SettingsError

Real = TypeVar("Real", np.float32, np.float64)

WAVELENGTHS_NM = np.arange(400.0, 701.0, 10.0)

# Molar extinction of haemoglobin with and without oxygen, per cm and mol/l, at WAVELENGTHS_NM: S. Prahl's
# table of the Oregon Medical Laser Center (data of W. B. Gratzer and N. Kollias).
# fmt: off
_OXYHAEMOGLOBIN_PER_CM_M = np.array([
    266232, 466840, 480360, 246072, 102580, 62816, 44480, 33209.2, 26629.2, 23684.4, 20932.8, 20035.2,
    24202.4, 39956.8, 53236, 43016, 32613.2, 44496, 50104, 14400.8, 3200, 1506, 942, 610, 442, 368, 319.6,
    294, 277.6, 276, 290,
])
_DEOXYHAEMOGLOBIN_PER_CM_M = np.array([
    223296, 303956, 407560, 528600, 413280, 103292, 23388.8, 16156.4, 14550, 16684, 20862, 25773.6,
    31589.6, 39036.4, 46592, 53412, 53788, 45072, 37020, 28324.4, 14677.2, 9443.6, 6509.6, 5148.8, 4345.2,
    3750.12, 3226.56, 2795.12, 2407.92, 2051.96, 1794.28,
])
# Relative power of CIE standard illuminant D65 at WAVELENGTHS_NM.
_D65 = np.array([
    82.75, 91.49, 93.43, 86.68, 104.87, 117.01, 117.81, 114.86, 115.92, 108.81, 109.35, 107.80, 104.79,
    107.69, 104.41, 104.05, 100.00, 96.33, 95.79, 88.69, 90.01, 89.60, 87.70, 83.29, 83.70, 80.03, 80.21,
    82.28, 78.28, 69.72, 71.61,
])
# fmt: on

HAEMOGLOBIN_G_PER_L = 150.0
_HAEMOGLOBIN_G_PER_MOL = 64_500.0
# Part of the haemoglobin of fresh blood that carries oxygen; blood that has lain in the skin holds less.
FRESH_OXYGEN_SATURATION = 0.9

# Light crosses the epidermis (60 um) slantwise on the way in and out: twice the thickness, times 2, the mean
# slant of diffuse light.
_EPIDERMIS_PATH_CM = 2.0 * 2.0 * 0.006

# What the inner surface of the skin (refractive index 1.4) sends back down: factor A of Farrell et al. 1992.
_INTERNAL_REFLECTION = 2.9

# Part of the light that bare, matt skin reflects at its surface: white, because it never enters the skin.
SURFACE_REFLECTION = 0.03

# Blood volume fraction of normal skin, as the sanity values were computed with.
NORMAL_BLOOD_FRACTION = 0.004

# Saturated skin colours leave the sRGB gamut on the blue side; the least light that a channel gives.
_LEAST_LIGHT = 0.001

# More melanin than any skin has; bounds the search in `melanin_for_ita`.
_DARKEST_MELANIN = 0.6

# Bilirubin, main band: peak near 450 nm, 55,000 per cm and mol/l; a Gaussian of 40 nm stands in for it.
_BILIRUBIN_PER_CM_M = 55_000.0 * np.exp(-0.5 * ((WAVELENGTHS_NM - 450.0) / 40.0) ** 2)
_BILIRUBIN_G_PER_MOL = 584.7

_XYZ_TO_LINEAR_SRGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def _observer() -> NDArray[np.float64]:
    """CIE 1931 observer at WAVELENGTHS_NM, shape (31, 3), by the fit of Wyman, Sloan and Shirley 2013."""

    def lobe(mean_nm: float, below_nm: float, above_nm: float) -> NDArray[np.float64]:
        width_nm = np.where(mean_nm > WAVELENGTHS_NM, below_nm, above_nm)
        return np.asarray(np.exp(-0.5 * ((WAVELENGTHS_NM - mean_nm) / width_nm) ** 2))

    x = 1.056 * lobe(599.8, 37.9, 31.0) + 0.362 * lobe(442.0, 16.0, 26.7) - 0.065 * lobe(501.1, 20.4, 26.2)
    y = 0.821 * lobe(568.8, 46.9, 40.5) + 0.286 * lobe(530.9, 16.3, 31.1)
    z = 1.217 * lobe(437.0, 11.8, 36.0) + 0.681 * lobe(459.0, 26.0, 13.8)
    return np.stack([x, y, z], axis=1)


def _to_linear_srgb() -> NDArray[np.float64]:
    """Matrix (31, 3) from light at WAVELENGTHS_NM, relative to D65, to linear sRGB; white gives (1, 1, 1)."""
    matrix = (_D65[:, None] * _observer()) @ _XYZ_TO_LINEAR_SRGB.T
    return np.asarray(matrix / matrix.sum(axis=0))


_TO_LINEAR_SRGB = _to_linear_srgb()
_MELANOSOME_PER_CM = 6.6e11 * WAVELENGTHS_NM**-3.33
_BASELINE_PER_CM = 0.244 + 85.3 * np.exp(-(WAVELENGTHS_NM - 154.0) / 66.2)
_HAEMOGLOBIN_MOL_PER_L = HAEMOGLOBIN_G_PER_L / _HAEMOGLOBIN_G_PER_MOL
_OXYGENATED_PER_CM = np.log(10.0) * _HAEMOGLOBIN_MOL_PER_L * _OXYHAEMOGLOBIN_PER_CM_M
_DEOXYGENATED_PER_CM = np.log(10.0) * _HAEMOGLOBIN_MOL_PER_L * _DEOXYHAEMOGLOBIN_PER_CM_M
_BILIRUBIN_PER_CM_G_PER_L = np.log(10.0) * _BILIRUBIN_PER_CM_M / _BILIRUBIN_G_PER_MOL
_DERMIS_SCATTERING_PER_CM = 45.3 * (WAVELENGTHS_NM / 500.0) ** -1.292


def _dermis_absorption(
    blood: NDArray[np.float64], oxygen: NDArray[np.float64], bilirubin: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Absorption per cm, shape (..., 31), of columns of shape (..., 1)."""
    whole_blood = oxygen * _OXYGENATED_PER_CM + (1.0 - oxygen) * _DEOXYGENATED_PER_CM
    return np.asarray(blood * whole_blood + (1.0 - blood) * _BASELINE_PER_CM + bilirubin * _BILIRUBIN_PER_CM_G_PER_L)


def _diffuse_reflectance(absorption_per_cm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Diffuse reflectance of a deep scattering layer (Farrell, Patterson and Wilson 1992)."""
    albedo = _DERMIS_SCATTERING_PER_CM / (_DERMIS_SCATTERING_PER_CM + absorption_per_cm)
    root = np.sqrt(3.0 * (1.0 - albedo))
    return np.asarray(albedo / 2.0 * (1.0 + np.exp(-4.0 / 3.0 * _INTERNAL_REFLECTION * root)) * np.exp(-root))


def body_rgb(
    melanin_fraction: ArrayLike,
    blood_fraction: ArrayLike = NORMAL_BLOOD_FRACTION,
    blood_depth_mm: ArrayLike = 0.0,
    oxygen_saturation: ArrayLike = FRESH_OXYGEN_SATURATION,
    bilirubin_g_per_l: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Colour of the light that comes back out of skin, without what its surface reflects.

    Parameters
    ----------
    melanin_fraction : float or ndarray
        Part of the epidermis' volume that is melanosomes, 0 to 1: 0.01 in very light, 0.23 in dark skin.
    blood_fraction : float or ndarray
        Part of the dermis' volume that is blood, 0 to 1: 0.004 in normal skin, 0.08 in a petechia.
    blood_depth_mm : float or ndarray
        Thickness of dermis with no more blood than normal that lies above the blood, mm, >= 0.
    oxygen_saturation : float or ndarray
        Part of the haemoglobin that carries oxygen, 0 to 1: 0.9 is red, 0.2 purple.
    bilirubin_g_per_l : float or ndarray
        Bilirubin in the dermis, g/l, >= 0: what is left of old blood.

    Returns
    -------
    ndarray of shape (..., 3), float64
        Linear sRGB in parts of a white sheet in the same light; the arguments are broadcast.

    Notes
    -----
    Melanin: exp(-path * absorption), with the melanosome absorption of Jacques 1998. Dermis: Farrell,
    Patterson and Wilson 1992, with scattering and baseline absorption of Jacques 1998. Deep blood: the clean
    layer hides it by exp(-2 * depth * effective attenuation). A small model: good for colours relative to the
    skin around, not for concentrations.

    Examples
    --------
    >>> skin, petechia = body_rgb(0.02, [0.004, 0.08])
    >>> bool(np.all(petechia < skin)), bool(petechia[0] / petechia[1] > skin[0] / skin[1])
    (True, True)
    """
    melanin, blood, depth_cm, oxygen, bilirubin = (
        np.asarray(value, dtype=np.float64)[..., None]
        for value in np.broadcast_arrays(
            melanin_fraction,
            blood_fraction,
            np.divide(blood_depth_mm, 10.0),
            oxygen_saturation,
            bilirubin_g_per_l,
        )
    )
    fresh = np.full_like(oxygen, FRESH_OXYGEN_SATURATION)
    absorption_above = _dermis_absorption(np.minimum(blood, NORMAL_BLOOD_FRACTION), fresh, bilirubin)
    attenuation = np.sqrt(3.0 * absorption_above * (absorption_above + _DERMIS_SCATTERING_PER_CM))
    seen_below = np.exp(-2.0 * depth_cm * attenuation)
    above = _diffuse_reflectance(absorption_above)
    below = _diffuse_reflectance(_dermis_absorption(blood, oxygen, bilirubin))
    dermis = (1.0 - seen_below) * above + seen_below * below
    epidermis = np.exp(-_EPIDERMIS_PATH_CM * melanin * _MELANOSOME_PER_CM)
    return np.maximum((epidermis * dermis) @ _TO_LINEAR_SRGB, _LEAST_LIGHT)


def with_surface(body: NDArray[np.float64], surface_veil: float) -> NDArray[np.float64]:
    """Colour as a camera sees it: the light out of the skin under the white veil of its surface.

    Parameters
    ----------
    body : ndarray of shape (..., 3), float64
        Linear sRGB of `body_rgb`.
    surface_veil : float
        Part of the light that the surface reflects, 0 to 1.

    Returns
    -------
    ndarray of shape (..., 3), float64
        Linear sRGB.
    """
    return surface_veil + (1.0 - surface_veil) * body


def encode_srgb(linear: NDArray[Real]) -> NDArray[Real]:
    """Linear light to sRGB levels (IEC 61966-2-1), not rounded.

    Parameters
    ----------
    linear : ndarray
        Linear light; clipped to 0 to 1.

    Returns
    -------
    ndarray
        Levels 0 to 255, of the input's shape and dtype.

    Examples
    --------
    >>> encode_srgb(np.array([0.0, 0.2140, 1.0])).round(1).tolist()
    [0.0, 127.5, 255.0]
    """
    light = np.clip(linear, 0.0, 1.0)
    levels = np.where(light <= 0.0031308, 3294.6 * light, 269.025 * light ** (1.0 / 2.4) - 14.025)
    return np.asarray(levels, dtype=linear.dtype)


def ita_deg(linear: NDArray[np.float64]) -> float:
    """Individual typology angle of one linear sRGB colour.

    By OpenCV's tables, which err by tenths of a degree: rendered photos stay those that the models were trained on.

    Parameters
    ----------
    linear : ndarray of shape (3,), float64
        Linear light, 0 to 1.

    Returns
    -------
    float
        Degrees.
    """
    pixel = encode_srgb(linear).astype(np.float32).reshape(1, 1, 3) / 255.0
    lightness, _, yellowness = cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0]
    return float(np.degrees(np.arctan2(lightness - 50.0, yellowness)))


def melanin_for_ita(
    target_ita_deg: float,
    surface_veil: float = SURFACE_REFLECTION,
    blood_fraction: float = NORMAL_BLOOD_FRACTION,
) -> float:
    """Melanin that gives skin a wanted individual typology angle.

    Parameters
    ----------
    target_ita_deg : float
        Individual typology angle in degrees, about -45 (dark) to 60 (very light).
    surface_veil : float
        Part of the light that the surface reflects, 0 to 1.
    blood_fraction : float
        Part of the dermis' volume that is blood.

    Returns
    -------
    float
        Melanosome volume fraction for `body_rgb`.

    Raises
    ------
    SettingsError
        If no melanin gives that angle under that veil with that blood.

    Examples
    --------
    >>> round(melanin_for_ita(48.0), 3), round(melanin_for_ita(-45.0), 3)
    (0.019, 0.227)
    """

    def excess_deg(melanin_fraction: float) -> float:
        return ita_deg(with_surface(body_rgb(melanin_fraction, blood_fraction), surface_veil)) - target_ita_deg

    lightest, darkest = 0.0, _DARKEST_MELANIN
    if not excess_deg(darkest) <= 0.0 <= excess_deg(lightest):
        raise SettingsError(
            f"ita_deg {target_ita_deg:g} cannot be reached under a surface_veil of {surface_veil:g}; "
            f"give an angle between {target_ita_deg + excess_deg(darkest):.0f} and "
            f"{target_ita_deg + excess_deg(lightest):.0f} degrees, or another veil."
        )
    return float(brentq(excess_deg, lightest, darkest, xtol=1e-5))


def light_rgb(temperature_k: float, tint: float = 0.0) -> NDArray[np.float64]:
    """Colour of white paper in a light that the camera has not fully balanced.

    Parameters
    ----------
    temperature_k : float
        Colour temperature in kelvin: 6500 is neutral, 3000 orange, 10000 blue.
    tint : float
        Natural logarithm of what green gains over red and blue: below 0 magenta, above 0 green.

    Returns
    -------
    ndarray of shape (3,), float64
        Linear sRGB with green at exp(tint) (black-body light, relative to that of 6500 K).

    Examples
    --------
    >>> light_rgb(6500.0).round(3).tolist()
    [1.0, 1.0, 1.0]
    """
    metres = WAVELENGTHS_NM * 1e-9
    second_radiation_constant_m_k = 0.014388
    relative = np.expm1(second_radiation_constant_m_k / (metres * 6500.0)) / np.expm1(
        second_radiation_constant_m_k / (metres * temperature_k)
    )
    color = relative @ _TO_LINEAR_SRGB
    return np.asarray(color / color[1] * np.array([1.0, np.exp(tint), 1.0]))
