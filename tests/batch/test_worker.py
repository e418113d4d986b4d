"""One file, one answer: what a worker finds, and what it says of files that it cannot analyse."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dicoms import write_dicom
from drawn import drawn_skin, write_photo
from PIL import Image

from lesionvis.analysis import Analyzer
from lesionvis.batch.masks import mask_png
from lesionvis.batch.worker import Job, analyse_file
from lesionvis.settings import provenance, settings_values

PLAIN = Job(settings_values(Analyzer()), {}, (), 60.0, 4.0)


def looked(path: Path, job: Job = PLAIN, analyzer: Any = None) -> dict[str, Any]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return analyse_file(analyzer or Analyzer(), job, str(path), digest)


def test_an_answer_is_plain_and_equals_a_single_analysis(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", seed=1)
    job = Job(settings_values(Analyzer()), {}, ("masks", "overlays"), 60.0, 4.0)
    answer = json.loads(json.dumps(looked(path, job)))
    analysis = Analyzer()(path)
    assert answer["row"]["spot_count"] == len(analysis.table)
    assert answer["row"]["p_angioma"] == analysis.pattern.probabilities["angioma"]
    assert [row[1] for row in answer["spots"]] == analysis.table["x_px"].tolist()
    assert base64.b64decode(answer["pictures"]["masks"]) == mask_png(analysis)
    overlay = Image.open(io.BytesIO(base64.b64decode(answer["pictures"]["overlays"])))
    assert overlay.format == "JPEG"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jpg", b"", "This file is empty (0 bytes); copy it again from the camera or phone."),
        ("b.png", b"Dear doctor,", "This file is not a photo (JPEG"),
        ("c.jpg", b"\xff\xd8\xff\xe0 cut", "This file is damaged or cut short"),
    ],
)
def test_a_file_that_is_no_photo_fails_with_one_sentence(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    answer = looked(path)
    assert answer["row"]["status"] == "failed"
    assert answer["row"]["problem"].startswith(problem)
    assert set(answer) == {"row"}


def test_a_dicom_photo_has_its_scale(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    write_dicom(tmp_path / "leg.dcm", [0.125, 0.125], drawn_skin(1))
    row = looked(tmp_path / "leg.dcm")["row"]
    assert (row["status"], row["px_per_mm"], row["scale_source"]) == ("ok", 8.0, "dicom")


def raising(error: Exception) -> Any:
    def analyzer(*_: Any, **__: Any) -> None:
        raise error

    return analyzer


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (KeyError("x\n\x1b[31m"), "This file met a fault of lesionvis (KeyError: 'x\\n\\x1b[31m'); please report it."),
        (ValueError("x\n\x1b[31m"), "This file met a fault of lesionvis (ValueError: x%0A%1B[31m); please report it."),
        (MemoryError(), "This file needs more than the 4 GB that a photo may take; make it smaller."),
    ],
)
def test_a_fault_costs_one_row(tmp_path: Path, error: Exception, problem: str) -> None:
    answer = looked(write_photo(tmp_path / "a.png", seed=1), analyzer=raising(error))
    assert answer["row"]["problem"] == problem


def test_a_file_that_changed_meanwhile_is_not_taken_for_what_it_was(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", seed=1)
    assert "changed while" in analyse_file(Analyzer(), PLAIN, str(path), "another")["unread"]
    path.write_bytes(b"")
    assert "changed while" in analyse_file(Analyzer(), PLAIN, str(path), "another")["unread"]
    path.unlink()
    assert "changed while" in analyse_file(Analyzer(), PLAIN, str(path), "another")["unread"]


def talk(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers of a worker process."""
    program = "from lesionvis.batch.worker import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_worker_answers_line_by_line(tmp_path: Path) -> None:
    paths = [write_photo(tmp_path / f"{seed}.png", seed) for seed in (1, 2)]
    job = {
        "settings": settings_values(Analyzer(px_per_mm=4.0)),
        "provenance": {},
        "pictures": [],
        "max_seconds": 60.0,
        "max_memory_gb": 4.0,
    }
    tasks = [{"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in paths]
    ready, *answers = talk([job, *tasks])
    assert ready == {"provenance": provenance(Analyzer(px_per_mm=4.0))}
    assert [answer["row"]["px_per_mm"] for answer in answers] == [4.0, 4.0]


def test_a_worker_without_a_model_says_so(tmp_path: Path) -> None:
    settings = settings_values(Analyzer(model_folder=tmp_path))
    job = {"settings": settings, "provenance": {}, "pictures": [], "max_seconds": 60.0, "max_memory_gb": 4.0}
    (answer,) = talk([job])
    assert "card.json is missing" in answer["problem"]


def test_memory_is_limited() -> None:
    program = (
        "from lesionvis.batch.worker import limit_resources; import resource\n"
        "limit_resources(1.0)\n"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
        "try:\n    bytearray(2 * 10**9)\nexcept MemoryError:\n    print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1000000000", "0", "refused"]
