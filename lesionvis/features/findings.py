"""What the features are computed from, gathered once per photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import erythema_index, optical_density
from lesionvis.measure import SpotTable
from lesionvis.photo import Photo
from lesionvis.scale import NoScale, Scale
from lesionvis.skin import Skin
from lesionvis.spots import Spots
from lesionvis.spots.evidence import COLUMNS as EVIDENCE_COLUMNS
from lesionvis.spots.judge import distinct

# A candidate that is no spot of blood is a spot of pigment when it is as strong as a real spot and takes away red and
# blue light as melanin does.
PIGMENT_CONTRAST_MIN = 0.20
PIGMENT_RED_GREEN_MIN = 0.40
PIGMENT_BLUE_SHARE_MIN = -0.05
PIGMENT_SCORE_MAX = 0.5
# Candidates that shape tells apart from spots: creases and hairs are long.
PIGMENT_ASPECT_MAX = 2.0


@dataclass(frozen=True, slots=True)
class Findings:
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
    pigment : ndarray of shape (M,), int64
        Candidates that are spots of pigment.
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
    pigment: NDArray[np.int64]

    def column(self, name: str) -> NDArray[np.float64]:
        """One numeric column of the table of spots."""
        return self.table.numbers(name)

    def best_region(self, name: str) -> float:
        """Evidence of the best region by name; NaN without regions."""
        from lesionvis.spots.lesion import COLUMNS

        if len(self.spots.regions) == 0:
            return float("nan")
        best = int(self.spots.region_scores.argmax())
        return float(self.spots.regions.evidence[best, list(COLUMNS).index(name)])


def gather(photo: Photo, scale: Scale | NoScale, skin: Skin, spots: Spots, table: SpotTable) -> Findings:
    """Gather what the features need.

    Parameters
    ----------
    photo, scale, skin, spots, table
        Of the same photo.

    Returns
    -------
    Findings
    """
    height, width = spots.regions.shape
    small = np.asarray(cv2.resize(photo.rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    healthy = cv2.resize(skin.healthy_density, (width, height), interpolation=cv2.INTER_AREA)
    relative = np.asarray(cv2.GaussianBlur(optical_density(small), (0, 0), 0.7) - healthy, np.float32)
    small_skin = cv2.resize(skin.mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    lesion = np.zeros((height, width), np.uint8)
    if len(spots.regions):
        best = int(spots.region_scores.argmax())
        (left, top), fill = spots.regions.boxes[best], spots.regions.fills[best]
        lesion[top : top + fill.shape[0], left : left + fill.shape[1]] = fill
    return Findings(
        scale,
        skin,
        spots,
        table,
        1.0 / photo.px_per_source_px,
        float(skin.mask.sum()) / photo.px_per_source_px**2,
        relative,
        erythema_index(relative),
        small_skin,
        lesion > 0,
        _core(lesion),
        _pigment(spots),
    )


def _core(lesion: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Inner part of a region: what lies deeper than half of its depth."""
    depth = cv2.distanceTransform(lesion, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray((depth > 0.4 * depth.max()) & (lesion > 0))


def _pigment(spots: Spots) -> NDArray[np.int64]:
    """Candidates that are no blood but as strong: naevi, freckles, keratoses."""
    columns = list(EVIDENCE_COLUMNS)
    evidence = spots.candidates.evidence

    def column(name: str) -> NDArray[np.float32]:
        return evidence[:, columns.index(name)]

    suitable = (
        (column("contrast") > PIGMENT_CONTRAST_MIN)
        & (column("red_green_ratio") > PIGMENT_RED_GREEN_MIN)
        & (column("blue_share") > PIGMENT_BLUE_SHARE_MIN)
        & (column("aspect") < PIGMENT_ASPECT_MAX)
        & (spots.candidate_scores < PIGMENT_SCORE_MAX)
    )
    return distinct(spots.candidates, suitable.astype(np.float64), 0.5)
