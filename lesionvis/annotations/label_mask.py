"""Reads label images (PNG or TIFF), as `--masks` writes them and napari, ImageJ or cellpose change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.annotations.base import AnnotationFile, drawn_from
from lesionvis.errors import SettingsError
from lesionvis.spots.drawn import CENTRE_PX, label_borders

# A photo that is taken for a mask has hundreds of thousands of regions, and no photo has so many spots.
REGIONS_MAX = 5000
# Larger than any photo that is read.
PIXELS_MAX = 10**9
_ARTIST, _DATE_TIME = 315, 306  # tags of TIFF 6.0


def read_label_mask(path: Path) -> AnnotationFile:
    """Spots of a label image: pixels of the same number that hang together are one spot, 0 is background.

    Parameters
    ----------
    path : Path
        PNG or TIFF with one channel of whole numbers, or with a palette, of the size of the upright photo.

    Returns
    -------
    AnnotationFile
        Of one photo that it does not name.

    Raises
    ------
    SettingsError
        If the file cannot be read, has colours instead of numbers, or is no label image.
    """
    from PIL import Image, PngImagePlugin, TiffImagePlugin

    # `Image.open` knows a global limit of pixels, which is below that of the photos.
    is_png = path.suffix.lower() == ".png"
    open_image: Callable[[Path], Image.Image] = PngImagePlugin.PngImageFile if is_png else TiffImagePlugin.TiffImageFile
    try:
        with open_image(path) as image:
            if image.width * image.height > PIXELS_MAX:
                raise SettingsError(
                    f"{path.name} is {image.width} x {image.height} px; give a mask of the photo's size."
                )
            labels = np.asarray(image)
            told = _told(image.info, dict(getattr(image, "tag_v2", {})))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or of numbers that are not read"
        raise SettingsError(f"{path.name} cannot be read ({reason}); save it as PNG or TIFF of 16 bits.") from error
    return AnnotationFile({"": drawn_from(_regions(labels, path.name), path.name, labels.shape[1::-1], *told)}, {})


def _regions(labels: NDArray[Any], name: str) -> list[tuple[NDArray[np.float64], str]]:
    """Borders of all regions, without a category."""
    if labels.ndim != 2:
        raise SettingsError(f"{name} has colours where a mask has one number per pixel; save the labels.")
    if labels.dtype.kind == "f" and not (labels == np.round(labels)).all():
        raise SettingsError(f"{name} holds fractions where a mask has whole numbers; save the labels.")
    found = []
    for _, border in label_borders(labels):
        found.append((border + CENTRE_PX, ""))
        if len(found) > REGIONS_MAX:
            raise SettingsError(f"{name} has more than {REGIONS_MAX} regions; give a label image, not a photo.")
    return found


def _told(info: Mapping[Any, Any], tags: Mapping[int, Any]) -> tuple[str, str]:
    """Who made the file and when, as PNG and TIFF can say it."""
    return tags.get(_ARTIST) or info.get("Author", ""), tags.get(_DATE_TIME) or info.get("Creation Time", "")
