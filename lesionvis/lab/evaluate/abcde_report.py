"""Separation of melanomas from naevi by the ABCDE numbers, outlined by classifiers that never saw their photos."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.abcde import Abcde, measure_abcde
from lesionvis.lab.evaluate.auc import Auc, auc_interval, auc_table
from lesionvis.lab.train.left_out import find, left_out
from lesionvis.lab.truth import Label
from lesionvis.spots.classifier import SpotClassifier

_MELANOMA, _NAEVUS = re.compile("melanoma", re.IGNORECASE), re.compile(r"n(a?e)vus", re.IGNORECASE)
# Melanomas without pigment and naevi that are blue: ABCDE was not made for the first, and the stage 2 alike.
_UNUSUAL = re.compile("amelanotic|blue", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Examined:
    """One photo with what was measured.

    Attributes
    ----------
    label : Label
    is_melanoma : bool
    abcde : Abcde or None
        None when no lesion was found to dominate.
    """

    label: Label
    is_melanoma: bool
    abcde: Abcde | None


def moles(labels: Sequence[Label]) -> list[Label]:
    """Select the labels whose diagnosis is a naevus or a melanoma.

    Parameters
    ----------
    labels : sequence of Label
        All labels.

    Returns
    -------
    list of Label
        The selected ones, in the same order.
    """
    return [label for label in labels if _MELANOMA.search(label.diagnosis) or _NAEVUS.search(label.diagnosis)]


def examine(folder: Path, labels: Sequence[Label], classifiers: Sequence[SpotClassifier]) -> list[Examined]:
    """Measure the ABCDE of every naevus and melanoma.

    Parameters
    ----------
    folder : Path
        Of the photos.
    labels : sequence of Label
    classifiers : sequence of SpotClassifier
        One per fold, which never saw the photos of that fold.

    Returns
    -------
    list of Examined
    """
    chosen = moles(labels)
    found = left_out(_abcde, folder, chosen, classifiers)
    return [
        Examined(label, _MELANOMA.search(label.diagnosis) is not None, abcde)
        for label, abcde in zip(chosen, found, strict=True)
    ]


def _abcde(path: Path, classifier: SpotClassifier) -> Abcde | None:
    return measure_abcde(find(path, classifier, scale=None))


def _number(name: str) -> Callable[[Abcde], float]:
    return lambda abcde: next(c.numbers[name] for c in abcde.criteria if name in c.numbers)


SCORES: dict[str, Callable[[Abcde], float]] = {
    "features present, A to D": lambda abcde: float(sum(bool(c.present) for c in abcde.criteria[:4])),
    "A: shape asymmetry": _number("shape_asymmetry"),
    "A: colour asymmetry": _number("color_asymmetry"),
    "B: deviation of the border": _number("border_deviation"),
    "B: compactness": _number("compactness"),
    "B: ill-defined octants": _number("ill_defined_octants"),
    "C: number of colours": _number("color_count"),
    "D: length, mm": _number("length_mm"),
}


def abcde_report(examined: Sequence[Examined]) -> str:
    """Write the figures as Markdown.

    Parameters
    ----------
    examined : sequence of Examined

    Returns
    -------
    str
        AUC of the total and of each number, in all photos, by source, and without unusual ones; and how often each
        letter is present.
    """
    return "\n".join([*_aucs(examined), "", *_rates(examined)])


def _aucs(examined: Sequence[Examined]) -> Iterator[str]:
    measured = [one for one in examined if one.abcde is not None]
    kinds = [sum(one.is_melanoma is kind for one in examined) for kind in (True, False)]
    missing = [sum(one.abcde is None and one.is_melanoma is kind for one in examined) for kind in (True, False)]
    yield (
        f"{kinds[0]} photos of melanomas and {kinds[1]} of naevi; no dominant lesion in {missing[0]} and {missing[1]} "
        "of them, which are left out. AUC of melanoma against naevus (95 % interval over groups; photos):"
    )
    yield ""
    subsets = {"all": measured}
    subsets |= {
        source: [one for one in measured if one.label.source == source]
        for source in sorted({one.label.source for one in measured})
    }
    subsets["without amelanotic and blue"] = [one for one in measured if not _UNUSUAL.search(one.label.diagnosis)]
    yield from auc_table(
        tuple(subsets), {name: [_auc(score, subset) for subset in subsets.values()] for name, score in SCORES.items()}
    )


def _auc(score: Callable[[Abcde], float], subset: Sequence[Examined]) -> Auc:
    values = np.asarray([score(one.abcde) for one in subset if one.abcde is not None], np.float64)
    return auc_interval(values, _melanoma(subset), [one.label.group for one in subset])


def _rates(examined: Sequence[Examined]) -> Iterator[str]:
    yield "Photos in which a letter is present, of those in which it could be judged:"
    yield ""
    yield "| letter | melanoma | naevus |"
    yield "|---|---|---|"
    for number, name in enumerate(("A", "B", "C", "D", "any of A to D")):
        cells = []
        for kind in (True, False):
            found = [one.abcde for one in examined if one.abcde is not None and one.is_melanoma is kind]
            known = [abcde.criteria[number].present if number < 4 else abcde.measured_any for abcde in found]
            judged = [value for value in known if value is not None]
            cells.append(f"{sum(judged)} of {len(judged)}")
        yield f"| {name} | " + " | ".join(cells) + " |"


def _melanoma(examined: Sequence[Examined]) -> NDArray[np.bool_]:
    return np.asarray([one.is_melanoma for one in examined], np.bool_)
