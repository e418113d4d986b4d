from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from stages import Staged

from lesionvis.analysis import Analysis, Analyzer, analyze
from lesionvis.errors import SettingsError
from lesionvis.geometry import pixels_inside
from lesionvis.spots.drawn import LESION, DrawnSpots, drawn_spots, label_borders, source_pixels

DISK = np.stack([np.cos(np.arange(24) / 12 * np.pi), np.sin(np.arange(24) / 12 * np.pi)], axis=1)


def _disk(x: float, y: float, radius: float) -> NDArray[np.float64]:
    return np.array([x, y]) + radius * DISK


def _mask(analysis: Analysis) -> NDArray[np.int32]:
    """The label image in px of the source photo, as `--masks` writes it."""
    rows, columns = source_pixels(analysis.photo)
    return analysis.spots.labels[rows][:, columns]


def _same_results(one: Analysis, other: Analysis) -> bool:
    first, second = one.to_dict(), other.to_dict()
    del first["spots_from"], second["spots_from"]
    return first == second and one.spots.labels.tobytes() == other.spots.labels.tobytes()


def test_outlines_that_nobody_touched_give_the_same_numbers(shower: Staged, analysed_shower: Analysis) -> None:
    drawn = DrawnSpots(analysed_shower.spots.outlines_px[::-1])
    again = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=drawn)
    assert again.spots_from == "corrected"
    assert analysed_shower.spots_from == "found"
    assert _same_results(again, analysed_shower)
    assert set(again.table["outlined_by"]) == {"lesionvis"}


@pytest.mark.parametrize("long_side_px", [1280, 256])
def test_a_mask_that_nobody_touched_gives_the_same_numbers(shower: Staged, long_side_px: int) -> None:
    analyzer = Analyzer(working_long_side_px=long_side_px)
    found = analyzer(shower.truth.rgb)
    borders = tuple(border for _, border in label_borders(_mask(found)))
    assert len(borders) >= len(found.table) > 0
    assert _same_results(analyzer(shower.truth.rgb, outlines=borders), found)


def test_only_what_was_drawn_changes(shower: Staged, analysed_shower: Analysis) -> None:
    found = analysed_shower.spots
    place = _free_place(analysed_shower)
    again = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=(*found.outlines_px[3:], _disk(*place, 12.0)))
    table, before = again.table, analysed_shower.table
    assert len(again.table) == len(before) - 2
    assert table["outlined_by"].tolist().count("person") == 1
    (row,) = np.flatnonzero(table["outlined_by"] == "person")
    assert table["diameter_mm"][row] == pytest.approx(24.0 / 6.0, rel=0.02)
    assert np.isnan(table["score"][row])
    kept = np.delete(np.arange(len(table)), row)
    for name in ("x_px", "diameter_mm", "score", "contrast_green", "kind"):
        assert table[name][kept].tolist() == before[name][3:].tolist()
    gone = found.candidates.outlines.centroid_px()
    for name in ("candidate_scores", "forest_scores"):
        scores, before_scores = getattr(again.spots, name), getattr(found, name)
        assert set(scores[scores != before_scores]) <= {0.0, 1.0}
        assert (scores == 0.0).sum() >= 3
        assert len(gone[0]) == len(scores)
    assert again.features["spot_count"] == len(before) - 2


def _free_place(analysis: Analysis) -> tuple[float, float]:
    """A place with nothing found around it."""
    import cv2

    far = cv2.distanceTransform((analysis.spots.labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    far[:40], far[-40:], far[:, :40], far[:, -40:] = 0, 0, 0, 0
    row, column = np.unravel_index(int(far.argmax()), far.shape)
    x, y = analysis.photo.to_source([float(column), float(row)])
    return float(x), float(y)


def test_a_drawn_mask_keeps_its_pixels(plain: Staged) -> None:
    mask = np.zeros(plain.truth.rgb.shape[:2], np.int32)
    mask[100:110, 200:203] = 7
    mask[150:153, 90:130] = 7
    mask[40, 50] = 3
    again = analyze(plain.truth.rgb, px_per_mm=6.0, outlines=tuple(border for _, border in label_borders(mask)))
    np.testing.assert_array_equal(_mask(again) > 0, mask > 0)
    assert sorted(again.table["area_px"].tolist()) == [0.5, 29.5, 119.5]


def test_no_outlines_mean_that_there_are_no_spots(shower: Staged) -> None:
    again = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=())
    assert len(again.table) == 0
    assert again.to_dict()["spots_from"] == again.spots_from == "corrected"
    assert again.pattern.label in ("no_spots", "uncertain")


def test_a_lesion_that_is_drawn_anew_is_the_lesion_and_has_an_abcde(mole: Staged) -> None:
    before = mole.worked.spots
    assert before.lesion == 1
    drawn = before.outlines_px[0] + 1.5
    again = analyze(mole.truth.rgb, px_per_mm=12.0, outlines=[drawn])
    assert again.spots.lesion == 1
    assert again.abcde is not None
    assert again.features["lesion_score"] == 1.0


def test_a_lesion_that_is_called_a_spot_is_none(mole: Staged) -> None:
    outline = mole.worked.spots.outlines_px[0]
    again = analyze(mole.truth.rgb, px_per_mm=12.0, outlines=DrawnSpots((outline,), ("pigment",)))
    assert again.spots.lesion == 0
    assert again.abcde is None
    assert again.table["kind"].tolist() == ["pigment"]
    assert again.features["lesion_score"] < mole.worked.spots.region_scores.max()


def test_what_is_called_the_lesion_is_it(cherries: Staged) -> None:
    outlines = cherries.worked.spots.outlines_px
    kinds = (*("vascular",) * (len(outlines) - 1), LESION)
    again = analyze(cherries.truth.rgb, px_per_mm=11.0, outlines=DrawnSpots(outlines, kinds))
    assert again.table["is_lesion"].sum() == 1
    assert again.table["is_lesion"][-1]


def test_spots_on_each_other_are_refused_by_their_numbers(plain: Staged) -> None:
    outlines = (_disk(50, 50, 9.0), _disk(200, 200, 9.0), _disk(203, 200, 6.0))
    with pytest.raises(SettingsError, match=r"leg\.json: spots 2 and 3 lie on each other; delete one of them"):
        drawn_spots(DrawnSpots(outlines, name="leg.json"), plain.worked.spots, plain.worked.photo)
    touching = (_disk(200, 200, 9.0), _disk(214, 200, 6.0))
    assert len(drawn_spots(DrawnSpots(touching), plain.worked.spots, plain.worked.photo)) == 2


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (DrawnSpots((_disk(490, 50, 9.0),)), "spot 1 reaches outside of the photo of 480 x 360 px"),
        (
            DrawnSpots((_disk(90, 50, 9.0),), size_px=(360, 480)),
            "for a photo of 360 x 480 px and this one has 480 x",
        ),
        (DrawnSpots((_disk(90, 50, 9.0), _disk(90, 90, 9.0)), (LESION, LESION)), "2 spots are the lesion"),
    ],
)
def test_what_is_not_of_this_photo_is_refused(plain: Staged, drawn: DrawnSpots, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        drawn_spots(drawn, plain.worked.spots, plain.worked.photo)


@pytest.mark.parametrize(
    "outline", [np.zeros((2, 2)), np.zeros((4, 3)), np.ones((4, 2)), np.array([[0.0, 0.0], [1.0, 0.0], [np.nan, 1.0]])]
)
def test_what_is_no_outline_is_refused(outline: NDArray[np.float64]) -> None:
    with pytest.raises(SettingsError, match="outlines: spot 1 "):
        DrawnSpots((outline,))


def test_a_spot_at_the_edge_is_cut_there(plain: Staged) -> None:
    drawn = DrawnSpots((np.array([[-1.0, 10.0], [20.0, 10.0], [20.0, 30.0], [-1.0, 30.0]]),))
    spots = drawn_spots(drawn, plain.worked.spots, plain.worked.photo)
    assert spots.outlines_px[0][:, 0].min() == -0.5


def test_drawn_spots_survive_being_written_down() -> None:
    drawn = DrawnSpots((_disk(30.123456789, 40, 9.0),), ("blood",), (480, 360), "Eva", "2026-03-01", "a.json")
    again = DrawnSpots.from_dict(json.loads(json.dumps(drawn.to_dict())))
    assert again.to_dict() == drawn.to_dict()
    assert again.outlines_px[0].tobytes() == drawn.outlines_px[0].tobytes()


def test_no_labels_give_no_borders() -> None:
    assert list(label_borders(np.zeros((4, 5), np.uint16))) == []


def test_labels_give_a_border_per_piece() -> None:
    labels = np.zeros((20, 30), np.uint16)
    labels[2:5, 3:9], labels[10:12, 20:29], labels[15, 3] = 4, 4, 2
    borders = list(label_borders(labels))
    assert [label for label, _ in borders] == [2, 4, 4]
    inside = np.logical_or.reduce([pixels_inside(border, labels.shape) for _, border in borders])
    np.testing.assert_array_equal(inside, labels > 0)
