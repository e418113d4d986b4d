"""Inputs of the features, gathered once per photo."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blood_map, erythema_index
from lesionvis.findings import Findings
from lesionvis.scale import NoScale, Scale
from lesionvis.skin import Skin
from lesionvis.spots import Spots
from lesionvis.spots.classifier import distinct
from lesionvis.spots.table import SpotTable

# A clean blob is a candidate that stands alone on even skin, round and with a border all around, whatever its colour:
# spots of blood and of pigment, not texture, creases or hair.
BLOB_CONTRAST_MIN = 0.12
BLOB_CONTRAST_NOISE_MIN = 8.0
BLOB_ASPECT_MAX = 1.7
BLOB_RING_SPREAD_SHARE_MAX = 0.35
BLOB_EDGE_DROP_LOW_MIN = 0.2
BLOB_RIDGE_MAX = 0.5
# Candidates less likely than this stand in nobody's way. The likeliest, so many and from this score on, stand for the
# spots of a photo, whether or not they are likely enough to be counted.
APART_SCORE_MIN, LIKELY_SCORE_MIN, LIKELY_COUNT_MAX = 0.1, 0.3, 20
# Blurs of the small picture between which the bands lie, px: from the finest that it shows to a tenth of its width.
BAND_SIGMAS_PX = tuple(1.1 * 1.6**number for number in range(6))
# Quantiles that are taken of each band.
BAND_SHARES = (0.05, 0.1, 0.9, 0.95)
# Bands end this many px before the skin does, as blurs reach beyond it, unless so few px are left.
BAND_MARGIN_PX, BAND_AREA_MIN_PX = 1, 20


@dataclass(frozen=True, slots=True, eq=False)
class FeatureInputs:
    """Results of the earlier stages and a few pictures made of them.

    Attributes
    ----------
    scale : Scale or NoScale
    skin : Skin
    spots : Spots
    table : SpotTable
        One row per spot.
    source_px_per_working_px : float
    skin_area_px : float
        Area of the skin in source px squared.
    small_density : ndarray of shape (h, w, 3), float32
        Density relative to healthy skin on the small picture of the regions.
    small_erythema : ndarray of shape (h, w), float32
        Erythema index relative to healthy skin on the same picture.
    small_skin : ndarray of shape (h, w), bool
    lesion : ndarray of shape (h, w), bool
        Best region on the same picture, whether or not it dominates; all False without regions.
    lesion_core : ndarray of shape (h, w), bool
        Its inner part.
    blobs : ndarray of shape (M,), int64
        Candidates that are clean blobs of any colour.
    apart : ndarray of shape (K,), int64
        Candidates that do not overlap a better one.
    likely : ndarray of shape (L,), int64
        The best of these, at most 20.
    bands : dict of str to ndarray of shape (B, len(BAND_SHARES)), float64
        Quantiles over the skin of the differences of successive blurs of the erythema index ("erythema") and of the
        blood map ("blood") on the small picture, one row for each two of `BAND_SIGMAS_PX`; NaN without skin.
    """

    scale: Scale | NoScale
    skin: Skin
    spots: Spots
    table: SpotTable
    source_px_per_working_px: float
    skin_area_px: float
    small_density: NDArray[np.float32]
    small_erythema: NDArray[np.float32]
    small_skin: NDArray[np.bool_]
    lesion: NDArray[np.bool_]
    lesion_core: NDArray[np.bool_]
    blobs: NDArray[np.int64]
    apart: NDArray[np.int64]
    likely: NDArray[np.int64]
    bands: dict[str, NDArray[np.float64]]

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"FeatureInputs({len(self.table)} spots, {len(self.blobs)} clean blobs, {self.skin!r}, {self.scale!r})"

    def column(self, name: str) -> NDArray[np.float64]:
        """Numeric column of the table of spots.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        ndarray of shape (N,), float64
            One value per spot, in the unit of the column.
        """
        return self.table.numbers(name)

    def blob_evidence(self, name: str) -> NDArray[np.float64]:
        """Column of the evidence on the clean blobs.

        Parameters
        ----------
        name : str
            Name of a column of `lesionvis.spots.candidates.COLUMNS`.

        Returns
        -------
        ndarray of shape (B,), float64
            One value per blob.
        """
        return np.asarray(self.spots.candidates.column(name)[self.blobs], np.float64)

    def best_region(self, name: str) -> float:
        """Evidence on the best region.

        Parameters
        ----------
        name : str
            Name of a column of `lesionvis.spots.regions.COLUMNS`.

        Returns
        -------
        float
            NaN without regions.
        """
        if len(self.spots.regions) == 0:
            return float("nan")
        best = int(self.spots.region_scores.argmax())
        return float(self.spots.regions.column(name)[best])


def gather(found: Findings) -> FeatureInputs:
    """Gather what the features need.

    Parameters
    ----------
    found : Findings

    Returns
    -------
    FeatureInputs
    """
    photo, skin, spots = found.photo, found.skin, found.spots
    height, width = spots.regions.shape
    smooth = cv2.GaussianBlur(spots.regions.density, (0, 0), 0.7)
    relative = np.asarray(smooth - spots.regions.healthy_density, np.float32)
    small_skin = cv2.resize(skin.mask.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    lesion = np.zeros((height, width), np.uint8)
    if len(spots.regions):
        best = int(spots.region_scores.argmax())
        (left, top), fill = spots.regions.boxes[best], spots.regions.fills[best]
        lesion[top : top + fill.shape[0], left : left + fill.shape[1]] = fill
    apart = distinct(spots.candidates, spots.forest_scores, APART_SCORE_MIN)
    erythema, blood = erythema_index(relative), blood_map(relative)
    return FeatureInputs(
        found.scale,
        skin,
        spots,
        found.table,
        1.0 / photo.px_per_source_px,
        float(np.count_nonzero(skin.mask)) / photo.px_per_source_px**2,
        relative,
        erythema,
        small_skin,
        lesion > 0,
        _core(lesion),
        _blobs(spots),
        apart,
        _likely(apart, spots.forest_scores),
        {name: _band_quantiles(values, small_skin) for name, values in (("erythema", erythema), ("blood", blood))},
    )


def _band_quantiles(values: NDArray[np.float32], skin: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`BAND_SHARES` quantiles over the skin of each band, the finest first, in the unit of the map; NaN without skin.

    A band is the difference of successive blurs of a map on the small picture.

    >>> even = np.ones((40, 60), np.float32)
    >>> bool(np.abs(_band_quantiles(even, even > 0)).max() < 1e-6)
    True
    """
    side = 2 * BAND_MARGIN_PX + 1
    inner = cv2.erode(skin.view(np.uint8), np.ones((side, side), np.uint8)) > 0
    where = inner if np.count_nonzero(inner) >= BAND_AREA_MIN_PX else skin
    if not where.any():
        return np.full((len(BAND_SIGMAS_PX) - 1, len(BAND_SHARES)), np.nan)
    blurred = [cv2.GaussianBlur(values, (0, 0), sigma_px)[where] for sigma_px in BAND_SIGMAS_PX]
    return np.asarray([np.quantile(fine - coarse, BAND_SHARES) for fine, coarse in pairwise(blurred)], np.float64)


def _likely(apart: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The best of some candidates."""
    best = apart[np.argsort(-scores[apart])[:LIKELY_COUNT_MAX]]
    return best[scores[best] > LIKELY_SCORE_MIN]


def _core(lesion: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Inner part of a region: what lies deeper than 0.4 of its greatest depth."""
    depth = cv2.distanceTransform(lesion, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray((depth > 0.4 * depth.max()) & (lesion > 0))


def _blobs(spots: Spots) -> NDArray[np.int64]:
    """Clean blobs that do not overlap a stronger one."""
    column = spots.candidates.column
    is_clean = (
        (column("contrast") > BLOB_CONTRAST_MIN)
        & (column("contrast_noise") > BLOB_CONTRAST_NOISE_MIN)
        & (column("aspect") < BLOB_ASPECT_MAX)
        & (column("ring_spread_share") < BLOB_RING_SPREAD_SHARE_MAX)
        & (column("edge_drop_low") > BLOB_EDGE_DROP_LOW_MIN)
        & (column("ridge") < BLOB_RIDGE_MAX)
    )
    return distinct(spots.candidates, is_clean.astype(np.float64), 0.5)
