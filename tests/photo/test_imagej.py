"""The scale that ImageJ writes into a TIFF file is read; resolutions of prints are not."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from drawn import drawn_skin
from PIL import Image

from lesionvis.photo import read_photo
from lesionvis.photo.dicom import PixelSpacing
from lesionvis.photo.imagej import imagej_spacing
from lesionvis.scale.base import NoScale, Scale
from lesionvis.scale.find import find_scale
from lesionvis.scale.given import spacing_scale

SKIN = drawn_skin(4)


def tiff(unit: str, x_px_per_unit: float, y_px_per_unit: float, program: str = "ImageJ=1.54f") -> bytes:
    stream = BytesIO()
    description = f"{program}\nimages=1\n{unit and f'unit={unit}'}\nloop=false\n"
    tags = {270: description, 282: x_px_per_unit, 283: y_px_per_unit, 296: 1}
    Image.fromarray(SKIN).save(stream, "TIFF", tiffinfo=tags)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("unit", "px_per_unit"), [("mm", 8.0), ("cm", 80.0), ("um", 0.008), (r"\u00B5m", 0.008), ("micron", 0.008)]
)
def test_the_scale_is_read_in_every_unit(unit: str, px_per_unit: float) -> None:
    found = find_scale(read_photo(tiff(unit, px_per_unit, px_per_unit)))
    assert isinstance(found, Scale)
    assert found.source == "imagej"
    assert found.px_per_mm == pytest.approx(8.0, rel=1e-6)


def test_the_user_comes_first_and_rows_are_told_from_columns() -> None:
    data = tiff("mm", 8.0, 8.0)
    assert find_scale(read_photo(data), px_per_mm=3.0).px_per_mm == 3.0
    assert read_photo(tiff("mm", 8.0, 4.0)).pixel_spacing == PixelSpacing(0.25, 0.125, stated_by="imagej")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            tiff("inch", 300.0, 300.0),
            "states a scale of ImageJ in 'inch', which is not mm, cm or um along both sides",
        ),
        (tiff("pixel", 8.0, 8.0), "states a scale of ImageJ in 'pixel', which is not mm, cm or um along both sides"),
        (
            tiff("mm\nyunit=cm", 8.0, 8.0),
            "states a scale of ImageJ in 'mm', which is not mm, cm or um along both sides",
        ),
        (tiff("mm", 8.0, 4.0), "states pixels that are not square, 0.25 x 0.125 mm"),
        (tiff("mm", 0.0, 0.0), "states a scale of ImageJ that is not above 0 px per unit"),
        (tiff("mm", 1.0, 1.0), "states pixels of 1 x 1 mm in ImageJ, as no photo of skin has"),
        (tiff("um", 100.0, 100.0), "states pixels of 1e-05 x 1e-05 mm in ImageJ, as no photo of skin has"),
        (tiff("cm", 300.0 / 2.54, 300.0 / 2.54), "states 300 dots per inch, which is for prints and no scale"),
    ],
)
def test_what_cannot_be_a_scale_is_one_sentence(data: bytes, reason: str) -> None:
    photo = read_photo(data)
    assert spacing_scale(photo.pixel_spacing, photo.name) == NoScale(f"bytes {reason}")
    found = find_scale(photo)
    assert isinstance(found, NoScale)
    assert found.reason.startswith(f"bytes {reason}; no card found")


@pytest.mark.parametrize("tags", [{}, {282: 8.0}, {282: 8.0, 283: "none"}, {282: 8.0, 283: float("nan")}])
def test_damaged_tags_are_one_sentence(tags: dict[int, Any]) -> None:
    spacing = imagej_spacing({270: "ImageJ=1.54f\nunit=mm\n", **tags})
    assert spacing is not None
    assert spacing.problem.startswith("states a ")


def test_a_resolution_without_a_unit_of_imagej_is_no_scale() -> None:
    assert read_photo(tiff("", 8.0, 8.0)).pixel_spacing is None
    assert read_photo(tiff("mm", 8.0, 8.0, program="Software=other")).pixel_spacing is None
    for kind in ("JPEG", "PNG", "TIFF"):
        stream = BytesIO()
        Image.fromarray(SKIN).save(stream, kind, dpi=(300, 300))
        assert read_photo(stream.getvalue()).pixel_spacing is None
