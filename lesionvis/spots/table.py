"""Spots -> SpotTable: one row per spot, fixed columns with units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionvis.color import blue_share, optical_density
from lesionvis.geometry import sample
from lesionvis.photo import Photo
from lesionvis.scale import NoScale, Scale
from lesionvis.skin import Skin
from lesionvis.spots import Spots
from lesionvis.spots.shape import shapes

if TYPE_CHECKING:
    import pandas

# Where a spot and the skin around it are sampled: copies of the outline, shrunk and grown about the centroid, but
# at least so many working px away from the border so that blur does not mix the two.
INSIDE_FACTORS = (0.2, 0.4, 0.6, 0.75)
RING_FACTORS = (1.35, 1.55, 1.75, 1.95)
RING_GAP_MIN_PX = 1.5
# The border's sharpness is the fall of contrast between these two copies.
EDGE_FACTORS = (0.85, 1.15)
# Error of a diameter when the same spot is photographed again: share of the diameter, and working px.
REPEAT_ERROR_SHARE, REPEAT_ERROR_MIN_PX = 0.05, 0.3
# Beside what a reader measures, skin and spots that are uneven by this density move the place where the contrast falls,
# the more so the fainter and softer the border is. Fitted to spots that a reader marked in dev/; more/, web/ and
# rendered spots then judged it (`python -m lesionvis.lab evaluate errors`).
UNEVEN_DENSITY = 0.03
# A fall of contrast under this, density per 30 % of a radius, is not told from none; it counts as half the diameter.
EDGE_FALL_MIN = 0.02
# The dominant lesion is as sure as the overlap with a reader's outline that the region model expects: a tenth less of
# it is 3.5 % of the diameter (it would be 5 % if outlines differed in size alone).
ERROR_PER_OVERLAP_LOST = 0.35
# Under this width in working px shape is a matter of single pixels.
SHAPE_WIDTH_MIN_PX = 5.0
# A highlight is so much lighter than the mean of its spot, in density of all channels, and lies so many working px
# inside the border, where blur no longer mixes in the lighter skin.
HIGHLIGHT_DENSITY = 0.25
HIGHLIGHT_DEPTH_PX = 2

# Colour classes, on density relative to the ring around the spot. Blood hardly absorbs red light, melanin does (median
# ratio of red to green contrast in photos: 0.38 petechiae, 0.60 naevi); deep and old blood looks purple because blue
# light comes back from above it (bright angiomas: -0.12).
BLUE_BLACK_RED_DENSITY_MIN = 0.60
PURPLE_BLUE_SHARE_MAX = -0.16
PURPLE_RED_RATIO_MIN = 0.30
BROWN_RED_RATIO_MIN = 0.50
# In the order in which they are asked for; the last is what remains.
COLOR_CLASSES = ("blue_black", "purple", "brown", "red")


# The dominant lesion is no candidate, so that its kind follows from its colour: brown and blue-black ones are of
# pigment, what is this much redder than the skin around it (erythema index, log10) is a vessel's (angiomas 0.41 to
# 0.99, three quarters of other red lesions under 0.34).
VASCULAR_LESION_ERYTHEMA_MIN = 0.42


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table of spots.

    Attributes
    ----------
    name : str
    unit : str
        "" for a pure number.
    dtype : str
        NumPy dtype.
    meaning : str
    """

    name: str
    unit: str
    dtype: str
    meaning: str


COLUMNS = (
    Column("spot", "", "int64", "number of the spot, the label in the mask; 1 is the largest"),
    Column("x_px", "px", "float64", "centroid from the left, source px"),
    Column("y_px", "px", "float64", "centroid from the top, source px"),
    Column("diameter_px", "px", "float64", "of the circle of equal area, source px"),
    Column("diameter_error_px", "px", "float64", "standard error of diameter_px beside a careful reader, source px"),
    Column("feret_max_px", "px", "float64", "maximum Feret diameter, source px"),
    Column("feret_min_px", "px", "float64", "minimum Feret diameter, source px"),
    Column("area_px", "px2", "float64", "area inside the border at 44 % of the contrast, source px squared"),
    Column("px_per_mm", "px/mm", "float64", "local scale used for the row; NaN without a scale"),
    Column("diameter_mm", "mm", "float64", "diameter_px in mm; NaN without a scale"),
    Column("diameter_error_mm", "mm", "float64", "standard error of diameter_mm; the scale's is 0 where not known"),
    Column("length_mm", "mm", "float64", "feret_max_px in mm; NaN without a scale"),
    Column("length_error_mm", "mm", "float64", "standard error of length_mm; the scale's is 0 where not known"),
    Column("width_mm", "mm", "float64", "feret_min_px in mm; NaN without a scale"),
    Column("area_mm2", "mm2", "float64", "area_px in mm squared; NaN without a scale"),
    Column("area_error_mm2", "mm2", "float64", "standard error of area_mm2; the scale's is 0 where not known"),
    Column("circularity", "", "float64", "4 pi area over the perimeter squared, 0 to 1"),
    Column("solidity", "", "float64", "area over that of the convex hull, 0 to 1"),
    Column("aspect", "", "float64", "length over width, at least 1"),
    Column("contrast_red", "log10", "float64", "red density, spot less the skin around it"),
    Column("contrast_green", "log10", "float64", "green density, spot less the skin around it"),
    Column("contrast_blue", "log10", "float64", "blue density, spot less the skin around it"),
    Column("erythema_contrast", "log10", "float64", "erythema index, spot less the skin around it"),
    Column("blue_share", "", "float64", "(blue - green contrast) over the sum: melanin +, deep blood -"),
    Column("color", "", "str", "red, purple, brown or blue_black"),
    Column("kind", "", "str", "blood, vascular, inflamed or pigment"),
    Column("edge_sharpness", "", "float64", "share of the contrast lost within 15 % of the radius"),
    Column("inside_spread", "log10", "float64", "standard deviation of green density inside"),
    Column("highlight_share", "", "float64", "share of the area with a specular highlight, 0 to 1"),
    Column("rim_relief", "log10", "float64", "rise of density per radius across the spot: one half light, one dark"),
    Column("score", "", "float64", "probability of being a spot; of the lesion: expected overlap; NaN where drawn"),
    Column("is_lesion", "", "bool", "True for the dominant lesion"),
    Column("outlined_by", "", "str", "lesionvis, or person where the outline was drawn"),
    Column("spot_flags", "", "str", "reasons to distrust, separated by spaces"),
)


@dataclass(frozen=True, slots=True, eq=False)
class SpotTable:
    """Measurements of all spots of a photo.

    Attributes
    ----------
    columns : dict
        Name -> array of shape (N,), for each of `COLUMNS` in order.
    flags : dict
        Name of a flag of spots -> whether each spot has it, shape (N,), bool; the column `spot_flags` spells it.
    """

    columns: dict[str, NDArray[Any]]
    flags: dict[str, NDArray[np.bool_]]

    def __len__(self) -> int:
        return len(self.columns["spot"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        """Names of the columns in order, as with a DataFrame; `len` counts the rows."""
        return iter(self.columns)

    def __repr__(self) -> str:
        """One line: what the arrays hold is too much to print."""
        return f"SpotTable({len(self)} spots, {len(self.columns)} columns)"

    def has_flag(self, name: str) -> NDArray[np.bool_]:
        """Test each spot for a flag.

        Parameters
        ----------
        name : str
            Name of a flag of `lesionvis.flags.FLAGS`.

        Returns
        -------
        ndarray of shape (N,), bool
            True for the spots with the flag.
        """
        return self.flags[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Numeric column as float64.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        ndarray of shape (N,), float64
            In the unit of the column; NaN where missing.
        """
        return self.columns[name].astype(np.float64)

    def to_dataframe(self) -> pandas.DataFrame:
        """Convert the table to a pandas DataFrame.

        Returns
        -------
        pandas.DataFrame
            One row per spot, one column per column.
        """
        import pandas

        return pandas.DataFrame(dict(self.columns))


def measure_spots(photo: Photo, scale: Scale | NoScale, skin: Skin, spots: Spots) -> SpotTable:
    """Measure every spot.

    Parameters
    ----------
    photo : Photo
    scale : Scale or NoScale
    skin : Skin
    spots : Spots
        All of the same photo.

    Returns
    -------
    SpotTable
        Of length 0, with the right dtypes, when there are no spots.
    """
    count = len(spots)
    columns: dict[str, NDArray[Any]] = shapes(spots.outlines_px)
    density = optical_density(photo.rgb if count else photo.rgb[:1, :1])  # nothing is looked up without spots
    columns |= _contrast(photo, density, skin, spots)
    places = _Places.of(spots.labels)
    columns |= _inside(density, spots.labels, places, count)
    columns["color"] = _color_class(columns)
    columns["diameter_error_px"] = _diameter_error_px(photo, spots, columns)
    columns["kind"] = _kind(spots, columns)
    columns["spot"] = np.arange(1, count + 1)
    columns["score"] = spots.score
    columns["is_lesion"] = np.arange(1, count + 1) == spots.lesion
    columns["outlined_by"] = np.where(np.asarray(spots.drawn or (False,) * count, np.bool_), "person", "lesionvis")
    columns |= _millimetres(scale, columns)
    flags = _flags(photo, skin, spots, places, columns)
    columns["spot_flags"] = _spelled(flags, count)
    table = {}
    for column in COLUMNS:
        values = np.asarray(columns[column.name], dtype=None if column.dtype == "str" else column.dtype)
        if column.dtype == "str" and count == 0:
            values = np.zeros(0, "<U1")
        values.setflags(write=False)
        table[column.name] = values
    return SpotTable(table, flags)


def _contrast(photo: Photo, density: NDArray[np.float32], skin: Skin, spots: Spots) -> dict[str, NDArray[Any]]:
    """Mean density inside each outline less that of the skin around it, and how sharply it falls across the border.

    It falls with blur, as what is seen does; between photos `lesionvis.compare.contrast` measures what does not.
    """
    count = len(spots)
    lengths = np.asarray([len(outline) for outline in spots.outlines_px], np.int64)
    owner = np.repeat(np.arange(count), lengths)
    corners = np.concatenate([np.zeros((0, 2)), *spots.outlines_px])
    x, y = _scaled_copies(photo.to_working(corners), owner, lengths)
    values = sample(density, x, y)
    healthy = sample(skin.healthy_density, x[:, :1], y[:, :1])
    inside_columns = slice(0, len(INSIDE_FACTORS))
    ring_columns = slice(len(INSIDE_FACTORS), -2)
    free = _free(x[:, ring_columns], y[:, ring_columns], skin, spots)
    # A copy of the outline stands for a ring whose area grows with its factor.
    weight = np.tile(INSIDE_FACTORS, (len(owner), 1))
    inside = _mean_by_owner(values[:, inside_columns], weight, owner, count)
    ring = _mean_by_owner(values[:, ring_columns], free, owner, count)
    one = np.ones((len(owner), 1))
    # Where other spots leave no skin in the ring, healthy skin stands in for it.
    ring = np.where(np.isfinite(ring), ring, _mean_by_owner(healthy, one, owner, count))
    edge_inside = _mean_by_owner(values[:, -2:-1], one, owner, count)
    edge_outside = _mean_by_owner(values[:, -1:], one, owner, count)
    contrast = inside - ring
    signed = contrast.sum(axis=1)
    fall = (edge_inside - edge_outside).sum(axis=1)
    return {
        "contrast_red": contrast[:, 0],
        "contrast_green": contrast[:, 1],
        "contrast_blue": contrast[:, 2],
        "erythema_contrast": contrast[:, 1] - contrast[:, 0],
        "blue_share": blue_share(contrast),
        "edge_sharpness": np.clip(fall / np.where(np.abs(signed) > 1e-3, signed, np.inf), -1.0, 2.0),
    }


def _scaled_copies(
    corners: NDArray[np.float64], owner: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners (N, 2) of all outlines, shrunk and grown: working x and y of shape (N, inside + ring + edge factors)."""
    n_copies = len(INSIDE_FACTORS) + len(RING_FACTORS) + len(EDGE_FACTORS)
    if len(corners) == 0:
        return np.zeros((0, n_copies)), np.zeros((0, n_copies))
    centre = (np.add.reduceat(corners, np.cumsum(lengths) - lengths) / lengths[:, None])[owner]
    arm = corners - centre
    length = np.maximum(np.hypot(arm[:, 0], arm[:, 1]), 1e-6)[:, None]
    factors = np.empty((len(arm), n_copies))
    factors[:] = (*INSIDE_FACTORS, *RING_FACTORS, *EDGE_FACTORS)
    ring = factors[:, len(INSIDE_FACTORS) : -len(EDGE_FACTORS)]
    np.maximum(ring, 1.0 + RING_GAP_MIN_PX / length, out=ring)
    return centre[:, :1] + arm[:, :1] * factors, centre[:, 1:] + arm[:, 1:] * factors


def _free(x: NDArray[np.float64], y: NDArray[np.float64], skin: Skin, spots: Spots) -> NDArray[np.bool_]:
    """Mask of working positions that lie on skin that no spot covers."""
    height, width = skin.mask.shape
    row = np.clip(np.round(y), 0, height - 1).astype(int)
    column = np.clip(np.round(x), 0, width - 1).astype(int)
    in_frame = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return np.asarray(in_frame & (spots.labels[row, column] == 0) & skin.mask[row, column])


def _mean_by_owner(
    values: NDArray[np.float32], weight: NDArray[Any], owner: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Weighted mean per spot and channel of (corners, copies, C) values; NaN where the weights are all zero."""
    totals = np.bincount(owner, weight.sum(axis=1), minlength=count)
    means = np.full((count, values.shape[2]), np.nan)
    # Copy by copy: NumPy is slow at summing up along an axis as short as that of the copies.
    sums = sum(values[:, copy] * weight[:, copy, None] for copy in range(values.shape[1]))
    for channel in range(values.shape[2]):
        total = np.bincount(owner, sums[:, channel], minlength=count)
        np.divide(total, totals, out=means[:, channel], where=totals > 0)
    return means


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """The P pixels that lie in spots, row by row: most of a photo is none.

    Attributes
    ----------
    columns, rows : ndarray of shape (P,), int64
    index : ndarray of shape (P,), int64
        Both in one number, counted through the rows: looked up in a third of the time.
    label : ndarray of shape (P,), int64
        Number of the spot that the pixel belongs to, from 1.
    """

    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    index: NDArray[np.intp]
    label: NDArray[np.intp]

    @classmethod
    def of(cls, labels: NDArray[np.int32]) -> _Places:
        """Pixels of a label image (H, W) that are not 0."""
        # As np.nonzero gives them, in a tenth of its time.
        found = cv2.findNonZero((labels > 0).view(np.uint8))
        columns, rows = np.reshape(() if found is None else found, (-1, 2)).T.astype(np.intp)
        index = rows * labels.shape[1] + columns
        return cls(columns, rows, index, labels.ravel()[index].astype(np.intp))


def _inside(
    density: NDArray[np.float32], labels: NDArray[np.int32], places: _Places, count: int
) -> dict[str, NDArray[Any]]:
    """Columns that need every pixel of a spot: spread, highlights, light and dark side."""
    columns, rows, label = places.columns, places.rows, places.label - 1
    colours = density.reshape(-1, 3)[places.index].astype(np.float64)
    n = np.maximum(np.bincount(label, minlength=count), 1)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(label, values, minlength=count) / n)

    green, total = colours[:, 1], colours.sum(axis=1)
    mean_green, mean_total = mean(green), mean(total)
    is_light = total < mean_total[label] - 3.0 * HIGHLIGHT_DENSITY
    # Seldom is anything so light, and what is deep takes two passes over the picture.
    is_deep = _deep(labels).ravel()[places.index] if is_light.any() else np.zeros_like(is_light)
    highlight = is_deep & is_light
    # First moments of density about the centroid: a dome lit from one side has a light and a dark half.
    radius = np.sqrt(n / np.pi)
    across = (columns - mean(columns.astype(np.float64))[label]) / radius[label]
    down = (rows - mean(rows.astype(np.float64))[label]) / radius[label]
    departure = (total - mean_total[label]) / 3.0
    return {
        "inside_spread": np.sqrt(mean((green - mean_green[label]) ** 2)),
        "highlight_share": mean(highlight.astype(np.float64)) / np.maximum(mean(is_deep.astype(np.float64)), 1.0 / n),
        # A plane that rises by a over the radius has first moments of a / 4.
        "rim_relief": 4.0 * np.hypot(mean(departure * across), mean(departure * down)),
    }


def _deep(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Pixels of spots that lie `HIGHLIGHT_DEPTH_PX` or more inside the border."""
    kernel = np.ones((2 * HIGHLIGHT_DEPTH_PX + 1, 2 * HIGHLIGHT_DEPTH_PX + 1), np.uint8)
    # Morphology takes no 32-bit integers, and there are not that many spots.
    exact = labels.astype(np.uint16)
    return np.asarray((cv2.erode(exact, kernel) == cv2.dilate(exact, kernel)) & (labels > 0))


def _color_class(columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Colour class of each spot."""
    red_ratio = columns["contrast_red"] / np.maximum(columns["contrast_green"], 1e-3)
    purple = (columns["blue_share"] < PURPLE_BLUE_SHARE_MAX) & (red_ratio > PURPLE_RED_RATIO_MIN)
    conditions = [
        columns["contrast_red"] > BLUE_BLACK_RED_DENSITY_MIN,
        purple,
        red_ratio > BROWN_RED_RATIO_MIN,
    ]
    return np.select(conditions, COLOR_CLASSES[:-1], default=COLOR_CLASSES[-1])


def _kind(spots: Spots, columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Kind of each spot as its evidence tells; of the lesion, and of what was drawn on no candidate, by its colour."""
    is_brown = np.isin(columns["color"], ("brown", "blue_black"))
    is_vessel = columns["erythema_contrast"] > VASCULAR_LESION_ERYTHEMA_MIN
    of_lesion = np.select([is_brown, is_vessel], ["pigment", "vascular"], default="inflamed")
    told = np.asarray(spots.kind or ("",) * len(spots), np.str_)
    is_drawn = np.asarray(spots.drawn or (False,) * len(spots), np.bool_)
    by_color = (np.arange(1, len(spots) + 1) == spots.lesion) | (is_drawn & (told == ""))
    return np.where(by_color, of_lesion, told)


def repeat_error_px(photo: Photo, table: SpotTable) -> NDArray[np.float64]:
    """Standard error of diameters beside those of the same spots in another photo.

    What a reader means by a border drops out, so that it is smaller than `diameter_error_px`.

    Parameters
    ----------
    photo : Photo
    table : SpotTable
        Of the same photo.

    Returns
    -------
    ndarray of shape (N,), float64
        Of `diameter_px`, source px.
    """
    return _repeat_error_px(photo, table.numbers("diameter_px"), table.numbers("edge_sharpness"))


def _repeat_error_px(
    photo: Photo, diameter: NDArray[np.float64], sharpness: NDArray[np.float64]
) -> NDArray[np.float64]:
    sampling = REPEAT_ERROR_MIN_PX / photo.px_per_source_px
    # The edge copies lie 30 % of a radius apart; a soft border loses little contrast between them.
    softness = REPEAT_ERROR_SHARE * diameter * (1.0 / _bounded(sharpness) - 1.0)
    return np.asarray(np.sqrt(sampling**2 + (REPEAT_ERROR_SHARE * diameter) ** 2 + softness**2))


def _bounded(sharpness: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip(sharpness, 0.1, 1.0))


def _diameter_error_px(photo: Photo, spots: Spots, columns: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Standard error of the diameter beside that of a reader."""
    diameter, sharpness = columns["diameter_px"], columns["edge_sharpness"]
    error = _repeat_error_px(photo, diameter, sharpness)
    lesion = spots.lesion - 1
    if lesion >= 0 and np.isfinite(spots.score[lesion]):
        of_outline = ERROR_PER_OVERLAP_LOST * (1.0 - spots.score[lesion]) * diameter[lesion]
        error[lesion] = np.hypot(REPEAT_ERROR_MIN_PX / photo.px_per_source_px, of_outline)
    fall = np.maximum(np.abs(columns["contrast_green"]) * _bounded(sharpness), EDGE_FALL_MIN)
    # How far a border moves for a change of density, in radii: the reciprocal of the fall from edge copy to edge copy.
    uneven = UNEVEN_DENSITY * (EDGE_FACTORS[1] - EDGE_FACTORS[0]) / fall
    return np.asarray(np.hypot(error, uneven * diameter))


def _millimetres(scale: Scale | NoScale, columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """The columns in mm; all NaN without a scale."""
    count = len(columns["x_px"])
    local, scale_error = np.full(count, np.nan), np.zeros(count)
    if isinstance(scale, Scale):
        places = [(float(x), float(y)) for x, y in zip(columns["x_px"], columns["y_px"], strict=True)]
        local = np.asarray([scale.px_per_mm_near(x, y) for x, y in places], np.float64)
        # The error of a given scale is not known; it counts as none.
        scale_error = np.nan_to_num(np.asarray([scale.skin_error_near(x, y) for x, y in places], np.float64))
    diameter_mm = columns["diameter_px"] / local
    length_mm, area_mm2 = columns["feret_max_px"] / local, columns["area_px"] / local**2
    # A border that is off by so much of the diameter is off by as much of any length, and an area by twice that.
    border_error = columns["diameter_error_px"] / np.maximum(columns["diameter_px"], 1e-9)
    error = np.hypot(border_error, scale_error)
    return {
        "px_per_mm": local,
        "diameter_mm": diameter_mm,
        "diameter_error_mm": np.hypot(columns["diameter_error_px"] / local, diameter_mm * scale_error),
        "length_mm": length_mm,
        "length_error_mm": length_mm * error,
        "width_mm": columns["feret_min_px"] / local,
        "area_mm2": area_mm2,
        "area_error_mm2": area_mm2 * 2.0 * error,
    }


def _flags(
    photo: Photo, skin: Skin, spots: Spots, places: _Places, columns: dict[str, NDArray[Any]]
) -> dict[str, NDArray[np.bool_]]:
    """Name of each flag -> which spots have it."""
    labels, count = spots.labels, len(spots)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    bare = cv2.dilate((~skin.mask).view(np.uint8), np.ones((5, 5), np.uint8))
    on_bare = places.label[bare.ravel()[places.index] > 0]
    touching = _touching(labels, places)
    earned = {
        "cut_by_frame": np.isin(np.arange(1, count + 1), edge),
        "touches_non_skin": np.bincount(on_bare, minlength=count + 1)[1:] > 0,
        "few_pixels": columns["feret_min_px"] * photo.px_per_source_px < SHAPE_WIDTH_MIN_PX,
        "confluent": np.isin(np.arange(1, count + 1), touching),
    }
    return {name: np.asarray(has, np.bool_) for name, has in earned.items()}


def _spelled(flags: dict[str, NDArray[np.bool_]], count: int) -> NDArray[np.str_]:
    """Names of the flags of each spot, separated by spaces."""
    names = [" ".join(name for name, has in flags.items() if has[i]) for i in range(count)]
    return np.asarray(names, dtype=np.str_)


def _touching(labels: NDArray[np.int32], places: _Places) -> NDArray[np.int32]:
    """Numbers of the spots that share a border with another spot."""
    height, width = labels.shape
    found = []
    # Of every pixel in a spot the one to its right and the one below it.
    for has_next, step in ((places.columns < width - 1, 1), (places.rows < height - 1, width)):
        here = places.index[has_next]
        one, other = labels.ravel()[here], labels.ravel()[here + step]
        meet = (one != other) & (other > 0)
        found += [one[meet], other[meet]]
    return np.unique(np.concatenate(found))
