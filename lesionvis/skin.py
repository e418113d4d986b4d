"""Photo, Scale -> Skin: where skin is, and what colour healthy skin has around each place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import erythema_index, individual_typology_angle_deg, linear_light, optical_density
from lesionvis.geometry import shrink
from lesionvis.photo import Photo
from lesionvis.scale import NoScale, Scale

# Skin, drapes and scenes are told apart by colour over patches, so a small picture is enough and steadier.
MASK_LONG_SIDE_PX = 160
# The surface of healthy-skin colour is smooth: fitted on a still smaller picture.
SURFACE_LONG_SIDE_PX = 64

# Bounds of what can be skin at all, in optical density of linear light (log10): redder than green, not as red as
# arterial blood seen alone, not strongly blue, and not black. Wide, because old slides and warm lamps shift all skin.
PLAUSIBLE_RED_OVER_GREEN = (0.03, 0.75)
PLAUSIBLE_GREEN_OVER_BLUE = (-0.18, 0.60)
PLAUSIBLE_RED_DENSITY_MAX = 1.3

# How far a place may depart from the photo's own skin colour (log10 units). Departures towards blood and melanin are
# wide, since those are what is looked for; towards grey, green and blue they are narrow.
LESS_RED_MAX = 0.16
# ... and less red than this share of the skin's own redness: paler skin beside a red rash is less red too, but never
# nearly grey.
LESS_RED_SHARE_MAX = 0.35
LESS_RED_AND_YELLOW_MAX = 0.26
BLUER_MAX = 0.22
# Blood takes blue and green alike, so that a redder place may also be bluer by this share of its added redness.
BLUER_PER_REDDER = 0.35
REDDER_MAX = 0.50
YELLOWER_MAX = 0.38
DARKER_MAX = 0.95
# Paper, dressings and cloth: overexposed, or without any hue and not dark; very light skin is hardly redder than they
# are, so that this little less red tells them apart.
WHITE_DENSITY_MAX = 0.06
NEUTRAL_DENSITY_MAX = 0.5
NEUTRAL_RED_OVER_GREEN_MAX = 0.03
NEUTRAL_GREEN_OVER_BLUE_MAX = 0.04
NEUTRAL_LESS_RED_MIN = 0.08

# What is not skin reaches the frame's border and is no speck; what skin encloses is a lesion or a mark on skin.
NOT_SKIN_MIN_FRACTION = 0.002
# Pieces of skin smaller than this share of the largest piece are dropped: hands of a helper, reflections.
SKIN_PIECE_MIN_FRACTION = 0.05

# Skin darker than this is hardly in the training data, and spots on it start to be missed: rendered showers under a
# veil have an F1 of 0.96 at an ITA of -10 degrees and of 0.87 at -25.
DARK_ITA_MAX_DEG = -10.0
# ... unless light and cast make it look so. Melanin takes blue light more than green by at least this (log10 density;
# six dark photos: 0.14 to 0.5; rendered skin of an ITA of -20 and less in neutral light: 0.18 to 0.35), which a weak
# light does not change and a purple or blue cast takes away. Skin as dark as the second limit in red light is dark.
DARK_GREEN_OVER_BLUE_MIN = 0.12
DARK_RED_DENSITY_MIN = 0.7

_SMOOTH_KERNEL_PX = 5
_SURFACE_PASSES = 6
# Strength of the pull of the surface's slopes and curvatures to zero, as a share of the total weight.
_SURFACE_RIDGE = 0.0625


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """Mask of the skin and the colour that it has where it is healthy.

    Attributes
    ----------
    mask : ndarray of shape (H, W), bool
        True where skin is, lesions on it included; working resolution.
    healthy_density : ndarray of shape (H, W, 3), float32
        Optical density that healthy skin would have at each place: a smooth surface.
    fraction : float
        Share of the photo that is skin, 0 to 1.
    tone_ita_deg : float
        Individual typology angle of healthy skin in degrees; NaN without skin. It follows the light of the photo.
    is_dark : bool
        True when healthy skin is darker than the tones that were tested, and by its melanin as far as can be told.
    left_out : ndarray of shape (H, W), bool, or None
        True where nothing is to be looked at; None when nothing is left out.
    """

    mask: NDArray[np.bool_]
    healthy_density: NDArray[np.float32]
    fraction: float
    tone_ita_deg: float
    is_dark: bool
    left_out: NDArray[np.bool_] | None = None

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"Skin({100.0 * self.fraction:.0f} % of the photo, tone {self.tone_ita_deg:.0f} deg)"


def find_skin(photo: Photo, scale: Scale | NoScale, left_out: NDArray[np.bool_] | None = None) -> Skin:
    """Find the skin of a photo and the colour of its healthy parts.

    Parameters
    ----------
    photo : Photo
        Upright photo.
    scale : Scale or NoScale
        A reference in the photo (ruler, marker, coin) is cut out of the skin.
    left_out : ndarray of shape (H, W), bool, optional
        True where nothing is to be looked at, working resolution; it is cut out of the skin as well.

    Returns
    -------
    Skin
        With an all-False mask when no skin was found.

    Notes
    -----
    The photo's own skin colour is the mode of the chromaticities that skin can have, weighted towards the centre;
    places that depart from it other than towards blood or melanin, and that reach the frame's border, are not skin.

    Examples
    --------
    >>> from lesionvis.photo import read_photo
    >>> from lesionvis.scale import NoScale
    >>> beige = np.full((64, 64, 3), (200, 160, 130), np.uint8)
    >>> skin = find_skin(read_photo(beige), NoScale("none sought"))
    >>> skin.fraction, round(skin.tone_ita_deg)
    (1.0, 41)
    """
    height, width = photo.rgb.shape[:2]
    small = shrink(photo.rgb, MASK_LONG_SIDE_PX)
    small_mask = _skin_by_colour(optical_density(np.asarray(cv2.medianBlur(small, _SMOOTH_KERNEL_PX), np.uint8)))
    mask = cv2.resize(small_mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    if isinstance(scale, Scale) and len(scale.outline_px) >= 3:
        corners = photo.to_working(scale.outline_px)
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 0)
    skin_mask = mask > 0
    if left_out is not None:
        skin_mask &= ~left_out
    surface = _healthy_surface(shrink(photo.rgb, SURFACE_LONG_SIDE_PX), skin_mask)
    tone, is_dark = _tone(surface, skin_mask)
    healthy = cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR)
    fraction = float(np.count_nonzero(skin_mask) / skin_mask.size)
    skin_mask.setflags(write=False)
    healthy.setflags(write=False)
    return Skin(skin_mask, np.asarray(healthy, np.float32), fraction, tone, is_dark, left_out)


def _skin_by_colour(density: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Skin mask of a small, smoothed picture."""
    red = density[..., 0]
    red_over_green = erythema_index(density)
    green_over_blue = density[..., 2] - density[..., 1]
    plausible = (
        _between(red_over_green, PLAUSIBLE_RED_OVER_GREEN)
        & _between(green_over_blue, PLAUSIBLE_GREEN_OVER_BLUE)
        & (red < PLAUSIBLE_RED_DENSITY_MAX)
    )
    if plausible.mean() < NOT_SKIN_MIN_FRACTION:
        return np.zeros(red.shape, np.bool_)
    skin_red, skin_rg, skin_gb = _skin_colour(red, red_over_green, green_over_blue, plausible)
    redder = red_over_green - skin_rg
    yellower = green_over_blue - skin_gb
    hue = red_over_green + green_over_blue
    neutral = (red < NEUTRAL_DENSITY_MAX) & (np.abs(green_over_blue) < NEUTRAL_GREEN_OVER_BLUE_MAX)
    cloth = (np.abs(red_over_green) < NEUTRAL_RED_OVER_GREEN_MAX) & (neutral | (red < WHITE_DENSITY_MAX))
    departs = (
        ((redder < -LESS_RED_MAX) & (red_over_green < LESS_RED_SHARE_MAX * skin_rg))
        | (redder > REDDER_MAX)
        | ((redder + yellower < -LESS_RED_AND_YELLOW_MAX) & (hue < LESS_RED_SHARE_MAX * (skin_rg + skin_gb)))
        | (yellower < -BLUER_MAX - BLUER_PER_REDDER * np.maximum(redder, 0))
        | (yellower > YELLOWER_MAX)
        | (red - skin_red > DARKER_MAX)
        | (cloth & (redder < -NEUTRAL_LESS_RED_MIN))
    )
    return _keep_large_skin(~_reaching_border(departs))


def _between(values: NDArray[np.float32], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return (values > bounds[0]) & (values < bounds[1])


def _skin_colour(
    red: NDArray[np.float32],
    red_over_green: NDArray[np.float32],
    green_over_blue: NDArray[np.float32],
    plausible: NDArray[np.bool_],
) -> tuple[float, float, float]:
    """Red density and chromaticity at the mode of the plausible colours, the centre of the frame counting most."""
    height, width = red.shape
    rows = ((np.arange(height) + 0.5) / height - 0.5)[:, None]
    columns = ((np.arange(width) + 0.5) / width - 0.5)[None, :]
    weight = np.exp(-(rows**2 + columns**2) / 0.45**2) * plausible
    bounds = ((-0.1, 0.8), (-0.2, 0.7))
    histogram, edges_rg, edges_gb = np.histogram2d(
        red_over_green.ravel(), green_over_blue.ravel(), bins=60, range=bounds, weights=weight.ravel()
    )
    smooth = cv2.GaussianBlur(histogram, (0, 0), 1.5)
    i, j = np.unravel_index(int(smooth.argmax()), smooth.shape)
    mode_rg = 0.5 * (edges_rg[i] + edges_rg[i + 1])
    mode_gb = 0.5 * (edges_gb[j] + edges_gb[j + 1])
    near = plausible & (np.hypot(red_over_green - mode_rg, green_over_blue - mode_gb) < 0.10)
    if not near.any():
        near = plausible
    return (
        float(np.median(red[near])),
        float(np.median(red_over_green[near])),
        float(np.median(green_over_blue[near])),
    )


def _reaching_border(departs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts that touch the frame's border and are no specks, grown by a pixel for their blurred rim."""
    kernel = np.ones((3, 3), np.uint8)
    opened = cv2.morphologyEx(departs.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    height, width = departs.shape
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    touches = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    chosen = touches & (stats[:, cv2.CC_STAT_AREA] > NOT_SKIN_MIN_FRACTION * departs.size)
    chosen[0] = False
    return np.asarray(cv2.dilate(chosen[labels].astype(np.uint8), kernel) > 0)


def _keep_large_skin(skin: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Skin without its small separate pieces."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8), connectivity=4)
    if count < 2:
        return skin
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    return np.asarray((area >= SKIN_PIECE_MIN_FRACTION * area.max())[labels] & skin)


def _healthy_surface(small: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Quadratic surface through the density of healthy skin, fitted robustly.

    Lesions take light away, so that a place darker or redder than the surface loses its weight sooner than a
    lighter one: the fit settles on the lighter, paler part of the skin even where lesions cover much of it.
    """
    height, width = small.shape[:2]
    density = optical_density(small).reshape(-1, 3).astype(np.float64)
    area = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA).ravel()
    inside = area > 0.9
    if inside.sum() < 20:
        inside[:] = True
    rows, columns = np.mgrid[0:height, 0:width]
    y, x = rows.ravel() / height - 0.5, columns.ravel() / width - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)
    ridge = np.diag([0.0, 0.6, 0.6, 1.2, 1.2, 1.2]) ** 2
    weight = inside.astype(np.float64)
    for _ in range(_SURFACE_PASSES):
        weighted = terms * weight[:, None]
        normal = weighted.T @ terms + _SURFACE_RIDGE * weight.sum() * ridge
        coefficients = np.linalg.solve(normal, weighted.T @ density)
        residual = density - terms @ coefficients
        # Green, blue and the erythema index together: blood and melanin both push this up.
        excess = 0.6 * residual[:, 1] + 0.4 * residual[:, 2] + 0.7 * (residual[:, 1] - residual[:, 0])
        trusted = excess[inside & (weight > 0.3)]
        spread = float(np.clip(1.4826 * np.median(np.abs(trusted)), 0.015, 0.1)) if trusted.size else 0.1
        z = excess / spread
        weight = inside / (1.0 + np.where(z > 0, z / 1.2, z / 3.0) ** 4)
    return (terms @ coefficients).reshape(height, width, 3).astype(np.float32)


def _tone(surface: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[float, bool]:
    """ITA of the median healthy-skin colour inside the mask in degrees, and whether it is that of dark skin."""
    height, width = surface.shape[:2]
    inside = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    if not inside.any():
        return float("nan"), False
    red, green, blue = np.median(surface[inside], axis=0).tolist()
    linear = np.clip(linear_light(np.array([red, green, blue])), 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255.0
    tone = individual_typology_angle_deg((float(srgb[0]), float(srgb[1]), float(srgb[2])))
    is_brown = blue - green >= DARK_GREEN_OVER_BLUE_MIN or red >= DARK_RED_DENSITY_MIN
    return tone, tone < DARK_ITA_MAX_DEG and is_brown
