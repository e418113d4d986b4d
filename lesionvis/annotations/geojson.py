"""GeoJSON (RFC 7946) as QuPath reads and writes it, one file per photo."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.annotations.base import SPOT, AnnotatedPhoto, Annotation, AnnotationFile, damaged, drawn_from, json_file
from lesionvis.errors import SettingsError

_COLLECTION = "FeatureCollection"


def is_geojson(content: Any) -> bool:
    """Whether the content of a JSON file is GeoJSON.

    Parameters
    ----------
    content : object
        As `json.loads` gives it.

    Returns
    -------
    bool
        True for a collection, one feature, or a bare list of features, as QuPath has written them.
    """
    if isinstance(content, list):
        return all(isinstance(one, dict) and one.get("type") == "Feature" for one in content)
    return isinstance(content, dict) and content.get("type") in (_COLLECTION, "Feature")


def read_geojson(content: Any, path: Path) -> AnnotationFile:
    """Spots of a GeoJSON file: polygons, of which holes are filled.

    Parameters
    ----------
    content : object
        Content of the file.
    path : Path
        For messages.

    Returns
    -------
    AnnotationFile
        Of one photo, which goes by the name of the file.

    Raises
    ------
    SettingsError
        If the file is damaged, or has a shape without an area.
    """
    about = content if isinstance(content, dict) else {}
    try:
        features = content if isinstance(content, list) else content.get("features", [content])
        outlines = list(_outlines(features, path.name))
        size = about.get("size_px")
        told = about.get("drawn_by", ""), about.get("drawn_at", "")
        return AnnotationFile({"": drawn_from(outlines, path.name, tuple(size) if size else None, *told)}, {})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(path.name, f"it is no complete GeoJSON ({error!r})") from error


def write_geojson(written: AnnotatedPhoto) -> bytes:
    """Spots as a GeoJSON file.

    Parameters
    ----------
    written : AnnotatedPhoto

    Returns
    -------
    bytes
        JSON in UTF-8.
    """
    content = {
        "type": _COLLECTION,
        "photo": written.photo,
        "size_px": list(written.size_px),
        "drawn_by": written.drawn_by,
        "drawn_at": written.drawn_at,
        "features": [_feature(one) for one in written.annotations],
    }
    return json_file(content)


def _outlines(features: Sequence[Mapping[str, Any]], file: str) -> Iterator[tuple[NDArray[np.float64], str]]:
    for number, feature in enumerate(features, start=1):
        kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        if kind not in ("Polygon", "MultiPolygon"):
            raise SettingsError(f"{file}: object {number} is a {kind}; draw spots as polygons.")
        about = (feature.get("properties") or {}).get("classification") or {}
        for rings in coordinates if kind == "MultiPolygon" else [coordinates]:
            # The first ring is the outer one, and its last corner repeats the first.
            yield np.asarray(rings[0], np.float64)[:-1, :2], str(about.get("name") or SPOT)


def _feature(annotation: Annotation) -> dict[str, Any]:
    ring = annotation.outline_px.tolist()
    measured = {} if math.isnan(annotation.score) else {"score": annotation.score}
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {
            "objectType": "annotation",
            "name": str(annotation.spot or ""),
            "classification": {"name": annotation.category},
            "measurements": measured,
        },
    }
