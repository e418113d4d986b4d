"""Measure photos with classifiers that never saw them, by the same steps as the product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import cv2
from joblib import Parallel, delayed

from lesionvis.analysis import Analyzer
from lesionvis.batch.run import OnProgress, Progress
from lesionvis.findings import Findings
from lesionvis.lab.train.folds import fold_of
from lesionvis.lab.truth import Label
from lesionvis.photo import PhotoSource
from lesionvis.scale import NoScale, Scale
from lesionvis.spots import SpotFinder
from lesionvis.spots.classifier import SpotClassifier

T = TypeVar("T")
NOT_SOUGHT = NoScale("not sought in the lab")


def find(source: PhotoSource, classifier: SpotClassifier, scale: Scale | NoScale | None = NOT_SOUGHT) -> Findings:
    """Findings of the stages in a photo with a given spot classifier.

    Parameters
    ----------
    source : str, Path, bytes, ndarray or Photo
    classifier : SpotClassifier
    scale : Scale or NoScale, optional
        None to seek one.

    Returns
    -------
    Findings
    """
    return Analyzer(spot_finder=SpotFinder(classifier=classifier)).find(source, scale=scale)


def left_out(
    measure: Callable[[Path, SpotClassifier], T],
    folder: Path,
    labels: Sequence[Label],
    classifiers: Sequence[SpotClassifier],
    on_progress: OnProgress | None = None,
) -> list[T]:
    """Measure photos in two processes.

    Parameters
    ----------
    measure : callable
        Path of a photo and classifier of its spots -> whatever is measured.
    folder : Path
        Of the photos.
    labels : sequence of Label
    classifiers : sequence of SpotClassifier
        One per fold, which never saw the photos of that fold.
    on_progress : callable, optional
        Called whenever another photo is measured.

    Returns
    -------
    list
        One per label.
    """
    arguments = [(folder / label.photo, classifiers[fold_of(label.source, label.group)]) for label in labels]
    return in_two_processes(measure, arguments, on_progress)


def in_two_processes(
    measure: Callable[..., T], arguments: Sequence[Iterable[Any]], on_progress: OnProgress | None = None
) -> list[T]:
    """Measure photos in two processes.

    Parameters
    ----------
    measure : callable
        Measures one photo.
    arguments : sequence of iterable
        What it is to be called with, photo by photo.
    on_progress : callable, optional
        Called whenever another photo is measured.

    Returns
    -------
    list
        One per photo.
    """
    jobs = (delayed(_alone)(measure, *of_photo) for of_photo in arguments)
    found: list[T] = []
    for one in Parallel(n_jobs=2, return_as="generator")(jobs):
        found.append(one)
        if on_progress is not None:
            on_progress(Progress("measuring", len(found), len(arguments)))
    return found


def _alone(measure: Callable[..., T], *arguments: Any) -> T:
    cv2.setNumThreads(1)
    return measure(*arguments)
