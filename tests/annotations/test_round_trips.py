"""Every format gives back what was written: the same numbers, whether or not a person changed something."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from stages import Staged

from lesionvis.analysis import Analysis, analyze
from lesionvis.annotations.base import CANDIDATE, CATEGORIES, annotated
from lesionvis.annotations.files import WRITERS, read_annotations, read_drawn, write_annotations
from lesionvis.batch.masks import mask_png
from lesionvis.spots.drawn import DrawnSpots

DISK = np.stack([np.cos(np.arange(24) / 12 * np.pi), np.sin(np.arange(24) / 12 * np.pi)], axis=1)


def _numbers(analysis: Analysis) -> dict[str, object]:
    content = analysis.to_dict()
    for name in ("spots_from", "drawn_by", "drawn_at"):
        del content[name]
    return content


@pytest.fixture(scope="module")
def corrected(shower: Staged, analysed_shower: Analysis) -> Analysis:
    """The shower with three spots less, one more and one of another kind."""
    far = cv2.distanceTransform((analysed_shower.spots.labels[50:-50, 50:-50] == 0).astype(np.uint8), cv2.DIST_L2, 5)
    row, column = np.unravel_index(int(far.argmax()), far.shape)
    outlines = (*analysed_shower.spots.outlines_px[3:], np.array([column + 50.1, row + 50.2]) + 7.3 * DISK)
    kinds = ("pigment", *("",) * (len(outlines) - 1))
    drawn = DrawnSpots(outlines, kinds, drawn_by="Eva", drawn_at="2026-03-01T10:00")
    return analyze(shower.truth.rgb, px_per_mm=6.0, outlines=drawn)


@pytest.mark.parametrize("kind", WRITERS)
def test_what_nobody_touched_gives_the_same_numbers(
    kind: str, shower: Staged, analysed_shower: Analysis, tmp_path: Path
) -> None:
    path = tmp_path / f"shower{WRITERS[kind][0]}"
    path.write_bytes(write_annotations(analysed_shower, kind))
    again = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=read_drawn(path, "array"))
    assert _numbers(again) == _numbers(analysed_shower)


@pytest.mark.parametrize("kind", WRITERS)
def test_what_a_person_drew_gives_the_same_numbers(
    kind: str, shower: Staged, corrected: Analysis, tmp_path: Path
) -> None:
    path = tmp_path / f"shower{WRITERS[kind][0]}"
    path.write_bytes(write_annotations(corrected, kind))
    drawn = read_drawn(path, "array")
    again = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=drawn)
    assert _numbers(again) == _numbers(corrected)
    assert again.spots.drawn == corrected.spots.drawn
    if kind != "imagej":  # which has no place for it
        assert (drawn.drawn_by, drawn.drawn_at) == ("Eva", "2026-03-01T10:00")


@pytest.mark.parametrize("which", ["found", "corrected"])
def test_a_mask_gives_back_its_pixels_and_their_numbers(
    which: str, shower: Staged, analysed_shower: Analysis, corrected: Analysis, tmp_path: Path
) -> None:
    before = analysed_shower if which == "found" else corrected
    path = tmp_path / "shower.png"
    path.write_bytes(mask_png(before))
    once = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=read_drawn(path, "array"))
    if which == "found":
        assert _numbers(once) == _numbers(before)
    path.write_bytes(mask_png(once))
    twice = analyze(shower.truth.rgb, px_per_mm=6.0, outlines=read_drawn(path, "array"))
    assert _numbers(twice) == _numbers(once)
    assert len(once.table) == len(before.table)


def test_a_mask_of_a_large_photo_gives_back_its_pixels(tmp_path: Path) -> None:
    photo = np.full((1000, 2000, 3), (205, 165, 135), np.uint8)
    labels = np.zeros((1000, 2000), np.uint16)
    labels[101:134, 203:240], labels[500:503, 500:502] = 1, 9
    analysis = analyze(photo, outlines=_read(labels, tmp_path))
    assert analysis.photo.px_per_source_px < 1.0
    again = _pixels(mask_png(analysis))
    np.testing.assert_array_equal(again > 0, labels > 0)


def _read(labels: NDArray[np.uint16], folder: Path) -> DrawnSpots:
    path = folder / "labels.png"
    cv2.imwrite(str(path), labels)
    return read_drawn(path, "any.jpg")


def _pixels(png: bytes) -> NDArray[np.uint16]:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), np.uint16)


def test_candidates_are_written_with_their_scores_and_not_read_as_spots(
    analysed_shower: Analysis, tmp_path: Path
) -> None:
    annotations = annotated(analysed_shower).annotations
    candidates = [one for one in annotations if one.category == CANDIDATE]
    assert candidates
    assert all(0.1 <= one.score < analysed_shower.spots.min_score for one in candidates)
    assert len(annotations) == len(analysed_shower.table) + len(candidates)
    # They take most of the file, which therefore has no more digits of them than a border has.
    assert max(len(repr(place)) for one in candidates for place in one.outline_px.ravel().tolist()) <= len("1234.56")
    path = tmp_path / "a.json"
    path.write_bytes(write_annotations(analysed_shower, "coco"))
    content = json.loads(path.read_text(encoding="utf-8"))
    assert len(content["annotations"]) == len(annotations)
    assert len(read_annotations(path).spots["array"]) == len(analysed_shower.table)
    # A person promotes one by giving it another category.
    content["annotations"][-1]["category_id"] = CATEGORIES.index("blood") + 1
    path.write_text(json.dumps(content), encoding="utf-8")
    assert len(read_annotations(path).spots["array"]) == len(analysed_shower.table) + 1
