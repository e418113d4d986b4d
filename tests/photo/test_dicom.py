"""A DICOM photo is read with its colours, its date and the spacing of its pixels, or refused in one sentence."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicoms import write_dicom
from drawn import drawn_skin
from PIL import Image

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import PhotoReader, read_photo
from lesionvis.photo.color_space import ADOBE_RGB
from lesionvis.photo.dicom import PixelSpacing, dicom_header, pixel_spacing

pytest.importorskip("pydicom")

SKIN = drawn_skin(4)


def jpeg(**options: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(SKIN).save(stream, "JPEG", quality=95, **options)
    return stream.getvalue()


def test_pixels_and_spacing_are_read(tmp_path: Path) -> None:
    write_dicom(tmp_path / "leg.dcm", [0.125, 0.25], SKIN)
    photo = read_photo(tmp_path / "leg.dcm")
    assert (photo.rgb == read_photo(SKIN).rgb).all()
    assert photo.pixel_spacing == PixelSpacing(0.125, 0.25)
    assert (photo.name, photo.taken_at) == ("leg.dcm", None)
    assert read_photo(SKIN).pixel_spacing is None


def test_a_jpeg_inside_is_read_as_if_it_were_outside(tmp_path: Path) -> None:
    write_dicom(tmp_path / "leg.dcm", [0.1, 0.1], SKIN, jpeg=jpeg())
    photo = PhotoReader()(tmp_path / "leg.dcm")
    assert (photo.rgb == read_photo(jpeg()).rgb).all()
    assert photo.pixel_spacing == PixelSpacing(0.1, 0.1)
    cut = jpeg()[:-600] + b"\xff\xd9"
    write_dicom(tmp_path / "cut.dcm", [0.1, 0.1], SKIN, jpeg=cut)
    with pytest.raises(UnreadablePhoto, match=r"cut\.dcm is damaged or cut short"):
        read_photo(tmp_path / "cut.dcm")


def test_grey_is_read(tmp_path: Path) -> None:
    grey = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelData": SKIN[..., 1].tobytes()}
    write_dicom(tmp_path / "leg.dcm", None, SKIN, stated=grey)
    photo = read_photo(tmp_path / "leg.dcm")
    assert (photo.rgb == read_photo(SKIN[..., 1]).rgb).all()
    assert photo.pixel_spacing is None


@pytest.mark.parametrize("stated", [{"ICCProfile": ADOBE_RGB.icc_profile()}, {"ColorSpace": "ADOBERGB"}])
def test_stated_colours_are_converted(tmp_path: Path, stated: dict[str, Any]) -> None:
    write_dicom(tmp_path / "leg.dcm", None, SKIN, stated=stated)
    stream = BytesIO()
    Image.fromarray(SKIN).save(stream, "PNG", icc_profile=ADOBE_RGB.icc_profile())
    assert (read_photo(tmp_path / "leg.dcm").rgb == read_photo(stream.getvalue()).rgb).all()


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"AcquisitionDateTime": "20250309174501.250000-0500"}, (datetime(2025, 3, 9, 17, 45, 1), -5)),
        ({"AcquisitionDateTime": "20250309174501"}, (datetime(2025, 3, 9, 17, 45, 1), None)),
        (
            {"AcquisitionDate": "20250309", "AcquisitionTime": "174501", "TimezoneOffsetFromUTC": "+0100"},
            (datetime(2025, 3, 9, 17, 45, 1), 1),
        ),
        ({"AcquisitionDate": "19700101", "AcquisitionTime": "000000"}, None),
        ({"StudyDate": "20250309", "ContentDate": "20250310"}, None),
    ],
)
def test_the_date_is_that_of_acquisition(
    tmp_path: Path, stated: dict[str, str], expected: tuple[datetime, int | None] | None
) -> None:
    write_dicom(tmp_path / "leg.dcm", None, SKIN, stated=stated)
    photo = read_photo(tmp_path / "leg.dcm")
    if expected is None:
        assert photo.taken_at is None
    else:
        date, hours = expected
        zone = None if hours is None else timezone(timedelta(hours=hours))
        assert (photo.taken_at, photo.taken_at_source) == (date.replace(tzinfo=zone), "camera")


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"BitsStored": 12, "BitsAllocated": 16}, r"with pixels that no camera writes \(12 bits, RGB\)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, r"no camera writes \(8 bits, PALETTE COLOR\)"),
        ({"NumberOfFrames": 2}, "has several pictures"),
        ({"Rows": 12_000, "Columns": 12_000}, "is too large for DICOM, 144 megapixels where 80"),
        ({"PixelData": bytes(100)}, "is a DICOM file that is damaged"),
        ({"ColorSpace": "ROMMRGB"}, r"has colours \(ROMMRGB\) that are not converted"),
        ({"PhotometricInterpretation": None}, "no camera writes"),
    ],
)
def test_what_is_no_photo_is_refused_in_one_sentence(tmp_path: Path, stated: dict[str, Any], reason: str) -> None:
    write_dicom(tmp_path / "leg.dcm", None, SKIN, stated=stated)
    with pytest.raises(UnreadablePhoto, match=rf"\Aleg\.dcm .*{reason}.*\.\Z"):
        read_photo(tmp_path / "leg.dcm")


def test_a_file_without_a_picture_is_refused(tmp_path: Path) -> None:
    write_dicom(tmp_path / "leg.dcm", [0.1, 0.1])
    with pytest.raises(UnreadablePhoto, match=r"leg\.dcm is a DICOM file without a picture; give the one"):
        read_photo(tmp_path / "leg.dcm")
    assert pixel_spacing(dicom_header(tmp_path / "leg.dcm", "leg")) == PixelSpacing(0.1, 0.1)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    write_dicom(tmp_path / "leg.dcm", [0.1, 0.1], SKIN)
    data = (tmp_path / "leg.dcm").read_bytes()
    for length in (132, 140, 400, len(data) // 2, len(data) - 100):
        (tmp_path / "cut.dcm").write_bytes(data[:length])
        with pytest.raises(UnreadablePhoto, match=r"\Acut\.dcm [^\n]*\.\Z"):
            read_photo(tmp_path / "cut.dcm")


def test_without_pydicom_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dicom(tmp_path / "leg.dcm", [0.1, 0.1], SKIN)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(UnreadablePhoto, match=r'leg\.dcm is a DICOM file, .* pip install "lesionvis\[dicom\]"\.'):
        read_photo(tmp_path / "leg.dcm")


def test_a_dicom_may_begin_with_anything(tmp_path: Path) -> None:
    write_dicom(tmp_path / "leg.dcm", [0.1, 0.1], SKIN)
    data = (tmp_path / "leg.dcm").read_bytes()
    assert (read_photo(np.random.default_rng(1).bytes(128) + data[128:]).rgb == read_photo(SKIN).rgb).all()
