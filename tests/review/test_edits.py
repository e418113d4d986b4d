from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lesionvis.errors import SettingsError
from lesionvis.review.edits import FoundSpots, PhotoState, _shown_candidates, _shown_spots, edited


def _square(x: float, y: float, half: float) -> NDArray[np.float64]:
    return np.array([[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]])


FOUND = FoundSpots(
    (200, 100),
    (_square(30, 30, 9), _square(80, 30, 6), _square(120, 30, 6), _square(150, 70, 4), _square(30, 80, 3)),
    ("lesion", "blood", "blood", "candidate", "candidate"),
    (0.9, 0.8, 0.7, 0.4, 0.2),
    3,
)


CORNERS = _square(170, 80, 6).tolist()


def _edit(state: PhotoState, **wish: object) -> PhotoState:
    return edited(state, FOUND, wish, "Eva", "2026-03-01")[0]


def _middles(state: PhotoState) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (one.mean(axis=0) for one in _shown_spots(state, FOUND).outlines_px)]


def test_spots_keep_the_order_of_the_tables() -> None:
    state = _edit(PhotoState(), do="circle", x=170, y=30, radius=8)
    assert [x for x, _ in _middles(state)] == pytest.approx([30, 170, 80, 120])
    # Of equal size, those that were found come first and in their order.
    state = _edit(_edit(PhotoState(), do="remove", spot=2), do="promote", candidate=1)
    assert [x for x, _ in _middles(state)] == [30, 80, 120]
    state = _edit(state, do="border", corners=_square(170, 80, 6).tolist())
    assert [x for x, _ in _middles(state)] == [30, 80, 120, 170]
    assert state.spots is not None
    assert (state.spots.drawn_by, state.spots.drawn_at, state.spots.size_px) == ("Eva", "2026-03-01", (200, 100))


def test_what_is_removed_can_be_taken_back_in_and_candidates_that_are_spots_are_not_offered() -> None:
    assert _shown_candidates(_shown_spots(PhotoState(), FOUND), FOUND) == [3, 4]
    state = _edit(PhotoState(), do="remove", spot=1)
    assert _shown_candidates(_shown_spots(state, FOUND), FOUND) == [0, 3, 4]
    state = _edit(state, do="promote", candidate=3)
    assert _shown_candidates(_shown_spots(state, FOUND), FOUND) == [0, 4]
    state = _edit(state, do="circle", x=31, y=80, radius=4)
    assert _shown_candidates(_shown_spots(state, FOUND), FOUND) == [0]


def test_all_spots_or_all_but_one_are_removed_at_once() -> None:
    kept = _edit(_edit(PhotoState(), do="kind", spot=2, kind="inflamed"), do="only", spot=2)
    assert _middles(kept) == _middles(PhotoState())[1:2]
    assert kept.spots is not None
    assert kept.spots.kinds == ("inflamed",)
    assert _shown_candidates(_shown_spots(kept, FOUND), FOUND) == [0, 2, 3, 4]
    assert _middles(_edit(kept, do="clear")) == []
    with pytest.raises(SettingsError, match="There is no spot 9"):
        _edit(kept, do="only", spot=9)


def test_a_border_that_is_moved_keeps_its_kind_and_the_lesion_stays_the_lesion() -> None:
    state = _edit(_edit(PhotoState(), do="kind", spot=2, kind="inflamed"), do="outline", spot=2, corners=CORNERS)
    assert state.spots is not None
    assert state.spots.kinds == ("", "", "inflamed")
    assert _middles(state) == [(30, 30), (120, 30), (170, 80)]
    state = _edit(PhotoState(), do="outline", spot=1, corners=_square(40, 60, 9).tolist())
    assert state.spots is not None
    assert state.spots.kinds == ("lesion", "", "")
    assert _shown_candidates(state.spots, FOUND) == [0, 3, 4]


def test_a_border_is_not_moved_onto_another_spot_nor_out_of_the_photo() -> None:
    with pytest.raises(SettingsError, match="lies on spot 2"):
        _edit(PhotoState(), do="outline", spot=2, corners=_square(121, 31, 6).tolist())
    with pytest.raises(SettingsError, match="outside of the photo"):
        _edit(PhotoState(), do="outline", spot=2, corners=_square(300, 31, 6).tolist())
    with pytest.raises(SettingsError, match="There is no spot 4"):
        _edit(PhotoState(), do="outline", spot=4, corners=CORNERS)
    with pytest.raises(SettingsError, match="3 to"):
        _edit(PhotoState(), do="outline", spot=2, corners=CORNERS[:2])


def test_a_spot_on_a_spot_is_refused_by_its_number() -> None:
    with pytest.raises(SettingsError, match="The new spot lies on spot 2; remove that one first"):
        _edit(PhotoState(), do="circle", x=82, y=31, radius=6)


def test_a_circle_at_the_edge_is_cut_there() -> None:
    state = _edit(PhotoState(), do="circle", x=199, y=50, radius=10)
    assert state.spots is not None
    assert max(outline[:, 0].max() for outline in state.spots.outlines_px) == 199.5
    with pytest.raises(SettingsError, match="outside of the photo"):
        _edit(PhotoState(), do="circle", x=250, y=50, radius=10)


def test_one_spot_at_most_is_the_lesion() -> None:
    state = _edit(PhotoState(), do="kind", spot=3, kind="lesion")
    assert state.spots is not None
    assert state.spots.kinds == ("pigment", "", "lesion")
    state = _edit(state, do="kind", spot=2, kind="lesion")
    assert state.spots is not None
    assert state.spots.kinds == ("pigment", "lesion", "pigment")
    state = _edit(state, do="kind", spot=2, kind="")
    assert state.spots is not None
    assert state.spots.kinds[1] == ""


def test_what_is_said_leaves_the_spots_alone() -> None:
    state = PhotoState()
    for wish in (
        {"do": "pattern", "pattern": "angioma"},
        {"do": "note", "note": "odd"},
        {"do": "done", "is_done": True},
    ):
        state = _edit(state, **wish)
    assert (state.spots, state.pattern, state.note, state.is_done) == (None, "angioma", "odd", True)
    state = _edit(_edit(state, do="remove", spot=1), do="reset")
    assert (state.spots, state.pattern, state.note, state.is_done) == (None, "angioma", "odd", True)
