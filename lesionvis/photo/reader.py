"""Reads a file, bytes, an image or an array into a `Photo`: upright 8-bit sRGB at working resolution.

Everything that differs between cameras ends here: format, orientation, colour profile, bit depth and transparency
(how: `lesionvis.photo.decode`), and noise (`lesionvis.photo.noise`). Of the metadata only the capture date is
kept: no place, no owner, no serial number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionvis.checks import check_between, check_positive
from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.photo.dates import DateSource, date_in_file_name
from lesionvis.photo.decode import Encoded, decode, header_of_image, read_header, reduce_by_area, to_8_bits
from lesionvis.photo.dicom import PixelSpacing
from lesionvis.photo.noise import without_noise

if TYPE_CHECKING:
    from PIL.Image import Image

MIN_SIDE_PX = 32
"""Shortest side of a photo, source and working px: less cannot show a spot and the skin around it."""

MIN_WORKING_PX_PER_MM = 6.0
"""A spot of 1 mm must keep at least this many working px across to be found and measured."""

_MAX_BYTES_PER_PX = 8  # 16-bit RGBA without compression, the most that a file can honestly need


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One photo, upright and in sRGB, at the resolution that is worked at.

    Positions run from the centre of the top-left pixel, x to the right and y down. A working position is
    ``(source + 0.5) * px_per_source_px - 0.5``; in a turned photo the picture may lie up to half a working px
    off along its shorter side, because the row or column that was its last is one of whole pixels.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Upright sRGB picture, red first, without most of its noise, set read-only.
    px_per_source_px : float
        Working px per source px, 0 < s <= 1, the same along x and y.
    source_width_px, source_height_px : int
        Size of the upright source photo.
    sha256 : str
        Hexadecimal digest of the file's bytes; of an array's or image's own bytes.
    taken_at : datetime or None
        Capture date, with a time zone where the camera wrote one; None when nothing states it.
    name : str
        File name, or "bytes", "file", "image" or "array".
    taken_at_source : {"camera", "file name", ""}
        Where the date comes from: the name of the file counts only where the camera wrote no date.
    pixel_spacing : PixelSpacing or None
        What a DICOM file, or ImageJ in a TIFF file, states of the distance between the pixels.

    Examples
    --------
    >>> photo = read_photo(np.full((1500, 2560, 3), 180, np.uint8))
    >>> photo
    Photo(array, 2560 x 1500 px, worked at 1280 x 750 px)
    >>> photo.rgb.shape, photo.px_per_source_px
    ((750, 1280, 3), 0.5)
    >>> photo.to_working([2001.5, 0.5]).tolist(), photo.to_source([1000.5, 0.0]).tolist()
    ([1000.5, 0.0], [2001.5, 0.5])
    """

    rgb: NDArray[np.uint8]
    px_per_source_px: float
    source_width_px: int
    source_height_px: int
    sha256: str
    taken_at: datetime | None
    name: str
    taken_at_source: DateSource = ""
    pixel_spacing: PixelSpacing | None = None

    def __post_init__(self) -> None:
        """Set the picture read-only."""
        self.rgb.setflags(write=False)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        height, width = self.rgb.shape[:2]
        source = f"{self.source_width_px} x {self.source_height_px} px"
        return f"Photo({self.name}, {source}, worked at {width} x {height} px)"

    def to_source(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Convert working positions to source positions.

        Parameters
        ----------
        xy : array_like of shape (..., 2)
            Working positions as (x, y), px.

        Returns
        -------
        ndarray of shape (..., 2), float64
            Source positions as (x, y), px.
        """
        return (np.asarray(xy, dtype=np.float64) + 0.5) / self.px_per_source_px - 0.5

    def to_working(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Convert source positions to working positions.

        Parameters
        ----------
        xy : array_like of shape (..., 2)
            Source positions as (x, y), px.

        Returns
        -------
        ndarray of shape (..., 2), float64
            Working positions as (x, y), px.
        """
        return (np.asarray(xy, dtype=np.float64) + 0.5) * self.px_per_source_px - 0.5


@dataclass(frozen=True, slots=True)
class FileContent:
    """Bytes of a photo's file, held so that they can be read twice.

    Attributes
    ----------
    name : str
        What messages call the photo; a date in it counts where the camera wrote none.
    data : bytes
        The whole file.
    """

    name: str
    data: bytes


# A union of the typing module, as Pillow is loaded only when an image of it is given.
PhotoSource = Union[str, Path, bytes, bytearray, IO[bytes], NDArray[Any], "Image", Photo, FileContent]
"""What a photo is read from."""


@dataclass(frozen=True, slots=True)
class PhotoReader:
    """Reads a photo, refuses what is not one, and reduces it to working resolution.

    JPEG, PNG, WebP, TIFF, BMP, AVIF, HEIC and, with the extra `dicom`, DICOM are told apart by their first bytes,
    never by the extension.

    Parameters
    ----------
    max_megapixels : float
        Largest photo that is decoded, in millions of px, 1 to 1000: a small file can hold a huge picture. HEIC
        and progressive JPEG are read up to 110, AVIF, DICOM and JPEG in CMYK up to 80 and WebP up to 64, as their
        decoders take more memory.
    working_long_side_px : int
        Longer side of the working picture, 256 to 16384. The picture stays larger where its shorter side
        would fall under 32 px, or 1 mm under 6 px. No photo is enlarged.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.

    Examples
    --------
    >>> reader = PhotoReader(working_long_side_px=640)
    >>> reader(np.zeros((960, 1280), np.uint8)).rgb.shape
    (480, 640, 3)
    >>> reader(np.zeros((960, 1280), np.uint8), px_per_mm=8.0).px_per_source_px
    0.75
    """

    max_megapixels: float = 200.0
    working_long_side_px: int = 1280

    def __post_init__(self) -> None:
        """Refuse settings that are outside their bounds."""
        check_between("max_megapixels", self.max_megapixels, 1, 1000)
        side = self.working_long_side_px
        if not (isinstance(side, int) and 256 <= side <= 16384):
            raise SettingsError(f"working_long_side_px must be a whole number from 256 to 16384, got {side!r}.")

    def __call__(self, source: PhotoSource, px_per_mm: float | None = None) -> Photo:
        """Read one photo.

        Parameters
        ----------
        source : str, Path, bytes, file, PIL image, ndarray or Photo
            A path, the bytes of a file, a file that is open in binary mode (read from its start), or an image of
            Pillow, which is turned upright by its EXIF. Or upright sRGB pixels: grey (H, W) or (H, W, 1), RGB
            (H, W, 3) or RGBA (H, W, 4), red first; bool, uint8, uint16, or float in 0..1. A `Photo` is given back as
            it is.
        px_per_mm : float, optional
            Source px per mm where known, > 0: the photo is then never reduced below 6 working px per mm.

        Returns
        -------
        Photo

        Raises
        ------
        UnreadablePhoto
            If the source is missing, not a photo, damaged, animated, too small or too large.
        SettingsError
            If `px_per_mm` is not a finite number above 0.
        """
        if px_per_mm is not None:
            check_positive("px_per_mm", px_per_mm)
        if isinstance(source, Photo):
            return source
        if isinstance(source, np.ndarray):
            return self._from_array(source, px_per_mm)
        if _is_pillow_image(source):
            return self._from_image(source, px_per_mm)
        content = self.hold(source)
        if isinstance(content, FileContent):
            return self._from_bytes(content.data, content.name, px_per_mm)
        raise UnreadablePhoto(
            f"{type(source).__name__} is not taken as a photo; give a path, a file or its bytes, an image of Pillow,"
            " an array, or a Photo."
        )

    def hold(self, source: PhotoSource) -> PhotoSource:
        """Read a file into memory, so that its photo can be read twice.

        Parameters
        ----------
        source : path, bytes, file, PIL image, ndarray or Photo
            As for a call.

        Returns
        -------
        FileContent or as given
            The bytes of a path or an open file with its name; anything else as it is.

        Raises
        ------
        UnreadablePhoto
            If the file is missing, too large, or cannot be read.
        """
        if isinstance(source, bytes | bytearray):
            return FileContent("bytes", bytes(source))
        if isinstance(source, str | os.PathLike):
            path = Path(source)
            return FileContent(path.name, self._file_bytes(path))
        if not callable(getattr(source, "read", None)) or _is_pillow_image(source):
            return source
        return self._open_file(source)

    def _from_array(self, array: NDArray[Any], px_per_mm: float | None) -> Photo:
        if np.ma.is_masked(array):
            raise UnreadablePhoto("array has masked places, which a photo does not hold; give it to analyze.")
        if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
            raise UnreadablePhoto(f"array has shape {array.shape}; give (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).")
        height, width = array.shape[:2]
        self._check_size("array", width, height)
        scale = self._working_scale(width, height, px_per_mm)
        rgb = without_noise(reduce_by_area(_rgb_of_array(array), (width, height), scale))
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        return Photo(rgb, scale, width, height, digest, taken_at=None, name="array")

    def _from_bytes(self, data: bytes, name: str, px_per_mm: float | None) -> Photo:
        return self._from_encoded(read_header(data, name), hashlib.sha256(data).hexdigest(), px_per_mm)

    def _from_image(self, image: Any, px_per_mm: float | None) -> Photo:
        name = Path(str(getattr(image, "filename", "") or "image")).name
        self._check_size(name, *image.size)  # before anything is decoded
        encoded = header_of_image(image, name)
        photo = self._from_encoded(encoded, "", px_per_mm)
        return dataclasses.replace(photo, sha256=hashlib.sha256(image.tobytes()).hexdigest())

    def _from_encoded(self, encoded: Encoded, digest: str, px_per_mm: float | None) -> Photo:
        name = encoded.name
        self._check_size(name, *encoded.size)
        scale = self._working_scale(*encoded.size, px_per_mm)
        decoded = decode(encoded, scale)
        taken_at = decoded.taken_at or date_in_file_name(name)
        return Photo(
            rgb=without_noise(decoded.rgb),
            px_per_source_px=scale,
            source_width_px=decoded.source_width_px,
            source_height_px=decoded.source_height_px,
            sha256=digest,
            taken_at=taken_at,
            name=name,
            taken_at_source="camera" if decoded.taken_at else "file name" if taken_at else "",
            pixel_spacing=encoded.pixel_spacing,
        )

    def _open_file(self, file: Any) -> FileContent:
        given = getattr(file, "name", "")
        name = Path(given).name if isinstance(given, str) and given else "file"
        try:
            if file.seekable():
                file.seek(0)
            data = file.read(int(self.max_megapixels * _MAX_BYTES_PER_PX * 1e6) + 1)
        except (AttributeError, OSError, TypeError, ValueError) as error:  # ValueError: a file that is closed
            raise UnreadablePhoto(f"{name} cannot be read ({error}); open it again in binary mode.") from error
        if not isinstance(data, bytes):
            raise UnreadablePhoto(f'{name} is open as text; open it in binary mode, open(path, "rb").')
        self._check_bytes(name, len(data))
        return FileContent(name, data)

    def _check_bytes(self, name: str, count: int) -> None:
        if count > self.max_megapixels * _MAX_BYTES_PER_PX * 1e6:
            raise UnreadablePhoto(
                f"{name} is too large, {count / 1e6:.0f} MB where {self.max_megapixels:g} megapixels"
                " are allowed; make it smaller or raise max_megapixels."
            )

    def _file_bytes(self, path: Path) -> bytes:
        try:
            count = path.stat().st_size
            if path.is_dir():
                raise UnreadablePhoto(f"{path} is a folder, not a photo; give the path of one file.")
            if not path.is_file():  # reading a pipe or a device might never end
                raise UnreadablePhoto(f"{path} is a device or pipe, not a photo; give the path of one file.")
            self._check_bytes(path.name, count)
            return path.read_bytes()
        except FileNotFoundError as error:
            raise UnreadablePhoto(f"{path} does not exist; check the path.") from error
        except PermissionError as error:
            raise UnreadablePhoto(f"{path} may not be read by this user; change its permissions.") from error
        except (OSError, ValueError) as error:  # ValueError: a path with a null character
            reason = getattr(error, "strerror", None) or str(error)
            raise UnreadablePhoto(f"{path} cannot be read ({reason}); check the path and the disk.") from error

    def _check_size(self, name: str, width: int, height: int) -> None:
        if min(width, height) < MIN_SIDE_PX:
            raise UnreadablePhoto(
                f"{name} is too small, {width} x {height} px where {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed;"
                " give the original photo."
            )
        megapixels = width * height / 1e6
        if megapixels > self.max_megapixels:
            raise UnreadablePhoto(
                f"{name} is too large, {megapixels:.0f} megapixels where {self.max_megapixels:g} are allowed;"
                " make it smaller or raise max_megapixels."
            )

    def _working_scale(self, width: int, height: int, px_per_mm: float | None) -> float:
        scale = max(self.working_long_side_px / max(width, height), MIN_SIDE_PX / min(width, height))
        if px_per_mm is not None:
            scale = max(scale, MIN_WORKING_PX_PER_MM / px_per_mm)
        return min(1.0, scale)


def read_photo(source: PhotoSource, px_per_mm: float | None = None) -> Photo:
    """Read one photo with the default settings; see `PhotoReader`.

    Parameters
    ----------
    source : path, bytes, file, PIL image or ndarray
        As for `PhotoReader`.
    px_per_mm : float, optional
        Source px per mm where known, > 0.

    Returns
    -------
    Photo
        At working resolution.

    Raises
    ------
    UnreadablePhoto
        If the source cannot be read as a photo.
    SettingsError
        If `px_per_mm` is not a finite number above 0.

    Examples
    --------
    >>> read_photo(b"Dear doctor,")
    Traceback (most recent call last):
    ...
    lesionvis.errors.UnreadablePhoto: bytes is not a photo (JPEG, PNG, WebP, ...); export it as JPEG.
    """
    return PhotoReader()(source, px_per_mm)


def _is_pillow_image(source: object) -> bool:
    pillow = sys.modules.get("PIL.Image")  # where it is not loaded, nothing is an image of it
    return pillow is not None and isinstance(source, pillow.Image)


def _rgb_of_array(array: NDArray[Any]) -> NDArray[np.uint8]:
    """8-bit RGB of a grey, RGB or RGBA array, always a copy; transparency is laid on white."""
    if array.dtype == np.bool_:
        values = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype == np.uint8:
        values = array.copy()
    elif array.dtype == np.uint16:
        values = to_8_bits(array)
    elif np.issubdtype(array.dtype, np.floating):
        if not (np.min(array) >= 0 and np.max(array) <= 1):  # so stated, NaN is refused as well
            raise UnreadablePhoto("array has float values that are not in 0..1; scale them to 0..1 or give uint8.")
        values = np.round(array.astype(np.float32) * 255).astype(np.uint8)
    else:
        raise UnreadablePhoto(f"array has dtype {array.dtype}; give bool, uint8, uint16, or float in 0..1.")
    values = values.reshape(*values.shape[:2], -1)
    if values.shape[2] == 1:
        return np.repeat(values, 3, axis=2)
    if values.shape[2] == 4:
        opacity = values[:, :, 3:].astype(np.uint16)
        return ((values[:, :, :3] * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    return values
