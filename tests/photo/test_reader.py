"""What is no photo gets one clear sentence; what is one keeps its size, place and digest."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Transpose

from lesionvis.errors import SettingsError, UnreadablePhoto
from lesionvis.photo import Photo, PhotoReader, read_photo
from lesionvis.photo.color_space import ADOBE_RGB
from lesionvis.photo.reader import MIN_WORKING_PX_PER_MM

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF")
TURNED_HEIC = (Path(__file__).parents[1] / "data" / "turned.heic").read_bytes()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def texture(width: int = 48, height: int = 40) -> Image.Image:
    noise = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(cv2.blur(noise, (7, 7)))


def samples() -> dict[str, bytes]:
    return {**{kind: encoded(texture(), kind) for kind in FORMATS}, "HEIC": TURNED_HEIC}


# Files that are refused


@pytest.mark.parametrize("content", [b"Dear doctor,", b"\xff\xd8", b"<html></html>", b"\0" * 4096])
def test_renamed_file_is_refused(content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "arm.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(path)
    assert (
        str(caught.value)
        == "arm.jpg is not a photo (JPEG, PNG, WebP, TIFF, BMP, AVIF, HEIC, DICOM); export it as JPEG."
    )
    assert capfd.readouterr().err == ""


def test_photo_under_another_extension_is_read_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "arm.jpg"
    texture().save(path, "PNG")
    photo = read_photo(str(path))
    assert (photo.rgb == np.asarray(texture())).all()
    assert photo.name == "arm.jpg"


PAGES = {"save_all": True, "append_images": [Image.new("RGB", (48, 40), "white")]}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", r"is empty \(0 bytes\); copy it again from the camera or phone\."),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0" * 64, r"is video; save the picture that counts as a JPEG\."),
        (encoded(texture(), "GIF"), r"is a GIF, .*; give the original photo\."),
        (
            encoded(texture(), "PNG", **PAGES),
            r"is animated; export the picture that counts as a JPEG of its own\.",
        ),
        (encoded(texture(), "WEBP", **PAGES), r"is animated; export the picture that counts .*\."),
        (encoded(texture(), "AVIF", **PAGES), r"is animated; export the picture that counts .*\."),
        (TURNED_HEIC.replace(b"ftypheic", b"ftyphevc"), r"is animated; export the picture that counts .*\."),
        (encoded(texture(), "TIFF", **PAGES), r"has several pages; export the picture that counts .*\."),
        # Camera raw files are TIFF whose first picture is a thumbnail, or that state a version of DNG.
        (
            encoded(texture(), "TIFF", tiffinfo={254: 1}),
            r"is a camera raw file; develop it and export it as JPEG\.",
        ),
        (encoded(texture(), "TIFF", tiffinfo={50706: b"\1\4\0\0"}), r"is a camera raw file; develop it .*\."),
    ],
    ids=["empty", "video", "GIF", "PNG", "WebP", "AVIF", "HEIC", "TIFF", "raw", "DNG"],
)
def test_what_is_not_one_still_photo_is_refused(data: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "arm.jpg"
    path.write_bytes(data)
    with pytest.raises(UnreadablePhoto, match=rf"\Aarm\.jpg {sentence}\Z"):
        read_photo(path)


# Paths


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhoto, match=r"gone\.jpg does not exist; check the path\."):
        read_photo(tmp_path / "gone.jpg")
    with pytest.raises(UnreadablePhoto, match=r"is a folder, not a photo; give the path of one file\."):
        read_photo(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are made by POSIX systems alone")
def test_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(UnreadablePhoto, match=r"pipe\.jpg is a device or pipe, not a photo"):
        read_photo(tmp_path / "pipe.jpg")


def test_forbidden_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind an administrator, who may well run this test.
    def forbidden(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "arm.jpg").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(UnreadablePhoto, match=r"arm\.jpg may not be read by this user; change its permissions\."):
        read_photo(tmp_path / "arm.jpg")


@pytest.mark.parametrize("path", ["a\0b.jpg", "x" * 5000 + ".jpg"])
def test_impossible_path_is_refused(path: str) -> None:
    with pytest.raises(UnreadablePhoto, match=r"cannot be read \(.+\); check the path and the disk\."):
        read_photo(path)


def test_file_larger_than_any_photo_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "disk.jpg"
    with path.open("wb") as file:
        file.truncate(9_000_000)
    with pytest.raises(UnreadablePhoto, match=r"disk\.jpg is too large, 9 MB where 1 megapixels are allowed; make"):
        PhotoReader(max_megapixels=1)(path)


# Sizes


def png_header(width: int, height: int) -> bytes:
    """A PNG that states a size and has next to no pixels."""
    chunks = b"\x89PNG\r\n\x1a\n"
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        chunks += len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
    return chunks


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(png_header(30000, 30000))
    assert str(caught.value) == (
        "bytes is too large, 900 megapixels where 200 are allowed; make it smaller or raise max_megapixels."
    )


def test_limit_of_pixels_is_that_of_the_setting() -> None:
    with pytest.raises(UnreadablePhoto, match="too large, 2 megapixels where 1 are allowed"):
        PhotoReader(max_megapixels=1)(np.zeros((1000, 2000), np.uint8))
    assert PhotoReader(max_megapixels=2)(np.zeros((1000, 2000), np.uint8)).source_width_px == 2000


@pytest.mark.parametrize("size", [(31, 400), (400, 31), (1, 1)])
def test_tiny_photo_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(encoded(Image.new("RGB", size), "PNG"))
    assert str(caught.value) == (
        f"bytes is too small, {size[0]} x {size[1]} px where 32 x 32 are needed; give the original photo."
    )


@settings(deadline=None)
@given(width=st.integers(32, 6000), height=st.integers(32, 400), upright=st.booleans())
def test_working_size_follows_from_one_scale(width: int, height: int, upright: bool) -> None:
    if upright:
        width, height = height, width
    photo = read_photo(np.zeros((height, width), np.uint8))
    scale = photo.px_per_source_px
    assert 0 < scale <= 1
    assert photo.rgb.shape == (round(height * scale), round(width * scale), 3)
    assert min(photo.rgb.shape[:2]) >= 32
    assert max(photo.rgb.shape[:2]) <= 1280 or min(photo.rgb.shape[:2]) == 32
    assert scale == 1 or max(photo.rgb.shape[:2]) >= 1280


@pytest.mark.parametrize(
    ("px_per_mm", "scale"),
    [(None, 0.32), (100.0, 0.32), (18.75, 0.32), (8.0, 0.75), (6.0, 1.0), (2.0, 1.0)],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_millimetre_keeps_six_working_pixels(kind: str, px_per_mm: float | None, scale: float) -> None:
    photo = PhotoReader(working_long_side_px=256)(encoded(texture(800, 300), kind), px_per_mm=px_per_mm)
    assert photo.px_per_source_px == pytest.approx(scale)
    assert photo.rgb.shape == (round(300 * scale), round(800 * scale), 3)


def picture_with_dots(width: int, height: int) -> tuple[Image.Image, NDArray[np.float64]]:
    """Dark dots on skin, and their centres (x, y) in px."""
    rng = np.random.default_rng(width)
    centers = np.array([(x, y) for y in (40, height // 2, height - 41) for x in (40, width // 2, width - 41)], float)
    centers += rng.uniform(-0.5, 0.5, centers.shape)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    shade = np.zeros((height, width), np.float32)
    for center_x, center_y in centers:
        shade += np.exp(-((x - center_x) ** 2 + (y - center_y) ** 2) / (2 * 8.0**2))
    pixels = np.array([210, 170, 150]) - shade[:, :, np.newaxis] * np.array([90, 110, 100])
    return Image.fromarray(np.round(pixels).astype(np.uint8)), centers


def dot_centers(photo: Photo, near: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centroids, in working px, of the darkness within 12 working px of each place."""
    darkness = 170.0 - photo.rgb[:, :, 1].astype(float)
    y, x = np.mgrid[: darkness.shape[0], : darkness.shape[1]]
    found = []
    for place in near:
        weight = darkness * (np.hypot(x - place[0], y - place[1]) < 12) * (darkness > 8)
        found.append(((x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()))
    return np.array(found)


@pytest.mark.parametrize("size", [(350, 263), (643, 483), (640, 480), (483, 643), (1287, 303), (2571, 403)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_positions_map_between_source_and_working_pixels(kind: str, size: tuple[int, int]) -> None:
    picture, centers = picture_with_dots(*size)
    photo = PhotoReader(working_long_side_px=320)(encoded(picture, kind, quality=95))
    assert photo.px_per_source_px == 320 / max(size)
    expected = photo.to_working(centers)
    found = dot_centers(photo, expected)
    np.testing.assert_allclose(found, expected, atol=0.1)
    np.testing.assert_allclose(photo.to_source(found), centers, atol=0.1 / photo.px_per_source_px)


@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_positions_map_in_turned_photos(orientation: int) -> None:
    picture, centers = picture_with_dots(643, 483)
    turn = {3: Transpose.ROTATE_180, 6: Transpose.ROTATE_90, 7: Transpose.TRANSVERSE}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = PhotoReader(working_long_side_px=320)(encoded(picture.transpose(turn), "JPEG", quality=95, exif=exif))
    assert (photo.source_width_px, photo.source_height_px) == (643, 483)
    expected = photo.to_working(centers)
    assert np.abs(dot_centers(photo, expected) - expected).max() < 0.5


@settings(deadline=None)
@given(
    scale=st.floats(0.05, 1.0),
    xy=st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=1, max_size=4),
)
def test_mapping_there_and_back_is_the_identity(scale: float, xy: list[tuple[float, float]]) -> None:
    photo = Photo(np.zeros((32, 32, 3), np.uint8), scale, 640, 640, "", None, "array")
    np.testing.assert_allclose(photo.to_source(photo.to_working(xy)), xy, atol=1e-6)
    np.testing.assert_allclose(photo.to_working([-0.5, -0.5]), [-0.5, -0.5], err_msg="the outer corner stays")


# Arrays


@pytest.mark.parametrize("shape", [(40, 48), (40, 48, 1), (40, 48, 3), (40, 48, 4)])
@pytest.mark.parametrize(
    ("dtype", "half", "expected"),
    [
        ("uint8", 128, 128),
        ("uint16", 32896, 128),
        ("float32", 0.5, 128),
        ("float64", 0.5, 128),
        ("bool", True, 255),
    ],
)
def test_every_kind_of_array_is_read(shape: tuple[int, ...], dtype: str, half: Any, expected: int) -> None:
    array = np.full(shape, half, dtype)
    if len(shape) == 3 and shape[2] == 4:
        array[:, :, 3] = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    photo = read_photo(array)
    assert photo.rgb.shape == (40, 48, 3)
    assert np.abs(photo.rgb.astype(int) - expected).max() <= 1
    assert photo.name == "array"
    assert photo.taken_at is None
    assert photo.sha256 == hashlib.sha256(array.tobytes()).hexdigest()


def test_red_comes_first() -> None:
    array = np.zeros((40, 48, 3), np.uint8)
    array[:, :, 0] = 200
    assert read_photo(array).rgb[0, 0].tolist() == [200, 0, 0]


def test_transparent_part_of_an_array_is_white() -> None:
    array = np.zeros((40, 48, 4), np.uint8)
    array[:20] = (10, 20, 30, 255)
    array[20:30] = (0, 0, 0, 51)
    rgb = read_photo(array).rgb
    assert rgb[0, 0].tolist() == [10, 20, 30]
    assert rgb[25, 0].tolist() == [204, 204, 204]
    assert rgb[-1, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((40, 48), np.int64), r"has dtype int64; give bool, uint8, uint16, or float in 0\.\.1\."),
        (np.zeros((40, 48), np.complex128), "has dtype complex128; give bool"),
        (
            np.full((40, 48), 200.0),
            r"has float values that are not in 0\.\.1; scale them to 0\.\.1 or give uint8\.",
        ),
        (np.full((40, 48), np.nan), "has float values that are not in"),
        (np.zeros((40, 48, 2), np.uint8), r"has shape \(40, 48, 2\); give \(H, W\), "),
        (np.zeros(48, np.uint8), r"has shape \(48,\); give"),
        (np.zeros((2, 40, 48, 3), np.uint8), r"has shape \(2, 40, 48, 3\); give"),
        (np.zeros((0, 0, 3), np.uint8), "is too small, 0 x 0 px"),
    ],
)
def test_other_arrays_are_refused(array: NDArray[Any], reason: str) -> None:
    with pytest.raises(UnreadablePhoto, match=rf"\Aarray {reason}"):
        read_photo(array)


def test_a_photo_is_given_back_as_it_is() -> None:
    photo = PhotoReader(working_long_side_px=256)(np.zeros((960, 1280), np.uint8))
    assert read_photo(photo) is photo
    assert read_photo(photo, px_per_mm=8.0) is photo


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (None, "NoneType"),
        ([[0, 1], [1, 0]], "list"),
    ],
)
def test_what_is_not_taken_is_told_what_is(source: Any, kind: str) -> None:
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(source)
    assert str(caught.value) == (
        f"{kind} is not taken as a photo; give a path, a file or its bytes, an image of Pillow, an array, or a Photo."
    )


def test_files_that_are_open_are_read_from_their_start(tmp_path: Path) -> None:
    data = samples()["JPEG"]
    whole = read_photo(data)
    path = tmp_path / "IMG_20200102_123000.jpg"
    path.write_bytes(data)
    stream = BytesIO(data)
    stream.seek(0, 2)
    assert (read_photo(stream).rgb == whole.rgb).all()
    assert (read_photo(bytearray(data)).rgb == whole.rgb).all()
    assert read_photo(BytesIO(data)).name == "file"
    with path.open("rb") as file:
        photo = read_photo(file)
    assert (photo.name, photo.sha256, photo.taken_at_source) == (path.name, whole.sha256, "file name")
    assert photo.taken_at == datetime(2020, 1, 2, 12, 30)
    with pytest.raises(UnreadablePhoto, match=r"jpg cannot be read \(.*closed file.*\); open it again in binary mode"):
        read_photo(file)
    with path.open(encoding="latin-1") as text, pytest.raises(UnreadablePhoto, match="is open as text; open it in"):
        read_photo(text)  # type: ignore[arg-type]
    with pytest.raises(UnreadablePhoto, match="file is too large, 8 MB where 1 megapixels"):
        PhotoReader(max_megapixels=1)(BytesIO(bytes(8_000_001)))


@pytest.mark.parametrize("orientation", [1, 6])
def test_an_image_of_pillow_is_read_as_its_file_is(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9003] = "2025:03:09 17:45:01"
    path = tmp_path / "leg.png"
    wide = ADOBE_RGB.icc_profile()
    Image.fromarray(np.asarray(texture(60, 40))).save(path, exif=exif, icc_profile=wide)
    expected = read_photo(path)
    for image in (Image.open(path), Image.open(path).copy()):
        photo = read_photo(image)
        assert (photo.rgb == expected.rgb).all()
        assert (photo.taken_at, photo.taken_at_source) == (expected.taken_at, "camera")
        assert (photo.source_width_px, photo.source_height_px) == (
            expected.source_width_px,
            expected.source_height_px,
        )
        assert photo.name == ("leg.png" if hasattr(image, "filename") else "image")
        assert photo.sha256 == hashlib.sha256(image.tobytes()).hexdigest()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_images_of_every_mode_are_read(mode: str) -> None:
    image = Image.new(mode, (64, 48)) if mode == "I;16" else Image.new("RGB", (64, 48), (120, 120, 120)).convert(mode)
    assert read_photo(image).rgb.shape == (48, 64, 3)


def test_images_that_are_no_photos_are_refused() -> None:
    for mode in ("F", "I"):
        with pytest.raises(UnreadablePhoto, match=f"image has pixels of kind {mode}"):
            read_photo(Image.new(mode, (64, 48)))
    with pytest.raises(UnreadablePhoto, match="image is too small"):
        read_photo(Image.new("RGB", (8, 8)))
    with pytest.raises(UnreadablePhoto, match="image is too large, 4 megapixels"):
        PhotoReader(max_megapixels=1)(Image.new("RGB", (2000, 2000)))


def test_photo_is_read_only_and_leaves_the_callers_array_alone() -> None:
    array = np.full((40, 48, 3), 7, np.uint8)
    photo = read_photo(array)
    with pytest.raises(ValueError, match="read-only"):
        photo.rgb[0, 0] = 1
    array[:] = 9
    assert (photo.rgb == 7).all()
    for data in samples().values():
        assert not read_photo(data).rgb.flags.writeable


# Identity


def test_digest_is_that_of_the_file(tmp_path: Path) -> None:
    data = samples()["JPEG"]
    (tmp_path / "arm.jpg").write_bytes(data)
    photo = read_photo(tmp_path / "arm.jpg")
    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert read_photo(data).sha256 == photo.sha256
    assert (read_photo(data).rgb == photo.rgb).all()
    assert (photo.name, read_photo(data).name) == ("arm.jpg", "bytes")


def test_the_name_of_a_file_dates_a_photo_only_where_its_camera_did_not(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2025:03:09 17:45:01"
    for options, expected in (
        ({"exif": exif}, (datetime(2025, 3, 9, 17, 45, 1), "camera")),
        ({}, (datetime(2020, 1, 2, 12, 30), "file name")),
    ):
        path = tmp_path / "IMG_20200102_123000.jpg"
        path.write_bytes(encoded(texture(), "JPEG", **options))
        photo = read_photo(path)
        assert (photo.taken_at, photo.taken_at_source) == expected
    photo = read_photo(path.rename(tmp_path / "leg.jpg"))
    assert (photo.taken_at, photo.taken_at_source) == (None, "")


def test_place_owner_and_serial_number_are_not_kept() -> None:
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"  # Artist
    exif.get_ifd(0x8769).update({0xA431: "SN-4711", 0x9003: "2025:03:09 17:45:01"})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    data = encoded(texture(), "JPEG", exif=exif)
    assert b"Jane Doe" in data
    assert b"SN-4711" in data
    photo = read_photo(data)
    fields = {name: getattr(photo, name) for name in Photo.__slots__ if name != "rgb"}
    assert fields == {
        "px_per_source_px": 1.0,
        "source_width_px": 48,
        "source_height_px": 40,
        "sha256": hashlib.sha256(data).hexdigest(),
        "taken_at": datetime(2025, 3, 9, 17, 45, 1),
        "name": "bytes",
        "taken_at_source": "camera",
        "pixel_spacing": None,
    }


def test_threads_read_the_same_as_one(recwarn: pytest.WarningsRecorder) -> None:
    files = list(samples().values()) * 6
    alone = [read_photo(data).rgb.tobytes() for data in files]
    with ThreadPoolExecutor(4) as pool:
        together = [photo.rgb.tobytes() for photo in pool.map(read_photo, files)]
    assert together == alone
    assert not recwarn.list


# Settings


@pytest.mark.parametrize(
    ("key", "bounds", "values"),
    [
        ("max_megapixels", "a number from 1 to 1000", [0, 0.5, 1001, float("nan"), float("inf"), "200"]),
        ("working_long_side_px", "a whole number from 256 to 16384", [255, 16385, 1280.0, "1280", True]),
    ],
)
def test_settings_have_bounds(key: str, bounds: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(SettingsError) as caught:
            PhotoReader(**{key: value})
        assert str(caught.value) == f"{key} must be {bounds}, got {value!r}."


@pytest.mark.parametrize("value", [0.0, -2.0, float("nan"), float("inf"), "8"])
def test_given_scale_must_be_a_positive_number(value: Any) -> None:
    with pytest.raises(SettingsError, match=r"px_per_mm must be a finite number above 0, got "):
        read_photo(np.zeros((40, 48), np.uint8), px_per_mm=value)


def test_import_loads_only_numpy_and_opencv() -> None:
    code = (
        "import sys; before = set(sys.modules); import lesionvis.photo.reader;"
        " new = {name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names;"
        " print(*sorted(name for name in new if not name.startswith('_')))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(result.stdout.split()) <= {"cv2", "lesionvis", "numpy"}


def test_real_photos_are_read(real_photos: Path) -> None:
    paths = sorted((real_photos / "dev" / "photos").iterdir())[::40]
    assert len(paths) > 10
    for path in paths:
        photo = read_photo(path)
        with Image.open(path) as image:
            assert (photo.source_width_px, photo.source_height_px) == image.size
        assert photo.rgb.shape == (photo.source_height_px, photo.source_width_px, 3)
        assert photo.rgb.std() > 0


def test_the_docstrings_say_how_far_a_photo_of_known_scale_is_reduced() -> None:
    said = f"{MIN_WORKING_PX_PER_MM:g}"
    assert f"below {said} working px per mm" in " ".join((PhotoReader.__call__.__doc__ or "").split())
    assert f"1 mm under {said} px" in " ".join((PhotoReader.__doc__ or "").split())
    photo = PhotoReader(working_long_side_px=256)(np.zeros((900, 1200), np.uint8), px_per_mm=10.0)
    assert 10.0 * photo.px_per_source_px == pytest.approx(MIN_WORKING_PX_PER_MM)
