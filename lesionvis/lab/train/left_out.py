"""Measure photos with judges that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
from joblib import Parallel, delayed

from lesionvis.lab.train.spot_training import fold_of
from lesionvis.lab.truth import Label
from lesionvis.spots.classifier import Judge

T = TypeVar("T")


def left_out(
    measure: Callable[[Path, Judge], T], folder: Path, labels: Sequence[Label], judges: Sequence[Judge]
) -> list[T]:
    """Measure photos in two processes.

    Parameters
    ----------
    measure : callable
        Path of a photo and judge of its spots -> whatever is measured.
    folder : Path
        Of the photos.
    labels : sequence of Label
    judges : sequence of Judge
        One per fold, which never saw the photos of that fold.

    Returns
    -------
    list
        One per label.
    """
    jobs = (delayed(_alone)(measure, folder / label.photo, judges[fold_of(label.group)]) for label in labels)
    return list(Parallel(n_jobs=2)(jobs))


def _alone(measure: Callable[[Path, Judge], T], path: Path, judge: Judge) -> T:
    cv2.setNumThreads(1)
    return measure(path, judge)
