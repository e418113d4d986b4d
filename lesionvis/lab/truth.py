"""Hand-made truth of the real photos, as tables.

The photos stay where they are; only numbers measured on them enter the project.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Sources that most of the truth comes from, renders included; all others are abroad.
HOME_SOURCES = ("dermnet", "pad", "rendered")
# What photos of whoever trains a model are named as.
OWN_SOURCE = "own"


@dataclass(frozen=True, slots=True)
class Label:
    """One row of `labels.csv`.

    Attributes
    ----------
    photo, sha256, source, diagnosis, pattern, certainty, group, note : str
        As in the file.
    accept : tuple of str
        Every answer that counts as right.
    n_spots : str
        Rough number of spots: 0, 1, 2-5, 6-20, 21-100, >100.
    visible : str
        "1" when something abnormal is plainly to be seen, "f" when faintly, "0" on bare skin, "" where nobody said.
    nature : str
        What the red spots are: blood, vascular, inflamed, pigment, mixed or none; "" where nobody said.
    """

    photo: str
    sha256: str
    source: str
    diagnosis: str
    pattern: str
    certainty: str
    accept: tuple[str, ...]
    n_spots: str
    group: str
    note: str
    visible: str = ""
    nature: str = ""

    @property
    def is_abroad(self) -> bool:
        """Whether the photo is of a source beside those that most of the truth comes from."""
        return self.source not in (*HOME_SOURCES, OWN_SOURCE)

    @property
    def left_out_with(self) -> str:
        """What is left out of training together: the photos of a patient or lesion, of a whole source abroad."""
        return self.source if self.is_abroad else self.group


@dataclass(frozen=True, slots=True, eq=False)
class MarkedSpots:
    """Spots marked by hand inside a region of a photo.

    Attributes
    ----------
    photo : str
    region_px : tuple of 4 float
        x0, y0, x1, y1 of the region that was marked, source px.
    x_px, y_px, diameter_px : ndarray of shape (N,), float64
    kind : tuple of str
        "blood", "vascular", "inflamed", "pigment", "uncertain" or "none" for each; in the older tables "spot",
        "distractor" (naevus, freckle, hair) or "uncertain".
    """

    photo: str
    region_px: tuple[float, float, float, float]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    diameter_px: NDArray[np.float64]
    kind: tuple[str, ...]


def read_labels(folder: Path) -> list[Label]:
    """Read `labels.csv` of a folder of photos with truth.

    Parameters
    ----------
    folder : Path
        Folder.

    Returns
    -------
    list of Label
        One per row.
    """
    return [
        Label(
            row["photo"],
            row["sha256"],
            row["source"],
            row["diagnosis"],
            row["pattern"],
            row["certainty"],
            tuple(row["accept"].split("|")),
            row["n_spots"],
            row["group"],
            row["note"],
            row.get("visible") or "",
            row.get("nature") or "",
        )
        for row in _rows(folder / "labels.csv")
    ]


def read_spot_truth(*files: Path) -> list[MarkedSpots]:
    """Read one or more tables of marked spots.

    Parameters
    ----------
    *files : Path
        CSV files.

    Returns
    -------
    list of MarkedSpots
        One per photo, in order of their names.
    """
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for file in files:
        for row in _rows(file):
            rows[row["photo"]].append(row)
    truths = []
    for photo, spots in sorted(rows.items()):
        x0, y0, x1, y1 = (float(spots[0][f"region_{corner}"]) for corner in ("x0", "y0", "x1", "y1"))
        x, y, diameter = (np.asarray([float(s[key]) for s in spots]) for key in ("cx", "cy", "diameter_px"))
        truths.append(MarkedSpots(photo, (x0, y0, x1, y1), x, y, diameter, tuple(s["kind"] for s in spots)))
    return truths


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as handle:
        yield from csv.DictReader(handle)
