"""Which format a file has, and which photos it is about."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lesionvis.annotations.base import AnnotatedPhoto, AnnotationFile, annotated, json_file, read_json
from lesionvis.annotations.coco import coco_content, is_coco, read_coco
from lesionvis.annotations.geojson import is_geojson, read_geojson, write_geojson
from lesionvis.annotations.imagej import read_imagej, write_imagej
from lesionvis.annotations.label_mask import read_label_mask
from lesionvis.annotations.labelme import is_labelme, read_labelme, write_labelme
from lesionvis.errors import SettingsError
from lesionvis.spots.drawn import DrawnSpots

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

MASK_EXTENSIONS = frozenset({".png", ".tif", ".tiff"})
ANNOTATION_EXTENSIONS = MASK_EXTENSIONS | {".json", ".geojson", ".zip", ".roi"}
"""Extensions of files that may hold spots."""
# cellpose puts this behind the name of the photo.
_ENDINGS = ("_cp_masks", "_seg", "_masks", "_mask")


WRITERS: dict[str, tuple[str, Callable[[AnnotatedPhoto], bytes]]] = {
    "coco": (".json", lambda written: json_file(coco_content(written))),
    "geojson": (".geojson", write_geojson),
    "labelme": (".json", write_labelme),
    "imagej": (".zip", write_imagej),
}
"""Format -> extension of its files, and the function that writes one."""


def read_annotations(path: Path) -> AnnotationFile:
    """Spots that a person drew, from a file of any format.

    Parameters
    ----------
    path : Path
        Label mask (.png, .tif), COCO, labelme (.json), GeoJSON (.geojson, .json) or regions of ImageJ (.zip, .roi).

    Returns
    -------
    AnnotationFile

    Raises
    ------
    SettingsError
        If the file cannot be read or is of no known format.
    """
    extension = path.suffix.lower()
    if extension in MASK_EXTENSIONS:
        return read_label_mask(path)
    if extension in (".zip", ".roi"):
        return read_imagej(path)
    if extension in (".json", ".geojson"):
        content = read_json(path)
        for is_it, read in ((is_coco, read_coco), (is_labelme, read_labelme), (is_geojson, read_geojson)):
            if is_it(content):
                return read(content, path)
    raise SettingsError(f"{path.name} is of no known format; give a label mask, COCO, labelme, GeoJSON or ImageJ.")


def read_drawn(path: Path, photo: str) -> DrawnSpots:
    """Spots that a person drew on one photo.

    Parameters
    ----------
    path : Path
        File of any format.
    photo : str
        Name or path of the photo; a file about several photos must name it.

    Returns
    -------
    DrawnSpots

    Raises
    ------
    SettingsError
        If the file cannot be read, or says nothing of this photo.
    """
    file = read_annotations(path)
    names = {name: name for name in (*file.spots, *file.problems)}
    found = "" if "" in names else PhotoNames(names).match(photo)
    if found is None:
        raise SettingsError(
            f"{path.name} says nothing of {photo}; it is about {', '.join(sorted(names)) or 'no photo'}."
        )
    if found in file.problems:
        raise SettingsError(file.problems[found])
    return file.spots[found]


def write_annotations(analysis: Analysis, kind: str) -> bytes:
    """Spots of an analysis as a file of another program.

    Parameters
    ----------
    analysis : Analysis
    kind : str
        One of `WRITERS`.

    Returns
    -------
    bytes
        The file; what was not taken for a spot is there as a candidate.
    """
    return WRITERS[kind][1](annotated(analysis))


def check_format(kind: str) -> None:
    """Make sure before hours of work that a format can be written after them.

    Parameters
    ----------
    kind : str
        Name of the format.

    Raises
    ------
    SettingsError
        If it is none of `WRITERS`, or its library is missing.
    """
    if kind not in WRITERS:
        raise SettingsError(f'There is no format "{kind}" of annotations; give one of {", ".join(WRITERS)}.')
    WRITERS[kind][1](AnnotatedPhoto())


def _as_written(name: str) -> str:
    """Name as a person writes it: with letters that are encoded in names of photos, and accents in one way."""
    return unicodedata.normalize("NFC", unquote(name))


def _in_any_case(name: str) -> str:
    return unicodedata.normalize("NFC", _as_written(name).casefold())


# Ways to write the same name, from the strictest. A photo goes by path and name, with and without its extension.
_SPELLINGS: tuple[Callable[[str], str], ...] = (str, _as_written, _in_any_case)
_N_NAMES = 4


class PhotoNames:
    """Photos by all the names that they can go by.

    Parameters
    ----------
    photos : iterable of str
        Paths of all photos, with forward slashes.
    """

    def __init__(self, photos: Iterable[str]) -> None:
        # From the most telling name to the least, each as it is, as a person would write it, and in any case.
        self._by_name: tuple[tuple[dict[str, list[str]], ...], ...] = tuple(
            tuple({} for _ in range(_N_NAMES)) for _ in _SPELLINGS
        )
        for photo in photos:
            path = PurePosixPath(photo)
            for spell, by_name in zip(_SPELLINGS, self._by_name, strict=True):
                own_names = (photo, str(path.with_suffix("")), path.name, path.stem)
                for names, name in zip(by_name, own_names, strict=True):
                    names.setdefault(spell(name), []).append(photo)

    def match(self, name: str) -> str | None:
        r"""Photo that a name means.

        Parameters
        ----------
        name : str
            Path or name, with the extension of the photo or without it.

        Returns
        -------
        str or None
            The photo of this path, or else the only one of this name; None where there is none, or several. Where none
            is written like this, one that is by another encoding of the same letters (accents, "%3B" for ";"), or else
            in another case, is meant.

        Examples
        --------
        >>> photos = PhotoNames(["leg/a.jpg", "arm/a.jpg", "leg/b.jpg"])
        >>> photos.match("leg/a"), photos.match("a.jpg"), photos.match("b.jpg")
        ('leg/a.jpg', None, 'leg/b.jpg')
        >>> photos.match("LEG/A.JPG"), photos.match("arm\\a.jpg")
        ('leg/a.jpg', 'arm/a.jpg')
        """
        path = PurePosixPath(name.replace("\\", "/"))
        for spell, by_name in zip(_SPELLINGS, self._by_name, strict=True):
            for names, key in zip(by_name, (str(path), str(path), path.name, path.name), strict=True):
                found = names.get(spell(key), [])
                if found:
                    return found[0] if len(found) == 1 else None
        return None


def photo_of_file(file: str, photos: PhotoNames) -> str | None:
    """Photo that a file of annotations goes with by its own name.

    Parameters
    ----------
    file : str
        Its path relative to the folder, with forward slashes: that of the photo with another extension, or with one
        more; with "_cp_masks", "_masks", "_mask" or "_seg" behind the name of the photo, too.
    photos : PhotoNames
        Of all photos.

    Returns
    -------
    str or None

    Examples
    --------
    >>> names = PhotoNames(["leg/a.jpg", "b.png"])
    >>> [photo_of_file(file, names) for file in ("leg/a.jpg.png", "a_cp_masks.tif", "b.json", "c.json")]
    ['leg/a.jpg', 'leg/a.jpg', 'b.png', None]
    """
    name = str(PurePosixPath(file).with_suffix(""))
    found = photos.match(name)
    for ending in _ENDINGS:
        if found is None and name.endswith(ending):
            found = photos.match(name.removesuffix(ending))
    return found
