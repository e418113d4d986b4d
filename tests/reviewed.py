"""Run folders to be reviewed in tests, and a client of the review page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch.run import BatchRunner

pytest.importorskip("starlette", reason="starlette is not installed; install lesionvis[review]")
from starlette.testclient import TestClient

from lesionvis.review.guard import Guard
from lesionvis.review.reviewed_run import reviewed_run
from lesionvis.review.server import review_app

ANALYZER = Analyzer(px_per_mm=6.0)
GUARD = Guard(8123, "the-secret-of-this-test")
HOSTILE = "<img src=x onerror=document.title=1>.png"
PHOTO, TWIN, OTHER, BROKEN = "leg/a.png", "twin of a.png", HOSTILE, "broken.png"
SIZE = {"count": 12, "height": 240, "width": 320}


def write_photos(folder: Path) -> None:
    """Two photos, one of them twice and one with markup for a name, and a file that is no photo."""
    write_photo(folder / PHOTO, 1, **SIZE)
    shutil.copy(folder / PHOTO, folder / TWIN)
    write_photo(folder / OTHER, 2, **SIZE)
    (folder / BROKEN).write_bytes(b"\x89PNG\r\n\x1a\n no picture")


def run_of(folder: Path, run: Path, **options: Any) -> dict[str, int]:
    """Run of a folder with one process."""
    return BatchRunner(ANALYZER, **options)(folder, run)


class Client:
    """A browser's view of the server: token once, then the cookie."""

    def __init__(self, http: TestClient) -> None:
        self.http = http
        assert http.get("/", params={"token": GUARD.token}).status_code == 200

    def photo(self, photo: str = PHOTO, **wish: str) -> dict[str, Any]:
        answer = self.http.get("/api/photo", params={"photo": photo, **wish})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def photos(self, **wish: str) -> dict[str, Any]:
        return dict(self.http.get("/api/photos", params=wish).json())

    def post(self, wish: dict[str, Any], origin: str = GUARD.origin) -> Any:
        return self.http.post("/api/edit", json=wish, headers={"Origin": origin})

    def edit(self, photo: str = PHOTO, **wish: Any) -> dict[str, Any]:
        answer = self.post({"photo": photo, "version": self.photo(photo)["version"], **wish})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def measured(self, photo: str = PHOTO) -> dict[str, Any]:
        answer = self.http.get("/api/measured", params={"photo": photo})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["measured"])


@contextmanager
def served(run: Path, reviewer: str = "Eva") -> Iterator[Client]:
    """Client of the review page of a run, as long as the server lives."""
    app = review_app(partial(reviewed_run, run, ANALYZER, reviewer), GUARD)
    with TestClient(app, base_url=GUARD.origin) as http:
        yield Client(http)


@contextmanager
def review_process(run: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Program that serves the review page, and its address."""
    command = [sys.executable, "-m", "lesionvis", "review", str(run), "--no-open", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
