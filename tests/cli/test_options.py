from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from drives import without_numbers

from lesionvis.cli.options import (
    analyzer_of,
    check_picture,
    escape_control_characters_in_lines,
    told_by,
    write_picture,
)
from lesionvis.errors import AnswerError, SettingsError
from lesionvis.triage.circumstances import Circumstances


def test_answers_of_options_override_those_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('fever = "yes"\nblanch = "fades"\n', encoding="utf-8")
    answers, _ = told_by(["blanch = does_not_fade"], file)
    assert (answers["fever"], answers["blanch"]) == ("yes", "does_not_fade")


def test_two_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(AnswerError, match='"fever" was answered both "yes" and "no"'):
        told_by(["fever=yes", "fever=no"], None)
    assert told_by(["fever=yes", "fever=yes"], None)[0]["fever"] == "yes"


def test_an_answer_that_is_no_pair_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match="NAME=VALUE"):
        told_by(["fever"], None)
    file = tmp_path / "answers.toml"
    file.write_text("fever = 1\n", encoding="utf-8")
    with pytest.raises(AnswerError, match="text in quotes"):
        told_by(None, file)


def test_circumstances_come_from_the_same_file_and_options_override_them(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('fever = "no"\nage_years = 7\ncause = "coughing"\nsites = ["face"]\n', encoding="utf-8")
    assert told_by(None, file)[1] == Circumstances(7, "coughing", ("face",))
    assert told_by(None, file, 34.0, "crying", ["neck"])[1] == Circumstances(34, "crying", ("neck",))
    assert told_by(None, None, cause="none")[1] == Circumstances(cause="none")
    answers, _ = told_by(["blanch=fades"], file)
    assert {"fever": "no", "blanch": "fades", "child": "yes", "explained": "yes"}.items() <= dict(answers.given).items()
    assert told_by(None, file, age=34.0)[0]["child"] == "no"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('sites = "face"', "must be a list of texts"),
        ("sites = [1]", 'no site "1"'),
        ("cause = 1", 'no cause "1"'),
        ('age_years = "34"', "age_years must be a number"),
        ('age_years = 7\nchild = "no"', "correct one of the two"),
    ],
)
def test_wrong_circumstances_in_a_file_are_refused(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "answers.toml"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(AnswerError, match=message):
        told_by(None, file)


def test_options_override_settings(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("px_per_mm = 4.0\n", encoding="utf-8")
    assert analyzer_of(settings, px_per_mm=None).px_per_mm == 4.0
    assert analyzer_of(settings, px_per_mm=6.0).px_per_mm == 6.0
    assert analyzer_of(None).px_per_mm is None


def test_a_picture_is_written_in_its_colours(tmp_path: Path) -> None:
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[..., 0] = 255
    write_picture(rgb, tmp_path / "red.png")
    written = cv2.imread(str(tmp_path / "red.png"), cv2.IMREAD_COLOR_RGB)
    assert written is not None
    assert np.array_equal(written, rgb)


def test_pictures_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(b"x")
    with pytest.raises(SettingsError, match=r"must end in \.png, \.jpg or \.jpeg\.$"):
        check_picture(tmp_path / "a.gif", photo)
    with pytest.raises(SettingsError, match="overwrite"):
        check_picture(photo, tmp_path / "b.png", photo)
    with pytest.raises(SettingsError, match="does not exist"):
        check_picture(tmp_path / "none" / "a.png", photo)
    with pytest.raises(SettingsError, match="cannot be written"):
        write_picture(np.zeros((8, 8, 3), np.uint8), tmp_path / "none" / "a.png")


def test_on_a_drive_that_numbers_no_files_only_the_photo_itself_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, picture = tmp_path / "a.png", tmp_path / "b.png"
    photo.touch()
    picture.touch()
    monkeypatch.setattr(os, "stat", without_numbers(os.stat))
    check_picture(picture, photo)
    with pytest.raises(SettingsError, match="overwrite"):
        check_picture(photo, photo)


def test_harmful_characters_are_encoded_line_by_line() -> None:
    assert escape_control_characters_in_lines("a\x1b[2Jb\nc") == "a%1B[2Jb\nc"
