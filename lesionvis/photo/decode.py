"""Decodes photo files: the bytes of any supported format -> upright 8-bit sRGB pixels and the capture date.

The header is read first and alone, so that a caller can refuse a picture before its pixels are decoded.
Whatever goes wrong inside a decoder becomes an `UnreadablePhoto`.

- Reduction averages over pixel areas. A JPEG is first reduced by 2, 4 or 8 inside the decoder (libjpeg's
  scaled inverse DCT), which is what makes reading fast.
- Orientation is that of EXIF, but in HEIC and AVIF that of their own rotation property alone: their standard
  (ISO/IEC 23000-22, 7.3.10.1) says that EXIF orientation shall be ignored.
- Colours become sRGB by what the file states of them (`lesionvis.photo.color_space`, `lesionvis.photo.icc`).
  Transparent pixels become white, which is no skin.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo.color_space import stated_profile
from lesionvis.photo.dates import camera_date
from lesionvis.photo.dicom import PixelSpacing, read_dicom
from lesionvis.photo.formats import HEIC_SEQUENCE_BRANDS, format_of, reason_not_read
from lesionvis.photo.icc import to_srgb
from lesionvis.photo.imagej import imagej_spacing
from lesionvis.photo.jpeg import check_jpeg_kind, jpeg_pixels
from lesionvis.photo.limits import (
    LARGEST_MEGAPIXELS,
    check_decoder_memory,
    check_heic_items,
    check_jpeg_scans,
    check_webp_sectors,
)

# Pillow's reader of each format, imported when the first bytes ask for it. Used directly and not through
# Image.open: that registers nothing, knows no global pixel limit, and takes a phone's JPEG with further
# pictures inside (MPO) as the one photo that it is.
_READERS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "HEIC": ("pi_heif", "HeifImageFile"),
}
_TIFF_SUBFILE_TYPE, _TIFF_DNG_VERSION = 254, 50706
_EXIF_ORIENTATION, _EXIF_TIME_CHANGED, _EXIF_DETAILS = 0x0112, 0x0132, 0x8769

_JPEG_REDUCTIONS = (8, 4, 2, 1)

# Pictures of other formats with more px than this are reduced strip by strip, by a whole factor first, as a small file
# can hold hundreds of millions of px: what a worker may take of memory must not be needed several times over.
_LARGE_PX = 50_000_000
_STRIP_ROWS = 256  # a multiple of every reduction

# Pillow warns of odd metadata. Warning filters are global: two threads must not change them at the same time.
_WARNING_FILTERS = threading.Lock()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A photo file whose header is read and whose pixels are not yet decoded.

    Attributes
    ----------
    name : str
        What messages call the photo.
    data : bytes
        The whole file; empty for an image of Pillow.
    format : str
        "JPEG", "PNG", "WebP", "TIFF", "BMP", "AVIF", "HEIC", or "image" for an image of Pillow.
    image : PIL.Image.Image
        Pillow's view of the file, nothing loaded.
    header_bytes : int
        How far the header was read; a JPEG's first scan starts here.
    icc_profile : bytes or None
        What the file states of its colours; None for sRGB.
    taken_at : datetime or None
        Date that a DICOM file states; those of other files are in their EXIF.
    pixel_spacing : PixelSpacing or None
        What a DICOM file, or ImageJ in a TIFF file, states of the distance between the pixels.
    """

    name: str
    data: bytes
    format: str
    image: Any
    header_bytes: int
    icc_profile: bytes | None
    taken_at: datetime | None = None
    pixel_spacing: PixelSpacing | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px, not always upright."""
        width, height = self.image.size
        return int(width), int(height)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The pixels of a photo file.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Upright sRGB, red first, reduced as asked.
    source_width_px, source_height_px : int
        Upright size before the reduction.
    taken_at : datetime or None
        Date that the camera wrote; see `lesionvis.photo.dates.camera_date`.
    """

    rgb: NDArray[np.uint8]
    source_width_px: int
    source_height_px: int
    taken_at: datetime | None


def read_header(data: bytes, name: str) -> Encoded:
    """Identify the format by its first bytes and read the header.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What messages call the photo.

    Returns
    -------
    Encoded

    Raises
    ------
    UnreadablePhoto
        If the file is empty, of no supported format, damaged, animated, of several pages, camera raw, HDR, or too
        large for its format.
    """
    if not data:
        raise UnreadablePhoto(f"{name} is empty (0 bytes); copy it again from the camera or phone.")
    kind = format_of(data)
    if kind == "GIF":
        raise UnreadablePhoto(f"{name} is a GIF, which has too few colours or is animated; give the original photo.")
    if kind is None:
        reason = reason_not_read(data) or f"not a photo ({', '.join(_READERS)}, DICOM); export it as JPEG"
        raise UnreadablePhoto(f"{name} is {reason}.")
    if kind == "DICOM":
        return _dicom_header(data, name)
    module, reader = _READERS[kind]
    open_image = getattr(import_module(module), reader)
    stream = BytesIO(data)
    with _damage_named(name), _without_warnings():
        if kind == "HEIC":
            check_heic_items(data)
        if kind == "JPEG":
            check_jpeg_kind(name, data)
        image = _opened(open_image, stream, name, kind)
        header_bytes = stream.tell()
        # A TIFF's tags are read here: Pillow would otherwise read them, with warnings, while decoding.
        tags = dict(image.getexif()) if kind == "TIFF" else {}
        spacing = imagej_spacing(image.tag_v2) if kind == "TIFF" else None
        # Pillow counts the pages of a TIFF by reading them all; where the next one starts says enough.
        is_one_of_many = bool(image.tag_v2.next) if kind == "TIFF" else getattr(image, "n_frames", 1) > 1
    if _TIFF_DNG_VERSION in tags or tags.get(_TIFF_SUBFILE_TYPE) == 1:  # 1: the first picture is a thumbnail
        raise UnreadablePhoto(f"{name} is a camera raw file; develop it and export it as JPEG.")
    # Further pictures in a HEIC file are depth maps, bursts and the like; its primary picture is the photo.
    if data[8:12] in HEIC_SEQUENCE_BRANDS or (is_one_of_many and kind != "HEIC"):
        what = "has several pages" if kind == "TIFF" else "is animated"
        raise UnreadablePhoto(f"{name} {what}; export the picture that counts as a JPEG of its own.")
    with _damage_named(name), _without_warnings():
        profile = stated_profile(name, kind, data, image)
    _check_mode(name, image.mode)
    check_decoder_memory(name, "CMYK JPEG" if (kind, image.mode) == ("JPEG", "CMYK") else kind, *image.size)
    return Encoded(name, data, kind, image, header_bytes, profile, pixel_spacing=spacing)


def header_of_image(image: Any, name: str) -> Encoded:
    """Take an image of Pillow as a file whose header is read.

    Parameters
    ----------
    image : PIL.Image.Image
        Any image, loaded or not, with the metadata of the file that it comes from.
    name : str
        What messages call it.

    Returns
    -------
    Encoded
        Its colours are by ICC profile, or what else the image knows of them; video codes of AVIF and PNG are lost.

    Raises
    ------
    UnreadablePhoto
        If its pixels are of a kind that no camera writes, or its colour profile was damaged.
    """
    _check_mode(name, image.mode)
    with _damage_named(name), _without_warnings():
        kind = "HEIC" if image.format == "HEIF" else str(image.format)
        profile = stated_profile(name, kind, b"", image)
    return Encoded(name, b"", "image", image, 0, profile)


def decode(encoded: Encoded, scale: float) -> Decoded:
    """Decode, reduce, convert to sRGB and turn upright.

    Parameters
    ----------
    encoded : Encoded
        From `read_header`.
    scale : float
        Result px per source px, 0 < scale <= 1.

    Returns
    -------
    Decoded

    Raises
    ------
    UnreadablePhoto
        If the file is cut short or damaged, or its pixels or colour profile cannot be turned into sRGB.
    """
    image = encoded.image
    with _damage_named(encoded.name):
        if encoded.format == "JPEG":
            pixels = _jpeg_pixels(encoded, scale)
        else:
            width, height = encoded.size
            if encoded.format == "WebP":
                check_webp_sectors(encoded.data, width, height)
            reduced_by = _reduction(scale) if width * height > _LARGE_PX else 1
            pixels = reduce_by_area(_pillow_pixels(encoded, reduced_by), encoded.size, scale, reduced_by)
    # Asked after decoding: Pillow turns TIFF and pi_heif turns HEIC themselves, and then say that it is done.
    orientation, taken_at = _orientation_and_date(image)
    rgb = _turned(to_srgb(pixels, encoded.icc_profile, encoded.name), orientation)
    width, height = encoded.size if orientation < 5 else encoded.size[::-1]
    return Decoded(rgb, width, height, encoded.taken_at or taken_at)


def reduce_by_area(
    pixels: NDArray[np.uint8], size: tuple[int, int], scale: float, reduced_by: int = 1
) -> NDArray[np.uint8]:
    """Reduce a picture by averaging over pixel areas, with the same scale along x and y.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, C), uint8
        Picture, of which every px covers `reduced_by` x `reduced_by` source px.
    size : tuple of int
        Width and height of the source; the last px of `pixels` may reach beyond it.
    scale : float
        Result px per source px, 0 < scale <= 1 / reduced_by.
    reduced_by : int
        Reduction that `pixels` already went through.

    Returns
    -------
    ndarray of shape (round(height * scale), round(width * scale)) or with C channels, uint8

    Examples
    --------
    >>> reduce_by_area(np.array([[10, 30], [50, 70]], np.uint8), (2, 2), 0.5)
    array([[40]], dtype=uint8)
    """
    if scale == 1.0:
        return pixels
    # Factors and not a size are given: a size would stretch x and y to whole px, each by a factor of its own.
    small = cv2.resize(pixels, None, fx=scale * reduced_by, fy=scale * reduced_by, interpolation=cv2.INTER_AREA)
    return small[: round(size[1] * scale), : round(size[0] * scale)].astype(np.uint8, copy=False)


def to_8_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Round 16-bit values, 0 to 65535, to 8 bits, 0 to 255.

    Parameters
    ----------
    values : ndarray of any shape, uint16
        Levels.

    Returns
    -------
    ndarray of the same shape, uint8
        Levels, 0 to 255, rounded to the nearest.
    """
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _opened(open_image: Any, stream: BytesIO, name: str, kind: str) -> Any:
    """Pillow's view of a file; what Pillow refuses although it is whole gets a sentence of its own."""
    from PIL.Image import DecompressionBombError

    try:
        return open_image(stream)
    except DecompressionBombError as error:
        raise UnreadablePhoto(
            f"{name} is too large for {kind}; make it smaller or export it as ordinary JPEG."
        ) from error
    except SyntaxError as error:
        if "pixel mode" in str(error):
            raise UnreadablePhoto(f"{name} has pixels of a kind that no camera writes; export it as JPEG.") from error
        raise


def _dicom_header(data: bytes, name: str) -> Encoded:
    """Picture of a DICOM file, which is decoded here unless it is a JPEG."""
    from PIL import Image

    with _damage_named(name), _without_warnings():
        photo = read_dicom(BytesIO(data), name, LARGEST_MEGAPIXELS["DICOM"])
    encoded = read_header(photo.jpeg, name) if photo.jpeg else header_of_image(Image.fromarray(photo.pixels), name)
    profile = photo.icc_profile or encoded.icc_profile
    return replace(encoded, icc_profile=profile, taken_at=photo.taken_at, pixel_spacing=photo.pixel_spacing)


def _check_mode(name: str, mode: str) -> None:
    if mode in ("I", "F", "LAB"):
        raise UnreadablePhoto(f"{name} has pixels of kind {mode}, which no camera writes; export it as JPEG.")


@contextmanager
def _damage_named(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one sentence: damaged files call forth nearly every exception."""
    try:
        yield
    except UnreadablePhoto:
        raise
    except MemoryError as error:
        raise UnreadablePhoto(f"{name} needs more memory than is free; make it smaller.") from error
    except Exception as error:
        raise UnreadablePhoto(
            f"{name} is damaged or cut short and cannot be decoded; copy it again from the camera or phone."
        ) from error


@contextmanager
def _without_warnings() -> Iterator[None]:
    with _WARNING_FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _jpeg_pixels(encoded: Encoded, scale: float) -> NDArray[np.uint8]:
    """Pixels of a JPEG, not turned, reduced as far as can be inside the decoder: grey, RGB or CMYK."""
    name, data, image = encoded.name, encoded.data, encoded.image
    check_jpeg_scans(name, data, encoded.header_bytes, *encoded.size)
    reduced_by = _reduction(scale)
    # Turned later, when there are fewer pixels and what the decoder pads the last ones with is cut off.
    pixels = jpeg_pixels(name, data, image.mode, encoded.size, reduced_by)
    reduced = reduce_by_area(pixels, encoded.size, scale, reduced_by)
    # Adobe's programs store inks inverted, and say by a marker of theirs that they wrote the file.
    return 255 - reduced if image.mode == "CMYK" and "adobe" in image.info else reduced


def _reduction(scale: float) -> int:
    """Largest whole reduction that leaves a picture no smaller than `scale` wants it."""
    return next(reduction for reduction in _JPEG_REDUCTIONS if reduction * scale <= 1.0)


def _pillow_pixels(encoded: Encoded, reduced_by: int) -> NDArray[np.uint8]:
    """Pixels by Pillow, reduced: grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4), transparency on white."""
    image, (width, height) = encoded.image, encoded.size
    image.load()
    if image.size != (width, height):
        raise ValueError("a picture of another size than the header says")
    # A BMP that is transparent all over has an alpha that was never set; viewers show it opaque.
    if encoded.format == "BMP" and image.mode == "RGBA" and image.getextrema()[3][1] == 0:
        image = image.convert("RGB")
    if reduced_by == 1:
        return _plain_pixels(image)
    right, strips = -width % reduced_by, []
    for top in range(0, height, _STRIP_ROWS):
        pixels = _plain_pixels(image.crop((0, top, width, min(top + _STRIP_ROWS, height))))
        # The last px of the result may reach beyond the picture, like those of a JPEG decoder.
        whole = cv2.copyMakeBorder(pixels, 0, -len(pixels) % reduced_by, 0, right, cv2.BORDER_REPLICATE)
        size = (whole.shape[1] // reduced_by, whole.shape[0] // reduced_by)
        strips.append(cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False))
    return np.concatenate(strips)


def _plain_pixels(image: Any) -> NDArray[np.uint8]:
    """Pixels of a loaded picture: grey, RGB or CMYK, transparency on white."""
    mode = image.mode
    if mode.startswith("I;16"):
        return to_8_bits(np.asarray(image).astype(np.uint16))
    if mode in ("RGBA", "RGBa", "LA", "PA") or "transparency" in image.info:
        from PIL import Image

        picture = image.convert("RGBA")
        on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return np.asarray(on_white.convert("L" if mode in ("L", "LA") else "RGB"))
    if mode not in ("L", "RGB", "CMYK"):
        image = image.convert("L" if mode == "1" else "RGB")
    return np.asarray(image)


def _orientation_and_date(image: Any) -> tuple[int, datetime | None]:
    """EXIF orientation, 1 to 8, and capture date; damaged metadata count as absent, as pixels may be fine."""
    orientation, taken_at = 1, None
    with _without_warnings(), suppress(Exception):
        exif = image.getexif()
        if exif.get(_EXIF_ORIENTATION) in range(1, 9):
            orientation = int(exif[_EXIF_ORIENTATION])
        taken_at = camera_date(exif.get_ifd(_EXIF_DETAILS), exif.get(_EXIF_TIME_CHANGED))
    return orientation, taken_at


def _turned(rgb: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation, 1 to 8 (Exif 3.0, tag 0x0112)."""
    if orientation >= 5:
        rgb = rgb.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        rgb = rgb[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgb = rgb[::-1]
    return np.ascontiguousarray(rgb)
