from __future__ import annotations

import pytest

from lesionvis.errors import LesionvisError
from lesionvis.triage.groups import _parse_groups, groups, vocabulary

HEADER = "group,condition,meaning\n"


def test_the_groups_are_there_and_build_on_each_other() -> None:
    assert list(groups())[:3] == ["blood_like", "crop", "clear_crop"]
    assert len(groups()) == 10
    patterns = {case["pattern"] for case in groups()["crop"].cases() if set(case) == {"pattern"}}
    assert patterns == {"petechial_shower", "uncertain"}


def test_no_benign_value_is_known_to_a_condition() -> None:
    assert vocabulary()["blanch"] == ("does_not_fade", "unknown")


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "crop,blood_like,Spots.\nblood_like,pattern=uncertain,Spots.\n",  # used before it is there
        HEADER + "fever,pattern=uncertain,An answer has this name.\n",
        HEADER + "pattern,fever=yes,So has this.\n",
        HEADER + "hot,fever=yes,\n",
        HEADER + "hot,fever=no,Benign.\n",
        HEADER + "hot,fever=yes,One.\nhot,fever=yes,Two.\n",
        "name,condition,meaning\nhot,fever=yes,One.\n",
    ],
)
def test_a_damaged_table_of_groups_is_an_error(text: str) -> None:
    with pytest.raises(LesionvisError):
        _parse_groups(text)
