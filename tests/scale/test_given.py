"""Scales that a person or a DICOM file states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicoms import write_dicom

from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.photo import PhotoReader
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.given import dicom_scale, mm_across_scale


def test_the_width_of_the_frame_counts_source_pixels() -> None:
    photo = PhotoReader(working_long_side_px=400)(np.zeros((600, 800, 3), np.uint8))
    assert mm_across_scale(photo, 80.0).px_per_mm == 10.0
    with pytest.raises(SettingsError, match="mm_across must be a finite number above 0"):
        mm_across_scale(photo, 0.0)


def _dicom(folder: Path, *spacing_mm: float) -> Scale | NoScale:
    pytest.importorskip("pydicom")
    write_dicom(folder / "a.dcm", list(spacing_mm) or None)
    return dicom_scale(folder / "a.dcm")


def test_dicom_spacing_is_read(tmp_path: Path) -> None:
    scale = _dicom(tmp_path, 0.125, 0.125)
    assert isinstance(scale, Scale)
    assert (scale.px_per_mm, scale.source) == (8.0, "dicom")
    assert np.isnan(scale.standard_error_px_per_mm)


@pytest.mark.parametrize("spacing_mm", [(0.2, 0.2018), (0.2018, 0.2)])
def test_pixels_that_are_square_up_to_a_hundredth_have_their_mean_scale(
    tmp_path: Path, spacing_mm: tuple[float, float]
) -> None:
    scale = _dicom(tmp_path, *spacing_mm)
    assert isinstance(scale, Scale)
    assert scale.px_per_mm == pytest.approx(1.0 / 0.2009)


@pytest.mark.parametrize("spacing_mm", [(0.2, 0.2025), (0.2025, 0.2), (0.1, 0.2)])
def test_pixels_that_are_not_square_give_no_scale(tmp_path: Path, spacing_mm: tuple[float, float]) -> None:
    scale = _dicom(tmp_path, *spacing_mm)
    assert isinstance(scale, NoScale)
    assert f"not square, {spacing_mm[0]:g} x {spacing_mm[1]:g} mm" in scale.reason


@pytest.mark.parametrize("spacing_mm", [(), (0.0, 0.0), (-0.1, -0.1)])
def test_without_a_spacing_above_nothing_there_is_no_scale(tmp_path: Path, spacing_mm: tuple[float, ...]) -> None:
    scale = _dicom(tmp_path, *spacing_mm)
    assert isinstance(scale, NoScale)
    assert scale.reason == "a.dcm states no pixel spacing"


def test_what_is_not_dicom_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    (tmp_path / "b.dcm").write_bytes(b"not DICOM")
    for name in ("b.dcm", "missing.dcm"):
        with pytest.raises(UnreadablePhoto, match=rf"{name} cannot be read as DICOM"):
            dicom_scale(tmp_path / name)
