"""What the formats share: spots with their categories, and what a file says of its photos."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.files import read_text
from lesionvis.spots.drawn import CENTRE_PX, DRAWN_KINDS, LESION, DrawnSpots, from_corner
from lesionvis.spots.rejections import likely_rejected

if TYPE_CHECKING:
    from lesionvis.analysis import Analysis

SPOT, CANDIDATE = "spot", "candidate"
"""Categories of a spot of no stated kind, and of what was not taken for a spot."""
CATEGORIES = (*DRAWN_KINDS, SPOT, CANDIDATE)
"""Categories in files, in the order of their numbers."""

# A hundred candidates of a photo take most of a file: 0.01 px is finer than any border, and halves it.
_CANDIDATE_DIGITS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """One outline in a file.

    Attributes
    ----------
    outline_px : ndarray of shape (K, 2), float64
        Corners (x, y) in px of the upright source photo, the origin at the corner of the top-left pixel.
    category : str
        One of `CATEGORIES`.
    score : float
        Probability of being a spot; NaN where a person drew it.
    spot : int
        Number of the spot; 0 for a candidate.
    """

    outline_px: NDArray[np.float64]
    category: str
    score: float
    spot: int


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedPhoto:
    """A photo with its outlines, as a file of any format is written.

    Attributes
    ----------
    photo : str
        Its name.
    size_px : (int, int)
        Width and height.
    annotations : sequence of Annotation
        The spots in their order, then the candidates that were not taken for spots, the likeliest first.
    drawn_by, drawn_at : str
        Who corrected the spots and when; "" where nobody did.
    """

    photo: str = ""
    size_px: tuple[int, int] = (0, 0)
    annotations: Sequence[Annotation] = ()
    drawn_by: str = ""
    drawn_at: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AnnotationFile:
    """What a file says of its photos.

    Attributes
    ----------
    spots : mapping of str to DrawnSpots
        By the photo's name as the file has it, or under "" where it names none.
    problems : mapping of str to str
        Photos whose spots cannot be used, with one sentence each.
    """

    spots: Mapping[str, DrawnSpots]
    problems: Mapping[str, str]


def annotated(analysis: Analysis) -> AnnotatedPhoto:
    """Photo of an analysis with its spots and candidates.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    AnnotatedPhoto
    """
    photo, drawn = analysis.photo, analysis.drawn
    size_px = (photo.source_width_px, photo.source_height_px)
    who_and_when = () if drawn is None else (drawn.drawn_by, drawn.drawn_at)
    return AnnotatedPhoto(photo.name, size_px, tuple(_annotations(analysis)), *who_and_when)


def _annotations(analysis: Analysis) -> Iterator[Annotation]:
    spots, kinds = analysis.spots, analysis.table["kind"].tolist()
    for number, (outline, score) in enumerate(zip(spots.outlines_px, spots.score.tolist(), strict=True), start=1):
        category = LESION if number == spots.lesion else kinds[number - 1] or SPOT
        yield Annotation(from_corner(outline), category, score, number)
    chosen = likely_rejected(spots)
    for index, border in zip(chosen.tolist(), spots.candidates.outlines.borders_px(chosen), strict=True):
        # One at the edge of the photo may reach beyond it.
        high = (analysis.photo.source_width_px, analysis.photo.source_height_px)
        outline = np.clip(from_corner(analysis.photo.to_source(border)), 0.0, high)
        yield Annotation(outline.round(_CANDIDATE_DIGITS), CANDIDATE, float(spots.candidate_scores[index]), 0)


def drawn_from(
    outlines: Iterable[tuple[NDArray[Any], str]],
    name: str,
    size_px: tuple[int, int] | None = None,
    drawn_by: object = "",
    drawn_at: object = "",
) -> DrawnSpots:
    """Drawn spots from what a file holds; candidates are left out.

    Parameters
    ----------
    outlines : iterable of (ndarray of shape (K, 2), str)
        Corners with the origin at the corner of the top-left pixel, and category, in any case.
    name : str
        Name of the file.
    size_px : (int, int), optional
        Width and height of the photo.
    drawn_by, drawn_at : object
        Who drew them and when, where the file says so.

    Returns
    -------
    DrawnSpots

    Raises
    ------
    SettingsError
        If an outline is no polygon, or a category is not a known one.
    """
    pairs = [(np.asarray(outline, np.float64) - CENTRE_PX, category.strip().lower()) for outline, category in outlines]
    chosen = [(outline, "" if category == SPOT else category) for outline, category in pairs if category != CANDIDATE]
    return DrawnSpots(
        tuple(outline for outline, _ in chosen),
        tuple(category for _, category in chosen),
        size_px,
        str(drawn_by or ""),
        str(drawn_at or ""),
        name,
    )


def read_json(path: Path) -> Any:
    """Content of a JSON file.

    Parameters
    ----------
    path : Path
        In UTF-8.

    Returns
    -------
    object

    Raises
    ------
    SettingsError
        If it cannot be read or is no JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path.name} is no JSON ({error}); export it again.") from error


def json_file(content: Any) -> bytes:
    """JSON content as a file.

    Parameters
    ----------
    content : object
        Plain values.

    Returns
    -------
    bytes
        JSON in UTF-8, with no number that JSON does not know.
    """
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def damaged(name: str, what: str) -> SettingsError:
    """Error on a file that says less than its format asks for.

    Parameters
    ----------
    name : str
        Name of the file.
    what : str
        What is wrong with it.

    Returns
    -------
    SettingsError
    """
    return SettingsError(f"{name}: {what}; export it again.")
