from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from paired import Kind, StretchKind, other_skin, rendered_glass, rendered_series, rendered_stretch
from PIL import Image
from typer.testing import CliRunner, Result

from lesionvis.cli import main as cli
from lesionvis.errors import SettingsError
from lesionvis.triage.wording import HEADER


def _called(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def _pair(folder: Path, kind: Kind) -> tuple[Path, Path]:
    truth = rendered_glass(kind)
    paths = folder / "plain.png", folder / "pressed.png"
    for path, shot in zip(paths, (truth.plain, truth.pressed), strict=True):
        cv2.imwrite(str(path), shot.rgb[..., ::-1])
    return paths


def _stretched_pair(folder: Path, kind: StretchKind) -> tuple[Path, Path]:
    truth = rendered_stretch(kind)
    paths = folder / "plain.png", folder / "stretched.png"
    for path, shot in zip(paths, (truth.plain, truth.stretched), strict=True):
        cv2.imwrite(str(path), shot.rgb[..., ::-1])
    return paths


def _days(folder: Path, *dates: str) -> list[Path]:
    """The series as JPEG files with the dates that a camera writes."""
    paths = []
    for number, (shot, date) in enumerate(zip(rendered_series().shots, dates, strict=True)):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = date
        paths.append(folder / f"day{number}.jpg")
        Image.fromarray(shot.rgb).save(paths[-1], quality=95, exif=exif)
    return paths


def test_spots_that_stay_raise_the_level(tmp_path: Path) -> None:
    result = _called("blanch", *_pair(tmp_path, "keeping"), "--json", "--answer", "fever=yes")
    content = json.loads(result.stdout)
    assert content["verdict"] == "does_not_fade"
    assert content["advice"]["answers"]["blanch"] == "does_not_fade"
    assert content["advice"]["level"] == "emergency"


def test_pages_are_written_beside_the_answer_and_other_names_refused(tmp_path: Path) -> None:
    pair = _pair(tmp_path, "keeping")
    result = _called("blanch", *pair, "--page", tmp_path / "glass.html")
    assert result.exit_code == 0
    assert HEADER in result.stdout.replace("\n", " ")
    assert "Glass test: does not fade" in (tmp_path / "glass.html").read_text(encoding="utf-8")
    days = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")
    assert _called("series", *days, "--page", tmp_path / "course.html").exit_code == 0
    assert "Photo 1 to 2" in (tmp_path / "course.html").read_text(encoding="utf-8")
    for command, photos in (("blanch", pair), ("series", days)):
        refused = _called(command, *photos, "--page", tmp_path / "page.pdf")
        assert isinstance(refused.exception, SettingsError)
        assert "must end in .html" in str(refused.exception)


def test_spots_that_fade_count_only_when_the_person_agrees(tmp_path: Path) -> None:
    pair = _pair(tmp_path, "fading")
    alone, agreed = (json.loads(_called("blanch", *pair, "--json", *more).stdout) for more in ((), ("--agree",)))
    assert alone["verdict"] == agreed["verdict"] == "fades"
    assert alone["advice"]["answers"]["blanch"] == "unknown"
    assert agreed["advice"]["answers"]["blanch"] == "fades"


def test_age_and_cause_count_in_the_glass_test_too(tmp_path: Path) -> None:
    told = ("--age", 7, "--cause", "knock", "--site", "face")
    advice = json.loads(_called("blanch", *_pair(tmp_path, "keeping"), "--json", *told).stdout)["advice"]
    assert {"child": "yes", "explained": "yes", "blanch": "does_not_fade"}.items() <= advice["answers"].items()
    notes = " ".join(advice["circumstance_notes"])
    assert all(
        text in notes
        for text in ("age in years is 7", 'cause is "knock"', 'site is "face"', "whether the neck was squeezed")
    )


def test_agreeing_with_photos_that_do_not_tell_answers_nothing(tmp_path: Path) -> None:
    content = json.loads(_called("blanch", *_pair(tmp_path, "not pressed"), "--json", "--agree").stdout)
    assert content["verdict"] == "cannot_tell"
    assert content["advice"]["answers"]["blanch"] == "unknown"


def test_the_glass_test_is_told_in_words_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "seen.png"
    result = _called("blanch", *_pair(tmp_path, "keeping"), "--overlay", picture)
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert words.startswith(HEADER)
    assert "GLASS TEST: THE SPOTS DO NOT FADE" in words
    assert cv2.imread(str(picture)) is not None


def test_stretched_skin_is_told_in_words_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "seen.png"
    pair = _stretched_pair(tmp_path, "keeping")
    result = _called("blanch", *pair, "--stretched", "--overlay", picture, "--answer", "fever=yes")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "STRETCH TEST: THE SPOTS DO NOT FADE" in words
    assert "ADVICE: GET EMERGENCY HELP NOW" in words
    assert cv2.imread(str(picture)) is not None


def test_stretched_skin_without_the_option_is_no_glass_test(tmp_path: Path) -> None:
    content = json.loads(_called("blanch", *_stretched_pair(tmp_path, "keeping"), "--json").stdout)
    assert content["how"] == "pressed"
    assert content["verdict"] == "cannot_tell"


def test_dates_of_the_files_put_a_series_in_order(tmp_path: Path) -> None:
    earlier, later = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")
    content = json.loads(_called("series", later, earlier, "--json").stdout)
    assert [photo["name"] for photo in content["photos"]] == ["day0.jpg", "day1.jpg"]
    assert content["intervals"][0]["days"] == 3.0
    assert content["advice"]["answers"]["spreading"] == "yes"
    assert content["advice"]["answers"]["rapid_spread"] == "unknown"


def test_dates_given_count_more_than_those_of_the_files(tmp_path: Path) -> None:
    photos = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")
    dates = "2026-03-01T09:00,2026-03-01T11:00"
    content = json.loads(_called("series", *photos, "--dates", dates, "--json").stdout)
    assert content["intervals"][0]["days"] == pytest.approx(2.0 / 24.0)
    assert content["advice"]["answers"]["rapid_spread"] == "yes"


def test_a_series_is_told_in_words_drawn_and_charted(tmp_path: Path) -> None:
    photos = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")
    picture, chart, sheet = tmp_path / "seen.jpg", tmp_path / "course.svg", tmp_path / "sheet.html"
    result = _called("series", *photos, "--overlay", picture, "--chart", chart, "--sheet", sheet)
    assert result.exit_code == 0
    page = sheet.read_text(encoding="utf-8")
    assert "day0.jpg, 2026-03-01 09:00" in page
    assert "image/svg+xml" in page
    assert result.stdout.startswith(HEADER[:40])
    assert "From photo 1 to 2, 3 days:" in result.stdout
    assert cv2.imread(str(picture)) is not None
    assert chart.read_text(encoding="utf-8").startswith("<svg")


def test_photos_of_other_skin_say_that_nothing_was_compared(tmp_path: Path) -> None:
    first = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")[0]
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), other_skin().photo.rgb[..., ::-1])
    result = _called("series", first, other)
    assert result.exit_code == 0
    assert "From photo 1 to 2: not compared." in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--dates", "2026-03-01"), "one date per photo"),
        (("--dates", "yesterday,today"), "A date is given as"),
        (("--chart", "course.png"), "must end in .svg"),
        (("--overlay", "seen.gif"), "must end in .png, .jpg or .jpeg."),
    ],
)
def test_wrong_options_of_a_series_are_refused(tmp_path: Path, options: tuple[str, str], message: str) -> None:
    photos = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")
    result = _called("series", *photos, *options)
    assert isinstance(result.exception, SettingsError)
    assert message in str(result.exception)


def test_one_photo_is_no_series(tmp_path: Path) -> None:
    photos = _days(tmp_path, "2026:03:01 09:00:00", "2026:03:04 09:00:00")
    result = _called("series", photos[0])
    assert isinstance(result.exception, SettingsError)
