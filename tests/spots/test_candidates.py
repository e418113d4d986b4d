from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from stages import NO_SCALE, Staged

from lesionvis.color import optical_density
from lesionvis.lab.render.scene import RenderedPhoto, RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.photo import read_photo
from lesionvis.skin import find_skin
from lesionvis.spots.candidates import COLUMNS, CONTRAST_MIN, ENLARGEMENT, Candidates, find_candidates

SMALL = Scene(width_px=240, height_px=180, px_per_mm=6.0, seed=4, texture=0.3, mottling=0.3, gloss=0.0)


def _candidates(rgb: NDArray[np.uint8]) -> Candidates:
    photo = read_photo(rgb)
    return find_candidates(photo.rgb, find_skin(photo, NO_SCALE))


def _at(candidates: Candidates, x: float, y: float, diameter: float) -> dict[str, float]:
    """Evidence on the candidate that is nearest to a place, of about that diameter."""
    found_x, found_y = candidates.outlines.centroid_px()
    size = 2.0 * np.sqrt(candidates.outlines.area_px() / np.pi)
    away = np.hypot(found_x - x, found_y - y) / diameter + np.abs(np.log(size / diameter))
    best = int(away.argmin())
    assert away[best] < 0.5
    return dict(zip(COLUMNS, candidates.evidence[best].tolist(), strict=True))


def _column(candidates: Candidates, name: str) -> NDArray[np.float32]:
    return candidates.evidence[:, list(COLUMNS).index(name)]


def test_every_column_says_what_it_is() -> None:
    assert all(len(meaning) > 10 for meaning in COLUMNS.values())
    assert len(set(COLUMNS.values())) == len(COLUMNS)


def test_evidence_is_a_finite_table_of_all_columns(shower: Staged) -> None:
    candidates = shower.worked.spots.candidates
    assert candidates.evidence.shape == (len(candidates), len(COLUMNS))
    assert candidates.evidence.dtype == np.float32
    assert np.isfinite(candidates.evidence).all()
    assert len(candidates.outlines) == len(candidates) > 60


def test_every_true_spot_is_a_candidate(shower: Staged) -> None:
    candidates = shower.worked.spots.candidates
    for spot in shower.truth.spots:
        _at(candidates, spot.x_px, spot.y_px, spot.diameter_px)


def test_candidates_lie_on_skin_and_stand_out(shower: Staged) -> None:
    scene = Scene(width_px=240, height_px=180, px_per_mm=6.0, seed=4, drape_side="left", drape_color="green")
    photo = render(scene, [RenderedSpot(x_px=150.0, y_px=90.0, diameter_px=12.0, blood_fraction=0.1)])
    candidates = _candidates(photo.rgb)
    rows, columns = (np.rint(values).astype(int) for values in (candidates.outlines.y_px, candidates.outlines.x_px))
    assert photo.skin[np.clip(rows, 0, 179), np.clip(columns, 0, 239)].mean() > 0.95
    # The contrast of the first outline decides, that of the second one is kept.
    assert np.quantile(_column(shower.worked.spots.candidates, "contrast"), 0.1) > 0.7 * CONTRAST_MIN


@pytest.fixture(scope="module")
def mixed() -> tuple[RenderedPhoto, Candidates]:
    """A spot of fresh blood, one of melanin, and one of deep venous blood; each 12 px wide."""
    spot = RenderedSpot(x_px=60.0, y_px=60.0, diameter_px=12.0, blood_fraction=0.08, border_softness=0.2)
    mole = replace(spot, x_px=120.0, blood_fraction=0.004, melanin_fraction=0.1, kind="naevus")
    deep = replace(spot, x_px=180.0, blood_fraction=0.2, blood_depth_mm=0.1, oxygen_saturation=0.3, kind="purpura")
    photo = render(SMALL, [spot, mole, deep])
    return photo, _candidates(photo.rgb)


def test_blood_and_melanin_differ_in_colour(mixed: tuple[RenderedPhoto, Candidates]) -> None:
    blood, mole, deep = (_at(mixed[1], x, 60.0, 12.0) for x in (60.0, 120.0, 180.0))
    for bloody in (blood, deep):
        assert bloody["erythema_contrast"] > 0.06
        assert bloody["blue_share"] < mole["blue_share"] - 0.1
    assert blood["blood_share"] > mole["blood_share"] + 0.1
    assert blood["red_green_ratio"] < mole["red_green_ratio"] - 0.1
    assert mole["red_green_ratio"] > 0.4
    assert deep["contrast_red"] > blood["contrast_red"]


def test_contrast_is_that_to_the_skin_around(mixed: tuple[RenderedPhoto, Candidates]) -> None:
    photo, candidates = mixed
    density = optical_density(photo.rgb)
    expected = density[57:64, 57:64].mean(axis=(0, 1)) - density[30:45, 30:90].mean(axis=(0, 1))
    row = _at(candidates, 60.0, 60.0, 12.0)
    assert [row[f"contrast_{name}"] for name in ("red", "green", "blue")] == pytest.approx(expected.tolist(), abs=0.04)
    assert row["erythema_contrast"] == pytest.approx(row["contrast_green"] - row["contrast_red"], abs=1e-5)


def test_size_shape_and_border_of_a_clean_spot(mixed: tuple[RenderedPhoto, Candidates]) -> None:
    row = _at(mixed[1], 60.0, 60.0, 12.0)
    # A small picture is enlarged first; places stay those of the picture, the evidence is that of the enlarged one.
    assert np.exp(row["log_diameter"]) == pytest.approx(12.0 * ENLARGEMENT, rel=0.12)
    assert np.exp(row["log_diameter_share"]) == pytest.approx(12.0 / 240, rel=0.12)
    assert row["aspect"] < 1.2
    assert row["radius_variation"] < 0.12
    assert row["open_fraction"] == 0.0
    assert row["edge_drop_low"] > 0.5
    assert row["ridge"] < 0.3
    assert row["border_diameters"] == 5.0


def test_a_hair_is_a_ridge_and_not_red() -> None:
    photo = render(SMALL, [RenderedSpot(x_px=60.0, y_px=60.0, diameter_px=12.0, blood_fraction=0.08)])
    rgb = photo.rgb.copy()
    rgb[90:180, 150:152] = (50, 42, 36)
    candidates = _candidates(rgb)
    x, y = candidates.outlines.centroid_px()
    on_hair = (np.abs(x - 150.5) < 2.0) & (y > 105) & (y < 165)
    assert on_hair.any()
    spot = _at(candidates, 60.0, 60.0, 12.0)
    assert _column(candidates, "ridge")[on_hair].min() > 0.5 > spot["ridge"]
    assert _column(candidates, "red_green_ratio")[on_hair].min() > 0.6 > spot["red_green_ratio"]


def test_context_compares_with_the_photos_own_spots(shower: Staged) -> None:
    candidates = shower.worked.spots.candidates
    rank, contrast = _column(candidates, "rank"), _column(candidates, "contrast")
    assert rank.min() >= 0.0
    assert rank.max() < 1.0
    assert (np.diff(rank[np.argsort(contrast, kind="stable")]) >= 0).all()
    for name in ("photo_contrast", "photo_count", "photo_noise"):
        assert np.ptp(_column(candidates, name)) == 0.0
    typical = float(_column(candidates, "photo_contrast")[0])
    assert _column(candidates, "contrast_strongest") == pytest.approx(contrast / typical, rel=1e-4)


def test_neighbours_count_strong_candidates_nearby(shower: Staged) -> None:
    alone = _candidates(render(SMALL, [RenderedSpot(x_px=60.0, y_px=60.0, diameter_px=12.0, blood_fraction=0.1)]).rgb)
    crowd = [_at(shower.worked.spots.candidates, s.x_px, s.y_px, s.diameter_px) for s in shower.truth.spots]
    assert np.median([row["neighbours"] for row in crowd]) > _at(alone, 60.0, 60.0, 12.0)["neighbours"]


def test_dimmer_light_changes_little(mixed: tuple[RenderedPhoto, Candidates]) -> None:
    photo, candidates = mixed
    dim = _candidates(render(replace(photo.scene, exposure=0.6), photo.spots).rgb)
    for x in (60.0, 120.0, 180.0):
        bright_row, dim_row = _at(candidates, x, 60.0, 12.0), _at(dim, x, 60.0, 12.0)
        for name in ("contrast_red", "contrast_green", "erythema_contrast", "blue_share", "log_diameter"):
            assert dim_row[name] == pytest.approx(bright_row[name], abs=0.08), name


def test_a_mirrored_photo_has_the_same_evidence(mixed: tuple[RenderedPhoto, Candidates]) -> None:
    photo, candidates = mixed
    mirrored = _candidates(np.ascontiguousarray(photo.rgb[:, ::-1]))
    assert len(mirrored) == pytest.approx(len(candidates), rel=0.1)
    for x in (60.0, 120.0, 180.0):
        row, other = _at(candidates, x, 60.0, 12.0), _at(mirrored, 239.0 - x, 60.0, 12.0)
        for name in ("contrast", "erythema_contrast", "blue_share", "aspect", "log_diameter", "edge_drop"):
            assert other[name] == pytest.approx(row[name], abs=0.06), name


def test_evidence_is_had_by_the_name_of_its_column(shower: Staged) -> None:
    candidates = shower.worked.spots.candidates
    stacked = np.stack([candidates.column(name) for name in COLUMNS], axis=1)
    assert stacked.tobytes() == candidates.evidence.tobytes()
