"""The JSON of labelme, one file per photo."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.annotations.base import AnnotatedPhoto, Annotation, AnnotationFile, damaged, drawn_from, json_file
from lesionvis.errors import SettingsError

# Version of labelme whose files these are like.
_VERSION = "5.5.0"
# Corners of a polygon in the place of a circle: its area is right to 0.3 %.
_CIRCLE_CORNERS = 48


def is_labelme(content: Any) -> bool:
    """Whether the content of a JSON file is of labelme.

    Parameters
    ----------
    content : object
        As `json.loads` gives it.

    Returns
    -------
    bool
    """
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def read_labelme(content: Mapping[str, Any], path: Path) -> AnnotationFile:
    """Spots of a file of labelme: polygons, circles and rectangles.

    Parameters
    ----------
    content : mapping
        Content of the file.
    path : Path
        For messages.

    Returns
    -------
    AnnotationFile
        Of one photo, which goes by the name of the file, as in labelme itself.

    Raises
    ------
    SettingsError
        If the file is damaged, or has a shape without an area.
    """
    try:
        outlines = list(_outlines(content["shapes"], path.name))
        width, height = content.get("imageWidth"), content.get("imageHeight")
        size = (int(width), int(height)) if width and height else None
        told = content.get("drawn_by", ""), content.get("drawn_at", "")
        return AnnotationFile({"": drawn_from(outlines, path.name, size, *told)}, {})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(path.name, f"it is no complete file of labelme ({error!r})") from error


def write_labelme(written: AnnotatedPhoto) -> bytes:
    """Spots as a file of labelme.

    Parameters
    ----------
    written : AnnotatedPhoto

    Returns
    -------
    bytes
        JSON in UTF-8.
    """
    content: dict[str, Any] = {
        "version": _VERSION,
        "flags": {},
        "shapes": [_shape(one) for one in written.annotations],
        "imagePath": written.photo,
        "imageData": None,
        "imageHeight": written.size_px[1],
        "imageWidth": written.size_px[0],
        "drawn_by": written.drawn_by,
        "drawn_at": written.drawn_at,
    }
    return json_file(content)


def _outlines(shapes: Iterable[Mapping[str, Any]], file: str) -> Iterator[tuple[NDArray[np.float64], str]]:
    for number, shape in enumerate(shapes, start=1):
        kind = shape.get("shape_type") or "polygon"
        points = np.asarray(shape["points"], np.float64).reshape(-1, 2)
        if kind == "rectangle" and len(points) == 2:
            (left, top), (right, bottom) = points
            points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        elif kind == "circle" and len(points) == 2:
            angles = np.arange(_CIRCLE_CORNERS) * (2.0 * np.pi / _CIRCLE_CORNERS)
            radius = float(np.hypot(*(points[1] - points[0])))
            points = points[0] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        elif kind != "polygon":
            raise SettingsError(f"{file}: shape {number} is a {kind}; draw spots as polygons or circles.")
        yield points, str(shape["label"])


def _shape(annotation: Annotation) -> dict[str, Any]:
    score = "" if math.isnan(annotation.score) else f"score {annotation.score:.3f}"
    return {
        "label": annotation.category,
        "points": annotation.outline_px.tolist(),
        "group_id": None,
        "description": score,
        "shape_type": "polygon",
        "flags": {},
        "mask": None,
    }
