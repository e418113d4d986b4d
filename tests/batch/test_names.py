"""Names of photos are escape_control_characters and lead back to one file each; pictures never share a file."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesionvis.batch.names import escape_control_characters, photo_name, photo_path, picture_files

FOLDER = Path("/photos")
# What a POSIX file system allows in one name.
NAMES = (
    st.binary(min_size=1, max_size=40)
    .map(lambda raw: os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"_")))
    .filter(lambda name: name not in (".", ".."))
)
TEXTS = (
    st.text(min_size=1, max_size=20)
    .map(lambda text: text.replace("/", "_").replace("\0", "_"))
    .filter(lambda name: name not in (".", ".."))
)
HARMFUL = ["\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u202e", "\u2066", "\u200f", "\u2028", "\ufeff", "\udcff"]


def is_harmless(text: str) -> bool:
    return not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text)


@given(st.lists(NAMES | TEXTS, min_size=1, max_size=3))
def test_a_name_is_harmless_and_leads_back_to_its_file(parts: list[str]) -> None:
    try:
        path = FOLDER.joinpath(*parts)
        os.fsencode(path)
    except UnicodeEncodeError:  # half a character, which no file name holds
        return
    name = photo_name(path, FOLDER)
    assert is_harmless(name)
    assert name[0] not in "=+-@\uff1d\uff0b\uff0d\uff20"
    assert ";" not in name
    assert photo_path(name, FOLDER) == path
    name.encode()


@pytest.mark.parametrize(
    "name", ["a.jpg", "leg/day 2 (left).JPG", 'Größe, "1".png', "👩‍👩‍👧 <script>.webp", "it's.jpg"]
)
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert photo_name(FOLDER / name, FOLDER) == name


@pytest.mark.parametrize("letter", HARMFUL)
def test_harmful_letters_are_encoded(letter: str) -> None:
    assert photo_name(FOLDER / f"a{letter}b.jpg", FOLDER) == f"a{escape_control_characters(letter)}b.jpg"
    assert escape_control_characters(letter).startswith("%")


@pytest.mark.parametrize("start", list("=+-@"))
def test_no_name_begins_a_formula(start: str) -> None:
    assert photo_name(FOLDER / f"{start}cmd.jpg", FOLDER) == f"%{ord(start):02X}cmd.jpg"
    assert photo_name(FOLDER / f"a{start}1.jpg", FOLDER) == f"a{start}1.jpg"


def test_half_a_character_in_a_message_is_encoded() -> None:
    assert escape_control_characters("\ud800") == "%ED%A0%80"


PARTS = ["a", "A", "b", "a.jpg", "a.png", "a.PNG", "a.jpg.png", "\u00e9", "e\u0301", "\u00c9"]
PATHS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("/".join)


@given(st.sets(PATHS.map(lambda path: f"{path}.jpg") | PATHS.map(lambda path: f"{path}.png"), max_size=12))
def test_no_two_photos_share_a_picture(photos: Iterable[str]) -> None:
    files = picture_files(photos, "masks", ".png")
    assert set(files) == set(photos)
    on_disk = {unicodedata.normalize("NFD", file).lower() for file in files.values()}  # as macOS tells names apart
    assert len(on_disk) == len(files)
    assert not on_disk & {str(folder) for file in on_disk for folder in PurePosixPath(file).parents}
    assert files == picture_files(sorted(photos, reverse=True), "masks", ".png")
    assert all(file.startswith("masks/") and file.endswith(".png") for file in files.values())


def test_only_what_would_collide_keeps_its_extension() -> None:
    photos = ["x/a.jpg", "x/a.png", "y/a.jpg", "x/b.jpg"]
    assert list(picture_files(photos, "masks", ".png").values()) == [
        "masks/x/a.jpg.png",
        "masks/x/a.png.png",
        "masks/y/a.png",
        "masks/x/b.png",
    ]


@pytest.mark.parametrize(
    ("photos", "expected"),
    [
        (["Leg.jpg", "leg.png"], ["masks/Leg.jpg.png", "masks/leg.png.png"]),
        (["IMG_1.JPG", "img_1.jpg"], ["masks/IMG_1.JPG~5ce2a9e84952ee26.png", "masks/img_1.jpg~ddd6eb299d3c443b.png"]),
        (["m\u00fc.jpg", "mu\u0308.png"], ["masks/m\u00fc.jpg.png", "masks/mu\u0308.png.png"]),
        (["Leg/a.jpg", "leg/a.png", "leg/b.jpg"], ["masks/Leg/a.jpg.png", "masks/leg/a.png.png", "masks/leg/b.png"]),
        (["a.jpg", "a.png/b.jpg"], ["masks/a.jpg.png", "masks/a.png/b.png"]),
    ],
)
def test_pictures_differ_on_disks_that_tell_no_case_and_no_accents(photos: list[str], expected: list[str]) -> None:
    assert list(picture_files(photos, "masks", ".png").values()) == expected


def test_pictures_of_long_names_fit_the_file_system(tmp_path: Path) -> None:
    photos = [f"{'é' * 125}.{extension}" for extension in ("jpg", "png", "avif")]
    files = picture_files(photos, "masks", ".png")
    assert len(set(files.values())) == 3
    for file in files.values():
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.touch()
        assert path.suffix == ".png"
