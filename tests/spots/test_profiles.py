from __future__ import annotations

import numpy as np
import pytest
from stages import Staged

from lesionvis.spots.outlines import FINE_FAN
from lesionvis.spots.profiles import N_RINGS, PROFILE_COLUMNS, SAMPLES_PER_RING, WAVES, ring_profiles

N_RAYS, N_SAMPLES = len(FINE_FAN.angles_rad), len(FINE_FAN.steps)
# Middle of each ring, in expected radii.
MIDDLES = FINE_FAN.steps.reshape(N_RINGS, SAMPLES_PER_RING).mean(axis=1)


def _columns(rays: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of one candidate: name without ring -> values from the inside outwards."""
    row = ring_profiles(rays.astype(np.float32))[0]
    names = [name.rpartition("_")[0] for name in PROFILE_COLUMNS]
    return {name: row[[other == name for other in names]] for name in dict.fromkeys(names)}


def _rays(red: np.ndarray, green: np.ndarray) -> np.ndarray:
    """Rays of one candidate from density by ray and sample."""
    shape = (N_RAYS, N_SAMPLES)
    channels = [np.broadcast_to(channel, shape) for channel in (red, green, np.full(shape, np.nan))]
    return np.stack(channels, axis=-1)[:, :, None]


def test_every_column_says_what_it_is() -> None:
    assert len(PROFILE_COLUMNS) == (3 + len(WAVES)) * N_RINGS
    assert len(set(PROFILE_COLUMNS.values())) == len(PROFILE_COLUMNS)


def test_means_are_those_of_the_samples_of_a_ring() -> None:
    columns = _columns(_rays(FINE_FAN.steps, 2.0 * FINE_FAN.steps))
    assert columns["mean_red"] == pytest.approx(MIDDLES, abs=1e-5)
    assert columns["mean_green"] == pytest.approx(2.0 * MIDDLES, abs=1e-5)
    assert columns["spread_green"] == pytest.approx(np.zeros(N_RINGS), abs=1e-6)


@pytest.mark.parametrize("wave", WAVES)
def test_a_wave_shows_in_its_own_column_only(wave: int) -> None:
    around = 0.5 + 0.2 * np.sin(wave * FINE_FAN.angles_rad + 0.4)[:, None]
    columns = _columns(_rays(np.zeros(1), around))
    for other in WAVES:
        expected = 0.2 if other == wave else 0.0
        assert columns[f"wave_{other}"] == pytest.approx(np.full(N_RINGS, expected), abs=1e-6)
    assert columns["spread_green"] == pytest.approx(np.full(N_RINGS, 0.2 / np.sqrt(2.0)), abs=1e-6)
    assert columns["mean_green"] == pytest.approx(np.full(N_RINGS, 0.5), abs=1e-6)


def test_a_turned_candidate_has_the_same_profile() -> None:
    rays = np.random.default_rng(0).normal(size=(N_RAYS, N_SAMPLES, 3, 3)).astype(np.float32)
    assert ring_profiles(np.roll(rays, 5, axis=0)) == pytest.approx(ring_profiles(rays), abs=1e-5)


def test_a_candidate_has_the_same_profile_in_any_company() -> None:
    rays = np.random.default_rng(1).normal(size=(N_RAYS, N_SAMPLES, 40, 3)).astype(np.float32)
    together = ring_profiles(rays)
    assert together.shape == (40, len(PROFILE_COLUMNS))
    alone = np.concatenate([ring_profiles(rays[:, :, i : i + 1]) for i in range(40)])
    assert alone.tobytes() == together.tobytes()


def test_candidates_of_a_photo_bring_their_profiles(shower: Staged) -> None:
    candidates = shower.worked.spots.candidates
    assert candidates.profiles.shape == (len(candidates), len(PROFILE_COLUMNS))
    assert candidates.profiles.dtype == np.float32
    assert np.isfinite(candidates.profiles).all()
    x, y = candidates.outlines.centroid_px()
    nearest = [int(np.hypot(x - spot.x_px, y - spot.y_px).argmin()) for spot in shower.truth.spots]
    names = list(PROFILE_COLUMNS)
    inside, outside = (candidates.profiles[nearest, names.index(f"mean_green_{ring}")] for ring in (1, N_RINGS))
    assert np.median(inside) > np.median(outside) + 0.1
