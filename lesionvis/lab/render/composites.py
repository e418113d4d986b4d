"""Spots laid onto photos of bare skin: real skin, light, blur and compression with exact truth.

Real skin is not scarce, photos of mild showers are. Spots are filters that light crosses on its way out of the skin;
what the surface reflects never was below them, so that the same spot shows less on dark skin than on light.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lesionvis.color import decode_srgb
from lesionvis.lab.truth import MarkedSpots
from lesionvis.photo import read_photo
from lesionvis.scale import NoScale
from lesionvis.skin import find_skin

DOTS, FRECKLES, PAPULES = "dots", "freckles", "papules"
SUBJECTS = (DOTS, FRECKLES, PAPULES)
KIND_OF = {DOTS: "blood", FRECKLES: "pigment", PAPULES: "inflamed"}

# Green optical density (log10) of a spot by itself: plain to see, and faint but still plain on light skin.
STRONG_DENSITY, FAINT_DENSITY = 0.30, 0.16
# Each spot's own density scatters by this share about that of its photo.
_DENSITY_SCATTER = 0.12
# Part of the light of white paper that skin reflects at its surface; never more than this share of what comes from it.
_SURFACE_LIGHT, _SURFACE_SHARE_MAX = 0.03, 0.5
# Density in red and blue over that in green: what blood and melanin take (photos: median red share of petechiae 0.38
# with the blur of the camera, of naevi 0.60).
_RED_SHARE = {DOTS: (0.12, 0.38), FRECKLES: (0.50, 0.65), PAPULES: (0.08, 0.30)}
_BLUE_SHARE = {DOTS: (0.75, 1.0), FRECKLES: (1.15, 1.5), PAPULES: (0.7, 1.0)}
# Diameter in px at least, and as a share of the longer side at most.
_DIAMETER_MIN_PX = {DOTS: 3.5, FRECKLES: 3.5, PAPULES: 7.0}
_DIAMETER_MAX_SHARE = {DOTS: 0.018, FRECKLES: 0.02, PAPULES: 0.05}
_COUNT = {DOTS: (10, 90), FRECKLES: (10, 90), PAPULES: (3, 30)}
# Width of a spot's own border as a share of its radius; papules fade out instead.
_SOFTNESS = (0.15, 0.5)
# Centres lie this many mean diameters apart and away from what is not skin.
_APART_DIAMETERS, _BORDER_DIAMETERS = 1.5, 1.2
# A papule is a dome: one side is lighter by this share at its steepest, at most.
_RELIEF_MAX = 0.12
# Photos are worked on at this size at most, as the product does.
_LONG_SIDE_MAX_PX = 1280
_QUALITY_WITHOUT_TABLES = 90


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A photo of bare skin with spots laid onto it.

    Attributes
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    x_px, y_px, diameter_px : ndarray of shape (N,), float64
        Of the spots; the diameter is that of half the density.
    kind : tuple of str
        "blood", "inflamed" or "pigment" for each.
    """

    rgb: NDArray[np.uint8]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    diameter_px: NDArray[np.float64]
    kind: tuple[str, ...]

    def marked(self, photo: str) -> MarkedSpots:
        """Truth of the whole picture, as of a photo whose spots were marked by hand.

        Parameters
        ----------
        photo : str
            Name that it goes by.

        Returns
        -------
        MarkedSpots
        """
        height, width = self.rgb.shape[:2]
        frame = (0.0, 0.0, float(width), float(height))
        return MarkedSpots(photo, frame, self.x_px, self.y_px, self.diameter_px, self.kind)


def lay_spots(path: Path, subject: str, density: float, generator: np.random.Generator) -> Composite | None:
    """Lay spots onto the skin of a photo.

    Parameters
    ----------
    path : Path
        Photo of bare skin.
    subject : str
        One of `SUBJECTS`.
    density : float
        Green optical density of a spot, log10, before surface light and blur take from it.
    generator : numpy.random.Generator
        Decides on number, places, sizes and colours.

    Returns
    -------
    Composite or None
        None where the skin has no room for the fewest spots. Blurred as the photo is, compressed with its tables.
    """
    with Image.open(path) as image:
        tables = getattr(image, "quantization", None)
    photo = read_photo(path)
    rgb = photo.rgb
    if max(rgb.shape) > _LONG_SIDE_MAX_PX:
        ratio = _LONG_SIDE_MAX_PX / max(rgb.shape)
        size = (round(rgb.shape[1] * ratio), round(rgb.shape[0] * ratio))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        photo = read_photo(rgb)
    mask = find_skin(photo, NoScale("not sought in composites")).mask
    low, high = _DIAMETER_MIN_PX[subject], _DIAMETER_MAX_SHARE[subject] * max(rgb.shape)
    mean_px = float(np.exp(generator.uniform(np.log(low), np.log(max(high, 1.3 * low)))))
    x, y = _places(mask, mean_px, int(generator.integers(_COUNT[subject][0], _COUNT[subject][1] + 1)), generator)
    if len(x) < _COUNT[subject][0] // 2:
        return None
    diameter = mean_px * np.exp(generator.normal(0.0, 0.15, len(x)))
    green, relief = _density_map(rgb.shape[:2], x, y, diameter, subject, density, generator)
    shares = (generator.uniform(*_RED_SHARE[subject]), 1.0, generator.uniform(*_BLUE_SHARE[subject]))
    transmittance = np.exp(-np.log(10.0) * green[..., None] * np.asarray(shares, np.float32))
    sigma = camera_blur_px(rgb, mask)
    transmittance = cv2.GaussianBlur(transmittance.astype(np.float32), (0, 0), sigma)
    linear = decode_srgb(rgb / 255.0)
    surface = np.minimum(_SURFACE_LIGHT, _SURFACE_SHARE_MAX * cv2.blur(linear, (9, 9)))
    surface = np.minimum(surface, linear)
    laid = (surface + (linear - surface) * transmittance) * (1.0 + relief[..., None])
    kinds = (KIND_OF[subject],) * len(x)
    return Composite(_saved(_encode(laid), tables), x, y, diameter, kinds)


def camera_blur_px(rgb: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Blur of a photo, as the standard deviation in px of the Gaussian that makes white noise as smooth as its grain.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    mask : ndarray of shape (H, W), bool
        Where the grain is looked at.

    Returns
    -------
    float
        0.5 to 2.0; neighbours of white noise blurred with sigma correlate by exp(-1 / (4 sigma^2)). Above 1 px it comes
        out a fifth too small, as what is coarser than 3 px counts as skin and not as grain.
    """
    green = rgb[..., 1].astype(np.float32)
    grain = green - cv2.GaussianBlur(green, (0, 0), 3.0)
    pair = mask[:, 1:] & mask[:, :-1]
    one, other = grain[:, 1:][pair], grain[:, :-1][pair]
    if one.size < 100:
        return 0.8
    correlation = float((one * other).mean() / max(float((grain[mask] ** 2).mean()), 1e-6))
    sigma = np.sqrt(-0.25 / np.log(np.clip(correlation, 0.01, 0.99)))
    return float(np.clip(sigma, 0.5, 2.0))


def _places(
    mask: NDArray[np.bool_], mean_px: float, count: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres on the skin, away from its border and from each other; fewer than asked for where there is no room."""
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    deep = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1] > _BORDER_DIAMETERS * mean_px
    rows, columns = np.nonzero(deep)
    if len(rows) == 0:
        return np.zeros(0), np.zeros(0)
    if generator.random() < 0.4:  # a patch rather than the whole skin
        middle = int(generator.integers(len(rows)))
        reach = generator.uniform(0.15, 0.4) * max(mask.shape)
        near = np.hypot(rows - rows[middle], columns - columns[middle]) < reach
        rows, columns = rows[near], columns[near]
    kept: list[tuple[float, float]] = []
    for index in generator.permutation(len(rows))[: 30 * count]:
        x, y = columns[index] + generator.uniform(-0.5, 0.5), rows[index] + generator.uniform(-0.5, 0.5)
        if all((x - u) ** 2 + (y - v) ** 2 > (_APART_DIAMETERS * mean_px) ** 2 for u, v in kept):
            kept.append((float(x), float(y)))
            if len(kept) == count:
                break
    places = np.asarray(kept, np.float64).reshape(-1, 2)
    return places[:, 0], places[:, 1]


def _density_map(
    shape: tuple[int, int],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    diameter: NDArray[np.float64],
    subject: str,
    density: float,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Green density of all spots, and how much lighter their relief makes each place."""
    green, relief = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    light = generator.uniform(0.0, 2.0 * np.pi)
    steepness = generator.uniform(0.0, _RELIEF_MAX) if subject == PAPULES else 0.0
    for cx, cy, size in zip(x, y, diameter, strict=True):
        radius = size / 2.0
        reach = int(np.ceil(2.5 * radius)) + 2
        top, left = max(0, round(cy) - reach), max(0, round(cx) - reach)
        window = (slice(top, round(cy) + reach + 1), slice(left, round(cx) + reach + 1))
        down, across = np.mgrid[window][:, : green[window].shape[0], : green[window].shape[1]].astype(np.float64)
        down, across = down - cy, across - cx
        turn, stretch = generator.uniform(0.0, np.pi), np.exp(generator.normal(0.0, 0.08))
        u = (across * np.cos(turn) + down * np.sin(turn)) * stretch
        v = (down * np.cos(turn) - across * np.sin(turn)) / stretch
        distance = np.hypot(u, v)
        own = density * np.exp(generator.normal(0.0, _DENSITY_SCATTER))
        if subject == PAPULES:
            # Half the density is left at the radius.
            profile = np.exp(-np.log(2.0) * (distance / radius) ** 2)
            slope = (across * np.cos(light) + down * np.sin(light)) / radius
            relief[window] += (steepness * slope * profile).astype(np.float32)
        else:
            border = max(1.0, generator.uniform(*_SOFTNESS) * radius)
            profile = np.clip((radius - distance) / border + 0.5, 0.0, 1.0)
        green[window] = np.maximum(green[window], (own * profile).astype(np.float32))
    return green, relief


def _encode(linear: NDArray[np.float64]) -> NDArray[np.uint8]:
    """SRGB levels of linear light."""
    part = np.clip(linear, 0.0, 1.0)
    srgb = np.where(part <= 0.0031308, 12.92 * part, 1.055 * part ** (1.0 / 2.4) - 0.055)
    return np.asarray(np.round(255.0 * srgb), np.uint8)


def _saved(rgb: NDArray[np.uint8], tables: Any) -> NDArray[np.uint8]:
    """The picture after saving it as JPEG, with the quantisation tables of the photo where it has some."""
    buffer = BytesIO()
    image = Image.fromarray(rgb)
    if tables:
        image.save(buffer, "JPEG", qtables=tables)
    else:
        image.save(buffer, "JPEG", quality=_QUALITY_WITHOUT_TABLES)
    with Image.open(buffer) as again:
        return np.asarray(again.convert("RGB"), np.uint8)
