"""Tasks of analysing the photos of a review, with what persons gave for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from lesionvis.batch.journal import Journal
from lesionvis.batch.names import content_key, file_key, photo_path
from lesionvis.batch.reviews import review_of
from lesionvis.batch.study import given_of_photo, last_correction_number
from lesionvis.batch.supervisor import Task

# Of the photo that is looked at, the next one and a few copies.
_KEPT_MAX = 16


class ReviewTasks:
    """Tasks of a run that is reviewed; the last ones are kept, as the digest of hundreds of outlines takes 0.1 s.

    Parameters
    ----------
    journal : Journal
        Of the run.
    folder : Path
        With the photos.
    masks : mapping of str to str
        Photo -> file with its places to leave out.
    """

    def __init__(self, journal: Journal, folder: Path, masks: Mapping[str, str]) -> None:
        self._journal = journal
        self._folder = folder
        self._masks = masks
        self._kept: OrderedDict[tuple[str | int, ...], Task] = OrderedDict()

    def __call__(self, photo: str, content: str, *, as_found: bool) -> Task:
        """Task of analysing a photo.

        Parameters
        ----------
        photo : str
            Name of a photo that could be read.
        content : str
            Its SHA-256.
        as_found : bool
            Without what persons drew, and answered on the page.

        Returns
        -------
        Task
        """
        (key,) = next(self._journal.select("SELECT sha256 FROM files WHERE photo = ?", [photo]))
        # Nothing else that a task depends on changes in a review.
        change = (review_of(self._journal, content).number, last_correction_number(self._journal, content))
        state = (photo, file_key(key), *((-1,) if as_found else change))
        if state not in self._kept:
            given = given_of_photo(self._journal, photo, as_found=as_found)
            wanted = content_key(file_key(key), None, given.digest)
            self._kept[state] = Task(str(photo_path(photo, self._folder)), wanted, self._masks.get(photo), given)
            while len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        return self._kept[state]
