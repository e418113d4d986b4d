from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from painted import BROWN, Form, comma, disk, egg, long_ellipse, marked, painted, polar, scalloped
from stages import Staged

from lesionvis.abcde import Abcde, measure_abcde
from lesionvis.abcde.criteria import (
    COLOR_COUNT_MIN,
    COLOR_SHARE_MIN,
    DIAMETER_MIN_MM,
    NOTHING_MEASURED,
    SHAPE_ASYMMETRY_MIN,
    _asymmetry,
    _border,
    _color,
)
from lesionvis.abcde.numbers import Asymmetry, Border
from lesionvis.abcde.seven_points import SOURCE
from lesionvis.findings import Findings
from lesionvis.scale import NoScale, Scale, given_scale
from lesionvis.spots.table import measure_spots
from lesionvis.triage.answers import Answers


def _measured(
    form: Form,
    density: NDArray[np.float64] | tuple[float, ...] = BROWN,
    *,
    px_per_mm: float | None = None,
    softness_px: float = 1.0,
    left_px: float = 0.0,
    answers: Answers | None = None,
) -> Abcde:
    photo, skin, spots = marked(painted(form, density, softness_px), form, left_px)
    scale: Scale | NoScale = NoScale("none sought") if px_per_mm is None else given_scale(px_per_mm)
    abcde = measure_abcde(Findings(photo, scale, skin, spots, measure_spots(photo, scale, skin, spots)), answers)
    assert abcde is not None
    return abcde


def _patchwork() -> NDArray[np.float64]:
    """Light brown, dark brown and black in unlike parts."""
    degrees = np.degrees(polar()[1]) % 360.0
    density = np.broadcast_to(np.asarray((0.15, 0.22, 0.32)), (*degrees.shape, 3)).copy()
    density[degrees < 110.0] = (0.48, 0.68, 0.85)
    density[(degrees > 110.0) & (degrees < 200.0)] = (1.0, 1.05, 1.0)
    return density


def test_an_even_lesion_shows_no_feature_and_is_not_called_harmless() -> None:
    for form in (disk, long_ellipse):
        abcde = _measured(form, px_per_mm=20.0)
        assert abcde.letters == ""
        assert not abcde.measured_any
        assert abcde.summary == f"{NOTHING_MEASURED} Not known: evolution (E)."
    for word in ("benign", "escape_control_characters", "safe", "normal", "healthy"):
        assert word not in json.dumps(abcde.to_dict()).lower()


@pytest.mark.parametrize(
    ("form", "letters"),
    [(disk, ""), (egg, ""), (comma, "AB"), (scalloped, "B")],
)
def test_forms_show_in_a_and_b(form: Form, letters: str) -> None:
    assert _measured(form).letters == letters


def test_a_washed_out_border_is_ill_defined() -> None:
    abcde = _measured(disk, (0.5, 0.76, 1.1), softness_px=60.0)
    assert abcde.border.present
    assert abcde.border.numbers["ill_defined_octants"] >= 4
    assert abcde.border.numbers["border_deviation"] < 0.01


def test_the_border_counts_from_the_limit_that_is_told() -> None:
    smooth = Border(deviation=0.0, compactness=1.0, octants=(1.0,) * 8)
    limit = float(_border(smooth, is_cut=False).limit.split(" %")[0]) / 100.0
    for deviation, is_irregular in ((limit - 1e-4, False), (limit + 1e-4, True)):
        found = _border(dataclasses.replace(smooth, deviation=deviation), is_cut=False)
        assert found.present is is_irregular


def test_sentences_give_the_numbers_that_were_measured_and_the_limits() -> None:
    border = _border(Border(deviation=0.0321, compactness=1.07, octants=(1.0,) * 8), is_cut=False)
    assert "smooth curve by 3.2 % of the radius (compactness 1.07)" in border.finding
    halves = _asymmetry(Asymmetry(30.0, (0.031, 0.122), (0.05, 0.11)), is_cut=False)
    assert ", 3 and 12 % of the area" in halves.finding
    assert "differ by 0.05 and 0.11" in halves.finding
    assert f"{100 * SHAPE_ASYMMETRY_MIN:.0f} % of the area" in halves.limit
    color = _color({"red": 0.061, "black": 0.3, "white": 0.01})
    assert color.finding.endswith("red 6 %, black 30 %.")
    count, share = (float(number) for number in re.findall(r"[\d.]+", color.limit))
    assert (count, share / 100.0) == (COLOR_COUNT_MIN, COLOR_SHARE_MIN)


def test_uneven_colours_show_in_a_and_c() -> None:
    abcde = _measured(disk, _patchwork())
    assert abcde.letters == "AC"
    assert abcde.color.numbers["color_count"] >= COLOR_COUNT_MIN
    for name in ("light brown", "dark brown", "black"):
        assert name in abcde.color.finding
        assert abcde.color.numbers[f"share of {name}"] >= 0.05


def test_diameters_need_a_scale() -> None:
    abcde = _measured(disk)
    assert abcde.diameter.present is None
    assert np.isnan(abcde.diameter.numbers["length_mm"])
    assert "lay a ruler" in abcde.diameter.finding
    # 90 px across.
    for px_per_mm, is_large in ((16.0, False), (14.0, True)):
        abcde = _measured(disk, px_per_mm=px_per_mm)
        assert abcde.diameter.present is is_large
        assert abcde.diameter.numbers["length_mm"] == pytest.approx(90.0 / px_per_mm, rel=0.01)
        assert (90.0 / px_per_mm > DIAMETER_MIN_MM) is is_large


def test_what_the_frame_cuts_off_is_not_judged_by_its_form() -> None:
    abcde = _measured(comma, left_px=140.0, px_per_mm=30.0)
    assert abcde.asymmetry.present is None
    assert abcde.border.present is None
    # It can only be larger than what is seen.
    assert abcde.diameter.present is None
    assert "At least" in abcde.diameter.finding
    assert _measured(comma, left_px=140.0, px_per_mm=5.0).diameter.present is True


@pytest.mark.parametrize(("value", "present"), [("yes", True), ("no", False), ("unknown", None)])
def test_evolution_comes_from_the_answer(value: str, present: bool | None) -> None:
    told = Answers.from_mapping({"changed": value})
    abcde = _measured(disk, px_per_mm=20.0, answers=told)
    assert abcde.evolution.present is present
    assert abcde == _measured(disk, px_per_mm=20.0).answered(told)
    # An answer is no measurement.
    assert not abcde.measured_any
    assert ("E" in abcde.letters) is (present is True)


def test_evolution_comes_from_dated_photos() -> None:
    abcde = _measured(disk)
    grown = abcde.evolved(True, "It grew within 60 days.")
    assert (grown.evolution.present, grown.evolution.finding) == (True, "It grew within 60 days.")
    assert "E" in grown.letters
    assert abcde.evolved(False, "No change was measured.").evolution.present is False


def test_photos_do_not_overrule_a_person_who_saw_a_change() -> None:
    told = _measured(disk, answers=Answers.from_mapping({"changed": "yes"}))
    assert told.evolved(False, "No change was measured.") == told
    denied = _measured(disk, answers=Answers.from_mapping({"changed": "no"}))
    assert denied.evolved(True, "It grew.").evolution.present is True


def test_colours_are_new_when_they_were_not_there_at_all() -> None:
    plain, patchwork = _measured(disk), _measured(disk, _patchwork())
    assert "black" in patchwork.new_colors(plain)
    assert patchwork.new_colors(patchwork) == ()
    # A colour that only crossed the limit of what counts is no new one.
    shares = {name: 0.03 if name == "share of black" else value for name, value in patchwork.color.numbers.items()}
    little = dataclasses.replace(patchwork, color=dataclasses.replace(patchwork.color, numbers=shares))
    assert patchwork.new_colors(little) == ()


def test_it_is_plain_in_json_with_the_sources() -> None:
    content = json.loads(json.dumps(_measured(comma, left_px=140.0).to_dict(), allow_nan=False))
    # Without a scale there are no millimetres, and the frame hides some of the border.
    assert content["criteria"][3]["numbers"] == {"length_mm": None}
    assert len(content["border_octants"]) == 8
    assert content["seven_points"]["source"] == SOURCE
    assert all(criterion["source"] for criterion in content["criteria"])


def test_the_checklist_counts_what_was_measured() -> None:
    abcde = _measured(comma, _patchwork(), px_per_mm=10.0)
    assert abcde.seven_points.lowest == 5
    assert set(abcde.seven_points.from_photo) == {"irregular shape", "irregular colour", "diameter of 7 mm or more"}
    assert abcde.seven_points.scores_3 is True
    assert _measured(disk).seven_points.scores_3 is None


def test_every_letter_has_its_number_limit_and_source() -> None:
    abcde = _measured(comma, px_per_mm=10.0)
    assert [criterion.letter for criterion in abcde.criteria] == list("ABCDE")
    for criterion in abcde.criteria:
        assert criterion.finding.endswith(".")
        assert "AAD" in criterion.source
        assert criterion.limit
        assert criterion.numbers or criterion.letter == "E"


def test_without_a_dominant_lesion_there_is_no_abcde(shower: Staged) -> None:
    assert measure_abcde(shower.worked) is None


def test_a_rendered_naevus_is_found_and_measured(mole: Staged) -> None:
    abcde = measure_abcde(mole.worked)
    assert abcde is not None
    truth = mole.truth.spots[0]
    assert abcde.centre_px == pytest.approx((truth.x_px, truth.y_px), abs=3.0)
    assert abcde.diameter.present is True
    assert abcde.asymmetry.present is False
    assert abcde.border.present is False
