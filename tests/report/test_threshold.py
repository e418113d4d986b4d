"""Every score is counted at every threshold that it reaches, and the line falls."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lesionvis.report.histogram import HEIGHT, WIDTH
from lesionvis.report.threshold import THRESHOLDS, ThresholdCurve, place_of


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 1.0) | st.none()))
def test_a_score_counts_at_every_threshold_that_it_reaches(scores: list[float | None]) -> None:
    curve = ThresholdCurve()
    curve.add(scores)
    known = [score for score in scores if score is not None]
    points = curve.points()
    assert [point.threshold for point in points] == list(THRESHOLDS)
    assert [point.count for point in points] == [sum(score + 1e-9 > low for score in known) for low in THRESHOLDS]
    assert curve.total == points[0].count
    assert all(0 < point.x < WIDTH and 0 < point.y < HEIGHT for point in points)


def test_thresholds_that_are_reached_exactly_count() -> None:
    curve = ThresholdCurve()
    curve.add(THRESHOLDS)
    assert [point.count for point in curve.points()] == list(range(len(THRESHOLDS), 0, -1))


def test_the_place_of_a_threshold_stays_in_the_picture() -> None:
    places = [place_of(threshold) for threshold in (0.0, *THRESHOLDS, 1.0)]
    assert places == sorted(places)
    # Counts of six digits stand above the points.
    assert 35 < places[0] == places[1]
    assert places[-1] == places[-2] < WIDTH - 35
