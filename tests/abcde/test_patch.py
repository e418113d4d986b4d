from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from painted import BROWN, CENTRE, RADIUS, added, comma, disk, marked, outline_of, painted, patch_of, skin_photo
from stages import Staged

from lesionvis.abcde import lesion_patch
from lesionvis.abcde.numbers import centroid
from lesionvis.abcde.patch import DIAMETER_PX, _grown


def test_every_lesion_is_measured_at_one_size() -> None:
    for form in (disk, comma):
        patch = patch_of(painted(form), form)
        assert 2.0 * np.sqrt(patch.mask.sum() / np.pi) == pytest.approx(DIAMETER_PX, rel=0.02)


def test_the_patch_lies_where_the_lesion_is() -> None:
    patch = patch_of(painted(disk), disk)
    assert patch.to_working(np.asarray(centroid(patch.mask))) == pytest.approx(np.asarray(CENTRE), abs=0.7)
    assert patch.to_working(patch.border) == pytest.approx(outline_of(disk))
    assert patch.zoom == pytest.approx(DIAMETER_PX / (2.0 * RADIUS), rel=0.01)


def test_densities_are_those_that_the_lesion_adds_to_skin() -> None:
    patch = patch_of(painted(disk), disk)
    rows, columns = np.indices(patch.mask.shape)
    x, y = centroid(patch.mask)
    core = np.hypot(columns - x, rows - y) < 20
    # The camera's floor takes a little of what is added in the dark.
    assert patch.relative[core].mean(axis=0) == pytest.approx(BROWN, abs=0.04)
    outside = np.hypot(columns - x, rows - y) > 42
    assert patch.relative[outside].mean(axis=0) == pytest.approx(np.zeros(3), abs=0.03)


@pytest.mark.parametrize("radius_px", [45.0, 100.0], ids=["enlarged", "reduced"])
def test_the_picture_of_the_lesion_lies_under_its_outline_and_not_half_a_pixel_beside(radius_px: float) -> None:
    def round_form(angle: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(angle, radius_px)

    patch = patch_of(painted(round_form), round_form)
    seen = np.asarray(centroid(patch.relative.sum(axis=2) > 0.5 * sum(BROWN)))
    assert seen == pytest.approx(np.asarray(centroid(patch.mask)), abs=0.2)
    assert seen == pytest.approx(patch.border.mean(axis=0), abs=0.2)


def test_a_colour_cast_falls_out() -> None:
    photo = painted(disk)
    cast = added(photo, np.array([0.10, 0.0, 0.06]))
    plain, tinted = patch_of(photo, disk), patch_of(cast, disk)
    difference = np.abs(plain.relative - tinted.relative)[plain.mask]
    assert np.median(difference) < 0.02


def test_a_spot_beside_the_lesion_is_no_skin() -> None:
    photo = painted(disk)
    rows, columns = np.indices(photo.shape[:2])
    around = np.hypot(columns - CENTRE[0], rows - CENTRE[1])
    spot = (around > RADIUS + 3.0) & (around < RADIUS + 25.0) & (rows > CENTRE[1] - 20.0)
    dark = np.where(spot[..., None], photo // 2, photo)
    held, _, spots = marked(dark, disk)
    _, clean, _ = marked(photo, disk)
    labels = np.where(spot & (spots.labels == 0), 2, spots.labels).astype(np.int32)
    patch = lesion_patch(held, clean, replace(spots, labels=labels))
    assert patch is not None
    alone = patch_of(photo, disk)
    assert np.median(np.abs(patch.relative - alone.relative)[alone.mask]) < 0.02


def test_glare_is_marked() -> None:
    photo = painted(disk)
    photo[115:125, 150:160] = 255
    patch = patch_of(photo, disk)
    x, y = (np.array([154.5, 119.5]) - patch.origin) * patch.zoom
    assert patch.glare[round(y), round(x)]
    assert patch.glare.mean() < 0.05


def test_what_lies_outside_the_photo_is_not_seen() -> None:
    patch = lesion_patch(*marked(painted(disk), disk, left_px=130.0))
    assert patch is not None
    assert not patch.seen.all()
    assert not (patch.mask & ~patch.seen).any()


def test_without_a_dominant_lesion_there_is_no_patch(shower: Staged) -> None:
    assert shower.worked.spots.lesion == 0
    assert lesion_patch(shower.worked.photo, shower.worked.skin, shower.worked.spots) is None


def test_a_large_lesion_is_averaged_not_sampled() -> None:
    generator = np.random.default_rng(2)
    noisy = np.clip(skin_photo() + generator.normal(0, 20, (240, 320, 3)), 0, 255).astype(np.uint8)

    def wide(angle: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(angle, 110.0)

    fine, coarse = patch_of(noisy, disk), patch_of(noisy, wide)
    assert coarse.relative[coarse.mask].std() < fine.relative[fine.mask].std()


def test_a_mask_grows_alike_in_all_directions() -> None:
    dot = np.zeros((31, 41), np.bool_)
    dot[15, 20] = True
    grown = _grown(dot, 7)
    rows, columns = np.indices(dot.shape)
    distance = np.hypot(rows - 15, columns - 20)
    assert grown[distance < 6.5].all()
    assert not grown[distance > 7.5].any()
