from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from lesionvis.annotations.files import read_annotations
from lesionvis.annotations.label_mask import REGIONS_MAX
from lesionvis.errors import SettingsError

LABELS = np.zeros((30, 40), np.uint16)
LABELS[3:6, 4:9], LABELS[10:20, 12:14], LABELS[25:28, 30:33] = 2, 300, 2


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", ">u2", "float32"])
def test_tiff_of_any_numbers_is_read_as_other_programs_write_it(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, (LABELS > 0).astype(dtype), byteorder=">" if ">" in dtype else "<")
    drawn = read_annotations(path).spots[""]
    assert drawn.size_px == (40, 30)
    assert len(drawn) == 3
    assert drawn.outlines_px[0].min(axis=0).tolist() == [3.5, 2.5]


def test_a_mask_without_labels_says_that_there_are_no_spots(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((30, 40), np.uint16))
    assert len(read_annotations(tmp_path / "a.png").spots[""]) == 0


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_mask_may_have_more_pixels_than_pillow_opens_by_itself(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(LABELS).save(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", LABELS.size // 3)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / name)
    assert len(read_annotations(tmp_path / name).spots[""]) == 3


def test_png_with_a_palette_holds_numbers(tmp_path: Path) -> None:
    image = Image.fromarray(LABELS.astype(np.uint8))
    image = image.convert("P")
    image.save(tmp_path / "a.png")
    assert len(read_annotations(tmp_path / "a.png").spots[""]) == 3


def test_the_file_tells_who_drew_it_and_when(tmp_path: Path) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Eva")
    told.add_text("Creation Time", "2026-03-01")
    Image.fromarray(LABELS.astype(np.uint8)).save(tmp_path / "a.png", pnginfo=told)
    drawn = read_annotations(tmp_path / "a.png").spots[""]
    assert (drawn.drawn_by, drawn.drawn_at) == ("Eva", "2026-03-01")


def _noise() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((9, 9, 3), np.uint8), "a.png has colours where a mask has one number per pixel"),
        (_noise(), f"a.png has more than {REGIONS_MAX} regions; give a label image, not a photo"),
    ],
)
def test_a_picture_is_no_mask(pixels: NDArray[np.uint8], message: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    with pytest.raises(SettingsError, match=message):
        read_annotations(tmp_path / "a.png")


def test_fractions_are_no_labels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((9, 9), 0.5, np.float32))
    with pytest.raises(SettingsError, match=r"a\.tif holds fractions"):
        read_annotations(tmp_path / "a.tif")


def test_a_damaged_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(SettingsError, match=r"a\.png cannot be read .*; save it as PNG or TIFF of 16 bits"):
        read_annotations(tmp_path / "a.png")
