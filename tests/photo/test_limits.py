"""Files that would end the process, fill the memory or take minutes are refused before they are decoded."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from containers import HEIC_TILE_PX, heic_grid, tiff
from drawn import drawn_skin
from PIL import Image

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import read_photo
from lesionvis.photo.limits import check_decoder_memory, check_heic_items, check_jpeg_scans, check_webp_sectors

SKIN = drawn_skin(1)
DAMAGED = r"\Abytes is damaged or cut short and cannot be decoded; .*\.\Z"


def encoded(kind: str, **options: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(SKIN).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "largest"), [("WebP", 64), ("AVIF", 80), ("HEIC", 110), ("progressive JPEG", 110), ("CMYK JPEG", 80)]
)
def test_formats_that_take_much_memory_have_a_limit(kind: str, largest: int) -> None:
    check_decoder_memory("leg", kind, 1000 * largest, 1000)
    with pytest.raises(UnreadablePhoto) as caught:
        check_decoder_memory("leg", kind, 1000 * largest + 1000, 1000)
    assert str(caught.value) == (
        f"leg is too large for {kind}, {largest + 1} megapixels where {largest} can be decoded;"
        " make it smaller or export it as ordinary JPEG."
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_other_formats_have_no_limit_of_their_own(kind: str) -> None:
    check_decoder_memory("leg", kind, 40_000, 40_000)


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "progressive"), ("CMYK", "CMYK")])
def test_a_huge_jpeg_that_is_held_as_a_whole_is_refused(mode: str, kind: str) -> None:
    stream = BytesIO()
    Image.new(mode, (64, 64)).save(stream, "JPEG", progressive=True)
    data = stream.getvalue()
    at = data.index(b"\xff\xc2") + 5
    # Long enough for the size that it claims.
    claim = data[:at] + (12_000).to_bytes(2, "big") * 2 + data[at + 4 :] + bytes(400_000)
    with pytest.raises(UnreadablePhoto, match=f"too large for {kind} JPEG, 144 megapixels where"):
        read_photo(claim)


def test_a_heic_of_tiles_is_read() -> None:
    photo = read_photo(heic_grid(2))
    assert (photo.source_width_px, photo.source_height_px) == (2 * HEIC_TILE_PX,) * 2
    assert np.abs(photo.rgb.astype(int) - (208, 160, 144)).max() <= 3


def test_a_small_heic_of_many_tiles_is_refused_by_its_header() -> None:
    data = heic_grid(11)
    assert len(data) < 10_000
    with pytest.raises(UnreadablePhoto, match=r"too large for HEIC, 127 megapixels where 110 can be decoded"):
        read_photo(data)


def test_a_heic_that_claims_more_than_its_tiles_hold_is_refused() -> None:
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(heic_grid(2, claimed_px=9000))


def test_an_avif_that_claims_a_huge_size_is_refused() -> None:
    data = encoded("AVIF")
    at = data.index(b"ispe") + 8
    with pytest.raises(UnreadablePhoto, match=r"too large for AVIF, 144 megapixels where 80 can be decoded"):
        read_photo(data[:at] + (12_000).to_bytes(4, "big") * 2 + data[at + 8 :])


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (9_000, "WebP, 81 megapixels where 64 can be decoded"),
        # Some versions of Pillow refuse the header themselves.
        (16_384, "WebP(, 268 megapixels where 64 can be decoded)?; make it smaller"),
    ],
)
def test_a_webp_that_claims_a_huge_size_is_refused(side: int, reason: str) -> None:
    data = encoded("WEBP", lossless=True)
    at = data.index(b"VP8L") + 9  # after the length and a signature; 14 bits each for the sides, less one
    bits = int.from_bytes(data[at : at + 4], "little") >> 28 << 28 | (side - 1) << 14 | side - 1
    with pytest.raises(UnreadablePhoto, match=f"too large for {reason}"):
        read_photo(data[:at] + bits.to_bytes(4, "little") + data[at + 4 :])


def test_a_jpeg_that_goes_over_its_picture_without_end_is_refused() -> None:
    data = encoded("JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(data[:-2] + 60 * last_scan + data[-2:])


def test_what_follows_the_end_of_a_jpeg_is_not_counted() -> None:
    data = encoded("JPEG")
    assert (read_photo(data + 60 * b"\xff\xda").rgb == read_photo(data).rgb).all()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_that_is_not_rgb_is_checked_too(mode: str) -> None:
    stream = BytesIO()
    Image.fromarray(SKIN).convert(mode).save(stream, "JPEG", progressive=True)
    data = stream.getvalue()
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(data[:-2] + 60 * last_scan + data[-2:])


def test_scans_are_counted_up_to_the_end_of_the_first_picture() -> None:
    scan = b"\xff\xda\0\2\x11\xff\0\x22\xff\xd0"
    check_jpeg_scans("leg", b"\x11" + scan * 50 + b"\xff\xff\xd9" + scan * 50, 0, 8, 8)
    with pytest.raises(ValueError, match="more scans"):
        check_jpeg_scans("leg", scan * 51 + b"\xff\xd9", 0, 8, 8)
    for data in (scan * 3, b""):
        with pytest.raises(ValueError, match="no end-of-image"):
            check_jpeg_scans("leg", data, 0, 8, 8)
    with pytest.raises(ValueError, match="less than one bit"):
        check_jpeg_scans("leg", scan + b"\xff\xd9", 0, 8000, 8000)


@pytest.mark.parametrize("other", [b"\xff\xd8", b"\xff\xc0", b"\xff\x42"])
def test_what_no_jpeg_has_between_its_scans_is_another_file(other: bytes) -> None:
    with pytest.raises(ValueError, match="another picture or file"):
        check_jpeg_scans("leg", b"\x11" + other + b"\0\2\x11\xff\xd9", 0, 8, 8)


@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_with_a_sector_of_zeros_is_refused(lossless: bool) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (160, 200, 3), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(noise).save(stream, "WEBP", lossless=lossless)
    data = stream.getvalue()
    read_photo(data)
    for at in range(2048, len(data) - 1024, 2048):
        with pytest.raises(UnreadablePhoto, match=DAMAGED):
            read_photo(data[:at] + bytes(520) + data[at + 520 :])


@pytest.mark.parametrize("color", ["white", "black", "#d0a090"])
@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_of_one_colour_is_no_sector_of_zeros(color: str, lossless: bool) -> None:
    stream = BytesIO()
    Image.new("RGB", (5000, 4000), color).save(stream, "WEBP", lossless=lossless, method=0)
    data = stream.getvalue()
    check_webp_sectors(data, 5000, 4000)


def test_zeros_beside_the_picture_of_a_webp_are_no_damage() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = bytes(2000)
    assert read_photo(encoded("WEBP", exif=exif)).rgb.shape == SKIN.shape


def test_item_types_of_a_heic_are_text() -> None:
    check_heic_items(heic_grid(1))
    with pytest.raises(ValueError, match="not text"):
        check_heic_items(heic_grid(1).replace(b"hvc1\0", b"hv\xb41\0"))


def test_pages_of_a_tiff_are_not_counted_one_by_one() -> None:
    assert (read_photo(tiff(SKIN)).rgb == SKIN).all()
    data = tiff(SKIN, n_pages=2)
    for whole in (data, data[: len(tiff(SKIN))]):  # without its second page
        with pytest.raises(UnreadablePhoto, match=r"bytes has several pages; export the picture that counts"):
            read_photo(whole)


def cmyk(rgb: Any) -> Any:
    return np.dstack([1 - rgb, np.zeros(rgb.shape[:2])])


@pytest.mark.parametrize("layout", [lambda rgb: rgb, cmyk], ids=["RGB", "CMYK"])
def test_a_tiff_of_16_bits_is_read_as_one_of_8(layout: Any) -> None:
    shares = layout(SKIN / 255)
    photo = read_photo(tiff(np.round(shares * 65535).astype(np.uint16)))
    assert (photo.rgb == read_photo(tiff(np.round(shares * 255).astype(np.uint8))).rgb).all()
    assert np.abs(photo.rgb.astype(int) - SKIN).max() <= 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint32])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_tiff_of_numbers_that_no_camera_writes_is_told_from_damage(dtype: Any, channels: int) -> None:
    pixels = (SKIN if channels == 3 else SKIN[..., 0]).astype(dtype)
    with pytest.raises(UnreadablePhoto, match=r"pixels of (kind [FI], which|a kind that) no camera writes; export"):
        read_photo(tiff(pixels))
