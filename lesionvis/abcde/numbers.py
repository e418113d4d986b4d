"""LesionPatch -> numbers of asymmetry, border and colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.abcde.patch import LesionPatch
from lesionvis.geometry import polygon_area, sample

# Pairs of axes that are tried: every so many degrees of a quarter turn.
AXIS_STEP_DEG = 5
# Corners of an outline that is evenly spaced, and the harmonics of its course that make up a smooth form (ellipse,
# egg, kidney, triangle with round corners); what is left over are notches, scallops and tails.
N_CORNERS = 256
SMOOTH_HARMONICS = 3
# Finer harmonics than this are steps of the picture that the outline was found on.
FINEST_HARMONIC = 24
# Copies of the outline between which the border's fall of density is measured: well inside and outside, and close by.
FAR_FACTORS, NEAR_FACTORS = (0.7, 1.3), (0.9, 1.1)
N_OCTANTS = 8
# With less contrast across the border than this (log10 density, sum of channels: what the skin's own mottling and
# shade reach) its sharpness means nothing.
STEP_MIN = 0.15

COLORS = ("white", "red", "light brown", "dark brown", "blue-grey", "black")
# Classes of colour, in log10 density relative to local skin (red, green, blue = what a place takes out of the light
# more than the skin does). Melanin takes red, more green and most blue; blood takes green and blue alike and hardly
# any red; melanin deep in the skin takes red and lets blue come back from above it (Tyndall effect).
# Lighter than skin by a fifth; less is shade and healthy skin between pigment.
WHITE_MAX = -0.08
# A fifth of the skin's red light or less is left.
BLACK_RED_MIN = 0.75
# Less than half of it is left.
DARK_BROWN_RED_MIN = 0.32
# Any colour at all: an eighth of the light is missing.
COLORED_MIN = 0.06
RED_ERYTHEMA_MIN = 0.12
RED_RED_SHARE_MAX = 0.45
BLUE_GREY_RED_MIN = 0.15
# Blue less red density, below which a dark place is bluer than the skin; the share counts as the place gets darker,
# where the camera's black compresses blue first.
BLUE_GREY_BLUE_LESS_RED_MAX = -0.02
BLUE_GREY_PER_RED = 0.12


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Differences of the halves about the two perpendicular axes on which they are most alike.

    Attributes
    ----------
    axis_deg : float
        Direction of the first axis, degrees from x towards y; the second is perpendicular.
    shape : tuple of 2 float
        Area that does not cover itself when folded over each axis, over the whole area: 0 to 1.
    color : tuple of 2 float
        Mean absolute difference of density between mirrored places, log10.
    """

    axis_deg: float
    shape: tuple[float, float]
    color: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Border:
    """Irregularity and sharpness of a border.

    Attributes
    ----------
    compactness : float
        Perimeter squared over 4 pi area: 1 for a circle, 1.2 for an ellipse twice as long as wide.
    deviation : float
        Root mean square distance of the border from a smooth closed curve, over the radius of equal area.
    octants : tuple of 8 float
        Share of the step in density that happens within a tenth of the radius of the border, clockwise from the
        direction of x; NaN where it cannot be seen.
    """

    compactness: float
    deviation: float
    octants: tuple[float, ...]


def centroid(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Centroid of a mask.

    Parameters
    ----------
    mask : ndarray of shape (H, W), bool
        At least one pixel is True.

    Returns
    -------
    tuple of 2 float
        Position (x, y), px.
    """
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def asymmetry(patch: LesionPatch) -> Asymmetry:
    """Fold the lesion over axes through its centroid.

    Parameters
    ----------
    patch : LesionPatch

    Returns
    -------
    Asymmetry
        About the pair of perpendicular axes with the least mean difference in shape (after Stoecker et al. 1992).
    """
    centre = centroid(patch.mask)
    angles = range(0, 90, AXIS_STEP_DEG)
    pairs = [tuple(_fold_shape(patch.mask, centre, angle + turn) for turn in (0, 90)) for angle in angles]
    best = int(np.argmin([sum(pair) for pair in pairs]))
    angle = float(angles[best])
    colors = (_fold_color(patch, centre, angle), _fold_color(patch, centre, angle + 90.0))
    return Asymmetry(angle, (pairs[best][0], pairs[best][1]), colors)


def border_form(patch: LesionPatch) -> Border:
    """Measure the border of a lesion.

    Parameters
    ----------
    patch : LesionPatch

    Returns
    -------
    Border
    """
    course = _even_course(patch.border)
    spectrum = np.fft.fft(course)
    order = np.abs(np.fft.fftfreq(len(course), 1.0 / len(course)))
    fine = np.fft.ifft(np.where(order <= FINEST_HARMONIC, spectrum, 0.0))
    smooth = np.fft.ifft(np.where(order <= SMOOTH_HARMONICS, spectrum, 0.0))
    perimeter = float(np.abs(np.diff(fine, append=fine[:1])).sum())
    area = float(abs(polygon_area(fine.real, fine.imag)))
    deviation = float(np.sqrt(np.mean(np.abs(fine - smooth) ** 2)) / np.sqrt(area / np.pi))
    return Border(perimeter**2 / (4.0 * np.pi * area), deviation, _octants(patch))


def color_classes(patch: LesionPatch) -> NDArray[np.int8]:
    """Class of each place of the lesion.

    Parameters
    ----------
    patch : LesionPatch

    Returns
    -------
    ndarray of shape (h, w), int8
        Index into `COLORS`; -1 where there is no lesion, glare, or the colour of skin.
    """
    red, green, blue = (patch.relative[..., channel] for channel in range(3))
    mean = (red + green + blue) / 3.0
    erythema = green - red
    is_red = (erythema > RED_ERYTHEMA_MIN) & (red < RED_RED_SHARE_MAX * green) & (blue - green < 0.25 * erythema)
    is_blue = (red > BLUE_GREY_RED_MIN) & (blue - red < BLUE_GREY_BLUE_LESS_RED_MAX - BLUE_GREY_PER_RED * red)
    # The first that holds counts.
    conditions = [
        mean < WHITE_MAX,
        red > BLACK_RED_MIN,
        is_blue,
        is_red,
        red > DARK_BROWN_RED_MIN,
        mean > COLORED_MIN,
    ]
    classes = [COLORS.index(name) for name in ("white", "black", "blue-grey", "red", "dark brown", "light brown")]
    chosen = np.select(conditions, classes, -1)
    return np.where(patch.mask & ~patch.glare, chosen, -1).astype(np.int8)


def color_shares(patch: LesionPatch) -> dict[str, float]:
    """Share of the lesion that has each of the six colours.

    Parameters
    ----------
    patch : LesionPatch

    Returns
    -------
    dict
        Name of `COLORS` -> 0 to 1; they sum up to less than 1 where there is glare or the colour of skin.
    """
    classes = color_classes(patch)[patch.mask]
    return {name: float((classes == index).mean()) for index, name in enumerate(COLORS)}


def _mirror(centre: tuple[float, float], axis_deg: float) -> NDArray[np.float64]:
    """Matrix of the reflection about an axis through a point; it is its own inverse."""
    cosine, sine = np.cos(2.0 * np.radians(axis_deg)), np.sin(2.0 * np.radians(axis_deg))
    turn = np.array([[cosine, sine], [sine, -cosine]])
    shift = np.asarray(centre) - turn @ np.asarray(centre)
    return np.column_stack([turn, shift])


def _fold_shape(mask: NDArray[np.bool_], centre: tuple[float, float], axis_deg: float) -> float:
    """Area that does not cover itself when folded over an axis, over the whole area."""
    own = mask.astype(np.float32)
    mirrored = cv2.warpAffine(own, _mirror(centre, axis_deg), own.shape[::-1], flags=cv2.INTER_LINEAR)
    # Each such place counts twice, once on either side; what is mirrored out of the picture covers nothing.
    uncovered = np.abs(own - mirrored).sum() + (own.sum() - mirrored.sum())
    return float(uncovered / (2.0 * own.sum()))


def _fold_color(patch: LesionPatch, centre: tuple[float, float], axis_deg: float) -> float:
    """Mean absolute difference of density between places of the lesion that fall on each other."""
    size, matrix = patch.mask.shape[::-1], _mirror(centre, axis_deg)
    mirrored = cv2.warpAffine(patch.relative, matrix, size, flags=cv2.INTER_LINEAR)
    usable = (patch.mask & ~patch.glare).astype(np.float32)
    both = (usable > 0) & (cv2.warpAffine(usable, matrix, size, flags=cv2.INTER_LINEAR) > 0.99)
    return float(np.abs(patch.relative - mirrored)[both].mean()) if both.any() else float("nan")


def _even_course(border: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Evenly spaced points of a closed outline as complex numbers."""
    closed = np.vstack([border, border[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    wanted = np.arange(N_CORNERS) * along[-1] / N_CORNERS
    return np.asarray(np.interp(wanted, along, closed[:, 0]) + 1j * np.interp(wanted, along, closed[:, 1]))


def _octants(patch: LesionPatch) -> tuple[float, ...]:
    """Sharpness of the border in each eighth of the way round."""
    centre = np.asarray(centroid(patch.mask))
    course = _even_course(patch.border)
    arm = np.stack([course.real, course.imag], axis=1) - centre
    total = patch.relative.sum(axis=2)
    factors = np.asarray([*FAR_FACTORS, *NEAR_FACTORS])
    places = (centre + arm[:, None] * factors[None, :, None]).astype(np.float32)
    values = sample(total, places[..., 0], places[..., 1])
    inside = cv2.remap(patch.seen.astype(np.float32), places[..., 0], places[..., 1], cv2.INTER_LINEAR)
    is_seen = (inside > 0.99).all(axis=1)
    octant = np.floor((np.degrees(np.arctan2(arm[:, 1], arm[:, 0])) % 360.0) / (360.0 / N_OCTANTS)).astype(int)
    result = []
    for number in range(N_OCTANTS):
        rows = values[is_seen & (octant == number)]
        if len(rows) == 0:
            result.append(float("nan"))
            continue
        far_in, far_out, near_in, near_out = rows.mean(axis=0)
        step = far_in - far_out
        result.append(float(np.clip((near_in - near_out) / step, -1.0, 2.0)) if abs(step) > STEP_MIN else float("nan"))
    return tuple(result)
