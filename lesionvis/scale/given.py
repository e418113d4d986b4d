"""Scales that somebody states: the width of the frame in millimetres, or a DICOM file's pixel spacing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np

from lesionvis.checks import check_positive
from lesionvis.errors import LesionvisError, UnreadablePhoto
from lesionvis.photo import Photo
from lesionvis.scale.base import NoScale, Scale, given_scale

SQUARE_TOLERANCE = 0.01
"""Relative difference of the spacings along rows and columns up to which one scale serves both."""


def mm_across_scale(photo: Photo, mm_across: float) -> Scale:
    """Scale of a photo whose frame shows a known width of skin.

    Parameters
    ----------
    photo : Photo
        The photo.
    mm_across : float
        Width of the upright frame in mm, finite and > 0.

    Returns
    -------
    Scale
        With source "given" and an unknown error.

    Raises
    ------
    SettingsError
        If `mm_across` is not a finite positive number.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> mm_across_scale(read_photo(np.zeros((480, 640, 3), np.uint8)), 80.0).px_per_mm
    8.0
    """
    check_positive("mm_across", mm_across)
    return given_scale(photo.source_width_px / mm_across)


def dicom_scale(path: str | Path) -> Scale | NoScale:
    """Scale that a DICOM file states for its picture.

    Parameters
    ----------
    path : str or Path
        Of the DICOM file.

    Returns
    -------
    Scale or NoScale
        Scale with source "dicom" and an unknown error, for px of that file's picture. NoScale where the file states
        no Pixel Spacing (0028,0030), or another one along rows than along columns.

    Raises
    ------
    LesionvisError
        If pydicom is not installed.
    UnreadablePhoto
        If the file is not DICOM.
    """
    try:
        pydicom = import_module("pydicom")
    except ImportError as error:
        raise LesionvisError("DICOM files need pydicom, which is not installed; pip install pydicom.") from error
    name = Path(path).name
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["PixelSpacing"])
    except (pydicom.errors.InvalidDicomError, OSError) as error:
        raise UnreadablePhoto(f"{name} cannot be read as DICOM ({error}); check the file.") from error
    spacing_mm = [float(value) for value in header.get("PixelSpacing") or []]
    if len(spacing_mm) != 2 or not (np.isfinite(spacing_mm).all() and min(spacing_mm) > 0):
        return NoScale(f"{name} states no pixel spacing")
    if abs(spacing_mm[0] / spacing_mm[1] - 1.0) > SQUARE_TOLERANCE:
        return NoScale(f"{name} states pixels that are not square, {spacing_mm[0]:g} x {spacing_mm[1]:g} mm")
    return Scale(px_per_mm=2.0 / sum(spacing_mm), standard_error_px_per_mm=float("nan"), source="dicom")
