"""Reads the scale that ImageJ writes into a TIFF file: px per unit in the resolution tags, the unit in the description.

A resolution alone, in dots per inch or cm, is a wish for the size of a print and never a scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lesionvis.photo.dicom import PixelSpacing

_IMAGE_DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION = 270, 282, 283

# ImageJ writes the micro sign as an escape; other programs as UTF-8, which Pillow hands over as Latin-1.
UNITS_MM = {
    "mm": 1.0,
    "millimeter": 1.0,
    "cm": 10.0,
    "um": 1e-3,
    "\u00b5m": 1e-3,
    "\u00c2\u00b5m": 1e-3,
    r"\u00b5m": 1e-3,
    "micron": 1e-3,
    "microns": 1e-3,
}
"""Units of length in mm, in lower case. An inch is none of them: ImageJ takes it over from dots per inch."""

PRINT_DPI = (72.0, 96.0, 100.0, 150.0, 180.0, 200.0, 240.0, 300.0, 350.0, 400.0, 600.0, 1200.0)
"""Usual resolutions of prints: ImageJ takes dots per cm over too, and 300 dpi are 118.11 px per cm."""

SMALLEST_PX_MM = 1e-4
"""No lens shows pixels under 0.1 micrometres apart."""

LARGEST_PX_MM = 1.0
"""Pixels of a millimetre show no spot, and one px per unit is what ImageJ writes where nobody set a scale."""


def imagej_spacing(tags: Mapping[int, Any]) -> PixelSpacing | None:
    r"""Distance between the pixels of a TIFF file that ImageJ wrote with a scale.

    Parameters
    ----------
    tags : mapping of int to object
        Tags of the TIFF file by number, as of Pillow.

    Returns
    -------
    PixelSpacing or None
        With a problem where the scale cannot be used; None where ImageJ did not write the file, or without a scale.

    Examples
    --------
    >>> imagej_spacing({270: "ImageJ=1.54f\nunit=mm\n", 282: 8.0, 283: 8.0}).columns_mm
    0.125
    """
    description = str(tags.get(_IMAGE_DESCRIPTION, ""))
    if not description.startswith("ImageJ="):
        return None
    stated = dict(line.strip().split("=", 1) for line in description.splitlines() if "=" in line)
    unit = stated.get("unit", "").strip()
    if not unit:
        return None
    if unit.lower() not in UNITS_MM or stated.get("yunit", unit).strip() != unit:
        return _unusable(f"states a scale of ImageJ in {unit[:20]!r}, which is not mm, cm or um along both sides")
    try:
        px_per_unit = [float(tags[tag]) for tag in (_Y_RESOLUTION, _X_RESOLUTION)]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return _unusable("states a unit of ImageJ without px per unit")
    if not (np.isfinite(px_per_unit).all() and min(px_per_unit) > 0.0):
        return _unusable("states a scale of ImageJ that is not above 0 px per unit")
    if unit.lower() == "cm" and np.isclose(2.54 * px_per_unit[0], PRINT_DPI, rtol=1e-3, atol=0.0).any():
        return _unusable(f"states {2.54 * px_per_unit[0]:.0f} dots per inch, which is for prints and no scale")
    rows_mm, columns_mm = (UNITS_MM[unit.lower()] / number for number in px_per_unit)
    if not (min(rows_mm, columns_mm) >= SMALLEST_PX_MM and max(rows_mm, columns_mm) < LARGEST_PX_MM):
        return _unusable(f"states pixels of {columns_mm:.3g} x {rows_mm:.3g} mm in ImageJ, as no photo of skin has")
    return PixelSpacing(rows_mm, columns_mm, stated_by="imagej")


def _unusable(problem: str) -> PixelSpacing:
    return PixelSpacing(float("nan"), float("nan"), problem, stated_by="imagej")
