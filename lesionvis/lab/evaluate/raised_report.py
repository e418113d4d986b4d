"""Agreement of the numbers that might show a raised spot with what was felt, on photos of touched lesions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.lab.evaluate.auc import Auc, auc_interval, auc_table
from lesionvis.lab.train.left_out import find, left_out
from lesionvis.lab.truth import Label
from lesionvis.pattern.features import compute_features, gather
from lesionvis.spots.classifier import SpotClassifier

# What a raised spot might show in one photo: a mirrored light, a light and a dark side, a sharp or a paler rim.
PROXIES = (
    "highlight_share",
    "rim_relief",
    "edge_sharpness",
    "inside_spread",
    "lesion_highlight_share",
    "lesion_core_less_rim",
    "lesion_texture",
)
_ELEVATION = re.compile(r"elevation=(True|False)")


@dataclass(frozen=True, slots=True)
class Touched:
    """A photo of a lesion that somebody has touched.

    Attributes
    ----------
    label : Label
    is_raised : bool
    numbers : dict
        Of `PROXIES`; NaN where missing.
    """

    label: Label
    is_raised: bool
    numbers: dict[str, float]


def elevation(label: Label) -> bool | None:
    """Elevation that the note of a label states.

    Parameters
    ----------
    label : Label
        Label with its note.

    Returns
    -------
    bool or None
        None when the note says nothing.

    Examples
    --------
    >>> elevation(Label("", "", "pad", "Naevus", "single_lesion", "clear", (), "1", "g", "elevation=True; x=1"))
    True
    """
    found = _ELEVATION.search(label.note)
    return None if found is None else found.group(1) == "True"


def measure_touched(folder: Path, labels: Sequence[Label], classifiers: Sequence[SpotClassifier]) -> list[Touched]:
    """Measure the proxies on every photo whose elevation is known and that shows a dominant lesion.

    Parameters
    ----------
    folder : Path
        Of the photos.
    labels : sequence of Label
    classifiers : sequence of SpotClassifier
        One per fold, which never saw the photos of that fold.

    Returns
    -------
    list of Touched
    """
    chosen = [label for label in labels if elevation(label) is not None]
    found = left_out(_proxies, folder, chosen, classifiers)
    return [
        Touched(label, elevation(label) is True, numbers)
        for label, numbers in zip(chosen, found, strict=True)
        if numbers is not None
    ]


def _proxies(path: Path, classifier: SpotClassifier) -> dict[str, float] | None:
    found = find(path, classifier)
    if found.spots.lesion == 0:
        return None
    features = compute_features(gather(found)).values
    row = found.spots.lesion - 1
    return {name: float(features[name] if name in features else found.table.numbers(name)[row]) for name in PROXIES}


def pooled(touched: Sequence[Touched], name: str) -> Auc:
    """AUC of a proxy over all diagnoses, each number taken less the mean of its diagnosis.

    Warts are raised and lentigines flat: without this a proxy would be credited for telling diagnoses apart.

    Parameters
    ----------
    touched : sequence of Touched
        Measured lesions.
    name : str
        Name of the proxy.

    Returns
    -------
    Auc
        With its interval over groups.
    """
    values, raised, groups = _columns(touched, name)
    diagnosis = np.asarray([one.label.diagnosis for one in touched])
    for one in np.unique(diagnosis):
        rows = diagnosis == one
        # The mean of raised and of flat ones, so that their mix does not matter.
        means = [values[rows & (raised == kind)] for kind in (True, False)]
        middles = [np.nanmean(kind) for kind in means if np.isfinite(kind).any()]
        values[rows] -= np.mean(middles) if len(middles) == 2 else np.nan
    return auc_interval(values, raised, groups)


def raised_report(touched: Sequence[Touched]) -> str:
    """Write the figures as Markdown.

    Parameters
    ----------
    touched : sequence of Touched

    Returns
    -------
    str
        AUC of raised against flat for each proxy, within each diagnosis and pooled within diagnoses.
    """
    return "\n".join(_lines(touched))


def _lines(touched: Sequence[Touched]) -> Iterator[str]:
    raised = sum(one.is_raised for one in touched)
    flat = len(touched) - raised
    yield f"{raised} raised and {flat} flat lesions. AUC of raised against flat (95 % interval; photos):"
    yield ""
    by_diagnosis = {
        name: [one for one in touched if one.label.diagnosis == name]
        for name in sorted({one.label.diagnosis for one in touched})
    }
    rows = {
        name: [pooled(touched, name), *(auc_interval(*_columns(some, name)) for some in by_diagnosis.values())]
        for name in PROXIES
    }
    yield from auc_table(("within diagnoses, pooled", *by_diagnosis), rows)


def _columns(touched: Sequence[Touched], name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    return (
        np.asarray([one.numbers[name] for one in touched], np.float64),
        np.asarray([one.is_raised for one in touched], np.bool_),
        [one.label.group for one in touched],
    )
