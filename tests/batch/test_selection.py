from __future__ import annotations

from pathlib import Path

import pytest

from lesionvis.batch.scan import Listing, PhotoFile
from lesionvis.batch.selection import only_named
from lesionvis.errors import LesionvisError

LISTING = Listing([PhotoFile(name) for name in ("a.jpg", "leg/b.jpg", "leg/c.jpg")])


def test_a_list_chooses_photos_by_path_or_name(tmp_path: Path) -> None:
    only = tmp_path / "list.txt"
    only.write_text("# first visit\nb.jpg\r\n\na.jpg\nx.jpg\n", encoding="utf-8")
    listing, notes = only_named(LISTING, only)
    assert [file.photo for file in listing.photos] == ["a.jpg", "leg/b.jpg"]
    assert notes == ('list.txt names "x.jpg", which is no photo of the folder, or several.',)
    assert only_named(LISTING, None) == (LISTING, ())


@pytest.mark.parametrize(("text", "message"), [(b"x.jpg", "names no photo"), (b"\xff\xe4", "is not UTF-8 text")])
def test_a_list_of_nothing_is_refused(text: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(text)
    with pytest.raises(LesionvisError, match=message):
        only_named(LISTING, tmp_path / "list.txt")
