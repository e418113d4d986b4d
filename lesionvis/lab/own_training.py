"""A pattern model from somebody's own photos with their own labels."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from lesionvis.batch.run import OnProgress, Progress
from lesionvis.errors import SettingsError
from lesionvis.lab.build import train_pattern
from lesionvis.lab.evaluate.cross_validation import N_FOLDS
from lesionvis.lab.evaluate.model_card import CARD_FILE, write_model_card
from lesionvis.lab.train.folds import N_FOLDS as N_CLASSIFIERS
from lesionvis.lab.train.pattern_training import make_pattern_table, write_pattern_table
from lesionvis.lab.truth import OWN_SOURCE, Label
from lesionvis.labels import PATTERNS, UNCERTAIN
from lesionvis.pattern.pattern import CLASSES
from lesionvis.spots.classifier import packaged_classifier
from lesionvis.text_files import read_table

# Changed copies of each photo: more bring little.
N_COPIES = 4
REQUIRED, OPTIONAL = ("photo", "pattern"), ("group",)
TABLE_FILE = "training.csv"


def train_own(folder: Path, labels_file: Path, out: Path, on_progress: OnProgress | None = None) -> str:
    """Train a pattern model and write its folder.

    Parameters
    ----------
    folder : Path
        Of the photos; only read.
    labels_file : Path
        Table with the columns photo (path in the folder), pattern (one of `CLASSES`) and, where photos show the same
        person or lesion, group.
    out : Path
        New folder for the model.
    on_progress : callable, optional
        Called whenever another photo is measured, and when the training and the check of the model begin.

    Returns
    -------
    str
        Text of the model's card.

    Raises
    ------
    SettingsError
        If the table is damaged, a photo is missing, a class has too few groups, the photos are too alike, or `out` is
        in use.
    UnreadablePhoto
        If a photo cannot be read.
    """
    labels = read_own_labels(folder, labels_file)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SettingsError(f"The folder {out} is in use; give a new one.")
    # The classifiers of spots are those of the package: they never saw these photos.
    table = make_pattern_table(folder, labels, [packaged_classifier()] * N_CLASSIFIERS, N_COPIES, on_progress)
    tell = on_progress or (lambda _: None)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_pattern_table(out / TABLE_FILE, table)
        data = f"{len(labels)} photos with labels of whoever trained this model; measurements only, no pictures."
        # Powers that are tried on columns that hardly vary may overflow; they are not the ones that are chosen.
        with np.errstate(over="ignore"):
            tell(Progress("training", 0, len(labels)))
            train_pattern(out / TABLE_FILE, out, out.resolve().name, data)
            tell(Progress("checking", 0, len(labels)))
            write_model_card(out, table, repeats=1)
    except OSError as error:
        raise SettingsError(f"The folder {out} cannot be written ({error.strerror}).") from error
    except ValueError as error:
        raise SettingsError(f"No model can be trained on these photos ({error}); add more and other ones.") from error
    return (out / CARD_FILE).read_text(encoding="utf-8")


def read_own_labels(folder: Path, file: Path) -> list[Label]:
    """Read and check a table of labels.

    Parameters
    ----------
    folder : Path
        Of the photos.
    file : Path

    Returns
    -------
    list of Label
        In the order of the table; without a group, equal files share one.

    Raises
    ------
    SettingsError
        If the table is damaged, a photo is missing, or a class has too few groups.
    """
    rows = read_table(file)
    columns = set(rows[0]) if rows else set()
    if not set(REQUIRED) <= columns <= {*REQUIRED, *OPTIONAL}:
        found = ", ".join(map(str, rows[0])) if rows else "nothing"
        raise SettingsError(f"The table {file} holds {found}; give it the columns photo, pattern and optionally group.")
    labels = [_label(folder, file, number, row) for number, row in enumerate(rows, start=2)]
    groups = defaultdict(set)
    for label in labels:
        groups[label.pattern].add(label.group)
    for name in CLASSES:
        if len(groups[name]) < N_FOLDS:
            raise SettingsError(
                f'The table {file} has {len(groups[name])} groups of photos of "{name}"; training needs {N_FOLDS} or '
                f"more of each of {', '.join(CLASSES)}."
            )
    return labels


def _label(folder: Path, file: Path, number: int, row: dict[str, str]) -> Label:
    """One row, checked."""
    photo, pattern = row["photo"], row["pattern"]
    if pattern not in CLASSES:
        raise SettingsError(f'Line {number} of {file}: the pattern "{pattern}" is none of {", ".join(CLASSES)}.')
    path = folder / photo
    if not photo or not path.is_file():
        raise SettingsError(f'Line {number} of {file}: there is no photo "{photo}" in {folder}.')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Label(
        photo=photo,
        sha256=digest,
        source=OWN_SOURCE,
        diagnosis="",
        pattern=pattern,
        certainty="clear",
        accept=(pattern,) if pattern in PATTERNS else (UNCERTAIN,),
        n_spots="",
        group=row.get("group") or digest,
        note="",
    )
