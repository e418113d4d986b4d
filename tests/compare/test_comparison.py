from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from paired import NEW, other_skin, registered, two_days

from lesionvis.analysis import Analysis
from lesionvis.compare import comparison
from lesionvis.compare.comparison import compare, days_between, summarize_photo
from lesionvis.compare.registration import Registration
from lesionvis.compare.spot_changes import Matches

NOON = datetime(2026, 3, 1, 12, 0)
TOKYO = timezone(timedelta(hours=9))


def test_what_happened_between_two_photos() -> None:
    interval = compare(*two_days(), 3.0)
    assert interval.matches is not None
    assert interval.matches.count("new") >= len(NEW) - 1
    assert interval.median("contrast_ratio") == pytest.approx(1.0, abs=0.12)
    # Rows that come and go lie among the others.
    assert 0.5 < interval.extent_ratio < 2.0
    content = json.loads(json.dumps(interval.to_dict(), allow_nan=False))
    assert content["compared"] is True
    assert len(content["spots"]) == len(interval.matches)


def _spread(analysis: Analysis, registration: Registration, factor: float) -> tuple[Matches, Analysis, Analysis]:
    """Eight spots around a middle that are gone later, and eight that are new, so many times as far from it."""
    turn = np.arange(8) * np.pi / 4.0
    around = 60.0 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    earlier, later = (
        replace(analysis, table=replace(analysis.table, columns={"x_px": place[:, 0], "y_px": place[:, 1]}))
        for place in (300.0 + around, registration.map_points(300.0 + np.sqrt(factor) * around))
    )
    none, numbers, nan = np.zeros(8, np.int64), np.arange(1, 9), np.full(16, np.nan)
    state = np.array(["gone"] * 8 + ["new"] * 8)
    matches = Matches(np.append(numbers, none), np.append(none, numbers), state, *(nan.copy() for _ in range(5)))
    return matches, earlier, later


@pytest.mark.parametrize("factor", [2.0, 0.4])
def test_the_extent_is_that_of_the_later_photo_over_that_of_the_earlier(
    monkeypatch: pytest.MonkeyPatch, factor: float
) -> None:
    matches, earlier, later = _spread(two_days()[0], registered(), factor)
    monkeypatch.setattr(comparison, "register", lambda *_: registered())
    monkeypatch.setattr(comparison, "match_spots", lambda *_: matches)
    assert compare(earlier, later, 1.0).extent_ratio == pytest.approx(factor, rel=0.01)


@pytest.mark.parametrize(("unclear", "known"), [(4, True), (5, False)])
def test_the_extent_needs_four_spots_that_are_not_unclear(
    monkeypatch: pytest.MonkeyPatch, unclear: int, known: bool
) -> None:
    matches, earlier, later = _spread(two_days()[0], registered(), 2.0)
    state = matches.state.copy().astype("<U10")
    state[:unclear] = "unclear"
    monkeypatch.setattr(comparison, "register", lambda *_: registered())
    monkeypatch.setattr(comparison, "match_spots", lambda *_: replace(matches, state=state))
    assert np.isfinite(compare(earlier, later, 1.0).extent_ratio) == known


def test_photos_of_other_skin_are_not_compared() -> None:
    interval = compare(two_days()[0], other_skin(), 3.0)
    assert interval.matches is None
    assert np.isnan(interval.median("area_ratio"))
    assert np.isnan(interval.extent_ratio)
    assert interval.to_dict()["compared"] is False


def test_a_photo_is_summed_up() -> None:
    photo = two_days()[0]
    moment = summarize_photo(photo, NOON)
    assert (moment.name, moment.taken_at, moment.n_spots) == (photo.photo.name, NOON, len(photo.table))
    assert 0.1 < moment.contrast < 1.0
    # No scale lies in the photo.
    assert np.isnan(moment.area_mm2)


@pytest.mark.parametrize(
    ("earlier", "later", "days"),
    [
        (NOON, datetime(2026, 3, 2, 0, 0), 0.5),
        (NOON, datetime(2026, 3, 3, 12, 0, tzinfo=UTC), 2.0),
        (datetime(2026, 3, 3, 12, 0, tzinfo=TOKYO), NOON, -2.0),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=TOKYO), -0.375),
    ],
)
def test_days_between_dates(earlier: datetime, later: datetime, days: float) -> None:
    assert days_between(earlier, later) == days


def test_without_a_date_there_are_no_days() -> None:
    assert np.isnan(days_between(None, NOON))
    assert np.isnan(days_between(NOON, None))
