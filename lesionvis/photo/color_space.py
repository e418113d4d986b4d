"""Colours that a file states: an ICC profile, or one made of what it says by other means.

Video codes (CICP, in AVIF, HEIC and PNG), gamma and chromaticities (PNG), and the mark of Adobe RGB that cameras write
(DCF, in JPEG) become a profile of primaries and a curve, so that `lesionvis.photo.icc` knows one way of converting.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import UnreadablePhoto

_D65, _DCI_WHITE, _C_WHITE, _D50_XYZ = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316), (0.9642, 1.0, 0.8249)
_SRGB_CURVE = 0.0
"""Stands for the curve of IEC 61966-2-1, which is no power."""
_SRGB_PARAMETERS = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# A curve near 1 / 2.2 with the primaries of sRGB is how PNG files say sRGB; chromaticities are rounded to 3 digits.
_SRGB_FILE_GAMMA, _FILE_GAMMA_TOLERANCE, _XY_TOLERANCE = 0.45455, 0.01, 0.005
# Curves that any screen has; beyond, the number was damaged.
_FILE_GAMMA_MIN, _FILE_GAMMA_MAX = 0.2, 1.0

_CICP = re.compile(rb"colrnclx(.{4})", re.DOTALL)
# DCF 2.0: a file with this index in the EXIF folder of interoperability is in Adobe RGB.
_EXIF_DETAILS, _EXIF_INTEROPERABILITY, _INTEROPERABILITY_INDEX, _ADOBE_INDEX = 0x8769, 0xA005, 1, "R03"
# Some cameras write this value of ColorSpace, which the EXIF standard does not know, for Adobe RGB.
_EXIF_COLOR_SPACE, _ADOBE_COLOR_SPACE = 0xA001, 2


@dataclass(frozen=True, slots=True)
class ColorSpace:
    """Colour space of three primaries.

    Attributes
    ----------
    red_xy, green_xy, blue_xy, white_xy : tuple of float
        Chromaticities (CIE 1931).
    power : float
        Exponent from stored values to light, > 0; 0 for the curve of sRGB.
    """

    red_xy: tuple[float, float]
    green_xy: tuple[float, float]
    blue_xy: tuple[float, float]
    white_xy: tuple[float, float] = _D65
    power: float = _SRGB_CURVE

    def icc_profile(self) -> bytes:
        """ICC profile of the colour space.

        Returns
        -------
        bytes
            Matrix and curves, version 4.

        Raises
        ------
        ValueError
            If the primaries span no colours.
        """
        curve = _parametric_curve(*((3, *_SRGB_PARAMETERS) if self.power == _SRGB_CURVE else (0, self.power)))
        red, green, blue = _primaries_xyz_d50(self)
        contents = {
            b"wtpt": _xyz(_D50_XYZ),
            b"rXYZ": _xyz(red),
            b"gXYZ": _xyz(green),
            b"bXYZ": _xyz(blue),
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        }
        table, body, start = b"", b"", 128 + 4 + 12 * len(contents)
        for tag, content in contents.items():
            table += tag + struct.pack(">2I", start + len(body), len(content))
            body += content
        whole = struct.pack(">I", len(contents)) + table + body
        head = struct.pack(">I4xI", 128 + len(whole), 0x04300000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
        return head.ljust(68, b"\0") + struct.pack(">3i", *map(_fixed, _D50_XYZ)) + bytes(48) + whole


SRGB = ColorSpace((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE_RGB = ColorSpace((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), power=563 / 256)

# ITU-T H.273, tables 2 and 3. 2 stands for "not specified", which is taken as sRGB; the curves of BT.709 and BT.2020
# are shown as that of sRGB by all programs. HDR curves (16, 18) and those of film scanners have no ordinary picture.
_CICP_PRIMARIES = {
    **dict.fromkeys((1, 2), SRGB),
    4: ColorSpace((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C_WHITE),
    5: ColorSpace((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    **dict.fromkeys((6, 7), ColorSpace((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
    9: ColorSpace((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ColorSpace((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI_WHITE),
    12: ColorSpace((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_CICP_POWERS = {**dict.fromkeys((1, 2, 6, 13, 14, 15), _SRGB_CURVE), 4: 2.2, 5: 2.8, 8: 1.0}


def stated_profile(name: str, kind: str, data: bytes, image: Any) -> bytes | None:
    """ICC profile of what a file says of its colours.

    Parameters
    ----------
    name : str
        What messages call the photo.
    kind : str
        Format of the file.
    data : bytes
        The whole file.
    image : PIL.Image.Image
        Pillow's view of it, its header read.

    Returns
    -------
    bytes or None
        None for sRGB, which is also what a file is in that says nothing.

    Raises
    ------
    UnreadablePhoto
        If the colours are HDR, impossible, or said by a profile of which a part is lost: guessed colours are wrong.
    """
    info: Mapping[str, Any] = image.info
    for codes in _cicp_codes(kind, data, info):
        space = _space_of_codes(name, *codes)
        if not info.get("icc_profile") or kind == "PNG":  # of the two, that of a PNG is said to count less
            return _profile_of(name, space)
    if "icc_profile" in info:
        if not info["icc_profile"]:
            raise UnreadablePhoto(f"{name} has a colour profile of which a part is lost; export the original again.")
        return bytes(info["icc_profile"])
    if kind == "PNG" and "srgb" not in info:
        return _profile_of(name, _space_of_png(name, info.get("gamma"), info.get("chromaticity")))
    return _profile_of(name, ADOBE_RGB) if kind == "JPEG" and _is_marked_adobe_rgb(image) else None


def _cicp_codes(kind: str, data: bytes, info: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Codes of primaries and curve that the file states, at most one pair unless it contradicts itself."""
    if kind == "HEIC":
        codes = info.get("nclx_profile")
        return [(codes["color_primaries"], codes["transfer_characteristics"])] if codes else []
    if kind == "AVIF":
        return sorted({struct.unpack(">2H", code) for code in _CICP.findall(_box(data, b"meta"))})
    if kind == "PNG":
        content = _png_chunk(data, b"cICP")
        return [(content[0], content[1])] if len(content) == 4 else []
    return []


def _space_of_codes(name: str, primaries: int, curve: int) -> ColorSpace:
    space, power = _CICP_PRIMARIES.get(primaries), _CICP_POWERS.get(curve)
    if space is None or power is None:
        raise UnreadablePhoto(f"{name} has HDR or unusual colours without an ICC profile; export it as JPEG.")
    return ColorSpace(space.red_xy, space.green_xy, space.blue_xy, space.white_xy, power)


def _space_of_png(name: str, file_gamma: float | None, chromaticity: tuple[float, ...] | None) -> ColorSpace:
    """Colour space of a PNG's gamma (stored value = light ** gamma) and chromaticities."""
    power = _SRGB_CURVE
    if file_gamma is not None:
        if not _FILE_GAMMA_MIN <= file_gamma <= _FILE_GAMMA_MAX:
            raise UnreadablePhoto(f"{name} states an impossible gamma ({file_gamma:g}); save it again in sRGB.")
        power = 1.0 / file_gamma
    white, red, green, blue = (
        ((chromaticity[0], chromaticity[1]), *zip(chromaticity[2::2], chromaticity[3::2], strict=True))
        if chromaticity
        else (SRGB.white_xy, SRGB.red_xy, SRGB.green_xy, SRGB.blue_xy)
    )
    space = ColorSpace(red, green, blue, white, power)
    is_srgb_curve = file_gamma is None or abs(file_gamma - _SRGB_FILE_GAMMA) <= _FILE_GAMMA_TOLERANCE
    return SRGB if is_srgb_curve and np.abs(_corners(space) - _corners(SRGB)).max() <= _XY_TOLERANCE else space


def _is_marked_adobe_rgb(image: Any) -> bool:
    with suppress(Exception):  # damaged metadata count as absent
        exif = image.getexif()
        index = exif.get_ifd(_EXIF_INTEROPERABILITY).get(_INTEROPERABILITY_INDEX, "")
        text = index.decode("ascii", "replace") if isinstance(index, bytes) else str(index)
        color_space = exif.get_ifd(_EXIF_DETAILS).get(_EXIF_COLOR_SPACE)
        return text.strip("\0 ") == _ADOBE_INDEX or color_space == _ADOBE_COLOR_SPACE
    return False


def _profile_of(name: str, space: ColorSpace) -> bytes | None:
    if space == SRGB:
        return None
    try:
        return space.icc_profile()
    except (ValueError, np.linalg.LinAlgError) as error:
        raise UnreadablePhoto(f"{name} states colours that are impossible; save it again in sRGB.") from error


def _corners(space: ColorSpace) -> NDArray[np.float64]:
    return np.array([space.red_xy, space.green_xy, space.blue_xy, space.white_xy])


def _primaries_xyz_d50(space: ColorSpace) -> NDArray[np.float64]:
    """XYZ of the primaries, a row each, adapted to the white of ICC profiles by the Bradford transform."""
    x, y = _corners(space).T
    if not (np.isfinite(x).all() and (y > 0.0).all() and (x >= 0.0).all()):
        raise ValueError("chromaticities outside of all colours")
    xyz = np.stack([x / y, np.ones(4), (1.0 - x - y) / y])
    strengths = np.linalg.solve(xyz[:, :3], xyz[:, 3])
    if not (strengths > 0.0).all():
        raise ValueError("a white that the primaries do not make")
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    cones = bradford @ np.array(_D50_XYZ) / (bradford @ xyz[:, 3])
    adapted = np.linalg.solve(bradford, cones[:, np.newaxis] * (bradford @ (xyz[:, :3] * strengths)))
    return np.asarray(adapted.T)


def _fixed(value: float) -> int:
    """Number of an ICC profile (s15Fixed16Number)."""
    return round(value * 65536)


def _xyz(values: Any) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(_fixed(float(value)) for value in values))


def _parametric_curve(function: int, *parameters: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(f">Hxx{len(parameters)}i", function, *map(_fixed, parameters))


def _box(data: bytes, kind: bytes) -> bytes:
    """Content of the first box of a kind on the highest level of an ISO base media file; b"" without one."""
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + length if length >= 8 else len(data)
        if data[at + 4 : at + 8] == kind:
            return data[at + 8 : end]
        at = end
    return b""


def _png_chunk(data: bytes, kind: bytes) -> bytes:
    """Content of the first chunk of a kind before the pixels of a PNG; b"" without one."""
    at = 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == kind:
            return data[at + 8 : end]
        at = end + 4
    return b""
