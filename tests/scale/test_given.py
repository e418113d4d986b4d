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
    assert mm_across_scale(photo, 150.0).px_per_mm == pytest.approx(16 / 3)
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
    above = "states a pixel spacing that is not above 0 mm"
    assert scale.reason == f"a.dcm {above if spacing_mm else 'states no pixel spacing'}"


def test_an_enhanced_file_keeps_its_spacing_in_groups(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    measures, group = pydicom.Dataset(), pydicom.Dataset()
    measures.PixelSpacing = [0.125, 0.125]
    group.PixelMeasuresSequence = [measures]
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        write_dicom(tmp_path / "a.dcm", None, stated={groups: [group]})
        assert dicom_scale(tmp_path / "a.dcm").px_per_mm == 8.0
    write_dicom(tmp_path / "b.dcm", None, stated={"ImagerPixelSpacing": [0.125, 0.125]})
    assert dicom_scale(tmp_path / "b.dcm") == NoScale("b.dcm states no pixel spacing")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"0,12\\0,12 ", "states a pixel spacing that is no number"),
        (b"abcd\\0.12 ", "states a pixel spacing that is no number"),
        (b"0.1234567 ", "states a pixel spacing that is not two numbers"),
        (b"0.1\\.1\\0.1", "states a pixel spacing that is not two numbers"),
        (b"-0.1\\-0.1 ", "states a pixel spacing that is not above 0 mm"),
        (b"1e999\\0.1 ", "states a pixel spacing that is not above 0 mm"),
    ],
)
def test_a_malformed_spacing_is_one_sentence(
    tmp_path: Path, written: bytes, reason: str, recwarn: pytest.WarningsRecorder
) -> None:
    pytest.importorskip("pydicom")
    path = tmp_path / "a.dcm"
    write_dicom(path, [0.12, 0.12])
    stated = b"0.12\\0.12 "
    assert stated in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(stated, written.ljust(len(stated))))
    assert dicom_scale(path) == NoScale(f"a.dcm {reason}")
    assert not recwarn.list


def test_what_is_not_dicom_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    (tmp_path / "b.dcm").write_bytes(b"not DICOM")
    for name in ("b.dcm", "missing.dcm"):
        with pytest.raises(UnreadablePhoto, match=rf"{name} cannot be read as DICOM"):
            dicom_scale(tmp_path / name)
