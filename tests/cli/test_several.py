"""Several photos on one command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from drawn import write_photo
from typer.testing import CliRunner, Result

from lesionvis.analysis import analyze
from lesionvis.cli.main import app
from lesionvis.cli.several import refuse_for_several, sources_of
from lesionvis.errors import SettingsError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(("a.png", "b.png")):
        write_photo(folder / name, seed)
    (folder / "broken.jpg").write_bytes(b"Dear doctor,")
    return folder


def called(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_several_photos_give_a_line_of_json_each(folder: Path) -> None:
    result = called("analyze", folder / "*.png", folder / "broken.jpg", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    names = [str(folder / name) for name in ("a.png", "b.png", "broken.jpg")]
    assert [line["photo"]["name"] for line in lines] == names
    expected = analyze(folder / "a.png").to_dict()
    expected["photo"]["name"] = names[0]
    assert lines[0] == expected
    assert lines[2]["problem"].startswith("broken.jpg is not a photo")
    assert result.exit_code == 1


def test_brief_is_one_line(folder: Path) -> None:
    result = called("analyze", folder / "a.png", "--brief")
    (line,) = result.stdout.splitlines()
    found = analyze(folder / "a.png")
    assert line.startswith(f"{folder / 'a.png'}: {found.pattern.label}, ")
    assert f"advice {found.advice.level}" in line
    assert result.exit_code == 0


def test_one_line_has_no_picture_beside_it(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--overlay does not go with --brief"):
        called("analyze", folder / "a.png", "--brief", "--overlay", tmp_path / "o.png")


def test_a_photo_may_come_by_standard_input(folder: Path) -> None:
    command = [sys.executable, "-c", "from lesionvis.cli.main import main; main()", "analyze", "-", "--json"]
    result = subprocess.run(command, input=(folder / "a.png").read_bytes(), capture_output=True, check=True)
    assert json.loads(result.stdout)["spots"] == analyze(folder / "a.png").to_dict()["spots"]


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a[1].png", 1)
    assert sources_of([str(path)]) == [path]


@pytest.mark.parametrize(
    ("arguments", "message"), [(("-", "-"), "give - once"), (("nothing*.jpg",), r"No file fits the pattern nothing\*")]
)
def test_what_is_no_photo_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        sources_of(arguments)


def test_options_for_one_photo_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--overlay is for one photo"):
        called("analyze", folder / "*.png", "--overlay", tmp_path / "o.png")
    refuse_for_several({"--ask": False, "--sheet": None}, is_one=False)
