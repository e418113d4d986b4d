"""Converts pixels to sRGB by the colour profile (ICC) of their photo.

Phones write Display P3. Its numbers, read as if they were sRGB, lose about a sixth of a spot's red contrast.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import UnreadablePhoto

_MODE_OF_CHANNELS = {1: "L", 3: "RGB", 4: "CMYK"}

# Every 17th level of each channel: 4096 colours.
_COLOUR_LATTICE = np.stack(np.meshgrid(*[np.arange(0, 256, 17, dtype=np.uint8)] * 3), axis=-1).reshape(64, 64, 3)


def to_srgb(pixels: NDArray[np.uint8], profile: bytes | None, name: str) -> NDArray[np.uint8]:
    """Convert grey, RGB or CMYK pixels by their ICC profile.

    The intent is relative colorimetric with black point compensation (ISO 15076-1). Without a profile, RGB
    and grey are taken as sRGB, and CMYK as plain complements.

    Parameters
    ----------
    pixels : ndarray of shape (H, W), (H, W, 3) or (H, W, 4), uint8
        Grey, RGB or CMYK.
    profile : bytes or None
        Embedded ICC profile.
    name : str
        What messages call the photo.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Raises
    ------
    UnreadablePhoto
        If the profile is damaged or made for another kind of pixels: ignoring it would change the colours.

    Examples
    --------
    >>> to_srgb(np.array([[0, 90, 255]], np.uint8), None, "example")[0].tolist()
    [[0, 0, 0], [90, 90, 90], [255, 255, 255]]
    """
    mode = _MODE_OF_CHANNELS[1 if pixels.ndim == 2 else pixels.shape[2]]
    if mode == "RGB" and not profile:
        return pixels
    from PIL import Image, ImageCms

    image = Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    if not profile:
        return np.asarray(image.convert("RGB"))
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if mode == "L" and source.profile.xcolor_space.strip() == "RGB":
            image = image.convert("RGB")
        srgb, intent = ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        transform = ImageCms.buildTransform(source, srgb, image.mode, "RGB", intent, flags)
        if image.mode == "RGB" and _keeps_colours(transform):
            return np.asarray(image)
        return np.asarray(ImageCms.applyTransform(image, transform))
    except (ImageCms.PyCMSError, OSError) as error:
        raise UnreadablePhoto(
            f"{name} has a colour profile that is damaged or not made for its pixels; save it again in sRGB."
        ) from error


def _keeps_colours(transform: Any) -> bool:
    """True where an RGB transform changes no colour by over a level: most profiles are sRGB by various names."""
    from PIL import Image, ImageCms

    result = np.asarray(ImageCms.applyTransform(Image.fromarray(_COLOUR_LATTICE), transform))
    return bool(np.abs(result.astype(np.int16) - _COLOUR_LATTICE).max() <= 1)
