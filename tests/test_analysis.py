from __future__ import annotations

import dataclasses
import io
import json
import shutil
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import Staged

from lesionvis import __version__
from lesionvis.analysis import Analysis, Analyzer, analyze
from lesionvis.errors import AnswerError, ModelError, SettingsError, UnreadablePhoto
from lesionvis.flags import FLAGS
from lesionvis.lab.render.scenarios import petechial_shower, single_lesion
from lesionvis.lab.render.scene import Scene
from lesionvis.lab.render.synth import render
from lesionvis.models import packaged_model_folder
from lesionvis.pattern.bare import BareModel
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.seen import SEVERAL
from lesionvis.photo import PhotoReader, read_photo
from lesionvis.scale import NoScale, Scale
from lesionvis.spots import SpotFinder
from lesionvis.spots.rejections import explain_rejections, likely_rejected
from lesionvis.spots.table import COLUMNS
from lesionvis.triage.answers import Answers


def _parts(analysis: Analysis) -> tuple[object, ...]:
    """An analysis and its parts that hold arrays."""
    labels = analysis.spots
    parts = (analysis.photo, analysis.scale, analysis.skin, labels, analysis.table, labels.candidates, labels.regions)
    return analysis, *parts


def _same(one: Analysis, other: Analysis) -> bool:
    """Whether two analyses differ in nothing but the name and the digest of what was read."""
    first, second = one.to_dict(), other.to_dict()
    for content in (first, second):
        del content["photo"]["name"], content["photo"]["sha256"]
    return first == second and one.spots.labels.tobytes() == other.spots.labels.tobytes()


def test_a_path_its_bytes_and_its_pixels_give_the_same_analysis(
    shower: Staged, analysed_shower: Analysis, tmp_path: Path
) -> None:
    path = tmp_path / "shower.png"
    cv2.imwrite(str(path), cv2.cvtColor(shower.truth.rgb, cv2.COLOR_RGB2BGR))
    for source in (path, str(path), path.read_bytes()):
        assert _same(analyze(source, px_per_mm=6.0), analysed_shower)
    assert analyze(path).photo.name == "shower.png"
    assert analyze(path.read_bytes()).photo.name == "bytes"
    assert analysed_shower.photo.name == "array"


def _called_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the model of bare skin take every photo for bare."""
    monkeypatch.setattr(BareModel, "is_bare", lambda *_: True)
    monkeypatch.setattr("lesionvis.pattern.pattern.is_textbook_shower", lambda _: False)
    monkeypatch.setattr("lesionvis.pattern.pattern.prediction_set", lambda *_: ("other",))


def test_skin_that_is_called_bare_has_candidates_and_no_spots(
    shower: Staged, analysed_shower: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    _called_bare(monkeypatch)
    bare = analyze(shower.truth.rgb, px_per_mm=6.0)
    assert bare.pattern.label == "no_spots"
    assert (len(bare.spots), len(bare.table), bare.spots.labels.max(), bare.features["spot_count"]) == (0, 0, 0, 0.0)
    assert bare.advice.evidence.spot_count == 0
    found = analysed_shower.spots
    assert bare.spots.candidate_scores.tolist() == found.candidate_scores.tolist()
    # A person may still take what had been found.
    assert len(likely_rejected(bare.spots)) >= len(found) > len(likely_rejected(found))


def test_spots_that_a_person_drew_are_no_bare_skin(
    shower: Staged, analysed_shower: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    _called_bare(monkeypatch)
    drawn = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=analysed_shower.spots.outlines_px[:3])
    assert (drawn.pattern.label, len(drawn.spots)) == ("uncertain", 3)
    assert analyze(shower.truth.rgb, px_per_mm=6.0, outlines=()).pattern.label == "no_spots"


def test_a_dominant_lesion_stays_though_the_skin_is_called_bare(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _called_bare(monkeypatch)
    lesion = analyze(project / "sample_images" / "irregular-lesion.jpg")
    assert (lesion.pattern.label, len(lesion.spots), lesion.spots.lesion) == ("no_spots", 1, 1)
    assert lesion.advice.evidence.stands_out


def test_a_lesion_that_hardly_stands_out_is_none_on_skin_that_is_called_bare(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project / "sample_images" / "irregular-lesion.jpg"
    monkeypatch.setattr("lesionvis.analysis.BARE_SKIN_LESION_SCORE_MIN", 1.0)
    assert analyze(path).spots.lesion == 1
    _called_bare(monkeypatch)
    bare = analyze(path)
    assert (bare.pattern.seen, len(bare.spots), bare.spots.lesion, bare.abcde) == ("bare_skin", 0, 0, None)
    assert not bare.advice.evidence.stands_out


@pytest.mark.parametrize("n_dots", [2, 3])
def test_a_few_spots_of_which_none_is_sure_are_candidates(n_dots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(width_px=480, height_px=360, px_per_mm=6.0, seed=7)
    dot, *_ = petechial_shower(np.random.default_rng(6), scene, 1, diameter_mm=2.0)
    rgb = render(scene, [replace(dot, x_px=120.0 * number, y_px=180.0) for number in range(1, n_dots + 1)]).rgb
    monkeypatch.setattr(BareModel, "is_bare", lambda *_: False)
    monkeypatch.setattr("lesionvis.pattern.pattern.with_signs", lambda *_: ("other",))
    sure = analyze(rgb)
    assert len(sure.spots) == n_dots
    monkeypatch.setattr("lesionvis.analysis.SURE_ODDS", 1e3)
    doubtful = analyze(rgb)
    assert len(doubtful.spots) == len(doubtful.table) == (0 if n_dots < SEVERAL else n_dots)
    assert len(likely_rejected(doubtful.spots)) >= n_dots - len(doubtful.spots)
    # Whoever asks for every candidate gets every one.
    every = Analyzer(spot_finder=SpotFinder(min_score=0.0))
    assert len(every(rgb).spots) == len(every.find(rgb).spots) > n_dots


def test_beside_a_lesion_that_is_the_answer_doubtful_spots_are_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(width_px=480, height_px=360, px_per_mm=6.0, seed=4)
    generator = np.random.default_rng(4)
    (mole,) = single_lesion(generator, scene, diameter_mm=16.0)
    dots = petechial_shower(generator, scene, 30, diameter_mm=1.6)
    apart = [dot for dot in dots if np.hypot(dot.x_px - mole.x_px, dot.y_px - mole.y_px) > 80.0]
    rgb = render(scene, [mole, *apart]).rgb
    found = Analyzer().find(rgb, scale=NoScale("none sought")).spots
    assert found.lesion
    scores = np.delete(found.score, found.lesion - 1)
    monkeypatch.setattr(BareModel, "is_bare", lambda *_: False)
    median = float(np.median(scores))
    odds_ratio = median / (1.0 - median) / (found.min_score / (1.0 - found.min_score))
    monkeypatch.setattr("lesionvis.analysis.SURE_ODDS", odds_ratio * (1.0 - 1e-9))
    for possible, asked in (("single_lesion", np.median(scores)), ("other", found.min_score)):
        monkeypatch.setattr("lesionvis.pattern.pattern.with_signs", lambda *_, only=possible: (only,))
        analysis = analyze(rgb)
        assert len(analysis.spots) == len(analysis.table) == 1 + (scores >= asked).sum()
        assert analysis.features["spot_count"] == len(analysis.table)
        assert analysis.spots.lesion


def test_the_same_photo_gives_the_same_analysis(shower: Staged, analysed_shower: Analysis) -> None:
    assert analyze(shower.truth.rgb, px_per_mm=6.0).to_json() == analysed_shower.to_json()


def test_the_photo_is_left_as_it_was(shower: Staged) -> None:
    rgb = shower.truth.rgb.copy()
    analyze(rgb)
    assert rgb.tobytes() == shower.truth.rgb.tobytes()


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_json_is_strict_and_complete(analysed_shower: Analysis, shower: Staged) -> None:
    for analysis in (analysed_shower, analyze(shower.truth.rgb[:64, :64])):
        content = json.loads(analysis.to_json(), parse_constant=_no_constant)
        assert content == analysis.to_dict()
        assert tuple(content["features"]) == FEATURE_NAMES
        assert content["version"] == __version__
        assert len(content["spots"]) == len(analysis.table)
        for row in content["spots"]:
            assert list(row) == [column.name for column in COLUMNS]
        assert content["pattern"]["label"] == analysis.pattern.label
        assert content["advice"]["level"] == str(analysis.advice.level)
        assert content["photo"]["width_px"] == analysis.photo.source_width_px


def test_an_analysis_prints_as_one_line(analysed_samples: dict[str, Analysis]) -> None:
    analysis = analysed_samples["shower-brown-arm.jpg"]
    spots, level = len(analysis.table), analysis.advice.level
    expected = f"Analysis(shower-brown-arm.jpg, petechial_shower, {spots} spots, advice {level}, no_scale)"
    assert repr(analysis) == expected


def test_parts_with_arrays_print_as_one_line_are_equal_to_themselves_alone_and_hash(
    shower: Staged, analysed_shower: Analysis
) -> None:
    again = analyze(shower.truth.rgb, px_per_mm=6.0)
    for part, other in zip(_parts(analysed_shower), _parts(again), strict=True):
        assert part == part, part
        assert part != other, part
        assert len({part, other, part}) == 2, part
        assert "\n" not in repr(part)
        assert len(repr(part)) <= 100, part
    assert repr(analysed_shower.photo) == "Photo(array, 480 x 360 px, worked at 480 x 360 px)"
    assert repr(analysed_shower.scale) == "Scale(given, 6 px/mm)"
    assert repr(analysed_shower.table) == f"SpotTable({len(analysed_shower.table)} spots, {len(COLUMNS)} columns)"
    assert repr(analysed_shower.spots).startswith(f"Spots({len(analysed_shower.table)} spots of ")


def test_without_a_scale_millimetres_are_null(shower: Staged) -> None:
    analysis = analyze(shower.truth.rgb)
    assert not analysis.scale
    assert analysis.flags[-1] == "no_scale"
    content = analysis.to_dict()
    assert content["scale"]["px_per_mm"] is None
    assert len(content["scale"]["reason"]) > 10
    assert {row["diameter_mm"] for row in content["spots"]} == {None}
    assert content["features"]["median_diameter_mm"] is None


def test_a_given_scale_is_used_and_named(analysed_shower: Analysis) -> None:
    assert "no_scale" not in analysed_shower.flags
    assert analysed_shower.to_dict()["scale"]["source"] == "given"
    assert analysed_shower.scale.px_per_mm == 6.0
    table = analysed_shower.table
    assert table["diameter_mm"] == pytest.approx(table["diameter_px"] / 6.0)


def test_a_scale_of_one_s_own_is_used_as_it_is(shower: Staged, analysed_shower: Analysis) -> None:
    own = Scale(px_per_mm=6.0, standard_error_px_per_mm=0.06, source="dicom")
    analysis = analyze(shower.truth.rgb, scale=own)
    assert analysis.scale is own
    assert analysis.table["diameter_mm"].tolist() == analysed_shower.table["diameter_mm"].tolist()
    assert (analysis.table["diameter_error_mm"] > analysed_shower.table["diameter_error_mm"]).all()
    none = NoScale("a.dcm states no pixel spacing")
    unscaled = Analyzer()(shower.truth.rgb, scale=none)
    assert unscaled.scale is none
    assert "no_scale" in unscaled.flags
    # A fine scale keeps a large photo at the resolution that it needs.
    fine = replace(own, px_per_mm=2.0)
    assert Analyzer(working_long_side_px=256)(shower.truth.rgb, scale=fine).photo.px_per_source_px == 1.0
    with pytest.raises(SettingsError, match="and px_per_mm as well"):
        analyze("there is no such file.jpg", px_per_mm=6.0, scale=own)


def test_flags_are_in_the_registry(analysed_samples: dict[str, Analysis]) -> None:
    for analysis in analysed_samples.values():
        assert {FLAGS[name].about for name in analysis.flags} <= {"photo"}


def test_parts_of_an_analysis_belong_together(analysed_samples: dict[str, Analysis]) -> None:
    for analysis in analysed_samples.values():
        shape = analysis.photo.rgb.shape[:2]
        assert analysis.skin.mask.shape == analysis.spots.labels.shape == shape
        assert len(analysis.table) == len(analysis.spots) == analysis.features["spot_count"]
        assert analysis.advice.pattern == analysis.pattern.label
        assert analysis.features["skin_fraction"] == analysis.skin.fraction


def test_a_large_photo_keeps_enough_pixels_per_millimetre(shower: Staged) -> None:
    large = np.tile(shower.truth.rgb[:240, :320], (2, 8, 1))
    coarse = analyze(large)
    assert coarse.photo.px_per_source_px == 0.5
    fine = analyze(large, px_per_mm=7.0)
    assert fine.photo.px_per_source_px == pytest.approx(6.0 / 7.0)


def _dotted(diameter_px: float) -> NDArray[np.uint8]:
    """Skin of 1500 x 2000 px with 48 red dots on a grid."""
    noise = np.random.default_rng(1).normal(0.0, 1.5, (1500, 2000, 1))
    picture = np.array([205.0, 160.0, 135.0]) + noise
    y, x = np.mgrid[-10:11, -10:11]
    dot = np.clip(diameter_px / 2.0 + 0.5 - np.hypot(x, y), 0.0, 1.0)[..., None]
    for row in range(6):
        for column in range(8):
            top, left = 120 + 240 * row, 110 + 240 * column
            place = picture[top - 10 : top + 11, left - 10 : left + 11]
            place += dot * (np.array([160.0, 70.0, 65.0]) - place)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("px_per_mm", [4.0, 5.0, 8.0])
def test_dots_of_a_millimetre_are_found_in_a_large_photo_of_known_scale(px_per_mm: float) -> None:
    analysis = analyze(_dotted(px_per_mm), px_per_mm=px_per_mm)
    assert len(analysis.table) == 48
    assert np.median(analysis.table["diameter_mm"]) == pytest.approx(1.0, rel=0.1)


def test_a_large_photo_of_unknown_scale_is_looked_at_closely_before_it_is_said_to_be_bare() -> None:
    analysis = analyze(_dotted(7.0))
    assert analysis.photo.px_per_source_px * 7.0 < 5.0
    assert len(analysis.table) == 48


def test_nothing_found_from_too_far_is_no_answer(project: Path) -> None:
    bare = project / "sample_images" / "plain-skin.jpg"
    near, far = (analyze(bare, px_per_mm=px_per_mm) for px_per_mm in (8.0, 2.0))
    assert (near.flags, near.pattern.label) == ((), "no_spots")
    assert (far.flags, far.pattern.label) == (("too_far",), "uncertain")


def test_a_skinless_photo_is_answered_without_a_guess() -> None:
    blue = np.full((64, 96, 3), (40, 90, 160), np.uint8)
    blue[::7, ::5] = (60, 80, 170)
    analysis = analyze(blue)
    assert analysis.pattern.label == "uncertain"
    assert "no_skin" in analysis.flags
    assert analysis.to_dict()["skin"]["tone_ita_deg"] is None


def test_answers_of_the_person_count(shower: Staged, analysed_shower: Analysis) -> None:
    answered = analyze(shower.truth.rgb, px_per_mm=6.0, answers=Answers.from_mapping({"fever": "yes"}))
    assert answered.advice.answers["fever"] == "yes"
    assert answered.advice.level >= analysed_shower.advice.level
    assert answered.pattern == analysed_shower.pattern


def test_answers_may_be_a_mapping(shower: Staged, analysed_shower: Analysis) -> None:
    told = {"fever": "yes"}
    at_once = analyze(shower.truth.rgb, px_per_mm=6.0, answers=told)
    assert at_once.advice == analyze(shower.truth.rgb, px_per_mm=6.0, answers=Answers.from_mapping(told)).advice
    assert analysed_shower.answered(told).advice == at_once.advice


def test_misspelt_answers_are_refused_before_any_work() -> None:
    with pytest.raises(AnswerError, match='did you mean "fever"'):
        analyze("there is no such file.jpg", answers={"fevr": "yes"})


def test_a_photo_that_was_read_is_used_as_it_is(shower: Staged, analysed_shower: Analysis) -> None:
    photo = read_photo(shower.truth.rgb)
    analysis = analyze(photo, px_per_mm=6.0)
    assert analysis.photo is photo
    assert analysis.to_json() == analysed_shower.to_json()
    # The scale asks for more pixels than the photo has: they are not made up.
    coarse = PhotoReader(working_long_side_px=256)(shower.truth.rgb)
    assert analyze(coarse, px_per_mm=6.0).photo is coarse


def test_what_was_measured_counts(analysed_shower: Analysis) -> None:
    assert analysed_shower.advice.answers["count"] == "many"
    assert "The photo shows" in " ".join(analysed_shower.advice.photo_notes)


@pytest.mark.parametrize(
    ("given_settings", "name"),
    [
        ({"px_per_mm": 0.0}, "px_per_mm"),
        ({"px_per_mm": float("nan")}, "px_per_mm"),
        ({"px_per_mm": "8"}, "px_per_mm"),
        ({"mm_across": "80"}, "mm_across"),
        ({"bar_mm": "50"}, "bar_mm"),
        ({"model_folder": 5}, "model_folder"),
        ({"max_megapixels": 0}, "max_megapixels"),
        ({"working_long_side_px": 10}, "working_long_side_px"),
    ],
)
def test_settings_outside_their_bounds_are_refused_at_once(given_settings: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Analyzer(**given_settings)


def test_a_model_folder_may_be_a_text(tmp_path: Path) -> None:
    assert Analyzer(model_folder=str(tmp_path)) == Analyzer(model_folder=tmp_path)  # type: ignore[arg-type]


def test_settings_cannot_be_changed_later() -> None:
    analyzer = Analyzer(px_per_mm=8.0)
    with pytest.raises(FrozenInstanceError):
        analyzer.px_per_mm = 9.0  # type: ignore[misc]
    assert analyzer == Analyzer(px_per_mm=8.0)


def test_settings_reach_the_reader(shower: Staged) -> None:
    with pytest.raises(UnreadablePhoto, match="too large"):
        Analyzer(max_megapixels=1)(np.zeros((1100, 1000, 3), np.uint8))
    assert max(Analyzer(working_long_side_px=256)(shower.truth.rgb).photo.rgb.shape) == 256


def test_another_model_folder_is_used_and_a_missing_one_refused(shower: Staged, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(packaged_model_folder("pattern-v2"), folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["name"] = "mine-v2"
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    small = shower.truth.rgb[:128, :128]
    assert Analyzer(model_folder=folder)(small).pattern.model == "mine-v2"
    with pytest.raises(ModelError, match=r"card\.json is missing"):
        Analyzer(model_folder=tmp_path / "nowhere")(small)


def test_an_unreadable_photo_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhoto, match="does not exist"):
        analyze(tmp_path / "no.jpg")
    with pytest.raises(UnreadablePhoto, match="not a photo"):
        analyze(b"Dear doctor,")


@pytest.fixture(scope="module")
def uneven(project: Path) -> Analysis:
    """A rendered lesion with uneven form and colours."""
    return analyze(project / "sample_images" / "irregular-lesion.jpg")


def test_the_abcde_is_measured_where_a_lesion_dominates(uneven: Analysis, analysed_shower: Analysis) -> None:
    assert analysed_shower.abcde is None
    assert analysed_shower.to_dict()["abcde"] is None
    assert uneven.abcde is not None
    content = json.loads(uneven.to_json())["abcde"]
    assert [entry["letter"] for entry in content["criteria"]] == list("ABCDE")
    assert content["summary"] == uneven.abcde.summary
    # Without a scale millimetres are null.
    assert content["criteria"][3]["numbers"]["length_mm"] is None


def test_the_abcde_and_its_points_fill_answers_upwards_only(uneven: Analysis) -> None:
    assert uneven.abcde is not None
    assert uneven.abcde.measured_any
    assert uneven.advice.answers["abcde_any"] == "yes"
    assert uneven.abcde.seven_points.lowest >= 3
    assert uneven.advice.answers["checklist7_ge3"] == "yes"
    assert [(fired.rule_id, fired.from_photo) for fired in uneven.advice.reasons] == [("T01", True)]
    denied = uneven.answered(Answers.from_mapping({"abcde_any": "no", "checklist7_ge3": "no"}))
    assert (denied.advice.answers["abcde_any"], denied.advice.answers["checklist7_ge3"]) == ("yes", "yes")
    assert sum("the worse of the two counts" in note for note in denied.advice.photo_notes) == 2


def test_points_that_answers_add_are_counted_too(uneven: Analysis) -> None:
    assert uneven.abcde is not None
    plain = {name: dataclasses.replace(getattr(uneven.abcde, name), present=False) for name in ("asymmetry", "border")}
    one_item = dataclasses.replace(uneven, abcde=dataclasses.replace(uneven.abcde, **plain))
    assert one_item.answered({"changed": "unknown"}).advice.evidence.seven_points == 2
    assert one_item.answered({"itch": "yes"}).advice.answers["checklist7_ge3"] == "yes"


def test_a_photo_that_is_itself_the_trouble_asks_for_another() -> None:
    advice = analyze(np.zeros((320, 480, 3), np.uint8)).advice
    assert [retake.flag for retake in advice.retakes] == ["no_skin", "too_dark", "blurred"]
    assert str(advice.level) == "prompt"


def test_an_abcde_without_a_feature_lowers_nothing(uneven: Analysis) -> None:
    assert uneven.abcde is not None
    criteria = {
        name: dataclasses.replace(getattr(uneven.abcde, name), present=False)
        for name in ("asymmetry", "border", "color", "diameter")
    }
    even = dataclasses.replace(uneven, abcde=dataclasses.replace(uneven.abcde, **criteria))
    unmeasured = dataclasses.replace(uneven, abcde=None)
    told = Answers.from_mapping({"child": "no"})
    advice, expected = even.answered(told).advice, unmeasured.answered(told).advice
    assert (advice.evidence.abcde_any, expected.evidence.abcde_any) == (False, None)
    assert dataclasses.replace(advice, evidence=expected.evidence) == expected
    assert advice.answers["abcde_any"] == "unknown"


def test_answers_given_later_count_as_those_given_at_once(uneven: Analysis, project: Path) -> None:
    told = Answers.from_mapping({"changed": "yes", "new_onset": "no"})
    later = uneven.answered(told)
    assert later.to_dict() == analyze(project / "sample_images" / "irregular-lesion.jpg", answers=told).to_dict()
    assert later.abcde is not None
    assert later.abcde.evolution.present is True


def _left_half(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], np.bool_)
    mask[:, : shape[1] // 2] = True
    return mask


def test_nothing_is_found_where_a_mask_lies(shower: Staged, analysed_shower: Analysis, tmp_path: Path) -> None:
    rgb = shower.truth.rgb
    mask = _left_half(rgb.shape)
    whole = analysed_shower.table["x_px"]
    middle = rgb.shape[1] / 2
    analysis = analyze(rgb, px_per_mm=6.0, mask=mask)
    assert not (analysis.skin.mask & mask).any()
    assert (whole < middle - 10).sum() > 0
    found = analysis.table["x_px"]
    assert (found > middle - 1).all()
    assert (found > middle + 10).sum() > 0.9 * (whole > middle + 10).sum()
    assert analysis.flags == ("places_left_out",)
    cv2.imwrite(str(tmp_path / "mask.png"), mask.astype(np.uint8))
    assert analyze(rgb, px_per_mm=6.0, mask=tmp_path / "mask.png").to_json() == analysis.to_json()


def test_what_is_masked_in_an_array_is_left_out(shower: Staged) -> None:
    rgb = shower.truth.rgb
    mask = _left_half(rgb.shape)
    channels = np.zeros(rgb.shape, np.bool_)
    channels[..., 1] = mask
    masked = np.ma.MaskedArray(rgb, channels)
    assert analyze(masked, px_per_mm=6.0).to_json() == analyze(rgb, px_per_mm=6.0, mask=mask).to_json()
    both = analyze(masked, px_per_mm=6.0, mask=mask[:, ::-1])
    assert both.skin.fraction == 0.0
    assert len(both.table) == 0
    nothing = np.ma.MaskedArray(rgb)
    assert analyze(nothing, px_per_mm=6.0).to_json() == analyze(rgb, px_per_mm=6.0).to_json()


class _Stream(io.BytesIO):
    """A file that cannot be read twice, as from a network."""

    def seekable(self) -> bool:
        return False


def test_a_stream_that_cannot_be_read_twice_is_enough(shower: Staged) -> None:
    data = cv2.imencode(".png", shower.truth.rgb[..., ::-1])[1].tobytes()
    # Two working px per mm are too coarse, so that the photo is read again.
    analyzer = Analyzer(working_long_side_px=256, mm_across=shower.truth.rgb.shape[1] / 6.0)
    found, again = analyzer.find(_Stream(data)), analyzer.find(data)
    assert found.photo.px_per_source_px > 256 / max(shower.truth.rgb.shape)
    assert (found.photo.rgb == again.photo.rgb).all()


def test_a_lesion_under_a_mask_is_not_found(mole: Staged) -> None:
    assert mole.worked.spots.lesion == 1
    labels = mole.worked.spots.labels
    covered = cv2.dilate((labels == 1).astype(np.uint8), np.ones((9, 9), np.uint8))
    spots = Analyzer().find(mole.truth.rgb, mask=covered).spots
    assert spots.lesion == 0
    assert not (spots.labels[labels == 1] > 0).any()


def test_limits_choose_among_the_spots_that_are_found(shower: Staged, analysed_shower: Analysis) -> None:
    diameters = analysed_shower.table["diameter_mm"]
    low, high = np.quantile(diameters, (0.3, 0.7)).tolist()
    assert low > 1.0
    finder = SpotFinder(min_diameter_mm=low, max_diameter_mm=high)
    table = Analyzer(px_per_mm=6.0, spot_finder=finder)(shower.truth.rgb).table
    kept = diameters[(diameters >= low) & (diameters <= high)]
    assert table["diameter_mm"].tolist() == kept.tolist()
    assert 0 < len(kept) < len(diameters)
    areas = analysed_shower.table["area_px"]
    share = float(np.median(areas)) / shower.truth.rgb[..., 0].size
    unscaled = Analyzer(spot_finder=SpotFinder(max_frame_share=share)).find(shower.truth.rgb, scale=NoScale("none"))
    assert unscaled.table["area_px"].max() <= np.median(areas)
    assert len(unscaled.table) == (areas <= np.median(areas)).sum()


def test_a_lesion_above_the_limit_is_dropped(mole: Staged) -> None:
    largest = float(mole.worked.table["diameter_mm"][0])
    finders = [SpotFinder(max_diameter_mm=largest * factor) for factor in (0.99, 1.01)]
    dropped, kept = (Analyzer(spot_finder=finder).find(mole.truth.rgb, scale=mole.worked.scale) for finder in finders)
    assert (dropped.spots.lesion, kept.spots.lesion) == (0, 1)
    assert not dropped.table["is_lesion"].any()


def test_the_score_decides_what_is_a_spot(shower: Staged, analysed_shower: Analysis) -> None:
    scores = analysed_shower.spots.candidate_scores
    strict = Analyzer(px_per_mm=6.0, spot_finder=SpotFinder(min_score=0.95))(shower.truth.rgb)
    assert 0 < len(strict.table) < len(analysed_shower.table)
    assert strict.table["score"].min() >= 0.95
    assert (strict.spots.candidate_scores == scores).all()
    assert all(one.score < 0.95 for one in explain_rejections(strict.spots))
    assert max(one.score for one in explain_rejections(strict.spots)) > 0.6


def test_limits_in_mm_without_a_scale_are_flagged(shower: Staged) -> None:
    finder = SpotFinder(max_diameter_mm=0.1)
    none = NoScale("not sought")
    flagged = Analyzer(spot_finder=finder)(shower.truth.rgb, scale=none)
    plain = Analyzer()(shower.truth.rgb, scale=none)
    assert len(flagged.table) == len(plain.table)
    assert set(flagged.flags) - set(plain.flags) == {"size_limits_not_applied"}
    assert len(Analyzer(px_per_mm=6.0, spot_finder=finder)(shower.truth.rgb).table) == 0
