"""What a file or folder among photos is: a photo, or a reason why it is not read.

A photo is known by the ending of its name, and otherwise by its first bytes: photos are saved as ``.jfif``, renamed
to ``.jpg_original`` by tools that edit them, or lose their ending.
"""

from __future__ import annotations

import os
from pathlib import Path

from lesionvis.photo.formats import RAW, format_of, reason_not_read

PHOTO_EXTENSIONS = frozenset(
    {
        *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".pjp", ".pjpeg"),
        *(".png", ".tif", ".tiff", ".webp"),
    }
)
"""Endings that make a file a photo, whatever it holds: one that cannot be read then is a row that says so."""

HIDDEN = "hidden, as its name begins with a dot"
OF_THE_SYSTEM = "folder that a system keeps for its thumbnails, deleted files or snapshots"
IN_THE_CLOUD = "stands for a file in iCloud; download that first"
NO_PHOTO = "no photo by its first bytes"

_UNFINISHED = "unfinished download; finish it first"
_THUMBNAIL = "thumbnail that a camera keeps beside a film or raw file"
_REASON_OF_EXTENSION = {
    ".thm": _THUMBNAIL,  # a small JPEG by its first bytes
    **dict.fromkeys(
        # Raw files are TIFFs or films by their first bytes.
        (".arw", ".cr2", ".cr3", ".crw", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".sr2", ".srw"),
        RAW,
    ),
    **dict.fromkeys((".crdownload", ".download", ".part", ".partial", ".tmp"), _UNFINISHED),
}
_FIRST_BYTES = 512
# Of Synology, QNAP, Windows, Linux and macOS, in small letters.
_SYSTEM_FOLDERS = frozenset(
    {
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@__thumb"),
        *("$recycle.bin", "recycler", "recycled", "system volume information", "lost+found", "__macosx"),
    }
)


def reason_to_skip_folder(name: str) -> str:
    """Reason not to look for photos in a folder.

    Parameters
    ----------
    name : str
        Name of the folder.

    Returns
    -------
    str
        "" for a folder to look into.

    Examples
    --------
    >>> reason_to_skip_folder(".thumbnails")
    'hidden, as its name begins with a dot'
    >>> reason_to_skip_folder("left leg")
    ''
    """
    if name.startswith("."):
        return HIDDEN
    return OF_THE_SYSTEM if name.lower() in _SYSTEM_FOLDERS else ""


def is_named_photo(name: str) -> bool:
    """Test whether a file is a photo by its name alone.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    bool
        True for a known ending, unless the file is hidden.

    Examples
    --------
    >>> is_named_photo("IMG_0002.JFIF"), is_named_photo("._IMG_0002.jpg"), is_named_photo("IMG_0005")
    (True, False, False)
    """
    return _extension(name) in PHOTO_EXTENSIONS and not name.startswith(".")


def reason_to_skip(path: Path) -> str:
    """Reason not to read a file as a photo. Files with an ending that is not known are opened.

    Parameters
    ----------
    path : Path
        An ordinary file, no device or pipe.

    Returns
    -------
    str
        "" for a photo.
    """
    extension = _extension(path.name)
    if extension == ".icloud":
        return IN_THE_CLOUD
    if path.name.startswith("."):
        return HIDDEN
    if is_named_photo(path.name):
        return ""
    if extension in _REASON_OF_EXTENSION:
        return _REASON_OF_EXTENSION[extension]
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST_BYTES)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return _reason_of_content(first)


def _extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - there is no path


def _reason_of_content(first: bytes) -> str:
    format_name = format_of(first)
    # Two letters make a BMP, and a text may begin with them; the four bytes that are reserved are zero.
    if format_name is not None and (format_name != "BMP" or first[6:10] == bytes(4)):
        return ""
    return reason_not_read(first) or NO_PHOTO
