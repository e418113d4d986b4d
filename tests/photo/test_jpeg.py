"""Damage inside a JPEG is heard, pictures that follow it are no end of it, and odd kinds are named."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from drawn import drawn_skin
from numpy.typing import NDArray
from PIL import Image

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import PhotoReader, read_photo
from lesionvis.photo.jpeg import check_jpeg_kind, jpeg_pixels

SKIN = drawn_skin(3, height=240, width=320)
DAMAGED = r"\Abytes is damaged or cut short and cannot be decoded; .*\.\Z"
END = b"\xff\xd9"


def encoded(pixels: NDArray[np.uint8] = SKIN, mode: str = "RGB", **options: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, "JPEG", **{"quality": 90, **options})
    return stream.getvalue()


def with_restart_markers() -> bytes:
    data = cv2.imencode(".jpg", SKIN[..., ::-1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])[1].tobytes()
    assert data.count(b"\xff\xd3") > 5
    return data


def motion_photo(jpeg: bytes) -> bytes:
    return jpeg + b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + np.random.default_rng(1).bytes(3000) + END


def with_second_picture(jpeg: bytes) -> bytes:
    return jpeg + encoded(SKIN[:80, :80])


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"mode": "L"}, {"mode": "CMYK"}])
@pytest.mark.parametrize("content", ["zeros", "noise", "nothing"])
@pytest.mark.parametrize("place", [0.4, 0.6, 0.8])
def test_a_sector_that_is_lost_is_damage(options: dict[str, Any], content: str, place: float) -> None:
    data = encoded(**options)
    read_photo(data)
    at = int(len(data) * place)
    lost = {"zeros": bytes(512), "noise": np.random.default_rng(2).bytes(512), "nothing": b""}[content]
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(data[:at] + lost + data[at + 512 :])


@pytest.mark.parametrize("followed", [motion_photo, with_second_picture])
def test_what_follows_a_picture_is_no_end_of_it(followed: Any) -> None:
    data = encoded()
    assert (read_photo(followed(data)).rgb == read_photo(data).rgb).all()
    for cut in (len(data) // 2, len(data) * 3 // 4, len(data) - 2):
        with pytest.raises(UnreadablePhoto, match=DAMAGED):
            read_photo(followed(data[:cut]))
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(data[: len(data) // 2] + END)


def test_restart_markers_that_are_missing_are_damage() -> None:
    data = with_restart_markers()
    assert read_photo(data).rgb.shape == SKIN.shape
    first = data.index(b"\xff\xd3")
    second = data.index(b"\xff\xd3", first + 1)
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(data[:first] + data[second + 2 :])


def test_a_sector_lost_from_a_reduced_photo_is_heard_too() -> None:
    data = encoded(np.tile(SKIN, (3, 3, 1)))
    reader = PhotoReader(working_long_side_px=256)
    assert reader(data).px_per_source_px < 0.3
    at = len(data) // 2
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        reader(data[:at] + bytes(512) + data[at + 512 :])


def test_a_warning_that_no_pixel_depends_on_is_no_damage() -> None:
    data = encoded()
    at = data.index(b"\xff\xda")
    odd = data[: at + 11] + b"\0" + data[at + 12 :]  # a baseline scan that states no end of its spectrum
    assert (read_photo(odd).rgb == read_photo(data).rgb).all()


@pytest.mark.parametrize("reduced_by", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [(333, 201), (64, 33)])
def test_reduction_in_the_decoder_rounds_sizes_up(reduced_by: int, size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.full((height, width, 3), (200, 150, 120), np.uint8)
    reduced = jpeg_pixels("leg", encoded(pixels), "RGB", size, reduced_by)
    assert reduced.shape == (-(-height // reduced_by), -(-width // reduced_by), 3)
    assert np.abs(reduced.astype(int) - (200, 150, 120)).max() <= 2


def with_frame(data: bytes, at: int, value: bytes) -> bytes:
    place = data.index(b"\xff\xc0") + at
    return data[:place] + value + data[place + len(value) :]


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (4, b"\x0c", "12 bits per colour"),
        (5, b"\0\0", "its height stands behind the picture"),
        (9, b"\2", "2 colours"),
        (1, b"\xc3", "lossless"),
        (1, b"\xc5", "hierarchical"),
        (1, b"\xc9", "arithmetic coding"),
    ],
)
def test_kinds_that_are_not_decoded_are_named_and_not_called_damaged(at: int, value: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(with_frame(encoded(), at, value))
    assert str(caught.value) == (
        f"bytes is a kind of JPEG that is not supported ({reason}); export it as ordinary JPEG."
    )


def test_colours_at_an_odd_resolution_are_named() -> None:
    data = encoded(subsampling=0)
    with pytest.raises(UnreadablePhoto, match=r"not supported \(an unusual resolution of colours\)"):
        read_photo(with_frame(data, 11, b"\x33"))


def test_a_damaged_header_is_left_to_the_decoder() -> None:
    for data in (b"\xff\xd8", b"\xff\xd8\xff", encoded()[:30], b"\xff\xd8\xff\xff\xd9" + bytes(20)):
        check_jpeg_kind("leg", data)


def test_inks_are_inverted_only_where_adobe_wrote_them() -> None:
    red = np.full((48, 64, 3), (200, 60, 50), np.uint8)
    inks = Image.fromarray(red).convert("CMYK")
    stream = BytesIO()
    inks.save(stream, "JPEG", quality=100)  # inverted, with Adobe's marker
    assert np.abs(read_photo(stream.getvalue()).rgb.astype(int) - red).max() <= 3
    inverted = Image.frombytes("CMYK", inks.size, bytes(255 - np.asarray(inks)))
    stream = BytesIO()
    inverted.save(stream, "JPEG", quality=100)
    data = stream.getvalue()
    marker = data.index(b"\xff\xee")
    length = 2 + int.from_bytes(data[marker + 2 : marker + 4], "big")
    assert b"Adobe" in data[marker : marker + length]
    without_marker = data[:marker] + data[marker + length :]
    assert np.abs(read_photo(without_marker).rgb.astype(int) - red).max() <= 3
