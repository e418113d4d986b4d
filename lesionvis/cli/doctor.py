"""Checks that an installation works: versions, OpenCV wheels, models, formats and a self-test."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis import __version__

_SHOWN_PACKAGES = ("numpy", "onnxruntime", "pillow", "pi-heif", "simplejpeg", "pandas", "joblib", "typer", "rich")
_OPENCV_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
# What only some uses need: extra -> its packages.
_EXTRAS = {
    "dicom": ("pydicom",),
    "cluster": ("dask", "distributed"),
    "parquet": ("pyarrow",),
    "excel": ("openpyxl",),
    "review": ("starlette", "uvicorn"),
    "annotations": ("roifile",),
    "figures": ("matplotlib",),
    "napari": ("napari",),
    "lab": ("scikit-image", "scikit-learn", "scipy", "skl2onnx", "onnx"),
}
# The self-test's photo: light skin with round red spots, and what must be found again.
_SKIN_RGB, _SPOT_RGB = (214, 172, 148), (168, 84, 84)
_TEST_PX_PER_MM = 10.0
_TEST_DIAMETER_MM = 2.0
_TEST_GRID = 4
_TEST_DIAMETER_TOLERANCE = 0.15


@dataclass(frozen=True, slots=True)
class Check:
    """One finding about the installation.

    Attributes
    ----------
    name : str
    is_fine : bool
    text : str
        What was found, and what to do when it is not fine.
    """

    name: str
    is_fine: bool
    text: str


def examine() -> Iterator[Check]:
    """Run all checks, in order.

    Yields
    ------
    Check
        One finding after the other.
    """
    yield Check("lesionvis", True, f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    yield _opencv()
    for package in _SHOWN_PACKAGES:
        yield _installed(package)
    yield Check("extras", True, ", ".join(f"{name} {_extra(packages)}" for name, packages in _EXTRAS.items()))
    for name, check in (("models", _models), ("formats", _formats), ("self-test", _self_test)):
        yield _tried(name, check)


def _installed(package: str) -> Check:
    try:
        return Check(package, True, importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return Check(package, False, "not installed; install lesionvis again")


def _extra(packages: tuple[str, ...]) -> str:
    """State of the packages that an extra needs; none of them is needed to analyse photos."""
    return "installed" if all(_installed(package).is_fine for package in packages) else "not installed"


def _opencv() -> Check:
    """OpenCV's wheels all hold the same module: of two, one is broken, and pip does not notice."""
    found = {}
    for wheel in _OPENCV_WHEELS:
        try:
            found[wheel] = importlib.metadata.version(wheel)
        except importlib.metadata.PackageNotFoundError:
            continue
    text = ", ".join(f"{wheel} {version}" for wheel, version in found.items()) or "no wheel known to pip"
    if len(found) < 2:
        return _tried("opencv", lambda: f"{text}, module {_opencv_version()}")
    return Check("opencv", False, f"{text} share one module; uninstall all, then install opencv-python-headless")


def _opencv_version() -> str:
    import cv2

    return str(cv2.__version__)


def _tried(name: str, check: Callable[[], str]) -> Check:
    """Result of a check that raises when something is wrong."""
    try:
        return Check(name, True, check())
    except Exception as error:  # whatever is wrong with an installation, the other checks go on
        return Check(name, False, f"{type(error).__name__}: {error}")


def _models() -> str:
    from lesionvis.pattern import load_pattern_model
    from lesionvis.pattern.bare import load_bare_model
    from lesionvis.pattern.likeness import load_likeness_model
    from lesionvis.spots.classifier import MODEL_NAME, REGION_MODEL_NAME, packaged_classifier

    packaged_classifier()
    names = (load_pattern_model().name, load_bare_model().name, load_likeness_model().name, MODEL_NAME)
    return f"{', '.join(names)} and {REGION_MODEL_NAME} match their cards"


def _formats() -> str:
    import pi_heif
    from PIL import features

    if not features.check("avif"):
        raise RuntimeError("Pillow reads no AVIF here; install a Pillow wheel of version 11.3 or later")
    decoders = pi_heif.libheif_info()["decoders"]
    if not any("HEVC" in decoder for decoder in decoders.values()):
        raise RuntimeError("pi-heif holds no decoder of HEVC here, so HEIC cannot be read; install pi-heif again")
    return f"HEIC by libheif {pi_heif.libheif_version()}, AVIF by Pillow"


def _self_test() -> str:
    """Analyse a small generated photo and compare with what was put in."""
    from lesionvis.analysis import Analyzer

    spots = Analyzer(px_per_mm=_TEST_PX_PER_MM)(_test_photo()).table
    wanted = _TEST_GRID**2
    found = f"{len(spots)} of {wanted} spots"
    if len(spots) != wanted:
        raise RuntimeError(f"{found} found in the test photo; install lesionvis again")
    diameter_mm = float(np.median(spots.numbers("diameter_mm")))
    if abs(diameter_mm / _TEST_DIAMETER_MM - 1.0) > _TEST_DIAMETER_TOLERANCE:
        raise RuntimeError(f"spots of {_TEST_DIAMETER_MM} mm measured as {diameter_mm:.2f} mm")
    return f"{found} found, {_TEST_DIAMETER_MM} mm measured as {diameter_mm:.2f} mm"


def _test_photo() -> NDArray[np.uint8]:
    import cv2

    side, step = 480, 100
    photo = np.full((side, side, 3), _SKIN_RGB, np.uint8)
    noise = np.random.default_rng(1).normal(0.0, 2.0, photo.shape)
    radius = round(_TEST_DIAMETER_MM * _TEST_PX_PER_MM / 2)
    for row in range(_TEST_GRID):
        for column in range(_TEST_GRID):
            cv2.circle(photo, (90 + step * column, 90 + step * row), radius, _SPOT_RGB, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(photo, (0, 0), 1.0)
    return np.clip(soft + noise, 0, 255).astype(np.uint8)
