"""Shared places and rendered photos of the test suite."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from stages import Staged, stage

from lesionvis.analysis import Analysis, analyze
from lesionvis.lab.render.scenarios import angiomas, petechial_shower, single_lesion
from lesionvis.lab.render.scene import Scene

PROJECT = Path(__file__).resolve().parent.parent

# No test fails because the machine is busy.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def project() -> Path:
    """Root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """Folder with real photos and their truth; the test skips where it is absent."""
    folder = Path(os.environ.get("LESIONVIS_REAL_PHOTOS", PROJECT.parent / "shared" / "photos"))
    if not (folder / "dev" / "labels.csv").is_file():
        pytest.skip(f"real photos with hand-made truth are not on this machine (looked in {folder})")
    return folder


@pytest.fixture(scope="session")
def shower() -> Staged:
    """Sixty petechiae and some freckles and hairs on light skin, 6 px per mm."""
    scene = Scene(width_px=480, height_px=360, px_per_mm=6.0, seed=5, freckle_count=4, hair_count=6)
    return stage(scene, petechial_shower(np.random.default_rng(5), scene, 60, diameter_mm=1.6))


@pytest.fixture(scope="session")
def mole() -> Staged:
    """One naevus of 10 mm, a quarter of the frame wide, 12 px per mm."""
    scene = Scene(width_px=480, height_px=360, px_per_mm=12.0, seed=5)
    return stage(scene, single_lesion(np.random.default_rng(5), scene, "naevus", diameter_mm=10.0))


@pytest.fixture(scope="session")
def cherries() -> Staged:
    """Five angiomas on light skin, 11 px per mm."""
    scene = Scene(width_px=480, height_px=360, px_per_mm=11.0, seed=7)
    return stage(scene, angiomas(np.random.default_rng(7), scene, 5, diameter_mm=3.0))


@pytest.fixture(scope="session")
def plain() -> Staged:
    """Light skin without a spot, 6 px per mm."""
    return stage(Scene(width_px=480, height_px=360, px_per_mm=6.0, seed=8))


@pytest.fixture(scope="session")
def analysed_shower(shower: Staged) -> Analysis:
    """The shower through `analyze`, its scale given."""
    return analyze(shower.truth.rgb, px_per_mm=6.0)


@pytest.fixture(scope="session")
def analysed_samples() -> dict[str, Analysis]:
    """The sample photos through `analyze`, by file name."""
    return {path.name: analyze(path) for path in sorted((PROJECT / "sample_images").glob("*.jpg"))}
