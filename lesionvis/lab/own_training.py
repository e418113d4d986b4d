"""A pattern model from somebody's own photos with their own labels, and what the shipped model learnt from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analyzer
from lesionvis.batch.run import OnProgress, Progress
from lesionvis.errors import SettingsError
from lesionvis.lab.build import train_pattern
from lesionvis.lab.evaluate.cross_validation import (
    N_FOLDS,
    AnsweredPhotos,
    OutOfFold,
    answer_out_of_fold,
    intervals,
    mean_figures,
)
from lesionvis.lab.evaluate.model_card import CARD_FILE, write_model_card
from lesionvis.lab.own_labels import OwnPhoto, own_photos
from lesionvis.lab.train.augment import augmented
from lesionvis.lab.train.left_out import NOT_SOUGHT, in_two_processes
from lesionvis.lab.train.pattern_training import (
    PatternTable,
    feature_row,
    joined,
    read_pattern_table,
    write_pattern_table,
)
from lesionvis.models import load_model, packaged_model_folder
from lesionvis.pattern.features import FEATURE_NAMES
from lesionvis.pattern.pattern import CLASSES, answer_of, load_pattern_model, prediction_set, with_signs
from lesionvis.pattern.pattern import MODEL_NAME as PATTERN_MODEL
from lesionvis.photo import read_photo

# Changed copies of each photo where there is nothing else to learn from: more bring little. The table of the shipped
# model has none.
N_COPIES = 4
TABLE_FILE = "training.csv"
# What whoever has labelled photos asks of a model.
OWN_FIGURES = ("acceptable", "balanced_accuracy_forced", "coverage", "selective_accuracy", "other_abstained")


def train_own(
    places: Sequence[Path],
    labels_file: Path | None,
    out: Path,
    *,
    base: Path | None = None,
    is_alone: bool = False,
    on_progress: OnProgress | None = None,
) -> str:
    """Train a pattern model and write its folder.

    Parameters
    ----------
    places : sequence of Path
        Run folders, and at most one folder of photos, as `own_photos` takes them.
    labels_file : Path or None
        Table of labels of the folder of photos.
    out : Path
        New folder for the model.
    base : Path, optional
        Folder of the model whose training table is extended; that of the package unless given.
    is_alone : bool
        Learn from these photos only.
    on_progress : callable, optional
        Called whenever another photo is measured, and now and then while the model is trained and checked.

    Returns
    -------
    str
        Text of the model's card.

    Raises
    ------
    SettingsError
        If a label or photo cannot be used, there are too few groups of photos, the photos are too alike, the base has
        no table, or `out` is in use.
    RunFolderError
        If a run cannot be read.
    UnreadablePhoto
        If a photo cannot be read.
    """
    if is_alone and base is not None:
        raise SettingsError(f"What is learnt alone extends no model; leave out {base}.")
    base = None if is_alone else base_folder(base)
    photos = own_photos(places, labels_file)
    _check_groups(photos, is_alone=base is None)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SettingsError(f"The folder {out} is in use; give a new one.")
    shipped = None if base is None else table_of(base)
    own = measured(photos, N_COPIES if base is None else 0, on_progress)
    table = own if shipped is None else joined([_without(shipped, own), own])
    tell = on_progress or (lambda _: None)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_pattern_table(out / TABLE_FILE, table)
        # Powers that are tried on columns that hardly vary may overflow; they are not the ones that are chosen.
        with np.errstate(over="ignore"):
            tell(Progress("training", 0, len(photos)))
            about = out.resolve().name, _data(len(photos), base)
            results, judged = train_pattern(out / TABLE_FILE, out, *about, on_progress=on_progress)
            table = read_pattern_table(out / TABLE_FILE)  # rounded, as it was learnt from
            write_model_card(out, table, results, judged=judged)
            if base is not None:
                with (out / CARD_FILE).open("a", encoding="utf-8") as card:
                    card.writelines(f"{line}\n" for line in own_report(table, results[0], base))
    except OSError as error:
        raise SettingsError(f"The folder {out} cannot be written ({error.strerror}).") from error
    except ValueError as error:
        raise SettingsError(f"No model can be trained on these photos ({error}); add more and other ones.") from error
    return (out / CARD_FILE).read_text(encoding="utf-8")


def base_folder(base: Path | None) -> Path:
    """Folder of the model whose training table is extended.

    Parameters
    ----------
    base : Path or None
        None for that of the package.

    Returns
    -------
    Path

    Raises
    ------
    SettingsError
        If it holds no training table.
    """
    folder = base or packaged_model_folder(PATTERN_MODEL)
    if not (folder / TABLE_FILE).is_file():
        raise SettingsError(
            f"{folder} holds no {TABLE_FILE}, what its model learnt from, which installed packages leave out; give "
            f"--base the folder models/{PATTERN_MODEL} of the source code, or learn from your photos only by --alone."
        )
    return folder


def table_of(base: Path) -> PatternTable:
    """Training table of a model folder.

    Parameters
    ----------
    base : Path
        Model folder.

    Returns
    -------
    PatternTable

    Raises
    ------
    SettingsError
        If it is missing or of another version.
    """
    try:
        return read_pattern_table(base_folder(base) / TABLE_FILE)
    except ValueError as error:
        raise SettingsError(f"The training table of {base} cannot be extended: {error}") from error


def measured(photos: Sequence[OwnPhoto], n_copies: int, on_progress: OnProgress | None = None) -> PatternTable:
    """Features of photos, of changed copies of them, and of the photos with the spots that a person drew.

    Parameters
    ----------
    photos : sequence of OwnPhoto
    n_copies : int
        Changed copies per photo; none of a photo with places to leave out, whose copies would show them.
    on_progress : callable, optional
        Called whenever another photo is measured.

    Returns
    -------
    PatternTable
        A photo's rows follow each other; its copies are numbered, those with drawn spots last.
    """
    blocks = in_two_processes(_rows, [(photo, n_copies) for photo in photos], on_progress)
    pairs = list(zip(photos, blocks, strict=True))
    return PatternTable(
        tuple(photo.label for photo, rows in pairs for _ in rows),
        np.concatenate([np.arange(len(rows)) for rows in blocks]),
        np.concatenate(blocks),
    )


def own_report(table: PatternTable, result: OutOfFold, base: Path) -> Iterator[str]:
    """Figures on the photos of whoever trained: of the model that was extended, and of the new one.

    Parameters
    ----------
    table : PatternTable
        What the new model learnt from.
    result : OutOfFold
        Of its cross-validation.
    base : Path
        Folder of the model that was extended, which never saw these photos.

    Yields
    ------
    str
        Lines of Markdown.
    """
    seen = {label.sha256 for label in table_of(base).labels}
    is_new = np.asarray([label.sha256 not in seen for label in table.labels])
    own = table.is_own() & (table.copy == 0)
    rows, known = np.flatnonzero(own & is_new), int((own & ~is_new).sum())
    name_before = load_model(base).name
    yield ""
    yield "## On your own photos"
    yield ""
    if known:
        yield f"{known} photos are left out of this comparison: {name_before} had learnt from the same files."
        yield ""
    if not len(rows):
        return
    after = answer_out_of_fold(table, result).take(rows)
    before = _answered_by(base, table.take(rows))
    figures = {name: (mean_figures([one]), intervals([one])) for name, one in (("before", before), ("after", after))}
    yield (
        f"{len(rows)} photos. Before: {name_before}, which never saw them. After: this model, cross-validated by "
        f"patient ({N_FOLDS} folds). In brackets intervals of 95 %."
    )
    yield ""
    yield "| figure | before | after |"
    yield "|---|---|---|"
    for name in OWN_FIGURES:
        cells = [
            f"{means[name]:.3f} ({ends[name][0]:.3f} to {ends[name][1]:.3f})" if np.isfinite(means[name]) else ""
            for means, ends in figures.values()
        ]
        if any(cells):
            yield f"| {name} | {' | '.join(cells)} |"


def _rows(photo: OwnPhoto, n_copies: int) -> NDArray[np.float32]:
    """Features of one photo and of its copies; the changes follow from the photo's content."""
    analyzer = Analyzer()
    read = read_photo(Path(photo.label.photo))
    rows = [feature_row(analyzer.find(read, scale=NOT_SOUGHT, mask=photo.mask))]
    if photo.mask is None:
        generator = np.random.default_rng(int(read.sha256[:12], 16))
        copies = (read_photo(augmented(read.rgb, generator)) for _ in range(n_copies))
        rows += [feature_row(analyzer.find(copy, scale=NOT_SOUGHT)) for copy in copies]
    if photo.drawn is not None:
        drawn = analyzer(read, scale=NOT_SOUGHT, mask=photo.mask, outlines=photo.drawn)
        rows.append(np.asarray([drawn.features.values[name] for name in FEATURE_NAMES], np.float32))
    return np.stack(rows)


def _answered_by(base: Path, own: PatternTable) -> AnsweredPhotos:
    """Answers of a model on rows that it never saw, by the rule of its card."""
    model = load_pattern_model(base)
    probabilities = model.probabilities(own.model_input())
    possible = [prediction_set(row, model.set_min) for row in probabilities.tolist()]
    sets = tuple(with_signs(one, values) for one, values in zip(possible, own.values(), strict=True))
    return AnsweredPhotos(own.labels, probabilities, sets, tuple(answer_of(one) for one in sets))


def _without(shipped: PatternTable, own: PatternTable) -> PatternTable:
    """Rows of a table without the photos that another one holds."""
    held = {label.sha256 for label in own.labels}
    kept = np.asarray([label.sha256 not in held for label in shipped.labels])
    # Copies are judged with the photos of their group, of which one must be left.
    groups = shipped.groups()
    kept &= np.isin(groups, groups[kept & (shipped.copy == 0)])
    return shipped.take(np.flatnonzero(kept))


def _check_groups(photos: Sequence[OwnPhoto], *, is_alone: bool) -> None:
    """Refuse photos of too few patients or lesions to check a model on them."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for photo in photos:
        groups[photo.label.pattern].add(photo.label.group)
    if not is_alone and len(set().union(*groups.values())) < N_FOLDS:
        count = len(set().union(*groups.values()))
        raise SettingsError(f"The labelled photos are of {count} patients; training needs {N_FOLDS} or more.")
    for name in CLASSES if is_alone else ():
        if len(groups[name]) < N_FOLDS:
            raise SettingsError(
                f'There are {len(groups[name])} groups of photos of "{name}"; training on these photos alone needs '
                f"{N_FOLDS} or more of each of {', '.join(CLASSES)}."
            )


def _data(count: int, base: Path | None) -> str:
    own = f"{count} photos with labels of whoever trained this model; measurements only, no pictures."
    if base is None:
        return own
    card = load_model(base).card
    return f"{own} Beside them what {card['name']} learnt from: {card['data']}."
