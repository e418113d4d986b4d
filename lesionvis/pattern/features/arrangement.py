"""Features of where the spots lie: clustered, random or regular."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lesionvis.pattern.features.inputs import FeatureInputs

# Fewer spots than this say nothing about how they are arranged.
SPOTS_MIN = 8
# DBSCAN: neighbours within this many median diameters, and so many of them, make a cluster. Never in millimetres: the
# model was trained without scales, and a number must mean the same whether a ruler lies in the photo or not.
CLUSTER_RADIUS_DIAMETERS = 5.0
CLUSTER_SPOTS_MIN = 4
# Radii of Ripley's L, in median diameters of the spots.
RIPLEY_RADII_DIAMETERS = (5.0, 10.0)


def _positions(inputs: FeatureInputs) -> NDArray[np.float64]:
    return np.stack([inputs.column("x_px"), inputs.column("y_px")], axis=1)


def _nearest_px(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each point (N, 2) to its nearest neighbour, shape (N,)."""
    order = np.argsort(positions[:, 0], kind="stable")
    x, y = positions[order].T
    nearest = np.full(len(x), np.inf)
    # From left to right, each point against the next one, the next but one, ... until these are too far to the right.
    for step in range(1, len(x)):
        across = x[step:] - x[:-step]
        left = np.flatnonzero(across < np.maximum(nearest[step:], nearest[:-step]))
        if left.size == 0:
            break
        right = left + step
        distance = np.hypot(across[left], y[right] - y[left])
        nearest[left] = np.minimum(nearest[left], distance)
        nearest[right] = np.minimum(nearest[right], distance)
    return nearest[np.argsort(order)]


def _pairs_within(
    positions: NDArray[np.float64], radius_px: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of points (N, 2) that lie within a radius of each other, each pair once, as arrays of indices."""
    order = np.argsort(positions[:, 0], kind="stable")
    x, y = positions[order].T
    for step in range(1, len(x)):
        across = x[step:] - x[:-step]
        beside = np.flatnonzero(across <= radius_px)
        left = beside[np.hypot(across[beside], y[beside + step] - y[beside]) <= radius_px]
        yield order[left], order[left + step]
        if beside.size == 0:
            break


def clark_evans_index(inputs: FeatureInputs) -> float:
    """Clark-Evans index: mean distance to the nearest neighbour over that of a random pattern; NaN under eight spots.

    Below 1 clustered, 1 random, above 1 regular. With Donnelly's correction for the edge (Donnelly 1978), the skin
    taken as a square.
    """
    count = len(inputs.table)
    area = inputs.skin_area_px
    if count < SPOTS_MIN or area == 0:
        return float("nan")
    perimeter = 4.0 * np.sqrt(area)
    expected = 0.5 * np.sqrt(area / count) + (0.0514 + 0.041 / np.sqrt(count)) * perimeter / count
    return float(_nearest_px(_positions(inputs)).mean() / expected)


def _ripley_l(inputs: FeatureInputs, radius_diameters: float) -> float:
    """Besag's L less the radius, over the radius: 0 for a random pattern, positive for a clustered one."""
    count = len(inputs.table)
    if count < SPOTS_MIN or inputs.skin_area_px == 0:
        return float("nan")
    radius = radius_diameters * float(np.median(inputs.column("diameter_px")))
    pair_count = sum(len(left) for left, _ in _pairs_within(_positions(inputs), radius))
    k = inputs.skin_area_px * 2.0 * pair_count / (count * (count - 1))
    return float(np.sqrt(k / np.pi) / max(radius, 1e-6) - 1.0)


def ripley_l_at_5_diameters(inputs: FeatureInputs) -> float:
    """Ripley's L at five median diameters, less 1 as a share of the radius; no edge correction; NaN under 8 spots."""
    return _ripley_l(inputs, RIPLEY_RADII_DIAMETERS[0])


def ripley_l_at_10_diameters(inputs: FeatureInputs) -> float:
    """Ripley's L at ten median diameters, less 1 as a share of the radius; no edge correction; NaN under 8 spots."""
    return _ripley_l(inputs, RIPLEY_RADII_DIAMETERS[1])


def _clusters(inputs: FeatureInputs) -> NDArray[np.int64]:
    """Cluster of each spot by DBSCAN (Ester et al. 1996), -1 for none."""
    positions = _positions(inputs)
    radius = CLUSTER_RADIUS_DIAMETERS * float(np.median(inputs.column("diameter_px")))
    one, other = (np.concatenate(ends) for ends in zip(*_pairs_within(positions, radius), strict=True))
    count = len(positions)
    is_core = np.bincount(one, minlength=count) + np.bincount(other, minlength=count) + 1 >= CLUSTER_SPOTS_MIN
    # A cluster's number is the lowest index of a core spot in it; it is handed on among core spots until nothing
    # changes, and then to the spots beside them.
    number = np.append(np.where(is_core, np.arange(count), count), count)
    core = is_core[one] & is_core[other]
    while True:
        before = number.copy()
        _hand_on(number, one[core], other[core])
        number = number[number]
        if np.array_equal(number, before):
            break
    beside = is_core[one] != is_core[other]
    _hand_on(number, one[beside], other[beside])
    return np.where(number < count, number, -1)[:count]


def _hand_on(number: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
    """Give both ends of each pair the lower of their numbers."""
    lower = np.minimum(number[one], number[other])
    np.minimum.at(number, one, lower)
    np.minimum.at(number, other, lower)


def cluster_count(inputs: FeatureInputs) -> float:
    """Number of DBSCAN clusters (four spots or more within five median diameters); NaN under 8 spots."""
    if len(inputs.table) < SPOTS_MIN:
        return float("nan")
    clusters = _clusters(inputs)
    return float(len(np.unique(clusters[clusters >= 0])))


def clustered_share(inputs: FeatureInputs) -> float:
    """Share of spots that belong to a cluster; NaN under eight spots."""
    if len(inputs.table) < SPOTS_MIN:
        return float("nan")
    return float((_clusters(inputs) >= 0).mean())
