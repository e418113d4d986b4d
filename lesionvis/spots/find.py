"""Photo, Skin, Scale -> Spots: what is found, as a label image with sub-pixel outlines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.checks import check_between, check_positive
from lesionvis.errors import SettingsError
from lesionvis.geometry import clipped_polygon, polygon_area
from lesionvis.photo import Photo
from lesionvis.scale import NoScale, Scale, working_px_per_mm
from lesionvis.skin import Skin
from lesionvis.spots.border import lesion_border
from lesionvis.spots.candidates import Candidates, find_candidates
from lesionvis.spots.classifier import SpotClassifier, distinct, packaged_classifier
from lesionvis.spots.peaks import DIAMETER_MIN_PX, LONG_SIDE_MAX_PX
from lesionvis.spots.regions import Regions, find_regions
from lesionvis.spots.shape import shapes

# Spots from this diameter on are sought wherever the scale is known: the guide gives petechiae 1 to 2 mm.
SMALLEST_SPOT_MM = 1.0
# A candidate is a spot from this probability on. On photos of sources left out of training 0.5 to 0.6 have the same F1,
# and ten spots or more are found on 12 % of bare photos at 0.5 and on 6 % at 0.6; at home 0.5 to 0.65 do as well.
SPOT_SCORE_MIN = 0.6
# A region is the dominant lesion from this expected overlap on: 9 of 10 lesions and 1 of 6 showers reach it.
LESION_SCORE_MIN = 0.4
# Off the centre of a photo of a crop even a dark mole is not expected to be what the photo is about, but it should be
# looked at by itself. So a region is the lesion, too, if it takes this much red light (log10) and so much of it per
# green as pigment does and blood does not, is this round, and lies on skin this even (log10), as no nostril, gap of
# limbs or piece of clothing does: 8 more of 561 photos, 6 of them of moles.
MOLE_STEP_RED_MIN, MOLE_RED_PER_GREEN_MIN = 0.25, 0.6
MOLE_CIRCULARITY_MIN, MOLE_RING_SPREAD_MAX = 0.7, 0.08
# With so many likely spots on it, a region is rather a crowd, unless its expected overlap is this high.
CROWD_SPOTS_MIN = 3
CROWD_LESION_SCORE_MIN = 0.6
# Spots are drawn to this fraction of a pixel.
_SHIFT_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Spots of a photo, the largest first.

    Attributes
    ----------
    labels : ndarray of shape (H, W), int32
        0 = background, k = spot k (from 1), at working resolution.
    outlines_px : tuple of N ndarrays of shape (K, 2), float64
        Border of each spot, corners (x, y) in source px.
    score : ndarray of shape (N,), float64
        Probability of being a red spot; for the dominant lesion its expected overlap with the truth.
    lesion : int
        Number of the dominant lesion's spot; 0 when no lesion dominates.
    candidates : Candidates
        All that was looked at.
    candidate_scores : ndarray of shape (len(candidates),), float64
        Probability of each.
    forest_scores : ndarray of shape (len(candidates),), float64
        The same by the forest of stage 2 alone, which doubts more: its doubts tell mild rashes from bare skin, so that
        the pattern goes by them.
    regions : Regions
        Regions that could have been the dominant lesion.
    region_scores : ndarray of shape (len(regions),), float64
        Expected overlap of each.
    candidate_kinds : ndarray of shape (len(candidates), len(KINDS) - 1), float64
        Probability of each of `lesionvis.spots.classifier.KINDS` but the first, were the candidate a spot.
    min_score : float
        Score from which a candidate was taken for a spot.
    kind : tuple of N str, optional
        Kind of each spot, of `lesionvis.spots.classifier.KINDS`; "" for the dominant lesion, whose own colour tells.
        Empty where nobody asked.
    drawn : tuple of N bool, optional
        Whether a person outlined the spot; empty where nobody did.
    """

    labels: NDArray[np.int32]
    outlines_px: tuple[NDArray[np.float64], ...]
    score: NDArray[np.float64]
    lesion: int
    candidates: Candidates
    candidate_scores: NDArray[np.float64]
    forest_scores: NDArray[np.float64]
    regions: Regions
    region_scores: NDArray[np.float64]
    candidate_kinds: NDArray[np.float64]
    min_score: float = SPOT_SCORE_MIN
    kind: tuple[str, ...] = ()
    drawn: tuple[bool, ...] = ()

    def __len__(self) -> int:
        return len(self.outlines_px)

    def taken_from(self, min_score: float, *, has_lesion: bool = True) -> Spots:
        """Those of the spots that have a score, and the dominant lesion.

        Parameters
        ----------
        min_score : float
            Score from which a candidate is a spot; infinite for none.
        has_lesion : bool
            False to take the dominant lesion, where there is one, for none.

        Returns
        -------
        Spots
            Numbered anew, with all candidates; a lowest score that no candidate reaches lies just above the best. The
            same object where all are kept.
        """
        numbers = np.arange(1, len(self) + 1)
        kept = np.flatnonzero(np.where(numbers == self.lesion, has_lesion, self.score >= min_score))
        if len(kept) == len(self):
            return self
        number_of = np.zeros(len(self) + 1, np.int32)
        number_of[kept + 1] = np.arange(1, len(kept) + 1)
        labels = number_of[self.labels]
        labels.setflags(write=False)
        above_all = float(np.nextafter(self.candidate_scores.max(initial=self.min_score), np.inf))
        return replace(
            self,
            labels=labels,
            outlines_px=tuple(self.outlines_px[i] for i in kept),
            score=self.score[kept],
            lesion=int(number_of[self.lesion]),
            min_score=min(min_score, above_all),
            kind=tuple(self.kind[i] for i in kept) if self.kind else (),
        )

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        lesion = f"the lesion is spot {self.lesion}" if self.lesion else "no lesion dominates"
        return f"Spots({len(self)} spots of {len(self.candidates)} candidates, {lesion})"


@dataclass(frozen=True, slots=True)
class SpotFinder:
    """Finds the spots of a photo with fixed settings.

    Parameters
    ----------
    min_diameter_mm : float, optional
        Smallest diameter (of the circle of equal area) of a spot, in mm, above 0. Spots are sought from 1 mm on, or
        from this diameter on where it is smaller; smaller spots are kept unless it is given. Without a scale it does
        not apply, which a flag of the photo says.
    max_diameter_mm : float, optional
        Largest diameter of a spot, in mm, above 0; the dominant lesion counts as well. Without a scale it does not
        apply, which a flag of the photo says.
    max_frame_share : float
        Largest area of a spot as a share of the photo's, 0 to 1; the dominant lesion counts as well.
    min_score : float
        Score from which a candidate is a spot, 0 to 1: fewer are missed below the default, fewer are false above it.
    classifier : SpotClassifier, optional
        The one that comes with the package unless given. It is no setting of a file.

    Raises
    ------
    SettingsError
        If a setting is outside its bounds.

    Notes
    -----
    Limits of size choose among the spots that were found: a spot that is dropped makes room for no other.

    Examples
    --------
    >>> SpotFinder(min_diameter_mm=2.0, max_diameter_mm=1.0)
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: max_diameter_mm must be at least min_diameter_mm, which is 2.0, got 1.0.
    """

    min_diameter_mm: float | None = None
    max_diameter_mm: float | None = None
    max_frame_share: float = 1.0
    min_score: float = SPOT_SCORE_MIN
    classifier: SpotClassifier | None = None

    def __post_init__(self) -> None:
        """Refuse settings that are outside their bounds."""
        for name in ("min_diameter_mm", "max_diameter_mm"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        smallest, largest = self.min_diameter_mm, self.max_diameter_mm
        if smallest is not None and largest is not None and largest < smallest:
            raise SettingsError(
                f"max_diameter_mm must be at least min_diameter_mm, which is {smallest!r}, got {largest!r}."
            )
        check_between("max_frame_share", self.max_frame_share, 0, 1)
        check_between("min_score", self.min_score, 0, 1)

    @property
    def has_limits_mm(self) -> bool:
        """True if a setting needs a scale."""
        return self.min_diameter_mm is not None or self.max_diameter_mm is not None

    def __call__(self, photo: Photo, skin: Skin, scale: Scale | NoScale) -> Spots:
        """Find the spots of a photo.

        Parameters
        ----------
        photo : Photo
        skin : Skin
        scale : Scale or NoScale
            All of the same photo.

        Returns
        -------
        Spots
            Of length 0 when nothing was found.

        Notes
        -----
        Small spots and the one dominant lesion are found by different means and compete for the same ground: the
        lesion takes what lies on it, touching spots are split where the contrast has a valley between them.
        """
        candidates, scores, forest_scores = self._scored_candidates(photo, skin, scale)
        classifier = packaged_classifier() if self.classifier is None else self.classifier
        regions = find_regions(photo, skin)
        region_scores = classifier.region_scores(regions)
        shape = skin.mask.shape

        chosen = distinct(candidates, scores, self.min_score)
        borders, kept_scores = candidates.outlines.borders_px(chosen), scores[chosen]
        kind_probabilities = classifier.kind_probabilities(candidates)
        kinds = classifier.spot_kinds(kind_probabilities[chosen])
        region = _lesion_region(regions, region_scores)
        border = np.zeros((0, 2))
        if region is not None:
            border = lesion_border(photo.rgb, skin.mask, regions, region_scores, region)
        lesion = _painted(border, shape)
        lesion_score = float(region_scores[region]) if region is not None else 0.0
        on_lesion = _lie_on(lesion, borders)
        # By the forest as well: the networks take parts of a mole for spots.
        n_likely = np.count_nonzero(on_lesion & (forest_scores[chosen] >= self.min_score))
        has_lesion = lesion.any() and (n_likely < CROWD_SPOTS_MIN or lesion_score >= CROWD_LESION_SCORE_MIN)
        if has_lesion:
            borders, kept_scores, kinds = borders[~on_lesion], kept_scores[~on_lesion], kinds[~on_lesion]
        outlines = _in_frame(borders, shape)
        areas = np.array([_polygon_areas(outline) for outline in outlines])
        painted = [*painted_corners(borders)]
        if has_lesion:
            outlines, areas = [border, *outlines], np.append(_polygon_areas(border), areas)
            painted = [painted_corners(border), *painted]
            kept_scores, kinds = np.append(lesion_score, kept_scores), np.append("", kinds)
        order = np.argsort(-areas, kind="stable")
        order = order[self._allowed([outlines[i] for i in order], photo, skin, scale)]
        kept_scores = kept_scores[order]
        labels = paint([outlines[i] for i in order], [painted[i] for i in order], kept_scores, shape)
        labels.setflags(write=False)
        return Spots(
            labels,
            tuple(photo.to_source(outlines[i]) for i in order),
            kept_scores,
            # The lesion is the first of those that were not yet sorted.
            1 + int(order.argmin()) if has_lesion and 0 in order else 0,
            candidates,
            scores,
            forest_scores,
            regions,
            region_scores,
            kind_probabilities,
            self.min_score,
            tuple(kinds[order].tolist()),
        )

    def _scored_candidates(
        self, photo: Photo, skin: Skin, scale: Scale | NoScale
    ) -> tuple[Candidates, NDArray[np.float64], NDArray[np.float64]]:
        """Everything spot-like with its scores, and those by the forest alone."""
        classifier = packaged_classifier() if self.classifier is None else self.classifier
        px_per_mm = working_px_per_mm(photo, scale)
        smallest_mm = min(SMALLEST_SPOT_MM, self.min_diameter_mm or SMALLEST_SPOT_MM)
        candidates = find_candidates(photo.rgb, skin, smallest_mm * px_per_mm if px_per_mm is not None else None)
        scores, forest_scores = classifier.spot_scores(candidates)
        if scores.max(initial=0.0) < self.min_score and max(skin.mask.shape) > LONG_SIDE_MAX_PX:
            # Before it is said that there are none, the smallest that a picture can show are sought as well.
            candidates = find_candidates(photo.rgb, skin, DIAMETER_MIN_PX)
            scores, forest_scores = classifier.spot_scores(candidates)
        return candidates, scores, forest_scores

    def _allowed(
        self, outlines: list[NDArray[np.float64]], photo: Photo, skin: Skin, scale: Scale | NoScale
    ) -> NDArray[np.bool_]:
        """Which outlines, in working px, are within the limits of size and not centred where nothing is looked at."""
        allowed = np.ones(len(outlines), np.bool_)
        if skin.left_out is not None:
            is_out = [_is_at(skin.left_out, outline.mean(axis=0)) for outline in outlines]
            allowed = ~np.asarray(is_out, np.bool_)
        has_limits = self.max_frame_share < 1.0 or (self.has_limits_mm and isinstance(scale, Scale))
        if not outlines or not has_limits:
            return allowed
        # Measured as the table does it, so that no row contradicts a limit.
        measured = shapes(tuple(photo.to_source(outline) for outline in outlines))
        allowed &= measured["area_px"] <= self.max_frame_share * photo.source_width_px * photo.source_height_px
        if isinstance(scale, Scale):
            places = zip(measured["x_px"], measured["y_px"], strict=True)
            diameter_mm = measured["diameter_px"] / [scale.px_per_mm_near(float(x), float(y)) for x, y in places]
            allowed &= diameter_mm >= (0.0 if self.min_diameter_mm is None else self.min_diameter_mm)
            allowed &= diameter_mm <= (np.inf if self.max_diameter_mm is None else self.max_diameter_mm)
        return allowed


def _lesion_region(regions: Regions, scores: NDArray[np.float64]) -> int | None:
    """Number of the region that is the dominant lesion, None when none is good enough."""
    if len(regions) == 0:
        return None
    best = int(scores.argmax())
    if scores[best] >= LESION_SCORE_MIN:
        return best
    moles = np.flatnonzero(_are_moles(regions))
    return int(moles[scores[moles].argmax()]) if len(moles) else None


def _are_moles(regions: Regions) -> NDArray[np.bool_]:
    """Mask of the regions that are round and of pigment, on even skin."""
    red, green = regions.column("step_red"), regions.column("step_green")
    touches = (regions.column("skin_contact") > 0) | (regions.column("frame_contact") > 0)
    return np.asarray(
        (red > MOLE_STEP_RED_MIN)
        & (red > MOLE_RED_PER_GREEN_MIN * green)
        & (regions.column("circularity") > MOLE_CIRCULARITY_MIN)
        & (regions.column("ring_spread") < MOLE_RING_SPREAD_MAX)
        & ~touches
    )


def _is_at(mask: NDArray[np.bool_], place: NDArray[np.float64]) -> bool:
    """Whether a mask holds at a place (x, y) in working px, the nearest of the picture."""
    column, row = np.clip(np.round(place), 0, (mask.shape[1] - 1, mask.shape[0] - 1)).astype(int)
    return bool(mask[row, column])


def _lie_on(lesion: NDArray[np.bool_], borders: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask of the spots (N, K, 2) whose centre or a third of whose corners lie on the lesion."""
    points = np.concatenate([borders, borders.mean(axis=1, keepdims=True)], axis=1)
    columns = np.clip(np.round(points[..., 0]), 0, lesion.shape[1] - 1).astype(int)
    rows = np.clip(np.round(points[..., 1]), 0, lesion.shape[0] - 1).astype(int)
    covered = lesion[rows, columns]
    return np.asarray(covered[:, -1] | (covered[:, :-1].mean(axis=1) > 1.0 / 3.0))


def _in_frame(borders: NDArray[np.float64], shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Outlines (N, K, 2) without what would lie outside of the photo, where rays saw the border's pixels again."""
    low, high = np.array([-0.5, -0.5]), np.array([shape[1] - 0.5, shape[0] - 0.5])
    is_cut = np.asarray(((borders < low) | (borders > high)).any(axis=(1, 2)))
    return [clipped_polygon(b, low, high) if cut else b for b, cut in zip(borders, is_cut.tolist(), strict=True)]


def _polygon_areas(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas of polygons (..., K, 2)."""
    return np.abs(polygon_area(corners[..., 0], corners[..., 1]))


def painted_corners(corners: NDArray[np.float64]) -> NDArray[np.int32]:
    """Corners to paint a polygon by: half a pixel smaller, as all that a line touches is painted.

    Parameters
    ----------
    corners : ndarray of shape (..., K, 2), float64
        Corners (x, y), working px.

    Returns
    -------
    ndarray of shape (..., K, 2), int32
        In fractions of a pixel, for OpenCV.
    """
    centre = corners.mean(axis=-2, keepdims=True)
    arm = corners - centre
    length = np.hypot(arm[..., 0], arm[..., 1])[..., None]
    shrunk = centre + arm * np.maximum(1.0 - 0.5 / np.maximum(length, 0.5), 0.0)
    return np.asarray(np.round(shrunk * 2**_SHIFT_BITS), np.int32)


def _painted(border: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mask of a polygon (K, 2), K from 0."""
    mask = np.zeros(shape, np.uint8)
    if len(border):
        cv2.fillPoly(mask, [painted_corners(border)], 1, shift=_SHIFT_BITS)
    return mask > 0


def paint(
    outlines: list[NDArray[np.float64]],
    painted: list[NDArray[np.int32]],
    scores: NDArray[np.float64],
    shape: tuple[int, ...],
) -> NDArray[np.int32]:
    """Label image of spots; where outlines overlap, the likelier spot is on top.

    Parameters
    ----------
    outlines : list of N ndarrays of shape (K, 2), float64
        Corners (x, y), working px.
    painted : list of N ndarrays of shape (L, 2), int32
        `painted_corners` of each.
    scores : ndarray of shape (N,), float64
        Of two that are as likely, the larger one is on top.
    shape : tuple of int
        Height and width, px.

    Returns
    -------
    ndarray of shape (H, W), int32
        0 = background, k = outline k, from 1.
    """
    labels = np.zeros(shape, np.int32)
    # Of two that are as likely, the larger one.
    for index in np.argsort(scores[::-1], kind="stable"):
        number = len(scores) - int(index)
        cv2.fillPoly(labels, [painted[number - 1]], number, shift=_SHIFT_BITS)
    # Spots that lie wholly under others, or between pixels, keep the pixel in their middle.
    is_seen = np.zeros(len(outlines) + 1, np.bool_)
    is_seen[labels[labels > 0]] = True
    for label in np.flatnonzero(~is_seen[1:]) + 1:
        column, row = np.round(outlines[label - 1].mean(axis=0)).astype(int)
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            labels[row, column] = label
    return labels
