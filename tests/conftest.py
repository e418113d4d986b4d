"""Shared places of the test suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


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
