"""Pieces of a photo at full resolution and reduced by two, four, ..., so that photos of any size can be looked at.

They are made in a process of its own, which keeps the last photos decoded and can be lost without harm.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from lesionvis.batch.worker import limit_resources
from lesionvis.errors import UnreadablePhoto

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TILE_PX = 512
# Small spots must not be blurred by the picture's own compression.
JPEG_QUALITY = 92
# A photo of 100 megapixels with its reduced forms is 0.4 GB.
_HELD_BYTES_MAX = 700_000_000


def level_count(width: int, height: int) -> int:
    """Number of levels, the first at full resolution, the last in one tile.

    Parameters
    ----------
    width, height : int
        Of the photo, px.

    Returns
    -------
    int

    Examples
    --------
    >>> level_count(512, 300), level_count(4000, 3000)
    (1, 4)
    """
    levels = 1
    while max(width, height) > TILE_PX << (levels - 1):
        levels += 1
    return levels


class Tiles:
    """Makes tiles of photos in a process of its own.

    Parameters
    ----------
    max_memory_gb : float
        Largest address space of that process, GB.
    """

    def __init__(self, max_memory_gb: float) -> None:
        self._max_memory_gb = max_memory_gb
        self._pool: ProcessPoolExecutor | None = None
        self._lock = Lock()

    def __call__(self, path: Path, content: str, level: int, column: int, row: int) -> bytes:
        """Make one tile.

        Parameters
        ----------
        path : Path
            The photo.
        content : str
            Its SHA-256; another content is refused.
        level : int
            How often the photo is halved.
        column, row : int
            Of the tile.

        Returns
        -------
        bytes
            JPEG file, up to `TILE_PX` wide and high.

        Raises
        ------
        UnreadablePhoto
            If the file is no longer that photo, or cannot be decoded; if there is no such tile.
        """
        for _ in range(2):  # a process that was lost is started again
            with self._lock:
                pool = self._pool = self._pool or self._started()
            try:
                return pool.submit(_tile, str(path), content, level, column, row).result()
            except BrokenProcessPool:
                with self._lock:
                    if self._pool is pool:  # or another thread has started the next one
                        self._pool = None
        raise UnreadablePhoto(f"{path.name} cannot be shown; it ended the process that decodes it.")

    def close(self) -> None:
        """End the process."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        begin = partial(limit_resources, self._max_memory_gb)
        return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin)


_held: OrderedDict[str, list[NDArray[np.uint8]]] = OrderedDict()


def _tile(path: str, content: str, level: int, column: int, row: int) -> bytes:
    """One tile, in the process that makes them."""
    import cv2

    levels = _levels(path, content)
    left, top = column * TILE_PX, row * TILE_PX
    if not 0 <= level < len(levels):
        raise UnreadablePhoto(f"There is no level {level} of {Path(path).name}.")
    height, width = levels[level].shape[:2]
    if not (0 <= left < width and 0 <= top < height):
        raise UnreadablePhoto(f"There is no tile {column}, {row} of {Path(path).name}.")
    piece = levels[level][top : top + TILE_PX, left : left + TILE_PX, ::-1]
    return cv2.imencode(".jpg", piece, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def _levels(path: str, content: str) -> list[NDArray[np.uint8]]:
    if content in _held:
        _held.move_to_end(content)
        return _held[content]
    _held[content] = halved(_full_picture(Path(path), content))
    while len(_held) > 1 and sum(one.nbytes for levels in _held.values() for one in levels) > _HELD_BYTES_MAX:
        _held.popitem(last=False)
    return _held[content]


def _full_picture(path: Path, content: str) -> NDArray[np.uint8]:
    """Picture of a photo (RGB), upright and at full resolution; refused if the file is no longer that photo."""
    import hashlib

    from lesionvis.photo.decode import decode, read_header

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(f"{path.name} cannot be read ({error.strerror}); check the path and the disk.") from error
    if hashlib.sha256(data).hexdigest() != content:
        raise UnreadablePhoto(f"{path.name} changed since the run; run lesionvis batch again.")
    return decode(read_header(data, path.name), 1.0).rgb


def halved(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Picture and its reduced forms, each half as wide and high as the one before.

    Parameters
    ----------
    picture : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    list of ndarray
        `level_count` of them.
    """
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    levels = [picture]
    for _ in range(level_count(width, height) - 1):
        # An odd last row or column is halved with its own repetition, so that every level has the same origin.
        large = levels[-1]
        even = np.pad(large, ((0, large.shape[0] % 2), (0, large.shape[1] % 2), (0, 0)), mode="edge")
        size = (even.shape[1] // 2, even.shape[0] // 2)
        levels.append(np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8))
    return levels
