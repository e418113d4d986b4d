"""What the program says that a photo shows against what a person saw in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lesionvis.lab.evaluate.sources import SETS
from lesionvis.lab.train.bare_training import BARE, bare_out_of_fold, is_bare_out_of_fold
from lesionvis.lab.train.left_out import in_two_processes
from lesionvis.lab.train.pattern_training import PatternTable
from lesionvis.lab.truth import Label, read_labels
from lesionvis.pattern.likeness import NOT_ASKED_FLAGS, UNLIKE_SKIN
from lesionvis.pattern.pattern import is_textbook_shower
from lesionvis.pattern.seen import SEEN, what_is_seen
from lesionvis.photo import read_photo
from lesionvis.quality import photo_flags

# Words of the notes beside which a photo counts for a row; a photo may count for several.
NOTES = {
    "wound, ulcer, erosion, necrosis": r"wound|ulcer|erosion|bleed|bloody|necro",
    "scale, crust, eczema": r"scaly|scaling|flak|crust|psoria|eczema",
    "diffuse redness": r"diffuse (red|erythem|speckl|purple-red)|redness|confluent red|diffuse rash",
    "blurred, underexposed": r"blurr|underexposed|out of focus",
    "many naevi, freckles": r"(many|several) .{0,12}(naevi|moles)|crowd of naevi|freckle|lentig",
}


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """What is seen in a photo, and its label.

    Attributes
    ----------
    label : Label
    seen : str
        One of `lesionvis.pattern.seen.SEEN`.
    """

    label: Label
    seen: str


def measure_seen(folder: Path, table: PatternTable, is_unlike: Mapping[str, bool]) -> list[SeenPhoto]:
    """What is seen in every labelled photo that has its features in a table.

    Parameters
    ----------
    folder : Path
        Holds the folders of `SETS`, each with labels.csv and photos/; the photos are read for their flags.
    table : PatternTable
        Features of the photos, measured by finders that never saw them; bare skin is told by models that never saw the
        source or patient.
    is_unlike : mapping of str to bool
        By SHA-256, photos that models which never saw their source or patient take for something else than skin.

    Returns
    -------
    list of SeenPhoto
        In the order of the labels.
    """
    rows = {
        one.sha256: row for row, one in enumerate(table.labels) if table.copy[row] == 0 and not table.is_laid_on()[row]
    }
    values = table.values()
    is_textbook = np.asarray([is_textbook_shower(one) for one in values])
    is_bare = is_bare_out_of_fold(table, bare_out_of_fold(table)) & ~is_textbook
    known = [
        (label, folder / name / "photos" / label.photo)
        for name in SETS
        for label in read_labels(folder / name)
        if label.sha256 in rows
    ]
    fractions = [values[rows[label.sha256]]["skin_fraction"] for label, _ in known]
    flags = in_two_processes(
        _flags,
        [
            (path, share, is_unlike.get(label.sha256, False))
            for (label, path), share in zip(known, fractions, strict=True)
        ],
    )
    return [
        SeenPhoto(label, what_is_seen(values[rows[label.sha256]], flags_of, is_bare=bool(is_bare[rows[label.sha256]])))
        for (label, _), flags_of in zip(known, flags, strict=True)
    ]


def _flags(path: Path, skin_fraction: float, is_unlike: bool) -> tuple[str, ...]:
    """Flags of a photo; whether its skin is dark says nothing on what is seen."""
    flags = photo_flags(read_photo(path).rgb, skin_fraction, False)
    return (*flags, UNLIKE_SKIN) if is_unlike and not set(flags) & set(NOT_ASKED_FLAGS) else flags


def seen_report(photos: Sequence[SeenPhoto]) -> str:
    """Confusion of what is said to be seen with the nature of the spots and with the notes, as Markdown.

    Parameters
    ----------
    photos : sequence of SeenPhoto

    Returns
    -------
    str
        Two tables of counts.
    """
    told = [one for one in photos if one.label.nature]
    plain = [one for one in told if one.label.visible != BARE]
    natures = {
        f"{nature} ({strength})": [one for one in plain if (one.label.nature, one.label.visible) == (nature, visible)]
        for nature in ("blood", "vascular", "inflamed", "pigment", "mixed", "none")
        for visible, strength in (("1", "plain"), ("f", "faint"))
    }
    natures["bare skin"] = [one for one in told if one.label.visible == BARE]
    notes = {
        name: [one for one in photos if re.search(words, one.label.note, re.IGNORECASE)]
        for name, words in NOTES.items()
    }
    return "\n".join([*_table("nature of the red spots", natures), "", *_table("words of the note", notes)])


def _table(title: str, groups: dict[str, list[SeenPhoto]]) -> Iterator[str]:
    yield f"| {title} | photos | " + " | ".join(f"`{name}`" for name in SEEN) + " |"
    yield "|---|---|" + "---|" * len(SEEN)
    for name, chosen in groups.items():
        if chosen:
            counts = Counter(one.seen for one in chosen)
            yield f"| {name} | {len(chosen)} | " + " | ".join(str(counts[seen]) for seen in SEEN) + " |"
