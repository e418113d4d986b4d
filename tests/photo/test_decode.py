"""Every format, orientation and kind of pixel must come out as the same upright sRGB picture."""

from __future__ import annotations

import struct
import warnings
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.Image import Transpose

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import Photo, PhotoReader, read_photo
from lesionvis.photo import decode as decode_module
from lesionvis.photo.decode import reduce_by_area

RED, GREEN, BLUE, YELLOW = (220, 60, 50), (60, 180, 70), (60, 80, 200), (230, 210, 90)

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF")
LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 100, "subsampling": 0},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}

# How an upright picture is turned before it is stored, for each EXIF orientation: the inverse of what the
# standard says of the sides that the 0th row and column belong to.
STORED = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}

# 64 x 48 px with the corners RED, GREEN, BLUE, YELLOW, made as a phone does when it is held upright: the
# rotation property (irot) says to turn it by 270 degrees counter-clockwise, and so does EXIF (orientation 6).
TURNED_HEIC = (Path(__file__).parents[1] / "data" / "turned.heic").read_bytes()
DAMAGED = r"bytes is damaged or cut short and cannot be decoded; copy it again from the camera or phone\."


def corners(width: int = 96, height: int = 64) -> Image.Image:
    """Upright picture with RED, GREEN above BLUE, YELLOW."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = YELLOW
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **{**LOSSLESS.get(kind, {}), **options})
    return stream.getvalue()


def assert_upright(photo: Photo, width: int, height: int, tolerance: int = 12) -> None:
    assert (photo.source_width_px, photo.source_height_px) == (width, height)
    assert photo.rgb.shape == (height, width, 3)
    quarter_y, quarter_x = height // 4, width // 4
    found = photo.rgb[[quarter_y, quarter_y, -quarter_y, -quarter_y], [quarter_x, -quarter_x, quarter_x, -quarter_x]]
    np.testing.assert_allclose(found.astype(int), (RED, GREEN, BLUE, YELLOW), atol=tolerance)


def exif_with(orientation: int | None = None, **times: str) -> bytes:
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    for name, value in times.items():
        {"time": exif, "original": exif.get_ifd(0x8769), "digitized": exif.get_ifd(0x8769)}[name][
            {"time": 0x0132, "original": 0x9003, "digitized": 0x9004}[name]
        ] = value
    return exif.tobytes()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read(kind: str) -> None:
    assert_upright(read_photo(encoded(corners(), kind)), 96, 64, tolerance=4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_ends_upright(kind: str, orientation: int) -> None:
    turn = STORED[orientation]
    stored = corners() if turn is None else corners().transpose(turn)
    assert_upright(read_photo(encoded(stored, kind, exif=exif_with(orientation))), 96, 64, tolerance=4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_jpeg_is_turned_after_reduction(orientation: int) -> None:
    turn = STORED[orientation]
    upright = corners(3000, 2000)
    stored = upright if turn is None else upright.transpose(turn)
    photo = read_photo(encoded(stored, "JPEG", exif=exif_with(orientation)))
    assert photo.rgb.shape == (853, 1280, 3)
    assert (photo.source_width_px, photo.source_height_px) == (3000, 2000)
    np.testing.assert_allclose(photo.rgb[[9, 9, -9, -9], [9, -9, 9, -9]], (RED, GREEN, BLUE, YELLOW), atol=4)


def test_heic_is_turned_once_by_its_own_property() -> None:
    photo = read_photo(TURNED_HEIC)
    assert (photo.source_width_px, photo.source_height_px) == (48, 64)
    # Turned clockwise by a quarter, the lower left corner is the upper left one.
    found = photo.rgb[[16, 16, -16, -16], [12, -12, 12, -12]].astype(int)
    np.testing.assert_allclose(found, (BLUE, RED, YELLOW, GREEN), atol=12)
    assert photo.taken_at is None  # its file states the date of the last change alone


def test_heic_ignores_exif_orientation_as_its_standard_says() -> None:
    assert_upright(read_photo(TURNED_HEIC.replace(b"irot\x03", b"irot\x00")), 64, 48)


def test_phone_jpeg_with_a_second_picture_inside_is_one_photo() -> None:
    stream = BytesIO()
    corners().save(stream, "MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (96, 64), "white")])
    assert_upright(read_photo(stream.getvalue()), 96, 64)


def test_bytes_after_the_end_of_a_jpeg_do_not_matter() -> None:
    assert_upright(read_photo(encoded(corners(), "JPEG") + b"\xff\xda trailer of a motion photo"), 96, 64)


def test_progressive_jpeg_is_read() -> None:
    assert_upright(read_photo(encoded(corners(), "JPEG", progressive=True)), 96, 64, tolerance=4)


# Kinds of pixels


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "AVIF"])
def test_grey_becomes_equal_channels(kind: str) -> None:
    photo = read_photo(encoded(Image.new("L", (64, 48), 137), kind))
    np.testing.assert_allclose(photo.rgb.astype(int), 137, atol=1)


def test_one_bit_becomes_black_and_white() -> None:
    photo = read_photo(encoded(Image.new("1", (64, 48), 1), "PNG"))
    assert photo.rgb.min() == 255


def test_palette_becomes_its_colours() -> None:
    palette = corners().quantize(4)
    assert_upright(read_photo(encoded(palette, "PNG")), 96, 64, tolerance=1)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_bmp_that_is_transparent_all_over_is_opaque(monkeypatch: pytest.MonkeyPatch, is_large: bool) -> None:
    monkeypatch.setattr(decode_module, "_LARGE_PX", 0 if is_large else 10**6)
    rgba = np.dstack([np.asarray(corners()), np.zeros((64, 96), np.uint8)])
    masks = [0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000]  # a header of version 4, as Windows writes it
    header = struct.pack("<IiiHHIIiiII4I4s48x", 108, 96, -64, 1, 32, 3, rgba.size, 2835, 2835, 0, 0, *masks, b"BGRs")
    bgra = rgba[..., [2, 1, 0, 3]].copy()
    start = 14 + len(header)

    def bmp() -> bytes:
        return struct.pack("<2sIHHI", b"BM", start + bgra.size, 0, 0, start) + header + bgra.tobytes()

    assert_upright(read_photo(bmp()), 96, 64, tolerance=0)
    bgra[32:, :, 3] = 255  # what is not transparent all over means it
    assert read_photo(bmp()).rgb[:32].min() == 255


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_laid_on_white(kind: str) -> None:
    picture = corners().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 255))
    picture.paste((200, 0, 0, 0), (0, 0, 96, 16))
    picture.paste((0, 0, 0, 128), (0, 16, 96, 32))
    rgb = read_photo(encoded(picture, kind, **({"exact": True} if kind == "WEBP" else {}))).rgb
    assert (rgb[:16] == 255).all()
    assert (rgb[16:32] == 127).all()
    assert (rgb[-1, 0] == BLUE).all()


def test_transparent_colour_of_a_png_becomes_white() -> None:
    rgb = read_photo(encoded(corners(), "PNG", transparency=RED)).rgb
    assert (rgb[0, 0] == 255).all()
    assert (rgb[0, -1] == GREEN).all()


def test_grey_with_transparency_becomes_grey_on_white() -> None:
    picture = Image.new("LA", (64, 48), (100, 0))
    picture.paste((100, 255), (0, 0, 32, 48))
    rgb = read_photo(encoded(picture, "PNG")).rgb
    assert (rgb[:, :32] == 100).all()
    assert (rgb[:, 32:] == 255).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_become_8(channels: int, suffix: str) -> None:
    ramp = np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64)
    pixels = np.repeat(ramp[:, :, np.newaxis], channels, axis=2)
    found, buffer = cv2.imencode(suffix, pixels)
    assert found
    rgb = read_photo(buffer.tobytes()).rgb
    rounding = 0.5 if channels == 1 else 1.0  # Pillow itself cuts 16-bit RGB to its upper 8 bits
    assert np.abs(rgb - ramp[:, :, np.newaxis] / 257).max() <= rounding
    assert rgb[-1, -1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind: str) -> None:
    rgb = read_photo(encoded(Image.new("CMYK", (64, 48), (0, 255, 255, 0)), kind)).rgb
    np.testing.assert_allclose(rgb.astype(int), np.broadcast_to((255, 0, 0), rgb.shape), atol=3)


def test_pixels_that_no_camera_writes_are_refused() -> None:
    for mode in ("F", "I"):
        with pytest.raises(UnreadablePhoto, match=rf"bytes has pixels of kind {mode}, .*; export it as JPEG\."):
            read_photo(encoded(Image.new(mode, (64, 48)), "TIFF"))


# Capture date


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_capture_date_is_kept(kind: str) -> None:
    exif = exif_with(original="2025:03:09 17:45:01", digitized="2026:01:01 00:00:00", time="2026:02:02 00:00:00")
    assert read_photo(encoded(corners(), kind, exif=exif)).taken_at == datetime(2025, 3, 9, 17, 45, 1)


def test_the_date_of_the_last_change_is_no_capture_date() -> None:
    exif = exif_with(digitized="2024:12:31 23:59:59", time="2026:02:02 00:00:00")
    assert read_photo(encoded(corners(), "JPEG", exif=exif)).taken_at == datetime(2024, 12, 31, 23, 59, 59)
    for original in ("0000:00:00 00:00:00", "2026-03-01 09:00:00", "1970:01:01 00:00:00"):
        exif = exif_with(time="2023:01:02 03:04:05\0", original=original)
        assert read_photo(encoded(corners(), "JPEG", exif=exif)).taken_at is None
    exif = exif_with(time="2023:01:02 03:04:05")
    assert read_photo(encoded(corners(), "JPEG", exif=exif)).taken_at is None


def test_the_offset_from_utc_comes_with_the_date() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2026:03:01 08:00:00", 0x9011: "-05:00"})
    taken_at = read_photo(encoded(corners(), "JPEG", exif=exif)).taken_at
    assert taken_at == datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_damaged_exif_does_not_spoil_the_photo_and_warns_nobody() -> None:
    exif = exif_with(6, original="2025:03:09 17:45:01")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for cut in range(8, len(exif), 3):
            photo = read_photo(encoded(corners(), "JPEG", exif=exif[:cut]))
            assert photo.rgb.shape in ((64, 96, 3), (96, 64, 3))
            assert photo.taken_at in (None, datetime(2025, 3, 9, 17, 45, 1))
    assert not caught


def test_orientation_outside_1_to_8_is_none() -> None:
    assert_upright(read_photo(encoded(corners(), "JPEG", exif=exif_with(77))), 96, 64)


@pytest.mark.parametrize("reduced_by", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [(403, 301), (400, 304), (409, 297)])
def test_reduction_has_one_scale_and_the_size_of_the_source(size: tuple[int, int], reduced_by: int) -> None:
    width, height = size
    padded = np.zeros((-(-height // reduced_by), -(-width // reduced_by)), np.uint8)
    scale = 0.11
    assert reduce_by_area(padded, size, scale, reduced_by).shape == (
        round(height * scale),
        round(width * scale),
    )


def test_reduction_keeps_the_mean() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    reduced = reduce_by_area(pixels, (400, 300), 0.37)
    np.testing.assert_allclose(reduced.mean(axis=(0, 1)), pixels.mean(axis=(0, 1)), atol=0.5)


# Damage


def samples() -> dict[str, bytes]:
    noise = np.random.default_rng(5).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    texture = Image.fromarray(cv2.blur(noise, (3, 3)))
    return {**{kind: encoded(texture, kind) for kind in FORMATS}, "HEIC": TURNED_HEIC}


@pytest.mark.parametrize("kind", [*FORMATS, "HEIC"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.85])
def test_cut_file_is_refused_without_chatter(kind: str, share: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = samples()[kind]
    with pytest.raises(UnreadablePhoto, match=rf"\A{DAMAGED}\Z"):
        read_photo(data[: int(len(data) * share)])
    assert capfd.readouterr().err == ""


def test_jpeg_that_lacks_only_its_end_is_refused() -> None:
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(samples()["JPEG"][:-2])


def test_heic_that_would_crash_its_decoder_is_refused() -> None:
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(TURNED_HEIC.replace(b"\0Exif\0\0", b"\0Ex\xb4f\0\0", 1))


def test_lack_of_memory_is_told_from_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("simplejpeg.decode_jpeg", no_memory)
    with pytest.raises(UnreadablePhoto, match=r"bytes needs more memory than is free; make it smaller\."):
        read_photo(encoded(corners(), "JPEG"))


@pytest.mark.parametrize("code_points", [b"\x00\x09\x00\x10", b"\x00\x01\x00\x12"])
def test_hdr_heic_is_refused(code_points: bytes) -> None:
    with pytest.raises(UnreadablePhoto, match=r"bytes has HDR or unusual colours .*; export it as JPEG\."):
        read_photo(TURNED_HEIC.replace(b"nclx\x00\x01\x00\x0d", b"nclx" + code_points))


@pytest.mark.parametrize("code_points", [b"\x00\x09\x00\x10", b"\x00\x01\x00\x12"])
def test_hdr_heic_is_refused_as_an_image_of_pillow_too(code_points: bytes) -> None:
    from pi_heif import HeifImageFile

    content = BytesIO(TURNED_HEIC.replace(b"nclx\x00\x01\x00\x0d", b"nclx" + code_points))
    with pytest.raises(UnreadablePhoto, match=r"has HDR or unusual colours"):
        read_photo(HeifImageFile(content))


def test_a_heic_in_display_p3_has_its_colours() -> None:
    assert b"nclx\x00\x01\x00\x0d" in TURNED_HEIC
    plain = read_photo(TURNED_HEIC).rgb.astype(int)
    wide = read_photo(TURNED_HEIC.replace(b"nclx\x00\x01\x00\x0d", b"nclx\x00\x0c\x00\x0d")).rgb.astype(int)
    red = np.s_[16, -12]
    assert wide[red][0] > plain[red][0] + 10
    assert wide[red][1] < plain[red][1]


def outcome(reader: PhotoReader, data: bytes) -> Photo | str:
    try:
        return reader(data)
    except UnreadablePhoto as error:
        return str(error)


@pytest.mark.parametrize("kind", [*FORMATS, "HEIC"])
def test_mutated_files_are_read_or_refused_and_nothing_else(kind: str) -> None:
    data = samples()[kind]
    chance = np.random.default_rng(list(kind.encode()))
    reader = PhotoReader(max_megapixels=1)
    refused = 0
    for _ in range(50):
        mutant = bytearray(data)
        for _ in range(chance.integers(1, 7)):
            # Half of the changes hit the header, where they do most.
            at = int(chance.integers(len(mutant) if chance.random() < 0.5 else min(len(mutant), 200)))
            n_replaced, n_new = (1, 1) if chance.random() < 0.7 else chance.integers(0, 10, 2)
            mutant[at : at + n_replaced] = chance.bytes(int(n_new))
        result = outcome(reader, bytes(mutant))
        if isinstance(result, Photo):
            assert result.rgb.shape == (result.source_height_px, result.source_width_px, 3)
        else:
            assert result.startswith("bytes ")
            assert "\n" not in result
            refused += 1
    assert refused > 0


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("CMYK", "TIFF"), ("I;16", "PNG")],
)
@pytest.mark.parametrize("size", [(2563, 1285), (1285, 2563), (2560, 1024)])
def test_huge_pictures_are_reduced_strip_by_strip(
    monkeypatch: pytest.MonkeyPatch, mode: str, kind: str, size: tuple[int, int]
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * np.uint16(257))
    else:
        picture = picture.convert(mode)
    reader = PhotoReader(working_long_side_px=400)
    data = encoded(picture, kind)
    whole = reader(data).rgb
    monkeypatch.setattr(decode_module, "_LARGE_PX", 0)
    strips = reader(data).rgb
    assert strips.shape == whole.shape
    # Reduced in two steps, px share their borders in another way; the dots of "1" and "P" show it most.
    np.testing.assert_allclose(strips.astype(int), whole.astype(int), atol=40 if mode in ("1", "P") else 6)
    assert strips.astype(int).mean() == pytest.approx(whole.astype(int).mean(), abs=0.3)


def test_a_small_jpeg_that_claims_a_huge_picture_is_damaged() -> None:
    data = encoded(corners(), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    with pytest.raises(UnreadablePhoto, match=DAMAGED):
        read_photo(data[:at] + (9000).to_bytes(2, "big") * 2 + data[at + 4 :])


def test_a_jpeg_of_one_colour_is_no_less_than_it_claims() -> None:
    assert read_photo(encoded(Image.new("RGB", (9000, 6000), "#d0a090"), "JPEG")).source_width_px == 9000
