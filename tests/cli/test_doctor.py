"""The doctor names what is wrong with an installation."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pi_heif
import pytest

from lesionvis.cli import doctor
from lesionvis.cli.doctor import examine


def found() -> dict[str, doctor.Check]:
    return {check.name: check for check in examine()}


def test_two_opencv_wheels_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "4.11" if name == "opencv-python" else version(name)
    )
    check = found()["opencv"]
    assert not check.is_fine
    assert "opencv-python 4.11, opencv-python-headless" in check.text
    assert "uninstall all" in check.text


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_SHOWN_PACKAGES", ("numpy", "no-such-package"))
    checks = found()
    assert checks["numpy"].is_fine
    assert not checks["no-such-package"].is_fine


def test_every_model_of_the_package_is_checked(project: Path) -> None:
    text = found()["models"].text
    assert [folder.name for folder in (project / "models").iterdir() if folder.name not in text] == []


def test_one_bad_finding_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise OSError("card.json is gone")

    monkeypatch.setattr(doctor, "_models", broken)
    checks = found()
    assert (checks["models"].is_fine, checks["models"].text) == (False, "OSError: card.json is gone")
    assert checks["self-test"].is_fine


def test_extras_are_told_and_never_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_EXTRAS", {"there": ("numpy",), "elsewhere": ("numpy", "no-such-package")})
    check = found()["extras"]
    assert (check.is_fine, check.text) == (True, "there installed, elsewhere not installed")


def test_every_extra_of_a_user_is_known_to_the_doctor_and_to_the_first_page(project: Path) -> None:
    declared = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = declared["optional-dependencies"].items()
    for_users = {name: packages for name, packages in extras if name not in ("notebooks", "docs", "dev")}
    names = {name: {re.split("[<>=]", package)[0] for package in packages} for name, packages in for_users.items()}
    assert {name: set(packages) for name, packages in doctor._EXTRAS.items()} == names
    page = (project / "docs" / "getting-started.md").read_text(encoding="utf-8")
    assert [name for name in for_users if f"`.[{name}]`" not in page] == []


def test_a_missing_heic_decoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found()["formats"].is_fine
    monkeypatch.setattr(pi_heif, "libheif_info", lambda: {"decoders": {"dav1d": "dav1d AV1 decoder"}})
    check = found()["formats"]
    assert not check.is_fine
    assert "HEIC cannot be read" in check.text


@pytest.mark.parametrize(("name", "value"), [("_TEST_DIAMETER_TOLERANCE", 0.0), ("_SPOT_RGB", doctor._SKIN_RGB)])
def test_the_self_test_can_fail(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    monkeypatch.setattr(doctor, name, value)
    assert not found()["self-test"].is_fine
