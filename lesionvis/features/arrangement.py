"""Features of where the spots lie: clustered, random or regular."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionvis.features.findings import Findings

# Fewer spots than this say nothing about how they are arranged.
SPOTS_MIN = 8
# DBSCAN: neighbours within this distance, and so many of them, make a cluster.
CLUSTER_RADIUS_MM = 7.5
CLUSTER_RADIUS_DIAMETERS = 5.0
CLUSTER_SPOTS_MIN = 4
# Radii of Ripley's L, in median diameters of the spots.
RIPLEY_RADII_DIAMETERS = (5.0, 10.0)
# Pairs are compared in blocks of so many spots, which keeps the table of distances small.
_BLOCK = 512


def _positions(findings: Findings) -> NDArray[np.float64]:
    return np.stack([findings.column("x_px"), findings.column("y_px")], axis=1)


def _neighbour_counts(
    positions: NDArray[np.float64], radii_px: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distance of each point to its nearest neighbour, and its number of neighbours within each radius."""
    nearest = np.full(len(positions), np.inf)
    counts = np.zeros((len(radii_px), len(positions)), np.int64)
    for start in range(0, len(positions), _BLOCK):
        block = slice(start, start + _BLOCK)
        offset = positions[block, None] - positions[None]
        distance = np.hypot(offset[..., 0], offset[..., 1])
        rows = np.arange(len(distance))
        distance[rows, rows + start] = np.inf
        nearest[block] = distance.min(axis=1)
        for index, radius in enumerate(radii_px):
            counts[index, block] = (distance <= radius).sum(axis=1)
    return nearest, counts


def clark_evans_index(findings: Findings) -> float:
    """Clark-Evans index: mean distance to the nearest neighbour over that of a random pattern; NaN under eight spots.

    Below 1 clustered, 1 random, above 1 regular. With Donnelly's correction for the edge (Donnelly 1978), the skin
    taken as a square.
    """
    count = len(findings.table)
    area = findings.skin_area_px
    if count < SPOTS_MIN or area == 0:
        return float("nan")
    nearest, _ = _neighbour_counts(_positions(findings), ())
    perimeter = 4.0 * np.sqrt(area)
    expected = 0.5 * np.sqrt(area / count) + (0.0514 + 0.041 / np.sqrt(count)) * perimeter / count
    return float(nearest.mean() / expected)


def _ripley_l(findings: Findings, radius_diameters: float) -> float:
    """Besag's L less the radius, over the radius: 0 for a random pattern, positive for a clustered one."""
    count = len(findings.table)
    if count < SPOTS_MIN or findings.skin_area_px == 0:
        return float("nan")
    radius = radius_diameters * float(np.median(findings.column("diameter_px")))
    _, counts = _neighbour_counts(_positions(findings), (radius,))
    k = findings.skin_area_px * float(counts.sum()) / (count * (count - 1))
    return float(np.sqrt(k / np.pi) / max(radius, 1e-6) - 1.0)


def ripley_l_at_5_diameters(findings: Findings) -> float:
    """Ripley's L at five median diameters, less 1 as a share of the radius; no edge correction; NaN under 8 spots."""
    return _ripley_l(findings, RIPLEY_RADII_DIAMETERS[0])


def ripley_l_at_10_diameters(findings: Findings) -> float:
    """Ripley's L at ten median diameters, less 1 as a share of the radius; no edge correction; NaN under 8 spots."""
    return _ripley_l(findings, RIPLEY_RADII_DIAMETERS[1])


def _clusters(findings: Findings) -> NDArray[np.int64]:
    """Cluster of each spot by DBSCAN (Ester et al. 1996), -1 for none."""
    positions = _positions(findings)
    if findings.scale:
        radius = CLUSTER_RADIUS_MM * findings.scale.px_per_mm
    else:
        radius = CLUSTER_RADIUS_DIAMETERS * float(np.median(findings.column("diameter_px")))
    clusters = np.full(len(positions), -1)
    _, counts = _neighbour_counts(positions, (radius,))
    is_core = counts[0] + 1 >= CLUSTER_SPOTS_MIN
    number = 0
    for seed in np.flatnonzero(is_core):
        if clusters[seed] >= 0:
            continue
        clusters[seed] = number
        waiting = [int(seed)]
        while waiting:
            point = waiting.pop()
            if not is_core[point]:
                continue
            near = np.hypot(*(positions - positions[point]).T) <= radius
            new = np.flatnonzero(near & (clusters < 0))
            clusters[new] = number
            waiting.extend(int(index) for index in new)
        number += 1
    return clusters


def cluster_count(findings: Findings) -> float:
    """Number of DBSCAN clusters (four spots or more within 7.5 mm or five median diameters); NaN under 8 spots."""
    if len(findings.table) < SPOTS_MIN:
        return float("nan")
    return float(_clusters(findings).max() + 1)


def clustered_share(findings: Findings) -> float:
    """Share of spots that belong to a cluster; NaN under eight spots."""
    if len(findings.table) < SPOTS_MIN:
        return float("nan")
    return float((_clusters(findings) >= 0).mean())
