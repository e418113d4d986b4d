"""The server of the review page: who may ask, and that every change is kept, told and measured as a run would."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pages import rows_of
from reviewed import ANALYZER, BROKEN, GUARD, OTHER, PHOTO, TWIN, Client, run_of, served, write_photos

from lesionvis.annotations.base import AnnotatedPhoto, Annotation
from lesionvis.annotations.geojson import write_geojson
from lesionvis.batch.journal import Journal
from lesionvis.batch.names import photo_digest
from lesionvis.batch.places import JOURNAL_NAME
from lesionvis.batch.reviews import REVIEWS_NAME, history_of, last_reviews, prepare_reviews
from lesionvis.batch.rows import spot_rows
from lesionvis.batch.study import given_for, last_correction
from lesionvis.errors import RunFolderError
from lesionvis.review.new_run import new_run
from lesionvis.spots.drawn import DrawnSpots, from_corner

WHO = ("drawn_by", "drawn_at", "drawn_in")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder)
    return folder


@pytest.fixture(scope="module")
def made(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "run"
    assert run_of(photos, run) == {"ok": 3, "failed": 1}
    return run


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="module")
def shared(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that several tests review, one after the other."""
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("shared") / "run"))


@pytest.fixture(scope="module")
def server(shared: Path) -> Iterator[Client]:
    with served(shared) as client:
        yield client


@pytest.fixture
def client(server: Client) -> Client:
    """Client of the shared run, whose photos are as they were found."""
    for photo in (PHOTO, OTHER):
        if server.photo(photo)["can_undo"]:
            server.edit(photo, do="reset")
    return server


def rows(run: Path, table: str) -> list[dict[str, str]]:
    with (run / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def drawn_on(run: Path, photo: str) -> tuple[str, int, DrawnSpots | None]:
    with Journal.read(run) as journal:
        content = photo_digest(journal.known_files()[photo][1])
        return content, *last_correction(journal, content)


def free_place(client: Client) -> tuple[float, float]:
    """A place of the photo with no spot around it."""
    held = client.photo()
    free = np.full(held["size"][::-1], 255, np.uint8)
    free[:20], free[-20:], free[:, :20], free[:, -20:] = 0, 0, 0, 0
    for spot in held["spots"]:
        cv2.fillPoly(free, [np.asarray(spot["outline"]).round().astype(np.int32)], 0)
    row, column = np.unravel_index(int(cv2.distanceTransform(free, cv2.DIST_L2, 5).argmax()), free.shape)
    return float(column), float(row)


def test_who_lacks_the_token_or_comes_from_elsewhere_is_refused(client: Client) -> None:
    http = client.http
    version = client.photo()["version"]
    wish = {"photo": PHOTO, "version": version, "do": "note", "note": "x"}
    stranger = {"Cookie": f"{GUARD.cookie_name}=wrong"}
    assert http.get("/api/photos", headers=stranger).status_code == 403
    assert http.get("/", params={"token": "wrong"}, headers=stranger).status_code == 403
    assert http.get("/assets/main.js", headers=stranger).status_code == 403
    # The token in the address opens the page alone: a link to data would leave it in the history.
    assert http.get("/api/photos", params={"token": GUARD.token}, headers=stranger).status_code == 403
    assert http.get("/api/photos", headers={"Host": "evil.example:8123"}).status_code == 403
    assert http.get("/api/photos", headers={"Host": "localhost:8123"}).status_code == 403
    assert http.get("/api/photos", headers={"Origin": "http://evil.example"}).status_code == 403
    assert http.get("/api/photos", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(wish, origin="http://127.0.0.1:9").status_code == 403
    assert client.post(wish, origin="null").status_code == 403
    assert http.post("/api/edit", json=wish).status_code == 403
    assert client.photo()["version"] == version
    assert client.post(wish).status_code == 200


def test_every_answer_forbids_what_the_page_does_not_need(client: Client) -> None:
    for path in ("/", "/assets/main.js", "/api/photos", "/nowhere"):
        answer = client.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    cookie = client.http.get("/", params={"token": GUARD.token}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    refused = client.http.get("/", params={"token": "wrong"}, headers={"Cookie": ""})
    assert refused.status_code == 403
    assert "content-security-policy" in refused.headers
    assert "set-cookie" not in refused.headers


def test_no_path_leads_out_of_the_run(client: Client) -> None:
    for path in ("/assets/..%2Fserver.py", "/assets/server.py", "/assets/%2Fetc%2Fpasswd"):
        assert client.http.get(path).status_code == 404
    for photo in ("../run.sqlite", "/etc/passwd", "x.png", ""):
        assert client.http.get("/thumbnail", params={"photo": photo}).status_code == 404
        assert client.http.get("/api/photo", params={"photo": photo}).status_code == 404
        tile = {"photo": photo, "level": "0", "column": "0", "row": "0"}
        assert client.http.get("/tile", params=tile).status_code == 404


def test_the_list_begins_with_who_needs_a_person_and_tells_names_as_text(client: Client) -> None:
    held = client.photos()
    assert {one["photo"] for one in held["photos"]} == {PHOTO, TWIN, OTHER, BROKEN}
    assert held["total"] == 4
    assert client.photos(status="failed")["count"] == 1
    urgencies = [one["urgency"] for one in held["photos"]]
    assert urgencies == sorted(urgencies)
    page = client.http.get("/").text
    assert "onerror" not in page


def test_a_photo_shows_what_the_run_found(client: Client, made: Path) -> None:
    held = client.photo()
    assert held["size"] == [320, 240]
    client.measured()
    held = client.photo()
    found = [row for row in rows(made, "spots.csv") if row["photo"] == PHOTO]
    assert len(held["spots"]) == len(found) > 3
    for spot, row in zip(held["spots"], found, strict=True):
        low, high = np.min(spot["outline"], axis=0), np.max(spot["outline"], axis=0)
        assert low[0] < float(row["x_px"]) < high[0]
        assert low[1] < float(row["y_px"]) < high[1]
    assert held["measured"]["row"]["spot_count"] == len(found)
    picture = client.http.get("/tile", params={"photo": PHOTO, "level": "0", "column": "0", "row": "0"})
    assert picture.headers["content-type"] == "image/jpeg"
    decoded = cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (240, 320, 3)


def test_results_are_there_before_the_outlines(run: Path) -> None:
    with served(run) as client:
        before = client.photo(at_once="1")
        assert before["waits"]
        assert "spots" not in before
        after = client.photo()
        assert "waits" not in after
        told = ("size", "measured", "version", "next", "place")
        assert {name: before[name] for name in told} == {name: after[name] for name in told}
        assert client.edit(OTHER, do="pattern", pattern="angioma")["pattern"] == "angioma"
    with served(run) as client:
        version = client.photo(at_once="1")["version"]
        wish = {"photo": PHOTO, "version": version, "do": "note", "note": "seen"}
        said = client.post(wish).json()  # takes no search of the photo
        assert (said["note"], said["waits"]) == ("seen", True)


def test_a_change_is_on_the_disk_before_the_answer(client: Client, shared: Path) -> None:
    def count() -> int:
        # Another process would see the same: this is not the server's connection.
        with closing(sqlite3.connect(shared / "run.sqlite")) as database:
            return int(database.execute("SELECT count(*) FROM corrections").fetchone()[0])

    before, count_before = client.photo(), count()
    after = client.edit(do="remove", spot=2)
    assert count() == count_before + 1
    _, _, drawn = drawn_on(shared, PHOTO)
    assert drawn is not None
    assert len(drawn) == len(before["spots"]) - 1 == len(after["spots"])
    assert (drawn.drawn_by, drawn.name) == ("Eva", "review page")
    assert [spot["outline"] for spot in after["spots"]] == [
        spot["outline"] for index, spot in enumerate(before["spots"]) if index != 1
    ]
    assert after["candidates"][0]["candidate"] == 1
    assert after["measured"] is None
    assert after["history"][-1]["action"] == f"removed spot 2 of {len(before['spots'])}"
    assert after["history"][-1]["made_by"] == "Eva"


def test_every_kind_of_change(client: Client) -> None:
    count = len(client.photo()["spots"])
    x, y = free_place(client)
    assert len(client.edit(do="circle", x=x, y=y, radius=6.5)["spots"]) == count + 1
    client.edit(do="undo")
    corners = [[x - 5, y - 4], [x + 6, y - 5], [x + 4, y + 7]]
    drawn = client.edit(do="border", corners=corners)
    assert len(drawn["spots"]) == count + 1
    (number,) = [i for i, spot in enumerate(drawn["spots"], start=1) if len(spot["outline"]) == 3]
    assert client.edit(do="kind", spot=number, kind="vascular")["spots"][number - 1]["kind"] == "vascular"
    assert client.edit(do="pattern", pattern="angioma")["pattern"] == "angioma"
    assert client.edit(do="note", note="=1+1 <b>\nlooks odd")["note"] == "=1+1 <b>\nlooks odd"
    assert client.edit(do="done", is_done=True)["is_done"]
    measured = client.measured()
    assert measured["spots"][number - 1]["kind"] == "vascular"
    assert measured["row"]["spot_count"] == count + 1
    assert measured["listed"]["is_done"]
    assert client.photos(review="done")["count"] == 2  # the photo and its twin
    removed = client.edit(do="remove", spot=1)
    again = client.edit(do="promote", candidate=removed["candidates"][0]["candidate"])
    assert len(again["spots"]) == count + 1


def test_what_cannot_be_done_is_refused_with_a_sentence(client: Client) -> None:
    version = client.photo()["version"]
    refused: list[dict[str, Any]] = [
        {"do": "remove", "spot": 0},
        {"do": "remove", "spot": 999},
        {"do": "remove", "spot": True},
        {"do": "promote", "candidate": 0},  # still a spot
        {"do": "circle", "x": 5, "y": 5, "radius": "1"},
        {"do": "circle", "x": 5, "y": 5, "radius": 0},
        {"do": "circle", "x": 5e4, "y": 5, "radius": 4},
        {"do": "circle", "x": float("1e999"), "y": 5, "radius": 4},
        {"do": "border", "corners": [[1, 1], [2, 2]]},
        {"do": "border", "corners": [[1, 1], [9, 1], 7]},
        {"do": "kind", "spot": 1, "kind": "mole"},
        {"do": "pattern", "pattern": "measles"},
        {"do": "note", "note": "x" * 5000},
        {"do": "explode"},
        {},
    ]
    for wish in refused:
        if wish.get("x") == float("inf"):
            text = f'{{"photo": "{PHOTO}", "version": {version}, "do": "circle", "x": 1e999, "y": 5, "radius": 4}}'
            headers = {"Origin": GUARD.origin, "Content-Type": "application/json"}
            answer = client.http.post("/api/edit", content=text, headers=headers)
        else:
            answer = client.post({"photo": PHOTO, "version": version, **wish})
        assert answer.status_code == 400, wish
        assert answer.json()["problem"].endswith(".")
    for body in (b"", b"[]", b"{", b"[" * 100_000):
        headers = {"Origin": GUARD.origin, "Content-Type": "application/json"}
        assert client.http.post("/api/edit", content=body, headers=headers).status_code == 400
    assert client.photo()["version"] == version


def test_the_second_of_two_windows_is_told_and_overwrites_nothing(client: Client) -> None:
    seen = client.photo()["version"]
    first = client.edit(do="remove", spot=1)
    answer = client.post({"photo": PHOTO, "version": seen, "do": "remove", "spot": 1})
    assert answer.status_code == 409
    told = answer.json()
    assert "changed in another window" in told["problem"]
    assert told["now"]["version"] == first["version"]
    assert client.photo()["spots"] == first["spots"]


def test_undo_and_redo_go_all_the_way_and_outlive_the_server(run: Path) -> None:
    with served(run) as client:
        states = [client.photo()]
        states.append(client.edit(do="remove", spot=3))
        states.append(client.edit(do="pattern", pattern="angioma"))
        states.append(client.edit(do="remove", spot=1))
        assert client.edit(do="undo")["spots"] == states[2]["spots"]
    with served(run, "Ina") as client:
        assert client.photo()["can_redo"]
        undone = client.edit(do="undo")
        assert (undone["spots"], undone["pattern"]) == (states[1]["spots"], "")
        assert client.edit(do="undo")["spots"] == states[0]["spots"]
        assert not client.photo()["can_undo"]
        for state in states[1:]:
            redone = client.edit(do="redo")
            assert (redone["spots"], redone["pattern"]) == (state["spots"], state["pattern"])
        assert not redone["can_redo"]
        assert client.edit(do="undo")["can_redo"]
        assert not client.edit(do="note", note="another way")["can_redo"]
        history = client.photo()["history"]
        assert {one["made_by"] for one in history} == {"Eva", "Ina"}
        assert history[3]["action"].startswith("undo: removed spot 1")


def test_all_changes_taken_back_leave_the_tables_as_they_were(made: Path, run: Path) -> None:
    with served(run) as client:
        client.edit(do="remove", spot=2)
        client.measured()
        client.edit(do="undo")
        assert client.measured()["row"]["spots_from"] == "found"
    for table in ("photos.csv", "spots.csv"):
        assert (run / table).read_bytes() == (made / table).read_bytes()


def _corrections_of(drawn: DrawnSpots, path: Path) -> None:
    annotations = [
        Annotation(from_corner(outline), kind or "spot", float("nan"), 0)
        for outline, kind in zip(drawn.outlines_px, drawn.kinds, strict=True)
    ]
    written = AnnotatedPhoto(PHOTO, (320, 240), annotations, drawn.drawn_by, drawn.drawn_at)
    path.parent.mkdir(parents=True)
    path.write_bytes(write_geojson(written))


def test_the_numbers_are_those_of_batch_with_corrections_and_of_measure(
    run: Path, photos: Path, tmp_path: Path
) -> None:
    with served(run) as client:
        client.edit(do="remove", spot=2)
        x, y = free_place(client)
        client.edit(do="circle", x=x, y=y, radius=7)
        client.edit(do="kind", spot=1, kind="inflamed")
        moved = [[x + 2, y - 1] for x, y in client.photo()["spots"][2]["outline"]]
        assert (
            client.edit(do="outline", spot=3, corners=moved)["history"][-1]["action"] == "changed the border of spot 3"
        )
        on_page = client.measured()
        assert client.photo(TWIN)["spots"] == client.photo()["spots"]
        assert client.measured(TWIN)["row"]["spot_count"] == on_page["row"]["spot_count"]
    _, _, drawn = drawn_on(run, PHOTO)
    assert drawn is not None
    _corrections_of(drawn, tmp_path / "corrections" / "leg" / "a.geojson")
    other = tmp_path / "other"
    run_of(photos, other, corrections=tmp_path / "corrections")
    for table in ("photos.csv", "spots.csv"):
        first, second = ([row for row in rows(place, table) if row["photo"] == PHOTO] for place in (run, other))
        assert len(first) == len(second) > 0
        for one, another in zip(first, second, strict=True):
            differing = {name for name in one if one[name] != another[name]} - {*WHO, "duplicate_of"}
            assert differing == set()
    analysis = ANALYZER(photos / PHOTO, outlines=drawn)
    with Journal.read(run) as journal:
        names, spots = journal.table("spots")
        held = [list(row[1:]) for row in spots if row[0] == PHOTO]
    expected = [[None if value != value else value for value in row] for row in spot_rows(analysis)]
    assert held == expected
    assert [row["diameter_mm"] for row in on_page["spots"]] == [row[names.index("diameter_mm") - 1] for row in held]


def test_a_run_called_again_keeps_the_review(run: Path, photos: Path, tmp_path: Path) -> None:
    with served(run) as client:
        client.edit(do="remove", spot=2)
        client.edit(do="done", is_done=True)
        client.measured()
    held = [(run / table).read_bytes() for table in ("photos.csv", "spots.csv", REVIEWS_NAME)]
    run_of(photos, run)
    assert [(run / table).read_bytes() for table in ("photos.csv", "spots.csv", REVIEWS_NAME)] == held
    # A file with corrections counts when it is new, and the review of what it brought stays when it is given again.
    _corrections_of(DrawnSpots((np.array([[50.0, 50], [70, 50], [60, 70]]),)), tmp_path / "c" / "leg" / "a.geojson")
    run_of(photos, run, corrections=tmp_path / "c")
    assert {row["spot_count"] for row in rows(run, "photos.csv") if row["photo"] == PHOTO} == {"1"}
    with served(run) as client:
        assert client.photo()["is_done"]
        client.edit(do="remove", spot=1)
        assert client.edit(do="undo")["spots"] != []
        client.edit(do="redo")
        client.measured()
    run_of(photos, run, corrections=tmp_path / "c")
    assert {row["spot_count"] for row in rows(run, "photos.csv") if row["photo"] == PHOTO} == {"0"}


def test_reviews_are_a_table_of_the_run(run: Path) -> None:
    assert not (run / REVIEWS_NAME).exists()
    with served(run) as client:
        client.edit(do="note", note="=cmd|' /C calc'!A0\nsecond line")
        client.edit(do="done", is_done=True)
        client.edit(BROKEN, do="note", note="ask for it again")
    told = {row["photo"]: row for row in rows(run, REVIEWS_NAME)}
    assert set(told) == {PHOTO, TWIN, BROKEN}
    assert told[PHOTO]["note"] == "'=cmd|' /C calc'!A0 second line"
    assert (told[PHOTO]["is_done"], told[PHOTO]["change_count"], told[PHOTO]["reviewed_by"]) == ("1", "2", "Eva")
    assert told[BROKEN]["is_done"] == "0"


def test_a_file_that_is_no_photo_tells_why_and_takes_a_note(client: Client) -> None:
    held = client.photo(BROKEN)
    assert "size" not in held
    assert "This file" in held["problem"]
    assert client.edit(BROKEN, do="note", note="lost")["note"] == "lost"
    version = client.photo(BROKEN)["version"]
    answer = client.post({"photo": BROKEN, "version": version, "do": "circle", "x": 5, "y": 5, "radius": 3})
    assert answer.status_code == 400


def test_a_photo_that_changed_since_the_run_is_named(run: Path, photos: Path, tmp_path: Path) -> None:
    moved = tmp_path / "photos"
    shutil.copytree(photos, moved)
    with Journal.resume(run, _facts(run)) as journal:
        journal.change("UPDATE origin SET folder = ?", [(str(moved),)])
    (moved / PHOTO).write_bytes((moved / OTHER).read_bytes())
    with served(run) as client:
        assert "changed while the run" in client.photo()["problem"]
        tile = client.http.get("/tile", params={"photo": PHOTO, "level": "0", "column": "0", "row": "0"})
        assert tile.status_code == 400
        assert "changed since the run" in tile.json()["problem"]


def _facts(run: Path) -> dict[str, str]:
    with Journal.read(run) as journal:
        return {name: value for name, value in journal.provenance().items() if name != "table_layout"}


def test_one_review_at_a_time(run: Path) -> None:
    with served(run), pytest.raises(RunFolderError, match="Another run is writing"), served(run):
        pass


def test_a_run_that_an_earlier_version_reviewed_is_read_and_brought_up_to_date(run: Path) -> None:
    with served(run) as client:
        client.edit(do="note", note="seen before there were questions")
    with closing(sqlite3.connect(run / JOURNAL_NAME)) as database:
        database.execute("ALTER TABLE reviews DROP COLUMN answers")
    with Journal.read(run) as journal:
        (review,) = last_reviews(journal).values()
        assert (review.note, review.answers) == ("seen before there were questions", "")
        assert list(given_for(journal, {}, as_found=False)) == []
    with served(run) as client:
        client.post({"photo": PHOTO, "version": client.photo()["version"], "do": "done", "is_done": True})
        client.http.get("/api/asked", params={"photo": PHOTO})
        client.edit(do="answer", age_years=3)
        client.edit(do="note", note="")
    with Journal.read(run) as journal:
        (review,) = last_reviews(journal).values()
        assert (review.made_by, review.is_done, json.loads(review.answers)["age_years"]) == ("Eva", True, 3)


def test_history_is_never_rewritten(run: Path) -> None:
    with served(run) as client:
        for _ in range(2):
            client.edit(do="remove", spot=1)
        client.edit(do="undo")
        client.edit(do="reset")
    content, number, drawn = drawn_on(run, PHOTO)
    assert drawn is None
    assert number == 4
    with Journal.resume(run, _facts(run)) as journal:
        prepare_reviews(journal)
        actions = [one.action for one in history_of(journal, content)]
    assert actions[0] == "as it was"
    assert [action.partition(" spot")[0] for action in actions[1:]] == ["removed", "removed", "undo: removed", "all"]


def test_photos_that_are_dropped_on_the_page_become_a_run(photos: Path, tmp_path: Path) -> None:
    run = new_run(tmp_path / "new", ANALYZER)
    content = (photos / PHOTO).read_bytes()
    with served(run) as client:
        assert client.photos()["total"] == 0

        def add(name: str, content: bytes) -> Any:
            return client.http.post(
                "/api/add", params={"name": name}, content=content, headers={"Origin": GUARD.origin}
            )

        first = add("C:\\photos\\leg 1.png", content).json()["photo"]
        assert first == "leg 1.png"
        assert add("leg 1.png", content).json()["photo"] == first
        assert add("../../leg 1.png", (photos / OTHER).read_bytes()).json()["photo"] == "leg 1 (2).png"
        assert client.measured(first)["row"]["spots_from"] == "found"
        client.measured("leg 1 (2).png")
        assert client.edit(first, do="remove", spot=1)["can_undo"]
        client.measured(first)
        for name, text in (("notes.txt", b"Dear doctor"), ("empty.png", b"")):
            assert add(name, text).status_code == 400
        sheet = client.http.get("/sheet", params={"photo": first})
        assert sheet.status_code == 200
        assert "script" not in sheet.headers["content-security-policy"]
        assert first in sheet.text
        assert client.photos()["total"] == 2
    assert sorted(path.name for path in (tmp_path / "new" / "photos").iterdir()) == ["leg 1 (2).png", "leg 1.png"]
    held = (run / "photos.csv").read_bytes(), (run / "spots.csv").read_bytes()
    run_of(tmp_path / "new" / "photos", run)
    assert ((run / "photos.csv").read_bytes(), (run / "spots.csv").read_bytes()) == held


def test_the_folder_of_another_run_is_only_read(client: Client) -> None:
    answer = client.http.post("/api/add", params={"name": "a.png"}, content=b"x", headers={"Origin": GUARD.origin})
    assert answer.status_code == 400
    assert "call lesionvis batch for more" in answer.json()["problem"]


def test_the_report_shows_the_review(run: Path) -> None:
    with served(run) as client:
        client.edit(do="pattern", pattern="angioma")
        client.edit(do="note", note="<b>below</b> the knee")
    by_name = {row["photo"]: row for row in rows_of((run / "report.html").read_text(encoding="utf-8"))}
    assert by_name[PHOTO]["review"].startswith("not done; seen as angioma; note: <b>below</b> the knee (Eva, ")
    assert by_name[OTHER]["review"] == ""


def test_the_numbers_to_ring_are_those_of_the_country_that_was_chosen(run: Path) -> None:
    with served(run) as client:
        about = client.http.get("/api/about").json()
        assert about["countries"]["GB"].startswith("United Kingdom")

        def told(country: str) -> tuple[int, str]:
            answer = client.http.post("/api/country", json={"country": country}, headers={"Origin": GUARD.origin})
            client.http.get("/api/asked", params={"photo": PHOTO})
            return answer.status_code, " ".join(client.photo()["dialogue"]["advice"]["what_to_do"])

        assert told("GB")[0] == 200
        assert "999" in told("GB")[1]
        assert client.http.get("/api/about").json()["country"] == "GB"
        status, kept = told("XX")
        assert status == 400
        assert "999" in kept
        assert "(United Kingdom" not in told("")[1]
        assert client.http.get("/api/about").json()["country"] == ""
