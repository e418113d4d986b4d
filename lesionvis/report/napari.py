"""Photos as layers of napari: the picture, and its spots as labels with the table.

napari finds `get_reader` through the manifest `lesionvis/napari.yaml`. Nothing of napari is needed here: its layers are
described by plain tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

from numpy.typing import NDArray

from lesionvis.analysis import analyze
from lesionvis.photo.decode import decode, read_header
from lesionvis.photo.reader import FileContent, PhotoReader
from lesionvis.scale import Scale
from lesionvis.spots.drawn import source_pixels

Layer = tuple[NDArray[Any], dict[str, Any], Literal["image", "labels"]]
"""Data of a layer, the arguments that napari makes it with, and its kind."""


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[Layer]]:
    """Reader of photos, as napari asks for it.

    Parameters
    ----------
    path : str or sequence of str
        What is to be opened. The manifest says by which names photos are known, so that it is not looked at.

    Returns
    -------
    callable
        `read_layers`.
    """
    del path
    return read_layers


def read_layers(path: str | Sequence[str]) -> list[Layer]:
    """Analyse photos and give each as an image and its spots as labels.

    Parameters
    ----------
    path : str or sequence of str
        One photo or several.

    Returns
    -------
    list of (ndarray, dict, str)
        For each photo its picture, upright and at full resolution, of shape (H, W, 3), uint8; and labels of shape
        (H, W), int32, 0 for the background and k for spot k, with one row of `features` per spot. Both are in mm where
        the photo has a scale, and in px otherwise.

    Raises
    ------
    UnreadablePhoto
        If a file is no photo that can be read.
    """
    paths = [path] if isinstance(path, str) else path
    return [layer for one in paths for layer in _layers_of(one)]


def _layers_of(path: str) -> list[Layer]:
    # Read once, so that what is shown is what was analysed. Of a path it is always the content of a file.
    content = cast("FileContent", PhotoReader().hold(path))
    analysis = analyze(content)
    picture = decode(read_header(content.data, content.name), 1.0).rgb
    rows, columns = source_pixels(analysis.photo)
    labels = analysis.spots.labels[rows][:, columns]
    place: dict[str, Any] = {}
    if isinstance(analysis.scale, Scale):
        place = {"scale": (1 / analysis.scale.px_per_mm,) * 2, "units": ("mm", "mm")}
    # By `index` napari knows the row of a label: without that column the first row would be the background's.
    features = {"index": analysis.table["spot"], **analysis.table.columns}
    metadata = {"analysis": analysis.to_dict()}
    return [
        (picture, {"name": content.name, "rgb": True, **place}, "image"),
        (labels, {"name": f"{content.name} spots", "features": features, "metadata": metadata, **place}, "labels"),
    ]
