"""The course of a patient's spots on the review page."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import write_photo
from reviewed import SIZE, run_of, served

from lesionvis.report.template import inline_digest, page_file


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose table names one patient with two dates, and another with one."""
    folder = tmp_path_factory.mktemp("study")
    for name, seed in (("1.png", 1), ("2.png", 2), ("3.png", 3)):
        write_photo(folder / "in" / name, seed, **SIZE)
    rows = "photo,patient,date\n1.png,Ann,2026-03-01\n2.png,Ann,2026-03-04\n3.png,Bob,2026-03-01\n"
    (folder / "study.csv").write_text(rows, encoding="utf-8")
    run_of(folder / "in", folder / "run", metadata=folder / "study.csv")
    return folder / "run"


def test_the_course_of_a_patient_is_a_page(study: Path) -> None:
    with served(study) as client:
        assert client.photo("1.png")["has_companions"] is True
        assert client.photo("3.png")["has_companions"] is False
        answer = client.http.get("/course", params={"photo": "2.png"})
        assert answer.status_code == 200
        assert "From photo 1 to 2, about 3 days" in answer.text
        assert "Photo 2: 2.png" in answer.text
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.partition("script-src ")[2] == f"'sha256-{inline_digest(page_file('pairs.js'))}'"
        alone = client.http.get("/course", params={"photo": "3.png"})
        assert alone.status_code == 400
        assert alone.json()["problem"].endswith("fewer than two photos with different dates.")
        assert client.http.get("/course", params={"photo": "9.png"}).status_code == 400


def test_without_patients_there_is_no_course(tmp_path: Path) -> None:
    write_photo(tmp_path / "in" / "1.png", 1, **SIZE)
    run_of(tmp_path / "in", tmp_path / "run")
    with served(tmp_path / "run") as client:
        answer = client.http.get("/course", params={"photo": "1.png"})
    assert answer.status_code == 400
    assert "knows no patients" in answer.json()["problem"]
