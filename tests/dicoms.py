"""DICOM files for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


def write_dicom(
    path: Path | BinaryIO,
    spacing_mm: list[float] | None,
    rgb: NDArray[np.uint8] | None = None,
    *,
    jpeg: bytes = b"",
    stated: Mapping[str, Any] | None = None,
) -> None:
    """Write a DICOM photo with a pixel spacing along rows and columns, and without pixels unless given.

    A JPEG takes the place of the pixels, which give its size then; other elements are stated by keyword.
    """
    import pydicom  # an extra: a test that writes a file skips without it

    header: Any = pydicom.dataset.Dataset()
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    header.SOPClassUID = pydicom.uid.VLPhotographicImageStorage
    header.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=["test"])
    header.PixelSpacing = spacing_mm
    if rgb is not None:
        header.Rows, header.Columns, header.SamplesPerPixel = rgb.shape
        header.PhotometricInterpretation, header.PlanarConfiguration = "RGB", 0
        header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 8, 8, 7, 0
        header.PixelData = rgb.tobytes()
    if jpeg:
        header.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
        header.PhotometricInterpretation = "YBR_FULL_422"
        header.PixelData = pydicom.encaps.encapsulate([jpeg])
    for name, value in (stated or {}).items():
        setattr(header, name, value)
    header.save_as(path, enforce_file_format=True)
