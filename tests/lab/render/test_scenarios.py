from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lesionvis.errors import SettingsError
from lesionvis.geometry import distances
from lesionvis.lab.render.covers import skin_mask
from lesionvis.lab.render.scenarios import angiomas, distractors, petechial_shower, plain_skin, single_lesion
from lesionvis.lab.render.scene import Scene

SCENE = Scene(ruler_side="bottom")


def _generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("clustering", [0.0, 0.8])
def test_a_shower_lies_on_skin_with_its_spots_apart(clustering: float) -> None:
    scene = replace(SCENE, view="limb", drape_side="left")
    spots = petechial_shower(_generator(), scene, 120, diameter_mm=1.2, clustering=clustering)
    place = np.array([(spot.x_px, spot.y_px) for spot in spots])
    radius_px = np.array([spot.diameter_px / 2.0 for spot in spots])
    skin = skin_mask(scene)
    assert all(skin[round(y), round(x)] for x, y in place)
    between_px = distances(place, place)
    touching = between_px <= radius_px[:, None] + radius_px[None]
    assert np.array_equal(touching, np.eye(len(spots), dtype=bool))


def test_a_shower_has_the_sizes_asked_for_and_names_the_large_purpura() -> None:
    spots = petechial_shower(_generator(), SCENE, 200, diameter_mm=1.6, diameter_spread=0.3)
    sizes_mm = np.array([spot.diameter_px for spot in spots]) / SCENE.px_per_mm
    assert np.median(sizes_mm) == pytest.approx(1.6, rel=0.1)
    assert np.log(sizes_mm).std() == pytest.approx(0.3, rel=0.2)
    assert [spot.kind for spot in spots] == ["petechia" if size <= 2.0 else "purpura" for size in sizes_mm]


def test_clustering_draws_the_spots_together() -> None:
    scene = Scene(width_px=1200, height_px=900)
    spread = []
    for clustering in (0.0, 1.0):
        spots = petechial_shower(_generator(), scene, 24, diameter_mm=1.0, clustering=clustering)
        spread.append(np.std([spot.x_px for spot in spots]))
    assert spread[1] < 0.7 * spread[0]


def test_a_crowd_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SettingsError, match="no room for 500 spots"):
        petechial_shower(_generator(), Scene(width_px=100, height_px=80), 500)


def test_the_same_generator_seed_gives_the_same_table() -> None:
    assert petechial_shower(_generator(3), SCENE, 20) == petechial_shower(_generator(3), SCENE, 20)
    assert petechial_shower(_generator(3), SCENE, 20) != petechial_shower(_generator(4), SCENE, 20)


def test_a_melanoma_is_larger_and_more_uneven_than_a_naevus() -> None:
    (naevus,) = single_lesion(_generator(), SCENE, "naevus")
    (melanoma,) = single_lesion(_generator(), SCENE, "melanoma")
    assert melanoma.diameter_px > naevus.diameter_px
    assert melanoma.border_irregularity > naevus.border_irregularity
    assert melanoma.mottle > naevus.mottle


def test_angiomas_are_domes_full_of_blood() -> None:
    spots = angiomas(_generator(), SCENE, 6, diameter_mm=2.5)
    assert len(spots) == 6
    assert all(spot.dome_height > 0.3 and spot.blood_fraction > 0.4 for spot in spots)
    (single,) = angiomas(_generator(), SCENE, diameter_mm=4.0)
    assert single.diameter_px == pytest.approx(4.0 * SCENE.px_per_mm)


def test_plain_skin_has_no_spots_and_distractors_are_counted() -> None:
    assert plain_skin() == ()
    kinds = [spot.kind for spot in distractors(replace(SCENE, freckle_count=3, naevus_count=2))]
    assert kinds == ["freckle"] * 3 + ["naevus"] * 2
