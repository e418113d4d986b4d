"""The wheel: what it holds, and that it works where the checkout is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from email.parser import Parser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import typer
import yaml

from lesionvis import __version__
from lesionvis.cli.main import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def _run(*command: str | Path, cwd: Path) -> str:
    """Output of a command that must succeed."""
    result = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    _run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, project, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; its dependencies are those of the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    purelib = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # Packages of a .pth line are seen after the environment's own, and the line's own .pth files, such as those of an
    # editable checkout, are not read.
    (purelib / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", python)
    _run(*pip, "install", "--no-deps", "--no-index", "--force-reinstall", wheel, cwd=folder)
    return folder / "env" / "bin"


def test_the_tests_of_the_source_archive_can_be_collected(project: Path, tmp_path: Path) -> None:
    build = f"import os; os.chdir({str(project)!r}); from hatchling.build import build_sdist; "
    name = _run(sys.executable, "-c", f"{build} print(build_sdist({str(tmp_path)!r}))", cwd=tmp_path).strip()
    shutil.unpack_archive(tmp_path / name, tmp_path)
    source = tmp_path / name.removesuffix(".tar.gz")
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(source)}
    collected = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    assert collected.returncode == 0, collected.stdout[-2000:]


def test_the_wheel_is_for_every_machine(wheel: Path) -> None:
    assert wheel.name == f"lesionvis-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < 12_000_000


def test_the_wheel_holds_code_models_and_tables_and_nothing_else(wheel: Path, project: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    package = {
        path.relative_to(project).as_posix()
        for path in (project / "lesionvis").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    models = {
        f"lesionvis/{path.relative_to(project).as_posix()}"
        for path in (project / "models").rglob("*")
        if path.suffix == ".onnx" or path.name in ("card.json", "MODEL_CARD.md")
    }
    assert {"lesionvis/triage/triage_rules.csv", "lesionvis/triage/answers.csv", "lesionvis/py.typed"} <= package
    names_of_models = ("pattern-v2", "bare-v1", "likeness-v1", "regions-v1", "spots-v2")
    assert {f"lesionvis/models/{name}/card.json" for name in names_of_models} <= models
    assert {name for name in names if ".dist-info/" not in name} == package | models
    assert not any(name.endswith((".jpg", ".png")) for name in names)


def test_the_metadata_names_licence_program_and_python(wheel: Path) -> None:
    archive = ZipFile(wheel)
    info = f"lesionvis-{__version__}.dist-info"
    metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert f"{info}/licenses/LICENSE" in archive.namelist()
    entry_points = archive.read(f"{info}/entry_points.txt").decode()
    assert "lesionvis = lesionvis.__main__:main" in entry_points
    assert "[napari.manifest]\nlesionvis = lesionvis:napari.yaml" in entry_points
    required = {
        line.split(";")[0].split(">")[0] for line in metadata.get_all("Requires-Dist", []) if "extra" not in line
    }
    assert not required & {"scikit-learn", "scikit-image", "scipy", "matplotlib", "opencv-python"}


def test_the_installed_program_analyses_a_photo_from_another_folder(
    installed: Path, project: Path, tmp_path: Path
) -> None:
    shutil.copy(project / "sample_images" / "naevus-ruler.jpg", tmp_path / "mole.jpg")
    home = _run(installed / "python", "-c", "import lesionvis; print(lesionvis.__file__)", cwd=tmp_path)
    assert Path(home.strip()).is_relative_to(installed.parent)
    analysis = json.loads(_run(installed / "lesionvis", "analyze", "mole.jpg", "--json", cwd=tmp_path))
    assert analysis["photo"]["name"] == "mole.jpg"
    assert analysis["pattern"]["label"] == "single_lesion"
    assert analysis["pattern"]["model"] == "pattern-v2"
    assert analysis["scale"]["px_per_mm"] == pytest.approx(16.0, rel=0.01)


def test_the_installed_library_answers_as_the_checkout_does(installed: Path, project: Path, tmp_path: Path) -> None:
    photo = project / "sample_images" / "angioma.jpg"
    code = f"import lesionvis; print(lesionvis.analyze({str(photo)!r}).to_json())"
    ours = _run(sys.executable, "-c", code, cwd=tmp_path)
    assert json.loads(_run(installed / "python", "-c", code, cwd=tmp_path)) == json.loads(ours)


def test_the_version_is_written_once(project: Path) -> None:
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in text
    assert "\nversion = " not in text


def test_every_file_for_a_release_names_the_version(project: Path) -> None:
    zenodo = json.loads((project / ".zenodo.json").read_text(encoding="utf-8"))
    assert zenodo["version"] == __version__
    assert f"\nversion: {__version__}\n" in (project / "CITATION.cff").read_text(encoding="utf-8")
    assert _recipe(project)["context"]["version"] == __version__


def test_zenodo_is_told_what_the_citation_says(project: Path) -> None:
    zenodo = json.loads((project / ".zenodo.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    assert [one["name"] for one in zenodo["creators"]] == [one["name"] for one in citation["authors"]]
    assert (zenodo["license"], zenodo["keywords"]) == (citation["license"], citation["keywords"])
    assert (zenodo["upload_type"], zenodo["access_right"]) == (citation["type"], "open")


def _recipe(project: Path) -> dict[str, Any]:
    recipe: dict[str, Any] = yaml.safe_load((project / "deploy" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    return recipe


def test_the_conda_recipe_needs_what_the_wheel_needs(project: Path) -> None:
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {f"python {about['project']['requires-python']}"}
    for line in (*about["project"]["dependencies"], *about["build-system"]["requires"]):
        name, bounds = re.fullmatch(r"([\w-]+)(.*)", line).groups()  # type: ignore[union-attr]
        # conda's OpenCV has windows or not by its variant.
        needed.add(f"{'py-opencv' if name == 'opencv-python-headless' else name} {bounds}")
    requirements = _recipe(project)["requirements"]
    assert {*requirements["run"], *requirements["host"]} - {"pip"} == needed
    (entry,) = _recipe(project)["build"]["python"]["entry_points"]
    assert dict([entry.split(" = ")]) == about["project"]["scripts"]


def test_the_container_is_made_of_the_wheel_alone_and_starts_the_review_page(wheel: Path, project: Path) -> None:
    docker = (project / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    (copied,) = re.findall(r"(?m)^COPY (\S+) ", docker)
    assert fnmatch(wheel.name, copied)
    extras = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"whl\)\[(\w+)\]", docker)) <= set(extras)
    assert re.findall(r"(?m)^ENTRYPOINT (.*)", docker) == ['["lesionvis"]']
    compose = yaml.safe_load((project / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    (service,) = compose["services"].values()
    command, run, *options = service["command"]
    known = {name for parameter in COMMANDS[command].params for name in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known
    # The run lies inside where it lies outside, and so do its photos, which cannot be written.
    photos_volume, run_volume = service["volumes"]
    assert run_volume == "${RUN}:${RUN}"
    assert run.startswith("${RUN:?")
    assert re.fullmatch(r"\$\{PHOTOS:\?[\w ]+\}:\$\{PHOTOS\}:ro", photos_volume)
    assert service["network_mode"] == "host"


@pytest.fixture(scope="module")
def unpacked(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built without the network and unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=project)
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder, filter="data")
    return folder / f"lesionvis-{__version__}"


def test_the_sdist_holds_all_that_its_tests_read(unpacked: Path, project: Path) -> None:
    for name in (
        "benchmarks",
        "deploy",
        "docs",
        "lesionvis",
        "models",
        "notebooks",
        "sample_images",
        "sample_pairs",
        "tests",
    ):
        there, here = (
            {
                path.relative_to(root).as_posix()
                for path in (root / name).rglob("*")
                if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
            }
            for root in (unpacked, project)
        )
        assert there == here, name
    assert (unpacked / ".ci" / "run").stat().st_mode & 0o100


def test_the_sdist_s_tests_run_in_it(unpacked: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    for arguments in (
        ["--collect-only"],
        ["tests/test_architecture.py", "tests/test_ci_run.py", "tests/test_flags.py"],
    ):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        result = subprocess.run(command, cwd=unpacked, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout
        assert not re.search(r"\berrors?\b", result.stdout.splitlines()[-1])
