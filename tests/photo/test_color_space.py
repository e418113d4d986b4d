"""Colours that a file states otherwise than by an ICC profile come out as in sRGB, or the file is refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from drawn import drawn_skin
from numpy.typing import NDArray
from PIL import Image, ImageCms

from lesionvis.analysis import analyze
from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import read_photo
from lesionvis.photo.color_space import ADOBE_RGB, SRGB, ColorSpace

SKIN = drawn_skin(2, count=9, height=120, width=160, radius=9)

# Light of linear sRGB to XYZ, and of XYZ to the light of other spaces (inverses of the tables of their standards).
SRGB_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)
ADOBE_XYZ = np.array(
    [[0.5767309, 0.185554, 0.1881852], [0.2973769, 0.6273491, 0.0752741], [0.0270343, 0.0706872, 0.9911085]]
)
P3_XYZ = np.array(
    [[0.48657095, 0.26566769, 0.19821729], [0.22897456, 0.69173852, 0.07928691], [0, 0.04511338, 1.04394437]]
)
ADOBE_CHRM = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
SRGB_CHRM = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def srgb_curve(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0) ** (1 / 2.4) - 0.055)


def power_curve(power: float) -> Curve:
    return lambda light: light ** (1 / power)


def stored(xyz: NDArray[np.float64], curve: Curve) -> NDArray[np.uint8]:
    """The same skin as levels of another space."""
    shares = SKIN / 255
    light = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    other = np.clip(light @ SRGB_XYZ.T @ np.linalg.inv(xyz).T, 0, 1)
    return np.round(255 * curve(other)).astype(np.uint8)


def png(pixels: NDArray[np.uint8], **chunks: bytes) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    data = stream.getvalue()
    added = b"".join(
        struct.pack(">I", len(content))
        + name.encode()
        + content
        + struct.pack(">I", zlib.crc32(name.encode() + content))
        for name, content in chunks.items()
    )
    return data[:33] + added + data[33:]  # after the header


def avif(pixels: NDArray[np.uint8], primaries: int, curve: int) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "AVIF", quality=100, subsampling="4:4:4")
    data = stream.getvalue()
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, curve) + data[at + 4 :]


def jpeg(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=100, subsampling=0, **options)
    return stream.getvalue()


def with_dcf_index(index: object, color_space: int = 65535) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA001: color_space, 0xA005: {1: index, 2: b"0100"}})
    return exif


def gamma(value: float) -> bytes:
    return struct.pack(">I", round(value * 100_000))


FILES = {
    "PNG, linear": lambda: png(stored(SRGB_XYZ, power_curve(1.0)), gAMA=gamma(1.0)),
    "PNG, gamma of old Macs": lambda: png(stored(SRGB_XYZ, power_curve(1.8)), gAMA=gamma(1 / 1.8)),
    "PNG, Adobe RGB": lambda: png(stored(ADOBE_XYZ, power_curve(563 / 256)), gAMA=gamma(256 / 563), cHRM=ADOBE_CHRM),
    "PNG, chromaticities alone": lambda: png(stored(ADOBE_XYZ, srgb_curve), cHRM=ADOBE_CHRM),
    "PNG, Display P3 by codes": lambda: png(stored(P3_XYZ, srgb_curve), cICP=bytes([12, 13, 0, 1])),
    "PNG, codes before gamma": lambda: png(
        stored(P3_XYZ, srgb_curve), gAMA=gamma(1.0), cICP=bytes([12, 13, 0, 1]), sRGB=b"\0"
    ),
    "AVIF, Display P3": lambda: avif(stored(P3_XYZ, srgb_curve), 12, 13),
    "AVIF, gamma 2.2": lambda: avif(stored(SRGB_XYZ, power_curve(2.2)), 1, 4),
    "JPEG, Adobe RGB by DCF": lambda: jpeg(stored(ADOBE_XYZ, power_curve(563 / 256)), exif=with_dcf_index("R03")),
    "JPEG, Adobe RGB by ColorSpace": lambda: jpeg(
        stored(ADOBE_XYZ, power_curve(563 / 256)), exif=with_dcf_index("R98", color_space=2)
    ),
    "PNG that says sRGB in every way": lambda: png(SKIN, gAMA=gamma(0.45455), cHRM=SRGB_CHRM, sRGB=b"\0"),
    "PNG, gamma near sRGB": lambda: png(SKIN, gAMA=gamma(0.45455), cHRM=SRGB_CHRM),
    "PNG, sRGB before its chromaticities": lambda: png(SKIN, sRGB=b"\0", cHRM=ADOBE_CHRM, gAMA=gamma(1.0)),
    "AVIF, unspecified": lambda: avif(SKIN, 2, 2),
    "JPEG, sRGB by DCF": lambda: jpeg(SKIN, exif=with_dcf_index("R98", color_space=1)),
}


@pytest.mark.parametrize("file", FILES)
def test_the_same_skin_has_the_same_colours_however_they_are_stated(file: str) -> None:
    found, expected = read_photo(FILES[file]()).rgb.astype(int), read_photo(SKIN).rgb.astype(int)
    assert np.abs((found - expected).mean(axis=(0, 1))).max() <= 1.5
    assert np.percentile(np.abs(found - expected), 99) <= 6


@pytest.mark.parametrize("file", [name for name in FILES if "P3" in name or "Adobe" in name or "linear" in name])
def test_without_what_is_stated_the_colours_would_be_others(file: str) -> None:
    read = np.asarray(Image.open(BytesIO(FILES[file]())).convert("RGB")).astype(int)
    assert np.abs((read - SKIN.astype(int)).mean(axis=(0, 1))).max() >= 3.0


@pytest.mark.parametrize(
    "file", ["PNG, gamma of old Macs", "PNG, Adobe RGB", "AVIF, Display P3", "JPEG, Adobe RGB by DCF"]
)
def test_spots_are_as_red_as_in_srgb_however_the_colours_are_stated(file: str) -> None:
    found, expected = analyze(read_photo(FILES[file]())).table, analyze(SKIN).table
    assert len(found) == len(expected) > 3
    for name in ("erythema_contrast", "contrast_green"):
        assert np.median(found[name]) == pytest.approx(np.median(expected[name]), abs=0.015)
    assert set(found["color"]) == {"red"}


def test_grey_has_its_gamma_too() -> None:
    levels = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (40, 1))
    light = np.where(levels / 255 <= 0.04045, levels / 255 / 12.92, ((levels / 255 + 0.055) / 1.055) ** 2.4)
    found = read_photo(png(np.round(255 * light ** (1 / 1.8)).astype(np.uint8), gAMA=gamma(1 / 1.8))).rgb
    assert np.abs(found.astype(int) - levels[..., np.newaxis])[:, 4:].max() <= 3


@pytest.mark.parametrize("codes", [(9, 16), (1, 18), (9, 18), (1, 9), (3, 13), (200, 13)])
def test_hdr_and_unknown_codes_are_refused(codes: tuple[int, int]) -> None:
    for data in (avif(SKIN, *codes), png(SKIN, cICP=bytes([*codes, 0, 1]))):
        with pytest.raises(UnreadablePhoto, match=r"bytes has HDR or unusual colours .*; export it as JPEG\."):
            read_photo(data)


@pytest.mark.parametrize("value", [0.0, 0.01, 2.2, 42949.0])
def test_an_impossible_gamma_is_refused(value: float) -> None:
    with pytest.raises(UnreadablePhoto, match=r"bytes states an impossible gamma .*; save it again in sRGB\."):
        read_photo(png(SKIN, gAMA=gamma(value)))


@pytest.mark.parametrize(
    "chrm",
    [
        bytes(32),
        struct.pack(">8I", *[31270, 32900] * 4),
        struct.pack(">8I", 5000, 90000, 64000, 33000, 30000, 60000, 15000, 6000),
    ],
)
def test_impossible_chromaticities_are_refused(chrm: bytes) -> None:
    with pytest.raises(UnreadablePhoto, match="bytes states colours that are impossible"):
        read_photo(png(SKIN, cHRM=chrm))


def test_an_icc_profile_counts_more_than_what_a_camera_marks() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = jpeg(SKIN, exif=with_dcf_index("R03"), icc_profile=srgb)
    assert np.abs((read_photo(data).rgb.astype(int) - read_photo(SKIN).rgb).mean(axis=(0, 1))).max() <= 1.0


def test_a_profile_of_which_a_part_is_lost_is_refused() -> None:
    profile = ADOBE_RGB.icc_profile()
    part = b"ICC_PROFILE\0" + bytes([1, 2]) + profile[: len(profile) // 2]
    data = jpeg(SKIN)
    lost = data[:2] + b"\xff\xe2" + struct.pack(">H", len(part) + 2) + part + data[2:]
    with pytest.raises(
        UnreadablePhoto, match="bytes has a colour profile of which a part is lost; export the original"
    ):
        read_photo(lost)


def test_the_profile_of_srgb_is_srgb() -> None:
    data = jpeg(SKIN, icc_profile=SRGB.icc_profile())
    assert (read_photo(data).rgb == read_photo(jpeg(SKIN)).rgb).all()


def test_primaries_of_one_line_span_no_colours() -> None:
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        ColorSpace((0.3, 0.3), (0.4, 0.4), (0.5, 0.5)).icc_profile()
