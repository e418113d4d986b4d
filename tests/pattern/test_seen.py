"""What a photo shows is one word of a closed list, with a sentence that a person can check."""

from __future__ import annotations

from typing import Any

import pytest

from lesionvis.pattern.seen import SEEN, seen_sentence, what_is_seen

NOTHING = {
    "lesion_score": 0.1,
    "spot_count": 0.0,
    "likely_inflamed": float("nan"),
    "melanin_index": float("nan"),
    "pigment_blob_count": 0.0,
    "red_skin_share": 0.02,
}
SPOTS = {**NOTHING, "spot_count": 9.0, "likely_inflamed": 0.2, "melanin_index": 0.3}


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, "red_spots"),
        ({"likely_inflamed": 0.3}, "inflamed_spots"),
        ({"melanin_index": 0.67}, "brown_spots"),
        ({"lesion_score": 0.5}, "lesion"),
        ({"lesion_score": 0.49}, "red_spots"),
        ({"spot_count": 2.0}, "texture"),
        ({"spot_count": 2.0, "red_skin_share": 0.1}, "erythema"),
        ({"spot_count": 2.0, "pigment_blob_count": 3.0}, "brown_spots"),
    ],
)
def test_the_first_rule_that_holds_names_what_is_seen(changes: dict[str, float], seen: str) -> None:
    assert what_is_seen({**SPOTS, **changes}, (), is_bare=False) == seen


@pytest.mark.parametrize(
    ("flags", "is_bare", "seen"),
    [
        (("no_skin",), True, "not_skin"),
        (("blurred", "flat_colours"), False, "not_skin"),
        (("blurred",), True, "unclear_photo"),
        (("no_scale", "dark_skin"), True, "bare_skin"),
        (("too_small",), False, "texture"),
    ],
)
def test_flags_come_before_what_was_found(flags: tuple[str, ...], is_bare: bool, seen: str) -> None:
    assert what_is_seen(NOTHING, flags, is_bare=is_bare) == seen


@pytest.mark.parametrize("seen", SEEN)
def test_each_has_a_sentence(seen: str) -> None:
    values: dict[str, Any] = {**SPOTS, "red_skin_share": 0.256}
    sentence = seen_sentence(seen, values)
    assert sentence.startswith(f"Seen: {SEEN[seen]}")
    assert ("(9)" in sentence) == (seen in ("red_spots", "inflamed_spots"))
    assert ("26 %" in sentence) == (seen == "erythema")
