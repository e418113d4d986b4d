"""The questions on the page: the dialogue of the command line, and the advice that the full rules give."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reviewed import ANALYZER, BROKEN, PHOTO, TWIN, Client, run_of, served, write_photos

from lesionvis.batch.asked import AskedPhoto
from lesionvis.batch.given import Given
from lesionvis.batch.journal import Journal
from lesionvis.batch.reviews import REVIEWS_NAME
from lesionvis.errors import SettingsError
from lesionvis.review.asking import _dialogue_of, answered, kept, shown_dialogue
from lesionvis.triage import advise
from lesionvis.triage.answers import Answers
from lesionvis.triage.circumstances import Circumstances
from lesionvis.triage.dialogue import Dialogue
from lesionvis.triage.evidence import PhotoEvidence
from lesionvis.triage.rules import Level

SHOWER = AskedPhoto("petechial_shower", PhotoEvidence(spot_count=30), None)
LEVELS = {str(level): level for level in Level}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder)
    return folder


@pytest.fixture(scope="module")
def made(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "run"
    run_of(photos, run)
    return run


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def client(run: Path) -> Iterator[Client]:
    with served(run) as client:
        yield client


def asked(client: Client, photo: str = PHOTO) -> dict[str, Any]:
    answer = client.http.get("/api/asked", params={"photo": photo})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def benign(prompt: dict[str, Any]) -> dict[str, Any]:
    """An answer to a prompt that worries nobody."""
    if prompt["kind"] == "age":
        return {"age_years": 34}
    if prompt["kind"] == "cause":
        return {"cause": "none"}
    return {"values": {one["name"]: one["benign"] for one in prompt["questions"]}}


def as_analyzed(photo: Path, told: Answers, about: Circumstances) -> Any:
    return ANALYZER(photo, about.answers(told)).advice.noting(about)


def test_a_dialogue_outlives_being_kept_as_a_text() -> None:
    dialogue = _dialogue_of(SHOWER, Given(), "")
    for _ in range(30):
        prompt = shown_dialogue(dialogue, None)["prompt"]
        if prompt is None:
            break
        after, action = answered(dialogue, benign(prompt))
        assert action.startswith("answered: ")
        given = Given(dict(after.told.given), after.circumstances)
        dialogue = _dialogue_of(SHOWER, given, kept(after))
        for name in ("told", "circumstances", "left_open", "goes_on", "visited"):
            assert getattr(dialogue, name) == getattr(after, name)
    assert prompt is None
    assert dialogue.advice == advise(SHOWER.pattern, dialogue.answers, SHOWER.evidence)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"values": {"fever": "yes"}},
        {"values": ["child"]},
        {"cause": "coughing"},
        {"age_years": True},
        {"is_child": 1},
    ],
)
def test_what_was_not_asked_is_refused(wish: dict[str, Any]) -> None:
    dialogue = _dialogue_of(SHOWER, Given(), "")
    assert shown_dialogue(dialogue, None)["prompt"]["kind"] == "age"
    with pytest.raises(SettingsError, match="not what was asked"):
        answered(dialogue, wish)


def test_an_emergency_stops_until_the_person_goes_on() -> None:
    dialogue, _ = answered(_dialogue_of(SHOWER, Given(), ""), {"values": {}})
    shown = shown_dialogue(dialogue, None)
    ticked = {one["name"]: "yes" for one in shown["prompt"]["questions"] if one["name"] == "fits"}
    dialogue, _ = answered(dialogue, {"values": ticked})
    shown = shown_dialogue(dialogue, None)
    assert shown["prompt"] is None
    assert shown["stop"]
    assert shown["advice"]["level"] == "emergency"
    with pytest.raises(SettingsError, match="emergency"):
        answered(dialogue, {"values": {}})
    on, _ = answered(dialogue, {"goes_on": True})
    assert shown_dialogue(on, None)["prompt"] is not None
    assert on.advice == dialogue.advice


def test_what_is_on_the_page_is_what_analyze_gives_with_the_answers(client: Client, photos: Path) -> None:
    held = asked(client)
    told: dict[str, str] = {}
    about = Circumstances()
    for step in range(40):
        prompt = held["dialogue"]["prompt"]
        if prompt is None:
            break
        wish = benign(prompt)
        if step == 2:  # something of a list that makes it worse, and the rest of it not known
            wish = {"values": {prompt["questions"][0]["name"]: prompt["questions"][0]["harmful"]}}
        told |= wish.get("values", {})
        about = Circumstances(wish.get("age_years", about.age_years), wish.get("cause", about.cause))
        held = client.edit(do="answer", **wish)
        expected = as_analyzed(photos / PHOTO, Answers.from_mapping(told), about)
        advice = held["dialogue"]["advice"]
        assert advice["level"] == str(expected.level)
        assert advice["reasons"] == [f"{fired.reason} ({fired.rule_id})" for fired in expected.reasons]
        assert advice["also_noted"] == [f"{fired.reason} ({fired.rule_id})" for fired in expected.also_noted]
        assert advice["notes"] == [*expected.photo_notes, *expected.circumstance_notes]
        measured = client.measured()
        assert measured["row"]["triage_level"] == str(expected.level)
        assert measured["row"]["triage_basis"] == ("answers" if expected.was_asked else "nobody was asked")
        assert measured["reasons"] == [fired.reason for fired in expected.reasons]
        if held["dialogue"]["stop"]:
            held = client.edit(do="answer", goes_on=True)
    assert held["dialogue"]["prompt"] is None
    assert step > 3


def test_unanswered_is_never_reassuring(client: Client) -> None:
    held = asked(client)
    first = held["dialogue"]["advice"]["level"]
    for _ in range(40):
        if held["dialogue"]["prompt"] is None:
            break
        held = client.edit(do="answer", values={})
        assert LEVELS[held["dialogue"]["advice"]["level"]] >= LEVELS[first]
    assert held["dialogue"]["prompt"] is None
    assert held["dialogue"]["advice"]["level"] == first
    assert any(text.startswith("Not known: ") for text in held["dialogue"]["told"])


def test_answers_are_changes_that_are_told_taken_back_and_outlive_the_server(run: Path, photos: Path) -> None:
    with served(run) as client:
        before = asked(client)["dialogue"]
        client.edit(do="answer", age_years=3)
        after = client.edit(do="answer", values={"fits": "yes"})["dialogue"]
        assert after["advice"]["level"] == "emergency"
        assert asked(client, TWIN)["dialogue"] == after
    with served(run, "Ina") as client:
        assert client.photo(at_once="1")["dialogue"] is None  # what was measured is not in memory yet
        assert asked(client)["dialogue"] == after
        assert client.measured()["row"]["triage_level"] == "emergency"
        client.edit(do="undo")
        assert client.edit(do="undo")["dialogue"] == before
        assert client.edit(do="redo")["dialogue"]["told"] == ["Age: 3 years", *client.photo()["dialogue"]["told"][1:]]
        assert client.edit(do="forget answers")["dialogue"] == before
        assert client.edit(do="undo")["dialogue"]["told"][0] == "Age: 3 years"
        client.edit(do="remove", spot=1)
        assert client.photo()["dialogue"] is None
        assert asked(client)["dialogue"]["told"][0] == "Age: 3 years"
        client.measured()
        history = client.photo()["history"]
    assert history[0]["action"] == "answered: age 3 years"
    assert "fits=yes; " in history[1]["action"]
    assert {one["made_by"] for one in history} == {"Eva", "Ina"}
    with (run / REVIEWS_NAME).open(encoding="utf-8", newline="") as file:
        told = {row["photo"]: row["answers"] for row in csv.DictReader(file)}
    assert told[PHOTO] == told[TWIN] == "age_years=3"
    held = (run / "photos.csv").read_bytes()
    run_of(photos, run)
    assert (run / "photos.csv").read_bytes() == held


def test_of_two_windows_the_second_is_told_before_its_answer_counts(client: Client) -> None:
    version = asked(client)["version"]
    client.edit(do="answer", age_years=3)
    answer = client.post({"photo": PHOTO, "version": version, "do": "answer", "is_child": False})
    assert answer.status_code == 409
    assert answer.json()["now"]["dialogue"]["told"][0] == "Age: 3 years"


def test_the_sheet_tells_the_answers(client: Client) -> None:
    asked(client)
    client.edit(do="answer", age_years=3)
    client.edit(do="answer", values={"fits": "yes"})
    sheet = client.http.get("/sheet", params={"photo": PHOTO}).text
    assert "Age 3 years" in sheet
    assert "fit" in sheet.partition("Yes, or a warning sign:")[2].partition("</p>")[0]
    assert "Nobody was asked" not in sheet


def test_about_a_file_that_is_no_photo_nothing_is_asked(client: Client) -> None:
    answer = client.http.get("/api/asked", params={"photo": BROKEN})
    assert answer.status_code == 400
    assert answer.json()["problem"].startswith("This file")
    held = client.photo(BROKEN)
    assert held["dialogue"] is None
    wish = {"photo": BROKEN, "version": held["version"], "do": "answer", "age_years": 3}
    assert client.post(wish).status_code == 400


def test_about_a_photo_that_is_gone_nothing_is_asked_and_it_says_why(run: Path, photos: Path, tmp_path: Path) -> None:
    moved = tmp_path / "photos"
    shutil.copytree(photos, moved)
    with Journal.read(run) as journal:
        facts = {name: value for name, value in journal.provenance().items() if name != "table_layout"}
    with Journal.resume(run, facts) as journal:
        journal.change("UPDATE origin SET folder = ?", [(str(moved),)])
    (moved / PHOTO).write_bytes((moved / TWIN).read_bytes()[:-9])
    with served(run) as client:
        answer = client.http.get("/api/asked", params={"photo": PHOTO})
        assert answer.status_code == 400
        assert "changed while" in answer.json()["problem"]


def test_the_dialogue_begins_with_the_answers_of_the_table() -> None:
    dialogue = _dialogue_of(SHOWER, Given({"fever": "yes"}, Circumstances(3.0)), "")
    assert isinstance(dialogue, Dialogue)
    assert dialogue.answers["fever"] == "yes"
    assert shown_dialogue(dialogue, None)["told"][:2] == ["Age: 3 years", "Warning sign: fever now"]
