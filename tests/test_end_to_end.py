"""The sample photos from file to advice, against their truth."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import drawn_skin
from numpy.typing import NDArray

from lesionvis.analysis import Analysis, analyze
from lesionvis.lab.render.scenarios import petechial_shower
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import encode_jpeg, render
from lesionvis.labels import NO_SPOTS, UNCERTAIN
from lesionvis.scale import Scale

PHOTOS = (
    "angioma.jpg",
    "angiomas-many.jpg",
    "irregular-lesion.jpg",
    "naevus-ruler.jpg",
    "plain-skin.jpg",
    "shower-brown-arm.jpg",
    "shower-light-leg.jpg",
    "shower-light-ruler.jpg",
)
SHOWERS = tuple(name for name in PHOTOS if name.startswith("shower"))
LESIONS = ("angioma.jpg", "irregular-lesion.jpg", "naevus-ruler.jpg")


@pytest.fixture(scope="module")
def photos(project: Path) -> dict[str, dict[str, str]]:
    """Rows of photos.csv by photo."""
    with (project / "sample_images" / "photos.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def truth(project: Path) -> dict[str, NDArray[np.float64]]:
    """True spots (x, y, diameter in px) by photo."""
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in PHOTOS}
    with (project / "sample_images" / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["photo"]].append((float(row["x_px"]), float(row["y_px"]), float(row["diameter_px"])))
    return {name: np.asarray(spots).reshape(-1, 3) for name, spots in rows.items()}


def _matched(analysis: Analysis, true: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Found and true rows of spots that lie on each other, the nearest pairs first."""
    table = analysis.table
    distance = np.hypot(table["x_px"][:, None] - true[:, 0], table["y_px"][:, None] - true[:, 1])
    distance[distance > np.maximum(4.0, true[:, 2] / 2.0)] = np.inf
    pairs = []
    while distance.size and np.isfinite(distance.min()):
        found, row = np.unravel_index(int(distance.argmin()), distance.shape)
        pairs.append((found, row))
        distance[found, :] = np.inf
        distance[:, row] = np.inf
    both = np.asarray(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def test_all_samples_are_analysed(analysed_samples: dict[str, Analysis], photos: dict[str, dict[str, str]]) -> None:
    assert tuple(analysed_samples) == tuple(sorted(photos)) == PHOTOS


@pytest.mark.parametrize("name", PHOTOS)
def test_the_pattern_is_the_true_one_or_left_open(
    analysed_samples: dict[str, Analysis], photos: dict[str, dict[str, str]], name: str
) -> None:
    analysis, true = analysed_samples[name], photos[name]["pattern"]
    open_or_safe = {UNCERTAIN, "single_lesion"} if true == "angioma" else {UNCERTAIN}
    assert analysis.pattern.label in {true, *open_or_safe}


@pytest.mark.parametrize(
    "name",
    [
        "irregular-lesion.jpg",
        "naevus-ruler.jpg",
        "plain-skin.jpg",
        "shower-brown-arm.jpg",
        "shower-light-leg.jpg",
        "shower-light-ruler.jpg",
    ],
)
def test_clear_samples_are_named(
    analysed_samples: dict[str, Analysis], photos: dict[str, dict[str, str]], name: str
) -> None:
    pattern = analysed_samples[name].pattern
    assert pattern.label == photos[name]["pattern"]
    assert pattern.label in {*pattern.prediction_set, NO_SPOTS}


def test_skin_darker_than_the_tested_tones_is_flagged_and_left_open() -> None:
    scene = Scene(width_px=480, height_px=360, px_per_mm=8.0, seed=7, ita_deg=-35.0)
    shower = petechial_shower(np.random.default_rng(7), scene, 40, diameter_mm=1.6)
    analysis = analyze(encode_jpeg(render(scene, shower).rgb, 92))
    assert "dark_skin" in analysis.flags
    assert analysis.pattern.label == UNCERTAIN
    assert "dark_skin" in analysis.pattern.reasons[0]


@pytest.mark.parametrize("name", SHOWERS)
def test_spots_of_showers_are_found_and_measured(
    analysed_samples: dict[str, Analysis], truth: dict[str, NDArray[np.float64]], name: str
) -> None:
    analysis, true = analysed_samples[name], truth[name]
    found, rows = _matched(analysis, true)
    assert len(rows) / len(true) > 0.85
    assert len(found) / len(analysis.table) > 0.9
    ratio = analysis.table["diameter_px"][found] / true[rows, 2]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.13)
    centre = np.hypot(*(np.stack([analysis.table["x_px"], analysis.table["y_px"]], axis=1)[found] - true[rows, :2]).T)
    assert np.median(centre) < 0.6


@pytest.mark.parametrize("name", LESIONS)
def test_a_lesion_is_one_object_of_its_size(
    analysed_samples: dict[str, Analysis], truth: dict[str, NDArray[np.float64]], name: str
) -> None:
    analysis, true = analysed_samples[name], truth[name]
    assert len(analysis.table) == 1
    assert analysis.spots.lesion == 1
    assert analysis.table["diameter_px"][0] == pytest.approx(true[0, 2], rel=0.12)
    assert np.hypot(analysis.table["x_px"][0] - true[0, 0], analysis.table["y_px"][0] - true[0, 1]) < 0.06 * true[0, 2]


def test_every_angioma_is_among_the_spots(
    analysed_samples: dict[str, Analysis], truth: dict[str, NDArray[np.float64]]
) -> None:
    _, rows = _matched(analysed_samples["angiomas-many.jpg"], truth["angiomas-many.jpg"])
    assert len(rows) == len(truth["angiomas-many.jpg"])


def test_plain_skin_has_no_spots_and_no_all_clear(analysed_samples: dict[str, Analysis]) -> None:
    analysis = analysed_samples["plain-skin.jpg"]
    assert len(analysis.table) == 0
    assert not analysis.spots.labels.any()
    assert "not an all-clear" in analysis.pattern.reasons[0]


@pytest.mark.parametrize("name", PHOTOS)
def test_rulers_are_read_and_no_scale_is_made_up(
    analysed_samples: dict[str, Analysis], photos: dict[str, dict[str, str]], name: str
) -> None:
    scale = analysed_samples[name].scale
    assert bool(scale) == (photos[name]["has_ruler"] == "1")
    if scale:
        assert scale.px_per_mm == pytest.approx(float(photos[name]["px_per_mm"]), rel=0.01)


def test_diameters_are_right_in_millimetres(
    analysed_samples: dict[str, Analysis], truth: dict[str, NDArray[np.float64]]
) -> None:
    mole = analysed_samples["naevus-ruler.jpg"].table
    assert mole["diameter_mm"][0] == pytest.approx(truth["naevus-ruler.jpg"][0, 2] / 16.0, rel=0.12)
    shower, true = analysed_samples["shower-light-ruler.jpg"].table, truth["shower-light-ruler.jpg"]
    assert np.median(shower["diameter_mm"]) == pytest.approx(np.median(true[:, 2]) / 8.0, rel=0.12)


@pytest.mark.parametrize("name", PHOTOS)
def test_the_tone_of_the_skin_is_reported(
    analysed_samples: dict[str, Analysis], photos: dict[str, dict[str, str]], name: str
) -> None:
    assert analysed_samples[name].skin.tone_ita_deg == pytest.approx(float(photos[name]["ita_deg"]), abs=10.0)


@pytest.mark.parametrize("name", PHOTOS)
def test_the_advice_never_reassures(analysed_samples: dict[str, Analysis], name: str) -> None:
    analysis = analysed_samples[name]
    assert analysis.advice.pattern == analysis.pattern.label
    assert analysis.advice.open_questions
    reasons = [f"{reason.reason} {reason.action}" for reason in analysis.advice.reasons]
    text = " ".join([analysis.advice.what_to_do, *analysis.pattern.reasons, *reasons]).lower()
    assert "escape_control_characters" not in text
    assert "nothing to worry" not in text
    if analysis.pattern.label == "petechial_shower":
        assert str(analysis.advice.level) in {"same_day", "emergency"}


def steel_rule(px_per_mm: int, length_mm: int) -> NDArray[np.uint8]:
    """Strip of a pocket rule in half millimetres: longer ticks at every millimetre, fifth and tenth millimetre."""
    finer = 4
    px = px_per_mm * finer
    strip = np.full((14 * px, length_mm * px, 3), (245, 243, 236), np.uint8)
    for half in range(2, 2 * length_mm - 1):
        tick_mm = next(tick for every, tick in ((20, 6.0), (10, 4.6), (2, 3.4), (1, 2.2)) if half % every == 0)
        at = half * px // 2
        cv2.rectangle(
            strip, (at - px // 13, strip.shape[0] - round(tick_mm * px)), (at + px // 13, 10**4), (25,) * 3, -1
        )
    return np.asarray(cv2.resize(strip, None, fx=1 / finer, fy=1 / finer, interpolation=cv2.INTER_AREA), np.uint8)


def test_spots_beside_a_rule_in_half_millimetres_have_their_size() -> None:
    photo = drawn_skin(3, count=30, height=640, width=900, radius=8)
    strip = steel_rule(10, 70)
    photo[460 : 460 + strip.shape[0], 60 : 60 + strip.shape[1]] = strip
    analysis = analyze(cv2.GaussianBlur(photo, (0, 0), 0.8))
    assert isinstance(analysis.scale, Scale)
    assert analysis.scale.px_per_mm == pytest.approx(10.0, rel=0.03)
    assert np.median(analysis.table["diameter_mm"]) == pytest.approx(1.7, abs=0.2)
