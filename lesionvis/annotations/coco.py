"""COCO JSON, which CVAT and Label Studio read and write: polygons and run-length encoded masks of many photos."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.annotations.base import (
    CATEGORIES,
    AnnotatedPhoto,
    Annotation,
    AnnotationFile,
    damaged,
    drawn_from,
)
from lesionvis.errors import SettingsError
from lesionvis.geometry import pixel_borders, polygon_area
from lesionvis.spots.drawn import CENTRE_PX, DrawnSpots


def is_coco(content: Any) -> bool:
    """Whether the content of a JSON file is COCO.

    Parameters
    ----------
    content : object
        As `json.loads` gives it.

    Returns
    -------
    bool
    """
    return isinstance(content, dict) and isinstance(content.get("images"), list) and "annotations" in content


def read_coco(content: Mapping[str, Any], path: Path) -> AnnotationFile:
    """Spots of the photos of a COCO file; a photo without annotations has no spots.

    Parameters
    ----------
    content : mapping
        Content of the file.
    path : Path
        For messages.

    Returns
    -------
    AnnotationFile
        By the `file_name` of each image.

    Raises
    ------
    SettingsError
        If the file is no COCO as a whole.
    """
    try:
        names = {category["id"]: str(category["name"]) for category in content.get("categories", [])}
        images = {image["id"]: image for image in content["images"]}
        of_image: dict[Any, list[Mapping[str, Any]]] = {number: [] for number in images}
        for annotation in content["annotations"]:
            of_image[annotation["image_id"]].append(annotation)
        info = content.get("info") or {}
        told = info.get("contributor", ""), info.get("date_created", "")
        photos = {number: str(image["file_name"]) for number, image in images.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise damaged(path.name, f"it is no complete COCO file ({error!r})") from error
    spots: dict[str, DrawnSpots] = {}
    problems: dict[str, str] = {}
    for number, photo in photos.items():
        try:
            size = int(images[number]["width"]), int(images[number]["height"])
            outlines = list(_outlines(of_image[number], names, path.name))
            spots[photo] = drawn_from(outlines, path.name, size, *told)
        except SettingsError as error:
            problems[photo] = str(error)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problems[photo] = f"{path.name}: an annotation of this photo is damaged ({error!r}); export it again."
    return AnnotationFile(spots, problems)


def coco_content(written: AnnotatedPhoto) -> dict[str, Any]:
    """COCO content with one photo.

    Parameters
    ----------
    written : AnnotatedPhoto

    Returns
    -------
    dict
        Ready for JSON.
    """
    width, height = written.size_px
    return {
        "info": {
            "description": "spots found by lesionvis",
            "contributor": written.drawn_by,
            "date_created": written.drawn_at,
        },
        "licenses": [],
        "categories": [{"id": number, "name": name} for number, name in enumerate(CATEGORIES, start=1)],
        "images": [{"id": 1, "file_name": written.photo, "width": width, "height": height}],
        "annotations": [_written(number, one) for number, one in enumerate(written.annotations, start=1)],
    }


def joined_coco(contents: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """COCO content of several photos.

    Parameters
    ----------
    contents : iterable of (str, mapping)
        Name of each photo, and its `coco_content`.

    Returns
    -------
    dict
        Images and annotations are numbered anew, from 1.
    """
    joined = coco_content(AnnotatedPhoto())
    joined["images"] = []
    for number, (photo, content) in enumerate(contents, start=1):
        joined["images"].append(content["images"][0] | {"id": number, "file_name": photo})
        first = len(joined["annotations"]) + 1
        joined["annotations"] += [
            one | {"id": index, "image_id": number} for index, one in enumerate(content["annotations"], start=first)
        ]
    return joined


def _decoded_mask(segmentation: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Mask of a run-length encoding, compressed or not; ValueError if the runs do not fill it.

    "counts" are run lengths of 0 and 1 by turns, column by column, as numbers or as the text of COCO's own library: 6
    bits per letter, the lowest first, of which 5 are digits; from the third run on the difference to the last run but
    one.

    >>> _decoded_mask({"size": [2, 3], "counts": [1, 2, 3]}).astype(int)
    array([[0, 1, 0],
           [1, 0, 0]])
    """
    height, width = (int(side) for side in segmentation["size"])
    counts = segmentation["counts"]
    runs = np.asarray(_uncompressed(counts) if isinstance(counts, str) else counts, np.int64)
    if (runs < 0).any() or runs.sum() != height * width:
        raise ValueError(f"runs of {runs.sum()} px in a mask of {height * width}")
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.asarray(values.reshape(width, height).T)


def _uncompressed(text: str) -> list[int]:
    runs: list[int] = []
    value, shift = 0, 0
    for letter in text:
        digits = ord(letter) - 48
        value |= (digits & 31) << shift
        shift += 5
        if not digits & 32:  # the last letter of this number, whose highest bit is the sign
            value -= (digits & 16) << (shift - 4)
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value, shift = 0, 0
    return runs


def _outlines(
    annotations: Iterable[Mapping[str, Any]], names: Mapping[Any, str], file: str
) -> Iterator[tuple[NDArray[np.float64], str]]:
    for annotation in annotations:
        number = annotation["category_id"]
        if number not in names:
            raise damaged(file, f"annotation {annotation.get('id')} is of category {number}, which it does not name")
        segmentation = annotation.get("segmentation")
        if not segmentation:
            raise SettingsError(
                f"{file}: annotation {annotation.get('id')} has no segmentation; draw a polygon or a mask, not a box."
            )
        if isinstance(segmentation, Mapping):
            for border in pixel_borders(_decoded_mask(segmentation)):
                yield border + CENTRE_PX, names[number]
        else:
            for corners in segmentation:
                yield np.asarray(corners, np.float64).reshape(-1, 2), names[number]


def _written(number: int, annotation: Annotation) -> dict[str, Any]:
    corners = annotation.outline_px
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return {
        "id": number,
        "image_id": 1,
        "category_id": CATEGORIES.index(annotation.category) + 1,
        "segmentation": [corners.ravel().tolist()],
        "area": abs(float(polygon_area(corners[:, 0], corners[:, 1]))),
        "bbox": [left, top, right - left, bottom - top],
        "iscrowd": 0,
        "score": None if math.isnan(annotation.score) else annotation.score,
        "spot": annotation.spot,
    }
