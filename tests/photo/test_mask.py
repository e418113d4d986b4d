"""A mask of places to leave out has the size of the upright source photo, and takes away whole working px."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.photo import PhotoReader, read_mask, read_photo

PHOTO = read_photo(np.full((40, 60, 3), 180, np.uint8))
PLACE = np.zeros((40, 60), np.uint8)
PLACE[10:20, 30:50] = 1


@pytest.mark.parametrize(
    "mask", [PLACE, PLACE > 0, 0.5 * PLACE, PLACE[..., None], np.stack([0 * PLACE, PLACE, 0 * PLACE], axis=2)]
)
def test_what_is_not_zero_is_left_out(mask: Any) -> None:
    found = read_mask(mask, PHOTO)
    assert found.dtype == np.bool_
    assert (found == (PLACE > 0)).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_any_kind_is_read(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "mask.png"
    grey = Image.fromarray(255 * PLACE)
    image = Image.fromarray(PLACE.astype(np.uint16)) if mode == "I;16" else grey.convert(mode)
    image.save(file)
    for source in (file, str(file), file.read_bytes()):
        assert (read_mask(source, PHOTO) == (PLACE > 0)).all()


def test_a_working_px_that_holds_any_of_it_is_left_out() -> None:
    photo = PhotoReader(working_long_side_px=256)(np.full((300, 512, 3), 180, np.uint8))
    mask = np.zeros((300, 512), np.bool_)
    mask[21, 41] = True
    found = read_mask(mask, photo)
    assert found.shape == (150, 256)
    assert np.argwhere(found).tolist() == [[10, 20]]


def test_a_mask_of_another_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mask is 40 x 60 px and the upright photo 60 x 40 px"):
        read_mask(PLACE.T, PHOTO)
    Image.new("1", (5000, 4000)).save(tmp_path / "m.png")
    content = (tmp_path / "m.png").read_bytes()
    (tmp_path / "m.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(SettingsError, match=r"m.png is 5000 x 4000 px"):
        read_mask(tmp_path / "m.png", PHOTO)


def test_what_is_no_mask_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere.png cannot be read"):
        read_mask(tmp_path / "nowhere.png", PHOTO)
    with pytest.raises(SettingsError, match="is not a photo"):
        read_mask(b"Dear doctor,", PHOTO)
    with pytest.raises(SettingsError, match="is JPEG"):
        read_mask(cv2.imencode(".jpg", PLACE)[1].tobytes(), PHOTO)
    noise = np.random.default_rng(0).integers(0, 255, PLACE.shape, np.uint8)
    half = cv2.imencode(".png", noise)[1].tobytes()[:700]
    with pytest.raises(SettingsError, match="is damaged"):
        read_mask(half, PHOTO)
    with pytest.raises(SettingsError, match="got int"):
        read_mask(3, PHOTO)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="has shape"):
        read_mask(PLACE.ravel(), PHOTO)


def test_a_photo_does_not_lose_its_mask_in_silence() -> None:
    array = np.ma.MaskedArray(np.full((40, 60), 180, np.uint8), PLACE > 0)
    with pytest.raises(UnreadablePhoto, match="give it to analyze"):
        read_photo(array)
