from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from lesionvis.annotations.files import PhotoNames, photo_of_file, read_annotations, read_drawn
from lesionvis.errors import SettingsError

Form = Literal["NFC", "NFD"]

PHOTOS = ("leg/a.jpg", "arm/a.jpg", "arm/b.heic", "arm/b.jpg", "c.tif")


@pytest.mark.parametrize(
    ("name", "photo"),
    [
        ("leg/a.jpg", "leg/a.jpg"),
        ("leg/a", "leg/a.jpg"),
        ("leg\\a.jpg", "leg/a.jpg"),
        ("a.jpg", None),
        ("arm/b", None),
        ("b.heic", "arm/b.heic"),
        ("elsewhere/b.jpg", "arm/b.jpg"),
        ("c", "c.tif"),
        ("d", None),
    ],
)
def test_a_name_means_one_photo_or_none(name: str, photo: str | None) -> None:
    assert PhotoNames(PHOTOS).match(name) == photo


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_accents_may_be_written_in_two_ways(form: Form, other: Form) -> None:
    photo = unicodedata.normalize(form, "Füße/é.jpg")
    assert PhotoNames([photo, "e.jpg"]).match(unicodedata.normalize(other, "Füße/é.jpg")) == photo
    assert PhotoNames([photo, "e.jpg"]).match(unicodedata.normalize(other, "É.JPG")) == photo


@pytest.mark.parametrize(
    ("name", "photo"),
    [
        ("LEG.JPG", "leg.jpg"),
        ("arm.jpg", "arm.jpg"),  # the very name goes before others in another case
        ("ARM.JPG", None),
        ("a;b.jpg", "a%3Bb.jpg"),
        ("100%.jpg", "100%25.jpg"),
        ("=1.jpg", "%3D1.jpg"),
        ("a%3Bb", "a%3Bb.jpg"),
    ],
)
def test_names_may_differ_as_disks_and_tables_write_them(name: str, photo: str | None) -> None:
    photos = ["leg.jpg", "arm.jpg", "Arm.jpg", "a%3Bb.jpg", "100%25.jpg", "%3D1.jpg"]
    assert PhotoNames(photos).match(name) == photo


@pytest.mark.parametrize(
    ("file", "photo"),
    [
        ("leg/a.png", "leg/a.jpg"),
        ("arm/b.jpg.png", "arm/b.jpg"),
        ("arm/b.png", None),
        ("c_cp_masks.tif", "c.tif"),
        ("leg/a_mask.png", "leg/a.jpg"),
    ],
)
def test_a_file_goes_with_the_photo_of_its_name(file: str, photo: str | None) -> None:
    assert photo_of_file(file, PhotoNames(PHOTOS)) == photo


def test_a_file_about_other_photos_is_refused(tmp_path: Path) -> None:
    image = {"id": 1, "file_name": "x.jpg", "width": 9, "height": 9}
    content = {"images": [image], "categories": [], "annotations": []}
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    assert len(read_drawn(tmp_path / "a.json", "photos/x.jpg")) == 0
    with pytest.raises(SettingsError, match=r"a\.json says nothing of y\.jpg; it is about x\.jpg"):
        read_drawn(tmp_path / "a.json", "y.jpg")


def test_a_problem_of_the_photo_is_said(tmp_path: Path) -> None:
    image = {"id": 1, "file_name": "x.jpg", "width": 9, "height": 9}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": []}
    content = {"images": [image], "categories": [{"id": 1, "name": "spot"}], "annotations": [annotation]}
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SettingsError, match="draw a polygon or a mask, not a box"):
        read_drawn(tmp_path / "a.json", "x.jpg")


@pytest.mark.parametrize("name", ["a.txt", "missing.json", "missing.png", "missing.zip"])
def test_what_cannot_be_read_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match=name):
        read_annotations(tmp_path / name)
