"""Which photos are left out of training together."""

from __future__ import annotations

import hashlib

from lesionvis.lab.truth import HOME_SOURCES

# Photos of `HOME_SOURCES` are folded by patient or lesion; of any other source all photos are in one fold, so that what
# was trained without a fold never saw a photo of the sources in it.
N_HOME_FOLDS, N_SOURCE_FOLDS = 5, 3
N_FOLDS = N_HOME_FOLDS + N_SOURCE_FOLDS


def fold_of(source: str, group: str) -> int:
    """Fold of a photo: by the names of its source and group alone, so that it never moves.

    Parameters
    ----------
    source, group : str
        Of the photo.

    Returns
    -------
    int
        0 to N_HOME_FOLDS - 1 for photos of `HOME_SOURCES`, from there to N_FOLDS - 1 for all others.
    """
    if source in HOME_SOURCES:
        return hashlib.sha256(group.encode()).digest()[0] % N_HOME_FOLDS
    return N_HOME_FOLDS + hashlib.sha256(source.encode()).digest()[0] % N_SOURCE_FOLDS
