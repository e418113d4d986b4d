from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import drawn_skin, write_photo
from numpy.typing import NDArray
from PIL import Image

from lesionvis.errors import UnreadablePhoto
from lesionvis.review.tiles import TILE_PX, Tiles, _full_picture, halved, level_count


@pytest.fixture(scope="module")
def tiles() -> Iterator[Tiles]:
    tiles = Tiles(max_memory_gb=4.0)
    yield tiles
    tiles.close()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _decoded(content: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture[..., ::-1], np.uint8)


def test_every_level_halves_the_one_before() -> None:
    picture = drawn_skin(1, count=40, height=601, width=1301)
    levels = halved(picture)
    assert [level.shape[:2] for level in levels] == [(601, 1301), (301, 651), (151, 326)]
    assert len(levels) == level_count(1301, 601)
    np.testing.assert_allclose(levels[1].mean(axis=(0, 1)), picture.mean(axis=(0, 1)), atol=1.0)


def test_tiles_show_their_part_of_the_photo(tiles: Tiles, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 3, count=60, height=700, width=1100)
    picture, digest = _full_picture(path, _digest(path)), _digest(path)
    corner = _decoded(tiles(path, digest, 0, 2, 1))
    expected = picture[TILE_PX:, 2 * TILE_PX :]
    assert corner.shape == expected.shape == (700 - TILE_PX, 1100 - 2 * TILE_PX, 3)
    assert np.abs(corner.astype(int) - expected).mean() < 4.0
    whole = _decoded(tiles(path, digest, 2, 0, 0))
    assert whole.shape == (175, 275, 3)


def test_a_turned_photo_is_upright_and_in_full_size(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(drawn_skin(2, height=400, width=2000)).save(path, exif=exif)
    assert _full_picture(path, _digest(path)).shape == (2000, 400, 3)


def test_what_is_not_there_is_refused(tiles: Tiles, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 3)
    digest = _digest(path)
    for level, column, row in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, 0, -1)):
        with pytest.raises(UnreadablePhoto, match="There is no"):
            tiles(path, digest, level, column, row)
    with pytest.raises(UnreadablePhoto, match="changed since the run"):
        tiles(path, "0" * 64, 0, 0, 0)
    with pytest.raises(UnreadablePhoto, match="cannot be read"):
        tiles(tmp_path / "missing.png", "1" * 64, 0, 0, 0)


def test_a_process_that_is_lost_is_started_again(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", 3)
    tiles = Tiles(max_memory_gb=4.0)
    try:
        first = tiles(path, _digest(path), 0, 0, 0)
        assert tiles._pool is not None
        for process in list((tiles._pool._processes or {}).values()):
            process.kill()
            process.join()
        assert tiles(path, _digest(path), 0, 0, 0) == first
    finally:
        tiles.close()


class _Lost:
    """A pool whose process is gone, and in whose place another thread has put the next one."""

    def __init__(self, tiles: Tiles, following: _Working) -> None:
        self.tiles, self.following = tiles, following

    def submit(self, *_: object) -> Future[bytes]:
        self.tiles._pool = self.following  # type: ignore[assignment]
        raise BrokenProcessPool


class _Working:
    was_ended = False

    def submit(self, *_: object) -> Future[bytes]:
        made = Future[bytes]()
        made.set_result(b"tile")
        return made

    def shutdown(self, **_: object) -> None:
        self.was_ended = True


def test_who_finds_a_process_lost_leaves_the_next_one_alone(tmp_path: Path) -> None:
    tiles, following = Tiles(4.0), _Working()
    tiles._pool = _Lost(tiles, following)  # type: ignore[assignment]
    assert tiles(tmp_path / "a.png", "", 0, 0, 0) == b"tile"
    assert not following.was_ended
