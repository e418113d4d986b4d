"""Settings go through TOML unchanged; what is unknown or out of bounds is named."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesionvis.analysis import Analyzer
from lesionvis.errors import SettingsError
from lesionvis.models import packaged_model_folder
from lesionvis.settings import (
    analyzer_of,
    changed,
    parse_settings,
    provenance,
    read_settings,
    read_toml,
    run_provenance,
    settings_text,
    settings_values,
)
from lesionvis.spots import SpotFinder
from lesionvis.spots.classifier import packaged_classifier

ANALYZERS = st.builds(
    Analyzer,
    coin=st.none() | st.sampled_from(["eur-1", "usd-25c"]),
    bar_mm=st.floats(25, 100),
    max_megapixels=st.floats(1, 1000),
    working_long_side_px=st.integers(256, 16384),
    model_folder=st.none() | st.just(Path('/models/mine and "yours"')),
    spot_finder=st.builds(
        SpotFinder,
        min_diameter_mm=st.none() | st.floats(0.1, 2),
        max_diameter_mm=st.none() | st.floats(2, 50),
        max_frame_share=st.floats(0, 1),
        min_score=st.floats(0, 1),
    ),
)


@given(ANALYZERS)
def test_toml_gives_back_the_same_settings(analyzer: Analyzer) -> None:
    assert parse_settings(settings_text(analyzer)) == analyzer


@given(ANALYZERS)
def test_json_gives_back_the_same_settings(analyzer: Analyzer) -> None:
    assert analyzer_of(json.loads(json.dumps(settings_values(analyzer)))) == analyzer


def test_every_field_of_the_analyzer_and_its_finder_is_a_setting() -> None:
    assert list(settings_values(Analyzer())) == [
        *(name for field in dataclasses.fields(Analyzer) if (name := field.name) != "spot_finder"),
        *(name for field in dataclasses.fields(SpotFinder) if (name := field.name) != "classifier"),
    ]


def test_no_setting_means_the_defaults_of_the_analyzer() -> None:
    assert parse_settings("") == Analyzer()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_megapixels = 0.5", ["max_megapixels", "from 1 to 1000", "0.5"]),
        ("working_long_side_px = 100", ["working_long_side_px", "from 256 to 16384", "100"]),
        ("working_long_side_px = 1280.0", ["working_long_side_px", "a whole number", "1280.0"]),
        ("working_long_side_px = true", ["working_long_side_px", "a whole number", "True"]),
        ("px_per_mm = -1", ["px_per_mm", "above 0", "-1"]),
        ("px_per_mm = nan", ["px_per_mm", "finite", "nan"]),
        ("min_score = 1.5", ["min_score", "from 0 to 1", "1.5"]),
        ("max_frame_share = -0.1", ["max_frame_share", "from 0 to 1", "-0.1"]),
        ("min_diameter_mm = 0", ["min_diameter_mm", "above 0", "got 0"]),
        ("max_diameter_mm = inf", ["max_diameter_mm", "finite", "got inf"]),
        ("min_diameter_mm = 2.0\nmax_diameter_mm = 1.0", ["max_diameter_mm", "at least min_diameter_mm", "2.0", "1.0"]),
        ("min_scor = 0.5", ['"min_scor"', 'did you mean "min_score"']),
        ("spot_finder = 1", ['"spot_finder"', "The settings are px_per_mm, "]),
        ('px_per_mm = "8"', ["px_per_mm", "a number", "'8'"]),
        ("model_folder = 3", ["model_folder", "a path in quotes", "3"]),
        ("px_pr_mm = 8", ['"px_pr_mm"', 'did you mean "px_per_mm"', "working_long_side_px"]),
        ("[spots]\nx = 1", ['"spots"', "The settings are px_per_mm, "]),
        ("px_per_mm = ", ["not valid TOML", "Invalid value"]),
        ("coin = “eur-1”", ["not valid TOML", "Write straight quotes"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_bounds_and_value(text: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "mine.toml")
    assert str(caught.value).startswith("mine.toml")
    for word in words:
        assert word in str(caught.value)


def test_paths_in_a_settings_file_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('model_folder = "my-model"\n')
    assert read_settings(file).model_folder == tmp_path / "my-model"


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot be read"), (b"\xff\xfe", "is UTF-16 text")])
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "settings.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=rf"settings\.toml {reason}"):
        read_toml(file)


def fingerprint(analyzer: Analyzer) -> str:
    return run_provenance(analyzer)["settings_hash"]


def test_the_fingerprint_follows_the_settings() -> None:
    assert fingerprint(Analyzer()) == fingerprint(Analyzer())
    assert len({fingerprint(Analyzer(px_per_mm=value)) for value in (None, 8.0, 9.0)}) == 3
    finders = (
        SpotFinder(),
        SpotFinder(min_score=0.7),
        SpotFinder(max_diameter_mm=9.0),
        SpotFinder(min_diameter_mm=0.5),
    )
    assert len({fingerprint(Analyzer(spot_finder=finder)) for finder in finders}) == len(finders)


def test_a_classifier_of_ones_own_is_no_setting() -> None:
    analyzer = Analyzer(spot_finder=SpotFinder(classifier=packaged_classifier()))
    with pytest.raises(SettingsError, match="no setting"):
        fingerprint(analyzer)


def test_settings_are_changed_where_they_are_held() -> None:
    analyzer = changed(Analyzer(px_per_mm=8.0, spot_finder=SpotFinder(max_diameter_mm=5.0)), coin=None, min_score=0.7)
    assert analyzer == Analyzer(px_per_mm=8.0, spot_finder=SpotFinder(max_diameter_mm=5.0, min_score=0.7))


def test_the_fingerprint_follows_the_content_of_the_model_and_not_its_place(tmp_path: Path) -> None:
    copy = shutil.copytree(packaged_model_folder("pattern-v2"), tmp_path / "copy")
    assert fingerprint(Analyzer(model_folder=copy)) == fingerprint(Analyzer())
    changed = shutil.copytree(copy, tmp_path / "changed")
    card = json.loads((changed / "card.json").read_text())
    (changed / "card.json").write_text(json.dumps(card | {"note": "another"}))
    assert fingerprint(Analyzer(model_folder=changed)) != fingerprint(Analyzer())


def test_provenance_names_models_and_versions() -> None:
    facts = provenance(Analyzer())
    assert facts["model"] == "pattern-v2"
    assert {"version", "numpy", "opencv", "onnxruntime", "pattern_model_sha256", "bare_model_sha256"} <= set(facts)
    assert "model_folder" not in facts


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_settings_of_notepad_and_powershell_are_read(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(f'px_per_mm = 8.0{ends}coin = "eur-1"{ends}'.encode("utf-8-sig"))
    assert read_toml(path) == {"px_per_mm": 8.0, "coin": "eur-1"}
