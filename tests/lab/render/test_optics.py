from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesionvis.errors import SettingsError
from lesionvis.lab.render.optics import (
    SURFACE_REFLECTION,
    body_rgb,
    encode_srgb,
    ita_deg,
    light_rgb,
    melanin_for_ita,
    with_surface,
)

# An independent two-layer model: skin, petechia (8 % blood) and cherry angioma (25 % blood) under 3 % of
# surface reflection, as sRGB, and what the petechia adds to log10(R/G).
REFERENCE = [
    (60.0, (200, 180, 158), (175, 108, 95), (153, 78, 72), 0.36),
    (48.0, (193, 169, 139), (169, 101, 86), (147, 74, 67), 0.35),
    (34.0, (184, 154, 118), (160, 93, 76), (140, 69, 61), 0.34),
    (19.0, (172, 137, 96), (150, 83, 65), (131, 64, 56), 0.32),
    (-10.0, (140, 97, 58), (122, 64, 51), (107, 54, 49), 0.23),
    (-45.0, (103, 66, 47), (91, 52, 48), (82, 49, 48), 0.08),
]


def _seen(melanin: float, blood: float) -> np.ndarray:
    return with_surface(body_rgb(melanin, blood), SURFACE_REFLECTION)


@pytest.mark.parametrize(("tone_deg", "skin", "petechia", "angioma", "contrast"), REFERENCE)
def test_colours_agree_with_the_reference_model(
    tone_deg: float,
    skin: tuple[int, ...],
    petechia: tuple[int, ...],
    angioma: tuple[int, ...],
    contrast: float,
) -> None:
    melanin = melanin_for_ita(tone_deg)
    rendered = [_seen(melanin, blood) for blood in (0.004, 0.08, 0.25)]
    for light, expected, tolerance in zip(rendered, (skin, petechia, angioma), (3, 6, 6), strict=True):
        assert encode_srgb(light) == pytest.approx(expected, abs=tolerance)
    log_ratio = [np.log10(light[0] / light[1]) for light in rendered]
    assert log_ratio[1] - log_ratio[0] == pytest.approx(contrast, abs=0.05)


@given(st.floats(-45.0, 58.0), st.floats(0.0, 0.06))
def test_melanin_hits_the_tone_under_any_veil(tone_deg: float, veil: float) -> None:
    melanin = melanin_for_ita(tone_deg, veil)
    # OpenCV interpolates L*a*b* in a table, which is good for a few tenths of a degree.
    assert ita_deg(with_surface(body_rgb(melanin), veil)) == pytest.approx(tone_deg, abs=0.5)


def test_a_tone_out_of_reach_is_refused_with_the_reach() -> None:
    with pytest.raises(SettingsError, match=r"ita_deg 80 cannot be reached .* give an angle between"):
        melanin_for_ita(80.0)


@given(st.floats(0.0, 0.3), st.floats(0.004, 0.5), st.floats(1.1, 2.0))
def test_more_pigment_gives_less_light(melanin: float, blood: float, factor: float) -> None:
    light = body_rgb(melanin, blood)
    assert np.all(body_rgb(melanin + 0.02, blood) <= light)
    more_blood = body_rgb(melanin, min(1.0, blood * factor))
    assert more_blood[0] <= light[0]
    assert more_blood[1] <= light[1]


def test_deep_blood_is_fainter_and_loses_its_red_more_slowly() -> None:
    skin, shallow, deep = body_rgb(0.02, [0.004, 0.1, 0.1], [0.0, 0.0, 0.2])
    assert np.all((shallow < deep) & (deep < skin))
    # Of the contrast that blood makes, depth leaves more in the red than in the blue.
    left = (skin - deep) / (skin - shallow)
    assert left[0] > left[2]


def test_blood_without_oxygen_is_purple() -> None:
    fresh, old = body_rgb(0.02, 0.1, 0.0, [0.9, 0.2])
    assert old[0] / old[2] < 0.8 * fresh[0] / fresh[2]


def test_bilirubin_takes_blue() -> None:
    skin, old = body_rgb(0.02, 0.004, 0.0, 0.9, [0.0, 0.1])
    assert old[2] < 0.8 * skin[2]
    assert old[0] > 0.95 * skin[0]


def test_melanin_takes_blue_most_and_blood_takes_green_at_least_as_much() -> None:
    skin = body_rgb(0.02)
    naevus = -np.log10(body_rgb(0.10) / skin)
    blood = -np.log10(body_rgb(0.02, 0.1) / skin)
    assert naevus[2] > naevus[1] > naevus[0]
    assert blood[1] - blood[0] > 2.0 * (naevus[1] - naevus[0])
    assert blood[2] - blood[1] < naevus[2] - naevus[1]


def test_light_is_orange_when_cool_and_blue_when_hot() -> None:
    warm, cold = light_rgb(3000.0), light_rgb(9000.0)
    assert warm[0] > 1.0 > warm[2]
    assert cold[0] < 1.0 < cold[2]
    assert light_rgb(6500.0, tint=0.1)[1] == pytest.approx(np.exp(0.1))
