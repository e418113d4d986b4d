from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lesionvis.batch import corrections
from lesionvis.batch.corrections import annotation_files, find_corrections
from lesionvis.errors import RunFolderError

PHOTOS = ("leg/a.jpg", "leg/b.jpg", "c.jpg", "d.jpg")


def _mask(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = np.zeros((20, 30), np.uint8)
    labels[5:9, 5:9] = 1
    cv2.imwrite(str(path), labels)


def _coco(path: Path, *names: str) -> None:
    images = [{"id": n, "file_name": name, "width": 30, "height": 20} for n, name in enumerate(names)]
    path.write_text(json.dumps({"images": images, "categories": [], "annotations": []}), encoding="utf-8")


def test_files_go_with_the_photos_of_their_names_or_those_that_they_name(tmp_path: Path) -> None:
    _mask(tmp_path / "leg/a.png")
    _coco(tmp_path / "all.json", "b.jpg", "c.jpg")
    found = find_corrections(tmp_path, {}, PHOTOS)
    sources = {photo: (len(drawn), source) for photo, (drawn, source) in found.spots.items()}
    assert sources == {"leg/a.jpg": (1, "leg/a.png"), "leg/b.jpg": (0, "all.json"), "c.jpg": (0, "all.json")}
    assert (found.problems, found.notes) == ({}, [])


def test_what_is_wrong_with_one_file_spoils_no_other(tmp_path: Path) -> None:
    _mask(tmp_path / "leg/a.png")
    _coco(tmp_path / "all.json", "leg/a.jpg", "x.jpg")
    _mask(tmp_path / "c.tif")
    (tmp_path / "d.json").write_text("{", encoding="utf-8")
    (tmp_path / "e.json").write_text("[]x", encoding="utf-8")
    _mask(tmp_path / "y.png")
    found = find_corrections(tmp_path, {}, PHOTOS)
    assert list(found.spots) == ["c.jpg"]
    assert set(found.problems) == {"leg/a.jpg", "d.jpg"}
    several = "There are several files with spots of this photo: all.json, leg/a.png; leave one."
    assert found.problems["leg/a.jpg"] == several
    assert found.problems["d.jpg"].startswith("d.json is no JSON")
    assert len(found.notes) == 3
    assert found.notes[0].startswith('all.json is about "x.jpg", which matches no photo of the folder')
    assert found.notes[1].startswith("e.json is no JSON")
    assert found.notes[2].startswith("y.png matches no photo of the folder, or several; give it the path of the photo.")


def test_a_fault_in_one_file_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> object:
        raise ZeroDivisionError(path.name)

    monkeypatch.setattr(corrections, "read_annotations", broken)
    (read,) = corrections.read_files([tmp_path / "a.png"])
    assert read.content is None
    assert read.problem == "a.png met a fault of lesionvis (ZeroDivisionError: a.png); please report it."


def test_a_table_names_files_for_its_photos(tmp_path: Path) -> None:
    _mask(tmp_path / "first.png")
    _coco(tmp_path / "all.json", "d.jpg", "c.jpg")
    named = {"leg/a.jpg": tmp_path / "first.png", "c.jpg": tmp_path / "all.json", "leg/b.jpg": tmp_path / "all.json"}
    found = find_corrections(None, named, PHOTOS)
    assert {photo: len(drawn) for photo, (drawn, _) in found.spots.items()} == {"leg/a.jpg": 1, "c.jpg": 0}
    assert found.problems == {"leg/b.jpg": "all.json says nothing of this photo; name another file."}


def test_a_place_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"holds no file with drawn spots"):
        annotation_files(tmp_path)
    with pytest.raises(RunFolderError, match="do not exist; give a folder or a file"):
        annotation_files(tmp_path / "missing")
