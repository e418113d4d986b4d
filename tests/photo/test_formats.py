"""Files are known by their first bytes; what is known and not read is called by its name."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lesionvis.errors import UnreadablePhoto
from lesionvis.photo import read_photo
from lesionvis.photo.formats import format_of, reason_not_read

SKIN = np.full((40, 60, 3), (200, 160, 140), np.uint8)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"II*\0", "TIFF"),
        (b"MM\0+", "TIFF"),
        (bytes(128) + b"DICM", "DICOM"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
        (b"\0\0\0\x18ftypmsf1", "HEIC"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isom", None),
        (b"\0\0\0\x18ftypmp42\0\0\0\0heic", "HEIC"),
        (b"", None),
    ],
)
def test_formats_are_known_by_their_first_bytes(first: bytes, expected: str | None) -> None:
    assert format_of(first) == expected


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"\xff\x0a\0\0", "JPEG XL, which is not read; export it as JPEG"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL, which is not read; export it as JPEG"),
        (b"\xff\x4f\xff\x51\0\0", "JPEG 2000, which is not read; export it as JPEG"),
        (b"%PDF-1.7", "PDF; save the photo in it as a JPEG"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video; save the picture that counts as a JPEG"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "camera raw; develop it and export it as JPEG"),
        (b"FUJIFILMCCD-RAW 0201", "camera raw; develop it and export it as JPEG"),
    ],
)
def test_formats_that_are_not_read_are_named(first: bytes, words: str) -> None:
    assert reason_not_read(first) == words
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(first)
    assert str(caught.value) == f"bytes is {words}."


def test_what_is_not_known_is_no_photo() -> None:
    assert reason_not_read(b"Dear doctor,") == ""
    with pytest.raises(UnreadablePhoto, match=r"bytes is not a photo \(JPEG, PNG, .*\); export it as JPEG\."):
        read_photo(b"Dear doctor,")


def test_a_tiff_of_64_bits_is_read() -> None:
    stream = BytesIO()
    Image.fromarray(SKIN).save(stream, "TIFF", big_tiff=True)
    assert stream.getvalue()[:4] == b"II+\0"
    assert (read_photo(stream.getvalue()).rgb == read_photo(SKIN).rgb).all()
