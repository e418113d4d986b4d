"""Every number is counted once, and bars are as long as their counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesionvis.report.histogram import HEIGHT, WIDTH, Histogram

EDGES = (0.0, 0.5, 1.0, 4.0)


@given(st.lists(st.floats(0.0, 100.0) | st.none() | st.just(float("nan"))))
def test_every_number_is_counted_once(values: list[float | None]) -> None:
    histogram = Histogram(EDGES)
    histogram.add(values)
    numbers = [value for value in values if value is not None and value == value]
    assert histogram.total == len(numbers)
    assert histogram.n_missing == len(values) - len(numbers)
    uppers = (*EDGES[1:], float("inf"))
    expected = [sum(low <= number < high for number in numbers) for low, high in zip(EDGES, uppers, strict=True)]
    assert [bar.count for bar in histogram.bars()] == expected


def test_bars_are_as_long_as_their_counts_and_stay_in_the_picture() -> None:
    histogram = Histogram(EDGES)
    histogram.add([0.1] * 10 + [0.7] * 5 + [9.0])
    bars = histogram.bars()
    assert bars[0].height == pytest.approx(2 * bars[1].height, abs=0.2)
    assert bars[2].height == 0.0
    for bar in bars:
        assert 0 <= bar.x < bar.centre < bar.x + bar.width <= WIDTH
        assert 0 < bar.y <= bar.y + bar.height < HEIGHT


def test_labels_say_what_is_counted() -> None:
    assert [bar.label for bar in Histogram(EDGES).bars()] == ["0–0.5", "0.5–1", "1–4", "≥ 4"]
    assert [bar.label for bar in Histogram((0, 1, 2, 5)).bars()] == ["0", "1", "2–4", "≥ 5"]


def test_an_empty_histogram_has_flat_bars() -> None:
    assert {bar.height for bar in Histogram(EDGES).bars()} == {0.0}


def test_negative_numbers_are_missing() -> None:
    histogram = Histogram(EDGES)
    histogram.add([-1.0, "text"])
    assert (histogram.total, histogram.n_missing) == (0, 2)
