from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionvis.json_ready import json_ready

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=50)
@given(values)
def test_plain_values_are_json(value: Any) -> None:
    ready = json_ready({"it": value})
    assert json.loads(json.dumps(ready, allow_nan=False)) == ready
    if not isinstance(value, float):
        assert type(ready["it"]) is type(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float64("nan"), None),
        (float("-inf"), None),
        (np.str_("a"), "a"),
        (np.array([[1.0, np.inf]]), [[1.0, None]]),
    ],
)
def test_numpy_and_what_is_missing_become_plain(value: Any, plain: Any) -> None:
    ready = json_ready({"it": value, "deep": {"them": (value,)}})
    assert ready == {"it": plain, "deep": {"them": [plain]}}
    assert not isinstance(ready["it"], np.generic)


def test_what_was_given_is_left_as_it_was() -> None:
    content = {"list": [float("nan"), (1, 2)]}
    json_ready(content)
    assert content["list"][1] == (1, 2)
