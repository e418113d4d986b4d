from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionvis.annotations.coco import _decoded_mask, joined_coco
from lesionvis.annotations.files import read_annotations
from lesionvis.errors import SettingsError

SQUARE = [10.0, 10.0, 20.0, 10.0, 20.0, 20.0, 10.0, 20.0]


def _content(*annotations: dict[str, Any]) -> dict[str, Any]:
    return {
        "images": [{"id": 5, "file_name": "leg/a.jpg", "width": 60, "height": 40}],
        "categories": [{"id": 1, "name": "Blood"}, {"id": 2, "name": "mole"}, {"id": 3, "name": "candidate"}],
        "annotations": [{"id": n, "image_id": 5, "category_id": 1} | one for n, one in enumerate(annotations, start=1)],
    }


def _written(content: object, folder: Path) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_polygons_and_masks_are_read(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[5:8, 30:34] = 1
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[-1], mask.T.ravel(), [-1]]))))
    content = _content(
        {"segmentation": [SQUARE, [v + 21 for v in SQUARE[:6]]]},
        {"segmentation": {"size": [40, 60], "counts": runs.tolist()}},
        {"segmentation": [SQUARE], "category_id": 3},
    )
    (drawn,) = read_annotations(_written(content, tmp_path)).spots.values()
    assert drawn.size_px == (60, 40)
    assert drawn.kinds == ("blood",) * 3
    assert drawn.outlines_px[0].tolist() == [[9.5, 9.5], [19.5, 9.5], [19.5, 19.5], [9.5, 19.5]]
    assert drawn.outlines_px[2].min(axis=0).tolist() == [29.5, 4.5]
    assert drawn.outlines_px[2].max(axis=0).tolist() == [33.5, 7.5]


@pytest.mark.parametrize(
    ("counts", "runs"),
    [
        # Written by pycocotools.mask.encode for the masks that the runs describe.
        ("5\\97lGKlj0", [5, 300, 7, 40, 2, 900]),
        ("0T5", [0, 164]),
        ("`5o1", [176, 63]),
    ],
)
def test_compressed_runs_are_those_of_the_other_library(counts: str, runs: list[int]) -> None:
    total = sum(runs)
    expected = _decoded_mask({"size": [total, 1], "counts": runs})
    np.testing.assert_array_equal(_decoded_mask({"size": [total, 1], "counts": counts}), expected)


def test_runs_that_do_not_fill_the_mask_are_refused() -> None:
    with pytest.raises(ValueError, match="runs of 5 px in a mask of 6"):
        _decoded_mask({"size": [2, 3], "counts": [1, 4]})


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        ({"segmentation": [SQUARE], "category_id": 2}, 'a.json: spot 1 is of the unknown kind "mole"; give blood, '),
        ({"segmentation": []}, "a.json: annotation 1 has no segmentation; draw a polygon or a mask, not a box."),
        ({"segmentation": [SQUARE], "category_id": 9}, "a.json: annotation 1 is of category 9, which it does not name"),
        ({"segmentation": [[1.0, 2.0, 3.0]]}, "a.json: an annotation of this photo is damaged"),
        ({"segmentation": {"size": [2, 2], "counts": [9]}}, "a.json: an annotation of this photo is damaged"),
    ],
)
def test_one_bad_photo_spoils_no_other(annotation: dict[str, Any], problem: str, tmp_path: Path) -> None:
    content = _content(annotation)
    content["images"].append({"id": 6, "file_name": "b.jpg", "width": 60, "height": 40})
    file = read_annotations(_written(content, tmp_path))
    assert list(file.problems) == ["leg/a.jpg"]
    assert file.problems["leg/a.jpg"].startswith(problem)
    assert len(file.spots["b.jpg"]) == 0


@pytest.mark.parametrize("missing", ["id", "file_name"])
def test_a_file_that_lacks_something_is_refused_by_its_name(missing: str, tmp_path: Path) -> None:
    content = _content()
    del content["images"][0][missing]
    with pytest.raises(SettingsError, match=r"a\.json: it is no complete COCO file"):
        read_annotations(_written(content, tmp_path))


def test_joined_files_are_numbered_anew() -> None:
    one = _content({"segmentation": [SQUARE]}, {"segmentation": [SQUARE]})
    joined = joined_coco([("x.jpg", one), ("y/z.jpg", one)])
    assert [image["id"] for image in joined["images"]] == [1, 2]
    assert [image["file_name"] for image in joined["images"]] == ["x.jpg", "y/z.jpg"]
    assert [a["id"] for a in joined["annotations"]] == [1, 2, 3, 4]
    assert [a["image_id"] for a in joined["annotations"]] == [1, 1, 2, 2]
