"""What a photo shows is one word of a closed list, with a sentence that a person can check."""

from __future__ import annotations

from typing import Any

import pytest

from lesionvis.pattern.seen import RULES, SEEN, seen_words, what_is_seen

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
        (("too_small",), False, "unclear_photo"),
        (("too_far",), True, "unclear_photo"),
        (("compressed", "no_scale"), True, "unclear_photo"),
    ],
)
def test_flags_come_before_what_was_found(flags: tuple[str, ...], is_bare: bool, seen: str) -> None:
    assert what_is_seen(NOTHING, flags, is_bare=is_bare) == seen


def test_what_can_be_seen_in_a_small_photo_is_seen() -> None:
    assert what_is_seen(SPOTS, ("too_small",), is_bare=False) == "red_spots"
    assert what_is_seen({**NOTHING, "red_skin_share": 0.2}, ("too_small",), is_bare=False) == "erythema"


def test_each_has_a_rule() -> None:
    assert list(RULES) == list(SEEN)


@pytest.mark.parametrize("seen", SEEN)
def test_each_has_words(seen: str) -> None:
    values: dict[str, Any] = {**SPOTS, "red_skin_share": 0.256}
    words = seen_words(seen, values)
    assert words.startswith(SEEN[seen])
    assert ("(9)" in words) == (seen in ("red_spots", "inflamed_spots", "brown_spots"))
    assert ("26 %" in words) == (seen == "erythema")


def test_brown_spots_that_are_no_spots_of_the_table_are_counted_too() -> None:
    assert seen_words("brown_spots", {"spot_count": 1.0, "pigment_blob_count": 5.0}).endswith("(5)")
