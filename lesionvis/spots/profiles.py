"""Density around each candidate, ring by ring: what a spot looks like, whichever way it is turned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionvis.spots.outlines import FINE_FAN

# So many samples along a ray are averaged to one ring; the rings reach as far as the rays do.
SAMPLES_PER_RING = 2
N_RINGS = len(FINE_FAN.steps) // SAMPLES_PER_RING
# Waves around a ring: one shows a slope or an edge, two a line, three a corner or a fork.
WAVES = (1, 2, 3)

PROFILE_COLUMNS: dict[str, str] = {
    f"{name}_{ring}": f"{meaning}, ring {ring} of {N_RINGS}"
    for name, meaning in (
        ("mean_red", "mean red density, relative to healthy skin"),
        ("mean_green", "mean green density, relative to healthy skin"),
        ("spread_green", "standard deviation of green density around"),
        *((f"wave_{wave}", f"amplitude of green density in {wave} wave(s) around") for wave in WAVES),
    )
    for ring in range(1, N_RINGS + 1)
}


def ring_profiles(rays: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean, spread and waves of the density on rings around candidates.

    Parameters
    ----------
    rays : ndarray of shape (R, S, N, 3), float32
        Density relative to healthy skin along the rays of `FINE_FAN` around N candidates.

    Returns
    -------
    ndarray of shape (N, len(PROFILE_COLUMNS)), float32
        The same but for the candidate's direction: turning a candidate by the angle between two rays changes nothing.

    Examples
    --------
    >>> ring_profiles(np.full((16, 28, 1, 3), 0.25, np.float32))[0, [0, 14, 28]].tolist()
    [0.25, 0.25, 0.0]
    """
    n_rays, _, count, _ = rays.shape
    # Ring after ring, so that whatever is done to a ring is done to all candidates at once.
    rings = rays[..., :2].reshape(n_rays, N_RINGS, SAMPLES_PER_RING, count, 2).mean(axis=2)
    red, green = rings[..., 0], rings[..., 1]
    mean = green.mean(axis=0)
    columns = [red.mean(axis=0), mean, np.sqrt(((green - mean) ** 2).mean(axis=0))]
    for wave in WAVES:
        angles = wave * FINE_FAN.angles_rad
        along, across = (
            np.add.reduce(green * weight[:, None, None].astype(np.float32), axis=0)
            for weight in (np.cos(angles), np.sin(angles))
        )
        columns.append(2.0 / n_rays * np.sqrt(along**2 + across**2))
    return np.ascontiguousarray(np.concatenate(columns).T, np.float32)
