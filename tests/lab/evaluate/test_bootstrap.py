from __future__ import annotations

import numpy as np
import pytest

from lesionvis.lab.evaluate.bootstrap import interval_95, resampled_rows

GROUPS = ["c", "a", "b", "a", "a"]


def test_groups_are_drawn_whole_and_as_many_as_there_are() -> None:
    draws = list(resampled_rows(GROUPS, 500))
    assert len(draws) == 500
    for rows in draws:
        times = np.bincount(rows, minlength=5)
        assert times[1] == times[3] == times[4]
        assert times[0] + times[1] + times[2] == 3
    # Each group is as likely as the others.
    drawn = np.bincount(np.concatenate(draws), minlength=5)
    assert drawn == pytest.approx(np.full(5, 500.0), rel=0.1)


def test_draws_are_the_same_in_every_call() -> None:
    first, second = (np.concatenate(list(resampled_rows(GROUPS, 20))) for _ in range(2))
    assert np.array_equal(first, second)


def test_the_interval_of_a_mean_is_wider_where_rows_of_a_group_agree() -> None:
    values = np.repeat(np.random.default_rng(3).normal(size=30), 10)
    alone = interval_95([values[rows].mean() for rows in resampled_rows([str(i) for i in range(300)], 400)])
    together = interval_95([values[rows].mean() for rows in resampled_rows([str(i // 10) for i in range(300)], 400)])
    assert together[1] - together[0] > 2.0 * (alone[1] - alone[0])


def test_the_interval_leaves_out_draws_without_a_value() -> None:
    assert interval_95([*range(101), float("nan")]) == (2.5, 97.5)
    assert np.isnan(interval_95([float("nan")])).all()
