from __future__ import annotations

import numpy as np
import pytest
from paired import Kind, glass

from lesionvis.compare.pallor import PALLOR_COLOR, Pallor, _fit_light_pallor_glare, _otsu_threshold, measure_pallor


def _measured(kind: Kind) -> Pallor:
    found = glass(kind)
    places = np.stack([found.plain.table["x_px"], found.plain.table["y_px"]], axis=1)
    return measure_pallor(found.plain, found.pressed, found.test.registration, places)


@pytest.mark.parametrize("before", [(0.55, 0.40, 0.27), (0.38, 0.21, 0.08), (0.26, 0.11, 0.03)])
@pytest.mark.parametrize(("pallor", "glare"), [(0.07, 0.0), (0.07, 0.05), (0.0, 0.05), (0.0, 0.0)])
def test_pallor_and_reflection_are_told_apart(before: tuple[float, float, float], pallor: float, glare: float) -> None:
    light = np.array([before])
    after = light * 10.0 ** (0.01 + pallor * np.array(PALLOR_COLOR)) + glare
    _, found_pallor, found_glare = _fit_light_pallor_glare(light, after)[0]
    assert found_pallor == pytest.approx(pallor, abs=0.025)
    assert found_glare == pytest.approx(glare, abs=0.02)


def test_what_is_not_seen_stays_unknown() -> None:
    light = np.array([[np.nan] * 3, [0.5, 0.4, 0.3]])
    found = _fit_light_pallor_glare(light, light)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_two_groups_explain_nearly_all_and_one_group_two_thirds() -> None:
    generator = np.random.default_rng(3)
    one = generator.normal(0.0, 0.01, 2000)
    share, low, high = _otsu_threshold(np.concatenate([one, one[:900] + 0.07]))
    assert share > 0.9
    assert low == pytest.approx(0.0, abs=0.003)
    assert high == pytest.approx(0.07, abs=0.003)
    assert _otsu_threshold(one)[0] < 0.7


@pytest.mark.parametrize("kind", ["fading", "keeping"])
def test_pressed_skin_is_found_whether_spots_fade_or_not(kind: Kind) -> None:
    found = _measured(kind)
    assert 0.05 < found.typical < 0.1
    border_mm = glass(kind).millimetres_inside()
    # Within a few millimetres of the glass's border skin is half pressed.
    assert found.is_pressed[border_mm > 2.0].all()
    assert not found.is_pressed[border_mm < -1.0].any()
    # The glass reflects 3 % of white.
    assert np.median(found.glare[found.is_pressed]) == pytest.approx(0.03, abs=0.008)
    assert (border_mm > 2.0).sum() >= 5
    assert (border_mm < -1.0).sum() >= 5


@pytest.mark.parametrize("kind", ["not pressed", "no border"])
def test_nothing_is_pressed_without_a_border_between_pale_and_other_skin(kind: Kind) -> None:
    found = _measured(kind)
    assert np.isnan(found.typical)
    assert not found.is_pressed.any()


def test_no_places_are_fine() -> None:
    found = glass("fading")
    pallor = measure_pallor(found.plain, found.pressed, found.test.registration, np.zeros((0, 2)))
    assert len(pallor.is_pressed) == 0
    assert pallor.glare.shape == (0, 3)
