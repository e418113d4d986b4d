"""Reads photos that a clinic keeps as DICOM, with the spacing of their pixels; needs the extra `dicom` (pydicom)."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo.color_space import ADOBE_RGB
from lesionvis.photo.dates import is_plausible

_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
# Of PS3.3, C.7.6.3.1.2: colours that pydicom turns into RGB, and grey that gets lighter with its numbers.
_COLORS = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
_GREY = "MONOCHROME2"
# AcquisitionDateTime, or date and time put together: 20260301080000.000000-0500.
_DATE_TIME = re.compile(r"(\d{8})(\d{6})?(?:\.\d+)?([+-]\d{4})?")


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Distance between the centres of neighbouring pixels, as a file states it.

    Attributes
    ----------
    rows_mm, columns_mm : float
        Between rows and between columns, mm; NaN where it cannot be read.
    problem : str
        What is wrong with the statement, without a subject; "" when nothing is.
    stated_by : {"dicom", "imagej"}
        Kind of the statement: Pixel Spacing of DICOM, or the scale that ImageJ writes into a TIFF file.
    """

    rows_mm: float
    columns_mm: float
    problem: str = ""
    stated_by: Literal["dicom", "imagej"] = "dicom"


@dataclass(frozen=True, slots=True, eq=False)
class DicomPhoto:
    """A DICOM file with one picture.

    Attributes
    ----------
    jpeg : bytes
        The picture, where it is stored as an ordinary JPEG; else b"".
    pixels : ndarray of shape (H, W) or (H, W, 3), uint8
        Grey or RGB; empty where there is a JPEG.
    icc_profile : bytes or None
        What the file states of its colours.
    taken_at : datetime or None
        Date of acquisition.
    pixel_spacing : PixelSpacing or None
        None where none is stated.
    """

    jpeg: bytes
    pixels: NDArray[np.uint8]
    icc_profile: bytes | None
    taken_at: datetime | None
    pixel_spacing: PixelSpacing | None


def read_dicom(file: BinaryIO, name: str, max_megapixels: float) -> DicomPhoto:
    """Read the picture of a DICOM file.

    Parameters
    ----------
    file : binary file
        Open at its start.
    name : str
        What messages call the photo.
    max_megapixels : float
        Largest picture that is decoded.

    Returns
    -------
    DicomPhoto

    Raises
    ------
    UnreadablePhoto
        If pydicom is not installed, or the file holds no picture, several, one too large, or one of a kind that no
        camera writes.
    """
    dataset = dicom_header(file, name, with_pixels=True)
    if "PixelData" not in dataset:
        raise UnreadablePhoto(f"{name} is a DICOM file without a picture; give the one that holds the photo.")
    _check_kind(dataset, name, max_megapixels)
    photometric = str(dataset.get("PhotometricInterpretation"))
    jpeg, pixels = b"", np.zeros((0, 0), np.uint8)
    if dataset.file_meta.get("TransferSyntaxUID") == _JPEG_BASELINE and photometric != "RGB":
        jpeg = bytes(import_module("pydicom.encaps").get_frame(dataset.PixelData, 0, number_of_frames=1))
    else:
        pixels = _pixels(dataset, name)
    return DicomPhoto(jpeg, pixels, _icc_profile(dataset, name), _taken_at(dataset), pixel_spacing(dataset))


def dicom_header(file: str | Path | BinaryIO, name: str, *, with_pixels: bool = False) -> Any:
    """Read what a DICOM file states.

    Parameters
    ----------
    file : str, Path or binary file
        The file.
    name : str
        What messages call it.
    with_pixels : bool
        Whether to read its pixels too.

    Returns
    -------
    pydicom.Dataset

    Raises
    ------
    UnreadablePhoto
        If pydicom is not installed, or the file is not DICOM or damaged.
    """
    try:
        pydicom = import_module("pydicom")
    except ImportError as error:
        raise UnreadablePhoto(
            f'{name} is a DICOM file, and pydicom, which reads these, is not installed; pip install "lesionvis[dicom]".'
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd values have their sentences here
            return pydicom.dcmread(file, stop_before_pixels=not with_pixels)
    except OSError as error:
        raise UnreadablePhoto(f"{name} cannot be read as DICOM ({error.strerror}); check the path.") from error
    except Exception as error:  # of a damaged file nearly every one
        raise UnreadablePhoto(
            f"{name} cannot be read as DICOM: it is another kind of file, damaged or cut short; check the file."
        ) from error


def pixel_spacing(dataset: Any) -> PixelSpacing | None:
    """Pixel Spacing (0028,0030) of a DICOM file, also where an enhanced one keeps it: in its functional groups.

    Parameters
    ----------
    dataset : pydicom.Dataset
        What the file states.

    Returns
    -------
    PixelSpacing or None
        With a problem where the statement cannot be read; None where there is none. The spacing at a detector
        (0018,1164) is not that of the skin and does not count.
    """
    for holder in (dataset, *_pixel_measures(dataset)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = holder.get("PixelSpacing")
                numbers = [float(number) for number in np.atleast_1d(value)] if value else []
        except Exception:  # of a text that is no number, pydicom raises several kinds
            return PixelSpacing(float("nan"), float("nan"), "states a pixel spacing that is no number")
        if numbers:
            return _spacing_of(numbers)
    return None


def _spacing_of(numbers: list[float]) -> PixelSpacing:
    if len(numbers) != 2:
        return PixelSpacing(float("nan"), float("nan"), "states a pixel spacing that is not two numbers")
    rows_mm, columns_mm = numbers
    is_possible = np.isfinite(numbers).all() and min(numbers) > 0.0
    return PixelSpacing(rows_mm, columns_mm, "" if is_possible else "states a pixel spacing that is not above 0 mm")


def _pixel_measures(dataset: Any) -> list[Any]:
    found = []
    with suppress(Exception):  # damaged groups state nothing
        for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            for group in list(dataset.get(groups) or [])[:1]:
                found += list(group.get("PixelMeasuresSequence") or [])[:1]
    return found


def _check_kind(dataset: Any, name: str, max_megapixels: float) -> None:
    try:
        frames, bits = int(dataset.get("NumberOfFrames") or 1), int(dataset.get("BitsStored") or 0)
        megapixels = int(dataset.Rows) * int(dataset.Columns) / 1e6
    except (AttributeError, TypeError, ValueError) as error:
        raise UnreadablePhoto(f"{name} is a damaged DICOM file; copy it again.") from error
    if frames > 1:
        raise UnreadablePhoto(f"{name} has several pictures; export the one that counts as a file of its own.")
    kind = str(dataset.get("PhotometricInterpretation"))
    if bits != 8 or kind not in {*_COLORS, _GREY}:
        raise UnreadablePhoto(
            f"{name} is a DICOM file with pixels that no camera writes ({bits} bits, {kind}); export it as JPEG."
        )
    if megapixels > max_megapixels:
        raise UnreadablePhoto(
            f"{name} is too large for DICOM, {megapixels:.0f} megapixels where {max_megapixels:g} can be decoded;"
            " make it smaller or export it as ordinary JPEG."
        )


def _pixels(dataset: Any, name: str) -> NDArray[np.uint8]:
    try:
        pixels = np.asarray(import_module("pydicom.pixels").pixel_array(dataset))
    except MemoryError:
        raise
    except Exception as error:  # each plugin has its own
        raise UnreadablePhoto(
            f"{name} is a DICOM file that is damaged or compressed in a way that is not read here; export it as JPEG."
        ) from error
    if pixels.dtype != np.uint8 or pixels.shape not in ((dataset.Rows, dataset.Columns), (*pixels.shape[:2], 3)):
        raise UnreadablePhoto(f"{name} is a DICOM file with pixels that no camera writes; export it as JPEG.")
    return pixels


def _icc_profile(dataset: Any, name: str) -> bytes | None:
    paths = list(dataset.get("OpticalPathSequence") or [])[:1]
    for holder in (dataset, *paths):
        profile = holder.get("ICCProfile")
        if profile:
            return bytes(profile)
    space = str(dataset.get("ColorSpace") or "SRGB").strip().upper()
    if space not in ("SRGB", "ADOBERGB"):
        raise UnreadablePhoto(
            f"{name} has colours ({space}) that are not converted without a profile; save it in sRGB."
        )
    return ADOBE_RGB.icc_profile() if space == "ADOBERGB" else None


def _taken_at(dataset: Any) -> datetime | None:
    """Date of acquisition; those of the study and of the file may be of another day."""
    with suppress(Exception):  # malformed dates are none
        date, time = str(dataset.get("AcquisitionDate") or ""), str(dataset.get("AcquisitionTime") or "")
        text = str(dataset.get("AcquisitionDateTime") or f"{date}{time}").strip()
        found = _DATE_TIME.fullmatch(text)
        if found is not None:
            offset = found[3] or str(dataset.get("TimezoneOffsetFromUTC") or "").strip()
            taken_at = datetime.strptime(
                f"{found[1]}{found[2] or '000000'}{offset}", f"%Y%m%d%H%M%S{'%z' * bool(offset)}"
            )
            return taken_at if is_plausible(taken_at) else None
    return None
