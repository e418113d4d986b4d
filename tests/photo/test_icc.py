"""Colours of any profile must come out as the same colours in sRGB, by formulas without colour management."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import read_photo

LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 100, "subsampling": 0},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}

# Chromaticities (x, y) of red, green, blue and D65 white: SMPTE EG 432-1, Adobe RGB (1998), IEC 61966-2-1.
D65 = (0.3127, 0.3290)
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE_GAMMA = 563 / 256


def encoded(image: Image.Image, kind: str, profile: bytes | None) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, icc_profile=profile, **LOSSLESS.get(kind, {}))
    return stream.getvalue()


def rgb_to_xyz(primaries: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """Matrix from linear RGB to CIE XYZ of the same white (Lindbloom, "RGB/XYZ matrices")."""
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in primaries]).T
    white = np.array([D65[0] / D65[1], 1.0, (1 - D65[0] - D65[1]) / D65[1]])
    result: NDArray[np.float64] = columns * np.linalg.solve(columns, white)
    return result


def to_linear(value: NDArray[np.float64], gamma: float | None) -> NDArray[np.float64]:
    if gamma is not None:
        return value**gamma
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def srgb_of(colour: tuple[int, int, int], primaries: tuple[Any, ...], gamma: float | None) -> NDArray[np.float64]:
    """The same colour in sRGB, 0 to 255, by formula, without any colour management."""
    xyz = rgb_to_xyz(primaries) @ to_linear(np.array(colour) / 255, gamma)
    linear = np.linalg.solve(rgb_to_xyz(SRGB), xyz)
    result: NDArray[np.float64] = 255 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.clip(linear, 0, 1) ** (1 / 2.4) - 0.055
    )
    return result


def fixed(*values: float) -> bytes:
    """ICC s15Fixed16 numbers."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def icc_profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Smallest ICC v4 display profile with the given tags (ICC.1:2022)."""
    head = struct.pack(">I", len(tags))
    at = 128 + 4 + 12 * len(tags)
    body = b""
    for name, tag in tags.items():
        head += name + struct.pack(">II", at + len(body), len(tag))
        body += tag + b"\0" * (-len(tag) % 4)
    size = struct.pack(">I", at + len(body))
    illuminant = fixed(0.9642, 1.0, 0.8249)
    header = size + b"\0" * 4 + b"\4\x30\0\0" + b"mntr" + space + b"XYZ " + b"\0" * 12 + b"acsp" + b"\0" * 28
    return (header + illuminant).ljust(128, b"\0") + head + body


def curve(gamma: float | None) -> bytes:
    """A power curve, or that of sRGB."""
    if gamma is not None:
        return b"para\0\0\0\0\0\0\0\0" + fixed(gamma)
    return b"para\0\0\0\0\0\3\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def rgb_profile(primaries: tuple[Any, ...], gamma: float | None) -> bytes:
    # ICC colorants are relative to D50: adapted by the Bradford transform.
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d65 = rgb_to_xyz(primaries).sum(axis=1)
    gain = (bradford @ [0.9642, 1.0, 0.8249]) / (bradford @ d65)
    colorants = np.linalg.solve(bradford, gain[:, np.newaxis] * (bradford @ rgb_to_xyz(primaries)))
    tags = {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)}
    for channel, colorant in zip(b"rgb", colorants.T, strict=True):
        tags[bytes([channel]) + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(*colorant)
        tags[bytes([channel]) + b"TRC"] = curve(gamma)
    return icc_profile(b"RGB ", tags)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(("primaries", "gamma"), [(DISPLAY_P3, None), (ADOBE_RGB, ADOBE_GAMMA)])
def test_wide_gamut_profile_becomes_srgb(kind: str, primaries: tuple[Any, ...], gamma: float | None) -> None:
    colour = (196, 128, 112)
    expected = srgb_of(colour, primaries, gamma)
    assert np.abs(expected - colour).max() > 8, "the colour must tell a conversion from none"
    picture = Image.new("RGB", (64, 48), colour)
    rgb = read_photo(encoded(picture, kind, rgb_profile(primaries, gamma))).rgb
    np.testing.assert_allclose(rgb.reshape(-1, 3).mean(axis=0), expected, atol=2.0)


def test_redness_of_a_p3_photo_is_that_of_the_scene() -> None:
    skin, spot = (205, 160, 140), (150, 75, 72)
    pixels = np.full((1500, 2000, 3), skin, np.uint8)
    pixels[700:800, 900:1100] = spot
    rgb = read_photo(encoded(Image.fromarray(pixels), "JPEG", rgb_profile(DISPLAY_P3, None))).rgb.astype(float)
    expected_skin, expected_spot = srgb_of(skin, DISPLAY_P3, None), srgb_of(spot, DISPLAY_P3, None)
    np.testing.assert_allclose(rgb[100, 100], expected_skin, atol=2)
    np.testing.assert_allclose(rgb[480, 640], expected_spot, atol=2)


def test_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rng = np.random.default_rng(3)
    picture = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    with_profile, without = encoded(picture, "PNG", profile), encoded(picture, "PNG", None)
    assert (read_photo(with_profile).rgb == read_photo(without).rgb).all()


def test_profile_close_to_srgb_is_obeyed() -> None:
    picture = Image.new("RGB", (64, 48), (40, 18, 20))
    rgb = read_photo(encoded(picture, "PNG", rgb_profile(SRGB, 2.2))).rgb
    np.testing.assert_allclose(rgb[0, 0].astype(float), srgb_of((40, 18, 20), SRGB, 2.2), atol=0.7)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_profile_is_obeyed(mode: str) -> None:
    tags = {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249), b"kTRC": curve(1.0)}
    picture = Image.new("L", (64, 48), 64).convert(mode)
    rgb = read_photo(encoded(picture, "PNG", icc_profile(b"GRAY", tags))).rgb
    expected = 255 * (1.055 * (64 / 255) ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(rgb.astype(float), expected, atol=1.5)


def test_grey_with_an_rgb_profile_stays_grey() -> None:
    rgb = read_photo(encoded(Image.new("L", (64, 48), 90), "JPEG", rgb_profile(DISPLAY_P3, None))).rgb
    np.testing.assert_allclose(rgb.astype(int), 90, atol=1)


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_unusable_profile_is_refused(mode: str) -> None:
    profile = rgb_profile(DISPLAY_P3, None) if mode == "CMYK" else b"not a profile" * 20
    with pytest.raises(UnreadablePhoto, match=r"bytes has a colour profile that is .*; save it again in sRGB\."):
        read_photo(encoded(Image.new(mode, (64, 48)), "JPEG", profile))
