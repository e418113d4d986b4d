from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from drawn import write_photo

from lesionvis.analysis import Analyzer
from lesionvis.batch.given import Given
from lesionvis.errors import AnswerError
from lesionvis.spots.drawn import DrawnSpots
from lesionvis.triage.circumstances import Circumstances

SQUARE = np.array([[10.0, 10.0], [30.0, 10.0], [30.0, 30.0], [10.0, 30.0]])
GIVEN = Given({"fever": "yes"}, Circumstances(7.0, "none", ("feet",)), {"px_per_mm": 9.0}, DrawnSpots((SQUARE,)))


def test_what_was_given_survives_the_way_to_another_process() -> None:
    content = json.loads(json.dumps(GIVEN.to_dict()))
    again = Given.from_dict(content)
    assert again.to_dict() == GIVEN.to_dict()
    assert again.digest == GIVEN.digest
    assert Given({"fever": "no"}).digest != Given({"fever": "yes"}).digest
    assert Given().digest is None


def test_a_photo_is_analysed_with_what_was_given(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png", 1, height=240, width=320)
    analysis = GIVEN.analyze(Analyzer(mm_across=99.0), str(photo), None)
    assert analysis.table["diameter_mm"].tolist() == pytest.approx([2.0 * 20.0 / np.sqrt(np.pi) / 9.0])
    assert analysis.advice.was_asked
    assert analysis.advice.answers["child"] == "yes"
    assert analysis.advice.circumstance_notes


def test_what_contradicts_itself_is_refused(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.png", 1, height=240, width=320)
    with pytest.raises(AnswerError, match="child=no was answered"):
        Given({"child": "no"}, Circumstances(7.0)).analyze(Analyzer(), str(photo), None)
