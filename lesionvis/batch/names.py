"""Names of photos and pictures that are harmless in tables, terminals and pages, and still name one file each.

A photo's name is its path relative to the folder, with forward slashes. Characters that could do harm are
percent-encoded as in web addresses (UTF-8, RFC 3986), so that every name leads back to its file:

- control characters, line ends, invisible and bidirectional formatting, and bytes that are no text;
- ``;`` and a first ``=``, ``+``, ``-`` or ``@``, full width too, which a spreadsheet could take for a new cell or a
  formula;
- ``%`` itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_to_bytes

# Joiners are invisible too, but emoji and several scripts are written with them.
_JOINERS = "\u200c\u200d"
_HARMFUL_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FORMULA_START = re.compile("^[=+\\-@\uff1d\uff0b\uff0d\uff20]")
# What file systems allow in one name.
_NAME_MAX_BYTES = 255
_DIGEST_DIGITS = 16
_GIVEN_MARK = "+given:"


def photo_name(path: Path, folder: Path) -> str:
    """Name of a photo in tables.

    Parameters
    ----------
    path : Path
        The photo, inside `folder`.
    folder : Path

    Returns
    -------
    str

    Examples
    --------
    >>> photo_name(Path("in/leg/day 2.jpg"), Path("in"))
    'leg/day 2.jpg'
    >>> photo_name(Path("in/=1+1;.jpg"), Path("in"))
    '%3D1+1%3B.jpg'
    """
    text = path.relative_to(folder).as_posix()
    text = "".join(_encoded(letter) if letter in "%;" or _is_harmful(letter) else letter for letter in text)
    return _FORMULA_START.sub(lambda match: _encoded(match.group()), text)


def photo_path(name: str, folder: Path) -> Path:
    """File of a photo by its name, the inverse of `photo_name`.

    Parameters
    ----------
    name : str
        Name from `photo_name`.
    folder : Path
        Folder of the photos.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> photo_path("%3D1+1%3B.jpg", Path("in")).as_posix()
    'in/=1+1;.jpg'
    """
    return folder / os.fsdecode(unquote_to_bytes(name))


def escape_control_characters(text: str) -> str:
    r"""Text of unknown origin on one line, with harmful characters percent-encoded.

    Parameters
    ----------
    text : str
        Text of unknown origin, such as a file name.

    Returns
    -------
    str
        One line; control and direction characters are percent-encoded.

    Examples
    --------
    >>> escape_control_characters("a\nb \x1b[31m")
    'a%0Ab %1B[31m'
    """
    return "".join(_encoded(letter) if _is_harmful(letter) else letter for letter in text)


def picture_files(photos: Iterable[str], kind: str, extension: str) -> dict[str, str]:
    """File of the picture that is made of each photo, relative to the run folder.

    The picture of ``leg/a.jpg`` is ``<kind>/leg/a<extension>``. Where two photos in one folder would share a picture,
    such as ``a.jpg`` and ``a.png``, each keeps its own extension: ``a.jpg<extension>`` and ``a.png<extension>``. Names
    that differ by case or by the way an accent is written only get a digest: the run folder may lie on a disk that does
    not tell them apart.

    Parameters
    ----------
    photos : iterable of str
        Names of all photos of the run.
    kind : str
        Folder of the pictures.
    extension : str
        With its dot.

    Returns
    -------
    dict
        Photo -> file; no two photos have the same, on any disk.

    Examples
    --------
    >>> picture_files(["a.jpg", "b/c.heic", "b/c.jpg"], "masks", ".png")
    {'a.jpg': 'masks/a.png', 'b/c.heic': 'masks/b/c.heic.png', 'b/c.jpg': 'masks/b/c.jpg.png'}
    """
    names = list(photos)
    # From the shortest name to one that no other photo has; whole names may still be one on disks that tell no case.
    choices = (
        {photo: str(PurePosixPath(kind, photo).with_suffix("")) + extension for photo in names},
        {photo: f"{kind}/{photo}{extension}" for photo in names},
        {photo: f"{kind}/{photo}~{_digest(photo)}{extension}" for photo in names},
    )
    files, rank = dict(choices[0]), dict.fromkeys(names, 0)
    while crowded := [photo for photo in _crowded(files) if rank[photo] < len(choices) - 1]:
        for photo in crowded:
            rank[photo] += 1
            files[photo] = choices[rank[photo]][photo]
    return {photo: _fitting(file, extension) for photo, file in files.items()}


def _crowded(files: Mapping[str, str]) -> list[str]:
    """Photos whose file is that of another photo, or a folder of its file, on a disk that tells no case."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for photo, file in files.items():
        sharing[_on_any_disk(file)].append(photo)
    folders = {str(folder) for file in sharing for folder in PurePosixPath(file).parents}
    return [photo for file, group in sharing.items() if len(group) > 1 or file in folders for photo in group]


def _on_any_disk(file: str) -> str:
    """What tells a file from others on every disk: some tell neither case nor how an accent is written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", file).casefold())


def mask_path(photo: str, masks: Path) -> Path:
    """File with the places of a photo that are to be left out, existing or not.

    Parameters
    ----------
    photo : str
        Name from `photo_name`.
    masks : Path
        Folder of the masks.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> mask_path("leg/a.jpg", Path("exclude")).as_posix()
    'exclude/leg/a.jpg.png'
    """
    path = photo_path(photo, masks)
    return path.with_name(f"{path.name}.png")


def content_key(photo_sha256: str, mask_sha256: str | None, given_sha256: str | None = None) -> str:
    """Key of the results of a photo: its content, that of its mask, and what a person gave for it.

    Parameters
    ----------
    photo_sha256 : str
        SHA-256 of the photo.
    mask_sha256 : str or None
        SHA-256 of its mask.
    given_sha256 : str or None
        SHA-256 of what was given for it (`lesionvis.batch.given.Given.digest`).

    Returns
    -------
    str
        One to three digests.

    Examples
    --------
    >>> content_key("ab", None), content_key("ab", "cd"), content_key("ab", None, "ef")
    ('ab', 'ab+cd', 'ab+given:ef')
    """
    file = photo_sha256 if mask_sha256 is None else f"{photo_sha256}+{mask_sha256}"
    return file if given_sha256 is None else f"{file}{_GIVEN_MARK}{given_sha256}"


def file_key(key: str) -> str:
    """Part of a key that the photo and its mask make up.

    Parameters
    ----------
    key : str
        From `content_key`.

    Returns
    -------
    str
        One or two digests.

    Examples
    --------
    >>> file_key("ab+cd+given:ef")
    'ab+cd'
    """
    return key.partition(_GIVEN_MARK)[0]


def photo_digest(key: str) -> str:
    """Digest of the photo in a key.

    Parameters
    ----------
    key : str
        From `content_key`.

    Returns
    -------
    str
        SHA-256 of the photo.

    Examples
    --------
    >>> photo_digest("ab+cd+given:ef")
    'ab'
    """
    return key.partition("+")[0]


def _fitting(file: str, extension: str) -> str:
    """File with its last part shortened to what file systems allow, a digest making up for what is cut."""
    path = PurePosixPath(file)
    raw = path.name.encode()
    if len(raw) <= _NAME_MAX_BYTES:
        return file
    ending = f"~{_digest(path.name)}{extension}"
    return str(path.with_name(raw[: _NAME_MAX_BYTES - len(ending)].decode(errors="ignore") + ending))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_DIGITS]


def _is_harmful(letter: str) -> bool:
    return unicodedata.category(letter) in _HARMFUL_CATEGORIES and letter not in _JOINERS


def _encoded(letter: str) -> str:
    try:
        raw = os.fsencode(letter)
    except UnicodeEncodeError:  # half a character, which no file name holds
        raw = letter.encode(errors="surrogatepass")
    return "".join(f"%{byte:02X}" for byte in raw)
