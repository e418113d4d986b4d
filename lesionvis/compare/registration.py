"""Two photos of the same skin -> Registration: where each place of one lies in the other.

Light, colour, framing, scale and the spots themselves may differ. First guesses (`lesionvis.compare.landmarks`) are
compared with the pictures patch by patch and landmark by landmark; that picks the best guess, refines it, and tells how
far it can be trusted: what belongs together agrees, what does not agrees no more than by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionvis.compare.landmarks import SIZE_RATIO_MAX, Structure, guesses, structure_of
from lesionvis.geometry import area_zoom, distances, project
from lesionvis.json_ready import json_ready

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

PATCH_PX = 44
PATCH_STEP_PX = 26
# Patches and landmarks are sought within the first reach of a guess, and within the second of a refined one.
PATCH_REACHES_PX = (10, 6)
LANDMARK_REACHES_PX = (9.0, 4.0)
N_REFINEMENTS = 3
# A patch that lies this near to where the transform puts it agrees with it.
AGREEMENT_PX = 1.6
# ... and must look at least this alike (correlation).
LIKENESS_MIN = 0.25
# Share of patches of different skin that agree by chance, and how many patches say what one alone would: they
# overlap, and so do the lines of skin.
CHANCE_AGREEMENT = 0.06
PATCHES_PER_WITNESS = 4.0
# Evidence (natural logarithm of the odds against chance) from which a registration is trusted.
EVIDENCE_MIN = 30.0
# What agrees must surround this part of what both photos show, or the rest is extrapolation.
SPREAD_MIN = 0.12
# What both photos show must be at least this part of the smaller one's view.
OVERLAP_MIN = 0.15
# From so many pairs on, an affine map, and perspective, are worth fitting.
AFFINE_PAIRS, PERSPECTIVE_PAIRS = 6, 16
# Landmarks outvote patches, whose relief moves with the light, from this evidence on; so many can do more than shift.
LANDMARK_EVIDENCE_MIN = 20.0
# ... and that patches are off all together is believed when it explains so much more.
DRIFT_EVIDENCE = 8.0
LANDMARKS_BEND = 10
# ... unless patches, which are many and everywhere, then disagree by this much more about the shape of the skin. A
# plane through some dozen landmarks, each known to a px or two, is many px off away from them.
BEND_DISAGREEMENT_PX = 0.5
# What all anchors may be off together, which none of them tells: in 56 pairs made of real photos up to 0.5 px.
COMMON_ERROR_PX = 0.25
# What is left of each anchor is averaged over about this distance.
RESIDUAL_SIGMA_PX = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Map from places of a first photo to a second one.

    Attributes
    ----------
    trusted : bool
        Whether the photos can be compared place by place; nothing below means anything where they cannot.
    reason : str
        Empty when trusted; otherwise a sentence on why not and what helps.
    homography : ndarray of shape (3, 3), float64
        From source px of the first photo to source px of the second.
    anchors_px : ndarray of shape (M, 2), float64
        Places (x, y) of the first photo, source px, that were found again in the second.
    residuals_px : ndarray of shape (M, 2), float64
        How far each lies from where `homography` puts it, source px of the second photo: skin bends and stretches.
    anchor_sigma_px : float
        Distance over which residuals are averaged, source px of the first photo.
    error_px : float
        Typical error of `map_points`, source px of the second photo: median distance of an anchor from where the
        others put it, and what all may be off together. NaN when not trusted.
    evidence : float
        Natural logarithm of the odds against this much agreement by chance.
    overlap : float
        Share of the first photo's skin that the second one shows, 0 to 1.
    """

    trusted: bool
    reason: str
    homography: NDArray[np.float64]
    anchors_px: NDArray[np.float64]
    residuals_px: NDArray[np.float64]
    anchor_sigma_px: float
    error_px: float
    evidence: float
    overlap: float

    def __post_init__(self) -> None:
        """Set the arrays read-only."""
        for array in (self.homography, self.anchors_px, self.residuals_px):
            array.setflags(write=False)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        if not self.trusted:
            return f"Registration(not trusted: {self.reason})"
        return f"Registration({len(self.anchors_px)} anchors, error {self.error_px:.2g} px)"

    def map_points(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Places in the second photo.

        Parameters
        ----------
        xy : array_like of shape (N, 2)
            Places (x, y) in the first photo, source px.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Source px of the second photo: the homography, and the residuals of the anchors near each place.
        """
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        # One phantom anchor without residual lets the correction fade out where no anchor is near.
        weight = self._weights(points)
        correction = (weight @ self.residuals_px) / (weight.sum(axis=1) + 1.0)[:, None]
        return np.asarray(project(self.homography, points) + correction)

    def is_supported(self, xy: ArrayLike) -> NDArray[np.bool_]:
        """Test whether places have anchors near, so that nothing is extrapolated.

        In rendered series all of 12 spots that were put off by over 0.6 of their diameter had none, and 0.4 % of 829
        others.

        Parameters
        ----------
        xy : array_like of shape (N, 2)
            Places (x, y) of the first photo, source px.

        Returns
        -------
        ndarray of shape (N,), bool
            True where anchors are near.
        """
        return np.asarray(self._weights(np.asarray(xy, dtype=np.float64).reshape(-1, 2)).sum(axis=1) > 0.5)

    def zoom(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Local magnification from the first photo to the second.

        Parameters
        ----------
        xy : array_like of shape (N, 2)
            Places (x, y) of the first photo, source px.

        Returns
        -------
        ndarray of shape (N,), float64
            Px of the second photo per px of the first.
        """
        return area_zoom(self.homography, np.asarray(xy, dtype=np.float64).reshape(-1, 2))

    def map_back(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Map places of the second photo to the first: the inverse of `map_points`.

        Parameters
        ----------
        xy : array_like of shape (N, 2)
            Places (x, y) of the second photo, source px.

        Returns
        -------
        ndarray of shape (N, 2), float64
            Places (x, y) of the first photo, source px.
        """
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        inverse = np.asarray(np.linalg.inv(self.homography), np.float64)
        back = project(inverse, points)
        # Residuals vary slowly, so that correcting by what they are at the last place settles at once.
        for _ in range(3):
            back = project(inverse, points - (self.map_points(back) - project(self.homography, back)))
        return np.asarray(back)

    def to_dict(self) -> dict[str, Any]:
        """Registration as plain values for JSON.

        Returns
        -------
        dict
            Missing numbers are None; the homography is None unless it is trusted.
        """
        shown = {name: getattr(self, name) for name in ("trusted", "reason", "error_px", "evidence", "overlap")}
        return json_ready(shown | {"homography": self.homography.tolist() if self.trusted else None})

    def _weights(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of each anchor at each place, shape (N, M)."""
        distance = distances(points, self.anchors_px)
        return np.asarray(np.exp(-0.5 * (distance / self.anchor_sigma_px) ** 2))


def register(first: Analysis, second: Analysis, *, stretched: bool = False) -> Registration:
    """Find where places of one photo lie in another photo of the same skin.

    Parameters
    ----------
    first, second : Analysis
    stretched : bool
        Whether the skin may be pulled apart in one of them.

    Returns
    -------
    Registration
        Not trusted, with the reason, when the photos do not show the same skin or too little of it in common.

    Notes
    -----
    SIFT keypoints (Lowe 2004) and constellations of spots give guesses by RANSAC (Fischler and Bolles 1981). Patches
    are compared by normalised correlation. What is fitted grows with what agrees: similarity, affine map, homography;
    what is left at each anchor is carried along, since skin bends.
    """
    a, b = structure_of(first), structure_of(second)
    tried = [_refine(a, b, guess, stage=0) for guess in guesses(a, b, stretched=stretched)]
    best = max((fit for fit in tried if fit is not None), key=lambda fit: fit.evidence, default=None)
    for _ in range(N_REFINEMENTS):
        again = _refine(a, b, best.matrix, stage=1) if best is not None else None
        best = again if again is not None else best
    if best is None:
        return _distrusted("The two photos have too little in common to be laid over each other")
    return _judge(a, b, best)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Transform from a to b and what agrees with it.

    Attributes
    ----------
    matrix : ndarray of shape (3, 3)
    patches : ndarray of shape (P, 4)
        Agreeing patches: x, y in a and x, y where it was found in b.
    landmarks : ndarray of shape (L, 4)
        Landmarks that meet: x, y in a and x, y in b.
    evidence : float
        As in `Registration`.
    """

    matrix: NDArray[np.float64]
    patches: NDArray[np.float64]
    landmarks: NDArray[np.float64]
    evidence: float


def _refine(a: Structure, b: Structure, matrix: NDArray[np.float64], stage: int) -> _Fit | None:
    """Refine a transform by patches or by landmarks, whichever explains more; None where neither can be fitted."""
    patches, alike = _find_patches(a, b, matrix, PATCH_REACHES_PX[stage])
    met, _ = _mutual_nearest(a, b, matrix, LANDMARK_REACHES_PX[stage])
    fits = []
    for pairs in (patches[alike], met):
        refined = _fit(pairs)
        if refined is not None:
            fits.append(_weigh(a, b, refined, patches, alike))
    return max(fits, key=lambda fit: fit.evidence, default=None)


def _weigh(
    a: Structure, b: Structure, matrix: NDArray[np.float64], patches: NDArray[np.float64], alike: NDArray[np.bool_]
) -> _Fit:
    """Fit with what agrees with a transform, and the evidence for it."""
    # In px of a, so that a close-up is not judged more severely than an overview.
    off = np.hypot(*(project(np.asarray(np.linalg.inv(matrix), np.float64), patches[:, 2:]) - patches[:, :2]).T)
    agrees = alike & (off < AGREEMENT_PX)
    met, by_landmarks = _mutual_nearest(a, b, matrix, LANDMARK_REACHES_PX[1])
    by_patches = _log_odds(int(agrees.sum()), len(patches), CHANCE_AGREEMENT) / PATCHES_PER_WITNESS
    return _Fit(matrix, patches[agrees], met, by_patches + by_landmarks)


def _log_odds(hits: int, trials: int, chance: float) -> float:
    """Chernoff's bound on the logarithm of the odds against so many hits by chance; 0 for no more than expected."""
    if trials == 0 or hits <= chance * trials:
        return 0.0
    share = min(hits / trials, 1.0 - 1e-9)
    return trials * float(share * np.log(share / chance) + (1.0 - share) * np.log((1.0 - share) / (1.0 - chance)))


def _find_patches(
    a: Structure, b: Structure, matrix: NDArray[np.float64], reach_px: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Patches of a, as rows of x, y in a and in b, sought near where a transform puts them; and which look alike."""
    height, width = a.mask.shape
    size, backwards = (width, height), cv2.WARP_INVERSE_MAP
    seen = cv2.warpPerspective(b.maps, matrix, size, flags=cv2.INTER_LINEAR | backwards)
    skin = cv2.warpPerspective(b.mask, matrix, size, flags=cv2.INTER_NEAREST | backwards)
    both = cv2.boxFilter(np.minimum(skin, a.mask).astype(np.float32), -1, (PATCH_PX, PATCH_PX))
    half = PATCH_PX // 2
    border = half + reach_px
    rows, likeness = [], []
    for y in range(border, height - border + 1, PATCH_STEP_PX):
        for x in range(border, width - border + 1, PATCH_STEP_PX):
            if both[y, x] < 0.9:
                continue
            patch = a.maps[y - half : y + half, x - half : x + half]
            around = seen[y - border : y + border, x - border : x + border]
            score = np.asarray(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED), np.float32)
            _, best, _, (column, row) = cv2.minMaxLoc(score)
            moved_x = column + _vertex(score[row, max(column - 1, 0) : column + 2]) - reach_px
            moved_y = row + _vertex(score[max(row - 1, 0) : row + 2, column]) - reach_px
            # The middle of a patch of even width lies half a px before its index.
            rows.append((x - 0.5, y - 0.5, x - 0.5 + moved_x, y - 0.5 + moved_y))
            likeness.append(best)
    table = np.asarray(rows, np.float64).reshape(-1, 4)
    table[:, 2:] = project(matrix, table[:, 2:])
    return table, np.asarray(likeness) >= LIKENESS_MIN


def _vertex(values: NDArray[np.float32]) -> float:
    """Offset of a parabola's top from the middle of three values; 0 at the border."""
    if len(values) < 3:
        return 0.0
    before, middle, after = (float(value) for value in values)
    bend = before - 2.0 * middle + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _mutual_nearest(
    a: Structure, b: Structure, matrix: NDArray[np.float64], reach_px: float
) -> tuple[NDArray[np.float64], float]:
    """Landmarks that are each other's nearest within a reach, of like size; and the log odds against chance."""
    if len(a.landmarks) == 0 or len(b.landmarks) == 0:
        return np.zeros((0, 4)), 0.0
    zoom = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    place = project(matrix, a.landmarks[:, :2])
    distance = distances(place, b.landmarks[:, :2])
    size_ratio = b.landmarks[None, :, 2] / (zoom * a.landmarks[:, None, 2])
    distance = np.where(np.abs(np.log(size_ratio)) < np.log(SIZE_RATIO_MAX), distance, np.inf)
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(place))
    mutual = (distance.argmin(axis=0)[nearest] == rows) & (distance[rows, nearest] < reach_px)
    pairs = np.concatenate([a.landmarks[mutual, :2], b.landmarks[nearest[mutual], :2]], axis=1)
    height, width = b.mask.shape
    seen = int(((place > 0).all(axis=1) & (place[:, 0] < width) & (place[:, 1] < height)).sum())
    chance = min(0.5, np.pi * reach_px**2 * len(b.landmarks) / max(int(b.mask.sum()), 1))
    return pairs, _log_odds(len(pairs), seen, chance)


def _fit(pairs: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Robust transform of rows of x, y in a and in b: similarity, affine map or homography by their number."""
    if len(pairs) < 3:
        return None
    # OpenCV takes no strided rows.
    here, there, tolerance = pairs[:, :2].copy(), pairs[:, 2:].copy(), 2.0 * AGREEMENT_PX
    if len(pairs) < AFFINE_PAIRS:
        affine, inside = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=tolerance)
    else:
        affine, inside = cv2.estimateAffine2D(here, there, ransacReprojThreshold=tolerance, maxIters=5000)
    # OpenCV returns None where nothing fits, which its type hints do not know.
    found: Any = affine
    if found is None:
        return None
    matrix = np.vstack([found, [0.0, 0.0, 1.0]])
    kept = inside.ravel() > 0
    if kept.sum() >= PERSPECTIVE_PAIRS:
        perspective: Any = cv2.findHomography(here[kept], there[kept], cv2.RANSAC, tolerance)[0]
        matrix = matrix if perspective is None else perspective
    return matrix if np.linalg.det(matrix[:2, :2]) > 0 else None


def _judge(a: Structure, b: Structure, fit: _Fit) -> Registration:
    """Registration in source px, and whether it can be trusted."""
    height, width = a.mask.shape
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    both = np.minimum(a.mask, cv2.warpPerspective(b.mask, fit.matrix, (width, height), flags=flags))
    common = float(both.sum())
    overlap = common / max(float(a.mask.sum()), 1.0)
    zoom = float(np.sqrt(np.linalg.det(fit.matrix[:2, :2])))
    of_smaller = common / max(min(float(a.mask.sum()), float(b.mask.sum()) / zoom**2), 1.0)
    if fit.evidence < EVIDENCE_MIN:
        why = "The two photos do not show the same skin, or too little of it alike"
        return _distrusted(why, fit.evidence, overlap)
    if of_smaller < OVERLAP_MIN:
        return _distrusted("The two photos have hardly any skin in common", fit.evidence, overlap)
    matrix, pairs = _recentre(a, b, fit)
    hull = cv2.convexHull(pairs[:, :2].astype(np.float32))
    if cv2.contourArea(hull) < SPREAD_MIN * common:
        why = "Only a small part of the skin was found again in the other photo"
        return _distrusted(why, fit.evidence, overlap)
    in_source = b.to_source @ matrix @ np.linalg.inv(a.to_source)
    anchors = project(a.to_source, pairs[:, :2])
    residuals = project(b.to_source, pairs[:, 2:]) - project(in_source, anchors)
    sigma_px = RESIDUAL_SIGMA_PX * float(a.to_source[0, 0])
    common_error_px = COMMON_ERROR_PX * float(b.to_source[0, 0])
    error_px = float(np.hypot(_error_px(anchors, residuals, sigma_px), common_error_px))
    homography = in_source / in_source[2, 2]
    return Registration(True, "", homography, anchors, residuals, sigma_px, error_px, fit.evidence, overlap)


def _recentre(a: Structure, b: Structure, fit: _Fit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform with the last word for landmarks, and the anchors that go with it.

    Shading moves with the light, and patches with it, all about the same way; landmarks stay. Where landmarks lead,
    the patches keep only what they say about the shape of the skin.
    """
    drift = _drift(_mutual_nearest(a, b, fit.matrix, LANDMARK_REACHES_PX[0])[0], fit.matrix)
    drifted = np.array([[1.0, 0.0, drift[0]], [0.0, 1.0, drift[1]], [0.0, 0.0, 1.0]]) @ fit.matrix
    choices = [(matrix, *_mutual_nearest(a, b, matrix, LANDMARK_REACHES_PX[1])) for matrix in (fit.matrix, drifted)]
    matrix, met, evidence = choices[choices[1][2] > choices[0][2] + DRIFT_EVIDENCE]
    if evidence < LANDMARK_EVIDENCE_MIN:
        return fit.matrix, np.concatenate([fit.patches, fit.landmarks])
    bent = _fit(np.column_stack([project(matrix, met[:, :2]), met[:, 2:]])) if len(met) >= LANDMARKS_BEND else None
    if bent is not None and _disagreement(fit.patches, bent @ matrix) <= (
        _disagreement(fit.patches, matrix) + BEND_DISAGREEMENT_PX
    ):
        matrix = np.asarray(bent @ matrix)
    patches = fit.patches.copy()
    if len(patches):
        patches[:, 2:] -= np.median(patches[:, 2:] - project(matrix, patches[:, :2]), axis=0)
    return matrix, np.concatenate([patches, met])


def _disagreement(patches: NDArray[np.float64], matrix: NDArray[np.float64]) -> float:
    """Median distance of patches from where a transform puts them, whatever they are off all together; 0 for none."""
    if len(patches) == 0:
        return 0.0
    off = patches[:, 2:] - project(matrix, patches[:, :2])
    return float(np.median(np.hypot(*(off - np.median(off, axis=0)).T)))


def _drift(met: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset, x and y in b, that most landmarks agree on; 0 where there are none."""
    if len(met) == 0:
        return np.zeros(2)
    off = met[:, 2:] - project(matrix, met[:, :2])
    alike = distances(off, off) < 2.0 * AGREEMENT_PX
    return np.asarray(off[alike[int(alike.sum(axis=1).argmax())]].mean(axis=0))


def _error_px(anchors: NDArray[np.float64], residuals: NDArray[np.float64], sigma_px: float) -> float:
    """Median distance between each anchor's residual and what the other anchors make of it."""
    distance = distances(anchors, anchors)
    weight = np.exp(-0.5 * (distance / sigma_px) ** 2)
    np.fill_diagonal(weight, 0.0)
    expected = (weight @ residuals) / (weight.sum(axis=1) + 1.0)[:, None]
    return float(np.median(np.hypot(*(residuals - expected).T)))


def _distrusted(reason: str, evidence: float = 0.0, overlap: float = 0.0) -> Registration:
    """Registration that compares nothing."""
    advice = "take both from the same side, about as near, in the same light, sharp, with skin around the spots"
    nothing = np.zeros((0, 2))
    nowhere = np.full((3, 3), np.nan)
    return Registration(False, f"{reason}; {advice}.", nowhere, nothing, nothing, 1.0, float("nan"), evidence, overlap)
