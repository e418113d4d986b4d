"""Reads a mask of places to leave out: an array or a PNG file of the size of the upright source photo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.photo.decode import read_header
from lesionvis.photo.reader import Photo

MaskSource = str | Path | bytes | NDArray[Any]
"""What a mask is read from."""


def read_mask(source: MaskSource, photo: Photo) -> NDArray[np.bool_]:
    """Places of a photo that are to be left out, at working resolution.

    Parameters
    ----------
    source : str, Path, bytes or ndarray of shape (H, W) or (H, W, C)
        A PNG file, its bytes, or an array, bool or of numbers, of the size of the upright source photo: what is not 0
        (black) is left out. The transparency of a PNG does not count.
    photo : Photo

    Returns
    -------
    ndarray of shape (h, w), bool
        True where a working px holds anything that is to be left out; set read-only.

    Raises
    ------
    SettingsError
        If the mask cannot be read, is no PNG, or is not of the photo's size.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> photo = read_photo(np.full((40, 60, 3), 180, np.uint8))
    >>> read_mask(np.eye(50), photo)
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: mask is 50 x 50 px and the upright photo 60 x 40 px; give one of its size.
    """
    if isinstance(source, np.ndarray):
        mask = _nonzero(source, "mask")
        _check_size("mask", (mask.shape[1], mask.shape[0]), photo)
    elif isinstance(source, bytes):
        mask = _from_png(source, "mask", photo)
    elif isinstance(source, str | os.PathLike):
        mask = _from_png(_file_bytes(Path(source)), Path(source).name, photo)
    else:
        raise SettingsError(f"mask must be an array or the path of a PNG file, got {type(source).__name__}.")
    height, width = photo.rgb.shape[:2]
    # Shares of each working px: even a small one leaves it out.
    shares = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    left_out = np.asarray(shares > 0.0)
    left_out.setflags(write=False)
    return left_out


def _nonzero(array: NDArray[Any], name: str) -> NDArray[np.bool_]:
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise SettingsError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; give (H, W) or (H, W, C), bool or numbers."
        )
    return np.asarray(array != 0 if array.ndim == 2 else (array != 0).any(axis=2))


def _check_size(name: str, size: tuple[int, int], photo: Photo) -> None:
    expected = (photo.source_width_px, photo.source_height_px)
    if size != expected:
        raise SettingsError(
            f"{name} is {size[0]} x {size[1]} px and the upright photo {expected[0]} x {expected[1]} px; "
            "give one of its size."
        )


def _file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"The mask {path} cannot be read ({reason}); check the path.") from error


def _from_png(data: bytes, name: str, photo: Photo) -> NDArray[np.bool_]:
    try:
        encoded = read_header(data, name)
    except UnreadablePhoto as error:
        raise SettingsError(f"The mask {name} cannot be used: {error}") from error
    if encoded.format != "PNG":
        raise SettingsError(f"The mask {name} is {encoded.format}, which changes pixels at edges; save it as PNG.")
    _check_size(name, encoded.size, photo)  # before anything is decoded
    image = encoded.image
    try:
        # Of a palette the colours count, so that its black is what is not left out.
        pixels = np.asarray(image.convert("RGBA") if image.mode == "P" else image)
    except (OSError, SyntaxError, ValueError) as error:
        raise SettingsError(f"The mask {name} is damaged ({error}); save it again.") from error
    has_transparency = image.mode in ("LA", "RGBA", "P")
    return _nonzero(pixels[..., :-1] if has_transparency else pixels, name)
