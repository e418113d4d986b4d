from __future__ import annotations

import inspect
import re
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from drawing import circles
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from stages import NO_SCALE, Staged, work

from lesionvis.color import blood_map, erythema_index
from lesionvis.findings import Findings
from lesionvis.flags import FLAGS
from lesionvis.lab.render.scenarios import petechial_shower, single_lesion
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.pattern.features import (
    FEATURE_NAMES,
    FEATURES,
    FeatureInputs,
    Features,
    arrangement,
    compute_features,
    gather,
    likely,
    surroundings,
)
from lesionvis.pattern.features import crop as spot_features
from lesionvis.pattern.features import lesion as lesion_features
from lesionvis.pattern.features.inputs import _band_quantiles
from lesionvis.scale import NoScale, Scale, given_scale
from lesionvis.skin import Skin
from lesionvis.spots import Spots
from lesionvis.spots.candidates import COLUMNS as EVIDENCE
from lesionvis.spots.candidates import Candidates
from lesionvis.spots.profiles import PROFILE_COLUMNS as PROFILES
from lesionvis.spots.regions import COLUMNS as REGION_EVIDENCE
from lesionvis.spots.regions import Regions
from lesionvis.spots.table import COLUMNS, SpotTable

SHAPE = (600, 800)


def _table(count: int, columns: dict[str, Any]) -> SpotTable:
    """A table with some columns given and the others zero, empty or False."""
    filled = {}
    for column in COLUMNS:
        dtype = "<U40" if column.dtype == "str" else column.dtype
        default = np.zeros(count, dtype)
        filled[column.name] = np.asarray(columns.get(column.name, default)).astype(dtype)
    flagged = [set(str(flags).split()) for flags in filled["spot_flags"]]
    names = [flag.name for flag in FLAGS.values() if flag.about == "spot"]
    return SpotTable(filled, {name: np.array([name in held for held in flagged], np.bool_) for name in names})


def _inputs(
    x: Any = (),
    y: Any = (),
    diameter: Any = 6.0,
    *,
    scale: Scale | NoScale = NO_SCALE,
    mask: Any = None,
    **columns: Any,
) -> FeatureInputs:
    """FeatureInputs of a photo of 800 x 600 px with round spots at these places."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    sizes = np.broadcast_to(np.asarray(diameter, np.float64), x.shape)
    mask = np.ones(SHAPE, np.bool_) if mask is None else mask
    labels = np.zeros(SHAPE, np.int32)
    for number in range(len(x)):
        cv2.circle(labels, (round(x[number]), round(y[number])), round(sizes[number] / 2), number + 1, -1)
    px_per_mm = scale.px_per_mm if scale else np.nan
    given = {
        "x_px": x,
        "y_px": y,
        "diameter_px": sizes,
        "area_px": np.pi * sizes**2 / 4,
        "diameter_mm": sizes / px_per_mm,
        "color": np.full(len(x), "red"),
        **columns,
    }
    none = np.zeros(0)
    candidates = Candidates(circles([]), none, *(np.zeros((0, n), np.float32) for n in (len(EVIDENCE), len(PROFILES))))
    regions = Regions(
        np.zeros((0, len(REGION_EVIDENCE)), np.float32),
        (),
        (),
        np.zeros((108, 144, 3), np.float32),
        np.zeros((108, 144, 3), np.float32),
        np.zeros((108, 144), np.bool_),
    )
    spots = Spots(
        labels,
        tuple(np.zeros((3, 2)) for _ in x),
        np.ones(len(x)),
        0,
        candidates,
        none,
        none,
        regions,
        none,
        np.zeros((0, 4)),
    )
    skin = Skin(mask, np.zeros((*SHAPE, 3), np.float32), float(mask.mean()), 40.0, False)
    small = np.zeros((108, 144), np.float32)
    return FeatureInputs(
        scale=scale,
        skin=skin,
        spots=spots,
        table=_table(len(x), given),
        source_px_per_working_px=1.0,
        skin_area_px=float(mask.sum()),
        small_density=np.zeros((108, 144, 3), np.float32),
        small_erythema=small,
        small_skin=np.ones((108, 144), np.bool_),
        lesion=np.zeros((108, 144), np.bool_),
        lesion_core=np.zeros((108, 144), np.bool_),
        blobs=np.zeros(0, np.int64),
        apart=np.zeros(0, np.int64),
        likely=np.zeros(0, np.int64),
        bands=dict.fromkeys(("erythema", "blood"), _band_quantiles(small, np.ones_like(small) > 0)),
    )


def _with_green(green: Any, skin: Any = None) -> FeatureInputs:
    """FeatureInputs without spots, of a small picture that departs from healthy skin in green."""
    density = np.zeros((108, 144, 3), np.float32)
    density[..., 1] = green
    skin = np.ones((108, 144), np.bool_) if skin is None else skin
    maps = {"erythema": erythema_index(density), "blood": blood_map(density)}
    return replace(_inputs(), bands={name: _band_quantiles(values, skin) for name, values in maps.items()})


def _scattered(count: int, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    places = np.random.default_rng(seed).uniform((0, 0), (800, 600), (count, 2))
    return places[:, 0], places[:, 1]


# The registry


def test_each_feature_is_a_documented_function_of_the_inputs() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    for function in FEATURES:
        assert re.fullmatch("[a-z][a-z0-9_]+", function.__name__)
        assert list(inspect.signature(function).parameters) == ["inputs"]
        first = (inspect.getdoc(function) or "").splitlines()[0]
        assert len(first) >= 20, function.__name__
        assert first.endswith("."), function.__name__
    docs = [inspect.getdoc(function) for function in FEATURES]
    assert len(set(docs)) == len(docs)


def test_units_are_in_the_name_and_in_the_definition() -> None:
    words = {"_px": "source px", "_mm": "mm", "_cm2": "square centimetre", "_deg": "degrees"}
    for function in FEATURES:
        for ending, word in words.items():
            if function.__name__.endswith(ending) and not re.search(r"share_.*_mm$", function.__name__):
                assert word in (inspect.getdoc(function) or ""), function.__name__


def test_every_public_function_of_the_feature_files_is_a_feature() -> None:
    for module in (spot_features, arrangement, lesion_features, surroundings):
        functions = [
            function
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_")
        ]
        assert {function.__name__ for function in functions} <= set(FEATURE_NAMES)


def test_features_are_floats_in_a_fixed_order(shower: Staged) -> None:
    features = compute_features(gather(shower.worked))
    assert isinstance(features, Features)
    assert tuple(features.values) == FEATURE_NAMES
    assert all(type(value) is float for value in features.values.values())
    assert features["spot_count"] == len(shower.worked.table)


def test_nothing_is_infinite_and_only_missing_things_are_nan(
    shower: Staged, mole: Staged, cherries: Staged, plain: Staged
) -> None:
    for staged in (shower, mole, cherries, plain):
        values = compute_features(gather(staged.worked)).values
        assert not [name for name, value in values.items() if np.isinf(value)]
    values = compute_features(gather(shower.worked)).values
    assert [name for name, value in values.items() if np.isnan(value)] == []


def test_without_spots_features_are_zero_or_missing() -> None:
    values = compute_features(_inputs()).values
    zero = {"spot_count", "spots_per_skin_area", "strong_spot_count", "effective_spot_count", "occupied_cell_share"}
    zero |= {"largest_diameter_share", "second_area_ratio", "skin_covered_share", "odd_one_out_score", "lesion_score"}
    missing = {"median_diameter_px", "largest_area_share", "diameter_variation", "clark_evans_index", "cluster_count"}
    missing |= {"median_edge_sharpness", "red_share", "confluent_share", "lesion_solidity", "lesion_core_red"}
    assert {name: values[name] for name in zero} == dict.fromkeys(zero, 0.0)
    assert [name for name in missing if not np.isnan(values[name])] == []


def _missing(inputs: FeatureInputs) -> set[str]:
    return {name for name, value in compute_features(inputs).values.items() if np.isnan(value)}


def test_a_definition_tells_when_its_feature_is_missing() -> None:
    documented = {function.__name__: " ".join((inspect.getdoc(function) or "").split()) for function in FEATURES}
    scale = given_scale(8.0)
    nothing = _missing(_inputs(scale=scale))
    assert len(nothing) > 40
    for name in nothing:
        assert re.search(r"NaN (without|under)(?! a scale[.;])", documented[name]), name
    bare = replace(_inputs(scale=scale, mask=np.zeros(SHAPE, np.bool_)), small_skin=np.zeros((108, 144), np.bool_))
    without_skin = _missing(bare) - nothing
    assert {"density_per_cm2", "erythema_fine_spread", "density_coarse_spread"} <= without_skin
    for name in without_skin:
        assert re.search("NaN without .*skin", documented[name]), name
    for name in _missing(_inputs([100.0], [100.0], scale=scale)) - nothing:
        assert re.search("NaN under", documented[name]), name


def test_without_a_scale_there_are_no_millimetres() -> None:
    x, y = _scattered(30)
    bare = compute_features(_inputs(x, y)).values
    scaled = compute_features(_inputs(x, y, scale=given_scale(8.0))).values
    in_mm = [name for name in FEATURE_NAMES if re.search("_(mm|cm2|mm_square)$", name)]
    assert len(in_mm) >= 7
    for name in in_mm:
        assert np.isnan(bare[name]), name
        assert np.isfinite(scaled[name]), name


# Counts and sizes


def test_sizes_in_pixels_and_millimetres() -> None:
    diameters = np.array([8.0, 12.0, 16.0, 24.0, 88.0])
    values = compute_features(_inputs([100, 200, 300, 400, 600], np.full(5, 300), diameters, scale=given_scale(8.0)))
    assert values["spot_count"] == 5
    assert values["median_diameter_px"] == 16.0
    assert values["diameter_iqr_px"] == 12.0
    assert values["median_diameter_mm"] == 2.0
    assert values["diameter_iqr_mm"] == 1.5
    assert values["share_up_to_2_mm"] == pytest.approx(0.6)
    assert values["share_up_to_3_mm"] == pytest.approx(0.8)
    assert values["share_over_10_mm"] == pytest.approx(0.2)
    # 800 x 600 px at 8 px per mm are 75 cm2.
    assert values["density_per_cm2"] == pytest.approx(5 / 75)
    side = np.sqrt(800 * 600)
    assert values["median_diameter_share"] == pytest.approx(16 / side)
    assert values["largest_diameter_share"] == pytest.approx(88 / side)
    assert values["largest_area_share"] == pytest.approx(88**2 / (diameters**2).sum())
    assert values["second_area_ratio"] == pytest.approx((24 / 88) ** 2)
    assert values["diameter_variation"] == pytest.approx(12 / (1.349 * 16))


def test_spots_per_skin_area_counts_hundredths_of_the_photo() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[:, :400] = True
    assert spot_features.spots_per_skin_area(_inputs([10, 20, 30], [10, 20, 30], mask=mask)) == pytest.approx(3 / 50)


def test_effective_count_is_the_number_of_spots_that_share_the_redness() -> None:
    x, y = _scattered(10)
    even = _inputs(x, y, erythema_contrast=np.full(10, 0.2))
    assert spot_features.effective_spot_count(even) == pytest.approx(10.0)
    one = _inputs(x, y, erythema_contrast=[0.2, *np.zeros(9)])
    assert spot_features.effective_spot_count(one) == pytest.approx(1.0)
    assert spot_features.strong_spot_count(one) == 1.0


def test_colour_shares_are_of_the_area() -> None:
    values = compute_features(
        _inputs([100, 200, 300], [300] * 3, [10, 10, 20], color=["red", "purple", "brown"], blue_share=[0.1, 0.2, 0.4])
    )
    assert values["red_share"] == pytest.approx(1 / 6)
    assert values["purple_share"] == pytest.approx(1 / 6)
    assert values["brown_share"] == pytest.approx(4 / 6)
    assert values["blue_black_share"] == 0.0
    assert values["median_blue_share"] == pytest.approx(0.2)


def test_shares_of_flagged_and_raised_spots() -> None:
    values = compute_features(
        _inputs(
            [100, 200, 300, 400],
            [300] * 4,
            spot_flags=["confluent", "", "cut_by_frame confluent", "touches_non_skin"],
            highlight_share=[0.0, 0.02, 0.0, 0.0],
            aspect=[1.0, 2.0, 1.2, 1.7],
            rim_relief=[0.1, 0.2, 0.3, 0.4],
        )
    )
    assert values["confluent_share"] == 0.5
    assert values["spots_beside_skin_border"] == 0.25
    assert values["highlight_spot_share"] == 0.25
    assert values["elongated_share"] == 0.5
    assert values["median_rim_relief"] == pytest.approx(0.25)


def _likely_inputs(x: Any, y: Any, diameter: Any, scores: Any, **evidence: Any) -> FeatureInputs:
    """FeatureInputs with candidates at these places and no spots."""
    x, sizes = np.asarray(x, np.float64), np.broadcast_to(np.asarray(diameter, np.float64), np.shape(x))
    values = np.zeros((len(x), len(EVIDENCE)), np.float32)
    for name, column in {"aspect": 1.0, **evidence}.items():
        values[:, list(EVIDENCE).index(name)] = column
    profiles = np.zeros((len(x), len(PROFILES)), np.float32)
    candidates = Candidates(circles(list(zip(x, y, sizes, strict=True))), np.ones(len(x)), values, profiles)
    kinds = np.tile([0.4, 0.3, 0.2, 0.1], (len(x), 1))
    empty = _inputs()
    given = np.asarray(scores, np.float64)
    spots = replace(empty.spots, candidates=candidates, forest_scores=given, candidate_kinds=kinds)
    best = np.argsort(-given, kind="stable")
    return replace(empty, spots=spots, apart=best[given[best] > 0.1], likely=best[given[best] > 0.3][:20])


def test_melanin_takes_red_and_blue_light_and_blood_takes_green() -> None:
    places = ([100, 200, 300], [300] * 3, 8.0, [0.9, 0.9, 0.2])
    # The third candidate is not likely enough to be asked.
    blood = _likely_inputs(*places, red_green_ratio=[0.1, 0.1, 0.9], blue_share=[-0.1, -0.1, 0.3])
    assert likely.melanin_index(blood) == pytest.approx(0.1 - 0.3, abs=1e-6)
    freckles = _likely_inputs(*places, red_green_ratio=0.6, blue_share=0.08)
    assert likely.melanin_index(freckles) == pytest.approx(0.6 + 0.24, abs=1e-6)
    assert likely.likely_red_green_ratio(freckles) == pytest.approx(0.6)
    assert likely.likely_blue_share(freckles) == pytest.approx(0.08)


def test_kinds_of_the_likely_candidates() -> None:
    inputs = _likely_inputs([100, 200], [300] * 2, 8.0, [0.9, 0.4])
    named = (likely.likely_blood, likely.likely_vascular, likely.likely_inflamed, likely.likely_pigment)
    assert [function(inputs) for function in named] == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_small_round_candidates_are_counted() -> None:
    inputs = _likely_inputs(
        [100, 200, 300, 400, 500],
        [300] * 5,
        [14.0, 14.3, 14.9, 6.0, 6.0],
        [0.9, 0.5, 0.9, 0.9, 0.39],
        aspect=[1, 1, 1, 1.5, 1],
    )
    assert likely.small_round_count(inputs) == 2.0


def test_sizes_that_are_alike_and_sizes_that_are_not() -> None:
    inputs = _likely_inputs([100, 200, 300], [300] * 3, [10.0, 10.0, 14.5], [0.9] * 3)
    assert likely.alike_share(inputs) == pytest.approx(2 / 3)
    assert likely.log_diameter_spread(inputs) == pytest.approx(np.log([10.0, 10.0, 14.5]).std(), rel=0.01)
    assert likely.alike_share(_likely_inputs([100, 200, 300], [300] * 3, [10.0, 10.0, 13.9], [0.9] * 3)) == 1.0


def test_distance_to_the_nearest_likely_candidate_in_diameters() -> None:
    inputs = _likely_inputs([100, 130, 160, 400], [300] * 4, 6.0, [0.9, 0.9, 0.9, 0.2])
    assert likely.nearest_likely_diameters(inputs) == pytest.approx(5.0, rel=0.02)
    assert np.isnan(likely.nearest_likely_diameters(_likely_inputs([100, 130], [300] * 2, 6.0, [0.9, 0.2])))


def test_without_likely_candidates_nothing_is_said_of_them() -> None:
    values = compute_features(_inputs())
    assert values["small_round_count"] == 0.0
    names = [f.__name__ for f in FEATURES if f.__module__ == likely.__name__ and f.__name__ != "small_round_count"]
    assert len(names) == 10
    assert all(np.isnan(values[name]) for name in names)


def test_the_odd_one_out_is_the_one_that_differs() -> None:
    x, y = _scattered(20)
    alike = _inputs(x, y, erythema_contrast=np.linspace(0.19, 0.21, 20))
    odd = _inputs(x, y, [*np.full(19, 6.0), 18.0], erythema_contrast=np.linspace(0.19, 0.21, 20))
    # Nine times the area: 2.2 in the logarithm, over a floor of 0.2.
    assert spot_features.odd_one_out_score(odd) == pytest.approx(np.log(9.0) / 0.2, rel=0.01)
    assert spot_features.odd_one_out_score(alike) < 1.0
    assert spot_features.odd_one_out_score(_inputs(x[:2], y[:2], [6, 60])) == 0.0


def test_spots_that_are_alike_vary_little() -> None:
    x, y = _scattered(30)
    generator = np.random.default_rng(2)
    colours: dict[str, Any] = {"contrast_red": np.full(30, 0.1), "contrast_green": np.full(30, 0.3)}
    alike = compute_features(_inputs(x, y, generator.normal(6, 0.1, 30), erythema_contrast=np.full(30, 0.2), **colours))
    mixed = compute_features(
        _inputs(
            x,
            y,
            generator.uniform(2, 12, 30),
            erythema_contrast=generator.uniform(0.05, 0.4, 30),
            contrast_red=generator.uniform(0.0, 0.3, 30),
            contrast_green=generator.uniform(0.1, 0.6, 30),
        )
    )
    for name in ("diameter_variation", "erythema_variation", "color_variation"):
        assert alike[name] < 0.05 < 0.2 < mixed[name], name


def test_skin_covered_and_the_largest_patch() -> None:
    inputs = _inputs([100, 108, 400], [300, 300, 300], [10, 10, 10])
    painted = inputs.spots.labels > 0
    assert spot_features.skin_covered_share(inputs) == pytest.approx(painted.sum() / 480_000)
    # Two of the three touch.
    assert spot_features.largest_patch_share(inputs) == pytest.approx(painted[:, :200].sum() / 480_000)


def _brute_force_count(x: NDArray[np.float64], y: NDArray[np.float64], side: float) -> int:
    return max(int(((x >= a) & (x <= a + side) & (y >= b) & (y <= b + side)).sum()) for a in x for b in y)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 10_000), st.floats(1.0, 12.0))
def test_highest_count_in_a_square_is_that_of_brute_force(count: int, seed: int, px_per_mm: float) -> None:
    x, y = _scattered(count, seed)
    found = spot_features.highest_count_in_25_mm_square(_inputs(x, y, scale=given_scale(px_per_mm)))
    assert found == _brute_force_count(x, y, 25.0 * px_per_mm)


def test_highest_count_by_hand() -> None:
    scale = given_scale(4.0)
    square = _inputs([100, 200, 150, 100, 200, 201], [100, 100, 150, 200, 200, 100], scale=scale)
    assert spot_features.highest_count_in_25_mm_square(square) == 5.0
    assert spot_features.highest_count_in_25_mm_square(_inputs(scale=scale)) == 0.0


# Where the spots lie


def test_clark_evans_is_one_for_random_places() -> None:
    values = [arrangement.clark_evans_index(_inputs(*_scattered(150, seed))) for seed in range(20)]
    assert np.mean(values) == pytest.approx(1.0, abs=0.05)
    assert np.std(values) < 0.1


def test_clark_evans_tells_clusters_and_grids() -> None:
    generator = np.random.default_rng(1)
    parents = generator.uniform((100, 100), (700, 500), (6, 2))
    clustered = parents[generator.integers(6, size=120)] + generator.normal(0, 15, (120, 2))
    assert arrangement.clark_evans_index(_inputs(*clustered.T)) < 0.6
    columns, rows = np.meshgrid(np.arange(12) * 64 + 32, np.arange(9) * 64 + 32)
    grid = arrangement.clark_evans_index(_inputs(columns.ravel(), rows.ravel()))
    # A square lattice that fills its frame has 2.0 without its edges.
    assert 1.7 < grid < 2.1


def test_ripley_l_is_near_zero_for_random_places_and_high_in_clusters() -> None:
    values = [arrangement.ripley_l_at_5_diameters(_inputs(*_scattered(200, seed))) for seed in range(20)]
    # No edge correction: a few per cent too few neighbours.
    assert np.mean(values) == pytest.approx(-0.02, abs=0.05)
    generator = np.random.default_rng(1)
    parents = generator.uniform((100, 100), (700, 500), (6, 2))
    clustered = parents[generator.integers(6, size=120)] + generator.normal(0, 15, (120, 2))
    for feature in (arrangement.ripley_l_at_5_diameters, arrangement.ripley_l_at_10_diameters):
        assert feature(_inputs(*clustered.T)) > 1.0


def _dbscan(x: NDArray[np.float64], y: NDArray[np.float64], radius: float) -> NDArray[np.int64]:
    from sklearn.cluster import DBSCAN

    return np.asarray(DBSCAN(eps=radius, min_samples=4).fit_predict(np.stack([x, y], axis=1)))


@settings(max_examples=25, deadline=None)
@given(st.integers(8, 120), st.integers(0, 10_000))
def test_clusters_are_those_of_dbscan(count: int, seed: int) -> None:
    x, y = _scattered(count, seed)
    clusters = _dbscan(x, y, 5.0 * 12.0)
    inputs = _inputs(x, y, 12.0)
    assert arrangement.cluster_count(inputs) == clusters.max() + 1
    assert arrangement.clustered_share(inputs) == pytest.approx((clusters >= 0).mean())


@pytest.mark.parametrize("spacing_px", [7.0, 20.0])
def test_clusters_mean_the_same_with_and_without_a_scale(spacing_px: float) -> None:
    x, y = np.tile(np.arange(10) * spacing_px + 50, 2), np.repeat([100.0, 500.0], 10)
    # Spots of 3 px: neighbours within 15 px are of one cluster, whatever that is in millimetres.
    count, share = (2.0, 1.0) if spacing_px <= 15.0 else (0.0, 0.0)
    for scale in (NO_SCALE, given_scale(0.5), given_scale(10.0)):
        inputs = _inputs(x, y, 3.0, scale=scale)
        assert (arrangement.cluster_count(inputs), arrangement.clustered_share(inputs)) == (count, share)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_few_spots_say_nothing_about_their_arrangement(count: int) -> None:
    values = compute_features(_inputs(*_scattered(count)))
    for name in ("clark_evans_index", "ripley_l_at_5_diameters", "ripley_l_at_10_diameters", "cluster_count"):
        assert np.isnan(values[name]), name


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(0, 10_000), st.floats(1.0, 400.0))
def test_neighbours_are_those_of_all_pairs(count: int, seed: int, radius: float) -> None:
    x, y = _scattered(count, seed)
    positions = np.stack([x, y], axis=1)
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(distance, np.inf)
    assert arrangement._nearest_px(positions).tolist() == pytest.approx(distance.min(axis=1).tolist())
    pairs = [pair for ends in arrangement._pairs_within(positions, radius) for pair in zip(*ends, strict=True)]
    assert sorted(map(sorted, pairs)) == np.argwhere(np.triu(distance <= radius)).tolist()


# The lesion and its surroundings


def _with_lesion(density: tuple[float, float, float], rim: tuple[float, float, float]) -> FeatureInputs:
    """FeatureInputs with a round lesion whose core has another colour than its outer part."""
    inputs = _inputs()
    rows, columns = np.mgrid[0:108, 0:144]
    distance = np.hypot(columns - 72, rows - 54)
    lesion, core = distance <= 20, distance <= 12
    relative = np.zeros((108, 144, 3), np.float32)
    relative[lesion], relative[core] = rim, density
    return replace(
        inputs,
        small_density=relative,
        small_erythema=relative[..., 1] - relative[..., 0],
        lesion=lesion,
        lesion_core=core,
    )


def test_colours_of_the_lesion() -> None:
    values = compute_features(_with_lesion((0.2, 0.6, 0.8), (0.1, 0.3, 0.4)))
    assert values["lesion_core_red"] == pytest.approx(0.2, abs=1e-5)
    assert values["lesion_core_green"] == pytest.approx(0.6, abs=1e-5)
    assert values["lesion_core_blue"] == pytest.approx(0.8, abs=1e-5)
    assert values["lesion_core_blue_less_green"] == pytest.approx(0.2, abs=1e-5)
    assert values["lesion_core_blue_less_green_share"] == pytest.approx(0.2 / (1.6 / 3), abs=1e-5)
    assert values["lesion_core_erythema"] == pytest.approx(0.4, abs=1e-5)
    assert values["lesion_core_erythema_share"] == pytest.approx(0.4 / 0.6, abs=1e-5)
    assert values["lesion_erythema_low"] == pytest.approx(0.2, abs=1e-5)
    assert values["lesion_erythema_high"] == pytest.approx(0.4, abs=1e-5)
    assert values["lesion_blood_share"] == 1.0
    assert values["lesion_core_less_rim"] == pytest.approx((0.6 - 0.3) / 0.9, abs=1e-5)
    assert values["lesion_area_share"] == pytest.approx(np.pi * 400 / (108 * 144), rel=0.02)
    assert values["lesion_highlight_share"] == 0.0
    core_share = 12**2 / 20**2
    assert values["lesion_hue_spread"] == pytest.approx(0.2 * np.sqrt(core_share * (1 - core_share)), rel=0.03)


def test_a_light_core_is_a_highlight() -> None:
    values = compute_features(_with_lesion((-0.3, -0.3, -0.3), (0.4, 0.5, 0.6)))
    assert values["lesion_highlight_share"] == pytest.approx(12**2 / 20**2, rel=0.05)
    assert values["lesion_core_less_rim"] < 0.0


def test_red_skin_is_told_from_spots() -> None:
    inputs = _inputs([400.0], [300.0], 100.0)
    erythema = np.zeros((108, 144), np.float32)
    erythema[40:60, 20:40] = 0.2
    erythema[50:58, 68:76] = 0.2
    values = compute_features(replace(inputs, small_erythema=erythema))
    assert values["red_skin_share"] == pytest.approx((400 + 64) / (108 * 144))
    assert values["largest_red_area_share"] == pytest.approx(400 / (108 * 144))
    # The smaller area lies under the spot.
    assert values["redness_outside_spots"] == pytest.approx(400 / 464)


@pytest.mark.parametrize(("feature", "sigma"), [("erythema_fine_spread", 0.8), ("erythema_coarse_spread", 9.0)])
def test_spreads_answer_to_structure_of_their_size(feature: str, sigma: float) -> None:
    noise = np.random.default_rng(1).normal(size=(108, 144)).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float32)
    inputs = replace(_inputs(), small_erythema=np.asarray(0.05 * smooth / smooth.std(), np.float32))
    values = compute_features(inputs)
    bands = {name: values[name] for name in FEATURE_NAMES if re.fullmatch("erythema_(fine|middle|coarse)_spread", name)}
    assert max(bands, key=lambda name: bands[name]) == feature


@pytest.mark.parametrize(("band", "sigma"), [(1, 1.0), (3, 2.8), (5, 7.5)])
def test_bands_answer_to_structure_of_their_size(band: int, sigma: float) -> None:
    noise = np.random.default_rng(1).normal(size=(108, 144)).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float32)
    values = compute_features(_with_green(0.05 * smooth / smooth.std())).values
    spreads = {number: values[f"erythema_band_{number}_spread"] for number in range(1, 6)}
    assert max(spreads, key=lambda number: spreads[number]) == band


def test_bands_tell_pale_places_from_red_ones() -> None:
    dots = np.zeros((108, 144), np.float32)
    dots[10:100:12, 10:140:12] = 1.0
    red = np.asarray(cv2.GaussianBlur(dots, (0, 0), 1.5), np.float32)
    for sign, larger, smaller in ((1.0, "high", "low"), (-1.0, "low", "high")):
        values = compute_features(_with_green(sign * red)).values
        assert sign * values[f"erythema_band_2_{larger}"] > 1.5 * abs(values[f"erythema_band_2_{smaller}"])
        # Green takes part in the erythema index once and in the blood map one and a half times.
        expected = 1.5 * values[f"erythema_band_2_{larger}"]
        assert values[f"blood_band_2_{larger}"] == pytest.approx(expected, rel=1e-4)


def test_bands_are_of_skin_alone() -> None:
    green = np.zeros((108, 144), np.float32)
    green[:, 100:] = np.random.default_rng(1).normal(size=(108, 44))
    skin = np.ones((108, 144), np.bool_)
    skin[:, 60:] = False
    values = compute_features(_with_green(green, skin)).values
    everywhere = compute_features(_with_green(green)).values
    for name in (f"blood_band_{number}_spread" for number in range(1, 4)):
        assert values[name] < 1e-6 < 0.01 < everywhere[name]
    nowhere = compute_features(_with_green(green, np.zeros_like(skin))).values
    assert all(np.isnan(value) for name, value in nowhere.items() if "_band_" in name)


def test_vessels_are_lines_and_petechiae_are_dots() -> None:
    lines, dots = np.zeros((108, 144), np.float32), np.zeros((108, 144), np.float32)
    for row in range(10, 100, 20):
        lines[row : row + 3] = 0.2
    dots[10:100:20, 10:140:20] = 0.2
    values = [
        surroundings.vessel_energy_share(
            replace(_inputs(), small_erythema=np.asarray(cv2.GaussianBlur(m, (0, 0), 1.0), np.float32))
        )
        for m in (lines, dots)
    ]
    assert values[0] > 0.9 > 0.75 > values[1]


# Invariance, on rendered photos


def _features(worked: Findings) -> Features:
    return compute_features(gather(worked))


PURE_AND_STEADY = {
    "spot_count": 0.05,
    "effective_spot_count": 0.1,
    "median_diameter_share": 0.08,
    "largest_diameter_share": 0.15,
    "skin_covered_share": 0.15,
    "diameter_variation": 0.25,
    "median_erythema_contrast": 0.1,
    "clark_evans_index": 0.1,
    "density_per_cm2": 0.05,
    "median_diameter_mm": 0.08,
    "skin_fraction": 0.05,
}


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_a_photo_does_not_change_its_features(shower: Staged, turns: int) -> None:
    before = _features(shower.worked)
    after = _features(work(np.ascontiguousarray(np.rot90(shower.truth.rgb, turns)), 6.0))
    for name, tolerance in PURE_AND_STEADY.items():
        assert after[name] == pytest.approx(before[name], rel=tolerance), name


def test_mirroring_a_photo_does_not_change_its_features(shower: Staged) -> None:
    before = _features(shower.worked)
    after = _features(work(np.ascontiguousarray(shower.truth.rgb[:, ::-1]), 6.0))
    for name, tolerance in PURE_AND_STEADY.items():
        assert after[name] == pytest.approx(before[name], rel=tolerance), name


def test_enlarging_a_photo_does_not_change_its_features(shower: Staged) -> None:
    before = _features(shower.worked)
    larger = cv2.resize(shower.truth.rgb, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    after = _features(work(np.asarray(larger, np.uint8), 9.0))
    for name, tolerance in PURE_AND_STEADY.items():
        assert after[name] == pytest.approx(before[name], rel=1.5 * tolerance), name
    assert after["median_diameter_px"] == pytest.approx(1.5 * before["median_diameter_px"], rel=0.1)


def test_features_tell_a_shower_from_a_mole_and_angiomas(shower: Staged, mole: Staged, cherries: Staged) -> None:
    many, one, cherry = (_features(staged.worked) for staged in (shower, mole, cherries))
    assert many["spot_count"] > 10 * one["spot_count"]
    assert many["effective_spot_count"] > 10 * one["effective_spot_count"]
    assert one["lesion_score"] > 0.5
    assert one["largest_area_share"] == 1.0
    assert one["lesion_area_share"] > many["median_diameter_share"] ** 2 * 10
    assert cherry["lesion_core_blue_less_green"] < one["lesion_core_blue_less_green"]
    assert cherry["lesion_core_erythema_share"] > one["lesion_core_erythema_share"]
    assert many["clark_evans_index"] == pytest.approx(0.85, abs=0.25)


def test_a_second_lesion_of_the_same_kind_is_seen() -> None:
    scene = Scene(width_px=320, height_px=240, px_per_mm=8.0, seed=4)
    (first,) = single_lesion(np.random.default_rng(4), scene, diameter_mm=6.0)
    left, right = replace(first, x_px=80.0, y_px=120.0), replace(first, x_px=240.0, y_px=120.0)
    one = _features(work(render(scene, [left]).rgb))
    two = _features(work(render(scene, [left, right]).rgb))
    assert two["second_lesion_ratio"] > max(0.7, one["second_lesion_ratio"])


def test_more_spots_mean_more_of_everything_that_counts_them() -> None:
    scene = Scene(width_px=320, height_px=240, px_per_mm=6.0, seed=4)
    few, many = (
        _features(work(render(scene, petechial_shower(np.random.default_rng(4), scene, count)).rgb, 6.0))
        for count in (8, 40)
    )
    names = (
        "spot_count",
        "density_per_cm2",
        "expected_spot_count",
        "skin_covered_share",
        "highest_count_in_25_mm_square",
    )
    for name in names:
        assert many[name] > few[name], name
    assert many["red_skin_share"] >= few["red_skin_share"]


def test_the_definition_of_redness_names_the_limit_that_counts() -> None:
    assert f" {surroundings.RED_ERYTHEMA:g} " in (surroundings.red_skin_share.__doc__ or "")
