from __future__ import annotations

import json
from dataclasses import replace

import pytest
from runs import LEVELS, made_up_run

from lesionvis.batch.reviews import Review, enter_review, prepare_reviews
from lesionvis.labels import LABELS
from lesionvis.review.listing import ListedPhoto, choices_of, chosen_photos, listed_photos, next_to_do, progress

NAMES = [f"leg/day {index:02}.jpg" for index in range(40)]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ListedPhoto]:
    with made_up_run(tmp_path_factory.mktemp("runs") / "run", NAMES) as journal:
        prepare_reviews(journal)
        rows = [(name, json.dumps({"patient": f"P{index % 3}"}), "") for index, name in enumerate(NAMES) if index % 4]
        journal.change("INSERT INTO table_rows VALUES (?, ?, ?)", rows)
        every = listed_photos(journal)
        enter_review(journal, every[NAMES[1]].content, NAMES[1], Review(is_done=True, note="Odd", made_by="Eva"), None)
        again = listed_photos(journal, [NAMES[1]])
        assert list(again) == [NAMES[1]]
        every |= again
        assert every[NAMES[1]] == listed_photos(journal)[NAMES[1]]
        return every


def _names(listed: dict[str, ListedPhoto], **wish: str) -> list[str]:
    return [str(one.shown["photo"]) for one in chosen_photos(listed.values(), wish)]


def test_who_needs_a_person_comes_first_and_who_is_done_last(listed: dict[str, ListedPhoto]) -> None:
    names = _names(listed)
    assert sorted(names) == NAMES
    assert names[-1] == NAMES[1]
    urgencies = [listed[name].shown["urgency"] for name in names[:-1]]
    assert urgencies == sorted(urgencies)
    assert listed[names[0]].shown["level"] == LEVELS[0]


def test_what_is_next_to_be_done(listed: dict[str, ListedPhoto]) -> None:
    chosen = chosen_photos(listed.values(), {"sort": "photo"})
    assert progress(chosen) == {"done": 1, "total": 40}
    assert next_to_do(chosen, NAMES[0]) == NAMES[2]  # the one between is done
    assert next_to_do(chosen, NAMES[-1]) == NAMES[0]
    assert next_to_do(chosen[:2], NAMES[0]) == ""
    copy = replace(chosen[2], content=chosen[0].content)
    assert next_to_do([chosen[0], copy, chosen[4]], NAMES[0]) == NAMES[4]


def test_filters_narrow_the_list(listed: dict[str, ListedPhoto]) -> None:
    assert _names(listed, status="failed", sort="photo") == NAMES[3::10]
    assert _names(listed, level="-", sort="photo") == NAMES[3::10]
    assert all(listed[name].shown["pattern"] == LABELS[0] for name in _names(listed, pattern=LABELS[0]))
    assert _names(listed, search="DAY 07") == [NAMES[7]]
    assert _names(listed, search="odd") == _names(listed, review="done") == [NAMES[1]]
    assert len(_names(listed, review="to do")) == 39
    assert _names(listed, review="changed") == []
    assert set(_names(listed, flag="no_scale")) == {name for name in NAMES[1::2] if name not in NAMES[3::10]}
    assert 0 < len(_names(listed, needs="1")) < 40
    assert _names(listed, sort="nonsense", review="nonsense") == _names(listed)


def test_orders(listed: dict[str, ListedPhoto]) -> None:
    for column in ("spot_count", "median_diameter_mm"):
        values = [listed[name].shown[column] or -1 for name in _names(listed, sort=column)]
        assert values == sorted(values, reverse=True)
    dates = [listed[name].shown["taken_at"] or "~" for name in _names(listed, sort="taken_at")]
    assert dates == sorted(dates)


def test_patients_stay_together(listed: dict[str, ListedPhoto]) -> None:
    patients = [listed[name].shown["patient"] for name in _names(listed, group="1", sort="photo")]
    assert patients == ["P1"] * patients.count("P1") + ["P2"] * patients.count("P2") + ["P0"] * patients.count("P0") + [
        ""
    ] * patients.count("")
    assert set(patients) == {"P0", "P1", "P2", ""}


def test_filters_offer_what_there_is(listed: dict[str, ListedPhoto]) -> None:
    choices = choices_of(listed.values())
    assert choices["status"] == ["failed", "ok"]
    assert "-" in choices["level"]
    assert choices["flag"] == ["no_scale"]
