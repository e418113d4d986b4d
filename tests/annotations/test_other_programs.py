"""The libraries of other programs read what is written here, and what they write is read here with the same numbers.

labelme brings a window system of some hundred MB, so that what its loader demands of a file is checked here field by
field, and the loader itself (`LabelFile` of labelme 6) is asked where it is installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from stages import Staged

from lesionvis.analysis import Analysis, analyze
from lesionvis.annotations.coco import _decoded_mask
from lesionvis.annotations.files import read_drawn, write_annotations
from lesionvis.batch.masks import mask_png
from lesionvis.spots.drawn import DrawnSpots

coco = pytest.importorskip("pycocotools.coco")
masks = pytest.importorskip("pycocotools.mask")
roifile = pytest.importorskip("roifile")
tifffile = pytest.importorskip("tifffile")


def _numbers(shower: Staged, drawn: DrawnSpots) -> dict[str, Any]:
    content = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=drawn).to_dict()
    return {name: content[name] for name in ("spots", "features", "pattern")}


def _expected(analysis: Analysis) -> dict[str, Any]:
    content = analysis.to_dict()
    return {name: content[name] for name in ("spots", "features", "pattern")}


def _coco_file(analysis: Analysis, folder: Path) -> Path:
    path = folder / "coco.json"
    path.write_bytes(write_annotations(analysis, "coco"))
    return path


@settings(deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 90)), elements=st.integers(0, 1)))
def test_masks_that_the_library_of_coco_packs_are_unpacked(mask: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    packed = masks.encode(np.asfortranarray(mask))
    unpacked = _decoded_mask({"size": packed["size"], "counts": packed["counts"].decode("ascii")})
    np.testing.assert_array_equal(unpacked, mask.astype(bool))


def test_the_library_of_coco_reads_and_gives_back_a_file(
    shower: Staged, analysed_shower: Analysis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _coco_file(analysed_shower, tmp_path)
    read = coco.COCO(str(path))
    capsys.readouterr()  # it tells how long it took
    spots = [one for one in read.loadAnns(read.getAnnIds()) if one["spot"]]
    assert len(spots) == len(analysed_shower.table)
    for one, diameter in zip(spots, analysed_shower.table["diameter_px"].tolist(), strict=True):
        area = np.pi * diameter**2 / 4.0
        # It paints polygons at whole px: an edge of half a px all around may be missing or more.
        assert abs(float(masks.area(read.annToRLE(one))) - area) < np.pi * diameter * 0.75
    path.write_text(json.dumps(read.dataset), encoding="utf-8")
    assert _numbers(shower, read_drawn(path, "array")) == _expected(analysed_shower)


def test_masks_of_the_library_of_coco_are_the_pixels_that_it_painted(analysed_shower: Analysis, tmp_path: Path) -> None:
    content = json.loads(_coco_file(analysed_shower, tmp_path).read_text(encoding="utf-8"))
    image, (height, width) = content["images"][0], analysed_shower.spots.labels.shape
    assert (image["height"], image["width"]) == (height, width)
    content["annotations"] = [one for one in content["annotations"] if one["spot"]][:5]
    areas = []
    for one in content["annotations"]:
        (packed,) = masks.frPyObjects(one["segmentation"], height, width)
        areas.append(int(masks.area(packed)))
        one["segmentation"] = packed | {"counts": packed["counts"].decode("ascii")}
    path = tmp_path / "masks.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    drawn = read_drawn(path, "array")
    # An outline runs through the middles of the sides of the outer px: half a px of area less.
    pixels = [
        float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2.0 + 0.5
        for x, y in (outline.T for outline in drawn.outlines_px)
    ]
    assert pixels == pytest.approx(areas)


def _labels(analysis: Analysis) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """What a run writes by --masks."""
    return np.asarray(cv2.imdecode(np.frombuffer(mask_png(analysis), np.uint8), cv2.IMREAD_UNCHANGED), np.uint16)


@pytest.mark.parametrize("is_packed", [True, False])
def test_pixels_that_the_library_of_coco_packs_give_the_same_numbers(
    is_packed: bool, shower: Staged, analysed_shower: Analysis, tmp_path: Path
) -> None:
    """As CVAT and Label Studio export what was painted with a brush: a mask per spot, packed or as runs."""
    content = json.loads(_coco_file(analysed_shower, tmp_path).read_text(encoding="utf-8"))
    labels = _labels(analysed_shower)
    content["annotations"] = [one for one in content["annotations"] if one["spot"]]
    assert len(content["annotations"]) == len(analysed_shower.table)
    for one in content["annotations"]:
        number = one["spot"]
        packed = masks.encode(np.asfortranarray((labels == number).astype(np.uint8)))
        counts: Any = packed["counts"].decode("ascii")
        if not is_packed:
            ends = np.flatnonzero(np.diff((labels == number).ravel(order="F"), prepend=False, append=True))
            counts = np.diff(ends, prepend=0).tolist()
        one |= {"iscrowd": 1, "segmentation": {"size": packed["size"], "counts": counts}}
    path = tmp_path / "brush.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert _numbers(shower, read_drawn(path, "array")) == _expected(analysed_shower)


def test_a_mask_that_the_library_of_tiff_writes_gives_the_same_numbers(
    shower: Staged, analysed_shower: Analysis, tmp_path: Path
) -> None:
    path = tmp_path / "shower_cp_masks.tif"
    tifffile.imwrite(path, _labels(analysed_shower), compression="zlib")
    np.testing.assert_array_equal(tifffile.imread(path), _labels(analysed_shower))
    assert _numbers(shower, read_drawn(path, "array")) == _expected(analysed_shower)


def test_regions_that_the_library_of_imagej_writes_again_keep_their_numbers(
    shower: Staged, analysed_shower: Analysis, tmp_path: Path
) -> None:
    path, again = tmp_path / "regions.zip", tmp_path / "again.zip"
    path.write_bytes(write_annotations(analysed_shower, "imagej"))
    regions = roifile.roiread(str(path))
    assert sum(not region.name.startswith("candidate") for region in regions) == len(analysed_shower.table)
    roifile.roiwrite(str(again), regions)
    assert _numbers(shower, read_drawn(again, "array")) == _expected(analysed_shower)


def test_a_file_for_labelme_has_what_its_loader_demands_and_comes_back_as_it_saves(
    shower: Staged, analysed_shower: Analysis, tmp_path: Path
) -> None:
    content = json.loads(write_annotations(analysed_shower, "labelme"))
    kinds = {"version": str, "flags": dict, "shapes": list, "imagePath": str, "imageHeight": int, "imageWidth": int}
    for name, kind in kinds.items():
        assert isinstance(content[name], kind), name
    assert content["imageData"] is None  # the loader then opens the photo beside the file
    for shape in content["shapes"]:
        assert isinstance(shape["label"], str)
        assert shape["label"]
        assert (shape["shape_type"], shape["flags"], shape["group_id"], shape["mask"]) == ("polygon", {}, None, None)
        assert isinstance(shape["description"], str)
        assert len(shape["points"]) >= 3
        assert all(len(point) == 2 and all(isinstance(place, float) for place in point) for point in shape["points"])
    # It saves the fields in another order, indented, with the picture inside, and keeps those that it does not know.
    saved = dict(sorted(content.items())) | {"version": "5.8.1", "imageData": "aGVsbG8="}
    path = tmp_path / "shower.json"
    path.write_text(json.dumps(saved, ensure_ascii=False, indent=2), encoding="utf-8")
    assert _numbers(shower, read_drawn(path, "array")) == _expected(analysed_shower)


def test_labelme_loads_and_saves_a_file_and_its_numbers_stay(
    shower: Staged, analysed_shower: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    label_file = pytest.importorskip("labelme._label_file", reason="labelme is not installed, and not among the extras")
    content = json.loads(write_annotations(analysed_shower, "labelme"))
    photo, path, saved = (tmp_path / name for name in (content["imagePath"], "shower.json", "saved.json"))
    cv2.imwrite(str(photo.with_suffix(".png")), shower.truth.rgb[..., ::-1])
    path.write_text(json.dumps(content | {"imagePath": photo.with_suffix(".png").name}), encoding="utf-8")
    loaded = label_file.LabelFile(str(path))
    assert [(shape["label"], shape["points"]) for shape in loaded.shapes] == [
        (shape["label"], shape["points"]) for shape in content["shapes"]
    ]
    height, width = shower.truth.rgb.shape[:2]
    loaded.save(str(saved), loaded.shapes, content["imagePath"], height, width, None, loaded.other_data, loaded.flags)
    assert _numbers(shower, read_drawn(saved, "array")) == _expected(analysed_shower)
