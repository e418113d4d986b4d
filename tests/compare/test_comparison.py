from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from paired import NEW, other_skin, two_days

from lesionvis.compare.comparison import compare, days_between, summarize_photo

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
