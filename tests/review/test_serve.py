"""The review as a program: its address, its end, and that a change outlives a sudden one."""

from __future__ import annotations

import csv
import getpass
import json
import signal
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from reviewed import PHOTO, review_process, run_of, write_photos

from lesionvis.errors import SettingsError
from lesionvis.review import serve


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder)
    return folder


@pytest.fixture
def run(photos: Path, tmp_path: Path) -> Path:
    run_of(photos, tmp_path / "run")
    return tmp_path / "run"


def _ask(address: str, path: str, wish: dict[str, Any] | None = None) -> Any:
    origin, _, token = address.partition("/?token=")
    port = origin.rpartition(":")[2]
    headers = {"Cookie": f"lesionvis-review-{port}={token}", "Origin": origin, "Content-Type": "application/json"}
    data = None if wish is None else json.dumps(wish).encode()
    request = urllib.request.Request(f"{origin}{path}", data, headers)  # noqa: S310 - of this machine
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


def _count(run: Path) -> int:
    with (run / "photos.csv").open(encoding="utf-8", newline="") as file:
        return next(int(row["spot_count"]) for row in csv.DictReader(file) if row["photo"] == PHOTO)


def test_a_change_outlives_a_sudden_end_and_the_next_run_measures_it(run: Path, photos: Path) -> None:
    before = _count(run)
    with review_process(run) as (process, address):
        assert address.startswith("http://127.0.0.1:")
        held = _ask(address, f"/api/photo?photo={PHOTO}")
        _ask(address, "/api/edit", {"photo": PHOTO, "version": held["version"], "do": "remove", "spot": 1})
        process.kill()
        process.wait()
    assert _count(run) == before
    run_of(photos, run)
    assert _count(run) == before - 1


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_when_it_is_stopped_it_writes_the_tables_and_ends_in_good_order(run: Path, stop: signal.Signals) -> None:
    before = _count(run)
    with review_process(run) as (process, address):
        held = _ask(address, f"/api/photo?photo={PHOTO}")
        _ask(address, "/api/edit", {"photo": PHOTO, "version": held["version"], "do": "remove", "spot": 1})
        _ask(address, f"/api/measured?photo={PHOTO}")
        process.send_signal(stop)
        assert process.wait() == 0
    assert _count(run) == before - 1


def test_only_this_machine_is_served_and_a_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(serve._listening("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        listener.listen()
        with pytest.raises(SettingsError, match=f"Port {port} cannot be used"):
            serve._listening("127.0.0.1", port)
    with pytest.raises(SettingsError, match="Port 99999 cannot be used"):
        serve._listening("127.0.0.1", 99999)
    monkeypatch.setattr(getpass, "getuser", _nobody)
    assert serve.user_name() == "somebody"


def _nobody() -> str:
    raise OSError("no such user")
