"""Pallor between two photos: what a glass presses out of the skin, told apart from what it reflects.

Of skin that is pressed the red stays and green and blue grow, as blood goes; a reflection adds white to all three; a
change of light multiplies all three. Three channels are enough to tell the three apart, relative to skin beside the
glass, which also takes off whatever differs between the cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import linear_light, optical_density
from lesionvis.compare.registration import Registration
from lesionvis.geometry import distances, shrink

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

# Skin is compared on pictures of this size, averaged over this standard deviation, spots left out.
LONG_SIDE_PX = 256
SKIN_SIGMA_PX = 5.0
# ... wherever at least this share of what is averaged is bare skin.
BARE_MIN = 0.3
# Places of a grid with so many columns or rows along the longer side are looked at.
N_PLACES = 32
PLACES_MIN = 40
# The places whose redness fell least, by this share of all, are skin that no glass presses on.
FREE_SHARE = 0.2
# What pressing takes from the density of skin in red, green and blue, relative to green: two-layer model of skin, 0.4 %
# to 0.1 % blood, alike from very light to brown skin.
PALLOR_COLOR = (0.26, 1.0, 1.0)
# What is expected before looking: change of light (log10), pallor (log10 of green) and reflection (parts of full
# scale), mean and standard deviation. Weak, so that what is seen decides.
LIGHT_EXPECTED, PALLOR_EXPECTED, GLARE_EXPECTED = (0.0, 0.03), (0.0, 0.06), (0.02, 0.03)
# Standard deviation of a density that is compared between two photos, and the light that adds to it in the dark.
DENSITY_ERROR, DARK_LIGHT = 0.006, 0.0005
GLARE_MAX = 0.3
# A glass divides the skin into pressed and free: the two groups explain this share of the variance of the pallor (0.87
# and more in rendered photos of all tones; mostly under 0.8 where nothing or everything is pressed) ...
DIVIDED_MIN = 0.82
# ... and differ by this much, log10 of green: a firm press takes 0.07, and what a glass reflects is mistaken for up to
# 0.04 on dark skin.
PALLOR_MIN = 0.042
# A place is pressed when it paled by this share of what the pressed group did: blood is uneven, and at the glass's
# border skin is half pressed.
PRESSED_SHARE = 0.6
# A spot's own blood reaches into the skin beside it and hides how that pales: what counts is the median of so many of
# the grid's places around it.
N_PLACES_AROUND = 12
_LIGHT_MIN = 1e-4
_N_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Pallor:
    """Changes of the skin around N places.

    Attributes
    ----------
    typical : float
        What pressed skin lost against free skin in green density, log10: 0.07 under a firm press; NaN when the
        photos show no border between the two.
    is_pressed : ndarray of shape (N,), bool
        Which places lie on pressed skin.
    glare : ndarray of shape (N, 3), float64
        Light that the glass reflects there, red, green and blue of the second photo in parts of full scale.
    """

    typical: float
    is_pressed: NDArray[np.bool_]
    glare: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.is_pressed, self.glare):
            array.setflags(write=False)


def measure_pallor(
    plain: Analysis, pressed: Analysis, registration: Registration, at_px: NDArray[np.float64]
) -> Pallor:
    """Measure how much the skin around places paled.

    Parameters
    ----------
    plain, pressed : Analysis
    registration : Registration
        From the plain photo to the pressed one, trusted.
    at_px : ndarray of shape (N, 2), float64
        Places (x, y) in the plain photo, source px.

    Returns
    -------
    Pallor
        Nothing pressed when too little skin is seen in both.

    Notes
    -----
    Per place, light, pallor and reflection are fitted to the three channels by Gauss-Newton with weak expectations.
    White balance and exposure of the two photos are taken from the places whose redness fell least. Pressed and free
    skin are divided as by Otsu 1979.
    """
    width, height = plain.photo.source_width_px, plain.photo.source_height_px
    step = max(width, height) / N_PLACES
    columns, rows = np.meshgrid(np.arange(step / 2.0, width, step), np.arange(step / 2.0, height, step))
    grid = np.stack([columns.ravel(), rows.ravel()], axis=1)
    before = _sample(_skin_light(plain), plain, grid)
    after = _sample(_skin_light(pressed), pressed, registration.map_points(grid))
    known = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    count = len(at_px)
    untold = Pallor(float("nan"), np.zeros(count, np.bool_), np.full((count, 3), np.nan))
    if known.sum() < PLACES_MIN:
        return untold
    change = np.log10(after[known] / before[known])
    redness = change[:, 0] - change[:, 1]
    free = redness >= np.quantile(redness, 1.0 - FREE_SHARE)
    gain = 10.0 ** np.median(change[free], axis=0)
    found = _fit_light_pallor_glare(before[known], after[known] / gain)
    share, low, high = _otsu_threshold(found[:, 1])
    if share < DIVIDED_MIN or high - low < PALLOR_MIN:
        return untold
    off = distances(at_px, grid[known])
    around = np.argsort(off, axis=1)[:, :N_PLACES_AROUND]
    pallor, glare = np.median(found[around, 1], axis=1), np.median(found[around, 2], axis=1)
    is_pressed = np.asarray(pallor > low + PRESSED_SHARE * (high - low), np.bool_)
    return Pallor(high - low, is_pressed, np.asarray(glare[:, None] * gain))


def _otsu_threshold(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Share of the variance that two groups explain, and the means of the lower and the higher one."""
    ordered = np.sort(values)
    count = len(ordered)
    sums = np.cumsum(ordered)
    n_low = np.arange(1, count)
    low, high = sums[:-1] / n_low, (sums[-1] - sums[:-1]) / (count - n_low)
    between = n_low * (count - n_low) / count**2 * (high - low) ** 2
    best = int(between.argmax())
    return float(between[best] / max(ordered.var(), 1e-12)), float(low[best]), float(high[best])


def _skin_light(analysis: Analysis) -> NDArray[np.float32]:
    """Linear light of bare skin averaged locally, red, green and blue on a small picture; NaN where there is none."""
    photo, spots = analysis.photo, analysis.spots
    bare = analysis.skin.mask & ((spots.labels == 0) | (spots.labels == spots.lesion))
    inside = cv2.erode(bare.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1).astype(np.float32)
    light = linear_light(optical_density(photo.rgb))
    total, weight = (
        np.asarray(cv2.GaussianBlur(shrink(picture, LONG_SIDE_PX), (0, 0), SKIN_SIGMA_PX), np.float32)
        for picture in (light * inside[..., None], inside)
    )
    mean = np.maximum(total / np.maximum(weight, 1e-6)[..., None], _LIGHT_MIN)
    return np.where(weight[..., None] > BARE_MIN, mean, np.float32(np.nan))


def _sample(light: NDArray[np.float32], analysis: Analysis, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light at source positions (N, 2), shape (N, 3); NaN outside the frame."""
    height, width = analysis.photo.rgb.shape[:2]
    place = (analysis.photo.to_working(xy) + 0.5) * (light.shape[1] / width, light.shape[0] / height) - 0.5
    column, row = np.rint(place).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < light.shape[1]) & (row < light.shape[0])
    values = light[np.clip(row, 0, light.shape[0] - 1), np.clip(column, 0, light.shape[1] - 1)].astype(np.float64)
    return np.where(inside[:, None], values, np.nan)


def _fit_light_pallor_glare(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change of light, pallor and reflection that make the light (N, 3) before that after, shape (N, 3)."""
    expected = np.array([LIGHT_EXPECTED, PALLOR_EXPECTED, GLARE_EXPECTED])
    found = np.tile(expected[:, 0], (len(before), 1))
    pull = np.diag(1.0 / expected[:, 1] ** 2)
    error = DENSITY_ERROR + DARK_LIGHT / before
    color = np.array(PALLOR_COLOR)
    for _ in range(_N_STEPS):
        body = before * 10.0 ** (found[:, :1] + found[:, 1:2] * color)
        light = body + found[:, 2:]
        slopes = np.stack([body / light, body / light * color, 1.0 / (np.log(10.0) * light)], axis=2)
        left = np.log10(after) - np.log10(light)
        normal = np.einsum("nci,ncj,nc->nij", slopes, slopes, error**-2) + pull
        push = np.einsum("nci,nc->ni", slopes, left * error**-2) + (expected[:, 0] - found) @ pull
        known = np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(push).all(axis=1)
        found[~known] = np.nan
        found[known] += np.linalg.solve(normal[known], push[known, :, None])[..., 0]
        found[:, 2] = np.clip(found[:, 2], 0.0, GLARE_MAX)
    return found
