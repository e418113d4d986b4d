"""Finds sharp whole ellipses in a picture: the outlines of round flat things, seen at a tilt.

Runs of edge and patches of one brightness give guesses; around each, rings are looked through for the outermost one
that is sharp all around, and an ellipse is drawn to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.geometry import sample

Floats = NDArray[np.float64]

SEARCH_SIDE_PX = 480
"""Longer side of the picture that outlines are sought in: coins are large, and skin's texture fades."""

MIN_DIAMETER_PX = 24.0
"""Smallest coin in that picture; a smaller one would be read to worse than 2 %."""

MAX_DIAMETER_SHARE = 0.95
"""Largest coin, as a share of the picture's shorter side: dermatoscopes show round pictures of the full height."""

MIN_AXIS_RATIO = 0.68
"""Shorter over longer axis: a tilt of 40 degrees, with room for perspective."""

MIN_ARC_PX = 24
"""Shortest run of edge that an ellipse is fitted to."""

MAX_RUN_OFF_PX = 1.2
"""Mean distance of a run of edge from its ellipse, px: more is no piece of an ellipse."""

N_ANGLES = 128
"""Places around the outline where its edge is measured."""

FINER_ANGLES = 4
"""Samples that are averaged along the outline at each of these places: texture goes, the edge stays."""

RINGS = np.arange(0.5, 1.7, 0.01)
"""Ellipses around the same centre that are looked through for edges, in radii of the first guess."""

MIN_STEP = 2.5
"""Least step of colour across the edge, CIELAB units: what a blurred edge on much alike skin leaves."""

STEP_OVER_NOISE = 3.0
"""The same as a multiple of the median step on what is around."""

NOISE_RINGS_FROM = 1.55
"""Rings that show what is around, radii of the first guess: outside even where the guess is a coin's inner metal."""

DOUBTFUL_SUPPORT = 0.45
"""Share of a ring that must show an edge for it to be the outline or to put another one in doubt."""

ALIKE = 0.5
"""An edge at least this strong, as a share of the strongest one nearby, may be the outline too."""

MIN_SUPPORT = 0.75
"""Share of the outline that must show the edge: a finger or a gleam may hide the rest."""

MAX_OFF = 0.006
"""Robust distance of the edge from the ellipse, in radii: moles have several times that."""

MAX_EDGE_WIDTH = 0.16
"""Width of the edge, in radii; blur of 2 px on a coin of 60 px, where lesions fade over more."""

MAX_CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Centre, semi-axes (the longer first) in px, and direction of the longer one in radians."""

    x: float
    y: float
    major: float
    minor: float
    angle: float

    def points(self, angles: Floats, size: float | Floats = 1.0) -> Floats:
        """Points on the ellipse at parametric angles.

        Parameters
        ----------
        angles : ndarray of any shape
            Parametric angles, rad.
        size : float or ndarray, optional
            Factor by which the ellipse is enlarged, 1 for the outline itself.

        Returns
        -------
        ndarray of shape (..., 2), float64
            Positions (x, y), px.
        """
        along, across = size * self.major * np.cos(angles), size * self.minor * np.sin(angles)
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        return np.stack([self.x + along * cosine - across * sine, self.y + along * sine + across * cosine], axis=-1)

    def resized(self, factor: float) -> Ellipse:
        """Convert the ellipse to a picture of another resolution.

        Parameters
        ----------
        factor : float
            Px of the other picture per px of this one, > 0.

        Returns
        -------
        Ellipse
            The same outline in the other picture.
        """
        x, y = (self.x + 0.5) * factor - 0.5, (self.y + 0.5) * factor - 0.5
        return Ellipse(x, y, self.major * factor, self.minor * factor, self.angle)


@dataclass(frozen=True, slots=True)
class Outline:
    """An ellipse fitted to an edge, and how well.

    `support` is the share of the outline that shows the edge, `off` its robust distance from the ellipse in radii.
    """

    ellipse: Ellipse
    support: float
    off: float


def find_outlines(rgb: NDArray[np.uint8]) -> list[Outline]:
    """Find sharp whole ellipses in a picture.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        sRGB picture.

    Returns
    -------
    list of Outline
        In px of the picture; of ellipses within each other, the outermost.

    Examples
    --------
    >>> find_outlines(np.full((96, 128, 3), 180, np.uint8))
    []
    """
    reduction = min(1.0, SEARCH_SIDE_PX / max(rgb.shape[:2]))
    small = np.asarray(cv2.resize(rgb, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_AREA), np.uint8)
    lab_small = _lab(small)
    guesses = sorted(
        ((float(_measure_edge(lab_small, ellipse, 0.08, MIN_STEP)[1].mean()), ellipse) for ellipse in _guesses(small)),
        key=lambda pair: -pair[0],
    )
    lab = _lab(rgb)
    found: list[Outline] = []
    for _, guess in _distinct(guesses)[:MAX_CANDIDATES]:
        outline = _grown(lab, guess.resized(1.0 / reduction))
        if outline is not None and not any(_same(outline.ellipse, other.ellipse) for other in found):
            found.append(outline)
    # A ring within a ring is a part of the same thing.
    return [a for a in found if not any(a is not b and _within(a.ellipse, b.ellipse) for b in found)]


def _lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)


def _guesses(small: NDArray[np.uint8]) -> Iterator[Ellipse]:
    """Ellipses through runs of edge, and around patches of one brightness or colour."""
    height, width = small.shape[:2]
    largest = MAX_DIAMETER_SHARE * min(height, width) / 2.0
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.5), np.uint8)
    lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), np.uint8)
    runs: list[NDArray[np.int32]] = []
    for channel, low in ((0, 12), (1, 6), (2, 6)):
        plane = np.asarray(cv2.extractChannel(lab, channel), np.uint8)
        edges = cv2.Canny(plane, 2 * low, 4 * low, L2gradient=True)
        for contour in cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]:
            runs += _pieces(np.asarray(contour, np.int32))
        blurred = np.asarray(cv2.GaussianBlur(plane, (0, 0), 4.0), np.uint8)
        for level in np.unique(np.percentile(blurred, np.arange(4, 100, 4)).astype(int)):
            mask = (blurred > level).astype(np.uint8)
            for contour in cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]:
                if len(contour) >= 2 * MIN_DIAMETER_PX:
                    runs.append(np.asarray(contour, np.int32))
    for run in runs:
        ellipse = _fitted(run.reshape(-1, 2).astype(np.float64))
        if (
            ellipse is not None
            and MIN_DIAMETER_PX / 2.0 <= ellipse.major <= largest
            and ellipse.minor >= MIN_AXIS_RATIO * ellipse.major
            and 0 <= ellipse.x < width
            and 0 <= ellipse.y < height
            and _mean_off(ellipse, run.reshape(-1, 2)) <= max(MAX_RUN_OFF_PX, 0.03 * ellipse.major)
        ):
            yield ellipse


def _pieces(contour: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """A run of edge, its halves and its quarters: where it goes astray, a part of it may be good."""
    return [
        piece
        for parts in (1, 2, 4)
        for piece in np.array_split(contour, parts)
        if len(piece) >= (MIN_ARC_PX if parts == 1 else 2 * MIN_ARC_PX)
    ]


def _fitted(points: Floats) -> Ellipse | None:
    """Least-squares ellipse through points (N, 2); None where they lie on none."""
    (x, y), (first, second), degrees = cv2.fitEllipseDirect(points.astype(np.float32))
    if not np.isfinite([x, y, first, second, degrees]).all() or min(first, second) <= 0:
        return None
    if first < second:
        first, second, degrees = second, first, degrees + 90.0
    return Ellipse(x, y, first / 2.0, second / 2.0, float(np.radians(degrees)))


def _relative(ellipse: Ellipse, points: Floats) -> tuple[Floats, Floats]:
    """Parametric angle and size of the concentric ellipse through each point (N, 2)."""
    x, y = points[:, 0] - ellipse.x, points[:, 1] - ellipse.y
    cosine, sine = np.cos(ellipse.angle), np.sin(ellipse.angle)
    along, across = (x * cosine + y * sine) / ellipse.major, (y * cosine - x * sine) / ellipse.minor
    return np.arctan2(across, along), np.hypot(along, across)


def _mean_off(ellipse: Ellipse, points: NDArray[np.int32]) -> float:
    """Mean distance of points from the ellipse, px."""
    _, size = _relative(ellipse, points.astype(np.float64))
    return float(np.abs(size - 1.0).mean() * ellipse.major)


def _same(a: Ellipse, b: Ellipse) -> bool:
    apart = float(np.hypot(a.x - b.x, a.y - b.y))
    return apart < 0.15 * min(a.major, b.major) and 0.87 < a.major / b.major < 1.15


def _within(a: Ellipse, b: Ellipse) -> bool:
    """True where the centre of `a` lies in the larger `b`."""
    return a.major < b.major and bool(_relative(b, np.array([[a.x, a.y]]))[1][0] < 1.0)


def _distinct(ranked: list[tuple[float, Ellipse]]) -> list[tuple[float, Ellipse]]:
    """Guesses that differ, the best of each kind."""
    kept: list[tuple[float, Ellipse]] = []
    for support, ellipse in ranked:
        if support >= 0.4 and not any(_same(ellipse, other) for _, other in kept):
            kept.append((support, ellipse))
    return kept


def _steps(lab: NDArray[np.float32], ellipse: Ellipse, rings: Floats) -> NDArray[np.float32]:
    """Step of colour outwards across each concentric ring at each angle, CIELAB units, shape (N_ANGLES, rings).

    Colours are averaged along the outline over three neighbours, so that texture weighs less than the edge.
    """
    finer = 2.0 * np.pi * (np.arange(N_ANGLES * FINER_ANGLES) - (FINER_ANGLES - 1) / 2.0) / (N_ANGLES * FINER_ANGLES)
    seen = sample(lab, *np.moveaxis(ellipse.points(finer[:, None], rings[None, :]), -1, 0))
    seen = seen.reshape(N_ANGLES, FINER_ANGLES, len(rings), 3).mean(axis=1)
    seen = (np.roll(seen, 1, axis=0) + seen + np.roll(seen, -1, axis=0)) / np.float32(3.0)
    reach = max(1, round(1.5 / (ellipse.major * float(rings[1] - rings[0]))))
    steps = np.zeros(seen.shape[:2], np.float32)
    steps[:, reach:-reach] = np.linalg.norm(seen[:, 2 * reach :] - seen[:, : -2 * reach], axis=2)
    return steps


def _measure_edge(
    lab: NDArray[np.float32], ellipse: Ellipse, reach: float, min_step: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Size of the concentric ring with the clearest edge at each angle, within `reach` radii, and where it counts."""
    rings = np.arange(1.0 - reach, 1.0 + reach + 1e-9, max(0.25 / ellipse.major, 0.002))
    steps = _steps(lab, ellipse, rings)
    # What lies near the middle of the range is preferred: the edge, not the relief.
    taper = 1.0 - 0.5 * np.abs(rings - 1.0) / reach
    weighted = steps * taper
    peaks = weighted >= np.asarray(cv2.dilate(weighted, np.ones((1, 3), np.uint8)))
    # Of edges that are much alike the outermost counts: a coin's rim lies just within its edge.
    alike = peaks & (weighted >= ALIKE * weighted.max(axis=1, keepdims=True))
    best = np.clip(len(rings) - 1 - alike[:, ::-1].argmax(axis=1), 1, len(rings) - 2)
    rows = np.arange(N_ANGLES)
    before, here, after = steps[rows, best - 1], steps[rows, best], steps[rows, best + 1]
    bend = np.minimum(before - 2.0 * here + after, -1e-6)
    sizes = rings[best] + np.clip(0.5 * (before - after) / bend, -1.0, 1.0) * (rings[1] - rings[0])
    # A gleam or a hair sends some places astray; what is farther off than blur and a crooked guess explain, is out.
    clear = (here >= min_step) & (np.abs(sizes - np.median(sizes)) <= max(0.012, 0.4 * reach))
    return sizes, clear


def _grown(lab: NDArray[np.float32], guess: Ellipse) -> Outline | None:
    """Outline of the thing that a guess belongs to: the outermost concentric ring that is sharp all around.

    Where that one is sharp along a part of its way only, none of those within it is believed either.
    """
    ellipse = _converged(lab, guess, 0.08, MIN_STEP)
    if ellipse is None:
        return None
    steps = _steps(lab, ellipse, RINGS)
    min_step = max(MIN_STEP, STEP_OVER_NOISE * float(np.median(steps[:, RINGS > NOISE_RINGS_FROM])))
    clear = np.asarray(cv2.dilate((steps >= min_step).astype(np.uint8), np.ones((1, 3), np.uint8))).mean(axis=0)
    strength = np.median(steps, axis=0)[None, :]
    peaks = strength[0] == np.asarray(cv2.dilate(strength, np.ones((1, 7), np.uint8)))[0]
    sizes = RINGS[peaks & (clear >= DOUBTFUL_SUPPORT)]
    if len(sizes) == 0:
        return None
    outer = Ellipse(ellipse.x, ellipse.y, ellipse.major * sizes[-1], ellipse.minor * sizes[-1], ellipse.angle)
    fitted = _converged(lab, outer, 0.05, min_step)
    return None if fitted is None else _judged(lab, fitted, min_step)


def _converged(lab: NDArray[np.float32], ellipse: Ellipse, reach: float, min_step: float) -> Ellipse | None:
    """Ellipse drawn to the edge near it, looking ever nearer."""
    height, width = lab.shape[:2]
    angles = np.linspace(0.0, 2.0 * np.pi, N_ANGLES, endpoint=False)
    for part in (1.0, 0.7, 0.5, 0.4):
        sizes, clear = _measure_edge(lab, ellipse, max(part * reach, 2.5 / ellipse.major), min_step)
        if clear.mean() < 0.5:
            return None
        fitted = _fitted(ellipse.points(angles[clear], sizes[clear]))
        if fitted is None or fitted.minor < MIN_AXIS_RATIO * fitted.major:
            return None
        if not (0 <= fitted.x < width and 0 <= fitted.y < height and fitted.major < max(height, width)):
            return None
        ellipse = fitted
    return ellipse


def _judged(lab: NDArray[np.float32], ellipse: Ellipse, min_step: float) -> Outline | None:
    """The outline where it is in the frame, whole, true and sharp enough, else None."""
    height, width = lab.shape[:2]
    if 2.0 * ellipse.major > MAX_DIAMETER_SHARE * min(height, width):
        return None
    places = ellipse.points(np.linspace(0.0, 2.0 * np.pi, N_ANGLES, endpoint=False))
    in_frame = np.all((places >= 1) & (places <= (width - 2, height - 2)), axis=1)
    sizes, clear = _measure_edge(lab, ellipse, max(0.04, 3.0 / ellipse.major), min_step)
    support = float((clear & in_frame).mean())
    off = 1.4826 * float(np.median(np.abs(sizes - 1.0)))
    edge_width = _edge_width(lab, ellipse)
    good = support >= MIN_SUPPORT and off <= max(MAX_OFF, 0.5 / ellipse.major)
    sharp = edge_width <= max(MAX_EDGE_WIDTH, 6.0 / ellipse.major)
    return Outline(ellipse, support, off) if good and sharp else None


def _edge_width(lab: NDArray[np.float32], ellipse: Ellipse) -> float:
    """Width of the ring in which the median step of colour is over half of its peak, in radii."""
    rings = np.arange(0.8, 1.2, 0.005)
    strength = np.median(_steps(lab, ellipse, rings), axis=0)
    peak = int(np.argmax(strength * (np.abs(rings - 1.0) < 0.05)))
    above = strength >= 0.5 * strength[peak]
    first, last = peak, peak
    while first > 0 and above[first - 1]:
        first -= 1
    while last < len(rings) - 1 and above[last + 1]:
        last += 1
    return float(rings[last] - rings[first])
