"""Numbers that a caller gives are refused with one sentence, whatever their type."""

from __future__ import annotations

import numpy as np
import pytest

from lesionvis.checks import check_between, check_positive
from lesionvis.errors import SettingsError

NO_NUMBERS = ("8", True, None, [8.0], float("nan"))


@pytest.mark.parametrize("value", [8, 8.0, 1e-9, np.float32(8.0), np.int64(8)])
def test_numbers_above_0_are_taken(value: object) -> None:
    check_positive("px_per_mm", value)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, -1.0, float("inf")])
def test_what_is_no_number_above_0_is_refused_by_name(value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        check_positive("px_per_mm", value)
    assert str(caught.value) == f"px_per_mm must be a finite number above 0, got {value!r}."


@pytest.mark.parametrize("value", [25, 50.0, np.float64(100.0)])
def test_bounds_belong_to_the_range(value: object) -> None:
    check_between("bar_mm", value, 25.0, 100.0)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 24.9, 101])
def test_what_is_outside_the_bounds_is_refused_by_name(value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        check_between("bar_mm", value, 25.0, 100.0)
    assert str(caught.value) == f"bar_mm must be a number from 25 to 100, got {value!r}."
