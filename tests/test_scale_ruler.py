"""The ruler finder against real rulers, where they are on this machine."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from lesionvis.photo import read_photo
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.ruler import RulerFinder


def _relative_errors(folder: Path) -> dict[str, float]:
    """Distance of each claimed scale to the range of local scales on that ruler; no entry without a claim."""
    errors = {}
    with (folder / "rulers.csv").open() as file:
        for truth in csv.DictReader(file):
            scale = RulerFinder()(read_photo(folder / "photos" / truth["photo"]))
            if isinstance(scale, Scale):
                low, high = float(truth["px_per_mm_local_min"]), float(truth["px_per_mm_local_max"])
                errors[truth["photo"]] = max(
                    0.0, (low - scale.px_per_mm) / low, (scale.px_per_mm - high) / high
                )
    return errors


def test_real_rulers_are_read_and_never_wrong(real_photos: Path) -> None:
    errors = np.array(list(_relative_errors(real_photos / "dev").values()))
    assert (errors <= 0.05).sum() >= 21
    assert (errors > 0.10).sum() == 0


def test_no_scale_is_invented_where_there_is_no_ruler(real_photos: Path) -> None:
    folder = real_photos / "dev"
    with (folder / "negatives.csv").open() as file:
        photos = [row["photo"] for row in csv.DictReader(file)]
    claims = {
        name: scale
        for name in photos
        if not isinstance(scale := RulerFinder()(read_photo(folder / "photos" / name)), NoScale)
    }
    assert claims == {}
