"""Regions of ImageJ and Fiji (.zip of the ROI manager, or one .roi), through the library roifile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.annotations.base import CATEGORIES, SPOT, AnnotatedPhoto, AnnotationFile, damaged, drawn_from
from lesionvis.checks import library
from lesionvis.errors import SettingsError

# Larger than any list of regions: a small zip file can hold a huge one.
_UNPACKED_MAX_BYTES = 10**9


def read_imagej(path: Path) -> AnnotationFile:
    """Spots of the regions of ImageJ: polygons, freehand regions, ovals and rectangles.

    Parameters
    ----------
    path : Path
        .zip or .roi. A region whose name begins with a category, such as "lesion-1", is of this category.

    Returns
    -------
    AnnotationFile
        Of one photo, which goes by the name of the file.

    Raises
    ------
    SettingsError
        If roifile is not installed, the file is damaged, or a region has no area.
    """
    roifile = _roifile()
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as packed:
                if sum(member.file_size for member in packed.infolist()) > _UNPACKED_MAX_BYTES:
                    raise damaged(path.name, "its regions are too large")
                regions = [roifile.ImagejRoi.frombytes(packed.read(name)) for name in packed.namelist()]
        else:
            regions = [roifile.ImagejRoi.frombytes(path.read_bytes())]
        outlines = list(_outlines(regions, path.name))
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, zipfile.BadZipFile, IndexError, TypeError, KeyError) as error:
        raise damaged(path.name, f"it holds no regions of ImageJ ({error})") from error
    return AnnotationFile({"": drawn_from(outlines, path.name)}, {})


def write_imagej(written: AnnotatedPhoto) -> bytes:
    """Spots as a .zip for the ROI manager of ImageJ; candidates are among them.

    Parameters
    ----------
    written : AnnotatedPhoto

    Returns
    -------
    bytes
        Zip file; the same regions give the same bytes.

    Raises
    ------
    SettingsError
        If roifile is not installed.
    """
    roifile = _roifile()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number, one in enumerate(written.annotations, start=1):
            name = f"{one.category}-{number:04d}"
            region = roifile.ImagejRoi.frompoints(one.outline_px.astype(np.float32), name=name)
            file.writestr(zipfile.ZipInfo(f"{name}.roi"), region.tobytes())
    return packed.getvalue()


def _roifile() -> Any:
    return library("roifile", "Regions of ImageJ need", "annotations")


def _outlines(regions: Iterable[Any], file: str) -> Iterator[tuple[NDArray[np.float64], str]]:
    for region in regions:
        if region.roitype.name in ("POINT", "LINE", "POLYLINE", "FREELINE", "ANGLE", "NOROI"):
            raise SettingsError(f'{file}: the region "{region.name}" has no area; draw spots as polygons or ovals.')
        category = region.name.partition("-")[0].lower()
        for part in region.coordinates(multi=True):
            corners = np.asarray(part, np.float64)
            is_closed = len(corners) > 3 and (corners[0] == corners[-1]).all()
            yield corners[:-1] if is_closed else corners, category if category in CATEGORIES else SPOT
