"""Does what was taken for skin look like skin? Its colours and its texture say so, whatever lies on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import optical_density
from lesionvis.errors import ModelError
from lesionvis.models import Model, Predictor, load_model, packaged_model_folder, predictor_for

LIKENESS_MODEL_NAME = "likeness-v1"
UNLIKE_SKIN = "unlike_skin"
"""Flag of a photo whose skin does not look like skin."""
# Photos of these flags get no answer as it is, and what light, sharpness or a drawing hides cannot be compared.
NOT_ASKED_FLAGS = ("no_skin", "too_dark", "overexposed", "blurred", "flat_colours", "dermatoscope_view")

# Photos are compared at one size, which those of the web have and which shows the texture of skin.
LONG_SIDE_PX, SHORT_SIDE_MIN_PX = 192, 16
# The border of the skin is left out, unless hardly any would be left; below that the whole picture is measured.
BORDER_PX, AREA_MIN_PX = 2, 200
CHANNELS = ("lightness", "red_over_green", "green_over_blue")
"""What is measured of a colour: mean density of the three channels and two differences of densities."""
QUANTILES = (5, 25, 50, 75, 95)
# Density: what neither blood nor melanin makes of a light skin, and what is grey.
BLUISH_MAX, GREY_MAX, VIVID_MIN = -0.05, 0.03, 0.7
# Blurs between which the bands lie, px of the picture at that size.
BAND_SIGMAS_PX = tuple(0.6 * 1.8**number for number in range(6))
N_BANDS = len(BAND_SIGMAS_PX) - 1
# Colours are counted in a grid of so many steps of red over green and green over blue, from the first density on.
GRID_STEPS, GRID_FROM, GRID_WIDTH = 24, -0.4, 1.2
# Neighbours of a px that differ from it by so much density are counted (local binary patterns, Ojala et al. 2002), at
# two distances in px of a picture that is blurred by this share of them.
NEIGHBOURS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
NEIGHBOUR_STEPS_PX, NEIGHBOUR_BLUR, NEIGHBOUR_DENSITY = (1, 3), 0.6, 0.01
N_NEIGHBOUR_CODES = len(NEIGHBOURS) + 2
# Keeps logarithms finite where nothing varies.
_FLOOR = 1e-5


def _names() -> Iterator[str]:
    yield from (f"{channel}_q{quantile}" for channel in CHANNELS for quantile in QUANTILES)
    yield from ("color_entropy", "colors_for_90_percent", "less_red_share", "bluish_share", "vivid_share", "grey_share")
    yield from ("first_axis", "second_over_first_axis", "third_over_first_axis")
    yield from (f"{axis}_axis_{channel}" for axis in ("first", "third") for channel in CHANNELS)
    yield from (f"{channel}_band_{band}" for channel in CHANNELS for band in range(1, N_BANDS + 1))
    yield from (f"{channel}_with_lightness_{band}" for channel in CHANNELS[1:] for band in range(1, N_BANDS + 1))
    yield from (f"neighbours_{step}_{code}" for step in NEIGHBOUR_STEPS_PX for code in range(N_NEIGHBOUR_CODES))


LIKENESS_NAMES: tuple[str, ...] = tuple(_names())
"""Names of what `likeness_numbers` measures, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class LikenessModel:
    """The predictor of what is not skin and its threshold.

    Attributes
    ----------
    name : str
    predictor : Predictor
        Its last column is the probability that it is not skin.
    unlike_min : float
        Probability from which it is taken for something else.
    """

    name: str
    predictor: Predictor
    unlike_min: float

    def is_unlike(self, rgb: NDArray[np.uint8], skin: NDArray[np.bool_]) -> bool:
        """Answer to the question whether what was taken for skin is something else.

        Parameters
        ----------
        rgb : ndarray of shape (H, W, 3), uint8
            Working picture.
        skin : ndarray of shape (H, W), bool

        Returns
        -------
        bool
            True where it is.
        """
        return float(self.predictor(likeness_numbers(rgb, skin)[None])[0, -1]) >= self.unlike_min


def likeness_numbers(rgb: NDArray[np.uint8], skin: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Numbers on the colours and the texture of what was taken for skin.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Working picture.
    skin : ndarray of shape (H, W), bool

    Returns
    -------
    ndarray of shape (len(LIKENESS_NAMES),), float32
        All finite: quantiles of the colours and how many there are, axes of their spread, strength of each band and its
        correlation with lightness, and how often so many neighbours of a px are darker than it.

    Examples
    --------
    >>> beige = np.full((64, 96, 3), (200, 160, 130), np.uint8)
    >>> numbers = likeness_numbers(beige, np.ones((64, 96), np.bool_))
    >>> len(numbers) == len(LIKENESS_NAMES), bool(np.isfinite(numbers).all())
    (True, True)
    """
    height, width = rgb.shape[:2]
    ratio = LONG_SIDE_PX / max(height, width)
    size = (max(SHORT_SIDE_MIN_PX, round(width * ratio)), max(SHORT_SIDE_MIN_PX, round(height * ratio)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if ratio < 1.0 else cv2.INTER_LINEAR)
    density = optical_density(np.asarray(small, np.uint8))
    red, green, blue = (density[..., channel] for channel in range(3))
    lightness = np.asarray(density.mean(axis=2), np.float32)
    maps = (lightness, np.asarray(green - red, np.float32), np.asarray(blue - green, np.float32))
    small_skin = cv2.resize(skin.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    where = _measured(np.asarray(small_skin, np.uint8))
    colors = np.stack([one[where] for one in maps], axis=1).astype(np.float64)
    numbers = (*_colors(colors), *_axes(colors), *_bands(maps, where), *_neighbours(lightness, where))
    return np.asarray(numbers, np.float32)


def likeness_flags(rgb: NDArray[np.uint8], skin: NDArray[np.bool_], flags: Sequence[str]) -> tuple[str, ...]:
    """Flag of a photo whose skin does not look like skin.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Working picture.
    skin : ndarray of shape (H, W), bool
    flags : sequence of str
        Other flags of the photo.

    Returns
    -------
    tuple of str
        `UNLIKE_SKIN` or nothing.
    """
    is_asked = not set(flags) & set(NOT_ASKED_FLAGS)
    return (UNLIKE_SKIN,) if is_asked and load_likeness_model().is_unlike(rgb, skin) else ()


def _measured(skin: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where to measure: inside the skin, on all of it, or everywhere, as far as there is enough."""
    side = 2 * BORDER_PX + 1
    inner = cv2.erode(skin, np.ones((side, side), np.uint8))
    for place in (inner, skin):
        if np.count_nonzero(place) >= AREA_MIN_PX:
            return np.asarray(place > 0)
    return np.ones(skin.shape, np.bool_)


def _colors(colors: NDArray[np.float64]) -> Iterator[float]:
    """Quantiles of the channels, and how many colours there are and of which kinds."""
    yield from np.percentile(colors, QUANTILES, axis=0).T.ravel()
    red_over_green, green_over_blue = colors[:, 1], colors[:, 2]
    steps = np.clip((colors[:, 1:] - GRID_FROM) / GRID_WIDTH * GRID_STEPS, 0, GRID_STEPS - 1).astype(np.int64)
    counts = np.sort(np.bincount(steps[:, 0] * GRID_STEPS + steps[:, 1]))[::-1]
    shares = counts[counts > 0] / len(colors)
    yield float(-(shares * np.log(shares)).sum())
    yield float((np.cumsum(shares) < 0.9).sum())
    yield float((red_over_green < 0.0).mean())
    yield float((green_over_blue < BLUISH_MAX).mean())
    yield float((np.abs(colors[:, 1:]).sum(axis=1) > VIVID_MIN).mean())
    yield float((np.abs(colors[:, 1:]) < GREY_MAX).all(axis=1).mean())


def _axes(colors: NDArray[np.float64]) -> Iterator[float]:
    """Logarithms of the principal variances of the colours, and the first and the last direction."""
    variances, directions = np.linalg.eigh(np.cov(colors, rowvar=False, bias=True) + 1e-9 * np.eye(3))
    third, second, first = np.maximum(variances, 1e-9)
    yield float(np.log(first))
    yield float(np.log(second / first + _FLOOR))
    yield float(np.log(third / first + _FLOOR))
    # Directions have no sign: darker, and redder.
    yield from np.copysign(1.0, directions[0, 2]) * directions[:, 2]
    yield from np.copysign(1.0, directions[1, 0]) * directions[:, 0]


def _bands(maps: tuple[NDArray[np.float32], ...], where: NDArray[np.bool_]) -> Iterator[float]:
    """Logarithm of the spread of each band of each channel, and correlations of the colours with lightness."""
    bands = []
    for one in maps:
        blurred = [cv2.GaussianBlur(one, (0, 0), sigma_px) for sigma_px in BAND_SIGMAS_PX]
        bands.append([(fine - coarse)[where] for fine, coarse in pairwise(blurred)])
    spreads = [[float(band.std()) + _FLOOR for band in of_channel] for of_channel in bands]
    yield from np.log(spreads).ravel()
    for of_channel, spread in zip(bands[1:], spreads[1:], strict=True):
        for number, band in enumerate(of_channel):
            yield float((band * bands[0][number]).mean()) / (spread[number] * spreads[0][number])


def _neighbours(lightness: NDArray[np.float32], where: NDArray[np.bool_]) -> Iterator[float]:
    """Shares of the px whose neighbours in one run are darker, by their number, and of all others, at each distance."""
    for step in NEIGHBOUR_STEPS_PX:
        smooth = cv2.GaussianBlur(lightness, (0, 0), NEIGHBOUR_BLUR * step)
        limit = smooth + np.float32(NEIGHBOUR_DENSITY)
        darker = [np.roll(smooth, (-step * down, -step * right), (0, 1)) > limit for down, right in NEIGHBOURS]
        changes = sum((one != other).astype(np.uint8) for one, other in pairwise((*darker, darker[0])))
        count = sum(one.astype(np.uint8) for one in darker)
        codes = np.where(np.asarray(changes) <= 2, count, N_NEIGHBOUR_CODES - 1)[where]
        yield from np.bincount(codes, minlength=N_NEIGHBOUR_CODES) / len(codes)


def likeness_model_of(model: Model) -> LikenessModel:
    """Model of what is not skin from a loaded model folder.

    Parameters
    ----------
    model : Model
        Loaded model folder.

    Returns
    -------
    LikenessModel
        Ready to predict.

    Raises
    ------
    ModelError
        If the card lacks a threshold, or the model was made for other numbers.
    """
    predictor = predictor_for(model, "trees", LIKENESS_NAMES)
    try:
        return LikenessModel(model.name, predictor, float(model.card["thresholds"]["unlike_min"]))
    except KeyError as error:
        raise ModelError(f"The card of model {model.name} lacks {error}; train it again.") from error


@cache
def load_likeness_model(folder: Path | None = None) -> LikenessModel:
    """Model of what is not skin of a folder.

    Parameters
    ----------
    folder : Path, optional
        Model folder; the one that comes with the package unless given.

    Returns
    -------
    LikenessModel
        Loaded once per process.
    """
    return likeness_model_of(load_model(folder or packaged_model_folder(LIKENESS_MODEL_NAME)))
