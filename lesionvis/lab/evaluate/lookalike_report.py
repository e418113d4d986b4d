"""Answers on pictures that show no skin, and on wounds and blood, by models that never saw their like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionvis.analysis import Analyzer, listed_spots
from lesionvis.lab.render.not_skin import KINDS, draw_not_skin
from lesionvis.lab.render.wounds import WOUND_KINDS, draw_wound
from lesionvis.lab.train.left_out import in_two_processes
from lesionvis.labels import ANGIOMA, LABELS, PATTERNS
from lesionvis.pattern import find_pattern
from lesionvis.pattern.features import compute_features, gather
from lesionvis.pattern.likeness import NOT_ASKED_FLAGS, UNLIKE_SKIN, likeness_flags
from lesionvis.quality import photo_flags
from lesionvis.scale import NoScale

N_DRAWN = 10
"""Pictures of each kind."""
WOUND_TONES_ITA_DEG = (52.0, 40.0, 28.0, 15.0, 0.0, -20.0)
N_WOUNDS_PER_TONE = 3
MANY_SPOTS = 10
# The pictures of scikit-image and scikit-learn that show no skin (the astronaut does), by the functions that load them.
SKIMAGE_COLOURED = ("cat", "coffee", "colorwheel", "hubble_deep_field", "immunohistochemistry", "retina", "rocket")
SKIMAGE_GREY = (
    "brick",
    "camera",
    "cell",
    "clock",
    "coins",
    "grass",
    "gravel",
    "horse",
    "microaneurysms",
    "moon",
    "page",
)
SKLEARN_COLOURED = ("china.jpg", "flower.jpg")
_NOT_SOUGHT = NoScale("not sought in the lab")


@dataclass(frozen=True, slots=True, eq=False)
class Lookalike:
    """A picture that must get no pattern, or not that of an angioma.

    Attributes
    ----------
    kind, name : str
    rgb : ndarray of shape (H, W, 3), uint8
    group : str
        What is left out of training together.
    """

    kind: str
    name: str
    rgb: NDArray[np.uint8]
    group: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a picture was answered.

    Attributes
    ----------
    kind, name, label, seen : str
    n_spots : int
    """

    kind: str
    name: str
    label: str
    seen: str
    n_spots: int


def not_skin_pictures() -> Iterator[Lookalike]:
    """Pictures that show no skin: sample pictures of two libraries with crops of them, and drawn ones.

    Yields
    ------
    Lookalike
        Of a coloured sample picture also its quarters and its middle.
    """
    for name, rgb in _sample_pictures():
        height, width = rgb.shape[:2]
        yield Lookalike("sample pictures", name, rgb, name)
        if name in (*SKIMAGE_GREY, "colorwheel"):
            continue
        for top, left in ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1)):
            y, x = top * height // 4, left * width // 4
            crop = np.ascontiguousarray(rgb[y : y + height // 2, x : x + width // 2])
            yield Lookalike("crops of them", f"{name} at {x}, {y}", crop, name)
    for kind in KINDS:
        for seed in range(N_DRAWN):
            yield Lookalike(kind, f"{kind} {seed}", draw_not_skin(kind, seed), kind)


def _sample_pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    from skimage import data
    from sklearn.datasets import load_sample_image

    for name in (*SKIMAGE_COLOURED, *SKIMAGE_GREY):
        load: Callable[[], NDArray[np.uint8]] = getattr(data, name)
        rgb = np.asarray(load())
        levels = rgb.astype(np.uint8) * 255 if rgb.dtype == np.bool_ else rgb
        yield name, np.ascontiguousarray(np.dstack([levels] * 3) if levels.ndim == 2 else levels[..., :3])
    yield "motorcycle", np.ascontiguousarray(data.stereo_motorcycle()[0])  # type: ignore[no-untyped-call]
    for name in SKLEARN_COLOURED:
        yield name, np.array(load_sample_image(name))


def wound_pictures() -> Iterator[Lookalike]:
    """Rendered wounds, beads of blood and blood on cloth, on skin of several tones.

    Yields
    ------
    Lookalike
    """
    for kind in WOUND_KINDS:
        for number, tone in enumerate(WOUND_TONES_ITA_DEG):
            for turn in range(N_WOUNDS_PER_TONE):
                seed = number * N_WOUNDS_PER_TONE + turn
                yield Lookalike(kind, f"{kind} {seed}, ITA {tone:g}", draw_wound(kind, tone, seed), kind)


def answered(pictures: Sequence[Lookalike], is_unlike: Mapping[str, bool]) -> list[Answer]:
    """Answers of the models that come with the package, but for the one that tells what is not skin.

    Parameters
    ----------
    pictures : sequence of Lookalike
    is_unlike : mapping of str to bool
        What models say that never saw a picture's group; pictures that are missing are asked of the model of the
        package, which saw none of them.

    Returns
    -------
    list of Answer
        In the same order.
    """
    return in_two_processes(_answered, [(picture, is_unlike.get(picture.name)) for picture in pictures])


def _answered(picture: Lookalike, is_unlike: bool | None) -> Answer:
    found = Analyzer().find(picture.rgb, scale=_NOT_SOUGHT)
    rgb, skin = found.photo.rgb, found.skin
    flags = photo_flags(rgb, skin.fraction, skin.is_dark)
    if is_unlike is None:
        flags += likeness_flags(rgb, skin.mask, flags)
    elif is_unlike and not set(flags) & set(NOT_ASKED_FLAGS):
        flags += (UNLIKE_SKIN,)
    pattern = find_pattern(compute_features(gather(found)), flags, len(found.table) == 0)
    return Answer(picture.kind, picture.name, pattern.label, pattern.seen, len(listed_spots(found.spots, pattern)))


def lookalike_report(not_skin: Sequence[Answer], wounds: Sequence[Answer]) -> str:
    """Answers by kind of picture as Markdown.

    Parameters
    ----------
    not_skin, wounds : sequence of Answer

    Returns
    -------
    str
        A table for each, and what was given a pattern or called an angioma.
    """
    sections = (
        _table("Pictures that show no skin", not_skin),
        _named("Given a pattern", [one for one in not_skin if one.label in PATTERNS], len(not_skin)),
        _table("Wounds and blood", wounds),
        _named("Called an angioma", [one for one in wounds if one.label == ANGIOMA], len(wounds)),
    )
    return "\n".join(line for section in sections for line in section)


def _table(title: str, answers: Sequence[Answer]) -> Iterator[str]:
    yield f"| {title} | pictures | " + " | ".join(LABELS) + " | seen as no skin | ten spots or more |"
    yield "|---|---|" + "---|" * (len(LABELS) + 2)
    kinds = list(dict.fromkeys(one.kind for one in answers))
    groups = {kind: [one for one in answers if one.kind == kind] for kind in kinds} | {"all": list(answers)}
    for name, rows in groups.items():
        counts = [sum(one.label == label for one in rows) for label in LABELS]
        seen = sum(one.seen == "not_skin" for one in rows)
        many = sum(one.n_spots >= MANY_SPOTS for one in rows)
        yield f"| {name} | {len(rows)} | " + " | ".join(map(str, (*counts, seen, many))) + " |"
    yield ""


def _named(title: str, answers: Sequence[Answer], n_all: int) -> Iterator[str]:
    names = "; ".join(f"{one.name} ({one.label})" for one in answers)
    yield f"{title}: {len(answers)} of {n_all} ({len(answers) / n_all:.3f}){': ' if names else '.'}{names}"
    yield ""
