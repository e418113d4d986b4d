"""Spots that a person drew, in the place of those that were found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.geometry import clipped_polygon, pixel_borders, pixels_inside, polygon_area
from lesionvis.photo import Photo
from lesionvis.spots.classifier import KINDS, SpotClassifier
from lesionvis.spots.find import Spots, paint, painted_corners

LESION = "lesion"
"""Kind of a drawn spot that is the dominant lesion."""
DRAWN_KINDS = (*KINDS[1:], LESION)
"""Kinds that a person can give; without one the colour decides."""

# Programs that draw let a polygon end on the outer side of the last pixel, or a little beyond.
OUTSIDE_MAX_PX = 2.0
# Files of other programs hold places to 1/100 px; an outline that differs by less than twice that was not touched.
SAME_OUTLINE_PX = 0.02
# Two drawn spots of which the smaller lies in the larger one by more than this share are one spot drawn twice.
SHARED_MAX = 0.5
# Other programs have their origin at the corner of the top-left pixel, this package at its centre.
CENTRE_PX = 0.5
# Of a spot that a person drew and did not name the lesion, this much must be what was found as the lesion, and so much
# of a region for it to be the region that was drawn.
LESION_OVERLAP_MIN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class DrawnSpots:
    """Spots of one photo as a person drew them.

    Parameters
    ----------
    outlines_px : tuple of N ndarrays of shape (K, 2), float64
        Corners (x, y) in px of the upright source photo, the origin at the centre of the top-left pixel. They are
        rounded to single precision, which all formats of annotations can hold.
    kinds : tuple of N str, optional
        Kind of each, of `DRAWN_KINDS`; "" where nobody said. Empty means nobody said of any.
    size_px : (int, int), optional
        Width and height of the photo that was drawn on, where that is known.
    drawn_by, drawn_at : str
        Who drew them and when, as a file says; "" where it does not.
    name : str
        What messages call them, such as the name of a file.

    Raises
    ------
    SettingsError
        If an outline is no polygon, or a kind is not a known one.

    Examples
    --------
    >>> DrawnSpots((np.array([[1.0, 1.0], [9.0, 1.0], [9.0, 9.0]]),), ("blood",))
    DrawnSpots(outlines: 1 spots)
    >>> DrawnSpots((np.array([[1.0, 1.0], [9.0, 1.0], [9.0, 9.0]]),), ("mole",))
    Traceback (most recent call last):
    ...
    lesionvis.errors.SettingsError: outlines: spot 1 is of the unknown kind "mole"; give blood, vascular, ...
    """

    outlines_px: tuple[NDArray[np.float64], ...]
    kinds: tuple[str, ...] = ()
    size_px: tuple[int, int] | None = None
    drawn_by: str = ""
    drawn_at: str = ""
    name: str = "outlines"

    def __post_init__(self) -> None:
        """Refuse what is no outline, and round the corners."""
        kinds = self.kinds or ("",) * len(self.outlines_px)
        if len(kinds) != len(self.outlines_px):
            raise SettingsError(f"{self.name}: there are {len(self.outlines_px)} outlines but {len(kinds)} kinds.")
        outlines = []
        for number, (outline, kind) in enumerate(zip(self.outlines_px, kinds, strict=True), start=1):
            if kind and kind not in DRAWN_KINDS:
                known = ", ".join(DRAWN_KINDS)
                raise SettingsError(
                    f'{self.name}: spot {number} is of the unknown kind "{kind}"; give {known}, or spot if not known.'
                )
            outlines.append(_rounded(outline, f"{self.name}: spot {number}"))
        object.__setattr__(self, "outlines_px", tuple(outlines))
        object.__setattr__(self, "kinds", tuple(kinds))

    def __len__(self) -> int:
        return len(self.outlines_px)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"DrawnSpots({self.name}: {len(self)} spots)"

    def to_dict(self) -> dict[str, Any]:
        """Spots as plain values for JSON.

        Returns
        -------
        dict
            `from_dict` gives back equal spots.
        """
        return {
            "outlines_px": [outline.tolist() for outline in self.outlines_px],
            "kinds": list(self.kinds),
            "size_px": None if self.size_px is None else list(self.size_px),
            "drawn_by": self.drawn_by,
            "drawn_at": self.drawn_at,
            "name": self.name,
        }

    @staticmethod
    def from_dict(content: dict[str, Any]) -> DrawnSpots:
        """Spots from plain values.

        Parameters
        ----------
        content : dict
            From `to_dict`.

        Returns
        -------
        DrawnSpots
        """
        size = content["size_px"]
        outlines = tuple(np.asarray(outline, np.float64).reshape(-1, 2) for outline in content["outlines_px"])
        values = {name: content[name] for name in ("drawn_by", "drawn_at", "name")}
        return DrawnSpots(outlines, tuple(content["kinds"]), None if size is None else (size[0], size[1]), **values)


Outlines = DrawnSpots | Sequence[NDArray[Any]]
"""What drawn spots are given as."""


def as_drawn(outlines: Outlines) -> DrawnSpots:
    """Drawn spots from what a caller gives.

    Parameters
    ----------
    outlines : DrawnSpots or sequence of ndarray of shape (K, 2)
        Corners (x, y) in px of the upright source photo.

    Returns
    -------
    DrawnSpots

    Raises
    ------
    SettingsError
        If an outline is no polygon.
    """
    return outlines if isinstance(outlines, DrawnSpots) else DrawnSpots(tuple(outlines))


def drawn_spots(drawn: DrawnSpots, found: Spots, photo: Photo) -> Spots:
    """Spots that a person drew, in the place of those that were found.

    What a person did not touch stays as it was found, to the last digit: an outline that was found, or the pixels of a
    mask that this package would paint. Of the others the score is NaN and `Spots.drawn` is True. The evidence of
    candidates and regions stays too, except that what lies on a newly drawn spot has the score 1, and what was taken
    for a spot that the person removed has the score 0.

    Parameters
    ----------
    drawn : DrawnSpots
    found : Spots
        Of the same photo.
    photo : Photo

    Returns
    -------
    Spots
        The largest first.

    Raises
    ------
    SettingsError
        If the drawn spots are of a photo of another size, one reaches outside of the photo, one is drawn twice, or
        two are the dominant lesion.
    """
    frame = (photo.source_width_px, photo.source_height_px)
    if drawn.size_px is not None and drawn.size_px != frame:
        raise SettingsError(
            f"The spots of {drawn.name} are for a photo of {drawn.size_px[0]} x {drawn.size_px[1]} px and this one has "
            f"{frame[0]} x {frame[1]} px; draw on the upright photo in its full size."
        )
    if drawn.kinds.count(LESION) > 1:
        raise SettingsError(f"{drawn.name}: {drawn.kinds.count(LESION)} spots are the lesion; leave that to one.")
    outlines = [
        _in_photo(outline, frame, f"{drawn.name}: spot {i}") for i, outline in enumerate(drawn.outlines_px, start=1)
    ]
    kept, new = _split(drawn, found, photo)
    _refuse_doubles(outlines, new, drawn.name)
    borders = [*(found.outlines_px[number - 1] for number in kept), *(outlines[i] for i in new)]
    kinds = [*(_kept_kind(given, found, number) for number, given in kept.items()), *(drawn.kinds[i] for i in new)]
    areas = [abs(float(polygon_area(border[:, 0], border[:, 1]))) for border in borders]
    order = np.argsort(-np.asarray(areas), kind="stable")
    # Number that each spot gets, by that which it had; 0 for those that the person removed.
    numbers = np.zeros(len(found) + 1, np.int32)
    numbers[list(kept)] = 1 + np.argsort(order)[: len(kept)]
    is_new = order >= len(kept)
    labels = _painted(numbers, found, photo, [borders[i] for i in order], is_new)
    scores = np.asarray([*(found.score[number - 1] for number in kept), *(np.nan for _ in new)], np.float64)[order]
    lesion = _lesion([kinds[i] for i in order], labels, numbers, found)
    candidate_scores, forest_scores = _candidate_scores(found, labels, is_new, numbers)
    region_scores = _region_scores(found, labels, lesion, is_new, numbers)
    kind = _kinds([kinds[i] for i in order], lesion, labels, is_new, found)
    labels.setflags(write=False)
    return replace(
        found,
        labels=labels,
        outlines_px=tuple(borders[i] for i in order),
        score=scores,
        lesion=lesion,
        candidate_scores=candidate_scores,
        forest_scores=forest_scores,
        region_scores=region_scores,
        kind=kind,
        drawn=tuple(bool(one) for one in is_new),
    )


def from_corner(outline: NDArray[Any]) -> NDArray[np.float64]:
    """Outline with the origin at the corner of the photo, in the precision that files keep.

    Parameters
    ----------
    outline : ndarray of shape (K, 2)
        Corners (x, y), px, the origin at the centre of the top-left pixel.

    Returns
    -------
    ndarray of shape (K, 2), float64
        Rounded to single precision: what was written and read again has the same bytes.
    """
    return np.asarray((outline + CENTRE_PX).astype(np.float32).astype(np.float64))


def labels_at_candidates(labels: NDArray[np.int32], found: Spots) -> NDArray[np.int32]:
    """Label at the centroid of each candidate.

    Parameters
    ----------
    labels : ndarray of shape (H, W), int32
        Label image at working resolution.
    found : Spots
        With N candidates.

    Returns
    -------
    ndarray of shape (N,), int32
        0 where there is none.
    """
    x, y = found.candidates.outlines.centroid_px()
    height, width = labels.shape
    rows, columns = np.clip(np.round(y), 0, height - 1).astype(int), np.clip(np.round(x), 0, width - 1).astype(int)
    return np.asarray(labels[rows, columns])


def source_pixels(photo: Photo) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Working row of each row of the source photo, and working column of each of its columns.

    Parameters
    ----------
    photo : Photo

    Returns
    -------
    rows, columns : ndarray of shape (H,) and (W,), intp
        Of the nearest working px.
    """
    height, width = photo.rgb.shape[:2]
    # The nearest working pixel of source pixel x is round((x + 0.5) s - 0.5), that is floor((x + 0.5) s).
    rows = np.minimum((np.arange(photo.source_height_px) + 0.5) * photo.px_per_source_px, height - 1).astype(np.intp)
    columns = np.minimum((np.arange(photo.source_width_px) + 0.5) * photo.px_per_source_px, width - 1).astype(np.intp)
    return rows, columns


def label_borders(labels: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Borders of the regions of a label image, as `pixel_borders` draws them.

    Parameters
    ----------
    labels : ndarray of shape (H, W), of whole numbers
        0 is background.

    Yields
    ------
    label : int
    border : ndarray of shape (K, 2), float64
        Of one region; a label in several pieces has several.
    """
    rows, columns = np.nonzero(labels)
    if len(rows) == 0:
        return
    values = labels[rows, columns]
    order = np.argsort(values, kind="stable")
    names, starts = np.unique(values[order], return_index=True)
    for name, places in zip(names.tolist(), np.split(order, starts[1:]), strict=True):
        top, left = rows[places].min(), columns[places].min()
        crop = np.zeros((np.ptp(rows[places]) + 1, np.ptp(columns[places]) + 1), np.bool_)
        crop[rows[places] - top, columns[places] - left] = True
        for border in pixel_borders(crop):
            yield name, border + np.array([left, top])


def is_same_spot(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Test whether two outlines are of one spot that was drawn twice.

    Parameters
    ----------
    first, second : ndarray of shape (K, 2), float64
        Corners (x, y), px of the same photo.

    Returns
    -------
    bool
        True if more than half of the smaller one lies in the larger one.
    """
    if (first.max(axis=0) < second.min(axis=0)).any() or (second.max(axis=0) < first.min(axis=0)).any():
        return False
    corner = np.floor(np.minimum(first.min(axis=0), second.min(axis=0)))
    width, height = (np.ceil(np.maximum(first.max(axis=0), second.max(axis=0))) - corner + 1).astype(int).tolist()
    one, other = (pixels_inside(outline - corner, (height, width)) for outline in (first, second))
    return bool((one & other).sum() > SHARED_MAX * max(1, min(one.sum(), other.sum())))


def _rounded(outline: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Outline in single precision of places whose origin is the corner of the photo, as in other programs."""
    corners = np.asarray(outline)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or corners.dtype.kind not in "iuf":
        raise SettingsError(f"{name} is no polygon; draw it with at least 3 corners (x, y).")
    if not np.isfinite(corners).all() or abs(polygon_area(*(corners - corners[0]).T.astype(np.float64))) < 1e-6:
        raise SettingsError(f"{name} has no area; draw it again or delete it.")
    rounded = from_corner(corners) - CENTRE_PX
    rounded.setflags(write=False)
    return rounded


def _in_photo(outline: NDArray[np.float64], frame: tuple[int, int], name: str) -> NDArray[np.float64]:
    """Part of an outline inside the photo, unless it was drawn on another photo."""
    low, high = np.array([-0.5, -0.5]), np.asarray(frame) - 0.5
    if (outline < low - OUTSIDE_MAX_PX).any() or (outline > high + OUTSIDE_MAX_PX).any():
        raise SettingsError(
            f"{name} reaches outside of the photo of {frame[0]} x {frame[1]} px; check that it was drawn on this "
            "photo, upright and in its full size."
        )
    is_inside = (outline >= low).all() and (outline <= high).all()
    return outline if is_inside else clipped_polygon(outline, low, high)


def _split(drawn: DrawnSpots, found: Spots, photo: Photo) -> tuple[dict[int, str], list[int]]:
    """Numbers of found spots that were not touched, with the kinds that were given; and indices of all others."""
    whole = {number: {_rounded(outline, "").tobytes()} for number, outline in enumerate(found.outlines_px, start=1)}
    pieces = _painted_pieces(found, photo) if any(_is_of_pixels(one) for one in drawn.outlines_px) else {}
    owner = {code: number for held in (pieces, whole) for number, codes in held.items() for code in codes}
    matches: dict[int, list[int]] = {}
    for index, outline in enumerate(drawn.outlines_px):
        number = owner.get(outline.tobytes()) or _near(outline, found)
        if number:
            matches.setdefault(number, []).append(index)
    # A spot that others cut into pieces was not touched if all of its pieces are there.
    kept: dict[int, str] = {}
    taken: set[int] = set()
    for number, indices in matches.items():
        codes = {drawn.outlines_px[i].tobytes() for i in indices}
        if not codes <= pieces.get(number, set()) or codes == pieces[number]:
            kept[number] = drawn.kinds[indices[0]]
            taken |= set(indices)
    return dict(sorted(kept.items())), [i for i in range(len(drawn)) if i not in taken]


def _is_of_pixels(outline: NDArray[np.float64]) -> bool:
    """Whether an outline runs from middle to middle of the sides of pixels."""
    return bool((np.abs(2.0 * outline) % 1.0 == 0.0).all())


def _painted_pieces(found: Spots, photo: Photo) -> dict[int, set[bytes]]:
    """Borders of each found spot as its mask shows it in the source photo."""
    rows, columns = source_pixels(photo)
    pieces: dict[int, set[bytes]] = {}
    # Only the part of the photo that has spots.
    some_rows = np.flatnonzero(np.asarray((found.labels > 0).any(axis=1))[rows])
    some_columns = np.flatnonzero(np.asarray((found.labels > 0).any(axis=0))[columns])
    if len(some_rows) == 0:
        return pieces
    top, left = int(some_rows[0]), int(some_columns[0])
    labels = found.labels[rows[top : some_rows[-1] + 1]][:, columns[left : some_columns[-1] + 1]]
    for number, border in label_borders(labels):
        pieces.setdefault(number, set()).add(_rounded(border + np.array([left, top]), "").tobytes())
    return pieces


def _near(outline: NDArray[np.float64], found: Spots) -> int:
    """Number of the found spot whose outline this is, but for rounding; 0 if there is none."""
    for number, other in enumerate(found.outlines_px, start=1):
        if len(other) == len(outline) and np.abs(other - outline).max() < SAME_OUTLINE_PX:
            return number
    return 0


def _kept_kind(given: str, found: Spots, number: int) -> str:
    """Kind of a spot whose outline was not touched."""
    if given:
        return given
    return LESION if number == found.lesion else (found.kind[number - 1] if found.kind else "")


def _refuse_doubles(outlines: list[NDArray[np.float64]], new: list[int], name: str) -> None:
    """Refuse a drawn spot that lies in another by more than half."""
    low = np.asarray([outline.min(axis=0) for outline in outlines]).reshape(-1, 2)
    high = np.asarray([outline.max(axis=0) for outline in outlines]).reshape(-1, 2)
    for one in new:
        for other in np.flatnonzero(((low <= high[one]) & (high >= low[one])).all(axis=1)).tolist():
            if other != one and is_same_spot(outlines[one], outlines[other]):
                pair = sorted((one + 1, other + 1))
                raise SettingsError(f"{name}: spots {pair[0]} and {pair[1]} lie on each other; delete one of them.")


def _painted(
    numbers: NDArray[np.int32],
    found: Spots,
    photo: Photo,
    borders: list[NDArray[np.float64]],
    is_new: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Label image of sorted spots, the drawn ones on top."""
    shape = (photo.rgb.shape[0], photo.rgb.shape[1])
    working = [photo.to_working(border) for border in borders]
    kept = np.flatnonzero(~is_new)
    old = np.flatnonzero(numbers)
    scores = found.score[old[np.argsort(numbers[old])] - 1]
    uncovered = paint([working[i] for i in kept], [painted_corners(working[i]) for i in kept], scores, shape)
    uncovered = np.append(0, kept + 1).astype(np.int32)[uncovered]
    # Where a kept spot was seen it is seen; where one was removed, what lay under it is.
    labels = np.where(numbers[found.labels] > 0, numbers[found.labels], uncovered)
    labels[(found.labels == 0) & (uncovered > 0)] = 0
    for index in np.flatnonzero(is_new):
        inside = pixels_inside(working[index], shape)
        if inside.any():
            labels[inside] = index + 1
        else:  # between pixels
            column, row = np.clip(np.round(working[index].mean(axis=0)), 0, (shape[1] - 1, shape[0] - 1)).astype(int)
            labels[row, column] = index + 1
    return labels.astype(np.int32)


def _lesion(kinds: list[str], labels: NDArray[np.int32], numbers: NDArray[np.int32], found: Spots) -> int:
    """Number of the dominant lesion: what a person called so, or what covers the one that was found."""
    if LESION in kinds:
        return kinds.index(LESION) + 1
    if not found.lesion or numbers[found.lesion]:
        return 0
    old = found.labels == found.lesion
    over = np.bincount(labels[old], minlength=len(kinds) + 1)
    over[0] = 0
    best = int(over.argmax())
    both = over[best] / max(1, int((old | (labels == best)).sum()))
    return best if best and not kinds[best - 1] and both >= LESION_OVERLAP_MIN else 0


def _candidate_scores(
    found: Spots, labels: NDArray[np.int32], is_new: NDArray[np.bool_], numbers: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores of the candidates, by forest and network and by the forest, where a person decided on them 1 or 0."""
    here, before = (labels_at_candidates(image, found) for image in (labels, found.labels))
    is_removed = (before > 0) & (numbers[before] == 0) & (here == 0) & (found.candidate_scores >= found.min_score)
    both = found.candidate_scores.copy(), found.forest_scores.copy()
    for scores in both:
        scores[is_removed] = 0.0
        scores[np.append(False, is_new)[here]] = 1.0
    return both


def _region_scores(
    found: Spots, labels: NDArray[np.int32], lesion: int, is_new: NDArray[np.bool_], numbers: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Scores of the regions: 0 for that of a lesion that was removed, 1 for the one that a person drew."""
    scores = found.region_scores.copy()
    if found.lesion and (lesion == 0 or numbers[found.lesion] != lesion):
        scores[_region_overlaps(found.labels == found.lesion, found) >= LESION_OVERLAP_MIN] = 0.0
    if lesion and len(scores) and (is_new[lesion - 1] or numbers[found.lesion] != lesion):
        overlaps = _region_overlaps(labels == lesion, found)
        if overlaps.max() >= LESION_OVERLAP_MIN:
            scores[int(overlaps.argmax())] = 1.0
    return scores


def _region_overlaps(mask: NDArray[np.bool_], found: Spots) -> NDArray[np.float64]:
    """Area that each region shares with a mask over the area of both."""
    height, width = found.regions.shape
    small = cv2.resize(mask.view(np.uint8), (width, height), interpolation=cv2.INTER_AREA) > 0
    regions = [found.regions.small_mask(index) for index in range(len(found.regions))]
    return np.asarray([(small & one).sum() / max(1, int((small | one).sum())) for one in regions], np.float64)


def _kinds(
    given: list[str], lesion: int, labels: NDArray[np.int32], is_new: NDArray[np.bool_], found: Spots
) -> tuple[str, ...]:
    """Kind of each spot: what a person said, or that of the largest candidate on it; "" where colour tells."""
    kinds = ["" if kind == LESION else kind for kind in given]
    here = labels_at_candidates(labels, found)
    area = found.candidates.outlines.area_px()
    for index in np.flatnonzero(is_new):
        on_it = np.flatnonzero(here == index + 1)
        if not kinds[index] and index + 1 != lesion and len(on_it):
            largest = on_it[[int(area[on_it].argmax())]]
            kinds[index] = str(SpotClassifier.spot_kinds(found.candidate_kinds[largest])[0])
    return tuple(kinds)
