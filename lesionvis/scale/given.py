"""Scales that somebody states: the width of the frame in millimetres, or a file's pixel spacing."""

from __future__ import annotations

from pathlib import Path

from lesionvis.checks import check_positive
from lesionvis.photo import Photo
from lesionvis.photo.dicom import PixelSpacing, dicom_header, pixel_spacing
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
    >>> import numpy as np
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
        no Pixel Spacing (0028,0030), one that cannot be read, or another one along rows than along columns.

    Raises
    ------
    UnreadablePhoto
        If pydicom is not installed or the file is not DICOM.
    """
    name = Path(path).name
    return spacing_scale(pixel_spacing(dicom_header(path, name)), name)


def spacing_scale(spacing: PixelSpacing | None, name: str) -> Scale | NoScale:
    """Scale of a stated spacing of pixels.

    Parameters
    ----------
    spacing : PixelSpacing or None
        Of a DICOM file, or of ImageJ in a TIFF file; None where none is stated.
    name : str
        What the reason calls the file.

    Returns
    -------
    Scale or NoScale
        As `dicom_scale`, with `spacing.stated_by` as its source.

    Examples
    --------
    >>> spacing_scale(PixelSpacing(0.125, 0.125), "leg.dcm").px_per_mm
    8.0
    """
    if spacing is None:
        return NoScale(f"{name} states no pixel spacing")
    if spacing.problem:
        return NoScale(f"{name} {spacing.problem}")
    rows_mm, columns_mm = spacing.rows_mm, spacing.columns_mm
    if abs(rows_mm / columns_mm - 1.0) > SQUARE_TOLERANCE:
        return NoScale(f"{name} states pixels that are not square, {rows_mm:g} x {columns_mm:g} mm")
    # Of its error a file states nothing.
    px_per_mm = 2.0 / (rows_mm + columns_mm)
    return Scale(px_per_mm=px_per_mm, standard_error_px_per_mm=float("nan"), source=spacing.stated_by)
