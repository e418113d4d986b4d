"""labelme and GeoJSON as the programs write them, and what is wrong with a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionvis.annotations.files import read_annotations
from lesionvis.annotations.geojson import is_geojson
from lesionvis.annotations.labelme import is_labelme
from lesionvis.errors import SettingsError
from lesionvis.geometry import polygon_area
from lesionvis.spots.drawn import DrawnSpots

SQUARE = [[10, 10], [20, 10], [20, 20], [10, 20]]


def _read(content: object, folder: Path) -> DrawnSpots:
    path = folder / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_annotations(path).spots[""]


def _labelme(*shapes: dict[str, Any]) -> dict[str, Any]:
    return {"shapes": [{"label": "spot"} | shape for shape in shapes], "imageWidth": 60, "imageHeight": 40}


def _feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_shapes_of_labelme_are_read(tmp_path: Path) -> None:
    drawn = _read(
        _labelme(
            {"points": SQUARE, "shape_type": "polygon"},
            {"points": [[5, 5], [9, 12]], "shape_type": "rectangle", "label": "Lesion"},
            {"points": [[30, 20], [33, 24]], "shape_type": "circle", "label": "blood"},
            {"points": SQUARE, "label": "candidate"},
        ),
        tmp_path,
    )
    assert drawn.size_px == (60, 40)
    assert drawn.kinds == ("", "lesion", "blood")
    areas = [abs(float(polygon_area(outline[:, 0], outline[:, 1]))) for outline in drawn.outlines_px]
    assert areas == pytest.approx([100.0, 28.0, np.pi * 25.0], rel=0.003)


def test_objects_of_qupath_are_read(tmp_path: Path) -> None:
    ring = [*SQUARE, SQUARE[0]]
    hole = [[12, 12], [13, 12], [13, 13], [12, 12]]
    features = [
        _feature({"type": "Polygon", "coordinates": [ring, hole]}, classification={"name": "Vascular", "color": [1]}),
        _feature({"type": "MultiPolygon", "coordinates": [[ring], [hole]]}, objectType="annotation"),
    ]
    for content in (features, {"type": "FeatureCollection", "features": features}):
        drawn = _read(content, tmp_path)
        assert drawn.kinds == ("vascular", "", "")
        assert drawn.outlines_px[0].tolist() == [[x - 0.5, y - 0.5] for x, y in SQUARE]
    assert len(_read(features[0], tmp_path)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_labelme({"points": SQUARE, "label": "nevus"}), r'a\.json: spot 1 is of the unknown kind "nevus"; give blood'),
        (_labelme({"points": [[1, 1]], "shape_type": "point"}), r"a\.json: shape 1 is a point; draw spots as polygons"),
        (_labelme({"label": "spot"}), r"a\.json: it is no complete file of labelme"),
        (_labelme({"points": [[1, 1], [2, 2], [3, 3]]}), r"a\.json: spot 1 has no area; draw it again or delete it"),
        ([_feature({"type": "Point", "coordinates": [1, 2]})], r"a\.json: object 1 is a Point; draw spots as polygons"),
        ([{"type": "Feature"}], r"a\.json: it is no complete GeoJSON"),
        ({"shapes": "none"}, r"a\.json is of no known format; give a label mask, COCO, labelme, GeoJSON or ImageJ"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_file(content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        _read(content, tmp_path)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"a\.json is no JSON .*; export it again"):
        read_annotations(tmp_path / "a.json")


def test_formats_are_told_apart() -> None:
    assert is_labelme({"shapes": []})
    assert not is_labelme({"images": [], "annotations": []})
    assert is_geojson({"type": "FeatureCollection", "features": []})
    assert not is_geojson([1])
