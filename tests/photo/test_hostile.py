"""Whatever a file holds, it gets an answer of the program's own words; `benchmarks/fuzz.py` asks with many more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import KINDS, hostile_file, kind_of

from lesionvis.analysis import Analyzer
from lesionvis.batch.pictures import KINDS as PICTURES
from lesionvis.batch.supervisor import Supervisor, Task
from lesionvis.batch.worker import Job
from lesionvis.settings import provenance, settings_values

SEEDS = range(300)
# What is not foreseen: exceptions of Python, and ends of the worker.
UNFORESEEN = ("fault of lesionvis", "ended its worker", "was not finished")


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    analyzer = Analyzer()
    with Supervisor(Job(settings_values(analyzer), provenance(analyzer), tuple(PICTURES), 120.0, 4.0)) as supervisor:
        yield supervisor


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bomb"])  # bombs take seconds each
def test_hostile_files_get_one_sentence_or_an_honest_row(supervisor: Supervisor, tmp_path: Path, kind: str) -> None:
    seeds = [seed for seed in SEEDS if kind_of(seed) == kind]
    assert seeds
    for file in map(hostile_file, seeds):
        path = tmp_path / file.name
        path.write_bytes(file.content)
        row = supervisor(Task(str(path), hashlib.sha256(file.content).hexdigest())).row
        problem = row["problem"]
        assert not any(words in problem for words in UNFORESEEN), (file.name, problem)
        if row["status"] == "failed":
            assert problem.startswith("This file ")
            assert problem.endswith(".")
            assert problem.isprintable()
        else:
            assert row["status"] in ("ok", "unusable")
            assert len(row["photo_flags"].split()) == len(set(row["photo_flags"].split()))


def test_a_seed_always_gives_the_same_file() -> None:
    assert hostile_file(7) == hostile_file(7)
    assert len({hostile_file(seed).content for seed in range(40)}) > 30
