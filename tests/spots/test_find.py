from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import NO_SCALE, Staged, match, stage, work

from lesionvis.lab.render.scenarios import petechial_shower, single_lesion
from lesionvis.lab.render.scene import RenderedSpot, Scene
from lesionvis.lab.render.synth import render
from lesionvis.models import Predictor
from lesionvis.spots import SpotFinder
from lesionvis.spots.classifier import SpotClassifier
from lesionvis.spots.find import LESION_SCORE_MIN, SPOT_SCORE_MIN
from lesionvis.spots.shape import shapes
from lesionvis.spots.table import repeat_error_px

MIDDLE = Scene(width_px=480, height_px=360, px_per_mm=6.0, seed=5)
SMALL = replace(MIDDLE, width_px=320, height_px=240)


def _shower(ita_deg: float) -> Staged:
    scene = replace(MIDDLE, ita_deg=ita_deg)
    return stage(scene, petechial_shower(np.random.default_rng(5), scene, 60, diameter_mm=1.6))


def _diameter_errors(staged: Staged) -> NDArray[np.float64]:
    pairs = match(staged)
    true = np.array([staged.truth.spots[row].diameter_px for row in pairs.true])
    return np.asarray(staged.worked.table["diameter_px"][pairs.found] / true - 1.0)


@pytest.mark.parametrize("ita_deg", [60.0, 48.0, 30.0, 10.0])
def test_a_shower_is_found_on_light_to_tan_skin(ita_deg: float) -> None:
    staged = _shower(ita_deg)
    assert match(staged).f1 >= 0.95
    assert np.median(np.abs(_diameter_errors(staged))) <= 0.12
    assert staged.worked.spots.lesion == 0


@pytest.mark.parametrize(("seed", "kind", "place"), [(3, "naevus", (0.2, 0.25)), (4, "melanoma", (0.8, 0.3))])
def test_a_mole_off_the_centre_of_a_shower_is_the_lesion(
    seed: int, kind: Literal["naevus", "melanoma"], place: tuple[float, float]
) -> None:
    generator = np.random.default_rng(seed)
    scene = replace(MIDDLE, seed=seed, width_px=800, height_px=600)
    (mole,) = single_lesion(generator, scene, kind, diameter_mm=5.0)
    mole = replace(mole, x_px=place[0] * scene.width_px, y_px=place[1] * scene.height_px)
    crop = petechial_shower(generator, scene, 60, diameter_mm=1.4)
    free = [spot for spot in crop if np.hypot(spot.x_px - mole.x_px, spot.y_px - mole.y_px) > mole.diameter_px]
    found = stage(scene, (*free, mole)).worked
    lesion = np.flatnonzero(found.table["is_lesion"])
    assert len(lesion) == 1
    off = np.hypot(found.table["x_px"][lesion] - mole.x_px, found.table["y_px"][lesion] - mole.y_px)
    assert off[0] < 0.2 * mole.diameter_px
    assert found.table["diameter_px"][lesion[0]] == pytest.approx(mole.diameter_px, rel=0.15)


def _grid(
    seed: int, blur_sigma_px: float, softness: float, diameters_px: tuple[float, ...], blood: tuple[float, ...]
) -> Staged:
    """Forty-eight spots in rows and columns, of all diameters and strengths in turn."""
    scene = Scene(width_px=400, height_px=300, px_per_mm=8.0, seed=seed, blur_sigma_px=blur_sigma_px)
    spots = [
        RenderedSpot(
            x_px=30.3 + 48 * column,
            y_px=30.4 + 48 * row,
            diameter_px=diameters_px[(column + row) % len(diameters_px)],
            blood_fraction=blood[column % len(blood)],
            border_softness=softness,
        )
        for row in range(6)
        for column in range(8)
    ]
    return stage(scene, spots)


@pytest.mark.parametrize(
    ("blur_sigma_px", "softness", "spread"), [(0.5, 0.1, 0.04), (0.8, 0.3, 0.05), (1.1, 0.5, 0.06)]
)
def test_sizes_are_neither_too_large_nor_too_small(blur_sigma_px: float, softness: float, spread: float) -> None:
    # Of faint spots half of the light is half of the density, which is where the truth draws its border.
    errors = _diameter_errors(_grid(3, blur_sigma_px, softness, (9.0, 12.0, 16.0, 22.0), (0.03,)))
    assert len(errors) == 48
    assert np.median(errors) == pytest.approx(0.0, abs=0.016)
    assert 0.005 < np.std(errors) < spread


def _in_standard_errors(staged: Staged) -> NDArray[np.float64]:
    """How far the found diameters are from the true ones, in standard errors without what readers differ by."""
    pairs = match(staged)
    true = np.array([staged.truth.spots[row].diameter_px for row in pairs.true])
    table = staged.worked.table
    error = repeat_error_px(staged.worked.photo, table)[pairs.found]
    # Beside a reader every spot is less sure.
    assert (table["diameter_error_px"][pairs.found] > error).all()
    return np.asarray((table["diameter_px"][pairs.found] - true) / error)


def test_two_thirds_of_soft_spots_are_within_one_standard_error_and_nearly_all_within_two() -> None:
    diameters_px, blood = (9.0, 14.0, 20.0, 28.0), (0.03, 0.06, 0.12, 0.25)
    soft = [_grid(seed, blur, softness, diameters_px, blood) for seed, blur, softness in ((3, 0.6, 0.7), (5, 1.0, 0.9))]
    off = np.abs(np.concatenate([_in_standard_errors(staged) for staged in soft]))
    assert len(off) >= 94
    assert 0.55 < (off < 1.0).mean() < 0.8
    assert 0.86 < (off < 2.0).mean() < 0.99


def test_of_sharp_spots_more_are_as_readers_differ_by_more_than_blur_does() -> None:
    sharp = _grid(3, 0.6, 0.1, (9.0, 14.0, 20.0, 28.0), (0.03, 0.06, 0.12, 0.25))
    tiny = _grid(4, 0.9, 0.1, (4.0, 5.0, 6.0), (0.05, 0.1, 0.2))
    for staged in (sharp, tiny):
        off = np.abs(_in_standard_errors(staged))
        assert 0.68 < (off < 1.0).mean() < 0.93
        assert (off < 2.0).mean() > 0.97


MOLES = (
    RenderedSpot(x_px=150.0, y_px=120.0, diameter_px=90.0, kind="naevus", melanin_fraction=0.15),
    RenderedSpot(x_px=170.0, y_px=110.0, diameter_px=60.0, kind="naevus", melanin_fraction=0.15),
)


@pytest.mark.parametrize("mole", MOLES, ids=["large", "small"])
def test_the_lesion_of_a_mirrored_photo_is_the_mirrored_lesion(mole: RenderedSpot) -> None:
    rgb = render(SMALL, [mole]).rgb
    height, width = rgb.shape[:2]
    here = work(rgb).table
    across, down = work(np.ascontiguousarray(rgb[:, ::-1])).table, work(np.ascontiguousarray(rgb[::-1])).table
    assert len(here) == len(across) == len(down) == 1
    # A border that is half a pixel off is a whole one off the mirrored border.
    assert width - 1.0 - across["x_px"][0] == pytest.approx(here["x_px"][0], abs=0.4)
    assert across["y_px"][0] == pytest.approx(here["y_px"][0], abs=0.4)
    assert height - 1.0 - down["y_px"][0] == pytest.approx(here["y_px"][0], abs=0.4)
    for table in (across, down):
        assert table["diameter_px"][0] == pytest.approx(here["diameter_px"][0], rel=0.06)


@pytest.mark.parametrize("mole", MOLES, ids=["large", "small"])
def test_what_is_painted_of_a_lesion_is_what_its_border_holds(mole: RenderedSpot) -> None:
    spots = work(render(SMALL, [mole]).rgb).spots
    _assert_painted_as_outlined(spots.labels, spots.outlines_px, off_px=0.12)


def test_what_is_painted_of_spots_is_what_their_borders_hold() -> None:
    spots = _grid(5, 0.7, 0.3, (6.0, 9.0, 13.0, 20.0), (0.1,)).worked.spots
    _assert_painted_as_outlined(spots.labels, spots.outlines_px, off_px=0.12)


def _assert_painted_as_outlined(
    labels: NDArray[np.int32], outlines_px: tuple[NDArray[np.float64], ...], off_px: float
) -> None:
    """Labels have the areas and, all in all, the places of the outlines, in working px of an unreduced photo."""
    columns = shapes(outlines_px)
    places = [np.nonzero(labels == number) for number in range(1, len(outlines_px) + 1)]
    share = np.array([len(rows) for rows, _ in places]) / columns["area_px"]
    assert np.median(share) == pytest.approx(1.0, abs=0.03)
    assert np.mean([x.mean() for _, x in places] - columns["x_px"]) == pytest.approx(0.0, abs=off_px)
    assert np.mean([y.mean() for y, _ in places] - columns["y_px"]) == pytest.approx(0.0, abs=off_px)


def test_on_brown_skin_few_spots_more_are_missed() -> None:
    staged = _shower(-10.0)
    assert match(staged).f1 >= 0.85
    assert match(staged).precision >= 0.95


def test_spots_from_a_score_on_keep_their_outlines_and_are_numbered_anew(shower: Staged) -> None:
    spots = shower.worked.spots
    middle = float(np.median(spots.score))
    sure = spots.taken_from(middle)
    kept = np.flatnonzero(spots.score >= middle)
    assert 0 < len(sure) == len(kept) < len(spots)
    assert sure.outlines_px == tuple(spots.outlines_px[i] for i in kept)
    assert sure.kind == tuple(spots.kind[i] for i in kept)
    for number, before in enumerate(kept + 1, start=1):
        assert ((sure.labels == number) == (spots.labels == before)).all()
    assert sure.min_score == middle
    assert spots.taken_from(spots.min_score) is spots
    none = spots.taken_from(np.inf)
    assert (len(none), none.labels.max(), none.kind) == (0, 0, ())
    assert spots.candidate_scores.max() < none.min_score < np.inf


def test_the_lesion_is_kept_whatever_it_scores(mole: Staged) -> None:
    spots = mole.worked.spots
    assert spots.lesion > 0
    alone = spots.taken_from(np.inf)
    assert (len(alone), alone.lesion) == (1, 1)
    assert ((alone.labels == 1) == (spots.labels == spots.lesion)).all()


def test_freckles_and_hairs_are_no_spots(shower: Staged) -> None:
    pairs = match(shower)
    assert pairs.precision >= 0.95
    assert pairs.recall >= 0.95
    centre_errors = [
        np.hypot(
            shower.worked.table["x_px"][found] - shower.truth.spots[true].x_px,
            shower.worked.table["y_px"][found] - shower.truth.spots[true].y_px,
        )
        for found, true in zip(pairs.found, pairs.true, strict=True)
    ]
    assert np.median(centre_errors) < 0.5


@pytest.mark.parametrize("count", [10, 150])
def test_the_count_is_right_within_five_percent(count: int) -> None:
    scene = replace(MIDDLE, seed=9)
    staged = stage(scene, petechial_shower(np.random.default_rng(9), scene, count, diameter_mm=1.4))
    assert len(staged.worked.spots) == pytest.approx(count, rel=0.05)


@pytest.mark.parametrize("ita_deg", [60.0, 35.0, 10.0, -10.0, -30.0, -45.0])
def test_plain_skin_has_no_small_spots(ita_deg: float) -> None:
    spots = stage(replace(MIDDLE, ita_deg=ita_deg, seed=6, hair_count=15)).worked.spots
    assert len(spots) - (spots.lesion > 0) == 0
    assert spots.candidate_scores.max(initial=0.0) < SPOT_SCORE_MIN


@pytest.mark.parametrize("diameter_px", [3.5, 5.0])
def test_the_tiniest_spots_are_found(diameter_px: float) -> None:
    spots = [
        RenderedSpot(x_px=20.3 + 40 * column, y_px=20.4 + 40 * row, diameter_px=diameter_px, blood_fraction=0.1)
        for column in range(7)
        for row in range(5)
    ]
    assert match(stage(replace(SMALL, px_per_mm=3.0), spots)).f1 >= 0.95


@pytest.mark.parametrize("gap_px", [1.5, 3.0])
def test_close_pairs_are_two_spots_each(gap_px: float) -> None:
    spots = [
        RenderedSpot(
            x_px=30.0 + 60 * column + (12 + gap_px) * second, y_px=30.0 + 45 * row, diameter_px=12.0, blood_fraction=0.1
        )
        for column in range(5)
        for row in range(4)
        for second in (0, 1)
    ]
    staged = stage(SMALL, spots)
    assert match(staged).recall >= 0.95
    assert len(staged.worked.spots) == pytest.approx(len(spots), rel=0.05)


@pytest.mark.parametrize(
    "lesion",
    [
        RenderedSpot(x_px=150.0, y_px=120.0, diameter_px=90.0, kind="naevus", melanin_fraction=0.15),
        RenderedSpot(x_px=150.0, y_px=120.0, diameter_px=100.0, kind="purpura", blood_fraction=0.15),
    ],
    ids=["naevus", "bruise"],
)
def test_a_large_lesion_is_one_object(lesion: RenderedSpot) -> None:
    staged = stage(SMALL, [lesion])
    spots, truth = staged.worked.spots, staged.truth.labels > 0
    assert len(spots) == 1
    assert spots.lesion == 1
    found = spots.labels == 1
    assert (found & truth).sum() / (found | truth).sum() > 0.85
    assert abs(_diameter_errors(staged)[0]) < 0.08


def test_a_lesion_keeps_its_satellites_beside_it() -> None:
    lesion = RenderedSpot(x_px=170.0, y_px=180.0, diameter_px=150.0, kind="melanoma", melanin_fraction=0.2)
    satellites = [
        RenderedSpot(x_px=310.0 + 40 * i, y_px=90.0 + 60 * i, diameter_px=14.0, blood_fraction=0.2) for i in range(4)
    ]
    staged = stage(replace(MIDDLE, px_per_mm=12.0), [lesion, *satellites])
    assert staged.worked.spots.lesion == 1
    assert match(staged).f1 == 1.0


def test_spots_are_numbered_from_the_largest(shower: Staged) -> None:
    spots = shower.worked.spots
    areas = [abs(cv2.contourArea(outline.astype(np.float32))) for outline in spots.outlines_px]
    assert areas == sorted(areas, reverse=True)
    assert set(np.unique(spots.labels)) == set(range(len(spots) + 1))
    for number, outline in enumerate(spots.outlines_px, start=1):
        rows, columns = np.nonzero(spots.labels == number)
        centre = shower.worked.photo.to_working(outline.mean(axis=0))
        assert np.hypot(columns.mean() - centre[0], rows.mean() - centre[1]) < 1.5


def test_outlines_are_in_source_pixels() -> None:
    scene = replace(SMALL, px_per_mm=8.0)
    truth = render(scene, [RenderedSpot(x_px=100.0, y_px=80.0, diameter_px=14.0, blood_fraction=0.15)])
    large = np.asarray(cv2.resize(truth.rgb, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), np.uint8)
    worked = work(large)
    assert worked.photo.px_per_source_px == 0.5
    assert worked.spots.labels.shape == (960, 1280)
    place = np.array([8 * 100.5 - 0.5, 8 * 80.5 - 0.5])
    centres = [outline.mean(axis=0) for outline in worked.spots.outlines_px]
    assert min(np.hypot(*(centre - place)) for centre in centres) < 8.0


def test_the_same_photo_gives_the_same_spots(shower: Staged) -> None:
    again = work(shower.truth.rgb, 6.0).spots
    spots = shower.worked.spots
    assert again.labels.tobytes() == spots.labels.tobytes()
    assert again.score.tolist() == spots.score.tolist()
    assert [o.tolist() for o in again.outlines_px] == [o.tolist() for o in spots.outlines_px]


def test_arrays_are_read_only_and_of_the_promised_types(shower: Staged) -> None:
    spots = shower.worked.spots
    assert spots.labels.dtype == np.int32
    assert not spots.labels.flags.writeable
    assert spots.labels.shape == shower.truth.labels.shape
    assert spots.score.dtype == np.float64
    assert spots.score.min() >= SPOT_SCORE_MIN
    assert len(spots.score) == len(spots)


@dataclass(frozen=True)
class _Says(Predictor):
    """A predictor that says the same of everything."""

    value: float = 0.0
    width: int = 1

    def __call__(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.full((len(table), self.width), self.value)


def _judge(spot: float, region: float) -> SpotClassifier:
    says = _Says((), b"", spot)
    return SpotClassifier(says, says, says, _Says((), b"", 0.25, 4), _Says((), b"", region))


def test_a_score_is_the_mean_of_forest_and_network(shower: Staged) -> None:
    found = shower.worked
    judge = replace(_judge(0.9, 0.0), network=_Says((), b"", 0.3))
    spots = SpotFinder(classifier=judge)(found.photo, found.skin, found.scale)
    assert spots.candidate_scores.tolist() == pytest.approx(np.full(len(spots.candidates), 0.6))
    assert spots.forest_scores.tolist() == pytest.approx(np.full(len(spots.candidates), 0.9))
    assert len(spots) > 10
    assert len(SpotFinder(classifier=judge, min_score=0.61)(found.photo, found.skin, found.scale)) == 0


def test_nothing_found_has_the_same_types(plain: Staged) -> None:
    photo = plain.worked.photo
    spots = SpotFinder(classifier=_judge(0.0, 0.0))(photo, plain.worked.skin, NO_SCALE)
    assert len(spots) == 0
    assert spots.lesion == 0
    assert spots.outlines_px == ()
    assert spots.labels.dtype == np.int32
    assert spots.labels.shape == photo.rgb.shape[:2]
    assert not spots.labels.any()
    assert spots.score.dtype == np.float64
    assert spots.score.shape == (0,)


def test_a_dominant_lesion_takes_the_spots_on_it(mole: Staged) -> None:
    photo, skin = mole.worked.photo, mole.worked.skin
    alone = SpotFinder(classifier=_judge(0.0, LESION_SCORE_MIN))(photo, skin, NO_SCALE)
    assert alone.lesion == 1
    assert len(alone) == 1
    without = SpotFinder(classifier=_judge(1.0, LESION_SCORE_MIN - 0.01))(photo, skin, NO_SCALE)
    assert without.lesion == 0
    assert len(without) > 1
    both = SpotFinder(classifier=_judge(1.0, 0.99))(photo, skin, NO_SCALE)
    assert both.lesion > 0
    for number, outline in enumerate(both.outlines_px, start=1):
        # The middle of an outline on the border may lie a fraction of a pixel outside.
        column, row = np.clip(np.rint(outline.mean(axis=0)), 0, np.subtract(both.labels.shape[::-1], 1)).astype(int)
        assert number == both.lesion or both.labels[row, column] != both.lesion


def test_a_crowd_is_not_taken_for_a_lesion(mole: Staged) -> None:
    # Many spots lie on the region, and it is not sure to be a lesion.
    spots = SpotFinder(classifier=_judge(1.0, LESION_SCORE_MIN))(mole.worked.photo, mole.worked.skin, NO_SCALE)
    assert spots.lesion == 0
    # Spots that only the network sees there are parts of a lesion.
    judge = replace(_judge(0.5, LESION_SCORE_MIN), network=_Says((), b"", 1.0))
    seen = SpotFinder(classifier=judge)(mole.worked.photo, mole.worked.skin, NO_SCALE)
    assert seen.lesion > 0


def test_a_spot_centred_on_a_place_that_is_left_out_is_dropped(shower: Staged) -> None:
    found = shower.worked
    middle = found.photo.rgb.shape[1] // 2
    left_out = np.zeros(found.skin.mask.shape, np.bool_)
    left_out[:, :middle] = True
    # The skin itself is whole here, so that the same spots are found and compete.
    spots = SpotFinder()(found.photo, replace(found.skin, left_out=left_out), found.scale)
    kept = [outline for outline in found.spots.outlines_px if round(outline[:, 0].mean()) >= middle]
    assert 0 < len(kept) < len(found.spots)
    assert [outline.tolist() for outline in spots.outlines_px] == [outline.tolist() for outline in kept]


def test_spots_cut_by_the_frame_are_measured_inside_the_photo() -> None:
    """Their size is then a lower bound of that of the whole spot."""
    scene = replace(MIDDLE, blur_sigma_px=0.8)
    places = [(-0.3, 60.0), (0.2, 160.0), (60.0, -1.5), (160.0, 2.0), (478.0, 90.0), (479.5, 200.0), (250.0, 358.5)]
    grid = [(x, y) for x in (100.0, 220.0, 340.0) for y in (90.0, 180.0, 270.0)]
    spots = [RenderedSpot(x, y, diameter_px=14.0, blood_fraction=0.08) for x, y in (*places, *grid)]
    found = stage(scene, spots).worked
    height, width = scene.height_px, scene.width_px
    cut = found.table.has_flag("cut_by_frame")
    assert cut.sum() >= 5
    corners = np.concatenate(found.spots.outlines_px)
    assert corners.min() >= -0.5
    assert (corners.max(axis=0) <= (width - 0.5, height - 0.5)).all()
    painted = np.bincount(found.spots.labels.ravel(), minlength=len(found.spots) + 1)[1:]
    assert (found.table["area_px"][cut] <= 1.1 * painted[cut]).all()
    assert (found.table["diameter_px"][cut] < 14.0).all()
    assert found.table["diameter_px"][~cut] == pytest.approx(14.0, rel=0.15)
